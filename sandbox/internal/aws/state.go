package awsworld

import (
	"slices"
	"strings"
)

// State is a dump of the AWS side without secrets and time stamps. As JSON, equal worlds give equal text.
type State struct {
	// DelegatedAdministrator is the account that may administer Identity Center besides the management account.
	DelegatedAdministrator string          `json:"delegatedAdministrator,omitempty"`
	Instances              []InstanceState `json:"instances"`
	Accounts               []AccountState  `json:"accounts"`
}

// InstanceState is an Identity Center instance.
type InstanceState struct {
	ARN             string `json:"arn"`
	IdentityStoreID string `json:"identityStoreId"`
	Owner           string `json:"owner"`
	Region          string `json:"region"`
	Active          bool   `json:"active"`
	// Source is identity-center, active-directory or external.
	Source     string `json:"source"`
	TrustedIdP string `json:"trustedIdp,omitempty"`
	PortalURL  string `json:"portalUrl"`
	// Key is the customer managed key, if there is one.
	Key               string               `json:"key,omitempty"`
	AdditionalRegions []string             `json:"additionalRegions,omitempty"`
	SCIMTenant        string               `json:"scimTenant,omitempty"`
	SCIMTokens        int                  `json:"scimTokens"`
	Users             []UserState          `json:"users"`
	Groups            []GroupState         `json:"groups"`
	Applications      []ApplicationState   `json:"applications"`
	PermissionSets    []PermissionSetState `json:"permissionSets"`
}

// PermissionSetState is a permission set; its assignments are account, kind and ID of the principal.
type PermissionSetState struct {
	ARN         string   `json:"arn"`
	Name        string   `json:"name"`
	Assignments []string `json:"assignments"`
}

// UserState is an Identity Center user.
type UserState struct {
	ID         string `json:"id"`
	UserName   string `json:"userName"`
	ExternalID string `json:"externalId,omitempty"`
	Email      string `json:"email,omitempty"`
	Active     bool   `json:"active"`
}

// GroupState is an Identity Center group with the names of its members.
type GroupState struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Members []string `json:"members"`
}

// ApplicationState is an application with the IDs of its principals, each after its kind.
type ApplicationState struct {
	ARN        string `json:"arn"`
	Name       string `json:"name"`
	Account    string `json:"account"`
	Status     string `json:"status"`
	Visibility string `json:"visibility"`
	// Open lets everybody in, without assignments.
	Open        bool     `json:"open,omitempty"`
	Assignments []string `json:"assignments"`
}

// AccountState is an account with the roles and domains in it.
type AccountState struct {
	ID      string        `json:"id"`
	Roles   []RoleState   `json:"roles"`
	Domains []DomainState `json:"domains"`
	VPCs    []VPCState    `json:"vpcs"`
	// Quotas are SageMaker's quotas by name; Secrets the names of secrets.
	Quotas  map[string]float64 `json:"quotas"`
	Secrets []string           `json:"secrets"`
	// FileSystems are those that deleted domains left behind.
	FileSystems []string `json:"fileSystems,omitempty"`
}

// VPCState is a VPC with the ranges of its subnets and the names of its security groups.
type VPCState struct {
	ID             string   `json:"id"`
	Region         string   `json:"region"`
	CIDR           string   `json:"cidr"`
	Default        bool     `json:"default"`
	Subnets        []string `json:"subnets"`
	SecurityGroups []string `json:"securityGroups"`
}

// RoleState is an IAM role.
type RoleState struct {
	ARN      string   `json:"arn"`
	Attached []string `json:"attached"`
	Tags     []tag    `json:"tags"`
}

// DomainState is a Studio domain.
type DomainState struct {
	ID            string         `json:"id"`
	Name          string         `json:"name"`
	Region        string         `json:"region"`
	Status        string         `json:"status"`
	AuthMode      string         `json:"authMode"`
	ExecutionRole string         `json:"executionRole"`
	Application   string         `json:"application,omitempty"`
	Tags          []tag          `json:"tags"`
	Profiles      []ProfileState `json:"profiles"`
	Spaces        int            `json:"spaces"`
	Apps          int            `json:"apps"`
}

// ProfileState is a user profile.
type ProfileState struct {
	Name          string `json:"name"`
	User          string `json:"user,omitempty"`
	Status        string `json:"status"`
	ExecutionRole string `json:"executionRole,omitempty"`
	Tags          []tag  `json:"tags"`
}

// State dumps the AWS side.
func (w *World) State() State {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.settleAccounts()
	domains := w.allDomains() // first, since looking at domains makes applications
	state := State{Instances: []InstanceState{}, Accounts: []AccountState{}}
	if w.settings.delegated {
		state.DelegatedAdministrator = MemberAccount
	}
	for _, i := range w.instances {
		state.Instances = append(state.Instances, w.instanceState(i))
	}
	for _, id := range []string{ManagementAccount, MemberAccount} {
		a := AccountState{ID: id, Roles: []RoleState{}, Domains: []DomainState{}, FileSystems: w.accounts[id].fileSystems}
		for _, r := range w.accounts[id].roles {
			a.Roles = append(a.Roles, RoleState{ARN: r.arn(), Attached: sorted(r.attached), Tags: sortedTags(r.tags)})
		}
		for _, d := range domains {
			if d.account == id {
				a.Domains = append(a.Domains, w.domainState(d))
			}
		}
		slices.SortFunc(a.Roles, func(x, y RoleState) int { return strings.Compare(x.ARN, y.ARN) })
		slices.SortFunc(a.Domains, func(x, y DomainState) int { return strings.Compare(x.Region+x.Name, y.Region+y.Name) })
		w.addNetworkAndSecrets(&a, w.accounts[id])
		state.Accounts = append(state.Accounts, a)
	}
	return state
}

func (w *World) addNetworkAndSecrets(s *AccountState, a *account) {
	s.VPCs, s.Quotas, s.Secrets = []VPCState{}, map[string]float64{}, []string{}
	for _, v := range a.vpcs {
		vpc := VPCState{ID: v.id, Region: v.region, CIDR: v.cidr, Default: v.standard}
		for _, subnet := range a.subnets {
			if subnet.vpc == v.id {
				vpc.Subnets = append(vpc.Subnets, subnet.zone+" "+subnet.cidr)
			}
		}
		for _, g := range a.groups {
			if g.vpc == v.id {
				vpc.SecurityGroups = append(vpc.SecurityGroups, g.name)
			}
		}
		vpc.Subnets, vpc.SecurityGroups = sorted(vpc.Subnets), sorted(vpc.SecurityGroups)
		s.VPCs = append(s.VPCs, vpc)
	}
	for _, q := range a.quotas {
		s.Quotas[q.name] = q.value
	}
	for _, secret := range a.secrets {
		s.Secrets = append(s.Secrets, secret.name)
	}
	slices.SortFunc(s.VPCs, func(x, y VPCState) int { return strings.Compare(x.ID, y.ID) })
	slices.Sort(s.Secrets)
}

func (w *World) instanceState(i *instance) InstanceState {
	s := InstanceState{
		ARN: i.arn, IdentityStoreID: i.directory.id, Owner: i.owner, Region: i.region, Active: i.active(w),
		Source: i.source(), PortalURL: i.portalURL(), AdditionalRegions: sorted(i.additional),
		Users: []UserState{}, Groups: []GroupState{}, Applications: []ApplicationState{}, PermissionSets: []PermissionSetState{},
	}
	if i.owner == ManagementAccount {
		s.Key = w.settings.instanceKey
	}
	for _, p := range i.permissionSets {
		assignments := []string{}
		for _, a := range p.assignments {
			assignments = append(assignments, a.account+" "+a.kind+" "+a.principal)
		}
		s.PermissionSets = append(s.PermissionSets, PermissionSetState{p.arn, p.name, sorted(assignments)})
	}
	if i.trust != nil {
		s.TrustedIdP = i.trust.entityID
	}
	if i.tenant != nil {
		s.SCIMTenant, s.SCIMTokens = i.tenant.id, len(i.tenant.tokens)
	}
	for _, u := range i.directory.users {
		s.Users = append(s.Users, UserState{ID: u.id, UserName: u.UserName, ExternalID: u.ExternalID, Email: u.email(), Active: u.Active})
	}
	for _, g := range i.directory.groups {
		members := []string{}
		for _, m := range g.members {
			members = append(members, m.user.UserName)
		}
		s.Groups = append(s.Groups, GroupState{ID: g.id, Name: g.name, Members: sorted(members)})
	}
	for _, a := range w.sortedApplications(i) {
		assignments := []string{}
		for _, assigned := range a.assignments.ordered {
			assignments = append(assignments, assigned.kind+" "+assigned.principal)
		}
		s.Applications = append(s.Applications, ApplicationState{
			ARN: a.arn, Name: a.name, Account: a.account, Status: a.status, Visibility: a.visibility, Open: a.open, Assignments: sorted(assignments),
		})
	}
	slices.SortFunc(s.Users, func(x, y UserState) int { return strings.Compare(x.UserName, y.UserName) })
	slices.SortFunc(s.Groups, func(x, y GroupState) int { return strings.Compare(x.Name, y.Name) })
	slices.SortFunc(s.PermissionSets, func(x, y PermissionSetState) int { return strings.Compare(x.Name, y.Name) })
	slices.SortFunc(s.Applications, func(x, y ApplicationState) int { return strings.Compare(x.ARN, y.ARN) })
	return s
}

func (w *World) domainState(d *domain) DomainState {
	s := DomainState{
		ID: d.id, Name: d.name, Region: d.region, Status: d.status, AuthMode: d.input.AuthMode, ExecutionRole: text(d.input.DefaultUserSettings, "ExecutionRole"),
		Application: d.info().ApplicationARN, Tags: sortedTags(d.tags), Profiles: []ProfileState{}, Spaces: len(w.spacesOf(d)), Apps: w.runningApps(d),
	}
	for _, p := range w.profilesOf(d) {
		s.Profiles = append(s.Profiles, ProfileState{
			Name: p.name, User: p.user, Status: p.status, ExecutionRole: text(p.settings, "ExecutionRole"), Tags: sortedTags(p.tags),
		})
	}
	slices.SortFunc(s.Profiles, func(x, y ProfileState) int { return strings.Compare(x.Name, y.Name) })
	return s
}

func (w *World) runningApps(d *domain) int {
	number := 0
	for _, a := range w.appsOf(d) {
		if a.status != gone {
			number++
		}
	}
	return number
}

func sorted(texts []string) []string {
	result := append([]string{}, texts...)
	slices.Sort(result)
	return result
}

func sortedTags(tags []tag) []tag {
	result := append([]tag{}, tags...)
	slices.SortFunc(result, func(a, b tag) int { return strings.Compare(a.Key, b.Key) })
	return result
}
