package sandbox_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/sandbox"
)

// TestTheDocumentationKnowsEveryOperation compares the last table of docs/sandbox.md with what a world serves.
func TestTheDocumentationKnowsEveryOperation(t *testing.T) {
	page, err := os.ReadFile("../docs/sandbox.md")
	require.NoError(t, err)
	_, table, found := strings.Cut(string(page), "## What is faithful, what is not")
	require.True(t, found)
	var documented []string
	quoted := regexp.MustCompile("`([^`]+)`")
	for _, line := range strings.Split(table, "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 7 || !strings.Contains(cells[1], "`") {
			continue
		}
		service := quoted.FindStringSubmatch(cells[1])[1]
		for _, operation := range quoted.FindAllStringSubmatch(cells[2], -1) {
			documented = append(documented, service+" "+operation[1])
		}
	}
	slices.Sort(documented)
	require.Equal(t, sandbox.Operations(), documented, "docs/sandbox.md has a row for each operation, and no other")
}

// TestTheDocumentationKnowsEveryKindOfFault does the same for faults.
func TestTheDocumentationKnowsEveryKindOfFault(t *testing.T) {
	page, err := os.ReadFile("../docs/sandbox.md")
	require.NoError(t, err)
	for _, kind := range sandbox.FaultKinds() {
		require.Contains(t, string(page), "\n| `"+kind+"` | ")
	}
}

func TestTheExampleScriptIsOne(t *testing.T) {
	data, err := os.ReadFile("../examples/sandbox/faults.yaml")
	require.NoError(t, err)
	faults, err := sandbox.ReadFaults("faults.yaml", data)
	require.NoError(t, err)
	require.Greater(t, len(faults), 5)
}
