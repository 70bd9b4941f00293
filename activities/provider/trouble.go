package provider

import (
	"errors"
	"strings"

	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// Trouble turns the error of a look into what its judge has to say, where the look failed for good. A fault that is worth
// another try, and an error that is none, is handed back for the activity to fail with. Without an error both are nil.
func Trouble(err error) (*onboarding.Trouble, error) {
	var f *fault.Fault
	if !errors.As(err, &f) || f.Class.Retryable() {
		return nil, err
	}
	return &onboarding.Trouble{Class: string(f.Class), Operation: f.Operation, Message: f.Message, Whole: f.NamesOperation(),
		Remedy: f.Remedy}, nil
}

// Refuse is the fault of an activity whose judge says that a person has to do something first; nil where nothing is blocked.
// Operation is the call that showed it ("sagemaker:DescribeDomain").
func Refuse(verdicts []onboarding.Verdict, name, operation string) error {
	blocked := onboarding.Blocked(verdicts)
	if len(blocked) == 0 {
		return nil
	}
	var reasons, remedies []string
	for _, verdict := range blocked {
		reasons = append(reasons, verdict.Reason)
		if remedy := verdict.Remedy; remedy != "" && (len(remedies) == 0 || remedies[len(remedies)-1] != remedy) {
			remedies = append(remedies, remedy)
		}
	}
	refused := fault.New(fault.Invalid, name, operation, "%s", strings.Join(reasons, " ")).WithRemedy("%s", strings.Join(remedies, " "))
	refused.Whole = true
	if len(blocked) > 1 {
		refused.Details = blocked
	}
	return refused
}

// AboutRole recognises SageMaker's texts for a role that it cannot assume: "The execution role ARN is invalid" and "Could not
// assume role … its trust relationship policy allows the action 'sts:AssumeRole'". The exception has no code of its own.
func AboutRole(err error) bool {
	text := strings.ToLower(err.Error())
	return strings.Contains(text, "execution role") || strings.Contains(text, "assume") && strings.Contains(text, "role")
}
