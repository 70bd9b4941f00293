package identitycenter_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/activitytest"
	"studio-onboarding/activities/identitycenter"
	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

const management = "111111111111"

type object = activitytest.Object

var input = identitycenter.InstanceInput{Region: activitytest.Region}

func activitiesOf(w activitytest.World) *identitycenter.Activities {
	return &identitycenter.Activities{AWS: w.Clouds, Waits: w.Waits}
}

func canned(t *testing.T, answers activitytest.CannedAWS) *identitycenter.Activities {
	t.Helper()
	return &identitycenter.Activities{AWS: answers.Start(t), Waits: provider.DefaultWaits()}
}

func TestTheInstanceIsAwaitedAndFound(t *testing.T) {
	w := activitytest.NewWorld(t)
	x := activitiesOf(w)

	found, err := activitytest.Once(x.FindInstance, input)
	require.NoError(t, err)
	require.Nil(t, found.Instance)
	require.Equal(t, management, found.ManagementAccount)
	_, err = activitytest.Once(x.AwaitInstance, input)
	activitytest.FailsWith(t, err, fault.NotReady, "not enabled yet in the management account 111111111111")

	require.NoError(t, w.EnableIdentityCenter(t.Context(), sandbox.EnableIdentityCenterInput{Region: activitytest.Region}))
	instance, err := activitytest.Settled(t, x.AwaitInstance, input)
	require.NoError(t, err)
	require.Contains(t, instance.ARN, "arn:aws:sso:::instance/ssoins-")
	require.Contains(t, instance.IdentityStoreID, "d-")
	require.Equal(t, management, instance.OwnerAccount)
	require.Equal(t, activitytest.Region, instance.PrimaryRegion)
	require.WithinDuration(t, time.Now(), instance.CreatedAt, time.Minute)

	state, err := identitycenter.Look(t.Context(), w.Clouds, onboarding.Spec{Region: activitytest.Region}, management)
	require.NoError(t, err)
	verdicts := identitycenter.Judge(onboarding.Spec{Region: activitytest.Region}, state)
	require.Len(t, verdicts, 5)
	for _, verdict := range verdicts {
		require.Contains(t, []onboarding.VerdictKind{onboarding.VerdictAdopt, onboarding.VerdictKeep}, verdict.Kind, "%+v", verdict)
		require.Equal(t, instance.ARN, verdict.Subject)
	}
}

func TestAnInstanceInAnotherRegionParks(t *testing.T) {
	w := activitytest.NewWorld(t)
	require.NoError(t, w.EnableIdentityCenter(t.Context(), sandbox.EnableIdentityCenterInput{Region: "eu-west-1"}))
	_, err := activitytest.Settled(t, activitiesOf(w).AwaitInstance, input)
	activitytest.FailsWith(t, err, fault.Invalid, "primary Region eu-west-1, the spec says us-east-1", "Set region: eu-west-1 in the spec")
}

func TestTheRoleMayNotListInstances(t *testing.T) {
	w := activitytest.NewWorld(t)
	x := activitiesOf(w)
	w.Faults(t, sandbox.Fault{Service: "sso", Operation: "ListInstances", Kind: sandbox.FaultDeny})
	_, err := activitytest.Once(x.FindInstance, input)
	activitytest.FailsWith(t, err, fault.Denied, "sso:ListInstances", `{"Effect":"Allow","Action":"sso:ListInstances"`, ":user/worker")

	spec := onboarding.Spec{Region: activitytest.Region}
	state, err := identitycenter.Look(t.Context(), w.Clouds, spec, management)
	require.NoError(t, err, "a check says so, and goes on")
	blocked := onboarding.Blocked(identitycenter.Judge(spec, state))
	require.Len(t, blocked, 1)
	require.Equal(t, identitycenter.CodeInstance, blocked[0].Code)
	require.Contains(t, blocked[0].Reason, "sso:ListInstances")
	require.Contains(t, blocked[0].Remedy, `{"Effect":"Allow","Action":"sso:ListInstances"`)

	w.Faults(t)
	_, err = activitytest.Once(x.FindInstance, input)
	require.NoError(t, err)
}

func TestALookIsTriedAgainWhereAWSIsBusy(t *testing.T) {
	w := activitytest.NewWorld(t)
	w.Faults(t, sandbox.Fault{Service: "organizations", Kind: sandbox.FaultError})
	_, err := identitycenter.Look(t.Context(), w.Clouds, onboarding.Spec{Region: activitytest.Region}, management)
	require.True(t, fault.ClassOf(err).Retryable(), "%v", err)
}

func TestInstancesThatStudioCannotUse(t *testing.T) {
	organization := object{"Organization": object{"MasterAccountId": management}}
	instance := func(owner, status string) object {
		return object{"InstanceArn": "arn:aws:sso:::instance/ssoins-1", "OwnerAccountId": owner, "PrimaryRegion": activitytest.Region,
			"Status":       status,
			"StatusReason": "the key is disabled"}
	}
	find := func(t *testing.T, instances ...object) (identitycenter.FindInstanceResult, error) {
		x := canned(t, activitytest.CannedAWS{"DescribeOrganization": organization, "ListInstances": object{"Instances": instances}})
		return activitytest.Once(x.FindInstance, input)
	}
	t.Run("an account instance only", func(t *testing.T) {
		_, err := find(t, instance("222222222222", "ACTIVE"))
		activitytest.FailsWith(t, err, fault.Invalid, "account instance", "of account 222222222222", "management account 111111111111")
	})
	t.Run("an account instance besides the organization's", func(t *testing.T) {
		found, err := find(t, instance("222222222222", "ACTIVE"), instance(management, "ACTIVE"))
		require.NoError(t, err)
		require.Equal(t, management, found.Instance.OwnerAccount)
	})
	for _, status := range []string{"CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS"} {
		t.Run(status, func(t *testing.T) {
			found, err := find(t, instance(management, status))
			require.NoError(t, err)
			require.Nil(t, found.Instance)
		})
	}
	t.Run("one that failed", func(t *testing.T) {
		_, err := find(t, instance(management, "CREATE_FAILED"))
		activitytest.FailsWith(t, err, fault.Invalid, "the key is disabled", "Delete it")
	})
}

func TestAnAdditionalRegionIsFoundOnceItIsActive(t *testing.T) {
	answers := func(status string) activitytest.CannedAWS {
		return activitytest.CannedAWS{
			"DescribeOrganization": object{"Organization": object{"MasterAccountId": management}},
			"ListInstances": object{"Instances": []object{{"InstanceArn": "arn:aws:sso:::instance/ssoins-1", "IdentityStoreId": "d-1234567890",
				"OwnerAccountId": management, "PrimaryRegion": "eu-west-1", "Status": "ACTIVE", "Regions": []object{
					{"RegionName": "eu-west-1", "Status": "ACTIVE", "IsPrimaryRegion": true}, {"RegionName": activitytest.Region, "Status": status},
				}}}},
			"DescribeInstance":                    object{"InstanceArn": "arn:aws:sso:::instance/ssoins-1"},
			"DescribeIdentityStore":               object{"IdentityStoreId": "d-1234567890"},
			"ListAWSServiceAccessForOrganization": object{"EnabledServicePrincipals": []object{{"ServicePrincipal": "sso.amazonaws.com"}}},
		}
	}
	adding := canned(t, answers("ADDING"))
	found, err := activitytest.Once(adding.FindInstance, input)
	require.NoError(t, err)
	require.Nil(t, found.Instance)
	require.Equal(t, "eu-west-1", found.Adding.PrimaryRegion)
	_, err = activitytest.Once(adding.AwaitInstance, input)
	activitytest.FailsWith(t, err, fault.NotReady, "still being extended to us-east-1")

	active := canned(t, answers("ACTIVE"))
	instance, err := activitytest.Once(active.AwaitInstance, input)
	require.NoError(t, err)
	require.Equal(t, "eu-west-1", instance.PrimaryRegion)
	regions := &askedRegions{AWS: active.AWS}
	_, err = identitycenter.Look(t.Context(), regions, onboarding.Spec{Region: activitytest.Region}, management)
	require.NoError(t, err)
	require.Equal(t, []string{activitytest.Region, "eu-west-1"}, regions.asked, "what the instance is, its primary Region says")

	_, err = activitytest.Once(canned(t, answers("REMOVING")).FindInstance, input)
	activitytest.FailsWith(t, err, fault.Invalid, "There it is REMOVING.", "Set region: eu-west-1")
}

// askedRegions notes for which Regions configurations were asked.
type askedRegions struct {
	provider.AWS
	asked []string
}

func (a *askedRegions) Config(ctx context.Context, account onboarding.AccountSpec, region string) (aws.Config, error) {
	a.asked = append(a.asked, region)
	return a.AWS.Config(ctx, account, region)
}

func TestEvidenceOfTheIdentitySource(t *testing.T) {
	event := func(source, detail string, at float64) object {
		return object{"EventSource": source, "EventTime": at, "CloudTrailEvent": detail}
	}
	x := canned(t, activitytest.CannedAWS{"LookupEvents": object{"Events": []object{
		event("sso-directory.amazonaws.com", `{"errorCode":"AccessDenied"}`, 1.8e9),
		event("sso-directory.amazonaws.com", `{}`, 1.7e9),
		event("sso-directory.amazonaws.com", `{}`, 1.6e9),
	}}})
	evidence, err := activitytest.Once(x.FindSourceChange, input)
	require.NoError(t, err)
	require.True(t, evidence.Readable)
	require.Equal(t, "EnableExternalIdPConfigurationForDirectory", evidence.Event, "of two at the same time the one that takes effect")
	require.Equal(t, time.Unix(1.7e9, 0).UTC(), evidence.At.UTC(), "the newest that succeeded")
}

func TestMissingEvidenceIsNoError(t *testing.T) {
	for name, c := range map[string]struct {
		answer object
		want   identitycenter.SourceEvidence
	}{
		"nobody changed it": {object{"Events": []object{}}, identitycenter.SourceEvidence{Readable: true}},
		"not readable": {object{"__type": "AccessDeniedException", "message": "not authorized to perform: cloudtrail:LookupEvents"},
			identitycenter.SourceEvidence{}},
	} {
		t.Run(name, func(t *testing.T) {
			evidence, err := activitytest.Once(canned(t, activitytest.CannedAWS{"LookupEvents": c.answer}).FindSourceChange, input)
			require.NoError(t, err)
			require.Equal(t, c.want, evidence)
		})
	}
}

func TestCloudTrailMayBeReadOrNot(t *testing.T) {
	w := activitytest.NewWorld(t)
	x := activitiesOf(w)
	evidence, err := activitytest.Once(x.FindSourceChange, input)
	require.NoError(t, err)
	require.Equal(t, identitycenter.SourceEvidence{Readable: true}, evidence)

	w.Faults(t, sandbox.Fault{Service: "cloudtrail", Kind: sandbox.FaultDeny})
	evidence, err = activitytest.Once(x.FindSourceChange, input)
	require.NoError(t, err)
	require.False(t, evidence.Readable)
}
