package access_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssoadmintypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"studio-onboarding/activities"
	"studio-onboarding/activities/access"
	"studio-onboarding/activities/provisioning"
	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/store/storetest"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
	"studio-onboarding/workflows"
)

const usersGroup, mlGroup = "sagemaker-studio-users", "sagemaker-studio-ml"

// keptWorld is a simulated world after its onboarding, whose access is kept right from now on.
type keptWorld struct {
	*studioWorld
	x       *access.Activities
	handles onboarding.Handles
	token   string
	sso     *ssoadmin.Client
	studio  *sagemaker.Client
}

func newKeptWorld(t *testing.T, onRemoval string) *keptWorld {
	w := &keptWorld{studioWorld: newStudioWorld(t)}
	w.synced()
	w.access.Access.OnRemoval, w.access.Access.Guard.Quarantine = onRemoval, new(onboarding.Duration)
	w.access.Access.People = w.access.Access.People[:1]
	w.waits.Settle = 5 * time.Second
	w.x = w.activity()
	_, err := perform(t, w.x.ConvergeAccess, w.access)
	require.NoError(t, err)
	w.handles = onboarding.Handles{
		Spec: onboarding.Spec{Name: w.access.Run, Region: w.access.Region, Okta: onboarding.OktaSpec{AssignmentGroup: w.access.AssignmentGroup},
			Studio: w.access.Studio, Access: w.access.Access},
		InstanceARN: w.access.InstanceARN, IdentityStoreID: w.access.IdentityStoreID, AppID: w.access.AppID,
		Domain: onboarding.DomainHandle{ID: w.access.Domain.ID, ApplicationARN: w.access.Domain.ApplicationARN, Origin: w.access.Domain.Origin},
	}
	for _, role := range w.access.Roles {
		w.handles.Roles = append(w.handles.Roles, onboarding.RoleHandle{Wanted: role.Wanted, Name: role.Name, ARN: role.ARN,
			Origin: role.Origin})
	}
	environment, err := w.console.Environment(t.Context())
	require.NoError(t, err)
	w.token = environment["OKTA_CLIENT_TOKEN"]
	w.sso = ssoadmin.NewFromConfig(w.as(sandbox.AsAdministrator))
	w.studio = sagemaker.NewFromConfig(w.as(sandbox.AsStudioAdministrator))
	return w
}

// as is what somebody else works with.
func (w *keptWorld) as(principal string) aws.Config {
	environment, err := w.console.EnvironmentAs(w.t.Context(), principal)
	require.NoError(w.t, err)
	return aws.Config{APIOptions: []func(*middleware.Stack) error{awscloud.Classified}, Region: "us-east-1", BaseEndpoint: &w.console.URL,
		Credentials: credentials.NewStaticCredentialsProvider(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], "")}
}

// reconcile runs the whole workflow with the real activities.
func (w *keptWorld) reconcile(change func(*onboarding.ReconcileInput)) (onboarding.ReconcileReport, error) {
	w.t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{activities.NewInterceptor()}})
	env.SetTestTimeout(time.Minute)
	workflows.Register(env)
	env.RegisterActivity(w.x)
	env.RegisterActivity(&provisioning.Activities{Okta: w.okta, Waits: w.waits})
	in := onboarding.ReconcileInput{Handles: w.handles}
	if change != nil {
		change(&in)
	}
	env.ExecuteWorkflow(onboarding.WorkflowReconcile, in)
	require.True(w.t, env.IsWorkflowCompleted())
	if err := env.GetWorkflowError(); err != nil {
		return onboarding.ReconcileReport{}, err
	}
	var report onboarding.ReconcileReport
	require.NoError(w.t, env.GetWorkflowResult(&report))
	return report, nil
}

// member puts somebody into an Okta group, or takes them out.
func (w *keptWorld) member(method, group, login string) {
	w.t.Helper()
	found, err := w.okta.Group(w.t.Context(), group)
	require.NoError(w.t, err)
	user, err := w.okta.UserByLogin(w.t.Context(), login)
	require.NoError(w.t, err)
	request, err := http.NewRequestWithContext(w.t.Context(), method, w.console.URL+"/api/v1/groups/"+found.ID+"/users/"+user.ID, nil)
	require.NoError(w.t, err)
	request.Header.Set("Authorization", "SSWS "+w.token)
	response, err := http.DefaultClient.Do(request)
	require.NoError(w.t, err)
	require.NoError(w.t, response.Body.Close())
	require.Equal(w.t, http.StatusNoContent, response.StatusCode)
}

// insiders are people of a group who can sign in, and are in no other access group.
func (w *keptWorld) insiders(group string) []string {
	_, err := perform(w.t, w.x.VerifyAccess, w.access)
	require.NoError(w.t, err)
	var logins []string
	for _, record := range storetest.People(w.t, w.x.People, w.access.Run) {
		if record.Ready && slices.Equal(record.Via, []string{group}) {
			logins = append(logins, record.Person)
		}
	}
	require.NotEmpty(w.t, logins)
	return logins
}

func (w *keptWorld) profileOf(login string) string {
	w.t.Helper()
	pages := sagemaker.NewListUserProfilesPaginator(w.studio, &sagemaker.ListUserProfilesInput{DomainIdEquals: &w.access.Domain.ID})
	for pages.HasMorePages() {
		page, err := pages.NextPage(w.t.Context())
		require.NoError(w.t, err)
		for _, profile := range page.UserProfiles {
			out, err := w.studio.DescribeUserProfile(w.t.Context(), &sagemaker.DescribeUserProfileInput{DomainId: &w.access.Domain.ID,
				UserProfileName: profile.UserProfileName})
			var gone *sagemakertypes.ResourceNotFound
			if errors.As(err, &gone) { // deleted since it was listed
				continue
			}
			require.NoError(w.t, err)
			if aws.ToString(out.SingleSignOnUserValue) == login {
				return aws.ToString(profile.UserProfileName)
			}
		}
	}
	return ""
}

func (w *keptWorld) canSignIn(login string) bool {
	tried, err := w.console.SignIn(w.t.Context(), sandbox.SignInInput{Login: login})
	require.NoError(w.t, err)
	return tried.OK
}

// removals are the calls that took something away since a point of the call log.
func (w *keptWorld) removals(since int) []string {
	var found []string
	for _, call := range w.calls()[since:] {
		if call.Write && (strings.HasPrefix(call.Operation, "Delete") || strings.HasPrefix(call.Operation, "DELETE /api/v1/apps")) {
			found = append(found, call.Operation)
		}
	}
	return found
}

// changes are the differences that a reconcile found.
func (w *keptWorld) changes(report onboarding.ReconcileReport) []onboarding.AccessChange {
	return storetest.Changes(w.t, w.x.People, w.access.Run, report.Changes.Generation)
}

func (w *keptWorld) requireChange(t *testing.T, report onboarding.ReconcileReport, kind onboarding.ChangeKind, who string) {
	t.Helper()
	found := w.changes(report)
	require.True(t, slices.ContainsFunc(found, func(c onboarding.AccessChange) bool { return c.Kind == kind && c.Who == who }),
		"%s %s is not among %+v", kind, who, found)
}

func TestAReconcileWithoutDriftChangesNothing(t *testing.T) {
	w := newKeptWorld(t, onboarding.RemovalRevoke)
	before := len(w.calls())
	report, err := w.reconcile(nil)
	require.NoError(t, err)
	require.Equal(t, onboarding.RunDone, report.State)
	require.Zero(t, report.Changes.Total, "%+v", report.Changes)
	require.Empty(t, report.Pushed)
	require.Equal(t, report.People.Synced, report.People.Ready)
	for _, call := range w.calls()[before:] {
		require.False(t, call.Write, "%+v", call)
	}
}

func TestAJoinerCanSignInAndALeaverCannot(t *testing.T) {
	for _, policy := range []string{onboarding.RemovalReport, onboarding.RemovalRevoke, onboarding.RemovalDeleteProfile} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			w := newKeptWorld(t, policy)
			leaver := w.insiders(usersGroup)[0]
			profile := w.profileOf(leaver)
			w.member(http.MethodDelete, usersGroup, leaver)

			dry, err := w.reconcile(func(in *onboarding.ReconcileInput) { in.DryRun = true })
			require.NoError(t, err)
			require.Equal(t, profile, w.profileOf(leaver), "a dry run changes nothing")
			report, err := w.reconcile(nil)
			require.NoError(t, err)
			require.Empty(t, report.Held)
			require.False(t, w.canSignIn(leaver), "Okta took the membership away, at the latest after the push")
			if policy == onboarding.RemovalDeleteProfile {
				w.requireChange(t, dry, onboarding.ChangeDeleteProfile, leaver)
				w.requireChange(t, report, onboarding.ChangeDeleteProfile, leaver)
				require.Equal(t, 1, report.Made.ProfilesRemoved)
				require.Empty(t, w.profileOf(leaver))
			} else {
				require.Equal(t, profile, w.profileOf(leaver), "the profile stays")
				require.Contains(t, fmt.Sprint(report.Notices), leaver)
			}

			w.member(http.MethodPut, usersGroup, leaver)
			report, err = w.reconcile(nil)
			require.NoError(t, err)
			require.True(t, w.canSignIn(leaver), "%+v", report)
			require.NotEmpty(t, w.profileOf(leaver))
			again, err := w.reconcile(nil)
			require.NoError(t, err)
			require.Zero(t, again.Changes.Total, "%+v", again.Changes)
		})
	}
}

func TestASinglePersonLosesTheirAssignmentOnlyWhereThePolicySaysSo(t *testing.T) {
	for policy, stays := range map[string]bool{onboarding.RemovalReport: true, onboarding.RemovalRevoke: false,
		onboarding.RemovalDeleteProfile: false} {
		w := newKeptWorld(t, policy)
		single := w.access.Access.People[0].Login
		require.True(t, w.canSignIn(single))
		w.handles.Spec.Access.People = nil
		report, err := w.reconcile(nil)
		require.NoError(t, err)
		require.Equal(t, stays, w.canSignIn(single), policy)
		if !stays {
			w.requireChange(t, report, onboarding.ChangeRevoke, single)
		}
		require.Equal(t, policy == onboarding.RemovalDeleteProfile, w.profileOf(single) == "", policy)
	}
}

func TestWhoStillWorksKeepsTheProfile(t *testing.T) {
	w := newKeptWorld(t, onboarding.RemovalDeleteProfile)
	insiders := w.insiders(usersGroup)
	busy, storing := insiders[0], insiders[1]
	_, err := w.studio.CreateApp(t.Context(), &sagemaker.CreateAppInput{
		DomainId: &w.access.Domain.ID, UserProfileName: aws.String(w.profileOf(busy)), AppType: sagemakertypes.AppTypeJupyterServer,
		AppName: aws.String("default"),
	})
	require.NoError(t, err)
	_, err = w.studio.CreateSpace(t.Context(), &sagemaker.CreateSpaceInput{
		DomainId: &w.access.Domain.ID, SpaceName: aws.String("work"),
		OwnershipSettings:    &sagemakertypes.OwnershipSettings{OwnerUserProfileName: aws.String(w.profileOf(storing))},
		SpaceSharingSettings: &sagemakertypes.SpaceSharingSettings{SharingType: sagemakertypes.SharingTypePrivate},
	})
	require.NoError(t, err)
	w.member(http.MethodDelete, usersGroup, busy)
	w.member(http.MethodDelete, usersGroup, storing)
	report, err := w.reconcile(nil)
	require.NoError(t, err)
	reasons := map[string]string{}
	for _, exception := range report.Exceptions {
		reasons[exception.Person] = exception.Reason
	}
	require.Contains(t, reasons[busy], "running apps")
	require.Contains(t, reasons[storing], "owns spaces")
	require.NotEmpty(t, w.profileOf(busy))
	require.NotEmpty(t, w.profileOf(storing))
	require.False(t, w.canSignIn(busy))
}

func TestDriftByHandIsShownAndRepaired(t *testing.T) {
	w := newKeptWorld(t, onboarding.RemovalRevoke)
	insiders := w.insiders(usersGroup)
	reassigned, deleted := insiders[0], insiders[1]
	ctx := t.Context()

	list, err := w.sso.ListApplicationAssignments(ctx,
		&ssoadmin.ListApplicationAssignmentsInput{ApplicationArn: &w.access.Domain.ApplicationARN})
	require.NoError(t, err)
	group := list.ApplicationAssignments[slices.IndexFunc(list.ApplicationAssignments, func(a ssoadmintypes.ApplicationAssignment) bool {
		return a.PrincipalType == ssoadmintypes.PrincipalTypeGroup
	})]
	_, err = w.sso.DeleteApplicationAssignment(ctx, &ssoadmin.DeleteApplicationAssignmentInput{
		ApplicationArn: &w.access.Domain.ApplicationARN, PrincipalId: group.PrincipalId, PrincipalType: group.PrincipalType,
	})
	require.NoError(t, err)
	_, err = w.studio.UpdateUserProfile(ctx, &sagemaker.UpdateUserProfileInput{
		DomainId: &w.access.Domain.ID, UserProfileName: aws.String(w.profileOf(reassigned)),
		UserSettings: &sagemakertypes.UserSettings{ExecutionRole: &w.access.Roles[1].ARN},
	})
	require.NoError(t, err)
	_, err = w.studio.DeleteUserProfile(ctx, &sagemaker.DeleteUserProfileInput{DomainId: &w.access.Domain.ID,
		UserProfileName: aws.String(w.profileOf(deleted))})
	require.NoError(t, err)
	outsider := "by.hand@example.com"
	id, known := w.userIDs()[outsider]
	require.True(t, known)
	_, err = w.sso.CreateApplicationAssignment(ctx, &ssoadmin.CreateApplicationAssignmentInput{
		ApplicationArn: &w.access.Domain.ApplicationARN, PrincipalId: &id, PrincipalType: ssoadmintypes.PrincipalTypeUser,
	})
	require.NoError(t, err)
	require.Eventually(t, func() bool { // what was done by hand takes its time to show
		list, err := w.sso.ListApplicationAssignments(ctx,
			&ssoadmin.ListApplicationAssignmentsInput{ApplicationArn: &w.access.Domain.ApplicationARN})
		shows := func(principal *string) bool {
			return slices.ContainsFunc(list.ApplicationAssignments,
				func(a ssoadmintypes.ApplicationAssignment) bool { return *a.PrincipalId == *principal })
		}
		return err == nil && shows(&id) && !shows(group.PrincipalId) && w.profileOf(deleted) == ""
	}, 10*time.Second, 20*time.Millisecond)

	report, err := w.reconcile(nil)
	require.NoError(t, err)
	require.Empty(t, report.Held)
	w.requireChange(t, report, onboarding.ChangeRevoke, outsider)
	w.requireChange(t, report, onboarding.ChangeSetRole, reassigned)
	w.requireChange(t, report, onboarding.ChangeCreateProfile, deleted)
	require.Equal(t, onboarding.ChangesMade{Assignments: 1, AssignmentsRemoved: 1, Profiles: 1, Roles: 1}, report.Made)
	require.Equal(t, report.People.Synced, report.People.Ready)
	again, err := w.reconcile(nil)
	require.NoError(t, err)
	require.Zero(t, again.Changes.Total, "%+v", again.Changes)
}

func TestAReconcileOfABrokenSourceRemovesNobody(t *testing.T) {
	w := newKeptWorld(t, onboarding.RemovalDeleteProfile)
	insiders := w.insiders(usersGroup)

	t.Run("an error of Okta", func(t *testing.T) {
		before := len(w.calls())
		require.NoError(t, w.console.SetFaults(t.Context(), []sandbox.Fault{{Service: "okta", Operation: "GET /api/v1/apps/*/users",
			Kind: sandbox.FaultHTML}}))
		defer func() { require.NoError(t, w.console.SetFaults(t.Context(), nil)) }()
		_, err := w.reconcile(nil)
		require.ErrorContains(t, err, "Nothing was changed, and nobody was removed")
		require.ErrorContains(t, err, "503")
		require.Empty(t, w.removals(before))
	})

	t.Run("a list that shrinks", func(t *testing.T) {
		before := len(w.calls())
		gone := insiders[:len(insiders)*7/10]
		for _, login := range gone {
			w.member(http.MethodDelete, usersGroup, login)
		}
		report, err := w.reconcile(nil)
		require.NoError(t, err)
		require.Equal(t, onboarding.RunAttention, report.State)
		require.Contains(t, report.Held, "they keep what they have")
		require.Contains(t, report.Held, "more than 20 %")
		require.Equal(t, "starter sync team --once --consent "+report.Hold.ID, report.Command)
		require.Empty(t, w.removals(before))
		require.True(t, slices.ContainsFunc(w.changes(report), func(c onboarding.AccessChange) bool { return c.Held && c.Who == gone[0] }),
			"it is shown what waits")

		report, err = w.reconcile(func(in *onboarding.ReconcileInput) { in.Consent = report.Hold.ID })
		require.NoError(t, err)
		require.Equal(t, onboarding.RunDone, report.State)
		require.Equal(t, len(gone), report.Made.ProfilesRemoved)
		require.Empty(t, w.profileOf(gone[0]))
	})
}

// userIDs are the users of Identity Center, by user name.
func (w *keptWorld) userIDs() map[string]string {
	ids := map[string]string{}
	pages := identitystore.NewListUsersPaginator(identitystore.NewFromConfig(w.as(sandbox.AsAdministrator)),
		&identitystore.ListUsersInput{IdentityStoreId: &w.access.IdentityStoreID})
	for pages.HasMorePages() {
		page, err := pages.NextPage(w.t.Context())
		require.NoError(w.t, err)
		for _, user := range page.Users {
			ids[aws.ToString(user.UserName)] = aws.ToString(user.UserId)
		}
	}
	return ids
}

func TestAPersonIsExplainedFromOktaToStudio(t *testing.T) {
	w := newKeptWorld(t, onboarding.RemovalRevoke)
	explain := func(login string) onboarding.PersonExplanation {
		in := w.access
		in.FollowOkta = true
		result, err := perform(t, w.x.ExplainPerson, access.ExplainInput{Access: in, Login: login})
		require.NoError(t, err)
		require.Len(t, result.Links, 9)
		return result
	}
	// Whatever it says about anybody is what happens when they try.
	people, err := w.console.People(t.Context())
	require.NoError(t, err)
	for _, person := range people {
		result := explain(person.Login)
		require.Equal(t, w.canSignIn(person.Login), result.Ready, "%s: %+v", person.Login, result)
		require.Equal(t, !result.Ready, result.Remedy != "", "%+v", result)
	}
	for login, link := range map[string]string{
		"who@example.com": onboarding.LinkOkta, "tomas.novak@example.com": onboarding.LinkOkta,
		"noor.haddad@example.com": onboarding.LinkAppUser,
		"ines@example.com":        onboarding.LinkProvisioning,
	} {
		require.Equal(t, link, explain(login).Broken, login)
	}
	insider := w.insiders(usersGroup)[0]
	_, err = w.studio.DeleteUserProfile(t.Context(), &sagemaker.DeleteUserProfileInput{DomainId: &w.access.Domain.ID,
		UserProfileName: aws.String(w.profileOf(insider))})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return w.profileOf(insider) == "" }, 10*time.Second, 20*time.Millisecond)
	result := explain(insider)
	require.Equal(t, onboarding.LinkProfile, result.Broken)
	require.Contains(t, result.Remedy, "starter sync team --once")
	w.member(http.MethodDelete, usersGroup, insider)
	require.Equal(t, onboarding.LinkGroups, explain(insider).Broken)
}

func TestPeopleAreListedPageByPage(t *testing.T) {
	w := newKeptWorld(t, onboarding.RemovalRevoke)
	in := access.ListInput{Access: w.access}
	in.Access.FollowOkta = true
	listing, err := perform(t, w.x.ListAccess, in)
	require.NoError(t, err)
	asked := onboarding.PeopleQuery{Studio: listing.Studio, Generation: listing.Generation}
	page := func() onboarding.AccessPage {
		got, err := access.PeoplePage(t.Context(), w.x.People, asked)
		require.NoError(t, err)
		return got
	}
	all := page()
	require.Empty(t, all.Next)
	require.Len(t, all.People, all.Total)
	require.Equal(t, listing.Lines, all.Total)
	asked.Status = onboarding.StatusMissing
	missing := page()
	require.NotZero(t, missing.Total)
	asked.Status, asked.Group = onboarding.StatusReady, mlGroup
	ready := page()
	require.NotZero(t, ready.Total)
	require.Less(t, ready.Total, all.Total-missing.Total)
	for _, person := range ready.People {
		require.True(t, person.Ready && slices.Contains(person.Via, mlGroup))
		require.False(t, person.ChangedAt.IsZero())
	}
}
