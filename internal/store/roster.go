package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"

	"studio-onboarding/internal/roster"
)

const (
	rosterName = "roster"
	holdsName  = "holds"
)

// rosterLine is a line of a roster: the first one has everything but its people, and each other one a person.
type rosterLine struct {
	Rest   *roster.Roster `json:"rest,omitempty"`
	Person *roster.Person `json:"person,omitempty"`
}

// ReadRoster reads who should have access to a studio as last agreed. The error wraps fs.ErrNotExist where nothing is known.
func (l Lists) ReadRoster(ctx context.Context, studio string) (roster.Roster, error) {
	var agreed roster.Roster
	first := true
	// Many people share their groups and roles.
	groups, roles := map[string][]string{}, map[string]string{}
	for line, err := range Read[rosterLine](ctx, l.Store, Ref{studio, rosterName}, "") {
		switch {
		case err != nil:
			return roster.Roster{}, err
		case first && line.Rest != nil:
			agreed, first = *line.Rest, false
			continue
		case first || line.Person == nil:
			return roster.Roster{}, fmt.Errorf("%w: the roster of %s begins with no roster, or has a line without a person", ErrDamaged, studio)
		}
		person := *line.Person
		key := strings.Join(person.Groups, "\x00")
		if same, known := groups[key]; known {
			person.Groups = same
		}
		if same, known := roles[person.Role]; known {
			person.Role = same
		}
		groups[key], roles[person.Role] = person.Groups, person.Role
		agreed.People = append(agreed.People, person)
	}
	return agreed, nil
}

// SaveRoster replaces it.
func (l Lists) SaveRoster(ctx context.Context, studio string, agreed roster.Roster) error {
	var lines iter.Seq[rosterLine] = func(yield func(rosterLine) bool) {
		rest := agreed
		rest.People = nil
		if !yield(rosterLine{Rest: &rest}) {
			return
		}
		for i := range agreed.People {
			if !yield(rosterLine{Person: &agreed.People[i]}) {
				return
			}
		}
	}
	_, err := save(ctx, l, studio, rosterName, lines)
	return err
}

// ReadHolds reads what was held since the hold that there is began, the oldest first; nothing where none was saved.
func (l Lists) ReadHolds(ctx context.Context, studio string) ([]roster.Hold, error) {
	var holds []roster.Hold
	err := read(ctx, l, studio, holdsName, "", 0, func(hold roster.Hold, _ int64) bool {
		holds = append(holds, hold)
		return true
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return holds, err
}

// SaveHolds replaces it.
func (l Lists) SaveHolds(ctx context.Context, studio string, holds iter.Seq[roster.Hold]) error {
	_, err := save(ctx, l, studio, holdsName, holds)
	return err
}
