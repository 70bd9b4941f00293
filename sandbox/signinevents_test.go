package sandbox_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cttypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/stretchr/testify/require"

	"studio-onboarding/sandbox"
)

// signInRecord is what CloudTrailEvent says of a sign-in.
type signInRecord struct {
	EventName, EventType, EventSource, AwsRegion, RecipientAccountId, ErrorMessage string
	UserIdentity                                                                   struct {
		Type, AccountId string
		OnBehalfOf      *struct{ UserId, IdentityStoreArn string }
	}
	AdditionalEventData map[string]string
	ResponseElements    map[string]string
	ServiceEventDetails map[string]string
}

// signIns are the events of sign-ins with this name, the newest first.
func (h *hands) signIns(name string) (events []cttypes.Event, records []signInRecord) {
	h.Helper()
	out, err := cloudtrail.NewFromConfig(h.aws(sandbox.AsAdministrator)).LookupEvents(h.Context(), &cloudtrail.LookupEventsInput{
		LookupAttributes: []cttypes.LookupAttribute{{AttributeKey: cttypes.LookupAttributeKeyEventName, AttributeValue: &name}}})
	require.NoError(h, err)
	for _, e := range out.Events {
		var record signInRecord
		require.NoError(h, json.Unmarshal([]byte(*e.CloudTrailEvent), &record))
		records = append(records, record)
	}
	return out.Events, records
}

// logged are the System Log's entries of a type, the oldest first.
func (h *hands) logged(kind string) (events []oktaEvent) {
	h.Helper()
	h.okta(http.MethodGet, "/api/v1/logs?filter="+url.QueryEscape(`eventType eq "`+kind+`"`), nil, &events)
	return events
}

type oktaEvent struct {
	Actor   struct{ ID, Type, AlternateID string }
	Outcome struct{ Result, Reason string }
	Target  []struct{ ID, Type, AlternateID, DisplayName string }
}

func TestSigningInLeavesEvents(t *testing.T) {
	server, err := sandbox.Start(t.Context(), "127.0.0.1:0", sandbox.Config{Speed: 1000})
	require.NoError(t, err)
	defer server.Close()
	h := &hands{TB: t, url: server.URL, browser: sandbox.Client{URL: server.URL}}
	const ann = "ann.lee@example.com"
	signIn := func(in sandbox.SignInInput) sandbox.SignInResult {
		t.Helper()
		if in.Login == "" {
			in.Login = ann
		}
		result, err := h.browser.SignIn(t.Context(), in)
		require.NoError(t, err)
		return result
	}
	_, err = h.browser.SignIn(t.Context(), sandbox.SignInInput{Login: ann, Address: "desk"})
	require.ErrorContains(t, err, `there is no address "desk"; there are tile, portal and studio`)

	app := h.createApp()
	require.Equal(t, "saml", signIn(sandbox.SignInInput{Address: sandbox.AddressPortal}).Link, "there is no portal yet")
	require.Equal(t, "okta", signIn(sandbox.SignInInput{}).Link)
	unassigned := h.logged("app.generic.unauth_app_access_attempt")
	require.Len(t, unassigned, 1)
	require.Equal(t, "FAILURE", unassigned[0].Outcome.Result)
	require.Equal(t, ann, unassigned[0].Actor.AlternateID)
	require.Equal(t, app, unassigned[0].Target[0].ID)
	require.Equal(t, "okta", signIn(sandbox.SignInInput{Login: "tomas.novak@example.com"}).Link)
	sessions := h.logged("user.session.start")
	require.Len(t, sessions, 1)
	require.Equal(t, "FAILURE", sessions[0].Outcome.Result)
	require.Equal(t, "tomas.novak@example.com", sessions[0].Actor.AlternateID)
	require.Empty(t, h.logged("user.authentication.sso"))

	h.okta(http.MethodPut, "/api/v1/apps/"+app+"/groups/"+h.group("aws-identity-center"), map[string]any{}, nil)
	require.Equal(t, "saml", signIn(sandbox.SignInInput{}).Link, "without an ACS URL the browser never comes to AWS")
	require.NoError(t, h.browser.EnableIdentityCenter(t.Context(), sandbox.EnableIdentityCenterInput{Region: "us-east-1"}))
	w := world{T: t, Client: h.browser, Assertions: require.New(t), ctx: t.Context()}
	_, store := w.instance()
	require.NoError(t, h.browser.CreateUser(t.Context(), "by.hand@example.com", "by.hand@example.com"))
	portal := signIn(sandbox.SignInInput{Login: "by.hand@example.com", Address: sandbox.AddressPortal})
	require.True(t, portal.OK, portal.Error)
	require.Equal(t, "https://"+store+".awsapps.com/start", portal.URL)
	require.Equal(t, "user", signIn(sandbox.SignInInput{Address: sandbox.AddressPortal}).Link)

	provider, err := h.browser.ChangeIdentitySource(t.Context(), sandbox.ChangeIdentitySourceInput{Metadata: h.metadata(app)})
	require.NoError(t, err)
	h.setURLs(app, provider.ACSURL, provider.IssuerURL+"/")
	require.Equal(t, "saml", signIn(sandbox.SignInInput{}).Link)
	h.setURLs(app, provider.ACSURL, provider.IssuerURL)
	require.Equal(t, "user", signIn(sandbox.SignInInput{Address: sandbox.AddressPortal}).Link, "nobody is provisioned")
	require.Equal(t, provider.PortalURL, signIn(sandbox.SignInInput{Login: "by.hand@example.com", Address: sandbox.AddressPortal}).URL)
	require.Equal(t, "domain", signIn(sandbox.SignInInput{Login: "by.hand@example.com"}).Link)

	sso := h.logged("user.authentication.sso")
	require.Len(t, sso, 5)
	for _, e := range sso {
		require.Equal(t, "SUCCESS", e.Outcome.Result)
		require.Equal(t, "User", e.Actor.Type)
		require.Len(t, e.Target, 2)
		require.Equal(t, []string{"AppInstance", "AppUser"}, []string{e.Target[0].Type, e.Target[1].Type})
		require.Equal(t, e.Actor.AlternateID, e.Target[1].AlternateID)
	}

	var events []cttypes.Event
	var records []signInRecord
	h.eventually(func() bool { events, records = h.signIns("UserAuthentication"); return len(records) == 3 })
	users, err := identitystore.NewFromConfig(h.aws(sandbox.AsAdministrator)).ListUsers(t.Context(), &identitystore.ListUsersInput{IdentityStoreId: &store})
	require.NoError(t, err)
	for i, credential := range []string{"EXTERNAL_IDP", "EXTERNAL_IDP", "PASSWORD"} {
		require.Equal(t, map[string]string{"CredentialType": credential, "UserName": "by.hand@example.com"}, records[i].AdditionalEventData)
		require.Equal(t, map[string]string{"UserAuthentication": "Success"}, records[i].ServiceEventDetails)
		require.Equal(t, "IdentityCenterUser", records[i].UserIdentity.Type)
		require.Equal(t, *users.Users[0].UserId, records[i].UserIdentity.OnBehalfOf.UserId)
		require.Equal(t, "arn:aws:identitystore::111111111111:identitystore/"+store, records[i].UserIdentity.OnBehalfOf.IdentityStoreArn)
		require.Equal(t, "signin.amazonaws.com", *events[i].EventSource)
		require.Equal(t, "by.hand@example.com", *events[i].Username)
	}
	h.eventually(func() bool { events, records = h.signIns("ExternalIdPDirectoryLogin"); return len(records) == 4 })
	for i, result := range []string{"Success", "Success", "Failure", "Failure"} {
		require.Equal(t, map[string]string{"ExternalIdPDirectoryLogin": result}, records[i].ResponseElements)
		if result == "Failure" {
			require.NotEmpty(t, records[i].ErrorMessage)
			require.Equal(t, "Unknown", records[i].UserIdentity.Type)
			require.Nil(t, records[i].UserIdentity.OnBehalfOf)
			require.Nil(t, events[i].Username)
			require.NotContains(t, *events[i].CloudTrailEvent, ann)
		}
	}
}

func TestEventsAreLookedUp(t *testing.T) {
	w := start(t, fast)
	began := time.Now().Add(-time.Minute)
	w.enable()
	for _, name := range []string{"a", "b", "c"} {
		w.NoError(w.CreateUser(w.ctx, name+"@example.com", name+"@example.com"))
		result, err := w.SignIn(w.ctx, sandbox.SignInInput{Login: name + "@example.com", Address: sandbox.AddressPortal})
		w.NoError(err)
		w.True(result.OK)
	}
	client := cloudtrail.NewFromConfig(w.administrator())
	attribute := func(key cttypes.LookupAttributeKey, value string) []cttypes.LookupAttribute {
		return []cttypes.LookupAttribute{{AttributeKey: key, AttributeValue: &value}}
	}
	lookup := func(in cloudtrail.LookupEventsInput) *cloudtrail.LookupEventsOutput {
		w.Helper()
		out, err := client.LookupEvents(w.ctx, &in)
		w.NoError(err)
		return out
	}
	bySource := attribute(cttypes.LookupAttributeKeyEventSource, "signin.amazonaws.com")
	w.eventually(func() bool { return len(lookup(cloudtrail.LookupEventsInput{LookupAttributes: bySource}).Events) == 3 }, "the events are delivered")
	var names []string
	var token *string
	for page := 0; page == 0 || token != nil; page++ {
		out := lookup(cloudtrail.LookupEventsInput{LookupAttributes: bySource, MaxResults: aws.Int32(2), NextToken: token})
		for _, e := range out.Events {
			names = append(names, *e.Username)
		}
		token = out.NextToken
	}
	w.Equal("c@example.com b@example.com a@example.com", strings.Join(names, " "), "the newest first, page by page")
	w.Len(lookup(cloudtrail.LookupEventsInput{LookupAttributes: attribute(cttypes.LookupAttributeKeyUsername, "b@example.com")}).Events, 1)
	w.Len(lookup(cloudtrail.LookupEventsInput{LookupAttributes: bySource, StartTime: &began, EndTime: aws.Time(time.Now().Add(time.Minute))}).Events, 3)
	w.Empty(lookup(cloudtrail.LookupEventsInput{LookupAttributes: bySource, EndTime: &began}).Events)

	var badRange *cttypes.InvalidTimeRangeException
	_, err := client.LookupEvents(w.ctx, &cloudtrail.LookupEventsInput{StartTime: aws.Time(time.Now()), EndTime: &began})
	w.ErrorAs(err, &badRange)
	var badAttributes *cttypes.InvalidLookupAttributesException
	_, err = client.LookupEvents(w.ctx, &cloudtrail.LookupEventsInput{LookupAttributes: append(bySource, bySource...)})
	w.ErrorAs(err, &badAttributes)
	_, err = client.LookupEvents(w.ctx, &cloudtrail.LookupEventsInput{MaxResults: aws.Int32(51)})
	w.Error(err)
}
