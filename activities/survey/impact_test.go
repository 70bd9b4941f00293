package survey_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/people"
	"studio-onboarding/activities/survey"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

const thisStore = "d-1234567890"

func user(id, name string, external ...string) people.User {
	return people.User{ID: id, UserName: name, Enabled: true, ExternalIDs: external, Issuer: "https://scim.aws.com/1"}
}

func app(id, store string, users ...model.AppUser) survey.App {
	issuer := ""
	if store != "" {
		issuer = "https://us-east-1.signin.aws/platform/saml/" + store
	}
	return survey.App{App: model.App{ID: id, Label: "app " + id, Status: "ACTIVE", EntityID: issuer}, Users: users}
}

func TestWhoIsAskedForWhichConsent(t *testing.T) {
	trouble := &onboarding.Trouble{Class: "Denied", Operation: "x:Y", Message: "may not"}
	set := []survey.PermissionSet{{Name: "Admin", Assignments: []survey.AccountAssignment{{Account: "1", Principal: survey.Principal{Type: "GROUP", ID: "g"}}}}}
	disabled := user("u9", "gone@example.com")
	disabled.Enabled = false
	event := func(name string) survey.Events {
		return survey.Events{Changes: []survey.Event{{Name: name, At: time.Now()}}}
	}
	const through = "can no longer sign in through IAM Identity Center"
	const maybe = ", and that all users and assignments are deleted if the source is Active Directory"
	for name, c := range map[string]struct {
		state    survey.State
		change   survey.Change
		admitted survey.Admitted
		consent  string // "" where nobody is asked
		cutOff   int
	}{
		"greenfield":          {state: survey.State{}},
		"only disabled users": {state: survey.State{Users: []people.User{disabled}}},
		"users of this app": {state: survey.State{Users: []people.User{user("u1", "ada@example.com", "00u1"), user("u2", "bo@example.com", "00u2")},
			Apps: []survey.App{app("0oa1", thisStore, model.AppUser{ID: "00u1"}, model.AppUser{ID: "x", ExternalID: "u2", Status: "PROVISIONED"})}}},
		"people made by hand": {state: survey.State{Users: []people.User{user("u1", "ada@example.com"), user("u2", "bo@example.com")}},
			consent: "I agree that 2 people " + through + maybe, cutOff: 2},
		"one of them has an Okta login": {state: survey.State{Users: []people.User{user("u1", "ada@example.com"), user("u2", "bo@example.com")}},
			admitted: survey.Admitted{"ada@example.com": true}, consent: "I agree that 1 person " + through + maybe, cutOff: 1},
		"a login that differs in case is another": {state: survey.State{Users: []people.User{user("u1", "Ada@example.com")}},
			admitted: survey.Admitted{"ada@example.com": true}, consent: "I agree that 1 person " + through + maybe, cutOff: 1},
		"everybody has one": {state: survey.State{Users: []people.User{user("u1", "ada@example.com", "00u1")}},
			admitted: survey.Admitted{"ada@example.com": true}, consent: "I agree that everybody signs in to IAM Identity Center through this Okta app from now on"},
		"Active Directory": {state: survey.State{Users: []people.User{user("u1", "ada@example.com")}, Events: event("AssociateDirectory")},
			consent: "I agree that all users, groups and assignments of IAM Identity Center are deleted", cutOff: 1},
		"its own directory": {state: survey.State{Users: []people.User{user("u1", "ada@example.com")}, Events: event("DisassociateDirectory")},
			consent: "I agree that 1 person " + through, cutOff: 1},
		"another provider": {state: survey.State{Users: []people.User{user("u1", "ada@example.com")},
			Events: survey.Events{SignIns: map[string]int{"EXTERNAL_IDP": 3}}}, consent: "I agree that 1 person " + through, cutOff: 1},
		"passwords of one kind or the other": {state: survey.State{Users: []people.User{user("u1", "ada@example.com")},
			Events: survey.Events{SignIns: map[string]int{"PASSWORD": 3}}}, consent: "I agree that 1 person " + through + maybe, cutOff: 1},
		"assignments without users": {state: survey.State{PermissionSets: set},
			consent: "I agree that everybody signs in to IAM Identity Center through this Okta app from now on"},
		"another app of this instance": {state: survey.State{Apps: []survey.App{app("0oa2", thisStore)}},
			consent: "I agree that everybody signs in to IAM Identity Center through this Okta app from now on"},
		"another app of another instance": {state: survey.State{Apps: []survey.App{app("0oa2", "d-0987654321")}}},
		"users that may not be read": {state: survey.State{UsersTrouble: trouble},
			consent: "I agree that an unknown number of people " + through + maybe},
		"assignments that may not be read, and nobody": {state: survey.State{PermissionSetsTrouble: trouble, ApplicationsTrouble: trouble}},
		"a second app": {state: survey.State{}, change: survey.ChangeApp, consent: "I agree that this Identity Center instance gets a second Okta app"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.change == "" {
				c.change = survey.ChangeSource
			}
			c.state.IdentityStoreID = thisStore
			impact := c.state.Impact(c.change, "0oa1", c.admitted)
			require.Equal(t, c.consent != "", impact.InUse)
			require.Len(t, impact.CutOff, c.cutOff)
			if impact.InUse {
				require.Equal(t, c.consent, impact.Consent)
				require.NotEmpty(t, impact.Sentences)
			}
		})
	}
}

func TestAnAccountWithManyAssignmentsIsCountedAtLeast(t *testing.T) {
	state := survey.State{IdentityStoreID: thisStore, PermissionSets: []survey.PermissionSet{{Name: "Admin", More: true}}}
	require.True(t, state.Stock().AtLeast)
	require.True(t, state.Impact(survey.ChangeSource, "", nil).InUse)
	found := false
	for _, verdict := range survey.Judge(state) {
		found = found || verdict.Code == survey.CodePermissionSets && verdict.Reason == "1 permission set with at least 0 assignments in accounts."
	}
	require.True(t, found)
}
