package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities/identitycenter"
	"studio-onboarding/activities/oktaapp"
	"studio-onboarding/activities/provisioning"
	"studio-onboarding/onboarding"
)

// The requests hold what a person needs to act: why, which console and account, the clicks in order, what to paste, and
// how the run goes on. Console paths follow the AWS page "Configure SAML and SCIM with Okta and IAM Identity Center".

func (r *run) enableInstance(managementAccount string) *request {
	return &request{Request: onboarding.Request{
		Step:  onboarding.StepIdentityCenter,
		Title: "Enable IAM Identity Center in " + r.spec.Region,
		Why: "The organization has no Identity Center instance, Studio needs one in its own Region, and AWS offers no API to " +
			"enable it in the management account.",
		Console: fmt.Sprintf("AWS console, management account %s, Region %s", managementAccount, r.spec.Region),
		URL:     r.identityCenterURL(""),
		Clicks: []string{
			"Sign in to the management account " + managementAccount + " as an administrator.",
			"Choose the Region " + r.spec.Region + " at the top right. It can't be changed afterwards.",
			"Open IAM Identity Center and choose Enable.",
			"Choose to enable it with AWS Organizations (an organization instance, not an account instance).",
		},
		Detection: "The run looks every few seconds and goes on when the instance is active.",
	}}
}

// awaitRegion is for somebody who already began to extend the instance: there is nothing to click, and a deadline all the same.
func (r *run) awaitRegion(managementAccount string, instance identitycenter.Instance) *request {
	return &request{Request: onboarding.Request{
		Step:    onboarding.StepIdentityCenter,
		Title:   "Wait until IAM Identity Center is extended to " + r.spec.Region,
		Why:     fmt.Sprintf("The instance %s is being extended to %s, and Studio can use it there afterwards.", instance.ARN, r.spec.Region),
		Console: fmt.Sprintf("AWS console, management account %s, Region %s", managementAccount, instance.PrimaryRegion),
		URL:     onboarding.IdentityCenterURL(instance.PrimaryRegion, "/settings"),
		Clicks: []string{
			"Nothing needs to be done. IAM Identity Center, Settings, shows the Region's status.",
		},
		Detection: "The run looks every few seconds and goes on when the Region is active.",
	}}
}

func (r *run) chooseApp(candidates []oktaapp.OktaApp) *request {
	req := &request{Request: onboarding.Request{
		Step:  onboarding.StepOktaApp,
		Title: "Choose the Okta app",
		Why: fmt.Sprintf("Several apps in Okta could be the one for this organization, and a wrong choice would break another "+
			"one's sign-in (label %q).", r.spec.Okta.AppLabel),
		Console: "Okta admin console",
		URL:     r.oktaURL,
		Clicks: []string{"Look at the apps below and choose the one that this organization's Identity Center trusts today, or that has no " +
			"values yet. With " + onboarding.AppNew + " in place of an ID the run makes another one."},
		Needs:   []onboarding.Need{{Name: onboarding.ValueAppID, Label: "ID of the app (0oa…), or " + onboarding.AppNew}},
		Command: fmt.Sprintf("starter provide %s %s --%s 0oa…", r.spec.Name, onboarding.StepOktaApp, onboarding.ValueAppID),
	}}
	for _, app := range candidates {
		acs := app.ACSURL
		if acs == "" {
			acs = "no ACS URL yet"
		}
		about := []string{app.Status, acs}
		if app.Belongs != "" {
			about = append(about, "belongs to "+string(app.Belongs))
		}
		if app.People != nil {
			about = append(about, count(*app.People, "person")+" assigned")
		}
		req.Paste = append(req.Paste, onboarding.PasteValue{Label: fmt.Sprintf("%s (%s)", app.Label, strings.Join(about, ", ")), Value: app.ID})
	}
	return req
}

// exchangeMetadata asks for the change of the identity source. Fits says that the app has this instance's values already.
func (r *run) exchangeMetadata(fits bool) *request {
	req := &request{Request: onboarding.Request{
		Step:  onboarding.StepSAMLExchange,
		Title: "Make Okta the identity source of Identity Center",
		Why: "Both sides have to know each other's SAML values, and AWS offers no API for its side. Whoever signs in through " +
			"Identity Center today does so through Okta afterwards: keep an IAM administrator at hand.",
		Console: fmt.Sprintf("AWS console, account %s, Region %s", r.instance.OwnerAccount, r.instance.PrimaryRegion),
		URL:     r.identityCenterURL("/settings"),
		Clicks: []string{
			"Open IAM Identity Center, Settings, tab Identity source, Actions, Change identity source.",
			"Choose External identity provider, then Next.",
			"Under Identity provider metadata, upload the file " + metadataDocument + " of this request.",
			"Download the service provider metadata file there, or copy the three values: AWS access portal sign-in URL, ACS URL, issuer URL.",
			"Choose Next, type ACCEPT, and choose Change identity source.",
		},
		Documents: []string{metadataDocument},
		Needs: []onboarding.Need{
			{Name: onboarding.ValueACSURL, Label: "IAM Identity Center Assertion Consumer Service (ACS) URL"},
			{Name: onboarding.ValueIssuerURL, Label: "IAM Identity Center issuer URL"},
			{Name: onboarding.ValuePortalURL, Label: "AWS access portal sign-in URL", Optional: true},
			{Name: onboarding.ValueMetadata, Label: "AWS's service provider metadata file, in place of the ACS and the issuer URL", Optional: true},
		},
		Command: fmt.Sprintf("starter provide %s %s --acs-url … --issuer-url … --portal-url …   (or --metadata FILE)", r.spec.Name,
			onboarding.StepSAMLExchange),
	}}
	if fits {
		req.Why += " The app has this instance's values already, but nothing shows that Identity Center has this app's metadata, and no API " +
			"tells which it has."
		req.Clicks = append([]string{"If this app's metadata has been uploaded already (Settings, Identity source, Manage authentication shows " +
			"its issuer), change nothing, and answer with the same values: ACS URL " + r.app.ACSURL + ", issuer URL " + r.app.Issuer + "."},
			req.Clicks...)
	}
	return req
}

// enableProvisioning asks for SCIM endpoint and token. Enabled says that people came by SCIM before.
func (r *run) enableProvisioning(enabled bool) *request {
	title := "Enable automatic provisioning in Identity Center"
	open := "Open IAM Identity Center, Settings, and choose Enable next to Automatic provisioning. " +
		"(Where it is enabled already: Actions, Manage provisioning, Generate token.)"
	if enabled {
		title = "Generate a token for automatic provisioning in Identity Center"
		open = "Open IAM Identity Center, Settings, Actions, Manage provisioning, and choose Generate token. There can be two at most: never " +
			"delete one that is in use, as whoever uses it stops syncing. Ask its owner first."
	}
	return &request{Request: onboarding.Request{
		Step:    onboarding.StepSCIM,
		Title:   title,
		Why:     "Okta needs Identity Center's SCIM endpoint and an access token, and only the console shows them; the token just once.",
		Console: fmt.Sprintf("AWS console, account %s, Region %s", r.instance.OwnerAccount, r.instance.PrimaryRegion),
		URL:     r.identityCenterURL("/settings"),
		Clicks: []string{
			open,
			"Copy the SCIM endpoint and the access token. Keep the token where the worker can read it: a file, an environment variable, " +
				"or AWS Secrets Manager.",
			"Leave the dialog open: the next request needs the same two values in Okta.",
		},
		Needs: []onboarding.Need{
			{Name: onboarding.ValueSCIMEndpoint, Label: "SCIM endpoint"},
			{Name: onboarding.ValueSCIMToken, Label: "reference to the access token: file:/path, env:NAME or aws-sm:ARN, never the token itself"},
		},
		Command: fmt.Sprintf("starter provide %s %s --endpoint … --token-ref file:/path", r.spec.Name, onboarding.StepSCIM),
	}}
}

func (r *run) configureProvisioning(connection provisioning.SCIMConnection) *request {
	return &request{Request: onboarding.Request{
		Step:    onboarding.StepSCIM,
		Title:   "Switch provisioning on in the Okta app",
		Why:     "Okta's API can't set the provisioning connection of this app, so it is done in Okta's admin console.",
		Console: "Okta admin console, app " + r.app.Label,
		URL:     r.app.AdminURL,
		Clicks: []string{
			"Open the app's Provisioning tab, Integration, Configure API Integration, and check Enable API integration.",
			"Paste the Base URL below (without a slash at its end) and the access token as API Token.",
			"Choose Test API Credentials, wait for \"verified successfully\", and save.",
			"Under To App choose Edit, enable Create Users, Update User Attributes and Deactivate Users, and save.",
		},
		Paste:     []onboarding.PasteValue{{Label: "Base URL", Value: connection.Endpoint}},
		Detection: "The run looks every few seconds and goes on when Create Users is enabled.",
	}}
}

func (r *run) pushGroups(refused map[string]string) *request {
	req := &request{Request: onboarding.Request{
		Step:    onboarding.StepOktaGroups,
		Title:   "Push the access groups from Okta",
		Console: "Okta admin console, app " + r.app.Label,
		URL:     r.app.AdminURL,
		Clicks: []string{
			"Open the app's Push Groups tab, choose Push Groups, Find groups by name.",
			"Push each group below: create it, or link it to the group of the same name.",
		},
		Detection: "The run looks every few seconds and goes on when every group's push is active.",
	}}
	var reasons []string
	for _, group := range workflow.DeterministicKeys(refused) {
		req.Paste = append(req.Paste, onboarding.PasteValue{Label: "Group", Value: group})
		reasons = append(reasons, refused[group])
	}
	req.Why = "Okta's API refused to push: " + strings.Join(reasons, "; ")
	return req
}

// signInOnce asks one person to sign in by each address. Wrong is what earlier sign-ins showed.
func (r *run) signInOnce(wrong []onboarding.Verdict) *request {
	who := "Anybody who has access: you yourself, if you are in one of the groups"
	if canary := r.spec.Access.Canary; canary != nil && canary.Person != "" {
		who = canary.Person
	} else if canary != nil {
		who = "Somebody in the group " + canary.Group
	}
	req := &request{Request: onboarding.Request{
		Step:  onboarding.StepCanary,
		Title: "Let one person sign in by each of the three addresses",
		Why: "No API tells which identity provider's metadata Identity Center has, and nothing but a sign-in proves that people come in. " +
			who + " can do it.",
		Console: "Any browser, signed in as that person",
		Clicks: []string{
			"Open a private window for each address below, so that no session of before hides what happens.",
			"Sign in as Okta asks, until the address opens: the access portal, or Studio.",
			"If an error is shown instead, note its words; the run sees a refusal by itself, too.",
		},
		Needs: []onboarding.Need{{Name: onboarding.ValueAddresses, Label: "the addresses that worked, of " +
			strings.Join(onboarding.Addresses(), ","), Optional: true}},
		Command: fmt.Sprintf("starter provide %s %s --%s %s", r.spec.Name, onboarding.StepCanary, onboarding.ValueAddresses,
			strings.Join(onboarding.Addresses(), ",")),
		Detection: "The run looks into CloudTrail and Okta's System Log, and goes on after three sign-ins of that person, or 20 minutes after " +
			"the last one. CloudTrail takes up to 15 minutes. To go on without it: starter resolve " + r.spec.Name + " " +
			string(onboarding.StepCanary) + " skip --reason \"…\"",
	}}
	if r.only {
		req.Why += " Until then nobody else is let in, and reconciles wait."
	}
	for _, verdict := range wrong {
		req.Why += " " + onboarding.WithRemedy(verdict.Reason, verdict.Remedy)
	}
	for _, address := range []onboarding.PasteValue{
		{Label: "Okta tile", Value: r.report.Addresses.OktaTile}, {Label: "AWS access portal", Value: r.report.Addresses.AccessPortal},
		{Label: "Studio", Value: r.report.Addresses.Studio},
	} {
		if address.Value != "" {
			req.Paste = append(req.Paste, address)
		}
	}
	return req
}

func (r *run) identityCenterURL(page string) string {
	return onboarding.IdentityCenterURL(r.primaryRegion(), page)
}
