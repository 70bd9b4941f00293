package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"studio-onboarding/internal/specfile"
	"studio-onboarding/onboarding"
)

// Names that stand for what a survey could not find out; the comments of the file say so.
const (
	groupToName   = "group-to-be-named"
	groupToAssign = "group-to-be-assigned"
)

// writeAdopting writes a spec that adopts what a survey found. A file that is there is left alone.
func writeAdopting(file string, spec onboarding.Spec, found onboarding.Survey) error {
	data := adopting(spec, found).spec()
	if _, err := specfile.Decode(file, data); err != nil {
		return fmt.Errorf("what was found makes no spec, and nothing was written: %w", err)
	}
	return writeNew("survey", "name another file with --write", file, data)
}

// adopting is the spec for what a survey found. Whatever had to be guessed, or chosen among several, is said in a comment.
func adopting(spec onboarding.Spec, found onboarding.Survey) draft {
	d := draft{
		writtenBy: "starter survey", name: "studio", region: found.Region,
		identityAccount: spec.IdentityCenter.Account, identityRole: spec.IdentityCenter.AssumeRole,
		studioAccount: spec.Studio.Account, studioRole: spec.Studio.AssumeRole,
		remarks: slices.Clone(found.Unknown),
	}
	if d.identityAccount == "" {
		d.identityAccount = found.IdentityAccount
	}
	if d.studioAccount == "" {
		d.studioAccount = found.StudioAccount
	}
	for _, part := range found.Stock.Unread {
		d.remark("Unknown, as it could not be read: %s.", part)
	}
	d.adoptDomain(found)
	d.adoptApp(found)
	if d.executionRole == "" {
		d.executionRole = roleFor(d.name)
	}
	return d
}

func (d *draft) remark(format string, args ...any) {
	d.remarks = append(d.remarks, fmt.Sprintf(format, args...))
}

// plainName is what a spec may be called.
var plainName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`)

// adoptDomain takes the Studio domain over, where there is one that Identity Center signs in to.
func (d *draft) adoptDomain(found onboarding.Survey) {
	var domains []onboarding.SurveyedDomain
	var names []string
	for _, domain := range found.Domains {
		names = append(names, fmt.Sprintf("%s (%s, sign-in %s)", domain.Name, domain.ID, domain.AuthMode))
		if domain.AuthMode == "SSO" {
			domains = append(domains, domain)
		}
	}
	if len(names) > 0 {
		d.remark("Studio domains that were found: %s.", strings.Join(names, ", "))
	}
	if len(domains) == 0 {
		d.groups = []string{groupToName}
		d.remark("No Studio domain with Identity Center sign-in was found: a run makes one. Name the groups that are to have access.")
		return
	}
	domain := domains[0]
	if len(domains) > 1 {
		d.remark("There are %d Studio domains with Identity Center sign-in; this spec adopts %s.", len(domains), domain.Name)
	}
	d.domainName = domain.Name
	if name := strings.ToLower(domain.Name); plainName.MatchString(name) {
		d.name = name
	}
	d.executionRole = domain.ExecutionRole
	for _, group := range domain.Groups {
		if strings.Contains(group.Name, "=") || strings.TrimSpace(group.Name) != group.Name {
			d.remark("The group %q has access, but cannot be written here.", group.Name)
			continue
		}
		entry := group.Name
		if group.ExecutionRole != "" && group.ExecutionRole != domain.ExecutionRole {
			entry += "=" + group.ExecutionRole
		}
		d.groups = append(d.groups, entry)
	}
	if domain.People > 0 {
		d.remark("%d people are assigned to Studio one by one; name them under access.people by their Okta logins, or they lose access when "+
			"access.onRemoval says so.", domain.People)
	}
	for _, unread := range domain.Unread {
		d.remark("%s: %s.", domain.Name, strings.TrimSuffix(unread, "."))
	}
	if len(d.groups) == 0 {
		d.groups = []string{groupToName}
		d.remark("No group is known to be assigned to Studio. Name the groups that are to have access.")
	}
}

// adoptApp takes the Okta app over that belongs to the instance.
func (d *draft) adoptApp(found onboarding.Survey) {
	var here []onboarding.StockedOktaApp
	for _, app := range found.Stock.OktaApps {
		if app.Belongs == onboarding.BelongsHere {
			here = append(here, app)
		}
	}
	d.assignmentGroup = groupToAssign
	if len(here) == 0 {
		d.remark("No Okta app has this instance's values: a run makes one, or takes one of the label okta.appLabel that has none. Name the " +
			"group whose members it lets in under okta.assignmentGroup.")
		return
	}
	app := here[0]
	if at := slices.IndexFunc(here, func(a onboarding.StockedOktaApp) bool { return a.Status == "ACTIVE" }); at >= 0 {
		app = here[at]
	}
	if len(here) > 1 {
		d.remark("%d Okta apps have this instance's values; Identity Center trusts one identity provider, and no API tells which. This spec "+
			"names %q; a run asks.", len(here), app.Label)
	}
	d.appLabel = app.Label
	var candidates []string
	for _, group := range app.Groups {
		pushed := slices.ContainsFunc(d.groups, func(entry string) bool { name, _, _ := strings.Cut(entry, "="); return name == group })
		if !pushed {
			candidates = append(candidates, group)
		}
	}
	switch {
	case len(candidates) == 1 && len(app.Groups) == 1:
		d.assignmentGroup = candidates[0]
	case len(candidates) > 0:
		d.assignmentGroup = candidates[0]
		d.remark("Several groups are assigned to the Okta app (%s); a run sees to one of them, and leaves the others as they are.",
			strings.Join(app.Groups, ", "))
	case len(app.Groups) > 0:
		d.remark("The groups that are assigned to the Okta app (%s) have access to Studio, too. Okta does not support one group for both: name "+
			"another one under okta.assignmentGroup.", strings.Join(app.Groups, ", "))
	default:
		d.remark("No group is known to be assigned to the Okta app. Name the one whose members it lets in under okta.assignmentGroup.")
	}
}
