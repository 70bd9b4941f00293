package awsworld

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Policy is an identity policy (IAM User Guide, "IAM JSON policy elements reference"), with the elements that this world
// knows: Action and Resource with the wildcards * and ?, and a few condition operators.
type Policy struct {
	Version   string                     `json:"Version"`
	ID        string                     `json:"Id,omitempty"`
	Statement oneOrMore[policyStatement] `json:"Statement"`
}

type policyStatement struct {
	Sid       string                                  `json:"Sid,omitempty"`
	Effect    string                                  `json:"Effect"`
	Action    oneOrMore[string]                       `json:"Action"`
	Resource  oneOrMore[string]                       `json:"Resource"`
	Condition map[string]map[string]oneOrMore[string] `json:"Condition,omitempty"`
}

// UnmarshalJSON refuses elements that this world does not know: leaving one out could allow more than it should.
func (s *policyStatement) UnmarshalJSON(data []byte) error {
	type plain policyStatement
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	return decoder.Decode((*plain)(s))
}

// SetPolicies replaces what users and roles may do, by their ARN: from then on, the policy decides and nothing else. A
// policy of null gives back what the principal had at the beginning. On an error nothing has changed.
func (w *World) SetPolicies(policies map[string]json.RawMessage) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	read := map[string]*Policy{}
	for arn, document := range policies {
		if !w.isPrincipal(arn) {
			return fmt.Errorf("there is no user or role %s", arn)
		}
		if bytes.Equal(bytes.TrimSpace(document), []byte("null")) {
			read[arn] = nil
			continue
		}
		policy, err := readPolicy(document)
		if err != nil {
			return fmt.Errorf("the policy of %s: %w", arn, err)
		}
		read[arn] = policy
	}
	for arn, policy := range read {
		if policy == nil {
			delete(w.policies, arn)
			continue
		}
		w.policies[arn] = policy
	}
	return nil
}

func (w *World) isPrincipal(arn string) bool {
	if w.roleByARN(arn) != nil {
		return true
	}
	for _, p := range w.principals {
		if p.role == nil && p.arn == arn {
			return true
		}
	}
	return false
}

// readPolicy refuses what it would not enforce as AWS does.
func readPolicy(document []byte) (*Policy, error) {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.DisallowUnknownFields()
	var policy Policy
	if err := decoder.Decode(&policy); err != nil {
		return nil, err
	}
	if policy.Version != "2012-10-17" {
		return nil, fmt.Errorf("its Version is %q; this world takes 2012-10-17", policy.Version)
	}
	for i, statement := range policy.Statement {
		switch {
		case statement.Effect != "Allow" && statement.Effect != "Deny":
			return nil, fmt.Errorf("statement %d has the Effect %q", i, statement.Effect)
		case len(statement.Action) == 0 || len(statement.Resource) == 0:
			return nil, fmt.Errorf("statement %d has no Action or no Resource", i)
		}
		for operator := range statement.Condition {
			if operators[operator] == nil {
				return nil, fmt.Errorf("statement %d has the condition operator %s, which this world does not know", i, operator)
			}
		}
	}
	return &policy, nil
}

// operators are the condition operators (IAM User Guide, "IAM JSON policy elements: Condition operators"). The values of a
// request are empty where it has no such key.
var operators = map[string]func(wanted, got []string) bool{
	"StringEquals":             anyOf(func(pattern, s string) bool { return pattern == s }),
	"StringLike":               anyOf(wildcard),
	"ArnEquals":                anyOf(wildcard),
	"ArnLike":                  anyOf(wildcard),
	"ForAnyValue:StringEquals": anyOf(func(pattern, s string) bool { return pattern == s }),
}

func anyOf(fits func(pattern, s string) bool) func(wanted, got []string) bool {
	return func(wanted, got []string) bool {
		return slices.ContainsFunc(got, func(value string) bool {
			return slices.ContainsFunc(wanted, func(pattern string) bool { return fits(pattern, value) })
		})
	}
}

// wildcard matches * with any text, also over : and /, and ? with one character.
func wildcard(pattern, s string) bool {
	for pattern != "" {
		switch {
		case pattern[0] == '*':
			for i := 0; i <= len(s); i++ {
				if wildcard(pattern[1:], s[i:]) {
					return true
				}
			}
			return false
		case s == "", pattern[0] != '?' && pattern[0] != s[0]:
			return false
		}
		pattern, s = pattern[1:], s[1:]
	}
	return s == ""
}

// verdict is what a policy says about an action.
type verdict int

const (
	notAllowed verdict = iota
	allowed
	denied
)

func (p *Policy) decide(action, resource string, about map[string][]string) verdict {
	result := notAllowed
	for _, statement := range p.Statement {
		if !statement.covers(action, resource, about) {
			continue
		}
		if statement.Effect == "Deny" {
			return denied
		}
		result = allowed
	}
	return result
}

func (s policyStatement) covers(action, resource string, about map[string][]string) bool {
	named := slices.ContainsFunc(s.Action, func(pattern string) bool { return wildcard(strings.ToLower(pattern), strings.ToLower(action)) })
	if !named || !slices.ContainsFunc(s.Resource, func(pattern string) bool { return wildcard(pattern, resource) }) {
		return false
	}
	for operator, keys := range s.Condition {
		for key, wanted := range keys {
			if !operators[operator](wanted, about[key]) {
				return false
			}
		}
	}
	return true
}

// authorize checks an action that is a call, or part of one, against the caller's policy.
func (c *call) authorize(action, resource string) error {
	switch c.decide(action, resource) {
	case allowed:
		return nil
	case denied:
		reason := c.denied(action, resource)
		reason.message, _, _ = strings.Cut(reason.message, " because no identity-based policy")
		reason.message += " with an explicit deny in an identity-based policy"
		return reason
	}
	return c.denied(action, resource)
}

// decide asks the policy that was set for the caller, or else all that the caller has from the beginning and by its role.
func (c *call) decide(action, resource string) verdict {
	return c.decideWith(action, c.scopeOf(action, resource), c.about(action))
}

// decideWith is decide with the condition keys of a request.
func (c *call) decideWith(action, resource string, keys map[string][]string) verdict {
	policies := []*Policy{c.world.policies[c.principal.policyOf()]}
	result := notAllowed
	if policies[0] == nil {
		policies = nil
		if c.principal.may(action) {
			result = allowed
		}
		if c.principal.role != nil {
			policies = c.world.policiesOf(c.principal.role)
		}
	}
	for _, policy := range policies {
		if said := policy.decide(action, resource, keys); said > result {
			result = said
		}
	}
	return result
}

// policyOf is the ARN whose policies a principal has: a session has those of its role.
func (p *principal) policyOf() string {
	if p.role != nil {
		return p.role.arn()
	}
	return p.arn
}

// scopeOf is the resource that an action is checked against. Lists, and what is not about one thing, are checked against *
// (Service Authorization Reference); secrets against their ARN.
func (c *call) scopeOf(action, resource string) string {
	service, operation, _ := strings.Cut(action, ":")
	switch {
	case service == "sagemaker" && strings.HasPrefix(operation, "List") && operation != "ListTags":
		return "*"
	case service == "secretsmanager" && strings.HasPrefix(c.params["SecretId"], "arn:"):
		return c.params["SecretId"]
	}
	return resource
}

// about are the condition keys of a request.
func (c *call) about(action string) map[string][]string {
	keys := map[string][]string{"aws:RequestedRegion": {c.region}}
	switch service, _, _ := strings.Cut(action, ":"); {
	case action == "iam:PassRole":
		keys["iam:PassedToService"] = []string{c.service + ".amazonaws.com"}
	case action == "iam:CreateServiceLinkedRole":
		keys["iam:AWSServiceName"] = []string{c.service + ".amazonaws.com"}
	case service == "iam" && c.params["PolicyArn"] != "":
		keys["iam:PolicyARN"] = []string{c.params["PolicyArn"]}
	case service == "sagemaker":
		for _, tag := range c.tagsOf() {
			keys["aws:ResourceTag/"+tag.Key] = []string{tag.Value}
		}
	case service == "kms":
		key := c.key
		if c.service == "kms" {
			key = c.params["KeyId"]
		} else {
			keys["kms:ViaService"] = []string{c.service + "." + c.region + "." + partitionOf(c.region).suffix}
		}
		if alias, ok := keyAlias(key); ok {
			keys["kms:ResourceAliases"] = []string{alias}
		}
	}
	return keys
}

// tagsOf are the tags of the domain or profile that a call names.
func (c *call) tagsOf() []tag {
	d, err := c.domain(c.params["DomainId"])
	switch {
	case err != nil:
		return nil
	case c.params["UserProfileName"] == "":
		return d.tags
	}
	if p := c.world.profile(d, c.params["UserProfileName"]); p != nil {
		return p.tags
	}
	return nil
}

// authorizeDependents checks the actions that an operation needs besides its own (Service Authorization Reference,
// "Dependent actions"): tagging what is created, and using the KMS key that is named.
func (c *call) authorizeDependents(input map[string]any) error {
	if tags, ok := input["Tags"].([]any); ok && len(tags) > 0 && strings.HasPrefix(c.operation, "Create") {
		switch c.service {
		case "sagemaker":
			if err := c.authorizePart("sagemaker", "AddTags", c.resource()); err != nil {
				return err
			}
		case "iam":
			if err := c.authorizePart("iam", "TagRole", c.resource()); err != nil {
				return err
			}
		}
	}
	key, _ := input["KmsKeyId"].(string)
	if c.action != "sagemaker:CreateDomain" || key == "" {
		return nil
	}
	c.key = key
	for _, operation := range []string{"DescribeKey", "CreateGrant", "Decrypt", "GenerateDataKeyWithoutPlaintext"} {
		if err := c.authorizePart("kms", operation, c.keyARN(key)); err != nil {
			return err
		}
	}
	if input["HomeEfsFileSystemCreation"] != "Disabled" {
		return c.authorizePart("elasticfilesystem", "CreateFileSystem", "*")
	}
	return nil
}

// keyARN is the ARN of a key that is named by ARN, ID or alias, whether there is one or not.
func (c *call) keyARN(key string) string {
	if k := c.keyNamed(key); k != nil {
		return k.arn
	}
	if alias, ok := keyAlias(key); ok {
		return c.world.arn("kms", c.region, c.account, alias)
	}
	if strings.HasPrefix(key, "arn:") {
		return key
	}
	return c.world.arn("kms", c.region, c.account, "key/"+key)
}

func keyAlias(key string) (string, bool) {
	if at := strings.Index(key, "alias/"); at >= 0 {
		return key[at:], true
	}
	return "", false
}

// Policies serves POST: a JSON object of policies by the ARN of a user or role. Refusals are plain text.
func (w *World) Policies() http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var policies map[string]json.RawMessage
		err := json.NewDecoder(http.MaxBytesReader(rw, r.Body, maxBody)).Decode(&policies)
		if err == nil {
			err = w.SetPolicies(policies)
		}
		if err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		rw.Header().Set("Content-Type", "application/json")
		_, _ = rw.Write([]byte("{}\n")) // the client is gone when this fails
	})
}
