package workflows

import (
	"fmt"
	"slices"

	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities"
	"studio-onboarding/onboarding"
)

// executionRole finds or makes every role that the spec names; the domain's default comes first.
func (r *run) executionRole(ctx workflow.Context) (string, error) {
	wanted := []string{r.spec.Domain.ExecutionRole}
	for _, g := range r.spec.Access.Groups {
		wanted = append(wanted, g.ExecutionRole)
	}
	for _, p := range r.spec.Access.People {
		wanted = append(wanted, p.ExecutionRole)
	}
	var distinct []string
	for _, name := range wanted {
		if name != "" && !slices.Contains(distinct, name) {
			distinct = append(distinct, name)
		}
	}
	var a *activities.Studio
	result, err := call(quickCall(ctx, "Find or create the execution roles"), a.EnsureRoles, activities.RolesInput{
		Run: r.spec.Name, Studio: r.spec.Studio, Region: r.spec.Region, Roles: distinct, Tags: r.spec.Domain.Tags,
	})
	if err != nil {
		return "", err
	}
	r.roles = result.Roles
	made := 0
	for _, role := range result.Roles {
		r.add("Execution role", role.Name, role.ARN, role.Origin)
		if role.Origin == onboarding.OriginCreated {
			made++
		}
	}
	return fmt.Sprintf("%d created, %d adopted", made, len(result.Roles)-made), nil
}

func (r *run) network(ctx workflow.Context) (string, error) {
	var a *activities.Studio
	place, err := call(quickCall(ctx, "Look at the VPC and its subnets"), a.ResolveNetwork, activities.NetworkInput{
		Studio: r.spec.Studio, Region: r.spec.Region, Network: r.spec.Domain.Network,
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
	var a *activities.Studio
	in := activities.DomainInput{
		Run: r.spec.Name, Studio: r.spec.Studio, Region: r.spec.Region, Domain: r.spec.Domain,
		ExecutionRoleARN: r.roles[0].ARN, Network: r.place,
	}
	for remakes := 0; ; remakes++ {
		// A role made a minute ago may be refused for a while, so this is a wait, too.
		domain, err := call(waitFor(ctx, "Create Studio domain "+in.Domain.Name, domainBudget), a.EnsureDomain, in)
		if err != nil {
			return "", err
		}
		origin := domain.Origin
		ref := activities.DomainRef{Run: r.spec.Name, Studio: r.spec.Studio, Region: r.spec.Region, ID: domain.ID}
		domain, err = call(waitFor(ctx, "Wait until domain "+ref.ID+" is in service", domainBudget), a.AwaitDomain, ref)
		if err != nil {
			return "", err
		}
		if domain.FailureReason != "" && domain.Transient && remakes < domainRemakes {
			if _, err := call(waitFor(ctx, "Delete the failed domain "+ref.ID, domainBudget), a.DeleteFailedDomain, ref); err != nil {
				return "", err
			}
			continue
		}
		if domain.Status != "InService" {
			return "", failure("Invalid", "Domain %s is %s: %s → Repair the cause, delete the domain in the SageMaker console, then retry.", domain.ID, domain.Status, domain.FailureReason)
		}
		if domain.ApplicationARN == "" {
			return "", failure("Unsupported", "Domain %s has no Identity Center application, as it was made before October 2023, so that nobody can be assigned through the API. → Make a new domain: give domain.name another name in the spec and start again.", domain.ID)
		}
		domain.Origin = origin
		r.studio = domain
		r.report.Doors.Studio = domain.URL
		r.add("Studio domain", domain.Name, domain.ID, origin)
		return fmt.Sprintf("%s %s", origin, domain.ID), nil
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
		if _, err := r.await(ctx, "Waiting for the Identity Center instance", r.spec.Operator.RemindEvery.Std(), there); err != nil {
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
