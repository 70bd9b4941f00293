package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/deployment"
	"studio-onboarding/internal/runs/runstest"
)

func TestVersionsOfTheWorkersAreShownAndRolledOut(t *testing.T) {
	fake := &runstest.Fake{Current: "1.3.2", Versions: []runstest.Version{
		{BuildID: "1.4.0", Pollers: 2}, {BuildID: "1.3.2", Pollers: 1}, {BuildID: "1.3.1", Pollers: 1, Drained: true},
		{BuildID: "1.3.0", Drained: true},
	}}
	p := sit(t, fake)
	code, stdout, _ := p.types("deployment")
	require.Zero(t, code)
	require.Regexp(t, `1\.4\.0 +new +2026-11-01 09:00 +2`, stdout)
	require.Regexp(t, `1\.3\.2 +current +2026-11-20 09:00 +1`, stdout)
	require.Regexp(t, `1\.3\.0 +drained`, stdout)
	require.Contains(t, stdout, "The workers of 1.3.1 have nothing left to do, and can be stopped.")
	require.NotContains(t, stdout, "The workers of 1.3.0")

	code, _, stderr := p.types("deployment", "use", "1.3.0")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, `no worker of version "1.3.0" has polled in the last five minutes`)
	require.Contains(t, stderr, "versions with workers: 1.4.0, 1.3.2, 1.3.1")
	require.Equal(t, "1.3.2", fake.Current)

	code, stdout, _ = p.types("deployment", "use", "1.4.0", "--output", "json")
	require.Zero(t, code)
	var found deployment.Deployment
	require.NoError(t, json.Unmarshal([]byte(stdout), &found))
	require.Equal(t, "1.4.0", found.Current().BuildID)
	require.Equal(t, "1.4.0", fake.Current)

	code, _, stderr = p.types("deployment", "use", "1.4.0", "--deployment", "other")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, `there is no worker deployment "other" → it is one of: onboarding`)
}

func TestWithoutVersionsTheCommandSaysHowToGiveThem(t *testing.T) {
	p := sit(t, &runstest.Fake{Pollers: 1})
	code, stdout, _ := p.types("deployment")
	require.Zero(t, code)
	require.Contains(t, stdout, "No worker of this namespace has a version → start them with --deployment NAME and --build-id VERSION")
	code, _, stderr := p.types("deployment", "use", "1.0")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "no worker of this namespace has a version")
}

func TestWhereNobodyGetsNewWorkItIsSaid(t *testing.T) {
	for says, fake := range map[string]*runstest.Fake{
		"New work goes to the 2 workers without a version.": {Pollers: 2, Versions: []runstest.Version{{BuildID: "1.0", Pollers: 1}}},
		"Nobody gets new work.":                             {Versions: []runstest.Version{{BuildID: "1.0", Pollers: 1}}},
		"and none of its workers polls": {Pollers: 1, Current: "1.0", Versions: []runstest.Version{{BuildID: "1.0"},
			{BuildID: "2.0", Pollers: 1}}},
	} {
		_, stdout, _ := sit(t, fake).types("deployment")
		require.Contains(t, stdout, says)
	}
}
