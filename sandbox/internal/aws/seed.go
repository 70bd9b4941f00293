package awsworld

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Seeds are what is there from the beginning when somebody has written it down.
type Seeds struct {
	// IdentityCenter is the organization instance; without it nobody has enabled Identity Center.
	IdentityCenter *DirectorySeed `yaml:"identityCenter"`
	// Management and Studio are the two accounts.
	Management AccountSeed `yaml:"management"`
	Studio     AccountSeed `yaml:"studio"`
}

// AccountSeed is what an account has.
type AccountSeed struct {
	// AccountInstance makes an account instance of Identity Center; in the Studio account only.
	AccountInstance bool `yaml:"accountInstance"`
	// Quotas are values of SageMaker's quotas: domains, userProfiles, spaces.
	Quotas map[string]float64 `yaml:"quotas"`
	// VPCs are there instead of those that accounts have by default.
	VPCs    []VPCSeed    `yaml:"vpcs"`
	Roles   []RoleSeed   `yaml:"roles"`
	Domains []DomainSeed `yaml:"domains"`
}

// VPCSeed is a VPC.
type VPCSeed struct {
	Name    string       `yaml:"name"`
	CIDR    string       `yaml:"cidr"`
	Default bool         `yaml:"default"`
	Subnets []SubnetSeed `yaml:"subnets"`
}

// SubnetSeed is a subnet. Its zone is the letter that follows the Region.
type SubnetSeed struct {
	Zone string `yaml:"zone"`
	CIDR string `yaml:"cidr"`
}

// RoleSeed is an IAM role.
type RoleSeed struct {
	Name string `yaml:"name"`
	// Trust is the trust policy as JSON; SageMaker may assume the role when it is left out.
	Trust string `yaml:"trust"`
	// Policies are ARNs of managed policies.
	Policies []string          `yaml:"policies"`
	Tags     map[string]string `yaml:"tags"`
}

// DomainSeed is a Studio domain in service.
type DomainSeed struct {
	Name string `yaml:"name"`
	// AuthMode is IAM when it is left out; SSO needs identityCenter.
	AuthMode string `yaml:"authMode"`
	// ExecutionRole is the name of a role in roles.
	ExecutionRole string `yaml:"executionRole"`
	// VPC is the name of a VPC in vpcs; the default VPC when it is left out.
	VPC      string            `yaml:"vpc"`
	Tags     map[string]string `yaml:"tags"`
	Profiles []ProfileSeed     `yaml:"profiles"`
}

// ProfileSeed is a user profile; in a domain with SSO it has an Identity Center user name.
type ProfileSeed struct {
	Name string `yaml:"name"`
	User string `yaml:"user"`
}

// SeedAccounts puts what is written down into the accounts of a world that is being made.
func (w *World) SeedAccounts(s Seeds) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s.Management.AccountInstance {
		return errors.New("management.accountInstance: the management account can't have an account instance")
	}
	for _, a := range []struct {
		name, id, administrator string
		seed                    AccountSeed
	}{{"management", ManagementAccount, Administrator, s.Management}, {"studio", MemberAccount, StudioAdministrator, s.Studio}} {
		g := gardener{w: w, account: w.accounts[a.id], vpcs: map[string]*vpc{}}
		for _, p := range w.principals {
			if p.account == a.id && strings.HasSuffix(p.arn, "/"+a.administrator) {
				g.principal = p
			}
		}
		if err := g.seed(a.seed); err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
	}
	return nil
}

// gardener seeds one account by calling the operations as its administrator, so that nothing gets in that the services would
// refuse.
type gardener struct {
	w         *World
	account   *account
	principal *principal
	vpcs      map[string]*vpc
}

// do calls an operation.
func (g gardener) do(service, operation string, input map[string]any) (*call, error) {
	data, err := json.Marshal(input)
	if err != nil {
		return nil, err
	}
	tree := map[string]any{}
	if err := json.Unmarshal(data, &tree); err != nil {
		return nil, err
	}
	c := &call{
		world: g.w, protocol: g.w.models[service].Protocol, account: g.account.id, region: g.w.region, service: service, operation: operation,
		action: service + ":" + operation, principal: g.principal, params: map[string]string{},
	}
	if err := g.w.models[service].Validate(operation, tree); err != nil {
		return nil, c.rejected(err)
	}
	_, err = g.w.routes[service][operation](c, data)
	return c, err
}

func (g gardener) seed(s AccountSeed) error {
	if err := g.quotas(s.Quotas); err != nil {
		return err
	}
	if s.AccountInstance {
		g.w.addInstance(g.account.id, g.w.region, "account-instance", 0)
	}
	for i, v := range s.VPCs {
		if i == 0 {
			g.account.vpcs, g.account.subnets, g.account.groups, g.account.endpoints = nil, nil, nil, nil
		}
		if err := g.vpc(v); err != nil {
			return fmt.Errorf("vpcs[%d]: %w", i, err)
		}
	}
	for i, r := range s.Roles {
		if err := g.role(r); err != nil {
			return fmt.Errorf("roles[%d]: %w", i, err)
		}
	}
	for i, d := range s.Domains {
		if err := g.domain(d); err != nil {
			return fmt.Errorf("domains[%d]: %w", i, err)
		}
	}
	return nil
}

func (g gardener) quotas(values map[string]float64) error {
	codes := map[string]string{"domains": quotaDomains, "userProfiles": quotaProfiles, "spaces": quotaSpaces}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if codes[name] == "" || values[name] < 0 {
			return fmt.Errorf("quotas: there is no quota %q with the value %v; there are domains, userProfiles and spaces", name, values[name])
		}
		q := g.account.quota(codes[name])
		q.value, q.applied = values[name], true
	}
	return nil
}

func (g gardener) vpc(s VPCSeed) error {
	if s.Name == "" || g.vpcs[s.Name] != nil {
		return fmt.Errorf("the name %q is empty or there twice", s.Name)
	}
	if _, ok := block(s.CIDR); !ok {
		return fmt.Errorf("cidr: %q is not an address range such as 10.0.0.0/16", s.CIDR)
	}
	v := g.w.addVPC(g.account, g.w.region, s.Name, s.CIDR)
	v.standard, v.tags = s.Default, []tag{{Key: "Name", Value: s.Name}}
	g.vpcs[s.Name] = v
	for i, subnet := range s.Subnets {
		_, err := g.do("ec2", "CreateSubnet", map[string]any{"VpcId": v.id, "CidrBlock": subnet.CIDR, "AvailabilityZone": g.w.region + subnet.Zone})
		if err != nil {
			return fmt.Errorf("subnets[%d]: %w", i, err)
		}
	}
	return nil
}

func (g gardener) role(s RoleSeed) error {
	if s.Trust == "" {
		s.Trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	}
	input := map[string]any{"RoleName": s.Name, "AssumeRolePolicyDocument": s.Trust, "Tags": tagsOf(s.Tags)}
	if _, err := g.do("iam", "CreateRole", input); err != nil {
		return err
	}
	long := g.w.clock.Now().Add(-90 * 24 * time.Hour)
	r := g.account.role(s.Name)
	r.created, r.usable = long, long
	for _, policy := range s.Policies {
		if _, err := g.do("iam", "AttachRolePolicy", map[string]any{"RoleName": s.Name, "PolicyArn": policy}); err != nil {
			return err
		}
	}
	return nil
}

func (g gardener) domain(s DomainSeed) error {
	if s.AuthMode == "" {
		s.AuthMode = "IAM"
	}
	r := g.account.role(s.ExecutionRole)
	if r == nil {
		return fmt.Errorf("executionRole: there is no role %q in this account", s.ExecutionRole)
	}
	v := g.vpcs[s.VPC]
	if s.VPC == "" {
		v = find(g.account.vpcs, func(v *vpc) bool { return v.standard })
	}
	if v == nil {
		return fmt.Errorf("vpc: there is no VPC %q in this account", s.VPC)
	}
	var subnets []string
	for _, subnet := range g.account.subnets {
		if subnet.vpc == v.id {
			subnets = append(subnets, subnet.id)
		}
	}
	c, err := g.do("sagemaker", "CreateDomain", map[string]any{
		"DomainName": s.Name, "AuthMode": s.AuthMode, "VpcId": v.id, "SubnetIds": subnets, "Tags": tagsOf(s.Tags),
		"DefaultUserSettings": map[string]any{"ExecutionRole": r.arn()},
	})
	if err != nil {
		return err
	}
	d := g.account.domains[len(g.account.domains)-1]
	d.due = g.w.clock.Now()
	g.w.settle(d)
	for i, p := range s.Profiles {
		input := map[string]any{"DomainId": c.params["DomainId"], "UserProfileName": p.Name}
		if p.User != "" {
			input["SingleSignOnUserIdentifier"], input["SingleSignOnUserValue"] = "UserName", p.User
		}
		if _, err := g.do("sagemaker", "CreateUserProfile", input); err != nil {
			return fmt.Errorf("profiles[%d]: %w", i, err)
		}
		made := g.w.profile(d, p.Name)
		made.due = g.w.clock.Now()
		g.w.settleProfile(made)
	}
	return nil
}

// tagsOf are tags in the order of their keys.
func tagsOf(tags map[string]string) []tag {
	list := []tag{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, tag{Key: key, Value: tags[key]})
	}
	return list
}
