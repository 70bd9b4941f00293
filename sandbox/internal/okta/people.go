package okta

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"time"
)

// The groups of the org.
const (
	groupEveryone   = "Everyone"
	groupAssignment = "aws-identity-center"
	groupStudio     = "sagemaker-studio-users"
	groupML         = "sagemaker-studio-ml"
	groupFinance    = "finance"
)

// The fewest people an org has, and how many it has by default. Everybody who breaks real set-ups fits in, among others
// who don't.
const (
	MinPeople     = 60
	DefaultPeople = 64
)

// Person is somebody in the org, with the names of their groups.
type Person struct {
	Login  string   `json:"login"`
	Status string   `json:"status"`
	Groups []string `json:"groups"`
}

// newcomer is a person before they have an ID.
type newcomer struct {
	login, email, first, last, display string
	status                             string
	groups                             []string
}

// The owners of the org's two API tokens.
const (
	adminLogin   = "olive.brandt@example.com"
	auditorLogin = "piet.vandam@example.com"
)

// administrators are in every org.
func administrators() []newcomer {
	return []newcomer{{login: adminLogin, first: "Olive", last: "Brandt"}, {login: auditorLogin, first: "Piet", last: "van Dam"}}
}

// cast are the people whom every generated org has: the two administrators, and those who break real set-ups.
func cast() []newcomer {
	studio := []string{groupAssignment, groupStudio}
	admins := administrators()
	admins[1].groups = []string{groupFinance}
	return append(admins, []newcomer{
		// AWS wants a family name.
		{login: "ines@example.com", first: "Ines", groups: studio},
		// Left the company; the memberships are still there.
		{login: "tomas.novak@example.com", first: "Tomas", last: "Novak", status: statusDeprovisioned, groups: studio},
		// The login that Okta asserts as NameID isn't an e-mail address.
		{login: "kgarcia", email: "karla.garcia@example.com", first: "Karla", last: "Garcia", groups: studio},
		// AWS refuses < > ; : % in attributes.
		{login: "sade.okoro@example.com", first: "Sade", last: "Okoro <contractor>", groups: studio},
		// User names that differ only by case.
		{login: "maria.santos@example.com", first: "Maria", last: "Santos", groups: studio},
		{login: "Maria.Santos@example.com", first: "Maria", last: "Santos", display: "Maria Santos (Lisbon)", groups: studio},
		// Both become the Studio profile name ann-lee-example-com.
		{login: "ann.lee@example.com", first: "Ann", last: "Lee", groups: studio},
		{login: "ann-lee@example.com", first: "Ann", last: "Lee", display: "Ann Lee (Research)", groups: studio},
		// Two access groups that ask for different execution roles.
		{login: "bo.lindqvist@example.com", first: "Bo", last: "Lindqvist", groups: []string{groupAssignment, groupStudio, groupML}},
		// Somebody made a user for this one by hand in Identity Center, before there was provisioning.
		{login: "by.hand@example.com", first: "Haruki", last: "Band", groups: studio},
		// In an access group, but not assigned to the app.
		{login: "noor.haddad@example.com", first: "Noor", last: "Haddad", groups: []string{groupStudio}},
		// Assigned to the app, but in no access group.
		{login: "edda.falk@example.com", first: "Edda", last: "Falk", groups: []string{groupAssignment}},
		{login: "raj.iyer@example.com", first: "Raj", last: "Iyer", groups: []string{groupAssignment, groupFinance}},
		// Neither.
		{login: "uma.price@example.com", first: "Uma", last: "Price", groups: []string{groupFinance}},
		{login: "ivo.klein@example.com", first: "Ivo", last: "Klein"},
	}...)
}

// crowd makes n more people, most of whom are fine and can sign in.
func crowd(n int, random *rand.Rand) []newcomer {
	first := []string{"Aisha", "Björn", "Chiara", "Daniel", "Elif", "Farid", "Grace", "Hana", "Ilse", "Jonas", "Keiko", "Liam",
		"Mirela", "Nadia", "Owen", "Paula", "Quentin", "Rosa", "Stefan", "Tara", "Ursula", "Victor", "Wanda", "Xenia", "Yusuf", "Zoë"}
	last := []string{"Abbott", "Baptiste", "Castellan", "Dvorak", "Eriksen", "Fontaine", "Gruber", "Hartwell", "Ivanova", "Jansen",
		"Kowalski", "Lombardi", "Mbeki", "Nakagawa", "O'Connell", "Petrov", "Quist", "Romero", "Sørensen", "Thackeray", "Ulrich",
		"Vasquez", "Whitfield", "Yamada", "Zielinski"}
	ascii := strings.NewReplacer("ö", "o", "ë", "e", "ø", "o", "'", "")
	random.Shuffle(len(first), func(i, j int) { first[i], first[j] = first[j], first[i] })
	random.Shuffle(len(last), func(i, j int) { last[i], last[j] = last[j], last[i] })

	people := make([]newcomer, n)
	for i := range people {
		// The lengths of the two lists have no common divisor, so a pair returns only after all pairs were used.
		p := newcomer{first: first[i%len(first)], last: last[i%len(last)]}
		local := strings.ToLower(ascii.Replace(p.first + "." + p.last))
		if round := i / (len(first) * len(last)); round > 0 {
			local = fmt.Sprintf("%s%d", local, round+1)
			p.display = fmt.Sprintf("%s %s %d", p.first, p.last, round+1)
		}
		p.login = local + "@example.com"
		switch i % 10 {
		case 6, 7:
			p.groups = []string{groupAssignment, groupML}
		case 8:
			p.groups = []string{groupFinance}
		default:
			p.groups = []string{groupAssignment, groupStudio}
		}
		people[i] = p
	}
	return people
}

func (o *Org) addUser(p newcomer) *user {
	now := o.clock.Now()
	u := &user{
		id: o.newID("00u", p.login), status: p.status, login: p.login, email: p.email, first: p.first, last: p.last, display: p.display,
		created: now.Add(-90 * 24 * time.Hour), changed: now.Add(-24 * time.Hour),
	}
	if u.status == "" {
		u.status = statusActive
	}
	if u.email == "" {
		u.email = u.login
	}
	if u.display == "" {
		u.display = strings.TrimSpace(u.first + " " + u.last)
	}
	o.users.put(u.id, u)
	o.logins[u.login] = u
	return u
}

func (o *Org) addGroup(kind, name, description string) *group {
	now := o.clock.Now()
	g := &group{id: o.newID("00g", kind, name), kind: kind, name: name, description: description, created: now, changed: now}
	o.groups.put(g.id, g)
	return g
}

// People lists everybody in the order of their logins.
func (o *Org) People() []Person {
	o.mu.Lock()
	defer o.mu.Unlock()
	people := make([]Person, 0, len(o.users.rows))
	for u := range o.users.all() {
		p := Person{Login: u.login, Status: u.status, Groups: []string{}}
		for g := range o.groups.all() {
			if g.members.has(u.id) {
				p.Groups = append(p.Groups, g.name)
			}
		}
		slices.Sort(p.Groups)
		people = append(people, p)
	}
	slices.SortFunc(people, func(a, b Person) int { return strings.Compare(a.Login, b.Login) })
	return people
}
