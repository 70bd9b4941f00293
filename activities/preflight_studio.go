package activities

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"

	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// The quotas that a run can run into (Service Quotas console, "Amazon SageMaker").
const (
	quotaDomains  = "L-B683BCB0"
	quotaProfiles = "L-AC46C40F"
)

// maxCountedProfiles bounds how many existing profiles are counted: SageMaker's lists are slow, and a preflight is not.
const maxCountedProfiles = 3000

// checkStudio looks at the account of the domain.
func (p *preflight) checkStudio(ctx context.Context) error {
	account, err := p.account(ctx, checkStudioAccount, "studio", p.spec.Studio)
	if err != nil || account == "" {
		return err
	}
	p.result.StudioAccount = account
	cfg, err := p.AWS.Config(ctx, p.spec.Studio, p.spec.Region)
	if err != nil {
		return p.failed(onboarding.LevelBlocking, checkStudioAccount, err)
	}
	for _, check := range []func(context.Context, aws.Config) error{p.network, p.roles, p.domain} {
		if err := check(ctx, cfg); err != nil {
			return err
		}
	}
	return nil
}

func (p *preflight) network(ctx context.Context, cfg aws.Config) error {
	studio := Studio{AWS: p.AWS, Waits: p.Waits}
	network, err := studio.ResolveNetwork(ctx, NetworkInput{Studio: p.spec.Studio, Region: p.spec.Region, Network: p.spec.Domain.Network})
	if err != nil {
		return p.failed(onboarding.LevelBlocking, checkNetwork, err)
	}
	name := network.VPC
	if network.Default {
		name += " (the default VPC)"
	}
	p.ok(checkNetwork, "%s with %d subnets and %d security groups.", name, len(network.Subnets), len(network.SecurityGroups))
	if err := p.fileSystemPorts(ctx, cfg, network); err != nil {
		return err
	}
	return p.wayOut(ctx, cfg, network)
}

// roles: a role given by ARN has to exist, and one that exists has to trust SageMaker. Others are created by the run.
func (p *preflight) roles(ctx context.Context, cfg aws.Config) error {
	client := iam.NewFromConfig(cfg)
	for _, wanted := range rolesOf(p.spec) {
		role, err := findRole(ctx, client, roleName(wanted))
		byARN := strings.HasPrefix(wanted, "arn:")
		switch {
		case fault.ClassOf(err) == fault.NotFound && !byARN:
			p.ok(checkRole, "%s does not exist yet; the run creates it.", wanted)
			continue
		case fault.ClassOf(err) == fault.NotFound, err == nil && byARN && aws.ToString(role.Arn) != wanted:
			p.block(checkRole, "Create the role, or correct executionRole in the spec; then retry.", "The Studio account has no role %s.", wanted)
			continue
		case err == nil:
			err = checkTrust(role)
		}
		if err == nil {
			p.ok(checkRole, "%s exists and trusts SageMaker.", wanted)
			if err := p.rolePolicies(ctx, client, role); err != nil {
				return err
			}
		} else if err := p.failed(onboarding.LevelBlocking, checkRole, err); err != nil {
			return err
		}
	}
	return nil
}

// rolePolicies: a role that somebody else made keeps the permissions it has; one that a run made gets its policy.
func (p *preflight) rolePolicies(ctx context.Context, client *iam.Client, role *iamtypes.Role) error {
	if _, ours := runOf(role); ours {
		return nil
	}
	attached, err := client.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: role.RoleName})
	if err != nil {
		return p.unchecked(checkRolePolicies, "The policies of "+aws.ToString(role.RoleName), awscloud.Classify("iam:ListAttachedRolePolicies", err))
	}
	if len(attached.AttachedPolicies) == 0 {
		p.warn(checkRolePolicies, "Attach "+rolePolicy+" or a policy of your own, unless its inline policies allow all that is needed; the run does not change roles that it did not make.",
			"%s has no managed policy: people come in, and their notebooks may be allowed nothing.", aws.ToString(role.RoleName))
		return nil
	}
	var names []string
	for _, policy := range attached.AttachedPolicies {
		names = append(names, aws.ToString(policy.PolicyName))
	}
	p.ok(checkRolePolicies, "%s has %s.", aws.ToString(role.RoleName), strings.Join(examplesOf(names), ", "))
	return nil
}

// rolesOf are the execution roles that a spec names, each once, the domain's first.
func rolesOf(spec onboarding.Spec) []string {
	roles := []string{spec.Domain.ExecutionRole}
	add := func(role string) {
		if role != "" && !slices.Contains(roles, role) {
			roles = append(roles, role)
		}
	}
	for _, group := range spec.Access.Groups {
		add(group.ExecutionRole)
	}
	for _, person := range spec.Access.People {
		add(person.ExecutionRole)
	}
	return roles
}

// domain looks for a domain of that name, which has to fit, and otherwise whether there is room for one.
func (p *preflight) domain(ctx context.Context, cfg aws.Config) error {
	client, quotas := sagemaker.NewFromConfig(cfg), servicequotas.NewFromConfig(cfg)
	id, err := findDomain(ctx, client, p.spec.Domain.Name)
	var unknownHost *net.DNSError
	if errors.As(err, &unknownHost) && unknownHost.IsNotFound {
		p.block(checkSageMaker, "Correct region in the spec; if it is right, choose a Region with SageMaker Studio: it has to be the primary one of Identity Center. Then retry.",
			"There is no SageMaker in the Region %s: %s does not exist.", p.spec.Region, unknownHost.Name)
		return nil
	}
	if err != nil {
		return p.failed(onboarding.LevelBlocking, checkDomain, err)
	}
	p.ok(checkSageMaker, "SageMaker answers in %s.", p.spec.Region)
	if id == "" {
		p.ok(checkDomain, "There is no domain %s yet; the run creates it.", p.spec.Domain.Name)
		if err := p.roomForDomain(ctx, client, quotas); err != nil {
			return err
		}
		return p.roomForProfiles(ctx, client, quotas, "")
	}
	domain, mode, err := describeDomain(ctx, client, id)
	switch {
	case err != nil:
		return p.failed(onboarding.LevelBlocking, checkDomain, err)
	case mode != sagemakertypes.AuthModeSso:
		p.block(checkDomain, "Give domain.name another value in the spec, or delete that domain; then retry.",
			"The domain %s (%s) has %s authentication, and that cannot be changed.", domain.Name, id, mode)
	case p.spec.Domain.Network.VPC != "" && domain.VPC != "" && domain.VPC != p.spec.Domain.Network.VPC:
		p.block(checkDomain, "Set domain.network to the network of that domain, or give domain.name another value in the spec; then retry.",
			"The domain %s (%s) is in %s, and the spec says %s; a domain cannot be moved.", domain.Name, id, domain.VPC, p.spec.Domain.Network.VPC)
	case unfit(domain) != nil && !domain.Transient:
		return p.failed(onboarding.LevelBlocking, checkDomain, unfit(domain))
	case domain.Status == string(sagemakertypes.DomainStatusInService):
		p.ok(checkDomain, "The domain %s (%s) exists; the run adopts it.", domain.Name, id)
	default:
		p.warn(checkDomain, "Look at it in the SageMaker console if it stays that way.", "The domain %s (%s) exists and is %s.", domain.Name, id, domain.Status)
	}
	return p.roomForProfiles(ctx, client, quotas, id)
}

func (p *preflight) roomForDomain(ctx context.Context, client *sagemaker.Client, quotas *servicequotas.Client) error {
	quota, known, err := p.quota(ctx, quotas, checkDomainQuota, quotaDomains)
	if err != nil || !known {
		return err
	}
	domains := 0
	pages := sagemaker.NewListDomainsPaginator(client, &sagemaker.ListDomainsInput{MaxResults: aws.Int32(listPage)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return p.failed(onboarding.LevelBlocking, checkDomainQuota, awscloud.Classify("sagemaker:ListDomains", err))
		}
		domains += len(page.Domains)
	}
	if domains >= quota {
		p.block(checkDomainQuota, "Ask for a higher quota "+quotaDomains+" (Total domains) in the Service Quotas console of the Studio account, or delete a domain; then retry.",
			"The quota is %d domains, and the account has %d.", quota, domains)
		return nil
	}
	p.ok(checkDomainQuota, "%d of %d domains.", domains, quota)
	return nil
}

// roomForProfiles compares the quota with the profiles of other domains and the people who should get in. domainID is the
// domain that those people's profiles are in; empty while there is none.
func (p *preflight) roomForProfiles(ctx context.Context, client *sagemaker.Client, quotas *servicequotas.Client, domainID string) error {
	quota, known, err := p.quota(ctx, quotas, checkProfileQuota, quotaProfiles)
	if err != nil || !known {
		return err
	}
	others, counted := 0, 0
	pages := sagemaker.NewListUserProfilesPaginator(client, &sagemaker.ListUserProfilesInput{MaxResults: aws.Int32(listPage)})
	for pages.HasMorePages() && counted < maxCountedProfiles {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return p.failed(onboarding.LevelBlocking, checkProfileQuota, awscloud.Classify("sagemaker:ListUserProfiles", err))
		}
		counted += len(page.UserProfiles)
		for _, profile := range page.UserProfiles {
			if aws.ToString(profile.DomainId) != domainID {
				others++
			}
		}
	}
	people := len(p.people)
	if others+people > quota {
		remedy := "Ask for a higher quota " + quotaProfiles + " (Maximum number of Studio user profiles allowed per account) in the Service Quotas console of the Studio account, then retry."
		level := onboarding.LevelBlocking
		if p.spec.Access.Profiles == onboarding.ProfilesFirstSignIn {
			level = onboarding.LevelWarning // not everybody comes, and nobody fails before
		}
		p.add(level, checkProfileQuota, remedy, "%d people and %d profiles of other domains are more than the quota of %d profiles.", people, others, quota)
		return nil
	}
	p.ok(checkProfileQuota, "%d people and %d profiles of other domains, of %d profiles.", people, others, quota)
	return nil
}

// quota reads the quota that applies, or AWS's default where none was set. That it cannot be read is no reason to stop: the
// run says so in time if it is ever exceeded.
func (p *preflight) quota(ctx context.Context, client *servicequotas.Client, check, code string) (value int, known bool, err error) {
	const service = "sagemaker"
	applied, err := client.GetServiceQuota(ctx, &servicequotas.GetServiceQuotaInput{ServiceCode: aws.String(service), QuotaCode: &code})
	if err == nil && applied.Quota != nil {
		return int(aws.ToFloat64(applied.Quota.Value)), true, nil
	}
	if err = awscloud.Classify("servicequotas:GetServiceQuota", err); fault.ClassOf(err) == fault.NotFound {
		standard, standardErr := client.GetAWSDefaultServiceQuota(ctx, &servicequotas.GetAWSDefaultServiceQuotaInput{ServiceCode: aws.String(service), QuotaCode: &code})
		if standardErr == nil && standard.Quota != nil {
			return int(aws.ToFloat64(standard.Quota.Value)), true, nil
		}
		err = awscloud.Classify("servicequotas:GetAWSDefaultServiceQuota", standardErr)
	}
	if class := fault.ClassOf(err); class.Retryable() || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return 0, false, err
	}
	p.ok(check, "The quota %s cannot be read; not compared.", code)
	return 0, false, nil
}
