package agreement

import (
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/worldtest"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// drifts are changes of a world that has been onboarded, behind the product's back.
func drifts() []change {
	return []change{
		{"nothing", func(*site) {}},
		{"a membership was removed", func(s *site) { s.directory().removeMember(worldtest.PeopleGroup, worldtest.Ada) }},
		{"a membership was removed of somebody assigned directly", func(s *site) {
			s.directory().assign(worldtest.Ada)
			s.directory().removeMember(worldtest.PeopleGroup, worldtest.Ada)
		}},
		{"somebody in a group is assigned directly, too", func(s *site) { s.directory().assign(worldtest.Ada) }},
		{"somebody whom the spec does not name is assigned directly", func(s *site) { s.directory().assign(worldtest.Di) }},
		{"a group was unassigned", func(s *site) { s.directory().unassign(worldtest.PeopleGroup) }},
		{"a profile was deleted", func(s *site) { s.deleteProfile(worldtest.Ada) }},
		{"a profile has failed", func(s *site) {
			s.deleteProfile(worldtest.Ada)
			s.Faults(sandbox.Fault{Service: "sagemaker", Operation: "CreateUserProfile", Kind: sandbox.FaultFails, Times: 1})
			s.makeProfile(worldtest.Ada)
		}},
		{"a profile has another role", func(s *site) { s.setRole(worldtest.Ada, s.role("Other", studioTrust, fullAccess)) }},
		{"a person left the access group", func(s *site) { s.moves(worldtest.Ada, worldtest.PeopleGroup, "") }},
		{"a person left the assignment group", func(s *site) { s.Leave(worldtest.AssignmentGroup, worldtest.Ada) }},
		{"a person was deactivated", func(s *site) { s.deactivate(worldtest.Ada) }},
		{"a person came", func(s *site) { s.moves(worldtest.Di, "", worldtest.PeopleGroup) }},
		{"a person came who is not assigned", func(s *site) { s.Join(worldtest.PeopleGroup, worldtest.Eve) }},
		{"a person moved to the other group", func(s *site) { s.moves(worldtest.Ada, worldtest.PeopleGroup, worldtest.MLGroup) }},
		{"a user was deleted in identity center", func(s *site) { require.NoError(s, s.DeleteUser(s.Context(), worldtest.Ada)) }},
		{"a role lost its policy", func(s *site) {
			_, err := s.iam().DetachRolePolicy(s.Context(), &iam.DetachRolePolicyInput{RoleName: aws.String("SageMakerStudio-team"),
				PolicyArn: aws.String(fullAccess)})
			require.NoError(s, err)
		}},
		{"a role trusts somebody else", func(s *site) {
			_, err := s.iam().UpdateAssumeRolePolicy(s.Context(), &iam.UpdateAssumeRolePolicyInput{
				RoleName: aws.String("SageMakerStudio-ml"), PolicyDocument: aws.String(otherTrust)})
			require.NoError(s, err)
		}},
		{"the app is inactive", func(s *site) { s.Okta(http.MethodPost, "/api/v1/apps/"+s.AppID()+"/lifecycle/deactivate", nil, nil) }},
		{"a push stopped", (*site).stopPush},
		{"the assignment group was unassigned", func(s *site) {
			s.Okta(http.MethodDelete, "/api/v1/apps/"+s.AppID()+"/groups/"+s.GroupID(worldtest.AssignmentGroup), nil, nil)
		}},
		{"the domain was changed by hand", func(s *site) {
			standard, _ := s.places()
			_, err := s.studio().UpdateDomain(s.Context(), &sagemaker.UpdateDomainInput{DomainId: s.described().DomainId,
				SubnetIds: standard.subnets[:1]})
			require.NoError(s, err)
			s.settled()
		}},
	}
}

// respecs are changes of the spec of a world that has been onboarded. Those of single fields are in spec_changes_test.go.
func respecs() []change {
	return []change{
		{"the groups change places", func(s *site) {
			s.Join(worldtest.MLGroup, worldtest.Ada)
			s.onboarded()
			g := s.Spec.Access.Groups
			g[0], g[1] = g[1], g[0]
		}},
		{"a person is added", func(s *site) { s.Spec.Access.People = []onboarding.PersonAccessSpec{{Login: worldtest.Eve}} }},
		{"a group is left out", func(s *site) { s.Spec.Access.Groups = s.Spec.Access.Groups[1:] }},
		{"a group is left out whose people lose everything", func(s *site) {
			s.Spec.Access.Groups, s.Spec.Access.OnRemoval = s.Spec.Access.Groups[1:], onboarding.RemovalDeleteProfile
		}},
		{"the assignment group is another one", func(s *site) {
			s.MakeGroup("studio-app-2")
			for _, login := range []string{worldtest.Ada, worldtest.Bo} {
				s.Join("studio-app-2", login)
			}
			s.Spec.Okta.AssignmentGroup = "studio-app-2"
		}},
		{"the run has another name", func(s *site) { s.Spec.Name = "team-2" }},
	}
}

// moves has somebody who is in Identity Center leave a group and join another one, and waits until Okta has pushed both: those who
// look meanwhile, one after the other, see different worlds.
func (s *site) moves(login, from, to string) {
	s.Helper()
	if from != "" {
		s.Leave(from, login)
		s.eventually(func() bool { return !s.directory().has(from, login) })
	}
	if to != "" {
		s.Join(to, login)
		s.eventually(func() bool { return s.directory().has(to, login) })
	}
}

// makeProfile makes somebody's profile by hand.
func (s *site) makeProfile(login string) {
	s.Helper()
	_, err := s.studio().CreateUserProfile(s.Context(), &sagemaker.CreateUserProfileInput{DomainId: s.described().DomainId,
		UserProfileName: aws.String("by-hand"), SingleSignOnUserIdentifier: aws.String("UserName"), SingleSignOnUserValue: &login})
	require.NoError(s, err)
	s.settled()
}

// setRole gives somebody's profile another execution role, by hand.
func (s *site) setRole(login, role string) {
	s.Helper()
	in := &sagemaker.UpdateUserProfileInput{DomainId: s.described().DomainId, UserProfileName: s.profiles()[login].UserProfileName,
		UserSettings: &sagemakertypes.UserSettings{ExecutionRole: &role}}
	s.eventually(func() bool { // a role takes its time to spread
		_, err := s.studio().UpdateUserProfile(s.Context(), in)
		return err == nil
	})
	s.settled()
}

// stopPush switches the push of a group off, in Okta's console.
func (s *site) stopPush() {
	s.Helper()
	mappings := "/api/v1/apps/" + s.AppID() + "/group-push/mappings"
	var all []struct{ ID string }
	s.Okta(http.MethodGet, mappings, nil, &all)
	require.NotEmpty(s, all)
	s.Okta(http.MethodPatch, mappings+"/"+all[0].ID, map[string]string{"status": "INACTIVE"}, nil)
}
