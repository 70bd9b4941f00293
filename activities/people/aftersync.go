package people

import (
	"maps"
	"slices"
	"strings"
)

// foreseen begins the IDs of users and groups that are not in Identity Center yet.
const foreseen = "foreseen:"

// Foreseen says whether this is the ID of a user or group that Okta has yet to bring to Identity Center.
func Foreseen(id string) bool { return strings.HasPrefix(id, foreseen) }

// AfterSync are the users and access groups of Identity Center as they will be once Okta has brought those who are expected to
// come, and pushed the groups.
func (s State) AfterSync(outlook Outlook) ([]User, []Group) {
	users := slices.Clone(s.Users)
	places := make(map[string]int, len(outlook.Coming))
	for _, person := range outlook.Coming {
		places[person.UserName()] = -1
	}
	for i, user := range users {
		if _, comes := places[user.UserName]; comes {
			places[user.UserName] = i
		}
	}
	memberships := map[string]map[string]bool{}
	joins := func(person Person, id string) {
		for _, name := range person.Groups {
			if memberships[name] == nil {
				memberships[name] = map[string]bool{}
			}
			memberships[name][id] = true
		}
	}
	for i, person := range outlook.Present {
		joins(person, outlook.Users[i].ID)
	}
	for _, person := range outlook.Coming {
		if at := places[person.UserName()]; at >= 0 { // Okta takes that user over
			users[at].ExternalIDs, users[at].Enabled = []string{person.User.ID}, true
			joins(person, users[at].ID)
			continue
		}
		id := foreseen + person.User.ID
		users = append(users, User{ID: id, UserName: person.UserName(), ExternalIDs: []string{person.User.ID}, Enabled: true})
		joins(person, id)
	}
	var groups []Group
	for _, group := range s.Directory {
		after := Group{Name: group.Name, ID: group.ID, Members: map[string]bool{}}
		if after.ID == "" {
			after.ID = foreseen + group.Name
		}
		maps.Copy(after.Members, group.Members)
		maps.Copy(after.Members, memberships[group.Name])
		groups = append(groups, after)
	}
	return users, groups
}
