package role

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

const (
	studioService = "sagemaker.amazonaws.com"
	assume        = "sts:AssumeRole"
	// setSource and setContext are what further settings of the domain want of trust policies (SageMaker Developer Guide, "Monitor
	// user resource access with sourceIdentity" and "Trusted identity propagation").
	setSource  = "sts:SetSourceIdentity"
	setContext = "sts:SetContext"
	// managedPolicy is the managed policy that the console attaches, below the partition's aws account.
	managedPolicy = "AmazonSageMakerFullAccess"
)

// trustStatement lets SageMaker do something with a role: assume it, at least (SageMaker Developer Guide, "How to use SageMaker AI
// execution roles").
func trustStatement(actions []string) string {
	action := `"` + strings.Join(actions, `","`) + `"`
	if len(actions) > 1 {
		action = "[" + action + "]"
	}
	return `{"Effect":"Allow","Principal":{"Service":"` + studioService + `"},"Action":` + action + `}`
}

// trustPolicy is the trust policy of a new execution role.
func trustPolicy(actions []string) string {
	return `{"Version":"2012-10-17","Statement":[` + trustStatement(actions) + `]}`
}

// trust is what a trust policy says of SageMaker.
type trust struct {
	readable bool
	// missing are the actions that it does not allow, and denied those that it denies.
	missing, denied []string
}

// statement is a statement of a policy, as far as it is judged here. Conditions are not.
type statement struct {
	Effect    string
	Action    oneOrMore[string]
	Resource  oneOrMore[string]
	Principal principals
	Condition json.RawMessage
}

// statementsOf reads the statements of a policy; one that cannot be read says nothing. It is false for what is no policy.
func statementsOf(document string) ([]statement, bool) {
	var policy struct{ Statement oneOrMore[json.RawMessage] }
	if json.Unmarshal([]byte(document), &policy) != nil || len(policy.Statement) == 0 {
		return nil, false
	}
	var statements []statement
	for _, raw := range policy.Statement {
		var one statement
		if json.Unmarshal(raw, &one) == nil {
			statements = append(statements, one)
		}
	}
	return statements, true
}

// trustOf judges a trust policy by the actions that SageMaker has to be allowed.
func trustOf(document string, actions []string) trust {
	statements, readable := statementsOf(document)
	said := trust{readable: readable}
	if !readable {
		return said
	}
	for _, action := range actions {
		names := func(effect string) bool {
			return slices.ContainsFunc(statements, func(s statement) bool {
				return s.Effect == effect && (effect == "Allow" || s.Condition == nil) &&
					slices.Contains(s.Principal.Service, studioService) && matches(s.Action, action)
			})
		}
		switch {
		case names("Deny"):
			said.denied = append(said.denied, action)
		case !names("Allow"):
			said.missing = append(said.missing, action)
		}
	}
	return said
}

// trustWith is a trust policy that allows SageMaker these actions, and everybody else what it allowed before.
func trustWith(document string, actions []string) string {
	var policy map[string]json.RawMessage
	var statements oneOrMore[json.RawMessage]
	if json.Unmarshal([]byte(document), &policy) != nil || json.Unmarshal(policy["Statement"], &statements) != nil {
		return trustPolicy(actions)
	}
	missing := trustOf(document, actions).missing
	all, err := json.Marshal([]json.RawMessage(append(statements, json.RawMessage(trustStatement(missing)))))
	if err != nil {
		return trustPolicy(actions)
	}
	policy["Statement"] = all
	merged, err := json.Marshal(policy)
	if err != nil {
		return trustPolicy(actions)
	}
	return string(merged)
}

// keyPolicy is the name of the inline policy for the domain's key. It has the run in it, so that two runs with one role and
// two keys do not take turns.
func keyPolicy(run string) string { return "studio-onboarding-kms-" + run }

// keyStatement is what people's execution roles need of the key of the domain's volumes, beyond AmazonSageMakerFullAccess: without
// kms:CreateGrant alone, notebooks don't start (github.com/data-dot-all/dataall, issue 326).
func keyStatement(key string) string {
	return `{"Effect":"Allow","Action":["kms:CreateGrant","kms:Decrypt","kms:DescribeKey","kms:Encrypt",` +
		`"kms:GenerateDataKey*","kms:ReEncrypt*"],"Resource":"` + key + `"}`
}

// keyDocument is the inline policy for the domain's key.
func keyDocument(key string) string {
	return `{"Version":"2012-10-17","Statement":[` + keyStatement(key) + `]}`
}

// keyActions are the actions behind the wildcards of keyStatement that Studio is known to use.
func keyActions() []string {
	return []string{
		"kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext",
		"kms:ReEncryptFrom", "kms:ReEncryptTo",
	}
}

// lacking are the actions on a key that no inline policy allows.
func lacking(policies []InlinePolicy, key string) []string {
	return slices.DeleteFunc(keyActions(), func(action string) bool {
		return slices.ContainsFunc(policies, func(policy InlinePolicy) bool {
			statements, _ := statementsOf(policy.Document)
			return slices.ContainsFunc(statements, func(s statement) bool {
				return s.Effect == "Allow" && matches(s.Action, action) &&
					slices.ContainsFunc(s.Resource, func(pattern string) bool { return wildcard(pattern, key) })
			})
		})
	})
}

// sameJSON compares documents, whatever their blanks and the order of their fields.
func sameJSON(a, b string) bool {
	var left, right any
	return json.Unmarshal([]byte(a), &left) == nil && json.Unmarshal([]byte(b), &right) == nil && reflect.DeepEqual(left, right)
}

// oneOrMore is IAM's way to write lists: a list with one element may stand for itself.
type oneOrMore[T any] []T

// UnmarshalJSON reads either form.
func (l *oneOrMore[T]) UnmarshalJSON(data []byte) error {
	var many []T
	if json.Unmarshal(data, &many) == nil {
		*l = many
		return nil
	}
	var one T
	if err := json.Unmarshal(data, &one); err != nil {
		return err
	}
	*l = oneOrMore[T]{one}
	return nil
}

// matches says whether one of the patterns of a list of actions matches an action.
func matches(patterns []string, action string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		return wildcard(strings.ToLower(pattern), strings.ToLower(action))
	})
}

// principals is the Principal of a statement: an object, or "*", which names no service.
type principals struct{ Service oneOrMore[string] }

// UnmarshalJSON reads either form.
func (p *principals) UnmarshalJSON(data []byte) error {
	var everybody string
	if json.Unmarshal(data, &everybody) == nil {
		return nil
	}
	type fields principals
	return json.Unmarshal(data, (*fields)(p))
}

// wildcard matches * with any text, and ? with one character, as IAM does.
func wildcard(pattern, text string) bool {
	for pattern != "" {
		if pattern[0] == '*' {
			for i := range len(text) + 1 {
				if wildcard(pattern[1:], text[i:]) {
					return true
				}
			}
			return false
		}
		if text == "" || pattern[0] != '?' && pattern[0] != text[0] {
			return false
		}
		pattern, text = pattern[1:], text[1:]
	}
	return text == ""
}
