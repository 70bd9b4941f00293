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
	checkIdentityRights  = "identity-permissions"
	checkStudioRights    = "studio-permissions"
	checkStudioAccount   = "studio-account"
	checkInstance        = "identity-center"
	checkInstanceKey     = "identity-center-key"
	checkStoreNetwork    = "identity-store-network"
	checkTrustedAccess   = "trusted-access"
	checkGroupByHand     = "group-made-by-hand"
	checkByHand          = "people-made-by-hand"
	checkOkta            = "okta-credentials"
	checkOktaApp         = "okta-app"
	checkCertificate     = "okta-app-certificate"
	checkSettings        = "okta-app-settings"
	checkUserNames       = "okta-app-user-names"
	checkFeatures        = "okta-app-provisioning"
	checkGroupPush       = "okta-group-push"
	checkLog             = "okta-system-log"
	checkAssignmentGroup = "okta-assignment-group"
	checkAccessGroup     = "okta-access-group"
	checkUnassigned      = "people-without-app"
	checkPeople          = "people"
	checkEverybody       = "people-who-will-not-get-in"
	checkProfileNames    = "profile-names"
	checkRoleConflicts   = "role-conflicts"
	checkNetwork         = "network"
	checkNFS             = "security-groups"
	checkEndpoints       = "vpc-endpoints"
	checkRole            = "execution-role"
	checkRolePolicies    = "execution-role-policies"
	checkSageMaker       = "sagemaker"
	checkDomain          = "domain"
	checkDomainQuota     = "quota-domains"
	checkProfileQuota    = "quota-profiles"
)

// areaOf says under which heading a check is shown.
func areaOf(check string) string {
	switch check {
	case checkIdentityAccount, checkStudioAccount, checkOkta, checkIdentityRights, checkStudioRights:
		return onboarding.AreaCredentials
	case checkInstance, checkInstanceKey, checkStoreNetwork, checkTrustedAccess, checkGroupByHand:
		return onboarding.AreaIdentityCenter
	case checkNetwork, checkNFS, checkEndpoints:
		return onboarding.AreaNetwork
	case checkRole, checkRolePolicies:
		return onboarding.AreaRole
	case checkDomain, checkDomainQuota, checkProfileQuota, checkSageMaker:
		return onboarding.AreaStudio
	case checkPeople, checkUnassigned, checkByHand, checkEverybody, checkProfileNames, checkRoleConflicts:
		return onboarding.AreaPeople
	}
	return onboarding.AreaOkta
}

// RunPreflight checks credentials, accounts, Region, instance, network, roles, domain, quotas, the Okta app and groups, and
// the people in them, and collects what it finds: a blocking finding is something that the run would fail on for sure, a
// warning something that a person should know. One finding never hides another. The error is a fault worth a retry
// (Throttled, Unavailable), and nothing else.
func (x *Preflight) RunPreflight(ctx context.Context, in PreflightInput) (PreflightResult, error) {
	p := &preflight{Preflight: x, spec: in.Spec, all: in.Everybody, result: PreflightResult{OktaURL: x.Okta.URL()}}
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
	spec onboarding.Spec
	// all asks for all people, however many there are.
	all    bool
	result PreflightResult
	// instance is nil while there is none; users are everybody in its directory.
	instance *Instance
	users    []directory.User
	// groupsByHand are access groups that Identity Center has, and that came from no other directory.
	groupsByHand []string
	// oktaApp is nil while there is none, or while it is not known which.
	oktaApp *oktaorg.App
	// people are those who should get in, as far as they were read; persons are the same with what else is known of them.
	people  []oktaorg.User
	persons []directory.Person
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
		Level: level, Area: areaOf(check), Check: check, Message: fault.Trim(fmt.Sprintf(format, args...), fault.MaxMessage), Remedy: remedy,
	})
}

// unchecked notes that something which only adds to the checks could not be looked at, and hands an error that is worth
// another try back.
func (p *preflight) unchecked(check, what string, err error) error {
	var f *fault.Fault
	if !errors.As(err, &f) || f.Class.Retryable() {
		return err
	}
	p.ok(check, "%s: not looked at, because the credentials do not allow %s.", what, f.Operation)
	return nil
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
