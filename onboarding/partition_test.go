package onboarding_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/onboarding"
)

func TestEveryLinkAndHostIsThatOfThePartition(t *testing.T) {
	for region, is := range map[string]struct{ partition, console, signIn, scim, portal, health string }{
		"us-east-1": {"aws", "https://us-east-1.console.aws.amazon.com/singlesignon/home?region=us-east-1#!/settings",
			"us-east-1.sso.signin.aws", "scim.us-east-1.amazonaws.com", "https://d-1234567890.awsapps.com/start", "us-east-1"},
		"eu-central-1": {"aws", "https://eu-central-1.console.aws.amazon.com/singlesignon/home?region=eu-central-1#!/settings",
			"eu-central-1.signin.aws.amazon.com", "scim.eu-central-1.amazonaws.com", "https://d-1234567890.awsapps.com/start", "us-east-1"},
		"cn-north-1": {"aws-cn", "https://cn-north-1.console.amazonaws.cn/singlesignon/home?region=cn-north-1#!/settings",
			"cn-north-1.signin.amazonaws.cn", "scim.cn-north-1.amazonaws.com.cn", "https://start.cn-north-1.home.awsapps.cn/directory/d-1234567890",
			"cn-northwest-1"},
		"us-gov-west-1": {"aws-us-gov", "https://us-gov-west-1.console.amazonaws-us-gov.com/singlesignon/home?region=us-gov-west-1#!/settings",
			"us-gov-west-1.signin.amazonaws-us-gov.com", "scim.us-gov-west-1.amazonaws.com",
			"https://start.us-gov-home.awsapps.com/directory/d-1234567890", "us-gov-west-1"},
		"eusc-de-east-1": {"aws-eusc", "https://eusc-de-east-1.console.amazonaws-eusc.eu/singlesignon/home?region=eusc-de-east-1#!/settings",
			"eusc-de-east-1.signin.amazonaws-eusc.eu", "scim.eusc-de-east-1.amazonaws.eu", "", "eusc-de-east-1"},
	} {
		t.Run(region, func(t *testing.T) {
			require.Equal(t, is.partition, onboarding.PartitionOf(region).ID)
			require.Equal(t, is.console, onboarding.IdentityCenterURL(region, "/settings"))
			require.Equal(t, region, onboarding.SignInRegion(is.signIn))
			require.Equal(t, region, onboarding.SCIMRegion(is.scim))
			require.Equal(t, is.portal, onboarding.PortalURL(region, "d-1234567890"))
			require.Equal(t, is.health, onboarding.HealthRegion(region))
		})
	}
	require.Equal(t, "https://us-east-1.console.aws.amazon.com/singlesignon/home?region=us-east-1#!", onboarding.IdentityCenterURL("us-east-1", ""))
}

func TestHostsOfAnotherPartitionOrOfNobodyAreNone(t *testing.T) {
	for _, host := range []string{
		"", "signin.aws", "us-east-1", "us-east-1.signin.amazonaws.cn", "cn-north-1.signin.aws", "eusc-de-east-1.signin.aws.amazon.com",
		"us-east-1.signin.aws.example.com", "us-east-1.sso.sso.signin.aws", "example.signin.aws",
	} {
		require.Empty(t, onboarding.SignInRegion(host), host)
	}
	for _, host := range []string{
		"", "scim.us-east-1.amazonaws.com.cn", "scim.cn-north-1.amazonaws.com", "scim.eusc-de-east-1.amazonaws.com", "us-east-1.amazonaws.com",
		"scim.us-east-1.amazonaws.com.example.com", "scim..amazonaws.com",
	} {
		require.Empty(t, onboarding.SCIMRegion(host), host)
	}
	require.True(t, onboarding.PartitionOf("us-east-1").HasPortal("example.awsapps.com"))
	require.True(t, onboarding.PartitionOf("eusc-de-east-1").HasPortal("ssoins-1.eusc-de-east-1.portal.amazonaws.eu"))
	require.False(t, onboarding.PartitionOf("us-east-1").HasPortal("notawsapps.com"))
	require.False(t, onboarding.PartitionOf("cn-north-1").HasPortal("example.awsapps.com"))
}
