package people

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Outlook is who of the people will be in Identity Center once Okta has brought everybody it can.
type Outlook struct {
	// Present are there already: enabled, under their exact user name, looked after by Okta.
	Present []Person
	// Users are those of Present, in that order.
	Users []User
	// Coming are expected to arrive. Nothing is known to keep them out.
	Coming []Person
	// Missing are known not to arrive.
	Missing []Missing
	// Contested get in each other's way, with nothing else to keep them out: of each of Contests, one arrives, and nobody knows
	// before which one.
	Contested []Missing
	Contests  [][]string
	// Lacks are how many of Present Identity Center does not have in an access group, by its name. Nobody is held for lacking
	// where the memberships were not read.
	Lacks map[string]int
}

// Lost is how many of the people will not be there. Of people who compete for several things at once it may be fewer.
func (o Outlook) Lost() int {
	lost := len(o.Missing)
	for _, contest := range o.Contests {
		lost += len(contest) - 1
	}
	return lost
}

// Exceptions are those who will not be there, and those of whom one of several will, in the order of their logins.
func (o Outlook) Exceptions() []Missing {
	all := slices.Concat(o.Missing, o.Contested)
	slices.SortStableFunc(all, func(a, b Missing) int { return strings.Compare(a.Person, b.Person) })
	return all
}

// Foresee says who will come, without waiting for anybody. Somebody who is to be assigned to the app counts as in the
// assignment group. The input's times are not looked at, but for Now.
func Foresee(in Input) Outlook {
	const forever = 200 * 365 * 24 * time.Hour
	in.Since, in.Settle = in.Now, forever
	c := newComparison(in)
	outlook := Outlook{Lacks: map[string]int{}}
	var coming []Person
	for _, person := range in.People {
		user, v := c.judge(person)
		switch v.state {
		case present:
			outlook.Present = append(outlook.Present, person)
			outlook.Users = append(outlook.Users, user)
			for _, name := range person.Groups {
				if group := c.groups[name]; group.ID != "" && !group.Members[user.ID] {
					outlook.Lacks[name]++
				}
			}
		case missing:
			outlook.Missing = append(outlook.Missing, Missing{Person: person.Login, Problem: v.Problem})
		case pending:
			if problem, ok := c.foreseen(person); ok {
				outlook.Missing = append(outlook.Missing, Missing{Person: person.Login, Problem: problem})
			} else {
				coming = append(coming, person)
			}
		}
	}
	c.contests(coming, &outlook)
	for _, list := range [][]Missing{outlook.Missing, outlook.Contested} {
		slices.SortFunc(list, func(a, b Missing) int { return strings.Compare(a.Person, b.Person) })
	}
	return outlook
}

// foreseen is what will keep out somebody who is still under way, and has nobody else to blame for it.
func (c *comparison) foreseen(p Person) (Problem, bool) {
	if own := lintOne(*p.User); len(own) > 0 {
		return own[0].Problem, true
	}
	if c.takenOver(p) {
		return Problem{}, false
	}
	if v, ok := c.obstacle(p); ok {
		return v.Problem, true
	}
	if len(c.shared[p.User.Login]) == 0 && p.AppUser != nil && p.AppUser.Provisioned() {
		return deletedThere, true
	}
	return Problem{}, false
}

// takenOver says whether Okta will find the person's user in Identity Center by the exact user name, and link it: one who was
// made by hand, and one whom Okta disabled when the person lost the app.
func (c *comparison) takenOver(p Person) bool {
	user, there := c.byName[p.UserName()]
	return there && (len(user.ExternalIDs) == 0 || !user.Enabled && !p.Assigned())
}

// contests tells those who come from those who compete with others of them. Who competes with somebody who is missing anyway
// has nobody in the way.
func (c *comparison) contests(coming []Person, o *Outlook) {
	leader := map[string]string{} // of those who compete, by login
	var leaderOf func(string) string
	leaderOf = func(login string) string {
		if next := leader[login]; next != login {
			return leaderOf(next)
		}
		return login
	}
	for _, person := range coming {
		if len(c.shared[person.User.Login]) > 0 {
			leader[person.Login] = person.Login
		}
	}
	about := map[string]Problem{}
	for _, login := range slices.Sorted(maps.Keys(leader)) {
		for _, conflict := range c.shared[login] {
			for _, other := range conflict.With {
				if _, competes := leader[other]; !competes || other == login {
					continue
				}
				leader[leaderOf(other)] = leaderOf(login)
				if _, known := about[login]; !known {
					about[login] = conflict.Problem
				}
			}
		}
	}
	contests := map[string][]string{}
	for _, person := range coming {
		problem, contested := about[person.Login]
		if !contested {
			o.Coming = append(o.Coming, person)
			continue
		}
		o.Contested = append(o.Contested, Missing{Person: person.Login, Problem: problem})
		contests[leaderOf(person.Login)] = append(contests[leaderOf(person.Login)], person.Login)
	}
	for _, first := range slices.Sorted(maps.Keys(contests)) {
		slices.Sort(contests[first])
		o.Contests = append(o.Contests, contests[first])
	}
}

// DeletedThere is the reason of people who were taken out of Identity Center behind Okta's back, or never came there.
const DeletedThere = "Okta holds this person for provisioned, but Identity Center has no such user"

// deletedThere is somebody who was taken out of Identity Center behind Okta's back.
var deletedThere = Problem{Code: CodeDeletedThere, Reason: DeletedThere,
	Remedy: "Somebody deleted the user there: unassign the person from the app in Okta and assign them again"}
