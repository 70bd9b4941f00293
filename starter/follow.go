package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/render"
	"studio-onboarding/internal/runs"
	"studio-onboarding/onboarding"
)

// event is a line of JSON while a run is watched; exactly one field is set.
type event struct {
	Started  *startedLine         `json:"started,omitempty"`
	Progress *onboarding.Progress `json:"progress,omitempty"`
	Document *savedDocument       `json:"document,omitempty"`
	Notice   string               `json:"notice,omitempty"`
	Report   *onboarding.Report   `json:"report,omitempty"`
	Fleet    *runs.FleetLine      `json:"fleet,omitempty"`
}

// event writes a line of JSON.
func (a *app) event(e event) error {
	encoder := json.NewEncoder(a.io.Out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(e)
}

// view shows a run while it goes on.
type view interface {
	progress(p onboarding.Progress, files map[string]string) error
	document(d savedDocument) error
	notice(text string) error
	close() error
}

// follow watches a run to its end, or until it needs a person, and prints the report. Documents of new requests are written
// to the current directory.
func (a *app) follow(ctx context.Context, c client.Client, run string, stopWhenAsked bool) error {
	v := a.view()
	documents := documents{app: a, client: c, run: run, saved: map[string]string{}}
	silent := false
	last, err := runs.Watch(ctx, c, run, a.io.Every, func(p onboarding.Progress) (bool, error) {
		if silent {
			silent = false
			if err := v.notice("The run answers again."); err != nil {
				return false, err
			}
		}
		for _, request := range p.Requests {
			if err := documents.ofRequest(ctx, request, v); err != nil {
				return false, err
			}
		}
		if err := v.progress(p, documents.saved); err != nil {
			return false, err
		}
		return stopWhenAsked && errors.Is(outcomeOf(p.State), outcome(exitNeedsPerson)), nil
	}, func(err error) {
		if !silent {
			silent = true
			_ = v.notice("Waiting: " + err.Error()) // a broken output shows up at the next progress
		}
	})
	if closing := v.close(); err == nil {
		err = closing
	}
	var ended *runs.EndedError
	switch {
	case ctx.Err() != nil:
		fmt.Fprintf(a.io.Err, "\nThe run goes on without you. Come back with: starter watch %s\n", run)
		return outcome(exitInterrupted)
	case errors.As(err, &ended) && ended.Report != nil:
		return errors.Join(a.printReport(*ended.Report), err)
	case err != nil:
		return err
	case last.State != onboarding.RunDone && last.State != onboarding.RunAborted:
		return outcomeOf(last.State)
	}
	return a.conclude(ctx, c, run, last.State)
}

// conclude prints the report of a run that has ended.
func (a *app) conclude(ctx context.Context, c client.Client, run string, state onboarding.RunState) error {
	report, err := runs.Report(ctx, c, run, 0)
	if err == nil {
		err = a.printReport(report)
	}
	if err != nil {
		return err
	}
	if state == onboarding.RunAborted {
		return fmt.Errorf("run %s was aborted; what it made is still there → correct the cause and start again, which adopts it: "+
			"starter onboard -f spec.yaml", run)
	}
	return nil
}

// printReport writes the report at the end of a watch.
func (a *app) printReport(report onboarding.Report) error {
	if a.output == outputJSON {
		return a.event(event{Report: &report})
	}
	if err := a.say(""); err != nil {
		return err
	}
	return render.Report(a.io.Out, report, a.io.look())
}

// view picks how a run is shown.
func (a *app) view() view {
	if a.output == outputJSON {
		return &jsonView{app: a}
	}
	return liveView{render.NewLive(a.io.Out, render.LiveOptions{
		Terminal: a.io.Terminal, Color: a.io.color(), Size: a.io.Size, Now: a.io.Now,
	})}
}

// liveView shows text.
type liveView struct{ live *render.Live }

func (v liveView) progress(p onboarding.Progress, files map[string]string) error {
	return v.live.Show(p, files)
}
func (v liveView) document(savedDocument) error { return nil } // named in the request's text
func (v liveView) notice(text string) error     { return v.live.Note(text) }
func (v liveView) close() error                 { return v.live.Close() }

// jsonView writes a line for each change.
type jsonView struct {
	app  *app
	last string
}

func (v *jsonView) progress(p onboarding.Progress, _ map[string]string) error {
	data, err := json.Marshal(p)
	if err != nil || string(data) == v.last {
		return err
	}
	v.last = string(data)
	return v.app.event(event{Progress: &p})
}
func (v *jsonView) document(d savedDocument) error { return v.app.event(event{Document: &d}) }
func (v *jsonView) notice(text string) error       { return v.app.event(event{Notice: text}) }
func (v *jsonView) close() error                   { return nil }
