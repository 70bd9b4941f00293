package activities

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/onboarding"
)

const (
	// loginTemplate makes the Okta login the user name in Identity Center.
	loginTemplate = "${source.login}"
	// certificateReserve is how long the signing certificate should last: long enough to change it without haste.
	certificateReserve = 60 * 24 * time.Hour
)

// existingApp looks at the app that the run will adopt.
func (p *preflight) existingApp(ctx context.Context, app oktaorg.App) error {
	x := &App{Okta: p.Okta, Waits: p.Waits}
	if _, err := x.usable(app, time.Time{}); err != nil {
		return p.failed(onboarding.LevelBlocking, checkOktaApp, err)
	}
	p.oktaApp = &app
	p.ok(checkOktaApp, "The app %q (%s) exists; the run adopts it.", app.Label, app.ID)
	metadata, err := x.FetchIdPMetadata(ctx, AppInput{AppID: app.ID})
	if err != nil {
		if err := p.failed(onboarding.LevelBlocking, checkCertificate, err); err != nil {
			return err
		}
	} else if left := time.Until(metadata.NotAfter); left < certificateReserve {
		p.warn(checkCertificate, "Generate a new key for the app in Okta, add its certificate in Identity Center, then activate it in Okta.",
			"The app's signing certificate expires on %s, in %d days.", metadata.NotAfter.Format(time.DateOnly), int(left.Hours()/24))
	} else {
		p.ok(checkCertificate, "The app's signing certificate lasts until %s.", metadata.NotAfter.Format(time.DateOnly))
	}
	if err := p.appTrust(ctx, x, app); err != nil {
		return err
	}
	if app.UserNameTemplate != "" && app.UserNameTemplate != loginTemplate {
		p.warn(checkUserNames, "Set Application username format to Okta username on the app's Sign On tab ("+adminURL(p.Okta.URL(), app.ID)+").",
			"The app sends %q as the user name, and not the Okta login: people get other names in Identity Center than the spec gives them.", app.UserNameTemplate)
	}
	if missing := notIn([]string{featureUpdate, featureDeactivate}, app.Features); provisions(app) && len(missing) > 0 {
		p.warn(checkFeatures, "Switch it on in Okta: the app's Provisioning tab, To App, Edit ("+adminURL(p.Okta.URL(), app.ID)+").",
			"Provisioning is on without %s: changes to people, or their leaving, will not reach Identity Center.", strings.Join(missing, ", "))
	} else if provisions(app) {
		p.ok(checkFeatures, "Okta provisions people: %s.", strings.Join(app.Features, ", "))
	}
	_, err = p.Okta.ProvisioningFailures(ctx, app.ID, time.Now().Add(-time.Minute), time.Now(), 1)
	if err != nil {
		return p.unchecked(checkLog, "Okta's System Log", err)
	}
	return nil
}

// appTrust checks the values of Identity Center that the app has. Where the run would take them as they are, wrong ones stop
// it; where it asks, it replaces them.
func (p *preflight) appTrust(ctx context.Context, x *App, app oktaorg.App) error {
	if app.ACSURL == "" && app.EntityID == "" {
		return nil
	}
	in := CheckServiceProviderInput{AppID: app.ID, Region: p.spec.Region, Values: map[string]string{
		onboarding.ValueACSURL: app.ACSURL, onboarding.ValueIssuerURL: app.EntityID,
	}}
	if p.instance != nil {
		in.Instance = *p.instance
	}
	_, wrong := x.CheckServiceProvider(ctx, in)
	if wrong == nil {
		p.ok(checkSettings, "The app has an ACS URL and issuer URL that fit.")
		return nil
	}
	taken, err := trustInPlace(ctx, &Plan{AWS: p.AWS, Okta: p.Okta, Waits: p.Waits}, p.spec, app)
	if err != nil {
		return p.failed(onboarding.LevelWarning, checkSettings, err)
	}
	level := onboarding.LevelWarning
	if taken {
		level = onboarding.LevelBlocking
	}
	return p.failed(level, checkSettings, wrong)
}

// pushes looks at what the app has to do with the groups of the spec: Okta does not support one group for assignment and push.
func (p *preflight) pushes(ctx context.Context, assignment oktaorg.Group, groups []oktaorg.Group) error {
	if p.oktaApp == nil {
		p.groupsMadeByHand(nil)
		return nil
	}
	assigned, err := p.Okta.AppGroups(ctx, p.oktaApp.ID)
	if err != nil {
		return p.failed(onboarding.LevelBlocking, checkAssignmentGroup, err)
	}
	all, err := p.Okta.Mappings(ctx, p.oktaApp.ID)
	// Before provisioning is on, which the run sees to, the API refuses everything about pushes.
	if reason, refused := refusedPush(err); refused && provisions(*p.oktaApp) {
		p.warn(checkGroupPush, "Nothing to do now: the run asks for it. To spare it, give the worker's credentials okta.groups.manage and okta.apps.manage.",
			"Groups have to be pushed in the Okta console, as the API refuses: %s.", strings.TrimSuffix(reason, "."))
	} else if err != nil && !refused {
		return err
	}
	mappings := map[string]oktaorg.Mapping{}
	for _, mapping := range all {
		mappings[mapping.SourceGroupID] = mapping
	}
	if _, pushed := mappings[assignment.ID]; pushed && assignment.ID != "" {
		p.warn(checkGroupPush, "Delete its push on the app's Push Groups tab, and push another group: Okta does not support one group for assignment and push.",
			"The assignment group %q is pushed as well, so that its members may be missing in the group in Identity Center.", assignment.Name)
	}
	var pushed []string
	for _, group := range groups {
		if slices.Contains(assigned, group.ID) {
			p.warn(checkGroupPush, fmt.Sprintf("Take it off the app's Assignments tab in Okta once its members are in %q: Okta does not support one group for assignment and push.", p.spec.Okta.AssignmentGroup),
				"The access group %q is assigned to the app, and the run pushes it as well.", group.Name)
		}
		mapping, there := mappings[group.ID]
		switch {
		case !there:
		case mapping.Status == mappingError:
			p.warn(checkGroupPush, "Remove the cause; the run deletes the failed push and starts it anew.",
				"Pushing the group %q failed: %s.", group.Name, strings.TrimSuffix(orUnknown(mapping.ErrorSummary), "."))
		default:
			p.ok(checkGroupPush, "%q is pushed (%s).", group.Name, mapping.Status)
		}
		if there {
			pushed = append(pushed, group.Name)
		}
	}
	p.groupsMadeByHand(pushed)
	return nil
}

// groupsMadeByHand tells of groups in Identity Center that bear the name of an access group, and that Okta did not make.
func (p *preflight) groupsMadeByHand(pushed []string) {
	for _, name := range p.groupsByHand {
		if !slices.Contains(pushed, name) {
			p.warn(checkGroupByHand, "If it is meant, all is well. If not, rename it in the IAM Identity Center console (Groups) first: who has access by it, has it from then on by Okta.",
				"Identity Center has a group %q that Okta did not push. Pushing takes it over, with its members and everything that is assigned to it.", name)
		}
	}
}
