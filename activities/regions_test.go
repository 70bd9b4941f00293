package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities"
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
	planned := do(j, j.assessor().MakePlan, onboarding.PlanInput{Spec: spec})
	require.Empty(t, onboarding.OfKind(planned.Verdicts, onboarding.VerdictBlocked, onboarding.VerdictCreate, onboarding.VerdictChange), "nothing is left to do")
}
