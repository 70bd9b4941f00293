package oktaorg_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg"
)

// method is a public method of the adapter that reads an answer.
type method struct {
	do func(context.Context, *oktaorg.Org) error
	// list says that its answer is a list, setting that it is an object without an ID.
	list, setting bool
}

func methods() map[string]method {
	return map[string]method{
		"Who":       {do: func(ctx context.Context, o *oktaorg.Org) error { _, err := o.Who(ctx); return err }},
		"Apps":      {do: func(ctx context.Context, o *oktaorg.Org) error { _, err := o.Apps(ctx); return err }, list: true},
		"App":       {do: func(ctx context.Context, o *oktaorg.Org) error { _, err := o.App(ctx, "0oa1"); return err }},
		"CreateApp": {do: func(ctx context.Context, o *oktaorg.Org) error { _, err := o.CreateApp(ctx, "L"); return err }},
		"SetServiceProvider": {do: func(ctx context.Context, o *oktaorg.Org) error {
			return o.SetServiceProvider(ctx, "0oa1", "https://acs", "https://issuer")
		}},
		"Metadata":   {do: func(ctx context.Context, o *oktaorg.Org) error { _, err := o.Metadata(ctx, "0oa1"); return err }},
		"Connection": {do: func(ctx context.Context, o *oktaorg.Org) error { _, err := o.Connection(ctx, "0oa1"); return err }, setting: true},
		"Connect": {do: func(ctx context.Context, o *oktaorg.Org) error {
			return o.Connect(ctx, "0oa1", "https://scim", "scim-token")
		}, setting: true},
		"Group":     {do: func(ctx context.Context, o *oktaorg.Org) error { _, err := o.Group(ctx, "studio"); return err }, list: true},
		"GroupName": {do: func(ctx context.Context, o *oktaorg.Org) error { _, err := o.GroupName(ctx, "g1"); return err }},
		"GroupUsers": {do: func(ctx context.Context, o *oktaorg.Org) error {
			return o.GroupUsers(ctx, "g1", func([]oktaorg.User) error { return nil })
		}, list: true},
		"AppGroups":   {do: func(ctx context.Context, o *oktaorg.Org) error { _, err := o.AppGroups(ctx, "0oa1"); return err }, list: true},
		"AssignGroup": {do: func(ctx context.Context, o *oktaorg.Org) error { return o.AssignGroup(ctx, "0oa1", "g1") }},
		"UserByLogin": {do: func(ctx context.Context, o *oktaorg.Org) error {
			_, err := o.UserByLogin(ctx, "ann@example.com")
			return err
		}},
		"UserGroups": {do: func(ctx context.Context, o *oktaorg.Org) error { _, err := o.UserGroups(ctx, "00u1"); return err }, list: true},
		"AppUser":    {do: func(ctx context.Context, o *oktaorg.Org) error { _, err := o.AppUser(ctx, "0oa1", "00u1"); return err }},
		"AssignUser": {do: func(ctx context.Context, o *oktaorg.Org) error { return o.AssignUser(ctx, "0oa1", "00u1") }},
		"AppUsers": {do: func(ctx context.Context, o *oktaorg.Org) error {
			return o.AppUsers(ctx, "0oa1", func([]oktaorg.AppUser) error { return nil })
		}, list: true},
		"Mappings": {do: func(ctx context.Context, o *oktaorg.Org) error { _, err := o.Mappings(ctx, "0oa1"); return err }, list: true},
		"CreateMapping": {do: func(ctx context.Context, o *oktaorg.Org) error {
			_, err := o.CreateMapping(ctx, "0oa1", "g1", "studio")
			return err
		}},
		"SetMappingStatus": {do: func(ctx context.Context, o *oktaorg.Org) error {
			return o.SetMappingStatus(ctx, "0oa1", "gPm1", "ACTIVE")
		}},
		"ProvisioningFailures": {do: func(ctx context.Context, o *oktaorg.Org) error {
			_, err := o.ProvisioningFailures(ctx, "0oa1", time.Time{}, time.Now(), 10)
			return err
		}, list: true},
		"SignOns": {do: func(ctx context.Context, o *oktaorg.Org) error {
			_, err := o.SignOns(ctx, "0oa1", time.Time{}, time.Now(), 10)
			return err
		}, list: true},
		"LastProvisioned": {do: func(ctx context.Context, o *oktaorg.Org) error {
			_, err := o.LastProvisioned(ctx, "0oa1", time.Time{}, time.Now())
			return err
		}, list: true},
	}
}

func answering(t *testing.T, status int, body string) *fakeOrg {
	return newFakeOrg(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

func TestNoAnswerPassesForAnEmptyOne(t *testing.T) {
	for name, m := range methods() {
		t.Run(name, func(t *testing.T) {
			wrong := map[string]string{"": "an empty body", " \n": "an empty body", "<x/>": "what is no JSON"}
			switch {
			case m.list:
				wrong["null"], wrong["{}"], wrong[`"x"`] = "null where a list belongs", "an object where a list belongs", "a single value where"
				wrong["[null]"], wrong["[{}]"] = "a list with an element that has no ID", "a list with an element that has no ID"
				wrong[`[{"id":""}]`], wrong[`[5]`], wrong[`[{"id":"a"}`] = "a list with an element that has no ID", "a list of something else",
					"broken JSON"
			case m.setting:
				wrong["null"], wrong["[]"], wrong[`{"a":`] = "null where an object belongs", "a list where an object belongs", "broken JSON"
			default:
				wrong["null"], wrong["[]"], wrong[`{"a":`] = "null where an object belongs", "a list where an object belongs", "broken JSON"
				wrong["{}"], wrong[`{"id":null}`], wrong[`{"id":7}`] = "an object without an ID", "an object without an ID", "an object without an ID"
			}
			for body, came := range wrong {
				for _, status := range []int{200, 201} {
					f := requireFault(t, m.do(t.Context(), answering(t, status, body).Org), fault.Unavailable)
					require.Contains(t, f.Message, fmt.Sprintf("HTTP %d with %s", status, came), "%q", body)
					require.True(t, strings.HasPrefix(f.Operation, "okta:"), f.Operation)
					require.NotEmpty(t, f.Remedy)
				}
			}
		})
	}
}

// What reads no answer has nothing to be strict about.
func TestEveryMethodIsInTheTable(t *testing.T) {
	silent := map[string]bool{"URL": true, "DeleteMapping": true, "Budgets": true}
	all := reflect.TypeFor[*oktaorg.Org]()
	known := methods()
	for i := range all.NumMethod() {
		name := all.Method(i).Name
		_, ok := known[name]
		require.True(t, ok || silent[name], "%s has to be tested with answers that are none", name)
	}
}

// The second page of a list is where nobody would notice.
func TestALaterPageThatIsNoneIsNotTheEndOfTheList(t *testing.T) {
	for _, body := range []string{"", "null", "{}", `[{"status":"ACTIVE"}]`} {
		org := newFakeOrg(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if r.URL.Query().Get("after") == "" {
				w.Header().Add("Link", fmt.Sprintf(`<http://%s%s?after=2>; rel="next"`, r.Host, r.URL.Path))
				answerJSON(w, 200, appUserPage(0, 2))
				return
			}
			_, _ = io.WriteString(w, body)
		})
		_, err := collectAppUsers(t, org)
		require.Contains(t, requireFault(t, err, fault.Unavailable).Message, "HTTP 200 with ", "%q", body)
	}
}

func TestMetadataThatIsNothingIsAFault(t *testing.T) {
	org := newFakeOrg(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v1/apps/0oa1" {
			answerJSON(w, 200, map[string]any{"id": "0oa1"})
			return
		}
		w.Header().Set("Content-Type", "application/xml")
	})
	_, err := org.Metadata(t.Context(), "0oa1")
	require.Contains(t, requireFault(t, err, fault.Unavailable).Message, "HTTP 200 with an empty body")
}

func TestAnEmptyListIsAnAnswer(t *testing.T) {
	for name, m := range methods() {
		if m.list && name != "Group" {
			require.NoError(t, m.do(t.Context(), answering(t, 200, " []\n").Org), name)
		}
	}
}
