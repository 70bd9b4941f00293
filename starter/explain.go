package main

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"studio-onboarding/internal/knowledge"
	"studio-onboarding/internal/render"
)

// maxExplained is how many entries are shown of a text that several recognise.
const maxExplained = 3

func newExplain(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "explain [TEXT | -]",
		Short: "Say what an error text of Okta, AWS or Temporal means, and what to do",
		Long: `Say what an error text means and what to do about it: the error of a sign-in page, of Okta's task list or System Log, of an
API or of a log. Without TEXT, or with -, the text comes from standard input. Nothing is sent anywhere.

The exit code is 1 for a text that is not known. All known ones are in docs/troubleshooting.md.`,
		Example: `  starter explain "Access Denied. Please check if user is assigned to Studio Domain [d-1a2b]"
  starter explain E0000015
  kubectl logs deploy/worker | tail -1 | starter explain`,
		Args: between(0, "TEXT"),
	}
	return a.runs(command, func(_ context.Context, args []string) error {
		text := "-"
		if len(args) == 1 {
			text = args[0]
		}
		if text == "-" {
			if len(args) == 0 && a.io.Asks {
				return wrongUse("explain", "TEXT is missing: give the error text in quotes, or pipe it in")
			}
			data, err := io.ReadAll(io.LimitReader(a.io.In, maxFile))
			if err != nil {
				return err
			}
			text = string(data)
		}
		if strings.TrimSpace(text) == "" {
			return wrongUse("explain", "the error text is empty")
		}
		return a.explain(text)
	})
}

// explained is what JSON says: the entries that recognise the text, the best first.
type explained struct {
	Known   bool              `json:"known"`
	Entries []knowledge.Entry `json:"entries"`
}

func (a *app) explain(text string) error {
	found := knowledge.Find(text)
	found = found[:min(len(found), maxExplained)]
	if a.output == outputJSON {
		if err := a.json(explained{Known: len(found) > 0, Entries: found}); err != nil {
			return err
		}
	} else if err := a.tellExplanation(found); err != nil {
		return err
	}
	if len(found) == 0 {
		return outcome(exitFailure)
	}
	return nil
}

func (a *app) tellExplanation(found []knowledge.Entry) error {
	if len(found) == 0 {
		return a.say(`This text is not known.

To find out more, collect
  the whole text, where it was shown, when (with the time zone), and for whom
  of a run:      starter status STUDIO --output json, and starter report STUDIO --output json
  of Okta:       Reports > System Log around that time; for an API its X-Okta-Request-Id
  of AWS:        the request ID of the error; CloudTrail's Event history, for sign-in the event ExternalIdPDirectoryLogin
  of the worker: its log, and what worker --check says
Leave tokens, keys and SAML assertions out of what you pass on.`)
	}
	for i, entry := range found {
		if i == 1 {
			if err := a.say("\nParts of the text are known from this, too:"); err != nil {
				return err
			}
		}
		if i > 0 {
			if err := a.say(""); err != nil {
				return err
			}
		}
		if err := render.Explanation(a.io.Out, entry, a.io.look()); err != nil {
			return err
		}
	}
	return nil
}
