// Package manpages writes the manual pages of a program from its commands.
package manpages

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"studio-onboarding/internal/buildinfo"
)

// Command is the hidden command "man DIR" of a program: it writes one page for the program and for each of its commands.
func Command() *cobra.Command {
	return &cobra.Command{
		Use:     "man DIR",
		Short:   "Write the manual pages of this program into a folder",
		Example: `  man ./man`,
		Args:    cobra.ExactArgs(1),
		Hidden:  true,
		RunE:    func(cmd *cobra.Command, args []string) error { return Write(cmd.Root(), args[0], buildinfo.Read()) },
	}
}

// Write writes a page for the program and for each command that is not hidden, as NAME-COMMAND.1, into a folder that it makes where there
// is none. Pages carry the date of the commit, so that they are the same each time; where it isn't known, that of SOURCE_DATE_EPOCH or
// of today.
func Write(root *cobra.Command, dir string, info buildinfo.Info) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write the manual pages: %w", err)
	}
	header := &doc.GenManHeader{Section: "1", Source: "studio-onboarding " + info.Version, Manual: "studio-onboarding"}
	if date, err := time.Parse(time.RFC3339, info.Date); err == nil {
		header.Date = &date
	}
	root.DisableAutoGenTag = true
	verbatim(root)
	if err := doc.GenManTree(root, header, dir); err != nil {
		return fmt.Errorf("write the manual pages: %w", err)
	}
	return nil
}

// verbatim has texts for a terminal pass through Markdown, of which the pages are made: names such as OKTA_CLIENT_ORGURL and <name> stay.
func verbatim(cmd *cobra.Command) {
	escape := strings.NewReplacer("_", `\_`, "*", `\*`, "<", `\<`)
	cmd.Short, cmd.Long = escape.Replace(cmd.Short), escape.Replace(cmd.Long)
	for _, below := range cmd.Commands() {
		verbatim(below)
	}
}
