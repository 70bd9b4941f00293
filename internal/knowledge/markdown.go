package knowledge

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Markdown is the table as a page of documentation.
func Markdown() string {
	var b strings.Builder
	b.WriteString(`# Troubleshooting

<!-- Written from the table in internal/knowledge: go test ./internal/knowledge -update -->

What the error texts of this job mean and what to do. ` + "`starter explain \"<error text>\"`" + ` looks them up, also from standard
input. A run says the same by itself; its parked steps wait for ` + "`starter resolve RUN STEP retry`" + `.

`)
	for _, subject := range Subjects() {
		fmt.Fprintf(&b, "- [%s](#%s)\n", subject, anchor(string(subject)))
	}
	for _, subject := range Subjects() {
		fmt.Fprintf(&b, "\n## %s\n", subject)
		for _, entry := range Entries() {
			if entry.Subject == subject {
				b.WriteString("\n" + entry.markdown())
			}
		}
	}
	return b.String()
}

func (e Entry) markdown() string {
	quoted := make([]string, len(e.Texts))
	for i, text := range e.Texts {
		quoted[i] = "`" + text + "`"
	}
	remedy := Sentence(e.Remedy)
	if e.Passing {
		remedy = "Passes by itself. " + remedy
	}
	return fmt.Sprintf("### %s\n\n%s\n\n- **Seen:** %s\n- **Cause:** %s\n- **Remedy:** %s\n- **Source:** %s\n",
		e.ID, strings.Join(quoted, " · "), e.Where, escape(Sentence(e.Cause)), escape(remedy), e.Source)
}

// Sentence begins with a capital letter and ends with a full stop.
func Sentence(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	s = string(unicode.ToUpper(first)) + s[size:]
	if strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}

// escape keeps Markdown from taking angle brackets for HTML.
func escape(s string) string { return strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(s) }

func anchor(heading string) string {
	return strings.ToLower(strings.NewReplacer(" ", "-", "'", "").Replace(heading))
}
