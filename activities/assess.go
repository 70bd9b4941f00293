package activities

import (
	"context"
	"slices"
	"sync"

	"studio-onboarding/activities/access"
	"studio-onboarding/activities/credentials"
	"studio-onboarding/activities/domain"
	"studio-onboarding/activities/identitycenter"
	"studio-onboarding/activities/network"
	"studio-onboarding/activities/oktaapp"
	"studio-onboarding/activities/people"
	"studio-onboarding/activities/provider"
	"studio-onboarding/activities/provisioning"
	"studio-onboarding/activities/role"
	"studio-onboarding/activities/signin"
	"studio-onboarding/activities/trust"
	"studio-onboarding/onboarding"
)

// Assessor has every resource looked at and judged, in the order of a run, and changes nothing.
type Assessor struct {
	AWS   provider.AWS
	Okta  provider.Okta
	Waits provider.Waits
	// People keeps the list of those who would not be able to sign in, and what is known of profiles; nil keeps nothing.
	People access.PeopleStore
	// SignIns tells of people who signed in; nil where nobody looks.
	SignIns trust.SignIns
}

// PreflightInput asks for what a run of the spec depends on.
type PreflightInput struct {
	Spec onboarding.Spec `json:"spec"`
	// Everybody asks for all people, one by one, with their assignments and profiles. Without it the first ten thousand of each
	// group are looked at in Okta.
	Everybody bool `json:"everybody,omitempty"`
	// Things leaves the people and the credentials out.
	Things bool `json:"things,omitempty"`
}

// RunPreflight is the first step of a run, and a check: everything that the run depends on. The error is a fault worth a retry
// (Throttled, Unavailable), and nothing else; what a person has to settle is a blocked verdict.
func (x *Assessor) RunPreflight(ctx context.Context, in PreflightInput) (onboarding.Assessment, error) {
	return x.assess(ctx, in)
}

// MakePlan says what a run of a spec would do. It is the same list that a check shows. What follows from people whom Okta has yet
// to bring is foreseen from their data in Okta.
func (x *Assessor) MakePlan(ctx context.Context, in onboarding.PlanInput) (onboarding.Assessment, error) {
	return x.assess(ctx, PreflightInput{Spec: in.Spec, Everybody: true})
}

// assess looks at one resource after the other, as later ones depend on what earlier ones found.
func (x *Assessor) assess(ctx context.Context, in PreflightInput) (onboarding.Assessment, error) {
	a := &assessment{Assessor: x, in: in, spec: in.Spec, result: onboarding.Assessment{
		Run: in.Spec.Name, Region: in.Spec.Region, OktaURL: x.Okta.URL(),
	}}
	if err := a.look(ctx); err != nil {
		return onboarding.Assessment{}, err
	}
	order := map[onboarding.ResourceKind]int{}
	for i, info := range onboarding.Resources() {
		order[info.Resource] = i
	}
	slices.SortStableFunc(a.result.Verdicts, func(one, other onboarding.Verdict) int { return order[one.Resource] - order[other.Resource] })
	return a.result, nil
}

// look has everything looked at. Of things alone the two accounts don't depend on one another.
func (a *assessment) look(ctx context.Context) error {
	inOrder := func(looks ...func(context.Context) error) func(context.Context) error {
		return func(ctx context.Context) error {
			for _, look := range looks {
				if err := look(ctx); err != nil {
					return err
				}
			}
			return nil
		}
	}
	if a.in.Things {
		return provider.SideBySide(ctx, inOrder(a.lookAtInstance, a.lookAtApp, a.lookAtTrust), a.lookAtStudio)
	}
	return inOrder(a.lookAtCredentials, a.lookAtInstance, a.lookAtApp, a.lookAtTrust, a.lookAtPeople, a.lookAtStock, a.lookAtStudio,
		a.lookAtAccess)(ctx)
}

// assessment is one in the making: what was found so far.
type assessment struct {
	*Assessor
	mu     sync.Mutex
	in     PreflightInput
	spec   onboarding.Spec
	result onboarding.Assessment

	whose    credentials.State
	instance *identitycenter.Instance
	app      oktaapp.State
	// exchanges says that a run would ask for the exchange of metadata.
	exchanges bool
	people    people.State
	outlook   people.Outlook
	roles     []onboarding.RoleHandle
	domain    domain.State
}

func (a *assessment) add(verdicts []onboarding.Verdict) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.result.Verdicts = append(a.result.Verdicts, verdicts...)
}

func (a *assessment) lookAtCredentials(ctx context.Context) (err error) {
	if a.whose, err = credentials.Look(ctx, a.AWS, a.Okta, a.spec); err != nil {
		return err
	}
	a.add(credentials.Judge(a.spec, a.whose))
	a.result.IdentityAccount, a.result.StudioAccount = a.whose.IdentityAccount(a.spec), a.whose.StudioAccount(a.spec)
	return nil
}

// lookAtInstance looks at Identity Center, unless its account cannot be entered, which was said of the credentials. Credentials of
// another account than the spec says block a run, and hide nothing else.
func (a *assessment) lookAtInstance(ctx context.Context) error {
	if a.whose.Identity.Trouble != nil {
		return nil
	}
	state, err := identitycenter.Look(ctx, a.AWS, a.spec, a.whose.Identity.Account)
	if err != nil {
		return err
	}
	a.instance = state.Usable(a.spec.Region)
	a.add(identitycenter.Judge(a.spec, state))
	return nil
}

func (a *assessment) lookAtApp(ctx context.Context) (err error) {
	if a.whose.Okta.Trouble != nil {
		return nil // said of the credentials, and of nothing that they can't see
	}
	if a.app, err = oktaapp.Look(ctx, a.Okta, a.spec, a.storeID()); err != nil {
		return err
	}
	a.add(oktaapp.Judge(a.spec, a.app))
	return nil
}

// storeID is the identity store's of the organization's instance, "" while there is none.
func (a *assessment) storeID() string {
	if a.instance == nil {
		return ""
	}
	return a.instance.IdentityStoreID
}

// appID is the app's, "" where a run makes it, or asks for it.
func (a *assessment) appID() string {
	if a.app.App == nil {
		return ""
	}
	return a.app.App.ID
}

func (a *assessment) lookAtTrust(ctx context.Context) error {
	if a.whose.Okta.Trouble != nil {
		return nil
	}
	state, err := trust.Look(ctx, trust.Sources{AWS: a.AWS, Okta: a.Okta, SignIns: a.SignIns}, trust.Where{
		IdentityCenter: a.spec.IdentityCenter, Region: a.spec.Region, IdentityStoreID: a.storeID(), AppID: a.appID(),
	})
	if err != nil {
		return err
	}
	state.Undecided = a.app.Undecided
	judged := trust.Judge(a.spec, state)
	a.exchanges = len(onboarding.OfKind(judged, onboarding.VerdictAsk)) > 0
	a.add(judged)
	return nil
}

// lookAtPeople looks at those who should have access, and at what brings them to Identity Center.
func (a *assessment) lookAtPeople(ctx context.Context) (err error) {
	if a.whose.Okta.Trouble != nil {
		return nil
	}
	where := people.Where{AppID: a.appID(), Provisions: a.app.App != nil && a.app.App.Provisions()}
	if a.instance != nil {
		where.IdentityStoreID = a.instance.IdentityStoreID
	}
	if !a.in.Everybody {
		where.Limit = people.QuickLimit
	}
	if a.people, err = people.Look(ctx, people.Sources{AWS: a.AWS, Okta: a.Okta, Lists: a.People}, where, a.spec); err != nil {
		return err
	}
	a.outlook = a.people.Outlook(a.spec)
	a.result.People = onboarding.ExpectedPeople{Wanted: len(a.people.People), Synced: len(a.outlook.Present), AfterSync: len(a.outlook.Coming)}
	var exceptions people.Exceptions
	for _, missing := range a.outlook.Exceptions() {
		exceptions.Add(missing.Person, missing.Problem)
	}
	a.result.Exceptions, a.result.ExceptionsTotal, a.result.PeopleFile = exceptions.Listed, exceptions.Total, a.people.File

	state, err := provisioning.Look(ctx, a.Okta, a.spec, a.app.App, a.app.Undecided)
	if err != nil {
		return err
	}
	state.Arriving, state.Lacking = len(a.outlook.Coming) > 0, a.outlook.Lacks
	state.MadeByHand, state.Existing = a.people.GroupsByHand, map[string]string{}
	for _, group := range a.people.Directory {
		if group.ID != "" {
			state.Existing[group.Name] = group.ID
		}
	}
	a.add(provisioning.Judge(a.spec, state))
	a.add(people.Judge(a.spec, a.people))
	return nil
}

// lookAtStudio looks at the Studio account: domain, network and execution roles depend on one another.
func (a *assessment) lookAtStudio(ctx context.Context) error {
	if a.whose.Studio.Trouble != nil {
		return nil
	}
	cfg, err := a.AWS.Config(ctx, a.spec.Studio, a.spec.Region)
	if err != nil {
		_, err = provider.Trouble(err) // said of the credentials
		return err
	}
	if a.domain, err = domain.Look(ctx, cfg, a.spec); err != nil {
		return err
	}
	if !a.in.Things {
		if err := a.domain.LookAtQuotas(ctx, cfg); err != nil {
			return err
		}
	}
	roles, err := role.Look(ctx, a.AWS, a.spec, a.whose.Studio.Account)
	if err != nil {
		return err
	}
	arns := roles.ARNs()
	for _, wanted := range a.spec.ExecutionRoles() {
		a.roles = append(a.roles, onboarding.RoleHandle{Wanted: wanted, Name: people.RoleName(wanted), ARN: arns[wanted]})
	}
	place, err := network.Look(ctx, a.AWS, a.spec, a.ownNetwork())
	if err != nil {
		return err
	}
	chosen := network.Chosen(a.spec, place)
	a.domain.Account, a.domain.ExecutionRoleARN, a.domain.People = a.whose.Studio.Account, arns[a.spec.Domain.ExecutionRole],
		a.result.People.Wanted
	a.domain.Network = domain.Network{VPC: chosen.VPC, Subnets: chosen.Subnets, SecurityGroups: chosen.SecurityGroups, Access: chosen.Access}
	a.add(role.Judge(a.spec, roles))
	a.add(network.Judge(a.spec, place))
	a.add(domain.Judge(a.spec, a.domain))
	return nil
}

// ownNetwork is the network of the domain that is there already; nil where there is none.
func (a *assessment) ownNetwork() *network.Domain {
	is := a.domain.Domain
	if is == nil || is.Gone() {
		return nil
	}
	return &network.Domain{
		ID: is.ID, VPC: is.VPC, Subnets: is.Subnets, SecurityGroups: is.SecurityGroups, Access: is.Access, HomeFileSystem: is.HomeFileSystem,
	}
}

func (a *assessment) domainHandle() onboarding.DomainHandle {
	is := a.domain.Domain
	if is == nil {
		return onboarding.DomainHandle{}
	}
	return onboarding.DomainHandle{ID: is.ID, ARN: is.ARN, Name: is.Name, URL: is.URL, ApplicationARN: is.ApplicationARN, Origin: is.Origin}
}

// lookAtAccess computes what a run would change of assignments and profiles, for the directory as it will be once Okta has brought
// the people and groups. A run that only begins asks for it later, of everybody.
func (a *assessment) lookAtAccess(ctx context.Context) error {
	if !a.in.Everybody || a.app.Undecided || len(a.roles) == 0 || a.whose.Okta.Trouble != nil {
		return nil
	}
	handles := onboarding.Handles{Spec: a.spec, AppID: a.appID(), Roles: a.roles, Domain: a.domainHandle()}
	if a.instance != nil {
		handles.InstanceARN, handles.IdentityStoreID = a.instance.ARN, a.instance.IdentityStoreID
	}
	progress := provider.NewProgress(ctx, onboarding.StepAccess, "profiles read")
	users, groups := a.people.AfterSync(a.outlook)
	state, err := access.Look(ctx, access.Sources{AWS: a.AWS, Waits: a.Waits, Store: a.People}, access.InputOf(handles), users,
		groups, progress.At)
	if err != nil {
		return err
	}
	if a.instance != nil && a.appID() != "" {
		signIns := &signin.Activities{AWS: a.AWS, Okta: a.Okta, Waits: a.Waits, Store: a.People}
		found, err := signIns.Look(ctx, signin.InputOf(handles))
		if err != nil {
			return err
		}
		state.SignIns = &found
	}
	a.add(access.Judge(a.spec, state))
	return nil
}
