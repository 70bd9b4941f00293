package sandbox_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"

	"studio-onboarding/sandbox"
)

const ownInUse = `
okta:
  people:
    - {login: ada@example.com, firstName: Ada, lastName: Lovelace}
    - {login: cy@example.com, firstName: Cy, lastName: Fox, groups: [all]}
  groups: [{name: all}]
  apps: [{label: AWS, organization: this, groups: [all]}]
aws:
  identityCenter:
    users: [{userName: ada@example.com, groups: [team]}, {userName: cy@example.com}]
    groups: [team]
    permissionSets: [{name: ReadOnly, assignments: [{account: studio, group: team}]}]
    applications: [{name: wiki, groups: [team]}]
`

// access is what an instance's people have: users, groups, assignments, and the portal.
func (w world) access() (users, groups, assignments, reservedRoles int, portal string) {
	w.Helper()
	state := w.dump()
	i := state.AWS.Instances[0]
	for _, a := range i.Applications {
		assignments += len(a.Assignments)
	}
	for _, p := range i.PermissionSets {
		assignments += len(p.Assignments)
	}
	for _, a := range state.AWS.Accounts {
		for _, r := range a.Roles {
			reservedRoles += strings.Count(r.ARN, "AWSReservedSSO")
		}
	}
	return len(i.Users), len(i.Groups), assignments, reservedRoles, i.PortalURL
}

func TestChangingTheIdentitySource(t *testing.T) {
	portal := sandbox.AddressPortal
	t.Run("to an external provider and back", func(t *testing.T) {
		w := inUse(t, ownInUse)
		h := &hands{TB: t, url: w.URL, browser: w.Client}
		w.ErrorContains(w.ChangeIdentitySourceTo(w.ctx, sandbox.SourceIdentityCenter), "This is the identity source already.")
		w.ErrorContains(w.ChangeIdentitySourceTo(w.ctx, sandbox.SourceExternal), "Upload the metadata")
		w.ErrorContains(w.ChangeIdentitySourceTo(w.ctx, "ldap"), `There is no identity source "ldap".`)
		_, _, _, _, address := w.access()
		unchanged := func() {
			t.Helper()
			users, groups, assignments, roles, at := w.access()
			w.Equal([]int{2, 1, 2, 1}, []int{users, groups, assignments, roles})
			w.Equal(address, at)
		}
		var app struct{ ID string }
		var apps []struct{ ID string }
		h.okta("GET", "/api/v1/apps", nil, &apps)
		app.ID = apps[0].ID
		provider, err := w.ChangeIdentitySource(w.ctx, sandbox.ChangeIdentitySourceInput{Metadata: h.metadata(app.ID)})
		w.NoError(err)
		w.Equal(address, provider.PortalURL)
		unchanged()
		w.Empty(w.signsIn(sandbox.SignInInput{Login: "cy@example.com", Address: portal}))
		w.Equal("okta", w.signsIn(sandbox.SignInInput{Login: "ada@example.com", Address: portal}), "the app is not assigned to Ada")
		w.Equal("external", w.dump().AWS.Instances[0].Source)

		metadata, _ := w.idpMetadata()
		again, err := w.ChangeIdentitySource(w.ctx, sandbox.ChangeIdentitySourceInput{Metadata: metadata})
		w.NoError(err)
		w.Equal(provider.ACSURL, again.ACSURL)
		unchanged()
		w.Equal("saml", w.signsIn(sandbox.SignInInput{Login: "cy@example.com"}), "another provider is trusted now")
		_, err = w.EnableProvisioning(w.ctx)
		w.NoError(err)

		w.NoError(w.ChangeIdentitySourceTo(w.ctx, sandbox.SourceIdentityCenter))
		unchanged()
		w.Empty(w.dump().AWS.Instances[0].SCIMTenant)
		w.Empty(w.signsIn(sandbox.SignInInput{Login: "ada@example.com", Address: portal}))
		w.NoError(w.CreateUser(w.ctx, "by.hand@example.com", "by.hand@example.com"))
		w.consoleEvents("CreateExternalIdPConfigurationForDirectory", "EnableExternalIdPConfigurationForDirectory",
			"UpdateExternalIdPConfigurationForDirectory", "EnableExternalIdPConfigurationForDirectory", "CreateProvisioningTenant", "CreateBearerToken",
			"DeleteProvisioningTenant", "DisableExternalIdPConfigurationForDirectory", "CreateUser")
	})
	t.Run("to and from an Active Directory", func(t *testing.T) {
		w := inUse(t, ownInUse)
		_, _, _, _, before := w.access()
		w.NoError(w.ChangeIdentitySourceTo(w.ctx, sandbox.SourceActiveDirectory))
		users, groups, assignments, roles, portal := w.access()
		w.Equal([]int{0, 0, 0, 0}, []int{users, groups, assignments, roles})
		w.NotEqual(before, portal)
		w.Equal("active-directory", w.dump().AWS.Instances[0].Source)
		w.ErrorContains(w.CreateUser(w.ctx, "a@example.com", "a@example.com"), "managed in your Active Directory")
		w.ErrorContains(w.CreateGroup(w.ctx, "a"), "managed in your Active Directory")
		metadata, _ := w.idpMetadata()
		provider, err := w.ChangeIdentitySource(w.ctx, sandbox.ChangeIdentitySourceInput{Metadata: metadata})
		w.NoError(err)
		w.NotEqual(portal, provider.PortalURL)
		w.NoError(w.ChangeIdentitySourceTo(w.ctx, sandbox.SourceActiveDirectory))
		w.NoError(w.ChangeIdentitySourceTo(w.ctx, sandbox.SourceIdentityCenter))
		w.consoleEvents("AssociateDirectory", "DisassociateDirectory", "CreateExternalIdPConfigurationForDirectory",
			"EnableExternalIdPConfigurationForDirectory", "DisableExternalIdPConfigurationForDirectory", "AssociateDirectory", "DisassociateDirectory")
	})
}

// consoleEvents waits for events of the console, the oldest first, besides those of signing in.
func (w world) consoleEvents(want ...string) {
	w.Helper()
	client := cloudtrail.NewFromConfig(w.administrator())
	var got []string
	w.eventually(func() bool {
		out, err := client.LookupEvents(w.ctx, &cloudtrail.LookupEventsInput{})
		w.NoError(err)
		got = nil
		for _, e := range out.Events {
			if *e.EventSource != "signin.amazonaws.com" {
				got = append([]string{*e.EventName}, got...)
			}
		}
		return len(got) >= len(want)
	}, "the events are delivered")
	w.Equal(want, got)
}
