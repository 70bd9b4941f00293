package people

import "studio-onboarding/internal/oktaorg/model"

// ForgetCompared forgets what Okta says of people but for what decides whether they are Assigned, CanSignIn and are KeptBy Okta, under
// which UserName; there may be a hundred thousand of them. It is for when they have been compared. Users, by user name, are
// those of Identity Center, who share their strings with people of the same login.
func ForgetCompared(people []Person, users map[string]*User) {
	kinds := map[string]*model.User{}
	appKinds := map[model.AppUser]*model.AppUser{}
	for i := range people {
		person := &people[i]
		userName := person.UserName()
		if user := users[person.Login]; user != nil {
			person.Login = user.UserName
		}
		if person.User != nil {
			kind := kinds[person.User.Status]
			if kind == nil {
				kind = &model.User{Status: person.User.Status}
				kinds[kind.Status] = kind
			}
			person.User = kind
		}
		if person.AppUser == nil {
			continue
		}
		kept := model.AppUser{Status: person.AppUser.Status}
		if person.AppUser.Provisioned() {
			kept.ExternalID = "known"
		}
		if userName != person.Login {
			kept.UserName = userName
		}
		if appKinds[kept] == nil {
			appKinds[kept] = &kept
		}
		person.AppUser = appKinds[kept]
	}
}
