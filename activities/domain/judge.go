package domain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// The codes of the domain's verdicts. Scripts rely on them.
const (
	codeSageMaker     = "sagemaker"
	codeDomain        = "domain"
	codeDomainQuota   = "quota-domains"
	codeProfileQuota  = "quota-profiles"
	codeName          = "domain-name"
	codeOwner         = "domain-owner"
	codeRole          = "domain-execution-role"
	codeVPC           = "domain-vpc"
	codeSubnets       = "domain-subnets"
	codeGroups        = "domain-security-groups"
	codeAccess        = "domain-network-access"
	codeFileSystem    = "domain-home-file-system"
	codeKey           = "domain-kms-key"
	codeKeyPolicy     = "domain-kms-key-policy"
	codeIdle          = "domain-idle-shutdown"
	codeInstanceTypes = "domain-instance-types"
	codeApps          = "domain-hidden-apps"
	codeStorage       = "domain-space-storage"
	codeIdentity      = "domain-source-identity"
	codePropagation   = "domain-identity-propagation"
	codeLanding       = "domain-landing-page"
	codeSharing       = "domain-notebook-sharing"
	codeBucket        = "domain-notebook-sharing-bucket"
	codeTags          = "domain-tags"
)

const (
	anotherName    = "Give domain.name another value in the spec, or delete that domain; then retry."
	correctTheSpec = "Correct %s in the spec, or give domain.name another value, so that a new domain is made; then retry."
)

// judgement collects the verdicts of one look.
type judgement struct {
	spec  onboarding.Spec
	state State
	// there is nil while the domain has yet to be created.
	there    *Description
	verdicts []onboarding.Verdict
}

// Judge says what there is to say of the domain as a whole, and of every field of the spec that belongs to it. Fields that the
// spec does not mention are created by default, and kept as they are where the domain exists.
func Judge(spec onboarding.Spec, state State) []onboarding.Verdict {
	j := &judgement{spec: spec, state: state, there: state.Domain}
	switch {
	case state.Unreachable != "":
		j.whole(onboarding.VerdictBlocked, codeSageMaker,
			"Correct region in the spec; if it is right, choose a Region with SageMaker Studio: "+
				"it has to be the primary one of Identity Center. Then retry.",
			"There is no SageMaker in the Region %s: %s does not exist.", spec.Region, state.Unreachable)
		return j.verdicts
	case state.Trouble != nil:
		j.verdicts = append(j.verdicts, state.Trouble.As(onboarding.VerdictBlocked, onboarding.ResourceDomain, spec.Domain.Name, codeDomain))
		return j.verdicts
	}
	j.whole(onboarding.VerdictKeep, codeSageMaker, "", "SageMaker answers in %s.", spec.Region)
	if j.domain() {
		j.fields()
	}
	j.quotas()
	return j.verdicts
}

// whole adds a verdict about the domain as a whole.
func (j *judgement) whole(kind onboarding.VerdictKind, code, remedy, reason string, args ...any) {
	j.add(onboarding.Verdict{Kind: kind, Code: code, Remedy: remedy, Reason: fmt.Sprintf(reason, args...)})
}

func (j *judgement) add(v onboarding.Verdict) {
	v.Resource, v.Subject, v.Reason = onboarding.ResourceDomain, j.spec.Domain.Name, fault.Trim(v.Reason, fault.MaxMessage)
	j.verdicts = append(j.verdicts, v)
}

// domain judges the domain as a whole, and says whether its fields matter: not where it can't be used anyway.
func (j *judgement) domain() (usable bool) {
	d, name := j.there, j.spec.Domain.Name
	switch {
	case d == nil:
		j.whole(onboarding.VerdictCreate, codeDomain, "", "There is no domain %s yet; the run creates it.", name)
		return true
	case d.Status == statusDeleting:
		j.whole(onboarding.VerdictWarning, codeDomain, "Look at it in the SageMaker console if it stays that way.",
			"The domain %s (%s) exists and is %s.", d.Name, d.ID, d.Status)
		j.whole(onboarding.VerdictCreate, codeDomain, "", "The run creates the domain %s once the old one is gone.", name)
		j.there = nil
		return true
	case d.AuthMode != "SSO" && d.AuthMode != "":
		j.whole(onboarding.VerdictBlocked, codeDomain, anotherName,
			"The domain %s (%s) has %s authentication, and that cannot be changed.", d.Name, d.ID, d.AuthMode)
		return false
	case d.Transient && d.Origin == onboarding.OriginCreated:
		j.whole(onboarding.VerdictRemove, codeDomain, "", "The domain %s (%s) failed for no fault of anybody: %s The run deletes it.",
			d.Name, d.ID, d.FailureReason)
		j.whole(onboarding.VerdictCreate, codeDomain, "", "The run creates the domain %s anew.", name)
		j.there = nil
		return true
	case d.Transient:
		j.whole(onboarding.VerdictBlocked, codeDomain,
			"Delete it in the SageMaker console if nobody needs it, or give domain.name another value in the spec; then retry.",
			"The failed domain %s (%s) was not made by this run, so it is not deleted.", d.Name, d.ID)
		return false
	}
	if unfit := Unfit(d.Domain); unfit != nil {
		j.add(*unfit)
		return false
	}
	if d.Origin == onboarding.OriginCreated {
		j.whole(onboarding.VerdictKeep, codeDomain, "", "The domain %s (%s) exists, and a run of this name made it.", d.Name, d.ID)
	} else {
		j.whole(onboarding.VerdictAdopt, codeDomain, "", "The domain %s (%s) exists; the run adopts it.", d.Name, d.ID)
	}
	if d.Status != statusInService {
		j.whole(onboarding.VerdictWarning, codeDomain, "Look at it in the SageMaker console if it stays that way.",
			"The domain %s (%s) exists and is %s.", d.Name, d.ID, d.Status)
	}
	return true
}

// Unfit says why nobody can be given access to a domain, however long a run waits; nil where they can.
func Unfit(d Domain) *onboarding.Verdict {
	unfit := onboarding.Verdict{Resource: onboarding.ResourceDomain, Subject: d.Name, Kind: onboarding.VerdictBlocked, Code: codeDomain}
	switch {
	case d.Status == statusFailed || d.Status == "Update_Failed" || d.Status == "Delete_Failed":
		unfit.Remedy = "Repair the cause, delete the domain in the SageMaker console, then retry."
		unfit.Reason = fmt.Sprintf("The domain %s (%s) is %s: %s", d.Name, d.ID, d.Status, cmp.Or(d.FailureReason, "AWS gives no reason."))
	case d.Status == statusInService && d.ApplicationARN == "":
		unfit.Remedy = "Make a new domain: give domain.name another value in the spec and start again."
		unfit.Reason = fmt.Sprintf("The domain %s (%s) has no Identity Center application, as it was made before October 2023, "+
			"so that nobody can be assigned through the API.", d.Name, d.ID)
	default:
		return nil
	}
	return &unfit
}

// quotas: there is room for one more domain, and for everybody's profile.
func (j *judgement) quotas() {
	if q := j.state.Domains; q != nil {
		switch {
		case q.Trouble != nil:
			j.verdicts = append(j.verdicts, q.Trouble.As(onboarding.VerdictBlocked, onboarding.ResourceDomain, j.spec.Domain.Name, codeDomainQuota))
		case !q.Known:
			j.whole(onboarding.VerdictUnknown, codeDomainQuota, "", "The quota %s cannot be read; not compared.", q.Code)
		case q.Used >= q.Value:
			j.whole(onboarding.VerdictBlocked, codeDomainQuota, "Ask for a higher quota "+quotaDomains+
				" (Total domains) in the Service Quotas console of the Studio account, or delete a domain; then retry.",
				"The quota is %d domains, and the account has %d.", q.Value, q.Used)
		default:
			j.whole(onboarding.VerdictKeep, codeDomainQuota, "", "%d of %d domains.", q.Used, q.Value)
		}
	}
	q := j.state.Profiles
	if q == nil {
		return
	}
	people := j.state.People
	switch {
	case q.Trouble != nil:
		j.verdicts = append(j.verdicts, q.Trouble.As(onboarding.VerdictBlocked, onboarding.ResourceDomain, j.spec.Domain.Name, codeProfileQuota))
	case !q.Known:
		j.whole(onboarding.VerdictUnknown, codeProfileQuota, "", "The quota %s cannot be read; not compared.", q.Code)
	case q.Used+people > q.Value:
		kind := onboarding.VerdictBlocked
		if j.spec.Access.Profiles == onboarding.ProfilesFirstSignIn {
			kind = onboarding.VerdictWarning // not everybody comes, and nobody fails before
		}
		j.whole(kind, codeProfileQuota, "Ask for a higher quota "+quotaProfiles+
			" (Maximum number of Studio user profiles allowed per account) in the Service Quotas console of the Studio account, then retry.",
			"%d people and %d profiles of other domains are more than the quota of %d profiles.", people, q.Used, q.Value)
	default:
		j.whole(onboarding.VerdictKeep, codeProfileQuota, "", "%d people and %d profiles of other domains, of %d profiles.", people,
			q.Used, q.Value)
	}
}

// field is one field of the spec on its way to a verdict.
type field struct {
	path, code string
	// what names the setting in a sentence.
	what string
	// have and want are what is there and what the spec says; want is empty where the spec does not mention it.
	have, want string
	// standard is what a domain is created with where the spec does not say.
	standard string
	// same says that have and want mean the same although they are spelt differently.
	same bool
	// forever is why it cannot be changed; empty where it can.
	forever string
	// quiet says that AWS changes it only while no app runs.
	quiet bool
}

// compare makes the verdict of a field that is created, equal, changed or blocked.
func (j *judgement) compare(f field) {
	v := onboarding.Verdict{Field: f.path, Code: f.code, Have: f.have, Want: cmp.Or(f.want, f.standard)}
	switch {
	case j.there == nil:
		v.Kind, v.Have = onboarding.VerdictCreate, ""
		v.Reason = fmt.Sprintf("The domain is created with this %s: %s.", f.what, v.Want)
		if v.Want == "" {
			v.Reason = fmt.Sprintf("The domain is created with AWS's default %s.", f.what)
		}
	case f.want == "":
		v.Kind, v.Want = onboarding.VerdictKeep, f.have
		v.Reason = fmt.Sprintf("The spec does not say otherwise, so the domain keeps its %s: %s.", f.what, cmp.Or(f.have, "none of its own"))
	case f.have == f.want || f.same:
		v.Kind, v.Reason = onboarding.VerdictKeep, fmt.Sprintf("The %s is as the spec says: %s.", f.what, f.want)
	case f.forever != "":
		v.Kind, v.Remedy = onboarding.VerdictBlocked, fmt.Sprintf(correctTheSpec, f.path)
		v.Reason = fmt.Sprintf("The domain %s (%s) has the %s %s, and the spec says %s. %s", j.there.Name, j.there.ID, f.what,
			cmp.Or(f.have, "of AWS by default"), f.want, f.forever)
	case f.quiet && len(j.there.Apps) > 0:
		v.Kind = onboarding.VerdictBlocked
		v.Reason = fmt.Sprintf("The spec changes the %s from %s to %s, and AWS does that only while no app of the domain runs. Running: %s.",
			f.what, cmp.Or(f.have, "none"), f.want, appNames(j.there.Apps))
		v.Remedy = "Have these apps stopped (in Studio under Running instances, or with aws sagemaker delete-app; files stay), " +
			"and retry as soon as they are gone; or leave the field out of the spec."
	default:
		v.Kind = onboarding.VerdictChange
		v.Reason = fmt.Sprintf("The run changes the %s from %s to %s.", f.what, cmp.Or(f.have, "none"), f.want)
		if f.quiet && j.there.AppsTrouble != nil {
			v.Reason += " AWS refuses that while an app runs, and whether one does could not be looked at: " + j.there.AppsTrouble.Message
		}
	}
	j.add(v)
}

// needsQuiet says whether a spec changes something of a domain that AWS changes only while no app runs.
func needsQuiet(spec onboarding.Spec, d Description) bool {
	want := spec.Domain
	return want.Network.Access != "" && want.Network.Access != d.Access ||
		want.SourceIdentity != "" && want.SourceIdentity != d.SourceIdentity ||
		len(want.Network.Subnets) > 0 && takesAway(d.Subnets, want.Network.Subnets)
}

// takesAway says whether something that is there is not wanted any more.
func takesAway(have, want []string) bool {
	return slices.ContainsFunc(have, func(s string) bool { return !slices.Contains(want, s) })
}

// appNames are some of the running apps by name.
func appNames(apps []App) string {
	const most = 10
	var names []string
	for _, app := range apps[:min(len(apps), most)] {
		names = append(names, app.Name+" ("+app.Status+")")
	}
	if more := len(apps) - most; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

// listed is a list as a person writes it, in an order of its own.
func listed(items []string) string {
	return strings.Join(slices.Sorted(slices.Values(items)), ", ")
}
