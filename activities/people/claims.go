package people

import (
	"fmt"
	"strings"
)

// ViaPerson stands for the person's own entry among what gives them access, besides the names of groups.
const ViaPerson = "person"

// Claims are the execution roles that are asked for one person, in the order in which they count: the person's own entry, then
// the groups in the order of the spec. The first one counts.
type Claims struct {
	Role string
	// Via is what the role comes from: a group's name, or ViaPerson.
	Via string
	// Conflict says which role was chosen where several were asked for; empty where there was no choice.
	Conflict string
}

// Add is one more claim.
func (c *Claims) Add(via, role string) {
	switch {
	case c.Via == "":
		c.Via, c.Role = via, role
	case role != c.Role && c.Conflict == "":
		c.Conflict = RoleConflict(c.Via, c.Role, via, role)
	}
}

// RoleConflict says that the first of two claims counts.
func RoleConflict(via, role, otherVia, otherRole string) string {
	return fmt.Sprintf("%s asks for the execution role %s, %s for %s: the first one counts",
		source(via), RoleName(role), source(otherVia), RoleName(otherRole))
}

func source(by string) string {
	if by == ViaPerson {
		return "the person's own entry"
	}
	return fmt.Sprintf("the group %q", by)
}

// RoleName is the last part of a role's ARN.
func RoleName(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }
