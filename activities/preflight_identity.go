package activities

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	identitystoretypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssoadmintypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/policy"
	"studio-onboarding/onboarding"
)

// checkIdentity looks at the account of Identity Center and at the instance.
func (p *preflight) checkIdentity(ctx context.Context) error {
	side := p.spec.IdentityCenter
	account, err := p.account(ctx, checkIdentityAccount, "identityCenter", side)
	if err != nil || account == "" {
		return err
	}
	p.result.IdentityAccount = account

	identity := IdentityCenter{AWS: p.AWS, Waits: p.Waits}
	found, err := identity.FindInstance(ctx, InstanceInput{IdentityCenter: side, Region: p.spec.Region})
	if err != nil {
		return p.failed(onboarding.LevelBlocking, checkInstance, err)
	}
	cfg, err := p.AWS.Config(ctx, side, p.spec.Region)
	if err != nil {
		return p.failed(onboarding.LevelBlocking, checkInstance, err)
	}
	if account != found.ManagementAccount {
		if err := p.delegated(ctx, cfg, account, found.ManagementAccount); err != nil {
			return err
		}
	}
	if p.instance = found.Instance; p.instance == nil {
		p.warn(checkInstance, "Nothing to do now: the run asks for it and notices when it is done.",
			"IAM Identity Center is not enabled yet in the management account %s; no API can enable it.", found.ManagementAccount)
		return nil
	}
	p.ok(checkInstance, "%s, primary Region %s, owned by the management account %s.", p.instance.ARN, p.instance.PrimaryRegion, p.instance.OwnerAccount)
	for _, check := range []func(context.Context, aws.Config) error{p.instanceKey, p.storeNetwork, p.trustedAccess, p.directory} {
		if err := check(ctx, cfg); err != nil {
			return err
		}
	}
	return nil
}

// trustedAccess: Identity Center reaches the organization's member accounts by it (AWS Organizations User Guide, "AWS IAM
// Identity Center and AWS Organizations"). Enabling the instance switches it on; somebody may have switched it off.
func (p *preflight) trustedAccess(ctx context.Context, cfg aws.Config) error {
	const principal = "sso.amazonaws.com"
	pages := organizations.NewListAWSServiceAccessForOrganizationPaginator(organizations.NewFromConfig(cfg), &organizations.ListAWSServiceAccessForOrganizationInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return p.unchecked(checkTrustedAccess, "Trusted access", awscloud.Classify("organizations:ListAWSServiceAccessForOrganization", err))
		}
		for _, service := range page.EnabledServicePrincipals {
			if aws.ToString(service.ServicePrincipal) == principal {
				p.ok(checkTrustedAccess, "%s has trusted access to the organization.", principal)
				return nil
			}
		}
	}
	p.warn(checkTrustedAccess, "Switch it on: AWS Organizations console of the management account, Services, IAM Identity Center, Enable trusted access.",
		"%s has no trusted access to the organization, so that Identity Center cannot serve the member accounts.", principal)
	return nil
}

// directory reads who is in Identity Center, and looks for access groups that somebody made there by hand.
func (p *preflight) directory(ctx context.Context, _ aws.Config) error {
	store, err := openIdentityStore(ctx, p.AWS, p.spec.IdentityCenter, p.spec.Region, p.instance.IdentityStoreID)
	if err != nil {
		return p.failed(onboarding.LevelBlocking, checkInstance, err)
	}
	if p.users, err = store.users(ctx); err != nil {
		return p.failed(onboarding.LevelBlocking, checkByHand, err)
	}
	for _, group := range p.spec.Access.Groups {
		byHand, err := store.madeByHand(ctx, group.Name)
		if err != nil {
			if err := p.failed(onboarding.LevelBlocking, checkGroupByHand, err); err != nil {
				return err
			}
		} else if byHand {
			p.groupsByHand = append(p.groupsByHand, group.Name)
		}
	}
	return nil
}

// madeByHand says whether there is a group of that name that came from no other directory.
func (s identityStore) madeByHand(ctx context.Context, name string) (bool, error) {
	found, err := s.client.GetGroupId(ctx, &identitystore.GetGroupIdInput{
		IdentityStoreId: &s.id,
		AlternateIdentifier: &identitystoretypes.AlternateIdentifierMemberUniqueAttribute{Value: identitystoretypes.UniqueAttribute{
			AttributePath: aws.String("displayName"), AttributeValue: document.NewLazyDocument(name),
		}},
	})
	err = awscloud.Classify("identitystore:GetGroupId", err)
	if fault.ClassOf(err) == fault.NotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	group, err := s.client.DescribeGroup(ctx, &identitystore.DescribeGroupInput{IdentityStoreId: &s.id, GroupId: found.GroupId})
	err = awscloud.Classify("identitystore:DescribeGroup", err)
	if fault.ClassOf(err) == fault.NotFound {
		return false, nil
	}
	return err == nil && len(group.ExternalIds) == 0, err
}

// account says to which account the credentials of a side belong; "" when they don't work or belong to another one.
func (p *preflight) account(ctx context.Context, check, field string, side onboarding.AccountSpec) (string, error) {
	cfg, err := p.AWS.Config(ctx, side, p.spec.Region)
	if err != nil {
		return "", p.failed(onboarding.LevelBlocking, check, err)
	}
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", p.failed(onboarding.LevelBlocking, check, awscloud.Classify("sts:GetCallerIdentity", err))
	}
	account, principal := aws.ToString(who.Account), aws.ToString(who.Arn)
	if side.Account != "" && side.Account != account {
		p.block(check, "Give the worker credentials of account "+side.Account+", set "+field+".assumeRole to a role there, or correct "+field+".account in the spec; then retry.",
			"The credentials belong to account %s (%s), but %s.account is %s.", account, principal, field, side.Account)
		return "", nil
	}
	p.ok(check, "Account %s, as %s.", account, principal)
	rights, name := checkIdentityRights, policy.SideIdentityCenter
	if check == checkStudioAccount {
		rights, name = checkStudioRights, policy.SideStudio
	}
	return account, p.permissions(ctx, cfg, rights, name, principalOf(side, principal))
}

// delegated: besides the management account, one member account may be named to administer Identity Center (IAM Identity
// Center User Guide, "Delegated administration").
func (p *preflight) delegated(ctx context.Context, cfg aws.Config, account, management string) error {
	out, err := organizations.NewFromConfig(cfg).ListDelegatedAdministrators(ctx, &organizations.ListDelegatedAdministratorsInput{
		ServicePrincipal: aws.String("sso.amazonaws.com"),
	})
	err = awscloud.Classify("organizations:ListDelegatedAdministrators", err)
	switch {
	case err != nil && fault.ClassOf(err).Retryable():
		return err
	case err == nil:
		for _, administrator := range out.DelegatedAdministrators {
			if aws.ToString(administrator.Id) == account {
				p.ok(checkInstance, "Account %s is the delegated administrator of Identity Center.", account)
				return nil
			}
		}
	}
	p.warn(checkInstance, "Use credentials of the management account, set identityCenter.assumeRole to a role there, or make this account the delegated administrator.",
		"Account %s is neither the management account (%s) nor known to be the delegated administrator: AWS may refuse to assign people to the Studio application.", account, management)
	return nil
}

// instanceKey: Studio is listed as not working with a customer managed key (IAM Identity Center User Guide, "AWS managed
// applications that you can use with IAM Identity Center").
func (p *preflight) instanceKey(ctx context.Context, cfg aws.Config) error {
	out, err := ssoadmin.NewFromConfig(cfg).DescribeInstance(ctx, &ssoadmin.DescribeInstanceInput{InstanceArn: &p.instance.ARN})
	if err != nil {
		return p.failed(onboarding.LevelWarning, checkInstanceKey, awscloud.Classify("sso:DescribeInstance", err))
	}
	details := out.EncryptionConfigurationDetails
	switch {
	case details == nil || details.KeyType != ssoadmintypes.KmsKeyTypeCustomerManagedKey:
		p.ok(checkInstanceKey, "Encrypted with a key that AWS owns.")
	default:
		p.warn(checkInstanceKey, "Ask AWS Support whether Studio supports it by now, or change the instance's key back to the AWS owned one "+
			"(IAM Identity Center console, Settings, Management). The worker's roles need kms:Decrypt on the key.",
			"The instance is encrypted with the customer managed key %s; AWS lists SageMaker Studio as not supporting that.", aws.ToString(details.KmsKeyArn))
	}
	return nil
}

// storeNetwork: network controls of the identity store can shut Okta out without any error that Okta or a person would see.
func (p *preflight) storeNetwork(ctx context.Context, cfg aws.Config) error {
	out, err := identitystore.NewFromConfig(cfg).DescribeIdentityStore(ctx, &identitystore.DescribeIdentityStoreInput{IdentityStoreId: &p.instance.IdentityStoreID})
	if err != nil {
		return p.failed(onboarding.LevelWarning, checkStoreNetwork, awscloud.Classify("identitystore:DescribeIdentityStore", err))
	}
	controls := out.NetworkConfiguration
	switch {
	case controls == nil:
		p.ok(checkStoreNetwork, "No network controls.")
	case len(controls.ScimAllowSourceIps) > 0 && !slices.Contains(controls.ScimAllowSourceIps, "0.0.0.0/0"):
		p.warn(checkStoreNetwork, "Make sure that all addresses of your Okta cell are among them (Okta publishes them as \"IP ranges\").",
			"The identity store takes SCIM requests from these addresses only: %s.", strings.Join(controls.ScimAllowSourceIps, ", "))
	case len(controls.ScimAllowSourceIps) == 0 && aws.ToBool(controls.VpceAccessRequired):
		p.block(checkStoreNetwork, `Set ScimAllowSourceIps to Okta's addresses, or to "0.0.0.0/0" (identitystore:UpdateIdentityStore), then retry.`,
			"The identity store can only be reached through a VPC endpoint, so that Okta cannot provision anybody.")
	default:
		p.ok(checkStoreNetwork, "Okta can reach the identity store.")
	}
	return nil
}
