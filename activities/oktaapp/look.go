// Package oktaapp looks after the app "AWS IAM Identity Center" in the Okta org: the one that belongs to the organization's instance is
// found by its entity ID, whatever its label; one that belongs to none by its label; or it is made.
package oktaapp

import (
	"context"
	"time"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/internal/saml"
	"studio-onboarding/onboarding"
)

// Look reads the org's apps of the kind, and what a run depends on of the one that it would use. storeID is the identity store of the
// organization's instance, empty while there is none. The error is one worth another try.
func Look(ctx context.Context, okta provider.Okta, spec onboarding.Spec, storeID string) (State, error) {
	state, err := find(ctx, okta, "", storeID)
	if err != nil {
		trouble, err := provider.Trouble(err)
		return State{OrgURL: okta.URL(), Trouble: trouble, Undecided: true}, err
	}
	state.choose(spec.Okta.AppLabel)
	if state.App == nil {
		return state, nil
	}
	metadata, err := lookMetadata(ctx, okta, state.App.ID)
	if err != nil {
		if state.MetadataTrouble, err = provider.Trouble(err); err != nil {
			return State{}, err
		}
	} else {
		state.Metadata = &metadata
	}
	_, err = okta.ProvisioningFailures(ctx, state.App.ID, state.Now.Add(-time.Minute), state.Now, 1)
	state.LogTrouble, err = provider.Trouble(err)
	return state, err
}

// find reads what EnsureApp needs, and nothing else.
func find(ctx context.Context, okta provider.Okta, chosen, storeID string) (State, error) {
	apps, err := okta.Apps(ctx)
	return State{OrgURL: okta.URL(), Apps: apps, Chosen: chosen, IdentityStoreID: storeID, Now: time.Now()}, err
}

// choose fills in which app the run uses.
func (s *State) choose(label string) {
	s.App, s.Undecided = nil, false
	matches := s.matching(label)
	if len(matches) == 1 && unusable(s.OrgURL, matches[0]) == nil {
		s.App = &matches[0]
	}
	s.Undecided = s.App == nil && (len(matches) > 0 || s.Chosen != "" || len(s.strangers(label)) > 0)
}

// lookMetadata reads Okta's metadata for the app, and what Identity Center would not accept about it.
func lookMetadata(ctx context.Context, okta provider.Okta, appID string) (Metadata, error) {
	data, err := okta.Metadata(ctx, appID)
	if err != nil {
		return Metadata{}, err
	}
	idp, err := saml.ParseIdP(data)
	if err != nil {
		return Metadata{Wrong: err.Error()}, nil
	}
	metadata := Metadata{IdPMetadata: IdPMetadata{XML: string(data), EntityID: idp.EntityID, SignInURL: idp.SignInURL}}
	// The metadata is asked for by the active key, so that there is one certificate; where Okta shows several, sign-in works
	// as long as the one that lasts longest.
	for _, certificate := range idp.Certificates {
		if certificate.NotAfter.After(metadata.NotAfter) {
			metadata.NotAfter = certificate.NotAfter.UTC()
		}
	}
	return metadata, nil
}

// describe is the app as a run knows it. Since is when the run began: an app created after it is one that the run made.
func (s State) describe(app model.App, since time.Time) OktaApp {
	origin := onboarding.OriginAdopted
	if madeSince(app, since) {
		origin = onboarding.OriginCreated
	}
	return OktaApp{
		ID: app.ID, Label: app.Label, Origin: origin, Status: app.Status, ACSURL: app.ACSURL, Issuer: app.EntityID,
		Tile: app.Tile, AdminURL: model.AdminURL(s.OrgURL, app.ID), Belongs: s.Belongs(app),
	}
}

// madeSince says whether the app was made after the run began. Okta's times may have been cut to seconds.
func madeSince(app model.App, since time.Time) bool {
	return !since.IsZero() && !app.Created.Before(since.Truncate(time.Second))
}

// assigned counts the people who are assigned to the app; nil where that may not be read.
func assigned(ctx context.Context, okta provider.Okta, appID string) (*int, error) {
	n := 0
	err := okta.AppUsers(ctx, appID, func(page []model.AppUser) error {
		n += len(page)
		return nil
	})
	if err != nil {
		_, err := provider.Trouble(err)
		return nil, err
	}
	return &n, nil
}
