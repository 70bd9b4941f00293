package provisioning_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/activitytest"
	"studio-onboarding/activities/provisioning"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/scim"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

func TestTheEndpointIsTriedAndTheConsoleIsAwaited(t *testing.T) {
	w := activitytest.NewOktaWorld(t)
	ctx := t.Context()
	app, _ := w.Trusted(t)
	tenant, err := w.EnableProvisioning(ctx)
	require.NoError(t, err)
	secrets := activitytest.SecretStub{testTokenRef: "not-" + tenant.Token}
	x := &provisioning.Activities{Okta: w.Org, SCIM: &scim.Client{}, Secrets: secrets, Waits: w.Waits, PlainHTTPHost: w.Host}
	check := provisioning.CheckSCIMInput{Region: activitytest.Region, Connection: provisioning.SCIMConnection{Endpoint: tenant.Endpoint,
		TokenRef: testTokenRef}}
	_, err = x.CheckSCIM(ctx, check)
	require.NotContains(t, activitytest.RequireClass(t, err, fault.Denied).Error(), tenant.Token)
	secrets[testTokenRef] = tenant.Token
	checked, err := x.CheckSCIM(ctx, check)
	require.NoError(t, err)

	connect, err := x.ConnectProvisioning(ctx, provisioning.ConnectInput{AppID: app.ID, Connection: checked.Connection})
	require.NoError(t, err)
	require.False(t, connect.Supported)
	_, err = x.AwaitProvisioning(ctx, provisioning.AppInput{AppID: app.ID})
	activitytest.RequireClass(t, err, fault.NotReady)
	require.NoError(t, w.ConfigureProvisioning(ctx, sandbox.ConfigureProvisioningInput{AppID: app.ID,
		BaseURL: checked.Connection.Endpoint, Token: tenant.Token, CreateUsers: true, UpdateAttributes: true, DeactivateUsers: true}))
	features, err := x.AwaitProvisioning(ctx, provisioning.AppInput{AppID: app.ID})
	require.NoError(t, err)
	require.Empty(t, features.Missing)
}

func TestOktasRefusalsReachThePersonWhoCanHelp(t *testing.T) {
	w := activitytest.NewOktaWorld(t)
	app, _ := w.Connected(t)
	x := &provisioning.Activities{Okta: w.Org, Waits: w.Waits}
	in := provisioning.PushInput{AppID: app.ID, Groups: []string{"sagemaker-studio-ml"}}

	require.NoError(t, w.SetFaults(t.Context(),
		[]sandbox.Fault{{Service: "okta", Operation: "POST /api/v1/apps/{id}/group-push/mappings", Kind: sandbox.FaultDeny}}))
	refused, err := x.PushGroups(t.Context(), in)
	require.NoError(t, err)
	require.Contains(t, refused.Refused["sagemaker-studio-ml"], "okta.groups.manage")
	_, err = x.AwaitPushed(t.Context(), in)
	activitytest.RequireClass(t, err, fault.NotReady)
	require.NoError(t, w.PushGroup(t.Context(), sandbox.PushGroupInput{AppID: app.ID, Group: "sagemaker-studio-ml"}))
	pushed := activitytest.Await(t, func() (provisioning.PushResult, error) { return x.AwaitPushed(t.Context(), in) })
	require.Equal(t, onboarding.OriginAdopted, pushed.Pushed[0].Origin)

	require.NoError(t, w.SetFaults(t.Context(), nil))
	_, err = x.AssignGroups(t.Context(), provisioning.AssignInput{AppID: app.ID, AssignmentGroup: "no-such-group"})
	require.Contains(t, activitytest.RequireClass(t, err, fault.NotFound).Error(), "no-such-group")
}
