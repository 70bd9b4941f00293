package role

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// Activities make execution roles.
type Activities struct {
	AWS   provider.AWS
	Waits provider.Waits
}

// RolesInput lists the execution roles of a spec: names are found or created, ARNs only checked.
type RolesInput struct {
	Run    string                 `json:"run"`
	Studio onboarding.AccountSpec `json:"studio"`
	Region string                 `json:"region"`
	Roles  []string               `json:"roles"`
	Tags   map[string]string      `json:"tags,omitempty"`
	// KMSKey is the key of the domain's volumes as the spec names it, which the roles have to be able to use.
	KMSKey string `json:"kmsKey,omitempty"`
	// SourceIdentity and IdentityPropagation say that the spec wants the domain to have these settings.
	SourceIdentity      bool `json:"sourceIdentity,omitempty"`
	IdentityPropagation bool `json:"identityPropagation,omitempty"`
}

// Role is an execution role. Wanted is how the spec names it.
type Role struct {
	Wanted string            `json:"wanted"`
	Name   string            `json:"name"`
	ARN    string            `json:"arn"`
	Origin onboarding.Origin `json:"origin"`
}

// RolesResult has a Role for each wanted one, in that order.
type RolesResult struct {
	Roles []Role `json:"roles"`
}

// EnsureRoles finds or creates the execution roles, and keeps those that runs made as the spec wants them: they carry its tags,
// trust SageMaker, have AmazonSageMakerFullAccess attached, and may use the domain's key. A role that somebody else made, or that
// the spec gives by ARN, is only looked at: its trust has to admit SageMaker, and its permissions are its owner's business. Nothing is
// changed where one of the roles is blocked.
//
// Class Invalid: the trust of somebody else's role does not admit SageMaker, or an ARN names no role of the Studio account.
// Class NotReady: IAM does not show what was written, though it was written several times.
func (x *Activities) EnsureRoles(ctx context.Context, in RolesInput) (RolesResult, error) {
	cfg, err := x.AWS.Config(ctx, in.Studio, in.Region)
	if err != nil {
		return RolesResult{}, err
	}
	client := iam.NewFromConfig(cfg)
	key, err := keyARN(ctx, cfg, in.KMSKey)
	if err != nil {
		return RolesResult{}, err
	}
	hand := writer{
		client: client, eye: reader{client: client, run: in.Run, key: key}, pause: x.Waits.Profile,
		want: wishes{run: in.Run, tags: in.Tags, key: key, actions: trustActions(in.SourceIdentity, in.IdentityPropagation)},
	}
	var all []Found
	var verdicts []onboarding.Verdict
	for _, wanted := range in.Roles {
		found, err := hand.eye.look(ctx, wanted)
		if err != nil {
			return RolesResult{}, err
		}
		all, verdicts = append(all, found), append(verdicts, hand.want.judge(found)...)
	}
	if err := provider.Refuse(verdicts, "aws", "iam:GetRole"); err != nil {
		return RolesResult{}, err
	}
	var result RolesResult
	for _, found := range all {
		if found, err = hand.ensure(ctx, found); err != nil {
			return RolesResult{}, err
		}
		origin := onboarding.OriginAdopted
		if found.MadeBy == in.Run {
			origin = onboarding.OriginCreated
		}
		result.Roles = append(result.Roles, Role{Wanted: found.Wanted, Name: lastOf(found.ARN), ARN: found.ARN, Origin: origin})
	}
	return result, nil
}

// maxWrites bounds how often an acknowledged write that does not show is made again in one attempt.
const maxWrites = 3

// writer makes roles as they are wanted.
type writer struct {
	client *iam.Client
	eye    reader
	want   wishes
	// pause is before the second look at what does not show.
	pause time.Duration
}

// ensure writes what the judge asks for, until the judge asks for nothing more.
func (w writer) ensure(ctx context.Context, found Found) (Found, error) {
	written := map[string]int{}
	rested := false
	for {
		verdicts := w.want.judge(found)
		if err := provider.Refuse(verdicts, "aws", "iam:GetRole"); err != nil {
			return Found{}, err
		}
		pending := w.writes(found, verdicts)
		if len(pending) == 0 {
			return found, nil
		}
		again := slices.ContainsFunc(pending, func(one write) bool { return written[one.operation] > 0 })
		if again && !rested {
			// Not seen at once: the write is still spreading, or was lost.
			if err := rest(ctx, w.pause); err != nil {
				return Found{}, err
			}
		} else {
			for _, one := range pending {
				if written[one.operation] == maxWrites {
					return Found{}, fault.New(fault.NotReady, "aws", one.operation, "IAM does not show %s yet.", one.what)
				}
				if err := one.do(ctx); err != nil {
					return Found{}, spreading(found.Name(), err)
				}
				written[one.operation]++
			}
		}
		rested = again && !rested
		var err error
		if found, err = w.eye.look(ctx, found.Wanted); err != nil {
			return Found{}, err
		}
	}
}

func rest(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// write is a call that changes something. All of them may be made twice.
type write struct {
	operation, what string
	do              func(context.Context) error
}

// writes are the calls that verdicts ask for. A new role gets its policies once it shows.
func (w writer) writes(found Found, verdicts []onboarding.Verdict) []write {
	name := found.Name()
	if !found.Exists {
		return []write{{"iam:CreateRole", "the new role " + name, func(ctx context.Context) error { return w.create(ctx, name) }}}
	}
	var all []write
	for _, verdict := range verdicts {
		switch {
		case !verdict.Kind.Writes():
		case verdict.Field == fieldTags:
			all = append(all, write{"iam:TagRole", "the tags of " + name, func(ctx context.Context) error {
				_, err := w.client.TagRole(ctx, &iam.TagRoleInput{RoleName: &name, Tags: w.tags()})
				return err
			}})
		case verdict.Field == fieldKey:
			all = append(all, write{"iam:PutRolePolicy", "the inline policy for the domain's key on " + name, func(ctx context.Context) error {
				_, err := w.client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{
					RoleName: &name, PolicyName: aws.String(keyPolicy(w.want.run)), PolicyDocument: aws.String(keyDocument(w.want.key)),
				})
				return err
			}})
		case verdict.Resource == onboarding.ResourceRolePolicy:
			all = append(all, write{"iam:AttachRolePolicy", fmt.Sprintf("%s on %s", managedPolicy, name), func(ctx context.Context) error {
				_, err := w.client.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &name, PolicyArn: aws.String(managedARN(found.ARN))})
				return err
			}})
		default:
			all = append(all, write{"iam:UpdateAssumeRolePolicy", "the new trust policy of " + name, func(ctx context.Context) error {
				_, err := w.client.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{
					RoleName: &name, PolicyDocument: aws.String(trustWith(found.Trust, w.want.actions)),
				})
				return err
			}})
		}
	}
	return all
}

// create creates a role. That it exists already is no error: an earlier attempt may have made it and lost the answer.
func (w writer) create(ctx context.Context, name string) error {
	_, err := w.client.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName:                 &name,
		AssumeRolePolicyDocument: aws.String(trustPolicy(w.want.actions)),
		Description:              aws.String("Execution role of SageMaker Studio, made by studio-onboarding"),
		Tags:                     w.tags(),
	})
	if fault.ClassOf(err) == fault.Conflict {
		return nil
	}
	return err
}

// tags are those of the spec and of the run.
func (w writer) tags() []iamtypes.Tag {
	return provider.Tagged(w.want.run, w.want.tags, func(key, value *string) iamtypes.Tag {
		return iamtypes.Tag{Key: key, Value: value}
	})
}
