package activities_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/require"

	"studio-onboarding/activities"
	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/internal/peoplefile"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// hurried opens accounts without the pace that the real ones need.
type hurried struct {
	url, key, secret string
}

func (h hurried) Config(_ context.Context, account onboarding.AccountSpec, region string) (aws.Config, error) {
	cfg := aws.Config{APIOptions: []func(*middleware.Stack) error{awscloud.Classified}, Region: region, BaseEndpoint: &h.url, Credentials: credentials.NewStaticCredentialsProvider(h.key, h.secret, "")}
	if account.AssumeRole != "" {
		assume := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), account.AssumeRole)
		cfg.Credentials = aws.NewCredentialsCache(assume)
	}
	return cfg, nil
}

// studioWorld is a simulated world in which everything is set up but access.
type studioWorld struct {
	t         *testing.T
	console   sandbox.Client
	cloud     hurried
	okta      *oktaorg.Org
	directory activities.DirectoryInput
	access    activities.AccessInput
	waits     activities.Waits
}

func newStudioWorld(t *testing.T) *studioWorld { return newStudioWorldOf(t, 0) }

// newStudioWorldOf is a world with so many people.
func newStudioWorldOf(t *testing.T, people int) *studioWorld {
	const speed = 1000
	ctx := t.Context()
	server, err := sandbox.Start(ctx, "127.0.0.1:0", sandbox.Config{Speed: speed, People: people})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	w := &studioWorld{t: t, console: sandbox.Client{URL: server.URL}, waits: activities.DefaultWaits().Faster(speed)}
	w.waits.Profile, w.waits.Propagation = 20*time.Millisecond, 2*time.Second
	environment, err := w.console.Environment(ctx)
	require.NoError(t, err)
	w.cloud = hurried{server.URL, environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]}
	options, err := oktaorg.OptionsFromEnvironment(func(name string) string { return environment[name] })
	require.NoError(t, err)
	w.okta, err = oktaorg.New(ctx, options)
	require.NoError(t, err)

	studio := onboarding.AccountSpec{AssumeRole: "arn:aws:iam::222222222222:role/StudioOnboarding"}
	instance := w.provision()
	domain, roles := w.domain(studio)
	w.directory.IdentityStoreID = instance.IdentityStoreID
	w.access = activities.AccessInput{
		Run: "team", Studio: studio, Region: "us-east-1", InstanceARN: instance.ARN, IdentityStoreID: instance.IdentityStoreID,
		AppID: w.directory.AppID, AssignmentGroup: w.directory.AssignmentGroup, Domain: domain, Roles: roles,
		Access: onboarding.AccessSpec{
			Groups:   []onboarding.GroupAccessSpec{{Name: "sagemaker-studio-ml", ExecutionRole: "SageMakerStudio-ml"}, {Name: "sagemaker-studio-users"}},
			People:   []onboarding.PersonAccessSpec{{Login: "raj.iyer@example.com"}, {Login: "nobody@example.com"}},
			Profiles: onboarding.ProfilesEager, OnRemoval: onboarding.RemovalRevoke,
		},
	}
	return w
}

// provision sets Identity Center, the trust and provisioning up, as the steps before would.
func (w *studioWorld) provision() activities.Instance {
	t, ctx := w.t, w.t.Context()
	require.NoError(t, w.console.EnableIdentityCenter(ctx, sandbox.EnableIdentityCenterInput{Region: "us-east-1"}))
	center := &activities.IdentityCenter{AWS: w.cloud, Waits: w.waits}
	instance := until(w, center.AwaitInstance, activities.InstanceInput{Region: "us-east-1"})
	require.NoError(t, w.console.CreateUser(ctx, "by.hand@example.com", "by.hand@example.com"))

	app, err := w.okta.CreateApp(ctx, "AWS IAM Identity Center")
	require.NoError(t, err)
	metadata, err := w.okta.Metadata(ctx, app.ID)
	require.NoError(t, err)
	provider, err := w.console.ChangeIdentitySource(ctx, sandbox.ChangeIdentitySourceInput{Metadata: string(metadata)})
	require.NoError(t, err)
	require.NoError(t, w.okta.SetServiceProvider(ctx, app.ID, provider.ACSURL, provider.IssuerURL))
	tenant, err := w.console.EnableProvisioning(ctx)
	require.NoError(t, err)
	require.NoError(t, w.console.ConfigureProvisioning(ctx, sandbox.ConfigureProvisioningInput{
		AppID: app.ID, BaseURL: strings.TrimRight(tenant.Endpoint, "/"), Token: tenant.Token, CreateUsers: true, UpdateAttributes: true, DeactivateUsers: true,
	}))
	group, err := w.okta.Group(ctx, "aws-identity-center")
	require.NoError(t, err)
	require.NoError(t, w.okta.AssignGroup(ctx, app.ID, group.ID))
	// Memberships of people who are not there yet would be lost.
	provisioning := &activities.Provisioning{Okta: w.okta, Waits: w.waits}
	until(w, provisioning.AwaitProvisioned, activities.AppInput{AppID: app.ID})
	for _, name := range []string{"sagemaker-studio-users", "sagemaker-studio-ml"} {
		require.NoError(t, w.console.PushGroup(ctx, sandbox.PushGroupInput{AppID: app.ID, Group: name}))
	}
	w.directory = activities.DirectoryInput{
		Region: "us-east-1", AppID: app.ID, AssignmentGroup: "aws-identity-center",
		Groups: []string{"sagemaker-studio-ml", "sagemaker-studio-users"}, People: []string{"raj.iyer@example.com", "nobody@example.com"},
	}
	return instance
}

func (w *studioWorld) domain(studio onboarding.AccountSpec) (activities.Domain, []activities.Role) {
	x := &activities.Studio{AWS: w.cloud, Waits: w.waits}
	roles := until(w, x.EnsureRoles, activities.RolesInput{
		Run: "team", Studio: studio, Region: "us-east-1", Roles: []string{"SageMakerStudio-team", "SageMakerStudio-ml"},
	}).Roles
	network := until(w, x.ResolveNetwork, activities.NetworkInput{Studio: studio, Region: "us-east-1"})
	domain := until(w, x.EnsureDomain, activities.DomainInput{
		Run: "team", Studio: studio, Region: "us-east-1", Domain: onboarding.DomainSpec{Name: "team"}, ExecutionRoleARN: roles[0].ARN, Network: network,
	})
	domain = until(w, x.AwaitDomain, activities.DomainRef{Run: "team", Studio: studio, Region: "us-east-1", ID: domain.ID})
	require.Equal(w.t, "InService", domain.Status)
	return domain, roles
}

func (w *studioWorld) activity() *activities.Access {
	return &activities.Access{AWS: w.cloud, Okta: w.okta, Waits: w.waits, People: peoplefile.Store{Dir: w.t.TempDir()}}
}

// until repeats an activity while it says that something is not ready, as Temporal does.
func until[In, Out any](w *studioWorld, do func(context.Context, In) (Out, error), in In) Out {
	w.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		out, err := perform(w.t, do, in)
		if err == nil {
			return out
		}
		require.Truef(w.t, strings.Contains(err.Error(), "type: "+string(fault.NotReady)) && time.Now().Before(deadline), "%v", err)
		<-time.After(50 * time.Millisecond)
	}
}

// synced waits until everybody is in Identity Center or known not to come.
func (w *studioWorld) synced() activities.DirectoryResult {
	d := &activities.Directory{AWS: w.cloud, Okta: w.okta, Waits: w.waits}
	d.Waits.Settle = 3 * time.Second
	return until(w, d.CompareDirectory, w.directory)
}

func (w *studioWorld) calls() []sandbox.Call {
	calls, err := w.console.Calls(w.t.Context())
	require.NoError(w.t, err)
	return calls
}

// requireProof checks every verdict of a people file against a sign-in of that person, and that nobody else comes in.
func (w *studioWorld) requireProof(result activities.VerifyResult) {
	records, err := peoplefile.Read(result.PeopleFile)
	require.NoError(w.t, err)
	ready := map[string]bool{}
	for _, record := range records {
		ready[record.Person] = record.Ready
	}
	people, err := w.console.People(w.t.Context())
	require.NoError(w.t, err)
	in := 0
	for _, person := range people {
		door, err := w.console.SignIn(w.t.Context(), sandbox.SignInInput{Login: person.Login})
		require.NoError(w.t, err)
		require.Equal(w.t, ready[person.Login], door.OK, "%s: %+v", person.Login, door)
		if door.OK {
			in++
		}
	}
	require.Equal(w.t, result.People.Ready, in)
}

func TestEverybodyOfTheDemoComesInOrIsToldWhyNot(t *testing.T) {
	w := newStudioWorld(t)
	synced := w.synced()
	reasons := map[string]string{}
	for _, exception := range synced.Exceptions {
		reasons[exception.Person] = exception.Reason
	}
	for login, reason := range map[string]string{
		"ines@example.com": "no last name", "tomas.novak@example.com": "not active in Okta", "kgarcia": "not an e-mail address",
		"sade.okoro@example.com": "which Identity Center refuses", "noor.haddad@example.com": "not assigned to the app", "nobody@example.com": "Okta knows nobody",
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
		Wanted: synced.Wanted, Synced: synced.Synced, Assigned: synced.Synced, Profiles: synced.Synced, Ready: synced.Synced,
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
		"lost assignments":  {{Service: "sso", Operation: "CreateApplicationAssignment", Kind: sandbox.FaultLostWrite, Times: 2}},
		"conflicts":         {{Service: "sso", Operation: "CreateApplicationAssignment", Kind: sandbox.FaultConflict, Times: 2}},
		"throttling":        {{Service: "sagemaker", Kind: sandbox.FaultThrottle, Times: 12, Skip: 3}, {Service: "identitystore", Kind: sandbox.FaultThrottle, Times: 2, Skip: 1}},
		"lost answers":      {{Service: "sagemaker", Operation: "CreateUserProfile", Kind: sandbox.FaultLostAnswer, Times: 5, Skip: 5}},
		"resets and errors": {{Service: "sagemaker", Kind: sandbox.FaultReset, Times: 4, Skip: 10}, {Service: "sso", Kind: sandbox.FaultError, Times: 2}},
		"profiles fail":     {{Service: "sagemaker", Operation: "CreateUserProfile", Kind: sandbox.FaultFails, Times: 4}},
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
			DomainId: &w.access.Domain.ID, UserProfileName: &name, SingleSignOnUserIdentifier: aws.String("UserName"), SingleSignOnUserValue: &user,
			Tags: []sagemakertypes.Tag{{Key: aws.String("made-by"), Value: aws.String("someone")}},
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
