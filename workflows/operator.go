package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/onboarding"
)

// request is an open request with what the run knows besides.
type request struct {
	onboarding.Request
	// check tries an answer's values against the live systems; nil where the request takes no values.
	check func(workflow.Context, map[string]string) error
	// doneBy is who settled it, "" while it is open.
	doneBy string
}

const detectedByItself = "detected"

// ask opens a request and keeps it open until a checked answer came, or until detect says that the work is done. It sends
// reminders, and gives up at the deadline, so that the step parks. detect may be nil.
func (r *run) ask(ctx workflow.Context, req *request, detect workflow.Future) error {
	now := workflow.Now(ctx)
	req.Since, req.Deadline = now, now.Add(r.spec.Operator.Deadline.Std())
	r.requests = append(r.requests, req)
	r.set(req.Step, onboarding.StepWaiting, req.Title)
	r.publish(ctx)
	defer func() {
		r.requests = without(r.requests, req)
		r.set(req.Step, onboarding.StepRunning, "")
		r.publish(ctx)
	}()

	skipped := func() bool {
		return r.decisions[req.Step] != nil && r.decisions[req.Step].Action == onboarding.ActionSkip
	}
	settled := func() bool { return req.doneBy != "" || r.aborted || skipped() || (detect != nil && detect.IsReady()) }
	for !settled() {
		left := req.Deadline.Sub(workflow.Now(ctx))
		if left <= 0 {
			return failure(classDeadline, onboarding.Failure{
				Reason: fmt.Sprintf("Nobody did this within %s: %s", r.spec.Operator.Deadline, req.Title),
				Remedy: fmt.Sprintf("Do it, then: starter resolve %s %s retry", r.spec.Name, req.Step),
			})
		}
		ok, err := r.await(ctx, "Waiting for the operator: "+req.Title, min(left, r.remindEvery()), settled)
		if err != nil {
			return err
		}
		if !ok {
			req.Reminders++
			workflow.GetLogger(ctx).Warn("Still waiting for the operator", "step", req.Step, "reminder", req.Reminders)
			r.publish(ctx)
		}
	}
	switch {
	case r.aborted:
		return errAborted
	case req.doneBy == "" && skipped():
		return errSkipped
	}
	if req.doneBy == "" {
		if err := detect.Get(ctx, nil); err != nil {
			return err
		}
		req.doneBy = detectedByItself
	}
	r.report.Requests = append(r.report.Requests, onboarding.AnsweredRequest{
		Step: req.Step, Title: req.Title, AskedAt: req.Since, DoneAt: workflow.Now(ctx), By: req.doneBy, Consent: req.Consent,
	})
	return nil
}

// askUntil asks for something that an activity can see, and ends that activity when the wait is over for another reason.
func askUntil[In, Out any](ctx workflow.Context, r *run, req *request, activity any, in In) (Out, error) {
	var out Out
	watchCtx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	// The watch outlives the deadline, so that it is the deadline that ends the wait.
	budget := r.spec.Operator.Deadline.Std() + time.Hour
	detect := workflow.ExecuteActivity(waitFor(watchCtx, "Watch for it: "+req.Title, budget), activity, in)
	if err := r.ask(ctx, req, detect); err != nil {
		return out, err
	}
	err := detect.Get(ctx, &out)
	return out, err
}

func (r *run) open(step onboarding.Step) *request {
	for _, req := range r.requests {
		if req.Step == step && req.doneBy == "" {
			return req
		}
	}
	return nil
}

func (r *run) acceptsAnswer(_ workflow.Context, answer onboarding.Answer) error {
	if _, ok := onboarding.StepInfoOf(answer.Step); !ok {
		return fmt.Errorf("there is no step %q", answer.Step)
	}
	req := r.open(answer.Step)
	if req == nil {
		return fmt.Errorf("%s asks for nothing now (it is %s)", answer.Step, r.at(answer.Step).State)
	}
	return req.Accepts(answer)
}

// provide checks an answer against the live systems. A wrong one is refused with the reason, and the request stays.
func (r *run) provide(ctx workflow.Context, answer onboarding.Answer) (onboarding.Acknowledgement, error) {
	if err := r.checking.Lock(ctx); err != nil {
		return onboarding.Acknowledgement{}, err
	}
	defer r.checking.Unlock()
	req := r.open(answer.Step)
	if req == nil {
		return onboarding.Acknowledgement{}, fmt.Errorf("%s has been answered in the meantime", answer.Step)
	}
	if err := req.check(ctx, answer.Values); err != nil {
		if temporal.IsCanceledError(err) {
			return onboarding.Acknowledgement{}, err
		}
		var refused onboarding.Parked
		describe(err, &refused)
		req.Refusal, req.RefusalRemedy = refused.Message, refused.Remedy
		req.Refusals++
		r.publish(ctx)
		return onboarding.Acknowledgement{}, failure(refused.Class, onboarding.Failure{Reason: refused.Message, Remedy: refused.Remedy})
	}
	req.Refusal, req.RefusalRemedy, req.doneBy = "", "", answer.By
	return onboarding.Acknowledgement{Message: fmt.Sprintf("Checked and accepted. %s goes on.", answer.Step)}, nil
}
