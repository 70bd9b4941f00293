package access

import (
	"slices"
	"strings"

	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// onlyCanary restricts who is let in to the canary, with the roles that they will have with everybody else in: a canary's group is
// assigned as a group, and one person directly, also where they will come in by a group later. Nothing is taken from anybody. The
// second result are the user IDs that are assigned directly although the spec does not ask for that.
//
// Class NotFound: nobody who should have access is the canary.
func (v snapshot) onlyCanary(canary onboarding.CanarySpec) (snapshot, []string, error) {
	everybody, whole := v.desired.People(), v.desired
	v.desired.Groups, v.desired.Singles, v.desired.OnRemoval = nil, nil, onboarding.RemovalReport
	v.desired.Pinned = map[string]string{}
	var first []string
	for _, person := range everybody {
		switch {
		case canary.Group != "" && slices.Contains(person.Via, canary.Group):
		case canary.Person != "" && strings.EqualFold(person.UserName, canary.Person):
			if !slices.ContainsFunc(whole.Singles, func(s Single) bool { return s.UserID == person.UserID }) {
				first = append(first, person.UserID)
			}
			v.desired.Singles = append(v.desired.Singles, Single{UserID: person.UserID, Role: person.Role})
		default:
			continue
		}
		v.desired.Pinned[person.UserName] = person.Role
	}
	if i := slices.IndexFunc(whole.Groups, func(g Group) bool { return g.Name == canary.Group }); canary.Group != "" && i >= 0 {
		v.desired.Groups = whole.Groups[i : i+1]
	}
	if len(v.desired.Pinned) > 0 {
		return v, first, nil
	}
	missing, remedy := "the group "+canary.Group+" has no enabled member in Identity Center", "Put somebody into it in Okta"
	if canary.Person != "" {
		missing = canary.Person + " is in none of the access groups in Identity Center, and is not named under access.people"
		remedy = "Put them into one of the access groups in Okta and push it"
	}
	refused := fault.New(fault.NotFound, "aws", "identitystore:ListGroupMemberships", "The canary cannot be let in: %s.", missing)
	return v, nil, refused.AsWhole().WithRemedy("%s, or name another canary in the spec. Then retry.", remedy)
}

// firstOnes are the assignments of canaries who were let in before everybody else, and who come in by their groups now.
func (c *convergence) firstOnes(actual Actual, wanted []Assignment) []Assignment {
	var over []Assignment
	for _, id := range c.in.First {
		one := Assignment{PrincipalID: id, Type: PrincipalUser}
		if slices.Contains(actual.Assignments, one) && !slices.Contains(wanted, one) {
			over = append(over, one)
		}
	}
	return over
}
