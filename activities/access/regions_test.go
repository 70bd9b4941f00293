package access_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/access"
	"studio-onboarding/onboarding"
)

// twoRegions has Identity Center where the simulated world is, and shows the same world as the Region of the Studio domain.
type twoRegions struct {
	t             *testing.T
	cloud         hurried
	home, studios string
}

func (c twoRegions) Config(ctx context.Context, account onboarding.AccountSpec, region string) (aws.Config, error) {
	want := c.home
	if account.AssumeRole != "" {
		want = c.studios
	}
	require.Equal(c.t, want, region, "%+v", account)
	return c.cloud.Config(ctx, account, c.home)
}

func TestAccessIsGivenInThePrimaryRegionForADomainInAnAdditionalOne(t *testing.T) {
	w := newStudioWorld(t)
	synced := w.synced()
	x := w.activity()
	x.AWS = twoRegions{t, w.cloud, "us-east-1", "eu-west-1"}
	in := access.InputOf(onboarding.Handles{
		Spec:        onboarding.Spec{Name: w.access.Run, Region: "eu-west-1", Studio: w.access.Studio, Access: w.access.Access},
		InstanceARN: w.access.InstanceARN, IdentityStoreID: w.access.IdentityStoreID, IdentityRegion: "us-east-1", AppID: w.access.AppID,
		Domain: w.access.Domain, Roles: w.access.Roles,
	})
	result, err := perform(t, x.ConvergeAccess, in)
	require.NoError(t, err)
	require.Equal(t, synced.Synced, result.ProfilesMade)
	verified, err := perform(t, x.VerifyAccess, in)
	require.NoError(t, err)
	require.Equal(t, synced.Synced, verified.People.Ready)
}
