package people

import "strings"

// Copies keeps one copy of each of a few strings. Strings of an SDK's answer hold on to the whole answer, so that what is
// kept of thousands of them is copied.
type Copies map[string]string

// One is the kept copy of a string.
func (c Copies) One(s string) string {
	if s == "" {
		return ""
	}
	if known, ok := c[s]; ok {
		return known
	}
	s = strings.Clone(s)
	c[s] = s
	return s
}
