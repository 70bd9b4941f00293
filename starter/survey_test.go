package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/runs/runstest"
	"studio-onboarding/internal/specfile"
	"studio-onboarding/onboarding"
)

func surveyed() onboarding.Survey {
	const role = "arn:aws:iam::222222222222:role/SageMakerStudio-team"
	return onboarding.Survey{
		Region: "us-east-1", IdentityAccount: "111111111111", StudioAccount: "222222222222",
		Instance: &onboarding.SurveyedInstance{ARN: "arn:aws:sso:::instance/ssoins-1", IdentityStoreID: "d-1234567890"},
		Stock: onboarding.Stock{OktaApps: []onboarding.StockedOktaApp{
			{ID: "0oa1", Label: "AWS SSO (production): main", Status: "ACTIVE", Belongs: onboarding.BelongsHere, Groups: []string{"all-staff"}},
			{ID: "0oa2", Label: "AWS IAM Identity Center", Status: "ACTIVE", Belongs: onboarding.BelongsNowhere},
		}},
		Domains: []onboarding.SurveyedDomain{{ID: "d-1", Name: "Data-Science", AuthMode: "SSO", ExecutionRole: role, People: 2,
			Groups: []onboarding.SurveyedGroup{{Name: "studio-users", ExecutionRole: role},
				{Name: "ml # engineers", ExecutionRole: "arn:aws:iam::222222222222:role/ml"}}}},
		Unknown: []string{"How many SCIM tokens there are."},
	}
}

func TestSurveyNeedsASpecOrARegion(t *testing.T) {
	for _, args := range [][]string{{}, {"-f", "x.yaml", "--region", "us-east-1"}, {"--region", "nowhere"},
		{"--region", "us-east-1", "--studio-account", "12"}} {
		code, _, stderr := sit(t, looked(surveyed())).types(append([]string{"survey"}, args...)...)
		require.Equal(t, 2, code, "%v: %s", args, stderr)
	}
	p := sit(t, looked(surveyed()))
	code, out, stderr := p.types("survey", "--region", "us-east-1", "--studio-account", "222222222222")
	require.Zero(t, code, stderr)
	require.Contains(t, out, "What no API tells\n  · How many SCIM tokens there are.")
	require.Contains(t, out, "AWS SSO (production): main")
	require.True(t, strings.HasPrefix(p.fake.Starts[0].ID, "survey-"))

	code, out, _ = p.types("survey", "-f", p.file("spec.yaml", goodSpec), "--output", "json")
	require.Zero(t, code)
	var found onboarding.Survey
	require.NoError(t, json.Unmarshal([]byte(out), &found))
	require.Equal(t, surveyed().Stock.OktaApps[0].Label, found.Stock.OktaApps[0].Label)
}

func TestASurveyWritesASpecThatAdoptsWhatItFound(t *testing.T) {
	file := filepath.Join(t.TempDir(), "spec.yaml")
	p := sit(t, looked(surveyed()))
	code, out, stderr := p.types("survey", "--region", "us-east-1", "--studio-role", "arn:aws:iam::222222222222:role/StudioOnboarding",
		"--write", file)
	require.Zero(t, code, stderr)
	require.Contains(t, out, "starter check -f "+file)
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	spec, err := specfile.Decode(file, data)
	require.NoError(t, err, "%s", data)
	require.Equal(t, "data-science", spec.Name)
	require.Equal(t, "Data-Science", spec.Domain.Name)
	require.Equal(t, "AWS SSO (production): main", spec.Okta.AppLabel)
	require.Equal(t, "all-staff", spec.Okta.AssignmentGroup)
	require.Equal(t, "111111111111", spec.IdentityCenter.Account)
	require.Equal(t, onboarding.AccountSpec{Account: "222222222222", AssumeRole: "arn:aws:iam::222222222222:role/StudioOnboarding"},
		spec.Studio)
	require.Equal(t, []onboarding.GroupAccessSpec{{Name: "studio-users"},
		{Name: "ml # engineers", ExecutionRole: "arn:aws:iam::222222222222:role/ml"}},
		spec.Access.Groups)
	require.Equal(t, "arn:aws:iam::222222222222:role/SageMakerStudio-team", spec.Domain.ExecutionRole)
	text := string(data)
	require.Contains(t, text, "# - How many SCIM tokens there are.")
	require.Contains(t, text, "# - 2 people are assigned to Studio one by one")

	code, _, stderr = p.types("survey", "--region", "us-east-1", "--write", file)
	require.Equal(t, 2, code)
	require.Contains(t, stderr, "exists already")
	after, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, data, after)
}

func TestWhateverASurveyFindsItsSpecIsOneThatACheckAccepts(t *testing.T) {
	both := surveyed()
	both.Stock.OktaApps[0].Groups = []string{"studio-users"} // assigned and with access, which Okta does not support
	several := surveyed()
	several.Stock.OktaApps[0].Groups = []string{"studio-users", "all-staff", "more"}
	odd := surveyed()
	odd.Domains[0].Name, odd.Domains[0].Groups = "X_y", nil
	odd.Domains[0].Name = "A-name-that-is-far-longer-than-a-spec-may-be-called"
	for name, found := range map[string]onboarding.Survey{"empty": {Region: "us-east-1"}, "as found": surveyed(), "one group for both": both,
		"several groups": several, "an odd name": odd} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "spec.yaml")
			p := sit(t, looked(found))
			code, _, stderr := p.types("survey", "--region", "us-east-1", "--write", file)
			require.Zero(t, code, stderr)
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			spec, err := specfile.Decode(file, data)
			require.NoError(t, err, "%s", data)
			for _, group := range spec.Access.Groups {
				require.NotEqual(t, spec.Okta.AssignmentGroup, group.Name)
			}
		})
	}
}

func TestARollbackPackIsSavedForItsOwnerAlone(t *testing.T) {
	pack := &onboarding.RollbackPack{Run: 2, Listing: onboarding.Listing{Studio: "demo", Generation: "g"}}
	fake := runstest.Running(inState(onboarding.RunWaiting))
	fake.Studio = &onboarding.Studio{Name: "demo", Runs: []onboarding.RunRecord{{N: 2, Report: &onboarding.Report{N: 2, RollbackPack: pack}}}}
	fake.Pack = []onboarding.PackPage{
		{Lines: []onboarding.PackLine{{File: "README.md", Text: "# Rollback"}, {File: "okta-apps/0oa1/app.json", Text: "{"}}, Next: "7"},
		{Lines: []onboarding.PackLine{{File: "okta-apps/0oa1/app.json", Text: "}\n"}}},
	}
	p := sit(t, fake)
	to := filepath.Join(t.TempDir(), "before")
	code, out, stderr := p.types("rollback-pack", "demo", "--run", "2", "--to", to)
	require.Zero(t, code, stderr)
	require.Contains(t, out, "Wrote 2 files to "+to)
	for path, want := range map[string]string{"README.md": "# Rollback", "okta-apps/0oa1/app.json": "{}\n"} {
		data, err := os.ReadFile(filepath.Join(to, path))
		require.NoError(t, err)
		require.Equal(t, want, string(data))
		info, err := os.Stat(filepath.Join(to, path))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
	info, err := os.Stat(to)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())

	code, _, stderr = p.types("rollback-pack", "demo", "--run", "2", "--to", to)
	require.Equal(t, 2, code)
	require.Contains(t, stderr, "exists already")

	fake.Pack = []onboarding.PackPage{{Lines: []onboarding.PackLine{{File: "README.md", Text: "x"}, {File: "../out", Text: "x"}}}}
	other := filepath.Join(t.TempDir(), "other")
	code, _, stderr = p.types("rollback-pack", "demo", "--run", "2", "--to", other)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "would not stay in its directory")
	require.NoDirExists(t, other, "half a pack is none")

	fake.Studio.Runs[0].Report.RollbackPack = nil
	code, _, stderr = p.types("rollback-pack", "demo", "--run", "2", "--to", other)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "has no rollback pack")
}

func TestAConsentIsComparedBeforeItIsSent(t *testing.T) {
	const sentence = "I agree that 37 people can no longer sign in through IAM Identity Center"
	progress := inState(onboarding.RunWaiting)
	progress.Requests = []onboarding.Request{{Step: onboarding.StepSAMLExchange, Consent: sentence,
		Needs: []onboarding.Need{{Name: onboarding.ValueConsent}}}}
	fake := runstest.Running(progress)
	fake.Ack.Message = "accepted"
	p := sit(t, fake)
	code, _, stderr := p.types("provide", "demo", "saml-exchange", "--consent", "I agree")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, sentence, "a wrong one is refused with the right one")
	require.Empty(t, fake.Updates)

	code, _, stderr = p.types("provide", "demo", "saml-exchange", "--consent",
		"  i agree that 37 people CAN no longer sign in through  IAM Identity Center.")
	require.Zero(t, code, stderr)
	require.Len(t, fake.Updates, 1)
}
