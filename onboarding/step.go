package onboarding

// Step is a named unit of the runbook: what a person sees in the CLI, in the UI and in the report.
type Step string

// The steps of a run.
const (
	StepPreflight      Step = "preflight"
	StepIdentityCenter Step = "identity-center"
	StepOktaApp        Step = "okta-app"
	StepSAMLExchange   Step = "saml-exchange"
	StepSCIM           Step = "scim"
	StepOktaGroups     Step = "okta-groups"
	StepDirectorySync  Step = "directory-sync"
	StepExecutionRole  Step = "execution-role"
	StepNetwork        Step = "network"
	StepDomain         Step = "domain"
	StepAccess         Step = "access"
	StepCanary         Step = "canary"
	StepVerify         Step = "verify"
	StepReport         Step = "report"
)

// Lane is a sequence of steps; the identity and the studio lane run side by side.
type Lane string

// The lanes of a run.
const (
	LaneMain     Lane = "main"
	LaneIdentity Lane = "identity"
	LaneStudio   Lane = "studio"
)

// StepInfo describes a step to a person.
type StepInfo struct {
	Step  Step
	Lane  Lane
	Title string
	// Skippable says whether later steps can work without it.
	Skippable bool
}

// Steps returns the runbook, in the order in which it is shown.
func Steps() []StepInfo {
	return []StepInfo{
		{StepPreflight, LaneMain, "Check credentials, accounts, Region, quotas, people", true},
		{StepIdentityCenter, LaneIdentity, "Identity Center instance", false},
		{StepOktaApp, LaneIdentity, "Okta app for Identity Center", false},
		{StepSAMLExchange, LaneIdentity, "SAML trust between Okta and Identity Center", false},
		{StepSCIM, LaneIdentity, "SCIM provisioning from Okta", false},
		{StepOktaGroups, LaneIdentity, "Assign people, push groups", false},
		{StepDirectorySync, LaneIdentity, "Everybody is in Identity Center", true},
		{StepExecutionRole, LaneStudio, "Execution roles", false},
		{StepNetwork, LaneStudio, "Network", false},
		{StepDomain, LaneStudio, "Studio domain", false},
		{StepAccess, LaneMain, "Assignments, profiles, roles", false},
		{StepCanary, LaneMain, "Let one person sign in", true},
		{StepVerify, LaneMain, "Read everything back, person by person", true},
		{StepReport, LaneMain, "Report", false},
	}
}

// StepInfoOf returns the description of a step, and false for an unknown one.
func StepInfoOf(step Step) (StepInfo, bool) {
	for _, info := range Steps() {
		if info.Step == step {
			return info, true
		}
	}
	return StepInfo{}, false
}
