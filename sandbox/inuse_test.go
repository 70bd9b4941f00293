package sandbox_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"studio-onboarding/sandbox"
)

// inUse starts a world that is written down.
func inUse(t *testing.T, text string) world {
	t.Helper()
	file, err := sandbox.ReadWorld("world.yaml", []byte(text))
	require.NoError(t, err)
	return startWith(t, sandbox.Config{Speed: fast, World: file})
}

// signsIn is how far somebody comes: "" all the way.
func (w world) signsIn(in sandbox.SignInInput) string {
	w.Helper()
	result, err := w.SignIn(w.ctx, in)
	w.NoError(err)
	return result.Link
}

// dumped is the organization's instance in the dump of the state, and what else tests look at there.
type dumped struct {
	AWS struct {
		DelegatedAdministrator string
		Instances              []struct {
			Source, TrustedIdp, PortalURL, Key, SCIMTenant, IdentityStoreID, Region string
			SCIMTokens                                                              int
			AdditionalRegions                                                       []string
			Users                                                                   []struct{ UserName, ExternalID string }
			Groups                                                                  []struct {
				Name    string
				Members []string
			}
			Applications []struct {
				Name, Status, Visibility string
				Open                     bool
				Assignments              []string
			}
			PermissionSets []struct {
				Name        string
				Assignments []string
			}
		}
		Accounts []struct {
			ID    string
			Roles []struct{ ARN string }
		}
	}
	Okta struct {
		Apps []struct {
			Label, Status string
			Settings      map[string]any
			Features      []string
			Users         []struct{ Login, SyncState, ExternalID string }
			Pushes        []struct {
				Group   string
				Members map[string]string
			}
		}
	}
}

func (w world) dump() (state dumped) {
	w.Helper()
	data, err := w.State(w.ctx)
	w.NoError(err)
	w.NoError(json.Unmarshal(data, &state))
	return state
}

const oktaInUse = `
okta:
  groups: [{name: all-staff}, {name: platform}, {name: data}]
  people:
    - {login: ada@example.com, firstName: Ada, lastName: Lovelace, groups: [all-staff, platform]}
    - {login: bo@example.com, firstName: Bo, lastName: Ek, groups: [all-staff, data]}
    - {login: prince@example.com, firstName: Prince, groups: [all-staff]}
  apps:
    - {label: AWS SSO (test), organization: other, groups: [platform]}
    - {label: AWS SSO (production), organization: this, groups: [all-staff], provisioning: true, pushGroups: [platform]}
    - {label: AWS IAM Identity Center, organization: none}
    - {label: AWS old, organization: this, status: INACTIVE, groups: [data]}
aws:
  identityCenter:
    source: external
    oktaApp: AWS SSO (production)
    users: [{userName: break.glass@example.com, groups: [admins]}]
    groups: [admins]
    provisioning: {tokens: 2}
    additionalRegions: [eu-west-1]
    customerManagedKey: true
    delegatedAdministrator: true
    permissionSets:
      - name: Administrator
        assignments: [{account: management, group: admins}, {account: studio, group: platform}, {account: studio, user: bo@example.com}]
      - {name: ReadOnly}
    applications:
      - {name: wiki, groups: [platform], users: [bo@example.com]}
      - {name: everybody, assignmentRequired: false, visibility: DISABLED}
      - {name: closed, status: DISABLED}
`

func TestAnInstanceThatIsInUse(t *testing.T) {
	w := inUse(t, oktaInUse)
	state := w.dump()
	instance := state.AWS.Instances[0]
	w.Equal("external", instance.Source)
	w.Equal(2, instance.SCIMTokens)
	w.Equal([]string{"eu-west-1"}, instance.AdditionalRegions)
	w.NotEmpty(instance.Key)
	w.Equal("222222222222", state.AWS.DelegatedAdministrator)
	names := map[string]bool{}
	for _, u := range instance.Users {
		names[u.UserName] = u.ExternalID != ""
	}
	w.Equal(map[string]bool{"ada@example.com": true, "bo@example.com": true, "break.glass@example.com": false}, names, "those who came by SCIM have an external ID")
	w.Equal("platform", instance.Groups[1].Name)
	w.Equal([]string{"ada@example.com"}, instance.Groups[1].Members)
	w.Equal("Administrator", instance.PermissionSets[0].Name)
	w.Len(instance.PermissionSets[0].Assignments, 3)
	w.Empty(instance.PermissionSets[1].Assignments)
	roles := fmt.Sprint(state.AWS.Accounts)
	w.Equal(2, strings.Count(roles, ":role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Administrator_"), "one in each account")
	w.NotContains(roles, "ReadOnly")
	for _, a := range instance.Applications {
		switch a.Name {
		case "wiki":
			w.Len(a.Assignments, 2)
		case "everybody":
			w.True(a.Open)
			w.Equal("DISABLED", a.Visibility)
		case "closed":
			w.Equal("DISABLED", a.Status)
		}
	}
	for _, a := range state.Okta.Apps {
		switch a.Label {
		case "AWS SSO (production)":
			w.Contains(a.Settings["entityID"], instance.IdentityStoreID)
			w.Equal([]string{"GROUP_PUSH", "PUSH_NEW_USERS", "PUSH_PROFILE_UPDATES", "PUSH_USER_DEACTIVATION", "REACTIVATE_USERS", "SCIM_PROVISIONING"}, a.Features)
			w.Len(a.Pushes[0].Members, 1)
			for _, u := range a.Users {
				w.Equal(map[bool]string{true: "ERROR", false: "SYNCHRONIZED"}[u.Login == "prince@example.com"], u.SyncState, u.Login)
			}
		case "AWS SSO (test)":
			w.Contains(a.Settings["acsURL"], ".sso.signin.aws/platform/saml/acs/")
			w.NotContains(a.Settings["entityID"], instance.IdentityStoreID)
		case "AWS IAM Identity Center":
			w.Empty(a.Settings["acsURL"])
		case "AWS old":
			w.Equal("INACTIVE", a.Status)
		}
	}
	calls, err := w.Calls(w.ctx)
	w.NoError(err)
	w.Empty(calls, "what was before the world began is in no log")
	tokens, err := w.SCIMTokens(w.ctx)
	w.NoError(err)
	w.Len(tokens, 2)

	const production = "AWS SSO (production)"
	portal := sandbox.AddressPortal
	w.Empty(w.signsIn(sandbox.SignInInput{Login: "bo@example.com", Address: portal}))
	w.Empty(w.signsIn(sandbox.SignInInput{Login: "ada@example.com", Address: portal, Label: production}))
	w.Equal("saml", w.signsIn(sandbox.SignInInput{Login: "ada@example.com", Label: "AWS SSO (test)"}), "an app of another organization")
	w.Equal("domain", w.signsIn(sandbox.SignInInput{Login: "ada@example.com", Label: production}))
	w.Equal("domain", w.signsIn(sandbox.SignInInput{Login: "bo@example.com"}), "the app that the person has")
	w.Equal("user", w.signsIn(sandbox.SignInInput{Login: "prince@example.com", Address: portal}), "AWS wants a family name")
	w.Equal("okta", w.signsIn(sandbox.SignInInput{Login: "break.glass@example.com", Address: portal}), "Okta doesn't know them")

	again := inUse(t, oktaInUse)
	before, err := w.State(w.ctx)
	w.NoError(err)
	same, err := again.State(w.ctx)
	w.NoError(err)
	addresses := strings.NewReplacer(w.URL, "", again.URL, "")
	w.Equal(addresses.Replace(string(before)), addresses.Replace(string(same)))
}

func TestOtherIdentitySourcesLetPeopleIn(t *testing.T) {
	for source, credential := range map[string]string{
		"source: identity-center":  "PASSWORD",
		"source: active-directory": "PASSWORD",
		"source: external\n    idp: {entityId: https://login.example.com/idp}": "EXTERNAL_IDP",
	} {
		w := inUse(t, "aws:\n  identityCenter:\n    "+source+"\n    users: [{userName: ada@example.com}]\n")
		for range 2 {
			w.Empty(w.signsIn(sandbox.SignInInput{Login: "ada@example.com", Address: sandbox.AddressPortal}), source)
		}
		w.Equal("user", w.signsIn(sandbox.SignInInput{Login: "bo@example.com", Address: sandbox.AddressPortal}), source)
		w.Equal("domain", w.signsIn(sandbox.SignInInput{Login: "ada@example.com", Address: sandbox.AddressStudio}), source)
		h := &hands{TB: t, url: w.URL, browser: w.Client}
		h.eventually(func() bool {
			_, records := h.signIns("UserAuthentication")
			return len(records) == 3 && records[0].AdditionalEventData["CredentialType"] == credential
		})
		instances, err := ssoadmin.NewFromConfig(w.administrator()).ListInstances(w.ctx, &ssoadmin.ListInstancesInput{})
		w.NoError(err)
		users, err := identitystore.NewFromConfig(w.administrator()).ListUsers(w.ctx, &identitystore.ListUsersInput{IdentityStoreId: instances.Instances[0].IdentityStoreId})
		w.NoError(err)
		w.Len(users.Users, 1)
	}
}

// TestTheExampleThatIsInUse: people sign in there every day, and examples/data-science.yaml can be onboarded.
func TestTheExampleThatIsInUse(t *testing.T) {
	data, err := os.ReadFile("../examples/sandbox/in-use.yaml")
	require.NoError(t, err)
	w := inUse(t, string(data))
	people, err := w.People(w.ctx)
	w.NoError(err)
	in, groups := 0, map[string]bool{}
	for _, p := range people {
		if w.signsIn(sandbox.SignInInput{Login: p.Login, Address: sandbox.AddressPortal}) == "" {
			in++
		}
		for _, g := range p.Groups {
			groups[g] = true
		}
	}
	w.Equal(49, in)
	var spec struct {
		Region string
		Okta   struct {
			AssignmentGroup string `yaml:"assignmentGroup"`
		}
		Access struct {
			Groups []struct{ Name string }
			People []struct{ Login string }
		}
	}
	data, err = os.ReadFile("../examples/data-science.yaml")
	w.NoError(err)
	w.NoError(yaml.Unmarshal(data, &spec))
	w.True(groups[spec.Okta.AssignmentGroup])
	w.NotEmpty(spec.Access.Groups)
	for _, g := range spec.Access.Groups {
		w.True(groups[g.Name], g.Name)
	}
	for _, p := range spec.Access.People {
		w.Empty(w.signsIn(sandbox.SignInInput{Login: p.Login, Address: sandbox.AddressPortal}))
	}
	instance := w.dump().AWS.Instances[0]
	w.Equal(spec.Region, instance.Region)
	w.Len(instance.PermissionSets, 2)
	w.Equal("finance-reports", instance.Applications[0].Name)
	w.Len(instance.Applications[0].Assignments, 2)
}
