package brokenworlds

import (
	"net/http"
	"strings"

	"github.com/stretchr/testify/require"

	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

const label = "AWS IAM Identity Center"

// deleteApp deletes the app that stands in the way.
func (s *site) deleteApp(id string) {
	s.admin(http.MethodPost, "/api/v1/apps/"+id+"/lifecycle/deactivate", nil, nil)
	s.admin(http.MethodDelete, "/api/v1/apps/"+id, nil, nil)
}

// putApp changes an app as the admin console does: everything else stays.
func (s *site) putApp(id string, change func(app map[string]any)) {
	var app map[string]any
	s.admin(http.MethodGet, "/api/v1/apps/"+id, nil, &app)
	change(app)
	s.admin(http.MethodPut, "/api/v1/apps/"+id, app, nil)
}

// renewKey gives an app a signing key with a new certificate, and makes it the active one.
func (s *site) renewKey(id string) {
	var key struct{ Kid string }
	s.admin(http.MethodPost, "/api/v1/apps/"+id+"/credentials/keys/generate?validityYears=10", nil, &key)
	s.putApp(id, func(app map[string]any) {
		app["credentials"].(map[string]any)["signing"] = map[string]any{"kid": key.Kid}
	})
}

// oktaOrg are worlds whose Okta org has the wrong credentials, app or groups.
func oktaOrg() []row {
	return []row{
		{
			world: "the Okta token is no longer valid",
			breaks: func(s *site) {
				environment, err := s.console.Environment(s.Context())
				require.NoError(s, err)
				environment["OKTA_CLIENT_TOKEN"] = "00revoked-revoked-revoked-revoked-revoked0"
				s.workWith(environment)
			},
			check: "okta-credentials", kind: onboarding.VerdictBlocked, says: []string{"401", "credentials"},
			stops: onboarding.StepOktaApp, stop: []string{"401", "credentials"},
			repair: func(s *site) { s.workAs(sandbox.AsWorker) }, fix: "give the worker a new token",
		},
		{
			world:  "the Okta token belongs to a read-only administrator",
			breaks: func(s *site) { s.workAs(sandbox.AsReadOnly) },
			check:  "okta-credentials", kind: onboarding.VerdictBlocked, says: []string{"Read-Only Administrator", "Application Administrator"},
			stops: onboarding.StepOktaApp, stop: []string{"403", "Application Administrator"},
			repair: func(s *site) { s.workAs(sandbox.AsWorker) }, fix: "give the worker a token of an administrator who manages apps and groups",
		},
		{
			world:  "there is no assignment group",
			breaks: func(s *site) { s.spec.Okta.AssignmentGroup = "not-there-yet" },
			check:  "okta-assignment-group", kind: onboarding.VerdictBlocked, says: []string{"not-there-yet"},
			stops: onboarding.StepOktaGroups, stop: []string{"not-there-yet"},
			repair: func(s *site) {
				group := s.makeGroup("not-there-yet")
				for _, login := range s.people {
					s.join(group, login)
				}
			}, fix: "create the group in Okta",
		},
		{
			world: "there is no access group",
			breaks: func(s *site) {
				s.spec.Access.Groups = append(s.spec.Access.Groups, onboarding.GroupAccessSpec{Name: "not-there-yet"})
			},
			check: "okta-access-group", kind: onboarding.VerdictBlocked, says: []string{"not-there-yet"},
			stops: onboarding.StepOktaGroups, stop: []string{"not-there-yet"},
			repair: func(s *site) { s.join(s.makeGroup("not-there-yet"), s.people[0]) }, fix: "create the group in Okta",
		},
		{
			world: "nobody is in the access groups",
			breaks: func(s *site) {
				s.leave(s.groupID(mlGroup), s.people[2])
				s.leave(s.groupID(studioGroup), s.people[0])
				s.leave(s.groupID(studioGroup), s.people[1])
			},
			check: "okta-access-group", kind: onboarding.VerdictBlocked, says: []string{"None of the access groups"},
			stops: onboarding.StepDirectorySync, stop: []string{"Nobody could sign in", "empty list"},
			repair: func(s *site) {
				s.join(s.groupID(mlGroup), s.people[2])
				s.join(s.groupID(studioGroup), s.people[0])
				s.join(s.groupID(studioGroup), s.people[1])
			}, fix: "put people into the groups",
		},
		{
			world: "nobody is in the assignment group",
			breaks: func(s *site) {
				for _, login := range s.people {
					s.leave(s.groupID(assignmentGroup), login)
				}
			},
			check: "okta-assignment-group", kind: onboarding.VerdictBlocked, says: []string{"no members"},
			stops: onboarding.StepDirectorySync, stop: []string{"not assigned", assignmentGroup},
			repair: func(s *site) {
				for _, login := range s.people {
					s.join(s.groupID(assignmentGroup), login)
				}
			}, fix: "put the people into the group",
		},
		{
			world:  "one group for assignment and push",
			breaks: func(s *site) { s.spec.Okta.AssignmentGroup = studioGroup },
			check:  "okta-access-group", kind: onboarding.VerdictBlocked, says: []string{"assignment group", "second group"},
			respec: func(s *site) { s.spec.Okta.AssignmentGroup = assignmentGroup }, fix: "name two groups in the spec, and start again",
		},
		{
			world: "two Okta apps have the label",
			breaks: func(s *site) {
				s.makeApp(nil)
				s.makeApp(nil)
			},
			check: "okta-app", kind: onboarding.VerdictAsk, says: []string{"2", label},
			fix: "the run asks which one to use",
		},
		{
			world: "the Okta app is inactive",
			breaks: func(s *site) {
				s.ids["app"] = s.makeApp(nil)
				s.admin(http.MethodPost, "/api/v1/apps/"+s.ids["app"]+"/lifecycle/deactivate", nil, nil)
			},
			check: "okta-app", kind: onboarding.VerdictBlocked, says: []string{"INACTIVE", label},
			stops: onboarding.StepOktaApp, stop: []string{"INACTIVE", label},
			repair: func(s *site) {
				s.admin(http.MethodPost, "/api/v1/apps/"+s.ids["app"]+"/lifecycle/activate", nil, nil)
			}, fix: "activate it",
		},
		{
			world:  "the Okta app has another sign-on mode",
			breaks: func(s *site) { s.ids["app"] = s.makeApp(map[string]any{"signOnMode": "BROWSER_PLUGIN"}) },
			check:  "okta-app", kind: onboarding.VerdictBlocked, says: []string{"SAML"},
			stops: onboarding.StepOktaApp, stop: []string{"SAML"},
			repair: func(s *site) { s.deleteApp(s.ids["app"]) }, fix: "delete it, and the run makes one with SAML",
		},
		{
			world: "the Okta app sends another user name than the login",
			breaks: func(s *site) {
				s.ids["app"] = s.makeApp(map[string]any{"credentials": map[string]any{"userNameTemplate": map[string]any{
					"template": `${fn:substringBefore(source.login, "@")}`, "type": "BUILT_IN"}}})
			},
			check: "okta-app-user-names", kind: onboarding.VerdictWarning, says: []string{"user name"},
			stops: onboarding.StepDirectorySync, stop: []string{"user name", "not an e-mail address", "Application username format"},
			repair: func(s *site) {
				for _, login := range s.people {
					name, _, _ := strings.Cut(login, "@")
					require.NoError(s, s.console.DeleteUser(s.Context(), name))
				}
				s.putApp(s.ids["app"], func(app map[string]any) {
					app["credentials"].(map[string]any)["userNameTemplate"] = map[string]any{"template": "${source.login}", "type": "BUILT_IN"}
				})
				group := s.groupID(assignmentGroup)
				s.admin(http.MethodDelete, "/api/v1/apps/"+s.ids["app"]+"/groups/"+group, nil, nil)
				s.admin(http.MethodPut, "/api/v1/apps/"+s.ids["app"]+"/groups/"+group, map[string]any{}, nil)
			}, fix: "set the application username format to Okta username, delete the users that came, and assign the people again",
		},
		{
			world: "the app's signing certificate has expired",
			breaks: func(s *site) {
				require.NoError(s, s.console.ChangeOkta(s.Context(), sandbox.OktaSettings{CertificateDays: -10}))
				s.ids["app"] = s.makeApp(nil)
			},
			check: "okta-app-certificate", kind: onboarding.VerdictBlocked, says: []string{"expired"},
			stops: onboarding.StepSAMLExchange, stop: []string{"expired"},
			repair: func(s *site) {
				require.NoError(s, s.console.ChangeOkta(s.Context(), sandbox.OktaSettings{}))
				s.renewKey(s.ids["app"])
			}, fix: "generate a new key for the app, and make it the active one",
		},
		{
			world: "the app's signing certificate ends in three weeks",
			breaks: func(s *site) {
				require.NoError(s, s.console.ChangeOkta(s.Context(), sandbox.OktaSettings{CertificateDays: 21}))
				s.makeApp(nil)
			},
			check: "okta-app-certificate", kind: onboarding.VerdictWarning, says: []string{"certificate"},
			fix: "the report says when, too",
		},
		{
			world: "Okta answers with an empty list of people",
			breaks: func(s *site) {
				s.faults(sandbox.Fault{Service: "okta", Operation: "GET /api/v1/groups/{groupId}/users", Kind: sandbox.FaultEmpty})
			},
			check: "okta-access-group", kind: onboarding.VerdictBlocked, says: []string{"None of the access groups"},
			stops: onboarding.StepDirectorySync, stop: []string{"Nobody could sign in", "empty list"},
			repair: func(s *site) { s.faults() }, fix: "give the token the right to see people",
		},
		{
			world: "Okta's API refuses to push groups", unseen: "Okta says so when it is asked to push, and not before",
			breaks: func(s *site) {
				s.faults(sandbox.Fault{Service: "okta", Operation: "POST /api/v1/apps/{id}/group-push/mappings", Kind: sandbox.FaultDeny})
			},
			fix: "the run asks for the push in the Okta console, and sees when it is done",
		},
		{
			world: "a group of that name was made by hand in Identity Center",
			breaks: func(s *site) {
				s.enable(region)
				require.NoError(s, s.console.CreateGroup(s.Context(), studioGroup))
			},
			check: "group-made-by-hand", kind: onboarding.VerdictWarning, says: []string{studioGroup},
			fix: "Okta takes the group over",
		},
	}
}
