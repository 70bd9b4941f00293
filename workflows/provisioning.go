package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities/people"
	"studio-onboarding/activities/provisioning"
	"studio-onboarding/onboarding"
)

// provisioningOn says whether provisioning is switched on in the app.
func (r *run) provisioningOn(ctx workflow.Context) (bool, error) {
	if seen := r.provisions; seen != nil {
		r.provisions = nil
		return *seen, nil
	}
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
	if r.careful && r.provisioned == nil {
		seen, err := call(quickCall(ctx, "See whether people came to Identity Center by SCIM already"), a.SeeProvisioning,
			provisioning.DirectoryInput{
				IdentityCenter: r.spec.IdentityCenter, Region: r.primaryRegion(), IdentityStoreID: r.instance.IdentityStoreID,
			})
		if err != nil {
			return err
		}
		r.provisioned = &seen.Enabled
	}
	req := r.enableProvisioning(r.provisioned != nil && *r.provisioned)
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
