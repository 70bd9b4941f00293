package render_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/render"
	"studio-onboarding/onboarding"
)

var rewrite = flag.Bool("update", false, "write the golden files anew")

// golden compares a text with testdata/NAME.txt; go test ./internal/render -update writes it anew.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *rewrite {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

var now = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return now.Add(-d) }

// steps is the runbook with states and texts put in.
func steps(states map[onboarding.Step]onboarding.StepProgress) []onboarding.StepProgress {
	var list []onboarding.StepProgress
	for _, info := range onboarding.Steps() {
		step := states[info.Step]
		step.Step, step.Lane, step.Title = info.Step, info.Lane, info.Title
		if step.State == "" {
			step.State = onboarding.StepPending
		}
		list = append(list, step)
	}
	return list
}

func samlRequest() onboarding.Request {
	return onboarding.Request{
		Step: onboarding.StepSAMLExchange, Title: "Make Okta the identity source",
		Why:     "AWS has no public API for changing the identity source of IAM Identity Center, so somebody has to do it in the console, once.",
		Console: "IAM Identity Center console, account 111111111111, Region us-east-1",
		URL:     "https://us-east-1.console.aws.amazon.com/singlesignon/home?region=us-east-1#/settings",
		Clicks: []string{
			"Open Settings → Identity source → Actions → Change identity source.",
			"Choose External identity provider and upload Okta's metadata under IdP SAML metadata. Leave the certificate alone: " +
				"the metadata holds it.",
			"Type ACCEPT and change.",
		},
		Paste: []onboarding.PasteValue{{Label: "IdP issuer URL", Value: "http://www.okta.com/exk1fxp2k3EXAMPLE"},
			{Label: "IdP sign-in URL", Value: "https://example.okta.com/app/amazon_aws_sso/exk1fxp2k3EXAMPLE/sso/saml"}},
		Documents: []string{"okta-metadata.xml"},
		Needs: []onboarding.Need{{Name: "acs-url", Label: "ACS URL"}, {Name: "issuer-url", Label: "Issuer URL"},
			{Name: "portal-url", Label: "AWS access portal URL", Optional: true}},
		Command:   "starter provide data-science saml-exchange --acs-url URL --issuer-url URL --portal-url URL",
		Detection: "The values are checked against the app in Okta before they count.",
		Since:     ago(90 * time.Second), Deadline: now.Add(13*24*time.Hour + 5*time.Hour), Reminders: 2,
		Refusal: "the ACS URL belongs to another Region",
	}
}

func consentRequest() onboarding.Request {
	return onboarding.Request{
		Step: onboarding.StepSAMLExchange, Title: "Agree to a change of how people sign in to AWS",
		Why:     "This organization's Identity Center is in use.",
		Console: "none; whoever is responsible for account 111111111111 decides",
		Impact: []string{"49 users are enabled, besides 0 whom this run's Okta app brought. 12 of them have an Okta login of exactly the same " +
			"name that is, or will be, assigned to the app. The other 37 can no longer sign in.",
			"3 assignments of 2 permission sets in accounts."},
		Consent:      "I agree that 37 people can no longer sign in through IAM Identity Center",
		RollbackPack: &onboarding.RollbackPack{Run: 2},
		Clicks:       []string{"Save the rollback pack: starter rollback-pack data-science --run 2 --to DIR"},
		Needs:        []onboarding.Need{{Name: onboarding.ValueConsent, Label: "the sentence, word by word"}},
		Command: "starter provide data-science saml-exchange --consent \"I agree that 37 people can no longer sign in through IAM " +
			"Identity Center\"",
		Since: ago(90 * time.Second), Deadline: now.Add(13 * 24 * time.Hour),
	}
}

func surveyed() onboarding.Survey {
	yes, no, people := true, false, 49
	return onboarding.Survey{
		Region: "us-east-1", ManagementAccount: "111111111111", IdentityAccount: "111111111111", StudioAccount: "222222222222",
		Instance: &onboarding.SurveyedInstance{ARN: "arn:aws:sso:::instance/ssoins-7223b02d8f1cEXAMPLE", IdentityStoreID: "d-9067EXAMPLE",
			OwnerAccount: "111111111111", PrimaryRegion: "us-east-1", Regions: []string{"eu-west-1"},
			CustomerKey: "arn:aws:kms:us-east-1:111111111111:key/mrk-EXAMPLE"},
		Stock: onboarding.Stock{
			Users: onboarding.StockedPeople{Total: 50, Enabled: 50, Provisioned: 49}, Groups: onboarding.StockedPeople{Total: 3, Provisioned: 2},
			PermissionSets: []onboarding.StockedPermissionSet{{Name: "AdministratorAccess", Accounts: 2, Assignments: 3},
				{Name: "ReadOnly", Accounts: 40, Assignments: 120, AtLeast: true}},
			AccountAssignments: 123, AtLeast: true,
			Applications: []onboarding.StockedApplication{
				{Name: "wiki", Account: "111111111111", Status: "ENABLED", Visible: true, AssignmentRequired: &yes, Assignments: 2},
				{Name: "everybody", Account: "333333333333", Status: "DISABLED", AssignmentRequired: &no}, {Name: "odd", Status: "ENABLED", AtLeast: true}},
			OktaApps: []onboarding.StockedOktaApp{
				{ID: "0oa1EXAMPLE", Label: "AWS SSO (production)", Status: "ACTIVE", Belongs: onboarding.BelongsHere, IdentityStoreID: "d-9067EXAMPLE",
					Groups: []string{"all-staff"}, People: &people, Provisions: true},
				{ID: "0oa2EXAMPLE", Label: "AWS SSO (test)", Status: "INACTIVE", Belongs: onboarding.BelongsElsewhere, IdentityStoreID: "d-1111EXAMPLE"}},
			Source: onboarding.StockedSource{Kind: onboarding.SourceExternal,
				Evidence: []string{"49 users came from another directory, which Identity Center calls \"https://scim.aws.com/1\"."}},
			Unread: []string{onboarding.StockRegions},
		},
		Domains: []onboarding.SurveyedDomain{{ID: "d-abcdEXAMPLE", Name: "data-science", Status: "InService", AuthMode: "SSO", Profiles: 12,
			Groups: []onboarding.SurveyedGroup{{Name: "ml"}, {Name: "studio"}}, Unread: []string{"the roles of its profiles were not looked at"}}},
		Verdicts: []onboarding.Verdict{
			{Resource: onboarding.ResourceInstance, Kind: onboarding.VerdictWarning, Code: "identity-center-key", Reason: "A customer managed key.",
				Remedy: "Ask AWS Support."},
			{Resource: onboarding.ResourceStock, Kind: onboarding.VerdictKeep, Code: "stock-people", Reason: "50 users."},
			{Resource: onboarding.ResourceStock, Kind: onboarding.VerdictUnknown, Code: "stock-regions", Reason: "unknown: sso:ListRegions: denied"},
		},
		Unknown: []string{"How many SCIM access tokens there are (two at most), and when each expires."},
	}
}

func domainParked() onboarding.Parked {
	return onboarding.Parked{
		Step: onboarding.StepDomain, Class: "Denied", Attempts: 3, Since: ago(4 * time.Minute), Skippable: false,
		Message: "sagemaker:CreateDomain: the role StudioOnboarding may not pass SageMakerStudio-data-science",
		Remedy:  "allow iam:PassRole for it, with iam:PassedToService sagemaker.amazonaws.com",
	}
}

func busy() onboarding.Progress {
	return onboarding.Progress{
		Run: "data-science", State: onboarding.RunAttention, StartedAt: ago(252 * time.Second),
		Steps: steps(map[onboarding.Step]onboarding.StepProgress{
			onboarding.StepPreflight: {State: onboarding.StepDone, Summary: "14 checks, 1 warning", StartedAt: ago(252 * time.Second),
				EndedAt: ago(249 * time.Second)},
			onboarding.StepIdentityCenter: {State: onboarding.StepDone, Summary: "ssoins-7223b02d8f1cEXAMPLE in us-east-1, adopted",
				StartedAt: ago(249 * time.Second), EndedAt: ago(240 * time.Second)},
			onboarding.StepOktaApp:      {State: onboarding.StepSkipped, StartedAt: ago(240 * time.Second), EndedAt: ago(239 * time.Second)},
			onboarding.StepSAMLExchange: {State: onboarding.StepWaiting, StartedAt: ago(90 * time.Second)},
			onboarding.StepOktaGroups: {State: onboarding.StepRunning, Summary: "Okta provisions people", StartedAt: ago(61 * time.Second),
				Count:    &onboarding.Count{Step: onboarding.StepOktaGroups, Done: 812, Total: 1000, What: "people"},
				Retrying: "attempt 3, after: okta: rate limited"},
			onboarding.StepDomain: {State: onboarding.StepParked, StartedAt: ago(4 * time.Minute)},
		}),
		Requests: []onboarding.Request{samlRequest()},
		Parked:   []onboarding.Parked{domainParked()},
	}
}

func report() onboarding.Report {
	return onboarding.Report{
		Run: "data-science", Region: "us-east-1", State: onboarding.RunDone, StartedBy: "op@laptop", StartedAt: ago(3 * time.Hour),
		EndedAt: ago(2 * time.Hour),
		Addresses: onboarding.SignInAddresses{
			OktaTile:     "https://example.okta.com/home/amazon_aws_sso/0oa1EXAMPLE/aln1EXAMPLE",
			AccessPortal: "https://d-9067EXAMPLE.awsapps.com/start",
			Studio:       "https://d-abcdEXAMPLE.studio.us-east-1.sagemaker.aws",
		},
		People: onboarding.People{Wanted: 1204, Synced: 1202, Assigned: 1202, Profiles: 1202, Ready: 1202, Verified: 1180, Proven: 20,
			SignedIn: 24},
		Canary: &onboarding.Canary{Person: "ada@example.com", SignIns: 3, At: ago(30 * time.Minute), Addresses: []string{"tile", "portal", "studio"}},
		Groups: []onboarding.GroupAccess{
			{Name: "sagemaker-studio-users", GroupID: "g-1", People: 1190},
			{Name: "sagemaker-studio-ml", GroupID: "g-2", People: 14, ExecutionRole: "arn:aws:iam::222222222222:role/SageMakerStudio-ml"},
		},
		Exceptions: []onboarding.PersonException{
			{Person: "madonna@example.com", Reason: "has no last name in Okta, which AWS's SCIM endpoint requires",
				Remedy: "set lastName in Okta; the person then follows by itself"},
			{Person: "günther@example.com", Reason: "deactivated in Okta"},
		},
		ExceptionsTotal: 3,
		Notices: []onboarding.PersonException{{Person: "twin@example.com", Reason: "is in two groups that ask for different " +
			"execution roles; sagemaker-studio-users counts"}},
		PeopleFile: "/var/lib/studio-onboarding/data-science.jsonl",
		Resources: []onboarding.Resource{
			{Kind: "Okta app", Name: "AWS IAM Identity Center", ID: "0oa1EXAMPLE", Origin: onboarding.OriginAdopted},
			{Kind: "Studio domain", Name: "data-science", ID: "d-abcdEXAMPLE", Origin: onboarding.OriginCreated},
		},
		Findings: []onboarding.Verdict{
			{Kind: onboarding.VerdictKeep, Code: "region", Reason: "fine"},
			{Kind: onboarding.VerdictWarning, Code: "quota", Reason: "1,204 profiles of at most 1,500", Remedy: "ask for more in Service Quotas"},
		},
		Requests: []onboarding.AnsweredRequest{{Step: onboarding.StepSCIM, Title: "Create the SCIM token", AskedAt: ago(170 * time.Minute),
			DoneAt: ago(150 * time.Minute), By: "op@laptop"}},
		Decisions: []onboarding.Decision{{Resolution: onboarding.Resolution{Step: onboarding.StepDirectorySync, Action: onboarding.ActionSkip,
			Reason: "they follow next week", By: "op@laptop"},
			At: ago(130 * time.Minute), Message: "2 people are missing"}},
		Skipped: []onboarding.Step{onboarding.StepDirectorySync},
		Expiries: []onboarding.Expiry{
			{What: "SCIM token", At: now.Add(364 * 24 * time.Hour), Remedy: "make a second token in the IAM Identity Center console"},
			{What: "SAML certificate of Okta", At: ago(time.Hour), Remedy: "rotate it"},
		},
	}
}

func TestGoldenTexts(t *testing.T) {
	for name, write := range map[string]func(*strings.Builder) error{
		"progress":        func(b *strings.Builder) error { return render.Progress(b, busy(), render.Options{Now: now}) },
		"progress-narrow": func(b *strings.Builder) error { return render.Progress(b, busy(), render.Options{Now: now, Width: 60}) },
		"progress-color": func(b *strings.Builder) error {
			return render.Progress(b, busy(), render.Options{Now: now, Color: true})
		},
		"progress-done": func(b *strings.Builder) error {
			return render.Progress(b, onboarding.Progress{Run: "a", State: onboarding.RunDone, StartedAt: ago(time.Hour), EndedAt: now},
				render.Options{Now: now.Add(time.Hour)})
		},
		"request-saved": func(b *strings.Builder) error {
			return render.Request(b, "data-science", samlRequest(),
				render.Options{Now: now, Width: 80, Files: map[string]string{"okta-metadata.xml": "./data-science-okta-metadata.xml"}})
		},
		"parked-people": func(b *strings.Builder) error {
			parked := domainParked()
			parked.Skippable, parked.People, parked.PeopleTotal = true, report().Exceptions, 72
			return render.Parked(b, "data-science", parked, render.Options{Now: now, Width: 100})
		},
		"report":        func(b *strings.Builder) error { return render.Report(b, report(), render.Options{Now: now}) },
		"report-narrow": func(b *strings.Builder) error { return render.Report(b, report(), render.Options{Now: now, Width: 80}) },
		"request-consent": func(b *strings.Builder) error {
			return render.Request(b, "data-science", consentRequest(), render.Options{Now: now, Width: 80})
		},
		"survey": func(b *strings.Builder) error {
			return render.Survey(b, surveyed(), render.Options{Now: now, Width: 120})
		},
		"survey-narrow": func(b *strings.Builder) error {
			return render.Survey(b, surveyed(), render.Options{Now: now, Width: 80})
		},
		"report-early": func(b *strings.Builder) error {
			return render.Report(b, onboarding.Report{Run: "a", State: onboarding.RunRunning, StartedAt: ago(time.Minute)}, render.Options{Now: now})
		},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			require.NoError(t, write(&b))
			golden(t, name, b.String())
		})
	}
}

func TestADeadConnectionComesBeforeTheDifferencesThatThereAreNot(t *testing.T) {
	r := onboarding.ReconcileReport{Run: "data-science", State: onboarding.RunAttention, StartedAt: ago(time.Minute), EndedAt: now,
		People: onboarding.People{Wanted: 10, Ready: 10, Verified: 7, Proven: 3}, Health: &onboarding.Health{
			Verdicts: []onboarding.Verdict{
				{Kind: onboarding.VerdictKeep, Code: "okta-app", Reason: "The app is active."},
				{Kind: onboarding.VerdictBlocked, Code: "scim-token", Reason: "The SCIM token has expired.", Remedy: "Make a new token."},
				{Kind: onboarding.VerdictWarning, Code: "okta-app-certificate", Reason: "The certificate expires.", Remedy: "Generate a new key."},
				{Kind: onboarding.VerdictUnknown, Code: "okta-system-log", Reason: "The log may not be read."},
			},
			Expiries: []onboarding.Expiry{{What: "The SCIM access token", At: now.Add(20 * 24 * time.Hour), AtLatest: true, Remedy: "Make a second token."}},
		}}
	var b strings.Builder
	require.NoError(t, render.Reconcile(&b, r, render.Options{Now: now}))
	golden(t, "reconcile-dead", b.String())
}

func TestAPlanSaysHowManyMayLoseAccessUnasked(t *testing.T) {
	var b strings.Builder
	require.NoError(t, render.Plan(&b, onboarding.Assessment{Run: "team", Verdicts: []onboarding.Verdict{{Kind: onboarding.VerdictKeep,
		Resource: onboarding.ResourceProfile, Field: onboarding.FieldGuardShare, Reason: "At most 20 % within 7d."}}}, render.Options{Now: now}))
	require.Contains(t, b.String(), "At most 20 % within 7d.")
}

func TestAReconcileSaysWhatTheRosterIsAndWhoIsHeld(t *testing.T) {
	r := onboarding.ReconcileReport{Run: "team", State: onboarding.RunAttention, Held: "34 of 49 people would lose access; they keep what they have",
		Hold: &onboarding.Hold{ID: "0123456789ab", Total: 34}, Command: "starter sync team --once --consent 0123456789ab",
		Roster: onboarding.RosterState{Agreed: 49, Left: 2, Quarantined: 1, Guard: onboarding.GuardSpec{}.Filled()}}
	var b strings.Builder
	require.NoError(t, render.Reconcile(&b, r, render.Options{Now: now}))
	require.Contains(t, b.String(), "49 people on the agreed roster; 2 lost access within 7d, unasked up to 20 %; 1 profile in quarantine.")
	require.Contains(t, b.String(), r.Held)
	require.Contains(t, b.String(), r.Command)
}

// person is somebody of whom every link was judged but one.
func person() onboarding.PersonExplanation {
	return onboarding.PersonExplanation{Person: "ada@example.com", Ready: true, Grade: onboarding.GradeConfigured, Links: []onboarding.PersonLink{
		{Link: onboarding.LinkOkta, State: onboarding.LinkOK, Found: "ACTIVE in Okta as ada@example.com"},
		{Link: onboarding.LinkSAML, State: onboarding.LinkUnknown, Found: "the app has this instance's values; its signing certificate was not seen"},
		{Link: onboarding.LinkProfile, State: onboarding.LinkNotSeen},
	}, Notices: []string{"The Studio application requires no assignment."}}
}

func TestAnExplanationSaysHowSureItIs(t *testing.T) {
	for name, change := range map[string]func(*onboarding.PersonExplanation){
		"person-configured": func(*onboarding.PersonExplanation) {},
		"person-verified":   func(e *onboarding.PersonExplanation) { e.Grade = onboarding.GradeVerified },
		"person-proven": func(e *onboarding.PersonExplanation) {
			e.Grade, e.LastSignIn = onboarding.GradeProven, ago(time.Hour)
		},
		"person-broken": func(e *onboarding.PersonExplanation) {
			e.Ready, e.Grade, e.Broken, e.Remedy = false, "", onboarding.LinkSAML, "Upload the app's current metadata."
			e.Links[1].State = onboarding.LinkBroken
		},
	} {
		e := person()
		change(&e)
		var b strings.Builder
		require.NoError(t, render.Person(&b, e, render.Options{Now: now, Width: 100}))
		golden(t, name, b.String())
	}
}
