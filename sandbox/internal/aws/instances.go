package awsworld

import (
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
	// fromActiveDirectory says that people and groups come from an Active Directory.
	fromActiveDirectory bool
}

func (i *instance) active(w *World) bool { return !w.clock.Now().Before(i.ready) }

func (i *instance) storeARN() string {
	return "arn:aws:identitystore::" + i.owner + ":identitystore/" + i.directory.id
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

// portalURL is the address of the AWS access portal.
func (i *instance) portalURL() string { return "https://" + i.directory.id + ".awsapps.com/start" }

// addInstance makes an instance with an empty identity store.
func (w *World) addInstance(owner, region, name string, delay time.Duration) *instance {
	id := "ssoins-" + w.digest(16, "instance", owner)
	i := &instance{
		ordinal: ordinal(w.next()), arn: "arn:aws:sso:::instance/" + id, id: id, owner: owner, region: region, name: name,
		created: w.clock.Now(), ready: w.clock.Due(delay), directory: newDirectory("d-" + w.digest(10, "identity-store", owner)),
	}
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
		if i.arn == arn && i.region == c.region && c.visible(i) {
			return i, nil
		}
	}
	return nil, failure("ResourceNotFoundException", "The instance %s was not found.", arn)
}

func (w *World) ssoOperations() map[string]handler {
	return map[string]handler{
		"ListInstances": on((*call).listInstances), "DescribeInstance": on((*call).describeInstance), "CreateInstance": on((*call).createInstance),
		"UpdateInstance": on((*call).updateInstance), "DeleteInstance": on((*call).deleteInstance), "ListRegions": on((*call).listRegions),
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
		Regions: []instanceRegion{{RegionName: i.region, Status: "ACTIVE", IsPrimaryRegion: true, AddedDate: stamp{i.created}}},
	}
}

type instanceInput struct {
	InstanceArn, Name, ClientToken, RegionScope, NextToken string
	MaxResults                                             int
	Tags                                                   []tag
}

// listInstances sees instances of other Regions only with RegionScope ALL_REGIONS.
func (c *call) listInstances(in instanceInput) (any, error) {
	var seen []*instance
	for _, i := range c.world.instances {
		if c.visible(i) && (i.region == c.region || in.RegionScope == "ALL_REGIONS") {
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
	return struct{ Regions []instanceRegion }{c.instanceOutput(i).Regions}, nil
}

// directoryHere finds an identity store by ID or ARN in the Region of the call.
func (c *call) directoryHere(id string) (*instance, error) {
	if err := c.decrypt(); err != nil {
		return nil, err
	}
	id = id[strings.LastIndex(id, "/")+1:]
	for _, i := range c.world.instances {
		if i.directory.id == id && i.region == c.region && c.visible(i) {
			return i, nil
		}
	}
	return nil, failure("ResourceNotFoundException", "IDENTITY_STORE not found.").
		having("ResourceType", "IDENTITY_STORE").having("ResourceId", id).having("RequestId", c.request)
}
