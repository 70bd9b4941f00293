package awsworld

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// DirectorySeed is an enabled Identity Center, as the people have left it who used it before.
type DirectorySeed struct {
	// Region is that of the world when it is left out.
	Region string `yaml:"region"`
	// Source is where people come from: identity-center (its own directory) when it is left out, active-directory or external.
	Source string `yaml:"source"`
	// OktaApp is the label of the Okta app whose metadata was uploaded, IdP another identity provider. An external source has one of
	// the two.
	OktaApp string   `yaml:"oktaApp"`
	IdP     *IdPSeed `yaml:"idp"`
	// Users and Groups were made by hand in the console, or came from the Active Directory; those of an Okta app with provisioning
	// come on top.
	Users  []UserSeed `yaml:"users"`
	Groups []string   `yaml:"groups"`
	// Provisioning is automatic provisioning, when it is enabled.
	Provisioning *ProvisioningSeed `yaml:"provisioning"`
	// PermissionSets with their account assignments, and applications of other teams.
	PermissionSets []PermissionSetSeed `yaml:"permissionSets"`
	Applications   []ApplicationSeed   `yaml:"applications"`
	// AdditionalRegions are those to which the instance was replicated.
	AdditionalRegions []string `yaml:"additionalRegions"`
	// CustomerManagedKey encrypts the instance with a key in the management account.
	CustomerManagedKey bool `yaml:"customerManagedKey"`
	// DelegatedAdministrator makes the Studio account one of Identity Center.
	DelegatedAdministrator bool `yaml:"delegatedAdministrator"`
}

// IdPSeed is an identity provider that is not this world's Okta org. Everybody in the identity store can sign in there.
type IdPSeed struct {
	EntityID string `yaml:"entityId"`
}

// ProvisioningSeed is automatic provisioning with so many access tokens, 1 when it is left out.
type ProvisioningSeed struct {
	Tokens int `yaml:"tokens"`
}

// UserSeed is a user.
type UserSeed struct {
	UserName string `yaml:"userName"`
	// Email is the user name when it is left out.
	Email string `yaml:"email"`
	// Groups are names from the list of groups.
	Groups []string `yaml:"groups"`
}

// PermissionSetSeed is a permission set, which makes a role in each account where somebody has it.
type PermissionSetSeed struct {
	Name        string                  `yaml:"name"`
	Assignments []AccountAssignmentSeed `yaml:"assignments"`
}

// AccountAssignmentSeed gives a permission set to a group or a user in an account.
type AccountAssignmentSeed struct {
	// Account is management or studio.
	Account string `yaml:"account"`
	Group   string `yaml:"group"`
	User    string `yaml:"user"`
}

// ApplicationSeed is an application of another team.
type ApplicationSeed struct {
	Name string `yaml:"name"`
	// AssignmentRequired is true when it is left out; false lets everybody in.
	AssignmentRequired *bool `yaml:"assignmentRequired"`
	// Status and Visibility are ENABLED when they are left out, or DISABLED.
	Status     string   `yaml:"status"`
	Visibility string   `yaml:"visibility"`
	Groups     []string `yaml:"groups"`
	Users      []string `yaml:"users"`
}

// Seeded is what there is to know of an instance in order to connect an identity provider.
type Seeded struct {
	ACSURL, Issuer string
	// Endpoint and Token are those of automatic provisioning, when it is enabled; the endpoint has no slash at its end.
	Endpoint, Token string
}

// seedAge is how long ago the things of a seed were made.
const seedAge = 90 * 24 * time.Hour

// check finds what contradicts itself.
func (s DirectorySeed) check() error {
	switch {
	case !slices.Contains([]string{OwnDirectory, ActiveDirectory, ExternalIdP}, s.Source):
		return fmt.Errorf("source: there is no identity source %q; there are %s, %s and %s", s.Source, OwnDirectory, ActiveDirectory, ExternalIdP)
	case s.Source != ExternalIdP && s.OktaApp != "":
		return fmt.Errorf("oktaApp: the source is %s, not %s", s.Source, ExternalIdP)
	case s.Source != ExternalIdP && s.IdP != nil:
		return fmt.Errorf("idp: the source is %s, not %s", s.Source, ExternalIdP)
	case s.Source == ExternalIdP && (s.OktaApp == "") == (s.IdP == nil):
		return fmt.Errorf("source: %s needs one of oktaApp and idp", ExternalIdP)
	case s.IdP != nil && s.IdP.EntityID == "":
		return errors.New("idp.entityId: it is missing")
	case s.Source != ExternalIdP && s.Provisioning != nil:
		return fmt.Errorf("provisioning: the source is %s, not %s", s.Source, ExternalIdP)
	case s.Provisioning != nil && (s.Provisioning.Tokens < 0 || s.Provisioning.Tokens > maxTokens):
		return fmt.Errorf("provisioning.tokens: it is %d, but must be 1 or %d", s.Provisioning.Tokens, maxTokens)
	}
	for i, region := range s.AdditionalRegions {
		if region == "" || region == s.Region || slices.Contains(s.AdditionalRegions[:i], region) || partitionOf(region).id != partitionOf(s.Region).id {
			return fmt.Errorf("additionalRegions[%d]: %q is empty, the primary Region, of another partition, or there twice", i, region)
		}
	}
	return nil
}

// SeedIdentityCenter puts an instance into a world that is being made, up to where an identity provider can be connected.
func (w *World) SeedIdentityCenter(s DirectorySeed) (Seeded, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	seeded, err := w.seedDirectory(s)
	if err != nil {
		err = fmt.Errorf("identityCenter: %w", err)
	}
	return seeded, err
}

func (w *World) seedDirectory(s DirectorySeed) (Seeded, error) {
	s.Region, s.Source = cmp.Or(s.Region, w.region), cmp.Or(s.Source, OwnDirectory)
	if err := s.check(); err != nil {
		return Seeded{}, err
	}
	if _, _, err := w.enableIdentityCenter(&consoleForm{Region: s.Region}); err != nil {
		return Seeded{}, fmt.Errorf("region: %w", err)
	}
	i := w.instances[0]
	i.ready, i.additional, i.fromActiveDirectory = w.clock.Now(), s.AdditionalRegions, s.Source == ActiveDirectory
	w.settings.delegated = s.DelegatedAdministrator
	if s.CustomerManagedKey {
		k := w.addKey(ManagementAccount, s.Region, w.uuid("instance-key", i.id))
		k.description = "IAM Identity Center"
		w.settings.instanceKey = k.arn
	}
	for n, name := range s.Groups {
		if err := w.addGroupByHand(i, name); err != nil {
			return Seeded{}, fmt.Errorf("groups[%d]: %w", n, err)
		}
	}
	for n, u := range s.Users {
		if err := w.seedUser(i, u); err != nil {
			return Seeded{}, fmt.Errorf("users[%d]: %w", n, err)
		}
	}
	seeded := Seeded{ACSURL: i.acsURL(), Issuer: i.issuer()}
	if s.Source == ExternalIdP {
		i.trust = &trust{}
	}
	if s.IdP != nil {
		i.trust.entityID, i.trust.certificates = s.IdP.EntityID, []string{w.digest(64, "idp-certificate", s.IdP.EntityID)}
	}
	if s.Provisioning != nil {
		i.tenant = &tenant{id: "Hw" + w.uuid("tenant", i.id)}
		seeded.Endpoint = w.baseURL + "/" + i.tenant.id + "/scim/v2"
		for range cmp.Or(s.Provisioning.Tokens, 1) {
			token := w.tokenText(i)
			w.addToken(i, sha256.Sum256([]byte(token)))
			seeded.Token = cmp.Or(seeded.Token, token)
		}
	}
	return seeded, nil
}

func (w *World) seedUser(i *instance, s UserSeed) error {
	u, err := w.addUserByHand(i, s.UserName, cmp.Or(s.Email, s.UserName))
	if err != nil {
		return err
	}
	for n, name := range s.Groups {
		g := i.directory.groupsByName[strings.ToLower(name)]
		if g == nil {
			return fmt.Errorf("groups[%d]: there is no group %q", n, name)
		}
		w.join(i.directory, g, u)
	}
	return nil
}

// SeedTrust makes the instance trust the provider whose metadata was uploaded.
func (w *World) SeedTrust(metadata string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	entityID, certificates, err := readMetadata(metadata)
	if err != nil {
		return fmt.Errorf("identityCenter: oktaApp: %w", err)
	}
	w.organizationInstance().trust = &trust{entityID: entityID, certificates: certificates}
	return nil
}

// SeedAccess gives people permission sets and applications, once the people are there.
func (w *World) SeedAccess(s DirectorySeed) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := w.organizationInstance()
	for n, p := range s.PermissionSets {
		if err := w.seedPermissionSet(i, p); err != nil {
			return fmt.Errorf("identityCenter: permissionSets[%d]: %w", n, err)
		}
	}
	for n, a := range s.Applications {
		if err := w.seedApplication(i, a); err != nil {
			return fmt.Errorf("identityCenter: applications[%d]: %w", n, err)
		}
	}
	return nil
}

func (w *World) seedPermissionSet(i *instance, s PermissionSetSeed) error {
	if s.Name == "" || slices.ContainsFunc(i.permissionSets, func(p *permissionSet) bool { return p.name == s.Name }) {
		return fmt.Errorf("name: %q is empty or there twice", s.Name)
	}
	p := w.addPermissionSet(i, s.Name)
	for n, a := range s.Assignments {
		account, ok := map[string]string{"management": ManagementAccount, "studio": MemberAccount}[a.Account]
		if !ok {
			return fmt.Errorf("assignments[%d]: account: there is no account %q; there are management and studio", n, a.Account)
		}
		if (a.Group == "") == (a.User == "") {
			return fmt.Errorf("assignments[%d]: one of group and user is needed", n)
		}
		field, kind, name := "group", groupPrincipal, a.Group
		if a.User != "" {
			field, kind, name = "user", userPrincipal, a.User
		}
		id, err := i.directory.principal(kind, name)
		if err != nil {
			return fmt.Errorf("assignments[%d]: %s: %w", n, field, err)
		}
		w.assignAccount(i, p, account, kind, id)
	}
	return nil
}

// principal is the ID of a user or group with this name.
func (d *directory) principal(kind, name string) (string, error) {
	if u := d.byName[strings.ToLower(name)]; kind == userPrincipal && u != nil {
		return u.id, nil
	}
	if g := d.groupsByName[strings.ToLower(name)]; kind == groupPrincipal && g != nil {
		return g.id, nil
	}
	return "", fmt.Errorf("there is no %s %q in the identity store", strings.ToLower(kind), name)
}

func (w *World) seedApplication(i *instance, s ApplicationSeed) error {
	for field, value := range map[string]*string{"status": &s.Status, "visibility": &s.Visibility} {
		if *value = cmp.Or(*value, enabled); *value != enabled && *value != disabled {
			return fmt.Errorf("%s: %q is neither %s nor %s", field, *value, enabled, disabled)
		}
	}
	if s.Name == "" || w.applicationNamed(i, ManagementAccount, s.Name) != nil {
		return fmt.Errorf("name: %q is empty or there twice", s.Name)
	}
	a := w.newCustomApplication(i, ManagementAccount, i.region, s.Name)
	w.applications[a.arn] = a
	a.status, a.visibility, a.open = s.Status, s.Visibility, s.AssignmentRequired != nil && !*s.AssignmentRequired
	for _, list := range []struct {
		field, kind string
		names       []string
	}{{"groups", groupPrincipal, s.Groups}, {"users", userPrincipal, s.Users}} {
		for n, name := range list.names {
			id, err := i.directory.principal(list.kind, name)
			if err != nil {
				return fmt.Errorf("%s[%d]: %w", list.field, n, err)
			}
			if a.assignment(id, list.kind) != nil {
				return fmt.Errorf("%s[%d]: %q is there twice", list.field, n, name)
			}
			a.assignments.add(&assignment{ordinal: ordinal(w.next()), principal: id, kind: list.kind, visible: w.clock.Now()})
		}
	}
	return nil
}

// Begin ends the making of a world. What was there before was made long ago, and CloudTrail's event history has nothing of it.
func (w *World) Begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trail, w.begun = nil, true
	long := w.clock.Now().Add(-seedAge)
	for _, i := range w.instances {
		i.created = long
		if i.tenant != nil {
			for _, t := range i.tenant.tokens {
				t.created, t.expires = long, long.Add(tokenLife)
			}
		}
	}
}
