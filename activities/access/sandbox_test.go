package access_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/access"
	"studio-onboarding/activities/people"
	"studio-onboarding/internal/store/storetest"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// synced waits until everybody is in Identity Center or known not to come.
func (w *studioWorld) synced() people.DirectoryResult {
	d := &people.Activities{AWS: w.cloud, Okta: w.okta, Waits: w.waits}
	d.Waits.Settle = 3 * time.Second
	return until(w, d.CompareDirectory, w.directory)
}

func (w *studioWorld) calls() []sandbox.Call {
	calls, err := w.console.Calls(w.t.Context())
	require.NoError(w.t, err)
	return calls
}

// requireProof checks every verdict of a people file against a sign-in of that person, and that nobody else can sign in.
func (w *studioWorld) requireProof(result access.VerifyResult) {
	ready := map[string]bool{}
	for _, record := range storetest.PeopleAt(w.t, result.PeopleFile) {
		ready[record.Person] = record.Ready
	}
	people, err := w.console.People(w.t.Context())
	require.NoError(w.t, err)
	in := 0
	for _, person := range people {
		tried, err := w.console.SignIn(w.t.Context(), sandbox.SignInInput{Login: person.Login})
		require.NoError(w.t, err)
		require.Equal(w.t, ready[person.Login], tried.OK, "%s: %+v", person.Login, tried)
		if tried.OK {
			in++
		}
	}
	require.Equal(w.t, result.People.Ready, in)
}

func TestEverybodyOfTheDemoCanSignInOrIsToldWhyNot(t *testing.T) {
	w := newStudioWorld(t)
	synced := w.synced()
	reasons := map[string]string{}
	for _, exception := range synced.Exceptions {
		reasons[exception.Person] = exception.Reason
	}
	for login, reason := range map[string]string{
		"ines@example.com": "no last name", "tomas.novak@example.com": "not active in Okta", "kgarcia": "not an e-mail address",
		"sade.okoro@example.com": "which Identity Center refuses", "noor.haddad@example.com": "not assigned to the app",
		"nobody@example.com": "Okta knows nobody",
	} {
		require.Contains(t, reasons[login], reason, login)
	}
	require.Equal(t, synced.Wanted-synced.Synced, synced.ExceptionsTotal)
	require.Len(t, synced.Groups, 2)

	x := w.activity()
	result, err := perform(t, x.ConvergeAccess, w.access)
	require.NoError(t, err)
	require.Equal(t, 3, result.AssignmentsMade)
	require.Equal(t, synced.Synced, result.ProfilesMade)
	require.Equal(t, 1, result.ExceptionsTotal, "%v", result.Exceptions)

	var assigned, profiles []int
	for i, call := range w.calls() {
		switch {
		case call.Operation == "CreateApplicationAssignment":
			assigned = append(assigned, i)
		case call.Operation == "CreateUserProfile":
			profiles = append(profiles, i)
		}
	}
	require.Len(t, profiles, result.ProfilesMade, "no profile is made twice")
	require.Less(t, slices.Max(assigned), slices.Min(profiles), "no profile before its assignment")

	verified, err := perform(t, x.VerifyAccess, w.access)
	require.NoError(t, err)
	require.Equal(t, onboarding.People{
		Wanted: synced.Wanted, Synced: synced.Synced, Assigned: synced.Synced, Profiles: synced.Synced, Ready: synced.Synced, Verified: synced.Synced,
	}, verified.People)
	require.Equal(t, synced.Exceptions, verified.Exceptions)
	w.requireProof(verified)

	before := len(w.calls())
	again, err := perform(t, x.ConvergeAccess, w.access)
	require.NoError(t, err)
	require.Equal(t, result.ProfilesMade, again.ProfilesFound)
	for _, call := range w.calls()[before:] {
		require.False(t, call.Write, "%+v", call)
	}
}

func TestFaultsOfTheProvidersLoseAndDoubleNothing(t *testing.T) {
	for name, faults := range map[string][]sandbox.Fault{
		"lost assignments": {{Service: "sso", Operation: "CreateApplicationAssignment", Kind: sandbox.FaultLostWrite, Times: 2}},
		"conflicts":        {{Service: "sso", Operation: "CreateApplicationAssignment", Kind: sandbox.FaultConflict, Times: 2}},
		"throttling": {{Service: "sagemaker", Kind: sandbox.FaultThrottle, Times: 12, Skip: 3},
			{Service: "identitystore", Kind: sandbox.FaultThrottle, Times: 2, Skip: 1}},
		"lost answers": {{Service: "sagemaker", Operation: "CreateUserProfile", Kind: sandbox.FaultLostAnswer, Times: 5, Skip: 5}},
		"resets and errors": {{Service: "sagemaker", Kind: sandbox.FaultReset, Times: 4, Skip: 10},
			{Service: "sso", Kind: sandbox.FaultError, Times: 2}},
		"profiles fail": {{Service: "sagemaker", Operation: "CreateUserProfile", Kind: sandbox.FaultFails, Times: 4}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newStudioWorld(t)
			synced := w.synced()
			x := w.activity()
			require.NoError(t, w.console.SetFaults(t.Context(), faults))
			result, err := perform(t, x.ConvergeAccess, w.access)
			require.NoError(t, err)
			require.Equal(t, 1, result.ExceptionsTotal, "%v", result.Exceptions)
			require.NoError(t, w.console.SetFaults(t.Context(), nil))
			verified, err := perform(t, x.VerifyAccess, w.access)
			require.NoError(t, err)
			require.Equal(t, synced.Synced, verified.People.Ready)
			w.requireProof(verified)
		})
	}
}

func TestAHalfFinishedDomainIsTakenOver(t *testing.T) {
	w := newStudioWorld(t)
	synced := w.synced()
	cfg, err := w.cloud.Config(t.Context(), w.access.Studio, "us-east-1")
	require.NoError(t, err)
	client := sagemaker.NewFromConfig(cfg)
	for name, user := range map[string]string{
		"bo":                   "bo.lindqvist@example.com", // with the domain's role, while bo's group asks for another
		"raj-iyer-example-com": "edda.falk@example.com",    // somebody else under a name that is wanted
		"ann-lee-example-com":  "ann-lee@example.com",
	} {
		_, err := client.CreateUserProfile(t.Context(), &sagemaker.CreateUserProfileInput{
			DomainId: &w.access.Domain.ID, UserProfileName: &name, SingleSignOnUserIdentifier: aws.String("UserName"),
			SingleSignOnUserValue: &user,
			Tags:                  []sagemakertypes.Tag{{Key: aws.String("made-by"), Value: aws.String("someone")}},
		})
		require.NoError(t, err)
	}
	x := w.activity()
	w.access.Access.OnRemoval = onboarding.RemovalDeleteProfile
	result, err := perform(t, x.ConvergeAccess, w.access)
	require.NoError(t, err)
	require.Equal(t, synced.Synced-2, result.ProfilesMade)
	require.Equal(t, 2, result.ProfilesFound)
	require.Equal(t, 1, result.RolesChanged)
	require.Zero(t, result.ProfilesRemoved, "edda's profile is not ours")
	verified, err := perform(t, x.VerifyAccess, w.access)
	require.NoError(t, err)
	require.Equal(t, synced.Synced, verified.People.Ready)
	require.Contains(t, fmt.Sprint(verified.Notices), "raj-iyer-example-com")
	w.requireProof(verified)
}
