package okta

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"

	"studio-onboarding/sandbox/internal/simulation"
)

// consolePages are what an administrator clicks: the Provisioning and Push Groups tabs of the app, and "API Services" apps.
func (o *Org) consolePages() map[string]func(*http.Request) (answer any, about map[string]string, err error) {
	return map[string]func(*http.Request) (any, map[string]string, error){
		"provisioning": o.saveProvisioning,
		"push-group":   o.savePushGroup,
		"service-app":  o.saveServiceApp,
	}
}

// Console serves the pages of the admin console. Refusals are plain text.
func (o *Org) Console() http.Handler {
	pages := o.consolePages()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := path.Base(r.URL.Path)
		page, ok := pages[name]
		if !ok || r.Method != http.MethodPost {
			http.Error(w, "there is no such page in the Okta admin console", http.StatusNotFound)
			return
		}
		entry := simulation.Call{Time: o.clock.Now(), Service: "console", Operation: "okta " + name, Write: true, Status: http.StatusOK, Effect: "changed",
			Principal: adminLogin}
		answer, about, err := page(r)
		entry.Params = about
		if err != nil {
			entry.Status, entry.Effect, entry.Error = http.StatusBadRequest, "none", err.Error()
			http.Error(w, err.Error(), entry.Status)
		} else {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(answer) // the browser is gone when this fails
		}
		o.calls.Add(entry)
	})
}

// said is the answer of a page that has nothing but a message.
func said(message string) any { return map[string]string{"message": message} }

// saveServiceApp makes an "API Services" app with a key pair, grants it scopes, and gives it an administrator role. The private
// key is shown once, as PKCS #1, which is what Okta's Go SDK reads.
func (o *Org) saveServiceApp(r *http.Request) (any, map[string]string, error) {
	var in serviceAppForm
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, nil, errors.New("the form could not be read")
	}
	about := map[string]string{"label": in.Label, "scopes": strings.Join(in.Scopes, " ")}
	app, private, err := o.addServiceApp(in)
	if err != nil {
		return nil, about, err
	}
	about["clientId"] = app.id
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)})
	return map[string]string{"clientId": app.id, "keyId": app.kid, "privateKey": string(text)}, about, nil
}

// baseURL is what the console accepts in the field "Base URL": no slash at the end.
var baseURL = regexp.MustCompile(`^https?://[^/\s]+(/[^/\s]+)*$`)

// saveProvisioning is the Provisioning tab: Enable API integration, Test API Credentials, Save, and To App.
func (o *Org) saveProvisioning(r *http.Request) (any, map[string]string, error) {
	var in struct {
		AppID            string `json:"appId"`
		BaseURL          string `json:"baseUrl"`
		Token            string `json:"token"`
		CreateUsers      bool   `json:"createUsers"`
		UpdateAttributes bool   `json:"updateAttributes"`
		DeactivateUsers  bool   `json:"deactivateUsers"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, nil, errors.New("the form could not be read")
	}
	about := map[string]string{"id": in.AppID, "baseUrl": in.BaseURL}
	o.mu.Lock()
	a, ok := o.apps.get(in.AppID)
	ok = ok && a.name == identityCenterApp
	o.mu.Unlock()
	switch {
	case !ok:
		return nil, about, errors.New("Page not found: there is no such application, or it has no Provisioning tab")
	case !baseURL.MatchString(in.BaseURL):
		return nil, about, errors.New("Base URL: Does not match required pattern")
	case in.Token == "":
		return nil, about, errors.New("API Token: The field cannot be left blank")
	}
	ctx, cancel := context.WithTimeout(r.Context(), 30*time.Second)
	defer cancel()
	transport := &http.Transport{DisableKeepAlives: true}
	endpoint := scimClient{http: &http.Client{Transport: transport}, connection: connection{in.BaseURL, in.Token}}
	if err := endpoint.check(ctx); err != nil {
		return nil, about, errors.New("Error authenticating: " + err.Error())
	}

	features := featuresOf(in.CreateUsers, in.UpdateAttributes, in.DeactivateUsers)
	o.mu.Lock()
	defer o.mu.Unlock()
	a.connection, a.features, a.changed = &connection{in.BaseURL, in.Token}, features, o.clock.Now()
	o.log(nil, "application.lifecycle.update", nil, a)
	return said(a.label + " was verified successfully!"), about, nil
}

// featuresOf are the features that the switches of the page stand for.
func featuresOf(create, update, deactivate bool) []string {
	features := []string{}
	for _, f := range []struct {
		name string
		on   bool
	}{
		{featureCreate, create}, {featureDeactivate, deactivate}, {featureSCIM, true}, {featureGroupPush, true},
		{featureReactivate, create && deactivate}, {featureUpdate, update},
	} {
		if f.on {
			features = append(features, f.name)
		}
	}
	return features
}

// savePushGroup is the Push Groups tab: find groups by name, create the group over there, push immediately.
func (o *Org) savePushGroup(r *http.Request) (any, map[string]string, error) {
	var in struct {
		AppID string `json:"appId"`
		Group string `json:"group"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, nil, errors.New("the form could not be read")
	}
	about := map[string]string{"id": in.AppID, "group": in.Group}
	o.mu.Lock()
	defer o.mu.Unlock()
	a, ok := o.apps.get(in.AppID)
	if !ok || !a.provisions(featureGroupPush) {
		return nil, about, errors.New("Page not found: there is no such application, or its provisioning is not enabled")
	}
	var source *group
	for g := range o.groups.all() {
		if g.name == in.Group && g.source == nil {
			source = g
		}
	}
	if source == nil {
		return nil, about, errors.New("No results found for " + in.Group)
	}
	if err := o.pushByHand(a, source); err != nil {
		return nil, about, err
	}
	return said(source.name + " is pushed to " + a.label), about, nil
}

// pushByHand pushes a group under its own name. Refusals are as the console words them.
func (o *Org) pushByHand(a *app, source *group) error {
	var target *group
	for g := range o.groups.all() {
		if g.name == source.name && g.source == a {
			target = g
		}
	}
	if target == nil {
		target = o.addGroup("APP_GROUP", source.name, source.description)
		target.source = a
	}
	_, err := o.mapGroup(nil, a, source, target, statusActive)
	var refusal *apiError
	if errors.As(err, &refusal) {
		return errors.New(refusal.first())
	}
	return err
}
