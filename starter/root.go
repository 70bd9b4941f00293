package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/manpages"
	"studio-onboarding/internal/payloadcrypt"
	"studio-onboarding/internal/temporalclient"
)

// The values of --output.
const (
	outputText = "text"
	outputJSON = "json"
	outputCSV  = "csv"
	// alsoOutput is the annotation of a command that takes one more.
	alsoOutput = "also-output"
)

// app is what all commands share: the world outside and the global flags.
type app struct {
	io        IO
	address   string
	namespace string
	output    string
	keys      string
	// began is set when a command runs: what fails before that is a wrong use of the command line.
	began bool
}

// run carries a command line out and answers with the exit code.
func run(ctx context.Context, args []string, io IO) int {
	a := &app{io: io}
	root := newRoot(a)
	root.SetArgs(args)
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitOK
	}
	if !a.began {
		err = &usageError{command: command.CommandPath(), err: err}
	}
	return tell(ctx, io.Err, err)
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "starter",
		Short: "Onboard Amazon SageMaker Studio with IAM Identity Center and Okta",
		Long: `Onboard Amazon SageMaker Studio with IAM Identity Center and Okta, as durable runs on Temporal.

Write a spec, start its run, and do the few console clicks that the run asks for. A run goes on without this
program; look at it whenever you like. The studio stays under care afterwards, under the name of its spec:
list, status, access, sync, history.

Temporal is found as TEMPORAL_* variables and temporal.toml say, else at localhost:7233. The key of your own standalone's
port is found by itself. Where payloads are encrypted, so are those keys on the machine of standalone, and elsewhere with
TEMPORAL_PAYLOAD_KEYS.

Exit codes: 0 fine; 1 failed, aborted or cancelled; 2 wrong usage or a spec with errors; 3 a person is needed
(status, sync, and watch or onboard with --stop-when-asked); 4 no worker, or no Temporal server; 5 a check found
warnings; 6 a check or plan found what a run would park at; 130 interrupted (runs go on).`,
		Example: `  starter check -f spec.yaml
  starter onboard -f spec.yaml
  starter status data-science
  starter provide data-science scim --endpoint URL --token-ref env:SCIM_TOKEN
  starter report data-science`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(a.io.In)
	root.SetOut(a.io.Out)
	root.SetErr(a.io.Err)
	flags := root.PersistentFlags()
	flags.StringVar(&a.address, "address", "", "Temporal server as host:port (default: TEMPORAL_ADDRESS, temporal.toml, localhost:7233)")
	flags.StringVar(&a.namespace, "namespace", "", "Temporal namespace (default: TEMPORAL_NAMESPACE, temporal.toml, default)")
	flags.StringVar(&a.keys, "payload-keys", "", "`file` with the keys that payloads are encrypted with, or env:NAME (default: "+
		payloadcrypt.Variable+")")
	flags.StringVar(&a.output, "output", outputText, "text or json")
	root.PersistentPreRunE = func(command *cobra.Command, _ []string) error {
		if also := command.Annotations[alsoOutput]; also != "" && a.output == also {
			return nil
		}
		if a.output != outputText && a.output != outputJSON {
			return fmt.Errorf("--output is %q, but must be text or json", a.output)
		}
		return nil
	}
	complete(root, "output", outputText, outputJSON)
	root.AddCommand(
		newSurvey(a), newCheck(a), newPlan(a), newOnboard(a), newList(a), newStatus(a), newWatch(a),
		newProvide(a), newResolve(a), newReport(a), newRequest(a),
		newRollbackPack(a),
		newSync(a), newAccess(a), newHistory(a), newEvents(a), newCancel(a), newExceptions(a), newForget(a),
		newNotify(a), newDeployment(a),
		newInit(a), newExplain(a), newPolicy(a), newKeys(a), newCodec(a), newSchema(a), newVersion(a),
		manpages.Command(),
	)
	return root
}

// runs gives a command its work, and notes that the command line was in order.
func (a *app) runs(command *cobra.Command, work func(ctx context.Context, args []string) error) *cobra.Command {
	command.RunE = func(c *cobra.Command, args []string) error {
		a.began = true
		return work(c.Context(), args)
	}
	return command
}

// settings say how to reach Temporal.
func (a *app) settings() temporalclient.Settings {
	return temporalclient.Settings{Address: a.address, Namespace: a.namespace, Env: a.io.Env, PayloadKeys: a.keys, Identity: "starter"}
}

// connected calls work with a Temporal client, and closes it afterwards.
func (a *app) connected(ctx context.Context, work func(c client.Client) error) error {
	c, err := a.io.Connect(ctx, a.settings())
	if err != nil {
		return err
	}
	defer c.Close()
	return work(c)
}

// json writes a value to standard output, indented for a single one.
func (a *app) json(value any) error {
	encoder := json.NewEncoder(a.io.Out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// say writes a line of text to standard output.
func (a *app) say(format string, args ...any) error {
	_, err := fmt.Fprintf(a.io.Out, format+"\n", args...)
	return err
}
