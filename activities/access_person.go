package activities

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	identitystoretypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"studio-onboarding/internal/access"
	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/directory"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// ExplainPersonInput asks about one person.
type ExplainPersonInput struct {
	Access AccessInput `json:"access"`
	Login  string      `json:"login"`
}

// ExplainPerson follows one person from Okta to Studio by direct look-ups, link by link, and names the first broken one. It
// changes nothing.
func (x *Access) ExplainPerson(ctx context.Context, in ExplainPersonInput) (onboarding.PersonExplanation, error) {
	h := newHeart(ctx, onboarding.StepVerify, "links")
	in.Access.FollowOkta = true
	a, err := x.open(ctx, in.Access, h)
	if err != nil {
		return onboarding.PersonExplanation{}, err
	}
	e := &personLinks{x: x, a: a, in: in.Access}
	e.person.Login = in.Login
	if err := e.readOkta(ctx); err != nil {
		return onboarding.PersonExplanation{}, err
	}
	if e.person.User != nil {
		if err := e.readDirectory(ctx); err != nil {
			return onboarding.PersonExplanation{}, err
		}
	}
	compared, err := compareWithLog(ctx, x.Okta, in.Access.AppID, directory.Input{
		People: []directory.Person{e.person}, Users: e.users, Groups: e.groups, AssignmentGroup: in.Access.AssignmentGroup, Now: time.Now(),
	})
	if err != nil {
		return onboarding.PersonExplanation{}, err
	}
	for _, m := range compared.Missing {
		e.missing = append(e.missing, onboarding.PersonException{Reason: m.Reason, Remedy: m.Remedy})
	}
	if err := e.readStudio(ctx); err != nil {
		return onboarding.PersonExplanation{}, err
	}
	return e.explanation(), nil
}

// personLinks is what is known of one person at each link.
type personLinks struct {
	x  *Access
	a  *domainAccess
	in AccessInput

	person  directory.Person
	user    directory.User // under whom the person comes in, or should
	users   []directory.User
	groups  []directory.Group // the access groups; Members holds this person alone
	missing []onboarding.PersonException
	// through names how the person is assigned to the application.
	through  []string
	profile  access.Profile
	wanted   access.Person
	isWanted bool
}

func (e *personLinks) readOkta(ctx context.Context) error {
	e.person.Named = slices.ContainsFunc(e.in.Access.People, func(p onboarding.PersonAccessSpec) bool { return strings.EqualFold(p.Login, e.person.Login) })
	user, err := e.x.Okta.UserByLogin(ctx, e.person.Login)
	if fault.ClassOf(err) == fault.NotFound {
		return nil
	} else if err != nil {
		return err
	}
	e.person.User, e.person.Login = &user, user.Login
	groups, err := e.x.Okta.UserGroups(ctx, user.ID)
	if err != nil {
		return err
	}
	for _, wanted := range e.in.Access.Groups {
		for _, group := range groups {
			if group.Name == wanted.Name && !slices.Contains(e.person.Groups, group.Name) {
				e.person.Groups = append(e.person.Groups, group.Name)
			}
		}
	}
	for _, group := range groups {
		e.person.InAssignmentGroup = e.person.InAssignmentGroup || group.Name == e.in.AssignmentGroup
	}
	appUser, err := e.x.Okta.AppUser(ctx, e.in.AppID, user.ID)
	if fault.ClassOf(err) == fault.NotFound {
		return nil
	} else if err != nil {
		return err
	}
	e.person.AppUser = &appUser
	return nil
}

// readDirectory finds the user in Identity Center by the name that Okta sends, and by the ID under which Okta knows them there.
func (e *personLinks) readDirectory(ctx context.Context) error {
	store := e.a.store
	ids := []string{}
	if e.person.AppUser != nil && e.person.AppUser.ExternalID != "" {
		ids = append(ids, e.person.AppUser.ExternalID)
	}
	byName, err := store.client.GetUserId(ctx, &identitystore.GetUserIdInput{
		IdentityStoreId: &store.id,
		AlternateIdentifier: &identitystoretypes.AlternateIdentifierMemberUniqueAttribute{Value: identitystoretypes.UniqueAttribute{
			AttributePath: aws.String("userName"), AttributeValue: document.NewLazyDocument(e.person.UserName()),
		}},
	})
	if err := awscloud.Classify("identitystore:GetUserId", err); fault.ClassOf(err) == "" && err == nil {
		ids = append(ids, aws.ToString(byName.UserId))
	} else if fault.ClassOf(err) != fault.NotFound {
		return err
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		user, there, err := store.user(ctx, id)
		if err != nil {
			return err
		}
		if !there {
			continue
		}
		e.users = append(e.users, user)
		if e.user.ID == "" || user.UserName == e.person.UserName() {
			e.user = user
		}
	}
	member := map[string]bool{}
	if e.user.ID != "" {
		if member, err = store.groupsOf(ctx, e.user.ID); err != nil {
			return err
		}
	}
	for _, wanted := range e.in.Access.Groups {
		id, err := store.groupID(ctx, wanted.Name)
		if err != nil {
			return err
		}
		group := directory.Group{Name: wanted.Name, ID: id, Members: map[string]bool{}}
		if member[id] {
			group.Members[e.user.ID] = true
		}
		e.groups = append(e.groups, group)
	}
	return e.readAssignments(ctx, member)
}

func (e *personLinks) readAssignments(ctx context.Context, member map[string]bool) error {
	assignments, err := e.a.listAssignments(ctx)
	if err != nil {
		return err
	}
	for _, found := range assignments {
		switch {
		case e.user.ID == "":
		case found.Type == access.PrincipalUser && found.PrincipalID == e.user.ID:
			e.through = append(e.through, "directly")
		case found.Type == access.PrincipalGroup && member[found.PrincipalID]:
			name, err := e.a.store.groupName(ctx, found.PrincipalID)
			if err != nil {
				return err
			}
			e.through = append(e.through, fmt.Sprintf("by the group %q", name))
		}
	}
	return nil
}

// readStudio finds the person's profile, and what it should be.
func (e *personLinks) readStudio(ctx context.Context) error {
	view := e.a.view(e.users, e.groups)
	view = view.follow([]directory.Person{e.person}, e.in)
	for _, person := range view.desired.People() {
		if person.UserID == e.user.ID {
			e.wanted, e.isWanted = person, true
		}
	}
	if e.user.ID == "" {
		return nil
	}
	for _, name := range access.Candidates(e.user.UserName) {
		out, err := e.a.describe(ctx, name)
		if fault.ClassOf(err) == fault.NotFound {
			continue
		} else if err != nil {
			return err
		}
		if found := knownAs(name, out); found.UserName == e.user.UserName {
			e.profile = access.Profile{Name: name, UserName: found.UserName, Role: found.Role, Status: string(out.Status), Changed: aws.ToTime(out.LastModifiedTime)}
			return nil
		}
	}
	// A profile that was adopted may have any name.
	profiles, err := e.a.listProfiles(ctx, func(int, int) {})
	if err != nil {
		return err
	}
	profiles = slices.DeleteFunc(profiles, func(p access.Profile) bool { return p.UserName != e.user.UserName })
	e.profile, _ = access.Pick(profiles)
	return nil
}

// user reads one user, and says whether there is one.
func (s identityStore) user(ctx context.Context, id string) (directory.User, bool, error) {
	out, err := s.client.DescribeUser(ctx, &identitystore.DescribeUserInput{IdentityStoreId: &s.id, UserId: &id})
	if err := awscloud.Classify("identitystore:DescribeUser", err); fault.ClassOf(err) == fault.NotFound {
		return directory.User{}, false, nil
	} else if err != nil {
		return directory.User{}, false, err
	}
	return directoryUser(identitystoretypes.User{
		UserId: out.UserId, UserName: out.UserName, UserStatus: out.UserStatus, Emails: out.Emails, ExternalIds: out.ExternalIds,
	}), true, nil
}

// groupsOf are the IDs of the groups of a user.
func (s identityStore) groupsOf(ctx context.Context, userID string) (map[string]bool, error) {
	groups := map[string]bool{}
	pages := identitystore.NewListGroupMembershipsForMemberPaginator(s.client, &identitystore.ListGroupMembershipsForMemberInput{
		IdentityStoreId: &s.id, MemberId: &identitystoretypes.MemberIdMemberUserId{Value: userID}, MaxResults: aws.Int32(listPage),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awscloud.Classify("identitystore:ListGroupMembershipsForMember", err)
		}
		for _, membership := range page.GroupMemberships {
			groups[aws.ToString(membership.GroupId)] = true
		}
	}
	return groups, nil
}

// groupID finds a group by its name; empty where there is none.
func (s identityStore) groupID(ctx context.Context, name string) (string, error) {
	out, err := s.client.GetGroupId(ctx, &identitystore.GetGroupIdInput{
		IdentityStoreId: &s.id,
		AlternateIdentifier: &identitystoretypes.AlternateIdentifierMemberUniqueAttribute{Value: identitystoretypes.UniqueAttribute{
			AttributePath: aws.String("displayName"), AttributeValue: document.NewLazyDocument(name),
		}},
	})
	if err := awscloud.Classify("identitystore:GetGroupId", err); fault.ClassOf(err) == fault.NotFound {
		return "", nil
	} else if err != nil {
		return "", err
	}
	return aws.ToString(out.GroupId), nil
}

// explanation decides about the links, in the order in which a sign-in passes them.
func (e *personLinks) explanation() onboarding.PersonExplanation {
	result := onboarding.PersonExplanation{Person: e.person.Login}
	for _, link := range []onboarding.PersonLink{
		e.oktaLink(), e.appLink(), e.provisioningLink(), e.userLink(), e.groupsLink(), e.assignmentLink(), e.profileLink(), e.roleLink(),
	} {
		if link.State == onboarding.LinkBroken && result.Broken == "" {
			result.Broken, result.Remedy = link.Link, link.Remedy
		}
		result.Links = append(result.Links, link)
	}
	result.Ready = result.Broken == ""
	return result
}

func ok(link, found string, args ...any) onboarding.PersonLink {
	return onboarding.PersonLink{Link: link, State: onboarding.LinkOK, Found: fmt.Sprintf(found, args...)}
}

func broken(link, found, remedy string) onboarding.PersonLink {
	return onboarding.PersonLink{Link: link, State: onboarding.LinkBroken, Found: found, Remedy: remedy}
}

func notSeen(link string) onboarding.PersonLink {
	return onboarding.PersonLink{Link: link, State: onboarding.LinkNotSeen}
}

// brokenAsCompared tells what the comparison of the directories found, or else what is seen here.
func (e *personLinks) brokenAsCompared(link, found, remedy string) onboarding.PersonLink {
	if len(e.missing) > 0 {
		return broken(link, e.missing[0].Reason, e.missing[0].Remedy)
	}
	return broken(link, found, remedy)
}

func (e *personLinks) oktaLink() onboarding.PersonLink {
	switch {
	case e.person.User == nil:
		return broken(onboarding.LinkOkta, "Okta knows nobody of this login", "Correct the login, or create the person in Okta")
	case e.person.User.Status != "ACTIVE":
		return e.brokenAsCompared(onboarding.LinkOkta, "not active in Okta ("+e.person.User.Status+")", "Activate the person in Okta")
	}
	return ok(onboarding.LinkOkta, "%s in Okta as %s", e.person.User.Status, e.person.User.Login)
}

func (e *personLinks) appLink() onboarding.PersonLink {
	switch {
	case e.person.User == nil:
		return notSeen(onboarding.LinkAppUser)
	case !e.person.Assigned():
		return e.brokenAsCompared(onboarding.LinkAppUser, "not assigned to the app in Okta", "Add the person to the Okta group that is assigned to the app")
	case e.person.AppUser.Scope == "GROUP":
		return ok(onboarding.LinkAppUser, "assigned to the app by a group, as %s", e.person.UserName())
	}
	return ok(onboarding.LinkAppUser, "assigned to the app directly, as %s", e.person.UserName())
}

func (e *personLinks) provisioningLink() onboarding.PersonLink {
	switch {
	case e.person.AppUser == nil:
		return notSeen(onboarding.LinkProvisioning)
	case e.person.AppUser.Provisioned():
		return ok(onboarding.LinkProvisioning, "%s", e.person.AppUser.Status)
	case e.person.CanSignIn(e.user):
		return ok(onboarding.LinkProvisioning, "%s; Okta does not look after the user, who was made by hand", orUnknown(e.person.AppUser.Status))
	}
	return e.brokenAsCompared(onboarding.LinkProvisioning, "Okta has not brought the person to Identity Center ("+orUnknown(e.person.AppUser.Status)+")",
		"Look for the person in Okta under Dashboard > Tasks")
}

func (e *personLinks) userLink() onboarding.PersonLink {
	switch {
	case e.person.User == nil || e.person.AppUser == nil && e.user.ID == "":
		return notSeen(onboarding.LinkUser)
	case e.user.ID == "":
		return e.brokenAsCompared(onboarding.LinkUser, "Identity Center has no such user", "Unassign the person from the app in Okta and assign them again")
	case e.person.AppUser != nil && !e.person.CanSignIn(e.user) && len(e.missing) > 0:
		return e.brokenAsCompared(onboarding.LinkUser, "", "")
	case e.user.UserName != e.person.UserName():
		return broken(onboarding.LinkUser, fmt.Sprintf("the user name is %s, but Okta sends %s", e.user.UserName, e.person.UserName()),
			"Make both the same: save the person's Okta profile again, so that Okta pushes it")
	case !e.user.Enabled:
		return broken(onboarding.LinkUser, "disabled in Identity Center", "Unassign the person from the app in Okta and assign them again")
	}
	return ok(onboarding.LinkUser, "enabled in Identity Center as %s", e.user.UserName)
}

func (e *personLinks) groupsLink() onboarding.PersonLink {
	var names []string
	for _, group := range e.in.Access.Groups {
		names = append(names, group.Name)
	}
	if e.person.User == nil {
		return notSeen(onboarding.LinkGroups)
	}
	if len(e.person.Groups) == 0 {
		if e.person.Named {
			return ok(onboarding.LinkGroups, "in none of the access groups; the spec names the person")
		}
		return broken(onboarding.LinkGroups, "in Okta, the person is in none of the access groups: "+quoted(names), "Add the person to one of them in Okta, or name them under access.people")
	}
	var lacks []string
	for _, group := range e.groups {
		if slices.Contains(e.person.Groups, group.Name) && !group.Members[e.user.ID] {
			lacks = append(lacks, group.Name)
		}
	}
	switch {
	case e.user.ID == "":
		return onboarding.PersonLink{Link: onboarding.LinkGroups, State: onboarding.LinkNotSeen, Found: "in Okta in " + quoted(e.person.Groups)}
	case len(lacks) == len(e.person.Groups) && !e.person.Named:
		return broken(onboarding.LinkGroups, fmt.Sprintf("in Okta a member of %s, but not in Identity Center", quoted(lacks)),
			"Push the group again in Okta: the app > Push Groups > the group > Push now. "+e.syncOnce()+" does it too")
	case len(lacks) > 0:
		return ok(onboarding.LinkGroups, "member of %s; not yet in Identity Center: %s", quoted(e.person.Groups), quoted(lacks))
	}
	return ok(onboarding.LinkGroups, "member of %s, in Okta and in Identity Center", quoted(e.person.Groups))
}

// syncOnce is the command that repairs what a reconcile can repair.
func (e *personLinks) syncOnce() string { return "starter sync " + e.in.Run + " --once" }

func (e *personLinks) assignmentLink() onboarding.PersonLink {
	switch {
	case e.user.ID == "":
		return notSeen(onboarding.LinkAssignment)
	case len(e.through) == 0:
		return broken(onboarding.LinkAssignment, "not assigned to the Studio application, neither directly nor by a group", "Run: "+e.syncOnce())
	}
	return ok(onboarding.LinkAssignment, "assigned to the Studio application %s", strings.Join(e.through, " and "))
}

func (e *personLinks) profileLink() onboarding.PersonLink {
	eager := e.in.Access.Profiles != onboarding.ProfilesFirstSignIn
	switch {
	case e.user.ID == "":
		return notSeen(onboarding.LinkProfile)
	case e.profile.Name == "" && !eager:
		return ok(onboarding.LinkProfile, "none yet: Studio makes it at the first sign-in")
	case e.profile.Name == "":
		return broken(onboarding.LinkProfile, "no user profile in the domain "+e.in.Domain.ID, "Run: "+e.syncOnce())
	case e.profile.Status != access.StatusInService:
		return broken(onboarding.LinkProfile, fmt.Sprintf("the profile %s is %s", e.profile.Name, e.profile.Status), "Look at the profile in the SageMaker console, then run: "+e.syncOnce())
	case !e.profile.Changed.IsZero():
		return ok(onboarding.LinkProfile, "%s is InService, last changed %s", e.profile.Name, e.profile.Changed.UTC().Format(time.RFC3339))
	}
	return ok(onboarding.LinkProfile, "%s is InService", e.profile.Name)
}

func (e *personLinks) roleLink() onboarding.PersonLink {
	if e.profile.Name == "" {
		return notSeen(onboarding.LinkRole)
	}
	defaultRole, _ := roleARN(e.in, "")
	role := cmp.Or(e.profile.Role, defaultRole)
	if e.isWanted && role != e.wanted.Role {
		return broken(onboarding.LinkRole, fmt.Sprintf("the profile has %s instead of %s", roleName(role), roleName(e.wanted.Role)), "Run: "+e.syncOnce())
	}
	text := roleName(role)
	if e.wanted.Conflict != "" {
		text += "; " + e.wanted.Conflict
	}
	return ok(onboarding.LinkRole, "%s", text)
}
