package activities_test

import (
	"context"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/activities"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/internal/peoplefile"
	"studio-onboarding/internal/scim"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// journey carries specs out against a simulated world: the activities in the order of a run, with an operator who does what
// a run asks for.
type journey struct {
	t       *testing.T
	console sandbox.Client
	cloud   hurried
	okta    *oktaorg.Org
	waits   activities.Waits
	secrets secretStub
	host    string
	people  peoplefile.Store
}

func newJourney(t *testing.T) *journey {
	t.Helper()
	server, err := sandbox.Start(context.WithoutCancel(t.Context()), "127.0.0.1:0", sandbox.Config{Speed: journeySpeed})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	return journeyTo(t, server.URL)
}

const journeySpeed = 1000

// journeyTo carries specs out against a world that is there.
func journeyTo(t *testing.T, address string) *journey {
	t.Helper()
	j := &journey{t: t, console: sandbox.Client{URL: address}, waits: activities.DefaultWaits().Faster(journeySpeed), secrets: secretStub{},
		people: peoplefile.Store{Dir: t.TempDir()}}
	j.waits.Profile, j.waits.Propagation, j.waits.Settle = 20*time.Millisecond, 2*time.Second, 2*time.Second
	environment, err := j.console.Environment(t.Context())
	require.NoError(t, err)
	j.cloud = hurried{address, environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]}
	options, err := oktaorg.OptionsFromEnvironment(func(name string) string { return environment[name] })
	require.NoError(t, err)
	j.okta, err = oktaorg.New(t.Context(), options)
	require.NoError(t, err)
	at, err := url.Parse(address)
	require.NoError(t, err)
	j.host = at.Host
	return j
}

// demoSpec is the spec of the demo.
func demoSpec(t *testing.T) onboarding.Spec {
	t.Helper()
	data, err := os.ReadFile("../examples/data-science.yaml")
	require.NoError(t, err)
	spec, err := onboarding.DecodeSpec("data-science.yaml", data)
	require.NoError(t, err)
	return spec
}

// do performs an activity as Temporal does: again while its error is one to be retried.
func do[In, Out any](j *journey, activity func(context.Context, In) (Out, error), in In) Out {
	j.t.Helper()
	for deadline := time.Now().Add(45 * time.Second); ; {
		out, err := perform(j.t, activity, in)
		if err == nil {
			return out
		}
		var failure *temporal.ApplicationError
		require.ErrorAs(j.t, err, &failure)
		require.True(j.t, fault.Class(failure.Type()).Retryable() && time.Now().Before(deadline), "%v", err)
		<-time.After(50 * time.Millisecond)
	}
}

// run carries a spec out, from the instance to the proof.
func (j *journey) run(spec onboarding.Spec) activities.VerifyResult {
	j.t.Helper()
	instance := j.identityCenter(spec)
	app := j.trust(spec, instance)
	j.provisioning(spec, app.ID)

	provisioning := j.provisioningActivity()
	var singles, groups []string
	for _, person := range spec.Access.People {
		singles = append(singles, person.Login)
	}
	for _, group := range spec.Access.Groups {
		groups = append(groups, group.Name)
	}
	do(j, provisioning.AssignGroups, activities.AssignInput{AppID: app.ID, AssignmentGroup: spec.Okta.AssignmentGroup, People: singles})
	do(j, provisioning.AwaitProvisioned, activities.AppInput{AppID: app.ID})
	push := activities.PushInput{AppID: app.ID, Groups: groups}
	if pushed := do(j, provisioning.PushGroups, push); len(pushed.Refused) > 0 {
		for name := range pushed.Refused {
			require.NoError(j.t, j.console.PushGroup(j.t.Context(), sandbox.PushGroupInput{AppID: app.ID, Group: name}))
		}
		do(j, provisioning.AwaitPushed, push)
	}
	compare := &activities.Directory{AWS: j.cloud, Okta: j.okta, Waits: j.waits}
	do(j, compare.CompareDirectory, activities.DirectoryInput{
		IdentityCenter: spec.IdentityCenter, Region: spec.Region, IdentityStoreID: instance.IdentityStoreID, AppID: app.ID,
		AssignmentGroup: spec.Okta.AssignmentGroup, Groups: groups, People: singles,
	})

	domain, roles := j.studio(spec)
	in := activities.AccessInput{
		Run: spec.Name, IdentityCenter: spec.IdentityCenter, Studio: spec.Studio, Region: spec.Region, InstanceARN: instance.ARN,
		IdentityStoreID: instance.IdentityStoreID, AppID: app.ID, AssignmentGroup: spec.Okta.AssignmentGroup, Domain: domain,
		Access: spec.Access, Roles: roles, Tags: spec.Domain.Tags,
	}
	access := &activities.Access{AWS: j.cloud, Okta: j.okta, Waits: j.waits, People: j.people}
	do(j, access.ConvergeAccess, in)
	return do(j, access.VerifyAccess, in)
}

func (j *journey) identityCenter(spec onboarding.Spec) activities.Instance {
	center := &activities.IdentityCenter{AWS: j.cloud, Waits: j.waits}
	in := activities.InstanceInput{IdentityCenter: spec.IdentityCenter, Region: spec.Region}
	if do(j, center.FindInstance, in).Instance == nil {
		require.NoError(j.t, j.console.EnableIdentityCenter(j.t.Context(), sandbox.EnableIdentityCenterInput{Region: spec.Region}))
	}
	return do(j, center.AwaitInstance, in)
}

// trust asks for Identity Center's values where a run would.
func (j *journey) trust(spec onboarding.Spec, instance activities.Instance) activities.OktaApp {
	x := &activities.App{Okta: j.okta, Waits: j.waits}
	app := *do(j, x.EnsureApp, activities.EnsureAppInput{Label: spec.Okta.AppLabel}).App
	metadata := do(j, x.FetchIdPMetadata, activities.AppInput{AppID: app.ID})
	center := &activities.IdentityCenter{AWS: j.cloud, Waits: j.waits}
	evidence := do(j, center.FindSourceChange, activities.InstanceInput{IdentityCenter: spec.IdentityCenter, Region: spec.Region})
	values := map[string]string{onboarding.ValueACSURL: app.ACSURL, onboarding.ValueIssuerURL: app.Issuer}
	if app.ACSURL == "" || app.Issuer == "" || evidence.Event == "" && !j.provisions(app.ID) {
		shown, err := j.console.ChangeIdentitySource(j.t.Context(), sandbox.ChangeIdentitySourceInput{Metadata: metadata.XML})
		require.NoError(j.t, err)
		values = map[string]string{onboarding.ValueACSURL: shown.ACSURL, onboarding.ValueIssuerURL: shown.IssuerURL, onboarding.ValuePortalURL: shown.PortalURL}
	}
	provider := do(j, x.CheckServiceProvider, activities.CheckServiceProviderInput{AppID: app.ID, Region: spec.Region, Instance: instance, Values: values})
	do(j, x.EstablishTrust, activities.TrustInput{AppID: app.ID, ServiceProvider: provider})
	return app
}

func (j *journey) provisioningActivity() *activities.Provisioning {
	return &activities.Provisioning{Okta: j.okta, SCIM: &scim.Client{}, Secrets: j.secrets, Waits: j.waits, PlainHTTPHost: j.host}
}

func (j *journey) provisions(appID string) bool {
	_, err := perform(j.t, j.provisioningActivity().AwaitProvisioning, activities.AppInput{AppID: appID})
	return err == nil
}

func (j *journey) provisioning(spec onboarding.Spec, appID string) {
	if j.provisions(appID) {
		return
	}
	ctx, x := j.t.Context(), j.provisioningActivity()
	tenant, err := j.console.EnableProvisioning(ctx)
	require.NoError(j.t, err)
	j.secrets["env:SCIM_TOKEN"] = tenant.Token
	checked := do(j, x.CheckSCIM, activities.CheckSCIMInput{
		Region: spec.Region, Connection: activities.SCIMConnection{Endpoint: tenant.Endpoint, TokenRef: "env:SCIM_TOKEN"},
	})
	if !do(j, x.ConnectProvisioning, activities.ConnectInput{AppID: appID, Connection: checked.Connection}).Supported {
		require.NoError(j.t, j.console.ConfigureProvisioning(ctx, sandbox.ConfigureProvisioningInput{
			AppID: appID, BaseURL: checked.Connection.Endpoint, Token: tenant.Token, CreateUsers: true, UpdateAttributes: true, DeactivateUsers: true,
		}))
	}
	do(j, x.AwaitProvisioning, activities.AppInput{AppID: appID})
}

// studio carries out the studio lane.
func (j *journey) studio(spec onboarding.Spec) (activities.Domain, []activities.Role) {
	x := &activities.Studio{AWS: j.cloud, Waits: j.waits}
	wanted := []string{spec.Domain.ExecutionRole}
	for _, group := range spec.Access.Groups {
		if group.ExecutionRole != "" {
			wanted = append(wanted, group.ExecutionRole)
		}
	}
	roles := do(j, x.EnsureRoles, activities.RolesInput{
		Run: spec.Name, Studio: spec.Studio, Region: spec.Region, Roles: wanted, Tags: spec.Domain.Tags,
	}).Roles
	network := do(j, x.ResolveNetwork, activities.NetworkInput{Studio: spec.Studio, Region: spec.Region, Network: spec.Domain.Network})
	domain := do(j, x.EnsureDomain, activities.DomainInput{
		Run: spec.Name, Studio: spec.Studio, Region: spec.Region, Domain: spec.Domain, ExecutionRoleARN: roles[0].ARN, Network: network,
	})
	return do(j, x.AwaitDomain, activities.DomainRef{Run: spec.Name, Studio: spec.Studio, Region: spec.Region, ID: domain.ID}), roles
}

// calls are those since a mark that were made by the product: not the console work of people, nor Okta's own to AWS.
func (j *journey) calls(since int) []sandbox.Call {
	j.t.Helper()
	all, err := j.console.Calls(j.t.Context())
	require.NoError(j.t, err)
	var ours []sandbox.Call
	for _, call := range all[since:] {
		if call.Service != "console" && call.Service != "scim" {
			ours = append(ours, call)
		}
	}
	return ours
}

func (j *journey) mark() int {
	all, err := j.console.Calls(j.t.Context())
	require.NoError(j.t, err)
	return len(all)
}
