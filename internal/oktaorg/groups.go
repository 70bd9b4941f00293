package oktaorg

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/okta/okta-sdk-golang/v2/okta"
	"github.com/okta/okta-sdk-golang/v2/okta/query"

	"studio-onboarding/internal/fault"
)

// rawGroup has the source of imported and pushed groups, which the SDK's type leaves out.
type rawGroup struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Profile struct {
		Name string `json:"name"`
	} `json:"profile"`
	Source struct {
		ID string `json:"id"`
	} `json:"source"`
}

const groupTypeApp = "APP_GROUP"

// Group finds the one Okta group of that name; class NotFound when there is none, Invalid when there are several. The shadows
// that pushing makes of groups, and that carry the same name, do not count.
func (o *Org) Group(ctx context.Context, name string) (Group, error) {
	const operation = "okta:GET /api/v1/groups"
	found, err := o.groupsNamed(ctx, name)
	if err != nil {
		return Group{}, err
	}
	var own, imported []rawGroup
	for _, group := range found {
		if group.Type == groupTypeApp {
			imported = append(imported, group)
		} else {
			own = append(own, group)
		}
	}
	if len(own) == 0 && len(imported) > 0 {
		// A group that Okta has from elsewhere, such as Active Directory, serves as well.
		if own, err = o.withoutShadows(ctx, imported); err != nil {
			return Group{}, err
		}
	}
	switch len(own) {
	case 0:
		return Group{}, fault.New(fault.NotFound, provider, operation,
			"There is no Okta group named %q that the worker's credentials can see.", name).AsWhole().
			WithRemedy("Create the group in Okta, or correct its name in the spec (upper and lower case count).")
	case 1:
		return Group{ID: own[0].ID, Name: own[0].Profile.Name, Type: own[0].Type}, nil
	}
	return Group{}, fault.New(fault.Invalid, provider, operation, "There are %d Okta groups named %q.", len(own), name).AsWhole().
		WithRemedy("Rename all but one of them in Okta.")
}

// GroupName is the name of the group with that ID; class NotFound when there is none.
func (o *Org) GroupName(ctx context.Context, id string) (string, error) {
	var name string
	_, err := o.call(ctx, "okta:GET /api/v1/groups/{id}", aThing, func(ctx context.Context) (*okta.Response, error) {
		group, resp, err := o.client.Group.GetGroup(ctx, url.PathEscape(id))
		if err == nil && group.Profile != nil {
			name = group.Profile.Name
		}
		return resp, err
	})
	return name, err
}

// groupsNamed asks Okta's search, and where it finds nothing the look-up by prefix, because the search lags behind writes.
func (o *Org) groupsNamed(ctx context.Context, name string) ([]rawGroup, error) {
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name)
	for _, params := range []url.Values{
		{"search": {`profile.name eq "` + quoted + `"`}, "limit": {"200"}},
		{"q": {name}, "limit": {"300"}},
	} {
		var found []rawGroup
		err := listRaw(ctx, o, "okta:GET /api/v1/groups", "/api/v1/groups?"+params.Encode(), func(page []rawGroup) error {
			for _, group := range page {
				if group.Profile.Name == name {
					found = append(found, group)
				}
			}
			return nil
		})
		if err != nil || len(found) > 0 {
			return found, err
		}
	}
	return nil, nil
}

// withoutShadows leaves out groups that belong to an amazon_aws_sso app: those are what pushing made in Okta.
func (o *Org) withoutShadows(ctx context.Context, groups []rawGroup) ([]rawGroup, error) {
	apps, err := o.Apps(ctx)
	if err != nil {
		return nil, err
	}
	ours := map[string]bool{}
	for _, app := range apps {
		ours[app.ID] = true
	}
	var kept []rawGroup
	for _, group := range groups {
		if !ours[group.Source.ID] {
			kept = append(kept, group)
		}
	}
	return kept, nil
}

// memberPage is the largest page of group members that Okta serves ("Groups", list all member users: limit).
const memberPage = 1000

// GroupUsers calls page for each page of the members.
func (o *Org) GroupUsers(ctx context.Context, groupID string, page func([]User) error) error {
	return list(ctx, o, "okta:GET /api/v1/groups/{id}/users", func(ctx context.Context) ([]*okta.User, *okta.Response, error) {
		return o.client.Group.ListGroupUsers(ctx, url.PathEscape(groupID), query.NewQueryParams(query.WithLimit(memberPage)))
	}, func(items []*okta.User) error {
		users := make([]User, len(items))
		for i, item := range items {
			users[i] = userOf(item)
		}
		return page(users)
	})
}

// UserByLogin reads one person; class NotFound when there is none. Okta would also take an ID or the part of a login
// ahead of the @; only the whole login counts here, in upper or lower case.
func (o *Org) UserByLogin(ctx context.Context, login string) (User, error) {
	const operation = "okta:GET /api/v1/users/{login}"
	var item *okta.User
	_, err := o.call(ctx, operation, aThing, func(ctx context.Context) (resp *okta.Response, err error) {
		item, resp, err = o.client.User.GetUser(ctx, url.PathEscape(login))
		return resp, err
	})
	if err != nil {
		return User{}, err
	}
	user := userOf(item)
	if !strings.EqualFold(user.Login, login) {
		return User{}, fault.New(fault.NotFound, provider, operation, "Nobody has the Okta login %q.", login).AsWhole()
	}
	return user, nil
}

func userOf(item *okta.User) User {
	user := User{ID: item.Id, Status: item.Status}
	if item.Profile == nil {
		return user
	}
	field := func(name string) string {
		s, _ := (*item.Profile)[name].(string)
		return s
	}
	user.Login, user.Email = field("login"), field("email")
	if user.Email == user.Login {
		user.Email = user.Login // one string for both, as there may be many people
	}
	user.FirstName, user.LastName, user.DisplayName = field("firstName"), field("lastName"), field("displayName")
	return user
}

// rawMapping is a group push mapping ("Group Push Mappings"), for which the SDK has no type.
type rawMapping struct {
	ID            string    `json:"id"`
	SourceGroupID string    `json:"sourceGroupId"`
	TargetGroupID string    `json:"targetGroupId"`
	Status        string    `json:"status"`
	ErrorSummary  string    `json:"errorSummary"`
	LastPush      time.Time `json:"lastPush"`
}

const (
	mappingsOperation = "/api/v1/apps/{id}/group-push/mappings"
	mappingOperation  = mappingsOperation + "/{id}"
)

func mappingsPath(appID string) string {
	return "/api/v1/apps/" + url.PathEscape(appID) + "/group-push/mappings"
}

// Mappings lists the group push mappings of the app.
func (o *Org) Mappings(ctx context.Context, appID string) ([]Mapping, error) {
	var mappings []Mapping
	err := listRaw(ctx, o, "okta:GET "+mappingsOperation, mappingsPath(appID)+"?limit=1000", func(page []rawMapping) error {
		for _, raw := range page {
			mappings = append(mappings, Mapping(raw))
		}
		return nil
	})
	return mappings, err
}

// CreateMapping pushes a group under a name; a group of that name in Identity Center is taken over. Linking by name has
// been refused for this app where the group is known to Okta already, so a 400 is tried again with that group's ID.
func (o *Org) CreateMapping(ctx context.Context, appID, groupID, targetName string) (Mapping, error) {
	mapping, err := o.createMapping(ctx, appID, map[string]string{"sourceGroupId": groupID, "targetGroupName": targetName, "status": "ACTIVE"})
	if fault.ClassOf(err) != fault.Invalid {
		return mapping, err
	}
	known, lookErr := o.groupsNamed(ctx, targetName)
	if lookErr != nil {
		return Mapping{}, err
	}
	var targets []string
	for _, group := range known {
		if group.Type == groupTypeApp && group.Source.ID == appID {
			targets = append(targets, group.ID)
		}
	}
	if len(targets) != 1 {
		return Mapping{}, err
	}
	linked, linkErr := o.createMapping(ctx, appID, map[string]string{"sourceGroupId": groupID, "targetGroupId": targets[0],
		"status": "ACTIVE"})
	if linkErr != nil && fault.ClassOf(linkErr) == fault.Invalid {
		return Mapping{}, err // the first refusal says more
	}
	return linked, linkErr
}

func (o *Org) createMapping(ctx context.Context, appID string, body map[string]string) (Mapping, error) {
	var raw rawMapping
	_, err := o.send(ctx, "okta:POST "+mappingsOperation, http.MethodPost, mappingsPath(appID), aThing, body, &raw)
	return Mapping(raw), err
}

// SetMappingStatus is ACTIVE (which pushes now) or INACTIVE. Okta refuses it while the mapping is in ERROR.
func (o *Org) SetMappingStatus(ctx context.Context, appID, mappingID, status string) error {
	path := mappingsPath(appID) + "/" + url.PathEscape(mappingID)
	_, err := o.send(ctx, "okta:PATCH "+mappingOperation, http.MethodPatch, path, aThing, map[string]string{"status": status}, nil)
	return err
}

// DeleteMapping removes a mapping that is INACTIVE or in ERROR and leaves the group in Identity Center as it is. A mapping
// that is gone already is no error.
func (o *Org) DeleteMapping(ctx context.Context, appID, mappingID string) error {
	path := mappingsPath(appID) + "/" + url.PathEscape(mappingID) + "?deleteTargetGroup=false"
	_, err := o.send(ctx, "okta:DELETE "+mappingOperation, http.MethodDelete, path, nothing, nil, nil)
	var f *fault.Fault
	if errors.As(err, &f) && f.Class == fault.NotFound {
		return nil
	}
	return err
}
