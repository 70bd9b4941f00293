package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/render"
	"studio-onboarding/internal/runs"
	"studio-onboarding/onboarding"
)

// wideAccess is from which width of a terminal on all columns of the list fit side by side.
const wideAccess = 150

type accessOptions struct {
	group, status, person string
}

func newAccess(a *app) *cobra.Command {
	var o accessOptions
	command := &cobra.Command{
		Use:   "access STUDIO",
		Short: "List who has access and why, or explain one person from Okta to Studio",
		Long: `List who should be able to sign in to a Studio domain, read from the live systems: how sure it is that they can, when they
were last seen signing in, by which group they have access, their profile, its execution role and its last change, and of those
who can't, why. The spec in force says who should.

The grades: proven, this person was seen signing in since the trust was last changed; verified, every link was judged and is right;
configured, no link is broken, and some could not be judged. Whoever has none of them is missing.

With --person, follow one person link by link: Okta user, assignment to the app, SAML trust, provisioning, user in Identity Center,
group memberships, assignment to Studio, profile, execution role. The first broken link is named, with what repairs it; the exit
code is 1 then.`,
		Example: `  starter access data-science --status missing
  starter access data-science --group ml-engineers --output csv > people.csv
  starter access data-science --person jane@example.com`,
		Args:              exactly("STUDIO"),
		ValidArgsFunction: a.completeArgs(argRun),
		Annotations:       map[string]string{alsoOutput: outputCSV},
	}
	flags := command.Flags()
	flags.StringVar(&o.group, "group", "", "only the people of this access group")
	flags.StringVar(&o.status, "status", "", "only people who are: "+strings.Join(onboarding.AccessStatuses(), ", "))
	flags.StringVar(&o.person, "person", "", "explain this person, by Okta login")
	complete(command, "status", onboarding.AccessStatuses()...)
	command.MarkFlagsMutuallyExclusive("person", "group")
	command.MarkFlagsMutuallyExclusive("person", "status")
	return a.runs(command, func(ctx context.Context, args []string) error {
		switch {
		case o.status != "" && !slices.Contains(onboarding.AccessStatuses(), o.status):
			return wrongUse("access", "--status is %q, but must be one of %s", o.status, strings.Join(onboarding.AccessStatuses(), ", "))
		case o.person != "" && a.output == outputCSV:
			return wrongUse("access", "--person is explained as text or json, not as csv")
		}
		return a.connected(ctx, func(c client.Client) error {
			handles, err := runs.Handles(ctx, c, args[0])
			if err != nil {
				return err
			}
			if o.person != "" {
				return a.explainPerson(ctx, c, handles, o.person)
			}
			return a.listAccess(ctx, c, handles, o)
		})
	})
}

func (a *app) explainPerson(ctx context.Context, c client.Client, handles onboarding.Handles, login string) error {
	explanation, err := runs.ExplainPerson(ctx, c, onboarding.ExplainPersonInput{Handles: handles, Login: strings.TrimSpace(login)},
		a.io.Every, a.notice)
	if err != nil {
		return err
	}
	if a.output == outputJSON {
		err = a.json(explanation)
	} else {
		err = render.Person(a.io.Out, explanation, a.io.look())
	}
	if err == nil && !explanation.Ready {
		err = outcome(exitFailure)
	}
	return err
}

func (a *app) listAccess(ctx context.Context, c client.Client, handles onboarding.Handles, o accessOptions) error {
	groups := []string{}
	for _, group := range handles.Spec.Access.Groups {
		groups = append(groups, group.Name)
	}
	if o.group != "" && !slices.Contains(groups, o.group) {
		return wrongUse("access", "%q is no access group of %s; those are %s", o.group, handles.Spec.Name, strings.Join(groups, ", "))
	}
	people := []onboarding.PersonRecord{}
	list, err := runs.AccessList(ctx, c, handles, onboarding.PeopleQuery{Group: o.group, Status: o.status}, a.io.Every, a.notice,
		func(page onboarding.AccessPage) error {
			people = append(people, page.People...)
			return nil
		})
	if err != nil {
		return err
	}
	switch a.output {
	case outputJSON:
		return a.json(people)
	case outputCSV:
		return a.accessCSV(people)
	}
	rows := make([][]string, 0, len(people))
	for _, p := range people {
		grade := string(p.Grade)
		switch {
		case !p.Ready:
			grade = onboarding.StatusMissing
		case grade == "": // of a list of the first versions
			grade = string(onboarding.GradeConfigured)
		}
		rows = append(rows, []string{p.Person, grade, a.day(p.LastSignIn), strings.Join(p.Via, ", "), p.Profile, p.ProfileStatus,
			p.ExecutionRole[strings.LastIndexByte(p.ExecutionRole, '/')+1:], a.day(p.ChangedAt), onboarding.WithRemedy(p.Reason, p.Remedy)})
	}
	header := []string{"PERSON", "GRADE", "LAST SIGN-IN", "VIA", "PROFILE", "PROFILE STATUS", "EXECUTION ROLE", "CHANGED", "WHY NOT"}
	look, more := a.io.look(), ""
	if look.Width > 0 && look.Width < wideAccess {
		more = "\nProfiles and execution roles: in a wider terminal, or with --output csv."
		for i, row := range rows {
			rows[i] = append(row[:4:4], row[len(row)-1])
		}
		header = append(header[:4:4], header[len(header)-1])
	}
	if err := render.Table(a.io.Out, header, rows, look); err != nil {
		return err
	}
	return a.say("\n%d people, as of %s.%s", len(people), list.AsOf.In(a.io.Now().Location()).Format("2006-01-02 15:04"), more)
}

// day writes when something was, nothing where it never was.
func (a *app) day(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.In(a.io.Now().Location()).Format("2006-01-02 15:04")
}

// accessCSV writes people for spreadsheets. A cell that a spreadsheet would take for a formula gets an apostrophe ahead.
func (a *app) accessCSV(people []onboarding.PersonRecord) error {
	w := csv.NewWriter(a.io.Out)
	rows := [][]string{{"person", "ready", "via", "userId", "profile", "profileStatus", "executionRole", "changedAt", "reason", "remedy",
		"grade", "lastSignIn"}}
	for _, p := range people {
		stamp := func(at time.Time) string {
			if at.IsZero() {
				return ""
			}
			return at.UTC().Format(time.RFC3339)
		}
		row := []string{p.Person, strconv.FormatBool(p.Ready), strings.Join(p.Via, ";"), p.UserID, p.Profile, p.ProfileStatus,
			p.ExecutionRole, stamp(p.ChangedAt), p.Reason, p.Remedy, string(p.Grade), stamp(p.LastSignIn)}
		for i, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				row[i] = "'" + cell
			}
		}
		rows = append(rows, row)
	}
	if err := w.WriteAll(rows); err != nil {
		return fmt.Errorf("write the list: %w", err)
	}
	return nil
}
