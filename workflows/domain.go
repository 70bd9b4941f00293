package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities/domain"
	"studio-onboarding/activities/network"
	"studio-onboarding/activities/role"
	"studio-onboarding/onboarding"
)

// executionRole finds or makes every role that the spec names; the domain's default comes first.
func (r *run) executionRole(ctx workflow.Context) (string, error) {
	var a *role.Activities
	result, err := call(quickCall(ctx, "Find or create the execution roles"), a.EnsureRoles, role.RolesInput{
		Run: r.spec.Name, Studio: r.spec.Studio, Region: r.spec.Region, Roles: r.spec.ExecutionRoles(), Tags: r.spec.Domain.Tags,
		KMSKey:              r.spec.Domain.KMSKey,
		SourceIdentity:      r.spec.Domain.SourceIdentity == onboarding.Enabled,
		IdentityPropagation: r.spec.Domain.TrustedIdentityPropagation == onboarding.Enabled,
	})
	if err != nil {
		return "", err
	}
	r.roles = result.Roles
	made := 0
	for _, found := range result.Roles {
		r.add("Execution role", found.Name, found.ARN, found.Origin)
		if found.Origin == onboarding.OriginCreated {
			made++
		}
	}
	return fmt.Sprintf("%d created, %d adopted", made, len(result.Roles)-made), nil
}

func (r *run) network(ctx workflow.Context) (string, error) {
	var a *network.Activities
	place, err := call(quickCall(ctx, "Look at the VPC and its subnets"), a.ResolveNetwork, network.NetworkInput{
		Studio: r.spec.Studio, Region: r.spec.Region, Network: r.spec.Domain.Network, DomainName: r.spec.Domain.Name,
	})
	if err != nil {
		return "", err
	}
	r.place = place
	kind := "VPC"
	if place.Default {
		kind = "default VPC"
	}
	return fmt.Sprintf("%s %s, %s, %s", kind, place.VPC, count(len(place.Subnets), "subnet"), place.Access), nil
}

// domain makes or adopts the domain and waits until it is in service. A domain with Identity Center authentication needs
// the instance, and nothing else of the identity lane.
func (r *run) domain(ctx workflow.Context) (string, error) {
	if err := r.awaitInstance(ctx); err != nil {
		return "", err
	}
	var a *domain.Activities
	in := domain.Input{
		Run: r.spec.Name, Studio: r.spec.Studio, Region: r.spec.Region, Domain: r.spec.Domain, ExecutionRoleARN: r.roles[0].ARN,
		Network: domain.Network{VPC: r.place.VPC, Subnets: r.place.Subnets, SecurityGroups: r.place.SecurityGroups, Access: r.place.Access},
	}
	for remakes := 0; ; remakes++ {
		// A role made a minute ago may be refused for a while, so this is a wait, too.
		ensured, err := call(waitFor(ctx, "Create Studio domain "+in.Domain.Name, domainBudget), a.EnsureDomain, in)
		if err != nil {
			return "", err
		}
		ref := domain.Ref{Run: r.spec.Name, Studio: r.spec.Studio, Region: r.spec.Region, ID: ensured.ID, Wanted: &in}
		there, err := call(waitFor(ctx, "Wait until domain "+ref.ID+" is in service", domainBudget), a.AwaitDomain, ref)
		if err != nil {
			return "", err
		}
		if there.FailureReason != "" && there.Transient && remakes < domainRemakes {
			ref.Wanted = nil
			if _, err := call(waitFor(ctx, "Delete the failed domain "+ref.ID, domainBudget), a.DeleteFailedDomain, ref); err != nil {
				return "", err
			}
			continue
		}
		if wrong := domain.Unfit(there); wrong != nil {
			return "", blocked([]onboarding.Verdict{*wrong})
		}
		there.Origin = ensured.Origin
		r.studio = there
		r.report.Addresses.Studio = there.URL
		r.add("Studio domain", there.Name, there.ID, there.Origin)
		return fmt.Sprintf("%s %s", there.Origin, there.ID), nil
	}
}

func (r *run) awaitInstance(ctx workflow.Context) error {
	there := func() bool { return r.instance.ARN != "" || r.aborted }
	if there() {
		return nil
	}
	r.set(onboarding.StepDomain, onboarding.StepWaiting, "waits for "+string(onboarding.StepIdentityCenter))
	r.publish(ctx)
	for !there() {
		if _, err := r.await(ctx, "Waiting for the Identity Center instance", r.remindEvery(), there); err != nil {
			return err
		}
	}
	if r.aborted {
		return errAborted
	}
	r.set(onboarding.StepDomain, onboarding.StepRunning, "")
	r.publish(ctx)
	return nil
}
