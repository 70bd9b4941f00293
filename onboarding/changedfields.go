package onboarding

import (
	"reflect"
	"strings"
)

// ChangedFields are the fields in which two specs differ, as the file names them, such as access.groups; in the order of the spec.
func ChangedFields(before, after Spec) []string {
	return changedFields("", reflect.ValueOf(before), reflect.ValueOf(after))
}

func changedFields(path string, before, after reflect.Value) []string {
	if before.Kind() != reflect.Struct {
		if reflect.DeepEqual(before.Interface(), after.Interface()) {
			return nil
		}
		return []string{path}
	}
	var changed []string
	for i := range before.NumField() {
		name, _, _ := strings.Cut(before.Type().Field(i).Tag.Get("json"), ",")
		if path != "" {
			name = path + "." + name
		}
		changed = append(changed, changedFields(name, before.Field(i), after.Field(i))...)
	}
	return changed
}
