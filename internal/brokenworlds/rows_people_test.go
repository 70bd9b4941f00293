package brokenworlds

import (
	"net/http"
	"net/url"

	"github.com/stretchr/testify/require"

	"studio-onboarding/onboarding"
)

func (s *site) profile(login string, change map[string]any) {
	s.admin(http.MethodPost, "/api/v1/users/"+url.PathEscape(login), map[string]any{"profile": change}, nil)
}

// assignAgain takes somebody out of the assignment group and puts them back, upon which Okta tries again.
func (s *site) assignAgain(login string) {
	s.leave(s.groupID(assignmentGroup), login)
	s.join(s.groupID(assignmentGroup), login)
}

// people are worlds in which one person could not sign in as they are.
func people() []row {
	return []row{
		{
			world:  "a person is in an access group, but not in the assignment group",
			breaks: func(s *site) { s.leave(s.groupID(assignmentGroup), s.people[0]) },
			check:  "people-without-app", kind: onboarding.VerdictWarning, says: []string{assignmentGroup},
			stops: onboarding.StepDirectorySync, stop: []string{"not assigned to the app", assignmentGroup},
			repair: func(s *site) { s.join(s.groupID(assignmentGroup), s.people[0]) }, fix: "add the person to the assignment group",
		},
		{
			world:  "a person has no last name",
			breaks: func(s *site) { s.profile(s.people[0], map[string]any{"lastName": nil}) },
			check:  "people", kind: onboarding.VerdictWarning, says: []string{"no last name"},
			stops: onboarding.StepDirectorySync, stop: []string{"no last name"},
			repair: func(s *site) {
				s.profile(s.people[0], map[string]any{"lastName": "Example"})
				s.assignAgain(s.people[0])
			}, fix: "fill in the last name",
		},
		{
			world:  "a person has a character in their name that AWS refuses",
			breaks: func(s *site) { s.profile(s.people[0], map[string]any{"lastName": "Example <contractor>"}) },
			check:  "people", kind: onboarding.VerdictWarning, says: []string{"Identity Center refuses"},
			stops: onboarding.StepDirectorySync, stop: []string{"Identity Center refuses"},
			repair: func(s *site) {
				s.profile(s.people[0], map[string]any{"lastName": "Example"})
				s.assignAgain(s.people[0])
			}, fix: "take the character out",
		},
		{
			world: "a person is not active in Okta",
			breaks: func(s *site) {
				s.admin(http.MethodPost, "/api/v1/users/"+s.userID(s.people[0])+"/lifecycle/deactivate", nil, nil)
			},
			check: "people", kind: onboarding.VerdictWarning, says: []string{"not active in Okta"},
			stops: onboarding.StepDirectorySync, stop: []string{"not active in Okta"},
			repair: func(s *site) {
				s.admin(http.MethodPost, "/api/v1/users/"+s.userID(s.people[0])+"/lifecycle/activate", nil, nil)
			}, fix: "activate the person",
		},
		{
			world: "somebody made a user with a person's address by hand in Identity Center",
			breaks: func(s *site) {
				s.enable(region)
				require.NoError(s, s.console.CreateUser(s.Context(), "made.by.hand@example.com", s.people[0]))
			},
			check: "people-made-by-hand", kind: onboarding.VerdictWarning, says: []string{"made.by.hand@example.com"},
			stops: onboarding.StepDirectorySync, stop: []string{"e-mail address", "by hand"},
			repair: func(s *site) {
				require.NoError(s, s.console.DeleteUser(s.Context(), "made.by.hand@example.com"))
				s.assignAgain(s.people[0])
			}, fix: "delete the user made by hand",
		},
		{
			world: "the spec names a person whom Okta does not know",
			breaks: func(s *site) {
				s.spec.Access.People = []onboarding.PersonAccessSpec{{Login: "nobody@example.com"}}
			},
			check: "people", kind: onboarding.VerdictWarning, says: []string{"nobody@example.com"},
			stops: onboarding.StepDirectorySync, stop: []string{"nobody@example.com"},
			respec: func(s *site) { s.spec.Access.People = nil }, fix: "correct the spec, and start again",
		},
	}
}
