package main

import (
	"context"
	"fmt"
	"slices"

	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// browser is what a person needs to sign in.
type browser interface {
	People(context.Context) ([]sandbox.Person, error)
	SignIn(context.Context, sandbox.SignInInput) (sandbox.SignInResult, error)
}

// proof is what came of everybody trying to sign in.
type proof struct {
	Tried, In, Refused int
	// Proven and Verified are how many of those who signed in the run had called so.
	Proven, Verified int
	Disagreements    []string
}

func (p proof) String() string {
	return fmt.Sprintf("%d people tried: %d signed in, %d refused, %d disagreements; of those who signed in, the run had seen %d before "+
		"(proven) and judged every link of %d (verified)", p.Tried, p.In, p.Refused, len(p.Disagreements), p.Proven, p.Verified)
}

// prove lets everybody in the Okta org try to sign in to Studio, and compares what happens with what the run says: whoever
// its people file calls ready, whatever the grade, signs in, and nobody else does. Whoever it calls proven was seen, and so was the
// canary of its report.
func prove(ctx context.Context, b browser, report onboarding.Report, records []onboarding.PersonRecord) (proof, error) {
	people, err := b.People(ctx)
	if err != nil {
		return proof{}, fmt.Errorf("list the people: %w", err)
	}
	listed := make(map[string]onboarding.PersonRecord)
	for _, record := range records {
		listed[record.Person] = record
	}
	app, domain := resourceOf(report, resourceApp).Name, resourceOf(report, resourceDomain).ID

	var p proof
	disagree := func(format string, args ...any) {
		p.Disagreements = append(p.Disagreements, fmt.Sprintf(format, args...))
	}
	for _, person := range people {
		result, err := b.SignIn(ctx, sandbox.SignInInput{Login: person.Login, Label: app, DomainID: domain})
		if err != nil {
			return proof{}, fmt.Errorf("sign %s in: %w", person.Login, err)
		}
		record, wanted := listed[person.Login]
		delete(listed, person.Login)
		p.Tried++
		if result.OK {
			p.In++
		} else {
			p.Refused++
		}
		if result.OK && record.Grade == onboarding.GradeProven {
			p.Proven++
		} else if result.OK && record.Grade == onboarding.GradeVerified {
			p.Verified++
		}
		switch {
		case record.Grade == onboarding.GradeProven && record.LastSignIn.IsZero():
			disagree("%s is called proven, and no sign-in was seen", person.Login)
		case !result.OK && record.Ready:
			disagree("%s is refused at %s (%s), and the report calls them %s", person.Login, result.Link, result.Error, record.Grade)
		case result.OK && !wanted:
			disagree("%s signs in (profile %s), and is not among the people who should", person.Login, result.Profile)
		case result.OK && !record.Ready:
			disagree("%s signs in (profile %s), and the report says they can't: %s", person.Login, result.Profile, record.Reason)
		case result.OK && record.Profile != "" && result.Profile != record.Profile:
			disagree("%s signs in as profile %s, and the report says %s", person.Login, result.Profile, record.Profile)
		}
	}

	reasons, ready, proven := 0, 0, 0
	for _, record := range records {
		switch {
		case record.Ready:
			ready++
			if record.Grade == onboarding.GradeProven {
				proven++
			}
			if _, missing := listed[record.Person]; missing {
				disagree("the report calls %s ready (%s), and Okta knows nobody of that login", record.Person, record.Grade)
			}
		case record.Reason == "":
			disagree("%s can't sign in, and the report gives no reason", record.Person)
		default:
			reasons++
		}
	}
	if report.People.Ready != ready || report.People.Proven != proven {
		disagree("the report counts %d people who are ready, %d of them proven, and the people file %d and %d", report.People.Ready,
			report.People.Proven, ready, proven)
	}
	if canary := report.Canary; canary != nil && canary.Person != "" && proven == 0 {
		disagree("the report says that %s was seen signing in, and calls nobody proven", canary.Person)
	}
	if report.ExceptionsTotal != reasons {
		disagree("the report counts %d exceptions, and the people file %d", report.ExceptionsTotal, reasons)
	}
	slices.Sort(p.Disagreements)
	return p, nil
}

// The kinds of resources of a report that the demo looks for.
const (
	resourceApp    = "Okta app"
	resourceDomain = "Studio domain"
)

// resourceOf is the first resource of a kind; the zero one where there is none.
func resourceOf(report onboarding.Report, kind string) onboarding.Resource {
	for _, resource := range report.Resources {
		if resource.Kind == kind {
			return resource
		}
	}
	return onboarding.Resource{}
}
