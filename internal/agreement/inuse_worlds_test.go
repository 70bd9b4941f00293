package agreement

import (
	"fmt"
	"path"
	"strings"

	"studio-onboarding/sandbox"
)

// inUse is an organization whose Identity Center people sign in to already.
type inUse struct {
	name string
	// apps are the org's apps of the kind, and center what Identity Center is like: YAML of a world file, in flow style.
	apps, center string
	// choose is the label of the app that the operator chooses where the run asks; the production app otherwise.
	choose string
	// worker is the principal whose credentials the worker has; the usual one where it is empty.
	worker string
	// primary is Identity Center's Region where it is not that of the world.
	primary string
	// asks says that the run wants a consent typed before it goes on, with these words in the sentence.
	asks string
	// cutOff are those who can sign in before, and not after a run that was consented to.
	cutOff []string
	// back takes the steps back that the README of the rollback pack names; nil where there is more to it than a test can do.
	back func(s *site, pack map[string]string) error
	// stops is the step at which a run stops whatever the operator does, and says what it says.
	stops, says string
}

// The people of all these worlds: those of the small one, whom the spec is about, and four who have nothing to do with Studio.
var others = []string{"kim@example.com", "lou@example.com", "max@example.com", "nat@example.com"}

const (
	production = "AWS SSO (production)"
	// outsider is somebody whom Okta does not know.
	outsider = "zoe@example.com"
)

// yaml is the world as a file.
func (w inUse) yaml() string {
	people := strings.Builder{}
	for _, login := range others {
		first := strings.ToUpper(login[:1]) + login[1:3]
		fmt.Fprintf(&people, "    - {login: %s, firstName: %s, lastName: Example, groups: [aws-users]}\n", login, first)
	}
	apps, center := w.apps, w.center
	if apps == "" {
		apps = "[]"
	}
	return fmt.Sprintf(`
region: us-east-1
okta:
  groups:
    - {name: studio-app}
    - {name: studio-people}
    - {name: studio-ml}
    - {name: aws-users}
  people:
    - {login: ada@example.com, firstName: Ada, lastName: Example, groups: [studio-app, studio-people, aws-users]}
    - {login: bo@example.com, firstName: Bo, lastName: Example, groups: [studio-app, studio-people, aws-users]}
    - {login: cy@example.com, firstName: Cy, lastName: Example, groups: [studio-app, studio-ml]}
    - {login: di@example.com, firstName: Di, lastName: Example, groups: [studio-app]}
    - {login: eve@example.com, firstName: Eve, lastName: Example}
%s  apps: %s
aws:
  identityCenter: %s
  studio:
    vpcs:
      - name: default
        cidr: 172.31.0.0/16
        default: true
        subnets: [{zone: a, cidr: 172.31.0.0/20}, {zone: b, cidr: 172.31.16.0/20}, {zone: c, cidr: 172.31.32.0/20}]
`, people.String(), apps, center)
}

// byHand are users whom somebody made in Identity Center's console.
func byHand(logins ...string) string {
	var users []string
	for _, login := range logins {
		users = append(users, fmt.Sprintf("{userName: %s}", login))
	}
	return "[" + strings.Join(users, ", ") + "]"
}

// Identity Center as the production app's people use it.
const (
	productionApp = `{label: "AWS SSO (production)", organization: this, groups: [aws-users], provisioning: true}`
	usesOkta      = `{source: external, oktaApp: "AWS SSO (production)", provisioning: {tokens: 1}%s}`
)

func usedByOkta(besides string) string {
	if besides != "" {
		besides = ", " + besides
	}
	return fmt.Sprintf(usesOkta, besides)
}

// worldsInUse are organizations that are in use, each in another way.
func worldsInUse() []inUse {
	const (
		teamApp    = `applications: [{name: Wiki, users: [kim@example.com]}]`
		openApp    = `applications: [{name: Wiki, assignmentRequired: false}]`
		sets       = `permissionSets: [{name: Administrator, assignments: [{account: management, group: admins}, {account: studio, user: kim@example.com}]}]`
		blank      = `{label: "AWS IAM Identity Center", organization: none}`
		foreign    = `{label: "AWS IAM Identity Center", organization: other, groups: [aws-users]}`
		elsewhere  = `{label: "AWS SSO (subsidiary)", organization: other, groups: [aws-users]}`
		secondHere = `{label: "AWS IAM Identity Center", organization: this, groups: [aws-users]}`
	)
	everybody := append([]string{outsider}, others...)
	return []inUse{
		{name: "nobody uses it yet", center: `{}`},
		{name: "the app has another label", apps: "[" + productionApp + "]", center: usedByOkta("")},
		{name: "another organization has an app, too", apps: "[" + productionApp + ", " + elsewhere + "]", center: usedByOkta("")},
		{name: "another organization has the label, and this one an app", apps: "[" + foreign + ", " + productionApp + "]", center: usedByOkta("")},
		{name: "another organization has the label", apps: "[" + foreign + "]", center: `{}`,
			stops: "okta-app", says: "belongs to another Identity Center instance"},
		{name: "there are two apps of this organization", apps: "[" + productionApp + ", " + secondHere + "]", center: usedByOkta("")},
		{name: "somebody has prepared another app", apps: "[" + productionApp + ", " + blank + "]", center: usedByOkta("")},
		{name: "somebody wants another app", apps: "[" + productionApp + ", " + blank + "]", center: usedByOkta(""), choose: "AWS IAM Identity Center",
			asks: "second Okta app", cutOff: others, back: uploadAgain},
		{name: "two tokens", apps: "[" + productionApp + "]",
			center: `{source: external, oktaApp: "AWS SSO (production)", provisioning: {tokens: 2}}`},
		{name: "a customer managed key", apps: "[" + productionApp + "]", center: usedByOkta("customerManagedKey: true"),
			worker: sandbox.AsAdministrator}, // who may use the key
		{name: "two Regions", apps: "[" + productionApp + "]", center: usedByOkta("additionalRegions: [eu-west-1]")},
		{name: "studio in an additional Region", apps: "[" + productionApp + "]",
			center: usedByOkta("region: eu-west-1, additionalRegions: [us-east-1]"), primary: "eu-west-1"},
		{name: "a delegated administrator", apps: "[" + productionApp + "]", center: usedByOkta("delegatedAdministrator: true")},
		{name: "people made by hand beside", apps: "[" + productionApp + "]", center: usedByOkta("users: " + byHand(outsider))},
		{name: "an application of another team", apps: "[" + productionApp + "]", center: usedByOkta(teamApp)},
		{name: "an application that admits everybody", apps: "[" + productionApp + "]", center: usedByOkta(openApp)},
		{name: "without provisioning", apps: `[{label: "AWS SSO (production)", organization: this, groups: [aws-users]}]`,
			center: `{source: external, oktaApp: "AWS SSO (production)", users: ` + byHand(others...) + `}`},
		{name: "the app is inactive", apps: `[{label: "AWS SSO (production)", organization: this, groups: [aws-users], status: INACTIVE}]`,
			center: usedByOkta(""), stops: "okta-app", says: "INACTIVE"},
		{name: "its own directory", center: `{users: ` + byHand(everybody...) + `}`, asks: "5 people can no longer sign in", cutOff: everybody,
			back: ownDirectory},
		{name: "its own directory, with the people of the spec", center: `{users: ` + byHand("ada@example.com", "bo@example.com") + `}`,
			asks: "everybody signs in to IAM Identity Center through this Okta app"},
		{name: "its own directory with permission sets", asks: "5 people can no longer sign in", cutOff: everybody, back: ownDirectory,
			center: `{users: ` + byHand(everybody...) + `, groups: [admins], ` + sets + `}`},
		{name: "active directory", center: `{source: active-directory, users: ` + byHand(everybody...) + `}`, asks: "are deleted", cutOff: everybody},
		{name: "another identity provider", asks: "5 people can no longer sign in", cutOff: everybody,
			center: `{source: external, idp: {entityId: "https://login.example.com/idp"}, users: ` + byHand(everybody...) + `}`},
	}
}

// ownDirectory makes Identity Center's own directory the identity source again.
func ownDirectory(s *site, _ map[string]string) error {
	return s.ChangeIdentitySourceTo(s.Context(), "identity-center")
}

// uploadAgain uploads the metadata of the production app, as the pack has it.
func uploadAgain(s *site, pack map[string]string) error {
	for name, text := range pack {
		if path.Base(name) == "app.json" && strings.Contains(text, production) {
			_, err := s.ChangeIdentitySource(s.Context(), sandbox.ChangeIdentitySourceInput{
				Metadata: pack[path.Join(path.Dir(name), "idp-metadata.xml")]})
			return err
		}
	}
	return fmt.Errorf("the pack has no app %s", production)
}
