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
	// partition stands in its ARN.
	partition                            string
	account, name, path, id, description string
	trust                                string
	maxSession                           int
	created                              time.Time
	// usable is when the trust policy has reached the services.
	usable   time.Time
	attached []string
	inline   []inlinePolicy
	// boundary is the ARN of the permissions boundary. It is shown, and doesn't bound anything here.
	boundary string
	tags     []tag
}

// inlinePolicy is a policy that belongs to one role.
type inlinePolicy struct {
	name, document string
	parsed         *Policy
}

// tag is a tag as IAM and SageMaker write it.
type tag struct{ Key, Value string }

func (r *role) arn() string {
	return fmt.Sprintf("arn:%s:iam::%s:role%s%s", r.partition, r.account, r.path, r.name)
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
		"CreateRole": on((*call).createRole), "GetRole": on((*call).getRole), "ListRoles": on((*call).listRoles), "UpdateRole": on((*call).updateRole),
		"UpdateRoleDescription": on((*call).updateRoleDescription), "DeleteRole": on((*call).deleteRole),
		"UpdateAssumeRolePolicy": on((*call).updateAssumeRolePolicy), "ListInstanceProfilesForRole": on((*call).listInstanceProfiles),
		"TagRole": on((*call).tagRole), "UntagRole": on((*call).untagRole), "ListRoleTags": on((*call).listRoleTags),
		"AttachRolePolicy": on((*call).attachRolePolicy), "DetachRolePolicy": on((*call).detachRolePolicy),
		"ListAttachedRolePolicies": on((*call).listAttachedRolePolicies), "ListRolePolicies": on((*call).listRolePolicies),
		"GetRolePolicy": on((*call).getRolePolicy), "PutRolePolicy": on((*call).putRolePolicy), "DeleteRolePolicy": on((*call).deleteRolePolicy),
		"PutRolePermissionsBoundary":    on((*call).putBoundary),
		"DeleteRolePermissionsBoundary": on((*call).deleteBoundary),
		"CreateServiceLinkedRole":       on((*call).createLinkedRole), "DeleteServiceLinkedRole": on((*call).deleteLinkedRole),
		"GetServiceLinkedRoleDeletionStatus": on((*call).linkedRoleDeletion),
		"CreatePolicy":                       on((*call).createPolicy), "GetPolicy": on((*call).getPolicy), "DeletePolicy": on((*call).deletePolicy),
		"ListPolicies": on((*call).listPolicies), "ListEntitiesForPolicy": on((*call).listEntities),
		"TagPolicy": on((*call).tagPolicy), "UntagPolicy": on((*call).untagPolicy), "ListPolicyTags": on((*call).listPolicyTags),
		"CreatePolicyVersion": on((*call).createPolicyVersion), "GetPolicyVersion": on((*call).getPolicyVersion),
		"DeletePolicyVersion": on((*call).deletePolicyVersion), "ListPolicyVersions": on((*call).listPolicyVersions),
		"SetDefaultPolicyVersion": on((*call).setDefaultVersion), "GetUser": on((*call).getUser), "ListAccountAliases": on((*call).listAccountAliases),
		"SimulatePrincipalPolicy": on((*call).simulatePrincipalPolicy),
	}
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

// without tags of these keys.
func untagged(there []tag, keys []string) []tag {
	return slices.DeleteFunc(slices.Clone(there), func(t tag) bool { return slices.Contains(keys, t.Key) })
}

// notThere, exists and conflicting are IAM's errors with their HTTP statuses.
func notThere(format string, args ...any) *apiError {
	return failure("NoSuchEntity", format, args...).with(http.StatusNotFound)
}

func exists(format string, args ...any) *apiError {
	return failure("EntityAlreadyExists", format, args...).with(http.StatusConflict)
}

func conflicting(format string, args ...any) *apiError {
	return failure("DeleteConflict", format, args...).with(http.StatusConflict)
}

func limited(format string, args ...any) *apiError {
	return failure("LimitExceeded", format, args...).with(http.StatusConflict)
}

// escapedDocument writes a policy as IAM does: percent-encoded as RFC 3986 says.
func escapedDocument(document string) string {
	return strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
}

// trimmed is what lists of IAM end with.
type trimmed struct {
	IsTruncated bool
	Marker      string `xml:",omitempty"`
}
