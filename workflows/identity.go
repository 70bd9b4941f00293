package workflows

import (
	"cmp"
	"fmt"
	"strings"

	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities"
	"studio-onboarding/activities/identitycenter"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// preflight looks at everything, and stops the run only for what would break it for sure.
func (r *run) preflight(ctx workflow.Context) (string, error) {
	var a *activities.Assessor
	result, err := call(waitFor(ctx, "Check credentials, accounts, Region, quotas, people", listBudget), a.RunPreflight,
		activities.PreflightInput{Spec: r.spec})
	if err != nil {
		return "", err
	}
	r.oktaURL = result.OktaURL
	r.report.Findings = onboarding.OfKind(result.Verdicts, onboarding.VerdictWarning)
	if stops := onboarding.Blocked(result.Verdicts); len(stops) > 0 {
		return "", blocked(stops)
	}
	return fmt.Sprintf("%s, %s", count(len(result.Checked()), "check"), count(len(r.report.Findings), "warning")), nil
}

// blocked is the failure of a step at which something has to be put right first: one thing in reason and remedy, and several as
// verdicts besides, each with its own remedy.
func blocked(verdicts []onboarding.Verdict) error {
	var failed onboarding.Failure
	var reasons, remedies []string
	for _, verdict := range verdicts {
		reasons = append(reasons, verdict.Reason)
		if verdict.Remedy != "" {
			remedies = append(remedies, verdict.Remedy)
		}
	}
	if len(verdicts) > 1 {
		failed.Verdicts = verdicts
	}
	failed.Reason, failed.Remedy = strings.Join(reasons, "\n"), strings.Join(remedies, "\n")
	return failure(string(fault.Invalid), failed)
}

// identityCenter finds the organization's instance. No API enables it in a management account, so a person does.
func (r *run) identityCenter(ctx workflow.Context) (string, error) {
	var a *identitycenter.Activities
	in := identitycenter.InstanceInput{IdentityCenter: r.spec.IdentityCenter, Region: r.spec.Region}
	found, err := call(quickCall(ctx, "Look for the Identity Center instance in all Regions"), a.FindInstance, in)
	if err != nil {
		return "", err
	}
	verb := "found"
	if found.Instance == nil {
		verb = "enabled"
		req := r.enableInstance(found.ManagementAccount)
		if found.Adding != nil {
			verb, req = "extended", r.awaitRegion(found.ManagementAccount, *found.Adding)
		}
		appeared, err := askUntil[identitycenter.InstanceInput, identitycenter.Appeared](ctx, r, req, a.AwaitInstance, in)
		if err != nil {
			return "", err
		}
		if stops := onboarding.Blocked(appeared.Verdicts); len(stops) > 0 {
			return "", blocked(stops)
		}
		r.report.Findings = append(r.report.Findings, onboarding.OfKind(appeared.Verdicts, onboarding.VerdictWarning)...)
		found.Instance = &appeared.Instance
	}
	r.instance = *found.Instance
	r.add("Identity Center instance", "", r.instance.ARN, onboarding.OriginAdopted)
	return fmt.Sprintf("%s %s", verb, r.instance.ARN), nil
}

// primaryRegion is where Identity Center is administered; the spec's while there is no instance.
func (r *run) primaryRegion() string { return cmp.Or(r.instance.PrimaryRegion, r.spec.Region) }

func (r *run) groupNames() []string {
	var names []string
	for _, g := range r.spec.Access.Groups {
		names = append(names, g.Name)
	}
	return names
}

func (r *run) singlePeople() []string {
	var logins []string
	for _, p := range r.spec.Access.People {
		logins = append(logins, p.Login)
	}
	return logins
}

// add records a resource; a step that is tried again replaces what it recorded, but keeps that the run made it.
func (r *run) add(kind, name, id string, origin onboarding.Origin) {
	for i, known := range r.report.Resources {
		if known.Kind == kind && known.ID == id {
			if known.Origin != onboarding.OriginCreated {
				r.report.Resources[i].Origin = origin
			}
			return
		}
	}
	r.report.Resources = append(r.report.Resources, onboarding.Resource{Kind: kind, Name: name, ID: id, Origin: origin})
}

// expires records a date; a step that is tried again replaces what it recorded.
func (r *run) expires(date onboarding.Expiry) {
	for i, known := range r.report.Expiries {
		if known.Key == date.Key {
			r.report.Expiries[i] = date
			return
		}
	}
	r.report.Expiries = append(r.report.Expiries, date)
}

func count(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case noun == "person":
		return fmt.Sprintf("%d people", n)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
