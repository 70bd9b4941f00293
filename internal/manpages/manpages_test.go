package manpages_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/buildinfo"
	"studio-onboarding/internal/manpages"
)

func program() *cobra.Command {
	root := &cobra.Command{
		Use: "sample", Short: "Do something", Long: "sample finds Okta as OKTA_CLIENT_ORGURL and <name>.tmp say, with * in between.",
	}
	below := &cobra.Command{
		Use: "sub NAME", Short: "Do a part", Example: "  sample sub x", RunE: func(*cobra.Command, []string) error { return nil },
	}
	below.Flags().String("of", "", "the `part` of it")
	root.AddCommand(below, manpages.Command())
	return root
}

func TestThereIsAPageForEachCommand(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "share", "man1")
	root := program()
	root.SetArgs([]string{"man", dir})
	require.NoError(t, root.ExecuteContext(t.Context()))
	var names []string
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, entry := range entries {
		if name := entry.Name(); name != "sample-completion.1" && filepath.Ext(name) == ".1" && len(name) < 20 {
			names = append(names, name)
		}
	}
	require.Equal(t, []string{"sample-sub.1", "sample.1"}, names, "and none for hidden ones")
}

func TestAPageHasWhatHelpSays(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	info := buildinfo.Info{Version: "v1.2.3", Date: "2026-03-02T09:00:00Z"}
	require.NoError(t, manpages.Write(program(), first, info))
	require.NoError(t, manpages.Write(program(), second, info))
	read := func(dir, name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		return string(text)
	}
	page := read(first, "sample.1")
	require.Equal(t, page, read(second, "sample.1"), "the same each time")
	require.Contains(t, page, `.TH "SAMPLE" "1" "Mar 2026" "studio-onboarding v1.2.3" "studio-onboarding"`)
	require.Contains(t, read(first, "sample-sub.1"), `--of`)
	require.Contains(t, read(first, "sample-sub.1"), "Do a part")

	man, err := exec.LookPath("man")
	if err != nil {
		t.Skip("man isn't there: the page isn't read as people read it")
	}
	command := exec.CommandContext(t.Context(), man, "-l", filepath.Join(first, "sample.1"))
	command.Env = append(os.Environ(), "MANPAGER=cat", "MANWIDTH=120", "LC_ALL=C")
	out, err := command.Output()
	if err != nil {
		t.Skipf("man can't format pages here: %v", err)
	}
	require.Contains(t, string(out), "sample finds Okta as OKTA_CLIENT_ORGURL and <name>.tmp say, with * in between.")
}

func TestAFolderThatCannotBeMadeIsAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.ErrorContains(t, manpages.Write(program(), filepath.Join(file, "man"), buildinfo.Info{}), "write the manual pages")
}
