package awsworld

import (
	"net/http"
	"path"
	"slices"
)

func (c *call) attachRolePolicy(in roleInput) (any, error) {
	r, err := c.existing(in.RoleName)
	if err != nil {
		return nil, err
	}
	if _, known := managedPolicies()[in.PolicyArn]; !known {
		return nil, failure("NoSuchEntity", "Policy %s does not exist or is not attachable.", in.PolicyArn).with(http.StatusNotFound)
	}
	if !slices.Contains(r.attached, in.PolicyArn) {
		r.attached = append(r.attached, in.PolicyArn)
		c.effect = changed
	}
	return nil, nil
}

func (c *call) detachRolePolicy(in roleInput) (any, error) {
	r, err := c.existing(in.RoleName)
	if err != nil {
		return nil, err
	}
	i := slices.Index(r.attached, in.PolicyArn)
	if i < 0 {
		return nil, failure("NoSuchEntity", "Policy %s was not found.", in.PolicyArn).with(http.StatusNotFound)
	}
	r.attached = slices.Delete(r.attached, i, i+1)
	c.effect = changed
	return nil, nil
}

type attachedPolicy struct{ PolicyName, PolicyArn string }

func (c *call) listAttachedRolePolicies(in roleInput) (any, error) {
	r, err := c.existing(in.RoleName)
	if err != nil {
		return nil, err
	}
	// A role has at most 20 managed policies, so the list is always one page.
	out := struct {
		AttachedPolicies []attachedPolicy `xml:"AttachedPolicies>member"`
		IsTruncated      bool
	}{}
	for _, arn := range r.attached {
		out.AttachedPolicies = append(out.AttachedPolicies, attachedPolicy{PolicyName: path.Base(arn), PolicyArn: arn})
	}
	return out, nil
}

func (c *call) listRolePolicies(in roleInput) (any, error) {
	r, err := c.existing(in.RoleName)
	if err != nil {
		return nil, err
	}
	out := struct {
		PolicyNames []string `xml:"PolicyNames>member"`
		IsTruncated bool
	}{}
	if len(r.inline) > 0 {
		out.PolicyNames = []string{"inline"}
	}
	return out, nil
}
