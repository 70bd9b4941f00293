package awsworld

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// roleDelay is how long a new role, or a new trust policy, can't be used by services (10 to 30 s).
const roleDelay = 20 * time.Second

// role is an IAM role.
type role struct {
	ordinal
	account, name, path, id, description string
	trust                                string
	maxSession                           int
	created                              time.Time
	// usable is when the trust policy has reached the services.
	usable   time.Time
	attached []string
	// inline are the actions of the role's inline policy; only seeded roles have one.
	inline []string
	tags   []tag
}

// tag is a tag as IAM and SageMaker write it.
type tag struct{ Key, Value string }

func (r *role) arn() string {
	return fmt.Sprintf("arn:aws:iam::%s:role%s%s", r.account, r.path, r.name)
}

// actions are what sessions of the role may do.
func (r *role) actions() []string {
	allowed := slices.Clone(r.inline)
	for _, policy := range r.attached {
		allowed = append(allowed, managedPolicies()[policy]...)
	}
	return allowed
}

// managedPolicies are the AWS managed policies that exist, with the actions that matter in this world.
func managedPolicies() map[string][]string {
	return map[string][]string{
		"arn:aws:iam::aws:policy/AdministratorAccess":                   {"*"},
		"arn:aws:iam::aws:policy/PowerUserAccess":                       {"sagemaker:*", "ec2:*", "servicequotas:*", "secretsmanager:*", "cloudtrail:*"},
		"arn:aws:iam::aws:policy/AmazonSageMakerFullAccess":             {"sagemaker:*", "iam:PassRole", "iam:GetRole", "ec2:Describe*"},
		"arn:aws:iam::aws:policy/AmazonSageMakerReadOnly":               {"sagemaker:Describe*", "sagemaker:List*"},
		"arn:aws:iam::aws:policy/AmazonSageMakerCanvasFullAccess":       nil,
		"arn:aws:iam::aws:policy/AmazonSageMakerCanvasAIServicesAccess": nil,
		"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess":                nil,
		"arn:aws:iam::aws:policy/AmazonS3FullAccess":                    nil,
		"arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly":    nil,
		"arn:aws:iam::aws:policy/CloudWatchLogsFullAccess":              nil,
	}
}

// trusts says whether the role's trust policy allows sts:AssumeRole for one of these principals.
func (r *role) trusts(kind string, principals ...string) bool {
	var policy struct {
		Statement oneOrMore[struct {
			Effect    string
			Action    oneOrMore[string]
			Principal map[string]oneOrMore[string]
		}]
	}
	if json.Unmarshal([]byte(r.trust), &policy) != nil {
		return false
	}
	for _, statement := range policy.Statement {
		if statement.Effect != "Allow" || !slices.Contains(statement.Action, "sts:AssumeRole") {
			continue
		}
		for _, principal := range principals {
			if slices.Contains(statement.Principal[kind], principal) {
				return true
			}
		}
	}
	return false
}

// oneOrMore is how policies write lists: a single element may stand without brackets.
type oneOrMore[T any] []T

// UnmarshalJSON reads either form.
func (o *oneOrMore[T]) UnmarshalJSON(data []byte) error {
	if strings.HasPrefix(strings.TrimSpace(string(data)), "[") {
		return json.Unmarshal(data, (*[]T)(o))
	}
	var one T
	if err := json.Unmarshal(data, &one); err != nil {
		return err
	}
	*o = oneOrMore[T]{one}
	return nil
}

func (a *account) role(name string) *role {
	for _, r := range a.roles {
		if strings.EqualFold(r.name, name) {
			return r
		}
	}
	return nil
}

// roleByARN finds a role in any account.
func (w *World) roleByARN(arn string) *role {
	for _, a := range w.accounts {
		for _, r := range a.roles {
			if r.arn() == arn {
				return r
			}
		}
	}
	return nil
}

func (w *World) roleID(account, name string) string {
	return "AROA" + strings.ToUpper(w.digest(17, "role", account, name))
}

func (w *World) iamOperations() map[string]handler {
	return map[string]handler{
		"CreateRole":               on((*call).createRole),
		"GetRole":                  on((*call).getRole),
		"ListRoles":                on((*call).listRoles),
		"TagRole":                  on((*call).tagRole),
		"ListRoleTags":             on((*call).listRoleTags),
		"AttachRolePolicy":         on((*call).attachRolePolicy),
		"DetachRolePolicy":         on((*call).detachRolePolicy),
		"ListAttachedRolePolicies": on((*call).listAttachedRolePolicies),
		"ListRolePolicies":         on((*call).listRolePolicies),
		"UpdateAssumeRolePolicy":   on((*call).updateAssumeRolePolicy),
		"DeleteRole":               on((*call).deleteRole),
	}
}

type roleXML struct {
	Path                     string
	RoleName                 string
	RoleId                   string
	Arn                      string
	CreateDate               stamp
	AssumeRolePolicyDocument string
	Description              string `xml:",omitempty"`
	MaxSessionDuration       int
	Tags                     []tag `xml:"Tags>member"`
}

func (r *role) xml(withTags bool) roleXML {
	x := roleXML{
		Path: r.path, RoleName: r.name, RoleId: r.id, Arn: r.arn(), CreateDate: stamp{r.created},
		AssumeRolePolicyDocument: url.QueryEscape(r.trust), Description: r.description, MaxSessionDuration: r.maxSession,
	}
	if withTags {
		x.Tags = r.tags
	}
	return x
}

type roleInput struct {
	RoleName                 string
	Path                     string
	AssumeRolePolicyDocument string
	PolicyDocument           string
	Description              string
	MaxSessionDuration       int
	PolicyArn                string
	PathPrefix               string
	Tags                     []tag
	Marker                   string
	MaxItems                 int
}

type roleOutput struct{ Role roleXML }

// existing finds the role that a call is about.
func (c *call) existing(name string) (*role, error) {
	if r := c.world.accounts[c.account].role(name); r != nil {
		return r, nil
	}
	return nil, failure("NoSuchEntity", "The role with name %s cannot be found.", name).with(http.StatusNotFound)
}

func (c *call) createRole(in roleInput) (any, error) {
	a := c.world.accounts[c.account]
	if a.role(in.RoleName) != nil {
		return nil, failure("EntityAlreadyExists", "Role with name %s already exists.", in.RoleName).with(http.StatusConflict)
	}
	if err := checkPolicy(in.AssumeRolePolicyDocument); err != nil {
		return nil, err
	}
	if in.Path == "" {
		in.Path = "/"
	}
	if in.MaxSessionDuration == 0 {
		in.MaxSessionDuration = 3600
	}
	r := &role{
		ordinal: ordinal(c.world.next()), account: c.account, name: in.RoleName, path: in.Path, id: c.world.roleID(c.account, in.RoleName),
		description: in.Description, trust: in.AssumeRolePolicyDocument, maxSession: in.MaxSessionDuration, tags: in.Tags,
		created: c.world.clock.Now(), usable: c.world.clock.Due(roleDelay),
	}
	a.roles = append(a.roles, r)
	c.effect = created
	return roleOutput{Role: r.xml(true)}, nil
}

func checkPolicy(document string) error {
	var policy struct{ Statement json.RawMessage }
	if json.Unmarshal([]byte(document), &policy) != nil || policy.Statement == nil {
		return failure("MalformedPolicyDocument", "This policy contains invalid Json")
	}
	return nil
}

func (c *call) getRole(in roleInput) (any, error) {
	r, err := c.existing(in.RoleName)
	if err != nil {
		return nil, err
	}
	return roleOutput{Role: r.xml(true)}, nil
}

func (c *call) listRoles(in roleInput) (any, error) {
	var matching []*role
	for _, r := range c.world.accounts[c.account].roles {
		if strings.HasPrefix(r.path, in.PathPrefix) {
			matching = append(matching, r)
		}
	}
	cut, next, err := page(c, matching, in.MaxItems, 100, in.Marker)
	if err != nil {
		return nil, err
	}
	out := struct {
		Roles       []roleXML `xml:"Roles>member"`
		IsTruncated bool
		Marker      string `xml:",omitempty"`
	}{IsTruncated: next != "", Marker: next}
	for _, r := range cut {
		out.Roles = append(out.Roles, r.xml(false)) // without tags, says the ListRoles reference
	}
	return out, nil
}

func (c *call) tagRole(in roleInput) (any, error) {
	r, err := c.existing(in.RoleName)
	if err != nil {
		return nil, err
	}
	r.tags = withTags(r.tags, in.Tags)
	c.effect = changed
	return nil, nil
}

func (c *call) listRoleTags(in roleInput) (any, error) {
	r, err := c.existing(in.RoleName)
	if err != nil {
		return nil, err
	}
	return struct {
		Tags        []tag `xml:"Tags>member"`
		IsTruncated bool
	}{Tags: r.tags}, nil
}

func (c *call) updateAssumeRolePolicy(in roleInput) (any, error) {
	r, err := c.existing(in.RoleName)
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
	r, err := c.existing(in.RoleName)
	if err != nil {
		return nil, err
	}
	if len(r.attached) > 0 {
		return nil, failure("DeleteConflict", "Cannot delete entity, must detach all policies first.").with(http.StatusConflict)
	}
	if len(r.inline) > 0 {
		return nil, failure("DeleteConflict", "Cannot delete entity, must delete policies first.").with(http.StatusConflict)
	}
	a := c.world.accounts[c.account]
	a.roles = slices.DeleteFunc(a.roles, func(other *role) bool { return other == r })
	c.effect = deleted
	return nil, nil
}

// withTags puts tags over those that are there.
func withTags(there, added []tag) []tag {
	result := slices.Clone(there)
	for _, t := range added {
		if i := slices.IndexFunc(result, func(other tag) bool { return other.Key == t.Key }); i >= 0 {
			result[i] = t
		} else {
			result = append(result, t)
		}
	}
	return result
}
