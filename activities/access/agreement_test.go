package access_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/access"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/internal/store/storetest"
	"studio-onboarding/onboarding"
)

// TestTheListAndTheExplanationOfAPersonAgree breaks one link of one person after the other, and asks both about everybody.
func TestTheListAndTheExplanationOfAPersonAgree(t *testing.T) {
	const bob = "bob@example.com"
	for name, c := range map[string]struct {
		spoil func(*fakeCloud, *fakeOkta, *access.Input)
		// ready says what becomes of bob; code is why he is not, or what is told of him all the same.
		ready bool
		code  string
	}{
		"sound": {func(*fakeCloud, *fakeOkta, *access.Input) {}, true, ""},
		"suspended in Okta": {func(_ *fakeCloud, o *fakeOkta, _ *access.Input) {
			o.everywhere(bob, func(u *model.User) { u.Status = "SUSPENDED" })
		}, false, "okta-user-inactive"},
		"the app is inactive": {func(_ *fakeCloud, o *fakeOkta, _ *access.Input) { o.appStatus = "INACTIVE" }, false, "okta-app-inactive"},
		"not assigned":        {func(_ *fakeCloud, o *fakeOkta, _ *access.Input) { o.withoutApp(bob) }, false, "app-not-assigned"},
		"taken off the app": {func(_ *fakeCloud, o *fakeOkta, _ *access.Input) { o.appUser(bob).Status = "DEPROVISIONED" }, false,
			"app-not-assigned"},
		"deleted there": {func(c *fakeCloud, _ *fakeOkta, _ *access.Input) {
			c.user(bob)["UserName"], c.user(bob)["UserId"] = "x@example.com", "id-x"
		}, false, "user-deleted"},
		"never provisioned": {func(c *fakeCloud, o *fakeOkta, _ *access.Input) { c.withoutUser(bob); o.appUser(bob).ExternalID = "" }, false,
			"not-provisioned"},
		"disabled there": {func(c *fakeCloud, _ *fakeOkta, _ *access.Input) { c.user(bob)["UserStatus"] = "DISABLED" }, false,
			"user-disabled"},
		"other case": {func(c *fakeCloud, _ *fakeOkta, _ *access.Input) { c.user(bob)["UserName"] = "Bob@example.com" }, false,
			"user-name-differs-by-case"},
		"no address": {func(c *fakeCloud, o *fakeOkta, _ *access.Input) {
			c.user(bob)["UserName"] = "bob"
			o.appUser(bob).UserName = "bob"
		}, false, "app-user-name-no-address"},
		"made by hand": {func(c *fakeCloud, o *fakeOkta, _ *access.Input) {
			c.user(bob)["ExternalIds"] = nil
			o.appUser(bob).ExternalID = ""
		}, true, "user-made-by-hand"},
		"by hand, no member": {func(c *fakeCloud, o *fakeOkta, _ *access.Input) {
			c.user(bob)["ExternalIds"] = nil
			o.appUser(bob).ExternalID = ""
			c.leave(bob, "users")
			c.leave(bob, "ml")
		}, false, "user-made-by-hand"},
		"no member": {func(c *fakeCloud, _ *fakeOkta, _ *access.Input) { c.leave(bob, "users"); c.leave(bob, "ml") }, false,
			"not-group-member"},
		"member of one": {func(c *fakeCloud, _ *fakeOkta, _ *access.Input) { c.leave(bob, "users") }, true, "not-group-member"},
		"no member, assigned": {func(c *fakeCloud, _ *fakeOkta, _ *access.Input) {
			c.leave(bob, "users")
			c.leave(bob, "ml")
			c.assigned["USER/id-"+bob] = true
		}, true, "assigned-without-group"},
		"no member, in a foreign group": {func(c *fakeCloud, _ *fakeOkta, _ *access.Input) {
			c.leave(bob, "users")
			c.leave(bob, "ml")
			c.groups["guests"], c.assigned["GROUP/g-guests"] = []string{"id-" + bob}, true
		}, true, "assigned-without-group"},
		"a single person who is no member": {func(c *fakeCloud, _ *fakeOkta, in *access.Input) {
			c.leave(bob, "users")
			c.leave(bob, "ml")
			in.Access.People = []onboarding.PersonAccessSpec{{Login: bob, ExecutionRole: "ml"}}
			c.assigned["USER/id-"+bob] = true
		}, true, "not-group-member"},
		"a single person who is not assigned": {func(c *fakeCloud, o *fakeOkta, in *access.Input) {
			c.leave(bob, "users")
			c.leave(bob, "ml")
			o.leave(bob, "users")
			o.leave(bob, "ml")
			in.Access.People = []onboarding.PersonAccessSpec{{Login: bob, ExecutionRole: "ml"}}
		}, false, "studio-not-assigned"},
		"group not assigned": {func(c *fakeCloud, _ *fakeOkta, _ *access.Input) {
			delete(c.assigned, "GROUP/g-users")
			delete(c.assigned, "GROUP/g-ml")
		}, false, "studio-not-assigned"},
		"no profile": {func(c *fakeCloud, _ *fakeOkta, _ *access.Input) { delete(c.profiles, "bob-example-com") }, false, "profile-missing"},
		"no profile needed": {func(c *fakeCloud, _ *fakeOkta, in *access.Input) {
			delete(c.profiles, "bob-example-com")
			in.Access.Profiles = onboarding.ProfilesFirstSignIn
		}, true, ""},
		"profile pending": {func(c *fakeCloud, _ *fakeOkta, _ *access.Input) { c.profiles["bob-example-com"].status = "Pending" }, false,
			"profile-not-in-service"},
		"profile failed": {func(c *fakeCloud, _ *fakeOkta, _ *access.Input) { c.profiles["bob-example-com"].status = "Failed" }, false,
			"profile-not-in-service"},
		"wrong role": {func(c *fakeCloud, _ *fakeOkta, _ *access.Input) { c.profiles["bob-example-com"].role = fakeRole }, false,
			"profile-wrong-role"},
		"somebody's profile": {func(c *fakeCloud, _ *fakeOkta, _ *access.Input) {
			c.profiles["bob-example-com"].user = "eve@example.com"
		}, false, "profile-missing"},
		"profile by any name": {func(c *fakeCloud, _ *fakeOkta, _ *access.Input) {
			c.profiles["adopted"] = c.profiles["bob-example-com"]
			delete(c.profiles, "bob-example-com")
		}, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := smallTeam(t)
			x := accessOf(t, cloud)
			okta := x.Okta.(*fakeOkta)
			in := accessTo("ml", "users")
			in.FollowOkta = true
			_, err := perform(t, x.ConvergeAccess, in)
			require.NoError(t, err)
			c.spoil(cloud, okta, &in)
			cloud.writes = nil
			verified, err := perform(t, x.VerifyAccess, in)
			require.NoError(t, err)
			records := storetest.People(t, x.People, in.Run)
			ready := 0
			for _, record := range records {
				explained, err := perform(t, x.ExplainPerson, access.ExplainInput{Access: in, Login: record.Person})
				require.NoError(t, err)
				require.Equal(t, record.Ready, explained.Ready, "%+v\n%+v", record, explained)
				require.Equal(t, record.Code, explained.Code, "%+v\n%+v", record, explained)
				require.Equal(t, record.Remedy, explained.Remedy)
				if i := slices.IndexFunc(explained.Links, func(l onboarding.PersonLink) bool { return l.State == onboarding.LinkBroken }); i >= 0 {
					require.Equal(t, record.Reason, explained.Links[i].Found)
					require.Equal(t, explained.Broken, explained.Links[i].Link)
				}
				var notices []string
				for _, notice := range verified.Notices {
					if notice.Person == record.Person {
						notices = append(notices, notice.Reason)
					}
				}
				if record.Ready {
					ready++
					require.Equal(t, notices, explained.Notices, record.Person)
				}
				if !strings.EqualFold(record.Person, bob) {
					require.Equal(t, name != "group not assigned" && name != "the app is inactive", record.Ready, "%+v", record)
					continue
				}
				require.Equal(t, c.ready, record.Ready, "%+v", record)
				if !c.ready {
					require.Equal(t, c.code, record.Code, "%+v", record)
					require.NotEmpty(t, record.Remedy)
				} else if c.code != "" {
					require.True(t, slices.ContainsFunc(verified.Notices, func(n onboarding.PersonException) bool {
						return n.Person == record.Person &&
							n.Code == c.code
					}),
						"%+v", verified.Notices)
				}
			}
			require.Equal(t, ready, verified.People.Ready)
			require.Empty(t, cloud.writes, "looking changes nothing")
		})
	}
}

func TestSomebodyInNoGroupIsExplainedInTrueWords(t *testing.T) {
	cloud := smallTeam(t)
	x := accessOf(t, cloud)
	in := accessTo("users")
	_, err := perform(t, x.ConvergeAccess, in)
	require.NoError(t, err)
	x.Okta.(*fakeOkta).leave("ann@example.com", "users")
	explained, err := perform(t, x.ExplainPerson, access.ExplainInput{Access: in, Login: "ann@example.com"})
	require.NoError(t, err)
	require.False(t, explained.Ready)
	require.Equal(t, onboarding.LinkGroups, explained.Broken)
	require.Equal(t, "not-in-access-group", explained.Code)
	require.Contains(t, explained.Links[5].Found, `they keep their access: assigned by the group "users"`)
}

// everywhere changes somebody wherever Okta lists them.
func (o *fakeOkta) everywhere(login string, change func(*model.User)) {
	for _, members := range o.groups {
		for i := range members {
			if members[i].Login == login {
				change(&members[i])
			}
		}
	}
	user := o.singles[login]
	change(&user)
	o.singles[login] = user
}

func (o *fakeOkta) withoutApp(login string) {
	o.appUsers = slices.DeleteFunc(o.appUsers, func(u model.AppUser) bool { return u.UserName == login })
}

func (f *fakeCloud) withoutUser(login string) {
	f.users = slices.DeleteFunc(f.users, func(u map[string]any) bool { return u["UserName"] == login })
}
