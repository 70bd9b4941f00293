// Package health judges the live connection of a studio that was onboarded: whether people and groups still come from Okta to
// Identity Center, and whether they can still sign in. It changes nothing.
package health

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshealth "github.com/aws/aws-sdk-go-v2/service/health"
	healthtypes "github.com/aws/aws-sdk-go-v2/service/health/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/smithy-go"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/knowledge"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/internal/saml"
	"studio-onboarding/internal/scim"
	"studio-onboarding/onboarding"
)

const (
	// tokenWarning is the type of AWS's warnings that a SCIM token expires (AWS re:Post, "How do I receive emails when my IAM
	// Identity Center SCIM access token expires?").
	tokenWarning = "AWS_IAMIDENTITYCENTER_SCIM_BEARER_TOKEN_EXPIRY_NOTIFICATION"
	// tokenRefused is what internal/knowledge calls Okta's error about a SCIM token that Identity Center does not take.
	tokenRefused = "scim-unauthorized"
	// maxFailures bounds how many errors of Okta's log are read; the newest tell enough.
	maxFailures = 500
	// logReach is how far back the last success is looked for (Okta, "System Log query": the log is kept for 90 days).
	logReach = 90 * 24 * time.Hour
)

// look reads everything, each part by itself: what cannot be read is the trouble of its part.
func (x *Activities) look(ctx context.Context, in Input, now time.Time) (State, error) {
	l := &looker{Activities: x, in: in, State: State{Now: now, Since: in.Since, Org: x.Okta.URL()}}
	if l.Since.IsZero() {
		l.Since = now.Add(-24 * time.Hour)
	}
	err := provider.SideBySide(ctx, l.oktaSide, l.token, l.application, l.domain, l.warnings)
	return l.State, err
}

// looker fills the state in; each of its methods has fields of its own.
type looker struct {
	*Activities
	in Input
	State
}

// trouble is why a part could not be looked at, whatever the class: the next reconcile looks again. Only the end of the whole
// attempt is an error.
func trouble(ctx context.Context, err error) (*onboarding.Trouble, error) {
	if err == nil || ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var f *fault.Fault
	if errors.As(err, &f) {
		return &onboarding.Trouble{Class: string(f.Class), Operation: f.Operation, Message: f.Message, Whole: f.NamesOperation(),
			Remedy: f.Remedy}, nil
	}
	return &onboarding.Trouble{Message: err.Error()}, nil
}

func (l *looker) oktaSide(ctx context.Context) (err error) {
	app, err := l.Okta.App(ctx, l.in.Handles.AppID)
	if l.AppTrouble, err = trouble(ctx, err); err != nil || l.AppTrouble != nil {
		return err
	}
	l.App = &app
	for _, part := range []func(context.Context) error{l.certificate, l.log, l.pushes} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// certificate reads the one that lasts longest: sign-in works as long as it does.
func (l *looker) certificate(ctx context.Context) error {
	if l.App.Status != appActive { // which has no metadata
		return nil
	}
	data, err := l.Okta.Metadata(ctx, l.App.ID)
	if l.CertificateTrouble, err = trouble(ctx, err); err != nil || l.CertificateTrouble != nil {
		return err
	}
	idp, err := saml.ParseIdP(data)
	if err != nil {
		l.MetadataWrong = err.Error()
		return nil
	}
	for _, certificate := range idp.Certificates {
		if certificate.NotAfter.After(l.CertificateEnd) {
			l.CertificateEnd = certificate.NotAfter.UTC()
		}
	}
	return nil
}

func (l *looker) log(ctx context.Context) error {
	until := l.Now.Add(time.Minute) // the two clocks may differ
	events, err := l.Okta.ProvisioningFailures(ctx, l.App.ID, l.Since, until, maxFailures)
	if err == nil {
		l.Failures = Explain(events)
		l.LastSuccess, err = l.Okta.LastProvisioned(ctx, l.App.ID, l.Now.Add(-logReach), until)
	}
	l.LogTrouble, err = trouble(ctx, err)
	return err
}

// Explain says what events of Okta's log mean, without the people whom they name.
func Explain(events []model.LogEvent) []Failure {
	failures := make([]Failure, len(events))
	for i, event := range events {
		failures[i] = Failure{At: event.Published, Cause: "another error"}
		if known := knowledge.Find(event.Reason, knowledge.Provisioning); len(known) > 0 {
			failures[i].Cause, failures[i].Passing, failures[i].TokenRefused = known[0].Cause, known[0].Passing, known[0].ID == tokenRefused
		}
	}
	return failures
}

func (l *looker) pushes(ctx context.Context) error {
	groups := l.in.Handles.Spec.Access.Groups
	if len(groups) == 0 {
		return nil
	}
	mappings, err := l.Okta.Mappings(ctx, l.App.ID)
	var pushes []Push
	for _, wanted := range groups {
		if err != nil {
			break
		}
		var group model.Group
		if group, err = l.Okta.Group(ctx, wanted.Name); err != nil {
			break
		}
		push := Push{Group: wanted.Name}
		if i := slices.IndexFunc(mappings, func(m model.Mapping) bool { return m.SourceGroupID == group.ID }); i >= 0 {
			push.Mapping = &mappings[i]
		}
		pushes = append(pushes, push)
	}
	if l.PushTrouble, err = trouble(ctx, err); err == nil && l.PushTrouble == nil {
		l.Pushes = pushes
	}
	return err
}

// token asks Identity Center with the token, which changes nothing.
func (l *looker) token(ctx context.Context) error {
	known := l.in.Handles.SCIM
	if known.TokenRef == "" || known.Endpoint == "" {
		return nil
	}
	// The handles come with the input, and no secret of the worker may travel to wherever they say.
	endpoint, err := scim.NormalizeEndpoint(known.Endpoint, l.PlainHTTPHost)
	token := ""
	if err == nil {
		token, err = l.Secrets.Resolve(ctx, known.TokenRef)
	}
	if l.TokenUnread, err = trouble(ctx, err); err != nil || l.TokenUnread != nil {
		return err
	}
	_, err = l.SCIM.Check(ctx, endpoint, token)
	l.TokenTrouble, err = trouble(ctx, err)
	l.TokenWorks = err == nil && l.TokenTrouble == nil
	return err
}

func (l *looker) application(ctx context.Context) error {
	h := l.in.Handles
	arn := h.Domain.ApplicationARN
	if arn == "" {
		return nil
	}
	cfg, err := l.AWS.Config(ctx, h.Spec.IdentityCenter, h.PrimaryRegion())
	if err == nil {
		var out *ssoadmin.DescribeApplicationOutput
		if out, err = ssoadmin.NewFromConfig(cfg).DescribeApplication(ctx,
			&ssoadmin.DescribeApplicationInput{ApplicationArn: &arn}); err == nil {
			l.Application = string(out.Status)
		}
	}
	l.ApplicationTrouble, err = trouble(ctx, err)
	return err
}

func (l *looker) domain(ctx context.Context) error {
	spec, id := l.in.Handles.Spec, l.in.Handles.Domain.ID
	cfg, err := l.AWS.Config(ctx, spec.Studio, spec.Region)
	if err == nil {
		var out *sagemaker.DescribeDomainOutput
		if out, err = provider.NewSageMaker(cfg).DescribeDomain(ctx, &sagemaker.DescribeDomainInput{DomainId: &id}); err == nil {
			l.Domain, l.DomainFailure = string(out.Status), aws.ToString(out.FailureReason)
		}
	}
	l.DomainTrouble, err = trouble(ctx, err)
	return err
}

// warnings reads AWS's warnings about SCIM tokens from AWS Health, which belongs to the account and not to a Region, and answers
// only those with a support plan.
func (l *looker) warnings(ctx context.Context) error {
	spec := l.in.Handles.Spec
	cfg, err := l.AWS.Config(ctx, spec.IdentityCenter, onboarding.HealthRegion(spec.Region))
	if err == nil {
		err = l.readWarnings(ctx, awshealth.NewFromConfig(cfg))
	}
	var refused smithy.APIError
	if errors.As(err, &refused) && refused.ErrorCode() == "SubscriptionRequiredException" {
		return nil
	}
	l.WarningTrouble, err = trouble(ctx, err)
	return err
}

func (l *looker) readWarnings(ctx context.Context, client *awshealth.Client) error {
	pages := awshealth.NewDescribeEventsPaginator(client, &awshealth.DescribeEventsInput{Filter: &healthtypes.EventFilter{
		EventTypeCodes:   []string{tokenWarning},
		EventStatusCodes: []healthtypes.EventStatusCode{healthtypes.EventStatusCodeOpen, healthtypes.EventStatusCodeUpcoming},
	}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, event := range page.Events {
			if since := aws.ToTime(event.StartTime); !since.IsZero() && (l.WarnedSince.IsZero() || since.Before(l.WarnedSince)) {
				l.WarnedSince = since.UTC()
			}
		}
	}
	return nil
}
