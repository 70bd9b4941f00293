package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities"
	"studio-onboarding/internal/fault"
	"studio-onboarding/sandbox"
)

var instanceInput = activities.InstanceInput{Region: awsRegion}

func TestTheInstanceIsAwaitedAndFound(t *testing.T) {
	w := newAWSWorld(t)
	x := &activities.IdentityCenter{AWS: w.clouds, Waits: w.waits}

	found, err := once(x.FindInstance, instanceInput)
	require.NoError(t, err)
	require.Nil(t, found.Instance)
	require.Equal(t, "111111111111", found.ManagementAccount)
	_, err = once(x.AwaitInstance, instanceInput)
	failsWith(t, err, fault.NotReady, "not enabled yet in the management account 111111111111")

	require.NoError(t, w.EnableIdentityCenter(t.Context(), sandbox.EnableIdentityCenterInput{Region: awsRegion}))
	instance, err := settled(t, x.AwaitInstance, instanceInput)
	require.NoError(t, err)
	require.Contains(t, instance.ARN, "arn:aws:sso:::instance/ssoins-")
	require.Contains(t, instance.IdentityStoreID, "d-")
	require.Equal(t, "111111111111", instance.OwnerAccount)
	require.Equal(t, awsRegion, instance.PrimaryRegion)
	require.WithinDuration(t, time.Now(), instance.CreatedAt, time.Minute)
}

func TestAnInstanceInAnotherRegionParks(t *testing.T) {
	w := newAWSWorld(t)
	x := &activities.IdentityCenter{AWS: w.clouds, Waits: w.waits}
	require.NoError(t, w.EnableIdentityCenter(t.Context(), sandbox.EnableIdentityCenterInput{Region: "eu-west-1"}))
	_, err := settled(t, x.AwaitInstance, instanceInput)
	failsWith(t, err, fault.Invalid, "primary Region eu-west-1, the spec says us-east-1", "Set region: eu-west-1 in the spec")
}

func TestTheRoleMayNotListInstances(t *testing.T) {
	w := newAWSWorld(t)
	x := &activities.IdentityCenter{AWS: w.clouds, Waits: w.waits}
	w.faults(t, sandbox.Fault{Service: "sso", Operation: "ListInstances", Kind: sandbox.FaultDeny})
	_, err := once(x.FindInstance, instanceInput)
	failsWith(t, err, fault.Denied, "sso:ListInstances", `{"Effect":"Allow","Action":"sso:ListInstances"`, ":user/worker")

	w.faults(t)
	_, err = once(x.FindInstance, instanceInput)
	require.NoError(t, err)
}

func TestInstancesThatStudioCannotUse(t *testing.T) {
	organization := object{"Organization": object{"MasterAccountId": "111111111111"}}
	instance := func(owner, status string) object {
		return object{"InstanceArn": "arn:aws:sso:::instance/ssoins-1", "OwnerAccountId": owner, "PrimaryRegion": awsRegion, "Status": status,
			"StatusReason": "the key is disabled"}
	}
	find := func(t *testing.T, instances ...object) (activities.FindInstanceResult, error) {
		aws := cannedAWS{"DescribeOrganization": organization, "ListInstances": object{"Instances": instances}}.start(t)
		x := &activities.IdentityCenter{AWS: aws, Waits: activities.DefaultWaits()}
		return once(x.FindInstance, instanceInput)
	}
	t.Run("an account instance only", func(t *testing.T) {
		_, err := find(t, instance("222222222222", "ACTIVE"))
		failsWith(t, err, fault.Invalid, "account instance", "of account 222222222222", "management account 111111111111")
	})
	t.Run("an account instance besides the organization's", func(t *testing.T) {
		found, err := find(t, instance("222222222222", "ACTIVE"), instance("111111111111", "ACTIVE"))
		require.NoError(t, err)
		require.Equal(t, "111111111111", found.Instance.OwnerAccount)
	})
	t.Run("one in the making", func(t *testing.T) {
		found, err := find(t, instance("111111111111", "CREATE_IN_PROGRESS"))
		require.NoError(t, err)
		require.Nil(t, found.Instance)
	})
	t.Run("one that failed", func(t *testing.T) {
		_, err := find(t, instance("111111111111", "CREATE_FAILED"))
		failsWith(t, err, fault.Invalid, "the key is disabled", "Delete it")
	})
}

func TestEvidenceOfTheIdentitySource(t *testing.T) {
	event := func(source, detail string, at float64) object {
		return object{"EventSource": source, "EventTime": at, "CloudTrailEvent": detail}
	}
	aws := cannedAWS{"LookupEvents": object{"Events": []object{
		event("sso-directory.amazonaws.com", `{"errorCode":"AccessDenied"}`, 1.8e9),
		event("sso-directory.amazonaws.com", `{}`, 1.7e9),
		event("sso-directory.amazonaws.com", `{}`, 1.6e9),
	}}}.start(t)
	x := &activities.IdentityCenter{AWS: aws, Waits: activities.DefaultWaits()}
	evidence, err := once(x.FindSourceChange, instanceInput)
	require.NoError(t, err)
	require.True(t, evidence.Readable)
	require.Equal(t, "EnableExternalIdPConfigurationForDirectory", evidence.Event, "of two at the same time the one that takes effect")
	require.Equal(t, time.Unix(1.7e9, 0).UTC(), evidence.At.UTC(), "the newest that succeeded")
}

func TestMissingEvidenceIsNoError(t *testing.T) {
	for name, c := range map[string]struct {
		answer object
		want   activities.SourceEvidence
	}{
		"nobody changed it": {object{"Events": []object{}}, activities.SourceEvidence{Readable: true}},
		"not readable": {object{"__type": "AccessDeniedException", "message": "not authorized to perform: cloudtrail:LookupEvents"},
			activities.SourceEvidence{}},
	} {
		t.Run(name, func(t *testing.T) {
			x := &activities.IdentityCenter{AWS: cannedAWS{"LookupEvents": c.answer}.start(t), Waits: activities.DefaultWaits()}
			evidence, err := once(x.FindSourceChange, instanceInput)
			require.NoError(t, err)
			require.Equal(t, c.want, evidence)
		})
	}
}

func TestCloudTrailMayBeReadOrNot(t *testing.T) {
	w := newAWSWorld(t)
	x := &activities.IdentityCenter{AWS: w.clouds, Waits: w.waits}
	evidence, err := once(x.FindSourceChange, instanceInput)
	require.NoError(t, err)
	require.Equal(t, activities.SourceEvidence{Readable: true}, evidence)

	w.faults(t, sandbox.Fault{Service: "cloudtrail", Kind: sandbox.FaultDeny})
	evidence, err = once(x.FindSourceChange, instanceInput)
	require.NoError(t, err)
	require.False(t, evidence.Readable)
}
