package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"studio-onboarding/internal/directory"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/onboarding"
)

// Plan says what a run of a spec would do. It looks with the same eyes as the activities of a run, and changes nothing.
type Plan struct {
	AWS   AWS
	Okta  Okta
	Waits Waits
}

// MakePlan looks at everything that a run would look at, in the same order, and writes down what it would create, change,
// remove, keep and ask for. What follows from people whom Okta has yet to bring is foreseen from their data in Okta.
//
// Where a run would park, the plan has a blocking finding, and goes on with what does not depend on it. The error is a fault
// worth a retry (Throttled, Unavailable), and nothing else.
func (x *Plan) MakePlan(ctx context.Context, in onboarding.PlanInput) (onboarding.Plan, error) {
	h := newHeart(ctx, onboarding.StepAccess, "profiles read")
	p := &planning{Plan: x, spec: in.Spec, heart: h, listed: map[string]int{}}
	p.plan.Run, p.plan.Region = in.Spec.Name, in.Spec.Region
	for _, part := range []func(context.Context) error{
		p.identityCenter, p.oktaApp, p.trust, p.provisioning, p.people, p.assignment, p.pushes, p.executionRoles, p.network, p.domain, p.access,
	} {
		if err := part(ctx); err != nil {
			return onboarding.Plan{}, err
		}
	}
	p.summarize()
	return p.plan, nil
}

// planning is one plan in the making: what is there, and what will be when the run has come so far.
type planning struct {
	*Plan
	spec  onboarding.Spec
	plan  onboarding.Plan
	heart *heart
	// listed counts the named changes by action and kind; unnamed holds how many are not named.
	listed  map[string]int
	unnamed []onboarding.Change

	// account is the Studio account; "" while it is not known.
	account string
	// instance is nil while there is none; app while there is none, or while it is not known which.
	instance *Instance
	app      *OktaApp
	// undecided says that nobody can know which app the run will use.
	undecided bool
	// on says that Okta provisions already.
	on bool
	// wanted are those who should get in, and outlook who of them will be there.
	wanted  []directory.Person
	outlook directory.Outlook
	users   []directory.User
	groups  []directory.Group
	// arriving says that people will be provisioned, after whom groups are pushed again.
	arriving bool
	roles    []Role
	studio   Domain
}

// appID is the ID of the app, "" where the run creates it or asks for it.
func (p *planning) appID() string {
	if p.app == nil {
		return ""
	}
	return p.app.ID
}

// note writes a change down; of many of one kind only the first ones by name.
func (p *planning) note(change onboarding.Change) {
	key := string(change.Action) + change.Kind + fmt.Sprint(change.AfterSync)
	if p.listed[key]++; p.listed[key] <= onboarding.MaxListed {
		p.plan.Changes = append(p.plan.Changes, change)
		return
	}
	for i, more := range p.unnamed {
		if more.Action == change.Action && more.Kind == change.Kind && more.AfterSync == change.AfterSync {
			p.unnamed[i].Count++
			return
		}
	}
	p.unnamed = append(p.unnamed, onboarding.Change{
		Action: change.Action, Step: change.Step, Kind: change.Kind, AfterSync: change.AfterSync, Count: 1,
	})
}

func (p *planning) will(action onboarding.ChangeAction, step onboarding.Step, kind, name, detail string, args ...any) {
	p.note(onboarding.Change{Action: action, Step: step, Kind: kind, Name: name, Detail: fmt.Sprintf(detail, args...)})
}

func (p *planning) warn(step onboarding.Step, remedy, format string, args ...any) {
	p.plan.Findings = append(p.plan.Findings, onboarding.Finding{
		Level: onboarding.LevelWarning, Check: string(step), Message: fmt.Sprintf(format, args...), Remedy: remedy,
	})
}

// failed writes a fault down at which the run would park, and hands any other error back, to be tried again. What is on its
// way is worth a warning only: the run waits for it.
func (p *planning) failed(step onboarding.Step, err error) error {
	var f *fault.Fault
	if !errors.As(err, &f) || f.Class.Retryable() && f.Class != fault.NotReady {
		return err
	}
	level := onboarding.LevelBlocking
	if f.Class == fault.NotReady {
		level = onboarding.LevelWarning
	}
	p.plan.Findings = append(p.plan.Findings, onboarding.Finding{
		Level: level, Check: string(step), Message: strings.TrimPrefix(f.Operation+": "+f.Message, ": "), Remedy: cmp.Or(f.Remedy, "Put it right, then plan again."),
	})
	return nil
}

// summarize adds the people and what was not named.
func (p *planning) summarize() {
	p.plan.Changes = append(p.plan.Changes, p.unnamed...)
	p.plan.People = onboarding.PlannedPeople{Wanted: len(p.wanted), Synced: len(p.outlook.Present), AfterSync: len(p.outlook.Coming)}
	var exceptions exceptionList
	for _, missing := range p.outlook.Missing {
		exceptions.add(missing.Person, missing.Reason, missing.Remedy)
	}
	p.plan.Exceptions, p.plan.ExceptionsTotal = exceptions.listed, exceptions.total
}

func (p *planning) identityCenter(ctx context.Context) error {
	const step = onboarding.StepIdentityCenter
	x := &IdentityCenter{AWS: p.AWS, Waits: p.Waits}
	found, err := x.FindInstance(ctx, InstanceInput{IdentityCenter: p.spec.IdentityCenter, Region: p.spec.Region})
	if err != nil {
		return p.failed(step, err)
	}
	if p.instance = found.Instance; p.instance == nil {
		p.will(onboarding.ChangeAsk, step, onboarding.KindInstance, p.spec.Region, "to be enabled in the console of the management account %s", found.ManagementAccount)
		return nil
	}
	p.will(onboarding.ChangeKeep, step, onboarding.KindInstance, p.instance.ARN, "adopted")
	return nil
}

func (p *planning) oktaApp(ctx context.Context) error {
	const step = onboarding.StepOktaApp
	label := p.spec.Okta.AppLabel
	x := &App{Okta: p.Okta, Waits: p.Waits}
	result, found, err := x.findApp(ctx, EnsureAppInput{Label: label})
	switch {
	case err != nil:
		p.undecided = true
		return p.failed(step, err)
	case !found:
		p.will(onboarding.ChangeCreate, step, onboarding.KindOktaApp, label, "")
	case result.App == nil:
		p.undecided = true
		p.will(onboarding.ChangeAsk, step, onboarding.KindOktaApp, label, "there are %d of this label: choose one", len(result.Candidates))
		p.warn(step, "Give okta.appLabel a label that only one app has, then plan again.",
			"What follows from the choice of the Okta app (trust, provisioning, assignments, pushes, people) is not in this plan.")
	default:
		p.app = result.App
		p.will(onboarding.ChangeKeep, step, onboarding.KindOktaApp, label, "%s, adopted", p.app.ID)
	}
	return nil
}

// trust: a run asks for Identity Center's values unless the app has them and there is reason to believe that Identity Center
// has Okta's.
func (p *planning) trust(ctx context.Context) error {
	const step = onboarding.StepSAMLExchange
	if p.undecided {
		return nil
	}
	exchange := func(detail string) {
		p.will(onboarding.ChangeAsk, step, onboarding.KindTrust, p.spec.Okta.AppLabel, "upload Okta's metadata in the Identity Center console and give its values")
		p.will(onboarding.ChangeChange, step, onboarding.KindTrust, p.spec.Okta.AppLabel, "%s", detail)
	}
	if p.app == nil {
		exchange("Identity Center's values are written to the app")
		return nil
	}
	x := &App{Okta: p.Okta, Waits: p.Waits}
	if _, err := x.FetchIdPMetadata(ctx, AppInput{AppID: p.app.ID}); err != nil {
		if err := p.failed(step, err); err != nil {
			return err
		}
	}
	app, err := p.Okta.App(ctx, p.app.ID)
	if err != nil {
		return p.failed(step, err)
	}
	p.on = provisions(app)
	inPlace, err := trustInPlace(ctx, p.Plan, p.spec, app)
	switch {
	case err != nil:
		return p.failed(step, err)
	case !inPlace && app.ACSURL != "" && app.EntityID != "":
		exchange("the values that the app has are replaced where yours differ")
		return nil
	case !inPlace:
		exchange("Identity Center's values are written to the app")
		return nil
	}
	in := CheckServiceProviderInput{AppID: app.ID, Region: p.spec.Region, Values: map[string]string{
		onboarding.ValueACSURL: app.ACSURL, onboarding.ValueIssuerURL: app.EntityID,
	}}
	if p.instance != nil {
		in.Instance = *p.instance
	}
	if _, err := x.CheckServiceProvider(ctx, in); err != nil {
		return p.failed(step, err)
	}
	p.will(onboarding.ChangeKeep, step, onboarding.KindTrust, p.spec.Okta.AppLabel, "the app has Identity Center's values")
	return nil
}

// trustInPlace is the reason for which a run asks nobody for Identity Center's values: the app has some, and CloudTrail shows
// the change of the identity source, or provisioning is switched on.
func trustInPlace(ctx context.Context, x *Plan, spec onboarding.Spec, app oktaorg.App) (bool, error) {
	if app.ACSURL == "" || app.EntityID == "" {
		return false, nil
	}
	if provisions(app) {
		return true, nil
	}
	center := &IdentityCenter{AWS: x.AWS, Waits: x.Waits}
	evidence, err := center.FindSourceChange(ctx, InstanceInput{IdentityCenter: spec.IdentityCenter, Region: spec.Region})
	return evidence.Event != "", err
}

func (p *planning) provisioning(ctx context.Context) error {
	const step = onboarding.StepSCIM
	label := p.spec.Okta.AppLabel
	if p.undecided {
		return nil
	}
	if p.on {
		p.will(onboarding.ChangeKeep, step, onboarding.KindProvisioning, label, "switched on")
		return nil
	}
	p.will(onboarding.ChangeAsk, step, onboarding.KindProvisioning, label, "enable automatic provisioning in the Identity Center console; endpoint and token")
	if p.app != nil {
		current, err := p.Okta.Connection(ctx, p.app.ID)
		if err != nil {
			if err := unlessRefused(err); err != nil {
				return p.failed(step, err)
			}
		}
		if connectable(current) {
			p.will(onboarding.ChangeChange, step, onboarding.KindProvisioning, label, "connected through Okta's API")
			return nil
		}
	}
	p.will(onboarding.ChangeAsk, step, onboarding.KindProvisioning, label, "switch provisioning on in the Okta console, where Okta's API can't")
	return nil
}
