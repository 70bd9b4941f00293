package access_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/access"
	"studio-onboarding/onboarding"
)

func TestTagsOfTheSpecReachProfilesThatAreThere(t *testing.T) {
	cloud, x := clockedTeam(t, 60)
	in := accessTo("users")
	converge := func() (result access.Result, listed int) {
		listed = cloud.sinceThen("ListTags", func() {
			var err error
			result, err = perform(t, x.ConvergeAccess, in)
			require.NoError(t, err)
		})
		return result, listed
	}
	_, listed := converge()
	require.Zero(t, listed, "profiles are made with their tags")
	_, listed = converge()
	require.Zero(t, listed, "nothing changed")

	cloud.profiles["p007-example-com"].tags["owner"] = "somebody"
	in.Tags = map[string]string{"team": "y", "cost": "7"}
	in.RecordChanges = true
	verified, err := perform(t, x.VerifyAccess, in)
	require.NoError(t, err)
	require.Equal(t, 60, verified.Changes.Total)
	require.Equal(t, onboarding.ChangeSetTags, changesOf(t, x, verified)[0].Kind)
	require.Equal(t, 60, verified.People.Ready, "tags keep nobody out")

	result, listed := converge()
	require.Equal(t, 60, result.TagsChanged)
	require.Equal(t, 120, listed, "before and after")
	require.Equal(t, map[string]string{"team": "y", "cost": "7", "owner": "somebody"}, cloud.profiles["p007-example-com"].tags)
	result, listed = converge()
	require.Zero(t, result.TagsChanged)
	require.Zero(t, listed)

	in.Tags = nil
	result, listed = converge()
	require.Zero(t, result.TagsChanged+listed, "tags that the spec no longer names stay")
}

func TestTagsThatAreRefusedKeepNobodyOut(t *testing.T) {
	cloud, x := clockedTeam(t, 3)
	in := accessTo("users")
	_, err := perform(t, x.ConvergeAccess, in)
	require.NoError(t, err)
	in.Tags = map[string]string{"team": "y"}
	cloud.profiles["p001-example-com"].role = fakeRoleML
	cloud.profiles["p001-example-com"].changed = cloud.profiles["p001-example-com"].changed.Add(1e9)
	cloud.refuse = func(operation string, _ map[string]any) string {
		if operation == "AddTags" {
			return "ValidationException: too many tags"
		}
		return ""
	}
	result, err := perform(t, x.ConvergeAccess, in)
	require.NoError(t, err)
	require.Equal(t, 3, result.ExceptionsTotal)
	require.Equal(t, "tags-not-taken", result.Exceptions[0].Code)
	require.Contains(t, result.Exceptions[0].Reason, "too many tags")
	require.Equal(t, 1, result.RolesChanged, "everything else goes on")
	verified, err := perform(t, x.VerifyAccess, in)
	require.NoError(t, err)
	require.Equal(t, 3, verified.People.Ready)
}

func TestTheInputHasEverythingOfTheHandles(t *testing.T) {
	h := onboarding.Handles{
		Spec: onboarding.Spec{Name: "team", Region: "us-east-1", Okta: onboarding.OktaSpec{AssignmentGroup: "everybody"},
			IdentityCenter: onboarding.AccountSpec{Account: "111111111111"}, Studio: onboarding.AccountSpec{Account: "222222222222"},
			Access: onboarding.AccessSpec{Profiles: "eager"}, Domain: onboarding.DomainSpec{Tags: map[string]string{"a": "b"}}},
		InstanceARN: "i", IdentityStoreID: "s", IdentityRegion: "eu-west-1", AppID: "app", Domain: onboarding.DomainHandle{ID: "d-1"},
		Roles: []onboarding.RoleHandle{{Wanted: "r"}},
	}
	require.Equal(t, access.Input{
		Run: "team", Region: "us-east-1", IdentityRegion: "eu-west-1", IdentityCenter: h.Spec.IdentityCenter, Studio: h.Spec.Studio,
		InstanceARN: "i", IdentityStoreID: "s",
		AppID:           "app",
		AssignmentGroup: "everybody", Domain: h.Domain, Access: h.Spec.Access, Roles: h.Roles, Tags: h.Spec.Domain.Tags,
	}, access.InputOf(h))
}
