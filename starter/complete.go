package main

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/runs"
	"studio-onboarding/onboarding"
)

// completeWithin bounds a completion that asks the server: a shell that hangs at Tab is worse than one without answer.
const completeWithin = time.Second

// complete offers fixed values for a flag.
func complete(command *cobra.Command, flag string, values ...string) {
	must(command.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)))
}

// argKind is what stands at a place of the command line.
type argKind int

const (
	argRun argKind = iota
	argStep
	argAction
)

// completeArgs offers values for positional arguments: names of runs as the server lists them, steps, decisions.
func (a *app) completeArgs(kinds ...argKind) cobra.CompletionFunc {
	return func(command *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) >= len(kinds) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		switch kinds[len(args)] {
		case argStep:
			return stepNames(), cobra.ShellCompDirectiveNoFileComp
		case argAction:
			return []string{string(onboarding.ActionRetry), string(onboarding.ActionSkip), string(onboarding.ActionAbort)},
				cobra.ShellCompDirectiveNoFileComp
		}
		return a.runNames(command.Context()), cobra.ShellCompDirectiveNoFileComp
	}
}

// runNames lists the names of runs, or nothing where the server doesn't answer at once.
func (a *app) runNames(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(ctx, completeWithin)
	defer cancel()
	var names []string
	_ = a.connected(ctx, func(c client.Client) error { // no answer means no suggestion
		list, err := runs.List(ctx, c, runs.Filter{})
		for _, info := range list {
			names = append(names, info.Run)
		}
		return err
	})
	slices.Sort(names)
	return names
}
