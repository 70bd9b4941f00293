package access

import (
	"cmp"
	"slices"
	"strings"

	"studio-onboarding/activities/people"
	"studio-onboarding/onboarding"
)

// Group is a group that should have access.
type Group struct {
	Name string
	// ID is the group's ID in Identity Center.
	ID string
	// Role is the ARN of the execution role for the members.
	Role string
	// Members are the user IDs of all members in Identity Center, enabled or not.
	Members []string
}

// Single is one person who should have access by themselves.
type Single struct {
	UserID string
	Role   string
}

// Desired is who should have access.
type Desired struct {
	// Groups are in the order of the spec: where somebody is in several that ask for different roles, the first one counts.
	Groups []Group
	// Singles win over groups.
	Singles []Single
	// Users are the exact user names of all enabled users of Identity Center, by user ID. Nobody else is wanted.
	Users map[string]string
	// DefaultRole is the ARN of the domain's execution role.
	DefaultRole string
	// Eager asks for a profile for everybody before they first sign in.
	Eager bool
	// OnRemoval is a value of onboarding.AccessSpec.OnRemoval.
	OnRemoval string
	// Tags is the digest of the tags that profiles should have; empty where the spec asks for none.
	Tags string
	// Kept are the user names of those from whom nothing is taken, and Pinned the ARNs of roles that people keep whatever their
	// groups say: they are on a hold.
	Kept   map[string]bool
	Pinned map[string]string
	// Due are the user names of those whose profile may be deleted: they are not wanted, and their quarantine is over.
	Due map[string]bool
}

// Person is somebody who should have access.
type Person struct {
	UserID   string
	UserName string
	// Role is the ARN of the person's execution role.
	Role string
	// Via are the names of their groups, and people.ViaPerson for somebody who is named by themselves.
	Via []string
	// Conflict says which role was chosen where several were asked for; empty where there was no choice.
	Conflict string
}

// People are those who should have access, sorted by user name.
func (d Desired) People() []Person {
	members := len(d.Singles)
	for _, group := range d.Groups {
		members += len(group.Members)
	}
	all := make([]Person, 0, min(members, len(d.Users)))
	index := make(map[string]int32, cap(all))
	claim := func(id string, via []string, role string) {
		name, enabled := d.Users[id]
		if !enabled {
			return
		}
		at, known := index[id]
		if !known {
			index[id] = int32(len(all))
			all = append(all, Person{UserID: id, UserName: name, Role: role, Via: via})
			return
		}
		person := &all[at]
		if role != person.Role && person.Conflict == "" {
			person.Conflict = people.RoleConflict(person.Via[0], person.Role, via[0], role)
		}
		if !slices.Contains(person.Via, via[0]) {
			person.Via = append(person.Via, via[0])
		}
	}
	// Most people share one list: appending to a list of one makes another.
	person := []string{people.ViaPerson}
	for _, single := range d.Singles {
		claim(single.UserID, person, cmp.Or(single.Role, d.DefaultRole))
	}
	for _, group := range d.Groups {
		via := []string{group.Name}
		for _, member := range group.Members {
			claim(member, via, cmp.Or(group.Role, d.DefaultRole))
		}
	}
	for i := range all {
		if role, pinned := d.Pinned[all[i].UserName]; pinned {
			all[i].Role, all[i].Conflict = role, ""
		}
	}
	slices.SortFunc(all, func(a, b Person) int {
		return cmp.Or(strings.Compare(a.UserName, b.UserName), strings.Compare(a.UserID, b.UserID))
	})
	return all
}

// Assignments are the principals that should be assigned to the application: each group, and each single person.
func (d Desired) Assignments() []Assignment {
	var wanted []Assignment
	seen := map[Assignment]bool{}
	add := func(a Assignment) {
		if !seen[a] {
			seen[a] = true
			wanted = append(wanted, a)
		}
	}
	for _, group := range d.Groups {
		if group.ID != "" {
			add(Assignment{PrincipalID: group.ID, Type: PrincipalGroup})
		}
	}
	for _, single := range d.Singles {
		if _, enabled := d.Users[single.UserID]; enabled {
			add(Assignment{PrincipalID: single.UserID, Type: PrincipalUser})
		}
	}
	return wanted
}

func (d Desired) removes() bool {
	return d.OnRemoval == onboarding.RemovalRevoke || d.OnRemoval == onboarding.RemovalDeleteProfile
}
