package oktaapp

import (
	"context"
	"errors"
	"slices"
	"time"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

// Activities find or make the app, and hand out its metadata.
type Activities struct {
	Okta  provider.Okta
	Waits provider.Waits
}

// EnsureAppInput names the app.
type EnsureAppInput struct {
	Label string `json:"label"`
	// IdentityStoreID is that of the organization's instance, by which the app that belongs to it is known.
	IdentityStoreID string `json:"identityStoreId,omitempty"`
	// AppID is set when the operator chose among several, and New when they want another one made beside those.
	AppID string `json:"appId,omitempty"`
	New   bool   `json:"new,omitempty"`
	// Since is when the run started: an app created after it is one the run made.
	Since time.Time `json:"since"`
}

// OktaApp is an instance of amazon_aws_sso.
type OktaApp struct {
	ID       string            `json:"id"`
	Label    string            `json:"label"`
	Origin   onboarding.Origin `json:"origin"`
	Status   string            `json:"status"`
	ACSURL   string            `json:"acsUrl,omitempty"`
	Issuer   string            `json:"issuer,omitempty"`
	Tile     string            `json:"tile,omitempty"`
	AdminURL string            `json:"adminUrl"`
	// Belongs says to which instance of Identity Center it belongs. People are how many are assigned to it: counted only where a
	// person has to choose, and nil where that may not be read.
	Belongs onboarding.Belonging `json:"belongs,omitempty"`
	People  *int                 `json:"people,omitempty"`
}

// EnsureAppResult has either App, or several Candidates among which only a person can choose.
type EnsureAppResult struct {
	App        *OktaApp  `json:"app,omitempty"`
	Candidates []OktaApp `json:"candidates,omitempty"`
}

// AppInput names an app by ID.
type AppInput struct {
	AppID string `json:"appId"`
}

// IdPMetadata is Okta's SAML metadata for the app, checked.
type IdPMetadata struct {
	XML       string    `json:"xml"`
	EntityID  string    `json:"entityId"`
	SignInURL string    `json:"signInUrl"`
	NotAfter  time.Time `json:"notAfter"`
}

const (
	operation         = "okta-app"
	metadataOperation = "okta:GET /api/v1/apps/{id}/sso/saml/metadata"

	// creations is how often the app is created at most while Okta says that it was, and shows none.
	creations = 2
)

// EnsureApp finds the app by ID, by the instance that it belongs to, or by its label; or creates it. Among several that could be the
// one a person has to choose. Class Invalid where the only one of the label belongs to another instance.
func (x *Activities) EnsureApp(ctx context.Context, in EnsureAppInput) (EnsureAppResult, error) {
	result, missing, err := x.find(ctx, in)
	if err != nil || !missing {
		return result, err
	}
	for range creations {
		created, err := x.Okta.CreateApp(ctx, in.Label)
		if err != nil {
			return EnsureAppResult{}, x.afterLostCreate(err)
		}
		app, err := x.appeared(ctx, created.ID)
		if err != nil {
			return EnsureAppResult{}, err
		}
		if app != nil {
			if err := refuse(unusable(x.Okta.URL(), *app)); err != nil {
				return EnsureAppResult{}, err
			}
			found := State{OrgURL: x.Okta.URL(), IdentityStoreID: in.IdentityStoreID}.describe(*app, in.Since)
			found.Origin = onboarding.OriginCreated
			return EnsureAppResult{App: &found}, nil
		}
		// It is looked for by its label as well before another one is made: there must never be two.
		if result, missing, err := x.find(ctx, in); err != nil || !missing {
			return result, err
		}
	}
	return EnsureAppResult{}, fault.New(fault.NotReady, "okta", operation, "the app %q was created, but Okta does not show it yet", in.Label).
		After(x.Waits.Console)
}

// find is the looking half: missing is true where the app is to be created.
func (x *Activities) find(ctx context.Context, in EnsureAppInput) (result EnsureAppResult, missing bool, err error) {
	state, err := find(ctx, x.Okta, in.AppID, in.IdentityStoreID)
	if err != nil {
		return EnsureAppResult{}, false, err
	}
	if in.New {
		state.keepNew(in)
	}
	verdicts := Judge(onboarding.Spec{Okta: onboarding.OktaSpec{AppLabel: in.Label}}, state)
	if len(onboarding.Blocked(verdicts)) > 0 {
		class := fault.Invalid
		if in.AppID != "" && len(state.matching(in.Label))+len(state.strangers(in.Label)) == 0 {
			class = fault.NotFound
		}
		return EnsureAppResult{}, false, refuseAs(class, verdicts)
	}
	matches := state.matching(in.Label)
	for _, app := range matches {
		result.Candidates = append(result.Candidates, state.describe(app, in.Since))
	}
	if len(matches) == 1 {
		return EnsureAppResult{App: &result.Candidates[0]}, false, nil
	}
	for i := range result.Candidates {
		if result.Candidates[i].People, err = assigned(ctx, x.Okta, result.Candidates[i].ID); err != nil {
			return EnsureAppResult{}, false, err
		}
	}
	return result, len(matches) == 0, nil
}

// keepNew forgets the apps that were there before: a new one is wanted, and the one that an attempt before made is it.
func (s *State) keepNew(in EnsureAppInput) {
	s.Apps = slices.DeleteFunc(s.Apps, func(app model.App) bool {
		return !madeSince(app, in.Since) || app.Label != in.Label || s.Belongs(app) != onboarding.BelongsNowhere
	})
}

// appeared waits for a created app: reads may answer that there is none for up to half a minute.
func (x *Activities) appeared(ctx context.Context, id string) (*model.App, error) {
	var app *model.App
	err := provider.LookUntil(ctx, x.Waits.Appearing(), x.Waits.Console/20, func() (bool, error) {
		seen, err := x.Okta.App(ctx, id)
		if fault.ClassOf(err) == fault.NotFound {
			return false, nil
		}
		if err == nil {
			app = &seen
		}
		return err == nil, err
	})
	return app, err
}

// afterLostCreate puts the next attempt off when nobody knows whether the app was created: it looks for the app first, and
// has to see it.
func (x *Activities) afterLostCreate(err error) error {
	var f *fault.Fault
	if errors.As(err, &f) && f.Class == fault.Unavailable && f.RetryAfter < x.Waits.Console {
		return f.After(x.Waits.Console)
	}
	return err
}

// FetchIdPMetadata fetches Okta's metadata for the app and checks what Identity Center will check.
func (x *Activities) FetchIdPMetadata(ctx context.Context, in AppInput) (IdPMetadata, error) {
	metadata, err := lookMetadata(ctx, x.Okta, in.AppID)
	if err != nil {
		return IdPMetadata{}, err
	}
	judged := judgeMetadata(State{OrgURL: x.Okta.URL(), Metadata: &metadata, Now: time.Now()}, in.AppID, "")
	if err := provider.Refuse([]onboarding.Verdict{judged}, "okta", metadataOperation); err != nil {
		return IdPMetadata{}, err
	}
	return metadata.IdPMetadata, nil
}

func refuse(wrong *onboarding.Verdict) error {
	if wrong == nil {
		return nil
	}
	return provider.Refuse([]onboarding.Verdict{*wrong}, "okta", operation)
}

// refuseAs is provider.Refuse with another class.
func refuseAs(class fault.Class, verdicts []onboarding.Verdict) error {
	err := provider.Refuse(verdicts, "okta", operation)
	var f *fault.Fault
	if errors.As(err, &f) {
		f.Class = class
	}
	return err
}
