package identitycenter_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/activitytest"
	"studio-onboarding/activities/identitycenter"
	"studio-onboarding/onboarding"
)

const arn = "arn:aws:sso:::instance/ssoins-1"

func listed(owner, region, status string) identitycenter.Listed {
	return identitycenter.Listed{Instance: identitycenter.Instance{ARN: arn, IdentityStoreID: "d-1", OwnerAccount: owner,
		PrimaryRegion: region}, Status: status}
}

// extended is an instance of another primary Region that has the spec's as an additional one.
func extended(status string) identitycenter.Listed {
	instance := listed(management, "eu-west-1", "ACTIVE")
	instance.Regions = []identitycenter.Region{{Name: "eu-west-1", Status: "ACTIVE"}, {Name: activitytest.Region, Status: status}}
	return instance
}

// sound is a state about which there is nothing to say.
func sound() identitycenter.State {
	yes := true
	return identitycenter.State{
		Account: management, ManagementAccount: management, Instances: []identitycenter.Listed{listed(management, "us-east-1", "ACTIVE")},
		Key: &identitycenter.Key{}, Network: &identitycenter.StoreNetwork{}, TrustedAccess: &yes,
	}
}

func TestJudge(t *testing.T) {
	no := false
	trouble := &onboarding.Trouble{Class: "Denied", Operation: "sso:Some", Message: "not allowed", Remedy: "allow it"}
	for _, c := range []struct {
		name string
		with func(*identitycenter.State)
		kind onboarding.VerdictKind
		code string
		// field is the kind of the verdict about the Region.
		field        onboarding.VerdictKind
		says, remedy string
	}{
		{"active", nil, onboarding.VerdictAdopt, "identity-center", onboarding.VerdictKeep, "is active", ""},
		{"none", func(s *identitycenter.State) { s.Instances = nil }, onboarding.VerdictAsk, "identity-center", onboarding.VerdictUnknown,
			"not enabled yet in the management account 111111111111", "the run asks for it"},
		{"cannot be looked at", func(s *identitycenter.State) { s.Trouble = trouble }, onboarding.VerdictBlocked, "identity-center",
			onboarding.VerdictUnknown,
			"sso:Some: not allowed", "allow it"},
		{"account instance only", func(s *identitycenter.State) { s.Instances[0].OwnerAccount = "222222222222" },
			onboarding.VerdictBlocked, "identity-center", onboarding.VerdictUnknown, "There is only an account instance",
			"The account instance may stay."},
		{"in the making", func(s *identitycenter.State) { s.Instances[0].Status = "CREATE_IN_PROGRESS" },
			onboarding.VerdictAsk, "identity-center", onboarding.VerdictKeep, "is being made (CREATE_IN_PROGRESS)", "Nothing to do"},
		{"in the making, without a status", func(s *identitycenter.State) { s.Instances[0].Status = "" },
			onboarding.VerdictAsk, "identity-center", onboarding.VerdictKeep, "AWS names no status", "Nothing to do"},
		{"being deleted", func(s *identitycenter.State) { s.Instances[0].Status = "DELETE_IN_PROGRESS" },
			onboarding.VerdictAsk, "identity-center", onboarding.VerdictUnknown, "is being deleted", "the run asks for a new one"},
		{"being deleted elsewhere", func(s *identitycenter.State) { s.Instances[0] = listed(management, "eu-west-1", "DELETE_IN_PROGRESS") },
			onboarding.VerdictAsk, "identity-center", onboarding.VerdictUnknown, "enabled in us-east-1 afterwards", ""},
		{"failed", func(s *identitycenter.State) {
			s.Instances[0].Status, s.Instances[0].StatusReason = "CREATE_FAILED", "The key is disabled."
		}, onboarding.VerdictBlocked, "identity-center", onboarding.VerdictUnknown, "failed: The key is disabled.", "Delete it"},
		{"another Region", func(s *identitycenter.State) { s.Instances[0] = listed(management, "eu-west-1", "ACTIVE") },
			onboarding.VerdictBlocked, "identity-center", onboarding.VerdictBlocked, "has the primary Region eu-west-1, the spec says us-east-1",
			"or add us-east-1 to the instance"},
		{"another Region, in the making", func(s *identitycenter.State) {
			s.Instances[0] = listed(management, "eu-west-1", "CREATE_IN_PROGRESS")
		},
			onboarding.VerdictBlocked, "identity-center", onboarding.VerdictBlocked, "eu-west-1", "Set region: eu-west-1"},
		{"additional Region", func(s *identitycenter.State) { s.Instances[0] = extended("ACTIVE") },
			onboarding.VerdictWarning, "identity-center", onboarding.VerdictWarning, "has the primary Region eu-west-1, and us-east-1 is an additional one",
			"set region: eu-west-1"},
		{"Region that is being added", func(s *identitycenter.State) { s.Instances[0] = extended("ADDING") },
			onboarding.VerdictAsk, "identity-center", onboarding.VerdictAsk, "is being extended to us-east-1", "Nothing to do"},
		{"Region that is being removed", func(s *identitycenter.State) { s.Instances[0] = extended("REMOVING") },
			onboarding.VerdictBlocked, "identity-center", onboarding.VerdictBlocked, "There it is REMOVING.", "Set region: eu-west-1"},
		{"no Region named", func(s *identitycenter.State) { s.Instances[0].PrimaryRegion = "" }, onboarding.VerdictAdopt,
			"identity-center", onboarding.VerdictKeep, "", ""},
		{"delegated", func(s *identitycenter.State) { s.Account, s.Administrator = "333333333333", true }, onboarding.VerdictAdopt,
			"identity-center", onboarding.VerdictKeep, "", ""},
		{"neither management nor delegated", func(s *identitycenter.State) { s.Account = "333333333333" },
			onboarding.VerdictWarning, "identity-center", onboarding.VerdictKeep, "neither the management account (111111111111)", "assumeRole"},
		{"customer managed key", func(s *identitycenter.State) { s.Key = &identitycenter.Key{CustomerManaged: true, ARN: "arn:k"} },
			onboarding.VerdictWarning, "identity-center-key", onboarding.VerdictKeep, "customer managed key arn:k", "AWS Support"},
		{"key that may not be looked at", func(s *identitycenter.State) { s.Key, s.KeyTrouble = nil, trouble },
			onboarding.VerdictWarning, "identity-center-key", onboarding.VerdictKeep, "sso:Some: not allowed", "allow it"},
		{"VPC endpoint only", func(s *identitycenter.State) {
			s.Network = &identitycenter.StoreNetwork{Controlled: true, EndpointOnly: true}
		}, onboarding.VerdictBlocked, "identity-store-network", onboarding.VerdictKeep, "VPC endpoint", "ScimAllowSourceIps"},
		{"SCIM from some addresses", func(s *identitycenter.State) {
			s.Network = &identitycenter.StoreNetwork{Controlled: true, EndpointOnly: true, SCIMSources: []string{"192.0.2.0/24"}}
		}, onboarding.VerdictWarning, "identity-store-network", onboarding.VerdictKeep, "192.0.2.0/24", "IP ranges"},
		{"SCIM from everywhere", func(s *identitycenter.State) {
			s.Network = &identitycenter.StoreNetwork{Controlled: true, EndpointOnly: true, SCIMSources: []string{"0.0.0.0/0"}}
		}, onboarding.VerdictKeep, "identity-store-network", onboarding.VerdictKeep, "Okta can reach the identity store.", ""},
		{"network that may not be looked at", func(s *identitycenter.State) { s.Network, s.NetworkTrouble = nil, trouble },
			onboarding.VerdictWarning, "identity-store-network", onboarding.VerdictKeep, "not allowed", "allow it"},
		{"no trusted access", func(s *identitycenter.State) { s.TrustedAccess = &no },
			onboarding.VerdictWarning, "trusted-access", onboarding.VerdictKeep, "sso.amazonaws.com has no trusted access", "Enable trusted access"},
		{"trusted access that may not be looked at", func(s *identitycenter.State) { s.TrustedAccess, s.TrustedAccessTrouble = nil, trouble },
			onboarding.VerdictUnknown, "trusted-access", onboarding.VerdictKeep, "was not looked at, because the credentials do not " +
				"allow sso:Some.", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			state := sound()
			if c.with != nil {
				c.with(&state)
			}
			verdicts := identitycenter.Judge(onboarding.Spec{Region: activitytest.Region}, state)
			found := false
			for _, verdict := range verdicts {
				if verdict.Kind == c.kind && verdict.Code == c.code {
					require.Contains(t, verdict.Reason, c.says)
					require.Contains(t, verdict.Remedy, c.remedy)
					found = true
				} else if verdict.Kind == onboarding.VerdictBlocked || verdict.Kind == onboarding.VerdictWarning {
					require.Fail(t, "one finding causes no others", "%+v", verdict)
				}
				if verdict.Field != "" {
					require.Equal(t, "region", verdict.Field)
					require.Equal(t, c.field, verdict.Kind)
					require.Equal(t, activitytest.Region, verdict.Want)
				} else {
					require.NotEmpty(t, verdict.Reason)
				}
			}
			require.True(t, found, "%+v", verdicts)
		})
	}
}
