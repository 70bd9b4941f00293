// Package roster is pure: who should have access as it was last agreed, and who may lose it without anybody being asked.
package roster

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Roster is who should have access, as the last reconcile that nobody has to decide about, or a person's consent, established it.
type Roster struct {
	// People are sorted by name.
	People []Person `json:"people,omitempty"`
	// Left are those who lost access, or left a group, within the window; the oldest first.
	Left []Departure `json:"left,omitempty"`
	// Quarantine are people without access whose profile is kept for a while, sorted by name.
	Quarantine []Quarantined `json:"quarantine,omitempty"`
	// Hold is what waits for consent; nil where nothing does.
	Hold *Hold `json:"hold,omitempty"`
}

// Person is somebody who should have access. The name is the user name in Identity Center, which profiles belong to.
type Person struct {
	Name string `json:"name"`
	// Groups are the access groups that the person is in.
	Groups []string `json:"groups,omitempty"`
	// Role is the ARN of the execution role that the person's profile should have.
	Role string `json:"role,omitempty"`
}

// Departure is somebody who lost access, or left groups and kept it.
type Departure struct {
	Name   string    `json:"name"`
	Access bool      `json:"access,omitempty"`
	Groups []string  `json:"groups,omitempty"`
	At     time.Time `json:"at"`
	// Agreed says that somebody consented to it, so that it weighs on nobody else.
	Agreed bool `json:"agreed,omitempty"`
}

// Quarantined is somebody who lost access and whose profile is deleted when Until has come, if they are not back by then.
type Quarantined struct {
	Name    string    `json:"name"`
	Profile string    `json:"profile"`
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until"`
}

// Loss is what somebody would lose.
type Loss struct {
	Name string `json:"name"`
	// Access says that they would lose everything; otherwise they would leave Groups, and keep access by others.
	Access bool     `json:"access,omitempty"`
	Groups []string `json:"groups,omitempty"`
	// Role is the ARN of the execution role that leaving the groups would bring, where it is another.
	Role string `json:"role,omitempty"`
}

// says is the loss as the ID of a hold counts it.
func (l Loss) says() string {
	return fmt.Sprintf("%s\x00%t\x00%s\x00%s", l.Name, l.Access, strings.Join(l.Groups, "\x00"), l.Role)
}

// Hold are losses that wait for somebody's consent. They end by it, for exactly these people, or by their coming back.
type Hold struct {
	// ID is made from exactly these losses, and from what becomes of who loses access.
	ID    string    `json:"id"`
	Since time.Time `json:"since"`
	// Reason says why they wait, as it was when the hold came to have this ID.
	Reason string `json:"reason"`
	// OnRemoval is what becomes of who loses access: a value of the spec's access.onRemoval.
	OnRemoval string `json:"onRemoval"`
	// Losses are sorted by name.
	Losses []Loss `json:"losses"`
	// Scopes say how far each group, and all together, have shrunk.
	Scopes []Scope `json:"scopes,omitempty"`
}

// Scope counts who left a group, or lost access altogether where Group is empty.
type Scope struct {
	Group string `json:"group,omitempty"`
	// Leaving are those who would leave now, Left those who left within the window, and Of who there was at its beginning.
	Leaving int `json:"leaving"`
	Left    int `json:"left,omitempty"`
	Of      int `json:"of"`
	// Empty says that nobody would remain.
	Empty bool `json:"empty,omitempty"`
}

// Loses finds the loss of a person that the hold keeps from happening.
func (h *Hold) Loses(name string) (Loss, bool) {
	if h == nil {
		return Loss{}, false
	}
	i, found := slices.BinarySearchFunc(h.Losses, name, func(l Loss, name string) int { return strings.Compare(l.Name, name) })
	if !found {
		return Loss{}, false
	}
	return h.Losses[i], true
}

// Touches says whether somebody on the hold would leave the group.
func (h *Hold) Touches(group string) bool {
	return h != nil && slices.ContainsFunc(h.Losses, func(l Loss) bool { return slices.Contains(l.Groups, group) })
}

// idOf is a short name for exactly these losses.
func idOf(losses []Loss, onRemoval string) string {
	sum := sha256.New()
	fmt.Fprintln(sum, onRemoval)
	for _, loss := range losses {
		fmt.Fprintln(sum, loss.says())
	}
	return hex.EncodeToString(sum.Sum(nil))[:12]
}

// Find looks a person up.
func (r Roster) Find(name string) (Person, bool) { return find(r.People, name) }

func find(people []Person, name string) (Person, bool) {
	i, found := slices.BinarySearchFunc(people, name, func(p Person, name string) int { return strings.Compare(p.Name, name) })
	if !found {
		return Person{}, false
	}
	return people[i], true
}
