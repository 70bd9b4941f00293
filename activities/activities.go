// Package activities holds the retryable half of a run. Each resource has a package of its own below this one: look reads what is
// there, judge says what is right and what to do about it, and act makes it so. This package has all of them judge a spec
// (Assessor), and turns their faults into Temporal application errors at one place (NewInterceptor).
package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/client"

	"studio-onboarding/activities/access"
	"studio-onboarding/activities/domain"
	"studio-onboarding/activities/health"
	"studio-onboarding/activities/identitycenter"
	"studio-onboarding/activities/network"
	"studio-onboarding/activities/notify"
	"studio-onboarding/activities/oktaapp"
	"studio-onboarding/activities/people"
	"studio-onboarding/activities/provider"
	"studio-onboarding/activities/provisioning"
	"studio-onboarding/activities/record"
	"studio-onboarding/activities/role"
	"studio-onboarding/activities/signin"
	"studio-onboarding/activities/survey"
	"studio-onboarding/activities/trust"
)

// Providers are what activities work with.
type Providers struct {
	AWS     provider.AWS
	Okta    provider.Okta
	SCIM    provider.SCIM
	Secrets provider.Secrets
	Waits   provider.Waits
	People  Lists
	// Temporal and Store are what a studio's record is kept with.
	Temporal client.Client
	Store    record.Store
	// PlainHTTPHost is the only host on which a SCIM endpoint may be plain http: the simulated one. Empty for none.
	PlainHTTPHost string
	// Notify are the targets of notifications; there may be none.
	Notify []notify.Target
}

// Lists keep what has a line for each person.
type Lists interface {
	access.PeopleStore
	survey.Packs
}

// All are the activities of a worker, for it to register. Their methods' names are part of recorded histories.
func All(p Providers) []any {
	seen := seenSignIns{&signin.Activities{AWS: p.AWS, Okta: p.Okta, Waits: p.Waits}}
	return []any{
		&Assessor{AWS: p.AWS, Okta: p.Okta, Waits: p.Waits, People: p.People, SignIns: seen},
		&identitycenter.Activities{AWS: p.AWS, Waits: p.Waits},
		&oktaapp.Activities{Okta: p.Okta, Waits: p.Waits},
		&survey.Activities{AWS: p.AWS, Okta: p.Okta, Waits: p.Waits, Packs: p.People},
		&trust.Activities{AWS: p.AWS, Okta: p.Okta, Waits: p.Waits, SignIns: seen},
		&provisioning.Activities{AWS: p.AWS, Okta: p.Okta, SCIM: p.SCIM, Secrets: p.Secrets, Waits: p.Waits, PlainHTTPHost: p.PlainHTTPHost},
		&people.Activities{AWS: p.AWS, Okta: p.Okta, Waits: p.Waits},
		&role.Activities{AWS: p.AWS, Waits: p.Waits},
		&network.Activities{AWS: p.AWS},
		&domain.Activities{AWS: p.AWS, Waits: p.Waits},
		&record.Activities{Temporal: p.Temporal, Store: p.Store},
		&notify.Activities{Targets: p.Notify},
		&access.Activities{AWS: p.AWS, Okta: p.Okta, Waits: p.Waits, People: p.People},
		&signin.Activities{AWS: p.AWS, Okta: p.Okta, Waits: p.Waits, Store: p.People},
		&health.Activities{AWS: p.AWS, Okta: p.Okta, SCIM: p.SCIM, Secrets: p.Secrets, PlainHTTPHost: p.PlainHTTPHost},
	}
}

// seenSignIns tells the judge of trust who was seen signing in through an app.
type seenSignIns struct{ *signin.Activities }

// LastThrough implements trust.SignIns.
func (s seenSignIns) LastThrough(ctx context.Context, where trust.Where) (time.Time, error) {
	return s.Activities.LastThrough(ctx, signin.Input{IdentityCenter: where.IdentityCenter, Region: where.Region,
		IdentityStoreID: where.IdentityStoreID, AppID: where.AppID})
}
