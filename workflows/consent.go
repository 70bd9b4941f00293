package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities/identitycenter"
	"studio-onboarding/activities/survey"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// Work that would cut others off is a request of its own kind: what hangs on it is kept as a rollback pack first, and then the sentence
// has to be typed that says what will happen.

// classMissing is the class of a step that parks because something is no longer there after a change to which somebody agreed. Such a
// step is done, so that it can be skipped whichever it is.
const classMissing = "Missing"

// consent asks for the sentence, unless there is nobody and nothing to lose. What was agreed to in this run is not asked about again.
func (r *run) consent(ctx workflow.Context, step onboarding.Step, change survey.Change, appID string) error {
	if r.agreed[change] {
		return nil
	}
	var a *survey.Activities
	in := r.stockInput(change, appID)
	take := func(ctx workflow.Context) (survey.TakenStock, error) {
		return call(waitFor(ctx, "Take stock of what hangs on Identity Center, and keep it", listBudget), a.TakeStock, in)
	}
	stock, err := take(ctx)
	if err != nil {
		return err
	}
	r.provisioned = &stock.Provisioned
	if stock.Pack == nil {
		return nil
	}
	r.report.RollbackPack = stock.Pack
	req := r.agree(step, change, stock)
	req.check = func(ctx workflow.Context, values map[string]string) error {
		// The request may have got other numbers since the answer was sent.
		if err := req.Accepts(onboarding.Answer{Step: step, Values: values}); err != nil {
			return failure(string(fault.Invalid), onboarding.Failure{Reason: err.Error()})
		}
		_, err := call(answerCheck(ctx, "See that the rollback pack is there"), a.CheckPack,
			survey.PackInput{Studio: r.spec.Name, Pack: *req.RollbackPack})
		if !isClass(err, string(fault.NotFound)) {
			return err
		}
		again, err := take(ctx)
		if err != nil {
			return err
		}
		if again.Pack == nil {
			return nil // whoever was there is gone, and so is what there was to lose
		}
		req.Impact, req.Consent, req.RollbackPack, r.report.RollbackPack = again.Impact, again.Consent, again.Pack, again.Pack
		req.Command = r.consentCommand(step, again.Consent)
		return failure(string(fault.NotFound), onboarding.Failure{
			Reason: "The rollback pack was not in the store any more. It has been written anew, and the numbers may be others.",
			Remedy: "Save the pack, read the request again, then answer it.",
		})
	}
	if err := r.ask(ctx, req, nil); err != nil {
		return err
	}
	r.agreed[change] = true
	return nil
}

func (r *run) stockInput(change survey.Change, appID string) survey.StockInput {
	return survey.StockInput{
		Studio: r.spec.Name, Run: r.report.N, Change: change, IdentityCenter: r.spec.IdentityCenter, Region: r.primaryRegion(),
		InstanceARN: r.instance.ARN, IdentityStoreID: r.instance.IdentityStoreID, AppID: appID,
		AssignmentGroup: r.spec.Okta.AssignmentGroup, People: r.singlePeople(),
	}
}

// refreshInstance reads the instance anew: a change from an Active Directory gives it another identity store, whose ID the values name.
func (r *run) refreshInstance(ctx workflow.Context) error {
	var a *identitycenter.Activities
	found, err := call(answerCheck(ctx, "Look at the instance again after the change"), a.FindInstance,
		identitycenter.InstanceInput{IdentityCenter: r.spec.IdentityCenter, Region: r.spec.Region})
	if err == nil && found.Instance != nil {
		r.instance = *found.Instance
	}
	return err
}

// compareStock looks, after a change to which somebody agreed, whether everybody and everything is still there.
func (r *run) compareStock(ctx workflow.Context) error {
	if !r.agreed[survey.ChangeSource] {
		return nil
	}
	var a *survey.Activities
	compared, err := call(waitFor(ctx, "See that everybody who was there before still is", listBudget), a.CompareStock,
		survey.CompareInput{Stock: r.stockInput(survey.ChangeSource, r.app.ID), Pack: *r.report.RollbackPack})
	if err != nil {
		return err
	}
	r.report.RollbackPack = &compared.Pack
	if compared.IdentityStoreID != "" {
		r.instance.IdentityStoreID = compared.IdentityStoreID
	}
	if compared.Text == "" {
		return nil
	}
	return failure(classMissing, onboarding.Failure{
		Reason: compared.Text,
		Remedy: fmt.Sprintf("Save the rollback pack (%s): missing.csv names what is missing, README.md has the steps back. Bring it back, then "+
			"retry; or skip to go on without it.", r.packCommand()),
	})
}

func (r *run) packCommand() string {
	if r.report.N == 0 {
		return fmt.Sprintf("starter rollback-pack %s --to DIR", r.spec.Name)
	}
	return fmt.Sprintf("starter rollback-pack %s --run %d --to DIR", r.spec.Name, r.report.N)
}

func (r *run) consentCommand(step onboarding.Step, sentence string) string {
	return fmt.Sprintf("starter provide %s %s --%s %q", r.spec.Name, step, onboarding.ValueConsent, sentence)
}

// agree is the request for a consent.
func (r *run) agree(step onboarding.Step, change survey.Change, stock survey.TakenStock) *request {
	req := &request{Request: onboarding.Request{
		Step:  step,
		Title: "Agree to a change of how people sign in to AWS",
		Why: "This organization's Identity Center is in use. The next thing that the run asks for is to upload the metadata of the Okta app " +
			r.app.Label + " there: from then on people sign in through it, and through nothing else.",
		Console: fmt.Sprintf("none; whoever is responsible for account %s decides", r.instance.OwnerAccount),
		Clicks: []string{
			"Save the rollback pack: " + r.packCommand(),
			"Read its README.md, and cut-off.csv, which names those who can no longer sign in. Talk to whoever is responsible for them.",
			"Keep an IAM administrator of the management account at hand who signs in without Identity Center.",
			"Agree with the command below; or abort the run: nothing has been changed.",
		},
		Impact: stock.Impact, Consent: stock.Consent, RollbackPack: stock.Pack,
		Needs:   []onboarding.Need{{Name: onboarding.ValueConsent, Label: "the sentence, word by word"}},
		Command: r.consentCommand(step, stock.Consent),
	}}
	if change == survey.ChangeApp {
		req.Title = "Agree to a second Okta app for the same instance"
		req.Why = "Another Okta app has the values of this Identity Center instance. Whoever signs in through it today can do so until the " +
			"metadata of the second app is uploaded, which the run asks for later, and not a moment longer."
		req.Clicks[3] = "Agree with the command below; or abort the run, and give okta.appLabel the label of the app that is in use."
	}
	return req
}
