package health

import (
	"context"
	"time"

	"studio-onboarding/activities/provider"
	"studio-onboarding/onboarding"
)

// Activities judge the connection.
type Activities struct {
	AWS     provider.AWS
	Okta    provider.Okta
	SCIM    provider.SCIM
	Secrets provider.Secrets
	// PlainHTTPHost is the only host on which a SCIM endpoint may be plain http: the simulated one. Empty for none.
	PlainHTTPHost string
}

// Input says whose connection. What has gone wrong since Since counts; zero means a day ago.
type Input struct {
	Handles onboarding.Handles `json:"handles"`
	Since   time.Time          `json:"since,omitzero"`
}

// JudgeConnection looks at everything between Okta and Studio once, and says what works no more, what will stop, and what could not
// be looked at, which is no error.
func (x *Activities) JudgeConnection(ctx context.Context, in Input) (onboarding.Health, error) {
	state, err := x.look(ctx, in, time.Now().UTC())
	if err != nil {
		return onboarding.Health{}, err
	}
	return Judge(in.Handles, state), nil
}
