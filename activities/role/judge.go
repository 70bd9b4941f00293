package role

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"studio-onboarding/onboarding"
)

// The codes of this judge.
const (
	CodeRole     = "execution-role"
	CodePolicies = "execution-role-policies"
	CodeKey      = "execution-role-key"
	CodeTags     = "execution-role-tags"
)

const (
	fieldDefault = "domain.executionRole"
	fieldGroups  = "access.groups[].executionRole"
	fieldPeople  = "access.people[].executionRole"
	fieldTags    = "domain.tags"
	fieldKey     = "domain.kmsKey"
)

// Judge says what is to be done about the execution roles of a spec: of each as a whole, of its policies, and of the fields
// that name it. A role that a run made is kept as the spec wants it; one that somebody else made, or that the spec gives by ARN, is
// only looked at.
//
// Each write of a run has one verdict: CreateRole is a created role, UpdateAssumeRolePolicy a changed one with Have and Want,
// TagRole the changed field domain.tags, and each role policy that is created or changed a policy of its own. What a new role
// is created with, its tags, is created in the same call.
func Judge(spec onboarding.Spec, state State) []onboarding.Verdict {
	if state.Trouble != nil {
		return []onboarding.Verdict{state.Trouble.As(onboarding.VerdictBlocked, onboarding.ResourceRole, "", CodeRole)}
	}
	want := wishes{
		run: spec.Name, tags: spec.Domain.Tags, key: state.KMSKey, unresolved: spec.Domain.KMSKey,
		actions: trustActions(state.SourceIdentity, state.IdentityPropagation),
	}
	var verdicts []onboarding.Verdict
	for _, found := range state.Roles {
		of := want.judge(found)
		verdicts = append(verdicts, of...)
		if len(onboarding.Blocked(of)) > 0 {
			continue
		}
		kind := onboarding.VerdictKeep
		if !found.Exists {
			kind = onboarding.VerdictCreate
		}
		for _, field := range fieldsOf(spec, found.Wanted) {
			verdicts = append(verdicts, onboarding.Verdict{
				Resource: onboarding.ResourceRole, Subject: found.Name(), Field: field, Kind: kind, Code: CodeRole, Have: found.ARN, Want: found.Wanted,
				Reason: fmt.Sprintf("%s is %s.", field, found.Wanted),
			})
		}
	}
	return verdicts
}

// fieldsOf are the fields of a spec that name a role.
func fieldsOf(spec onboarding.Spec, role string) []string {
	var fields []string
	if spec.Domain.ExecutionRole == role {
		fields = append(fields, fieldDefault)
	}
	if slices.ContainsFunc(spec.Access.Groups, func(g onboarding.GroupAccessSpec) bool { return g.ExecutionRole == role }) {
		fields = append(fields, fieldGroups)
	}
	if slices.ContainsFunc(spec.Access.People, func(p onboarding.PersonAccessSpec) bool { return p.ExecutionRole == role }) {
		fields = append(fields, fieldPeople)
	}
	return fields
}

// wishes are what a run wants of its roles.
type wishes struct {
	run  string
	tags map[string]string
	// key is the ARN of the domain's key; unresolved is what the spec says where the ARN is not known.
	key, unresolved string
	// actions are what trust policies have to allow SageMaker.
	actions []string
}

// trustActions are what trust policies have to allow SageMaker, by the settings of the domain.
func trustActions(sourceIdentity, propagation bool) []string {
	actions := []string{assume}
	if sourceIdentity {
		actions = append(actions, setSource)
	}
	if propagation {
		actions = append(actions, setContext)
	}
	return actions
}

// judge says what is to be done about one role. A blocked role has no other verdict.
func (w wishes) judge(found Found) []onboarding.Verdict {
	whole := onboarding.Verdict{Resource: onboarding.ResourceRole, Subject: found.Name(), Code: CodeRole}
	switch {
	case found.Trouble != nil:
		return []onboarding.Verdict{found.Trouble.As(onboarding.VerdictBlocked, whole.Resource, whole.Subject, CodeRole)}
	case found.ByARN() && !found.fits():
		whole.Kind, whole.Want = onboarding.VerdictBlocked, found.Wanted
		whole.Reason = fmt.Sprintf("The Studio account has no role %s.", found.Wanted)
		whole.Remedy = "Create the role, or correct executionRole in the spec: it has to be in the account of the domain; then retry."
		return []onboarding.Verdict{whole}
	case !found.Exists:
		whole.Kind, whole.Want = onboarding.VerdictCreate, w.trusted()
		whole.Reason = fmt.Sprintf("%s does not exist yet; the run creates it.", found.Wanted)
		return append([]onboarding.Verdict{whole}, append(w.judgeTags(found), w.judgePolicies(found)...)...)
	}
	trusted, blocked := w.judgeTrust(found, whole)
	if blocked {
		return trusted
	}
	verdicts := append(trusted, w.judgeTags(found)...)
	return append(verdicts, w.judgePolicies(found)...)
}

// judgeTrust judges an existing role as a whole, by who may assume it; true where that keeps everybody from using it.
func (w wishes) judgeTrust(found Found, whole onboarding.Verdict) ([]onboarding.Verdict, bool) {
	whole.Kind = onboarding.VerdictAdopt
	if found.MadeBy == w.run {
		whole.Kind = onboarding.VerdictKeep
	}
	whole.Reason = fmt.Sprintf("%s exists and trusts SageMaker.", found.Wanted)
	said, missing := trustOf(found.Trust, w.actions), ""
	switch {
	case slices.Contains(said.missing, assume) || slices.Contains(said.denied, assume):
		missing = "assume the role"
	case len(said.missing) > 0:
		missing = strings.Join(said.missing, " and ") + ", which the domain's settings need"
	case len(said.denied) > 0:
		missing = strings.Join(said.denied, " and ") + ", which the domain's settings need"
	}
	switch {
	case !said.readable:
		whole.Reason = fmt.Sprintf("%s exists.", found.Wanted)
		warning := whole
		warning.Kind, warning.Want = onboarding.VerdictWarning, w.trusted()
		warning.Reason = fmt.Sprintf("The trust policy of %s cannot be read, so it is not known whether %s may assume the role.",
			found.ARN, studioService)
		warning.Remedy = "Look at it in the IAM console: it has to contain " + trustStatement(w.actions) + "."
		return []onboarding.Verdict{whole, warning}, false
	case len(said.denied) > 0:
		whole.Kind, whole.Have, whole.Want = onboarding.VerdictBlocked, "denies "+strings.Join(said.denied, " and "), w.trusted()
		whole.Reason = fmt.Sprintf("The trust policy of %s denies %s to %s.", found.ARN, studioService, missing)
		whole.Remedy = "Remove that statement from its trust policy, or name another executionRole in the spec; then retry."
		return []onboarding.Verdict{whole}, true
	case len(said.missing) > 0 && !found.ours():
		whole.Kind, whole.Want = onboarding.VerdictBlocked, w.trusted()
		whole.Reason = fmt.Sprintf("The trust policy of %s does not let %s %s.", found.ARN, studioService, missing)
		whole.Remedy = "Add " + trustStatement(said.missing) + " to its trust policy, or name another executionRole in the spec; then retry."
		return []onboarding.Verdict{whole}, true
	case len(said.missing) > 0:
		whole.Kind, whole.Have, whole.Want = onboarding.VerdictChange, "does not allow "+strings.Join(said.missing, " and "), w.trusted()
		whole.Reason = fmt.Sprintf("The trust policy of %s, which a run made, does not let %s %s; the run adds that.",
			found.ARN, studioService, missing)
	}
	return []onboarding.Verdict{whole}, false
}

// trusted is what the trust policy of a role is to say.
func (w wishes) trusted() string {
	return fmt.Sprintf("allows %s to %s", strings.Join(w.actions, " and "), studioService)
}

// judgeTags compares tags. The run that made a role keeps them as its spec says; further tags are somebody else's business.
func (w wishes) judgeTags(found Found) []onboarding.Verdict {
	verdict := onboarding.Verdict{
		Resource: onboarding.ResourceRole, Subject: found.Name(), Field: fieldTags, Code: CodeTags,
		Kind: onboarding.VerdictKeep, Want: tagText(w.tags),
	}
	have := map[string]string{}
	for key := range w.tags {
		if value, ok := found.Tags[key]; ok {
			have[key] = value
		}
	}
	verdict.Have = tagText(have)
	switch {
	case !found.Exists:
		verdict.Kind, verdict.Reason = onboarding.VerdictCreate, "The tags of the spec are put on the new role."
	case found.MadeBy != w.run || !found.ours():
		if maps.Equal(have, w.tags) {
			return nil
		}
		verdict.Reason = fmt.Sprintf("The tags of %s stay as they are, because this run did not make the role, or the spec gives it by ARN.",
			found.Name())
	case maps.Equal(have, w.tags):
		verdict.Reason = fmt.Sprintf("%s has the tags of the spec.", found.Name())
	default:
		verdict.Kind, verdict.Reason = onboarding.VerdictChange, fmt.Sprintf("%s lacks tags of the spec; the run puts them on.", found.Name())
	}
	return []onboarding.Verdict{verdict}
}

// tagText writes tags as a person does.
func tagText(tags map[string]string) string {
	var texts []string
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		texts = append(texts, key+"="+tags[key])
	}
	return strings.Join(texts, ", ")
}

// judgePolicies judges what the role allows its people.
func (w wishes) judgePolicies(found Found) []onboarding.Verdict {
	verdicts := []onboarding.Verdict{judgeManaged(found)}
	if w.key != "" || w.unresolved != "" {
		verdicts = append(verdicts, w.judgeKey(found))
	}
	return verdicts
}

// judgeManaged: a role that a run made has the managed policy, and somebody else's keeps the permissions that it has.
func judgeManaged(found Found) onboarding.Verdict {
	verdict := onboarding.Verdict{
		Resource: onboarding.ResourceRolePolicy, Subject: found.Name(), Kind: onboarding.VerdictKeep, Code: CodePolicies,
	}
	var names []string
	for _, arn := range found.Managed {
		names = append(names, lastOf(arn))
	}
	verdict.Have = strings.Join(names, ", ")
	switch {
	case !found.Exists:
		verdict.Kind, verdict.Want = onboarding.VerdictCreate, managedPolicy
		verdict.Reason = fmt.Sprintf("The run attaches %s to the new role.", managedPolicy)
	case found.ManagedTrouble != nil:
		verdict.Kind = onboarding.VerdictUnknown
		verdict.Reason = fmt.Sprintf("The policies of %s were not looked at, because the credentials do not allow %s.",
			found.Name(), found.ManagedTrouble.Operation)
	case found.ours() && !slices.Contains(found.Managed, managedARN(found.ARN)):
		verdict.Kind, verdict.Want = onboarding.VerdictCreate, managedPolicy
		verdict.Reason = fmt.Sprintf("%s, which a run made, does not have %s; the run attaches it.", found.Name(), managedPolicy)
	case len(names) == 0:
		verdict.Kind = onboarding.VerdictWarning
		verdict.Reason = fmt.Sprintf("%s has no managed policy: people sign in, and their notebooks may be allowed nothing.", found.Name())
		verdict.Remedy = "Attach " + managedPolicy + " or a policy of your own, unless its inline policies allow all that is needed; " +
			"a run only changes roles that runs made, and that the spec gives by name."
	default:
		verdict.Reason = fmt.Sprintf("%s has %s.", found.Name(), strings.Join(onboarding.Examples(names), ", "))
	}
	return verdict
}

// managedARN is the managed policy in the partition of a role.
func managedARN(role string) string {
	parts := strings.SplitN(role, ":", 3)
	return "arn:" + parts[1] + ":iam::aws:policy/" + managedPolicy
}

// judgeKey: apps do not start where their role may not use the key of the domain's volumes.
func (w wishes) judgeKey(found Found) onboarding.Verdict {
	verdict := onboarding.Verdict{
		Resource: onboarding.ResourceRolePolicy, Subject: found.Name(), Field: fieldKey, Code: CodeKey, Kind: onboarding.VerdictKeep, Want: w.key,
	}
	if w.key == "" {
		verdict.Kind, verdict.Want = onboarding.VerdictUnknown, w.unresolved
		verdict.Reason = fmt.Sprintf("It is not known which key %s is, so what %s may do with it was not compared.", w.unresolved, found.Name())
		return verdict
	}
	missing := lacking(found.Inline, w.key)
	switch i := slices.IndexFunc(found.Inline, func(p InlinePolicy) bool { return p.Name == keyPolicy(w.run) }); {
	case !found.Exists:
		verdict.Kind = onboarding.VerdictCreate
		verdict.Reason = fmt.Sprintf("The run gives the new role the inline policy %s, which lets it use the key %s.", keyPolicy(w.run), w.key)
	case found.ours() && i < 0:
		verdict.Kind = onboarding.VerdictCreate
		verdict.Reason = fmt.Sprintf("%s, which a run made, may not be allowed to use the key %s; the run gives it the inline policy %s.",
			found.Name(), w.key, keyPolicy(w.run))
	case found.ours() && !sameJSON(found.Inline[i].Document, keyDocument(w.key)):
		verdict.Kind, verdict.Have = onboarding.VerdictChange, fmt.Sprintf("another inline policy %s", keyPolicy(w.run))
		verdict.Reason = fmt.Sprintf("The inline policy %s of %s is another than that for the key %s; the run replaces it.",
			keyPolicy(w.run), found.Name(), w.key)
	case found.InlineTrouble != nil:
		verdict.Kind = onboarding.VerdictWarning
		verdict.Reason = fmt.Sprintf("Whether %s may use the key %s was not looked at, because the credentials do not allow %s; "+
			"apps do not start where it may not.",
			found.Name(), w.key, found.InlineTrouble.Operation)
		verdict.Remedy = "Unless its policies allow it, add " + keyStatement(w.key) +
			" to them; a run only changes roles that runs made, and that the spec gives by name."
	case !found.ours() && len(missing) > 0:
		verdict.Kind = onboarding.VerdictWarning
		verdict.Reason = fmt.Sprintf("No inline policy of %s allows %s on the key %s. A managed policy may; where none does, apps do not start.",
			found.Name(), strings.Join(missing, ", "), w.key)
		verdict.Remedy = "Unless a managed policy allows it, add " + keyStatement(w.key) +
			" to the role's policies; a run only changes roles that runs made, and that the spec gives by name."
	default:
		verdict.Have = w.key
		verdict.Reason = fmt.Sprintf("An inline policy of %s allows the use of the key %s.", found.Name(), w.key)
	}
	return verdict
}
