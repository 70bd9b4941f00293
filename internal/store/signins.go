package store

import (
	"context"
	"fmt"
	"iter"

	"studio-onboarding/onboarding"
)

const signInsName = "signins"

// signInLine is a line of the sign-ins: the first one has everything but the people, and each other one a person.
type signInLine struct {
	Rest *onboarding.SignIns `json:"rest,omitempty"`
	*onboarding.SignIn
}

// ReadSignIns reads who was seen signing in to a studio's Identity Center through its Okta app. The error wraps fs.ErrNotExist where
// nothing is known.
func (l Lists) ReadSignIns(ctx context.Context, studio string) (onboarding.SignIns, error) {
	var known onboarding.SignIns
	first := true
	for line, err := range Read[signInLine](ctx, l.Store, Ref{studio, signInsName}, "") {
		switch {
		case err != nil:
			return onboarding.SignIns{}, err
		case first && line.Rest != nil:
			known, first = *line.Rest, false
		case first || line.SignIn == nil:
			return onboarding.SignIns{}, fmt.Errorf("%w: the sign-ins of %s begin with something else, or have a line without a person",
				ErrDamaged, studio)
		default:
			known.People = append(known.People, *line.SignIn)
		}
	}
	return known, nil
}

// SaveSignIns replaces it.
func (l Lists) SaveSignIns(ctx context.Context, studio string, known onboarding.SignIns) error {
	var lines iter.Seq[signInLine] = func(yield func(signInLine) bool) {
		rest := known
		rest.People = nil
		if !yield(signInLine{Rest: &rest}) {
			return
		}
		for i := range known.People {
			if !yield(signInLine{SignIn: &known.People[i]}) {
				return
			}
		}
	}
	_, err := save(ctx, l, studio, signInsName, lines)
	return err
}
