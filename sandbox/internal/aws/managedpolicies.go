package awsworld

import (
	"crypto/sha256"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// managedPolicies are the AWS managed policies that exist in a partition, with the actions that matter in this world.
func managedPolicies(partition string) map[string][]string {
	named := map[string][]string{
		"AdministratorAccess":                                        {"*"},
		"PowerUserAccess":                                            {"sagemaker:*", "ec2:*", "servicequotas:*", "secretsmanager:*", "cloudtrail:*"},
		"AmazonSageMakerFullAccess":                                  {"sagemaker:*", "iam:PassRole", "iam:GetRole", "ec2:Describe*"},
		"AmazonSageMakerReadOnly":                                    {"sagemaker:Describe*", "sagemaker:List*"},
		"AmazonSageMakerCanvasFullAccess":                            nil,
		"AmazonSageMakerCanvasAIServicesAccess":                      nil,
		"AmazonS3ReadOnlyAccess":                                     nil,
		"AmazonS3FullAccess":                                         nil,
		"AmazonEC2ContainerRegistryReadOnly":                         nil,
		"CloudWatchLogsFullAccess":                                   nil,
		"aws-service-role/AmazonSageMakerNotebooksServiceRolePolicy": nil,
	}
	policies := map[string][]string{}
	for name, actions := range named {
		policies["arn:"+partition+":iam::aws:policy/"+name] = actions
	}
	return policies
}

// managedPolicy is a customer managed policy.
type managedPolicy struct {
	ordinal
	arn, name, path, id, description string
	created, updated                 time.Time
	versions                         []*policyVersion
	count                            int
	tags                             []tag
}

type policyVersion struct {
	ordinal
	id, document string
	created      time.Time
	standard     bool
	parsed       *Policy
}

// versionsPerPolicy is a quota of IAM.
const versionsPerPolicy = 5

func (p *managedPolicy) standard() *policyVersion {
	return find(p.versions, func(v *policyVersion) bool { return v.standard })
}

func (p *managedPolicy) version(id string) *policyVersion {
	return find(p.versions, func(v *policyVersion) bool { return v.id == id })
}

func (p *managedPolicy) add(w *World, document string, standard bool) *policyVersion {
	p.count++
	v := &policyVersion{ordinal: ordinal(p.count), id: fmt.Sprintf("v%d", p.count), document: document, created: w.clock.Now(), parsed: parsePolicy(document)}
	p.versions, p.updated = append(p.versions, v), v.created
	if standard {
		p.choose(v)
	}
	return v
}

func (p *managedPolicy) choose(chosen *policyVersion) {
	for _, v := range p.versions {
		v.standard = v == chosen
	}
}

func (a *account) policy(arn string) *managedPolicy {
	return find(a.policies, func(p *managedPolicy) bool { return p.arn == arn })
}

// policyHere finds a policy of the account, or makes one up for a managed policy of AWS.
func (c *call) policyHere(arn string) (*managedPolicy, error) {
	if p := c.world.accounts[c.account].policy(arn); p != nil {
		return p, nil
	}
	if _, known := managedPolicies(partitionOf(c.world.region).id)[arn]; known {
		return c.world.awsPolicy(arn), nil
	}
	return nil, notThere("Policy %s was not found.", arn)
}

func (w *World) awsPolicy(arn string) *managedPolicy {
	p := &managedPolicy{arn: arn, name: path.Base(arn), path: "/", created: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}
	if below, _, ok := strings.Cut(strings.TrimPrefix(arn, w.arn("iam", "", "aws", "policy/")), "/"); ok {
		p.path = "/" + below + "/"
	}
	p.id = "ANPA" + strings.ToUpper(fmt.Sprintf("%x", sha256.Sum256([]byte(arn)))[:17])
	actions := managedPolicies(partitionOf(w.region).id)[arn]
	if actions == nil {
		actions = []string{"sts:GetCallerIdentity"} // what it really allows doesn't matter here
	}
	p.add(w, allowance(actions...), true)
	p.updated = p.created
	p.versions[0].created = p.created
	return p
}

// ownPolicy finds a policy that the account may change.
func (c *call) ownPolicy(arn string) (*managedPolicy, error) {
	if strings.HasPrefix(arn, c.world.arn("iam", "", "aws", "")) {
		return nil, failure("AccessDenied", "Cannot perform the operation on the AWS managed policy %s.", arn).with(403)
	}
	return c.policyHere(arn)
}

// attachable says whether roles of the account can have a policy.
func (c *call) attachable(arn string) bool {
	_, err := c.policyHere(arn)
	return err == nil && !strings.Contains(arn, "/aws-service-role/")
}

type policyXML struct {
	PolicyName, PolicyId, Arn, Path, DefaultVersionId string
	AttachmentCount, PermissionsBoundaryUsageCount    int
	IsAttachable                                      bool
	Description                                       string `xml:",omitempty"`
	CreateDate, UpdateDate                            stamp
	Tags                                              members[tag] `xml:",omitempty"`
}

func (c *call) policyXML(p *managedPolicy) policyXML {
	out := policyXML{
		PolicyName: p.name, PolicyId: p.id, Arn: p.arn, Path: p.path, DefaultVersionId: p.standard().id, IsAttachable: true,
		CreateDate: stamp{p.created}, UpdateDate: stamp{p.updated},
	}
	for _, r := range c.world.accounts[c.account].roles {
		if slices.Contains(r.attached, p.arn) {
			out.AttachmentCount++
		}
		if r.boundary == p.arn {
			out.PermissionsBoundaryUsageCount++
		}
	}
	return out
}

type policyOutput struct{ Policy policyXML }

func (c *call) createPolicy(in roleInput) (any, error) {
	a := c.world.accounts[c.account]
	if in.Path == "" {
		in.Path = "/"
	}
	if slices.ContainsFunc(a.policies, func(p *managedPolicy) bool { return strings.EqualFold(p.name, in.PolicyName) }) {
		return nil, exists("A policy called %s already exists. Duplicate names are not allowed.", in.PolicyName)
	}
	if err := checkPolicy(in.PolicyDocument); err != nil {
		return nil, err
	}
	w := c.world
	p := &managedPolicy{
		ordinal: ordinal(w.next()), arn: w.arn("iam", "", c.account, "policy"+in.Path+in.PolicyName), name: in.PolicyName, path: in.Path,
		id: "ANPA" + strings.ToUpper(w.digest(17, "policy", c.account, in.PolicyName)), description: in.description(), created: w.clock.Now(), tags: in.Tags,
	}
	p.add(w, in.PolicyDocument, true)
	a.policies = append(a.policies, p)
	c.effect = created
	out := c.policyXML(p)
	out.Tags = p.tags
	return policyOutput{out}, nil
}

func (c *call) getPolicy(in roleInput) (any, error) {
	p, err := c.policyHere(in.PolicyArn)
	if err != nil {
		return nil, err
	}
	out := c.policyXML(p)
	out.Description, out.Tags = p.description, p.tags
	return policyOutput{out}, nil
}

func (c *call) deletePolicy(in roleInput) (any, error) {
	p, err := c.ownPolicy(in.PolicyArn)
	if err != nil {
		return nil, err
	}
	if used := c.policyXML(p); used.AttachmentCount+used.PermissionsBoundaryUsageCount > 0 {
		return nil, conflicting("Cannot delete a policy attached to entities.")
	}
	if len(p.versions) > 1 {
		return nil, conflicting("This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
	}
	a := c.world.accounts[c.account]
	a.policies, c.effect = without(a.policies, p), deleted
	return nil, nil
}

// listPolicies lists those of the account, then those of AWS by name.
func (c *call) listPolicies(in roleInput) (any, error) {
	var all []*managedPolicy
	if in.Scope != "AWS" {
		all = append(all, c.world.accounts[c.account].policies...)
	}
	if in.Scope != "Local" {
		var arns []string
		for arn := range managedPolicies(partitionOf(c.world.region).id) {
			arns = append(arns, arn)
		}
		slices.Sort(arns)
		for i, arn := range arns {
			p := c.world.awsPolicy(arn)
			p.ordinal = ordinal(1<<40 + i)
			all = append(all, p)
		}
	}
	var matching []*managedPolicy
	for _, p := range all {
		if strings.HasPrefix(p.path, in.PathPrefix) && (!in.OnlyAttached || c.policyXML(p).AttachmentCount > 0) {
			matching = append(matching, p)
		}
	}
	cut, next, err := page(c, matching, in.MaxItems, 100, in.Marker)
	out := struct {
		Policies members[policyXML]
		trimmed
	}{trimmed: trimmed{next != "", next}}
	for _, p := range cut {
		out.Policies = append(out.Policies, c.policyXML(p))
	}
	return out, err
}

type policyRole struct{ RoleName, RoleId string }

func (c *call) listEntities(in roleInput) (any, error) {
	p, err := c.policyHere(in.PolicyArn)
	if err != nil {
		return nil, err
	}
	out := struct {
		PolicyGroups, PolicyUsers members[struct{}]
		PolicyRoles               members[policyRole]
		trimmed
	}{}
	for _, r := range c.world.accounts[c.account].roles {
		bounded := r.boundary == p.arn && in.PolicyUsageFilter != "PermissionsPolicy"
		attached := slices.Contains(r.attached, p.arn) && in.PolicyUsageFilter != "PermissionsBoundary"
		if (bounded || attached) && (in.EntityFilter == "" || in.EntityFilter == "Role") {
			out.PolicyRoles = append(out.PolicyRoles, policyRole{r.name, r.id})
		}
	}
	return out, nil
}

func (c *call) tagPolicy(in roleInput) (any, error) {
	p, err := c.ownPolicy(in.PolicyArn)
	if err != nil {
		return nil, err
	}
	p.tags, c.effect = withTags(p.tags, in.Tags), changed
	return nil, nil
}

func (c *call) untagPolicy(in roleInput) (any, error) {
	p, err := c.ownPolicy(in.PolicyArn)
	if err != nil {
		return nil, err
	}
	p.tags, c.effect = untagged(p.tags, in.TagKeys), changed
	return nil, nil
}

func (c *call) listPolicyTags(in roleInput) (any, error) {
	p, err := c.policyHere(in.PolicyArn)
	if err != nil {
		return nil, err
	}
	return c.tagPage(p.tags, in)
}

type versionXML struct {
	Document         string `xml:",omitempty"`
	VersionId        string
	IsDefaultVersion bool
	CreateDate       stamp
}

func (v *policyVersion) xml(document string) versionXML {
	return versionXML{document, v.id, v.standard, stamp{v.created}}
}

type versionOutput struct{ PolicyVersion versionXML }

func (c *call) createPolicyVersion(in roleInput) (any, error) {
	p, err := c.ownPolicy(in.PolicyArn)
	if err != nil {
		return nil, err
	}
	if err := checkPolicy(in.PolicyDocument); err != nil {
		return nil, err
	}
	if len(p.versions) >= versionsPerPolicy {
		return nil, limited("A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", versionsPerPolicy)
	}
	c.effect = created
	return versionOutput{p.add(c.world, in.PolicyDocument, in.SetAsDefault).xml("")}, nil
}

// versionHere finds a version of a policy.
func (c *call) versionHere(p *managedPolicy, id string) (*policyVersion, error) {
	if v := p.version(id); v != nil {
		return v, nil
	}
	return nil, notThere("Policy %s version %s does not exist or is not attachable.", p.arn, id)
}

func (c *call) getPolicyVersion(in roleInput) (any, error) {
	p, err := c.policyHere(in.PolicyArn)
	if err != nil {
		return nil, err
	}
	v, err := c.versionHere(p, in.VersionId)
	if err != nil {
		return nil, err
	}
	return versionOutput{v.xml(escapedDocument(v.document))}, nil
}

func (c *call) deletePolicyVersion(in roleInput) (any, error) {
	p, err := c.ownPolicy(in.PolicyArn)
	if err != nil {
		return nil, err
	}
	v, err := c.versionHere(p, in.VersionId)
	if err != nil {
		return nil, err
	}
	if v.standard {
		return nil, conflicting("Cannot delete the default version of a policy.")
	}
	p.versions, c.effect = without(p.versions, v), deleted
	return nil, nil
}

func (c *call) listPolicyVersions(in roleInput) (any, error) {
	p, err := c.policyHere(in.PolicyArn)
	if err != nil {
		return nil, err
	}
	newest := slices.Clone(p.versions)
	slices.Reverse(newest)
	cut, next, err := page(c, newest, in.MaxItems, 100, in.Marker)
	out := struct {
		Versions members[versionXML]
		trimmed
	}{trimmed: trimmed{next != "", next}}
	for _, v := range cut {
		out.Versions = append(out.Versions, v.xml(""))
	}
	return out, err
}

func (c *call) setDefaultVersion(in roleInput) (any, error) {
	p, err := c.ownPolicy(in.PolicyArn)
	if err != nil {
		return nil, err
	}
	v, err := c.versionHere(p, in.VersionId)
	if err != nil {
		return nil, err
	}
	p.choose(v)
	p.updated, c.effect = c.world.clock.Now(), changed
	return nil, nil
}
