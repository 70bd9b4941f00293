package onboarding_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/onboarding"
)

func TestSecretReferences(t *testing.T) {
	const arn = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:scim-AbCdEf"
	for reference, want := range map[string]onboarding.SecretReference{
		"env:SCIM_TOKEN":          {Scheme: onboarding.SecretInEnvironment, Name: "SCIM_TOKEN"},
		"file:/run/secrets/scim":  {Scheme: onboarding.SecretInFile, Name: "/run/secrets/scim"},
		`file:C:\secrets\scim`:    {Scheme: onboarding.SecretInFile, Name: `C:\secrets\scim`},
		"aws-sm:" + arn:           {Scheme: onboarding.SecretInAWS, Name: arn, Region: "eu-west-1"},
		"aws-sm:" + arn + "#key":  {Scheme: onboarding.SecretInAWS, Name: arn, Key: "key", Region: "eu-west-1"},
		"aws-sm:" + arn + "#a#b":  {Scheme: onboarding.SecretInAWS, Name: arn, Key: "a#b", Region: "eu-west-1"},
		"aws-sm:" + chinese(arn):  {Scheme: onboarding.SecretInAWS, Name: chinese(arn), Region: "eu-west-1"},
		"env:_lower_case_as_well": {Scheme: onboarding.SecretInEnvironment, Name: "_lower_case_as_well"},
	} {
		parsed, err := onboarding.ParseSecretReference(reference)
		require.NoError(t, err, reference)
		require.Equal(t, want, parsed)
		require.NoError(t, answerWith(reference), "what can be resolved is accepted: %s", reference)
	}
}

func chinese(arn string) string { return "arn:aws-cn" + arn[len("arn:aws"):] }

func TestWhatIsNoSecretReferenceIsRefusedEverywhereAndNeverRepeated(t *testing.T) {
	const token = "6f1d3a52-s3cr3t"
	for _, reference := range []string{
		token, "env:", "env:with-hyphen-" + token, "env:1" + token, "file:", "file:relative/" + token, "file:./x", "file:/a\nb", "file:1:/x",
		"aws-sm:", "aws-sm:" + token, "aws-sm:arn:aws", "aws-sm:arn:aws:s3:::bucket",
		"aws-sm:arn:aws:secretsmanager:eu-west-1:111111111111:secret:",
		"aws-sm:arn:aws:secretsmanager:eu-west-1:111111111111:secret:x#", "aws-sm:arn:aws:secretsmanager::111111111111:secret:x",
		"ENV:X", "vault:" + token, " env:X", "env:X ", "aws-sm:scim-token",
	} {
		_, err := onboarding.ParseSecretReference(reference)
		require.Error(t, err, reference)
		require.NotContains(t, err.Error(), token)
		err = answerWith(reference)
		require.ErrorContains(t, err, "never the token itself", reference)
		require.NotContains(t, err.Error(), token)
	}
}

// answerWith is what a run says to an answer with this reference.
func answerWith(reference string) error {
	request := onboarding.Request{Step: onboarding.StepSCIM, Needs: []onboarding.Need{{Name: onboarding.ValueSCIMToken}}}
	return request.Accepts(onboarding.Answer{Step: onboarding.StepSCIM, Values: map[string]string{onboarding.ValueSCIMToken: reference}})
}
