// Package identitycenter looks after the organization's IAM Identity Center instance. No API enables it in a management account, so
// nothing is written here: a person enables it, and the run notices.
package identitycenter

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssoadmintypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// servicePrincipal is Identity Center's in AWS Organizations.
const servicePrincipal = "sso.amazonaws.com"

// Look reads the instance and everything about it that may keep people from signing in. Account is the account that the
// credentials belong to, empty where it is not known. The error is one worth another try.
func Look(ctx context.Context, clouds provider.AWS, spec onboarding.Spec, account string) (State, error) {
	state, cfg, err := find(ctx, clouds, InstanceInput{IdentityCenter: spec.IdentityCenter, Region: spec.Region})
	if err != nil {
		trouble, err := provider.Trouble(err)
		return State{Account: account, Trouble: trouble}, err
	}
	state.Account = account
	l := looker{cfg: cfg, state: &state, instance: state.Usable(spec.Region)}
	if l.instance != nil && l.instance.PrimaryRegion != spec.Region {
		if l.cfg, err = clouds.Config(ctx, spec.IdentityCenter, l.instance.PrimaryRegion); err != nil {
			trouble, err := provider.Trouble(err)
			return State{Account: account, Trouble: trouble}, err
		}
	}
	if account != "" && account != state.ManagementAccount {
		if err := l.administrator(ctx); err != nil {
			return State{}, err
		}
	}
	if l.instance == nil {
		return state, nil
	}
	err = provider.SideBySide(ctx, l.key, l.network, l.trustedAccess)
	return state, err
}

// find reads what FindInstance needs, and nothing else: the organization, and the instances in all Regions.
func find(ctx context.Context, clouds provider.AWS, in InstanceInput) (State, aws.Config, error) {
	cfg, err := clouds.Config(ctx, in.IdentityCenter, in.Region)
	if err != nil {
		return State{}, cfg, err
	}
	org, err := organizations.NewFromConfig(cfg).DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
	if err != nil {
		return State{}, cfg, err
	}
	if org.Organization == nil || aws.ToString(org.Organization.MasterAccountId) == "" {
		return State{}, cfg, fault.New(fault.Unavailable, "aws", "organizations:DescribeOrganization",
			"the answer names no management account")
	}
	state := State{ManagementAccount: *org.Organization.MasterAccountId}
	pages := ssoadmin.NewListInstancesPaginator(ssoadmin.NewFromConfig(cfg), &ssoadmin.ListInstancesInput{
		RegionScope: ssoadmintypes.RegionScopeAllRegions,
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return State{}, cfg, err
		}
		for _, instance := range page.Instances {
			var regions []Region
			for _, region := range instance.Regions {
				regions = append(regions, Region{Name: aws.ToString(region.RegionName), Status: string(region.Status)})
			}
			state.Instances = append(state.Instances, Listed{
				Instance: Instance{
					ARN: aws.ToString(instance.InstanceArn), IdentityStoreID: aws.ToString(instance.IdentityStoreId),
					OwnerAccount: aws.ToString(instance.OwnerAccountId), PrimaryRegion: aws.ToString(instance.PrimaryRegion),
					CreatedAt: aws.ToTime(instance.CreatedDate),
				},
				Status: string(instance.Status), StatusReason: aws.ToString(instance.StatusReason), Regions: regions,
			})
		}
	}
	return state, cfg, nil
}

// looker reads what is around a usable instance.
type looker struct {
	cfg      aws.Config
	state    *State
	instance *Instance
}

// administrator: besides the management account, one member account may be named to administer Identity Center (IAM Identity
// Center User Guide, "Delegated administration"). Where that may not be read, it is not known to be one.
func (l looker) administrator(ctx context.Context) error {
	out, err := organizations.NewFromConfig(l.cfg).ListDelegatedAdministrators(ctx, &organizations.ListDelegatedAdministratorsInput{
		ServicePrincipal: aws.String(servicePrincipal),
	})
	if err != nil {
		_, err := provider.Trouble(err)
		return err
	}
	for _, administrator := range out.DelegatedAdministrators {
		l.state.Administrator = l.state.Administrator || aws.ToString(administrator.Id) == l.state.Account
	}
	return nil
}

func (l looker) key(ctx context.Context) error {
	out, err := ssoadmin.NewFromConfig(l.cfg).DescribeInstance(ctx, &ssoadmin.DescribeInstanceInput{InstanceArn: &l.instance.ARN})
	if err != nil {
		l.state.KeyTrouble, err = provider.Trouble(err)
		return err
	}
	l.state.Key = &Key{}
	if details := out.EncryptionConfigurationDetails; details != nil && details.KeyType == ssoadmintypes.KmsKeyTypeCustomerManagedKey {
		l.state.Key = &Key{CustomerManaged: true, ARN: aws.ToString(details.KmsKeyArn)}
	}
	return nil
}

func (l looker) network(ctx context.Context) error {
	out, err := identitystore.NewFromConfig(l.cfg).DescribeIdentityStore(ctx, &identitystore.DescribeIdentityStoreInput{
		IdentityStoreId: &l.instance.IdentityStoreID,
	})
	if err != nil {
		l.state.NetworkTrouble, err = provider.Trouble(err)
		return err
	}
	l.state.Network = &StoreNetwork{}
	if controls := out.NetworkConfiguration; controls != nil {
		l.state.Network = &StoreNetwork{
			Controlled: true, EndpointOnly: aws.ToBool(controls.VpceAccessRequired), SCIMSources: controls.ScimAllowSourceIps,
		}
	}
	return nil
}

func (l looker) trustedAccess(ctx context.Context) error {
	pages := organizations.NewListAWSServiceAccessForOrganizationPaginator(organizations.NewFromConfig(l.cfg),
		&organizations.ListAWSServiceAccessForOrganizationInput{})
	has := false
	for pages.HasMorePages() && !has {
		page, err := pages.NextPage(ctx)
		if err != nil {
			l.state.TrustedAccessTrouble, err = provider.Trouble(err)
			return err
		}
		for _, service := range page.EnabledServicePrincipals {
			has = has || aws.ToString(service.ServicePrincipal) == servicePrincipal
		}
	}
	l.state.TrustedAccess = &has
	return nil
}
