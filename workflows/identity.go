package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities"
	"studio-onboarding/onboarding"
)

const metadataDocument = "okta-metadata.xml"

// preflight looks at everything, and stops the run only for what would break it for sure.
func (r *run) preflight(ctx workflow.Context) (string, error) {
	var a *activities.Preflight
	result, err := call(waitFor(ctx, "Check credentials, accounts, Region, quotas, people", listBudget), a.RunPreflight, activities.PreflightInput{Spec: r.spec})
	if err != nil {
		return "", err
	}
	r.oktaURL = result.OktaURL
	r.report.Findings = nil
	var blocking []string
	for _, f := range result.Findings {
		switch f.Level {
		case onboarding.LevelBlocking:
			blocking = append(blocking, strings.TrimSuffix(f.Message, ".")+" → "+f.Remedy)
		case onboarding.LevelWarning:
			r.report.Findings = append(r.report.Findings, f)
		}
	}
	if len(blocking) > 0 {
		return "", failure("Invalid", "%s", strings.Join(blocking, "\n"))
	}
	return fmt.Sprintf("%s, %s", count(len(result.Findings), "check"), count(len(r.report.Findings), "warning")), nil
}

// identityCenter finds the organization's instance. No API enables it in a management account, so a person does.
func (r *run) identityCenter(ctx workflow.Context) (string, error) {
	var a *activities.IdentityCenter
	in := activities.InstanceInput{IdentityCenter: r.spec.IdentityCenter, Region: r.spec.Region}
	found, err := call(quickCall(ctx, "Look for the Identity Center instance in all Regions"), a.FindInstance, in)
	if err != nil {
		return "", err
	}
	verb := "found"
	if found.Instance == nil {
		verb = "enabled"
		instance, err := askUntil[activities.InstanceInput, activities.Instance](ctx, r, r.enableInstance(found.ManagementAccount), a.AwaitInstance, in)
		if err != nil {
			return "", err
		}
		found.Instance = &instance
	}
	r.instance = *found.Instance
	r.add("Identity Center instance", "", r.instance.ARN, onboarding.OriginAdopted)
	return fmt.Sprintf("%s %s", verb, r.instance.ARN), nil
}

// oktaApp finds or makes the app; among several only a person can choose.
func (r *run) oktaApp(ctx workflow.Context) (string, error) {
	var a *activities.App
	in := activities.EnsureAppInput{Label: r.spec.Okta.AppLabel, Since: r.started}
	result, err := call(quickCall(ctx, "Find or create the Okta app "+r.spec.Okta.AppLabel), a.EnsureApp, in)
	if err != nil {
		return "", err
	}
	if result.App == nil {
		req := r.chooseApp(result.Candidates)
		req.check = func(ctx workflow.Context, values map[string]string) error {
			in.AppID = values[onboarding.ValueAppID]
			result, err = call(answerCheck(ctx, "Check the chosen app"), a.EnsureApp, in)
			if err == nil && result.App == nil {
				err = failure("NotFound", "Okta has no app %s of the kind AWS IAM Identity Center.", in.AppID)
			}
			return err
		}
		if err := r.ask(ctx, req, nil); err != nil {
			return "", err
		}
	}
	r.app = *result.App
	r.report.Doors.OktaTile = r.app.Tile
	r.add("Okta app", r.app.Label, r.app.ID, r.app.Origin)
	return fmt.Sprintf("%s %s", r.app.Origin, r.app.ID), nil
}

// samlExchange gives each side the other's values. Where the app already carries Identity Center's values and the console
// work has left a trace, nobody is asked again.
func (r *run) samlExchange(ctx workflow.Context) (string, error) {
	var a *activities.App
	metadata, err := call(quickCall(ctx, "Fetch and check Okta's SAML metadata"), a.FetchIdPMetadata, activities.AppInput{AppID: r.app.ID})
	if err != nil {
		return "", err
	}
	r.documents[metadataDocument] = metadata.XML
	r.expires("Okta's SAML signing certificate", metadata.NotAfter, "Generate a new key for the app, add its certificate in Identity Center, then activate it in Okta.")

	in := activities.CheckServiceProviderInput{AppID: r.app.ID, Region: r.spec.Region, Instance: r.instance}
	var provider activities.ServiceProvider
	adopted, err := r.trustInPlace(ctx)
	if err != nil {
		return "", err
	}
	if adopted {
		in.Values = map[string]string{onboarding.ValueACSURL: r.app.ACSURL, onboarding.ValueIssuerURL: r.app.Issuer}
		provider, err = call(quickCall(ctx, "Check the values that the app already has"), a.CheckServiceProvider, in)
		if err != nil {
			return "", err
		}
	} else {
		req := r.exchangeMetadata()
		req.check = func(ctx workflow.Context, values map[string]string) error {
			in.Values = values
			provider, err = call(answerCheck(ctx, "Check Identity Center's SAML values"), a.CheckServiceProvider, in)
			return err
		}
		if err := r.ask(ctx, req, nil); err != nil {
			return "", err
		}
	}
	trust, err := call(quickCall(ctx, "Write Identity Center's values to the Okta app"), a.EstablishTrust,
		activities.TrustInput{AppID: r.app.ID, ServiceProvider: provider})
	if err != nil {
		return "", err
	}
	r.report.Doors.AccessPortal = provider.PortalURL
	if !trust.Changed {
		return "the app already had Identity Center's values", nil
	}
	return "both sides have each other's values", nil
}

// trustInPlace says whether there is reason to believe that Identity Center already trusts this app: the app has values,
// and CloudTrail shows the change of the identity source or provisioning is already switched on.
func (r *run) trustInPlace(ctx workflow.Context) (bool, error) {
	if r.app.ACSURL == "" || r.app.Issuer == "" {
		return false, nil
	}
	var center *activities.IdentityCenter
	evidence, err := call(quickCall(ctx, "Look for the change of the identity source in CloudTrail"), center.FindSourceChange,
		activities.InstanceInput{IdentityCenter: r.spec.IdentityCenter, Region: r.spec.Region})
	if err != nil {
		return false, err
	}
	if evidence.Event != "" {
		return true, nil
	}
	on, err := r.provisioningOn(ctx)
	return on, err
}

func (r *run) provisioningOn(ctx workflow.Context) (bool, error) {
	var a *activities.Provisioning
	_, err := call(lookOnce(ctx, "See whether provisioning is switched on already"), a.AwaitProvisioning, activities.AppInput{AppID: r.app.ID})
	if isClass(err, classNotReady) {
		return false, nil
	}
	return err == nil, err
}

// scim connects Okta to Identity Center's SCIM endpoint: through Okta's API where this org offers it for the app, and
// otherwise by a person in Okta's console.
func (r *run) scim(ctx workflow.Context) (string, error) {
	on, err := r.provisioningOn(ctx)
	if err != nil {
		return "", err
	}
	if on && r.connection.Endpoint == "" {
		return "provisioning was already switched on; the age of its token is not known", nil
	}
	if err := r.askForEndpoint(ctx); err != nil {
		return "", err
	}
	var a *activities.Provisioning
	connected, err := call(quickCall(ctx, "See whether Okta's API can connect the app"), a.ConnectProvisioning,
		activities.ConnectInput{AppID: r.app.ID, Connection: r.connection})
	if err != nil {
		return "", err
	}
	in := activities.AppInput{AppID: r.app.ID}
	if connected.Supported {
		if _, err := call(waitFor(ctx, "Wait until provisioning is on", syncBudget), a.AwaitProvisioning, in); err != nil {
			return "", err
		}
		return "connected through Okta's API", nil
	}
	features, err := askUntil[activities.AppInput, activities.ProvisioningFeatures](ctx, r, r.configureProvisioning(r.connection), a.AwaitProvisioning, in)
	if err != nil {
		return "", err
	}
	if len(features.Missing) > 0 {
		return "connected; not switched on: " + strings.Join(features.Missing, ", "), nil
	}
	return "connected", nil
}

// askForEndpoint gets the SCIM endpoint and a reference to its token, once.
func (r *run) askForEndpoint(ctx workflow.Context) error {
	if r.connection.Endpoint != "" {
		return nil
	}
	var a *activities.Provisioning
	var checked activities.CheckSCIMResult
	req := r.enableProvisioning()
	req.check = func(ctx workflow.Context, values map[string]string) (err error) {
		checked, err = call(answerCheck(ctx, "Check the SCIM endpoint and token"), a.CheckSCIM, activities.CheckSCIMInput{
			Region:     r.spec.Region,
			Connection: activities.SCIMConnection{Endpoint: values[onboarding.ValueSCIMEndpoint], TokenRef: values[onboarding.ValueSCIMToken]},
		})
		return err
	}
	if err := r.ask(ctx, req, nil); err != nil {
		return err
	}
	r.connection = checked.Connection
	r.expires("The SCIM access token", checked.CheckedAt.AddDate(1, 0, 0),
		"Make a second token in Identity Center, put it into Okta, test it, then delete the old one. Sync stops silently when it expires.")
	return nil
}

// oktaGroups assigns people first and pushes groups when they are there, because a push only takes along who is.
func (r *run) oktaGroups(ctx workflow.Context) (string, error) {
	var a *activities.Provisioning
	assigned, err := call(waitFor(ctx, "Assign "+r.spec.Okta.AssignmentGroup+" to the app", listBudget), a.AssignGroups, activities.AssignInput{
		AppID: r.app.ID, AssignmentGroup: r.spec.Okta.AssignmentGroup, People: r.singlePeople(),
	})
	if err != nil {
		return "", err
	}
	r.add("Okta group assignment", r.spec.Okta.AssignmentGroup, assigned.GroupID, assigned.Origin)
	people, err := r.provisionAndPush(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d of %s provisioned, %s pushed", people.Provisioned, count(people.Assigned, "person"), count(len(r.spec.Access.Groups), "group")), nil
}

func (r *run) provisionAndPush(ctx workflow.Context) (activities.ProvisionedResult, error) {
	var a *activities.Provisioning
	people, err := call(waitFor(ctx, "Wait until Okta has provisioned the people", syncBudget), a.AwaitProvisioned, activities.AppInput{AppID: r.app.ID})
	if err != nil || len(r.spec.Access.Groups) == 0 {
		return people, err
	}
	in := activities.PushInput{AppID: r.app.ID, Groups: r.groupNames()}
	pushed, err := call(waitFor(ctx, "Push the access groups", listBudget), a.PushGroups, in)
	if err != nil {
		return people, err
	}
	if len(pushed.Refused) > 0 {
		_, err = askUntil[activities.PushInput, activities.PushResult](ctx, r, r.pushGroups(pushed.Refused), a.AwaitPushed, in)
	}
	return people, err
}

// directorySync compares until everybody is there or known not to come, and lets the operator decide about the latter. When
// they ask for another try, people may have been repaired in Okta, so groups are pushed again first.
func (r *run) directorySync(ctx workflow.Context) (string, error) {
	var a *activities.Directory
	if r.compared {
		if _, err := r.provisionAndPush(ctx); err != nil {
			return "", err
		}
	}
	r.compared = true
	result, err := call(waitFor(ctx, "Compare the people in Okta with Identity Center", syncBudget), a.CompareDirectory, activities.DirectoryInput{
		IdentityCenter: r.spec.IdentityCenter, Region: r.spec.Region, IdentityStoreID: r.instance.IdentityStoreID,
		AppID: r.app.ID, AssignmentGroup: r.spec.Okta.AssignmentGroup, Groups: r.groupNames(), People: r.singlePeople(),
	})
	if err != nil {
		return "", err
	}
	if result.Wanted == 0 {
		return "", &incomplete{message: "Nobody would get in: as far as the worker's credentials see, there is no member in the access groups. → " +
			"Put people into them in Okta, or let the worker's Okta role see them (where it may not, Okta answers with an empty list and no error). Then retry, or skip to go on with nobody."}
	}
	if result.ExceptionsTotal > 0 {
		return "", &incomplete{
			message: fmt.Sprintf("%d of %s are in Identity Center; %s can't be synced → Repair the listed people in Okta and retry, or skip to go on without them.",
				result.Synced, count(result.Wanted, "person"), count(result.ExceptionsTotal, "person")),
			people: result.Exceptions, total: result.ExceptionsTotal,
		}
	}
	return fmt.Sprintf("all of %s are in Identity Center", count(result.Wanted, "person")), nil
}

func (r *run) groupNames() []string {
	var names []string
	for _, g := range r.spec.Access.Groups {
		names = append(names, g.Name)
	}
	return names
}

func (r *run) singlePeople() []string {
	var logins []string
	for _, p := range r.spec.Access.People {
		logins = append(logins, p.Login)
	}
	return logins
}

// add records a resource; a step that is tried again replaces what it recorded, but keeps that the run made it.
func (r *run) add(kind, name, id string, origin onboarding.Origin) {
	for i, known := range r.report.Resources {
		if known.Kind == kind && known.ID == id {
			if known.Origin != onboarding.OriginCreated {
				r.report.Resources[i].Origin = origin
			}
			return
		}
	}
	r.report.Resources = append(r.report.Resources, onboarding.Resource{Kind: kind, Name: name, ID: id, Origin: origin})
}

func (r *run) expires(what string, at time.Time, remedy string) {
	for i, known := range r.report.Expiries {
		if known.What == what {
			r.report.Expiries[i].At = at
			return
		}
	}
	r.report.Expiries = append(r.report.Expiries, onboarding.Expiry{What: what, At: at, Remedy: remedy})
}

func count(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case noun == "person":
		return fmt.Sprintf("%d people", n)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
