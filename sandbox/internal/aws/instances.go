package awsworld

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// The durations of making an Identity Center instance.
const (
	organizationInstanceDelay = 30 * time.Second
	accountInstanceDelay      = 10 * time.Second
)

// instance is an Identity Center instance with its identity store.
type instance struct {
	ordinal
	arn, id, owner, region, name string
	created                      time.Time
	// ready is when the instance is ACTIVE. An organization instance isn't seen before.
	ready     time.Time
	directory *directory
	tags      []tag
	// trust and tenant belong to organization instances whose console work is done.
	trust  *trust
	tenant *tenant
	// additional are the Regions to which the instance was replicated.
	additional     []string
	permissionSets []*permissionSet
	// operations are the changes of account assignments.
	operations []*accountOperation
	// acs tells this instance's SAML endpoint from others.
	acs string
	// fromActiveDirectory says that people and groups come from an Active Directory.
	fromActiveDirectory bool
}

func (i *instance) active(w *World) bool { return !w.clock.Now().Before(i.ready) }

func (i *instance) storeARN() string {
	return storeARN(i.owner, i.region, i.directory.id)
}

func storeARN(owner, region, id string) string {
	return partitionOf(region).arn("identitystore", "", owner, "identitystore/"+id)
}

// The identity sources of an instance.
const (
	OwnDirectory    = "identity-center"
	ActiveDirectory = "active-directory"
	ExternalIdP     = "external"
)

// source is where an instance has its people from.
func (i *instance) source() string {
	switch {
	case i.trust != nil:
		return ExternalIdP
	case i.fromActiveDirectory:
		return ActiveDirectory
	}
	return OwnDirectory
}

// in says whether an instance is in a Region, be it the primary one or another.
func (i *instance) in(region string) bool {
	return i.region == region || slices.Contains(i.additional, region)
}

// acsURL is where identity providers send assertions, issuer for whom they are.
func (i *instance) acsURL() string {
	return "https://" + i.region + "." + partitionOf(i.region).acs + "/platform/saml/acs/" + i.acs
}

func (i *instance) issuer() string {
	return "https://" + i.region + "." + partitionOf(i.region).signIn + "/platform/saml/" + i.directory.id
}

// addInstance makes an instance with an empty identity store.
func (w *World) addInstance(owner, region, name string, delay time.Duration) *instance {
	id := "ssoins-" + w.digest(16, "instance", owner)
	i := &instance{
		ordinal: ordinal(w.next()), arn: w.arn("sso", "", "", "instance/"+id), id: id, owner: owner, region: region, name: name,
		created: w.clock.Now(), ready: w.clock.Due(delay), directory: newDirectory("d-" + w.digest(10, "identity-store", owner)),
	}
	i.acs = w.uuid("acs", i.id)
	w.instances = append(w.instances, i)
	return i
}

// organizationInstance is nil until it is ACTIVE.
func (w *World) organizationInstance() *instance {
	for _, i := range w.instances {
		if i.owner == ManagementAccount && i.active(w) {
			return i
		}
	}
	return nil
}

// visible says whether the account sees the instance: its own, or the organization's.
func (c *call) visible(i *instance) bool {
	if i.owner == ManagementAccount {
		return i.active(c.world)
	}
	return i.owner == c.account
}

// instanceHere finds an instance by ARN in the Region of the call.
func (c *call) instanceHere(arn string) (*instance, error) {
	for _, i := range c.world.instances {
		if i.arn == arn && i.in(c.region) && c.visible(i) {
			return c.regional(i)
		}
	}
	return nil, failure("ResourceNotFoundException", "The instance %s was not found.", arn)
}

// regional refuses what only the primary Region does (IAM Identity Center User Guide, "Use cases across Regions"): applications can be
// worked on where they are, everything else is written in the primary Region.
func (c *call) regional(i *instance) (*instance, error) {
	if c.region == i.region || !c.writes() || strings.Contains(c.operation, "Application") {
		return i, nil
	}
	return nil, invalid("%s is not supported in the additional Region %s. Use the primary Region %s.", c.operation, c.region, i.region)
}

func (w *World) ssoOperations() map[string]handler {
	operations := map[string]handler{
		"ListInstances": on((*call).listInstances), "DescribeInstance": on((*call).describeInstance), "CreateInstance": on((*call).createInstance),
		"UpdateInstance": on((*call).updateInstance), "DeleteInstance": on((*call).deleteInstance), "ListRegions": on((*call).listRegions), "DescribeRegion": on((*call).describeRegion),
		"ListApplicationProviders": on((*call).listProviders), "DescribeApplicationProvider": on((*call).describeProvider),
		"ListApplications": on((*call).listApplications), "DescribeApplication": on((*call).describeApplication),
		"CreateApplication": on((*call).createApplication), "UpdateApplication": on((*call).updateApplication), "DeleteApplication": on((*call).deleteApplication),
		"GetApplicationAssignmentConfiguration":  on((*call).getAssignmentConfiguration),
		"PutApplicationAssignmentConfiguration":  on((*call).putAssignmentConfiguration),
		"CreateApplicationAssignment":            on((*call).createAssignment),
		"DeleteApplicationAssignment":            on((*call).deleteAssignment),
		"DescribeApplicationAssignment":          on((*call).describeAssignment),
		"ListApplicationAssignments":             on((*call).listAssignments),
		"ListApplicationAssignmentsForPrincipal": on((*call).listAssignmentsForPrincipal),
		"ListTagsForResource":                    on((*call).listSSOTags), "TagResource": on((*call).tagSSO), "UntagResource": on((*call).untagSSO),
	}
	maps.Copy(operations, w.accountOperations())
	return operations
}

type instanceRegion struct {
	RegionName, Status string
	IsPrimaryRegion    bool
	AddedDate          stamp
}

type instanceOutput struct {
	InstanceArn, IdentityStoreId, IdentityStoreArn, OwnerAccountId, PrimaryRegion, Status string
	Name                                                                                  string `json:",omitempty"`
	CreatedDate                                                                           stamp
	Regions                                                                               []instanceRegion
	// The following are members of DescribeInstance only.
	EncryptionConfigurationDetails *encryptionDetails `json:",omitempty"`
	PermissionSetsEnabled          *bool              `json:",omitempty"`
}

type encryptionDetails struct {
	KeyType, EncryptionStatus string
	KmsKeyArn                 string `json:",omitempty"`
}

func (c *call) instanceOutput(i *instance) instanceOutput {
	status := "ACTIVE"
	if !i.active(c.world) {
		status = "CREATE_IN_PROGRESS"
	}
	return instanceOutput{
		InstanceArn: i.arn, IdentityStoreId: i.directory.id, IdentityStoreArn: i.storeARN(), OwnerAccountId: i.owner, PrimaryRegion: i.region,
		Status: status, Name: i.name, CreatedDate: stamp{i.created},
		Regions: i.regions(),
	}
}

// regions are those of an instance, the primary one first.
func (i *instance) regions() []instanceRegion {
	regions := []instanceRegion{{RegionName: i.region, Status: "ACTIVE", IsPrimaryRegion: true, AddedDate: stamp{i.created}}}
	for _, name := range i.additional {
		regions = append(regions, instanceRegion{RegionName: name, Status: "ACTIVE", AddedDate: stamp{i.created}})
	}
	return regions
}

type instanceInput struct {
	InstanceArn, Name, ClientToken, RegionScope, RegionName, NextToken string
	MaxResults                                                         int
	Tags                                                               []tag
}

// listInstances sees instances of other Regions only with RegionScope ALL_REGIONS.
func (c *call) listInstances(in instanceInput) (any, error) {
	var seen []*instance
	for _, i := range c.world.instances {
		if c.visible(i) && (i.in(c.region) || in.RegionScope == "ALL_REGIONS") {
			seen = append(seen, i)
		}
	}
	cut, next, err := page(c, seen, in.MaxResults, 100, in.NextToken)
	out := struct {
		Instances []instanceOutput
		NextToken string `json:",omitempty"`
	}{Instances: []instanceOutput{}, NextToken: next}
	for _, i := range cut {
		out.Instances = append(out.Instances, c.instanceOutput(i))
	}
	return out, err
}

func (c *call) describeInstance(in instanceInput) (any, error) {
	i, err := c.instanceHere(in.InstanceArn)
	if err != nil {
		return nil, err
	}
	out := c.instanceOutput(i)
	permissionSets := i.owner == ManagementAccount
	out.EncryptionConfigurationDetails = c.world.encryption(i)
	out.PermissionSetsEnabled = &permissionSets
	return out, nil
}

// createInstance makes account instances only, as the CreateInstance reference says.
func (c *call) createInstance(in instanceInput) (any, error) {
	if c.account == ManagementAccount {
		return nil, invalid("Organization management account is not allowed to perform the operation.")
	}
	if slices.ContainsFunc(c.world.instances, func(i *instance) bool { return i.owner == c.account }) {
		return nil, failure("ConflictException", "An instance already exists in the account.")
	}
	i := c.world.addInstance(c.account, c.region, in.Name, accountInstanceDelay)
	i.tags = in.Tags
	c.effect = created
	return struct{ InstanceArn string }{i.arn}, nil
}

func (c *call) listRegions(in instanceInput) (any, error) {
	i, err := c.instanceHere(in.InstanceArn)
	if err != nil {
		return nil, err
	}
	var all []numberedRegion
	for n, r := range i.regions() {
		all = append(all, numberedRegion{ordinal(n + 1), r})
	}
	cut, next, err := page(c, all, in.MaxResults, 100, in.NextToken)
	out := struct {
		Regions   []instanceRegion
		NextToken string `json:",omitempty"`
	}{Regions: []instanceRegion{}, NextToken: next}
	for _, r := range cut {
		out.Regions = append(out.Regions, r.instanceRegion)
	}
	return out, err
}

type numberedRegion struct {
	ordinal
	instanceRegion
}

func (c *call) describeRegion(in instanceInput) (any, error) {
	i, err := c.instanceHere(in.InstanceArn)
	if err != nil {
		return nil, err
	}
	for _, r := range i.regions() {
		if r.RegionName == in.RegionName {
			return r, nil
		}
	}
	return nil, failure("ResourceNotFoundException", "The instance is not in the Region %s.", in.RegionName)
}

// directoryHere finds an identity store by ID or ARN in the Region of the call.
func (c *call) directoryHere(id string) (*instance, error) {
	if err := c.decrypt(); err != nil {
		return nil, err
	}
	id = id[strings.LastIndex(id, "/")+1:]
	for _, i := range c.world.instances {
		if i.directory.id == id && i.in(c.region) && c.visible(i) {
			return c.regional(i)
		}
	}
	return nil, failure("ResourceNotFoundException", "IDENTITY_STORE not found.").
		having("ResourceType", "IDENTITY_STORE").having("ResourceId", id).having("RequestId", c.request)
}
