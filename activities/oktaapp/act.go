package oktaapp

import (
	"context"
	"errors"
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

// EnsureAppInput names the app. AppID is set when the operator chose among several.
type EnsureAppInput struct {
	Label string `json:"label"`
	AppID string `json:"appId,omitempty"`
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

// EnsureApp finds the app by ID or label, or creates it. Several of that label are for a person to choose from.
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
			found := describe(x.Okta.URL(), *app, in.Since)
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
	state, err := find(ctx, x.Okta, in.AppID)
	if err != nil {
		return EnsureAppResult{}, false, err
	}
	verdicts := Judge(onboarding.Spec{Okta: onboarding.OktaSpec{AppLabel: in.Label}}, state)
	if len(onboarding.Blocked(verdicts)) > 0 {
		class := fault.Invalid
		if in.AppID != "" && len(state.matching(in.Label)) == 0 {
			class = fault.NotFound
		}
		return EnsureAppResult{}, false, refuseAs(class, verdicts)
	}
	matches := state.matching(in.Label)
	for _, app := range matches {
		result.Candidates = append(result.Candidates, describe(x.Okta.URL(), app, in.Since))
	}
	if len(matches) == 1 {
		return EnsureAppResult{App: &result.Candidates[0]}, false, nil
	}
	return result, len(matches) == 0, nil
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
