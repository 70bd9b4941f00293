package render

import (
	"io"

	"studio-onboarding/internal/knowledge"
)

// Explanation writes what a known error text means and what to do about it.
func Explanation(w io.Writer, entry knowledge.Entry, o Options) error {
	out := page{Options: o}
	out.line(out.paint(bold, clean(entry.Texts[0])))
	out.part("Seen", clean(entry.Where))
	out.part("Cause", clean(knowledge.Sentence(entry.Cause)))
	out.styledPart("Do", green, clean(knowledge.Sentence(entry.Remedy)))
	out.part("Source", clean(entry.Source))
	return out.flush(w)
}
