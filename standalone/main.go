// Command standalone is everything in one process for those who have no Temporal cluster: server, UI and worker. Its demo
// adds a simulated Okta org and AWS organization, and plays the operator.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"studio-onboarding/internal/buildinfo"
	"studio-onboarding/internal/manpages"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal asks for an orderly end; with the handler gone a second one ends at once.
	context.AfterFunc(ctx, stop)
	if err := command().ExecuteContext(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "standalone: %v\n", err)
		os.Exit(1)
	}
}

func command() *cobra.Command {
	cmd := serveCommand()
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	cmd.Version = buildinfo.Read().String()
	cmd.AddCommand(demoCommand(), operateCommand(), sandboxCommand(), manpages.Command())
	return cmd
}
