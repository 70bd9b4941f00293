package main

import (
	"fmt"
	"slices"
	"strings"

	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// audit is what the call log of a simulated world says about how a run went about its work.
type audit struct {
	Calls, Writes int
	Violations    []string
}

func (a audit) String() string {
	text := fmt.Sprintf("%d calls to Okta and AWS, %d of them writes: ", a.Calls, a.Writes)
	if len(a.Violations) == 0 {
		return text + "nothing created twice, no profile before its assignment, every write read back"
	}
	return fmt.Sprintf("%s%d violations", text, len(a.Violations))
}

// write is an operation that changes something.
type write struct {
	service, operation string
	// identity are the parameters that say which thing it makes; empty where it makes none.
	identity []string
	// readBy are the operations that show what became of it.
	readBy []read
}

// read is an operation of the same service. same maps parameters of the write to those of the read that must be equal.
type read struct {
	operation string
	same      map[string]string
}

// writes are the operations with which the product changes Okta and AWS. Any other one is a violation, so that a new one
// is not forgotten here.
func writes() []write {
	by := func(operation string, parameters ...string) read {
		r := read{operation: operation, same: map[string]string{}}
		for _, parameter := range parameters {
			mine, theirs, renamed := strings.Cut(parameter, "=")
			if !renamed {
				theirs = mine
			}
			r.same[mine] = theirs
		}
		return r
	}
	const (
		app      = "/api/v1/apps/{id}"
		mappings = app + "/group-push/mappings"
	)
	profile := []read{by("DescribeUserProfile", "UserProfileName"), by("ListUserProfiles", "DomainId=DomainIdEquals")}
	assignment := []read{by("ListApplicationAssignments", "ApplicationArn"), by("DescribeApplicationAssignment", "ApplicationArn", "PrincipalId")}
	mapping := []read{by("GET "+mappings, "id"), by("GET "+mappings+"/{mappingId}", "id")}
	return []write{
		{"iam", "CreateRole", []string{"RoleName"}, []read{by("GetRole", "RoleName")}},
		{"iam", "TagRole", nil, []read{by("GetRole", "RoleName")}},
		{"iam", "AttachRolePolicy", nil, []read{by("ListAttachedRolePolicies", "RoleName")}},
		{"sagemaker", "CreateDomain", []string{"DomainName"}, []read{by("DescribeDomain")}},
		{"sagemaker", "UpdateDomain", nil, []read{by("DescribeDomain", "DomainId")}},
		{"sagemaker", "DeleteDomain", nil, []read{by("DescribeDomain", "DomainId"), by("ListDomains")}},
		{"sagemaker", "CreateUserProfile", []string{"DomainId", "SingleSignOnUserValue"}, profile},
		{"sagemaker", "UpdateUserProfile", nil, profile},
		{"sagemaker", "DeleteUserProfile", nil, profile},
		{"sagemaker", "AddTags", nil, []read{by("ListTags", "ResourceArn")}},
		{"sso", "CreateApplicationAssignment", []string{"ApplicationArn", "PrincipalType", "PrincipalId"}, assignment},
		{"sso", "DeleteApplicationAssignment", nil, assignment},
		{"okta", "POST /api/v1/apps", []string{"label"}, []read{by("GET "+app, "id"), by("GET /api/v1/apps")}},
		{"okta", "PUT " + app, nil, []read{by("GET "+app, "id")}},
		{"okta", "POST " + app + "/lifecycle/activate", nil, []read{by("GET "+app, "id")}},
		{"okta", "POST " + app + "/connections/default", nil, []read{by("GET "+app+"/connections/default", "id"), by("GET "+app, "id")}},
		{"okta", "PUT " + app + "/groups/{groupId}", []string{"id", "groupId"}, []read{by("GET "+app+"/groups", "id"), by("GET "+app+"/groups/{groupId}", "id", "groupId")}},
		{"okta", "POST " + app + "/users", []string{"id", "userId"}, []read{by("GET "+app+"/users", "id"), by("GET "+app+"/users/{userId}", "id", "userId")}},
		{"okta", "POST " + mappings, []string{"id", "sourceGroupId"}, mapping},
		{"okta", "PATCH " + mappings + "/{mappingId}", nil, mapping},
		{"okta", "DELETE " + mappings + "/{mappingId}", nil, mapping},
	}
}

// auditCalls reads the call log for what must never happen: something created twice, a profile made before its person was
// assigned, a write that nobody read back. What the simulated Okta and people in consoles did is not the product's.
func auditCalls(calls []sandbox.Call, report onboarding.Report, people []onboarding.PersonRecord) audit {
	var a audit
	violate := func(format string, args ...any) { a.Violations = append(a.Violations, fmt.Sprintf(format, args...)) }
	known := writes()
	made := make(map[string]bool)
	for i, call := range calls {
		if call.Service == "scim" || call.Service == "console" {
			continue
		}
		a.Calls++
		if call.Effect == "" || call.Effect == "none" {
			continue
		}
		a.Writes++
		index := slices.IndexFunc(known, func(w write) bool { return w.service == call.Service && w.operation == call.Operation })
		if index < 0 {
			violate("%s %s is a write that the audit does not know", call.Service, call.Operation)
			continue
		}
		w := known[index]
		if call.Effect == "created" && w.identity != nil {
			key := identity(w, call)
			if made[key] {
				violate("created twice: %s", key)
			}
			made[key] = true
		}
		if call.Effect == "deleted" {
			// What was deleted may be made again; which of the things it was, its other names don't say.
			clear(made)
		}
		if !slices.ContainsFunc(calls[i+1:], func(later sandbox.Call) bool { return w.readBack(call, later) }) {
			violate("never read back: %s %s %v", call.Service, call.Operation, call.Params)
		}
	}
	for _, late := range profilesBeforeAssignments(calls, report, people) {
		violate("profile %s was made before its person was assigned", late)
	}
	return a
}

func identity(w write, call sandbox.Call) string {
	parts := []string{call.Account, w.service, w.operation}
	for _, name := range w.identity {
		parts = append(parts, name+"="+call.Params[name])
	}
	return strings.Join(parts, " ")
}

func (w write) readBack(call, later sandbox.Call) bool {
	if later.Service != w.service || later.Status/100 != 2 && later.Status != 404 {
		return false
	}
	return slices.ContainsFunc(w.readBy, func(r read) bool {
		if later.Operation != r.operation {
			return false
		}
		for mine, theirs := range r.same {
			if call.Params[mine] != later.Params[theirs] {
				return false
			}
		}
		return true
	})
}

// profilesBeforeAssignments names the profiles that were made before any assignment of their person, directly or through a
// group. An assignment that the log doesn't know had been there before.
func profilesBeforeAssignments(calls []sandbox.Call, report onboarding.Report, people []onboarding.PersonRecord) []string {
	groups := make(map[string]string)
	for _, group := range report.Groups {
		groups[group.Name] = group.GroupID
	}
	assigned := make(map[string]int)
	for i, call := range calls {
		if call.Operation == "CreateApplicationAssignment" && call.Effect == "created" {
			if _, twice := assigned[call.Params["PrincipalId"]]; !twice {
				assigned[call.Params["PrincipalId"]] = i
			}
		}
	}
	profiles := make(map[string]int)
	for i, call := range calls {
		if call.Operation == "CreateUserProfile" && call.Effect == "created" {
			profiles[call.Params["UserProfileName"]] = i
		}
	}
	var late []string
	for _, person := range people {
		at, ours := profiles[person.Profile]
		if !ours {
			continue
		}
		principals := []string{person.UserID}
		for _, via := range person.Via {
			if id, ok := groups[via]; ok {
				principals = append(principals, id)
			}
		}
		inTime := slices.ContainsFunc(principals, func(principal string) bool {
			when, ok := assigned[principal]
			return ok && when < at
		})
		before := slices.ContainsFunc(principals[1:], func(principal string) bool {
			_, ok := assigned[principal]
			return !ok
		})
		if !inTime && !before {
			late = append(late, person.Profile)
		}
	}
	slices.Sort(late)
	return late
}
