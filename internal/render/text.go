package render

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/width"
)

// clean makes a text from an outside system safe for a terminal: line breaks and tabs become spaces, other control
// characters, with which a name could move the cursor or change colours, go.
func clean(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)), " ")
}

// cells counts the terminal cells that a text takes, without escape sequences.
func cells(s string) int {
	n := 0
	escape := false
	for _, r := range s {
		switch {
		case r == '\x1b':
			escape = true
		case escape:
			escape = !unicode.IsLetter(r)
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r):
		case wide(r):
			n += 2
		default:
			n++
		}
	}
	return n
}

func wide(r rune) bool {
	kind := width.LookupRune(r).Kind()
	return kind == width.EastAsianWide || kind == width.EastAsianFullwidth
}

// truncate cuts a line to at most limit cells, marking the cut. Escape sequences are kept, so that colours end.
func truncate(s string, limit int) string {
	if limit <= 0 || cells(s) <= limit {
		return s
	}
	var b strings.Builder
	n, escape, full := 0, false, false
	for _, r := range s {
		switch {
		case r == '\x1b':
			escape = true
			b.WriteRune(r)
			continue
		case escape:
			escape = !unicode.IsLetter(r)
			b.WriteRune(r)
			continue
		}
		if full {
			continue
		}
		c := cells(string(r))
		if n+c > limit-1 {
			b.WriteString("…")
			full = true
			continue
		}
		n += c
		b.WriteRune(r)
	}
	return b.String()
}

// wrap breaks a text at spaces into lines of at most limit cells. A longer word keeps its own line: an address that is
// broken can no longer be copied. A limit of 0 or less does not break.
func wrap(s string, limit int) []string {
	words := strings.Fields(s)
	if len(words) == 0 {
		return []string{""}
	}
	if limit <= 0 {
		return []string{strings.Join(words, " ")}
	}
	var lines []string
	line, n := words[0], cells(words[0])
	for _, word := range words[1:] {
		c := cells(word)
		if n+1+c > limit {
			lines = append(lines, line)
			line, n = word, c
			continue
		}
		line += " " + word
		n += 1 + c
	}
	return append(lines, line)
}

// pad fills a text with spaces to n cells.
func pad(s string, n int) string {
	if missing := n - cells(s); missing > 0 {
		return s + strings.Repeat(" ", missing)
	}
	return s
}

// padLeft fills a text with spaces on its left to n cells.
func padLeft(s string, n int) string {
	if missing := n - cells(s); missing > 0 {
		return strings.Repeat(" ", missing) + s
	}
	return s
}

// elapsed writes a duration as people say it: "12s", "1m30s", "3h05m", "2d4h".
func elapsed(d time.Duration) string {
	d = max(d, 0).Truncate(time.Second)
	two := func(n int) string {
		if n < 10 {
			return "0" + strconv.Itoa(n)
		}
		return strconv.Itoa(n)
	}
	seconds, minutes, hours := int(d.Seconds())%60, int(d.Minutes())%60, int(d.Hours())
	switch {
	case d < time.Minute:
		return strconv.Itoa(seconds) + "s"
	case d < time.Hour:
		return strconv.Itoa(minutes) + "m" + two(seconds) + "s"
	case d < 48*time.Hour:
		return strconv.Itoa(hours) + "h" + two(minutes) + "m"
	}
	if hours%24 == 0 {
		return strconv.Itoa(hours/24) + "d"
	}
	return strconv.Itoa(hours/24) + "d" + strconv.Itoa(hours%24) + "h"
}

// number writes n with separators: 1,000.
func number(n int) string {
	s := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// plural writes a number with its noun: "1 person", "3 people".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + many
}

// table aligns rows under a header. Columns that don't fit into limit cells are wrapped, the widest first, but no word is
// broken; 0 means no limit.
func table(header []string, rows [][]string, limit int) []string {
	const gap = 2
	columns := len(header)
	size, least := make([]int, columns), make([]int, columns)
	for _, row := range append([][]string{header}, rows...) {
		for i, cell := range row {
			size[i] = max(size[i], cells(cell))
			for _, word := range strings.Fields(cell) {
				least[i] = max(least[i], cells(word))
			}
		}
	}
	for limit > 0 && sum(size)+gap*(columns-1) > limit {
		widest := -1
		for i := range size {
			if size[i] > least[i] && (widest < 0 || size[i] > size[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		size[widest]--
	}
	var lines []string
	for _, row := range append([][]string{header}, rows...) {
		parts, height := make([][]string, columns), 1
		for i, cell := range row {
			parts[i] = wrap(cell, size[i])
			height = max(height, len(parts[i]))
		}
		for y := range height {
			var b strings.Builder
			for i := range parts {
				part := ""
				if y < len(parts[i]) {
					part = parts[i][y]
				}
				b.WriteString(pad(part, size[i]))
				b.WriteString(strings.Repeat(" ", gap))
			}
			lines = append(lines, strings.TrimRight(b.String(), " "))
		}
	}
	return lines
}

func sum(list []int) int {
	total := 0
	for _, n := range list {
		total += n
	}
	return total
}
