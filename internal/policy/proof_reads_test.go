package policy_test

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/stretchr/testify/require"

	"studio-onboarding/activities"
	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/policy"
	"studio-onboarding/internal/store/storetest"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// reads shows that check, plan and survey work with the read-only policies, ask for everything in them, and write nothing.
func (p *proof) reads(spec onboarding.Spec, options policy.Options) {
	t := p.t
	// Of a role that another hand made, all its policies are looked at.
	_, err := iam.NewFromConfig(p.config(sandbox.AsStudioAdministrator)).UntagRole(t.Context(), &iam.UntagRoleInput{
		RoleName: aws.String("SageMakerStudio-ml"), TagKeys: []string{provider.RunTag},
	})
	require.NoError(t, err)
	options.ReadOnly = true
	permissions := policy.For(spec, options)
	p.printed = map[string]policy.Document{workerARN: permissions.Principals[0].Policy, studioARN: permissions.Principals[1].Policy}
	p.serviceApp(permissions.Okta)
	p.attach("")
	before := len(p.calls())
	for _, clouds := range []provider.AWS{p.cloud, standardQuotas{p.cloud}} {
		assessor := &activities.Assessor{AWS: clouds, Okta: p.okta, Waits: p.waits, People: storetest.New(t)}
		var checked, planned onboarding.Assessment
		require.NoError(t, p.insist(step(assessor.RunPreflight, always(activities.PreflightInput{Spec: spec, Everybody: true}), &checked)))
		require.NoError(t, p.insist(step(assessor.MakePlan, always(onboarding.PlanInput{Spec: spec}), &planned)))
		var surveyed onboarding.Survey
		require.NoError(t, p.insist(step(assessor.TakeSurvey, always(onboarding.SurveyInput{Spec: spec}), &surveyed)))
		for _, verdict := range slices.Concat(checked.Verdicts, planned.Verdicts, surveyed.Verdicts) {
			require.NotContains(t, verdict.Reason, "not authorized to perform", "%+v", verdict)
		}
	}
	called := map[string]bool{}
	for _, call := range p.calls()[before:] {
		if call.Service == "okta" && strings.HasPrefix(call.Operation, "POST /oauth2/") {
			continue
		}
		require.False(t, call.Write, "%+v", call)
		switch {
		case call.Service == "okta":
			require.True(t, strings.HasPrefix(call.Operation, "GET "), call.Operation)
		case call.Operation != "GetCallerIdentity":
			called[strings.ReplaceAll(call.Service+":"+call.Operation, "s3:HeadBucket", "s3:ListBucket")] = true
		}
	}
	var printed []string
	for _, document := range p.printed {
		printed = append(printed, document.Actions()...)
	}
	slices.Sort(printed)
	require.Equal(t, slices.Sorted(maps.Keys(called)), slices.Compact(printed))
}
