package identitycenter

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"studio-onboarding/onboarding"
)

// The codes of the verdicts.
const (
	CodeInstance      = "identity-center"
	CodeKey           = "identity-center-key"
	CodeStoreNetwork  = "identity-store-network"
	CodeTrustedAccess = "trusted-access"
)

const fieldRegion = "region"

// The states of an instance ("ListInstances", Status).
const (
	statusActive       = "ACTIVE"
	statusCreateFailed = "CREATE_FAILED"
	statusDeleting     = "DELETE_IN_PROGRESS"
)

// The states of a Region of an instance ("RegionMetadata", Status).
const (
	regionActive = "ACTIVE"
	regionAdding = "ADDING"
)

// State is what is there. Nil pointers were not looked at.
type State struct {
	// Account is the account that the credentials belong to; empty where it is not known.
	Account           string
	ManagementAccount string
	// Instances are those of the organization and of its member accounts, in all Regions, as AWS lists them.
	Instances []Listed
	// Trouble is why nothing else is known.
	Trouble *onboarding.Trouble
	// Administrator says that Account is known to be the delegated administrator of Identity Center.
	Administrator bool

	Key            *Key
	KeyTrouble     *onboarding.Trouble
	Network        *StoreNetwork
	NetworkTrouble *onboarding.Trouble
	// TrustedAccess is whether Identity Center reaches the organization's member accounts.
	TrustedAccess        *bool
	TrustedAccessTrouble *onboarding.Trouble
}

// Instance is an Identity Center instance.
type Instance struct {
	ARN             string    `json:"arn"`
	IdentityStoreID string    `json:"identityStoreId"`
	OwnerAccount    string    `json:"ownerAccount"`
	PrimaryRegion   string    `json:"primaryRegion"`
	CreatedAt       time.Time `json:"createdAt,omitzero"`
}

// Listed is an instance with its state.
type Listed struct {
	Instance
	Status, StatusReason string
	// Regions are the primary Region and the additional ones.
	Regions []Region
}

// Region is one of an instance's Regions.
type Region struct{ Name, Status string }

// in is the state of the instance in a Region: the primary one has the instance's; empty where it is not there.
func (i Listed) in(region string) string {
	if i.PrimaryRegion == region {
		return regionActive
	}
	for _, one := range i.Regions {
		if one.Name == region {
			return one.Status
		}
	}
	return ""
}

// Key encrypts the instance.
type Key struct {
	CustomerManaged bool
	ARN             string
}

// StoreNetwork are the network controls of the identity store.
type StoreNetwork struct {
	// Controlled says that there are any.
	Controlled bool
	// EndpointOnly says that the store is reached through a VPC endpoint, but for SCIM requests from SCIMSources.
	EndpointOnly bool
	SCIMSources  []string
}

// organization is the organization's instance, nil where there is none. It is the one that the management account owns: account
// instances of member accounts are listed too, and Studio does not work with them (IAM Identity Center User Guide, "AWS managed
// applications that you can use with IAM Identity Center").
func (s State) organization(region string) *Listed {
	for _, instance := range s.Instances {
		if instance.OwnerAccount == s.ManagementAccount {
			instance.PrimaryRegion = cmp.Or(instance.PrimaryRegion, region)
			return &instance
		}
	}
	return nil
}

// Usable is the instance that applications of that Region can use; nil where there is none, or none yet. Its primary Region may be
// another one: there it is administered.
func (s State) Usable(region string) *Instance {
	instance := s.organization(region)
	if instance == nil || instance.Status != statusActive || instance.in(region) != regionActive {
		return nil
	}
	return &instance.Instance
}

// adding is the active instance that is being extended to that Region, nil where there is none.
func (s State) adding(region string) *Instance {
	instance := s.organization(region)
	if instance == nil || instance.Status != statusActive || instance.in(region) != regionAdding {
		return nil
	}
	return &instance.Instance
}

// Judge says what is right about the instance. Where it is in a Region other than the spec's, the verdict about the field speaks
// for the instance as well.
func Judge(spec onboarding.Spec, s State) []onboarding.Verdict {
	region := onboarding.Verdict{
		Resource: onboarding.ResourceInstance, Field: fieldRegion, Kind: onboarding.VerdictUnknown, Code: CodeInstance, Want: spec.Region,
		Reason: "There is no Identity Center instance to compare with.",
	}
	if s.Trouble != nil {
		return []onboarding.Verdict{s.Trouble.As(onboarding.VerdictBlocked, onboarding.ResourceInstance, "", CodeInstance), region}
	}
	var verdicts []onboarding.Verdict
	if s.Account != "" && s.Account != s.ManagementAccount && !s.Administrator {
		verdicts = append(verdicts, s.judgeAccount())
	}
	instance := s.organization(spec.Region)
	if instance == nil {
		return append(verdicts, s.judgeMissing(spec), region)
	}
	if instance.Status == statusCreateFailed || instance.Status == statusDeleting {
		return append(verdicts, s.judgeInstance(spec, *instance), region)
	}
	region.Subject, region.Have, region.Kind = instance.ARN, instance.PrimaryRegion, onboarding.VerdictKeep
	region.Reason = fmt.Sprintf("The instance has the primary Region %s.", instance.PrimaryRegion)
	if instance.PrimaryRegion != spec.Region {
		if instance.Status != statusActive || instance.in(spec.Region) != regionActive && instance.in(spec.Region) != regionAdding {
			return append(verdicts, blockedRegion(region, *instance))
		}
		region = additionalRegion(region, instance.in(spec.Region))
	}
	verdicts = append(verdicts, s.judgeInstance(spec, *instance), region)
	if instance.Status != statusActive {
		return verdicts
	}
	return slices.Concat(verdicts, s.judgeKey(*instance), s.judgeNetwork(*instance), s.judgeTrustedAccess(*instance))
}

// additionalRegion: AWS managed applications may be deployed in an additional Region "subject to the application's support" (IAM
// Identity Center User Guide, "Using IAM Identity Center across multiple AWS Regions"). Of SageMaker's own pages one wants the domain
// in a Region of the instance, the one on trusted identity propagation in the same Region. So it is warned about and let through.
func additionalRegion(region onboarding.Verdict, status string) onboarding.Verdict {
	if status == regionAdding {
		region.Kind = onboarding.VerdictAsk
		region.Reason = fmt.Sprintf("The instance has the primary Region %s and is being extended to %s.", region.Have, region.Want)
		region.Remedy = "Nothing to do: the run notices when the Region is active."
		return region
	}
	region.Kind = onboarding.VerdictWarning
	region.Reason = fmt.Sprintf("The instance has the primary Region %s, and %s is an additional one. AWS does not say clearly that "+
		"Studio supports additional Regions; SAML, SCIM and assignments stay in %s.", region.Have, region.Want, region.Have)
	region.Remedy = fmt.Sprintf("Try one sign-in before everybody gets access. If AWS refuses the domain or the sign-in, set region: %s in "+
		"the spec; trusted identity propagation needs that in any case.", region.Have)
	return region
}

// blockedRegion: a domain has to be in a Region of the instance (SageMaker Developer Guide, "Onboard using IAM Identity Center"), and an
// instance cannot be moved.
func blockedRegion(region onboarding.Verdict, instance Listed) onboarding.Verdict {
	region.Kind = onboarding.VerdictBlocked
	region.Reason = fmt.Sprintf("The organization's Identity Center instance %s has the primary Region %s, the spec says %s; "+
		"Studio has to be in a Region of the instance.",
		instance.ARN, region.Have, region.Want)
	if status := instance.in(region.Want); status != "" {
		region.Reason += fmt.Sprintf(" There it is %s.", status)
	}
	region.Remedy = fmt.Sprintf("Set region: %s in the spec and start the run anew; or add %s to the instance (sso:AddRegion), which needs "+
		"an external identity provider and a multi-Region key, and retry; or, if nobody uses the instance, delete it there, enable it in %s "+
		"and retry.", region.Have, region.Want, region.Want)
	return region
}

func (s State) judgeAccount() onboarding.Verdict {
	return verdict(onboarding.VerdictWarning, s.Account, CodeInstance,
		"Use credentials of the management account, set identityCenter.assumeRole to a role there, or make this account the delegated "+
			"administrator.",
		"Account %s is neither the management account (%s) nor known to be the delegated administrator: AWS may refuse to assign "+
			"people to the Studio application.",
		s.Account, s.ManagementAccount)
}

// judgeMissing: without the organization's instance a person is asked for it, unless account instances show that somebody
// enabled the wrong kind.
func (s State) judgeMissing(spec onboarding.Spec) onboarding.Verdict {
	var strangers []string
	for _, instance := range s.Instances {
		strangers = append(strangers, instance.ARN+" of account "+instance.OwnerAccount)
	}
	if len(strangers) == 0 {
		return verdict(onboarding.VerdictAsk, spec.Region, CodeInstance,
			"Nothing to do now: the run asks for it and notices when it is done.",
			"IAM Identity Center is not enabled yet in the management account %s; no API can enable it.", s.ManagementAccount)
	}
	return verdict(onboarding.VerdictBlocked, spec.Region, CodeInstance,
		fmt.Sprintf("Enable the organization instance: IAM Identity Center console of the management account %s, Region %s, "+
			"Enable; then retry. The account instance may stay.", s.ManagementAccount, spec.Region),
		"There is only an account instance of IAM Identity Center (%s), and Studio does not work with those.", strings.Join(strangers, ", "))
}

func (s State) judgeInstance(spec onboarding.Spec, instance Listed) onboarding.Verdict {
	switch instance.Status {
	case statusActive:
		return verdict(onboarding.VerdictAdopt, instance.ARN, CodeInstance, "",
			"The instance is active, has the primary Region %s, and is owned by the management account %s.", instance.PrimaryRegion,
			instance.OwnerAccount)
	case statusCreateFailed:
		return verdict(onboarding.VerdictBlocked, instance.ARN, CodeInstance,
			"Delete it in the IAM Identity Center console of the management account (Settings, Management), enable it again, then retry.",
			"The creation of the Identity Center instance %s failed: %s.", instance.ARN,
			strings.TrimSuffix(cmp.Or(instance.StatusReason, "AWS gives no reason"), "."))
	case statusDeleting:
		return verdict(onboarding.VerdictAsk, instance.ARN, CodeInstance,
			"Nothing to do now: the run asks for a new one and notices when it is enabled.",
			"The Identity Center instance %s is being deleted. Another one has to be enabled in %s afterwards; no API can do that.",
			instance.ARN, spec.Region)
	}
	return verdict(onboarding.VerdictAsk, instance.ARN, CodeInstance, "Nothing to do: the run notices when it is active.",
		"The Identity Center instance %s is being made (%s).", instance.ARN, cmp.Or(instance.Status, "AWS names no status"))
}

// judgeKey: Studio is listed as not working with a customer managed key (IAM Identity Center User Guide, "AWS managed
// applications that you can use with IAM Identity Center").
func (s State) judgeKey(instance Listed) []onboarding.Verdict {
	switch {
	case s.KeyTrouble != nil:
		return []onboarding.Verdict{s.KeyTrouble.As(onboarding.VerdictWarning, onboarding.ResourceInstance, instance.ARN, CodeKey)}
	case s.Key == nil:
		return nil
	case s.Key.CustomerManaged:
		return []onboarding.Verdict{verdict(onboarding.VerdictWarning, instance.ARN, CodeKey,
			"Ask AWS Support whether Studio supports it by now, or change the instance's key back to the AWS owned one "+
				"(IAM Identity Center console, Settings, Management). The worker's roles need kms:Decrypt on the key.",
			"The instance is encrypted with the customer managed key %s; AWS lists SageMaker Studio as not supporting that.", s.Key.ARN)}
	}
	return []onboarding.Verdict{verdict(onboarding.VerdictKeep, instance.ARN, CodeKey, "",
		"The instance is encrypted with a key that AWS owns.")}
}

// judgeNetwork: network controls of the identity store can shut Okta out without any error that Okta or a person would see.
func (s State) judgeNetwork(instance Listed) []onboarding.Verdict {
	const everywhere = "0.0.0.0/0"
	judged := func(kind onboarding.VerdictKind, remedy, format string, args ...any) []onboarding.Verdict {
		return []onboarding.Verdict{verdict(kind, instance.ARN, CodeStoreNetwork, remedy, format, args...)}
	}
	switch network := s.Network; {
	case s.NetworkTrouble != nil:
		return []onboarding.Verdict{s.NetworkTrouble.As(onboarding.VerdictWarning, onboarding.ResourceInstance, instance.ARN,
			CodeStoreNetwork)}
	case network == nil:
		return nil
	case !network.Controlled:
		return judged(onboarding.VerdictKeep, "", "The identity store has no network controls.")
	case len(network.SCIMSources) > 0 && !slices.Contains(network.SCIMSources, everywhere):
		return judged(onboarding.VerdictWarning,
			`Make sure that all addresses of your Okta cell are among them (Okta publishes them as "IP ranges").`,
			"The identity store takes SCIM requests from these addresses only: %s.", strings.Join(network.SCIMSources, ", "))
	case len(network.SCIMSources) == 0 && network.EndpointOnly:
		return judged(onboarding.VerdictBlocked,
			`Set ScimAllowSourceIps to Okta's addresses, or to "`+everywhere+`" (identitystore:UpdateIdentityStore), then retry.`,
			"The identity store can only be reached through a VPC endpoint, so that Okta cannot provision anybody.")
	}
	return judged(onboarding.VerdictKeep, "", "Okta can reach the identity store.")
}

// judgeTrustedAccess: Identity Center reaches the organization's member accounts by it (AWS Organizations User Guide, "AWS IAM
// Identity Center and AWS Organizations"). Enabling the instance switches it on; somebody may have switched it off.
func (s State) judgeTrustedAccess(instance Listed) []onboarding.Verdict {
	judged := func(kind onboarding.VerdictKind, remedy, format string, args ...any) []onboarding.Verdict {
		return []onboarding.Verdict{verdict(kind, instance.ARN, CodeTrustedAccess, remedy, format, args...)}
	}
	switch {
	case s.TrustedAccessTrouble != nil:
		return judged(onboarding.VerdictUnknown, "", "Trusted access was not looked at, because the credentials do not allow %s.",
			s.TrustedAccessTrouble.Operation)
	case s.TrustedAccess == nil:
		return nil
	case *s.TrustedAccess:
		return judged(onboarding.VerdictKeep, "", "%s has trusted access to the organization.", servicePrincipal)
	}
	return judged(onboarding.VerdictWarning,
		"Switch it on: AWS Organizations console of the management account, Services, IAM Identity Center, Enable trusted access.",
		"%s has no trusted access to the organization, so that Identity Center cannot serve the member accounts.", servicePrincipal)
}

func verdict(kind onboarding.VerdictKind, subject, code, remedy, format string, args ...any) onboarding.Verdict {
	return onboarding.Verdict{
		Resource: onboarding.ResourceInstance, Subject: subject, Kind: kind, Code: code, Reason: fmt.Sprintf(format, args...), Remedy: remedy,
	}
}
