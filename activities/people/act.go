package people

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// Activities compare the people in Okta with the people in Identity Center.
type Activities struct {
	AWS   provider.AWS
	Okta  provider.Okta
	Waits provider.Waits
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
	// LeftAlone are groups that were pushed before, and that nobody pushes now: what Identity Center lacks in them does not come by
	// itself, and nobody waits for it.
	LeftAlone []string `json:"leftAlone,omitempty"`
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
	// Lacking are groups in which Identity Center lacks people whom it has as users.
	Lacking []string `json:"lacking,omitempty"`
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
func (x *Activities) CompareDirectory(ctx context.Context, in DirectoryInput) (DirectoryResult, error) {
	progress := provider.NewProgress(ctx, onboarding.StepDirectorySync, "people in Identity Center")
	store, err := OpenIdentityStore(ctx, x.AWS, in.IdentityCenter, in.Region, in.IdentityStoreID)
	if err != nil {
		return DirectoryResult{}, err
	}
	var people []Person
	var users []User
	var groups []Group
	err = provider.SideBySide(ctx, func(ctx context.Context) (err error) {
		people, err = Wanted(ctx, x.Okta, in.AppID, in.AssignmentGroup, in.Groups, in.People)
		return err
	}, func(ctx context.Context) (err error) {
		users, groups, err = store.UsersAndGroups(ctx, in.Groups)
		return err
	})
	if err != nil {
		return DirectoryResult{}, err
	}
	compared, err := CompareWithLog(ctx, x.Okta, in.AppID, Input{
		People: people, Users: users, Groups: groups, AssignmentGroup: in.AssignmentGroup,
		// The first attempt was scheduled when the wait began.
		Now: time.Now(), Since: activity.GetInfo(ctx).ScheduledTime, Settle: x.Waits.Settle, LeftAlone: in.LeftAlone,
	})
	if err != nil {
		return DirectoryResult{}, err
	}
	progress.At(compared.Synced, compared.Wanted)
	if compared.Pending+len(compared.PendingGroups) > 0 {
		return DirectoryResult{}, fault.New(fault.NotReady, "okta", "", "%s", underWay(compared)).After(x.Waits.Sync)
	}
	if len(compared.MissingGroups) > 0 {
		return DirectoryResult{}, x.missingGroups(compared)
	}
	result := DirectoryResult{Wanted: compared.Wanted, Synced: compared.Synced}
	var missing Exceptions
	for _, m := range compared.Missing {
		missing.Add(m.Person, m.Problem)
		if m.Lacks != "" && !slices.Contains(result.Lacking, m.Lacks) {
			result.Lacking = append(result.Lacking, m.Lacks)
		}
	}
	slices.Sort(result.Lacking)
	result.Exceptions, result.ExceptionsTotal = missing.Listed, missing.Total
	for _, group := range groups {
		result.Groups = append(result.Groups, DirectoryGroup{Name: group.Name, GroupID: group.ID, Members: len(group.Members)})
	}
	return result, nil
}

// missingGroups says that groups have not come. Where nobody has come either, there is one reason for both: the connection.
func (x *Activities) missingGroups(compared Result) error {
	f := fault.New(fault.NotFound, "aws", "identitystore:GetGroupId",
		"Identity Center still has no group named %s after %s", Quoted(compared.MissingGroups), x.Waits.Settle).AsWhole().
		WithRemedy("Look in Okta at the app's Push Groups tab for the error, remove its cause, then retry: the run pushes the group again.")
	reasons := map[string]int{}
	common := Missing{}
	for _, m := range compared.Missing {
		if reasons[m.Reason]++; reasons[m.Reason] > reasons[common.Reason] {
			common = m
		}
	}
	if compared.Synced > 0 || common.Reason == "" {
		f.Message += "."
		return f
	}
	if common.Reason == DeletedThere {
		// Nobody deletes everybody: they went to another directory.
		common.Remedy = "Compare the Base URL on the app's Provisioning tab in Okta with the SCIM endpoint in the Identity Center console: " +
			"if they differ, " +
			"people went to another organization. Then give Okta this endpoint and its token, delete the pushed groups, and unassign and " +
			"assign the assignment group"
	}
	f.Message += fmt.Sprintf(", and none of the %d people. Most often: %s.", compared.Wanted, fault.Trim(common.Reason, 300))
	return f.WithRemedy("%s. Then retry: the run pushes the groups again.", strings.TrimSuffix(fault.Trim(common.Remedy, 500), "."))
}

// underWay counts; names of people do not belong into the text of an error.
func underWay(r Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d people are in Identity Center, %d on their way", r.Synced, r.Wanted, r.Pending)
	if len(r.Missing) > 0 {
		fmt.Fprintf(&b, ", %d have a problem", len(r.Missing))
	}
	if len(r.PendingGroups) > 0 {
		fmt.Fprintf(&b, "; not complete yet: %s", Quoted(r.PendingGroups))
	}
	return b.String() + "."
}
