package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

const (
	operatorName = "demo operator"
	// byHand is somebody whom an administrator made in Identity Center before Okta came: Okta has to find and keep that user.
	byHand       = "by.hand@example.com"
	metadataFile = "okta-metadata.xml"
)

// console is what the operator does with a browser.
type console interface {
	EnableIdentityCenter(context.Context, sandbox.EnableIdentityCenterInput) error
	CreateUser(ctx context.Context, userName, email string) error
	ChangeIdentitySource(context.Context, sandbox.ChangeIdentitySourceInput) (sandbox.ServiceProvider, error)
	EnableProvisioning(context.Context) (sandbox.ProvisioningTenant, error)
	ConfigureProvisioning(context.Context, sandbox.ConfigureProvisioningInput) error
	PushGroup(context.Context, sandbox.PushGroupInput) error
	People(context.Context) ([]sandbox.Person, error)
	SignInByEach(context.Context, sandbox.SignInInput) (sandbox.SignInResult, error)
}

// commands are what the operator does with starter.
type commands interface {
	Document(ctx context.Context, name string) (onboarding.Document, error)
	Report(context.Context) (onboarding.Report, error)
	Provide(context.Context, onboarding.Answer) error
	Resolve(context.Context, onboarding.Resolution) error
}

// operator plays the person who does the console work: it does what each request of a run asks for, once, through the same
// consoles as a person, and tells what it does.
type operator struct {
	console  console
	commands commands
	region   string
	// access says who has access.
	access onboarding.AccessSpec
	// secrets is the directory for the SCIM token, which runs only ever see a reference to.
	secrets string
	say     func(format string, args ...any)
	// patience is how long it tries something that does not work; zero is demoPatience.
	patience time.Duration

	settled map[string]bool
	// trouble is what does not work yet, by the same keys.
	trouble map[string]trouble
	// enabled says that somebody can be created by hand now.
	enabled bool
}

type trouble struct {
	text  string
	since time.Time
}

// demoPatience is how long the operator of the demo tries something that does not work.
const demoPatience = 30 * time.Second

// errNotMine is what the operator answers to a parked step that nobody has told it about.
type errNotMine struct{ parked onboarding.Parked }

func (e *errNotMine) Error() string {
	return fmt.Sprintf("step %s is parked: %s", e.parked.Step, onboarding.WithRemedy(e.parked.Message, e.parked.Remedy))
}

// work reacts to each progress until there is none. The only errors are those that a person has to look at.
func (o *operator) work(ctx context.Context, updates <-chan onboarding.Progress) error {
	o.settled, o.trouble = map[string]bool{}, map[string]trouble{}
	for progress := range updates {
		for _, request := range progress.Requests {
			key := fmt.Sprint("request/", request.Step, request.Title, request.Since.UnixNano())
			if err := o.once(key, func() error { return o.answer(ctx, request) }); err != nil {
				return fmt.Errorf("%s: %w", request.Title, err)
			}
		}
		if o.enabled {
			if err := o.once(byHand, func() error { return o.createByHand(ctx) }); err != nil {
				return err
			}
		}
		for _, parked := range progress.Parked {
			if parked.Step != onboarding.StepDirectorySync || parked.Class != string(fault.Incomplete) {
				return &errNotMine{parked: parked}
			}
			key := fmt.Sprint("parked/", parked.Step, parked.Attempts, parked.Since.UnixNano())
			if err := o.once(key, func() error { return o.acceptExceptions(ctx, parked) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// once does something until it has succeeded, and tells of each trouble once. It loses patience when the trouble lasts.
func (o *operator) once(key string, do func() error) error {
	if o.settled[key] {
		return nil
	}
	err := do()
	before, troubled := o.trouble[key]
	switch {
	case err == nil:
		o.settled[key] = true
		return nil
	case errors.Is(err, context.Canceled):
		return err
	case !troubled:
		before.since = time.Now()
	case time.Since(before.since) > cmp.Or(o.patience, demoPatience):
		return err
	}
	if before.text != err.Error() {
		o.say("not yet: %v", err)
	}
	o.trouble[key] = trouble{text: err.Error(), since: before.since}
	return nil
}

func (o *operator) answer(ctx context.Context, request onboarding.Request) error {
	if request.Consent != "" {
		return o.agree(ctx, request)
	}
	switch request.Step {
	case onboarding.StepIdentityCenter:
		return o.enableIdentityCenter(ctx)
	case onboarding.StepOktaApp:
		return o.chooseApp(ctx, request)
	case onboarding.StepSAMLExchange:
		return o.exchangeMetadata(ctx, request)
	case onboarding.StepSCIM:
		if len(request.Needs) > 0 {
			return o.enableProvisioning(ctx, request)
		}
		return o.configureProvisioning(ctx, request)
	case onboarding.StepOktaGroups:
		return o.pushGroups(ctx, request)
	case onboarding.StepCanary:
		return o.signIn(ctx)
	}
	return fmt.Errorf("the demo's operator does not know how to do this: %s", request.Title)
}

// agree types the sentence, as whoever is responsible for the people does who are made by hand.
func (o *operator) agree(ctx context.Context, request onboarding.Request) error {
	if err := o.provide(ctx, request.Step, map[string]string{onboarding.ValueConsent: request.Consent}); err != nil {
		return err
	}
	o.say("typed: %s", request.Consent)
	return nil
}

func (o *operator) enableIdentityCenter(ctx context.Context) error {
	if err := o.console.EnableIdentityCenter(ctx, sandbox.EnableIdentityCenterInput{Region: o.region}); err != nil {
		return err
	}
	o.say("enabled IAM Identity Center in %s in the AWS console", o.region)
	o.enabled = true
	return nil
}

// createByHand waits until the instance is there; the run has noticed by then, and doesn't ask any more.
func (o *operator) createByHand(ctx context.Context) error {
	if err := o.console.CreateUser(ctx, byHand, byHand); err != nil {
		return err
	}
	o.say("created %s by hand in Identity Center, as somebody did long before Okta came", byHand)
	return nil
}

func (o *operator) chooseApp(ctx context.Context, request onboarding.Request) error {
	if len(request.Paste) == 0 {
		return errors.New("the request names no app to choose")
	}
	chosen := request.Paste[0]
	if err := o.provide(ctx, request.Step, map[string]string{onboarding.ValueAppID: chosen.Value}); err != nil {
		return err
	}
	o.say("chose the Okta app %s", chosen.Label)
	return nil
}

func (o *operator) exchangeMetadata(ctx context.Context, request onboarding.Request) error {
	document, err := o.commands.Document(ctx, metadataFile)
	if err != nil {
		return err
	}
	values, err := o.console.ChangeIdentitySource(ctx, sandbox.ChangeIdentitySourceInput{Metadata: document.Content})
	if err != nil {
		return err
	}
	o.say("uploaded %s in the AWS console and made Okta the identity source", document.Name)
	err = o.provide(ctx, request.Step, map[string]string{
		onboarding.ValueACSURL: values.ACSURL, onboarding.ValueIssuerURL: values.IssuerURL, onboarding.ValuePortalURL: values.PortalURL,
	})
	if err != nil {
		return err
	}
	o.say("gave the run Identity Center's ACS, issuer and portal URL")
	return nil
}

func (o *operator) enableProvisioning(ctx context.Context, request onboarding.Request) error {
	tenant, err := o.savedTenant()
	if errors.Is(err, fs.ErrNotExist) {
		if tenant, err = o.console.EnableProvisioning(ctx); err == nil {
			err = o.saveTenant(tenant)
		}
		if err == nil {
			o.say("enabled automatic provisioning in the AWS console and saved the token in %s", o.tokenFile())
		}
	}
	if err != nil {
		return err
	}
	err = o.provide(ctx, request.Step, map[string]string{
		onboarding.ValueSCIMEndpoint: tenant.Endpoint, onboarding.ValueSCIMToken: "file:" + o.tokenFile(),
	})
	if err != nil {
		// What was saved may belong to a world that is gone; the next try makes a new token.
		return errors.Join(err, os.Remove(o.endpointFile()))
	}
	o.say("gave the run the SCIM endpoint and a reference to the token")
	return nil
}

func (o *operator) configureProvisioning(ctx context.Context, request onboarding.Request) error {
	appID, err := o.appID(ctx)
	if err != nil {
		return err
	}
	tenant, err := o.savedTenant()
	if err != nil {
		return fmt.Errorf("read the saved SCIM token: %w", err)
	}
	if len(request.Paste) == 0 {
		return errors.New("the request does not say which Base URL to paste")
	}
	err = o.console.ConfigureProvisioning(ctx, sandbox.ConfigureProvisioningInput{
		AppID: appID, BaseURL: request.Paste[0].Value, Token: tenant.Token, CreateUsers: true, UpdateAttributes: true, DeactivateUsers: true,
	})
	if err != nil {
		return err
	}
	o.say("pasted endpoint and token into the Okta console and switched provisioning on")
	return nil
}

func (o *operator) pushGroups(ctx context.Context, request onboarding.Request) error {
	appID, err := o.appID(ctx)
	if err != nil {
		return err
	}
	for _, group := range request.Paste {
		if err := o.console.PushGroup(ctx, sandbox.PushGroupInput{AppID: appID, Group: group.Value}); err != nil {
			return err
		}
		o.say("pushed the group %s in the Okta console", group.Value)
	}
	return nil
}

// signIn is the canary: the first person with access who comes in by all three addresses. The run sees it by itself.
func (o *operator) signIn(ctx context.Context) error {
	report, err := o.commands.Report(ctx)
	if err != nil {
		return err
	}
	people, err := o.console.People(ctx)
	if err != nil {
		return err
	}
	label := resourceOf(report, resourceApp).Name
	for _, person := range people {
		if !o.mayBeCanary(person) {
			continue
		}
		result, err := o.console.SignInByEach(ctx, sandbox.SignInInput{Login: person.Login, Label: label})
		if err != nil {
			return err
		}
		if result.OK {
			o.say("signed in as %s: by the Okta tile, the AWS access portal and the Studio address", person.Login)
			return nil
		}
	}
	return errors.New("nobody with access can sign in by all three addresses")
}

// mayBeCanary says whether somebody counts as the canary.
func (o *operator) mayBeCanary(person sandbox.Person) bool {
	if canary := o.access.Canary; canary != nil {
		return canary.Person != "" && strings.EqualFold(canary.Person, person.Login) || slices.Contains(person.Groups, canary.Group)
	}
	return slices.ContainsFunc(o.access.Groups, func(group onboarding.GroupAccessSpec) bool {
		return slices.Contains(person.Groups, group.Name)
	}) || slices.ContainsFunc(o.access.People, func(one onboarding.PersonAccessSpec) bool {
		return strings.EqualFold(one.Login, person.Login)
	})
}

func (o *operator) acceptExceptions(ctx context.Context, parked onboarding.Parked) error {
	err := o.commands.Resolve(ctx, onboarding.Resolution{
		Step: parked.Step, Action: onboarding.ActionSkip, By: operatorName,
		Reason: "the listed people are known; they will be repaired in Okta later",
	})
	if err != nil {
		return err
	}
	o.say("looked at the %d people who can't be synced and decided to go on without them", parked.PeopleTotal)
	return nil
}

func (o *operator) provide(ctx context.Context, step onboarding.Step, values map[string]string) error {
	return o.commands.Provide(ctx, onboarding.Answer{Step: step, Values: values, By: operatorName})
}

func (o *operator) appID(ctx context.Context) (string, error) {
	report, err := o.commands.Report(ctx)
	if err != nil {
		return "", err
	}
	if id := resourceOf(report, resourceApp).ID; id != "" {
		return id, nil
	}
	return "", errors.New("the run has not named its Okta app yet")
}

func (o *operator) tokenFile() string    { return filepath.Join(o.secrets, "scim-token") }
func (o *operator) endpointFile() string { return filepath.Join(o.secrets, "scim-endpoint") }

// saveTenant keeps the token where the worker can read it and nobody else. The endpoint comes last, so that it says that
// the token is complete.
func (o *operator) saveTenant(tenant sandbox.ProvisioningTenant) error {
	if err := os.MkdirAll(o.secrets, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(o.tokenFile(), []byte(tenant.Token), 0o600); err != nil {
		return err
	}
	return os.WriteFile(o.endpointFile(), []byte(tenant.Endpoint), 0o600)
}

// savedTenant reads what was saved, also before a restart: AWS shows a token once, and allows two.
func (o *operator) savedTenant() (sandbox.ProvisioningTenant, error) {
	endpoint, err := os.ReadFile(o.endpointFile())
	if err != nil {
		return sandbox.ProvisioningTenant{}, err
	}
	token, err := os.ReadFile(o.tokenFile())
	if err != nil {
		return sandbox.ProvisioningTenant{}, err
	}
	return sandbox.ProvisioningTenant{Endpoint: strings.TrimSpace(string(endpoint)), Token: strings.TrimSpace(string(token))}, nil
}
