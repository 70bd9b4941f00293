// Package role judges and makes the execution roles, under which the apps of people in Studio work.
package role

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// Look reads the execution roles that a spec names, with their policies. Account is the Studio account, empty where it is not
// known.
func Look(ctx context.Context, clouds provider.AWS, spec onboarding.Spec, account string) (State, error) {
	state := State{
		Account: account, Partition: onboarding.PartitionOf(spec.Region).ID,
		SourceIdentity:      spec.Domain.SourceIdentity == onboarding.Enabled,
		IdentityPropagation: spec.Domain.TrustedIdentityPropagation == onboarding.Enabled,
	}
	cfg, err := clouds.Config(ctx, spec.Studio, spec.Region)
	if err != nil {
		state.Trouble, err = provider.Trouble(err)
		return state, err
	}
	if state.KMSKey, err = keyARN(ctx, cfg, spec.Domain.KMSKey); err != nil {
		return state, err
	}
	eye := reader{client: iam.NewFromConfig(cfg), run: spec.Name, key: state.KMSKey}
	for _, wanted := range spec.ExecutionRoles() {
		found, err := eye.look(ctx, wanted)
		if err != nil {
			if found.Trouble, err = provider.Trouble(err); err != nil {
				return State{}, err
			}
		}
		state.Roles = append(state.Roles, found)
	}
	return state, nil
}

// keyARN is the ARN of the domain's key, by which policies name it; "" where there is none, or where it cannot be found out: the
// domain's judge says what is wrong with it.
func keyARN(ctx context.Context, cfg aws.Config, key string) (string, error) {
	if key == "" || strings.HasPrefix(key, "arn:") && strings.Contains(key, ":key/") {
		return key, nil
	}
	out, err := kms.NewFromConfig(cfg).DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &key})
	if err != nil {
		_, err = provider.Trouble(err)
		return "", err
	}
	return aws.ToString(out.KeyMetadata.Arn), nil
}

// reader reads roles for a run, and the policies that matter for a key.
type reader struct {
	client *iam.Client
	run    string
	// key is the ARN of the domain's key, "" where it has none.
	key string
}

// look reads one role. What a run needs to know of its own roles fails with an error; what only adds to the judgement of
// somebody else's becomes a Trouble.
func (r reader) look(ctx context.Context, wanted string) (Found, error) {
	found := Found{Wanted: wanted}
	name := found.Name()
	out, err := r.client.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	switch {
	case fault.ClassOf(err) == fault.NotFound:
		return found, nil
	case err != nil:
		return found, err
	case out.Role == nil || aws.ToString(out.Role.Arn) == "":
		return found, fault.New(fault.Unavailable, "aws", "iam:GetRole", "The answer about %s has no role ARN.", name)
	}
	found.Exists, found.ARN, found.Path = true, aws.ToString(out.Role.Arn), aws.ToString(out.Role.Path)
	found.Trust = plain(aws.ToString(out.Role.AssumeRolePolicyDocument))
	found.Tags = map[string]string{}
	for _, tag := range out.Role.Tags {
		found.Tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	found.MadeBy = found.Tags[provider.RunTag]
	if !found.fits() {
		return found, nil
	}
	if found.Managed, err = r.managed(ctx, name); err != nil {
		err = spreading(name, err)
		if found.ours() {
			return found, err
		}
		if found.ManagedTrouble, err = provider.Trouble(err); err != nil {
			return found, err
		}
	}
	if r.key == "" {
		return found, nil
	}
	if found.ours() {
		found.Inline, err = r.inline(ctx, name, []string{keyPolicy(r.run)})
		return found, spreading(name, err)
	}
	if found.Inline, err = r.allInline(ctx, name); err != nil {
		found.InlineTrouble, err = provider.Trouble(spreading(name, err))
	}
	return found, err
}

// spreading turns the answer that there is no role of that name, which was just seen, into one that is worth another try: IAM
// does not know new roles everywhere at once.
func spreading(name string, err error) error {
	var f *fault.Fault
	if !errors.As(err, &f) || f.Class != fault.NotFound || !strings.Contains(f.Message, "role with name "+name) {
		return err
	}
	again := fault.New(fault.NotReady, "aws", f.Operation, "IAM does not show the role %s everywhere yet.", name)
	again.Err = err
	return again
}

func (r reader) managed(ctx context.Context, name string) ([]string, error) {
	var arns []string
	list := provider.ListAttachedRolePolicies(r.client.ListAttachedRolePolicies)
	pages := iam.NewListAttachedRolePoliciesPaginator(list, &iam.ListAttachedRolePoliciesInput{RoleName: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, attached := range page.AttachedPolicies {
			arns = append(arns, aws.ToString(attached.PolicyArn))
		}
	}
	return arns, nil
}

func (r reader) allInline(ctx context.Context, name string) ([]InlinePolicy, error) {
	var names []string
	list := provider.ListRolePolicies(r.client.ListRolePolicies)
	pages := iam.NewListRolePoliciesPaginator(list, &iam.ListRolePoliciesInput{RoleName: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		names = append(names, page.PolicyNames...)
	}
	return r.inline(ctx, name, names)
}

// inline reads the inline policies of these names that there are.
func (r reader) inline(ctx context.Context, role string, names []string) ([]InlinePolicy, error) {
	var policies []InlinePolicy
	for _, name := range names {
		out, err := r.client.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &role, PolicyName: &name})
		switch {
		case fault.ClassOf(spreading(role, err)) == fault.NotFound:
			continue
		case err != nil:
			return nil, err
		}
		policies = append(policies, InlinePolicy{Name: name, Document: plain(aws.ToString(out.PolicyDocument))})
	}
	return policies, nil
}

// plain undoes the percent-encoding of RFC 3986, in which IAM returns policies; there a plus is a plus.
func plain(document string) string {
	text, err := url.PathUnescape(strings.TrimSpace(document))
	if err != nil {
		return document
	}
	return text
}
