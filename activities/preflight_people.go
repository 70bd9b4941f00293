package activities

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"studio-onboarding/internal/access"
	"studio-onboarding/internal/directory"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/onboarding"
)

// everybody foresees who will get in, and keeps the list of those who will not, each with the reason.
func (p *preflight) everybody(ctx context.Context) error {
	if len(p.persons) == 0 {
		return nil
	}
	now := time.Now()
	in := directory.Input{People: p.persons, Users: p.users, AssignmentGroup: p.spec.Okta.AssignmentGroup, Now: now}
	if p.oktaApp != nil && (p.all || len(p.persons) <= maxLinted) {
		byID := map[string]int{}
		for i, person := range p.persons {
			if person.User != nil {
				byID[person.User.ID] = i
			}
		}
		err := appUsersOf(ctx, p.Okta, p.oktaApp.ID, func(user oktaorg.AppUser) {
			if i, wanted := byID[user.ID]; wanted {
				p.persons[i].AppUser = &user
			}
		})
		if err == nil && provisions(*p.oktaApp) {
			in.Failures, err = p.failures(ctx, in)
		}
		if err != nil {
			return p.failed(onboarding.LevelBlocking, checkEverybody, err)
		}
	}
	outlook := directory.Foresee(in)
	p.namesAndRoles()
	if len(outlook.Missing) == 0 {
		p.ok(checkEverybody, "Nothing is known to keep anybody of %d out.", len(p.persons))
		return nil
	}
	if p.People == nil {
		return nil
	}
	var records []onboarding.PersonRecord
	for _, missing := range outlook.Missing {
		records = append(records, onboarding.PersonRecord{Person: missing.Person, Reason: missing.Reason, Remedy: missing.Remedy})
	}
	file, err := p.People.SavePeople(onboarding.CheckID(p.spec.Name), slices.Values(records))
	if err != nil {
		f := fault.New(fault.Invalid, "worker", "", "the list of people cannot be written: %v", err).
			WithRemedy("Check the worker's data directory: it has to be writable and to have space left.")
		return p.failed(onboarding.LevelWarning, checkEverybody, f)
	}
	p.warn(checkEverybody, "Each is in "+file+" (on the worker) with the reason and what to do.",
		"%d of %d people will not get in as things are: %s.", len(outlook.Missing), len(p.persons), strings.Join(examplesOf(said(outlook.Missing)), "; "))
	return nil
}

// failures reads why people could not be provisioned. A log that may not be read costs the reasons only.
func (p *preflight) failures(ctx context.Context, in directory.Input) ([]oktaorg.LogEvent, error) {
	events, err := failuresOf(ctx, p.Okta, p.oktaApp.ID, in)
	if class := fault.ClassOf(err); class == fault.Denied || class == fault.Unsupported {
		return nil, nil
	}
	return events, err
}

func said(missing []directory.Missing) []string {
	var texts []string
	for _, m := range missing {
		texts = append(texts, fmt.Sprintf("%s (%s)", cmp.Or(m.Person, "somebody without login"), m.Reason))
	}
	return texts
}

// namesAndRoles tells of profile names that would be the same, and of people for whom several execution roles are asked for.
// Neither keeps anybody out.
func (p *preflight) namesAndRoles() {
	desired := access.Desired{Users: map[string]string{}, DefaultRole: p.spec.Domain.ExecutionRole}
	members := map[string][]string{}
	singles := map[string]string{}
	for _, person := range p.spec.Access.People {
		singles[strings.ToLower(person.Login)] = person.ExecutionRole
	}
	var logins []string
	for _, person := range p.persons {
		if person.User == nil {
			continue
		}
		logins = append(logins, person.Login)
		desired.Users[person.User.ID] = person.Login
		for _, group := range person.Groups {
			members[group] = append(members[group], person.User.ID)
		}
		if role, single := singles[strings.ToLower(person.Login)]; single {
			desired.Singles = append(desired.Singles, access.Single{UserID: person.User.ID, Role: role})
		}
	}
	for _, group := range p.spec.Access.Groups {
		desired.Groups = append(desired.Groups, access.Group{Name: group.Name, Role: group.ExecutionRole, Members: members[group.Name]})
	}
	var conflicts, hashed []string
	for _, person := range desired.People() {
		if person.Conflict != "" {
			conflicts = append(conflicts, person.UserName)
		}
	}
	names := access.ProfileNames(logins, nil)
	for _, login := range logins {
		if access.Hashed(login, names[login]) {
			hashed = append(hashed, fmt.Sprintf("%s (%s)", login, names[login]))
		}
	}
	if len(conflicts) > 0 {
		p.ok(checkRoleConflicts, "%s in groups that ask for different execution roles; the group that the spec lists first counts: %s.",
			persons(len(conflicts), "is", "are"), strings.Join(examplesOf(conflicts), ", "))
	}
	if len(hashed) > 0 {
		p.ok(checkProfileNames, "%s a profile name with a hash at its end, because the plain one is somebody else's too: %s.",
			persons(len(hashed), "gets", "get"), strings.Join(examplesOf(hashed), ", "))
	}
}
