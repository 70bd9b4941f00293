// Package trust looks after the SAML trust between the Okta app and Identity Center. AWS has no API for its side: a person uploads
// Okta's metadata there and gives the values that Okta's side needs. Which metadata Identity Center has no API tells either, so that
// trust is concluded from what ties the app to the instance, and called no more than that.
package trust

import (
	"context"
	"errors"
	"time"

	"studio-onboarding/activities/people"
	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

// Sources are what a look reads from.
type Sources struct {
	AWS  provider.AWS
	Okta provider.Okta
	// SignIns tells of people who signed in; nil where nobody looks.
	SignIns SignIns
}

// SignIns tells when somebody was last seen signing in to Identity Center through an Okta app.
type SignIns interface {
	// LastThrough is when a person of the app was last seen: in Okta's log with this app, and at about the same time, under the same
	// name, in CloudTrail. Zero where nobody was.
	LastThrough(ctx context.Context, where Where) (time.Time, error)
}

// Where names the app, and the instance that it may belong to.
type Where struct {
	IdentityCenter onboarding.AccountSpec `json:"identityCenter"`
	Region         string                 `json:"region"`
	// IdentityStoreID is the instance's; empty while there is none.
	IdentityStoreID string `json:"identityStoreId"`
	// AppID is empty while there is no app.
	AppID string `json:"appId"`
	// Exchanged says that a run before made the trust between these two.
	Exchanged bool `json:"exchanged,omitempty"`
}

// Look reads the app with what it knows of Identity Center and, where its values are the instance's, what ties the two together. The
// error is one worth another try.
func Look(ctx context.Context, from Sources, where Where) (State, error) {
	state := State{OrgURL: from.Okta.URL(), IdentityStoreID: where.IdentityStoreID, Region: where.Region, Exchanged: where.Exchanged}
	if where.AppID == "" {
		return state, nil
	}
	app, err := from.Okta.App(ctx, where.AppID)
	if err != nil {
		state.Trouble, err = provider.Trouble(err)
		return state, err
	}
	state.App = &app
	if !state.fits() || state.Exchanged {
		return state, nil
	}
	if app.Provisions() {
		state.Came, err = came(ctx, from, where)
		if state.CameTrouble, err = provider.Trouble(err); err != nil {
			return state, err
		}
	}
	if from.SignIns != nil && !state.Came {
		state.SignedIn, err = from.SignIns.LastThrough(ctx, where)
		state.SignInsTrouble, err = provider.Trouble(err)
	}
	return state, err
}

// samples is how many of the people whom Okta says that it brought are looked for in Identity Center.
const samples = 5

// came says whether people whom the app provisions are in the instance's directory: its provisioning ends there, and nowhere else.
func came(ctx context.Context, from Sources, where Where) (bool, error) {
	var brought []string
	enough := errors.New("enough people read")
	err := from.Okta.AppUsers(ctx, where.AppID, func(page []model.AppUser) error {
		for _, user := range page {
			if user.Provisioned() {
				brought = append(brought, user.ExternalID)
			}
			if len(brought) == samples {
				return enough
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, enough) || len(brought) == 0 {
		return false, err
	}
	store, err := people.OpenIdentityStore(ctx, from.AWS, where.IdentityCenter, where.Region, where.IdentityStoreID)
	if err != nil {
		return false, err
	}
	for _, id := range brought {
		_, there, err := store.User(ctx, id)
		if there || err != nil && fault.ClassOf(err) != fault.Invalid { // an ID of something else than this directory
			return there, err
		}
	}
	return false, nil
}
