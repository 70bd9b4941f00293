package okta

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// scimClient speaks to one SCIM endpoint as Okta does.
type scimClient struct {
	http       *http.Client
	connection connection
	// pace is how long Okta takes for one request, on top of what the endpoint takes.
	pace time.Duration
}

// scimError is a refusal, or a request that didn't come through (status 0).
type scimError struct {
	status int
	detail string
	// after is when to try again, 0 if the endpoint didn't say.
	after time.Duration
}

// Error is the text as Okta's System Log has it.
func (e *scimError) Error() string {
	switch {
	case e.status == 0:
		return "Unable to reach the remote server: " + e.detail
	case e.detail == "":
		return http.StatusText(e.status)
	}
	return http.StatusText(e.status) + ". Errors reported by remote server: " + e.detail
}

func (e *scimError) temporary() bool {
	return e.status == 0 || e.status == http.StatusTooManyRequests || e.status >= 500
}

func statusOf(err error) int {
	var refusal *scimError
	if errors.As(err, &refusal) {
		return refusal.status
	}
	return 0
}

// scimUser is a user as Okta's default mapping fills it.
type scimUser struct {
	Schemas     []string    `json:"schemas"`
	ID          string      `json:"id,omitempty"`
	ExternalID  string      `json:"externalId"`
	UserName    string      `json:"userName"`
	Name        scimName    `json:"name"`
	DisplayName string      `json:"displayName"`
	Emails      []scimEmail `json:"emails"`
	Active      bool        `json:"active"`
}

type scimName struct {
	GivenName  string `json:"givenName"`
	FamilyName string `json:"familyName"`
}

type scimEmail struct {
	Value   string `json:"value"`
	Type    string `json:"type"`
	Primary bool   `json:"primary"`
}

func newSCIMUser(au *appUser) scimUser {
	u := au.user
	return scimUser{
		Schemas: []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, ExternalID: u.id, UserName: au.userName,
		Name: scimName{u.first, u.last}, DisplayName: u.display, Emails: []scimEmail{{u.email, "work", true}}, Active: true,
	}
}

// check is "Test API Credentials".
func (s scimClient) check(ctx context.Context) error {
	return s.do(ctx, http.MethodGet, "/ServiceProviderConfig", nil, nil)
}

// find looks for the one resource whose attribute has this value, in the same upper and lower case; an empty ID means that
// there is none. AWS's filter finds other spellings as well, and linking to one of those would make two people one.
func (s scimClient) find(ctx context.Context, kind, attribute, value string) (id string, err error) {
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value)
	var found struct{ Resources []map[string]any }
	path := "/" + kind + "?filter=" + url.QueryEscape(fmt.Sprintf(`%s eq "%s"`, attribute, quoted))
	if err := s.do(ctx, http.MethodGet, path, nil, &found); err != nil {
		return "", err
	}
	for _, resource := range found.Resources {
		if resource[attribute] == value {
			id, _ = resource["id"].(string)
		}
	}
	return id, nil
}

func (s scimClient) create(ctx context.Context, kind string, body any) (id string, err error) {
	var made struct {
		ID string `json:"id"`
	}
	err = s.do(ctx, http.MethodPost, "/"+kind, body, &made)
	if err == nil && made.ID == "" {
		err = &scimError{status: http.StatusInternalServerError, detail: "the answer has no id"}
	}
	return made.ID, err
}

func (s scimClient) replaceUser(ctx context.Context, u scimUser) error {
	return s.do(ctx, http.MethodPut, "/Users/"+u.ID, u, nil)
}

type scimOperation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

func (s scimClient) patch(ctx context.Context, path string, operation scimOperation) error {
	return s.do(ctx, http.MethodPatch, path, map[string]any{
		"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, "Operations": []scimOperation{operation},
	}, nil)
}

func (s scimClient) deactivate(ctx context.Context, id string) error {
	return s.patch(ctx, "/Users/"+id, scimOperation{"replace", "active", false})
}

// changeMembers adds people to a group or removes them; the endpoint takes 100 at most.
func (s scimClient) changeMembers(ctx context.Context, group, op string, ids []string) error {
	members := make([]map[string]string, 0, len(ids))
	for _, id := range ids {
		members = append(members, map[string]string{"value": id})
	}
	return s.patch(ctx, "/Groups/"+group, scimOperation{op, "members", members})
}

func (s scimClient) do(ctx context.Context, method, path string, in, out any) error {
	select {
	case <-time.After(s.pace):
	case <-ctx.Done():
		return &scimError{detail: ctx.Err().Error()}
	}
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return fmt.Errorf("encode the SCIM request: %w", err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, s.connection.baseURL+path, &body)
	if err != nil {
		return &scimError{detail: "invalid address"}
	}
	req.Header.Set("Authorization", "Bearer "+s.connection.token)
	req.Header.Set("Accept", "application/scim+json")
	req.Header.Set("User-Agent", "Okta SCIM Client 1.0.0")
	if in != nil {
		req.Header.Set("Content-Type", "application/scim+json")
	}
	resp, err := s.http.Do(req)
	if err != nil {
		var where *url.Error
		if errors.As(err, &where) {
			err = where.Err
		}
		return &scimError{detail: err.Error()}
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return &scimError{detail: err.Error()}
	}
	if resp.StatusCode/100 != 2 {
		refusal := &scimError{status: resp.StatusCode}
		var said struct {
			Detail string `json:"detail"`
		}
		if json.Unmarshal(data, &said) == nil {
			refusal.detail = said.Detail
		}
		if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
			refusal.after = time.Duration(seconds) * time.Second
		}
		return refusal
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return &scimError{status: http.StatusBadGateway, detail: "the answer is not SCIM"}
	}
	return nil
}
