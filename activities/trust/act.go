package trust

import (
	"context"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

// Activities see whether trust is in place, check Identity Center's values and write them to the app.
type Activities struct {
	AWS   provider.AWS
	Okta  provider.Okta
	Waits provider.Waits
	// SignIns tells of people who signed in; nil where nobody looks.
	SignIns SignIns
}

// SeenTrust says whether trust is in place. Where it is not, Fits says that the app has this instance's values all the same.
type SeenTrust struct {
	InPlace bool `json:"inPlace"`
	Fits    bool `json:"fits,omitempty"`
	// Why says what ties the app to the instance.
	Why string `json:"why,omitempty"`
}

// SeeTrust finds out whether trust is in place. What ties the app to the instance and may not be read ties nothing.
func (x *Activities) SeeTrust(ctx context.Context, in Where) (SeenTrust, error) {
	state, err := Look(ctx, Sources{AWS: x.AWS, Okta: x.Okta, SignIns: x.SignIns}, in)
	if err != nil {
		return SeenTrust{}, err
	}
	if state.Trouble != nil {
		return SeenTrust{}, provider.Refuse(Judge(onboarding.Spec{}, state), "okta", "okta:GET /api/v1/apps/{id}")
	}
	seen := SeenTrust{InPlace: state.InPlace(), Fits: state.fits()}
	if seen.InPlace {
		seen.Why = state.tie()
	}
	return seen, nil
}

// Instance is what the values are compared with.
type Instance struct {
	IdentityStoreID string `json:"identityStoreId"`
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

// TrustResult says whether the app had to be changed, and whether provisioning was switched on in it when it was read back.
type TrustResult struct {
	Changed    bool `json:"changed"`
	Provisions bool `json:"provisions,omitempty"`
}

const (
	checkOperation = "saml-exchange"
	writeOperation = "okta:PUT /api/v1/apps/{id}"
)

// CheckServiceProvider checks the values that the operator copied from the Identity Center console: three addresses, or AWS's
// metadata file with the portal's address, which may be left out. Everything wrong with them is class Invalid, with a
// message that the operator can act on.
func (x *Activities) CheckServiceProvider(_ context.Context, in CheckServiceProviderInput) (ServiceProvider, error) {
	values, wrong := CheckValues(x.Okta.URL(), in.Region, in.Instance.IdentityStoreID, in.Values)
	if wrong != nil {
		return ServiceProvider{}, provider.Refuse([]onboarding.Verdict{*wrong}, "aws", checkOperation)
	}
	return values, nil
}

// EstablishTrust writes Identity Center's values to the app, unless they are there, and reads them back: a write that Okta took
// and does not show is made again.
func (x *Activities) EstablishTrust(ctx context.Context, in TrustInput) (TrustResult, error) {
	wanted := in.ServiceProvider
	before, err := x.Okta.App(ctx, in.AppID)
	if err != nil {
		return TrustResult{}, err
	}
	after := before
	unseen := func(app model.App) []ServiceProvider {
		if trusts(app, wanted) {
			return nil
		}
		return []ServiceProvider{wanted}
	}
	left, err := provider.WriteUntilSeen(ctx, x.Waits, unseen(before),
		func(ctx context.Context, sp ServiceProvider) error {
			return x.Okta.SetServiceProvider(ctx, in.AppID, sp.ACSURL, sp.Issuer)
		},
		func(ctx context.Context) ([]ServiceProvider, error) {
			after, err = x.Okta.App(ctx, in.AppID)
			return unseen(after), err
		})
	if err != nil {
		return TrustResult{}, err
	}
	if len(left) > 0 {
		return TrustResult{}, fault.New(fault.NotReady, "okta", writeOperation,
			"Okta took the ACS URL and issuer URL, but does not show them yet").
			After(x.Waits.Console)
	}
	if err := provider.Refuse(damage(x.Okta.URL(), before, after), "okta", writeOperation); err != nil {
		return TrustResult{}, err
	}
	return TrustResult{Changed: !trusts(before, wanted), Provisions: after.Provisions()}, nil
}
