package signin_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/activitytest"
	"studio-onboarding/activities/signin"
	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/internal/store"
	"studio-onboarding/internal/store/storetest"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

const (
	raj  = "raj.iyer@example.com"
	bo   = "bo.lindqvist@example.com"
	team = "sagemaker-studio-users"
)

// site is a world in which Okta and Identity Center trust each other, with two people.
type site struct {
	activitytest.OktaWorld
	*testing.T
	app   oktaorg.App
	x     *signin.Activities
	in    signin.Input
	store store.Lists
}

func newSite(t *testing.T) *site {
	t.Helper()
	w := &site{OktaWorld: activitytest.NewOktaWorld(t), T: t, store: storetest.New(t)}
	w.app, _ = w.Trusted(t)
	var err error
	w.app, err = w.Org.App(t.Context(), w.app.ID)
	require.NoError(t, err)
	environment, err := w.Environment(t.Context())
	require.NoError(t, err)
	clouds, err := awscloud.New(t.Context(), awscloud.Options{Speed: 400, LoadOptions: []func(*config.LoadOptions) error{
		config.WithBaseEndpoint(environment["AWS_ENDPOINT_URL"]),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(environment["AWS_ACCESS_KEY_ID"],
			environment["AWS_SECRET_ACCESS_KEY"], "")),
	}})
	require.NoError(t, err)
	cfg, err := clouds.Config(t.Context(), onboarding.AccountSpec{}, activitytest.Region)
	require.NoError(t, err)
	instances, err := ssoadmin.NewFromConfig(cfg).ListInstances(t.Context(), &ssoadmin.ListInstancesInput{})
	require.NoError(t, err)
	w.x = &signin.Activities{AWS: clouds, Okta: w.Org, Waits: w.Waits, Store: w.store}
	w.in = signin.Input{Studio: "team", Region: activitytest.Region, InstanceARN: *instances.Instances[0].InstanceArn,
		IdentityStoreID: *instances.Instances[0].IdentityStoreId, AppID: w.app.ID, Groups: []string{team}, People: []string{raj}}
	for _, login := range []string{raj, bo} {
		require.NoError(t, w.CreateUser(t.Context(), login, login))
		w.assign(w.app.ID, login)
	}
	return w
}

func (w *site) assign(appID, login string) {
	w.Helper()
	user, err := w.Org.UserByLogin(w.Context(), login)
	require.NoError(w, err)
	require.NoError(w, w.Org.AssignUser(w.Context(), appID, user.ID))
}

// distrust gives Identity Center the metadata of another app.
func (w *site) distrust() oktaorg.App {
	w.Helper()
	other, err := w.Org.CreateApp(w.Context(), "AWS SSO (production)")
	require.NoError(w, err)
	require.NoError(w, w.Org.SetServiceProvider(w.Context(), other.ID, w.app.ACSURL, w.app.EntityID))
	w.trust(other.ID)
	return other
}

func (w *site) trust(appID string) {
	w.Helper()
	metadata, err := w.Org.Metadata(w.Context(), appID)
	require.NoError(w, err)
	_, err = w.ChangeIdentitySource(w.Context(), sandbox.ChangeIdentitySourceInput{Metadata: string(metadata)})
	require.NoError(w, err)
}

// signIn opens an address; what comes of it is said by the browser, and nobody reaches Studio, of which there is none.
func (w *site) signIn(login, address string) sandbox.SignInResult {
	w.Helper()
	in := sandbox.SignInInput{Login: login, Address: address}
	if address == sandbox.AddressTile {
		in.Label = w.app.Label
	}
	result, err := w.SignIn(w.Context(), in)
	require.NoError(w, err)
	return result
}

// asked is the input of a watch that begins now.
func (w *site) asked() signin.Input {
	in := w.in
	in.Since = time.Now().UTC()
	return in
}

// eventually repeats an activity until it says what a test waits for: CloudTrail takes its time.
func eventually[Out any](w *site, do func() (Out, error), is func(Out, error) bool) (Out, error) {
	w.Helper()
	var out Out
	var err error
	require.Eventually(w, func() bool {
		out, err = do()
		return is(out, err)
	}, 8*time.Second, 30*time.Millisecond, "%v, %v", &out, &lasting{&err})
	return out, err
}

func (w *site) find(is func(signin.Found) bool) signin.Found {
	w.Helper()
	found, err := eventually(w, func() (signin.Found, error) { return activitytest.Once(w.x.FindSignIns, w.in) },
		func(found signin.Found, err error) bool { return err == nil && is(found) })
	require.NoError(w, err)
	return found
}

// The identity source was given another app's metadata: everything looks right from outside, and nobody can sign in.
func TestAnotherAppsMetadataIsNotProvenAndTheReasonIsSaid(t *testing.T) {
	w := newSite(t)
	other := w.distrust()
	in := w.asked()
	require.False(t, w.signIn(raj, sandbox.AddressTile).OK)
	_, err := eventually(w, func() (onboarding.Canary, error) { return activitytest.Once(w.x.AwaitCanary, in) },
		func(_ onboarding.Canary, err error) bool { return activitytest.ClassOf(err) == fault.Invalid })
	activitytest.FailsWith(t, err, fault.Invalid, "Okta let "+raj+" in", "AWS refused: ", "Upload the app's current metadata")

	found := w.find(func(found signin.Found) bool { return len(found.Verdicts) > 0 })
	require.Nil(t, found.Proven)
	require.Equal(t, signin.CodeRefused, found.Verdicts[0].Code)
	require.Equal(t, onboarding.VerdictBlocked, found.Verdicts[0].Kind)
	told, err := json.Marshal(found)
	require.NoError(t, err)
	require.NotContains(t, string(told), raj, "a history names nobody")

	// Whoever comes in through the other app proves nothing of this one.
	w.assign(other.ID, bo)
	result, err := w.SignIn(t.Context(), sandbox.SignInInput{Login: bo, Address: sandbox.AddressPortal})
	require.NoError(t, err)
	require.True(t, result.OK, "%+v", result)
	known, err := eventually(w, func() (onboarding.SignIns, error) {
		_, err := activitytest.Once(w.x.CollectSignIns, w.in)
		require.NoError(t, err)
		return w.store.ReadSignIns(t.Context(), "team")
	}, func(known onboarding.SignIns, err error) bool { return err == nil && known.Refuses() })
	require.NoError(t, err)
	require.Empty(t, known.People)

	// Once the right metadata is there, nothing is known until somebody signs in.
	w.trust(w.app.ID)
	found = w.find(func(found signin.Found) bool { return len(found.Verdicts) == 0 })
	require.Nil(t, found.Proven)
	require.Eventually(t, func() bool { return w.signIn(raj, sandbox.AddressTile).Link != "saml" }, 5*time.Second, 20*time.Millisecond)
	found = w.find(func(found signin.Found) bool { return found.Proven != nil })
	require.Equal(t, raj, found.Proven.Person)
	require.Empty(t, found.Verdicts)
}

func TestTheCanaryIsSeenAtEachAddress(t *testing.T) {
	w := newSite(t)
	in := w.asked()
	watch := func() (onboarding.Canary, error) { return activitytest.Once(w.x.AwaitCanary, in) }
	_, err := watch()
	activitytest.FailsWith(t, err, fault.NotReady, "Nobody has signed in yet")
	w.signIn(raj, sandbox.AddressTile)
	_, err = watch()
	activitytest.FailsWith(t, err, fault.NotReady, "Okta let "+raj+" in", "AWS shows no sign-in yet (CloudTrail takes up to 15 minutes)")
	w.signIn(raj, sandbox.AddressPortal)
	w.signIn(raj, sandbox.AddressStudio)
	canary, err := eventually(w, watch, func(canary onboarding.Canary, err error) bool { return err == nil })
	require.NoError(t, err)
	require.Equal(t, raj, canary.Person)
	require.Equal(t, 3, canary.SignIns)
	known, err := w.store.ReadSignIns(t.Context(), "team")
	require.NoError(t, err)
	require.Len(t, known.People, 1)
	require.Equal(t, canary.At, known.People[0].At)
	require.NotEmpty(t, known.People[0].UserID)
}

func TestOneSignInIsEnoughOnceCloudTrailHadItsTime(t *testing.T) {
	w := newSite(t)
	w.x.Waits.Trail = time.Hour
	in := w.asked()
	w.signIn(raj, sandbox.AddressTile)
	_, err := eventually(w, func() (onboarding.Canary, error) { return activitytest.Once(w.x.AwaitCanary, in) },
		func(_ onboarding.Canary, err error) bool {
			return err != nil && activitytest.ClassOf(err) == fault.NotReady && !contains(err, "Okta let")
		})
	activitytest.FailsWith(t, err, fault.NotReady, raj+" was seen signing in once")
	canary, err := activitytest.Once(w.x.CheckCanary, in)
	require.NoError(t, err)
	require.Equal(t, 1, canary.SignIns)
	w.x.Waits.Trail = time.Millisecond
	canary, err = activitytest.Once(w.x.AwaitCanary, in)
	require.NoError(t, err)
	require.Equal(t, raj, canary.Person)
}

func TestWhoSaysItIsDoneIsToldWhatWasSeen(t *testing.T) {
	w := newSite(t)
	_, err := activitytest.Once(w.x.CheckCanary, w.asked())
	activitytest.FailsWith(t, err, fault.Invalid, "Nobody has signed in yet", "Wait until CloudTrail shows the sign-in")
}

func TestOnlyTheCanaryCounts(t *testing.T) {
	for name, canary := range map[string]*onboarding.CanarySpec{
		"another person": {Person: bo}, "somebody of another group": {Group: "sagemaker-studio-ml"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newSite(t)
			w.in.Canary = canary
			in := w.asked()
			w.signIn(raj, sandbox.AddressTile)
			w.find(func(found signin.Found) bool { return found.Proven != nil })
			_, err := activitytest.Once(w.x.AwaitCanary, in)
			activitytest.FailsWith(t, err, fault.NotReady, "Okta let "+raj+" in")
			w.signIn(bo, sandbox.AddressTile)
			_, err = eventually(w, func() (onboarding.Canary, error) { return activitytest.Once(w.x.CheckCanary, in) },
				func(_ onboarding.Canary, err error) bool { return err == nil })
			require.NoError(t, err)
		})
	}
}

func TestARefusalOfSomebodyWhomIdentityCenterLacksSaysNothingOfTheTrust(t *testing.T) {
	w := newSite(t)
	const stranger = "edda.falk@example.com"
	w.assign(w.app.ID, stranger)
	in := w.asked()
	require.Equal(t, "user", w.signIn(stranger, sandbox.AddressTile).Link)
	_, err := eventually(w, func() (onboarding.Canary, error) { return activitytest.Once(w.x.AwaitCanary, in) },
		func(_ onboarding.Canary, err error) bool { return contains(err, "AWS refused") })
	activitytest.FailsWith(t, err, fault.NotReady, stranger, "Identity Center has no enabled user of that very name")
	found, err := activitytest.Once(w.x.FindSignIns, w.in)
	require.NoError(t, err)
	require.Empty(t, found.Verdicts)

	// Nor does it once Identity Center has them: they were not there then.
	require.NoError(t, w.CreateUser(t.Context(), stranger, stranger))
	found, err = activitytest.Once(w.x.FindSignIns, w.in)
	require.NoError(t, err)
	require.Empty(t, found.Verdicts)
}

func TestWhereCloudTrailCannotBeReadNothingIsProven(t *testing.T) {
	w := newSite(t)
	w.signIn(raj, sandbox.AddressTile)
	w.find(func(found signin.Found) bool { return found.Proven != nil })
	require.NoError(t, w.SetFaults(t.Context(), []sandbox.Fault{{Service: "cloudtrail", Kind: sandbox.FaultDeny, Times: 100}}))
	found, err := activitytest.Once(w.x.FindSignIns, w.in)
	require.NoError(t, err)
	require.Nil(t, found.Proven)
	require.NotNil(t, found.Unreadable)
	require.Equal(t, signin.CodeUnseen, found.Verdicts[0].Code)
	known, err := w.store.ReadSignIns(t.Context(), "team")
	require.NoError(t, err)
	require.Len(t, known.People, 1, "what was seen stays known")
	require.False(t, known.Proves(known.People[0].At, time.Now()))
}

func TestWhatIsKnownOfAnotherAppDoesNotCount(t *testing.T) {
	w := newSite(t)
	w.signIn(raj, sandbox.AddressTile)
	w.find(func(found signin.Found) bool { return found.Proven != nil })
	w.in.AppID = w.distrust().ID
	found, err := activitytest.Once(w.x.FindSignIns, w.in)
	require.NoError(t, err)
	require.Nil(t, found.Proven)
}

// A reconcile does not read 90 days again, and few calls are enough.
func TestLaterLooksReadWhatIsNew(t *testing.T) {
	w := newSite(t)
	_, err := activitytest.Once(w.x.CollectSignIns, w.in)
	require.NoError(t, err)
	before, err := w.Calls(t.Context())
	require.NoError(t, err)
	_, err = activitytest.Once(w.x.CollectSignIns, w.in)
	require.NoError(t, err)
	after, err := w.Calls(t.Context())
	require.NoError(t, err)
	lookups := 0
	for _, call := range after[len(before):] {
		if call.Operation == "LookupEvents" {
			lookups++
		}
	}
	require.Equal(t, 5, lookups)
}

func contains(err error, text string) bool { return err != nil && strings.Contains(err.Error(), text) }

// lasting says the error that there was last, when a wait is given up.
type lasting struct{ err *error }

func (l *lasting) String() string { return fmt.Sprint(*l.err) }
