// Package trust looks after the SAML trust between the Okta app and Identity Center. AWS has no API for its side: a person uploads
// Okta's metadata there and gives the values that Okta's side needs.
package trust

import (
	"context"

	"studio-onboarding/activities/provider"
)

// Look reads the app with what it knows of Identity Center. appID is empty where there is no app yet. Undecided, IdentityStoreID
// and what CloudTrail shows are for the caller to fill in. The error is one worth another try.
func Look(ctx context.Context, okta provider.Okta, appID string) (State, error) {
	state := State{OrgURL: okta.URL()}
	if appID == "" {
		return state, nil
	}
	app, err := okta.App(ctx, appID)
	if err != nil {
		state.Trouble, err = provider.Trouble(err)
		return state, err
	}
	state.App = &app
	return state, nil
}
