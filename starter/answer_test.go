package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/internal/runs/runstest"
	"studio-onboarding/internal/temporalclient"
	"studio-onboarding/onboarding"
)

func TestProvideSendsWhatTheFlagsSay(t *testing.T) {
	fake := runstest.Running(asking())
	fake.Ack.Message = "accepted"
	p := sit(t, fake)
	metadata := p.file("aws.xml", "<EntityDescriptor entityID=\"x\"/>\n")
	code, out, stderr := p.types("provide", "demo", "saml-exchange", "--metadata", metadata, "--value",
		"portal-url=https://d-1.awsapps.com/start")
	require.Zero(t, code, stderr)
	require.Contains(t, out, "accepted")
	require.Equal(t, onboarding.Answer{Step: onboarding.StepSAMLExchange, By: "op@host", Values: map[string]string{
		"metadata": "<EntityDescriptor entityID=\"x\"/>", "portal-url": "https://d-1.awsapps.com/start",
	}}, fake.Updates[0].Args[0])
}

func TestATokenIsRefusedBeforeAnythingIsSentAndNeverRepeated(t *testing.T) {
	const token = "6f1d3a52-s3cr3t"
	for _, args := range [][]string{
		{"--endpoint", "https://scim.example.com", "--token-ref", token},
		{"--value", "token-ref=" + token},
		{"--value", "token=" + token},
		{"--value", token},
		{"--token-ref", "env:"},
		{"--token-ref", "file:relative/" + token},
		{"--token-ref", "aws-sm:" + token},
		{"--token-ref", "aws-sm:arn:aws:s3:::" + token},
	} {
		p := sit(t, runstest.Running(asking()))
		p.io.Connect = func(context.Context, temporalclient.Settings) (client.Client, error) {
			require.Fail(t, "it connected")
			return nil, nil
		}
		code, out, stderr := p.types(append([]string{"provide", "demo", "scim"}, args...)...)
		require.Equal(t, 2, code, args)
		require.NotContains(t, out+stderr, token)
		require.Contains(t, stderr, "→")
	}
}

func TestARefusalIsShownPlainly(t *testing.T) {
	fake := runstest.Running(asking())
	fake.UpdateError = temporal.NewApplicationError("that metadata belongs to another Region", "Invalid")
	code, _, stderr := sit(t, fake).types("provide", "demo", "saml-exchange", "--acs-url", "https://a", "--issuer-url", "https://b")
	require.Equal(t, 1, code)
	require.Equal(t, "starter: that metadata belongs to another Region → what the run waits for: starter status demo\n", stderr)
}

func TestResolveSendsTheDecision(t *testing.T) {
	fake := runstest.Running(inState(onboarding.RunAttention))
	p := sit(t, fake)
	code, out, stderr := p.types("resolve", "demo", "directory-sync", "skip", "--reason", " next week ")
	require.Zero(t, code, stderr)
	require.Contains(t, out, "thank you")
	require.Equal(t, onboarding.Resolution{Step: onboarding.StepDirectorySync, Action: onboarding.ActionSkip, Reason: "next week",
		By: "op@host"}, fake.Updates[0].Args[0])
}
