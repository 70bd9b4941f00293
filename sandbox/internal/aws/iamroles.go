package awsworld

import (
	"encoding/json"
	"slices"
	"strings"
)

type roleXML struct {
	Path                     string
	RoleName                 string
	RoleId                   string
	Arn                      string
	CreateDate               stamp
	AssumeRolePolicyDocument string
	Description              string       `xml:",omitempty"`
	MaxSessionDuration       int          `xml:",omitempty"`
	PermissionsBoundary      *boundaryXML `xml:",omitempty"`
	Tags                     members[tag] `xml:",omitempty"`
	RoleLastUsed             *struct{}
}

type boundaryXML struct{ PermissionsBoundaryType, PermissionsBoundaryArn string }

// xml is a role as GetRole shows it.
func (r *role) xml() roleXML {
	x := r.brief()
	x.MaxSessionDuration, x.Tags, x.RoleLastUsed = r.maxSession, r.tags, &struct{}{}
	if r.boundary != "" {
		x.PermissionsBoundary = &boundaryXML{"Policy", r.boundary}
	}
	return x
}

// brief is a role in a list, which lacks tags, boundary and last use, as the ListRoles reference says.
func (r *role) brief() roleXML {
	return roleXML{
		Path: r.path, RoleName: r.name, RoleId: r.id, Arn: r.arn(), CreateDate: stamp{r.created},
		AssumeRolePolicyDocument: escapedDocument(r.trust), Description: r.description, MaxSessionDuration: r.maxSession,
	}
}

type roleInput struct {
	RoleName, Path, AssumeRolePolicyDocument, PermissionsBoundary  string
	PolicyArn, PolicyName, PolicyDocument, PathPrefix, Marker      string
	AWSServiceName, CustomSuffix, DeletionTaskId, VersionId, Scope string
	EntityFilter, UserName, PolicyUsageFilter                      string
	Description                                                    *string
	MaxSessionDuration, MaxItems                                   int
	Tags                                                           []tag
	TagKeys                                                        []string
	SetAsDefault, OnlyAttached                                     bool
}

func (in roleInput) description() string {
	if in.Description == nil {
		return ""
	}
	return *in.Description
}

type roleOutput struct{ Role roleXML }

// linkedPath is the path of service-linked roles.
const linkedPath = "/aws-service-role/"

// existing finds the role that a call is about.
func (c *call) existing(name string) (*role, error) {
	if r := c.world.accounts[c.account].role(name); r != nil {
		return r, nil
	}
	return nil, notThere("The role with name %s cannot be found.", name)
}

// editable finds a role that people may change: not one that is linked to a service.
func (c *call) editable(name string) (*role, error) {
	r, err := c.existing(name)
	if err == nil && strings.HasPrefix(r.path, linkedPath) {
		return nil, failure("UnmodifiableEntity", "Cannot perform the operation on the protected role '%s' - this role is only modifiable by AWS", r.name)
	}
	return r, err
}

func (c *call) createRole(in roleInput) (any, error) {
	a := c.world.accounts[c.account]
	if a.role(in.RoleName) != nil {
		return nil, exists("Role with name %s already exists.", in.RoleName)
	}
	if err := checkPolicy(in.AssumeRolePolicyDocument); err != nil {
		return nil, err
	}
	if in.PermissionsBoundary != "" && !c.attachable(in.PermissionsBoundary) {
		return nil, notThere("Scope ARN: %s does not exist or is not attachable.", in.PermissionsBoundary)
	}
	if strings.HasPrefix(in.Path, linkedPath) {
		return nil, failure("InvalidInput", "Path %s is reserved for service-linked roles.", in.Path)
	}
	if in.Path == "" {
		in.Path = "/"
	}
	if in.MaxSessionDuration == 0 {
		in.MaxSessionDuration = 3600
	}
	r := &role{
		ordinal: ordinal(c.world.next()), account: c.account, partition: partitionOf(c.world.region).id, name: in.RoleName, path: in.Path, id: c.world.roleID(c.account, in.RoleName),
		description: in.description(), trust: in.AssumeRolePolicyDocument, maxSession: in.MaxSessionDuration, boundary: in.PermissionsBoundary,
		tags: in.Tags, created: c.world.clock.Now(), usable: c.world.clock.Due(roleDelay),
	}
	a.roles = append(a.roles, r)
	c.effect = created
	return roleOutput{Role: r.xml()}, nil
}

func checkPolicy(document string) error {
	var policy struct{ Statement json.RawMessage }
	if json.Unmarshal([]byte(document), &policy) != nil {
		return failure("MalformedPolicyDocument", "This policy contains invalid Json")
	}
	if policy.Statement == nil {
		return failure("MalformedPolicyDocument", "Syntax errors in policy.")
	}
	return nil
}

func (c *call) getRole(in roleInput) (any, error) {
	r, err := c.existing(in.RoleName)
	if err != nil {
		return nil, err
	}
	return roleOutput{Role: r.xml()}, nil
}

func (c *call) listRoles(in roleInput) (any, error) {
	var matching []*role
	for _, r := range c.world.accounts[c.account].roles {
		if strings.HasPrefix(r.path, in.PathPrefix) {
			matching = append(matching, r)
		}
	}
	cut, next, err := page(c, matching, in.MaxItems, 100, in.Marker)
	out := struct {
		Roles members[roleXML]
		trimmed
	}{trimmed: trimmed{next != "", next}}
	for _, r := range cut {
		out.Roles = append(out.Roles, r.brief())
	}
	return out, err
}

// updateRole sets what it names; a description that isn't named stays, an empty one is removed.
func (c *call) updateRole(in roleInput) (any, error) {
	r, err := c.editable(in.RoleName)
	if err != nil {
		return nil, err
	}
	if in.Description != nil {
		r.description = *in.Description
	}
	if in.MaxSessionDuration != 0 {
		r.maxSession = in.MaxSessionDuration
	}
	c.effect = changed
	return nil, nil
}

func (c *call) updateRoleDescription(in roleInput) (any, error) {
	r, err := c.existing(in.RoleName)
	if err != nil {
		return nil, err
	}
	r.description, c.effect = in.description(), changed
	return roleOutput{Role: r.xml()}, nil
}

func (c *call) updateAssumeRolePolicy(in roleInput) (any, error) {
	r, err := c.editable(in.RoleName)
	if err != nil {
		return nil, err
	}
	if err := checkPolicy(in.PolicyDocument); err != nil {
		return nil, err
	}
	r.trust, r.usable = in.PolicyDocument, c.world.clock.Due(roleDelay)
	c.effect = changed
	return nil, nil
}

func (c *call) deleteRole(in roleInput) (any, error) {
	r, err := c.editable(in.RoleName)
	switch {
	case err != nil:
		return nil, err
	case len(r.attached) > 0:
		return nil, conflicting("Cannot delete entity, must detach all policies first.")
	case len(r.inline) > 0:
		return nil, conflicting("Cannot delete entity, must delete policies first.")
	}
	c.world.dropRole(r)
	c.effect = deleted
	return nil, nil
}

func (w *World) dropRole(r *role) {
	w.accounts[r.account].roles = without(w.accounts[r.account].roles, r)
}

// listInstanceProfiles is always empty: nobody starts EC2 instances here.
func (c *call) listInstanceProfiles(in roleInput) (any, error) {
	_, err := c.existing(in.RoleName)
	return struct {
		InstanceProfiles members[struct{}]
		trimmed
	}{}, err
}

func (c *call) putBoundary(in roleInput) (any, error) {
	r, err := c.editable(in.RoleName)
	if err != nil {
		return nil, err
	}
	if !c.attachable(in.PermissionsBoundary) {
		return nil, notThere("Scope ARN: %s does not exist or is not attachable.", in.PermissionsBoundary)
	}
	r.boundary, c.effect = in.PermissionsBoundary, changed
	return nil, nil
}

func (c *call) deleteBoundary(in roleInput) (any, error) {
	r, err := c.editable(in.RoleName)
	if err != nil {
		return nil, err
	}
	if r.boundary == "" {
		return nil, notThere("Role %s does not have a permissions boundary.", r.name)
	}
	r.boundary, c.effect = "", changed
	return nil, nil
}

func (c *call) tagRole(in roleInput) (any, error) {
	r, err := c.editable(in.RoleName)
	if err != nil {
		return nil, err
	}
	r.tags, c.effect = withTags(r.tags, in.Tags), changed
	return nil, nil
}

func (c *call) untagRole(in roleInput) (any, error) {
	r, err := c.editable(in.RoleName)
	if err != nil {
		return nil, err
	}
	r.tags, c.effect = untagged(r.tags, in.TagKeys), changed
	return nil, nil
}

func (c *call) listRoleTags(in roleInput) (any, error) {
	r, err := c.existing(in.RoleName)
	if err != nil {
		return nil, err
	}
	return c.tagPage(r.tags, in)
}

// tagPage is a page of tags.
func (c *call) tagPage(tags []tag, in roleInput) (any, error) {
	var all []numberedTag
	for i, t := range tags {
		all = append(all, numberedTag{ordinal(i + 1), t})
	}
	cut, next, err := page(c, all, in.MaxItems, 100, in.Marker)
	out := struct {
		Tags members[tag]
		trimmed
	}{trimmed: trimmed{next != "", next}}
	for _, t := range cut {
		out.Tags = append(out.Tags, t.tag)
	}
	return out, err
}

type userXML struct {
	Path, UserName, UserId, Arn string
	CreateDate                  stamp
}

// getUser knows the users that sign requests; without a name it is the caller.
func (c *call) getUser(in roleInput) (any, error) {
	for _, p := range c.world.principals {
		name := p.arn[strings.LastIndex(p.arn, "/")+1:]
		if p.role == nil && p.account == c.account && (name == in.UserName || in.UserName == "" && p == c.principal) {
			return struct{ User userXML }{userXML{"/", name, p.id, p.arn, stamp{c.world.began}}}, nil
		}
	}
	if in.UserName == "" {
		return nil, failure("ValidationError", "Must specify userName when calling with non-User credentials")
	}
	return nil, notThere("The user with name %s cannot be found.", in.UserName)
}

func (c *call) listAccountAliases(roleInput) (any, error) {
	return struct {
		AccountAliases members[string]
		trimmed
	}{AccountAliases: members[string]{map[string]string{ManagementAccount: "example-management", MemberAccount: "example-studio"}[c.account]}}, nil
}

// The service-linked roles that this world knows, by their service.
func linkedRoles() map[string]string {
	return map[string]string{"sagemaker.amazonaws.com": "AWSServiceRoleForAmazonSageMakerNotebooks", "sso.amazonaws.com": "AWSServiceRoleForSSO"}
}

// addLinkedRole makes the role of a service unless it is there.
func (w *World) addLinkedRole(a *account, service, description string) *role {
	name := linkedRoles()[service]
	if r := a.role(name); r != nil {
		return r
	}
	now := w.clock.Now()
	r := &role{
		ordinal: ordinal(w.next()), account: a.id, partition: partitionOf(w.region).id, name: name, path: linkedPath + service + "/", id: w.roleID(a.id, name), description: description,
		maxSession: 3600, created: now, usable: now,
		trust: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole"}]}`,
	}
	if service == "sagemaker.amazonaws.com" {
		r.attached = []string{w.arn("iam", "", "aws", "policy/aws-service-role/AmazonSageMakerNotebooksServiceRolePolicy")}
	}
	a.roles = append(a.roles, r)
	return r
}

func (c *call) createLinkedRole(in roleInput) (any, error) {
	a := c.world.accounts[c.account]
	name := linkedRoles()[in.AWSServiceName]
	switch {
	case name == "" || in.CustomSuffix != "":
		return nil, failure("InvalidInput", "Service %s does not support service-linked roles like this in the sandbox.", in.AWSServiceName)
	case a.role(name) != nil:
		return nil, failure("InvalidInput", "Service role name %s has been taken in this account, please try a different suffix.", name)
	}
	r := c.world.addLinkedRole(a, in.AWSServiceName, in.description())
	c.effect = created
	return roleOutput{Role: r.xml()}, nil
}

// deleteLinkedRole starts a deletion, whose outcome depends on what the service still has.
func (c *call) deleteLinkedRole(in roleInput) (any, error) {
	r, err := c.existing(in.RoleName)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(r.path, linkedPath) {
		return nil, failure("InvalidInput", "%s is not a service-linked role.", r.name)
	}
	task := "task" + r.path + r.name + "/" + c.world.uuid("deletion", r.arn())
	a := c.world.accounts[c.account]
	a.deletions = append(a.deletions, task)
	if !a.linkedRoleUsed(r) {
		c.world.dropRole(r)
	}
	c.effect = deleted
	return struct{ DeletionTaskId string }{task}, nil
}

// linkedRoleUsed says whether a service still needs its role.
func (a *account) linkedRoleUsed(r *role) bool {
	return strings.Contains(r.path, "sagemaker") && len(a.domains) > 0 || strings.Contains(r.path, "sso.")
}

func (c *call) linkedRoleDeletion(in roleInput) (any, error) {
	a := c.world.accounts[c.account]
	if !slices.Contains(a.deletions, in.DeletionTaskId) {
		return nil, notThere("Deletion task %s not found.", in.DeletionTaskId)
	}
	parts := strings.Split(in.DeletionTaskId, "/")
	if a.role(parts[3]) != nil {
		return struct {
			Status string
			Reason struct{ Reason string }
		}{"FAILED", struct{ Reason string }{"The role is still used by resources of " + parts[2] + "."}}, nil
	}
	return struct{ Status string }{"SUCCEEDED"}, nil
}
