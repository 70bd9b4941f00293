package people_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/people"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

func specOf(groups ...string) onboarding.Spec {
	spec := onboarding.Spec{Name: "team", Region: "us-east-1", Okta: onboarding.OktaSpec{AssignmentGroup: "everybody"},
		Domain: onboarding.DomainSpec{ExecutionRole: "team"}}
	for _, name := range groups {
		spec.Access.Groups = append(spec.Access.Groups, onboarding.GroupAccessSpec{Name: name})
	}
	return spec
}

// look is a team whose people all come with the group "everybody".
func look(t *testing.T, spoil func(*fakeStore, *fakeOkta, *onboarding.Spec, *people.Where)) (onboarding.Spec, people.State) {
	t.Helper()
	store := smallTeam(t)
	okta := newFakeOkta(store)
	okta.groups["everybody"] = slices.Concat(okta.groups["users"], okta.groups["ml"])
	spec := specOf("ml", "users")
	where := people.Where{AppID: "app", Provisions: true, IdentityStoreID: "d-1234567890"}
	if spoil != nil {
		spoil(store, okta, &spec, &where)
	}
	state, err := people.Look(t.Context(), people.Sources{AWS: store, Okta: okta}, where, spec)
	require.NoError(t, err)
	return spec, state
}

func TestASoundTeamHasNothingToBeSaid(t *testing.T) {
	spec, state := look(t, nil)
	fields := map[string]bool{}
	for _, v := range people.Judge(spec, state) {
		require.Equal(t, onboarding.VerdictKeep, v.Kind, "%+v", v)
		require.NotEmpty(t, v.Reason)
		require.Empty(t, v.Remedy)
		fields[v.Field] = true
	}
	require.Equal(t, map[string]bool{"": true, "okta.assignmentGroup": true, "access.groups[].name": true}, fields)
	outlook := state.Outlook(spec)
	require.Len(t, outlook.Present, 3)
	require.Zero(t, outlook.Lost())
}

func TestWhatIsKnownToKeepSomebodyOut(t *testing.T) {
	type spoiler = func(*fakeStore, *fakeOkta, *onboarding.Spec, *people.Where)
	warning, blocked, keep := onboarding.VerdictWarning, onboarding.VerdictBlocked, onboarding.VerdictKeep
	for name, c := range map[string]struct {
		spoil  spoiler
		kind   onboarding.VerdictKind
		code   string
		says   string
		remedy string
		// alone says that nothing else is said.
		alone bool
	}{
		"no assignment group": {func(_ *fakeStore, o *fakeOkta, _ *onboarding.Spec, _ *people.Where) { delete(o.groups, "everybody") },
			blocked, "okta-assignment-group", `no Okta group named "everybody"`, "create it", true},
		"no access group": {func(_ *fakeStore, o *fakeOkta, _ *onboarding.Spec, _ *people.Where) { delete(o.groups, "ml") },
			blocked, "okta-access-group", `no Okta group named "ml"`, "create it", true},
		"empty assignment group": {func(_ *fakeStore, o *fakeOkta, _ *onboarding.Spec, _ *people.Where) { o.groups["everybody"] = nil },
			blocked, "okta-assignment-group", "has no members that the worker's credentials can see", "empty list", true},
		"one empty access group": {func(_ *fakeStore, o *fakeOkta, _ *onboarding.Spec, _ *people.Where) { o.groups["ml"] = nil },
			warning, "okta-access-group", `The Okta group "ml" has no members`, "Put people into it", true},
		"all access groups are empty": {func(_ *fakeStore, o *fakeOkta, _ *onboarding.Spec, _ *people.Where) {
			o.groups["ml"], o.groups["users"] = nil, nil
		},
			blocked, "okta-access-group",
			"None of the access groups has a member that the worker's credentials can see, so that nobody could sign in.",
			"Put people into one of them", true},
		"one group for both": {func(_ *fakeStore, _ *fakeOkta, s *onboarding.Spec, _ *people.Where) { s.Okta.AssignmentGroup = "users" },
			blocked, "okta-access-group", `"users" is the assignment group and an access group`, "second group", true},
		"nobody of that login": {func(_ *fakeStore, _ *fakeOkta, s *onboarding.Spec, _ *people.Where) {
			s.Access.People = []onboarding.PersonAccessSpec{{Login: "nobody@example.com"}}
		}, warning, "people", `nobody with the login "nobody@example.com"`, "access.people", false},
		"people without the app": {func(_ *fakeStore, o *fakeOkta, _ *onboarding.Spec, w *people.Where) {
			*w = people.Where{}
			for i := range 7 {
				o.groups["users"] = append(o.groups["users"], oktaUser(fmt.Sprintf("p%d@example.com", i)))
			}
		}, warning, "people-without-app",
			"7 people are in an access group, but not in the assignment group, so Okta will not provision them: p0@example.com, " +
				"p1@example.com, p2@example.com, p3@example.com, p4@example.com, and 2 more.",
			`"everybody"`, false},
		"somebody without a last name": {func(_ *fakeStore, o *fakeOkta, _ *onboarding.Spec, w *people.Where) {
			*w = people.Where{}
			nameless := oktaUser("ines@example.com")
			nameless.LastName = ""
			o.groups["everybody"] = append(o.groups["everybody"], nameless)
		}, warning, "people", "1 person may not be able to sign in as they are: ines@example.com (no last name).", "last name", true},
		"a user made by hand": {func(s *fakeStore, o *fakeOkta, _ *onboarding.Spec, w *people.Where) {
			w.AppID, w.Provisions = "", false
			s.users = []map[string]any{{"UserId": "1", "UserName": "other", "Emails": []any{map[string]any{"Value": "ANN@example.com"}}}}
		}, warning, "people-made-by-hand",
			"1 person was made by hand in Identity Center, with the user name or address of somebody in Okta: other.", "Delete these users",
			false},
		"a user made by hand under the exact login": {func(s *fakeStore, o *fakeOkta, _ *onboarding.Spec, w *people.Where) {
			w.AppID, w.Provisions = "", false
			s.users = []map[string]any{{"UserId": "1", "UserName": "ann@example.com"}}
		}, warning, "user-taken-over",
			"1 person was made by hand in Identity Center under the exact Okta login: ann@example.com. Okta takes over a user whom it finds",
			"nothing is to be done",
			false},
		"users may not be listed": {func(s *fakeStore, _ *fakeOkta, _ *onboarding.Spec, _ *people.Where) {
			s.refuse = func(operation string) string {
				if operation == "ListUsers" {
					return "AccessDeniedException: User: arn:aws:iam::1:user/x is not authorized to perform: identitystore:ListUsers"
				}
				return ""
			}
		}, blocked, "people-made-by-hand", "identitystore:ListUsers", "identitystore:ListUsers", false},
		"app users may not be read": {func(_ *fakeStore, o *fakeOkta, _ *onboarding.Spec, _ *people.Where) {
			o.appUser("ann@example.com").ExternalID = ""
			o.logErr = fault.New(fault.Invalid, "okta", "okta:GET /api/v1/logs", "no").WithRemedy("ask")
		}, blocked, "people-who-will-not-get-in", "okta:GET /api/v1/logs: no", "ask", true},
		"one of two": {func(_ *fakeStore, o *fakeOkta, _ *onboarding.Spec, w *people.Where) {
			*w = people.Where{}
			twin := oktaUser("Ann@example.com")
			o.groups["users"], o.groups["everybody"] = append(o.groups["users"], twin), append(o.groups["everybody"], twin)
		}, warning, "people-who-will-not-get-in",
			"1 of 4 people will not be able to sign in as things are: either Ann@example.com or ann@example.com (they share a login or an " +
				"e-mail address",
			"keeps nobody else waiting", false},
		"roles that conflict": {func(_ *fakeStore, _ *fakeOkta, s *onboarding.Spec, _ *people.Where) {
			s.Access.Groups[0].ExecutionRole = "ml"
		},
			keep, "role-conflicts",
			"1 person is in groups that ask for different execution roles; the group that the spec lists first counts: bob@example.com.", "",
			true},
		"profile names": {func(_ *fakeStore, o *fakeOkta, _ *onboarding.Spec, w *people.Where) {
			*w = people.Where{}
			other := oktaUser("bob-example@com.example")
			other2 := oktaUser("bob.example@com.example")
			o.groups["users"] = append(o.groups["users"], other, other2)
			o.groups["everybody"] = append(o.groups["everybody"], other, other2)
		}, keep, "profile-names", "2 people get a profile name with a hash at its end", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			spec, state := look(t, c.spoil)
			found := false
			for _, v := range people.Judge(spec, state) {
				require.NotEmpty(t, v.Reason, "%+v", v)
				require.NotContains(t, v.Reason+v.Remedy, "get in")
				if v.Kind == c.kind && v.Code == c.code && strings.Contains(v.Reason, c.says) {
					found = true
					require.Contains(t, v.Remedy, c.remedy)
				} else if c.alone {
					require.True(t, v.Kind == keep || v.Code == "people-who-will-not-get-in" || v.Code == "people-without-app",
						"one fault causes no others: %+v", v)
				}
				require.Equal(t, v.Kind == keep, v.Remedy == "", "%+v", v)
			}
			require.True(t, found, "%+v", people.Judge(spec, state))
		})
	}
}

func TestAQuickLookReadsTheFirstOfEachGroup(t *testing.T) {
	var store *fakeStore
	spec, state := look(t, func(s *fakeStore, o *fakeOkta, _ *onboarding.Spec, w *people.Where) {
		store = s
		for i := range 1000 {
			user := oktaUser(fmt.Sprintf("q%04d@example.com", i))
			o.groups["users"], o.groups["everybody"] = append(o.groups["users"], user), append(o.groups["everybody"], user)
		}
		w.Limit = 300
	})
	require.True(t, state.Groups[1].More)
	require.Less(t, len(state.People), 500)
	require.Zero(t, store.calls["ListGroupMemberships"])
	for _, v := range people.Judge(spec, state) {
		require.NotEqual(t, "people-without-app", v.Code, "not all were read, so nobody can be said to be missing")
		if v.Subject == "users" && v.Field == "" {
			require.Contains(t, v.Reason, "more than 300 members")
		}
	}
}

func TestAFaultWorthARetryIsHandedBack(t *testing.T) {
	store := smallTeam(t)
	okta := newFakeOkta(store)
	okta.err = fault.New(fault.Throttled, "okta", "", "slow down")
	_, err := people.Look(t.Context(), people.Sources{AWS: store, Okta: okta}, people.Where{}, specOf("users"))
	require.Equal(t, fault.Throttled, fault.ClassOf(err))
}

// list keeps the list of those who will not be able to sign in.
type list struct {
	saved map[string][]onboarding.PersonRecord
	err   error
}

func (l *list) SaveCheck(_ context.Context, studio string, records iter.Seq[onboarding.PersonRecord]) (onboarding.Listing, error) {
	l.saved[studio] = slices.Collect(records)
	return onboarding.Listing{Address: "/people/" + studio}, l.err
}

func TestThoseWhoWillNotSignInAreOnAList(t *testing.T) {
	store := smallTeam(t)
	okta := newFakeOkta(store)
	okta.groups["everybody"] = slices.Concat(okta.groups["users"], okta.groups["ml"])
	okta.member("users", "cid@example.com").Status = "SUSPENDED"
	kept := &list{saved: map[string][]onboarding.PersonRecord{}}
	state, err := people.Look(t.Context(), people.Sources{AWS: store, Okta: okta, Lists: kept}, people.Where{AppID: "app"}, specOf("users"))
	require.NoError(t, err)
	verdicts := people.Judge(specOf("users"), state)
	i := slices.IndexFunc(verdicts, func(v onboarding.Verdict) bool { return v.Code == "people-who-will-not-get-in" })
	require.Contains(t, verdicts[i].Remedy, "/people/")
	for _, records := range kept.saved {
		require.Len(t, records, 1+1+1) // nobody is in Identity Center without an instance, but Okta holds all for provisioned
		byLogin := map[string]onboarding.PersonRecord{}
		for _, record := range records {
			byLogin[record.Person] = record
			require.NotEmpty(t, record.Remedy)
		}
		require.Equal(t, "okta-user-inactive", byLogin["cid@example.com"].Code)
		require.Equal(t, "user-deleted", byLogin["ann@example.com"].Code)
	}
	kept.err = errors.New("no space left")
	state, err = people.Look(t.Context(), people.Sources{AWS: store, Okta: okta, Lists: kept}, people.Where{AppID: "app"}, specOf("users"))
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(people.Judge(specOf("users"), state), func(v onboarding.Verdict) bool {
		return v.Kind == onboarding.VerdictWarning && strings.Contains(v.Reason, "no space left")
	}))
}

func TestTheDirectoryAfterTheSync(t *testing.T) {
	spec, state := look(t, func(s *fakeStore, o *fakeOkta, _ *onboarding.Spec, _ *people.Where) {
		delete(s.groups, "ml")
		for _, name := range []string{"users", "everybody"} {
			o.groups[name] = append(o.groups[name], oktaUser("new@example.com"),
				model.User{ID: "00u-x", Status: "STAGED", Login: "x@example.com"})
		}
	})
	users, groups := state.AfterSync(state.Outlook(spec))
	require.Len(t, users, 5)
	require.True(t, people.Foreseen(users[4].ID))
	require.Equal(t, "new@example.com", users[4].UserName)
	require.True(t, people.Foreseen(groups[0].ID), "a group that is not there yet")
	require.Equal(t, []string{"id-bob@example.com"}, slices.Collect(maps.Keys(groups[0].Members)))
	require.Len(t, groups[1].Members, 4)
	require.Len(t, state.Directory[1].Members, 3, "what is there is left alone")
}

// Who is assigned to the app already, by another group or alone, is not said to be without it.
func TestWhoIsAssignedAlreadyNeedsNoAssignmentGroup(t *testing.T) {
	for name, alone := range map[string]bool{"assigned": true, "not assigned": false} {
		t.Run(name, func(t *testing.T) {
			spec, state := look(t, func(_ *fakeStore, o *fakeOkta, _ *onboarding.Spec, _ *people.Where) {
				outside := func(login string) bool { return login == "ann@example.com" }
				o.groups["everybody"] = slices.DeleteFunc(o.groups["everybody"], func(u model.User) bool { return outside(u.Login) })
				if !alone {
					o.appUsers = slices.DeleteFunc(o.appUsers, func(u model.AppUser) bool { return outside(u.UserName) })
				}
			})
			said := slices.ContainsFunc(people.Judge(spec, state), func(v onboarding.Verdict) bool { return v.Code == "people-without-app" })
			require.Equal(t, !alone, said)
		})
	}
}
