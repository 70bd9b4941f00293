package workflows

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities/access"
	"studio-onboarding/activities/signin"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// letIn gives people access, and lets the canary sign in: before the others where the spec says so, and otherwise after everybody has
// access. A run of the first versions has no canary.
func (r *run) letIn(ctx workflow.Context) error {
	if !r.careful {
		return r.step(ctx, onboarding.StepAccess, r.access)
	}
	begin := r.access
	if r.spec.Access.Rollout == onboarding.RolloutCanaryFirst && r.spec.Access.Canary != nil {
		begin = r.letCanaryIn
	}
	if err := r.inOrder(ctx, stage{onboarding.StepAccess, begin}, stage{onboarding.StepCanary, r.canary}); err != nil || !r.only {
		return err
	}
	return r.step(ctx, onboarding.StepAccess, r.access)
}

// letCanaryIn gives access to the canary alone, unless somebody has proven the trust already.
func (r *run) letCanaryIn(ctx workflow.Context) (string, error) {
	found, err := r.findSignIns(ctx)
	if err != nil {
		return "", err
	}
	if found.Proven != nil {
		return r.access(ctx)
	}
	var a *access.Activities
	in := r.accessInput()
	in.Canary = r.spec.Access.Canary
	result, err := call(bulkWork(ctx, "Let the canary in"), a.ConvergeAccess, in)
	if err != nil {
		return "", err
	}
	r.only = true
	for _, id := range result.First {
		if !slices.Contains(r.first, id) {
			r.first = append(r.first, id)
		}
	}
	return fmt.Sprintf("only the canary is in, with %s and %s made; the others follow once the canary was seen signing in",
		count(result.AssignmentsMade, "assignment"), count(result.ProfilesMade, "profile")), nil
}

func (r *run) signInInput() signin.Input { return signin.InputOf(*r.handles()) }

func (r *run) findSignIns(ctx workflow.Context) (signin.Found, error) {
	var a *signin.Activities
	return call(quickCall(ctx, "See who has signed in since the trust was last changed"), a.FindSignIns, r.signInInput())
}

// canary waits until one person was seen signing in, unless somebody was already. Where sign-ins cannot be seen nobody is asked; if
// the others are to be let in only afterwards, an operator decides.
func (r *run) canary(ctx workflow.Context) (string, error) {
	found, err := r.findSignIns(ctx)
	switch {
	case err != nil:
		return "", err
	case found.Unreadable != nil && r.only:
		return "", blocked([]onboarding.Verdict{{
			Reason: "Nobody would see the canary sign in: " + found.Unreadable.Text(),
			Remedy: onboarding.WithRemedy(found.Unreadable.Remedy, "Skip to let the others in without it."),
		}})
	case found.Unreadable != nil:
		r.report.Canary = &onboarding.Canary{NotProven: "CloudTrail can't be read, so that nobody was asked to sign in: " +
			found.Unreadable.Text()}
		return "not proven: CloudTrail can't be read, so nobody was asked to sign in", nil
	case found.Proven != nil:
		r.report.Canary = &onboarding.Canary{Person: found.Proven.Person, At: found.Proven.At, Before: true}
		return fmt.Sprintf("%s was seen signing in on %s; nobody is asked", found.Proven.Person, found.Proven.At.UTC().Format(time.DateTime)), nil
	}
	if !r.only {
		r.giveTurn(ctx)
	}
	seen, err := r.askCanary(ctx, found)
	if err != nil {
		return "", err
	}
	r.report.Canary = &seen
	summary := fmt.Sprintf("%s was seen signing in, %s", seen.Person, times(seen.SignIns))
	if len(seen.Addresses) > 0 {
		summary += "; worked, as they say: " + strings.Join(seen.Addresses, ", ")
	}
	return summary, nil
}

// askCanary asks somebody to sign in, and watches until they did, or until somebody says which addresses worked and a sign-in was seen.
func (r *run) askCanary(ctx workflow.Context, found signin.Found) (onboarding.Canary, error) {
	var a *signin.Activities
	in := r.signInInput()
	in.Since, in.Refused = found.At, found.Refused
	var seen onboarding.Canary
	said := false
	req := r.signInOnce(found.Verdicts)
	req.check = func(ctx workflow.Context, values map[string]string) error {
		addresses, err := addressesOf(values[onboarding.ValueAddresses])
		if err != nil {
			return err
		}
		checked, err := call(answerCheck(ctx, "See whether the canary has signed in"), a.CheckCanary, in)
		if err != nil {
			return err
		}
		seen, said = checked, true
		seen.Addresses = addresses
		return nil
	}
	watching, stop := workflow.WithCancel(ctx)
	defer stop()
	// The watch outlives the deadline, so that it is the deadline that ends the wait.
	detect := workflow.ExecuteActivity(waitFor(watching, "Watch for the sign-in of the canary", r.spec.Operator.Deadline.Std()+time.Hour),
		a.AwaitCanary, in)
	if err := r.ask(ctx, req, detect); err != nil || said {
		return seen, err
	}
	return seen, detect.Get(ctx, &seen)
}

// addressesOf reads which addresses worked.
func addressesOf(said string) ([]string, error) {
	var addresses []string
	for address := range strings.SplitSeq(said, ",") {
		address = strings.ToLower(strings.TrimSpace(address))
		switch {
		case address == "" || slices.Contains(addresses, address):
		case !slices.Contains(onboarding.Addresses(), address):
			return nil, failure(string(fault.Invalid), onboarding.Failure{
				Reason: fmt.Sprintf("%q is no sign-in address.", address),
				Remedy: "Name those that worked: " + strings.Join(onboarding.Addresses(), ", ") + ".",
			})
		default:
			addresses = append(addresses, address)
		}
	}
	return addresses, nil
}

// unproven says why nobody's access is proven, at the end of a run after which that is so.
func (r *run) unproven() []onboarding.Verdict {
	canary := r.report.Canary
	if !r.careful || r.report.People.Proven > 0 || canary != nil && canary.Person != "" {
		return nil
	}
	why := "nobody was seen signing in"
	switch {
	case canary != nil && canary.NotProven != "":
		why = canary.NotProven
	case slices.Contains(r.report.Skipped, onboarding.StepCanary):
		why = "the step canary was skipped"
		for _, decision := range r.report.Decisions {
			if decision.Step == onboarding.StepCanary && decision.Action == onboarding.ActionSkip {
				why += fmt.Sprintf(" by %s: %s", decision.By, decision.Reason)
			}
		}
	}
	return []onboarding.Verdict{signin.Unproven(r.spec.Name, why)}
}

// collect looks who has signed in since the last look, for whoever reads people's access afterwards. Nothing depends on it: the failure
// is for a verdict at most.
func collect(ctx workflow.Context, h onboarding.Handles) *onboarding.Parked {
	if workflow.GetVersion(ctx, "sign-ins", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return nil
	}
	var a *signin.Activities
	_, err := call(briefLook(ctx, "See who has signed in"), a.CollectSignIns, signin.InputOf(h))
	if err == nil || temporal.IsCanceledError(err) {
		return nil
	}
	var why onboarding.Parked
	describe(err, &why)
	return &why
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
