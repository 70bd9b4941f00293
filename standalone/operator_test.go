package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// fakeWorld records what the operator does, at the consoles and with starter.
type fakeWorld struct {
	done     []string
	fail     map[string]error
	tokens   int
	provided []onboarding.Answer
	decided  []onboarding.Resolution
}

func (f *fakeWorld) act(format string, args ...any) error {
	action := fmt.Sprintf(format, args...)
	f.done = append(f.done, action)
	for prefix, err := range f.fail {
		if strings.HasPrefix(action, prefix) {
			delete(f.fail, prefix)
			return err
		}
	}
	return nil
}

func (f *fakeWorld) EnableIdentityCenter(_ context.Context, in sandbox.EnableIdentityCenterInput) error {
	return f.act("enable %s", in.Region)
}

func (f *fakeWorld) CreateUser(_ context.Context, userName, _ string) error {
	return f.act("create %s", userName)
}

func (f *fakeWorld) ChangeIdentitySource(_ context.Context, in sandbox.ChangeIdentitySourceInput) (sandbox.ServiceProvider, error) {
	return sandbox.ServiceProvider{ACSURL: "acs", IssuerURL: "issuer", PortalURL: "portal"}, f.act("upload %s", in.Metadata)
}

func (f *fakeWorld) EnableProvisioning(context.Context) (sandbox.ProvisioningTenant, error) {
	f.tokens++
	return sandbox.ProvisioningTenant{Endpoint: "https://scim", Token: fmt.Sprint("secret-", f.tokens)}, f.act("provisioning")
}

func (f *fakeWorld) ConfigureProvisioning(_ context.Context, in sandbox.ConfigureProvisioningInput) error {
	return f.act("configure %s %s %s", in.AppID, in.BaseURL, in.Token)
}

func (f *fakeWorld) PushGroup(_ context.Context, in sandbox.PushGroupInput) error {
	return f.act("push %s %s", in.AppID, in.Group)
}

func (f *fakeWorld) People(context.Context) ([]sandbox.Person, error) {
	return []sandbox.Person{
		{Login: "ada@example.com", Groups: []string{"others"}}, {Login: "bo@example.com", Groups: []string{"studio"}},
		{Login: "cy@example.com", Groups: []string{"studio"}},
	}, nil
}

// SignInByEach lets everybody in but bo.
func (f *fakeWorld) SignInByEach(_ context.Context, in sandbox.SignInInput) (sandbox.SignInResult, error) {
	return sandbox.SignInResult{OK: in.Login != "bo@example.com"}, f.act("sign in %s", in.Login)
}

func (f *fakeWorld) Document(_ context.Context, name string) (onboarding.Document, error) {
	return onboarding.Document{Name: name, Content: "<metadata/>"}, nil
}

func (f *fakeWorld) Report(context.Context) (onboarding.Report, error) {
	return onboarding.Report{Resources: []onboarding.Resource{{Kind: resourceApp, ID: "0oa1"}}}, nil
}

func (f *fakeWorld) Provide(_ context.Context, answer onboarding.Answer) error {
	f.provided = append(f.provided, answer)
	return f.act("provide %s", answer.Step)
}

func (f *fakeWorld) Resolve(_ context.Context, resolution onboarding.Resolution) error {
	f.decided = append(f.decided, resolution)
	return f.act("resolve %s %s", resolution.Step, resolution.Action)
}

func play(t *testing.T, f *fakeWorld, secrets string, updates ...onboarding.Progress) (said []string, err error) {
	t.Helper()
	queue := make(chan onboarding.Progress, len(updates))
	for _, update := range updates {
		queue <- update
	}
	close(queue)
	o := &operator{
		console: f, commands: f, region: "us-east-1", secrets: secrets,
		access: onboarding.AccessSpec{Groups: []onboarding.GroupAccessSpec{{Name: "studio"}}},
		say:    func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) },
	}
	return said, o.work(t.Context(), queue)
}

func asks(step onboarding.Step, request onboarding.Request) onboarding.Progress {
	request.Step, request.Since = step, time.Unix(1, 0)
	return onboarding.Progress{Requests: []onboarding.Request{request}}
}

func TestTheOperatorDoesEachRequestOnce(t *testing.T) {
	f := &fakeWorld{}
	secrets := filepath.Join(t.TempDir(), "secrets")
	enable := asks(onboarding.StepIdentityCenter, onboarding.Request{Title: "Enable"})
	exchange := asks(onboarding.StepSAMLExchange, onboarding.Request{Title: "Exchange", Needs: []onboarding.Need{{Name: onboarding.ValueACSURL}}})
	scim := asks(onboarding.StepSCIM, onboarding.Request{Title: "Enable provisioning", Needs: []onboarding.Need{{Name: onboarding.ValueSCIMToken}}})
	connect := asks(onboarding.StepSCIM, onboarding.Request{Title: "Switch on", Paste: []onboarding.PasteValue{{Label: "Base URL", Value: "https://scim"}}})
	push := asks(onboarding.StepOktaGroups, onboarding.Request{Title: "Push", Paste: []onboarding.PasteValue{{Value: "users"}, {Value: "ml"}}})
	said, err := play(t, f, secrets, enable, enable, exchange, scim, scim, connect, push, push)
	require.NoError(t, err)
	require.Equal(t, []string{
		"enable us-east-1", "create " + byHand,
		"upload <metadata/>", "provide saml-exchange",
		"provisioning", "provide scim",
		"configure 0oa1 https://scim secret-1",
		"push 0oa1 users", "push 0oa1 ml",
	}, f.done)
	require.NotContains(t, strings.Join(said, "\n"), "secret-1")

	token := filepath.Join(secrets, "scim-token")
	require.Equal(t, map[string]string{onboarding.ValueSCIMEndpoint: "https://scim", onboarding.ValueSCIMToken: "file:" + token}, f.provided[1].Values)
	info, err := os.Stat(token)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestTheOperatorSignsInAsTheFirstWhoCanByEachAddress(t *testing.T) {
	f := &fakeWorld{}
	canary := asks(onboarding.StepCanary, onboarding.Request{Title: "Sign in", Needs: []onboarding.Need{{Name: onboarding.ValueAddresses, Optional: true}}})
	said, err := play(t, f, t.TempDir(), canary, canary)
	require.NoError(t, err)
	require.Equal(t, []string{"sign in bo@example.com", "sign in cy@example.com"}, f.done)
	require.Contains(t, said[0], "signed in as cy@example.com")
}

func TestTheOperatorTriesAgainAndTellsOnce(t *testing.T) {
	f := &fakeWorld{fail: map[string]error{"enable": errors.New("the console is down")}}
	enable := asks(onboarding.StepIdentityCenter, onboarding.Request{Title: "Enable"})
	said, err := play(t, f, t.TempDir(), enable, enable, enable)
	require.NoError(t, err)
	require.Equal(t, []string{"enable us-east-1", "enable us-east-1", "create " + byHand}, f.done)
	require.Contains(t, said[0], "the console is down")
}

func TestSomebodyIsCreatedByHandAsSoonAsTheInstanceIsThere(t *testing.T) {
	f := &fakeWorld{fail: map[string]error{"create": errors.New("IAM Identity Center is not enabled")}}
	enable := asks(onboarding.StepIdentityCenter, onboarding.Request{Title: "Enable"})
	_, err := play(t, f, t.TempDir(), enable, onboarding.Progress{}, onboarding.Progress{})
	require.NoError(t, err)
	require.Equal(t, []string{"enable us-east-1", "create " + byHand, "create " + byHand}, f.done)
}

func TestAfterARestartTheSavedTokenIsUsedAgain(t *testing.T) {
	scim := asks(onboarding.StepSCIM, onboarding.Request{Title: "Enable provisioning", Needs: []onboarding.Need{{Name: onboarding.ValueSCIMToken}}})
	f, secrets := &fakeWorld{}, t.TempDir()
	_, err := play(t, f, secrets, scim)
	require.NoError(t, err)
	_, err = play(t, f, secrets, scim)
	require.NoError(t, err)
	require.Equal(t, 1, f.tokens, "AWS allows two tokens")

	// In another world the saved token is refused, and a new one is made.
	f.fail = map[string]error{"provide": errors.New("the token is refused")}
	_, err = play(t, f, secrets, scim, scim)
	require.NoError(t, err)
	require.Equal(t, 2, f.tokens)
	require.Len(t, f.provided, 4)
}

func TestTheOperatorGoesOnWithoutPeopleWhoCantBeSynced(t *testing.T) {
	f := &fakeWorld{}
	parked := onboarding.Progress{Parked: []onboarding.Parked{{Step: onboarding.StepDirectorySync, Class: "Incomplete", PeopleTotal: 9, Skippable: true}}}
	_, err := play(t, f, t.TempDir(), parked, parked)
	require.NoError(t, err)
	require.Len(t, f.decided, 1)
	require.Equal(t, onboarding.ActionSkip, f.decided[0].Action)
	require.NotEmpty(t, f.decided[0].Reason)
}

func TestAnUnexpectedParkedStepIsForAPerson(t *testing.T) {
	for _, parked := range []onboarding.Parked{
		{Step: onboarding.StepDomain, Class: "Denied", Message: "sagemaker:CreateDomain is denied", Remedy: "Add it to the policy."},
		{Step: onboarding.StepDirectorySync, Class: "Denied", Message: "identitystore:ListUsers is denied"},
	} {
		f := &fakeWorld{}
		_, err := play(t, f, t.TempDir(), onboarding.Progress{Parked: []onboarding.Parked{parked}})
		require.ErrorContains(t, err, parked.Message)
		require.ErrorContains(t, err, parked.Remedy)
		require.Empty(t, f.done)
	}
}
