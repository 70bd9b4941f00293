package agreement

import (
	"fmt"
	"strings"
)

// inUse is an organization whose Identity Center people sign in to already.
type inUse struct {
	name string
	// apps are the org's apps of the kind, and center what Identity Center is like: YAML of a world file, in flow style.
	apps, center string
	// spec is changed before the run.
	spec func(*site)
	// asks says that the run wants a consent typed before it goes on, with these words in the sentence.
	asks string
	// cutOff are those who can sign in before, and not after a run that was consented to.
	cutOff []string
	// stops is the step at which a run stops whatever the operator does, and says what it says.
	stops, says string
}

// The people of all these worlds: those of the small one, whom the spec is about, and four who have nothing to do with Studio.
var others = []string{"kim@example.com", "lou@example.com", "max@example.com", "nat@example.com"}

const (
	production = "AWS SSO (production)"
	// outsiders are people whom Okta does not know.
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
