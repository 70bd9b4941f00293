package agreement

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/worldtest"
)

const (
	nowhere = "the next run"
	// beforehand is where a change shows that blocks a run.
	beforehand = "`starter check`"
	adopts     = "a run of another name, which adopts what is there; what the first one made stays as it is"
	refused    = "blocked"
)

// changesOfAccounts are those of the run, the org and the accounts.
func changesOfAccounts() []specChange {
	const missing = "arn:aws:iam::222222222222:role/Missing"
	return []specChange{
		{field: "name", from: "team", to: "team-2", then: values{"name": "team-2"}, happens: adopts, seen: nowhere},
		{field: "region", from: "us-east-1", to: "eu-central-1", then: values{"region": "eu-central-1"}, blocked: []string{"us-east-1"},
			happens: refused + ": Studio has to be in a Region of the Identity Center instance. Set `region` to one", seen: beforehand},
		{field: "okta.appLabel", from: worldtest.AppLabel, to: "AWS Studio", then: values{"okta.appLabel": "AWS Studio"},
			happens: "nothing: the app that has the instance's values is the app, whatever its label, and a check says so. Only an app that " +
				"is made gets the label", seen: "Okta: the apps",
			proof: func(s *site) {
				s.Spec.Okta.AppLabel = worldtest.AppLabel
				require.NotEmpty(s, s.AppID())
			}},
		{field: "okta.assignmentGroup", from: "studio-app", to: "studio-app-2", then: values{"okta.assignmentGroup": "studio-app-2"},
			after: func(s *site) {
				s.MakeGroup("studio-app-2")
				for _, login := range []string{worldtest.Ada, worldtest.Bo, worldtest.Cy} {
					s.Join("studio-app-2", login)
				}
			},
			happens: "the group is assigned to the app; the old one stays assigned until somebody takes it off in Okta",
			seen:    "Okta: the app's assignments", proof: func(s *site) {
				s.Okta("GET", "/api/v1/apps/"+s.AppID()+"/groups/"+s.GroupID("studio-app-2"), nil, nil)
			}},
		{field: "identityCenter.account", from: worldtest.Management, to: "another one", then: values{"identityCenter.account": "333333333333"},
			blocked: []string{"333333333333"}, happens: refused + ": the credentials belong to another account. Correct the spec, " +
				"or give the worker credentials of that account", seen: beforehand},
		{field: "identityCenter.assumeRole", from: "–", to: "a role that is missing",
			then:    values{"identityCenter.assumeRole": strings.Replace(missing, "2222", "1111", 1)},
			blocked: []string{"Missing"}, happens: refused + " where the role can't be assumed. Correct the spec, or have the role " +
				"trust the worker", seen: beforehand},
		{field: "studio.account", from: worldtest.Studio, to: "another one", then: values{"studio.account": "333333333333"},
			blocked: []string{"333333333333"}, happens: refused + ": the credentials belong to another account. Correct the spec, " +
				"or give the worker credentials of that account", seen: beforehand},
		{field: "studio.assumeRole", from: "StudioOnboarding", to: "a role that is missing", then: values{"studio.assumeRole": missing},
			blocked: []string{"Missing"}, happens: refused + " where the role can't be assumed. Correct the spec, or have the role " +
				"trust the worker", seen: beforehand},
		{field: "operator.remindEvery", from: "4h", to: "1h", then: values{"operator.remindEvery": "1h"},
			happens: "the next run reminds so often", seen: nowhere},
		{field: "operator.deadline", from: "14d", to: "7d", then: values{"operator.deadline": "7d"}, happens: "the next run waits so long",
			seen: nowhere},
	}
}

// changesOfTheDomain are those of the domain and its network.
func changesOfTheDomain() []specChange {
	placed := values{
		"domain.network.vpc":     func(s *site) any { at, _ := s.places(); return at.vpc },
		"domain.network.subnets": func(s *site) any { at, _ := s.places(); return at.subnets },
	}
	group := func(s *site) any { at, _ := s.places(); return []string{at.group} }
	grouped := values{"domain.network.vpc": placed["domain.network.vpc"], "domain.network.subnets": placed["domain.network.subnets"],
		"domain.network.securityGroups": group, "domain.network.access": "public"}
	domain := func(look func(*site, *sagemaker.DescribeDomainOutput)) func(*site) {
		return func(s *site) { look(s, s.described()) }
	}
	return []specChange{
		{field: "domain.name", from: "team", to: "research", then: values{"domain.name": "research"},
			happens: "another domain is made, with everybody; the old one stays, with its files", seen: "SageMaker: `ListDomains`",
			proof: func(s *site) { require.NotNil(s, s.described()) }},
		{field: "domain.executionRole", from: "SageMakerStudio-team", to: "SageMakerStudio-new",
			then:    values{"domain.executionRole": "SageMakerStudio-new"},
			happens: "changed in place", seen: "SageMaker: `DefaultUserSettings.ExecutionRole`",
			proof: domain(func(s *site, d *sagemaker.DescribeDomainOutput) {
				require.Equal(s, "arn:aws:iam::222222222222:role/SageMakerStudio-new", aws.ToString(d.DefaultUserSettings.ExecutionRole))
			})},
		{field: "domain.network.vpc", from: "the default VPC", to: "another one", first: placed,
			then: values{"domain.network.vpc": func(s *site) any { _, other := s.places(); return other.vpc },
				"domain.network.subnets": func(s *site) any { _, other := s.places(); return other.subnets }},
			blocked: []string{"domain.network", "vpc-"}, happens: refused + ": a domain stays in its VPC. Set `domain.network` back, " +
				"or give `domain.name` another value, so that a new domain is made", seen: beforehand},
		{field: "domain.network.subnets", from: "three", to: "one", first: placed,
			then:    values{"domain.network.subnets": func(s *site) any { at, _ := s.places(); return at.subnets[:1] }},
			happens: "changed in place", seen: "SageMaker: `SubnetIds`", proof: domain(func(s *site, d *sagemaker.DescribeDomainOutput) {
				require.ElementsMatch(s, s.Spec.Domain.Network.Subnets, d.SubnetIds)
			})},
		{field: "domain.network.securityGroups", from: "–", to: "one", first: placed, then: values{"domain.network.securityGroups": group},
			happens: "changed in place", seen: "SageMaker: `DefaultUserSettings.SecurityGroups`",
			proof: domain(func(s *site, d *sagemaker.DescribeDomainOutput) {
				require.Equal(s, s.Spec.Domain.Network.SecurityGroups, d.DefaultUserSettings.SecurityGroups)
			})},
		{field: "domain.network.access", from: "public", to: "vpc-only", first: grouped, then: values{"domain.network.access": "vpc-only"},
			happens: "changed in place", seen: "SageMaker: `AppNetworkAccessType`", proof: domain(func(s *site, d *sagemaker.DescribeDomainOutput) {
				require.Equal(s, sagemakertypes.AppNetworkAccessTypeVpcOnly, d.AppNetworkAccessType)
			})},
		{field: "domain.homeFileSystem", from: "disabled", to: "enabled", then: values{"domain.homeFileSystem": "enabled"},
			happens: "changed in place", seen: "SageMaker: `HomeEfsFileSystemId`", proof: domain(func(s *site, d *sagemaker.DescribeDomainOutput) {
				require.NotEmpty(s, aws.ToString(d.HomeEfsFileSystemId))
			})},
		{field: "domain.homeFileSystem", from: "enabled", to: "disabled", first: values{"domain.homeFileSystem": "enabled"},
			then: values{"domain.homeFileSystem": "disabled"}, blocked: []string{"homeFileSystem"},
			happens: refused + ": AWS does not take a file system away again. Set the field back, or give `domain.name` another value",
			seen:    beforehand},
		{field: "domain.kmsKey", from: "–", to: "alias/studio", then: values{"domain.kmsKey": "alias/studio"}, blocked: []string{"domain.kmsKey"},
			happens: refused + ": the key of a domain cannot be changed. Set the field back, or give `domain.name` another value", seen: beforehand},
		{field: "domain.notebookSharing.s3", from: "–", to: "s3://example-studio/shared",
			then: values{"domain.notebookSharing.s3": "s3://example-studio/shared"}, blocked: []string{"domain.notebookSharing"},
			happens: refused + ": sharing belongs to Studio Classic, which the domain does not have. Leave the field out", seen: beforehand},
		{field: "domain.notebookSharing.kmsKey", from: "–", to: "alias/studio",
			then:    values{"domain.notebookSharing.s3": "s3://example-studio/shared", "domain.notebookSharing.kmsKey": "alias/studio"},
			blocked: []string{"domain.notebookSharing"}, happens: refused + ": sharing belongs to Studio Classic, which the domain does " +
				"not have. Leave the field out", seen: beforehand},
		{field: "domain.tags", from: "team: a", to: "team: b, cost-center: 4711", first: values{"domain.tags": map[string]string{"team": "a"}},
			then:    values{"domain.tags": map[string]string{"team": "b", "cost-center": "4711"}},
			happens: "changed in place, on the domain, its profiles and the roles that are ours", seen: "SageMaker: `ListTags`; IAM: " +
				"`ListRoleTags`", proof: tagged},
	}
}

// tagged looks at the tags of the domain, its profiles and the role.
func tagged(s *site) {
	s.Helper()
	require.Equal(s, s.Spec.Domain.Tags, s.tags(s.described().DomainArn))
	for login, profile := range s.profiles() {
		require.Equal(s, s.Spec.Domain.Tags, s.tags(profile.UserProfileArn), login)
	}
	out, err := s.iam().ListRoleTags(s.Context(), &iam.ListRoleTagsInput{RoleName: aws.String("SageMakerStudio-team")})
	require.NoError(s, err)
	have := map[string]string{}
	for _, tag := range out.Tags {
		if !strings.Contains(aws.ToString(tag.Key), ":") {
			have[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
		}
	}
	require.Equal(s, s.Spec.Domain.Tags, have)
}

// changesOfAccess are those of who may sign in. They begin with five people where somebody leaves: more than a fifth at once
// is held back.
func changesOfAccess() []specChange {
	five := func(s *site) {
		s.Join(worldtest.AssignmentGroup, worldtest.Eve)
		s.Join(worldtest.PeopleGroup, worldtest.Eve)
		s.Join(worldtest.PeopleGroup, worldtest.Di)
	}
	leaves := func(s *site) { s.Leave(worldtest.PeopleGroup, worldtest.Ada) }
	role := func(login, role string) func(*site) {
		return func(s *site) {
			require.Equal(s, "arn:aws:iam::222222222222:role/"+role, aws.ToString(s.profiles()[login].UserSettings.ExecutionRole))
		}
	}
	return []specChange{
		{field: "access.groups.name", from: worldtest.PeopleGroup, to: "studio-new", then: values{"access.groups.1.name": "studio-new"},
			after: func(s *site) {
				s.MakeGroup("studio-new")
				for _, login := range []string{worldtest.Ada, worldtest.Bo} {
					s.Join("studio-new", login)
				}
			},
			happens: "the new group is pushed and assigned; the old one stays assigned until somebody takes it off",
			seen:    "Identity Center: the application's assignments", proof: func(s *site) {
				require.NotNil(s, s.directory().group("studio-new"))
			}},
		{field: "access.groups.executionRole", from: worldtest.MLRole, to: "SageMakerStudio-new",
			then:    values{"access.groups.0.executionRole": "SageMakerStudio-new"},
			happens: "changed in place", seen: "SageMaker: `ExecutionRole` of the members' profiles",
			proof: role(worldtest.Cy, "SageMakerStudio-new")},
		{field: "access.people.login", from: "–", to: worldtest.Eve, then: values{"access.people.0.login": worldtest.Eve},
			happens: "the person is assigned and gets a profile", seen: "SageMaker: the profile",
			proof: func(s *site) { require.Contains(s, s.profiles(), worldtest.Eve) }},
		{field: "access.people.executionRole", from: "–", to: "SageMakerStudio-di", first: values{"access.people.0.login": worldtest.Di},
			then:    values{"access.people.0.executionRole": "SageMakerStudio-di"},
			happens: "changed in place", seen: "SageMaker: `ExecutionRole` of the person's profile",
			proof: role(worldtest.Di, "SageMakerStudio-di")},
		{field: "access.profiles", from: "eager", to: "first-sign-in", then: values{"access.profiles": "first-sign-in"},
			after:   func(s *site) { s.Join(worldtest.PeopleGroup, worldtest.Di) },
			happens: "who comes later gets a profile at the first sign-in; profiles stay", seen: "SageMaker: no new profile before a sign-in",
			proof: func(s *site) {
				for _, call := range s.Product(0) {
					require.False(s, call.Operation == "CreateUserProfile" && call.Params["SingleSignOnUserValue"] == worldtest.Di, "%+v", call)
				}
			}},
		{field: "access.onRemoval", from: "revoke", to: "delete-profile", before: five, first: values{"access.guard.quarantine": "0s"},
			then: values{"access.onRemoval": "delete-profile"}, after: leaves,
			happens: "who leaves from now on loses the profile, too, after `access.guard.quarantine`", seen: "SageMaker: the profile",
			proof: func(s *site) { require.NotContains(s, s.profiles(), worldtest.Ada) }},
		{field: "access.onRemoval", from: "delete-profile", to: "revoke", before: five, first: values{"access.onRemoval": "delete-profile"},
			then: values{"access.onRemoval": "revoke"}, after: leaves,
			happens: "who leaves from now on keeps the profile", seen: "SageMaker: the profile",
			proof: func(s *site) { require.Contains(s, s.profiles(), worldtest.Ada) }},
		{field: "access.onRemoval", from: "revoke", to: "report", before: five, then: values{"access.onRemoval": "report"}, after: leaves,
			happens: "who leaves from now on is only reported", seen: "SageMaker: the profile",
			proof: func(s *site) { require.Contains(s, s.profiles(), worldtest.Ada) }},
		{field: "access.canary.person", from: "–", to: worldtest.Ada, then: values{"access.canary.person": worldtest.Ada},
			happens: "that person is asked to sign in, unless somebody was seen signing in since the trust was last changed", seen: nowhere},
		{field: "access.canary.group", from: "–", to: worldtest.MLGroup, then: values{"access.canary.group": worldtest.MLGroup},
			happens: "somebody of the group is asked to sign in, unless somebody was seen signing in since the trust was last changed", seen: nowhere},
		{field: "access.rollout", from: "everybody", to: "canary-first", first: values{"access.canary.person": worldtest.Ada},
			then:    values{"access.rollout": "canary-first"},
			happens: "who has access keeps it; others get it once the canary was seen signing in since the trust was last changed", seen: nowhere},
		{field: "access.guard.share", from: "20", to: "50", then: values{"access.guard.share": 50},
			happens: "so many may lose access unasked from now on; who is on a hold stays there", seen: nowhere},
		{field: "access.guard.people", from: "3", to: "5", then: values{"access.guard.people": 5},
			happens: "about fewer nobody is asked from now on; who is on a hold stays there", seen: nowhere},
		{field: "access.guard.window", from: "7d", to: "30d", then: values{"access.guard.window": "30d"},
			happens: "who leaves from now on is counted over that time", seen: nowhere},
		{field: "access.guard.quarantine", from: "7d", to: "0s", before: five,
			first: values{"access.onRemoval": "delete-profile"}, then: values{"access.guard.quarantine": "0s"}, after: leaves,
			happens: "the profiles of those who leave from now on are deleted at once; profiles that are in quarantine stay until their day",
			seen:    "SageMaker: the profile",
			proof:   func(s *site) { require.NotContains(s, s.profiles(), worldtest.Ada) }},
	}
}
