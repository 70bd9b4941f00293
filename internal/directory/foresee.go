package directory

import (
	"slices"
	"strings"
	"time"
)

// Outlook is who of the people will be in Identity Center once Okta has brought everybody it can.
type Outlook struct {
	// Present are there already: enabled, under their exact user name, looked after by Okta.
	Present []Person
	// Coming are expected to arrive. Nothing is known to keep them out.
	Coming []Person
	// Missing are known not to arrive, or not all of them: where people get in each other's way, the first one gets in.
	Missing []Missing
	// Users are those of Present, in that order.
	Users []User
}

// Foresee says who will come, without waiting for anybody. Somebody who is to be assigned to the app counts as in the
// assignment group. The input's times are not looked at, but for Now.
func Foresee(in Input) Outlook {
	const forever = 200 * 365 * 24 * time.Hour
	in.Since, in.Settle = in.Now, forever
	c := newComparison(in)
	var outlook Outlook
	miss := func(p Person, reason, remedy string) {
		outlook.Missing = append(outlook.Missing, Missing{Person: p.Login, Reason: reason, Remedy: remedy})
	}
	for _, person := range in.People {
		user, v := c.judge(person)
		if v.state == present {
			outlook.Present = append(outlook.Present, person)
			outlook.Users = append(outlook.Users, user)
			continue
		}
		if v.state == missing {
			miss(person, v.reason, v.remedy)
			continue
		}
		if own := lintOne(*person.User); len(own) > 0 {
			miss(person, own[0].Reason, own[0].Remedy)
		} else if v, ok := c.obstacle(person); ok {
			miss(person, v.reason, v.remedy)
		} else if problem, ok := c.shared[person.User.Login]; ok {
			miss(person, problem.Reason, problem.Remedy)
		} else if person.AppUser != nil && person.AppUser.Provisioned() {
			miss(person, deleted.reason, deleted.remedy)
		} else {
			outlook.Coming = append(outlook.Coming, person)
		}
	}
	slices.SortFunc(outlook.Missing, func(a, b Missing) int { return strings.Compare(a.Person, b.Person) })
	return outlook
}

// DeletedThere is the reason of people who were taken out of Identity Center behind Okta's back, or never came there.
const DeletedThere = "Okta holds this person for provisioned, but Identity Center has no such user"

// deleted is somebody who was taken out of Identity Center behind Okta's back.
var deleted = because(DeletedThere,
	"Somebody deleted the user there: unassign the person from the app in Okta and assign them again")
