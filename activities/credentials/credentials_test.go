package credentials_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/activitytest"
	"studio-onboarding/activities/credentials"
	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/policy"
	"studio-onboarding/internal/specfile"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

const (
	worker     = "arn:aws:iam::111111111111:user/worker"
	studioRole = "arn:aws:iam::222222222222:role/StudioOnboarding"
)

// org is an Okta org that is asked who the worker is, and nothing else.
type org struct {
	provider.Okta
	who string
	err error
}

func (org) URL() string                           { return "https://example.okta.com" }
func (o org) Who(context.Context) (string, error) { return o.who, o.err }

func spec(t *testing.T) onboarding.Spec {
	t.Helper()
	s, err := specfile.Decode("spec.yaml", []byte(`
name: demo
region: us-east-1
okta: {assignmentGroup: aws-identity-center}
identityCenter: {account: "111111111111"}
studio: {account: "222222222222", assumeRole: "`+studioRole+`"}
access:
  groups:
    - name: sagemaker-studio-users
`))
	require.NoError(t, err)
	return s
}

// line is a verdict in short.
func line(v onboarding.Verdict) string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", v.Kind, v.Code, v.Field))
}

func TestTheCredentialsOfTheSandbox(t *testing.T) {
	w := activitytest.NewWorld(t)
	s := spec(t)
	permissions := policy.For(s, policy.Options{})
	allow := func(without ...string) {
		documents := map[string]json.RawMessage{}
		for arn, document := range map[string]policy.Document{worker: permissions.Principals[0].Policy,
			studioRole: permissions.Principals[1].Policy} {
			data, err := json.Marshal(document)
			require.NoError(t, err)
			for _, action := range without {
				data = []byte(strings.ReplaceAll(string(data), `"`+action+`"`, `"sts:GetCallerIdentity"`))
			}
			documents[arn] = data
		}
		require.NoError(t, w.SetPolicies(t.Context(), documents))
	}
	judge := func() (credentials.State, []onboarding.Verdict) {
		state, err := credentials.Look(t.Context(), w.Clouds, org{who: "admin@example.com"}, s)
		require.NoError(t, err)
		return state, credentials.Judge(s, state)
	}

	allow()
	state, verdicts := judge()
	for _, v := range verdicts {
		require.Equal(t, onboarding.VerdictKeep, v.Kind, "%+v", v)
	}
	require.Equal(t, []string{"111111111111", "222222222222", "aws"}, []string{state.IdentityAccount(s), state.StudioAccount(s),
		state.Partition()})
	require.Equal(t, []string{worker, studioRole}, []string{state.Identity.Principal, state.Studio.Principal})

	allow("iam:PassRole", "sso:CreateApplicationAssignment", "iam:UpdateAssumeRolePolicy")
	_, verdicts = judge()
	warnings := onboarding.OfKind(verdicts, onboarding.VerdictWarning)
	require.Len(t, warnings, 2)
	require.Equal(t, "IAM's policy simulator says that "+worker+" may not sso:CreateApplicationAssignment.", warnings[0].Reason)
	require.Equal(t, "IAM's policy simulator says that "+studioRole+" may not iam:PassRole, iam:UpdateAssumeRolePolicy.", warnings[1].Reason)
	require.Contains(t, warnings[1].Remedy, "starter policy prints the whole policy")

	allow("iam:SimulatePrincipalPolicy")
	_, verdicts = judge()
	unknown := onboarding.OfKind(verdicts, onboarding.VerdictUnknown)
	require.Len(t, unknown, 2)
	require.Contains(t, unknown[0].Reason, "not looked at, because the credentials do not allow iam:SimulatePrincipalPolicy")

	allow()
	s.Studio = onboarding.AccountSpec{Account: "222222222222"}
	state, verdicts = judge()
	blocked := onboarding.Blocked(verdicts)
	require.Len(t, blocked, 1)
	require.Equal(t, "The credentials belong to account 111111111111 ("+worker+"), but studio.account is 222222222222.", blocked[0].Reason)
	require.Equal(t, "", state.StudioAccount(s))

	w.Faults(t, sandbox.Fault{Service: "sts", Operation: "GetCallerIdentity", Kind: sandbox.FaultThrottle})
	_, err := credentials.Look(t.Context(), w.Clouds, org{}, s)
	require.Equal(t, fault.Throttled, fault.ClassOf(err), "%v", err)

	w.Faults(t)
	_, err = credentials.Look(t.Context(), w.Clouds, org{err: fault.New(fault.Unavailable, "okta", "okta:GET /api/v1/users/me",
		"Okta is down")}, s)
	require.Equal(t, fault.Unavailable, fault.ClassOf(err), "%v", err)
}

func TestOneSideThatFailsDoesNotHideTheOthers(t *testing.T) {
	w := activitytest.NewWorld(t)
	s := spec(t)
	w.Faults(t, sandbox.Fault{Service: "sts", Operation: "AssumeRole", Kind: sandbox.FaultDeny})
	state, err := credentials.Look(t.Context(), w.Clouds,
		org{err: fault.New(fault.Denied, "okta", "okta:GET /api/v1/users/me", "Okta answered 401").WithRemedy("give new ones")}, s)
	require.NoError(t, err)
	blocked := onboarding.Blocked(credentials.Judge(s, state))
	require.Len(t, blocked, 2)
	require.Equal(t, "okta:GET /api/v1/users/me: Okta answered 401", blocked[0].Reason)
	require.Equal(t, "blocked studio-account studio.assumeRole", line(blocked[1]))
	require.Contains(t, blocked[1].Reason, "sts:AssumeRole")
	require.Contains(t, blocked[1].Remedy, "trust policy of "+studioRole)
	require.Equal(t, "", state.StudioAccount(s))
	require.Equal(t, "111111111111", state.IdentityAccount(s))
	require.Equal(t, "aws", state.Partition())
}

func TestTheJudgeOfCredentials(t *testing.T) {
	sound := func() credentials.State {
		return credentials.State{
			Identity: credentials.Side{Account: "111111111111", Partition: "aws", Caller: worker, Principal: worker},
			Studio: credentials.Side{Account: "222222222222", Partition: "aws", Principal: studioRole,
				Caller: "arn:aws:sts::222222222222:assumed-role/StudioOnboarding/session"},
			Okta: credentials.Org{URL: "https://example.okta.com", Who: "admin@example.com"},
		}
	}
	identity := []string{"keep identity-account", "keep identity-account identityCenter.account",
		"keep identity-account identityCenter.assumeRole", "keep identity-permissions"}
	okta := []string{"keep okta-credentials"}
	studio := []string{"keep studio-account", "keep studio-account studio.account", "keep studio-account studio.assumeRole",
		"keep studio-permissions"}
	with := func(parts ...[]string) (all []string) {
		for _, part := range parts {
			all = append(all, part...)
		}
		return all
	}
	refused := &onboarding.Trouble{Class: "Denied", Operation: "sts:GetCallerIdentity",
		Message: "AWS does not accept the credentials (InvalidClientTokenId).", Remedy: "Give new ones."}
	for name, test := range map[string]struct {
		change func(*onboarding.Spec, *credentials.State)
		want   []string
		says   []string
	}{
		"sound": {change: func(*onboarding.Spec, *credentials.State) {}, want: with(identity, okta, studio)},
		"refused": {change: func(_ *onboarding.Spec, s *credentials.State) { s.Identity = credentials.Side{Trouble: refused} },
			want: with([]string{"blocked identity-account"}, okta, studio), says: []string{"sts:GetCallerIdentity: AWS does not accept",
				"Give new ones."}},
		"wrong account": {change: func(_ *onboarding.Spec, s *credentials.State) {
			s.Studio.Account, s.Studio.Denied = "333333333333", []string{"x:Y"}
		},
			want: with(identity, okta, []string{"blocked studio-account studio.account"}), says: []string{"belong to account 333333333333",
				"studio.assumeRole"}},
		"any account": {change: func(spec *onboarding.Spec, s *credentials.State) {
			spec.Studio, s.Studio.Account = onboarding.AccountSpec{}, "333333333333"
		},
			want: with(identity, okta, studio)},
		"root": {change: func(_ *onboarding.Spec, s *credentials.State) { s.Identity.Principal = "" }, want: with(identity, okta, studio)},
		"missing permissions": {change: func(_ *onboarding.Spec, s *credentials.State) {
			s.Studio.Denied = []string{"a", "b", "c", "d", "e", "f", "g"}
		},
			want: with(identity, okta, studio[:3], []string{"warning studio-permissions"}),
			says: []string{studioRole + " may not a, b, c, d, e, and 2 more."}},
		"permissions not simulated": {change: func(_ *onboarding.Spec, s *credentials.State) {
			s.Identity.PermissionsTrouble = &onboarding.Trouble{Operation: "iam:SimulatePrincipalPolicy"}
		}, want: with(identity[:3], []string{"unknown identity-permissions"}, okta, studio), says: []string{"not looked at"}},
		"Okta refuses": {change: func(_ *onboarding.Spec, s *credentials.State) {
			s.Okta.Trouble = &onboarding.Trouble{Operation: "okta:GET /api/v1/users/me", Message: "Okta answered 401",
				Remedy: "give the worker new ones"}
		}, want: with(identity, []string{"blocked okta-credentials"}, studio), says: []string{"okta:GET /api/v1/users/me: Okta answered 401",
			"give the worker new ones"}},
		"Okta shows, and no more": {change: func(_ *onboarding.Spec, s *credentials.State) {
			s.Okta.Who = "view@example.com (Read-only Administrator)"
		},
			want: with(identity, []string{"blocked okta-credentials"}, studio), says: []string{"that role can change nothing",
				"Application Administrator and Group Administrator"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, state := spec(t), sound()
			test.change(&s, &state)
			var got []string
			said := ""
			for _, v := range credentials.Judge(s, state) {
				got = append(got, line(v))
				require.NotEmpty(t, v.Reason, "%+v", v)
				if v.Kind != onboarding.VerdictKeep {
					said = v.Reason + " " + v.Remedy
				}
				if v.Kind == onboarding.VerdictBlocked || v.Kind == onboarding.VerdictWarning {
					require.NotEmpty(t, v.Remedy, "%+v", v)
				}
			}
			require.Equal(t, test.want, got)
			for _, part := range test.says {
				require.Contains(t, said, part)
			}
		})
	}
}
