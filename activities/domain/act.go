package domain

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"go.temporal.io/sdk/activity"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// Activities create, change and await the domain.
type Activities struct {
	AWS   provider.AWS
	Waits provider.Waits
}

// Input describes the wanted domain.
type Input struct {
	Run              string                 `json:"run"`
	Studio           onboarding.AccountSpec `json:"studio"`
	Region           string                 `json:"region"`
	Domain           onboarding.DomainSpec  `json:"domain"`
	ExecutionRoleARN string                 `json:"executionRoleArn"`
	Network          Network                `json:"network"`
}

// Ref names a domain by ID.
type Ref struct {
	Run    string                 `json:"run"`
	Studio onboarding.AccountSpec `json:"studio"`
	Region string                 `json:"region"`
	ID     string                 `json:"id"`
	// Wanted asks AwaitDomain to look whether the domain is as it should be, and to change it again where it is not.
	Wanted *Input `json:"wanted,omitempty"`
}

// spec is what the judge reads of an input.
func (in Input) spec() onboarding.Spec {
	return onboarding.Spec{Name: in.Run, Region: in.Region, Studio: in.Studio, Domain: in.Domain}
}

// EnsureDomain finds the domain of that name or creates it, changes it where it differs from the spec, and describes it; it
// does not wait for it. Creating has no idempotency token, so the list decides, and the run's tag says whose it is.
//
// Class Invalid: the judge says that a person has to do something first, SageMaker refuses the execution role for longer than a
// new role takes to spread, or it takes a change and never shows it. Class NotReady: a domain of that name is being deleted,
// the role is still spreading, or what was made or changed does not show yet.
func (x *Activities) EnsureDomain(ctx context.Context, in Input) (Domain, error) {
	cfg, err := x.AWS.Config(ctx, in.Studio, in.Region)
	if err != nil {
		return Domain{}, err
	}
	state, err := x.look(ctx, cfg, in)
	if err != nil {
		return Domain{}, err
	}
	verdicts := Judge(in.spec(), state)
	there := state.Domain
	switch {
	case there != nil && there.Status == statusDeleting:
		return Domain{}, x.fault(fault.NotReady, "the old domain %s (%s) is being deleted.", there.Name, there.ID)
	case there != nil && there.Transient: // for AwaitDomain's caller to decide about
		return there.Domain, nil
	}
	if err := provider.Refuse(verdicts, "aws", "sagemaker:DescribeDomain"); err != nil {
		return Domain{}, err
	}
	if there == nil {
		return x.create(ctx, cfg, in)
	}
	if there.Status != statusInService { // AwaitDomain looks again
		return there.Domain, nil
	}
	return x.converge(ctx, cfg, in, *there, verdicts)
}

// look reads the state of an input's domain; a look that failed for good is the activity's failure.
func (x *Activities) look(ctx context.Context, cfg aws.Config, in Input) (State, error) {
	state, err := Look(ctx, cfg, in.spec())
	if fault.ClassOf(err) == fault.NotReady {
		return State{}, x.fault(fault.NotReady, "SageMaker does not show the domain %s yet.", in.Domain.Name)
	}
	if err != nil {
		return State{}, err
	}
	if trouble := state.Trouble; trouble != nil {
		return State{}, fault.New(fault.Class(trouble.Class), "aws", trouble.Operation, "%s", trouble.Message).WithRemedy("%s", trouble.Remedy)
	}
	state.ExecutionRoleARN, state.Network = in.ExecutionRoleARN, in.Network
	return state, nil
}

// create creates the domain and describes it. A name that is taken by now means that an earlier attempt, whose answer was
// lost, got through.
func (x *Activities) create(ctx context.Context, cfg aws.Config, in Input) (Domain, error) {
	client := provider.NewSageMaker(cfg)
	out, err := client.CreateDomain(ctx, createRequest(in))
	id := ""
	switch {
	case err == nil:
		_, id, _ = strings.Cut(aws.ToString(out.DomainArn), ":domain/")
		id = cmp.Or(aws.ToString(out.DomainId), id)
	case fault.ClassOf(err) == fault.Conflict:
		id, err = find(ctx, client, in.Domain.Name)
		if err == nil && id == "" {
			err = x.fault(fault.NotReady, "SageMaker does not list the domain %s yet, though its name is taken.", in.Domain.Name)
		}
	case fault.ClassOf(err) == fault.Invalid && provider.AboutRole(err):
		err = x.roleRefused(ctx, iam.NewFromConfig(cfg), in, "sagemaker:CreateDomain", err)
	}
	if err != nil {
		return Domain{}, err
	}
	d, _, err := describe(ctx, client, id, in.Run)
	if fault.ClassOf(err) == fault.NotFound {
		return Domain{}, x.fault(fault.NotReady, "SageMaker does not show the domain %s (%s) yet.", in.Domain.Name, id)
	}
	if err != nil {
		return Domain{}, err
	}
	return d.Domain, nil
}

// changes is how often an activity has changed a domain, over all its attempts.
type changes struct {
	Changes int `json:"changes"`
}

// maxChanges is how often a change is made that SageMaker takes and does not show.
const maxChanges = 5

// converge changes a domain that is in service where the judge says so, and looks at it again. What was answered with success
// and does not show is made again by the next attempt, which begins with a look.
func (x *Activities) converge(ctx context.Context, cfg aws.Config, in Input, there Description,
	verdicts []onboarding.Verdict) (Domain, error) {
	client := provider.NewSageMaker(cfg)
	wanted := onboarding.OfKind(verdicts, onboarding.VerdictChange)
	if len(wanted) == 0 {
		return there.Domain, nil
	}
	if err := countChange(ctx, wanted); err != nil {
		return Domain{}, err
	}
	if missing := tagsToSet(wanted, in, there); len(missing) > 0 {
		if _, err := client.AddTags(ctx, &sagemaker.AddTagsInput{ResourceArn: &there.ARN, Tags: missing}); err != nil {
			return Domain{}, err
		}
	}
	if changesSettings(wanted) {
		_, raw, err := describe(ctx, client, there.ID, in.Run)
		if err != nil {
			return Domain{}, err
		}
		_, err = client.UpdateDomain(ctx, updateRequest(in, raw, wanted))
		switch {
		case fault.ClassOf(err) == fault.Invalid && provider.AboutRole(err):
			return Domain{}, x.roleRefused(ctx, iam.NewFromConfig(cfg), in, "sagemaker:UpdateDomain", err)
		case err != nil:
			return Domain{}, err
		}
	}
	state, err := x.look(ctx, cfg, in)
	if err != nil {
		return Domain{}, err
	}
	if state.Domain == nil {
		return Domain{}, x.fault(fault.NotReady, "SageMaker does not show the domain %s (%s) for the moment.", there.Name, there.ID)
	}
	left := onboarding.OfKind(Judge(in.spec(), state), onboarding.VerdictChange)
	if len(left) > 0 && state.Domain.Status == statusInService {
		return Domain{}, x.fault(fault.NotReady, "the domain %s (%s) does not show %s yet.", there.Name, there.ID, fieldNames(left)).
			After(x.Waits.Domain / 3)
	}
	return state.Domain.Domain, nil
}

// countChange refuses to make a change again and again that never shows.
func countChange(ctx context.Context, wanted []onboarding.Verdict) error {
	if !activity.IsActivity(ctx) {
		return nil
	}
	var so changes
	if activity.HasHeartbeatDetails(ctx) {
		_ = activity.GetHeartbeatDetails(ctx, &so) // of another shape: nothing is known to have been changed
	}
	if so.Changes >= maxChanges {
		return fault.New(fault.Invalid, "aws", "sagemaker:UpdateDomain",
			"SageMaker was told %d times, and still does not show as the spec says: %s.", so.Changes, fieldNames(wanted)).
			WithRemedy("Look at the domain in the SageMaker console, and at who else changes it (Terraform, a script); then retry.")
	}
	so.Changes++
	activity.RecordHeartbeat(ctx, so)
	return nil
}

func fieldNames(verdicts []onboarding.Verdict) string {
	var names []string
	for _, verdict := range verdicts {
		names = append(names, verdict.Field)
	}
	return strings.Join(names, ", ")
}

// AwaitDomain looks once at the domain: class NotReady while it is being made, changed or deleted. It returns a domain that is
// InService, even one without an application ARN (made before October 2023), and one that Failed, for the caller to decide
// about. With Wanted, a domain in service is compared with it once more, and changes that were lost are made again. Class
// Invalid: an update or a deletion failed, or the domain can't become as wanted, which only a person can sort out.
func (x *Activities) AwaitDomain(ctx context.Context, in Ref) (Domain, error) {
	cfg, err := x.AWS.Config(ctx, in.Studio, in.Region)
	if err != nil {
		return Domain{}, err
	}
	d, _, err := describe(ctx, provider.NewSageMaker(cfg), in.ID, in.Run)
	if fault.ClassOf(err) == fault.NotFound {
		if activity.IsActivity(ctx) && time.Since(activity.GetInfo(ctx).ScheduledTime) < x.Waits.Appearing() {
			return Domain{}, x.fault(fault.NotReady, "SageMaker does not show the domain %s yet.", in.ID)
		}
		return Domain{}, x.fault(fault.NotFound, "the domain %s is gone.", in.ID).
			WithRemedy("Somebody deleted it. Retry to make it anew.")
	}
	if err != nil {
		return Domain{}, err
	}
	switch status := sagemakertypes.DomainStatus(d.Status); status {
	case sagemakertypes.DomainStatusFailed:
		return d.Domain, nil
	case sagemakertypes.DomainStatusInService:
		if in.Wanted == nil || d.ApplicationARN == "" {
			return d.Domain, nil
		}
		return x.settle(ctx, cfg, *in.Wanted, d.Domain)
	case sagemakertypes.DomainStatusUpdateFailed, sagemakertypes.DomainStatusDeleteFailed:
		return Domain{}, x.fault(fault.Invalid, "the domain %s (%s) is %s: %s", d.Name, d.ID, status,
			cmp.Or(d.FailureReason, "AWS gives no reason.")).
			WithRemedy("Put it right in the SageMaker console of the Studio account, then retry.")
	default:
		return Domain{}, x.fault(fault.NotReady, "the domain %s (%s) is %s.", d.Name, d.ID, status)
	}
}

// settle returns a domain in service once it is as wanted.
func (x *Activities) settle(ctx context.Context, cfg aws.Config, in Input, seen Domain) (Domain, error) {
	state, err := x.look(ctx, cfg, in)
	if err != nil {
		return Domain{}, err
	}
	if state.Domain == nil || state.Domain.ID != seen.ID {
		return Domain{}, x.fault(fault.NotReady, "SageMaker does not list the domain %s (%s) yet.", seen.Name, seen.ID)
	}
	verdicts := Judge(in.spec(), state)
	if err := provider.Refuse(verdicts, "aws", "sagemaker:DescribeDomain"); err != nil {
		return Domain{}, err
	}
	d, err := x.converge(ctx, cfg, in, *state.Domain, verdicts)
	if err == nil && d.Status != statusInService {
		err = x.fault(fault.NotReady, "the domain %s (%s) is %s.", d.Name, d.ID, d.Status)
	}
	if err != nil {
		return Domain{}, err
	}
	return d, nil
}

// DeleteFailedDomain deletes a domain whose creation failed, provided that this run made it; class NotReady until it is gone,
// and then a Domain with nothing but its ID. Class Invalid: somebody else made it, or it did not fail.
func (x *Activities) DeleteFailedDomain(ctx context.Context, in Ref) (Domain, error) {
	cfg, err := x.AWS.Config(ctx, in.Studio, in.Region)
	if err != nil {
		return Domain{}, err
	}
	client := provider.NewSageMaker(cfg)
	d, _, err := describe(ctx, client, in.ID, in.Run)
	if fault.ClassOf(err) == fault.NotFound {
		return Domain{ID: in.ID}, nil
	}
	if err != nil {
		return Domain{}, err
	}
	switch d.Status {
	case statusDeleting:
	case statusFailed:
		if d.Origin != onboarding.OriginCreated {
			return Domain{}, x.fault(fault.Invalid, "the failed domain %s (%s) was not made by this run, so it is not deleted.", d.Name, d.ID).
				WithRemedy("Delete it in the SageMaker console if nobody needs it, or give domain.name another value in the spec; then retry.")
		}
		// It was never in service, so its file system holds nobody's files.
		_, err = client.DeleteDomain(ctx, &sagemaker.DeleteDomainInput{
			DomainId:        &in.ID,
			RetentionPolicy: &sagemakertypes.RetentionPolicy{HomeEfsFileSystem: sagemakertypes.RetentionTypeDelete},
		})
		if err != nil && fault.ClassOf(err) != fault.NotFound {
			return Domain{}, err
		}
	default:
		return Domain{}, x.fault(fault.Invalid, "the domain %s (%s) is %s; only a failed one is deleted.", d.Name, d.ID, d.Status).
			WithRemedy("Retry: the run goes on with the domain as it is.")
	}
	return Domain{}, x.fault(fault.NotReady, "the failed domain %s (%s) is being deleted.", d.Name, d.ID)
}

// fault makes a fault about the domain's state; the pause counts for NotReady only.
func (x *Activities) fault(class fault.Class, format string, args ...any) *fault.Fault {
	f := fault.New(class, "aws", "sagemaker:DescribeDomain", format, args...)
	if class == fault.NotReady {
		f.RetryAfter = x.Waits.Domain
	}
	return f
}

// roleRefused tells a new role that has not spread yet from one that SageMaker will never take.
func (x *Activities) roleRefused(ctx context.Context, client *iam.Client, in Input, operation string, refusal error) error {
	arn := in.ExecutionRoleARN
	name := arn[strings.LastIndex(arn, "/")+1:]
	out, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if err != nil {
		return err
	}
	// IAM cuts creation times to whole seconds, so a role looks up to one older than it is.
	if time.Since(aws.ToTime(out.Role.CreateDate)) < x.Waits.Propagation+time.Second {
		return fault.New(fault.NotReady, "aws", operation,
			"SageMaker cannot use the new role %s yet; new roles take up to a minute to spread.", arn).After(x.Waits.Domain / 3)
	}
	f := fault.New(fault.Invalid, "aws", operation, "SageMaker does not accept the execution role %s, which is not new: %s",
		arn, fault.Trim(refusal.Error(), 400)).
		WithRemedy("Let its trust policy allow sagemaker.amazonaws.com to sts:AssumeRole, or name another executionRole in the spec; then retry.")
	f.Err = refusal
	return f
}
