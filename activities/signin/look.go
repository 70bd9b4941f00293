// Package signin looks for people who sign in to Identity Center through a studio's Okta app, in CloudTrail and in Okta's System Log,
// and judges what that proves. It changes nothing at the providers; what was seen is kept in the store.
package signin

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cloudtrailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"studio-onboarding/activities/people"
	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// The events that tell of sign-ins (IAM Identity Center User Guide, "Understanding IAM Identity Center sign-in events").
const (
	eventSignIn    = "UserAuthentication"
	eventAssertion = "ExternalIdPDirectoryLogin"
	signInSource   = "signin.amazonaws.com"
	externalIdP    = "EXTERNAL_IDP"
	success        = "Success"
)

// sourceChanges are the events of a change of the identity source, or of its metadata (Service Authorization Reference, "AWS IAM
// Identity Center directory").
func sourceChanges() []string {
	return []string{"CreateExternalIdPConfigurationForDirectory", "EnableExternalIdPConfigurationForDirectory",
		"UpdateExternalIdPConfigurationForDirectory"}
}

const (
	sourceOfChanges = "sso-directory.amazonaws.com"
	// reach is how far back CloudTrail's event history goes (AWS CloudTrail API Reference, LookupEvents).
	reach = onboarding.SignInsCount
	// overlap is how much of what was read before is read again: CloudTrail shows events up to a quarter of an hour later.
	overlap = time.Hour
	// maxPages bounds a look: of an organization in which many people sign in, the newest events are seen. LookupEvents allows two
	// calls a second with 50 events each.
	maxPages = 20
	// maxLetIn bounds how many sign-ins of Okta's log are read, the newest first.
	maxLetIn = 2000
	// maxNames bounds how many people are looked up to judge a refusal.
	maxNames = 20
)

// sighting is a sign-in that Identity Center completed, and a refusal one that it did not.
type sighting struct {
	at               time.Time
	userID, userName string
}

type refusal struct {
	at      time.Time
	message string
}

// letIn is somebody whom Okta let in to the app.
type letIn struct {
	at time.Time
	// user is the Okta user ID; userName is what Okta sends as NameID, where the event says it.
	user, login, userName string
}

func (l letIn) is(name string) bool {
	return name != "" && (strings.EqualFold(l.userName, name) || strings.EqualFold(l.login, name))
}

// name is what Identity Center should know the person by.
func (l letIn) name() string {
	if l.userName != "" {
		return l.userName
	}
	return l.login
}

// state is what one look found since a time, the newest first.
type state struct {
	now       time.Time
	signedIn  []sighting
	refusals  []refusal
	changed   time.Time
	change    string
	trail     *onboarding.Trouble
	letIn     []letIn
	oktaLog   *onboarding.Trouble
	directory *onboarding.Trouble
	// known says of people whom Okta let in when Identity Center refused somebody whether it has them, enabled, under that very name.
	known map[string]bool
}

// look reads what happened since a time. What the credentials may not read is the trouble of its part.
func (x *Activities) look(ctx context.Context, in Input, since time.Time) (state, error) {
	s := state{now: x.now(), known: map[string]bool{}}
	err := provider.SideBySide(ctx, func(ctx context.Context) (err error) {
		s.trail, err = provider.Trouble(x.readTrail(ctx, in, since, &s))
		return err
	}, func(ctx context.Context) (err error) {
		events, err := x.Okta.SignOns(ctx, in.AppID, since, s.now.Add(time.Minute), maxLetIn)
		for _, event := range events {
			s.letIn = append(s.letIn, letIn{at: event.Published, user: event.UserID, login: event.UserLogin, userName: event.AppUserName})
		}
		s.oktaLog, err = provider.Trouble(err)
		return err
	})
	if err == nil && s.trail == nil {
		s.directory, err = provider.Trouble(x.readKnown(ctx, in, &s))
	}
	return s, err
}

func (x *Activities) readTrail(ctx context.Context, in Input, since time.Time, s *state) error {
	cfg, err := x.AWS.Config(ctx, in.IdentityCenter, in.Region)
	if err != nil {
		return err
	}
	if err := readable(ctx, cfg, in); err != nil {
		return err
	}
	trail := provider.LookupEvents(cloudtrail.NewFromConfig(cfg).LookupEvents)
	each := func(name string, pages int, take func(cloudtrailtypes.Event, record)) error {
		events := cloudtrail.NewLookupEventsPaginator(trail, &cloudtrail.LookupEventsInput{
			StartTime: &since, LookupAttributes: []cloudtrailtypes.LookupAttribute{{
				AttributeKey: cloudtrailtypes.LookupAttributeKeyEventName, AttributeValue: &name,
			}},
		})
		for n := 0; n < pages && events.HasMorePages(); n++ {
			page, err := events.NextPage(ctx)
			if err != nil {
				return err
			}
			for _, event := range page.Events {
				var told record
				if json.Unmarshal([]byte(aws.ToString(event.CloudTrailEvent)), &told) == nil {
					take(event, told)
				}
			}
		}
		return nil
	}
	if err := each(eventSignIn, maxPages, s.takeSignIn); err != nil {
		return err
	}
	if err := each(eventAssertion, maxPages, s.takeAssertion); err != nil {
		return err
	}
	for _, name := range sourceChanges() {
		// The newest page is enough for somebody's clicks.
		if err := each(name, 1, s.takeChange); err != nil {
			return err
		}
	}
	return nil
}

// readable refuses to look in an account in which nobody's sign-in is logged: an instance logs them in its own.
func readable(ctx context.Context, cfg aws.Config, in Input) error {
	if in.InstanceARN == "" {
		return nil
	}
	instance, err := ssoadmin.NewFromConfig(cfg).DescribeInstance(ctx, &ssoadmin.DescribeInstanceInput{InstanceArn: &in.InstanceARN})
	if err != nil {
		return err
	}
	caller, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return err
	}
	owner, account := aws.ToString(instance.OwnerAccountId), aws.ToString(caller.Account)
	if owner == "" || owner == account {
		return nil
	}
	return fault.New(fault.Unsupported, "aws", "cloudtrail:LookupEvents",
		"sign-ins are logged in the account of the Identity Center instance, %s, and this worker looks in the account %s.", owner, account).
		WithRemedy("Give identityCenter.assumeRole a role in the account %s, if sign-ins are to be seen.", owner).AsWhole()
}

// record is what the JSON of an event says. An assertion that was refused names no user.
type record struct {
	ErrorCode    string `json:"errorCode"`
	ErrorMessage string `json:"errorMessage"`
	UserIdentity struct {
		OnBehalfOf struct {
			UserID           string `json:"userId"`
			IdentityStoreARN string `json:"identityStoreArn"`
		} `json:"onBehalfOf"`
	} `json:"userIdentity"`
	AdditionalEventData struct {
		CredentialType string `json:"CredentialType"`
		UserName       string `json:"UserName"`
	} `json:"additionalEventData"`
	ResponseElements    map[string]any    `json:"responseElements"`
	ServiceEventDetails map[string]string `json:"serviceEventDetails"`
}

func (s *state) takeSignIn(event cloudtrailtypes.Event, told record) {
	if aws.ToString(event.EventSource) != signInSource || told.AdditionalEventData.CredentialType != externalIdP ||
		told.ServiceEventDetails[eventSignIn] != success {
		return
	}
	s.signedIn = append(s.signedIn, sighting{at: aws.ToTime(event.EventTime).UTC(), userID: told.UserIdentity.OnBehalfOf.UserID,
		userName: told.AdditionalEventData.UserName})
}

func (s *state) takeAssertion(event cloudtrailtypes.Event, told record) {
	if aws.ToString(event.EventSource) != signInSource || told.ResponseElements[eventAssertion] != "Failure" {
		return
	}
	s.refusals = append(s.refusals, refusal{at: aws.ToTime(event.EventTime).UTC(), message: fault.Trim(told.ErrorMessage, 300)})
}

func (s *state) takeChange(event cloudtrailtypes.Event, told record) {
	at := aws.ToTime(event.EventTime).UTC()
	if aws.ToString(event.EventSource) == sourceOfChanges && told.ErrorCode == "" && at.After(s.changed) {
		s.changed, s.change = at, aws.ToString(event.EventName)
	}
}

// readKnown finds out whether Identity Center has those whom Okta let in when it refused somebody: a person whom it does not have is
// refused for that, and it says nothing of the trust.
func (x *Activities) readKnown(ctx context.Context, in Input, s *state) error {
	var names []string
	refused := map[string]time.Time{} // the newest of each
	for _, one := range s.refusals {
		for _, who := range s.sent(one) {
			if !slices.Contains(names, who.name()) && len(names) < maxNames {
				names = append(names, who.name())
				refused[who.name()] = one.at
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	directory, err := people.OpenIdentityStore(ctx, x.AWS, in.IdentityCenter, in.Region, in.IdentityStoreID)
	if err != nil {
		return err
	}
	for _, name := range names {
		user, there, err := directory.Named(ctx, name)
		if err != nil {
			return err
		}
		// Who was made afterwards was not there to be let in.
		s.known[name] = there && user.Enabled && people.SignInName(user.UserName) && !user.Created.After(refused[name])
	}
	return nil
}
