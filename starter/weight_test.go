package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// The command line is all that an administrator installs, and it starts at once: it holds no provider's code and no server.
func TestTheStarterHoldsNoProviderAndNoServer(t *testing.T) {
	command := exec.CommandContext(t.Context(), "go", "list", "-deps", ".")
	out, err := command.Output()
	require.NoError(t, err)
	for _, dependency := range strings.Fields(string(out)) {
		for _, heavy := range []string{
			"github.com/aws/", "github.com/okta/", "go.temporal.io/server", "github.com/temporalio/ui-server", "modernc.org/",
			"studio-onboarding/workflows", "studio-onboarding/activities", "studio-onboarding/sandbox", "studio-onboarding/internal/engine",
			"studio-onboarding/internal/awscloud", "studio-onboarding/internal/oktaorg", "studio-onboarding/internal/runs/runstest",
		} {
			require.False(t, strings.HasPrefix(dependency, heavy), "starter depends on %s", dependency)
		}
	}
}

func TestEveryCommandHasAnExampleAndAGoodName(t *testing.T) {
	root := newRoot(&app{})
	require.NotEmpty(t, root.Example)
	for _, command := range root.Commands() {
		require.NotEmpty(t, command.Example, command.Name())
		require.NotEmpty(t, command.Short, command.Name())
		require.NotContains(t, command.Short, ".", "one line without a full stop: %s", command.Name())
		command.Flags().VisitAll(func(flag *pflag.Flag) { require.NotEmpty(t, flag.Usage, command.Name()+" --"+flag.Name) })
	}
}
