package people

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"studio-onboarding/internal/oktaorg/model"
)

// Input is what to compare.
type Input struct {
	People []Person
	Users  []User
	Groups []Group
	// Failures are failed provisioning events of the app, in any order.
	Failures []model.LogEvent
	// AssignmentGroup is the name of the group that is assigned to the app, for remedies; empty where it is not known.
	AssignmentGroup string
	// Now is the time of the comparison. Somebody without any sign of trouble is under way until Settle has passed since
	// their assignment last changed, or since Since, where Okta does not tell when that was.
	Now, Since time.Time
	Settle     time.Duration
	// LeftAlone are the groups of which nobody waits for memberships.
	LeftAlone []string
}

// Missing is a person who does not come, with the reason.
type Missing struct {
	Person string
	Problem
	// Lacks is the access group in which Identity Center does not have the person, who is there otherwise; empty for somebody
	// who is not there.
	Lacks string
}

// Problem is what keeps somebody out: a stable code, the reason and what to do about it.
type Problem struct {
	Code   string
	Reason string
	Remedy string
}

// The codes of what keeps people out, for scripts: never rename one. Where Okta's System Log tells the reason, the code is
// that of the table of known errors, or CodeProvisioningFailed.
const (
	CodeUnknownInOkta      = "okta-user-unknown"
	CodeInactiveInOkta     = "okta-user-inactive"
	CodeAppNotGiven        = "assignment-group-without-app"
	CodeAppInactive        = "okta-app-inactive"
	CodeNotAssigned        = "app-not-assigned"
	CodeAttributeMissing   = "attribute-missing"
	CodeAttributeRefused   = "attribute-refused"
	CodeLoginNoAddress     = "login-no-address"
	CodeLoginTooLong       = "login-too-long"
	CodeAppUserName        = "app-user-name-no-address"
	CodeSharedLogin        = "login-shared"
	CodeSharedEmail        = "email-shared"
	CodeMadeByHand         = "user-made-by-hand"
	CodeDisabled           = "user-disabled"
	CodeEmailTaken         = "email-taken"
	CodeOtherCase          = "user-name-differs-by-case"
	CodeDeletedThere       = "user-deleted"
	CodeNotProvisioned     = "not-provisioned"
	CodeProvisioningFailed = "provisioning-failed"
	CodeNotMember          = "not-group-member"
)

// Result is the comparison. Every list is sorted, whatever the order of the input.
type Result struct {
	Wanted int
	// Synced counts those who are in Identity Center, enabled, under their exact user name.
	Synced int
	// Missing are those who are known not to come, and those who lack a membership that should be there by now. Somebody who
	// lacks several is listed for each.
	Missing []Missing
	// Pending counts those who are still under way.
	Pending int
	// PendingGroups are groups that are not there yet, or whose memberships are not complete yet.
	PendingGroups []string
	// MissingGroups are groups that should be there by now and are not.
	MissingGroups []string
}

// Count says how many of the missing have a problem of that code.
func (r Result) Count(code string) int {
	n := 0
	for _, missing := range r.Missing {
		if missing.Code == code {
			n++
		}
	}
	return n
}

// Compare compares the people that Okta should bring with the users and groups of Identity Center.
func Compare(in Input) Result {
	c := newComparison(in)
	result := Result{Wanted: len(in.People)}
	pendingGroups := map[string]bool{}
	for _, group := range in.Groups {
		switch {
		case group.ID != "":
		case c.underWay(in.Since):
			pendingGroups[group.Name] = true
		default:
			result.MissingGroups = append(result.MissingGroups, group.Name)
		}
	}
	for _, person := range in.People {
		user, v := c.judge(person)
		switch v.state {
		case pending:
			result.Pending++
		case missing:
			result.Missing = append(result.Missing, Missing{Person: person.Login, Problem: v.Problem})
		case present:
			result.Synced++
			for _, name := range person.Groups {
				group, known := c.groups[name]
				if !known || group.ID == "" || group.Members[user.ID] {
					continue
				}
				if !slices.Contains(in.LeftAlone, name) && c.underWay(latest(in.Since, changed(person))) {
					pendingGroups[name] = true
					continue
				}
				result.Missing = append(result.Missing, Missing{Person: person.Login, Problem: NotMember(name), Lacks: name})
			}
		}
	}
	for name := range pendingGroups {
		result.PendingGroups = append(result.PendingGroups, name)
	}
	slices.Sort(result.PendingGroups)
	slices.Sort(result.MissingGroups)
	slices.SortFunc(result.Missing, func(a, b Missing) int {
		return cmp.Or(strings.Compare(a.Person, b.Person), strings.Compare(a.Reason, b.Reason))
	})
	return result
}

// state is how far somebody has come.
type state int

const (
	present state = iota
	pending
	missing
)

// standing is how far somebody has come, and for somebody missing why.
type standing struct {
	state state
	Problem
}

func because(code, reason, remedy string) standing {
	return standing{state: missing, Problem: Problem{Code: code, Reason: reason, Remedy: remedy}}
}

// NotMember is the problem of somebody who is in Identity Center, but not in an access group there, by its names.
func NotMember(groups ...string) Problem {
	what := "the group"
	if len(groups) > 1 {
		what = "the groups"
	}
	return Problem{
		Code: CodeNotMember, Reason: fmt.Sprintf("in Identity Center, but not a member of %s %s there", what, Quoted(groups)),
		Remedy: fmt.Sprintf("Push %s again in Okta: Push Groups > the group > Push now", what),
	}
}

// comparison holds the indexes.
type comparison struct {
	Input
	byName map[string]*User // exact user name
	// The following are only of those who have something in common with a person who is not simply present.
	byFold   map[string][]User // user name in lower case
	byEmail  map[string][]User // address in lower case
	groups   map[string]Group
	failures map[string]model.LogEvent // newest, by Okta user ID and by login in lower case
	shared   map[string][]Conflict     // people who get into each other's way, by login
}

func newComparison(in Input) *comparison {
	c := &comparison{
		Input: in, byName: make(map[string]*User, len(in.Users)), byFold: map[string][]User{}, byEmail: map[string][]User{},
		groups: map[string]Group{}, failures: map[string]model.LogEvent{}, shared: map[string][]Conflict{},
	}
	for i := range in.Users {
		user := &in.Users[i]
		if other := c.byName[user.UserName]; other == nil || other.ID < user.ID {
			c.byName[user.UserName] = user
		}
	}
	for _, group := range in.Groups {
		c.groups[group.Name] = group
	}
	for _, event := range in.Failures {
		for _, key := range []string{event.UserID, strings.ToLower(event.UserLogin)} {
			if known, ok := c.failures[key]; key != "" && (!ok || newer(event, known)) {
				c.failures[key] = event
			}
		}
	}
	c.indexOthers()
	return c
}

// indexOthers indexes users and people who may stand in the way of those who are not simply present; at most times these are
// few, and everybody else need not be remembered.
func (c *comparison) indexOthers() {
	names, addresses := map[string]bool{}, map[string]bool{}
	for _, p := range c.People {
		if p.User == nil || c.isPresent(p) {
			continue
		}
		for _, name := range []string{p.UserName(), strings.TrimSpace(p.User.Login)} {
			names[strings.ToLower(name)] = true
		}
		addresses[strings.ToLower(strings.TrimSpace(p.User.Email))] = true
	}
	if len(names) == 0 {
		return
	}
	for _, user := range c.Users {
		if name := strings.ToLower(user.UserName); names[name] {
			c.byFold[name] = append(c.byFold[name], user)
		}
		for _, email := range user.Emails {
			if address := strings.ToLower(email); addresses[address] {
				c.byEmail[address] = append(c.byEmail[address], user)
			}
		}
	}
	for _, index := range []map[string][]User{c.byFold, c.byEmail} {
		for _, users := range index {
			slices.SortFunc(users, func(a, b User) int {
				return cmp.Or(strings.Compare(a.UserName, b.UserName), strings.Compare(a.ID, b.ID))
			})
		}
	}
	var people []model.User
	for _, p := range c.People {
		if p.User != nil && (names[strings.ToLower(strings.TrimSpace(p.User.Login))] ||
			addresses[strings.ToLower(strings.TrimSpace(p.User.Email))]) {
			people = append(people, *p.User)
		}
	}
	people = distinct(people)
	for i, problems := range lintTogether(people) {
		c.shared[people[i].Login] = problems
	}
}

// isPresent says whether a person is in Identity Center, can sign in, and is looked after by Okta.
func (c *comparison) isPresent(p Person) bool {
	user := c.byName[p.UserName()]
	return user != nil && p.CanSignIn(*user) && p.KeptBy(*user)
}

// newer orders events by time, and by ID where the time is the same, so that the order of the log does not matter.
func newer(a, b model.LogEvent) bool {
	return a.Published.After(b.Published) || a.Published.Equal(b.Published) && a.UUID > b.UUID
}

// judge decides about one person. Reasons come in the order in which they have to be dealt with: there is no use in looking
// at the data of somebody who is not assigned, and whom Okta does not let in is not present, whatever Identity Center still
// has of them. The user is set for somebody who is present.
func (c *comparison) judge(p Person) (User, standing) {
	switch {
	case p.User == nil:
		return User{}, because(CodeUnknownInOkta, "Okta knows nobody of this login",
			"Correct the login in the spec, or create the person in Okta")
	case p.User.Status != ActiveStatus:
		return User{}, because(CodeInactiveInOkta, fmt.Sprintf("not active in Okta: %s", orUnknown(p.User.Status)),
			"Activate the person in Okta, or take them out of the groups")
	case !p.Assigned() && p.InAssignmentGroup && c.underWay(latest(c.Since, changed(p))):
		return User{}, standing{state: pending}
	case !p.Assigned() && p.InAssignmentGroup:
		return User{}, because(CodeAppNotGiven, "in the assignment group, but Okta has not assigned the app",
			"In Okta, take the person out of the assignment group and add them again"+c.assignmentGroup())
	case !p.Assigned():
		return User{}, because(CodeNotAssigned, "not assigned to the app in Okta",
			"Add the person to the Okta group that is assigned to the app"+c.assignmentGroup())
	}

	own := lintOne(*p.User)
	if c.isPresent(p) {
		return *c.byName[p.UserName()], standing{state: present}
	}
	failure, failed := c.failure(p)
	switch {
	case len(own) > 0:
		// Okta will try in vain, so nobody needs to wait for it.
		return User{}, standing{state: missing, Problem: own[0].Problem}
	case p.UserName() != p.Login && !SignInName(p.UserName()):
		return User{}, because(CodeAppUserName,
			fmt.Sprintf("the app gives the user name %q, which is not an e-mail address, so that Identity Center refuses the sign-in",
				p.UserName()),
			"In Okta, set Application username format to Okta username on the app's Sign On tab; delete the user in Identity Center, unassign "+
				"the person from the app and assign them again")
	case failed:
		if v, ok := c.obstacle(p); ok {
			return User{}, v
		}
		return User{}, standing{state: missing, Problem: failure.Problem}
	}
	if v, ok := c.otherCase(p); ok {
		return User{}, v
	}
	if c.underWay(cmp.Or(p.AppUser.StatusChanged, c.Since)) {
		return User{}, standing{state: pending}
	}
	if v, ok := c.obstacle(p); ok {
		return User{}, v
	}
	if shared := c.shared[p.User.Login]; len(shared) > 0 {
		return User{}, standing{state: missing, Problem: shared[0].Problem}
	}
	if p.AppUser.Provisioned() {
		return User{}, standing{state: missing, Problem: deletedThere}
	}
	return User{}, because(CodeNotProvisioned,
		fmt.Sprintf("assigned to the app, but not provisioned within %s (%s)", c.Settle, orUnknown(p.AppUser.Status)),
		"Look for the person in Okta under Dashboard > Tasks and retry there; somebody who was assigned before provisioning was switched on "+
			"has to be unassigned and assigned again")
}

// failure finds the newest failed event of a person that still counts: not one that Okta repeats by itself, and not one
// from before their assignment last changed. The minute allows for a status that changes because of the failure.
func (c *comparison) failure(p Person) (explanation, bool) {
	event, ok := c.failures[p.User.ID]
	if byLogin, found := c.failures[strings.ToLower(p.Login)]; found && (!ok || newer(byLogin, event)) {
		event, ok = byLogin, true
	}
	if !ok || event.Published.Before(p.AppUser.StatusChanged.Add(-time.Minute)) {
		return explanation{}, false
	}
	found := explain(event.Reason)
	return found, !found.passing
}

// obstacle finds a user in Identity Center who stands in the person's way.
func (c *comparison) obstacle(p Person) (standing, bool) {
	if user, there := c.byName[p.UserName()]; there {
		if len(user.ExternalIDs) == 0 {
			return handMade("user name"), true
		}
		if !user.Enabled {
			return because(CodeDisabled, "disabled in Identity Center",
					"Unassign the person from the app in Okta and assign them again, or enable the user in the IAM Identity Center console under Users"),
				true
		}
	}
	if v, ok := c.otherCase(p); ok {
		return v, true
	}
	if email := strings.ToLower(strings.TrimSpace(p.User.Email)); email != "" {
		for _, user := range c.byEmail[email] {
			if user.UserName == p.UserName() || slices.Contains(user.ExternalIDs, p.User.ID) {
				continue
			}
			if len(user.ExternalIDs) == 0 {
				return handMade("e-mail address"), true
			}
			return because(CodeEmailTaken, "another user in Identity Center has the same e-mail address",
				"Give each person an e-mail address of their own in Okta"), true
		}
	}
	return standing{}, false
}

// otherCase finds a user whose name differs from the person's by case only. Identity Center takes the two for the same when
// a user is made, and for different ones when somebody signs in.
func (c *comparison) otherCase(p Person) (standing, bool) {
	if _, exact := c.byName[p.UserName()]; exact {
		return standing{}, false
	}
	users := c.byFold[strings.ToLower(p.UserName())]
	if len(users) == 0 {
		return standing{}, false
	}
	if own := slices.IndexFunc(users, func(u User) bool { return slices.Contains(u.ExternalIDs, p.User.ID) }); own >= 0 {
		return because(CodeOtherCase, fmt.Sprintf("the user name in Identity Center is %q: it differs by upper and lower case",
			users[own].UserName),
			"Make both the same: save the person's Okta profile again with the login in lower case, so that Okta pushes it"), true
	}
	if len(users[0].ExternalIDs) == 0 {
		return handMade("user name, but for upper and lower case,"), true
	}
	return because(CodeOtherCase, fmt.Sprintf("another person is in Identity Center as %q, which differs by upper and lower case only",
		users[0].UserName),
		"Rename one of the two logins in Okta"), true
}

func handMade(what string) standing {
	return because(CodeMadeByHand, fmt.Sprintf("a user with this %s was made by hand in Identity Center, so Okta cannot bring the person",
		what),
		"Delete that user in the IAM Identity Center console under Users, then retry the person in Okta under Dashboard > Tasks")
}

// assignmentGroup names the group, for the end of a sentence, where it is known.
func (c *comparison) assignmentGroup() string {
	if c.AssignmentGroup == "" {
		return ""
	}
	return fmt.Sprintf(" (%q)", c.AssignmentGroup)
}

func (c *comparison) underWay(since time.Time) bool { return c.Now.Before(since.Add(c.Settle)) }

func changed(p Person) time.Time {
	if p.AppUser == nil {
		return time.Time{}
	}
	return p.AppUser.StatusChanged
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
