package awsworld

import (
	"slices"
	"sort"
	"time"
)

// assignmentDelay is how long a new assignment takes to be seen.
const assignmentDelay = 2 * time.Second

// assignment lets a user or a group into an application.
type assignment struct {
	ordinal
	principal, kind string
	visible         time.Time
}

const (
	userPrincipal  = "USER"
	groupPrincipal = "GROUP"
)

// assignments are those of an application, in the order in which they were made.
type assignments struct {
	ordered     []*assignment
	byPrincipal map[string]*assignment
}

func (all *assignments) add(s *assignment) {
	if all.byPrincipal == nil {
		all.byPrincipal = map[string]*assignment{}
	}
	all.ordered = append(all.ordered, s)
	all.byPrincipal[s.kind+" "+s.principal] = s
}

func (all *assignments) remove(s *assignment) {
	all.ordered = removed(all.ordered, s)
	delete(all.byPrincipal, s.kind+" "+s.principal)
}

func (a *application) assignment(principal, kind string) *assignment {
	return a.assignments.byPrincipal[kind+" "+principal]
}

// seen are the assignments that have spread. All take the same time for it, so the older ones have.
func (a *application) seen(now time.Time) []*assignment {
	all := a.assignments.ordered
	return all[:sort.Search(len(all), func(i int) bool { return all[i].visible.After(now) })]
}

// reaching are the visible assignments that let a user in, directly or through a group.
func (a *application) reaching(now time.Time, userID string) []*assignment {
	found := []*assignment{a.assignment(userID, userPrincipal)}
	if u := a.instance.directory.byID[userID]; u != nil {
		for g := range u.memberships {
			found = append(found, a.assignment(g.id, groupPrincipal))
		}
	}
	found = slices.DeleteFunc(found, func(s *assignment) bool { return s == nil || s.visible.After(now) })
	sortByNumber(found)
	return found
}

func (c *call) createAssignment(in applicationInput) (any, error) {
	a, err := c.applicationHere(in.ApplicationArn)
	if err != nil {
		return nil, err
	}
	directory := a.instance.directory
	switch in.PrincipalType {
	case userPrincipal:
		u := directory.byID[in.PrincipalId]
		if u == nil {
			return nil, failure("ResourceNotFoundException", "USER with ID %s not found.", in.PrincipalId)
		}
		c.params["PrincipalName"] = u.UserName
	case groupPrincipal:
		g := directory.groupsByID[in.PrincipalId]
		if g == nil {
			return nil, failure("ResourceNotFoundException", "GROUP with ID %s not found.", in.PrincipalId)
		}
		c.params["PrincipalName"] = g.name
	}
	if a.assignment(in.PrincipalId, in.PrincipalType) != nil {
		return nil, failure("ConflictException", "The principal %s is already assigned to the application.", in.PrincipalId)
	}
	a.assignments.add(&assignment{
		ordinal: ordinal(c.world.next()), principal: in.PrincipalId, kind: in.PrincipalType, visible: c.world.clock.Due(assignmentDelay),
	})
	c.effect = created
	return nil, nil
}

// deleteAssignment is idempotent in the service's model.
func (c *call) deleteAssignment(in applicationInput) (any, error) {
	a, err := c.applicationHere(in.ApplicationArn)
	if err != nil {
		return nil, err
	}
	if s := a.assignment(in.PrincipalId, in.PrincipalType); s != nil {
		a.assignments.remove(s)
		c.effect = deleted
	}
	return nil, nil
}

type assignmentOutput struct{ ApplicationArn, PrincipalId, PrincipalType string }

// describeAssignment doesn't see access through a group, as its reference says.
func (c *call) describeAssignment(in applicationInput) (any, error) {
	a, err := c.applicationHere(in.ApplicationArn)
	if err != nil {
		return nil, err
	}
	s := a.assignment(in.PrincipalId, in.PrincipalType)
	if s == nil || s.visible.After(c.world.clock.Now()) {
		return nil, failure("ResourceNotFoundException", "The assignment of %s %s was not found.", in.PrincipalType, in.PrincipalId)
	}
	return assignmentOutput{a.arn, s.principal, s.kind}, nil
}

func (c *call) listAssignments(in applicationInput) (any, error) {
	a, err := c.applicationHere(in.ApplicationArn)
	if err != nil {
		return nil, err
	}
	cut, next, err := page(c, a.seen(c.world.clock.Now()), in.MaxResults, 100, in.NextToken)
	out := struct {
		ApplicationAssignments []assignmentOutput
		NextToken              string `json:",omitempty"`
	}{ApplicationAssignments: []assignmentOutput{}, NextToken: next}
	for _, s := range cut {
		out.ApplicationAssignments = append(out.ApplicationAssignments, assignmentOutput{a.arn, s.principal, s.kind})
	}
	return out, err
}

// numberedAssignment is an assignment together with its application.
type numberedAssignment struct {
	ordinal
	assignmentOutput
}

// listAssignmentsForPrincipal sees a user's groups too.
func (c *call) listAssignmentsForPrincipal(in applicationInput) (any, error) {
	i, err := c.instanceHere(in.InstanceArn)
	if err != nil {
		return nil, err
	}
	now := c.world.clock.Now()
	var found []numberedAssignment
	for _, a := range c.world.sortedApplications(i) {
		if in.Filter.ApplicationArn != "" && in.Filter.ApplicationArn != a.arn {
			continue
		}
		reaching := a.reaching(now, in.PrincipalId)
		if in.PrincipalType == groupPrincipal {
			reaching = nil
			if s := a.assignment(in.PrincipalId, groupPrincipal); s != nil && !s.visible.After(now) {
				reaching = append(reaching, s)
			}
		}
		for _, s := range reaching {
			found = append(found, numberedAssignment{s.ordinal, assignmentOutput{a.arn, s.principal, s.kind}})
		}
	}
	cut, next, err := page(c, found, in.MaxResults, 100, in.NextToken)
	out := struct {
		ApplicationAssignments []assignmentOutput
		NextToken              string `json:",omitempty"`
	}{ApplicationAssignments: []assignmentOutput{}, NextToken: next}
	for _, s := range cut {
		out.ApplicationAssignments = append(out.ApplicationAssignments, s.assignmentOutput)
	}
	return out, err
}
