package oktaorg_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg"
)

const token = "00secret-token-of-the-worker"

// fakeOrg answers as handle does and keeps what was asked.
type fakeOrg struct {
	*oktaorg.Org
	url string

	mu    sync.Mutex
	asked []asked
}

type asked struct {
	method, path, query, body string
	header                    http.Header
	at                        time.Time
}

func (f *fakeOrg) requests() []asked {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]asked(nil), f.asked...)
}

func newFakeOrg(t *testing.T, handle http.HandlerFunc) *fakeOrg {
	t.Helper()
	fake := &fakeOrg{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		fake.mu.Lock()
		fake.asked = append(fake.asked, asked{r.Method, r.URL.Path, r.URL.RawQuery, string(body), r.Header.Clone(), time.Now()})
		fake.mu.Unlock()
		handle(w, r)
	}))
	t.Cleanup(server.Close)
	fake.url = server.URL
	org, err := oktaorg.New(t.Context(), oktaorg.Options{OrgURL: server.URL + "/", Mode: oktaorg.ModeSSWS, Token: token, PlainHTTP: true})
	require.NoError(t, err)
	fake.Org = org
	return fake
}

func answerJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func oktaError(code, summary string, causes ...string) map[string]any {
	list := []map[string]string{}
	for _, cause := range causes {
		list = append(list, map[string]string{"errorSummary": cause})
	}
	return map[string]any{"errorCode": code, "errorSummary": summary, "errorLink": code, "errorId": "oaeX", "errorCauses": list}
}

func requireFault(t *testing.T, err error, class fault.Class) *fault.Fault {
	t.Helper()
	var f *fault.Fault
	require.ErrorAs(t, err, &f)
	require.Equal(t, class, f.Class, f.Error())
	require.Equal(t, "okta", f.Provider)
	require.NotContains(t, f.Error(), token)
	require.LessOrEqual(t, len(f.Error()), fault.MaxMessage)
	return f
}

func TestEveryAnswerThatIsNoSuccessHasItsClass(t *testing.T) {
	const html = "<html><body><h1>Sorry</h1></body></html>"
	send := func(status int, body any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, status, body) }
	}
	page := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, html)
		}
	}
	for name, c := range map[string]struct {
		handle http.HandlerFunc
		class  fault.Class
		says   string
	}{
		"validation": {send(400, oktaError("E0000001", "Api validation failed: settings", "entityID: too long")), fault.Invalid,
			"entityID: too long"},
		"not provisioned": {send(400, oktaError("E0000001", "Api validation failed: feature",
			"Provisioning is not enabled for the app instance.")), fault.NotReady, "Provisioning"},
		"app metadata": {send(400, oktaError("E0000024", "operation on app metadata is not yet supported")), fault.Unsupported, "E0000024"},
		"group push":   {send(400, oktaError("E0000027", "Group push bad request : no")), fault.Invalid, "Group push bad request"},
		"no body":      {send(400, map[string]any{}), fault.Invalid, "without saying why"},
		"bad token":    {send(401, oktaError("E0000011", "Invalid token provided")), fault.Denied, "credentials"},
		"no licence": {send(401, oktaError("E0000015", "You do not have permission to access the feature you are requesting")),
			fault.Unsupported, "licence"},
		"no permission": {send(403, oktaError("E0000006", "You do not have permission to perform the requested action")), fault.Denied,
			"okta.apps.read"},
		"delete active": {send(403, oktaError("E0000056", "Delete application forbidden.")), fault.Invalid, "Deactivate"},
		"absent":        {send(404, oktaError("E0000007", "Not found: Resource not found: 0oa1 (AppInstance)")), fault.NotFound, "0oa1"},
		"wrong method":  {send(405, oktaError("E0000022", "The endpoint does not support the provided HTTP method")), fault.Unsupported, "405"},
		"conflict":      {send(409, oktaError("E0000062", "The given user is already assigned to the application.")), fault.Conflict, "409"},
		"internal":      {send(500, oktaError("E0000009", "Internal Server Error")), fault.Unavailable, "500"},
		"unsupported":   {send(501, oktaError("E0000060", "Unsupported operation.")), fault.Unsupported, "E0000060"},
		"read-only":     {send(503, oktaError("E0000010", "The service is in read only mode.")), fault.Unavailable, "read only"},
		"HTML 503":      {page(503), fault.Unavailable, "503"},
		"HTML 200":      {page(200), fault.Unavailable, "web page"},
		"insufficient scope, without a code": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate",
				`Bearer authorization_uri="http://acme", realm="http://acme", scope="okta.apps.read", error="insufficient_scope",`+
					` error_description="The access token provided does not contain the required scopes.", resource="/api/v1/apps"`)
			w.WriteHeader(403)
		}, fault.Denied, "required scopes"},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://login.example.com/", http.StatusFound)
		}, fault.Invalid, "login.example.com"},
		"closed connection": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, fault.Unavailable,
			"connection was closed"},
		"broken JSON": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"id": `)
		}, fault.Unavailable, "no usable answer"},
		"broken link": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", `<http://[::1>; rel="next"`)
			answerJSON(w, 500, oktaError("E0000009", "Internal Server Error"))
		}, fault.Unavailable, "500"},
	} {
		t.Run(name, func(t *testing.T) {
			org := newFakeOrg(t, c.handle)
			_, err := org.App(t.Context(), "0oa1")
			f := requireFault(t, err, c.class)
			require.Contains(t, f.Error(), c.says)
			require.Equal(t, "okta:GET /api/v1/apps/{id}", f.Operation)
			require.NotContains(t, f.Error(), "<h1>")
		})
	}
}

type panicking struct{}

func (panicking) RoundTrip(*http.Request) (*http.Response, error) { panic("nil pointer") }

func TestAPanicBelowIsAFaultLikeOthers(t *testing.T) {
	org, err := oktaorg.New(t.Context(), oktaorg.Options{OrgURL: "https://acme.okta.com", Mode: oktaorg.ModeSSWS, Token: token,
		Transport: panicking{}})
	require.NoError(t, err)
	_, err = org.App(t.Context(), "0oa1")
	requireFault(t, err, fault.Unavailable)
}

func TestAWriteWhoseAnswerIsLostIsSentOnce(t *testing.T) {
	org := newFakeOrg(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_, err := org.CreateApp(ctx, "AWS IAM Identity Center")
	requireFault(t, err, fault.Unavailable)
	require.Len(t, org.requests(), 1)
	require.NoError(t, ctx.Err())
}

func TestA429IsNotRetriedAndTellsWhenToComeBack(t *testing.T) {
	t.Run("with the headers", func(t *testing.T) {
		org := newFakeOrg(t, func(w http.ResponseWriter, _ *http.Request) {
			now := time.Now().Truncate(time.Second)
			w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
			w.Header().Set("X-Rate-Limit-Limit", "100")
			w.Header().Set("X-Rate-Limit-Remaining", "0")
			w.Header().Set("X-Rate-Limit-Reset", strconv.FormatInt(now.Add(40*time.Second).Unix(), 10))
			answerJSON(w, 429, oktaError("E0000047", "API call exceeded rate limit due to too many requests."))
		})
		_, err := org.App(t.Context(), "0oa1")
		f := requireFault(t, err, fault.Throttled)
		require.GreaterOrEqual(t, f.RetryAfter, 40*time.Second)
		require.Less(t, f.RetryAfter, 42*time.Second)
		require.Len(t, org.requests(), 1)
	})
	t.Run("without any header", func(t *testing.T) {
		org := newFakeOrg(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Date"] = nil
			w.WriteHeader(429)
		})
		_, err := org.App(t.Context(), "0oa1")
		require.Zero(t, requireFault(t, err, fault.Throttled).RetryAfter)
		require.Len(t, org.requests(), 1)
	})
}

func TestPaceSlowsDownFromTheHalfOfABucketOn(t *testing.T) {
	remaining := 90
	org := newFakeOrg(t, func(w http.ResponseWriter, _ *http.Request) {
		now := time.Now()
		w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
		w.Header().Set("X-Rate-Limit-Limit", "100")
		w.Header().Set("X-Rate-Limit-Remaining", strconv.Itoa(remaining))
		w.Header().Set("X-Rate-Limit-Reset", strconv.FormatInt(now.Add(10*time.Second).Unix(), 10))
		answerJSON(w, 200, map[string]any{"id": "0oa1", "name": oktaorg.AppName})
		remaining = 49
	})
	for range 3 {
		_, err := org.App(t.Context(), "0oa1")
		require.NoError(t, err)
	}
	requests := org.requests()
	require.GreaterOrEqual(t, requests[2].at.Sub(requests[1].at), 150*time.Millisecond, "9 to 10 s for 50 requests")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := org.App(ctx, "0oa1")
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, org.requests(), 3, "a cancelled call does not go out")
}

func appUserPage(from, to int) []map[string]any {
	page := []map[string]any{}
	for i := from; i < to; i++ {
		page = append(page, map[string]any{"id": fmt.Sprintf("00u%d", i), "status": "PROVISIONED", "externalId": "aws-" + strconv.Itoa(i),
			"scope": "GROUP", "credentials": map[string]any{"userName": fmt.Sprintf("p%d@example.com", i)}})
	}
	return page
}

func collectAppUsers(t *testing.T, org *fakeOrg) ([]string, error) {
	var ids []string
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := org.AppUsers(ctx, "0oa1", func(page []oktaorg.AppUser) error {
		for _, user := range page {
			ids = append(ids, user.ID)
		}
		return nil
	})
	return ids, err
}

func TestAllPagesAreReadAlsoWhenAProxyJoinsTheLinkHeaders(t *testing.T) {
	for name, joined := range map[string]bool{"two headers": false, "one header": true} {
		t.Run(name, func(t *testing.T) {
			org := newFakeOrg(t, func(w http.ResponseWriter, r *http.Request) {
				at, _ := strconv.Atoi(r.URL.Query().Get("after"))
				self := fmt.Sprintf(`<http://%s%s>; rel="self"`, r.Host, r.URL.RequestURI())
				next := fmt.Sprintf(`<http://%s%s?after=%d&limit=500>; rel="next"`, r.Host, r.URL.Path, at+2)
				switch {
				case at == 4:
					w.Header().Add("Link", self)
				case joined:
					w.Header().Add("Link", self+", "+next)
				default:
					w.Header().Add("Link", self)
					w.Header().Add("Link", next)
				}
				answerJSON(w, 200, appUserPage(at, at+2))
			})
			ids, err := collectAppUsers(t, org)
			require.NoError(t, err)
			require.Equal(t, []string{"00u0", "00u1", "00u2", "00u3", "00u4", "00u5"}, ids)
			require.Contains(t, org.requests()[0].query, "limit=500")
		})
	}
}

func TestPagesThatRepeatEndWithAFaultAndNotWithHalfAList(t *testing.T) {
	org := newFakeOrg(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Link", fmt.Sprintf(`<http://%s%s?after=same>; rel="next"`, r.Host, r.URL.Path))
		answerJSON(w, 200, appUserPage(0, 1))
	})
	_, err := collectAppUsers(t, org)
	require.Contains(t, requireFault(t, err, fault.Unavailable).Error(), "repeat")
	require.LessOrEqual(t, len(org.requests()), 3)
}

func TestAThrottledPageDoesNotStartTheListingAnew(t *testing.T) {
	throttled := false
	org := newFakeOrg(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("after") == "" {
			w.Header().Add("Link", fmt.Sprintf(`<http://%s%s?after=2>; rel="next"`, r.Host, r.URL.Path))
			answerJSON(w, 200, appUserPage(0, 2))
			return
		}
		if !throttled {
			throttled = true
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(429)
			return
		}
		answerJSON(w, 200, appUserPage(2, 4))
	})
	ids, err := collectAppUsers(t, org)
	require.NoError(t, err)
	require.Len(t, ids, 4)
	require.Len(t, org.requests(), 3)
}

func TestMetadataComesUnchangedUnderEveryXMLType(t *testing.T) {
	const document = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><md:EntityDescriptor xmlns:md=\"urn:x\" " +
		"entityID=\"http://www.okta.com/exk1\">\r\n </md:EntityDescriptor>"
	for _, contentType := range []string{"application/xml;charset=ISO-8859-1", "text/xml", "application/samlmetadata+xml"} {
		t.Run(contentType, func(t *testing.T) {
			org := newFakeOrg(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/api/v1/apps/0oa1" {
					answerJSON(w, 200, map[string]any{"id": "0oa1", "credentials": map[string]any{"signing": map[string]any{"kid": "key-1"}}})
					return
				}
				w.Header().Set("Content-Type", contentType)
				_, _ = io.WriteString(w, document)
			})
			data, err := org.Metadata(t.Context(), "0oa1")
			require.NoError(t, err)
			require.Equal(t, document, string(data))
			last := org.requests()[1]
			require.Equal(t, "kid=key-1", last.query)
			require.Contains(t, last.header.Get("Accept"), "xml")
		})
	}
}

func TestCreateAppSendsNoSettings(t *testing.T) {
	org := newFakeOrg(t, func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, 200, map[string]any{"id": "0oa1", "name": oktaorg.AppName, "label": "L", "status": "ACTIVE", "signOnMode": "SAML_2_0",
			"created": "2026-11-23T10:00:00.000Z", "credentials": map[string]any{"signing": map[string]any{"kid": "k"}}})
	})
	app, err := org.CreateApp(t.Context(), "L")
	require.NoError(t, err)
	require.Equal(t, "0oa1", app.ID)
	require.Equal(t, "k", app.KeyID)
	require.Equal(t, time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC), app.Created)
	sent := org.requests()[0]
	require.Equal(t, "activate=true", sent.query)
	require.Equal(t, "SSWS "+token, sent.header.Get("Authorization"))
	require.JSONEq(t, `{"name":"amazon_aws_sso","label":"L","signOnMode":"SAML_2_0",
		"credentials":{"userNameTemplate":{"template":"${source.login}","type":"BUILT_IN"}}}`, sent.body)
}

func TestSetServiceProviderKeepsEveryOtherField(t *testing.T) {
	before := `{"id":"0oa1","name":"amazon_aws_sso","label":"L","features":["PUSH_NEW_USERS"],"big":12345678901234567890,
		"settings":{"app":{"acsURL":null,"entityID":null,"unheardOf":true},"manualProvisioning":false,"emOptInStatus":"NONE",
			"signOn":{"samlAssertionLifetimeSeconds":300,"configuredAttributeStatements":[],"audienceOverride":null}},
		"credentials":{"signing":{"kid":"k"},"userNameTemplate":{"template":"${source.login}","userSuffix":"x"}}}`
	org := newFakeOrg(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, before)
	})
	require.NoError(t, org.SetServiceProvider(t.Context(), "0oa1", "https://acs", "https://issuer"))
	put := org.requests()[1]
	require.Equal(t, http.MethodPut, put.method)
	after := strings.NewReplacer(`"acsURL":null`, `"acsURL":"https://acs"`, `"entityID":null`, `"entityID":"https://issuer"`).Replace(before)
	require.JSONEq(t, after, put.body)
	require.Contains(t, put.body, "12345678901234567890")
}

func TestTheSCIMTokenOfAConnectionIsNeverInErrors(t *testing.T) {
	const scimToken = "scim-token-1234567890"
	org := newFakeOrg(t, func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, 400, oktaError("E0000001", "Api validation failed", "profile.token: "+scimToken+" is no good, says "+token))
	})
	err := org.Connect(t.Context(), "0oa1", "https://scim", scimToken)
	f := requireFault(t, err, fault.Invalid)
	require.NotContains(t, f.Error(), scimToken)
	require.Contains(t, f.Error(), "***")
}

func TestConnectWhereOktaKnowsNothingOfTheAppIsUnsupported(t *testing.T) {
	org := newFakeOrg(t, func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, 200, map[string]string{"authScheme": "UNKNOWN", "status": "UNKNOWN"})
	})
	requireFault(t, org.Connect(t.Context(), "0oa1", "https://scim", "t"), fault.Unsupported)
	require.Len(t, org.requests(), 1)
}

func TestConnectSetsTheConnectionThenTheFeatures(t *testing.T) {
	org := newFakeOrg(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			answerJSON(w, 200, map[string]any{"name": "USER_PROVISIONING", "status": "ENABLED"})
			return
		}
		answerJSON(w, 201, map[string]string{"authScheme": "TOKEN", "status": "ENABLED"})
	})
	require.NoError(t, org.Connect(t.Context(), "0oa1", "https://scim/v2", "t"))
	requests := org.requests()
	require.Equal(t, "activate=true", requests[0].query)
	require.JSONEq(t, `{"baseUrl":"https://scim/v2","profile":{"authScheme":"TOKEN","token":"t"}}`, requests[0].body)
	require.Equal(t, "/api/v1/apps/0oa1/features/USER_PROVISIONING", requests[1].path)
	require.JSONEq(t, `{"create":{"lifecycleCreate":{"status":"ENABLED"}},
		"update":{"lifecycleDeactivate":{"status":"ENABLED"},"profile":{"status":"ENABLED"}}}`, requests[1].body)
}

func TestAGroupIsFoundAmongTheShadowsThatPushingMakes(t *testing.T) {
	group := func(id, kind, source string) map[string]any {
		body := map[string]any{"id": id, "type": kind, "profile": map[string]string{"name": "studio"}}
		if source != "" {
			body["source"] = map[string]string{"id": source}
		}
		return body
	}
	for name, c := range map[string]struct {
		found []map[string]any
		id    string
		class fault.Class
	}{
		"one":                  {[]map[string]any{group("g1", "OKTA_GROUP", "")}, "g1", ""},
		"one and its shadow":   {[]map[string]any{group("s", "APP_GROUP", "0oa1"), group("g1", "OKTA_GROUP", "")}, "g1", ""},
		"imported":             {[]map[string]any{group("s", "APP_GROUP", "0oa1"), group("ad", "APP_GROUP", "0oaAD")}, "ad", ""},
		"only the shadow":      {[]map[string]any{group("s", "APP_GROUP", "0oa1")}, "", fault.NotFound},
		"two of the same name": {[]map[string]any{group("g1", "OKTA_GROUP", ""), group("g2", "OKTA_GROUP", "")}, "", fault.Invalid},
		"none, not by prefix":  {nil, "", fault.NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			org := newFakeOrg(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Path == "/api/v1/apps":
					answerJSON(w, 200, []map[string]any{{"id": "0oa1", "name": oktaorg.AppName}})
				case r.URL.Query().Get("q") != "":
					answerJSON(w, 200, []map[string]any{{"id": "other", "type": "OKTA_GROUP", "profile": map[string]string{"name": "studio-more"}}})
				default:
					answerJSON(w, 200, append([]map[string]any{}, c.found...))
				}
			})
			found, err := org.Group(t.Context(), "studio")
			if c.class != "" {
				require.Contains(t, requireFault(t, err, c.class).Error(), "studio")
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.id, found.ID)
		})
	}
}

func TestALoginIsWholeOrNobody(t *testing.T) {
	org := newFakeOrg(t, func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, 200, map[string]any{"id": "00u1", "status": "ACTIVE", "profile": map[string]any{"login": "ann@example.com",
			"lastName": nil}})
	})
	user, err := org.UserByLogin(t.Context(), "Ann@example.com")
	require.NoError(t, err)
	require.Equal(t, oktaorg.User{ID: "00u1", Status: "ACTIVE", Login: "ann@example.com"}, user)
	_, err = org.UserByLogin(t.Context(), "ann")
	requireFault(t, err, fault.NotFound)
}

func TestAssigningSomebodyTwiceIsNoError(t *testing.T) {
	org := newFakeOrg(t, func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, 409, oktaError("E0000062", "The given user is already assigned to the application."))
	})
	require.NoError(t, org.AssignUser(t.Context(), "0oa1", "00u1"))
	require.JSONEq(t, `{"id":"00u1","scope":"USER"}`, org.requests()[0].body)
}

func TestAMappingRefusedByNameIsLinkedToTheGroupThatTheAppHas(t *testing.T) {
	org := newFakeOrg(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch {
		case r.Method == http.MethodGet:
			answerJSON(w, 200, []map[string]any{
				{"id": "mine", "type": "APP_GROUP", "profile": map[string]string{"name": "studio"}, "source": map[string]string{"id": "0oa1"}},
				{"id": "src", "type": "OKTA_GROUP", "profile": map[string]string{"name": "studio"}},
			})
		case strings.Contains(string(body), "targetGroupName"):
			answerJSON(w, 400, oktaError("E0000027", "Group push bad request : a group of this name exists"))
		default:
			answerJSON(w, 201, map[string]any{"id": "gPm1", "sourceGroupId": "src", "targetGroupId": "mine", "status": "ACTIVE", "lastPush": nil})
		}
	})
	mapping, err := org.CreateMapping(t.Context(), "0oa1", "src", "studio")
	require.NoError(t, err)
	require.Equal(t, "gPm1", mapping.ID)
	require.True(t, mapping.LastPush.IsZero())
	requests := org.requests()
	require.JSONEq(t, `{"sourceGroupId":"src","targetGroupId":"mine","status":"ACTIVE"}`, requests[len(requests)-1].body)
}

func TestDeletingAMappingLeavesTheGroupInIdentityCenter(t *testing.T) {
	org := newFakeOrg(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	require.NoError(t, org.DeleteMapping(t.Context(), "0oa1", "gPm1"))
	require.Equal(t, "deleteTargetGroup=false", org.requests()[0].query)
}

func TestTheLogIsAskedForAPeriodAndEndsAtMax(t *testing.T) {
	until := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	event := func(n int) map[string]any {
		return map[string]any{"uuid": strconv.Itoa(n), "eventType": "application.provision.user.push", "published": "2026-11-23T11:00:00.000Z",
			"outcome": map[string]string{"result": "FAILURE", "reason": "no last name"},
			"target": []map[string]string{{"id": "0oa1", "type": "AppInstance"}, {"id": "0ua1", "type": "AppUser", "alternateId": "shadow"},
				{"id": "00u1", "type": "User", "alternateId": "ines@example.com"}}}
	}
	org := newFakeOrg(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Link", fmt.Sprintf(`<http://%s%s?after=%d>; rel="next"`, r.Host, r.URL.Path, time.Now().UnixNano()))
		answerJSON(w, 200, []map[string]any{event(1), event(1), event(2)})
	})
	events, err := org.ProvisioningFailures(t.Context(), "0oa1", time.Time{}, until, 2)
	require.NoError(t, err)
	require.Len(t, events, 2)
	require.Equal(t, "00u1", events[0].UserID)
	require.Equal(t, "ines@example.com", events[0].UserLogin)
	require.Equal(t, "no last name", events[0].Reason)
	query := org.requests()[0].query
	require.Contains(t, query, "until=2026-11-23T12%3A00%3A00.000Z")
	require.Contains(t, query, "since=2026-05-28", "Okta refuses a since more than 180 days back")
	require.Len(t, org.requests(), 1)
}
