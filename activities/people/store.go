package people

import (
	"cmp"
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	identitystoretypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"golang.org/x/sync/errgroup"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// IdentityStore reads the directory of Identity Center.
type IdentityStore struct {
	client *identitystore.Client
	id     string
}

// OpenIdentityStore connects the account of Identity Center, in its primary Region.
func OpenIdentityStore(ctx context.Context, cloud provider.AWS, account onboarding.AccountSpec, region, id string) (IdentityStore,
	error) {
	cfg, err := cloud.Config(ctx, account, region)
	if err != nil {
		return IdentityStore{}, err
	}
	return IdentityStore{client: identitystore.NewFromConfig(cfg), id: id}, nil
}

// Users lists everybody: one page of 100 costs as much of the throttle as looking up one person.
func (s IdentityStore) Users(ctx context.Context) ([]User, error) {
	var users []User
	issuers := Copies{}
	pages := identitystore.NewListUsersPaginator(s.client, &identitystore.ListUsersInput{
		IdentityStoreId: &s.id, MaxResults: aws.Int32(listPage),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, u := range page.Users {
			user := userOf(u)
			user.Issuer = issuers.One(user.Issuer)
			users = append(users, user)
		}
	}
	return users, nil
}

// AnyProvisioned says whether anybody came from another directory. It looks at the first pages of users, and no further.
func (s IdentityStore) AnyProvisioned(ctx context.Context) (bool, error) {
	const enough = 10
	pages := identitystore.NewListUsersPaginator(s.client, &identitystore.ListUsersInput{
		IdentityStoreId: &s.id, MaxResults: aws.Int32(listPage),
	})
	for n := 0; n < enough && pages.HasMorePages(); n++ {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return false, err
		}
		for _, user := range page.Users {
			if len(user.ExternalIds) > 0 {
				return true, nil
			}
		}
	}
	return false, nil
}

// Groups lists all groups without their members.
func (s IdentityStore) Groups(ctx context.Context) ([]Group, error) {
	var groups []Group
	pages := identitystore.NewListGroupsPaginator(s.client, &identitystore.ListGroupsInput{
		IdentityStoreId: &s.id, MaxResults: aws.Int32(listPage),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, group := range page.Groups {
			groups = append(groups, Group{ID: strings.Clone(aws.ToString(group.GroupId)), Name: strings.Clone(aws.ToString(group.DisplayName)),
				Provisioned: len(group.ExternalIds) > 0})
		}
	}
	return groups, nil
}

func userOf(u identitystoretypes.User) User {
	// Only an explicit status shuts somebody out: directories from before November 2025 told none.
	user := User{ID: strings.Clone(aws.ToString(u.UserId)), UserName: strings.Clone(aws.ToString(u.UserName)),
		Enabled: u.UserStatus != identitystoretypes.UserStatusDisabled}
	for _, email := range u.Emails {
		address := user.UserName // most people have one for both
		if value := aws.ToString(email.Value); value != address {
			address = strings.Clone(value)
		}
		user.Emails = append(user.Emails, address)
	}
	for _, external := range u.ExternalIds {
		user.ExternalIDs = append(user.ExternalIDs, strings.Clone(aws.ToString(external.Id)))
		user.Issuer = aws.ToString(external.Issuer)
	}
	return user
}

// GroupID finds a group by its name; empty where there is none.
func (s IdentityStore) GroupID(ctx context.Context, name string) (string, error) {
	out, err := s.client.GetGroupId(ctx, &identitystore.GetGroupIdInput{
		IdentityStoreId: &s.id,
		AlternateIdentifier: &identitystoretypes.AlternateIdentifierMemberUniqueAttribute{Value: identitystoretypes.UniqueAttribute{
			AttributePath: aws.String("displayName"), AttributeValue: document.NewLazyDocument(name),
		}},
	})
	if fault.ClassOf(err) == fault.NotFound {
		return "", nil
	} else if err != nil {
		return "", err
	}
	return aws.ToString(out.GroupId), nil
}

// group reads an access group with its members. Its ID is empty where Identity Center has no group of this name.
func (s IdentityStore) group(ctx context.Context, name string) (Group, error) {
	id, err := s.GroupID(ctx, name)
	if err != nil || id == "" {
		return Group{Name: name}, err
	}
	members, err := s.Members(ctx, id)
	return Group{Name: name, ID: id, Members: members}, err
}

// madeByHand says whether a group came from no other directory.
func (s IdentityStore) madeByHand(ctx context.Context, id string) (bool, error) {
	out, err := s.client.DescribeGroup(ctx, &identitystore.DescribeGroupInput{IdentityStoreId: &s.id, GroupId: &id})
	if fault.ClassOf(err) == fault.NotFound {
		return false, nil
	}
	return err == nil && len(out.ExternalIds) == 0, err
}

// GroupName is the name of a group, or its ID where it has none.
func (s IdentityStore) GroupName(ctx context.Context, id string) (string, error) {
	out, err := s.client.DescribeGroup(ctx, &identitystore.DescribeGroupInput{IdentityStoreId: &s.id, GroupId: &id})
	if fault.ClassOf(err) == fault.NotFound {
		return id, nil
	} else if err != nil {
		return "", err
	}
	return cmp.Or(aws.ToString(out.DisplayName), id), nil
}

// UserID finds a user by the exact user name; empty where there is none.
func (s IdentityStore) UserID(ctx context.Context, userName string) (string, error) {
	out, err := s.client.GetUserId(ctx, &identitystore.GetUserIdInput{
		IdentityStoreId: &s.id,
		AlternateIdentifier: &identitystoretypes.AlternateIdentifierMemberUniqueAttribute{Value: identitystoretypes.UniqueAttribute{
			AttributePath: aws.String("userName"), AttributeValue: document.NewLazyDocument(userName),
		}},
	})
	if fault.ClassOf(err) == fault.NotFound {
		return "", nil
	} else if err != nil {
		return "", err
	}
	return aws.ToString(out.UserId), nil
}

// Named finds a user by the exact name, and says whether there is one.
func (s IdentityStore) Named(ctx context.Context, userName string) (User, bool, error) {
	id, err := s.UserID(ctx, userName)
	if err != nil || id == "" {
		return User{}, false, err
	}
	return s.User(ctx, id)
}

// User reads one user, and says whether there is one.
func (s IdentityStore) User(ctx context.Context, id string) (User, bool, error) {
	out, err := s.client.DescribeUser(ctx, &identitystore.DescribeUserInput{IdentityStoreId: &s.id, UserId: &id})
	if fault.ClassOf(err) == fault.NotFound {
		return User{}, false, nil
	} else if err != nil {
		return User{}, false, err
	}
	user := userOf(identitystoretypes.User{
		UserId: out.UserId, UserName: out.UserName, UserStatus: out.UserStatus, Emails: out.Emails, ExternalIds: out.ExternalIds,
	})
	user.Created = aws.ToTime(out.CreatedAt)
	return user, true, nil
}

// GroupsOf are the IDs of the groups of a user.
func (s IdentityStore) GroupsOf(ctx context.Context, userID string) (map[string]bool, error) {
	groups := map[string]bool{}
	pages := identitystore.NewListGroupMembershipsForMemberPaginator(s.client, &identitystore.ListGroupMembershipsForMemberInput{
		IdentityStoreId: &s.id, MemberId: &identitystoretypes.MemberIdMemberUserId{Value: userID}, MaxResults: aws.Int32(listPage),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, membership := range page.GroupMemberships {
			groups[aws.ToString(membership.GroupId)] = true
		}
	}
	return groups, nil
}

// UsersAndGroups reads everybody, and the groups of these names in their order. Lists are read side by side: pages of one
// come one after the other, each as late as an answer takes.
func (s IdentityStore) UsersAndGroups(ctx context.Context, names []string) (users []User, groups []Group, err error) {
	reading, ctx := errgroup.WithContext(ctx)
	reading.SetLimit(listsAtOnce)
	reading.Go(func() (err error) { users, err = s.Users(ctx); return err })
	groups = make([]Group, len(names))
	for i, name := range names {
		reading.Go(func() (err error) { groups[i], err = s.group(ctx, name); return err })
	}
	if err := reading.Wait(); err != nil {
		return nil, nil, err
	}
	for _, group := range groups {
		for _, user := range users {
			if group.Members[user.ID] {
				group.Members[user.ID] = true // takes the string over, so that there is one of each ID only
			}
		}
	}
	return users, groups, nil
}

// listsAtOnce is how many lists of one API are read side by side.
const listsAtOnce = 8

// listPage is how many entries a page has at most.
const listPage = 100

// Members are the user IDs of the members of a group; none where the group is gone.
func (s IdentityStore) Members(ctx context.Context, groupID string) (map[string]bool, error) {
	members := map[string]bool{}
	pages := identitystore.NewListGroupMembershipsPaginator(s.client, &identitystore.ListGroupMembershipsInput{
		IdentityStoreId: &s.id, GroupId: &groupID, MaxResults: aws.Int32(listPage),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if fault.ClassOf(err) == fault.NotFound {
			return members, nil
		} else if err != nil {
			return nil, err
		}
		for _, membership := range page.GroupMemberships {
			if user, ok := membership.MemberId.(*identitystoretypes.MemberIdMemberUserId); ok {
				members[strings.Clone(user.Value)] = true
			}
		}
	}
	return members, nil
}
