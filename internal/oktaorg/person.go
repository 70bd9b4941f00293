package oktaorg

import (
	"context"
	"net/url"

	"github.com/okta/okta-sdk-golang/v2/okta"
)

// AppUser reads one person's assignment to the app; class NotFound when there is none.
func (o *Org) AppUser(ctx context.Context, appID, userID string) (AppUser, error) {
	var item *okta.AppUser
	_, err := o.call(ctx, "okta:GET /api/v1/apps/{id}/users/{id}", aThing, func(ctx context.Context) (resp *okta.Response, err error) {
		item, resp, err = o.client.Application.GetApplicationUser(ctx, url.PathEscape(appID), url.PathEscape(userID), nil)
		return resp, err
	})
	if err != nil {
		return AppUser{}, err
	}
	return appUserOf(item), nil
}

// UserGroups lists the groups that a person is in.
func (o *Org) UserGroups(ctx context.Context, userID string) ([]Group, error) {
	var groups []Group
	err := list(ctx, o, "okta:GET /api/v1/users/{id}/groups", func(ctx context.Context) ([]*okta.Group, *okta.Response, error) {
		return o.client.User.ListUserGroups(ctx, url.PathEscape(userID))
	}, func(page []*okta.Group) error {
		for _, item := range page {
			group := Group{ID: item.Id, Type: item.Type}
			if item.Profile != nil {
				group.Name = item.Profile.Name
			}
			groups = append(groups, group)
		}
		return nil
	})
	return groups, err
}

func appUserOf(item *okta.AppUser) AppUser {
	user := AppUser{
		ID: item.Id, ExternalID: item.ExternalId, Status: item.Status, SyncState: item.SyncState, Scope: item.Scope,
		StatusChanged: timeOf(item.StatusChanged),
	}
	if item.Credentials != nil {
		user.UserName = item.Credentials.UserName
	}
	return user
}
