package provisioning_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/activitytest"
	"studio-onboarding/activities/provisioning"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

var spec = onboarding.Spec{
	Okta: onboarding.OktaSpec{AppLabel: "L", AssignmentGroup: "assignment"},
	Access: onboarding.AccessSpec{
		Groups: []onboarding.GroupAccessSpec{{Name: "studio"}},
		People: []onboarding.PersonAccessSpec{{Login: "single@example.com"}},
	},
}

// world is an org, and what is known besides; the sound one is as after a run.
type world struct {
	activitytest.OktaStub
	app *model.App
	// set is what the caller of Look fills in.
	set func(*provisioning.State)
}

func sound() *world {
	app := activitytest.SAMLApp("0oa1", "L")
	app.Features = []string{"PUSH_NEW_USERS", "PUSH_PROFILE_UPDATES", "PUSH_USER_DEACTIVATION"}
	came := time.Now().Add(-time.Hour)
	w := &world{app: &app, set: func(*provisioning.State) {}}
	w.GroupList = map[string]model.Group{"assignment": {ID: "g0", Name: "assignment"}, "studio": {ID: "g1", Name: "studio"}}
	w.Assigned = []string{"g0"}
	w.Members = map[string][]model.User{"g0": {{ID: "u1", Status: "ACTIVE", Login: "ada@example.com", Email: "ada@example.com",
		FirstName: "A", LastName: "E"}}}
	w.People = map[string]model.User{"single@example.com": {ID: "u2", Status: "ACTIVE", Login: "single@example.com"}}
	w.Users = []model.AppUser{{ID: "u1", ExternalID: "x1", Status: "PROVISIONED", StatusChanged: came},
		{ID: "u2", ExternalID: "x2", Status: "PROVISIONED", StatusChanged: came}}
	w.Pushes = []model.Mapping{{ID: "m1", SourceGroupID: "g1", Status: "ACTIVE", LastPush: came.Add(time.Minute)}}
	return w
}

// kinds are verdicts in the short: "resource kind", in their order, without the fields.
type kinds []string

func TestJudge(t *testing.T) {
	denied := fault.New(fault.Denied, "okta", "okta:GET /x", "Okta answered 403").WithRemedy("give the right")
	kept := kinds{"scim-provisioning keep", "okta-group-assignment keep", "okta-group-push keep"}
	off := func(w *world) { w.app.Features = nil }
	for name, c := range map[string]struct {
		with func(*world)
		want kinds
		// assignment and push are the kinds of the verdicts about the fields.
		assignment, push onboarding.VerdictKind
		says             []string
	}{
		"as after a run": {nil, kept, "keep", "keep", []string{"switched on", `"assignment" is assigned`, `"studio" is pushed (ACTIVE)`}},
		"no app yet": {func(w *world) { w.app = nil },
			kinds{"scim-provisioning ask", "scim-provisioning ask", "okta-group-assignment create", "okta-app-assignment create",
				"okta-group-push create"}, "create", "create",
			[]string{"has to be enabled in the Identity Center console", "has to be switched on in the Okta console",
				"single@example.com is not in the group"}},
		"not known which app": {func(w *world) { w.app, w.set = nil, func(s *provisioning.State) { s.Undecided = true } },
			kinds{"scim-provisioning unknown"}, "unknown", "unknown", []string{"not known yet which Okta app"}},

		"provisioning off": {func(w *world) { off(w); w.Refuse = map[string]error{"mappings": denied} },
			kinds{"scim-provisioning ask", "scim-provisioning ask", "okta-group-assignment keep", "okta-group-push create"}, "keep", "create", nil},
		"provisioning off, and said so": {func(w *world) {
			off(w)
			w.Refuse = map[string]error{"mappings": fault.New(fault.NotReady, "okta", "x", "Provisioning is not enabled")}
		}, kinds{"scim-provisioning ask", "scim-provisioning ask", "okta-group-assignment keep", "okta-group-push create"}, "keep",
			"create", nil},
		"connectable": {func(w *world) { off(w); w.Connected = model.Connection{AuthScheme: "TOKEN", Status: "DISABLED"} },
			kinds{"scim-provisioning ask", "scim-provisioning change", "okta-group-assignment keep", "okta-group-push keep"}, "keep", "keep",
			[]string{"through Okta's API"}},
		"connection unknown to the API": {func(w *world) {
			off(w)
			w.Refuse = map[string]error{"connection": fault.New(fault.NotFound, "okta", "x", "no")}
		},
			kinds{"scim-provisioning ask", "scim-provisioning ask", "okta-group-assignment keep", "okta-group-push keep"}, "keep", "keep", nil},
		"connection that may not be read": {func(w *world) { off(w); w.Refuse = map[string]error{"connection": denied} },
			kinds{"scim-provisioning blocked", "okta-group-assignment keep", "okta-group-push keep"}, "keep", "keep", []string{"Okta answered 403"}},

		"group not assigned": {func(w *world) {
			w.Assigned = nil
			w.Members["g0"] = append(w.Members["g0"], model.User{ID: "u3", Status: "ACTIVE", Login: "new@example.com"})
		}, kinds{"scim-provisioning keep", "okta-group-assignment create", "okta-group-push change"}, "create", "keep",
			[]string{"brings its members", "pushed again"}},
		"group not assigned whose members are there by another one": {func(w *world) {
			w.Assigned = nil
			w.Members["g0"] = append(w.Members["g0"], model.User{ID: "u3", Status: "DEPROVISIONED", Login: "left@example.com"})
		}, kinds{"scim-provisioning keep", "okta-group-assignment create", "okta-group-push keep"}, "create", "keep",
			[]string{"brings its members"}},
		"group assigned before provisioning": {func(w *world) { w.Users[0] = model.AppUser{ID: "u1", Status: "ACTIVE"} },
			kinds{"scim-provisioning keep", "okta-group-assignment change", "okta-group-push keep"}, "keep", "keep", []string{"once more"}},
		"another try would be in vain": {func(w *world) {
			w.Users[0] = model.AppUser{ID: "u1", Status: "ACTIVE"}
			w.Members["g0"][0].LastName = ""
		}, kept, "keep", "keep", nil},
		"no such assignment group": {func(w *world) { delete(w.GroupList, "assignment") },
			kinds{"scim-provisioning keep", "okta-group-assignment unknown", "okta-group-push keep"}, "unknown", "keep",
			[]string{"could not be read"}},
		"assignments that may not be read": {func(w *world) { w.Refuse = map[string]error{"assigned": denied} },
			kinds{"scim-provisioning keep", "okta-group-assignment blocked", "okta-group-push keep"}, "unknown", "keep",
			[]string{"Okta answered 403"}},
		"somebody alone": {func(w *world) { w.Users = w.Users[:1] },
			kinds{"scim-provisioning keep", "okta-group-assignment keep", "okta-app-assignment create", "okta-group-push change"}, "keep",
			"keep", []string{"single@example.com"}},
		"somebody alone who left": {func(w *world) {
			w.Users = w.Users[:1]
			w.People["single@example.com"] = model.User{ID: "u2", Status: "DEPROVISIONED"}
		}, kept, "keep", "keep", nil},
		"somebody alone whom Okta does not show": {func(w *world) { w.People = nil }, kept, "keep", "keep", nil},
		"somebody who comes with the group": {func(w *world) {
			w.Users = w.Users[:1]
			w.Members["g0"] = append(w.Members["g0"], model.User{ID: "u2", Status: "ACTIVE"})
		}, kept, "keep", "keep", nil},

		"not pushed": {func(w *world) { w.Pushes = nil },
			kinds{"scim-provisioning keep", "okta-group-assignment keep", "okta-group-push create"}, "keep", "create",
			[]string{`Okta pushes the group "studio" to`}},
		"not pushed, and there": {func(w *world) {
			w.Pushes, w.set = nil, func(s *provisioning.State) { s.Existing = map[string]string{"studio": "9067-1"} }
		}, kinds{"scim-provisioning keep", "okta-group-assignment keep", "okta-group-push create"}, "keep", "create",
			[]string{"takes over the group of that name in Identity Center (9067-1)"}},
		"not pushed, and made by hand": {func(w *world) {
			w.Pushes, w.set = nil, func(s *provisioning.State) { s.MadeByHand = []string{"studio"} }
		},
			kinds{"scim-provisioning keep", "okta-group-assignment keep", "okta-group-push warning", "okta-group-push create"}, "keep",
			"create", []string{"that Okta did not push"}},
		"pushed, and made by hand once": {func(w *world) { w.set = func(s *provisioning.State) { s.MadeByHand = []string{"studio"} } },
			kept, "keep", "keep", nil},
		"pushed before people came": {func(w *world) { w.Pushes[0].LastPush = time.Now().Add(-2 * time.Hour) },
			kinds{"scim-provisioning keep", "okta-group-assignment keep", "okta-group-push change"}, "keep", "keep",
			[]string{"pushed again, with the people who came since"}},
		"people will come": {func(w *world) { w.set = func(s *provisioning.State) { s.Arriving = true } },
			kinds{"scim-provisioning keep", "okta-group-assignment keep", "okta-group-push change"}, "keep", "keep", []string{"pushed again"}},
		"members are missing over there": {func(w *world) { w.set = func(s *provisioning.State) { s.Lacking = map[string]int{"studio": 2} } },
			kinds{"scim-provisioning keep", "okta-group-assignment keep", "okta-group-push change"}, "keep", "keep",
			[]string{"Identity Center lacks 2 of its members"}},
		"members of another group are " +
			"missing over there": {func(w *world) { w.set = func(s *provisioning.State) { s.Lacking = map[string]int{"ml": 2} } }, kept,
			"keep", "keep", nil},
		"people will come, and the push is on its way": {func(w *world) {
			w.Pushes[0].LastPush, w.set = time.Time{}, func(s *provisioning.State) { s.Arriving = true }
		}, kept, "keep", "keep", nil},
		"push switched off": {func(w *world) { w.Pushes[0].Status = "INACTIVE" },
			kinds{"scim-provisioning keep", "okta-group-assignment keep", "okta-group-push change"}, "keep", "keep", []string{"is activated"}},
		"failed push": {func(w *world) { w.Pushes[0].Status, w.Pushes[0].ErrorSummary = "ERROR", "duplicate." },
			kinds{"scim-provisioning keep", "okta-group-assignment keep", "okta-group-push warning", "okta-group-push remove",
				"okta-group-push create"}, "keep", "keep",
			[]string{`Pushing the group "studio" failed: duplicate.`, "is deleted", "anew"}},
		"failed push without a reason": {func(w *world) { w.Pushes[0].Status = "ERROR" },
			kinds{"scim-provisioning keep", "okta-group-assignment keep", "okta-group-push warning", "okta-group-push remove",
				"okta-group-push create"}, "keep", "keep",
			[]string{"Okta gives no reason."}},
		"pushes that the API refuses": {func(w *world) { w.Refuse = map[string]error{"mappings": denied} },
			kinds{"scim-provisioning keep", "okta-group-assignment keep", "okta-group-push ask"}, "keep", "unknown",
			[]string{"has to be pushed in the Okta console, as Okta's API refuses: Okta answered 403."}},
		"access group that is assigned": {func(w *world) { w.Assigned = append(w.Assigned, "g1") },
			kinds{"scim-provisioning keep", "okta-group-assignment keep", "okta-group-push warning", "okta-group-push keep"}, "keep", "keep",
			[]string{`"studio" is assigned to the app`}},
		"assignment group that is pushed": {func(w *world) {
			w.Pushes = append(w.Pushes, model.Mapping{ID: "m0", SourceGroupID: "g0", Status: "ACTIVE"})
		},
			kinds{"scim-provisioning keep", "okta-group-assignment keep", "okta-group-push warning", "okta-group-push keep"}, "keep", "keep",
			[]string{`"assignment" is pushed as well`}},
		"no such access group": {func(w *world) { delete(w.GroupList, "studio") },
			kinds{"scim-provisioning keep", "okta-group-assignment keep", "okta-group-push unknown"}, "keep", "unknown",
			[]string{"could not be read"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := sound()
			if c.with != nil {
				c.with(w)
			}
			undecided := provisioning.State{}
			w.set(&undecided)
			state, err := provisioning.Look(t.Context(), w, spec, w.app, undecided.Undecided)
			require.NoError(t, err)
			w.set(&state)
			var found kinds
			var said string
			fields := map[string]onboarding.VerdictKind{}
			for _, verdict := range provisioning.Judge(spec, state) {
				if verdict.Field != "" {
					fields[verdict.Field] = verdict.Kind
					require.NotEmpty(t, verdict.Want)
					continue
				}
				found = append(found, string(verdict.Resource)+" "+string(verdict.Kind))
				require.NotEmpty(t, verdict.Reason)
				require.Equal(t, verdict.Kind == "ask" || verdict.Kind == "warning" || verdict.Kind == "blocked", verdict.Remedy != "", "%+v", verdict)
				said += verdict.Reason + "\n"
			}
			require.Equal(t, c.want, found)
			require.Equal(t, map[string]onboarding.VerdictKind{"okta.assignmentGroup": c.assignment, "access.groups[].name": c.push}, fields)
			for _, says := range c.says {
				require.Contains(t, said, says)
			}
			require.Empty(t, w.Writes, "a look changes nothing")
		})
	}
}

// TestTheRunDoesWhatTheJudgeSays has the activities act on each world, and compares their writes with the verdicts.
func TestTheRunDoesWhatTheJudgeSays(t *testing.T) {
	// A push that follows people who are assigned now waits for them, and is not made in the same breath.
	const later = "okta-group-push change"
	for name, c := range map[string]struct {
		with     func(*world)
		verdicts kinds
		writes   []string
	}{
		"as after a run": {func(*world) {}, nil, nil},
		"group not assigned": {func(w *world) {
			w.Assigned = nil
			w.Members["g0"] = append(w.Members["g0"], model.User{ID: "u3", Status: "ACTIVE", Login: "new@example.com"})
		}, kinds{"okta-group-assignment create", later}, []string{"assign-group g0"}},
		"group not assigned whose members are there": {func(w *world) { w.Assigned = nil }, kinds{"okta-group-assignment create"},
			[]string{"assign-group g0"}},
		"assigned too early": {func(w *world) { w.Users[0] = model.AppUser{ID: "u1", Status: "ACTIVE"} }, kinds{"okta-group-assignment change"},
			[]string{"assign-group g0"}},
		"in vain": {func(w *world) {
			w.Users[0], w.Members["g0"][0].LastName = model.AppUser{ID: "u1", Status: "ACTIVE"}, ""
		}, nil, nil},
		"somebody alone": {func(w *world) { w.Users = w.Users[:1] }, kinds{"okta-app-assignment create", later},
			[]string{"assign-user u2"}},
		"not pushed": {func(w *world) { w.Pushes = nil }, kinds{"okta-group-push create"}, []string{"push g1 studio"}},
		"push switched off": {func(w *world) { w.Pushes[0].Status = "INACTIVE" }, kinds{"okta-group-push change"},
			[]string{"set m1 ACTIVE"}},
		"failed push": {func(w *world) { w.Pushes[0].Status = "ERROR" }, kinds{"okta-group-push remove", "okta-group-push create"},
			[]string{"delete m1", "push g1 studio"}},
		"pushed before they came": {func(w *world) { w.Pushes[0].LastPush = time.Now().Add(-2 * time.Hour) }, kinds{"okta-group-push change"},
			[]string{"set m1 INACTIVE", "set m1 ACTIVE"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := sound()
			c.with(w)
			w.AppList = []model.App{*w.app}
			state, err := provisioning.Look(t.Context(), w, spec, w.app, false)
			require.NoError(t, err)
			var verdicts kinds
			for _, verdict := range provisioning.Judge(spec, state) {
				if verdict.Field == "" && verdict.Kind.Writes() {
					verdicts = append(verdicts, string(verdict.Resource)+" "+string(verdict.Kind))
				}
			}
			require.Equal(t, c.verdicts, verdicts)
			x := provisioningWith(&w.OktaStub)
			_, err = x.AssignGroups(t.Context(), provisioning.AssignInput{AppID: "0oa1", AssignmentGroup: "assignment",
				People: []string{"single@example.com"}})
			require.NoError(t, err)
			_, err = x.PushGroups(t.Context(), provisioning.PushInput{AppID: "0oa1", Groups: []string{"studio"}})
			require.NoError(t, err)
			require.Equal(t, c.writes, w.Writes)
		})
	}
}

func TestALookIsTriedAgainWhereOktaIsBusy(t *testing.T) {
	for _, at := range []string{"group", "assigned", "mappings"} {
		w := sound()
		w.Refuse = map[string]error{at: fault.New(fault.Throttled, "okta", "x", "slow down")}
		_, err := provisioning.Look(t.Context(), w, spec, w.app, false)
		activitytest.RequireClass(t, err, fault.Throttled)
	}
}
