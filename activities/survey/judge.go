package survey

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"studio-onboarding/onboarding"
)

// The codes of the verdicts. None is that of the resource, so that a plan, which names things, does not list them.
const (
	CodePeople         = "stock-people"
	CodePermissionSets = "stock-permission-sets"
	CodeApplications   = "stock-applications"
	CodeOktaApps       = "stock-okta-apps"
	CodeSource         = "stock-identity-source"
	CodeRegions        = "stock-regions"
)

// Stock counts what is there, and names nobody.
func (s State) Stock() onboarding.Stock {
	stock := onboarding.Stock{Source: s.source()}
	for part, trouble := range map[string]*onboarding.Trouble{
		onboarding.StockUsers: s.UsersTrouble, onboarding.StockGroups: s.GroupsTrouble, onboarding.StockPermissionSets: s.PermissionSetsTrouble,
		onboarding.StockApplications: s.ApplicationsTrouble, onboarding.StockOktaApps: s.AppsTrouble, onboarding.StockRegions: s.RegionsTrouble,
		onboarding.StockSource: s.EventsTrouble,
	} {
		if trouble != nil {
			stock.Unread = append(stock.Unread, part)
		}
	}
	slices.Sort(stock.Unread)
	for _, user := range s.Users {
		stock.Users.Total++
		if user.Enabled {
			stock.Users.Enabled++
		}
		if len(user.ExternalIDs) > 0 {
			stock.Users.Provisioned++
		}
	}
	for _, group := range s.Groups {
		stock.Groups.Total++
		if group.Provisioned {
			stock.Groups.Provisioned++
		}
	}
	for _, set := range s.PermissionSets {
		accounts := map[string]bool{}
		for _, one := range set.Assignments {
			accounts[one.Account] = true
		}
		stock.AccountAssignments += len(set.Assignments)
		stock.AtLeast = stock.AtLeast || set.More
		stock.PermissionSets = append(stock.PermissionSets, onboarding.StockedPermissionSet{Name: set.Name, ARN: set.ARN, Accounts: len(accounts),
			Assignments: len(set.Assignments), AtLeast: set.More})
	}
	for _, one := range s.Applications {
		stock.Applications = append(stock.Applications, onboarding.StockedApplication{ARN: one.ARN, Name: one.Name, Account: one.Account,
			Status: one.Status, Visible: one.Visible, AssignmentRequired: one.Required, Assignments: len(one.Assignments), AtLeast: one.More})
	}
	for _, app := range s.Apps {
		stocked := onboarding.StockedOktaApp{ID: app.ID, Label: app.Label, Status: app.Status, Belongs: s.belongs(app.App),
			IdentityStoreID: app.IdentityStoreID(), Provisions: app.Provisions(), AtLeast: app.More}
		if app.Trouble == nil {
			n := len(app.Users)
			stocked.People, stocked.Groups = &n, slices.Sorted(maps.Values(app.Groups))
		}
		stock.OktaApps = append(stock.OktaApps, stocked)
	}
	return stock
}

// credential words are CloudTrail's for how people signed in.
const (
	credentialExternal = "EXTERNAL_IDP"
	credentialPassword = "PASSWORD"
)

// source is the identity source as far as it shows. No public API tells it.
func (s State) source() onboarding.StockedSource {
	source := onboarding.StockedSource{Kind: onboarding.SourceUnknown}
	say := func(format string, args ...any) {
		source.Evidence = append(source.Evidence, fmt.Sprintf(format, args...))
	}
	var newest Event
	for _, change := range s.Events.Changes {
		if change.At.After(newest.At) {
			newest = change
		}
	}
	if newest.Name != "" {
		say("CloudTrail shows %s on %s, the newest change of the identity source in 90 days.", newest.Name, newest.At.Format(time.DateOnly))
	}
	for _, kind := range slices.Sorted(maps.Keys(s.Events.SignIns)) {
		say("Of the newest sign-ins in CloudTrail %d were with %s.", s.Events.SignIns[kind], kind)
	}
	issuers, byHand := map[string]int{}, 0
	for _, user := range s.Users {
		if len(user.ExternalIDs) == 0 {
			byHand++
			continue
		}
		issuers[user.Issuer]++
	}
	for _, issuer := range slices.Sorted(maps.Keys(issuers)) {
		say("%s from another directory, which Identity Center calls %q.", usersWho(issuers[issuer], "came"), issuer)
	}
	if byHand > 0 {
		say("%s no ID of another directory.", usersWho(byHand, "has", "have"))
	}
	var here []string
	for _, app := range s.Apps {
		if s.belongs(app.App) == onboarding.BelongsHere {
			here = append(here, fmt.Sprintf("%q (%s)", app.Label, app.Status))
		}
	}
	if len(here) > 0 {
		say("The Okta app that has this instance's values: %s.", strings.Join(onboarding.Examples(here), ", "))
	}
	switch {
	case s.IdentityStoreID != "" && s.UsersTrouble == nil && len(s.Users) == 0:
		source.Kind = onboarding.SourceNone
	case newest.Name == eventActiveDirectory:
		source.Kind = onboarding.SourceActiveDirectory
	case s.Events.SignIns[credentialExternal] > 0 || newest.Name == eventExternal || len(issuers) > 0:
		source.Kind = onboarding.SourceExternal
	case newest.Name != "":
		source.Kind = onboarding.SourceDirectory
	case s.Events.SignIns[credentialPassword] > 0:
		source.Kind = onboarding.SourcePassword
	}
	return source
}

// usersWho writes a number of people with what they do: one form for both, or one each.
func usersWho(n int, does ...string) string {
	if n == 1 {
		return "1 user " + does[0]
	}
	return fmt.Sprintf("%d users %s", n, does[len(does)-1])
}

// Judge says what hangs on the instance. Nothing of it is wrong; it is what a person should know before anything is changed.
func Judge(s State) []onboarding.Verdict {
	if s.IdentityStoreID == "" {
		if s.AppsTrouble != nil {
			return []onboarding.Verdict{unknown(*s.AppsTrouble, CodeOktaApps)}
		}
		return s.judgeApps()
	}
	stock := s.Stock()
	var verdicts []onboarding.Verdict
	add := func(trouble *onboarding.Trouble, code, format string, args ...any) {
		if trouble != nil {
			verdicts = append(verdicts, unknown(*trouble, code))
			return
		}
		verdicts = append(verdicts, keep(code, format, args...))
	}
	add(s.UsersTrouble, CodePeople, "%s, %d of them enabled, %d from another directory.", plural(stock.Users.Total, "user", "users"),
		stock.Users.Enabled, stock.Users.Provisioned)
	if s.UsersTrouble == nil || s.GroupsTrouble == nil {
		add(s.GroupsTrouble, CodePeople, "%s, %d from another directory.", plural(stock.Groups.Total, "group", "groups"),
			stock.Groups.Provisioned)
	}
	add(s.PermissionSetsTrouble, CodePermissionSets, "%s with %s%s in accounts.", plural(len(stock.PermissionSets), "permission set",
		"permission sets"), atLeast(stock.AtLeast), plural(stock.AccountAssignments, "assignment", "assignments"))
	add(s.ApplicationsTrouble, CodeApplications, "%s", applicationsText(stock.Applications))
	if s.AppsTrouble != nil {
		verdicts = append(verdicts, unknown(*s.AppsTrouble, CodeOktaApps))
	} else {
		verdicts = append(verdicts, s.judgeApps()...)
	}
	if s.EventsTrouble != nil {
		verdicts = append(verdicts, unknown(*s.EventsTrouble, CodeSource))
	}
	verdicts = append(verdicts, keep(CodeSource, "Identity source, as far as it shows: %s. %s", stock.Source.Kind,
		strings.Join(stock.Source.Evidence, " ")))
	if s.RegionsTrouble != nil {
		verdicts = append(verdicts, unknown(*s.RegionsTrouble, CodeRegions))
	} else if len(s.Regions) > 0 {
		verdicts = append(verdicts, keep(CodeRegions, "The instance is replicated to %s.", strings.Join(s.Regions, ", ")))
	}
	return verdicts
}

// judgeApps says of each app which instance it belongs to, and whom it lets in.
func (s State) judgeApps() []onboarding.Verdict {
	var verdicts []onboarding.Verdict
	for i, app := range s.Apps {
		if i == onboarding.MaxExamples {
			return append(verdicts, keep(CodeOktaApps, "The Okta org has %d more apps of the kind.", len(s.Apps)-i))
		}
		who := "who is assigned to it is not known: "
		if app.Trouble == nil {
			who = fmt.Sprintf("%s%s assigned", atLeast(app.More), plural(len(app.Users), "person", "people"))
			if len(app.Groups) > 0 {
				who += " by " + strings.Join(onboarding.Examples(slices.Sorted(maps.Values(app.Groups))), ", ")
			}
		} else {
			who += app.Trouble.Text()
		}
		provisions := "does not provision"
		if app.Provisions() {
			provisions = "provisions"
		}
		verdicts = append(verdicts, keep(CodeOktaApps, "The Okta app %q (%s, %s) belongs to %s and %s; %s.", app.Label, app.ID, app.Status,
			s.belongs(app.App), provisions, strings.TrimSuffix(who, ".")))
	}
	return verdicts
}

func applicationsText(applications []onboarding.StockedApplication) string {
	assignments, open, more := 0, 0, false
	for _, one := range applications {
		assignments, more = assignments+one.Assignments, more || one.AtLeast
		if one.AssignmentRequired != nil && !*one.AssignmentRequired {
			open++
		}
	}
	text := fmt.Sprintf("%s with %s%s", plural(len(applications), "application", "applications"), atLeast(more),
		plural(assignments, "assignment", "assignments"))
	if open > 0 {
		text += fmt.Sprintf("; %d of them admit everybody of the directory", open)
	}
	return text + "."
}

func atLeast(more bool) string {
	if more {
		return "at least "
	}
	return ""
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func keep(code, format string, args ...any) onboarding.Verdict {
	return onboarding.Verdict{Resource: onboarding.ResourceStock, Kind: onboarding.VerdictKeep, Code: code,
		Reason: strings.TrimSpace(fmt.Sprintf(format, args...))}
}

// unknown: a part that could not be read is never taken for an empty one.
func unknown(trouble onboarding.Trouble, code string) onboarding.Verdict {
	verdict := trouble.As(onboarding.VerdictUnknown, onboarding.ResourceStock, "", code)
	verdict.Reason = "unknown: " + verdict.Reason
	return verdict
}

// NoAPITells is what nobody can find out but in a console.
func NoAPITells() []string {
	return []string{
		"Which identity source the instance has; what is said of it is concluded from users, sign-ins and console events.",
		"Which identity provider's metadata and certificate the instance has.",
		"How many SCIM access tokens there are (two at most), and when each expires.",
		"Who uses an application or permission set in fact, and not by assignment alone.",
	}
}
