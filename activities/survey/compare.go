package survey

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"studio-onboarding/onboarding"
)

// Missing counts what was there before a change and is not any more.
type Missing struct {
	Users        int `json:"users,omitempty"`
	Accounts     int `json:"accountAssignments,omitempty"`
	Applications int `json:"applicationAssignments,omitempty"`
	Okta         int `json:"oktaAssignments,omitempty"`
	// Unread are the parts that could not be looked at again.
	Unread []string `json:"unread,omitempty"`
}

// Nothing says that everybody and everything is still there, and was looked at.
func (m Missing) Nothing() bool { return m.Users+m.Accounts+m.Applications+m.Okta+len(m.Unread) == 0 }

// String says it in a sentence each.
func (m Missing) String() string {
	var all []string
	for _, one := range []struct {
		n         int
		one, many string
	}{
		{m.Users, "user who was enabled", "users who were enabled"},
		{m.Accounts, "assignment of a permission set", "assignments of permission sets"},
		{m.Applications, "assignment of an application", "assignments of applications"},
		{m.Okta, "assignment to another Okta app", "assignments to other Okta apps"},
	} {
		if one.n > 0 {
			all = append(all, plural(one.n, one.one, one.many))
		}
	}
	text := ""
	if len(all) > 0 {
		text = "No longer there after the change: " + strings.Join(all, ", ") + "."
	}
	if len(m.Unread) > 0 {
		text += " Not looked at again, as it could not be read: " + strings.Join(m.Unread, ", ") + "."
	}
	return strings.TrimSpace(text)
}

// comparison looks for what was there before in what is there now.
type comparison struct {
	now     map[record]bool
	unread  map[string]bool
	missing Missing
	rows    [][]string
}

func compareWith(now State, exceptApp string) *comparison {
	c := &comparison{now: map[record]bool{}, unread: map[string]bool{
		recordUser: now.UsersTrouble != nil, recordAccount: now.PermissionSetsTrouble != nil, recordApplication: now.ApplicationsTrouble != nil,
		recordOkta: now.AppsTrouble != nil,
	}}
	if now.UsersTrouble != nil || now.GroupsTrouble != nil {
		// Without names nobody could tell one principal from another.
		c.unread[recordAccount], c.unread[recordApplication] = true, true
	}
	for _, app := range now.Apps {
		c.unread[recordOkta] = c.unread[recordOkta] || app.Trouble != nil
	}
	for one := range now.records(exceptApp) {
		c.now[one] = true
	}
	return c
}

// line looks for one record, as the pack has it.
func (c *comparison) line(text string) error {
	var before record
	if err := json.Unmarshal([]byte(text), &before); err != nil {
		return fmt.Errorf("a record of the rollback pack cannot be read: %w", err)
	}
	if c.unread[before.Kind] {
		// What could not be read before has no records, and is not missed now.
		if kind := before.Kind + "s"; !slices.Contains(c.missing.Unread, kind) {
			c.missing.Unread = append(c.missing.Unread, kind)
		}
		return nil
	}
	if c.now[before] {
		return nil
	}
	switch before.Kind {
	case recordUser:
		c.missing.Users++
	case recordAccount:
		c.missing.Accounts++
	case recordApplication:
		c.missing.Applications++
	case recordOkta:
		c.missing.Okta++
	}
	c.rows = append(c.rows, []string{before.Kind, before.Key, before.Name})
	return nil
}

// lines are the file of what is missing.
func (c *comparison) lines() []onboarding.PackLine {
	return chunks(missingFile, table([]string{"kind", "what", "who"}, c.rows))
}
