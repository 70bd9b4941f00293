package domain

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"studio-onboarding/onboarding"
)

// existing is the domain that is there, or one without anything.
func (j *judgement) existing() Description {
	if j.there == nil {
		return Description{}
	}
	return *j.there
}

// fields judges every field of the spec below domain, and the run's own tag.
func (j *judgement) fields() {
	want, have := j.spec.Domain, j.existing()
	j.compare(field{path: "domain.name", code: codeName, what: "name", have: have.Name, want: want.Name})
	j.owner()
	j.role()
	j.network()
	j.compare(field{path: "domain.homeFileSystem", code: codeFileSystem, what: "home file system", have: have.HomeFileSystem,
		want: want.HomeFileSystem, standard: onboarding.Disabled,
		forever: ifTrue(have.HomeFileSystem == onboarding.Enabled, "AWS does not take a home file system away again.")})
	j.key()
	j.idle()
	j.portal()
	j.storage()
	j.compare(field{path: "domain.sourceIdentity", code: codeIdentity, what: "source identity in CloudTrail", have: have.SourceIdentity,
		want: want.SourceIdentity, standard: onboarding.Disabled, quiet: true})
	j.compare(field{path: "domain.trustedIdentityPropagation", code: codePropagation, what: "trusted identity propagation",
		have: have.TrustedIdentityPropagation, want: want.TrustedIdentityPropagation, standard: onboarding.Disabled})
	j.landingPage()
	j.sharing()
	j.tags()
}

func ifTrue(condition bool, s string) string {
	if condition {
		return s
	}
	return ""
}

// owner judges the run's own tag. A domain of somebody else never gets it: it would be taken for one that may be deleted.
func (j *judgement) owner() {
	v := onboarding.Verdict{Field: "name", Code: codeOwner, Want: j.spec.Name}
	switch {
	case j.there == nil:
		v.Kind, v.Reason = onboarding.VerdictCreate, fmt.Sprintf("The run tags the domain as its own: %s=%s.", runTag, j.spec.Name)
	case j.there.Origin == onboarding.OriginCreated:
		v.Kind, v.Have, v.Reason = onboarding.VerdictKeep, j.spec.Name, "The domain has the tag of this run's name."
	case j.there.Tags[runTag] != "":
		v.Kind, v.Have = onboarding.VerdictKeep, j.there.Tags[runTag]
		v.Want, v.Reason = v.Have, fmt.Sprintf("The run %s made the domain. It is used, never deleted, and keeps that tag.", v.Have)
	default:
		v.Kind, v.Want, v.Reason = onboarding.VerdictKeep, "", "No run made the domain. It is used, never deleted, and gets no run's tag."
	}
	j.add(v)
}

// role: another hand's domain keeps its role unless the spec names one that differs from the default.
func (j *judgement) role() {
	f := field{path: "domain.executionRole", code: codeRole, what: "execution role",
		have: j.existing().ExecutionRole, want: j.spec.Domain.ExecutionRole}
	if j.state.ExecutionRoleARN != "" && f.want != "" {
		f.want = j.state.ExecutionRoleARN
	}
	named := j.spec.Domain.ExecutionRole
	if j.there != nil && j.there.Origin != onboarding.OriginCreated && named == j.spec.DefaultRole() {
		f.want = ""
	}
	f.same = f.want != "" && !strings.HasPrefix(f.want, "arn:") && f.have[strings.LastIndex(f.have, "/")+1:] == f.want
	j.compare(f)
}

func (j *judgement) network() {
	want, have := j.spec.Domain.Network, j.existing()
	elsewhere := j.there != nil && want.VPC != "" && have.VPC != want.VPC
	switch {
	case elsewhere && have.VPC == "":
		j.add(onboarding.Verdict{Kind: onboarding.VerdictBlocked, Field: "domain.network.vpc", Code: codeDomain, Want: want.VPC,
			Reason: fmt.Sprintf("The domain %s (%s) was made without a VPC, by SageMaker Unified Studio, and the spec says %s.",
				have.Name, have.ID, want.VPC),
			Remedy: "Have Unified Studio give it a VPC, or give domain.name another value in the spec; then retry."})
	case elsewhere:
		j.add(onboarding.Verdict{Kind: onboarding.VerdictBlocked, Field: "domain.network.vpc", Code: codeDomain, Have: have.VPC, Want: want.VPC,
			Reason: fmt.Sprintf("The domain %s (%s) is in %s, and the spec says %s; a domain cannot be moved.",
				have.Name, have.ID, have.VPC, want.VPC),
			Remedy: "Set domain.network to the network of that domain, or give domain.name another value in the spec; then retry."})
	default:
		j.compare(field{path: "domain.network.vpc", code: codeVPC, what: "VPC", have: have.VPC, want: want.VPC, standard: j.state.Network.VPC})
	}
	if elsewhere {
		for _, f := range []field{
			{path: "domain.network.subnets", code: codeSubnets, what: "subnets", have: listed(have.Subnets), want: listed(want.Subnets)},
			{path: "domain.network.securityGroups", code: codeGroups, what: "security groups",
				have: listed(have.SecurityGroups), want: listed(want.SecurityGroups)},
		} {
			j.add(onboarding.Verdict{Kind: onboarding.VerdictUnknown, Field: f.path, Code: f.code, Have: f.have, Want: f.want,
				Reason: fmt.Sprintf("The %s of the domain were not compared, as they belong to another VPC.", f.what)})
		}
	} else {
		j.compare(field{path: "domain.network.subnets", code: codeSubnets, what: "subnets",
			have: listed(have.Subnets), want: listed(want.Subnets),
			standard: listed(j.state.Network.Subnets), quiet: takesAway(have.Subnets, want.Subnets)})
		j.compare(field{path: "domain.network.securityGroups", code: codeGroups, what: "security groups", have: listed(have.SecurityGroups),
			want: listed(want.SecurityGroups)})
	}
	j.compare(field{path: "domain.network.access", code: codeAccess, what: "network access", have: have.Access, want: want.Access,
		standard: onboarding.NetworkPublic, quiet: true, forever: ifTrue(have.RStudio, "AWS does not change it in a domain with RStudio.")})
}

func (j *judgement) idle() {
	have := j.existing()
	f := field{path: "domain.idleShutdown", code: codeIdle, what: "idle shutdown", have: spelt(have.JupyterLab),
		want: j.spec.Domain.IdleShutdown, standard: spelt(onboarding.DefaultIdleShutdown)}
	if have.JupyterLab != have.CodeEditor {
		f.have = "JupyterLab " + spelt(have.JupyterLab) + ", Code Editor " + spelt(have.CodeEditor)
	}
	if after, on := j.spec.Domain.IdleAfter(); on {
		f.want = spelt(after)
	}
	j.compare(f)
}

// spelt is an idle time as a spec has it.
func spelt(after time.Duration) string {
	if after == 0 {
		return onboarding.Disabled
	}
	return onboarding.Duration(after).String()
}

// portal judges what Studio offers: instance types, of which the API has those that are hidden, and apps.
func (j *judgement) portal() {
	want, have := j.spec.Domain, j.existing()
	f := field{path: "domain.instanceTypes", code: codeInstanceTypes, what: "instance types on offer", standard: "all",
		have: j.offer(hiddenOf(j.state.InstanceTypes, have.HiddenInstanceTypes))}
	if len(want.InstanceTypes) > 0 {
		hidden := j.hiddenTypes()
		f.want = j.offer(hidden)
		f.same = slices.Equal(hidden, hiddenOf(j.state.InstanceTypes, have.HiddenInstanceTypes))
		if unknown := without(want.InstanceTypes, j.state.InstanceTypes); len(unknown) > 0 {
			j.add(onboarding.Verdict{Kind: onboarding.VerdictWarning, Code: codeInstanceTypes, Want: listed(unknown),
				Reason: "Studio is not known to have the instance types " + listed(unknown) + ".",
				Remedy: "Correct domain.instanceTypes in the spec, unless AWS has added them lately."})
		}
	}
	j.compare(f)
	j.compare(field{path: "domain.hiddenApps", code: codeApps, what: "hidden apps", have: listed(have.HiddenApps),
		want: listed(want.HiddenApps), standard: "none"})
}

// hiddenTypes are the instance types that the spec does not list.
func (j *judgement) hiddenTypes() []string {
	return without(j.state.InstanceTypes, j.spec.Domain.InstanceTypes)
}

// hiddenOf are those of all that are hidden, in their order there.
func hiddenOf(all, hidden []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return !slices.Contains(hidden, s) })
}

func without(all, some []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(some, s) })
}

// offer says what is on offer when some is hidden.
func (j *judgement) offer(hidden []string) string {
	const most = 12
	shown := without(j.state.InstanceTypes, hidden)
	switch {
	case len(hidden) == 0:
		return "all"
	case len(shown) > most:
		return fmt.Sprintf("%d of %d, without %s", len(shown), len(j.state.InstanceTypes), short(hidden, most))
	}
	return short(shown, most)
}

func short(items []string, most int) string {
	if more := len(items) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", listed(items[:most]), more)
	}
	return listed(items)
}

func (j *judgement) storage() {
	want, have := j.spec.Domain.SpaceStorage, j.existing().Storage
	size := func(is *onboarding.SpaceStorageSpec, of func(onboarding.SpaceStorageSpec) int) string {
		if is == nil {
			return ""
		}
		return strconv.Itoa(of(*is)) + " GB"
	}
	for _, f := range []struct {
		field string
		what  string
		of    func(onboarding.SpaceStorageSpec) int
	}{
		{"default", "default volume of spaces", func(s onboarding.SpaceStorageSpec) int { return s.Default }},
		{"maximum", "largest volume of spaces", func(s onboarding.SpaceStorageSpec) int { return s.Maximum }},
	} {
		j.compare(field{path: "domain.spaceStorage." + f.field, code: codeStorage, what: f.what,
			have: size(have, f.of), want: size(want, f.of)})
	}
}

func (j *judgement) landingPage() {
	want, have := j.spec.Domain.LandingPage, j.existing()
	f := field{path: "domain.landingPage", code: codeLanding, what: "landing page", have: have.LandingPage, want: want}
	if want == onboarding.LandingStudio && j.there != nil && !have.Portal {
		f.have = "Studio is switched off"
	}
	if want == onboarding.LandingClassic && have.Classic == "" {
		j.add(onboarding.Verdict{Kind: onboarding.VerdictBlocked, Field: f.path, Code: f.code, Have: f.have, Want: want,
			Reason: "The spec says that Studio Classic opens first, and " + j.noClassic(),
			Remedy: "Take domain.landingPage out of the spec, then retry."})
		return
	}
	j.compare(f)
}

// noClassic says why there is no Studio Classic.
func (j *judgement) noClassic() string {
	if j.there == nil {
		return "new domains have no Studio Classic."
	}
	return fmt.Sprintf("nothing shows that the domain %s (%s) has Studio Classic: no such landing page, app, or settings of its "+
		"apps or of sharing.",
		j.there.Name, j.there.ID)
}

// tags: those of the spec are there, and others stay.
func (j *judgement) tags() {
	want, have := j.spec.Domain.Tags, j.existing().Tags
	v := onboarding.Verdict{Field: "domain.tags", Code: codeTags, Want: tagList(want)}
	var there, missing []string
	others := 0
	for _, key := range slices.Sorted(maps.Keys(have)) {
		if _, ok := want[key]; ok {
			there = append(there, key+"="+have[key])
		} else if key != runTag {
			others++
		}
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if value, ok := have[key]; !ok || value != want[key] {
			missing = append(missing, key+"="+want[key])
		}
	}
	v.Have = strings.Join(there, ", ")
	switch {
	case j.there == nil:
		v.Kind, v.Reason = onboarding.VerdictCreate, "tags: "+tagList(want)+"."
		if len(want) == 0 {
			v.Reason = "The spec names no tags."
		}
	case len(missing) > 0:
		v.Kind, v.Reason = onboarding.VerdictChange, "The run sets the tags "+strings.Join(missing, ", ")+" of the domain."
	case len(want) == 0:
		v.Kind, v.Reason = onboarding.VerdictKeep, "The spec names no tags."
	default:
		v.Kind, v.Reason = onboarding.VerdictKeep, "The domain has the tags of the spec."
	}
	j.add(v)
	if others > 0 {
		j.add(onboarding.Verdict{Kind: onboarding.VerdictKeep, Code: codeTags, Count: others,
			Reason: fmt.Sprintf("%d other tags of the domain stay as they are.", others)})
	}
}

func tagList(tags map[string]string) string {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		all = append(all, key+"="+tags[key])
	}
	return strings.Join(all, ", ")
}
