package access_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/access"
	"studio-onboarding/activities/people"
	"studio-onboarding/onboarding"
)

// planSpec is the spec of accessTo("ml", "users").
func planSpec() onboarding.Spec {
	in := accessTo("ml", "users")
	spec := onboarding.Spec{Name: in.Run, Access: in.Access, Domain: onboarding.DomainSpec{Tags: in.Tags}}
	return spec
}

// soundState is a team as it should be: bob of "ml", ann of "users".
func soundState() access.State {
	return access.State{
		Desired: access.Desired{
			Groups: []access.Group{{Name: "ml", ID: "g-ml", Role: fakeRoleML, Members: []string{"id-bob"}},
				{Name: "users", ID: "g-users", Members: []string{"id-ann", "id-bob"}}},
			Users: map[string]string{"id-ann": "ann@example.com", "id-bob": "bob@example.com"}, DefaultRole: fakeRole, Eager: true,
			OnRemoval: onboarding.RemovalDeleteProfile, Tags: "d",
		},
		Actual: access.Actual{
			Assignments: []access.Assignment{{PrincipalID: "g-ml", Type: access.PrincipalGroup},
				{PrincipalID: "g-users", Type: access.PrincipalGroup}},
			Profiles: []access.Profile{
				{Name: "ann", UserName: "ann@example.com", Status: "InService", Tags: "d"},
				{Name: "bob", UserName: "bob@example.com", Role: fakeRoleML, Status: "InService", Tags: "d"},
			},
			UserIDs: map[string]string{"ann@example.com": "id-ann", "bob@example.com": "id-bob"},
		},
		Names: map[string]string{"g-ml": "ml", "g-users": "users", "id-ann": "ann@example.com", "id-bob": "bob@example.com"},
		Roles: []onboarding.RoleHandle{{Wanted: "team", ARN: fakeRole}, {Wanted: "ml", ARN: fakeRoleML}},
	}
}

func TestEachDifferenceIsOneVerdict(t *testing.T) {
	change, create, remove, keep := onboarding.VerdictChange, onboarding.VerdictCreate, onboarding.VerdictRemove, onboarding.VerdictKeep
	for name, c := range map[string]struct {
		spoil func(*access.State)
		// says are the verdicts about things that are not kept, and fields those about fields that are not kept.
		says, fields []string
	}{
		"nothing": {func(*access.State) {}, nil, nil},
		"a group is not assigned": {func(s *access.State) { s.Actual.Assignments = s.Actual.Assignments[1:] },
			[]string{"create studio-assignment ml →assigned"}, nil},
		"no profile": {func(s *access.State) { s.Actual.Profiles = s.Actual.Profiles[:1] },
			[]string{"create user-profile bob@example.com →bob-example-com, SageMakerStudio-ml"},
			[]string{"create access.profiles 1 of 2 people have a profile→eager", "create access.groups[].executionRole ml →SageMakerStudio-ml"}},
		"another role": {func(s *access.State) { s.Actual.Profiles[1].Role = "" },
			[]string{"change user-profile bob@example.com SageMakerStudio-team→SageMakerStudio-ml"},
			[]string{"change access.groups[].executionRole ml SageMakerStudio-team→SageMakerStudio-ml"}},
		"another default role": {func(s *access.State) { s.Actual.Profiles[0].Role = fakeRoleML },
			[]string{"change user-profile ann@example.com SageMakerStudio-ml→SageMakerStudio-team"},
			[]string{"change domain.executionRole SageMakerStudio-ml→SageMakerStudio-team"}},
		"no tags": {func(s *access.State) { s.Actual.Profiles[0].Tags = "" },
			[]string{"change user-profile ann@example.com other tags, or none→team=x"},
			[]string{"change domain.tags user profiles 1 profiles lack some→team=x"}},
		"neither tags nor role": {func(s *access.State) { s.Actual.Profiles[1].Tags, s.Actual.Profiles[1].Role = "", "" },
			[]string{"change user-profile bob@example.com SageMakerStudio-team→SageMakerStudio-ml"},
			[]string{"change access.groups[].executionRole ml SageMakerStudio-team→SageMakerStudio-ml",
				"change domain.tags user profiles 1 profiles lack some→team=x"}},
		"failed": {func(s *access.State) { s.Actual.Profiles[0].Status = "Failed" },
			[]string{"change user-profile ann@example.com Failed→InService"}, nil},
		"somebody left": {func(s *access.State) {
			s.Desired.Due = map[string]bool{"eve@example.com": true}
			s.Actual.Profiles = append(s.Actual.Profiles, access.Profile{Name: "eve", UserName: "eve@example.com", Status: "InService",
				Ours: true})
			s.Actual.Assignments = append(s.Actual.Assignments, access.Assignment{PrincipalID: "id-eve", Type: access.PrincipalUser})
			s.Actual.UserIDs["eve@example.com"] = "id-eve"
		}, []string{"remove studio-assignment id-eve assigned→", "remove user-profile eve@example.com eve→"},
			[]string{"remove access.onRemoval 2 assignments and profiles of others→revoke"}},
		"too many left": {func(s *access.State) {
			s.Held, s.Hold = "1 of 3 people would lose access", &onboarding.Hold{ID: "0123456789ab", Total: 1}
			s.Desired.Kept = map[string]bool{"eve@example.com": true}
			s.Actual.Profiles = append(s.Actual.Profiles, access.Profile{Name: "eve", UserName: "eve@example.com", Status: "InService",
				Ours: true})
		}, []string{"warning studio-assignment  →"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			state := soundState()
			c.spoil(&state)
			var says, fields []string
			seen := map[string]bool{}
			for _, v := range judged(planSpec(), state) {
				require.NotEmpty(t, v.Code)
				require.NotEmpty(t, v.Reason, "%+v", v)
				if v.Field != "" {
					seen[v.Field] = true
				}
				switch text := fmt.Sprintf("%s %s %s %s→%s", v.Kind, v.Resource, v.Subject, v.Have, v.Want); {
				case v.Kind == keep:
				case v.Field == "":
					says = append(says, text)
				case v.Subject == "":
					fields = append(fields, fmt.Sprintf("%s %s %s→%s", v.Kind, v.Field, v.Have, v.Want))
				default:
					fields = append(fields, fmt.Sprintf("%s %s %s %s→%s", v.Kind, v.Field, v.Subject, v.Have, v.Want))
				}
			}
			require.Equal(t, c.says, says)
			require.Equal(t, c.fields, fields)
			require.Equal(t, map[string]bool{"access.profiles": true, "access.onRemoval": true, "access.groups[].executionRole": true,
				"domain.executionRole": true, "domain.tags": true, "access.guard.share": true, "access.guard.people": true,
				"access.guard.window": true, "access.guard.quarantine": true, "access.canary.person": true, "access.canary.group": true,
				"access.rollout": true}, seen)
		})
	}
	require.True(t, change.Writes() && create.Writes() && remove.Writes())
}

func TestSinglePeopleHaveRolesOfTheirOwn(t *testing.T) {
	state, spec := soundState(), planSpec()
	spec.Access.People = []onboarding.PersonAccessSpec{{Login: "ann@example.com", ExecutionRole: "ml"}}
	state.Desired.Singles = []access.Single{{UserID: "id-ann", Role: fakeRoleML}}
	var found []onboarding.Verdict
	for _, v := range judged(spec, state) {
		if v.Field == "access.people[].executionRole" {
			found = append(found, v)
		}
	}
	require.Len(t, found, 1)
	require.Equal(t, onboarding.VerdictChange, found[0].Kind)
	require.Equal(t, "SageMakerStudio-team", found[0].Have)
}

func TestManyOfOneKindAreCounted(t *testing.T) {
	state := soundState()
	for i := range 120 {
		id := fmt.Sprintf("foreseen:%03d", i)
		state.Desired.Users[id] = fmt.Sprintf("p%03d@example.com", i)
		state.Desired.Groups[1].Members = append(state.Desired.Groups[1].Members, id)
		state.Actual.UserIDs[state.Desired.Users[id]] = id
	}
	named, counted, kept := 0, 0, 0
	for _, v := range judged(planSpec(), state) {
		switch {
		case v.Field != "" || v.Resource != onboarding.ResourceProfile:
		case v.Kind == onboarding.VerdictKeep:
			kept += v.Total()
		case v.Count == 0:
			require.True(t, v.AfterSync && people.Foreseen("foreseen:1"))
			named++
		default:
			require.True(t, v.AfterSync)
			require.Empty(t, v.Subject)
			counted += v.Count
		}
	}
	require.Equal(t, onboarding.MaxListed, named)
	require.Equal(t, 120, named+counted)
	require.Equal(t, 2, kept)
}

func TestALookThatFailsForGoodIsAVerdict(t *testing.T) {
	cloud := smallTeam(t)
	cloud.refuse = func(operation string, _ map[string]any) string {
		if operation == "ListUserProfiles" {
			return "AccessDeniedException: User: arn:aws:iam::222222222222:role/x is not authorized to perform: sagemaker:ListUserProfiles on " +
				"resource: *"
		}
		return ""
	}
	state, err := access.Look(t.Context(), access.Sources{AWS: cloud, Waits: testWaits()}, accessTo("ml", "users"), nil,
		[]people.Group{{Name: "ml"}, {Name: "users"}}, func(int, int) {})
	require.NoError(t, err)
	verdicts := judged(planSpec(), state)
	require.Len(t, verdicts, 1)
	require.Equal(t, onboarding.VerdictBlocked, verdicts[0].Kind)
	require.Contains(t, verdicts[0].Reason, "sagemaker:ListUserProfiles")
	require.NotEmpty(t, verdicts[0].Remedy)
}

// TestThePlanIsWhatConvergingDoes plans, converges and compares with the writes.
func TestThePlanIsWhatConvergingDoes(t *testing.T) {
	cloud := smallTeam(t)
	in := accessTo("ml", "users")
	x := accessOf(t, cloud)
	plan := func(spec onboarding.Spec) (writes []string) {
		var users []people.User
		for _, user := range cloud.users {
			users = append(users, people.User{ID: user["UserId"].(string), UserName: user["UserName"].(string), Enabled: true,
				ExternalIDs: []string{"x"}})
		}
		var groups []people.Group
		for _, group := range spec.Access.Groups {
			members := map[string]bool{}
			for _, id := range cloud.groups[group.Name] {
				members[id] = true
			}
			groups = append(groups, people.Group{Name: group.Name, ID: "g-" + group.Name, Members: members})
		}
		state, err := access.Look(t.Context(), access.Sources{AWS: cloud, Waits: testWaits(), Store: x.People}, in, users, groups,
			func(int, int) {})
		require.NoError(t, err)
		for _, v := range judged(spec, state) {
			if v.Kind.Writes() && v.Field == "" {
				writes = append(writes, fmt.Sprint(v.Kind, " ", v.Subject))
			}
		}
		return writes
	}
	spec := planSpec()
	require.Equal(t, []string{"create ml", "create users", "create ann@example.com", "create bob@example.com", "create cid@example.com"},
		plan(spec))
	_, err := perform(t, x.ConvergeAccess, in)
	require.NoError(t, err)
	require.Len(t, cloud.writes, 5)
	require.Empty(t, plan(spec))

	in.Tags = map[string]string{"team": "y"}
	spec.Domain.Tags = in.Tags
	require.Equal(t, []string{"change ann@example.com", "change bob@example.com", "change cid@example.com"}, plan(spec))
	cloud.writes = nil
	result, err := perform(t, x.ConvergeAccess, in)
	require.NoError(t, err)
	require.Equal(t, 3, result.TagsChanged)
	require.Len(t, cloud.writes, 3)
	require.Empty(t, plan(spec))
}

// judged are the verdicts on who has access, without the one on who signs in first.
func judged(spec onboarding.Spec, state access.State) []onboarding.Verdict {
	return slices.DeleteFunc(access.Judge(spec, state), func(v onboarding.Verdict) bool { return v.Resource == onboarding.ResourceSignIn })
}
