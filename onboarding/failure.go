package onboarding

// Failure is why work failed: the first of the details of the application error that an activity, a workflow or an update fails
// with. The error's own message is the reason behind the operation, for those who read nothing else, such as Temporal's UI.
type Failure struct {
	// Provider is "aws", "okta", "scim" or "worker"; empty for a failure that the workflow itself found.
	Provider string `json:"provider,omitempty"`
	// Operation is the call that failed, such as "sagemaker:CreateDomain".
	Operation string `json:"operation,omitempty"`
	Reason    string `json:"reason"`
	// Remedy says what to do about it.
	Remedy string `json:"remedy,omitempty"`
	// Verdicts are those that block the step, where there are several; reason and remedy tell of all of them, too.
	Verdicts []Verdict `json:"verdicts,omitempty"`
	// People are those the work failed for; PeopleTotal counts all.
	People      []PersonException `json:"people,omitempty"`
	PeopleTotal int               `json:"peopleTotal,omitempty"`
}

// WithRemedy writes a reason and what to do about it in one line, for a terminal.
func WithRemedy(reason, remedy string) string {
	if remedy == "" {
		return reason
	}
	return reason + " → " + remedy
}
