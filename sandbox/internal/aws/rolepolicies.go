package awsworld

import (
	"encoding/json"
	"path"
	"slices"
)

// The quotas of IAM for the policies of a role ("IAM and AWS STS quotas" in the IAM User Guide).
const (
	attachedPerRole = 10
	inlineBytes     = 10240
)

func (c *call) attachRolePolicy(in roleInput) (any, error) {
	r, err := c.editable(in.RoleName)
	switch {
	case err != nil:
		return nil, err
	case !c.attachable(in.PolicyArn):
		return nil, notThere("Policy %s does not exist or is not attachable.", in.PolicyArn)
	case slices.Contains(r.attached, in.PolicyArn):
		return nil, nil
	case len(r.attached) >= attachedPerRole:
		return nil, limited("Cannot exceed quota for PoliciesPerRole: %d", attachedPerRole)
	}
	r.attached, c.effect = append(r.attached, in.PolicyArn), changed
	return nil, nil
}

func (c *call) detachRolePolicy(in roleInput) (any, error) {
	r, err := c.editable(in.RoleName)
	if err != nil {
		return nil, err
	}
	i := slices.Index(r.attached, in.PolicyArn)
	if i < 0 {
		return nil, notThere("Policy %s was not found.", in.PolicyArn)
	}
	r.attached, c.effect = slices.Delete(r.attached, i, i+1), changed
	return nil, nil
}

type attachedPolicy struct{ PolicyName, PolicyArn string }

// numberedText is a text with its place in a list.
type numberedText struct {
	ordinal
	text string
}

func numberedTexts(texts []string) []numberedText {
	var all []numberedText
	for i, text := range texts {
		all = append(all, numberedText{ordinal(i + 1), text})
	}
	return all
}

func (c *call) listAttachedRolePolicies(in roleInput) (any, error) {
	r, err := c.existing(in.RoleName)
	if err != nil {
		return nil, err
	}
	cut, next, err := page(c, numberedTexts(r.attached), in.MaxItems, 100, in.Marker)
	out := struct {
		AttachedPolicies members[attachedPolicy]
		trimmed
	}{trimmed: trimmed{next != "", next}}
	for _, arn := range cut {
		out.AttachedPolicies = append(out.AttachedPolicies, attachedPolicy{PolicyName: path.Base(arn.text), PolicyArn: arn.text})
	}
	return out, err
}

func (c *call) listRolePolicies(in roleInput) (any, error) {
	r, err := c.existing(in.RoleName)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, p := range r.inline {
		names = append(names, p.name)
	}
	cut, next, err := page(c, numberedTexts(names), in.MaxItems, 100, in.Marker)
	out := struct {
		PolicyNames members[string]
		trimmed
	}{trimmed: trimmed{next != "", next}}
	for _, name := range cut {
		out.PolicyNames = append(out.PolicyNames, name.text)
	}
	return out, err
}

// inlineOf finds an inline policy of a role.
func (c *call) inlineOf(r *role, name string) (int, error) {
	if i := slices.IndexFunc(r.inline, func(p inlinePolicy) bool { return p.name == name }); i >= 0 {
		return i, nil
	}
	return 0, notThere("The role policy with name %s cannot be found.", name)
}

func (c *call) getRolePolicy(in roleInput) (any, error) {
	r, err := c.existing(in.RoleName)
	if err != nil {
		return nil, err
	}
	i, err := c.inlineOf(r, in.PolicyName)
	if err != nil {
		return nil, err
	}
	return struct{ RoleName, PolicyName, PolicyDocument string }{r.name, r.inline[i].name, escapedDocument(r.inline[i].document)}, nil
}

func (c *call) putRolePolicy(in roleInput) (any, error) {
	r, err := c.editable(in.RoleName)
	if err != nil {
		return nil, err
	}
	if err := checkPolicy(in.PolicyDocument); err != nil {
		return nil, err
	}
	others := slices.DeleteFunc(slices.Clone(r.inline), func(p inlinePolicy) bool { return p.name == in.PolicyName })
	size := len(in.PolicyDocument)
	for _, p := range others {
		size += len(p.document)
	}
	if size > inlineBytes {
		return nil, limited("Maximum policy size of %d bytes exceeded for role %s", inlineBytes, r.name)
	}
	r.inline, c.effect = append(others, newInline(in.PolicyName, in.PolicyDocument)), changed
	return nil, nil
}

func newInline(name, document string) inlinePolicy {
	return inlinePolicy{name: name, document: document, parsed: parsePolicy(document)}
}

func (c *call) deleteRolePolicy(in roleInput) (any, error) {
	r, err := c.editable(in.RoleName)
	if err != nil {
		return nil, err
	}
	i, err := c.inlineOf(r, in.PolicyName)
	if err != nil {
		return nil, err
	}
	r.inline, c.effect = slices.Delete(r.inline, i, i+1), changed
	return nil, nil
}

// parsePolicy reads a policy for deciding. Statements with elements that this world doesn't know (NotAction, NotResource,
// other condition operators) decide nothing.
func parsePolicy(document string) *Policy {
	var raw struct {
		Version   string
		Statement oneOrMore[json.RawMessage]
	}
	if json.Unmarshal([]byte(document), &raw) != nil {
		return &Policy{}
	}
	policy := &Policy{Version: raw.Version}
	for _, statement := range raw.Statement {
		one, err := readPolicy([]byte(`{"Version":"2012-10-17","Statement":` + string(statement) + `}`))
		if err == nil {
			policy.Statement = append(policy.Statement, one.Statement...)
		}
	}
	return policy
}

// policiesOf are the policies of a role that are written out.
func (w *World) policiesOf(r *role) []*Policy {
	var all []*Policy
	for _, p := range r.inline {
		all = append(all, p.parsed)
	}
	for _, arn := range r.attached {
		if p := w.accounts[r.account].policy(arn); p != nil {
			all = append(all, p.standard().parsed)
		}
	}
	return all
}

// allowance writes a policy that allows actions on everything.
func allowance(actions ...string) string {
	document, _ := json.Marshal(map[string]any{ // texts can be written
		"Version": "2012-10-17", "Statement": []map[string]any{{"Effect": "Allow", "Action": actions, "Resource": "*"}},
	})
	return string(document)
}
