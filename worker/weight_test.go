package main

import (
	"bytes"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/buildinfo"
)

func TestVersion(t *testing.T) {
	var out bytes.Buffer
	cmd := command()
	cmd.SetOut(&out)
	cmd.SetArgs([]string{"--version"})
	require.NoError(t, cmd.ExecuteContext(t.Context()))
	require.Equal(t, "worker version "+buildinfo.Read().String()+"\n", out.String())
}

// The binary of this test holds the whole worker, without debug information, as a released worker does. So it tells what a worker
// weighs, and no other needs to be linked.
func TestTheWorkerIsSlim(t *testing.T) {
	path, err := os.Executable()
	require.NoError(t, err)
	binary, err := os.ReadFile(path)
	require.NoError(t, err)
	// A released worker has docs/performance.md's size; go test adds its own packages.
	require.Less(t, len(binary), 75_000_000, "docs/performance.md tells how to see what is linked, and why")

	// The operations of a client that is nowhere an interface value are those that are called (activities/provider/calls.go).
	for _, service := range []string{"ec2", "iam", "cloudtrail", "sagemaker"} {
		method := regexp.MustCompile(`aws-sdk-go-v2/service/` + service + `\.\(\*Client\)\.([A-Z][A-Za-z]+)\x00`)
		operations := make(map[string]bool)
		for _, found := range method.FindAllSubmatch(binary, -1) {
			operations[string(found[1])] = true
		}
		require.NotEmpty(t, operations, service)
		require.Less(t, len(operations), 25, "all operations of %s are linked, because its client becomes an interface value somewhere", service)
	}
}
