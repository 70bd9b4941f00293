package awsworld

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"studio-onboarding/sandbox/internal/simulation"
)

// How long domains take.
const (
	domainWithFiles    = 3 * time.Minute
	domainWithoutFiles = 20 * time.Second
	domainUpdate       = 10 * time.Second
	domainDelete       = time.Minute
)

// The statuses of domains and user profiles.
const (
	pending   = "Pending"
	inService = "InService"
	failed    = "Failed"
	updating  = "Updating"
	deleting  = "Deleting"
)

// roleRefused is SageMaker's answer to an execution role that it can't assume.
const roleRefused = "The execution role ARN is invalid. Please ensure that the role exists and that its trust relationship policy allows " +
	"the action 'sts:AssumeRole' for the service principal 'sagemaker.amazonaws.com'."

// keyMissing is the reason of domains that fail for no fault of anybody (aws-cdk issue 34818).
const keyMissing = "ResourceNotFoundError: Unable to create Amazon EFS for domain '%s' because KMS key 'null' does not exist. You must choose a key that exists."

// resource is what domains, user profiles, spaces and apps share.
type resource struct {
	ordinal
	arn, status, reason string
	created, modified   time.Time
	// due is when the status moves on by itself.
	due  time.Time
	tags []tag
	// doomed resources end Failed instead of InService, with this reason.
	doomed string
}

// domain is a Studio domain.
type domain struct {
	resource
	account, region, id, name, url string
	fileSystem, boundaryGroup      string
	// mounted says that the file system's security groups are there; retained, that it stays when the domain goes.
	mounted, retained bool
	application       *application
	input             domainInput
	profiles          profiles
	spaces            []*space
	apps              []*app
}

type domainInput struct {
	DomainId, DomainName, AuthMode, VpcId, AppNetworkAccessType, AppSecurityGroupManagement string
	KmsKeyId, HomeEfsFileSystemKmsKeyId, HomeEfsFileSystemCreation, TagPropagation          string
	SubnetIds                                                                               []string
	DefaultUserSettings, DefaultSpaceSettings, DomainSettings, DomainSettingsForUpdate      map[string]any
	Tags                                                                                    []tag
	RetentionPolicy                                                                         struct{ HomeEfsFileSystem string }
	NextToken                                                                               string
	MaxResults                                                                              int
}

func (w *World) sageMakerOperations() map[string]handler {
	return map[string]handler{
		"CreateDomain": on((*call).createDomain), "DescribeDomain": on((*call).describeDomain), "UpdateDomain": on((*call).updateDomain),
		"DeleteDomain": on((*call).deleteDomain), "ListDomains": on((*call).listDomains),
		"CreateUserProfile": on((*call).createUserProfile), "DescribeUserProfile": on((*call).describeUserProfile),
		"UpdateUserProfile": on((*call).updateUserProfile), "DeleteUserProfile": on((*call).deleteUserProfile), "ListUserProfiles": on((*call).listUserProfiles),
		"AddTags": on((*call).addTags), "ListTags": on((*call).listTags), "DeleteTags": on((*call).deleteTags),
		"CreateSpace": on((*call).createSpace), "DescribeSpace": on((*call).describeSpace), "UpdateSpace": on((*call).updateSpace),
		"DeleteSpace": on((*call).deleteSpace), "ListSpaces": on((*call).listSpaces),
		"CreateApp": on((*call).createApp), "DescribeApp": on((*call).describeApp), "DeleteApp": on((*call).deleteApp), "ListApps": on((*call).listApps),
	}
}

// settle moves a domain on when its time has come.
func (w *World) settle(d *domain) {
	if d.due.IsZero() || w.clock.Now().Before(d.due) {
		return
	}
	d.due, d.modified = time.Time{}, d.due
	switch {
	case d.status == deleting:
		a := w.accounts[d.account]
		if d.mounted && d.retained {
			a.fileSystems = append(a.fileSystems, d.fileSystem)
		}
		a.domains = slices.DeleteFunc(a.domains, func(other *domain) bool { return other == d })
		if d.application != nil {
			delete(w.applications, d.application.arn)
		}
		d.status = ""
	case d.doomed != "":
		d.status, d.reason = failed, d.doomed
	case d.status == pending && !w.assumable(text(d.input.DefaultUserSettings, "ExecutionRole"), d.modified):
		d.status, d.reason = failed, roleRefused
	default:
		if i := w.organizationInstance(); d.status == pending && d.input.AuthMode == "SSO" && i != nil {
			d.application = w.addApplication(i, d)
		}
		if d.fileSystem != "" && !d.mounted {
			d.mounted = true
			w.addFileSystem(d)
		}
		d.status = inService
	}
}

// assumable says whether SageMaker could assume the role at that time.
func (w *World) assumable(arn string, at time.Time) bool {
	r := w.roleByARN(arn)
	return r != nil && r.trusts("Service", "sagemaker.amazonaws.com") && !at.Before(r.usable)
}

// checkRole is what SageMaker checks of an execution role before it takes it.
func (c *call) checkRole(settings map[string]any, required bool) error {
	arn := text(settings, "ExecutionRole")
	if arn == "" {
		if required {
			return invalid("DefaultUserSettings must contain an ExecutionRole.")
		}
		return nil
	}
	if err := c.authorizePart("iam", "PassRole", arn); err != nil {
		return err
	}
	if !c.world.assumable(arn, c.world.clock.Now()) {
		return invalid("%s", roleRefused)
	}
	return nil
}

func text(settings map[string]any, name string) string {
	s, _ := settings[name].(string)
	return s
}

func texts(settings map[string]any, name string) []string {
	var result []string
	list, _ := settings[name].([]any)
	for _, item := range list {
		if s, ok := item.(string); ok {
			result = append(result, s)
		}
	}
	return result
}

// domains are those of the caller's account and Region, each moved on.
func (c *call) domains() []*domain { return c.world.domainsIn(c.account, c.region) }

func (w *World) domainsIn(account, region string) []*domain {
	var found []*domain
	for _, d := range slices.Clone(w.accounts[account].domains) {
		if w.settle(d); d.region == region && d.status != "" {
			found = append(found, d)
		}
	}
	return found
}

func (c *call) domain(id string) (*domain, error) {
	for _, d := range c.domains() {
		if d.id == id {
			return d, nil
		}
	}
	return nil, failure("ResourceNotFound", "Domain [%s] does not exist.", id)
}

func (c *call) createDomain(in domainInput) (any, error) {
	w, a := c.world, c.world.accounts[c.account]
	if in.VpcId == "" || len(in.SubnetIds) == 0 {
		return nil, invalid("VpcId and SubnetIds are required.")
	}
	domains := c.domains()
	if slices.ContainsFunc(domains, func(d *domain) bool { return d.name == in.DomainName }) {
		return nil, failure("ResourceInUse", "Resource Already Exists: Domain with name %s already exists. Choose a different name.", in.DomainName)
	}
	if err := c.checkRole(in.DefaultUserSettings, true); err != nil {
		return nil, err
	}
	if err := checkLanding(in.DefaultUserSettings); err != nil {
		return nil, err
	}
	if err := c.checkKey(in.KmsKeyId); err != nil {
		return nil, err
	}
	if err := a.checkNetwork(c.region, in.VpcId, in.SubnetIds, append(texts(in.DefaultUserSettings, "SecurityGroups"), texts(in.DomainSettings, "SecurityGroupIds")...)); err != nil {
		return nil, err
	}
	if i := w.organizationInstance(); in.AuthMode == "SSO" && (i == nil || !i.in(c.region)) {
		return nil, invalid("AWS IAM Identity Center is not enabled for your organization in Region %s. Enable it there, or choose AuthMode IAM.", c.region)
	}
	if err := a.exceeded(quotaDomains, "Domains", len(domains)); err != nil {
		return nil, err
	}
	if a.role(linkedRoles()["sagemaker.amazonaws.com"]) == nil {
		linked := w.arn("iam", "", c.account, "role/aws-service-role/sagemaker.amazonaws.com/AWSServiceRoleForAmazonSageMakerNotebooks")
		if err := c.authorizePart("iam", "CreateServiceLinkedRole", linked); err != nil {
			return nil, err
		}
		w.addLinkedRole(a, "sagemaker.amazonaws.com", "")
	}
	d := w.addDomain(c, in)
	c.params["DomainId"], c.effect = d.id, created
	return struct{ DomainArn, DomainId, Url string }{d.arn, d.id, d.url}, nil
}

func (w *World) addDomain(c *call, in domainInput) *domain {
	a := w.accounts[c.account]
	d := &domain{account: c.account, region: c.region, name: in.DomainName, id: "d-" + w.digest(12, "domain", c.account, c.region, in.DomainName)}
	delay := domainWithFiles
	if in.AppNetworkAccessType == "" {
		in.AppNetworkAccessType = "PublicInternetOnly"
	}
	if in.HomeEfsFileSystemCreation == "" {
		in.HomeEfsFileSystemCreation = "Enabled"
	}
	if in.HomeEfsFileSystemCreation == "Disabled" {
		delay = domainWithoutFiles
	} else {
		d.fileSystem = "fs-0" + w.digest(16, "file-system", d.id)
	}
	if in.AuthMode == "SSO" || in.DomainSettings != nil {
		d.boundaryGroup = "sg-0" + w.digest(16, "boundary", d.id)
	}
	d.resource = resource{
		ordinal: ordinal(w.next()), arn: c.arn("domain/" + d.id), status: pending, tags: in.Tags,
		created: w.clock.Now(), modified: w.clock.Now(), due: w.clock.Due(delay),
	}
	if c.failing() {
		d.doomed = fmt.Sprintf(keyMissing, d.id)
	}
	d.url = fmt.Sprintf("https://%s.studio.%s.%s", d.id, c.region, partitionOf(c.region).studio)
	d.input = in
	a.domains = append(a.domains, d)
	return d
}

type domainSummary struct {
	DomainArn, DomainId, DomainName, Status, Url string
	CreationTime, LastModifiedTime               stamp
}

type domainOutput struct {
	domainSummary
	FailureReason                                                                   string `json:",omitempty"`
	AuthMode, AppNetworkAccessType, VpcId, HomeEfsFileSystemCreation                string
	AppSecurityGroupManagement, KmsKeyId, HomeEfsFileSystemKmsKeyId, TagPropagation string `json:",omitempty"`
	HomeEfsFileSystemId, SecurityGroupIdForDomainBoundary                           string `json:",omitempty"`
	SingleSignOnApplicationArn, SingleSignOnManagedApplicationInstanceId            string `json:",omitempty"`
	SubnetIds                                                                       []string
	DefaultUserSettings, DefaultSpaceSettings, DomainSettings                       map[string]any `json:",omitempty"`
}

func (d *domain) summary() domainSummary {
	return domainSummary{
		DomainArn: d.arn, DomainId: d.id, DomainName: d.name, Status: d.status, Url: d.url,
		CreationTime: stamp{d.created}, LastModifiedTime: stamp{d.modified},
	}
}

func (c *call) describeDomain(in domainInput) (any, error) {
	d, err := c.domain(in.DomainId)
	if err != nil {
		return nil, err
	}
	is := d.input
	out := domainOutput{
		domainSummary: d.summary(), FailureReason: d.reason, AuthMode: is.AuthMode, AppNetworkAccessType: is.AppNetworkAccessType, VpcId: is.VpcId,
		HomeEfsFileSystemCreation: is.HomeEfsFileSystemCreation, AppSecurityGroupManagement: is.AppSecurityGroupManagement, KmsKeyId: is.KmsKeyId,
		HomeEfsFileSystemKmsKeyId: is.HomeEfsFileSystemKmsKeyId, TagPropagation: cmp.Or(is.TagPropagation, "DISABLED"), HomeEfsFileSystemId: d.fileSystem,
		SecurityGroupIdForDomainBoundary: d.boundaryGroup, SubnetIds: is.SubnetIds, DefaultUserSettings: is.DefaultUserSettings,
		DefaultSpaceSettings: is.DefaultSpaceSettings, DomainSettings: is.DomainSettings,
	}
	if d.application != nil {
		out.SingleSignOnApplicationArn = d.application.arn
		out.SingleSignOnManagedApplicationInstanceId = "ins-" + d.application.arn[len(d.application.arn)-16:]
	}
	return out, nil
}

func (c *call) updateDomain(in domainInput) (any, error) {
	d, err := c.domain(in.DomainId)
	if err != nil {
		return nil, err
	}
	if d.status != inService {
		return nil, failure("ResourceInUse", "Domain [%s] is in status %s and can't be updated.", d.id, d.status)
	}
	if in.HomeEfsFileSystemCreation == "Disabled" && d.fileSystem != "" {
		return nil, invalid("HomeEfsFileSystemCreation can't be changed from Enabled to Disabled.")
	}
	if err := c.checkRole(in.DefaultUserSettings, false); err != nil {
		return nil, err
	}
	if err := checkLanding(overlaid(d.input.DefaultUserSettings, in.DefaultUserSettings)); err != nil {
		return nil, err
	}
	if err := c.refusedWhileAppsRun(d, in); err != nil {
		return nil, err
	}
	if err := c.world.accounts[c.account].checkNetwork(c.region, d.input.VpcId, in.SubnetIds, texts(in.DefaultUserSettings, "SecurityGroups")); err != nil {
		return nil, err
	}
	d.input.DefaultUserSettings = overlaid(d.input.DefaultUserSettings, in.DefaultUserSettings)
	d.input.DefaultSpaceSettings = overlaid(d.input.DefaultSpaceSettings, in.DefaultSpaceSettings)
	d.input.DomainSettings = overlaid(d.input.DomainSettings, in.DomainSettingsForUpdate)
	if len(in.SubnetIds) > 0 {
		d.input.SubnetIds = in.SubnetIds
	}
	if in.AppNetworkAccessType != "" {
		d.input.AppNetworkAccessType = in.AppNetworkAccessType
	}
	if in.AppSecurityGroupManagement != "" {
		d.input.AppSecurityGroupManagement = in.AppSecurityGroupManagement
	}
	if in.TagPropagation != "" {
		d.input.TagPropagation = in.TagPropagation
	}
	if in.HomeEfsFileSystemCreation == "Enabled" && d.fileSystem == "" {
		d.input.HomeEfsFileSystemCreation, d.fileSystem = "Enabled", "fs-0"+c.world.digest(16, "file-system", d.id)
	}
	d.status, d.modified, d.due = updating, c.world.clock.Now(), c.world.clock.Due(domainUpdate)
	c.effect = changed
	return struct{ DomainArn string }{d.arn}, nil
}

// checkLanding is what SageMaker checks of where people begin (API Reference, UserSettings).
func checkLanding(settings map[string]any) error {
	if text(settings, "DefaultLandingUri") == "studio::" && text(settings, "StudioWebPortal") != "ENABLED" {
		return invalid("DefaultLandingUri can be studio:: only if StudioWebPortal is set to ENABLED.")
	}
	return nil
}

// refusedWhileAppsRun is what UpdateDomain changes only while no app is in the way, and what it never changes (API Reference,
// UpdateDomain).
func (c *call) refusedWhileAppsRun(d *domain, in domainInput) error {
	busy := func(statuses ...string) bool {
		return slices.ContainsFunc(c.world.appsOf(d), func(a *app) bool { return slices.Contains(statuses, a.status) })
	}
	identity := text(in.DomainSettingsForUpdate, "ExecutionRoleIdentityConfig")
	switch {
	case in.VpcId != "" && d.input.VpcId != "":
		return invalid("VpcId can't be changed for Domain [%s], which has one.", d.id)
	case in.AppNetworkAccessType != "" && in.AppNetworkAccessType != d.input.AppNetworkAccessType && busy(inService, pending, deleting):
		return invalid("AppNetworkAccessType can be changed only while there are no Apps in the InService, Pending, or Deleting state in Domain [%s].", d.id)
	case identity != "" && identity != cmp.Or(text(d.input.DomainSettings, "ExecutionRoleIdentityConfig"), "DISABLED") && busy(inService, pending):
		return invalid("ExecutionRoleIdentityConfig can be changed only while there are no Apps in the InService or Pending state in Domain [%s].", d.id)
	case len(in.SubnetIds) > 0 && busy(inService, pending, deleting) &&
		slices.ContainsFunc(d.input.SubnetIds, func(id string) bool { return !slices.Contains(in.SubnetIds, id) }):
		return invalid("SubnetIds can be removed only while there are no Apps in the InService, Pending, or Deleting state in Domain [%s].", d.id)
	}
	return nil
}

// overlaid puts settings over others, member by member.
func overlaid(there, over map[string]any) map[string]any {
	if over == nil {
		return there
	}
	result := map[string]any{}
	for name, value := range there {
		result[name] = value
	}
	for name, value := range over {
		result[name] = value
	}
	return result
}

func (c *call) deleteDomain(in domainInput) (any, error) {
	d, err := c.domain(in.DomainId)
	if err != nil {
		return nil, err
	}
	switch {
	case len(c.world.profilesOf(d)) > 0:
		return nil, failure("ResourceInUse", "Unable to delete Domain [%s] because it has associated UserProfiles. Delete them first.", d.id)
	case len(c.world.spacesOf(d)) > 0:
		return nil, failure("ResourceInUse", "Unable to delete Domain [%s] because it has associated Spaces. Delete them first.", d.id)
	case d.status == pending || d.status == updating || d.status == deleting:
		return nil, failure("ResourceInUse", "Domain [%s] is in status %s and can't be deleted.", d.id, d.status)
	}
	d.retained = in.RetentionPolicy.HomeEfsFileSystem != "Delete"
	d.status, d.modified, d.due = deleting, c.world.clock.Now(), c.world.clock.Due(domainDelete)
	c.effect = deleted
	return nil, nil
}

func (c *call) listDomains(in domainInput) (any, error) {
	cut, next, err := page(c, c.domains(), in.MaxResults, 10, in.NextToken)
	out := struct {
		Domains   []domainSummary
		NextToken string `json:",omitempty"`
	}{Domains: []domainSummary{}, NextToken: next}
	for _, d := range cut {
		out.Domains = append(out.Domains, d.summary())
	}
	return out, err
}

// failing says whether the fault script dooms what this call makes.
func (c *call) failing() bool { return c.fault == simulation.FaultFails }
