package oktaorg

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/okta/okta-sdk-golang/v2/okta"
	"github.com/okta/okta-sdk-golang/v2/okta/query"

	"studio-onboarding/internal/fault"
)

// pageSize is the largest page of app users that Okta serves ("Application Users", limit).
const pageSize = 500

// maxLogAge is how far back the System Log may be asked ("System Log query", since).
const maxLogAge = 179 * 24 * time.Hour

// eventSignOn is the event of somebody who opens an app (Okta, "Event types").
const eventSignOn = "user.authentication.sso"

const (
	connectionPath  = "/connections/default"
	timestampLayout = "2006-01-02T15:04:05.000Z"
)

// Connection reads the provisioning connection; AuthScheme UNKNOWN means that the API does not support it for this app.
func (o *Org) Connection(ctx context.Context, appID string) (Connection, error) {
	var connection *okta.ProvisioningConnection
	_, err := o.call(ctx, "okta:GET /api/v1/apps/{id}"+connectionPath, aSetting, func(ctx context.Context) (resp *okta.Response, err error) {
		connection, resp, err = o.client.Application.GetDefaultProvisioningConnectionForApplication(ctx, url.PathEscape(appID))
		return resp, err
	})
	if err != nil {
		return Connection{}, err
	}
	return Connection{AuthScheme: connection.AuthScheme, Status: connection.Status}, nil
}

// Connect sets the provisioning connection and switches creating, updating and deactivating users on. Class Unsupported
// when Okta takes the request without knowing the app's authentication, which it says in the answer only.
func (o *Org) Connect(ctx context.Context, appID, baseURL, token string) error {
	const operation = "okta:POST /api/v1/apps/{id}" + connectionPath
	body := map[string]any{
		"baseUrl": baseURL,
		"profile": map[string]string{"authScheme": "TOKEN", "token": token},
	}
	var answer okta.ProvisioningConnection
	path := "/api/v1/apps/" + url.PathEscape(appID) + connectionPath + "?activate=true"
	if _, err := o.send(ctx, operation, http.MethodPost, path, aSetting, body, &answer, token); err != nil {
		return err
	}
	if answer.AuthScheme == "UNKNOWN" || answer.Status == "UNKNOWN" {
		return fault.New(fault.Unsupported, provider, operation, "Okta's API cannot set the provisioning connection of this app.").AsWhole().
			WithRemedy("Set it in the Okta admin console: app > Provisioning > Integration.")
	}
	enabled := okta.CapabilitiesObject{
		Create: &okta.CapabilitiesCreateObject{
			LifecycleCreate: &okta.LifecycleCreateSettingObject{Status: "ENABLED"},
		},
		// Identity Center refuses the password attribute, so it is left out.
		Update: &okta.CapabilitiesUpdateObject{
			LifecycleDeactivate: &okta.LifecycleDeactivateSettingObject{Status: "ENABLED"},
			Profile:             &okta.ProfileSettingObject{Status: "ENABLED"},
		},
	}
	_, err := o.call(ctx, "okta:PUT /api/v1/apps/{id}/features/{name}", aSetting, func(ctx context.Context) (*okta.Response, error) {
		_, resp, err := o.client.Application.UpdateFeatureForApplication(ctx, url.PathEscape(appID), "USER_PROVISIONING", enabled)
		return resp, err
	})
	return err
}

// AppGroups lists the IDs of groups assigned to the app.
func (o *Org) AppGroups(ctx context.Context, appID string) ([]string, error) {
	var ids []string
	err := list(ctx, o, "okta:GET /api/v1/apps/{id}/groups",
		func(ctx context.Context) ([]*okta.ApplicationGroupAssignment, *okta.Response, error) {
			return o.client.Application.ListApplicationGroupAssignments(ctx, url.PathEscape(appID), query.NewQueryParams(query.WithLimit(200)))
		}, func(page []*okta.ApplicationGroupAssignment) error {
			for _, assignment := range page {
				ids = append(ids, assignment.Id)
			}
			return nil
		})
	return ids, err
}

// AssignGroup assigns a group to the app, which makes app users of its members. It may be repeated.
func (o *Org) AssignGroup(ctx context.Context, appID, groupID string) error {
	_, err := o.call(ctx, "okta:PUT /api/v1/apps/{id}/groups/{id}", aThing, func(ctx context.Context) (*okta.Response, error) {
		_, resp, err := o.client.Application.CreateApplicationGroupAssignment(ctx, url.PathEscape(appID), url.PathEscape(groupID),
			okta.ApplicationGroupAssignment{})
		return resp, err
	})
	return err
}

// AssignUser assigns one person to the app. Somebody who is assigned already is no error.
func (o *Org) AssignUser(ctx context.Context, appID, userID string) error {
	_, err := o.call(ctx, "okta:POST /api/v1/apps/{id}/users", aThing, func(ctx context.Context) (*okta.Response, error) {
		_, resp, err := o.client.Application.AssignUserToApplication(ctx, url.PathEscape(appID), okta.AppUser{Id: userID, Scope: "USER"})
		var answer *okta.Error
		if errors.As(err, &answer) && answer.ErrorCode == "E0000062" {
			return resp, nil
		}
		return resp, err
	})
	return err
}

// AppUsers calls page for each page of people assigned to the app. Okta's bucket for it is small: whoever polls should leave
// 30 s between two listings.
func (o *Org) AppUsers(ctx context.Context, appID string, page func([]AppUser) error) error {
	return list(ctx, o, "okta:GET /api/v1/apps/{id}/users", func(ctx context.Context) ([]*okta.AppUser, *okta.Response, error) {
		return o.client.Application.ListApplicationUsers(ctx, url.PathEscape(appID), query.NewQueryParams(query.WithLimit(pageSize)))
	}, func(items []*okta.AppUser) error {
		users := make([]AppUser, len(items))
		for i, item := range items {
			users[i] = appUserOf(item)
		}
		return page(users)
	})
}

// ProvisioningFailures are the failed provisioning events of the app in a period, newest first, at most max. Okta keeps
// the System Log for 90 days and answers for no more than 180.
func (o *Org) ProvisioningFailures(ctx context.Context, appID string, since, until time.Time, max int) ([]LogEvent, error) {
	return o.provisioningEvents(ctx, appID, "FAILURE", since, until, max)
}

// LastProvisioned is when the app last provisioned somebody or something in a period; zero where it did not.
func (o *Org) LastProvisioned(ctx context.Context, appID string, since, until time.Time) (time.Time, error) {
	events, err := o.provisioningEvents(ctx, appID, "SUCCESS", since, until, 1)
	if err != nil || len(events) == 0 {
		return time.Time{}, err
	}
	return events[0].Published, nil
}

// SignOns are the people whom Okta let in to the app in a period, newest first, at most max.
func (o *Org) SignOns(ctx context.Context, appID string, since, until time.Time, max int) ([]LogEvent, error) {
	return o.logEvents(ctx, `target.id eq "`+appID+`" and eventType eq "`+eventSignOn+`" and outcome.result eq "SUCCESS"`,
		since, until, max)
}

func (o *Org) provisioningEvents(ctx context.Context, appID, result string, since, until time.Time, max int) ([]LogEvent, error) {
	return o.logEvents(ctx, `target.id eq "`+appID+`" and eventType sw "application.provision" and outcome.result eq "`+result+`"`,
		since, until, max)
}

func (o *Org) logEvents(ctx context.Context, filter string, since, until time.Time, max int) ([]LogEvent, error) {
	if oldest := until.Add(-maxLogAge); since.Before(oldest) {
		since = oldest
	}
	// Without until Okta takes the call for polling and every answer names a next page.
	params := query.NewQueryParams(
		query.WithSince(since.UTC().Format(timestampLayout)),
		query.WithUntil(until.UTC().Format(timestampLayout)),
		query.WithFilter(filter),
		query.WithSortOrder("DESCENDING"),
		query.WithLimit(int64(min(max, 1000))),
	)
	var events []LogEvent
	seen := map[string]bool{} // events may be listed twice
	err := list(ctx, o, "okta:GET /api/v1/logs", func(ctx context.Context) ([]*okta.LogEvent, *okta.Response, error) {
		return o.client.LogEvent.GetLogs(ctx, params)
	}, func(page []*okta.LogEvent) error {
		for _, item := range page {
			if item.Uuid != "" && seen[item.Uuid] {
				continue
			}
			seen[item.Uuid] = true
			events = append(events, logEventOf(item))
			if len(events) >= max {
				return errStop
			}
		}
		if len(page) == 0 {
			return errStop
		}
		return nil
	})
	return events, err
}

func logEventOf(item *okta.LogEvent) LogEvent {
	event := LogEvent{EventType: item.EventType, Published: timeOf(item.Published), UUID: item.Uuid}
	if item.Outcome != nil {
		event.Result, event.Reason = item.Outcome.Result, item.Outcome.Reason
	}
	for _, target := range item.Target {
		switch target.Type {
		case "User":
			event.UserID, event.UserLogin = target.Id, target.AlternateId
		case "AppUser":
			event.AppUserName = target.AlternateId
			if event.UserLogin == "" {
				event.UserLogin = target.AlternateId
			}
		}
	}
	// Of a sign-in, the person is who acts.
	if item.EventType == eventSignOn && item.Actor != nil {
		event.UserID, event.UserLogin = item.Actor.Id, item.Actor.AlternateId
	}
	return event
}

func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
