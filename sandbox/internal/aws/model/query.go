package model

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
)

// ParseForm turns the form of a query-protocol request into the same tree that JSON services receive.
func (s *Service) ParseForm(operation string, form url.Values) (map[string]any, error) {
	name := s.Operations[operation]
	if name == "" {
		return map[string]any{}, nil
	}
	value, err := s.parse(s.Shapes[name], "", form)
	if err != nil {
		return nil, err
	}
	if value == nil {
		return map[string]any{}, nil
	}
	return value.(map[string]any), nil
}

// parse returns nil when the form has nothing at that name.
func (s *Service) parse(shape *Shape, at string, form url.Values) (any, error) {
	switch shape.Type {
	case "structure":
		object := map[string]any{}
		for name, member := range shape.Members {
			value, err := s.parse(s.Shapes[member.Shape], dotted(at, s.wireName(name, member)), form)
			if err != nil {
				return nil, err
			}
			if value != nil {
				object[name] = value
			}
		}
		if len(object) == 0 && at != "" {
			return nil, nil
		}
		return object, nil
	case "list":
		if s.Protocol == Query && !shape.Flattened {
			at = dotted(at, "member")
		}
		var list []any
		for i := 1; present(form, dotted(at, strconv.Itoa(i))); i++ {
			value, err := s.parse(s.Shapes[shape.Member.Shape], dotted(at, strconv.Itoa(i)), form)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		if list == nil {
			return nil, nil
		}
		return list, nil
	default:
		if !form.Has(at) {
			return nil, nil
		}
		return scalar(shape, at, form.Get(at))
	}
}

func scalar(shape *Shape, at, text string) (any, error) {
	switch shape.Type {
	case "boolean":
		value, err := strconv.ParseBool(text)
		if err != nil {
			return nil, &TypeError{Path: at, Want: "Boolean"}
		}
		return value, nil
	case "integer", "long", "float", "double":
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return nil, &TypeError{Path: at, Want: "Number"}
		}
		return json.Number(text), nil
	default:
		return text, nil
	}
}

// wireName is how a member is called in a form; EC2 capitalizes the location name.
func (s *Service) wireName(name string, member Member) string {
	switch {
	case s.Protocol == EC2 && member.QueryName != "":
		return member.QueryName
	case s.Protocol == EC2 && member.LocationName != "":
		return strings.ToUpper(member.LocationName[:1]) + member.LocationName[1:]
	case s.Protocol == Query && member.LocationName != "":
		return member.LocationName
	default:
		return name
	}
}

func present(form url.Values, at string) bool {
	if form.Has(at) {
		return true
	}
	for name := range form {
		if strings.HasPrefix(name, at+".") {
			return true
		}
	}
	return false
}

func dotted(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}
