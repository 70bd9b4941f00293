package specfile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"studio-onboarding/onboarding"
)

// checkRules checks what a schema cannot say: rules between fields. Fields of the wrong kind are empty in spec, so a rule
// about a field's presence asks the source.
func checkRules(spec onboarding.Spec, source *specSource) {
	c := ruleCheck{spec: spec, source: source}
	c.accounts()
	c.roles()
	c.network()
	c.keys()
	c.idle()
	c.storage()
	c.access()
	c.canary()
	c.guard()
	c.operator()
}

type ruleCheck struct {
	spec   onboarding.Spec
	source *specSource
}

// wrong records a finding; path elements are field names and list indices.
func (c ruleCheck) wrong(path []string, accepted, format string, args ...any) {
	c.source.add(path, fmt.Sprintf(format, args...), accepted)
}

// accounts: a role lies in the account of its side, and in the partition of the Region.
func (c ruleCheck) accounts() {
	for _, side := range []struct {
		name string
		spec onboarding.AccountSpec
	}{{"identityCenter", c.spec.IdentityCenter}, {"studio", c.spec.Studio}} {
		path := []string{side.name, "assumeRole"}
		account := arnPart(side.spec.AssumeRole, arnAccount)
		if account != "" && side.spec.Account != "" && account != side.spec.Account {
			c.wrong(path, "", "is a role of account %s, but %s.account is %s", account, side.name, side.spec.Account)
		}
		c.partition(path, side.spec.AssumeRole)
	}
}

// roles: an execution role lies in the account of the domain.
func (c ruleCheck) roles() {
	c.role([]string{"domain", "executionRole"}, c.spec.Domain.ExecutionRole)
	for i, group := range c.spec.Access.Groups {
		c.role([]string{"access", "groups", strconv.Itoa(i), "executionRole"}, group.ExecutionRole)
	}
	for i, person := range c.spec.Access.People {
		c.role([]string{"access", "people", strconv.Itoa(i), "executionRole"}, person.ExecutionRole)
	}
}

func (c ruleCheck) role(path []string, role string) {
	account, studio := arnPart(role, arnAccount), c.spec.Studio.Account
	if studio == "" {
		studio = arnPart(c.spec.Studio.AssumeRole, arnAccount)
	}
	if account != "" && studio != "" && account != studio {
		c.wrong(path, "", "is a role of account %s, but the domain is in %s; SageMaker takes roles of its own account only", account, studio)
	}
	c.partition(path, role)
}

// partition: cn- and us-gov- Regions have ARNs of their own.
func (c ruleCheck) partition(path []string, arn string) {
	got, want := arnPart(arn, arnPartition), onboarding.PartitionOf(c.spec.Region).ID
	if got != "" && c.spec.Region != "" && got != want {
		c.wrong(path, "arn:"+want+":...", "begins with arn:%s, but ARNs in %s begin with arn:%s", got, c.spec.Region, want)
	}
}

// network: a VPC and its subnets are named together; apps that only reach the VPC need a prepared one.
func (c ruleCheck) network() {
	has := func(field string) bool { return c.source.has("domain", "network", field) }
	network := c.spec.Domain.Network
	at := func(field string) []string { return []string{"domain", "network", field} }
	vpcOnly := network.Access == onboarding.NetworkVPCOnly
	if has("vpc") && (!has("subnets") || c.emptyList(at("subnets"))) {
		c.wrong(at("subnets"), "1 to 16 subnet IDs of that VPC", "is missing; with a vpc its subnets must be named too")
	}
	if !has("vpc") {
		const missing = "is missing; %s belong to a VPC, which must be named too"
		switch {
		case vpcOnly:
			c.wrong(at("vpc"), "a VPC ID such as vpc-0abc1234def567890",
				"is missing; access: vpc-only needs a VPC whose subnets have NAT or the VPC endpoints of SageMaker, which the default VPC has not")
		case has("subnets"):
			c.wrong(at("vpc"), "a VPC ID such as vpc-0abc1234def567890", missing, "subnets")
		case has("securityGroups"):
			c.wrong(at("vpc"), "a VPC ID such as vpc-0abc1234def567890", missing, "security groups")
		}
	}
	if vpcOnly && (!has("securityGroups") || c.emptyList(at("securityGroups"))) {
		c.wrong(at("securityGroups"), "1 to 4 security group IDs of the VPC", "is missing; access: vpc-only needs security groups for the apps")
	}
}

// keys: SageMaker takes keys of its own Region only.
func (c ruleCheck) keys() {
	keys := map[string]string{"domain.kmsKey": c.spec.Domain.KMSKey}
	if sharing := c.spec.Domain.NotebookSharing; sharing != nil {
		keys["domain.notebookSharing.kmsKey"] = sharing.KMSKey
	}
	for field, key := range keys {
		region := arnPart(key, arnRegion)
		if region != "" && c.spec.Region != "" && region != c.spec.Region {
			c.wrong(strings.Split(field, "."), "a key in "+c.spec.Region, "is a key in %s, but the domain is in %s", region, c.spec.Region)
		}
	}
}

// idle: what AWS takes (SageMaker API Reference, IdleSettings).
func (c ruleCheck) idle() {
	after, on := c.spec.Domain.IdleAfter()
	if on && (after < time.Hour || after > 365*24*time.Hour || after%time.Minute != 0) {
		c.wrong([]string{"domain", "idleShutdown"}, "whole minutes from 1h to 365d, or disabled",
			"%q is no time after which SageMaker shuts apps down",
			c.spec.Domain.IdleShutdown)
	}
}

// storage: a new space does not begin with more than it may have.
func (c ruleCheck) storage() {
	if storage := c.spec.Domain.SpaceStorage; storage != nil && storage.Maximum > 0 && storage.Default > storage.Maximum {
		c.wrong([]string{"domain", "spaceStorage", "default"}, fmt.Sprintf("at most %d", storage.Maximum),
			"%d GB is more than the maximum of %d GB",
			storage.Default, storage.Maximum)
	}
}

// access: somebody can sign in, nobody is listed twice, and the assignment group is not pushed.
func (c ruleCheck) access() {
	nobody := func(field string) bool {
		path := []string{"access", field}
		return !c.source.has(path...) || c.emptyList(path)
	}
	if c.source.node([]string{"access"}) != nil && !c.source.faulty[pathKey([]string{"access"})] && nobody("groups") && nobody("people") {
		c.wrong([]string{"access"}, "at least one entry in groups or people", "lets nobody in")
	}
	groups := map[string]int{}
	for i, group := range c.spec.Access.Groups {
		path := []string{"access", "groups", strconv.Itoa(i), "name"}
		switch first, twice := groups[group.Name]; {
		case group.Name == "":
		case twice:
			c.wrong(path, "", "%q is listed twice; it is access.groups[%d] already", group.Name, first)
		case group.Name == c.spec.Okta.AssignmentGroup:
			c.wrong(path, "", "%q is okta.assignmentGroup too; Okta does not support one group for assignment and push, so use a second "+
				"group for one of them", group.Name)
		default:
			groups[group.Name] = i
		}
	}
	people := map[string]int{}
	for i, person := range c.spec.Access.People {
		login := strings.ToLower(person.Login)
		switch first, twice := people[login]; {
		case login == "":
		case twice:
			c.wrong([]string{"access", "people", strconv.Itoa(i), "login"}, "",
				"%q is listed twice; it is access.people[%d] already (case does not count)", person.Login, first)
		default:
			people[login] = i
		}
	}
}

// canary: one person or one of the access groups, and there is one where the others follow it.
func (c ruleCheck) canary() {
	path := []string{"access", "canary"}
	canary := c.spec.Access.Canary
	switch {
	case canary == nil && c.spec.Access.Rollout == onboarding.RolloutCanaryFirst:
		c.wrong([]string{"access", "rollout"}, "everybody, or canary-first together with access.canary",
			"there is no canary whom the others follow")
	case canary == nil || c.source.faulty[pathKey(path)]:
	case canary.Person == "" && canary.Group == "" && !c.source.has(append(path, "person")...) && !c.source.has(append(path, "group")...):
		c.wrong(path, "person or group", "names nobody")
	case canary.Person != "" && canary.Group != "":
		c.wrong(path, "person or group", "names both a person and a group; one of them is enough")
	case canary.Group != "" && !slices.ContainsFunc(c.spec.Access.Groups,
		func(g onboarding.GroupAccessSpec) bool { return g.Name == canary.Group }):
		c.wrong(append(path, "group"), "one of access.groups", "%q has no access", canary.Group)
	case canary.Person != "" && len(c.spec.Access.Groups) == 0 && !slices.ContainsFunc(c.spec.Access.People,
		func(p onboarding.PersonAccessSpec) bool { return strings.EqualFold(p.Login, canary.Person) }):
		c.wrong(append(path, "person"), "one of access.people, where there are no groups", "%q has no access", canary.Person)
	}
}

// guard: a window is long enough to count small steps together, and a quarantine ends some day.
func (c ruleCheck) guard() {
	at := func(field string) (onboarding.Duration, bool) {
		text, given := c.source.at([]string{"access", "guard", field}).(string)
		d, err := onboarding.ParseDuration(text)
		return d, given && err == nil
	}
	const day = 24 * time.Hour
	if window, given := at("window"); given && (window.Std() < time.Hour || window.Std() > 90*day) {
		c.wrong([]string{"access", "guard", "window"}, "a duration from 1h to 90d", "%s is no time over which people are counted", window)
	}
	if quarantine, given := at("quarantine"); given && quarantine.Std() > 365*day {
		c.wrong([]string{"access", "guard", "quarantine"}, "a duration of at most 365d", "%s is too long", quarantine)
	}
}

// operator: there is time for at least one reminder.
func (c ruleCheck) operator() {
	remind, deadline := c.spec.Operator.RemindEvery, c.spec.Operator.Deadline
	for _, field := range []struct {
		name  string
		value onboarding.Duration
	}{{"remindEvery", remind}, {"deadline", deadline}} {
		// A zero in the file has become the default by now; the file knows.
		path := []string{"operator", field.name}
		if text, ok := c.source.at(path).(string); ok {
			if d, err := onboarding.ParseDuration(text); err == nil && d <= 0 {
				c.wrong(path, "a duration such as 30m, 4h or 14d", "must be longer than nothing")
				return
			}
		}
	}
	if remind.Std() < onboarding.MinRemindEvery {
		c.wrong([]string{"operator", "remindEvery"}, "a duration of at least 10m such as 4h", "%s is too short: each reminder leaves a trace in "+
			"the history of a run that may wait for weeks", remind)
		return
	}
	if deadline <= remind {
		path := []string{"operator", "deadline"}
		if !c.source.has(path...) {
			path = []string{"operator", "remindEvery"}
		}
		c.wrong(path, "", "the deadline (%s) must be longer than the pause between reminders (%s)", deadline, remind)
	}
}

// emptyList says whether the file gives a list without entries; anything of another kind has its own finding.
func (c ruleCheck) emptyList(path []string) bool {
	list, ok := c.source.at(path).([]any)
	return ok && len(list) == 0
}

// The parts of an ARN (IAM User Guide, "Amazon Resource Names").
const (
	arnPartition = 1
	arnRegion    = 3
	arnAccount   = 4
)

// arnPart returns a part of an ARN, and nothing of what is none.
func arnPart(arn string, part int) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return ""
	}
	return parts[part]
}
