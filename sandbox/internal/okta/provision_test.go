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
	require.Equal(t, 1, conflicts, "of two user names that differ by case, one gets in")

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

	// The new token saved and the group assigned again, everybody gets in.
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

// mapping is a group push mapping as the API shows it.
type mapping struct {
	ID, SourceGroupID, TargetGroupID, Status, ErrorSummary string
	LastPush                                               *time.Time
}

func (w *world) push(app, group string) mapping {
	w.Helper()
	var m mapping
	resp := w.do(http.MethodPost, "/api/v1/apps/"+app+"/group-push/mappings",
		map[string]string{"sourceGroupId": w.groupID(group), "targetGroupName": group, "status": "ACTIVE"}, &m)
	require.Equal(w, http.StatusOK, resp.StatusCode)
	return m
}

func (w *world) mapping(app, id string) (m mapping) {
	w.Helper()
	w.do(http.MethodGet, "/api/v1/apps/"+app+"/group-push/mappings/"+id, nil, &m)
	return m
}

// repush switches a mapping off and on.
func (w *world) repush(app, id string) {
	w.Helper()
	for _, status := range []string{"INACTIVE", "ACTIVE"} {
		w.do(http.MethodPatch, "/api/v1/apps/"+app+"/group-push/mappings/"+id, map[string]string{"status": status}, nil)
	}
}

func TestAGroupPushedTooEarlyLacksMembers(t *testing.T) {
	w, e := newWorld(t, 0), newEndpoint(t)
	app := w.createApp()
	require.Empty(t, w.console("provisioning", form(app, e)))
	m := w.push(app, "sagemaker-studio-users")
	w.eventually("pushed", func() bool { return w.mapping(app, m.ID).LastPush != nil })
	members, ok := e.names("sagemaker-studio-users")
	require.True(t, ok)
	require.Empty(t, members)

	w.assign(app, "aws-identity-center")
	w.settled(app)
	members, _ = e.names("sagemaker-studio-users")
	require.Empty(t, members, "nobody comes after by themselves")

	// A person who joins the group is pushed alone.
	edda := w.userID("edda.falk@example.com")
	_, err := w.sdk.Group.AddUserToGroup(t.Context(), m.SourceGroupID, edda)
	require.NoError(t, err)
	w.eventually("the newcomer is a member", func() bool {
		members, _ := e.names("sagemaker-studio-users")
		return slices.Equal(members, []string{"edda.falk@example.com"})
	})
	w.repush(app, m.ID)
	w.eventually("everybody provisioned is a member", func() bool { members, _ = e.names("sagemaker-studio-users"); return len(members) > 30 })
	require.Contains(t, members, "ann.lee@example.com")
	require.NotContains(t, members, "noor.haddad@example.com", "not assigned, so not there")
	require.NotContains(t, members, "ines@example.com", "failed, so not there")

	_, err = w.sdk.Group.RemoveUserFromGroup(t.Context(), m.SourceGroupID, edda)
	require.NoError(t, err)
	w.eventually("who leaves the group is no member", func() bool {
		members, _ := e.names("sagemaker-studio-users")
		return !slices.Contains(members, "edda.falk@example.com")
	})
	require.Equal(t, 1, e.count("POST /Groups"))
}

func TestALargeGroupIsPushedInPortions(t *testing.T) {
	w, e := newWorld(t, 400), newEndpoint(t)
	app := w.createApp()
	require.Empty(t, w.console("provisioning", form(app, e)))
	w.assign(app, "aws-identity-center")
	w.settled(app)
	w.push(app, "sagemaker-studio-users")
	w.eventually("everybody is a member", func() bool { members, _ := e.names("sagemaker-studio-users"); return len(members) > 250 })
	e.change(func() { require.Equal(t, 100, e.largest) })
}

func TestAGroupThatIsThereIsLinked(t *testing.T) {
	w, e := newWorld(t, 0), newEndpoint(t)
	e.groups["there"], e.members["there"] = "finance", map[string]bool{}
	app := w.createApp()
	require.Empty(t, w.console("provisioning", form(app, e)))
	w.assign(app, "finance")
	w.settled(app)
	require.Empty(t, w.console("push-group", map[string]string{"appId": app, "group": "finance"}))
	require.Contains(t, w.console("push-group", map[string]string{"appId": app, "group": "finance"}), "already pushed")
	require.Equal(t, "No results found for nothing", w.console("push-group", map[string]string{"appId": app, "group": "nothing"}))
	w.eventually("members are there", func() bool {
		members, _ := e.names("finance")
		return slices.Contains(members, "raj.iyer@example.com")
	})
	e.change(func() { require.Len(t, e.groups, 1) })

	groups, _, err := w.sdk.Group.ListGroups(t.Context(), query.NewQueryParams(query.WithQ("finance")))
	require.NoError(t, err)
	require.Len(t, groups, 2, "a pushed group has a twin of type APP_GROUP")
}

func TestAMappingInErrorIsReplaced(t *testing.T) {
	w, e := newWorld(t, 0), newEndpoint(t)
	app := w.createApp()
	require.Empty(t, w.console("provisioning", form(app, e)))
	w.assign(app, "finance")
	w.settled(app)
	m := w.push(app, "finance")
	w.eventually("pushed", func() bool { return w.mapping(app, m.ID).LastPush != nil })
	e.change(func() { clear(e.groups) })
	_, err := w.sdk.Group.RemoveUserFromGroup(t.Context(), m.SourceGroupID, w.userID("raj.iyer@example.com"))
	require.NoError(t, err)
	w.eventually("in error", func() bool { return w.mapping(app, m.ID).Status == "ERROR" })
	require.Equal(t, "Linked group is missing in AWS IAM Identity Center. Change the linked group to resume pushing group memberships.",
		w.mapping(app, m.ID).ErrorSummary)

	path := "/api/v1/apps/" + app + "/group-push/mappings/" + m.ID
	require.Equal(t, http.StatusBadRequest, w.do(http.MethodPatch, path, map[string]string{"status": "INACTIVE"}, nil).StatusCode)
	require.Equal(t, http.StatusBadRequest, w.do(http.MethodDelete, path, nil, nil).StatusCode, "deleteTargetGroup is required")
	require.Equal(t, http.StatusNoContent, w.do(http.MethodDelete, path+"?deleteTargetGroup=true", nil, nil).StatusCode)
	again := w.push(app, "finance")
	w.eventually("pushed again", func() bool { members, _ := e.names("finance"); return len(members) > 0 })

	path = "/api/v1/apps/" + app + "/group-push/mappings/" + again.ID
	require.Equal(t, http.StatusBadRequest, w.do(http.MethodDelete, path+"?deleteTargetGroup=true", nil, nil).StatusCode, "still active")
	w.do(http.MethodPatch, path, map[string]string{"status": "INACTIVE"}, nil)
	require.Equal(t, http.StatusNoContent, w.do(http.MethodDelete, path+"?deleteTargetGroup=true", nil, nil).StatusCode)
	w.eventually("deleted over there", func() bool { _, ok := e.names("finance"); return !ok })
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
	_, err := w.org.SignOn("edda.falk@example.com", "")
	require.EqualError(t, err, "User is not assigned to the client application.")
	w.assign(app, "aws-identity-center")
	got, err := w.org.SignOn("edda.falk@example.com", "AWS IAM Identity Center")
	require.NoError(t, err)
	require.Equal(t, "edda.falk@example.com", got.NameID)
	require.Empty(t, got.ACSURL)
	require.NotEmpty(t, got.Certificate)
	_, err = w.org.SignOn("edda.falk@example.com", "another app")
	require.EqualError(t, err, "User is not assigned to the client application.")
	_, err = w.org.SignOn("Edda.Falk@example.com", "")
	require.EqualError(t, err, "Unable to sign in")
	_, err = w.org.SignOn("tomas.novak@example.com", "")
	require.EqualError(t, err, "Unable to sign in")
	_, err = w.sdk.Application.DeactivateApplication(t.Context(), app)
	require.NoError(t, err)
	_, err = w.org.SignOn("edda.falk@example.com", "")
	require.ErrorContains(t, err, "not active")
}
