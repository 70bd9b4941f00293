package okta_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/okta/okta-sdk-golang/v2/okta"
	"github.com/okta/okta-sdk-golang/v2/okta/query"
	"github.com/stretchr/testify/require"

	sim "studio-onboarding/sandbox/internal/okta"
)

// form is the Provisioning tab, filled in.
func form(app string, e *endpoint) map[string]any {
	return map[string]any{"appId": app, "baseUrl": e.url, "token": e.token, "createUsers": true, "updateAttributes": true, "deactivateUsers": true}
}

// assign assigns a group to the app, once more if it is assigned already.
func (w *world) assign(app, group string) {
	w.Helper()
	_, _, err := w.sdk.Application.CreateApplicationGroupAssignment(w.Context(), app, w.groupID(group), okta.ApplicationGroupAssignment{})
	require.NoError(w, err)
}

// settled waits until nobody is under way any more, and answers with everybody.
func (w *world) settled(app string) (users map[string]appUser) {
	w.Helper()
	w.eventually("everybody is provisioned or failed", func() bool {
		users = w.appUsers(app)
		for _, u := range users {
			if u.SyncState == "SYNCING" {
				return false
			}
		}
		return true
	})
	return users
}

// failures are the reasons of failed events of an app, by the login concerned, in the order of the log.
func (w *world) failures(app string) map[string][]string {
	w.Helper()
	events, _, err := w.sdk.LogEvent.GetLogs(w.Context(), query.NewQueryParams(
		query.WithFilter(`target.id eq "`+app+`" and eventType sw "application.provision" and outcome.result eq "FAILURE"`),
		query.WithSince(time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)), query.WithUntil(time.Now().Add(time.Hour).UTC().Format(time.RFC3339)),
		query.WithLimit(1000)))
	require.NoError(w, err)
	reasons := map[string][]string{}
	for _, event := range events {
		login := ""
		for _, target := range event.Target {
			if target.Type == "User" {
				login = target.AlternateId
			}
		}
		reasons[login] = append(reasons[login], event.EventType+": "+event.Outcome.Reason)
	}
	return reasons
}

func TestTheConsoleTriesTheCredentials(t *testing.T) {
	w, e := newWorld(t, 0), newEndpoint(t)
	app := w.createApp()
	with := func(key string, value any) map[string]any { in := form(app, e); in[key] = value; return in }

	require.Equal(t, "Base URL: Does not match required pattern", w.console("provisioning", with("baseUrl", e.url+"/")))
	require.Equal(t, "Error authenticating: Unauthorized", w.console("provisioning", with("token", "wrong")))
	require.Contains(t, w.console("provisioning", with("baseUrl", "http://127.0.0.1:1/scim/v2")), "Error authenticating: Unable to reach the remote server")
	require.Contains(t, w.console("provisioning", with("appId", "0oaNobody")), "Page not found")
	require.Contains(t, w.console("nothing", nil), "no such page")

	var shown struct{ Features []string }
	w.do(http.MethodGet, "/api/v1/apps/"+app, nil, &shown)
	require.Empty(t, shown.Features, "a refusal changes nothing")
	require.Empty(t, w.console("provisioning", with("updateAttributes", false)))
	w.do(http.MethodGet, "/api/v1/apps/"+app, nil, &shown)
	require.Equal(t, []string{"PUSH_NEW_USERS", "PUSH_USER_DEACTIVATION", "SCIM_PROVISIONING", "GROUP_PUSH", "REACTIVATE_USERS"}, shown.Features)

	features, _, err := w.sdk.Application.ListFeaturesForApplication(t.Context(), app)
	require.NoError(t, err)
	require.Equal(t, "ENABLED", features[0].Capabilities.Create.LifecycleCreate.Status)
	require.Equal(t, "DISABLED", features[0].Capabilities.Update.Profile.Status)
	for _, call := range w.calls.Calls() {
		for _, value := range call.Params {
			require.NotContains(t, value, e.token)
		}
	}
	state, err := json.Marshal(w.org.State())
	require.NoError(t, err)
	require.Contains(t, string(state), app)
	for _, secret := range []string{e.token, w.org.Token(), w.org.ReadOnlyToken()} {
		require.NotContains(t, string(state), secret)
	}
}

func TestPeopleAreProvisioned(t *testing.T) {
	w, e := newWorld(t, 0), newEndpoint(t)
	app := w.createApp()
	// Assigned too early: they stay outside until they are assigned again.
	w.assign(app, "finance")
	require.Empty(t, w.console("provisioning", form(app, e)))
	early := w.appUsers(app)["raj.iyer@example.com"]
	require.Equal(t, appUser{ID: early.ID, Status: "ACTIVE", SyncState: "DISABLED", Scope: "GROUP", Credentials: early.Credentials}, early)

	w.assign(app, "sagemaker-studio-users")
	require.Equal(t, "STAGED", w.appUsers(app)["ann.lee@example.com"].Status)
	users := w.settled(app)
	ann := users["ann.lee@example.com"]
	require.Equal(t, "PROVISIONED", ann.Status)
	require.Equal(t, e.user("ann.lee@example.com")["id"], ann.ExternalID)
	require.Equal(t, ann.ID, e.user("ann.lee@example.com")["externalId"])
	require.Empty(t, users["raj.iyer@example.com"].ExternalID)
	require.Nil(t, e.user("raj.iyer@example.com"))
	require.Nil(t, e.user("tomas.novak@example.com"), "deactivated people are never pushed")

	w.assign(app, "finance")
	users = w.settled(app)
	require.NotEmpty(t, users["raj.iyer@example.com"].ExternalID, "assigning again provisions")

	failed := map[string]string{
		"ines@example.com":         "Automatic provisioning of user Ines to app AWS IAM Identity Center failed: Error while creating user ines@example.com: Bad Request. Errors reported by remote server: " + unparsable,
		"sade.okoro@example.com":   "Automatic provisioning of user Sade Okoro <contractor> to app AWS IAM Identity Center failed: Error while creating user sade.okoro@example.com: Bad Request. Errors reported by remote server: " + unparsable,
		"Maria.Santos@example.com": "",
		"maria.santos@example.com": "",
	}
	failures := w.failures(app)
	conflicts := 0
	for name, u := range users {
		reason, broken := failed[name]
		switch {
		case reason != "":
			require.Equal(t, []string{"application.provision.user.push: " + reason}, failures[name])
			require.Equal(t, "STAGED", u.Status)
			require.Equal(t, "ERROR", u.SyncState)
			require.Empty(t, u.ExternalID)
		case broken && u.ExternalID == "":
			conflicts++
			require.Contains(t, failures[name][0], "Refused to create a new, duplicate resource")
		default:
			require.NotEmpty(t, u.ExternalID, name)
		}
	}
	require.Equal(t, 1, conflicts, "of two user names that differ by case, one arrives")

	// The remedy: a corrected profile is pushed by itself.
	w.do(http.MethodPost, "/api/v1/users/ines@example.com", map[string]any{"profile": map[string]any{"lastName": "Duarte"}}, nil)
	w.eventually("the corrected person is there", func() bool { return e.user("ines@example.com") != nil })
	require.NotEmpty(t, w.settled(app)["ines@example.com"].ExternalID)
	w.do(http.MethodPost, "/api/v1/users/ines@example.com", map[string]any{"profile": map[string]any{"displayName": "Ines D."}}, nil)
	w.eventually("the change is there", func() bool { return e.user("ines@example.com")["displayName"] == "Ines D." })
	w.settled(app)
	w.do(http.MethodPost, "/api/v1/users/ines@example.com", map[string]any{"profile": map[string]any{"displayName": "Ines: D."}}, nil)
	w.eventually("the failed change is logged", func() bool { return len(w.failures(app)["ines@example.com"]) == 2 })
	require.Equal(t, "application.provision.user.push_profile: Automatic profile push of user Ines: D. to app AWS IAM Identity Center failed: "+
		"Error while trying to push profile update for ines@example.com: Bad Request. Errors reported by remote server: "+unparsable,
		w.failures(app)["ines@example.com"][1])
}

func TestSomebodyWhoIsThereAlreadyIsLinked(t *testing.T) {
	w, e := newWorld(t, 0), newEndpoint(t)
	e.users["by-hand"] = map[string]any{"id": "by-hand", "userName": "by.hand@example.com", "displayName": "typed in"}
	app := w.createApp()
	require.Empty(t, w.console("provisioning", form(app, e)))
	w.assign(app, "aws-identity-center")
	users := w.settled(app)
	require.Equal(t, "by-hand", users["by.hand@example.com"].ExternalID)
	require.Equal(t, "ACTIVE", users["by.hand@example.com"].Status)
	require.Equal(t, "Haruki Band", e.user("by.hand@example.com")["displayName"])
}

func TestAnotherSpellingIsNotLinked(t *testing.T) {
	w, e := newWorld(t, 0), newEndpoint(t)
	e.users["by-hand"] = map[string]any{"id": "by-hand", "userName": "By.Hand@example.com"}
	app := w.createApp()
	require.Empty(t, w.console("provisioning", form(app, e)))
	w.assign(app, "aws-identity-center")
	require.Empty(t, w.settled(app)["by.hand@example.com"].ExternalID)
	require.Contains(t, w.failures(app)["by.hand@example.com"][0], "Conflict. Errors reported by remote server: Refused to create a new, duplicate resource")
}

func TestWithoutCreateUsersNobodyIsFound(t *testing.T) {
	w, e := newWorld(t, 0), newEndpoint(t)
	app := w.createApp()
	in := form(app, e)
	in["createUsers"] = false
	require.Empty(t, w.console("provisioning", in))
	w.assign(app, "finance")
	w.settled(app)
	require.Equal(t, []string{"application.provision.user.push: Automatic provisioning of user Raj Iyer to app AWS IAM Identity Center failed: Matching user not found"},
		w.failures(app)["raj.iyer@example.com"])
}

func TestThrottlingAndOutagesAreRetried(t *testing.T) {
	w, e := newWorld(t, 0), newEndpoint(t)
	app := w.createApp()
	require.Empty(t, w.console("provisioning", form(app, e)))
	left := map[int]int{http.StatusTooManyRequests: 8, http.StatusInternalServerError: 4}
	e.change(func() {
		e.refuse = func(r *http.Request) (int, string, int) {
			for _, status := range []int{http.StatusTooManyRequests, http.StatusInternalServerError} {
				if left[status] > 0 {
					left[status]--
					return status, "", 20
				}
			}
			return 0, "", 0
		}
	})
	w.assign(app, "finance")
	for name, u := range w.settled(app) {
		require.NotEmpty(t, u.ExternalID, name)
	}
	require.Equal(t, map[int]int{http.StatusTooManyRequests: 0, http.StatusInternalServerError: 0}, left)
	require.Empty(t, w.failures(app))
}

func TestRetryAfterIsHonoured(t *testing.T) {
	w, e := newWorld(t, 0), newEndpoint(t)
	app := w.createApp()
	require.Empty(t, w.console("provisioning", form(app, e)))
	var asked []time.Time
	e.change(func() {
		e.refuse = func(r *http.Request) (int, string, int) {
			if r.URL.Query().Get("filter") != `userName eq "raj.iyer@example.com"` {
				return 0, "", 0
			}
			if asked = append(asked, time.Now()); len(asked) == 1 {
				return http.StatusTooManyRequests, "Rate exceeded", 600
			}
			return 0, "", 0
		}
	})
	w.assign(app, "finance")
	require.NotEmpty(t, w.settled(app)["raj.iyer@example.com"].ExternalID)
	require.Len(t, asked, 2)
	require.GreaterOrEqual(t, asked[1].Sub(asked[0]), 600*time.Millisecond, "ten minutes in a world that is a thousand times as fast")
}

func TestAWrongTokenFailsAtOnce(t *testing.T) {
	w, e := newWorld(t, 0), newEndpoint(t)
	app := w.createApp()
	require.Empty(t, w.console("provisioning", form(app, e)))
	e.change(func() { e.token = "rotated" })
	w.assign(app, "finance")
	w.settled(app)
	require.Equal(t, []string{"application.provision.user.push: Automatic provisioning of user Raj Iyer to app AWS IAM Identity Center failed: " +
		"Error while verifying if user raj.iyer@example.com exists: Unauthorized"}, w.failures(app)["raj.iyer@example.com"])
	var events []struct{ EventType string }
	w.do(http.MethodGet, "/api/v1/logs?sortOrder=DESCENDING&filter="+url.QueryEscape(`eventType eq "application.integration.authentication_failure"`), nil, &events)
	require.NotEmpty(t, events)

	// The new token saved and the group assigned again, everybody arrives.
	require.Empty(t, w.console("provisioning", form(app, e)))
	w.assign(app, "finance")
	require.NotEmpty(t, w.settled(app)["raj.iyer@example.com"].ExternalID)
}

func TestWhoLosesTheAppIsDeactivated(t *testing.T) {
	w, e := newWorld(t, 0), newEndpoint(t)
	app := w.createApp()
	require.Empty(t, w.console("provisioning", form(app, e)))
	w.assign(app, "finance")
	external := w.settled(app)["raj.iyer@example.com"].ExternalID
	finance, raj := w.groupID("finance"), w.userID("raj.iyer@example.com")
	active := func(name string) func() bool {
		return func() bool { e.mu.Lock(); defer e.mu.Unlock(); return e.users[external]["active"] == (name == "on") }
	}
	_, err := w.sdk.Group.RemoveUserFromGroup(t.Context(), finance, raj)
	require.NoError(t, err)
	w.eventually("switched off", active("off"))
	_, err = w.sdk.Group.AddUserToGroup(t.Context(), finance, raj)
	require.NoError(t, err)
	w.eventually("switched on again", active("on"))
	require.Equal(t, external, w.settled(app)["raj.iyer@example.com"].ExternalID)

	require.Equal(t, http.StatusOK, w.do(http.MethodPost, "/api/v1/users/"+raj+"/lifecycle/deactivate", nil, nil).StatusCode)
	require.NotContains(t, w.appUsers(app), "raj.iyer@example.com")
	w.eventually("switched off", active("off"))
	require.Equal(t, http.StatusOK, w.do(http.MethodPost, "/api/v1/users/"+raj+"/lifecycle/activate", nil, nil).StatusCode)
	w.eventually("switched on again", active("on"))
}

func TestSystemLogEndsOnlyWithUntil(t *testing.T) {
	w := newWorld(t, 0)
	app := w.createApp()
	w.assign(app, "finance")
	read := func(params *query.Params) (kinds []string) {
		events, resp, err := w.sdk.LogEvent.GetLogs(t.Context(), params)
		for pages := 1; ; pages++ {
			require.NoError(t, err)
			for _, e := range events {
				kinds = append(kinds, e.EventType)
			}
			if !resp.HasNextPage() || pages == 100 {
				return kinds
			}
			if len(events) == 0 {
				return append(kinds, "polling")
			}
			events = nil
			resp, err = resp.Next(t.Context(), &events)
		}
	}
	filter := `target.id eq "` + app + `" and not (eventType eq "application.user_membership.add")`
	until := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	want := []string{"application.lifecycle.create", "group.application_assignment.add"}
	require.Equal(t, want, read(query.NewQueryParams(query.WithFilter(filter), query.WithLimit(1), query.WithUntil(until))))
	require.Equal(t, append(want, "polling"), read(query.NewQueryParams(query.WithFilter(filter))))
	slices.Reverse(want)
	require.Equal(t, want, read(query.NewQueryParams(query.WithFilter(filter), query.WithSortOrder("DESCENDING"), query.WithLimit(1), query.WithUntil(until))))

	_, _, err := w.sdk.LogEvent.GetLogs(t.Context(), query.NewQueryParams(query.WithFilter(`published gt "2026-01-01T00:00:00Z"`)))
	requireOktaError(t, err, "E0000053")
	_, _, err = w.sdk.LogEvent.GetLogs(t.Context(), query.NewQueryParams(query.WithSince("2020-01-01T00:00:00Z")))
	requireOktaError(t, err, "E0000053")
}

func TestSignOnIsWhatTheAppSays(t *testing.T) {
	w := newWorld(t, 0)
	app := w.createApp()
	_, err := w.org.SignOn("edda.falk@example.com", sim.Opened{})
	require.EqualError(t, err, "User is not assigned to the client application.")
	w.assign(app, "aws-identity-center")
	got, err := w.org.SignOn("edda.falk@example.com", sim.Opened{Label: "AWS IAM Identity Center"})
	require.NoError(t, err)
	require.Equal(t, "edda.falk@example.com", got.NameID)
	require.Empty(t, got.ACSURL)
	require.NotEmpty(t, got.Certificate)
	_, err = w.org.SignOn("edda.falk@example.com", sim.Opened{Label: "another app"})
	require.EqualError(t, err, "User is not assigned to the client application.")
	_, err = w.org.SignOn("Edda.Falk@example.com", sim.Opened{})
	require.EqualError(t, err, "Unable to sign in")
	_, err = w.org.SignOn("tomas.novak@example.com", sim.Opened{})
	require.EqualError(t, err, "Unable to sign in")
	_, err = w.sdk.Application.DeactivateApplication(t.Context(), app)
	require.NoError(t, err)
	_, err = w.org.SignOn("edda.falk@example.com", sim.Opened{})
	require.ErrorContains(t, err, "not active")
}
