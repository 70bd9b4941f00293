package activities

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

func (p *planning) executionRoles(ctx context.Context) error {
	const step = onboarding.StepExecutionRole
	cfg, err := p.AWS.Config(ctx, p.spec.Studio, p.spec.Region)
	if err != nil {
		return p.failed(step, err)
	}
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return p.failed(step, awscloud.Classify("sts:GetCallerIdentity", err))
	}
	p.account = aws.ToString(who.Account)
	partition, _, _ := strings.Cut(strings.TrimPrefix(aws.ToString(who.Arn), "arn:"), ":")
	client := iam.NewFromConfig(cfg)
	for _, wanted := range rolesOf(p.spec) {
		role, err := wantedRole(ctx, client, wanted)
		if err != nil {
			if err := p.failed(step, err); err != nil {
				return err
			}
			p.roles = append(p.roles, Role{Wanted: wanted, Name: roleName(wanted), ARN: wanted})
			continue
		}
		if role == nil {
			// Its ARN follows from its name: new roles have no path.
			p.roles = append(p.roles, Role{Wanted: wanted, Name: wanted, ARN: "arn:" + partition + ":iam::" + p.account + ":role/" + wanted})
			p.will(onboarding.ChangeCreate, step, onboarding.KindExecutionRole, wanted, "trusts %s", studioService)
			p.will(onboarding.ChangeCreate, step, onboarding.KindRolePolicy, wanted, "%s", rolePolicy)
			continue
		}
		p.roles = append(p.roles, Role{Wanted: wanted, Name: aws.ToString(role.RoleName), ARN: aws.ToString(role.Arn)})
		p.will(onboarding.ChangeKeep, step, onboarding.KindExecutionRole, roleName(wanted), "")
		if _, ours := runOf(role); !ours {
			continue
		}
		policy, err := missingPolicy(ctx, client, role)
		if err != nil {
			if err := p.failed(step, err); err != nil {
				return err
			}
		} else if policy != "" {
			p.will(onboarding.ChangeCreate, step, onboarding.KindRolePolicy, roleName(wanted), "%s", rolePolicy)
		}
	}
	return nil
}

func (p *planning) network(ctx context.Context) error {
	x := &Studio{AWS: p.AWS, Waits: p.Waits}
	network, err := x.ResolveNetwork(ctx, NetworkInput{Studio: p.spec.Studio, Region: p.spec.Region, Network: p.spec.Domain.Network})
	if err != nil {
		return p.failed(onboarding.StepNetwork, err)
	}
	p.will(onboarding.ChangeKeep, onboarding.StepNetwork, onboarding.KindNetwork, network.VPC, "%d subnets, %s", len(network.Subnets), network.Access)
	return nil
}

func (p *planning) domain(ctx context.Context) error {
	const step = onboarding.StepDomain
	cfg, err := p.AWS.Config(ctx, p.spec.Studio, p.spec.Region)
	if err != nil {
		return p.failed(step, err)
	}
	client := sagemaker.NewFromConfig(cfg)
	name := p.spec.Domain.Name
	id, err := findDomain(ctx, client, name)
	if err != nil {
		return p.failed(step, err)
	}
	create := func() {
		p.will(onboarding.ChangeCreate, step, onboarding.KindDomain, name, "Identity Center authentication, home file system %s", p.spec.Domain.HomeFileSystem)
	}
	if id == "" {
		create()
		return nil
	}
	x := &Studio{AWS: p.AWS, Waits: p.Waits}
	domain, err := x.adoptable(ctx, client, id, DomainInput{Run: p.spec.Name, Domain: p.spec.Domain})
	switch {
	case fault.ClassOf(err) == fault.NotReady: // it is being deleted, and gives way to another
		create()
		return p.failed(step, err)
	case err != nil:
		return p.failed(step, err)
	case domain.Transient && domain.Origin == onboarding.OriginCreated:
		p.will(onboarding.ChangeRemove, step, onboarding.KindDomain, name, "%s failed: %s", id, domain.FailureReason)
		create()
		return nil
	}
	p.will(onboarding.ChangeKeep, step, onboarding.KindDomain, name, "%s, %s", id, domain.Status)
	if f := unfit(domain); f != nil {
		return p.failed(step, f)
	}
	p.studio = domain
	return nil
}

// unfit says why nobody can be brought into a domain, however long the run waits; nil where they can.
func unfit(domain Domain) *fault.Fault {
	const operation = "sagemaker:DescribeDomain"
	switch status := sagemakertypes.DomainStatus(domain.Status); {
	case status == sagemakertypes.DomainStatusFailed || status == sagemakertypes.DomainStatusUpdateFailed || status == sagemakertypes.DomainStatusDeleteFailed:
		return fault.New(fault.Invalid, "aws", operation, "the domain %s (%s) is %s: %s", domain.Name, domain.ID, status, domain.FailureReason).
			WithRemedy("Repair the cause, delete the domain in the SageMaker console, then retry.")
	case status == sagemakertypes.DomainStatusInService && domain.ApplicationARN == "":
		return fault.New(fault.Unsupported, "aws", operation, "the domain %s (%s) has no Identity Center application, as it was made before October 2023, so that nobody can be assigned through the API.", domain.Name, domain.ID).
			WithRemedy("Make a new domain: give domain.name another value in the spec and start again.")
	}
	return nil
}
