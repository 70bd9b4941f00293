package domain

import (
	"encoding/json"
	"fmt"
	"strings"

	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// runTag is the tag on everything that a run creates; its value is the run's name (provider.RunTag).
const runTag = "studio-onboarding:run"

// key judges the KMS key of the domain's volumes, which is chosen once and for ever.
func (j *judgement) key() {
	want, have := j.spec.Domain.KMSKey, j.existing().KMSKey
	f := field{path: "domain.kmsKey", code: codeKey, what: "KMS key", have: j.keyName(have), want: want, standard: "the AWS managed key",
		forever: "The key of a domain cannot be changed."}
	if want == "" {
		j.compare(f)
		return
	}
	wanted := j.state.Keys[want]
	same, known := j.sameKey(have, want)
	switch {
	case j.there == nil && j.unfit(f, wanted):
		return
	case j.there != nil && have != "" && !known:
		j.add(onboarding.Verdict{Kind: onboarding.VerdictWarning, Field: f.path, Code: f.code, Have: have, Want: want,
			Reason: fmt.Sprintf("Whether %s is the key of the domain, %s, could not be looked at. "+
				"A domain's key cannot be changed, and the run leaves it as it is.", want, have),
			Remedy: "Allow kms:DescribeKey, or write the key's ARN into domain.kmsKey as the domain has it."})
		return
	}
	f.same = same
	j.compare(f)
	if j.there == nil || same {
		j.keyPolicy(want, wanted)
	}
}

// keyName is a key by its ARN where that is known.
func (j *judgement) keyName(name string) string {
	if key := j.state.Keys[name]; key.ARN != "" {
		return key.ARN
	}
	return name
}

// sameKey compares keys by what their names stand for; known is false where an alias could not be resolved.
func (j *judgement) sameKey(have, want string) (same, known bool) {
	id := func(name string) (string, bool) {
		if key := j.state.Keys[name]; key.ARN != "" {
			name = key.ARN
		}
		return name[strings.LastIndex(name, "/")+1:], !strings.Contains(name, "alias/")
	}
	one, oneKnown := id(have)
	other, otherKnown := id(want)
	known = have == want || oneKnown && otherKnown || j.state.Keys[want].missing()
	return have == want || oneKnown && otherKnown && one == other, known
}

func (k Key) missing() bool { return k.Trouble != nil && k.Trouble.Class == string(fault.NotFound) }

// unfit says whether a new domain, or notebook sharing, can't have that key, and why.
func (j *judgement) unfit(f field, key Key) bool {
	another := "give " + f.path + " another value in the spec; then retry."
	v := onboarding.Verdict{Kind: onboarding.VerdictBlocked, Field: f.path, Code: f.code, Have: f.have, Want: f.want,
		Remedy: "G" + another[1:]}
	region, account := arnPart(key.ARN, arnRegion), arnPart(key.ARN, arnAccount)
	switch {
	case key.missing():
		v.Reason = fmt.Sprintf("There is no KMS key %s in %s.", f.want, j.spec.Region)
		v.Remedy = "Create it, or " + another
	case key.Trouble != nil: // nobody looked; AWS will, when the key is used
		j.add(onboarding.Verdict{Kind: onboarding.VerdictUnknown, Code: f.code, Want: f.want,
			Reason: fmt.Sprintf("The KMS key %s: not looked at: %s", f.want, key.Trouble.Text())})
		return false
	case key.Status != "" && key.Status != "Enabled":
		v.Reason = fmt.Sprintf("The KMS key %s is %s, so that nothing can be encrypted with it.", f.want, key.Status)
		v.Remedy = "Enable it (cancel its deletion first where it is pending), or " + another
	case key.Spec != "" && key.Spec != "SYMMETRIC_DEFAULT" || key.Usage != "" && key.Usage != "ENCRYPT_DECRYPT":
		v.Reason = fmt.Sprintf("The KMS key %s has the key spec %s and the usage %s; SageMaker takes symmetric keys for encryption only "+
			"(SYMMETRIC_DEFAULT, ENCRYPT_DECRYPT).", f.want, key.Spec, key.Usage)
	case region != "" && region != j.spec.Region:
		v.Reason = fmt.Sprintf("The KMS key %s is in %s, and the domain in %s.", f.want, region, j.spec.Region)
	default:
		if account != "" && j.state.Account != "" && account != j.state.Account {
			j.add(onboarding.Verdict{Kind: onboarding.VerdictWarning, Code: f.code, Want: f.want,
				Reason: fmt.Sprintf("The KMS key %s belongs to the account %s, and the domain to %s: "+
					"it works only as long as its policy lets that account use it.", f.want, account, j.state.Account),
				Remedy: "Let the key policy allow the Studio account and its execution roles."})
		}
		return false
	}
	j.add(v)
	return true
}

// keyPolicy: people's notebooks start only if the key policy lets their execution role use the key, or leaves that to IAM.
func (j *judgement) keyPolicy(name string, key Key) {
	v := onboarding.Verdict{Kind: onboarding.VerdictKeep, Code: codeKeyPolicy, Have: key.ARN}
	role := j.state.ExecutionRoleARN
	switch {
	case key.Trouble != nil:
		return
	case key.Status != "" && key.Status != "Enabled":
		v.Kind = onboarding.VerdictWarning
		v.Reason = fmt.Sprintf("The KMS key %s is %s, so that nobody's volumes can be used.", name, key.Status)
		v.Remedy = "Enable the key, or cancel its deletion."
	case key.AWSManaged:
		v.Kind = onboarding.VerdictWarning
		v.Reason = fmt.Sprintf("The KMS key %s is one that AWS manages, and whose policy nobody can change: "+
			"execution roles may not be able to use it.", name)
		v.Remedy = "Use a customer managed key, or leave domain.kmsKey out."
	case key.Policy == "":
		v.Kind = onboarding.VerdictUnknown
		v.Reason = fmt.Sprintf("The policy of the KMS key %s could not be read; whether it lets execution roles use the key is not known.", name)
	case leavesToIAM(key.Policy, arnPart(key.ARN, arnAccount)):
		v.Reason = fmt.Sprintf("The policy of the KMS key %s leaves it to IAM who may use the key.", name)
	case role != "" && strings.Contains(key.Policy, `"`+role+`"`):
		v.Reason = fmt.Sprintf("The policy of the KMS key %s names the execution role.", name)
	default:
		v.Kind = onboarding.VerdictWarning
		v.Reason = fmt.Sprintf("The policy of the KMS key %s neither leaves it to IAM who may use the key nor names the execution role, "+
			"so that notebooks may not start.", name)
		v.Remedy = "Let the key policy allow the execution roles kms:CreateGrant, kms:Decrypt, kms:DescribeKey, kms:Encrypt, " +
			"kms:GenerateDataKey* and kms:ReEncrypt*."
	}
	j.add(v)
}

// leavesToIAM says whether a key policy allows the whole account everything, as the default one does.
func leavesToIAM(policy, account string) bool {
	var document struct {
		Statement []struct {
			Effect            string
			Principal, Action any
		}
	}
	if err := json.Unmarshal([]byte(policy), &document); err != nil {
		return false
	}
	for _, statement := range document.Statement {
		principals, _ := json.Marshal(statement.Principal)
		actions, _ := json.Marshal(statement.Action)
		root := strings.Contains(string(principals), ":iam::"+account+":root") || strings.Contains(string(principals), `"`+account+`"`) ||
			string(principals) == `"*"` || strings.Contains(string(principals), `"AWS":"*"`)
		if statement.Effect == "Allow" && root && (strings.Contains(string(actions), `"kms:*"`) || strings.Contains(string(actions), `"*"`)) {
			return true
		}
	}
	return false
}

// sharing: notebook sharing belongs to Studio Classic.
func (j *judgement) sharing() {
	const s3Path, keyPath = "domain.notebookSharing.s3", "domain.notebookSharing.kmsKey"
	want, have := j.spec.Domain.NotebookSharing, j.existing().Sharing
	s3 := field{path: s3Path, code: codeSharing, what: "path of shared notebooks"}
	key := field{path: keyPath, code: codeSharing, what: "KMS key of shared notebooks"}
	if have != nil {
		s3.have, key.have = have.S3, j.keyName(have.KMSKey)
	}
	if want != nil {
		s3.want, key.want = want.S3, want.KMSKey
	}
	if want != nil && j.existing().Classic == "" {
		const remedy = "Take domain.notebookSharing out of the spec, then retry. In Studio, people share notebooks in a shared space."
		j.add(onboarding.Verdict{Kind: onboarding.VerdictBlocked, Field: s3.path, Code: s3.code, Want: s3.want, Remedy: remedy,
			Reason: "The spec has notebook output shared, which belongs to Studio Classic, and " + j.noClassic()})
		if want.KMSKey == "" {
			j.compare(key)
			return
		}
		j.add(onboarding.Verdict{Kind: onboarding.VerdictBlocked, Field: key.path, Code: key.code, Want: key.want, Remedy: remedy,
			Reason: fmt.Sprintf("The KMS key %s is for notebook sharing, which the domain cannot have.", want.KMSKey)})
		return
	}
	if want == nil || j.bucket(s3) {
		j.compare(s3)
	}
	if want == nil || want.KMSKey == "" {
		j.compare(key)
		return
	}
	if !j.unfit(key, j.state.Keys[want.KMSKey]) {
		if have != nil {
			key.same, _ = j.sameKey(have.KMSKey, want.KMSKey)
		}
		j.compare(key)
	}
}

// bucket says whether the bucket of notebook sharing can be used.
func (j *judgement) bucket(f field) bool {
	bucket := j.state.Bucket
	switch {
	case bucket == nil:
		return true
	case bucket.Trouble != nil && bucket.Trouble.Class == string(fault.NotFound):
		j.add(onboarding.Verdict{Kind: onboarding.VerdictBlocked, Field: f.path, Code: codeBucket, Have: f.have, Want: f.want,
			Reason: fmt.Sprintf("There is no S3 bucket %s.", bucket.Name), Remedy: "Create it, or correct domain.notebookSharing.s3 in " +
				"the spec; then retry."})
		return false
	case bucket.Trouble != nil:
		j.add(onboarding.Verdict{Kind: onboarding.VerdictUnknown, Code: codeBucket, Want: bucket.Name,
			Reason: fmt.Sprintf("The S3 bucket %s: not looked at: %s", bucket.Name, bucket.Trouble.Message)})
	case bucket.Region != "" && bucket.Region != j.spec.Region:
		j.add(onboarding.Verdict{Kind: onboarding.VerdictWarning, Code: codeBucket, Have: bucket.Region, Want: j.spec.Region,
			Reason: fmt.Sprintf("The S3 bucket %s is in %s, and the domain in %s.", bucket.Name, bucket.Region, j.spec.Region),
			Remedy: "Use a bucket in the domain's Region, unless the traffic between Regions is meant."})
	default:
		j.add(onboarding.Verdict{Kind: onboarding.VerdictKeep, Code: codeBucket, Have: bucket.Name,
			Reason: fmt.Sprintf("The S3 bucket %s exists.", bucket.Name)})
	}
	return true
}

// The parts of an ARN (IAM User Guide, "Amazon Resource Names").
const (
	arnRegion  = 3
	arnAccount = 4
)

func arnPart(arn string, part int) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[part]
}
