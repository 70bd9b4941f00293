package survey

import (
	"fmt"
	"strings"

	"studio-onboarding/activities/people"
	"studio-onboarding/onboarding"
)

// Change is what is to be agreed to.
type Change string

// The changes.
const (
	// ChangeSource: Okta's metadata of an app is uploaded, as a change of the identity source or in place of another's metadata.
	ChangeSource Change = "identity-source"
	// ChangeApp: a second Okta app is made, or taken, for an instance that has one.
	ChangeApp Change = "second-app"
)

// Admitted are the names, as Identity Center will see them, of those whom an Okta app lets in, or will let in once the run has assigned
// them.
type Admitted map[string]bool

// Impact is what a change does to those who sign in today.
type Impact struct {
	// InUse says that there is somebody or something to lose; where there is not, nobody is asked.
	InUse bool
	// Sentences tell it in numbers, and name nobody.
	Sentences []string
	// Consent is the sentence to type.
	Consent string
	// CutOff are those who will no longer be able to sign in.
	CutOff []people.User
}

// Impact judges a change by which people come through an app from then on. What could not be read counts as in use.
func (s State) Impact(change Change, appID string, admitted Admitted) Impact {
	stock := s.Stock()
	brought := s.broughtBy(appID)
	var impact Impact
	others, kept := 0, 0
	for _, user := range s.Users {
		switch {
		case !user.Enabled || brought[user.ID]:
		case admitted[user.UserName]:
			others, kept = others+1, kept+1
		default:
			others++
			impact.CutOff = append(impact.CutOff, user)
		}
	}
	neighbours := s.neighbours(appID)
	assigned := stock.AccountAssignments
	for _, application := range stock.Applications {
		assigned += application.Assignments
	}
	// What is assigned to nobody lets nobody in: where there is no user, assignments that cannot be read put nobody in doubt.
	unread := s.UsersTrouble != nil || len(s.Users) > 0 && (s.PermissionSetsTrouble != nil || s.ApplicationsTrouble != nil)
	impact.InUse = change == ChangeApp || others > 0 || assigned > 0 || stock.AtLeast || len(neighbours) > 0 || unread

	say := func(format string, args ...any) {
		impact.Sentences = append(impact.Sentences, fmt.Sprintf(format, args...))
	}
	unknown := func(what string, trouble *onboarding.Trouble) { say("%s unknown: %s", what, trouble.Text()) }
	if s.UsersTrouble != nil {
		unknown("How many people sign in today is", s.UsersTrouble)
	} else {
		say("%s enabled, besides %d whom this run's Okta app brought. %d of them have an Okta login of exactly the same name that is, or will "+
			"be, assigned to the app. The other %d can no longer sign in.", usersWho(others, "is", "are"), stock.Users.Enabled-others, kept,
			others-kept)
	}
	if s.PermissionSetsTrouble != nil {
		unknown("Assignments of permission sets are", s.PermissionSetsTrouble)
	} else {
		say("%s%s of %s in accounts.", atLeast(stock.AtLeast), plural(stock.AccountAssignments, "assignment", "assignments"),
			plural(len(stock.PermissionSets), "permission set", "permission sets"))
	}
	if s.ApplicationsTrouble != nil {
		unknown("Applications are", s.ApplicationsTrouble)
	} else {
		say("%s", applicationsText(stock.Applications))
	}
	for _, app := range neighbours {
		say("The Okta app %q (%s, %s) has this instance's values, and %s assigned to it.", app.Label, app.ID, app.Status, assignedText(app))
	}
	say("Identity source today, as far as it shows: %s. %s", stock.Source.Kind, strings.Join(stock.Source.Evidence, " "))
	impact.Consent = s.consent(change, stock, len(impact.CutOff))
	switch {
	case change == ChangeApp:
		say("Identity Center trusts one identity provider at a time: as soon as the second app's metadata is uploaded, nobody signs in through " +
			"the first one any more.")
	case stock.Source.Kind == onboarding.SourceActiveDirectory:
		say("Changing the source from Active Directory deletes ALL users, groups and assignments of Identity Center.")
	case mayBeActiveDirectory(stock.Source.Kind):
		say("If the source is Active Directory, the change deletes all users, groups and assignments: see Settings, Identity source, in the " +
			"Identity Center console, before you agree.")
	}
	return impact
}

func assignedText(app App) string {
	if app.Trouble != nil {
		return "an unknown number of people are"
	}
	if len(app.Users) == 1 {
		return "1 person is"
	}
	return fmt.Sprintf("%s%d people are", atLeast(app.More), len(app.Users))
}

// mayBeActiveDirectory: nothing that an API tells distinguishes an Active Directory from Identity Center's own directory.
func mayBeActiveDirectory(source string) bool {
	return source == onboarding.SourceUnknown || source == onboarding.SourcePassword
}

// consent is the sentence that says what will happen.
func (s State) consent(change Change, stock onboarding.Stock, cutOff int) string {
	const through = "can no longer sign in through IAM Identity Center"
	sentence := "I agree that everybody signs in to IAM Identity Center through this Okta app from now on"
	switch {
	case change == ChangeApp:
		return "I agree that this Identity Center instance gets a second Okta app"
	case stock.Source.Kind == onboarding.SourceActiveDirectory:
		return "I agree that all users, groups and assignments of IAM Identity Center are deleted"
	case s.UsersTrouble != nil:
		sentence = "I agree that an unknown number of people " + through
	case cutOff == 1:
		sentence = "I agree that 1 person " + through
	case cutOff > 0:
		sentence = fmt.Sprintf("I agree that %d people %s", cutOff, through)
	}
	if mayBeActiveDirectory(stock.Source.Kind) {
		sentence += ", and that all users and assignments are deleted if the source is Active Directory"
	}
	return sentence
}

// CodeConsent is the code of the verdict that a run would ask for a consent.
const CodeConsent = "saml-trust-consent"

// JudgeConsent says whether a run that asks for the exchange of metadata would ask for a consent before; nil where it would not.
func JudgeConsent(label string, s State, appID string) *onboarding.Verdict {
	if s.IdentityStoreID == "" || !s.Impact(ChangeSource, appID, nil).InUse {
		return nil
	}
	return &onboarding.Verdict{
		Resource: onboarding.ResourceTrust, Subject: label, Kind: onboarding.VerdictAsk, Code: CodeConsent,
		Remedy: "Nothing to do now: the run asks for it. What hangs on Identity Center: starter survey.",
		Reason: "This Identity Center is in use. Before its identity source is changed, the run says in numbers who can no longer sign in " +
			"then, keeps a rollback pack, and asks for a typed consent.",
	}
}

// broughtBy are the users whom an app provisioned, by their IDs in Identity Center.
func (s State) broughtBy(appID string) map[string]bool {
	brought, okta := map[string]bool{}, map[string]bool{}
	for _, app := range s.Apps {
		if app.ID != appID {
			continue
		}
		for _, user := range app.Users {
			okta[user.ID] = true
			if user.Provisioned() {
				brought[user.ExternalID] = true
			}
		}
	}
	for _, user := range s.Users {
		for _, id := range user.ExternalIDs {
			brought[user.ID] = brought[user.ID] || okta[id]
		}
	}
	return brought
}

// neighbours are the other apps that have this instance's values.
func (s State) neighbours(appID string) []App {
	var neighbours []App
	for _, app := range s.Apps {
		if app.ID != appID && s.belongs(app.App) == onboarding.BelongsHere {
			neighbours = append(neighbours, app)
		}
	}
	return neighbours
}
