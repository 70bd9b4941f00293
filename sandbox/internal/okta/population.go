package okta

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand"
	"net/http"
	"slices"
	"strings"
)

// Population is who and what is in an org when somebody has written it down.
type Population struct {
	// Generated is the crowd that orgs have by default, with its oddities; without it there are only those who are listed,
	// and the two administrators.
	Generated *Crowd `yaml:"generated"`
	// Groups are Okta groups, besides generated ones.
	Groups []GroupSeed `yaml:"groups"`
	// People are besides generated ones.
	People []PersonSeed `yaml:"people"`
	// Apps exist from the beginning.
	Apps []AppSeed `yaml:"apps"`
}

// Crowd says how many are generated.
type Crowd struct {
	// People is at least MinPeople; 0 is DefaultPeople.
	People int `yaml:"people"`
	// Groups is how many Okta groups there are, at least MinGroups; 0 is MinGroups.
	Groups int `yaml:"groups"`
}

// GroupSeed is an Okta group.
type GroupSeed struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
}

// PersonSeed is somebody in the org. What is left out is missing in the profile, which is how people become odd.
type PersonSeed struct {
	Login string `yaml:"login"`
	// Email is the login when it is left out.
	Email     string `yaml:"email"`
	FirstName string `yaml:"firstName"`
	LastName  string `yaml:"lastName"`
	// DisplayName is made of the names when it is left out.
	DisplayName string `yaml:"displayName"`
	// Status is ACTIVE when it is left out.
	Status string   `yaml:"status"`
	Groups []string `yaml:"groups"`
}

// AppSeed is an app integration.
type AppSeed struct {
	// Name is the key in the catalogue; amazon_aws_sso when it is left out.
	Name  string `yaml:"name"`
	Label string `yaml:"label"`
	// ACSURL and EntityID are the settings of amazon_aws_sso. Organization says whose they are instead: of this world's instance, of
	// another organization's, or nobody's.
	ACSURL       string `yaml:"acsURL"`
	EntityID     string `yaml:"entityID"`
	Organization string `yaml:"organization"`
	// Groups are assigned to the app.
	Groups []string `yaml:"groups"`
	// Provisioning says that the app is connected to this world's SCIM endpoint, and that everybody assigned has been provisioned.
	Provisioning bool `yaml:"provisioning"`
	// PushGroups are pushed over there.
	PushGroups []string `yaml:"pushGroups"`
	// Status is ACTIVE when it is left out, or INACTIVE.
	Status string `yaml:"status"`
}

// The organizations of AppSeed.
const (
	thisOrganization  = "this"
	otherOrganization = "other"
	noOrganization    = "none"
)

// ServiceProvider is an AWS organization as apps have it in their settings, and as they provision it.
type ServiceProvider struct {
	ACSURL, EntityID string
	// SCIM is the endpoint without a slash at its end, Token what opens it; both are empty where provisioning is not enabled.
	SCIM, Token string
	// Transport reaches the endpoint while the org is made.
	Transport http.RoundTripper
}

// check finds what contradicts itself, and fills the settings in.
func (s *AppSeed) check(this ServiceProvider, names func(kind string, of ...string) string) error {
	switch {
	case s.Organization != "" && (s.ACSURL != "" || s.EntityID != ""):
		return errors.New("organization: acsURL and entityID say already whose app it is")
	case s.Organization == thisOrganization && this.ACSURL == "":
		return errors.New("organization: nobody has enabled Identity Center in this world (aws.identityCenter)")
	case !slices.Contains([]string{"", thisOrganization, otherOrganization, noOrganization}, s.Organization):
		return fmt.Errorf("organization: there is no organization %q; there are %s, %s and %s", s.Organization,
			thisOrganization, otherOrganization, noOrganization)
	case s.Provisioning && this.SCIM == "":
		return errors.New("provisioning: it is not enabled in this world (aws.identityCenter.provisioning)")
	case len(s.PushGroups) > 0 && !s.Provisioning:
		return errors.New("pushGroups: provisioning is not set")
	case !slices.Contains([]string{"", statusActive, statusInactive}, s.Status):
		return fmt.Errorf("status: there is no status %q; there are %s and %s", s.Status, statusActive, statusInactive)
	}
	switch s.Organization {
	case thisOrganization:
		s.ACSURL, s.EntityID = this.ACSURL, this.EntityID
	case otherOrganization:
		s.ACSURL = "https://eu-west-1.sso.signin.aws/platform/saml/acs/" + names("other-acs", s.Label)
		s.EntityID = "https://eu-west-1.signin.aws.amazon.com/platform/saml/d-" + names("other-directory", s.Label)[:10]
	}
	return nil
}

// MinGroups is how many Okta groups every generated org has: for assignment, two for access, and one for others.
const MinGroups = 4

// populate fills the org with people, groups and apps.
func (o *Org) populate(p Population, this ServiceProvider) error {
	everyone := o.addGroup("BUILT_IN", groupEveryone, "All users in your organization")
	named := map[string]*group{}
	add := func(name, description string) error {
		if name == "" || named[name] != nil || name == groupEveryone {
			return fmt.Errorf("the group name %q is empty or there twice", name)
		}
		named[name] = o.addGroup("OKTA_GROUP", name, description)
		return nil
	}
	people := administrators()
	if p.Generated != nil {
		crowd, err := p.Generated.make(rand.New(rand.NewSource(o.names.Seed)), add)
		if err != nil {
			return err
		}
		people = crowd
	}
	for i, g := range p.Groups {
		if err := add(g.Name, g.Description); err != nil {
			return fmt.Errorf("groups[%d]: %w", i, err)
		}
	}
	for _, s := range p.People {
		people = append(people, newcomer{s.Login, s.Email, s.FirstName, s.LastName, s.DisplayName, s.Status, s.Groups})
	}
	for _, n := range people {
		u, err := o.join(n, named)
		if err != nil {
			return fmt.Errorf("person %q: %w", n.login, err)
		}
		everyone.members.put(u.id, u)
	}
	if p.Generated != nil {
		o.addFederationApp()
	}
	for i, a := range p.Apps {
		if err := o.seedApp(a, named, this); err != nil {
			return fmt.Errorf("apps[%d]: %w", i, err)
		}
	}
	o.events = nil // all this was long before the world began
	return nil
}

// make makes groups and people: the cast, and a crowd that fills the org up.
func (c Crowd) make(random *rand.Rand, addGroup func(name, description string) error) ([]newcomer, error) {
	if c.People == 0 {
		c.People = DefaultPeople
	}
	if c.Groups == 0 {
		c.Groups = MinGroups
	}
	if c.People < MinPeople {
		return nil, fmt.Errorf("an Okta org needs at least %d people to have all kinds of them, not %d", MinPeople, c.People)
	}
	if c.Groups < MinGroups {
		return nil, fmt.Errorf("an Okta org needs at least %d groups, not %d", MinGroups, c.Groups)
	}
	groups := []GroupSeed{
		{groupAssignment, "Assigned to AWS IAM Identity Center"}, {groupStudio, "Data scientists"},
		{groupML, "Machine learning engineers"}, {groupFinance, "Finance department"},
	}
	var teams []string
	for i := range c.Groups - MinGroups {
		teams = append(teams, fmt.Sprintf("team-%02d", i+1))
		groups = append(groups, GroupSeed{teams[i], fmt.Sprintf("Team %d", i+1)})
	}
	for _, g := range groups {
		if err := addGroup(g.Name, g.Description); err != nil {
			return nil, err
		}
	}
	people := cast()
	others := crowd(c.People-len(people), random)
	for i := range others {
		if len(teams) > 0 {
			others[i].groups = append(others[i].groups, teams[i%len(teams)])
		}
	}
	return append(people, others...), nil
}

// join adds a person and puts them into their groups.
func (o *Org) join(n newcomer, named map[string]*group) (*user, error) {
	switch {
	case n.login == "":
		return nil, errors.New("a login is needed")
	case o.logins[n.login] != nil:
		return nil, errors.New("the login is there twice")
	case n.status != "" && !slices.Contains([]string{statusActive, statusStaged, statusProvisioned, statusSuspended, statusDeprovisioned}, n.status):
		return nil, fmt.Errorf("there is no status %s", n.status)
	}
	u := o.addUser(n)
	for _, name := range n.groups {
		g := named[name]
		if g == nil {
			return nil, fmt.Errorf("there is no group %q", name)
		}
		g.members.put(u.id, u)
	}
	return u, nil
}

// seedApp makes an app as an administrator would, assigns groups to it, and has it provision them.
func (o *Org) seedApp(s AppSeed, named map[string]*group, this ServiceProvider) error {
	if s.Name == "" {
		s.Name = identityCenterApp
	}
	err := s.check(this, func(kind string, of ...string) string { return strings.ToLower(o.names.Text(32, kind, of...)) })
	if err != nil {
		return err
	}
	body := map[string]any{"name": s.Name, "label": s.Label}
	if s.Name == identityCenterApp {
		body["signOnMode"] = "SAML_2_0"
		body["settings"] = map[string]any{"app": map[string]any{"acsURL": s.ACSURL, "entityID": s.EntityID}}
	}
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequest(http.MethodPost, "/api/v1/apps", bytes.NewReader(data))
	if err != nil {
		return err
	}
	c := &call{Request: request, about: map[string]string{}}
	if _, err := o.createApp(c); err != nil {
		return err
	}
	a, _ := o.apps.get(c.about["id"])
	if s.Provisioning {
		a.connection, a.features = &connection{this.SCIM, this.Token}, featuresOf(true, true, true)
	}
	for i, name := range s.Groups {
		g := named[name]
		if g == nil {
			return fmt.Errorf("groups[%d]: there is no group %q", i, name)
		}
		a.groups.put(g.id, &appGroup{group: g, priority: i, changed: o.clock.Now()})
		for u := range g.members.all() {
			o.assign(a, u, "GROUP")
		}
	}
	o.settle(this.Transport)
	for i, name := range s.PushGroups {
		g := named[name]
		if g == nil {
			return fmt.Errorf("pushGroups[%d]: there is no group %q", i, name)
		}
		if err := o.pushByHand(a, g); err != nil {
			return fmt.Errorf("pushGroups[%d]: %w", i, err)
		}
	}
	o.settle(this.Transport)
	if s.Status != "" {
		a.status = s.Status
	}
	return nil
}

// settle provisions all that is under way, before anybody else has the org.
func (o *Org) settle(transport http.RoundTripper) {
	p := &provisioner{org: o, http: &http.Client{Transport: transport}}
	for {
		t, ok := o.queue.first()
		if !ok {
			return
		}
		p.work(context.Background(), t)
		o.queue.done(t)
	}
}
