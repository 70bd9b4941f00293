package oktaorg

import (
	"context"
	"encoding/json"
	"io"
	"net/url"
	"time"

	"github.com/okta/okta-sdk-golang/v2/okta"
	"github.com/okta/okta-sdk-golang/v2/okta/query"

	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
)

// AppName is how Okta's catalogue names the app.
const AppName = model.AppName

// rawApp is an app with every field that Okta sends, as it is sent. The SDK's types lose a dozen of them on the way from GET
// to PUT.
type rawApp map[string]json.RawMessage

// IsApplicationInstance makes *rawApp an okta.App.
func (*rawApp) IsApplicationInstance() bool { return true }

// app picks out what onboarding looks at.
func (a rawApp) app() (App, error) {
	data, err := json.Marshal(a)
	if err != nil {
		return App{}, err
	}
	var fields struct {
		ID          string    `json:"id"`
		Name        string    `json:"name"`
		Label       string    `json:"label"`
		Status      string    `json:"status"`
		SignOnMode  string    `json:"signOnMode"`
		Features    []string  `json:"features"`
		Created     time.Time `json:"created"`
		Credentials struct {
			Signing struct {
				KeyID string `json:"kid"`
			} `json:"signing"`
			UserNameTemplate struct {
				Template string `json:"template"`
			} `json:"userNameTemplate"`
		} `json:"credentials"`
		Settings struct {
			App struct {
				ACSURL   string `json:"acsURL"`
				EntityID string `json:"entityID"`
			} `json:"app"`
			SignOn struct {
				NameIDFormat string `json:"subjectNameIdFormat"`
			} `json:"signOn"`
		} `json:"settings"`
		Links struct {
			AppLinks []struct {
				Href string `json:"href"`
			} `json:"appLinks"`
		} `json:"_links"`
	}
	if err := json.Unmarshal(data, &fields); err != nil {
		return App{}, err
	}
	app := App{
		ID: fields.ID, Name: fields.Name, Label: fields.Label, Status: fields.Status, SignOnMode: fields.SignOnMode,
		ACSURL: fields.Settings.App.ACSURL, EntityID: fields.Settings.App.EntityID,
		KeyID: fields.Credentials.Signing.KeyID, UserNameTemplate: fields.Credentials.UserNameTemplate.Template,
		NameIDFormat: fields.Settings.SignOn.NameIDFormat, Features: fields.Features, Created: fields.Created,
	}
	if len(fields.Links.AppLinks) > 0 {
		app.Tile = fields.Links.AppLinks[0].Href
	}
	return app, nil
}

// setServiceProvider changes the two settings and keeps every other byte.
func (a rawApp) setServiceProvider(acsURL, entityID string) error {
	settings := map[string]json.RawMessage{}
	if err := unmarshalObject(a["settings"], &settings); err != nil {
		return err
	}
	app := map[string]json.RawMessage{}
	if err := unmarshalObject(settings["app"], &app); err != nil {
		return err
	}
	for key, value := range map[string]string{"acsURL": acsURL, "entityID": entityID} {
		data, err := json.Marshal(value)
		if err != nil {
			return err
		}
		app[key] = data
	}
	var err error
	if settings["app"], err = json.Marshal(app); err != nil {
		return err
	}
	a["settings"], err = json.Marshal(settings)
	return err
}

func unmarshalObject(data json.RawMessage, out *map[string]json.RawMessage) error {
	if len(data) == 0 || string(data) == "null" {
		return nil
	}
	return json.Unmarshal(data, out)
}

// Apps lists all apps named amazon_aws_sso, active or not. An org may have several: one for each Identity Center instance.
func (o *Org) Apps(ctx context.Context) ([]App, error) {
	const operation = "okta:GET /api/v1/apps"
	path := "/api/v1/apps?" + url.Values{
		"filter": {`name eq "` + AppName + `"`}, "limit": {"200"}, "includeNonDeleted": {"true"},
	}.Encode()
	var apps []App
	err := listRaw(ctx, o, operation, path, func(page []rawApp) error {
		for _, raw := range page {
			app, err := raw.app()
			if err != nil {
				return unreadable(operation, err)
			}
			if app.Name == AppName {
				apps = append(apps, app)
			}
		}
		return nil
	})
	return apps, err
}

// App reads one app; class NotFound when there is none.
func (o *Org) App(ctx context.Context, id string) (App, error) {
	raw, err := o.rawApp(ctx, id)
	if err != nil {
		return App{}, err
	}
	app, err := raw.app()
	if err != nil {
		return App{}, unreadable("okta:GET /api/v1/apps/{id}", err)
	}
	return app, nil
}

func (o *Org) rawApp(ctx context.Context, id string) (rawApp, error) {
	raw := rawApp{}
	_, err := o.call(ctx, "okta:GET /api/v1/apps/{id}", aThing, func(ctx context.Context) (*okta.Response, error) {
		_, resp, err := o.client.Application.GetApplication(ctx, url.PathEscape(id), &raw, nil)
		return resp, err
	})
	return raw, err
}

// CreateApp creates and activates the app. Its settings follow with SetServiceProvider once AWS has named them. Okta has no
// idempotency key for it: look with Apps before.
func (o *Org) CreateApp(ctx context.Context, label string) (App, error) {
	const operation = "okta:POST /api/v1/apps"
	body := rawApp{}
	for key, value := range map[string]any{
		"name":  AppName,
		"label": label,
		// Without it catalogue apps can come up in another mode.
		"signOnMode": "SAML_2_0",
		"credentials": map[string]any{
			"userNameTemplate": map[string]string{"template": "${source.login}", "type": "BUILT_IN"},
		},
	} {
		data, err := json.Marshal(value)
		if err != nil {
			return App{}, unreadable(operation, err)
		}
		body[key] = data
	}
	_, err := o.call(ctx, operation, aThing, func(ctx context.Context) (*okta.Response, error) {
		_, resp, err := o.client.Application.CreateApplication(ctx, &body, query.NewQueryParams(query.WithActivate(true)))
		return resp, err
	})
	if err != nil {
		return App{}, err
	}
	app, err := body.app() // the SDK decodes the answer into the body
	if err != nil {
		return App{}, unreadable(operation, err)
	}
	return app, nil
}

// SetServiceProvider puts the two URLs into the app's settings and keeps everything else as it is: the update replaces the
// whole app, and Okta has been seen to drop what a PUT leaves out, provisioning settings included.
func (o *Org) SetServiceProvider(ctx context.Context, id, acsURL, entityID string) error {
	const operation = "okta:PUT /api/v1/apps/{id}"
	raw, err := o.rawApp(ctx, id)
	if err != nil {
		return err
	}
	if err := raw.setServiceProvider(acsURL, entityID); err != nil {
		return unreadable(operation, err)
	}
	_, err = o.call(ctx, operation, aThing, func(ctx context.Context) (*okta.Response, error) {
		_, resp, err := o.client.Application.UpdateApplication(ctx, url.PathEscape(id), &raw)
		return resp, err
	})
	return err
}

// Metadata fetches the IdP metadata with the certificate of the app's active key, byte for byte.
func (o *Org) Metadata(ctx context.Context, id string) ([]byte, error) {
	const operation = "okta:GET /api/v1/apps/{id}/sso/saml/metadata"
	app, err := o.App(ctx, id)
	if err != nil {
		return nil, err
	}
	var params *query.Params
	if app.KeyID != "" {
		params = query.NewQueryParams(query.WithKid(app.KeyID))
	}
	resp, err := o.call(ctx, operation, aDocument, func(ctx context.Context) (*okta.Response, error) {
		return o.client.Application.PreviewSAMLAppMetadata(ctx, url.PathEscape(id), params)
	})
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, unreadable(operation, err)
	}
	return data, nil
}

func unreadable(operation string, err error) *fault.Fault {
	return fault.New(fault.Unavailable, provider, operation, "Okta's answer could not be read: %v.", err)
}
