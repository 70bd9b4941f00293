package activities

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"studio-onboarding/internal/directory"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// Directory compares the people in Okta with the people in Identity Center.
type Directory struct {
	AWS   AWS
	Okta  Okta
	Waits Waits
}

// DirectoryInput says whom to expect where.
type DirectoryInput struct {
	IdentityCenter  onboarding.AccountSpec `json:"identityCenter"`
	Region          string                 `json:"region"`
	IdentityStoreID string                 `json:"identityStoreId"`
	AppID           string                 `json:"appId"`
	AssignmentGroup string                 `json:"assignmentGroup"`
	Groups          []string               `json:"groups"`
	People          []string               `json:"people,omitempty"`
}

// DirectoryResult is the comparison once everybody is either there or known not to come. Wanted people of access groups
// who have no app assignment count as missing too.
type DirectoryResult struct {
	Wanted int `json:"wanted"`
	Synced int `json:"synced"`
	// Exceptions are those who are missing, at most onboarding.MaxListed.
	Exceptions      []onboarding.PersonException `json:"exceptions,omitempty"`
	ExceptionsTotal int                          `json:"exceptionsTotal"`
	// Groups are the Identity Center groups by name.
	Groups []DirectoryGroup `json:"groups"`
}

// DirectoryGroup is an access group as Identity Center has it.
type DirectoryGroup struct {
	Name    string `json:"name"`
	GroupID string `json:"groupId"`
	Members int    `json:"members"`
}

// CompareDirectory looks once whether everybody of the access groups, and every single person, is in Identity Center: enabled,
// under their exact user name, and a member of their groups there. People who are known not to come do not hold up the
// others; they are the result's exceptions, each with the reason.
//
// Class NotReady: people, groups or memberships are still under way; somebody without any sign of trouble is until
// Waits.Settle has passed since their assignment last changed. Class NotFound: an access group has not come to Identity
// Center within Waits.Settle, or Okta has no group of a name.
func (d *Directory) CompareDirectory(ctx context.Context, in DirectoryInput) (DirectoryResult, error) {
	h := newHeart(ctx, onboarding.StepDirectorySync, "people in Identity Center")
	store, err := openIdentityStore(ctx, d.AWS, in.IdentityCenter, in.Region, in.IdentityStoreID)
	if err != nil {
		return DirectoryResult{}, err
	}
	var people []directory.Person
	var users []directory.User
	var groups []directory.Group
	err = sideBySide(ctx, func(ctx context.Context) (err error) {
		people, err = wantedPeople(ctx, d.Okta, in.AppID, in.AssignmentGroup, in.Groups, in.People)
		return err
	}, func(ctx context.Context) (err error) {
		users, groups, err = store.usersAndGroups(ctx, in.Groups)
		return err
	})
	if err != nil {
		return DirectoryResult{}, err
	}
	compared, err := compareWithLog(ctx, d.Okta, in.AppID, directory.Input{
		People: people, Users: users, Groups: groups, AssignmentGroup: in.AssignmentGroup,
		// The first attempt was scheduled when the wait began.
		Now: time.Now(), Since: activity.GetInfo(ctx).ScheduledTime, Settle: d.Waits.Settle,
	})
	if err != nil {
		return DirectoryResult{}, err
	}
	h.At(compared.Synced, compared.Wanted)
	if compared.Pending+len(compared.PendingGroups) > 0 {
		return DirectoryResult{}, fault.New(fault.NotReady, "okta", "", "%s", underWay(compared)).After(d.Waits.Sync)
	}
	if len(compared.MissingGroups) > 0 {
		return DirectoryResult{}, d.missingGroups(compared)
	}
	result := DirectoryResult{Wanted: compared.Wanted, Synced: compared.Synced}
	var missing exceptionList
	for _, m := range compared.Missing {
		missing.add(m.Person, m.Reason, m.Remedy)
	}
	result.Exceptions, result.ExceptionsTotal = missing.listed, missing.total
	for _, group := range groups {
		result.Groups = append(result.Groups, DirectoryGroup{Name: group.Name, GroupID: group.ID, Members: len(group.Members)})
	}
	return result, nil
}

// missingGroups says that groups have not come. Where nobody has come either, there is one reason for both: the connection.
func (d *Directory) missingGroups(compared directory.Result) error {
	f := fault.New(fault.NotFound, "aws", "identitystore:GetGroupId",
		"Identity Center still has no group named %s after %s", quoted(compared.MissingGroups), d.Waits.Settle).
		WithRemedy("Look in Okta at the app's Push Groups tab for the error, remove its cause, then retry: the run pushes the group again.")
	reasons := map[string]int{}
	common := directory.Missing{}
	for _, m := range compared.Missing {
		if reasons[m.Reason]++; reasons[m.Reason] > reasons[common.Reason] {
			common = m
		}
	}
	if compared.Synced > 0 || common.Reason == "" {
		f.Message += "."
		return f
	}
	if common.Reason == directory.DeletedThere {
		// Nobody deletes everybody: they went to another directory.
		common.Remedy = "Compare the Base URL on the app's Provisioning tab in Okta with the SCIM endpoint in the Identity Center console: if they differ, " +
			"people went to another organization. Then give Okta this endpoint and its token, delete the pushed groups, and unassign and assign the assignment group"
	}
	f.Message += fmt.Sprintf(", and none of the %d people. Most often: %s.", compared.Wanted, fault.Trim(common.Reason, 300))
	return f.WithRemedy("%s. Then retry: the run pushes the groups again.", strings.TrimSuffix(fault.Trim(common.Remedy, 500), "."))
}

// underWay counts; names of people do not belong into the text of an error.
func underWay(r directory.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d people are in Identity Center, %d on their way", r.Synced, r.Wanted, r.Pending)
	if len(r.Missing) > 0 {
		fmt.Fprintf(&b, ", %d have a problem", len(r.Missing))
	}
	if len(r.PendingGroups) > 0 {
		fmt.Fprintf(&b, "; not complete yet: %s", quoted(r.PendingGroups))
	}
	return b.String() + "."
}

// quoted lists at most five names of groups.
func quoted(names []string) string {
	var b strings.Builder
	for i, name := range names {
		if i == 5 {
			fmt.Fprintf(&b, " and %d more", len(names)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", fault.Trim(name, 60))
	}
	return b.String()
}

// exceptionList counts people and lists the first onboarding.MaxListed of them.
type exceptionList struct {
	listed []onboarding.PersonException
	total  int
}

func (l *exceptionList) add(person, reason, remedy string) {
	l.total++
	if len(l.listed) < onboarding.MaxListed {
		l.listed = append(l.listed, onboarding.PersonException{Person: person, Reason: fault.Trim(reason, 300), Remedy: fault.Trim(remedy, 300)})
	}
}
