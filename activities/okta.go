package activities

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/internal/saml"
	"studio-onboarding/onboarding"
)

// App looks after the "AWS IAM Identity Center" app in the Okta org and the SAML trust.
type App struct {
	Okta  Okta
	Waits Waits
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

// CheckServiceProviderInput carries the operator's values: three URLs, or AWS's metadata file with the portal URL.
type CheckServiceProviderInput struct {
	AppID    string            `json:"appId"`
	Region   string            `json:"region"`
	Instance Instance          `json:"instance"`
	Values   map[string]string `json:"values"`
}

// ServiceProvider are Identity Center's SAML values.
type ServiceProvider struct {
	ACSURL    string `json:"acsUrl"`
	Issuer    string `json:"issuer"`
	PortalURL string `json:"portalUrl"`
}

// TrustInput writes Identity Center's values to the app.
type TrustInput struct {
	AppID           string          `json:"appId"`
	ServiceProvider ServiceProvider `json:"serviceProvider"`
}

// TrustResult says whether the app had to be changed.
type TrustResult struct {
	Changed bool `json:"changed"`
}

const (
	appActive = "ACTIVE"
	modeSAML  = "SAML_2_0"

	// createdLag is how long a created app may still be answered with "not found".
	createdLag = 30 * time.Second
)

// findApp is the first half of EnsureApp, which changes nothing: found is false where the app is to be created.
func (x *App) findApp(ctx context.Context, in EnsureAppInput) (result EnsureAppResult, found bool, err error) {
	apps, err := x.Okta.Apps(ctx)
	if err != nil {
		return EnsureAppResult{}, false, err
	}
	matches := slices.DeleteFunc(slices.Clone(apps), func(app oktaorg.App) bool {
		if in.AppID != "" {
			return app.ID != in.AppID
		}
		return app.Label != in.Label
	})
	switch {
	case len(matches) > 1:
		for _, app := range matches {
			result.Candidates = append(result.Candidates, x.describe(app, in.Since))
		}
		return result, true, nil
	case len(matches) == 1:
		result, err = x.usable(matches[0], in.Since)
		return result, true, err
	case in.AppID != "":
		return EnsureAppResult{}, false, fault.New(fault.NotFound, "okta", "okta-app", "the org has no AWS IAM Identity Center app with the ID %q", in.AppID).
			WithRemedy("take the ID from the app's address in the Okta admin console: …/app/%s/instance/<ID>/", oktaorg.AppName)
	}
	return EnsureAppResult{}, false, nil
}

// EnsureApp finds the app by ID or label, or creates it. Several of that label are for a person to choose from.
func (x *App) EnsureApp(ctx context.Context, in EnsureAppInput) (EnsureAppResult, error) {
	const operation = "okta-app"
	if result, found, err := x.findApp(ctx, in); found || err != nil {
		return result, err
	}
	created, err := x.Okta.CreateApp(ctx, in.Label)
	if err != nil {
		return EnsureAppResult{}, x.afterLostCreate(err)
	}
	app := created
	err = settled(ctx, createdLag, x.Waits.Console/20, func() (bool, error) {
		app, err = x.Okta.App(ctx, created.ID)
		if fault.ClassOf(err) == fault.NotFound {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		return EnsureAppResult{}, err
	}
	if app.ID != created.ID {
		return EnsureAppResult{}, fault.New(fault.NotReady, "okta", operation, "the app %s was created, but Okta does not show it yet", created.ID).
			After(createdLag)
	}
	result, err := x.usable(app, in.Since)
	if result.App != nil {
		result.App.Origin = onboarding.OriginCreated
	}
	return result, err
}

// afterLostCreate puts the next attempt off when nobody knows whether the app was created: it looks for the app first, and
// has to see it.
func (x *App) afterLostCreate(err error) error {
	if f, ok := err.(*fault.Fault); ok && f.Class == fault.Unavailable && f.RetryAfter < x.Waits.Console {
		return f.After(x.Waits.Console)
	}
	return err
}

func (x *App) usable(app oktaorg.App, since time.Time) (EnsureAppResult, error) {
	const operation = "okta-app"
	found := x.describe(app, since)
	if app.Status != appActive {
		return EnsureAppResult{}, fault.New(fault.Invalid, "okta", operation, "the Okta app %q (%s) is %s", app.Label, app.ID, app.Status).
			WithRemedy("activate it in the Okta admin console (%s), or give okta.appLabel another value in the spec", found.AdminURL)
	}
	if app.SignOnMode != modeSAML {
		return EnsureAppResult{}, fault.New(fault.Invalid, "okta", operation, "the Okta app %q (%s) signs on by %q instead of SAML 2.0", app.Label, app.ID, app.SignOnMode).
			WithRemedy("choose SAML 2.0 on its Sign On tab (%s)", found.AdminURL)
	}
	return EnsureAppResult{App: &found}, nil
}

func (x *App) describe(app oktaorg.App, since time.Time) OktaApp {
	origin := onboarding.OriginAdopted
	// Okta's times may have been cut to seconds.
	if !since.IsZero() && !app.Created.Before(since.Truncate(time.Second)) {
		origin = onboarding.OriginCreated
	}
	return OktaApp{
		ID: app.ID, Label: app.Label, Origin: origin, Status: app.Status, ACSURL: app.ACSURL, Issuer: app.EntityID,
		Tile: app.Tile, AdminURL: adminURL(x.Okta.URL(), app.ID),
	}
}

// adminURL is the app's page in the Okta admin console, which lives on a host of its own except on custom domains.
func adminURL(org, appID string) string {
	base := org
	if u, err := url.Parse(org); err == nil {
		if name, domain, ok := strings.Cut(u.Host, "."); ok && strings.HasPrefix(domain, "okta") {
			base = u.Scheme + "://" + name + "-admin." + domain
		}
	}
	return base + "/admin/app/" + oktaorg.AppName + "/instance/" + url.PathEscape(appID) + "/"
}

// FetchIdPMetadata fetches Okta's metadata for the app and checks what Identity Center will check.
func (x *App) FetchIdPMetadata(ctx context.Context, in AppInput) (IdPMetadata, error) {
	const operation = "okta:GET /api/v1/apps/{id}/sso/saml/metadata"
	data, err := x.Okta.Metadata(ctx, in.AppID)
	if err != nil {
		return IdPMetadata{}, err
	}
	idp, err := saml.ParseIdP(data)
	if err != nil {
		return IdPMetadata{}, fault.New(fault.Invalid, "okta", operation, "Okta's metadata cannot be used: %v", err).
			WithRemedy("put it right under SAML Signing Certificates on the app's Sign On tab in the Okta admin console (%s), then retry", adminURL(x.Okta.URL(), in.AppID))
	}
	// The metadata is asked for by the active key, so that there is one certificate; where Okta shows several, sign-in works
	// as long as the one that lasts longest.
	var notAfter time.Time
	for _, certificate := range idp.Certificates {
		if certificate.NotAfter.After(notAfter) {
			notAfter = certificate.NotAfter
		}
	}
	return IdPMetadata{XML: string(data), EntityID: idp.EntityID, SignInURL: idp.SignInURL, NotAfter: notAfter.UTC()}, nil
}

// EstablishTrust writes Identity Center's values to the app, unless they are there, and reads them back.
func (x *App) EstablishTrust(ctx context.Context, in TrustInput) (TrustResult, error) {
	const operation = "okta:PUT /api/v1/apps/{id}"
	wanted := in.ServiceProvider
	before, err := x.Okta.App(ctx, in.AppID)
	if err != nil {
		return TrustResult{}, err
	}
	trusts := func(app oktaorg.App) bool { return app.ACSURL == wanted.ACSURL && app.EntityID == wanted.Issuer }
	if trusts(before) {
		return TrustResult{Changed: false}, nil
	}
	if err := x.Okta.SetServiceProvider(ctx, in.AppID, wanted.ACSURL, wanted.Issuer); err != nil {
		return TrustResult{}, err
	}
	after := before
	err = settled(ctx, createdLag, x.Waits.Console/20, func() (bool, error) {
		after, err = x.Okta.App(ctx, in.AppID)
		return trusts(after), err
	})
	if err != nil {
		return TrustResult{}, err
	}
	if !trusts(after) {
		return TrustResult{}, fault.New(fault.NotReady, "okta", operation, "Okta took the ACS URL and issuer URL, but does not show them yet").
			After(x.Waits.Console)
	}
	if after.KeyID != before.KeyID {
		return TrustResult{}, fault.New(fault.Invalid, "okta", operation, "the app's signing key changed from %s to %s while the URLs were written", before.KeyID, after.KeyID).
			WithRemedy("upload the app's current metadata in the Identity Center console again, then retry")
	}
	if lost := notIn(before.Features, after.Features); len(lost) > 0 {
		return TrustResult{}, fault.New(fault.Invalid, "okta", operation, "Okta switched off %s while the URLs were written", strings.Join(lost, ", ")).
			WithRemedy("switch it on again on the app's Provisioning tab (%s), then retry", adminURL(x.Okta.URL(), in.AppID))
	}
	return TrustResult{Changed: true}, nil
}

// notIn lists those of wanted that there does not have.
func notIn(wanted, there []string) []string {
	var lost []string
	for _, s := range wanted {
		if !slices.Contains(there, s) {
			lost = append(lost, s)
		}
	}
	return lost
}

// settled looks until done, an error or the end of the time, pausing between looks. The end of the time is no error: the
// caller has seen the last look.
func settled(ctx context.Context, within, pause time.Duration, look func() (done bool, err error)) error {
	deadline := time.Now().Add(within)
	for {
		done, err := look()
		if done || err != nil || time.Now().Add(pause).After(deadline) {
			return err
		}
		timer := time.NewTimer(max(pause, time.Millisecond))
		select {
		case <-ctx.Done():
			timer.Stop()
			return &fault.Fault{Class: fault.Unavailable, Provider: "worker", Message: fmt.Sprintf("stopped while waiting: %v", ctx.Err()), Err: ctx.Err()}
		case <-timer.C:
		}
	}
}
