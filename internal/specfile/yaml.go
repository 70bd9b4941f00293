package specfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	// maxSpecBytes is far above any spec a person writes, and low enough to parse whatever was given by mistake.
	maxSpecBytes = 1 << 20
	// maxSpecValues bounds what aliases can multiply.
	maxSpecValues = 100_000
)

// specSource is a spec file as a tree of plain values, together with where each of them stands.
type specSource struct {
	// root is nil when the file could not be read as one mapping at all.
	root     *yaml.Node
	value    any
	places   map[string]place
	findings []Finding
	faulty   map[string]bool
	count    int
	open     []*yaml.Node
}

// place is where a value stands: its key, where it is a field, and the value itself.
type place struct{ key, value *yaml.Node }

// readSpec parses the file. Whatever YAML allows but a spec does not is a finding.
func readSpec(data []byte) *specSource {
	s := &specSource{places: map[string]place{}, faulty: map[string]bool{}}
	if len(data) > maxSpecBytes {
		s.whole(1, "has %d bytes, which no spec needs; is this the right file?", "", len(data))
		return s
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		s.whole(1, "is empty", topFields)
		return s
	case err != nil:
		s.syntax(data, err)
		return s
	}
	if err := decoder.Decode(&second); err == nil {
		s.whole(second.Line, "a second document begins here; a spec file has one, so put each spec into a file of its own", "")
	} else if !errors.Is(err, io.EOF) {
		s.syntax(data, err)
	}

	root := document.Content[0]
	switch {
	case root.Kind == yaml.ScalarNode && root.ShortTag() == "!!null":
		s.whole(root.Line, "is empty", topFields)
		return s
	case root.Kind != yaml.MappingNode:
		s.whole(root.Line, "the file is %s, but a spec is a set of fields", topFields, kindName(root))
		return s
	}
	s.root = root
	s.value = s.convert(nil, place{value: root})
	return s
}

const topFields = "fields such as name, region, okta and access"

func (s *specSource) whole(line int, message, accepted string, args ...any) {
	if len(args) > 0 {
		message = fmt.Sprintf(message, args...)
	}
	s.findings = append(s.findings, Finding{Line: max(line, 1), Column: 1, Message: message, Accepted: accepted})
}

// syntax turns "yaml: line 3: found ..." into a finding at that line.
func (s *specSource) syntax(data []byte, err error) {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 1
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		if number, message, ok := strings.Cut(rest, ": "); ok {
			if n, err := strconv.Atoi(number); err == nil {
				line, text = n, message
				if countsFromZero(text) {
					line++
				}
			}
		}
	}
	lines := bytes.Split(data, []byte("\n"))
	for i := max(line-2, 0); i < min(line+1, len(lines)); i++ {
		if indent := lines[i][:len(lines[i])-len(bytes.TrimLeft(lines[i], " \t"))]; bytes.ContainsRune(indent, '\t') {
			s.whole(i+1, "is indented with a tab, which YAML does not allow; indent with spaces", "")
			return
		}
	}
	s.whole(line, "is not YAML: "+text, "")
}

// countsFromZero: the parser behind the YAML library counts lines from zero in the errors of its second stage, these.
func countsFromZero(message string) bool {
	expected, ok := strings.CutPrefix(message, "did not find expected ")
	return ok && slices.Contains([]string{"<document start>", "node content", "'-' indicator", "key", "',' or ']'", "',' or '}'"}, expected)
}

// convert turns a node into plain values: map[string]any, []any, string, int64, float64, bool or nil.
func (s *specSource) convert(path []string, at place) any {
	s.places[pathKey(path)] = at
	if s.count++; s.count > maxSpecValues {
		if s.count == maxSpecValues+1 {
			s.add(path, fmt.Sprintf("is where the file grows above %d values; its aliases multiply each other", maxSpecValues), "")
		}
		return nil
	}
	node := at.value
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if slices.Contains(s.open, node) {
		s.add(path, "refers to itself with *"+at.value.Value, "")
		return nil
	}
	s.open = append(s.open, node)
	defer func() { s.open = s.open[:len(s.open)-1] }()

	switch node.Kind {
	case yaml.MappingNode:
		return s.convertMapping(path, node)
	case yaml.SequenceNode:
		list := make([]any, len(node.Content))
		for i, item := range node.Content {
			list[i] = s.convert(join(path, strconv.Itoa(i)), place{value: item})
		}
		return list
	}
	switch tag := node.ShortTag(); tag {
	case "!!str":
		return node.Value
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(node.Value, "true")
	case "!!int":
		var number int64
		if err := node.Decode(&number); err != nil {
			return 0.5 // beyond 64 bits, so that no whole number fits
		}
		return number
	case "!!float", "!!timestamp":
		// Only the kind counts: no field is one, and what is said about it quotes the file.
		return 0.5
	default:
		s.add(path, fmt.Sprintf("has the YAML tag %s, which means nothing in a spec; remove it", tag), "")
		return nil
	}
}

func (s *specSource) convertMapping(path []string, node *yaml.Node) any {
	fields := map[string]any{}
	first := map[string]int{}
	var merged []*yaml.Node
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			s.findings = append(s.findings, Finding{Line: key.Line, Column: key.Column, Field: s.name(path), Message: "a field's name must be text"})
			continue
		}
		if key.ShortTag() == "!!merge" {
			merged = append(merged, value)
			continue
		}
		inner := join(path, key.Value)
		if line, twice := first[key.Value]; twice {
			s.findings = append(s.findings, Finding{Line: key.Line, Column: key.Column, Field: s.name(inner),
				Message: fmt.Sprintf("is given twice; the first is on line %d", line)})
			continue
		}
		first[key.Value] = key.Line
		fields[key.Value] = s.convert(inner, place{key: key, value: value})
	}
	for _, value := range merged {
		s.merge(path, fields, value)
	}
	return fields
}

// merge carries out "<<: *defaults": fields that are not there yet come from the alias.
func (s *specSource) merge(path []string, fields map[string]any, value *yaml.Node) {
	node := value
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	switch {
	case node.Kind == yaml.SequenceNode:
		for _, item := range node.Content {
			s.merge(path, fields, item)
		}
	case node.Kind != yaml.MappingNode || slices.Contains(s.open, node):
		s.findings = append(s.findings, Finding{Line: value.Line, Column: value.Column, Field: s.name(path),
			Message: "<< merges a set of fields that is defined elsewhere, such as <<: *defaults"})
	default:
		s.open = append(s.open, node)
		defer func() { s.open = s.open[:len(s.open)-1] }()
		for i := 0; i+1 < len(node.Content); i += 2 {
			key, inner := node.Content[i], node.Content[i+1]
			if key.ShortTag() == "!!merge" {
				s.merge(path, fields, inner)
			} else if _, there := fields[key.Value]; !there && key.Kind == yaml.ScalarNode {
				fields[key.Value] = s.convert(join(path, key.Value), place{key: key, value: inner})
			}
		}
	}
}

// add records a finding about the value at path, at most one for each path.
func (s *specSource) add(path []string, message, accepted string) {
	line, column := s.position(path)
	s.addAt(line, column, path, message, accepted)
}

// addAtKey records a finding about a field's name rather than its value.
func (s *specSource) addAtKey(path []string, message, accepted string) {
	line, column := s.position(path)
	if key := s.places[pathKey(path)].key; key != nil {
		line, column = key.Line, key.Column
	}
	s.addAt(line, column, path, message, accepted)
}

func (s *specSource) addAt(line, column int, path []string, message, accepted string) {
	key := pathKey(path)
	if !s.faulty[key] {
		s.faulty[key] = true
		s.findings = append(s.findings, Finding{Line: line, Column: column, Field: s.name(path), Message: message, Accepted: accepted})
	}
}

// position is where a scalar or list entry stands, the name of the field for lists and sets of fields, and the nearest
// thing around it for a value that is missing.
func (s *specSource) position(path []string) (line, column int) {
	for i := len(path); i >= 0; i-- {
		at, ok := s.places[pathKey(path[:i])]
		switch {
		case !ok:
		case at.key != nil && (i < len(path) || at.value.Kind != yaml.ScalarNode):
			return at.key.Line, at.key.Column
		default:
			return at.value.Line, at.value.Column
		}
	}
	return 1, 1
}

// name writes a path as access.groups[0].name.
func (s *specSource) name(path []string) string {
	var b strings.Builder
	for i, element := range path {
		parent := s.places[pathKey(path[:i])].value
		if parent != nil && parent.Kind == yaml.AliasNode {
			parent = parent.Alias
		}
		switch {
		case parent != nil && parent.Kind == yaml.SequenceNode:
			b.WriteString("[" + element + "]")
		case i > 0:
			b.WriteString("." + element)
		default:
			b.WriteString(element)
		}
	}
	return b.String()
}

func kindName(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a set of fields"
	case yaml.SequenceNode:
		return "a list"
	}
	switch node.ShortTag() {
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "true or false"
	case "!!timestamp":
		return "a date"
	}
	return "text"
}

func pathKey(path []string) string {
	var b strings.Builder
	for _, element := range path {
		b.WriteString("\x00" + element)
	}
	return b.String()
}

// join never shares the array of path, which siblings extend too.
func join(path []string, element string) []string { return append(slices.Clone(path), element) }

// node is the YAML node of the value at path, behind any alias; nil when there is none.
func (s *specSource) node(path []string) *yaml.Node {
	node := s.places[pathKey(path)].value
	if node != nil && node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

// has says whether the file gives a value at path, right or wrong.
func (s *specSource) has(path ...string) bool {
	_, ok := s.places[pathKey(path)]
	return ok
}

// at is the value at path, nil when there is none.
func (s *specSource) at(path []string) any {
	value := s.value
	for _, element := range path {
		value = child(value, element)
	}
	return value
}

// clear takes a value of the wrong kind out of the tree, keeping the places of its siblings.
func (s *specSource) clear(path []string) {
	if len(path) == 0 {
		return
	}
	last := path[len(path)-1]
	switch parent := s.at(path[:len(path)-1]).(type) {
	case map[string]any:
		delete(parent, last)
	case []any:
		if i, err := strconv.Atoi(last); err == nil && i < len(parent) {
			parent[i] = nil
		}
	}
}

func child(value any, element string) any {
	switch value := value.(type) {
	case map[string]any:
		return value[element]
	case []any:
		if i, err := strconv.Atoi(element); err == nil && i < len(value) {
			return value[i]
		}
	}
	return nil
}
