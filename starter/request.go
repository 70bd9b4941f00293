package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/render"
	"studio-onboarding/internal/runs"
	"studio-onboarding/onboarding"
)

type requestOptions struct {
	save string
}

func newRequest(a *app) *cobra.Command {
	var o requestOptions
	command := &cobra.Command{
		Use:   "request STUDIO [STEP]",
		Short: "Show what a run asks the operator for, and save its documents",
		Example: `  starter request data-science
  starter request data-science saml-exchange --save .`,
		Args:              between(1, "STUDIO", "STEP"),
		ValidArgsFunction: a.completeArgs(argRun, argStep),
	}
	command.Flags().StringVar(&o.save, "save", "", "write the documents to this directory, as STUDIO-NAME")
	must(command.MarkFlagDirname("save"))
	return a.runs(command, func(ctx context.Context, args []string) error {
		var step onboarding.Step
		if len(args) == 2 {
			var err error
			if step, err = stepArg("request", args[1]); err != nil {
				return err
			}
		}
		return a.request(ctx, args[0], step, o)
	})
}

func (a *app) request(ctx context.Context, run string, step onboarding.Step, o requestOptions) error {
	return a.connected(ctx, func(c client.Client) error {
		progress, err := runs.Progress(ctx, c, run)
		if err != nil {
			return err
		}
		requests := []onboarding.Request{}
		for _, request := range progress.Requests {
			if step == "" || request.Step == step {
				requests = append(requests, request)
			}
		}
		look := a.io.look()
		if o.save != "" {
			look.Files = map[string]string{}
			for _, request := range requests {
				for _, name := range request.Documents {
					if look.Files[name], err = a.saveDocument(ctx, c, run, name, o.save); err != nil {
						return err
					}
				}
			}
		}
		if a.output == outputJSON {
			return a.json(requests)
		}
		if len(requests) == 0 {
			return a.say("%s", nothingAsked(progress, step))
		}
		for i, request := range requests {
			if i > 0 {
				if err := a.say(""); err != nil {
					return err
				}
			}
			if err := render.Request(a.io.Out, run, request, look); err != nil {
				return err
			}
		}
		return nil
	})
}

// nothingAsked says that there is no open request, and what else the run may wait for.
func nothingAsked(p onboarding.Progress, step onboarding.Step) string {
	at := ""
	if step != "" {
		at = " at step " + string(step)
	}
	text := fmt.Sprintf("Run %s asks for nothing%s; it is %s.", p.Run, at, render.State(p.State))
	if len(p.Parked) > 0 || len(p.Requests) > 0 {
		text += fmt.Sprintf("\nWhat it does wait for: starter status %s", p.Run)
	}
	return text
}
