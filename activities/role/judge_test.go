package role_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/role"
	"studio-onboarding/onboarding"
)

const (
	studioTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},` +
		`"Action":"sts:AssumeRole"}]}`
	keyDocument = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kms:CreateGrant","kms:Decrypt",` +
		`"kms:DescribeKey","kms:Encrypt","kms:GenerateDataKey*","kms:ReEncrypt*"],"Resource":"` + keyARN + `"}]}`
)

func spec(change ...func(*onboarding.Spec)) onboarding.Spec {
	s := onboarding.Spec{Name: "demo", Region: "us-east-1", Domain: onboarding.DomainSpec{ExecutionRole: newRole}}
	for _, one := range change {
		one(&s)
	}
	return s
}

func ours(change ...func(*role.Found)) role.Found {
	f := role.Found{
		Wanted: newRole, Exists: true, ARN: newRoleARN, Path: "/", MadeBy: "demo", Tags: map[string]string{"studio-onboarding:run": "demo"},
		Trust: studioTrust, Managed: []string{policyARN},
	}
	for _, one := range change {
		one(&f)
	}
	return f
}

func foreign(change ...func(*role.Found)) role.Found {
	return ours(append([]func(*role.Found){func(f *role.Found) { f.MadeBy, f.Tags = "", nil }}, change...)...)
}

func withTrust(document string) func(*role.Found) {
	return func(f *role.Found) { f.Trust = document }
}

func withInline(name, document string) func(*role.Found) {
	return func(f *role.Found) { f.Inline = append(f.Inline, role.InlinePolicy{Name: name, Document: document}) }
}

func keyed(s *onboarding.Spec) { s.Domain.KMSKey = keyARN }

// knownKey is what a look finds out of the domain's key: nothing of an alias that KMS does not resolve.
func knownKey(s onboarding.Spec) string {
	if strings.HasPrefix(s.Domain.KMSKey, "arn:") {
		return s.Domain.KMSKey
	}
	return ""
}

func tagged(s *onboarding.Spec) { s.Domain.Tags = map[string]string{"team": "ml", "cost": "42"} }

// line is a verdict in short.
func line(v onboarding.Verdict) string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", v.Kind, v.Code, v.Field))
}

func TestTheJudgeOfRoles(t *testing.T) {
	const wholeKept, policyKept, fieldKept = "keep execution-role", "keep execution-role-policies", "keep execution-role domain.executionRole"
	for name, test := range map[string]struct {
		spec  onboarding.Spec
		found role.Found
		want  []string
		// says are what the reason and remedy of the first verdict that is not kept contain.
		says []string
	}{
		"missing": {spec: spec(), found: role.Found{Wanted: newRole},
			want: []string{"create execution-role", "create execution-role-tags domain.tags", "create execution-role-policies",
				"create execution-role domain.executionRole"},
			says: []string{"SageMakerStudio-demo does not exist yet; the run creates it."}},
		"missing, with a key": {spec: spec(keyed), found: role.Found{Wanted: newRole},
			want: []string{"create execution-role", "create execution-role-tags domain.tags", "create execution-role-policies",
				"create execution-role-key domain.kmsKey", "create execution-role domain.executionRole"}},
		"ours": {spec: spec(), found: ours(), want: []string{wholeKept, "keep execution-role-tags domain.tags", policyKept, fieldKept}},
		"ours, trust lost": {spec: spec(), found: ours(withTrust(otherTrust)),
			want: []string{"change execution-role", "keep execution-role-tags domain.tags", policyKept, fieldKept},
			says: []string{newRoleARN, "does not let sagemaker.amazonaws.com assume the role; the run adds that"}},
		"ours, trust denied": {spec: spec(), found: ours(withTrust(`{"Statement":[` +
			`{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"},` +
			`{"Effect":"Deny","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:*"}]}`)),
			want: []string{"blocked execution-role"}, says: []string{"denies sagemaker.amazonaws.com to assume the role", "Remove that statement"}},
		"ours, without its policy": {spec: spec(),
			found: ours(func(f *role.Found) { f.Managed = []string{"arn:aws:iam::222222222222:policy/Own"} }),
			want:  []string{wholeKept, "keep execution-role-tags domain.tags", "create execution-role-policies", fieldKept},
			says:  []string{"does not have AmazonSageMakerFullAccess; the run attaches it"}},
		"ours, other tags": {spec: spec(tagged), found: ours(func(f *role.Found) { f.Tags["team"] = "web" }),
			want: []string{wholeKept, "change execution-role-tags domain.tags", policyKept, fieldKept}, says: []string{"lacks tags of the spec"}},
		"ours, further tags": {spec: spec(tagged), found: ours(func(f *role.Found) {
			f.Tags["team"], f.Tags["cost"], f.Tags["owner"] = "ml", "42", "ann"
		}), want: []string{wholeKept, "keep execution-role-tags domain.tags", policyKept, fieldKept}},
		"ours, without the key": {spec: spec(keyed), found: ours(),
			want: []string{wholeKept, "keep execution-role-tags domain.tags", policyKept, "create execution-role-key domain.kmsKey", fieldKept},
			says: []string{keyARN, "studio-onboarding-kms-demo"}},
		"ours, with the key": {spec: spec(keyed), found: ours(withInline("studio-onboarding-kms-demo", keyDocument)),
			want: []string{wholeKept, "keep execution-role-tags domain.tags", policyKept, "keep execution-role-key domain.kmsKey", fieldKept}},
		"ours, another key": {spec: spec(keyed),
			found: ours(withInline("studio-onboarding-kms-demo", strings.Replace(keyDocument, "1b2c", "ffff", 1))),
			want:  []string{wholeKept, "keep execution-role-tags domain.tags", policyKept, "change execution-role-key domain.kmsKey", fieldKept}},
		"ours, key not known": {spec: spec(func(s *onboarding.Spec) { s.Domain.KMSKey = "alias/studio" }), found: ours(),
			want: []string{wholeKept, "keep execution-role-tags domain.tags", policyKept, "unknown execution-role-key domain.kmsKey", fieldKept},
			says: []string{"alias/studio"}},
		"of another run": {spec: spec(tagged), found: ours(func(f *role.Found) { f.MadeBy = "other" }),
			want: []string{"adopt execution-role", "keep execution-role-tags domain.tags", policyKept, fieldKept}},
		"of another run, without policy and trust": {spec: spec(),
			found: ours(withTrust(otherTrust), func(f *role.Found) { f.MadeBy, f.Managed = "other", nil }),
			want:  []string{"change execution-role", "create execution-role-policies", fieldKept}},
		"ours, given by ARN": {spec: spec(tagged, keyed, func(s *onboarding.Spec) { s.Domain.ExecutionRole = newRoleARN }),
			found: ours(func(f *role.Found) { f.Wanted, f.Managed = newRoleARN, nil }),
			want: []string{wholeKept, "keep execution-role-tags domain.tags", "warning execution-role-policies",
				"warning execution-role-key domain.kmsKey", fieldKept}},
		"ours, given by ARN, trust lost": {spec: spec(func(s *onboarding.Spec) { s.Domain.ExecutionRole = newRoleARN }),
			found: ours(withTrust(otherTrust), func(f *role.Found) { f.Wanted = newRoleARN }), want: []string{"blocked execution-role"}},
		"adopted": {spec: spec(), found: foreign(), want: []string{"adopt execution-role", policyKept, fieldKept}},
		"adopted, other tags": {spec: spec(tagged), found: foreign(),
			want: []string{"adopt execution-role", "keep execution-role-tags domain.tags", policyKept, fieldKept}},
		"adopted, does not trust": {spec: spec(), found: foreign(withTrust(otherTrust)), want: []string{"blocked execution-role"},
			says: []string{"The trust policy of " + newRoleARN + " does not let sagemaker.amazonaws.com assume the role.",
				`Add {"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"} to its trust policy`}},
		"adopted, unreadable trust": {spec: spec(), found: foreign(withTrust("?")),
			want: []string{"adopt execution-role", "warning execution-role", policyKept, fieldKept}},
		"adopted, without policies": {spec: spec(), found: foreign(func(f *role.Found) { f.Managed = nil }),
			want: []string{"adopt execution-role", "warning execution-role-policies", fieldKept},
			says: []string{"people sign in, and their notebooks may be allowed nothing", "Attach AmazonSageMakerFullAccess"}},
		"adopted, policies not seen": {spec: spec(), found: foreign(func(f *role.Found) {
			f.Managed, f.ManagedTrouble = nil, &onboarding.Trouble{Class: "Denied", Operation: "iam:ListAttachedRolePolicies"}
		}), want: []string{"adopt execution-role", "unknown execution-role-policies", fieldKept}},
		"adopted, key not seen": {spec: spec(keyed), found: foreign(withInline("own", strings.Replace(keyDocument, `"kms:CreateGrant",`, "", 1))),
			want: []string{"adopt execution-role", policyKept, "warning execution-role-key domain.kmsKey", fieldKept},
			says: []string{"allows kms:CreateGrant on the key " + keyARN, "A managed policy may", `"Resource":"` + keyARN + `"`}},
		"adopted, key allowed": {spec: spec(keyed),
			found: foreign(withInline("own", `{"Statement":{"Effect":"Allow","Action":"KMS:*","Resource":"arn:aws:kms:*:222222222222:key/*"}}`)),
			want:  []string{"adopt execution-role", policyKept, "keep execution-role-key domain.kmsKey", fieldKept}},
		"adopted, inline policies not seen": {spec: spec(keyed), found: foreign(func(f *role.Found) {
			f.InlineTrouble = &onboarding.Trouble{Class: "Denied", Operation: "iam:ListRolePolicies"}
		}), want: []string{"adopt execution-role", policyKept, "warning execution-role-key domain.kmsKey", fieldKept},
			says: []string{"iam:ListRolePolicies"}},
		"ARN of no role": {spec: spec(func(s *onboarding.Spec) { s.Domain.ExecutionRole = foreignARN }), found: role.Found{Wanted: foreignARN},
			want: []string{"blocked execution-role"}, says: []string{"The Studio account has no role " + foreignARN + "."}},
		"ARN with another path": {spec: spec(func(s *onboarding.Spec) { s.Domain.ExecutionRole = foreignARN }),
			found: foreign(func(f *role.Found) {
				f.Wanted, f.ARN = foreignARN, strings.Replace(foreignARN, "role/", "role/team/", 1)
			}),
			want: []string{"blocked execution-role"}},
		"not looked at": {spec: spec(), found: role.Found{Wanted: newRole, Trouble: &onboarding.Trouble{Class: "Denied",
			Operation: "iam:GetRole", Message: "no", Remedy: "allow it"}},
			want: []string{"blocked execution-role"}, says: []string{"iam:GetRole: no", "allow it"}},
	} {
		t.Run(name, func(t *testing.T) {
			verdicts := role.Judge(test.spec, role.State{
				Account: "222222222222", Partition: "aws", KMSKey: knownKey(test.spec), Roles: []role.Found{test.found},
			})
			var got []string
			said := ""
			for _, v := range verdicts {
				got = append(got, line(v))
				require.NotEmpty(t, v.Reason, "%+v", v)
				require.NotEmpty(t, v.Subject, "%+v", v)
				require.LessOrEqual(t, len(v.Reason), 1024)
				if v.Kind == onboarding.VerdictBlocked || v.Kind == onboarding.VerdictWarning {
					require.NotEmpty(t, v.Remedy, "%+v", v)
				}
				if v.Kind != onboarding.VerdictKeep && v.Kind != onboarding.VerdictAdopt && said == "" {
					said = v.Reason + " " + v.Remedy
				}
			}
			require.Equal(t, test.want, got)
			for _, part := range test.says {
				require.Contains(t, said, part)
			}
		})
	}
}

// Settings of the domain want more of trust policies.
func TestTrustFollowsTheSettingsOfTheDomain(t *testing.T) {
	judged := func(found role.Found) onboarding.Verdict {
		return role.Judge(spec(), role.State{SourceIdentity: true, IdentityPropagation: true, Roles: []role.Found{found}})[0]
	}
	v := judged(ours())
	require.Equal(t, onboarding.VerdictChange, v.Kind)
	require.Equal(t, "does not allow sts:SetSourceIdentity and sts:SetContext", v.Have)
	require.Equal(t, "allows sts:AssumeRole and sts:SetSourceIdentity and sts:SetContext to sagemaker.amazonaws.com", v.Want)
	v = judged(foreign())
	require.Equal(t, onboarding.VerdictBlocked, v.Kind)
	require.Equal(t, "The trust policy of "+newRoleARN+" does not let sagemaker.amazonaws.com sts:SetSourceIdentity and sts:SetContext, "+
		"which the domain's settings need.", v.Reason)
	require.Contains(t, v.Remedy,
		`Add {"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":["sts:SetSourceIdentity","sts:SetContext"]}`)
	require.Equal(t, onboarding.VerdictAdopt,
		judged(foreign(withTrust(strings.Replace(studioTrust, `"sts:AssumeRole"`, `["sts:AssumeRole","sts:Set*"]`, 1)))).Kind)
}

func TestTagsAreShownAsTheyAreAndAsTheyWillBe(t *testing.T) {
	found := ours(func(f *role.Found) { f.Tags["team"], f.Tags["owner"] = "web", "ann" })
	for _, v := range role.Judge(spec(tagged), role.State{Roles: []role.Found{found}}) {
		if v.Field == "domain.tags" {
			require.Equal(t, "team=web", v.Have)
			require.Equal(t, "cost=42, team=ml", v.Want)
		}
	}
}

func TestTrustPoliciesAreReadAsPeopleWriteThem(t *testing.T) {
	admits := func(document string) bool {
		return role.Judge(spec(), role.State{Roles: []role.Found{foreign(withTrust(document))}})[0].Kind == onboarding.VerdictAdopt
	}
	for document, want := range map[string]bool{
		studioTrust: true,
		`{"Statement":{"Effect":"Allow","Principal":{"Service":["a.amazonaws.com","sagemaker.amazonaws.com"]},"Action":["sts:AssumeRole",` +
			`"sts:SetContext"]}}`: true,
		`{"Statement":{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:assume*","Condition":{` +
			`"StringEquals":{"aws:SourceAccount":"222222222222"}}}}`: true,
		`{"Statement":[{"Effect":"Allow","Principal":{"Service":7},"Action":"x"},{"Effect":"Allow","Principal":{` +
			`"Service":"sagemaker.amazonaws.com"},"Action":"*"}]}`: true,
		`{"Statement":[{"Effect":"Deny","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"*","Condition":{"Bool":{"a":"b"}}},` +
			`{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"*"}]}`: true,
		otherTrust: false,
		`{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}`:                                      false,
		`{"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:root"},"Action":"sts:AssumeRole"}}`: false,
		`{"Statement":{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:TagSession"}}`:    false,
	} {
		require.Equal(t, want, admits(document), document)
	}
}

func TestEveryFieldThatNamesARoleIsCompared(t *testing.T) {
	s := spec(func(s *onboarding.Spec) {
		s.Access.Groups = []onboarding.GroupAccessSpec{{Name: "a", ExecutionRole: foreignARN}, {Name: "b"}}
		s.Access.People = []onboarding.PersonAccessSpec{{Login: "ann@example.com", ExecutionRole: foreignARN},
			{Login: "bob@example.com", ExecutionRole: "New"}}
	})
	adopted := foreign(func(f *role.Found) { f.Wanted, f.ARN = foreignARN, foreignARN })
	state := role.State{Account: "222222222222", Partition: "aws", Roles: []role.Found{ours(), adopted, {Wanted: "New"}}}
	fields := map[string][]string{}
	for _, v := range role.Judge(s, state) {
		if v.Code == role.CodeRole && v.Field != "" {
			fields[v.Field] = append(fields[v.Field], fmt.Sprintf("%s %s → %s", v.Kind, v.Have, v.Want))
		}
	}
	require.Equal(t, map[string][]string{
		"domain.executionRole":          {"keep " + newRoleARN + " → " + newRole},
		"access.groups[].executionRole": {"keep " + foreignARN + " → " + foreignARN},
		"access.people[].executionRole": {"keep " + foreignARN + " → " + foreignARN, "create  → New"},
	}, fields)
	require.Equal(t, map[string]string{
		newRole: newRoleARN, foreignARN: foreignARN, "New": "arn:aws:iam::222222222222:role/New",
	}, state.ARNs())
}
