package brokenworlds

import (
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// passingFaults are worlds that fail for a while, or for ever, at calls that are right.
func passingFaults() []row {
	passing := func(world string, faults ...sandbox.Fault) row {
		return row{world: world, mayFail: true, unseen: "it passes, and so does the run", breaks: func(s *site) { s.faults(faults...) }, fix: "nothing is to be done"}
	}
	// lasting stops at a step once the time for that kind of call is over.
	lasting := func(world string, stops onboarding.Step, fault sandbox.Fault, stop ...string) row {
		return row{world: world, unseen: "nobody can tell how long it lasts; the run tries again for minutes or hours, and then stops",
			breaks: func(s *site) { s.faults(fault) }, stops: stops, stop: stop,
			repair: func(s *site) { s.faults() }, fix: "wait until it is over, and retry"}
	}
	return []row{
		passing("AWS throttles everything for a while", sandbox.Fault{Service: "s*", Kind: sandbox.FaultThrottle, Times: 60}, sandbox.Fault{Service: "i*", Kind: sandbox.FaultThrottle, Times: 60}),
		passing("Okta throttles everything for a while", sandbox.Fault{Service: "okta", Kind: sandbox.FaultThrottle, Times: 5}),
		passing("Okta answers 503 with a web page for a while", sandbox.Fault{Service: "okta", Kind: sandbox.FaultHTML, Times: 40}),
		passing("SCIM throttles and fails for a while", sandbox.Fault{Service: "scim", Kind: sandbox.FaultThrottle, Times: 5}, sandbox.Fault{Service: "scim", Kind: sandbox.FaultError, Times: 3}),
		passing("every answer to a create is lost for a while",
			sandbox.Fault{Service: "sagemaker", Operation: "Create*", Kind: sandbox.FaultLostAnswer, Times: 6},
			sandbox.Fault{Service: "iam", Operation: "Create*", Kind: sandbox.FaultLostAnswer, Times: 6},
			sandbox.Fault{Service: "sso", Operation: "Create*", Kind: sandbox.FaultLostAnswer, Times: 6},
			sandbox.Fault{Service: "okta", Operation: "POST *", Kind: sandbox.FaultLostAnswer, Times: 6},
			sandbox.Fault{Service: "okta", Operation: "PUT *", Kind: sandbox.FaultLostAnswer, Times: 6}),
		passing("assignments are accepted and lost, for a while", sandbox.Fault{Service: "sso", Operation: "CreateApplicationAssignment", Kind: sandbox.FaultLostWrite, Times: 3}),
		passing("connections are cut before the answer, for a while", sandbox.Fault{Service: "s*", Kind: sandbox.FaultReset, Times: 40}),
		lasting("assignments are accepted and lost, for ever", onboarding.StepAccess,
			sandbox.Fault{Service: "sso", Operation: "CreateApplicationAssignment", Kind: sandbox.FaultLostWrite}, "assignment"),
		lasting("CreateDomain fails for ever", onboarding.StepDomain,
			sandbox.Fault{Service: "sagemaker", Operation: "CreateDomain", Kind: sandbox.FaultError}, "sagemaker:CreateDomain"),
		lasting("creating the app fails in Okta for ever", onboarding.StepOktaApp,
			sandbox.Fault{Service: "okta", Operation: "POST /api/v1/apps", Kind: sandbox.FaultError}, "POST /api/v1/apps", "status.okta.com"),
		lasting("an assignment conflicts for ever", onboarding.StepAccess,
			sandbox.Fault{Service: "sso", Operation: "CreateApplicationAssignment", Kind: sandbox.FaultConflict}, "sso:CreateApplicationAssignment"),
		lasting("SageMaker throttles profiles for ever", onboarding.StepAccess,
			sandbox.Fault{Service: "sagemaker", Operation: "CreateUserProfile", Kind: sandbox.FaultThrottle}, "sagemaker:CreateUserProfile"),
	}
}
