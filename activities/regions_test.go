package activities_test

import (
	"cmp"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities"
	"studio-onboarding/internal/policy"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// A domain in an additional Region: checked with a warning, set up, and signed in to; what is written to Identity Center is written in
// its primary Region.
func TestADomainInAnAdditionalRegionOfIdentityCenter(t *testing.T) {
	world, err := sandbox.ReadWorld("world.yaml", []byte(`
aws:
  identityCenter:
    region: eu-west-1
    additionalRegions: [us-east-1]
`))
	require.NoError(t, err)
	j := newJourney(t, sandbox.Config{World: world})
	spec := demoSpec(t)

	checked := do(j, j.assessor().RunPreflight, activities.PreflightInput{Spec: spec})
	require.Empty(t, onboarding.Blocked(checked.Verdicts))
	var warned bool
	for _, verdict := range onboarding.OfKind(checked.Verdicts, onboarding.VerdictWarning) {
		warned = warned || verdict.Field == "region" && verdict.Have == "eu-west-1"
	}
	require.True(t, warned, "%+v", checked.Verdicts)

	verified := j.run(spec)
	require.Positive(t, verified.People.Ready)
	for _, address := range []string{sandbox.AddressTile, sandbox.AddressPortal, sandbox.AddressStudio} {
		result, err := j.console.SignIn(t.Context(), sandbox.SignInInput{Login: "edda.falk@example.com", Address: address})
		require.NoError(t, err)
		require.Empty(t, result.Link, "%s: %+v", address, result)
	}
	surveyed := do(j, j.assessor().TakeSurvey, onboarding.SurveyInput{Spec: spec})
	require.Equal(t, "eu-west-1", surveyed.Instance.PrimaryRegion)
	require.Len(t, surveyed.Domains, 1)
	planned := do(j, j.assessor().MakePlan, onboarding.PlanInput{Spec: spec})
	require.Empty(t, onboarding.OfKind(planned.Verdicts, onboarding.VerdictBlocked, onboarding.VerdictCreate, onboarding.VerdictChange), "nothing is left to do")
}

// In each partition a whole onboarding runs with exactly the printed policies, and people sign in at its hosts.
func TestAnOnboardingInEveryPartition(t *testing.T) {
	for region, portal := range map[string]string{
		"cn-north-1":     "https://start.cn-north-1.home.awsapps.cn/directory/",
		"us-gov-west-1":  "https://start.us-gov-home.awsapps.com/directory/",
		"eusc-de-east-1": ".eusc-de-east-1.portal.amazonaws.eu",
	} {
		t.Run(region, func(t *testing.T) {
			t.Parallel()
			world, err := sandbox.ReadWorld("world.yaml", []byte("region: "+region+"\n"))
			require.NoError(t, err)
			j := newJourney(t, sandbox.Config{World: world})
			partition := onboarding.PartitionOf(region).ID
			spec := demoSpec(t)
			spec.Region = region
			spec.Studio.AssumeRole = strings.Replace(spec.Studio.AssumeRole, "arn:aws:", "arn:"+partition+":", 1)
			policies := map[string]json.RawMessage{}
			for _, principal := range policy.For(spec, policy.Options{}).Principals {
				document, err := json.Marshal(principal.Policy)
				require.NoError(t, err)
				policies[cmp.Or(principal.Role, "arn:"+partition+":iam::111111111111:user/worker")] = document
			}
			require.NoError(t, j.console.SetPolicies(t.Context(), policies))

			verified := j.run(spec)
			require.Positive(t, verified.People.Ready)
			for _, address := range []string{sandbox.AddressTile, sandbox.AddressPortal, sandbox.AddressStudio} {
				result, err := j.console.SignIn(t.Context(), sandbox.SignInInput{Login: "edda.falk@example.com", Address: address})
				require.NoError(t, err)
				require.Empty(t, result.Link, "%s: %+v", address, result)
				if address == sandbox.AddressPortal {
					require.Contains(t, result.URL, portal)
				}
			}
		})
	}
}
