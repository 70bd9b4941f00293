package access

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/profile"
	"studio-onboarding/onboarding"
)

// ListInput asks who has access.
type ListInput struct {
	Access Input `json:"access"`
}

// ListAccess reads the live systems and makes a new list of those who should be able to sign in, and how far they have come. The
// result says which list that is, and nobody's name.
func (x *Activities) ListAccess(ctx context.Context, in ListInput) (onboarding.Listing, error) {
	verified, err := x.VerifyAccess(ctx, in.Access)
	return verified.List, err
}

// PeoplePage is a page of a list of people. The first one looks at the whole list, and says how many the filter keeps; those after
// it are read from where the one before ended.
func PeoplePage(ctx context.Context, lists ListReader, in onboarding.PeopleQuery) (onboarding.AccessPage, error) {
	page := onboarding.AccessPage{People: []onboarding.PersonRecord{}}
	var from, end int64
	if in.After != "" {
		if n, err := fmt.Sscanf(in.After, "%d-%d", &from, &page.Total); err != nil || n != 2 || from <= 0 {
			return page, fault.New(fault.Invalid, "worker", "", "%q is no page of a list", in.After).WithRemedy("Ask for the list anew.")
		}
	}
	first := from == 0
	err := lists.ReadPeople(ctx, in.Studio, in.Generation, from, func(person onboarding.PersonRecord, next int64) bool {
		if !listed(person, in) {
			return true
		}
		if first {
			page.Total++
		}
		if len(page.People) == onboarding.AccessPageSize {
			page.Next = fmt.Sprintf("%d-", end)
			return first
		}
		page.People = append(page.People, person)
		end = next
		return true
	})
	if err != nil {
		return onboarding.AccessPage{}, err
	}
	if page.Next != "" {
		page.Next += fmt.Sprint(page.Total)
	}
	return page, nil
}

// ChangesPage are the first differences that a reconcile found.
func ChangesPage(ctx context.Context, lists ListReader, in onboarding.ChangesQuery) (onboarding.ChangesPage, error) {
	page := onboarding.ChangesPage{Changes: []onboarding.AccessChange{}}
	err := lists.ReadChanges(ctx, in.Studio, in.Generation, 0, func(change onboarding.AccessChange, _ int64) bool {
		page.Changes = append(page.Changes, change)
		return len(page.Changes) < onboarding.MaxListed
	})
	return page, err
}

// listed says whether the filter keeps a person.
func listed(person onboarding.PersonRecord, in onboarding.PeopleQuery) bool {
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
	case string(onboarding.GradeConfigured), string(onboarding.GradeVerified), string(onboarding.GradeProven):
		return string(person.Grade) == in.Status
	case onboarding.StatusFailed:
		return strings.HasSuffix(person.ProfileStatus, profile.StatusFailed)
	}
	return true
}
