package activities_test

import (
	"context"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities"
	"studio-onboarding/activities/access"
	"studio-onboarding/activities/activitytest"
	"studio-onboarding/activities/domain"
	"studio-onboarding/activities/identitycenter"
	"studio-onboarding/activities/network"
	"studio-onboarding/activities/oktaapp"
	"studio-onboarding/activities/people"
	"studio-onboarding/activities/provider"
	"studio-onboarding/activities/provisioning"
	"studio-onboarding/activities/role"
	"studio-onboarding/activities/trust"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/internal/scim"
	"studio-onboarding/internal/specfile"
	"studio-onboarding/internal/store/storetest"
	"studio-onboarding/internal/worldtest"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// journey carries specs out against a simulated world: the activities in the order of a run, with an operator who does what
// a run asks for.
type journey struct {
	t       *testing.T
	console sandbox.Client
	cloud   *worldtest.Cloud
	okta    *oktaorg.Org
	waits   provider.Waits
	secrets activitytest.SecretStub
	host    string
	people  access.PeopleStore
}

const journeySpeed = 1000

// newJourney is a journey through a world of its own.
func newJourney(t *testing.T, world sandbox.Config) *journey {
	t.Helper()
	world.Speed = journeySpeed
	server, err := sandbox.Start(context.WithoutCancel(t.Context()), "127.0.0.1:0", world)
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	j := &journey{
		t: t, console: sandbox.Client{URL: server.URL}, cloud: &worldtest.Cloud{URL: server.URL}, secrets: activitytest.SecretStub{},
		waits: provider.DefaultWaits().Faster(journeySpeed), people: storetest.New(t),
	}
	j.waits.Profile, j.waits.Propagation, j.waits.Settle = 20*time.Millisecond, 2*time.Second, 2*time.Second
	environment, err := j.console.Environment(t.Context())
	require.NoError(t, err)
	j.cloud.Set(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
	options, err := oktaorg.OptionsFromEnvironment(func(name string) string { return environment[name] })
	require.NoError(t, err)
	j.okta, err = oktaorg.New(t.Context(), options)
	require.NoError(t, err)
	at, err := url.Parse(server.URL)
	require.NoError(t, err)
	j.host = at.Host
	return j
}

// demoSpec is the spec of the demo.
func demoSpec(t *testing.T) onboarding.Spec {
	t.Helper()
	data, err := os.ReadFile("../examples/data-science.yaml")
	require.NoError(t, err)
	spec, err := specfile.Decode("data-science.yaml", data)
	require.NoError(t, err)
	return spec
}

// do performs an activity as Temporal does: again while its error is one to be retried.
func do[In, Out any](j *journey, activity func(context.Context, In) (Out, error), in In) Out {
	j.t.Helper()
	out, err := activitytest.Settled(j.t, activity, in)
	require.NoError(j.t, err)
	return out
}

func (j *journey) assessor() *activities.Assessor {
	return &activities.Assessor{AWS: j.cloud, Okta: j.okta, Waits: j.waits, People: j.people}
}

// run carries a spec out, from the instance to the proof.
func (j *journey) run(spec onboarding.Spec) access.VerifyResult {
	j.t.Helper()
	instance := j.identityCenter(spec)
	app := j.trust(spec, instance)
	j.provisioning(instance, app.ID)

	pushing := j.provisioningActivities()
	var singles, groups []string
	for _, person := range spec.Access.People {
		singles = append(singles, person.Login)
	}
	for _, group := range spec.Access.Groups {
		groups = append(groups, group.Name)
	}
	assign := provisioning.AssignInput{AppID: app.ID, AssignmentGroup: spec.Okta.AssignmentGroup, People: singles}
	do(j, pushing.AssignGroups, assign)
	do(j, pushing.AwaitProvisioned, provisioning.AppInput{AppID: app.ID})
	push := provisioning.PushInput{AppID: app.ID, Groups: groups}
	if pushed := do(j, pushing.PushGroups, push); len(pushed.Refused) > 0 {
		for name := range pushed.Refused {
			require.NoError(j.t, j.console.PushGroup(j.t.Context(), sandbox.PushGroupInput{AppID: app.ID, Group: name}))
		}
		do(j, pushing.AwaitPushed, push)
	}
	compare := &people.Activities{AWS: j.cloud, Okta: j.okta, Waits: j.waits}
	do(j, compare.CompareDirectory, people.DirectoryInput{
		IdentityCenter: spec.IdentityCenter, Region: instance.PrimaryRegion, IdentityStoreID: instance.IdentityStoreID, AppID: app.ID,
		AssignmentGroup: spec.Okta.AssignmentGroup, Groups: groups, People: singles,
	})

	handles := onboarding.Handles{Spec: spec, InstanceARN: instance.ARN, IdentityStoreID: instance.IdentityStoreID,
		IdentityRegion: instance.PrimaryRegion, AppID: app.ID}
	handles.Domain, handles.Roles = j.studio(spec)
	entrance := &access.Activities{AWS: j.cloud, Okta: j.okta, Waits: j.waits, People: j.people}
	do(j, entrance.ConvergeAccess, access.InputOf(handles))
	return do(j, entrance.VerifyAccess, access.InputOf(handles))
}

func (j *journey) identityCenter(spec onboarding.Spec) identitycenter.Instance {
	center := &identitycenter.Activities{AWS: j.cloud, Waits: j.waits}
	in := identitycenter.InstanceInput{IdentityCenter: spec.IdentityCenter, Region: spec.Region}
	if do(j, center.FindInstance, in).Instance == nil {
		require.NoError(j.t, j.console.EnableIdentityCenter(j.t.Context(), sandbox.EnableIdentityCenterInput{Region: spec.Region}))
	}
	return do(j, center.AwaitInstance, in).Instance
}

// trust asks for Identity Center's values where a run would.
func (j *journey) trust(spec onboarding.Spec, instance identitycenter.Instance) oktaapp.OktaApp {
	apps := &oktaapp.Activities{Okta: j.okta, Waits: j.waits}
	app := *do(j, apps.EnsureApp, oktaapp.EnsureAppInput{Label: spec.Okta.AppLabel,
		IdentityStoreID: instance.IdentityStoreID, Since: time.Now()}).App
	metadata := do(j, apps.FetchIdPMetadata, oktaapp.AppInput{AppID: app.ID})
	seen := do(j, (&trust.Activities{AWS: j.cloud, Okta: j.okta}).SeeTrust, trust.Where{IdentityCenter: spec.IdentityCenter, Region: instance.PrimaryRegion,
		IdentityStoreID: instance.IdentityStoreID, AppID: app.ID})
	values := map[string]string{onboarding.ValueACSURL: app.ACSURL, onboarding.ValueIssuerURL: app.Issuer}
	if !seen.InPlace {
		shown, err := j.console.ChangeIdentitySource(j.t.Context(), sandbox.ChangeIdentitySourceInput{Metadata: metadata.XML})
		require.NoError(j.t, err)
		values = map[string]string{onboarding.ValueACSURL: shown.ACSURL, onboarding.ValueIssuerURL: shown.IssuerURL,
			onboarding.ValuePortalURL: shown.PortalURL}
	}
	x := &trust.Activities{Okta: j.okta, Waits: j.waits}
	provider := do(j, x.CheckServiceProvider, trust.CheckServiceProviderInput{
		AppID: app.ID, Region: instance.PrimaryRegion, Values: values, Instance: trust.Instance{IdentityStoreID: instance.IdentityStoreID},
	})
	do(j, x.EstablishTrust, trust.TrustInput{AppID: app.ID, ServiceProvider: provider})
	return app
}

func (j *journey) provisioningActivities() *provisioning.Activities {
	return &provisioning.Activities{Okta: j.okta, SCIM: &scim.Client{}, Secrets: j.secrets, Waits: j.waits, PlainHTTPHost: j.host}
}

func (j *journey) provisions(appID string) bool {
	_, err := activitytest.Once(j.provisioningActivities().AwaitProvisioning, provisioning.AppInput{AppID: appID})
	return err == nil
}

func (j *journey) provisioning(instance identitycenter.Instance, appID string) {
	if j.provisions(appID) {
		return
	}
	ctx, x := j.t.Context(), j.provisioningActivities()
	tenant, err := j.console.EnableProvisioning(ctx)
	require.NoError(j.t, err)
	j.secrets["env:SCIM_TOKEN"] = tenant.Token
	checked := do(j, x.CheckSCIM, provisioning.CheckSCIMInput{
		Region: instance.PrimaryRegion, Connection: provisioning.SCIMConnection{Endpoint: tenant.Endpoint, TokenRef: "env:SCIM_TOKEN"},
	})
	if !do(j, x.ConnectProvisioning, provisioning.ConnectInput{AppID: appID, Connection: checked.Connection}).Supported {
		require.NoError(j.t, j.console.ConfigureProvisioning(ctx, sandbox.ConfigureProvisioningInput{
			AppID: appID, BaseURL: checked.Connection.Endpoint, Token: tenant.Token, CreateUsers: true, UpdateAttributes: true,
			DeactivateUsers: true,
		}))
	}
	do(j, x.AwaitProvisioning, provisioning.AppInput{AppID: appID})
}

// studio carries the lane of the Studio account out.
func (j *journey) studio(spec onboarding.Spec) (onboarding.DomainHandle, []onboarding.RoleHandle) {
	var roles []onboarding.RoleHandle
	for _, one := range do(j, (&role.Activities{AWS: j.cloud, Waits: j.waits}).EnsureRoles, role.RolesInput{
		Run: spec.Name, Studio: spec.Studio, Region: spec.Region, Roles: spec.ExecutionRoles(), Tags: spec.Domain.Tags,
		KMSKey:              spec.Domain.KMSKey,
		SourceIdentity:      spec.Domain.SourceIdentity == onboarding.Enabled,
		IdentityPropagation: spec.Domain.TrustedIdentityPropagation == onboarding.Enabled,
	}).Roles {
		roles = append(roles, onboarding.RoleHandle(one))
	}
	place := do(j, (&network.Activities{AWS: j.cloud}).ResolveNetwork, network.NetworkInput{
		Studio: spec.Studio, Region: spec.Region, Network: spec.Domain.Network, DomainName: spec.Domain.Name,
	})
	x := &domain.Activities{AWS: j.cloud, Waits: j.waits}
	in := domain.Input{
		Run: spec.Name, Studio: spec.Studio, Region: spec.Region, Domain: spec.Domain, ExecutionRoleARN: roles[0].ARN,
		Network: domain.Network{VPC: place.VPC, Subnets: place.Subnets, SecurityGroups: place.SecurityGroups, Access: place.Access},
	}
	made := do(j, x.EnsureDomain, in)
	is := do(j, x.AwaitDomain, domain.Ref{Run: spec.Name, Studio: spec.Studio, Region: spec.Region, ID: made.ID, Wanted: &in})
	return onboarding.DomainHandle{ID: is.ID, ARN: is.ARN, Name: is.Name, URL: is.URL, ApplicationARN: is.ApplicationARN,
		Origin: made.Origin}, roles
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
