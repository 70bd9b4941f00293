package provisioning_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/activitytest"
	"studio-onboarding/activities/provisioning"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

// TestWhatOktaTookAndDoesNotShowIsMadeAgain loses each kind of write once, and then always.
func TestWhatOktaTookAndDoesNotShowIsMadeAgain(t *testing.T) {
	early := model.User{ID: "u1", Status: "ACTIVE", Login: "early@example.com", Email: "early@example.com", FirstName: "E",
		LastName: "Example"}
	came := time.Now().Add(-time.Hour)
	assign := func(x *provisioning.Activities) error {
		_, err := x.AssignGroups(t.Context(), provisioning.AssignInput{AppID: "0oa1", AssignmentGroup: "assignment",
			People: []string{"new@example.com"}})
		return err
	}
	push := func(x *provisioning.Activities) error {
		result, err := x.PushGroups(t.Context(), provisioning.PushInput{AppID: "0oa1", Groups: []string{"studio", "studio-ml"}})
		require.Empty(t, result.Refused)
		return err
	}
	connect := func(x *provisioning.Activities) error {
		result, err := x.ConnectProvisioning(t.Context(), provisioning.ConnectInput{AppID: "0oa1",
			Connection: provisioning.SCIMConnection{Endpoint: testEndpoint, TokenRef: testTokenRef}})
		if err == nil && !result.Supported {
			return fault.New(fault.NotReady, "okta", "connect", "left to a person")
		}
		return err
	}
	for name, c := range map[string]struct {
		lost   string
		act    func(*provisioning.Activities) error
		with   func(*activitytest.OktaStub)
		writes []string
		// forever is what is said where the write is always lost, "" where that is no error.
		forever string
	}{
		"group assignment": {"assign-group", assign, func(o *activitytest.OktaStub) { o.People = nil },
			[]string{"assign-group g0", "assign-group g0"}, `the group "assignment"`},
		"group assigned once more": {"assign-group", assign, func(o *activitytest.OktaStub) {
			o.People, o.Assigned, o.Members["g0"] = nil, []string{"g0"}, []model.User{early}
			o.Users = []model.AppUser{{ID: "u1", Status: "ACTIVE"}}
		}, []string{"assign-group g0", "assign-group g0"}, ""},
		"person's assignment": {"assign-user", assign, func(o *activitytest.OktaStub) { o.Assigned = []string{"g0"} },
			[]string{"assign-user new", "assign-user new"}, "new@example.com"},
		"push": {"push", push, nil, []string{"push g1 studio", "push g2 studio-ml", "push g1 studio"}, `the group "studio"`},
		"activation": {"set", push, func(o *activitytest.OktaStub) {
			o.Pushes = []model.Mapping{{ID: "m1", SourceGroupID: "g1", Status: "INACTIVE"}, {ID: "m2", SourceGroupID: "g2", Status: "ACTIVE"}}
		}, []string{"set m1 ACTIVE", "set m1 ACTIVE"}, `the group "studio"`},
		"deactivation": {"set", push, func(o *activitytest.OktaStub) {
			o.Users = []model.AppUser{{ID: "u1", ExternalID: "x", Status: "PROVISIONED", StatusChanged: came}}
			o.Pushes = []model.Mapping{{ID: "m1", SourceGroupID: "g1", Status: "ACTIVE", LastPush: came.Add(-time.Hour)},
				{ID: "m2", SourceGroupID: "g2", Status: "ACTIVE", LastPush: came.Add(time.Minute)}}
		}, []string{"set m1 INACTIVE", "set m1 INACTIVE", "set m1 ACTIVE"}, `the group "studio"`},
		"deletion": {"delete", push, func(o *activitytest.OktaStub) {
			o.Pushes = []model.Mapping{{ID: "m1", SourceGroupID: "g1", Status: "ERROR"}, {ID: "m2", SourceGroupID: "g2", Status: "ACTIVE"}}
		}, []string{"delete m1", "delete m1", "push g1 studio"}, `the group "studio"`},
		"features of the connection": {"features", connect,
			func(o *activitytest.OktaStub) {
				o.Connected = model.Connection{AuthScheme: "TOKEN", Status: "DISABLED"}
			},
			[]string{"connect " + testEndpoint + " " + testToken, "connect " + testEndpoint + " " + testToken}, "left to a person"},
		"connection": {"connect", connect, func(o *activitytest.OktaStub) {
			o.Connected = model.Connection{AuthScheme: "TOKEN", Status: "DISABLED"}
		},
			[]string{"connect " + testEndpoint + " " + testToken, "connect " + testEndpoint + " " + testToken}, "left to a person"},
	} {
		t.Run(name, func(t *testing.T) {
			org := func(times int) *activitytest.OktaStub {
				org := &activitytest.OktaStub{
					GroupList: map[string]model.Group{"assignment": {ID: "g0", Name: "assignment"}, "studio": {ID: "g1", Name: "studio"},
						"studio-ml": {ID: "g2", Name: "studio-ml"}},
					AppList: []model.App{activitytest.SAMLApp("0oa1", "L")},
					Members: map[string][]model.User{}, Lose: map[string]int{c.lost: times},
					People: map[string]model.User{"new@example.com": {ID: "new", Login: "new@example.com", Status: "ACTIVE"}},
				}
				if c.with != nil {
					c.with(org)
				}
				return org
			}
			once := org(1)
			require.NoError(t, c.act(provisioningWith(once)))
			require.Equal(t, c.writes, once.Writes)
			require.NoError(t, c.act(provisioningWith(once)))

			always := org(1 << 30)
			err := c.act(provisioningWith(always))
			require.LessOrEqual(t, len(always.Writes), 6, "bounded")
			if c.forever == "" {
				require.NoError(t, err)
				return
			}
			require.Contains(t, activitytest.RequireClass(t, err, fault.NotReady).Message, c.forever)
		})
	}
}

// TestTheOktaSideOfARunMakesNothingTwice goes through the simulated org, which loses the first write of each kind.
func TestTheOktaSideOfARunMakesNothingTwice(t *testing.T) {
	w := activitytest.NewOktaWorld(t)
	ctx := t.Context()
	app, _ := w.Connected(t)
	x := &provisioning.Activities{Okta: w.Org, Waits: w.Waits}
	in := provisioning.AssignInput{AppID: app.ID, AssignmentGroup: "aws-identity-center", People: []string{"noor.haddad@example.com",
		"nobody@example.com"}}
	pushing := provisioning.PushInput{AppID: app.ID, Groups: []string{"sagemaker-studio-users", "sagemaker-studio-ml"}}
	spec := onboarding.Spec{Okta: onboarding.OktaSpec{AppLabel: app.Label, AssignmentGroup: in.AssignmentGroup}}
	for _, login := range in.People {
		spec.Access.People = append(spec.Access.People, onboarding.PersonAccessSpec{Login: login})
	}
	for _, group := range pushing.Groups {
		spec.Access.Groups = append(spec.Access.Groups, onboarding.GroupAccessSpec{Name: group})
	}
	judge := func() map[onboarding.VerdictKind]int {
		state, err := provisioning.Look(ctx, w.Org, spec, &app, false)
		require.NoError(t, err)
		kinds := map[onboarding.VerdictKind]int{}
		for _, verdict := range provisioning.Judge(spec, state) {
			if verdict.Field == "" {
				kinds[verdict.Kind]++
			}
		}
		return kinds
	}
	round := func() (provisioning.AssignResult, provisioning.ProvisionedResult, provisioning.PushResult) {
		assigned := activitytest.Await(t, func() (provisioning.AssignResult, error) { return x.AssignGroups(ctx, in) })
		people := activitytest.Await(t, func() (provisioning.ProvisionedResult, error) {
			return x.AwaitProvisioned(ctx, provisioning.AppInput{AppID: app.ID})
		})
		pushed := activitytest.Await(t, func() (provisioning.PushResult, error) { return x.PushGroups(ctx, pushing) })
		require.Empty(t, pushed.Refused)
		return assigned, people, activitytest.Await(t, func() (provisioning.PushResult, error) { return x.AwaitPushed(ctx, pushing) })
	}

	require.Equal(t, map[onboarding.VerdictKind]int{onboarding.VerdictKeep: 1, onboarding.VerdictCreate: 4}, judge())
	w.LoseEach(t, "PUT /api/v1/apps/{id}/groups/{groupId}", "POST /api/v1/apps/{id}/users", "POST /api/v1/apps/{id}/group-push/mappings")
	assigned, people, pushed := round()
	require.Equal(t, onboarding.OriginCreated, assigned.Origin)
	require.Equal(t, []string{"nobody@example.com"}, assigned.UnknownPeople)
	require.Equal(t, people.Assigned, people.Provisioned+people.Failed)
	require.Greater(t, people.Provisioned, 40)
	require.Positive(t, people.Failed, "some of the org's people can't be provisioned")
	require.Len(t, pushed.Pushed, 2)
	first := w.Effects(t)
	require.Equal(t, 1, first["PUT /api/v1/apps/{id}/groups/{groupId} created"])
	require.Equal(t, 1, first["POST /api/v1/apps/{id}/users created"])
	require.Equal(t, 2, first["POST /api/v1/apps/{id}/group-push/mappings created"])

	require.Equal(t, map[onboarding.VerdictKind]int{onboarding.VerdictKeep: 4}, judge(), "what was done is to be kept")
	assigned, again, _ := round()
	require.Equal(t, onboarding.OriginAdopted, assigned.Origin)
	require.Equal(t, people, again)
	require.Equal(t, first, w.Effects(t), "a second round changes nothing")

	const patch = "PATCH /api/v1/apps/{id}/group-push/mappings/{mappingId}"
	pushing.Again = true
	w.Lose(t, patch, 1)
	pushed = activitytest.Await(t, func() (provisioning.PushResult, error) { return x.PushGroups(ctx, pushing) })
	require.Empty(t, pushed.Refused)
	for _, group := range pushed.Pushed {
		require.Equal(t, "ACTIVE", group.Status)
		require.Equal(t, onboarding.OriginAdopted, group.Origin)
	}
	require.Equal(t, 4, w.Effects(t)[patch+" changed"], "each of two groups is switched off and on, whatever was lost")
}

// TestANewAssignmentReadsNobody: at 100,000 people a list of them takes minutes.
func TestANewAssignmentReadsNobody(t *testing.T) {
	org := &activitytest.OktaStub{GroupList: map[string]model.Group{"assignment": {ID: "g0", Name: "assignment"}}}
	_, err := (&provisioning.Activities{Okta: unlisted{org}, Waits: activitytest.OktaWaits()}).AssignGroups(t.Context(),
		provisioning.AssignInput{AppID: "0oa1", AssignmentGroup: "assignment"})
	require.NoError(t, err)
	require.Equal(t, []string{"assign-group g0"}, org.Writes)
}

// unlisted is an org whose people nobody may list.
type unlisted struct{ *activitytest.OktaStub }

func (unlisted) AppUsers(context.Context, string, func([]model.AppUser) error) error {
	return errors.New("the app's people are listed")
}

func (unlisted) GroupUsers(context.Context, string, func([]model.User) error) error {
	return errors.New("the group's members are listed")
}
