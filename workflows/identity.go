package workflows

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities"
	"studio-onboarding/activities/identitycenter"
	"studio-onboarding/activities/oktaapp"
	"studio-onboarding/activities/people"
	"studio-onboarding/activities/provisioning"
	"studio-onboarding/activities/survey"
	"studio-onboarding/activities/trust"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

const metadataDocument = "okta-metadata.xml"

// preflight looks at everything, and stops the run only for what would break it for sure.
func (r *run) preflight(ctx workflow.Context) (string, error) {
	var a *activities.Assessor
	result, err := call(waitFor(ctx, "Check credentials, accounts, Region, quotas, people", listBudget), a.RunPreflight,
		activities.PreflightInput{Spec: r.spec})
	if err != nil {
		return "", err
	}
	r.oktaURL = result.OktaURL
	r.report.Findings = onboarding.OfKind(result.Verdicts, onboarding.VerdictWarning)
	if stops := onboarding.Blocked(result.Verdicts); len(stops) > 0 {
		return "", blocked(stops)
	}
	return fmt.Sprintf("%s, %s", count(len(result.Checked()), "check"), count(len(r.report.Findings), "warning")), nil
}

// blocked is the failure of a step at which something has to be put right first: one thing in reason and remedy, and several as
// verdicts besides, each with its own remedy.
func blocked(verdicts []onboarding.Verdict) error {
	var failed onboarding.Failure
	var reasons, remedies []string
	for _, verdict := range verdicts {
		reasons = append(reasons, verdict.Reason)
		if verdict.Remedy != "" {
			remedies = append(remedies, verdict.Remedy)
		}
	}
	if len(verdicts) > 1 {
		failed.Verdicts = verdicts
	}
	failed.Reason, failed.Remedy = strings.Join(reasons, "\n"), strings.Join(remedies, "\n")
	return failure(string(fault.Invalid), failed)
}

// identityCenter finds the organization's instance. No API enables it in a management account, so a person does.
func (r *run) identityCenter(ctx workflow.Context) (string, error) {
	var a *identitycenter.Activities
	in := identitycenter.InstanceInput{IdentityCenter: r.spec.IdentityCenter, Region: r.spec.Region}
	found, err := call(quickCall(ctx, "Look for the Identity Center instance in all Regions"), a.FindInstance, in)
	if err != nil {
		return "", err
	}
	verb := "found"
	if found.Instance == nil {
		verb = "enabled"
		req := r.enableInstance(found.ManagementAccount)
		if found.Adding != nil {
			verb, req = "extended", r.awaitRegion(found.ManagementAccount, *found.Adding)
		}
		instance, err := askUntil[identitycenter.InstanceInput, identitycenter.Instance](ctx, r, req, a.AwaitInstance, in)
		if err != nil {
			return "", err
		}
		found.Instance = &instance
		if err := r.lookAtNewInstance(ctx, in); err != nil {
			return "", err
		}
	}
	r.instance = *found.Instance
	r.add("Identity Center instance", "", r.instance.ARN, onboarding.OriginAdopted)
	return fmt.Sprintf("%s %s", verb, r.instance.ARN), nil
}

// primaryRegion is where Identity Center is administered; the spec's while there is no instance.
func (r *run) primaryRegion() string { return cmp.Or(r.instance.PrimaryRegion, r.spec.Region) }

// lookAtNewInstance finds out what a preflight could not: an instance that appears during a run has a key and Regions, too.
func (r *run) lookAtNewInstance(ctx workflow.Context, in identitycenter.InstanceInput) error {
	if workflow.GetVersion(ctx, "look-at-new-instance", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return nil
	}
	var a *identitycenter.Activities
	judged, err := call(quickCall(ctx, "Look at the key and the network controls of the new instance"), a.JudgeInstance, in)
	if err != nil {
		return err
	}
	if stops := onboarding.Blocked(judged.Verdicts); len(stops) > 0 {
		return blocked(stops)
	}
	r.report.Findings = append(r.report.Findings, onboarding.OfKind(judged.Verdicts, onboarding.VerdictWarning)...)
	return nil
}

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
	adopts := workflow.GetVersion(ctx, "adopt-by-instance", workflow.DefaultVersion, 1) != workflow.DefaultVersion
	if i := slices.IndexFunc(candidates, r.knew); adopts && i >= 0 {
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
	if adopts && second {
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
		if seen.Judged {
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
	r.report.Addresses.AccessPortal = provider.PortalURL
	if !written.Changed && seen.Why != "" {
		return "the app has this instance's values, and " + seen.Why, nil
	} else if !written.Changed {
		return "the app already had Identity Center's values", nil
	}
	return "both sides have each other's values", nil
}

// seenTrust is what is known of trust. Judged says that it was judged by what ties the app to the instance; a run of before did so by
// any change of the identity source, and asks for no consent.
type seenTrust struct {
	trust.SeenTrust
	Judged bool
}

// seeTrust finds out whether trust is in place.
func (r *run) seeTrust(ctx workflow.Context) (seenTrust, error) {
	if workflow.GetVersion(ctx, "trust-by-tie", workflow.DefaultVersion, 1) != workflow.DefaultVersion {
		var a *trust.Activities
		seen, err := call(quickCall(ctx, "See whether Identity Center trusts the app already"), a.SeeTrust, trust.Where{
			IdentityCenter: r.spec.IdentityCenter, Region: r.primaryRegion(), IdentityStoreID: r.instance.IdentityStoreID, AppID: r.app.ID,
			Exchanged: r.knew(r.app),
		})
		return seenTrust{seen, true}, err
	}
	if r.app.ACSURL == "" || r.app.Issuer == "" {
		return seenTrust{}, nil
	}
	var center *identitycenter.Activities
	evidence, err := call(quickCall(ctx, "Look for the change of the identity source in CloudTrail"), center.FindSourceChange,
		identitycenter.InstanceInput{IdentityCenter: r.spec.IdentityCenter, Region: r.primaryRegion()})
	if err != nil || evidence.Event != "" {
		return seenTrust{trust.SeenTrust{InPlace: err == nil}, false}, err
	}
	on, err := r.provisioningOn(ctx)
	return seenTrust{trust.SeenTrust{InPlace: on}, false}, err
}

func (r *run) provisioningOn(ctx workflow.Context) (bool, error) {
	var a *provisioning.Activities
	_, err := call(lookOnce(ctx, "See whether provisioning is switched on already"), a.AwaitProvisioning,
		provisioning.AppInput{AppID: r.app.ID})
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
		now := workflow.Now(ctx)
		r.knowToken(onboarding.SCIMHandle{Since: now, Older: true}, now)
		date, _ := r.token.Expiry()
		if date.AtLatest {
			return fmt.Sprintf("provisioning was already switched on; the age of its token is not known: it was issued before %s",
				r.token.Since.Format(time.DateOnly)), nil
		}
		return "provisioning was already switched on; its token expires on " + date.At.Format(time.DateOnly), nil
	}
	if err := r.askForEndpoint(ctx); err != nil {
		return "", err
	}
	var a *provisioning.Activities
	connected, err := call(quickCall(ctx, "See whether Okta's API can connect the app"), a.ConnectProvisioning,
		provisioning.ConnectInput{AppID: r.app.ID, Connection: r.connection})
	if err != nil {
		return "", err
	}
	in := provisioning.AppInput{AppID: r.app.ID}
	if connected.Supported {
		if _, err := call(waitFor(ctx, "Wait until provisioning is on", syncBudget), a.AwaitProvisioning, in); err != nil {
			return "", err
		}
		return "connected through Okta's API", nil
	}
	features, err := askUntil[provisioning.AppInput, provisioning.ProvisioningFeatures](ctx, r, r.configureProvisioning(r.connection),
		a.AwaitProvisioning, in)
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
	var a *provisioning.Activities
	var checked provisioning.CheckSCIMResult
	var enabled provisioning.SeenProvisioning
	if workflow.GetVersion(ctx, "see-provisioning", workflow.DefaultVersion, 1) != workflow.DefaultVersion {
		var err error
		enabled, err = call(quickCall(ctx, "See whether people came to Identity Center by SCIM already"), a.SeeProvisioning,
			provisioning.DirectoryInput{
				IdentityCenter: r.spec.IdentityCenter, Region: r.primaryRegion(), IdentityStoreID: r.instance.IdentityStoreID,
			})
		if err != nil {
			return err
		}
	}
	req := r.enableProvisioning(enabled.Enabled)
	req.check = func(ctx workflow.Context, values map[string]string) (err error) {
		checked, err = call(answerCheck(ctx, "Check the SCIM endpoint and token"), a.CheckSCIM, provisioning.CheckSCIMInput{
			Region:     r.primaryRegion(),
			Connection: provisioning.SCIMConnection{Endpoint: values[onboarding.ValueSCIMEndpoint], TokenRef: values[onboarding.ValueSCIMToken]},
		})
		return err
	}
	if err := r.ask(ctx, req, nil); err != nil {
		return err
	}
	r.connection = checked.Connection
	r.knowToken(onboarding.SCIMHandle{
		Endpoint: checked.Connection.Endpoint, TokenRef: checked.Connection.TokenRef, Since: checked.CheckedAt,
	}, checked.CheckedAt)
	return nil
}

// knowToken records the connection and when its token expires. What the run before knew of the same app's is not forgotten.
func (r *run) knowToken(token onboarding.SCIMHandle, now time.Time) {
	if known := r.known; known != nil && known.AppID == r.app.ID && known.IdentityStoreID == r.instance.IdentityStoreID {
		token = token.After(known.SCIM, now)
	}
	r.token = token
	if date, known := token.Expiry(); known {
		r.expires(date)
	}
}

// oktaGroups assigns people first and pushes groups when they are there, because a push only takes along who is.
func (r *run) oktaGroups(ctx workflow.Context) (string, error) {
	var a *provisioning.Activities
	assigned, err := call(waitFor(ctx, "Assign "+r.spec.Okta.AssignmentGroup+" to the app", listBudget), a.AssignGroups,
		provisioning.AssignInput{AppID: r.app.ID, AssignmentGroup: r.spec.Okta.AssignmentGroup, People: r.singlePeople()})
	if err != nil {
		return "", err
	}
	r.add("Okta group assignment", r.spec.Okta.AssignmentGroup, assigned.GroupID, assigned.Origin)
	done, err := r.provisionAndPush(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d of %s provisioned, %s pushed", done.Provisioned, count(done.Assigned, "person"),
		count(len(r.spec.Access.Groups), "group")), nil
}

func (r *run) provisionAndPush(ctx workflow.Context) (provisioning.ProvisionedResult, error) {
	var a *provisioning.Activities
	people, err := call(waitFor(ctx, "Wait until Okta has provisioned the people", syncBudget), a.AwaitProvisioned,
		provisioning.AppInput{AppID: r.app.ID})
	if err != nil || len(r.spec.Access.Groups) == 0 {
		return people, err
	}
	in := provisioning.PushInput{AppID: r.app.ID, Groups: r.groupNames()}
	pushed, err := call(waitFor(ctx, "Push the access groups", listBudget), a.PushGroups, in)
	if err != nil {
		return people, err
	}
	r.leftAlone = nil
	for _, group := range pushed.Pushed {
		if group.LeftAlone {
			r.leftAlone = append(r.leftAlone, group.Name)
		}
	}
	if len(pushed.Refused) > 0 {
		_, err = askUntil[provisioning.PushInput, provisioning.PushResult](ctx, r, r.pushGroups(pushed.Refused), a.AwaitPushed, in)
	}
	return people, err
}

// directorySync compares until everybody is there or known not to come, and lets the operator decide about the latter. When
// they ask for another try, people may have been repaired in Okta, so groups are pushed again first.
func (r *run) directorySync(ctx workflow.Context) (string, error) {
	if r.compared {
		if _, err := r.provisionAndPush(ctx); err != nil {
			return "", err
		}
	}
	r.compared = true
	result, err := r.compareDirectory(ctx)
	if err != nil {
		return "", err
	}
	if result.Wanted == 0 {
		return "", incomplete("Nobody could sign in: as far as the worker's credentials see, there is no member in the access groups.",
			"Put people into them in Okta, or let the worker's Okta role see them (where it may not, Okta answers with an empty list "+
				"and no error). Then retry, or skip to go on with nobody.", nil, 0)
	}
	// What was accepted before is not asked about again. The list ends after onboarding.MaxListed; nobody accepted the others.
	open := onboarding.Unaccepted(result.Exceptions, r.accepted)
	accepted := len(result.Exceptions) - len(open)
	if left := result.ExceptionsTotal - accepted; accepted > 0 && left > 0 {
		return "", incomplete(fmt.Sprintf("%d of %s are in Identity Center; %s can't be synced, besides %s accepted before.",
			result.Synced, count(result.Wanted, "person"), count(left, "person"), count(accepted, "exception")),
			"Repair the listed people in Okta and retry, or skip to go on without them.", open, left)
	} else if accepted > 0 {
		return fmt.Sprintf("%d of %s are in Identity Center", result.Synced, count(result.Wanted, "person")) + exceptionsText(accepted), nil
	}
	if result.ExceptionsTotal > 0 {
		return "", incomplete(fmt.Sprintf("%d of %s are in Identity Center; %s can't be synced.",
			result.Synced, count(result.Wanted, "person"), count(result.ExceptionsTotal, "person")),
			"Repair the listed people in Okta and retry, or skip to go on without them.", result.Exceptions, result.ExceptionsTotal)
	}
	return fmt.Sprintf("all of %s are in Identity Center", count(result.Wanted, "person")), nil
}

// compareDirectory compares, and has groups pushed again in which Identity Center lacks people whom it has as users: somebody took
// them out there.
func (r *run) compareDirectory(ctx workflow.Context) (people.DirectoryResult, error) {
	var a *people.Activities
	in := people.DirectoryInput{
		IdentityCenter: r.spec.IdentityCenter, Region: r.primaryRegion(), IdentityStoreID: r.instance.IdentityStoreID,
		AppID: r.app.ID, AssignmentGroup: r.spec.Okta.AssignmentGroup, Groups: r.groupNames(), People: r.singlePeople(), LeftAlone: r.leftAlone,
	}
	compare := func() (people.DirectoryResult, error) {
		return call(waitFor(ctx, "Compare the people in Okta with Identity Center", syncBudget), a.CompareDirectory, in)
	}
	result, err := compare()
	if err != nil || len(result.Lacking) == 0 ||
		workflow.GetVersion(ctx, "push-lacking", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return result, err
	}
	var okta *provisioning.Activities
	pushed, err := call(waitFor(ctx, "Push the groups again that lack people", listBudget), okta.PushGroups,
		provisioning.PushInput{AppID: r.app.ID, Groups: result.Lacking, Again: true})
	if err != nil || len(pushed.Pushed) == 0 { // what Okta's API refuses to push is said of each person
		return result, err
	}
	in.LeftAlone = nil
	return compare()
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

// expires records a date; a step that is tried again replaces what it recorded.
func (r *run) expires(date onboarding.Expiry) {
	for i, known := range r.report.Expiries {
		if known.Key == date.Key {
			r.report.Expiries[i] = date
			return
		}
	}
	r.report.Expiries = append(r.report.Expiries, date)
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
