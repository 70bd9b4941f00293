package workflows

import (
	"fmt"
	"slices"

	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities/identitycenter"
	"studio-onboarding/activities/oktaapp"
	"studio-onboarding/activities/survey"
	"studio-onboarding/activities/trust"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

const metadataDocument = "okta-metadata.xml"

// oktaApp finds or makes the app; among several only a person can choose.
func (r *run) oktaApp(ctx workflow.Context) (string, error) {
	var a *oktaapp.Activities
	in := oktaapp.EnsureAppInput{Label: r.spec.Okta.AppLabel, IdentityStoreID: r.instance.IdentityStoreID, Since: r.started}
	result, err := call(quickCall(ctx, "Find or create the Okta app "+r.spec.Okta.AppLabel), a.EnsureApp, in)
	if err != nil {
		return "", err
	}
	if result.App == nil {
		if result, err = r.choose(ctx, in, result.Candidates); err != nil {
			return "", err
		}
	}
	r.app = *result.App
	r.report.Addresses.OktaTile = r.app.Tile
	r.add("Okta app", r.app.Label, r.app.ID, r.app.Origin)
	return fmt.Sprintf("%s %s", r.app.Origin, r.app.ID), nil
}

// choose settles which of several apps it is: the one of the run before, or the one that a person chooses. A second app for an instance
// that has one takes a consent.
func (r *run) choose(ctx workflow.Context, in oktaapp.EnsureAppInput, candidates []oktaapp.OktaApp) (oktaapp.EnsureAppResult, error) {
	var a *oktaapp.Activities
	var result oktaapp.EnsureAppResult
	check := func(ctx workflow.Context, values map[string]string) (err error) {
		in.AppID, in.New = values[onboarding.ValueAppID], false
		if in.AppID == onboarding.AppNew {
			return nil
		}
		result, err = call(answerCheck(ctx, "Check the chosen app"), a.EnsureApp, in)
		if err == nil && result.App == nil {
			err = failure(string(fault.NotFound), onboarding.Failure{
				Reason: fmt.Sprintf("Okta has no app %s of the kind AWS IAM Identity Center.", in.AppID),
			})
		}
		return err
	}
	if i := slices.IndexFunc(candidates, r.knew); r.careful && i >= 0 {
		return result, check(ctx, map[string]string{onboarding.ValueAppID: candidates[i].ID})
	}
	req := r.chooseApp(candidates)
	req.check = check
	if err := r.ask(ctx, req, nil); err != nil {
		return result, err
	}
	second := slices.ContainsFunc(candidates, func(app oktaapp.OktaApp) bool {
		return app.ID != in.AppID && app.Belongs == onboarding.BelongsHere
	}) && (result.App == nil || result.App.Belongs != onboarding.BelongsHere)
	if r.careful && second {
		chosen := in.AppID
		if in.AppID == onboarding.AppNew {
			chosen = ""
		}
		if err := r.consent(ctx, onboarding.StepOktaApp, survey.ChangeApp, chosen); err != nil {
			return result, err
		}
	}
	if in.AppID == onboarding.AppNew {
		in.AppID, in.New = "", true
		return call(quickCall(ctx, "Create another Okta app "+in.Label), a.EnsureApp, in)
	}
	return result, nil
}

// knew says whether it is the app with which the run before was done, for the same instance.
func (r *run) knew(app oktaapp.OktaApp) bool {
	return r.known != nil && r.known.AppID == app.ID && r.known.IdentityStoreID == r.instance.IdentityStoreID
}

// samlExchange gives each side the other's values, once. Where others signed in to Identity Center before, it sees afterwards that they
// are still there.
func (r *run) samlExchange(ctx workflow.Context) (string, error) {
	if r.exchanged == "" {
		exchanged, err := r.exchange(ctx)
		if err != nil {
			return "", err
		}
		r.exchanged = exchanged
	}
	return r.exchanged, r.compareStock(ctx)
}

// exchange gives each side the other's values. Where trust is in place nobody is asked.
func (r *run) exchange(ctx workflow.Context) (string, error) {
	var app *oktaapp.Activities
	metadata, err := call(quickCall(ctx, "Fetch and check Okta's SAML metadata"), app.FetchIdPMetadata, oktaapp.AppInput{AppID: r.app.ID})
	if err != nil {
		return "", err
	}
	r.documents[metadataDocument] = metadata.XML
	r.expires(onboarding.SAMLCertificateExpiry(metadata.NotAfter))

	var a *trust.Activities
	in := trust.CheckServiceProviderInput{
		AppID: r.app.ID, Region: r.primaryRegion(), Instance: trust.Instance{IdentityStoreID: r.instance.IdentityStoreID},
	}
	var provider trust.ServiceProvider
	seen, err := r.seeTrust(ctx)
	if err != nil {
		return "", err
	}
	if seen.InPlace {
		in.Values = map[string]string{onboarding.ValueACSURL: r.app.ACSURL, onboarding.ValueIssuerURL: r.app.Issuer}
		provider, err = call(quickCall(ctx, "Check the values that the app already has"), a.CheckServiceProvider, in)
		if err != nil {
			return "", err
		}
	} else {
		if r.careful {
			if err := r.consent(ctx, onboarding.StepSAMLExchange, survey.ChangeSource, r.app.ID); err != nil {
				return "", err
			}
		}
		req := r.exchangeMetadata(seen.Fits)
		req.check = func(ctx workflow.Context, values map[string]string) error {
			if r.agreed[survey.ChangeSource] {
				if err := r.refreshInstance(ctx); err != nil {
					return err
				}
				in.Instance.IdentityStoreID = r.instance.IdentityStoreID
			}
			in.Values = values
			provider, err = call(answerCheck(ctx, "Check Identity Center's SAML values"), a.CheckServiceProvider, in)
			return err
		}
		if err := r.ask(ctx, req, nil); err != nil {
			return "", err
		}
	}
	written, err := call(quickCall(ctx, "Write Identity Center's values to the Okta app"), a.EstablishTrust,
		trust.TrustInput{AppID: r.app.ID, ServiceProvider: provider})
	if err != nil {
		return "", err
	}
	if r.careful {
		r.provisions = &written.Provisions
	}
	r.report.Addresses.AccessPortal = provider.PortalURL
	if !written.Changed && seen.Why != "" {
		return "the app has this instance's values, and " + seen.Why, nil
	} else if !written.Changed {
		return "the app already had Identity Center's values", nil
	}
	return "both sides have each other's values", nil
}

// seeTrust finds out whether trust is in place. Runs of before concluded it from any change of the identity source.
func (r *run) seeTrust(ctx workflow.Context) (trust.SeenTrust, error) {
	if r.app.ACSURL == "" || r.app.Issuer == "" {
		return trust.SeenTrust{}, nil
	}
	if r.careful {
		var a *trust.Activities
		return call(quickCall(ctx, "See whether Identity Center trusts the app already"), a.SeeTrust, trust.Where{
			IdentityCenter: r.spec.IdentityCenter, Region: r.primaryRegion(), IdentityStoreID: r.instance.IdentityStoreID, AppID: r.app.ID,
			Exchanged: r.knew(r.app),
		})
	}
	var center *identitycenter.Activities
	evidence, err := call(quickCall(ctx, "Look for the change of the identity source in CloudTrail"), center.FindSourceChange,
		identitycenter.InstanceInput{IdentityCenter: r.spec.IdentityCenter, Region: r.primaryRegion()})
	if err != nil || evidence.Event != "" {
		return trust.SeenTrust{InPlace: err == nil}, err
	}
	on, err := r.provisioningOn(ctx)
	return trust.SeenTrust{InPlace: on}, err
}
