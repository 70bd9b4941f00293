package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"studio-onboarding/internal/directory"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/onboarding"
)

const (
	// maxLinted bounds the people of each group that are looked at here. A preflight is quick; the later steps look at everybody.
	maxLinted = 10_000
	// hiddenMembers and joinLater are what to do about groups that look empty.
	hiddenMembers = "If there are some, let the worker's Okta role see them: Okta answers with an empty list, and no error, where it may not. Then retry."
	joinLater     = "Put people into it in Okta; they are picked up while the run goes on."
	// maxExamples is how many people a finding names.
	maxExamples = 5
)

// checkOrg looks at the Okta org: credentials, app, groups and people.
func (p *preflight) checkOrg(ctx context.Context) error {
	who, err := p.Okta.Who(ctx)
	if err != nil {
		return p.failed(onboarding.LevelBlocking, checkOkta, err)
	}
	if onlyReads(who) {
		p.block(checkOkta, "Give the worker credentials of an administrator who manages the app and the groups (Application Administrator and Group Administrator), or of a service app with such roles; then retry.",
			"%s, as %s: that role can change nothing.", p.Okta.URL(), who)
	} else {
		p.ok(checkOkta, "%s, as %s.", p.Okta.URL(), who)
	}
	if err := p.app(ctx); err != nil {
		return err
	}
	return p.groups(ctx)
}

// onlyReads says whether a principal is known to have the read-only role alone, which Okta names after the login.
func onlyReads(who string) bool {
	return strings.HasSuffix(strings.ToLower(who), "(read-only administrator)")
}

// app looks for the app as the run will: by label among those of Identity Center.
func (p *preflight) app(ctx context.Context) error {
	apps, err := p.Okta.Apps(ctx)
	if err != nil {
		return p.failed(onboarding.LevelBlocking, checkOktaApp, err)
	}
	label := p.spec.Okta.AppLabel
	var matching []oktaorg.App
	var others []string
	for _, app := range apps {
		if app.Label == label {
			matching = append(matching, app)
		} else {
			others = append(others, fmt.Sprintf("%q (%s)", app.Label, app.ID))
		}
	}
	switch {
	case len(matching) > 1:
		p.warn(checkOktaApp, "Nothing to do now: the run asks which one to use.", "There are %d AWS IAM Identity Center apps with the label %q.", len(matching), label)
	case len(matching) == 1:
		return p.existingApp(ctx, matching[0])
	case len(others) > 0:
		p.warn(checkOktaApp, "If one of them is meant, stop the run and put its label into okta.appLabel. If there is another AWS organization behind them, all is well.",
			"There is no app %q, so the run creates it. The org has other AWS IAM Identity Center apps: %s.", label, strings.Join(examplesOf(others), ", "))
	default:
		p.ok(checkOktaApp, "There is no app %q yet; the run creates it.", label)
	}
	return nil
}

// groups checks that the groups exist, reads the people in them, and looks for everything that is known to keep somebody out.
func (p *preflight) groups(ctx context.Context) error {
	assignment, assigned, err := p.group(ctx, checkAssignmentGroup, p.spec.Okta.AssignmentGroup)
	if err != nil {
		return err
	}
	wanted := map[string]oktaorg.User{}
	memberOf := map[string][]string{}
	alone := map[string]bool{} // single people, whom the run assigns itself
	var groups []oktaorg.Group
	var empty []string
	for _, spec := range p.spec.Access.Groups {
		group, members, err := p.group(ctx, checkAccessGroup, spec.Name)
		if err != nil {
			return err
		}
		if group.ID != "" && group.ID == assignment.ID {
			p.block(checkAccessGroup, "Use a second group for one of them, then retry: Okta does not support one group for assignment and push.",
				"The Okta group %q is the assignment group and an access group.", spec.Name)
		}
		for _, user := range members {
			wanted[user.ID] = user
			memberOf[user.ID] = append(memberOf[user.ID], spec.Name)
		}
		if group.ID != "" {
			groups = append(groups, group)
		}
		if group.ID != "" && len(members) == 0 {
			empty = append(empty, spec.Name)
		}
	}
	if n := len(p.spec.Access.Groups); n > 0 && len(empty) == n && len(p.spec.Access.People) == 0 {
		p.block(checkAccessGroup, "Put people into one of them in Okta. "+hiddenMembers,
			"None of the access groups has a member that the worker's credentials can see, so that nobody would get in.")
	} else {
		for _, name := range empty {
			p.warn(checkAccessGroup, joinLater, "The Okta group %q has no members that the worker's credentials can see.", name)
		}
	}
	for _, person := range p.spec.Access.People {
		user, err := p.Okta.UserByLogin(ctx, person.Login)
		if fault.ClassOf(err) == fault.NotFound {
			p.warn(checkPeople, "Correct access.people in the spec, create the person in Okta, or let the worker's Okta role see them.",
				"Okta shows nobody with the login %q.", person.Login)
			p.persons = append(p.persons, directory.Person{Login: person.Login})
			continue
		}
		if err != nil {
			if err := p.failed(onboarding.LevelWarning, checkPeople, err); err != nil {
				return err
			}
			p.persons = append(p.persons, directory.Person{Login: person.Login})
			continue
		}
		wanted[user.ID], alone[user.ID] = user, true
	}
	p.people = slices.SortedFunc(maps.Values(wanted), func(a, b oktaorg.User) int { return strings.Compare(a.Login, b.Login) })
	if len(assigned) > 0 {
		p.unassigned(assigned, alone)
	}
	p.lint(append(slices.Clone(p.people), assigned...))
	inside := map[string]bool{}
	for _, user := range assigned {
		inside[user.ID] = true
	}
	for _, user := range p.people {
		p.persons = append(p.persons, directory.Person{
			Login: user.Login, User: &user, Groups: memberOf[user.ID], InAssignmentGroup: inside[user.ID] || alone[user.ID],
		})
	}
	p.madeByHand()
	if err := p.pushes(ctx, assignment, groups); err != nil {
		return err
	}
	return p.everybody(ctx)
}

// group reads an Okta group and its members; without an ID when there is none.
func (p *preflight) group(ctx context.Context, check, name string) (oktaorg.Group, []oktaorg.User, error) {
	group, err := p.Okta.Group(ctx, name)
	if err != nil {
		return oktaorg.Group{}, nil, p.failed(onboarding.LevelBlocking, check, err)
	}
	enough := errors.New("enough people read")
	var members []oktaorg.User
	err = p.Okta.GroupUsers(ctx, group.ID, func(page []oktaorg.User) error {
		if members = append(members, page...); len(members) > maxLinted && !p.all {
			return enough
		}
		return nil
	})
	switch {
	case errors.Is(err, enough):
		p.ok(check, "%q has more than %d members; the first of them were looked at, and all will be before they get access.", name, maxLinted)
	case err != nil:
		return group, nil, p.failed(onboarding.LevelBlocking, check, err)
	case len(members) == 0 && check == checkAssignmentGroup && len(p.spec.Access.People) == 0:
		p.block(check, "Put people into it in Okta. "+hiddenMembers,
			"The Okta group %q has no members that the worker's credentials can see, so that nobody would be provisioned.", name)
	case len(members) == 0 && check == checkAccessGroup: // whether it matters depends on the others
	case len(members) == 0:
		p.warn(check, joinLater, "The Okta group %q has no members that the worker's credentials can see.", name)
	default:
		p.ok(check, "%q has %d members.", name, len(members))
	}
	return group, members, nil
}

// unassigned finds people who should get in, and are in no group that is assigned to the app.
func (p *preflight) unassigned(assigned []oktaorg.User, alone map[string]bool) {
	if len(assigned) > maxLinted && !p.all {
		return // not all were read, so nobody can be said to be missing
	}
	inside := map[string]bool{}
	for _, user := range assigned {
		inside[user.ID] = true
	}
	var missing []string
	for _, user := range p.people {
		if !inside[user.ID] && !alone[user.ID] {
			missing = append(missing, user.Login)
		}
	}
	if len(missing) > 0 {
		p.warn(checkUnassigned, fmt.Sprintf("Add them to the Okta group %q, or take them out of the access groups.", p.spec.Okta.AssignmentGroup),
			"%s in an access group, but not in the assignment group, so Okta will not provision them: %s.", persons(len(missing), "is", "are"), strings.Join(examplesOf(missing), ", "))
	}
}

// lint reports what directory.Lint finds, one finding for each remedy.
func (p *preflight) lint(users []oktaorg.User) {
	byRemedy := map[string][]directory.Problem{}
	for _, problem := range directory.Lint(users) {
		byRemedy[problem.Remedy] = append(byRemedy[problem.Remedy], problem)
	}
	if len(byRemedy) == 0 {
		p.ok(checkPeople, "Nothing about the people in the groups is known to keep them out.")
	}
	for _, remedy := range slices.Sorted(maps.Keys(byRemedy)) {
		logins := map[string]bool{}
		var said []string
		for _, problem := range byRemedy[remedy] {
			logins[problem.Login] = true
			said = append(said, fmt.Sprintf("%s (%s)", cmp.Or(problem.Login, "somebody without login"), problem.Reason))
		}
		p.warn(checkPeople, remedy+".", "%s not get in as they are: %s.", persons(len(logins), "may", "may"), strings.Join(examplesOf(said), "; "))
	}
}

// madeByHand finds users in Identity Center who stand in the way of people from Okta: SCIM refuses to create a user whose name
// or address is taken ("Refused to create a new, duplicate resource").
func (p *preflight) madeByHand() {
	if p.instance == nil || len(p.people) == 0 {
		return
	}
	wanted := map[string]bool{}
	for _, user := range p.people {
		wanted[strings.ToLower(user.Login)], wanted[strings.ToLower(user.Email)] = true, true
	}
	delete(wanted, "")
	var inTheWay []string
	for _, user := range p.users {
		taken := wanted[strings.ToLower(user.UserName)] || slices.ContainsFunc(user.Emails, func(email string) bool { return wanted[strings.ToLower(email)] })
		if len(user.ExternalIDs) == 0 && taken {
			inTheWay = append(inTheWay, user.UserName)
		}
	}
	slices.Sort(inTheWay)
	if len(inTheWay) == 0 {
		p.ok(checkByHand, "No user in Identity Center stands in the way of anybody from Okta.")
		return
	}
	p.warn(checkByHand, "Delete these users in the IAM Identity Center console (Users) before provisioning is switched on; Okta then makes them anew. Their assignments go with them.",
		"%s made by hand in Identity Center, with the user name or address of somebody in Okta: %s.", persons(len(inTheWay), "was", "were"), strings.Join(examplesOf(inTheWay), ", "))
}

// persons counts persons, with the verb that fits.
func persons(n int, one, many string) string {
	noun, verb := "people", many
	if n == 1 {
		noun, verb = "person", one
	}
	return fmt.Sprintf("%d %s %s", n, noun, verb)
}

// examplesOf keeps as many examples as a finding names.
func examplesOf(all []string) []string {
	if len(all) <= maxExamples {
		return all
	}
	return append(slices.Clone(all[:maxExamples]), fmt.Sprintf("and %d more", len(all)-maxExamples))
}
