package activities

import (
	"context"
	"fmt"
	"time"

	"studio-onboarding/internal/directory"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/onboarding"
)

// people reads who should get in and who is in Identity Center, and foresees who will be.
func (p *planning) people(ctx context.Context) error {
	const step = onboarding.StepDirectorySync
	var groups, singles []string
	for _, group := range p.spec.Access.Groups {
		groups = append(groups, group.Name)
	}
	for _, person := range p.spec.Access.People {
		singles = append(singles, person.Login)
	}
	if err := p.readDirectory(ctx, groups); err != nil {
		return p.failed(step, err)
	}
	if p.undecided {
		return nil
	}
	wanted, err := wantedPeople(ctx, p.Okta, p.appID(), p.spec.Okta.AssignmentGroup, groups, singles)
	if err != nil {
		return p.failed(step, err)
	}
	for i, person := range wanted {
		// The run assigns single people itself.
		wanted[i].InAssignmentGroup = person.InAssignmentGroup || person.Named
	}
	p.wanted = wanted
	in := directory.Input{
		People: wanted, Users: p.users, Groups: p.groups, AssignmentGroup: p.spec.Okta.AssignmentGroup, Now: time.Now(),
	}
	if p.on {
		if in.Failures, err = failuresOf(ctx, p.Okta, p.appID(), in); err != nil {
			return p.failed(step, err)
		}
	}
	p.outlook = directory.Foresee(in)
	p.arriving = len(p.outlook.Coming) > 0
	return nil
}

// readDirectory reads the users and the access groups of Identity Center, in the order of the spec. Without an instance there
// is nobody.
func (p *planning) readDirectory(ctx context.Context, names []string) error {
	if p.instance == nil {
		for _, name := range names {
			p.groups = append(p.groups, directory.Group{Name: name})
		}
		return nil
	}
	store, err := openIdentityStore(ctx, p.AWS, p.spec.IdentityCenter, p.spec.Region, p.instance.IdentityStoreID)
	if err != nil {
		return err
	}
	p.users, p.groups, err = store.usersAndGroups(ctx, names)
	return err
}

func (p *planning) assignment(ctx context.Context) error {
	const step = onboarding.StepOktaGroups
	if p.undecided {
		return nil
	}
	name := p.spec.Okta.AssignmentGroup
	x := &Provisioning{Okta: p.Okta, Waits: p.Waits}
	found, err := x.findAssignment(ctx, p.appID(), name)
	if err != nil {
		return p.failed(step, err)
	}
	switch {
	case !found.assigned:
		p.will(onboarding.ChangeCreate, step, onboarding.KindGroupAssignment, name, "")
		p.arriving = true
	case found.behind:
		p.will(onboarding.ChangeChange, step, onboarding.KindGroupAssignment, name, "assigned once more, because Okta has not provisioned everybody")
	default:
		p.will(onboarding.ChangeKeep, step, onboarding.KindGroupAssignment, name, "")
	}
	var logins []string
	for _, person := range p.spec.Access.People {
		logins = append(logins, person.Login)
	}
	people, _, err := x.peopleToAssign(ctx, p.appID(), found.group.ID, logins)
	if err != nil {
		return p.failed(step, err)
	}
	for _, user := range people {
		p.will(onboarding.ChangeCreate, step, onboarding.KindAppAssignment, user.Login, "")
		p.arriving = true
	}
	return nil
}

func (p *planning) pushes(ctx context.Context) error {
	const step = onboarding.StepOktaGroups
	if p.undecided || len(p.spec.Access.Groups) == 0 {
		return nil
	}
	x := &Provisioning{Okta: p.Okta, Waits: p.Waits}
	mappings := map[string]oktaorg.Mapping{}
	newest := time.Now().AddDate(1, 0, 0) // whoever arrives arrives after every push so far
	if p.app != nil {
		var err error
		if mappings, err = x.mappings(ctx, p.app.ID); err != nil {
			reason, refused := refusedPush(err)
			if !refused {
				return p.failed(step, err)
			}
			for _, group := range p.spec.Access.Groups {
				p.will(onboarding.ChangeAsk, step, onboarding.KindGroupPush, group.Name, "push it in the Okta console: %s", reason)
			}
			return nil
		}
		if !p.arriving {
			if newest, err = x.newestPerson(ctx, p.app.ID, mappings); err != nil {
				return p.failed(step, err)
			}
		}
	}
	for _, spec := range p.spec.Access.Groups {
		group, err := p.Okta.Group(ctx, spec.Name)
		if err != nil {
			if err := p.failed(step, err); err != nil {
				return err
			}
			continue
		}
		switch mapping := mappings[group.ID]; wayToPush(mapping, newest) {
		case pushCreate:
			p.will(onboarding.ChangeCreate, step, onboarding.KindGroupPush, group.Name, "%s", p.takesOver(group.Name))
		case pushAnew:
			p.will(onboarding.ChangeRemove, step, onboarding.KindGroupPush, group.Name, "it failed: %s", orUnknown(mapping.ErrorSummary))
			p.will(onboarding.ChangeCreate, step, onboarding.KindGroupPush, group.Name, "anew")
		case pushAgain:
			p.will(onboarding.ChangeChange, step, onboarding.KindGroupPush, group.Name, "pushed again, with the people who came since")
		case pushActivate:
			p.will(onboarding.ChangeChange, step, onboarding.KindGroupPush, group.Name, "activated")
		case pushNothing:
			p.will(onboarding.ChangeKeep, step, onboarding.KindGroupPush, group.Name, "")
		}
	}
	return nil
}

// takesOver says of a group that is not pushed yet what becomes of one of the same name in Identity Center.
func (p *planning) takesOver(name string) string {
	for _, group := range p.groups {
		if group.Name == name && group.ID != "" {
			return fmt.Sprintf("takes over the group of that name in Identity Center (%s)", group.ID)
		}
	}
	return ""
}
