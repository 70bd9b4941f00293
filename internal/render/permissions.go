package render

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"studio-onboarding/internal/policy"
)

// Permissions writes policies as JSON documents to copy, and what is to be granted in Okta.
func Permissions(w io.Writer, permissions policy.Permissions, o Options) error {
	out := page{Options: o}
	for _, principal := range permissions.Principals {
		who := "the worker's own credentials"
		if principal.Role != "" {
			who = "role " + principal.Role
		} else if principal.Account != "" {
			who += ", account " + principal.Account
		}
		out.heading("AWS: " + who)
		out.line("for ", strings.Join(principal.Sides, ", "))
		if len(principal.Policy.Statement) == 0 {
			out.line("It needs no policy.")
			continue
		}
		if err := out.document("Policy:", principal.Policy); err != nil {
			return err
		}
		if principal.Trust != nil {
			if err := out.document("Trust policy:", *principal.Trust); err != nil {
				return err
			}
		}
	}
	out.heading("Okta: scopes of the service app (an API token has the rights of its administrator)")
	out.grants(permissions.Okta.Scopes)
	out.heading("Okta: administrator roles of the service app, or of whoever makes the API token")
	out.grants(permissions.Okta.Roles)
	out.line()
	out.line(out.paint(dim, "What is called optional can be left out: a run then knows less, and goes on."))
	for _, note := range permissions.Notes {
		out.line(note)
	}
	return out.flush(w)
}

// document writes a policy with its lists on one line each, so that it can be read and copied.
func (p *page) document(title string, document policy.Document) error {
	p.line(p.paint(dim, title))
	p.line(`{`)
	p.line(fmt.Sprintf(`  "Version": %q,`, document.Version))
	p.line(`  "Statement": [`)
	for i, statement := range document.Statement {
		data, err := json.Marshal(statement)
		if err != nil {
			return err
		}
		comma := ","
		if i == len(document.Statement)-1 {
			comma = ""
		}
		p.line("    ", string(data), comma)
	}
	p.line("  ]")
	p.line("}")
	return nil
}

func (p *page) grants(grants []policy.Grant) {
	var rows [][]string
	for _, grant := range grants {
		reason := grant.For
		if grant.Optional {
			reason = "optional: " + reason
		}
		rows = append(rows, []string{grant.Name, reason})
	}
	for _, line := range table([]string{"", ""}, cleaned(rows), max(p.Width-2, 0))[1:] {
		p.line("  ", line)
	}
}
