package okta

import (
	"strings"
)

// filter is a compiled expression of Okta's filter language, as far as it is in use here: comparisons of attributes with
// strings by eq, ne, sw, co, gt, ge, lt, le, presence by pr, and and, or, not and parentheses.
type filter func(attribute func(string) []string) bool

// parseFilter compiles an expression over these attributes. An empty expression lets everything through; the error is the
// part that could not be understood.
func parseFilter(text string, attributes ...string) (filter, error) {
	if strings.TrimSpace(text) == "" {
		return func(func(string) []string) bool { return true }, nil
	}
	p := &filterParser{words: splitFilter(text), known: map[string]bool{}, text: text}
	for _, a := range attributes {
		p.known[strings.ToLower(a)] = true
	}
	f, err := p.or()
	if err == nil && len(p.words) > 0 {
		err = badFilter(text)
	}
	return f, err
}

type filterParser struct {
	words []string
	known map[string]bool
	text  string
}

// splitFilter splits into parentheses, words and quoted strings, which keep their opening quote as a mark.
func splitFilter(text string) []string {
	var words []string
	for i := 0; i < len(text); {
		switch ch := text[i]; {
		case ch == ' ':
			i++
		case ch == '(' || ch == ')':
			words = append(words, string(ch))
			i++
		case ch == '"':
			var b strings.Builder
			b.WriteByte('"')
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' && i+1 < len(text) {
					i++
				}
				b.WriteByte(text[i])
			}
			words = append(words, b.String())
			i++
		default:
			end := i
			for end < len(text) && !strings.ContainsRune(` ()"`, rune(text[end])) {
				end++
			}
			words = append(words, text[i:end])
			i = end
		}
	}
	return words
}

func (p *filterParser) take() string {
	if len(p.words) == 0 {
		return ""
	}
	word := p.words[0]
	p.words = p.words[1:]
	return word
}

func (p *filterParser) next(word string) bool {
	if len(p.words) > 0 && strings.EqualFold(p.words[0], word) {
		p.words = p.words[1:]
		return true
	}
	return false
}

func (p *filterParser) or() (filter, error) {
	left, err := p.and()
	for err == nil && p.next("or") {
		var right filter
		a := left
		right, err = p.and()
		left = func(get func(string) []string) bool { return a(get) || right(get) }
	}
	return left, err
}

func (p *filterParser) and() (filter, error) {
	left, err := p.term()
	for err == nil && p.next("and") {
		var right filter
		a := left
		right, err = p.term()
		left = func(get func(string) []string) bool { return a(get) && right(get) }
	}
	return left, err
}

func (p *filterParser) term() (filter, error) {
	if p.next("not") {
		inner, err := p.term()
		return func(get func(string) []string) bool { return !inner(get) }, err
	}
	if p.next("(") {
		inner, err := p.or()
		if err == nil && !p.next(")") {
			err = badFilter(p.text)
		}
		return inner, err
	}
	attribute, operator := p.take(), strings.ToLower(p.take())
	if !p.known[strings.ToLower(attribute)] {
		return nil, badFilter(p.text)
	}
	if operator == "pr" {
		return func(get func(string) []string) bool { return len(get(attribute)) > 0 }, nil
	}
	compare, ok := comparisons()[operator]
	value := p.take()
	if !ok || value == "" || (value[0] != '"' && value != "true" && value != "false") {
		return nil, badFilter(p.text)
	}
	value = strings.TrimPrefix(value, `"`)
	return func(get func(string) []string) bool {
		for _, have := range get(attribute) {
			if compare(have, value) {
				return true
			}
		}
		return false
	}, nil
}

func comparisons() map[string]func(have, value string) bool {
	return map[string]func(have, value string) bool{
		"eq": func(have, value string) bool { return have == value },
		"ne": func(have, value string) bool { return have != value },
		"sw": strings.HasPrefix,
		"co": strings.Contains,
		"gt": func(have, value string) bool { return have > value },
		"ge": func(have, value string) bool { return have >= value },
		"lt": func(have, value string) bool { return have < value },
		"le": func(have, value string) bool { return have <= value },
	}
}
