package main

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

const member = "222222222222"

func made(service, operation string, params ...string) sandbox.Call {
	return sandbox.Call{Account: member, Service: service, Operation: operation, Params: pairs(params), Write: true, Effect: "created", Status: 200}
}

func seen(service, operation string, params ...string) sandbox.Call {
	return sandbox.Call{Account: member, Service: service, Operation: operation, Params: pairs(params), Status: 200}
}

func pairs(list []string) map[string]string {
	params := make(map[string]string)
	for pair := range slices.Chunk(list, 2) {
		params[pair[0]] = pair[1]
	}
	return params
}

// goodRun assigns a group, makes a profile for one of its members, and looks at both.
func goodRun() ([]sandbox.Call, onboarding.Report, []onboarding.PersonRecord) {
	calls := []sandbox.Call{
		made("console", "enable-identity-center"),
		made("scim", "POST /Users"),
		seen("okta", "GET /api/v1/apps"),
		made("okta", "POST /api/v1/apps", "id", "0oa1", "label", "AWS"),
		seen("okta", "GET /api/v1/apps/{id}", "id", "0oa1"),
		made("sso", "CreateApplicationAssignment", "ApplicationArn", "apl", "PrincipalType", "GROUP", "PrincipalId", "g-1"),
		seen("sso", "ListApplicationAssignments", "ApplicationArn", "apl"),
		made("sagemaker", "CreateUserProfile", "DomainId", "d-1", "UserProfileName", "ada", "SingleSignOnUserValue", "ada@example.com"),
		seen("sagemaker", "ListUserProfiles", "DomainIdEquals", "d-1"),
	}
	report := onboarding.Report{Groups: []onboarding.GroupAccess{{Name: "users", GroupID: "g-1"}}}
	people := []onboarding.PersonRecord{{Person: "ada@example.com", Ready: true, UserID: "u-1", Profile: "ada", Via: []string{"users"}}}
	return calls, report, people
}

func TestAnOrderlyRunHasNoViolations(t *testing.T) {
	a := auditCalls(goodRun())
	require.Empty(t, a.Violations)
	require.Equal(t, "7 calls to Okta and AWS, 3 of them writes: nothing created twice, no profile before its assignment, every write read back", a.String())
}

func TestViolationsInTheCallLog(t *testing.T) {
	for name, test := range map[string]struct {
		change func([]sandbox.Call) []sandbox.Call
		says   string
	}{
		"a profile is made twice": {
			func(calls []sandbox.Call) []sandbox.Call { return slices.Insert(calls, 8, calls[7]) }, "created twice",
		},
		"an app is made twice under different IDs": {
			func(calls []sandbox.Call) []sandbox.Call {
				return slices.Insert(calls, 4, made("okta", "POST /api/v1/apps", "id", "0oa1", "label", "AWS"))
			}, "created twice",
		},
		"nobody looks at the profile": {
			func(calls []sandbox.Call) []sandbox.Call { return calls[:8] }, "never read back: sagemaker CreateUserProfile",
		},
		"somebody looks at another app": {
			func(calls []sandbox.Call) []sandbox.Call {
				calls[4].Params["id"] = "0oa2"
				return calls
			}, "never read back: okta POST /api/v1/apps",
		},
		"the look was refused": {
			func(calls []sandbox.Call) []sandbox.Call {
				calls[8].Status = 400
				return calls
			}, "never read back: sagemaker CreateUserProfile",
		},
		"the profile comes before the assignment": {
			func(calls []sandbox.Call) []sandbox.Call {
				late := slices.Clone(calls[5:7])
				return slices.Concat(calls[:5], calls[7:], late)
			}, "profile ada was made before its person was assigned",
		},
		"a write of a kind that nobody has thought of": {
			func(calls []sandbox.Call) []sandbox.Call { return append(calls, made("ec2", "CreateVpc")) }, "ec2 CreateVpc",
		},
	} {
		t.Run(name, func(t *testing.T) {
			calls, report, people := goodRun()
			a := auditCalls(test.change(calls), report, people)
			require.NotEmpty(t, a.Violations)
			require.Contains(t, a.Violations[0], test.says)
		})
	}
}

func TestWhatWasDeletedMayBeMadeAgain(t *testing.T) {
	calls, report, people := goodRun()
	domain := made("sagemaker", "CreateDomain", "DomainName", "data-science")
	gone := sandbox.Call{Account: member, Service: "sagemaker", Operation: "DeleteDomain", Params: map[string]string{"DomainId": "d-0"}, Write: true, Effect: "deleted", Status: 200}
	look := seen("sagemaker", "DescribeDomain", "DomainId", "d-0")
	calls = append([]sandbox.Call{domain, look, gone, look, domain, look}, calls...)
	require.Empty(t, auditCalls(calls, report, people).Violations)
}

func TestAnAssignmentFromBeforeTheRunCounts(t *testing.T) {
	calls, report, people := goodRun()
	calls = slices.Delete(calls, 5, 6)
	require.Empty(t, auditCalls(calls, report, people).Violations)
}
