package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExplainSaysCauseRemedyAndSource(t *testing.T) {
	const text = "Access Denied. Please check if user is assigned to Studio Domain [d-1] and SSO Application [Amazon SageMaker " +
		"Studio (d-1)] is Active."
	p := sit(t, nil)
	code, out, stderr := p.types("explain", text)
	require.Zero(t, code, stderr)
	for _, part := range []string{"Cause", "not assigned", "Do", "access.groups", "Source", "boto/boto3#3180"} {
		require.Contains(t, out, part)
	}

	p.io.In = strings.NewReader(text + "\n")
	code, piped, _ := p.types("explain")
	require.Zero(t, code)
	require.Equal(t, out, piped)
	p.io.In = strings.NewReader(text)
	_, piped, _ = p.types("explain", "-")
	require.Equal(t, out, piped)
}

func TestExplainShowsTheBestFirstAndTheOthersAfterIt(t *testing.T) {
	code, out, _ := sit(t, nil).types("explain", "AccessDeniedException: User x is not authorized to perform: iam:PassRole on resource: y")
	require.Zero(t, code)
	first, others, found := strings.Cut(out, "Parts of the text are known from this, too:")
	require.True(t, found)
	require.Contains(t, first, "iam:PassedToService")
	require.Contains(t, others, "is not authorized to perform")
}

func TestExplainAdmitsWhatItDoesNotKnow(t *testing.T) {
	p := sit(t, nil)
	code, out, _ := p.types("explain", "the moon is full")
	require.Equal(t, 1, code)
	require.Contains(t, out, "not known")
	require.Contains(t, out, "starter status STUDIO --output json")

	code, out, _ = p.types("explain", "the moon is full", "--output", "json")
	require.Equal(t, 1, code)
	require.JSONEq(t, `{"known":false,"entries":[]}`, out)
}

func TestExplainSpeaksJSON(t *testing.T) {
	code, out, _ := sit(t, nil).types("explain", "E0000015", "--output", "json")
	require.Zero(t, code)
	var said struct {
		Known   bool
		Entries []struct{ ID, Cause, Remedy, Source string }
	}
	require.NoError(t, json.Unmarshal([]byte(out), &said))
	require.True(t, said.Known)
	require.Equal(t, "okta-feature", said.Entries[0].ID)
	require.NotEmpty(t, said.Entries[0].Source)
}

func TestExplainWantsAText(t *testing.T) {
	p := sit(t, nil)
	p.io.Asks = true
	code, _, stderr := p.types("explain")
	require.Equal(t, 2, code)
	require.Contains(t, stderr, "TEXT is missing")
	p.io.Asks, p.io.In = false, strings.NewReader(" \n")
	code, _, stderr = p.types("explain")
	require.Equal(t, 2, code)
	require.Contains(t, stderr, "empty")
}
