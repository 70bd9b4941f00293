package access

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"studio-onboarding/internal/profile"
	"studio-onboarding/onboarding"
)

// ListInput asks for a page of people.
type ListInput struct {
	Access Input  `json:"access"`
	Group  string `json:"group,omitempty"`
	Status string `json:"status,omitempty"`
	After  string `json:"after,omitempty"`
}

// ListAccess answers with a page of those who should be able to sign in and how far they have come. Without After it reads the live
// systems and renews the people file; pages after the first come from the file, unless this worker has none.
func (x *Activities) ListAccess(ctx context.Context, in ListInput) (onboarding.AccessPage, error) {
	var page onboarding.AccessPage
	renew := func() error {
		verified, err := x.VerifyAccess(ctx, in.Access)
		page.PeopleFile = verified.PeopleFile
		return err
	}
	if in.After == "" {
		if err := renew(); err != nil {
			return page, err
		}
	}
	people, at, err := x.People.ReadPeople(in.Access.Run)
	if errors.Is(err, fs.ErrNotExist) && in.After != "" {
		if err := renew(); err != nil {
			return page, err
		}
		people, at, err = x.People.ReadPeople(in.Access.Run)
	}
	if err != nil {
		return page, storeTrouble("people file", "read", err)
	}
	page.AsOf = at.UTC()
	for _, person := range people {
		if !listed(person, in) {
			continue
		}
		page.Total++
		switch {
		case in.After != "" && person.Person <= in.After:
		case len(page.People) < onboarding.AccessPageSize:
			page.People = append(page.People, person)
		default:
			page.Next = page.People[len(page.People)-1].Person
		}
	}
	return page, nil
}

// listed says whether the filter keeps a person.
func listed(person onboarding.PersonRecord, in ListInput) bool {
	if in.Group != "" && !slices.Contains(person.Via, in.Group) {
		return false
	}
	switch in.Status {
	case onboarding.StatusReady:
		return person.Ready
	case onboarding.StatusMissing:
		return !person.Ready
	case onboarding.StatusNoProfile:
		return !person.Ready && person.Profile == ""
	case onboarding.StatusFailed:
		return strings.HasSuffix(person.ProfileStatus, profile.StatusFailed)
	}
	return true
}
