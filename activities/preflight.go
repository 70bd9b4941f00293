package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/onboarding"
)

// Preflight looks at everything a run depends on, and changes nothing.
type Preflight struct {
	AWS   AWS
	Okta  Okta
	Waits Waits
	// People keeps the list of those who will not get in as they are; nil keeps none.
	People PeopleStore
}

// PreflightInput is the whole spec.
type PreflightInput struct {
	Spec onboarding.Spec `json:"spec"`
	// Everybody asks to look at all people, however many there are. Without it the first ten thousand of each group are enough.
	Everybody bool `json:"everybody,omitempty"`
}

// PreflightResult lists what was found.
type PreflightResult struct {
	Findings []onboarding.Finding `json:"findings"`
	// OktaURL is the org's address, for links in requests.
	OktaURL string `json:"oktaUrl"`
	// IdentityAccount and StudioAccount are the accounts that the credentials belong to.
	IdentityAccount string `json:"identityAccount"`
	StudioAccount   string `json:"studioAccount"`
}

// The checks of the preflight, as findings name them.
const (
	checkIdentityAccount = "identity-account"
	checkStudioAccount   = "studio-account"
	checkInstance        = "identity-center"
	checkInstanceKey     = "identity-center-key"
	checkStoreNetwork    = "identity-store-network"
	checkByHand          = "people-made-by-hand"
	checkOkta            = "okta-credentials"
	checkOktaApp         = "okta-app"
	checkAssignmentGroup = "okta-assignment-group"
	checkAccessGroup     = "okta-access-group"
	checkUnassigned      = "people-without-app"
	checkPeople          = "people"
	checkNetwork         = "network"
	checkRole            = "execution-role"
	checkDomain          = "domain"
	checkDomainQuota     = "quota-domains"
	checkProfileQuota    = "quota-profiles"
)

// RunPreflight checks credentials, accounts, Region, instance, network, roles, domain, quotas, the Okta app and groups, and
// the people in them, and collects what it finds: a blocking finding is something that the run would fail on for sure, a
// warning something that a person should know. One finding never hides another. The error is a fault worth a retry
// (Throttled, Unavailable), and nothing else.
func (x *Preflight) RunPreflight(ctx context.Context, in PreflightInput) (PreflightResult, error) {
	p := &preflight{Preflight: x, spec: in.Spec, everybody: in.Everybody, result: PreflightResult{OktaURL: x.Okta.URL()}}
	for _, check := range []func(context.Context) error{
		p.checkIdentity, p.checkOrg, p.checkStudio,
	} {
		if err := check(ctx); err != nil {
			return PreflightResult{}, err
		}
	}
	return p.result, nil
}

// preflight is one look at everything.
type preflight struct {
	*Preflight
	spec      onboarding.Spec
	everybody bool
	result    PreflightResult
	// instance is nil while there is none.
	instance *Instance
	// people are those who should get in, as far as they were read.
	people []oktaorg.User
}

func (p *preflight) ok(check, format string, args ...any) {
	p.add(onboarding.LevelOK, check, "", format, args...)
}

func (p *preflight) warn(check, remedy, format string, args ...any) {
	p.add(onboarding.LevelWarning, check, remedy, format, args...)
}

func (p *preflight) block(check, remedy, format string, args ...any) {
	p.add(onboarding.LevelBlocking, check, remedy, format, args...)
}

func (p *preflight) add(level onboarding.Level, check, remedy, format string, args ...any) {
	p.result.Findings = append(p.result.Findings, onboarding.Finding{
		Level: level, Check: check, Message: fault.Trim(fmt.Sprintf(format, args...), fault.MaxMessage), Remedy: remedy,
	})
}

// failed turns a fault that only a person can settle into a finding, and hands any other error back, for the activity to
// fail with and be tried again.
func (p *preflight) failed(level onboarding.Level, check string, err error) error {
	var f *fault.Fault
	if !errors.As(err, &f) || f.Class.Retryable() {
		return err
	}
	p.add(level, check, cmp.Or(f.Remedy, "Put it right, then retry."), "%s", strings.TrimPrefix(f.Operation+": "+f.Message, ": "))
	return nil
}
