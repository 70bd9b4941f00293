package render

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"studio-onboarding/onboarding"
)

// Survey writes what was found of an organization before anything is changed: facts as tables, what was judged as a check shows it, and
// what no API tells.
func Survey(w io.Writer, s onboarding.Survey, o Options) error {
	out := page{Options: o}
	out.surveyHead(s)
	out.stock(s.Stock)
	out.oktaApps(s.Stock)
	out.surveyedDomains(s)
	said := slices.DeleteFunc(slices.Clone(s.Verdicts), func(v onboarding.Verdict) bool {
		return v.Resource == onboarding.ResourceStock && v.Kind == onboarding.VerdictKeep // a table says it
	})
	for _, area := range onboarding.Areas() {
		out.area(area.Title, said, func(v onboarding.Verdict) bool { return slices.Contains(area.Resources, v.Resource) })
	}
	if len(s.Unknown) > 0 {
		out.heading("What no API tells")
		for _, unknown := range s.Unknown {
			out.wrapped("  · ", "    ", clean(unknown))
		}
	}
	return out.flush(w)
}

func (p *page) surveyHead(s onboarding.Survey) {
	p.line(p.paint(bold, "Survey"), "  ", clean(s.Region), p.paint(dim, "  read-only; nothing was changed"))
	p.heading("Identity Center instance")
	if s.Instance == nil {
		p.line("  ", "none that can be used in this Region, or it could not be looked at; see below")
		return
	}
	facts := [][]string{{"instance", s.Instance.ARN}, {"identity store", s.Instance.IdentityStoreID},
		{"owner", s.Instance.OwnerAccount}, {"primary Region", s.Instance.PrimaryRegion}}
	if len(s.Instance.Regions) > 0 {
		facts = append(facts, []string{"further Regions", strings.Join(s.Instance.Regions, ", ")})
	}
	if s.Instance.CustomerKey != "" {
		facts = append(facts, []string{"key", s.Instance.CustomerKey})
	}
	source := s.Stock.Source.Kind + ", as far as it shows"
	facts = append(facts, []string{"identity source", source})
	for _, fact := range facts {
		p.line("  ", p.paint(dim, pad(fact[0], 16)), clean(fact[1]))
	}
	for _, evidence := range s.Stock.Source.Evidence {
		p.wrapped("  "+pad("", 16), "  "+pad("", 16), p.paint(dim, clean(evidence)))
	}
}

func (p *page) stock(s onboarding.Stock) {
	unread := func(part string) bool { return slices.Contains(s.Unread, part) }
	count := func(part, text string) string {
		if unread(part) {
			return "unknown"
		}
		return text
	}
	p.heading("What hangs on it")
	assignments := number(s.AccountAssignments)
	if s.AtLeast {
		assignments = "at least " + assignments
	}
	p.table([]string{"WHAT", "HOW MANY", "OF THEM"}, [][]string{
		{"users", count(onboarding.StockUsers, number(s.Users.Total)), count(onboarding.StockUsers,
			fmt.Sprintf("%s enabled, %s from another directory", number(s.Users.Enabled), number(s.Users.Provisioned)))},
		{"groups", count(onboarding.StockGroups, number(s.Groups.Total)), count(onboarding.StockGroups,
			fmt.Sprintf("%s from another directory", number(s.Groups.Provisioned)))},
		{"permission sets", count(onboarding.StockPermissionSets, number(len(s.PermissionSets))),
			count(onboarding.StockPermissionSets, assignments+" assignments in accounts")},
		{"applications", count(onboarding.StockApplications, number(len(s.Applications))), ""},
	})
	if len(s.PermissionSets) > 0 {
		var rows [][]string
		for _, set := range s.PermissionSets[:min(len(s.PermissionSets), onboarding.MaxListed)] {
			rows = append(rows, []string{clean(set.Name), number(set.Accounts), more(set.Assignments, set.AtLeast)})
		}
		p.line()
		p.table([]string{"PERMISSION SET", "ACCOUNTS", "ASSIGNMENTS"}, rows)
		p.rest(len(s.PermissionSets))
	}
	if len(s.Applications) > 0 {
		var rows [][]string
		for _, one := range s.Applications[:min(len(s.Applications), onboarding.MaxListed)] {
			required := "unknown"
			if one.AssignmentRequired != nil {
				required = map[bool]string{true: "required", false: "everybody"}[*one.AssignmentRequired]
			}
			portal := "hidden"
			if one.Visible {
				portal = "shown"
			}
			rows = append(rows, []string{clean(one.Name), clean(one.Account), strings.ToLower(clean(one.Status)), portal, required,
				more(one.Assignments, one.AtLeast)})
		}
		p.line()
		p.table([]string{"APPLICATION", "ACCOUNT", "STATUS", "PORTAL", "ASSIGNMENT", "ASSIGNED"}, rows)
		p.rest(len(s.Applications))
	}
}

func more(n int, atLeast bool) string {
	if atLeast {
		return "at least " + number(n)
	}
	return number(n)
}

// rest says how many there are beyond those listed.
func (p *page) rest(total int) {
	if left := total - onboarding.MaxListed; left > 0 {
		p.line("  ", p.paint(dim, fmt.Sprintf("and %s more", number(left))))
	}
}

func (p *page) oktaApps(s onboarding.Stock) {
	p.heading("Okta apps of the kind AWS IAM Identity Center")
	if slices.Contains(s.Unread, onboarding.StockOktaApps) {
		p.line("  ", "unknown")
		return
	}
	if len(s.OktaApps) == 0 {
		p.line("  ", "none")
		return
	}
	var rows [][]string
	for _, app := range s.OktaApps {
		people := "unknown"
		if app.People != nil {
			people = more(*app.People, app.AtLeast)
		}
		provisions := "no"
		if app.Provisions {
			provisions = "yes"
		}
		belongs := string(app.Belongs)
		if app.Belongs == onboarding.BelongsElsewhere {
			belongs += " (" + app.IdentityStoreID + ")"
		}
		rows = append(rows, []string{clean(app.Label), clean(app.ID), strings.ToLower(clean(app.Status)), clean(belongs), people,
			clean(strings.Join(onboarding.Examples(app.Groups), ", ")), provisions})
	}
	p.table([]string{"LABEL", "ID", "STATUS", "BELONGS TO", "PEOPLE", "GROUPS", "SCIM"}, rows)
}

func (p *page) surveyedDomains(s onboarding.Survey) {
	if len(s.Domains) == 0 {
		return
	}
	p.heading("Studio domains")
	var rows [][]string
	for _, domain := range s.Domains {
		var groups []string
		for _, group := range domain.Groups {
			groups = append(groups, group.Name)
		}
		rows = append(rows, []string{clean(domain.Name), clean(domain.ID), clean(domain.Status), clean(domain.AuthMode), number(domain.Profiles),
			clean(strings.Join(onboarding.Examples(groups), ", ")), number(domain.People)})
	}
	p.table([]string{"DOMAIN", "ID", "STATUS", "SIGN-IN", "PROFILES", "GROUPS", "PEOPLE"}, rows)
	for _, domain := range s.Domains {
		for _, unread := range domain.Unread {
			p.wrapped("  · ", "    ", clean(domain.Name+": "+unread))
		}
	}
}
