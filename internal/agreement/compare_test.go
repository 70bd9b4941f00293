package agreement

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"

	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// compare has everybody who looks at this world and spec say what they see, carries the spec out, and compares.
func (s *site) compare() {
	s.Helper()
	check, plan := s.check(), s.plan()
	s.sameBlocks(check, plan)
	r := s.onboard()
	s.sameStops(check, r)
	if r.aborted {
		return
	}
	s.sameWrites(plan, r)
	s.samePeople(check, plan, r)
	if after := s.plan(); len(r.end.people) == 0 { // for those who are outside, another run may do something
		require.Empty(s, after.writes, "after the run the plan has something to do")
		if !slices.Contains(r.requests, onboarding.StepOktaApp) { // which of two apps is meant, each run asks
			require.Empty(s, after.asks)
		}
	}
	s.sameOfEverybody(r.end.handles, r.end.people)
	s.asTheSpecSays()
}

// asTheSpecSays: a domain that a run has made or adopted is as the spec says, where it says something.
func (s *site) asTheSpecSays() {
	s.Helper()
	spec, domain := s.Spec.Domain, s.described()
	require.NotNil(s, domain)
	require.Equal(s, roleName(spec.ExecutionRole), roleName(aws.ToString(domain.DefaultUserSettings.ExecutionRole)))
	switch spec.Network.Access {
	case onboarding.NetworkPublic:
		require.Equal(s, sagemakertypes.AppNetworkAccessTypePublicInternetOnly, domain.AppNetworkAccessType)
	case onboarding.NetworkVPCOnly:
		require.Equal(s, sagemakertypes.AppNetworkAccessTypeVpcOnly, domain.AppNetworkAccessType)
	}
	if spec.Network.VPC != "" {
		require.Equal(s, spec.Network.VPC, aws.ToString(domain.VpcId))
		require.ElementsMatch(s, spec.Network.Subnets, domain.SubnetIds)
	}
	if len(spec.Network.SecurityGroups) > 0 {
		require.ElementsMatch(s, spec.Network.SecurityGroups, domain.DefaultUserSettings.SecurityGroups)
	}
	switch spec.HomeFileSystem {
	case onboarding.FileSystemEnabled:
		require.NotEmpty(s, aws.ToString(domain.HomeEfsFileSystemId))
	case onboarding.FileSystemDisabled:
		require.Empty(s, aws.ToString(domain.HomeEfsFileSystemId))
	}
	require.Equal(s, spec.KMSKey != "", aws.ToString(domain.KmsKeyId) != "", "the key of the spec: %q, of the domain: %q", spec.KMSKey,
		aws.ToString(domain.KmsKeyId))
	tags := s.tags(domain.DomainArn)
	for key, value := range spec.Tags {
		require.Equal(s, value, tags[key], "the tag %s", key)
	}
}

// sameBlocks: check and plan see a run park at the same steps. With wrong credentials it may be anywhere.
func (s *site) sameBlocks(check, plan said) {
	s.Helper()
	about := fmt.Sprintf("check and plan disagree on where a run would park\ncheck: %v\nplan: %v", check.blocked, plan.blocked)
	_, anywhere := check.blocked[onboarding.StepPreflight]
	if _, too := plan.blocked[onboarding.StepPreflight]; anywhere || too {
		require.Equal(s, len(check.blocked) > 0, len(plan.blocked) > 0, about)
		return
	}
	require.Equal(s, frontier(check.blocked), frontier(plan.blocked), about)
}

// frontier are the steps at which a run stops: the first blocked one of each lane, and of the main lane where it comes so far.
func frontier(blocked map[onboarding.Step]string) []onboarding.Step {
	var stops []onboarding.Step
	reached := map[onboarding.Lane]bool{}
	for _, info := range onboarding.Steps() {
		_, stuck := blocked[info.Step]
		if !stuck || reached[info.Lane] || info.Lane == onboarding.LaneMain && len(reached) > 0 {
			continue
		}
		reached[info.Lane] = true
		stops = append(stops, info.Step)
		if info.Step == onboarding.StepPreflight {
			break
		}
	}
	slices.Sort(stops)
	return stops
}

// sameStops: a run parks at its preflight where anything is blocked, and then at the first blocked step of each lane.
func (s *site) sameStops(check said, r *run) {
	s.Helper()
	stopped := maps.Clone(r.parked)
	_, opening := stopped[onboarding.StepPreflight]
	delete(stopped, onboarding.StepPreflight)
	require.Equal(s, len(check.blocked) > 0, opening, "the preflight of a run and the check disagree\ncheck: %v\nrun: %v",
		check.blocked, r.parked)
	if _, anywhere := check.blocked[onboarding.StepPreflight]; anywhere {
		return // wrong credentials stop a run that goes on somewhere, or let it go to another account
	}
	require.Equal(s, frontier(check.blocked), frontier(stopped), "the run parks elsewhere than check says\ncheck: %v\nrun: %v",
		check.blocked, r.parked)
}

// sameWrites: a run writes what was planned and nothing else, and asks where it was planned.
func (s *site) sameWrites(plan said, r *run) {
	s.Helper()
	planned, written := plan.writes, s.written(s.Product(r.mark))
	require.Equal(s, len(plan.asks) > 0, len(r.requests) > 0, "planned: %v, asked: %v", plan.asks, r.requests)
	if slices.Contains(r.requests, onboarding.StepOktaApp) {
		// What follows from the operator's choice of an app, nobody can plan.
		require.Subset(s, written, planned)
		return
	}
	if slices.Contains(r.requests, onboarding.StepOktaGroups) { // Okta's API refused to push, which shows when it is asked to
		planned = slices.DeleteFunc(slices.Clone(planned), func(write string) bool { return strings.Contains(write, "Okta group push") })
	}
	require.Equal(s, planned, written, "the run wrote something else than was planned")
}

// samePeople: check and plan name those for whom the run parks, and those whom its report names.
func (s *site) samePeople(check, plan said, r *run) {
	s.Helper()
	outside := map[string]string{}
	for _, people := range r.people {
		maps.Copy(outside, people)
	}
	require.Equal(s, names(plan.people), names(outside), "the run parks for other people than were planned\nplan: %v\nrun: %v",
		plan.people, outside)
	require.Equal(s, names(check.people), names(plan.people), "check and plan disagree on people\ncheck: %v\nplan: %v",
		check.people, plan.people)
	require.Equal(s, names(r.end.people), names(outside), "the report names other people than those for whom the run parked")
	require.Equal(s, r.end.wanted-len(r.end.people), r.end.ready, "%v", r.end.people)
}

// names are the logins of people, which may be written in any letters.
func names(people map[string]string) []string {
	all := []string{}
	for name := range people {
		all = append(all, strings.ToLower(name))
	}
	slices.Sort(all)
	return all
}

// sameOfEverybody: the list of people, the explanation of each, the verification and the sign-in agree; so does the report of a
// run that has just ended, where one is given, as those whom it names.
func (s *site) sameOfEverybody(handles onboarding.Handles, reports ...map[string]string) {
	s.Helper()
	list := s.list(handles)
	_, verified := s.drift(handles)
	profiles, roles := s.profiles(), s.wantedRoles()
	var app struct{ Label string } // which may be another than the spec says
	s.Okta("GET", "/api/v1/apps/"+handles.AppID, nil, &app)
	label := app.Label
	logins := slices.Compact(slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(list)), everybody()...))))
	for _, login := range logins {
		listed, wanted := list[login]
		explained := s.explain(handles, login)
		signedIn, err := s.SignIn(s.Context(), sandbox.SignInInput{Login: login, Label: label, DomainID: handles.Domain.ID})
		require.NoError(s, err)
		about := fmt.Sprintf("%s\nlist: %+v\nexplanation: %+v\nsign-in: %+v", login, listed, explained, signedIn)
		if !wanted {
			require.False(s, explained.ready && !signedIn.OK, about)
			continue
		}
		// A profile that a sign-in makes, and one with a wrong role, let somebody in, but not as the spec says.
		right := signedIn.OK && s.fits(profiles[login], roles[login])
		require.Equal(s, right, listed.ready, about)
		require.Equal(s, right, explained.ready, about)
		for _, outside := range append([]map[string]string{verified}, reports...) {
			require.Equal(s, right, !slices.Contains(names(outside), login), "%s\nverification or report: %v", about, outside)
		}
		if !listed.ready {
			require.NotEmpty(s, listed.reason, about)
			require.NotEmpty(s, explained.reason, about)
		}
	}
}

// fits says whether somebody's profile is as the spec says.
func (s *site) fits(profile *sagemaker.DescribeUserProfileOutput, role string) bool {
	if profile == nil {
		return s.Spec.Access.Profiles == onboarding.ProfilesFirstSignIn
	}
	has := ""
	if profile.UserSettings != nil {
		has = aws.ToString(profile.UserSettings.ExecutionRole)
	}
	if has == "" {
		has = s.Spec.Domain.ExecutionRole
	}
	return roleName(has) == roleName(role) && profile.Status == sagemakertypes.UserProfileStatusInService
}

// wantedRoles are the roles of people as the spec has them: a person's own, or that of the first of their groups, or the domain's.
func (s *site) wantedRoles() map[string]string {
	s.Helper()
	people, err := s.People(s.Context())
	require.NoError(s, err)
	roles := map[string]string{}
	for _, person := range people {
		role := ""
		for _, single := range s.Spec.Access.People {
			if strings.EqualFold(single.Login, person.Login) {
				role = single.ExecutionRole
			}
		}
		for _, group := range s.Spec.Access.Groups {
			if role == "" && slices.Contains(person.Groups, group.Name) {
				role = cmp.Or(group.ExecutionRole, s.Spec.Domain.ExecutionRole)
			}
		}
		roles[person.Login] = cmp.Or(role, s.Spec.Domain.ExecutionRole)
	}
	return roles
}

// roleName is the name in an ARN, or the name itself.
func roleName(role string) string { return role[strings.LastIndex(role, "/")+1:] }
