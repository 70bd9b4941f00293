package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// fakeBrowser lets in whoever is in it, with their profile.
type fakeBrowser struct {
	people []string
	in     map[string]string
	asked  []sandbox.SignInInput
}

func (f *fakeBrowser) People(context.Context) ([]sandbox.Person, error) {
	var people []sandbox.Person
	for _, login := range f.people {
		people = append(people, sandbox.Person{Login: login})
	}
	return people, nil
}

func (f *fakeBrowser) SignIn(_ context.Context, in sandbox.SignInInput) (sandbox.SignInResult, error) {
	f.asked = append(f.asked, in)
	if profile, ok := f.in[in.Login]; ok {
		return sandbox.SignInResult{OK: true, Profile: profile}, nil
	}
	return sandbox.SignInResult{Link: "application", Error: "Access Denied"}, nil
}

func world() (*fakeBrowser, onboarding.Report, []onboarding.PersonRecord) {
	browser := &fakeBrowser{
		people: []string{"ada@example.com", "bo@example.com", "eve@example.com"},
		in:     map[string]string{"ada@example.com": "ada"},
	}
	report := onboarding.Report{
		People: onboarding.People{Wanted: 2, Ready: 1, Verified: 1}, ExceptionsTotal: 1,
		Resources: []onboarding.Resource{{Kind: resourceApp, Name: "AWS", ID: "0oa1"}, {Kind: resourceDomain, ID: "d-1"}},
	}
	people := []onboarding.PersonRecord{
		{Person: "ada@example.com", Ready: true, Grade: onboarding.GradeVerified, Profile: "ada"},
		{Person: "bo@example.com", Reason: "no last name"},
	}
	return browser, report, people
}

func TestEverybodyTriesAndTheReportHolds(t *testing.T) {
	browser, report, people := world()
	p, err := prove(t.Context(), browser, report, people)
	require.NoError(t, err)
	require.Empty(t, p.Disagreements)
	require.Equal(t, "3 people tried: 1 signed in, 2 refused, 0 disagreements; of those who signed in, the run had seen 0 before (proven) "+
		"and judged every link of 1 (verified)", p.String())
	require.Equal(t, sandbox.SignInInput{Login: "ada@example.com", Label: "AWS", DomainID: "d-1"}, browser.asked[0])
}

func TestEachDisagreementIsNamed(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*fakeBrowser, *onboarding.Report, *[]onboarding.PersonRecord)
		says   string
	}{
		"somebody who should not be able to sign in can": {
			func(b *fakeBrowser, _ *onboarding.Report, _ *[]onboarding.PersonRecord) {
				b.in["eve@example.com"] = "eve"
			},
			"eve@example.com signs in",
		},
		"somebody reported as an exception signs in": {
			func(b *fakeBrowser, _ *onboarding.Report, _ *[]onboarding.PersonRecord) {
				b.in["bo@example.com"] = "bo"
			},
			"bo@example.com signs in",
		},
		"somebody who should be able to sign in can't": {
			func(b *fakeBrowser, _ *onboarding.Report, _ *[]onboarding.PersonRecord) {
				delete(b.in, "ada@example.com")
			},
			"ada@example.com is refused at application (Access Denied), and the report calls them verified",
		},
		"somebody proven whom nobody saw": {
			func(_ *fakeBrowser, r *onboarding.Report, people *[]onboarding.PersonRecord) {
				(*people)[0].Grade, r.People.Verified, r.People.Proven = onboarding.GradeProven, 0, 1
			},
			"ada@example.com is called proven, and no sign-in was seen",
		},
		"a canary without a proof": {
			func(_ *fakeBrowser, r *onboarding.Report, _ *[]onboarding.PersonRecord) {
				r.Canary = &onboarding.Canary{Person: "ada@example.com", SignIns: 3}
			},
			"the report says that ada@example.com was seen signing in, and calls nobody proven",
		},
		"somebody signs in to another profile": {
			func(b *fakeBrowser, _ *onboarding.Report, _ *[]onboarding.PersonRecord) {
				b.in["ada@example.com"] = "somebody-else"
			},
			"as profile somebody-else",
		},
		"an exception without a reason": {
			func(_ *fakeBrowser, _ *onboarding.Report, people *[]onboarding.PersonRecord) {
				(*people)[1].Reason = ""
			},
			"gives no reason",
		},
		"the report counts otherwise": {
			func(_ *fakeBrowser, r *onboarding.Report, _ *[]onboarding.PersonRecord) { r.People.Ready = 2 },
			"counts 2 people who are ready",
		},
		"the report counts other exceptions": {
			func(_ *fakeBrowser, r *onboarding.Report, _ *[]onboarding.PersonRecord) { r.ExceptionsTotal = 5 },
			"counts 5 exceptions",
		},
		"somebody ready whom Okta does not know": {
			func(_ *fakeBrowser, r *onboarding.Report, people *[]onboarding.PersonRecord) {
				*people = append(*people, onboarding.PersonRecord{Person: "ghost@example.com", Ready: true})
				r.People.Ready++
			},
			"Okta knows nobody of that login",
		},
	} {
		t.Run(name, func(t *testing.T) {
			browser, report, people := world()
			test.change(browser, &report, &people)
			p, err := prove(t.Context(), browser, report, people)
			require.NoError(t, err)
			require.NotEmpty(t, p.Disagreements)
			require.Contains(t, p.Disagreements[0], test.says)
		})
	}
}
