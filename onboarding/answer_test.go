package onboarding_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/onboarding"
)

func TestAConsentIsTheSentenceWordByWord(t *testing.T) {
	request := onboarding.Request{Step: onboarding.StepSAMLExchange, Consent: "I agree that 12 people can no longer sign in",
		Needs: []onboarding.Need{{Name: onboarding.ValueConsent, Label: "the sentence"}}}
	for text, accepted := range map[string]bool{
		"I agree that 12 people can no longer sign in":         true,
		"  i AGREE that 12\n people can no   longer sign in. ": true,
		"I agree that 13 people can no longer sign in":         false,
		"I agree": false,
		"yes":     false,
		"":        false,
		"  .  ":   false,
		"I agree that 12 people can no longer sign in, please": false,
	} {
		err := request.Accepts(onboarding.Answer{Step: request.Step, Values: map[string]string{onboarding.ValueConsent: text}})
		require.Equal(t, accepted, err == nil, "%q: %v", text, err)
	}
	wrong := request.Accepts(onboarding.Answer{Step: request.Step, Values: map[string]string{onboarding.ValueConsent: "yes"}})
	require.ErrorContains(t, wrong, request.Consent, "it is shown")
}

func TestWhatAnAppBelongsToIsToldByItsValuesAlone(t *testing.T) {
	for _, c := range []struct {
		values          bool
		named, instance string
		belongs         onboarding.Belonging
	}{
		{false, "", "d-1", onboarding.BelongsNowhere}, {true, "d-1", "d-1", onboarding.BelongsHere}, {true, "d-2", "d-1", onboarding.BelongsElsewhere},
		{true, "", "d-1", onboarding.BelongsUnknown}, {true, "d-1", "", onboarding.BelongsUnknown},
	} {
		require.Equal(t, c.belongs, onboarding.BelongingOf(c.values, c.named, c.instance))
	}
}
