package sandbox_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshealth "github.com/aws/aws-sdk-go-v2/service/health"
	healthtypes "github.com/aws/aws-sdk-go-v2/service/health/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssotypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"studio-onboarding/sandbox"
)

func TestAWSHealthWarnsOfTokensThatExpire(t *testing.T) {
	w := start(t, fast)
	w.enable()
	w.provisioning()
	client := awshealth.NewFromConfig(w.worker())
	events := func(filter *healthtypes.EventFilter) []healthtypes.Event {
		out, err := client.DescribeEvents(w.ctx, &awshealth.DescribeEventsInput{Filter: filter})
		w.NoError(err)
		return out.Events
	}
	_, err := client.DescribeEvents(w.ctx, &awshealth.DescribeEventsInput{})
	w.Equal("SubscriptionRequiredException", code(err), "accounts begin without a support plan")

	w.NoError(w.ChangeAWS(w.ctx, sandbox.AWSSettings{SupportPlan: aws.Bool(true)}))
	w.Empty(events(nil), "the token is new")
	w.NoError(w.ChangeAWS(w.ctx, sandbox.AWSSettings{TokenDays: 20}))
	open := events(&healthtypes.EventFilter{EventTypeCodes: []string{"AWS_IAMIDENTITYCENTER_SCIM_BEARER_TOKEN_EXPIRY_NOTIFICATION"},
		EventStatusCodes: []healthtypes.EventStatusCode{healthtypes.EventStatusCodeOpen}})
	w.Len(open, 1)
	w.Equal("IAMIDENTITYCENTER", *open[0].Service)
	w.Equal(healthtypes.EventTypeCategoryAccountNotification, open[0].EventTypeCategory)
	tokens, err := w.SCIMTokens(w.ctx)
	w.NoError(err)
	w.WithinDuration(tokens[0].Expires.Add(-90*24*time.Hour), *open[0].StartTime, time.Second)
	w.Empty(events(&healthtypes.EventFilter{EventStatusCodes: []healthtypes.EventStatusCode{healthtypes.EventStatusCodeClosed}}))
	w.Empty(events(&healthtypes.EventFilter{StartTimes: []healthtypes.DateTimeRange{{From: aws.Time(time.Now())}}}))
	w.Empty(events(&healthtypes.EventFilter{Services: []string{"EC2"}}))

	w.NoError(w.ExpireSCIMToken(w.ctx, ""))
	ended := events(nil)
	w.Len(ended, 1)
	w.Equal(healthtypes.EventStatusCodeClosed, ended[0].StatusCode)
	w.NotNil(ended[0].EndTime)

	elsewhere, err := awshealth.NewFromConfig(w.studio()).DescribeEvents(w.ctx, &awshealth.DescribeEventsInput{})
	w.NoError(err)
	w.Empty(elsewhere.Events, "the warnings go to the account of the instance")
	_, err = client.DescribeEvents(w.ctx, &awshealth.DescribeEventsInput{MaxResults: aws.Int32(5)})
	w.Equal("ValidationException", code(err))
}

func TestADisabledApplicationLetsNobodyIn(t *testing.T) {
	w := start(t, fast)
	w.enable()
	domain := w.domain("team")
	status := func() ssotypes.ApplicationStatus {
		out, err := ssoadmin.NewFromConfig(w.administrator()).DescribeApplication(w.ctx,
			&ssoadmin.DescribeApplicationInput{ApplicationArn: domain.SingleSignOnApplicationArn})
		w.NoError(err)
		return out.Status
	}
	w.Equal(ssotypes.ApplicationStatusEnabled, status())
	w.NoError(w.ChangeAWS(w.ctx, sandbox.AWSSettings{DisableApplications: aws.Bool(true)}))
	w.Equal(ssotypes.ApplicationStatusDisabled, status())
	w.NoError(w.ChangeAWS(w.ctx, sandbox.AWSSettings{DisableApplications: aws.Bool(false)}))
	w.Equal(ssotypes.ApplicationStatusEnabled, status())
}
