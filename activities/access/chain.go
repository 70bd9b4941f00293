package access

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"studio-onboarding/activities/people"
	"studio-onboarding/internal/profile"
	"studio-onboarding/onboarding"
)

// The codes of what is said of a person's access, besides those of package people: for scripts, never rename one.
const (
	codeNotThere          = "not-in-identity-center"
	codeNotInGroup        = "not-in-access-group"
	codeNotAssigned       = "studio-not-assigned"
	codeNoProfile         = "profile-missing"
	codeProfileStatus     = "profile-not-in-service"
	codeWrongRole         = "profile-wrong-role"
	codeProfileStuck      = "profile-stuck"
	codeProfileFails      = "profile-fails"
	codeProfileLost       = "profile-lost"
	codeProfileTaken      = "profile-name-taken"
	codeProfileRefused    = "profile-refused"
	codeProfileInUse      = "profile-in-use"
	codeProfileNotDeleted = "profile-not-deleted"
	codeRoleNotTaken      = "role-not-taken"
	codeTagsNotTaken      = "tags-not-taken"
	codeRoleConflict      = "role-conflict"
	codeProfileName       = "profile-name-hashed"
	codeLeaver            = "leaver-with-profile"
	codeAppsRunning       = "leaver-with-apps"
	codeAppsUnseen        = "leaver-apps-unseen"
	codeForeign           = "assigned-by-hand"
	codeOutsideGroup      = "assigned-without-group"
)

// terms are what is the same for everybody whose chain is judged.
type terms struct {
	run, domainID, defaultRole string
	// groups are the names of the access groups, in the order of the spec.
	groups []string
	// eager says that people have profiles before they first sign in.
	eager bool
	// trust is the way that everybody's sign-in takes, and saml what is said of it.
	trust
	saml onboarding.PersonLink
}

func termsOf(in Input) terms {
	return terms{
		run: in.Run, domainID: in.Domain.ID, defaultRole: in.defaultRole(), groups: in.groupNames(),
		eager: in.Access.Profiles != onboarding.ProfilesFirstSignIn,
	}
}

// through are the terms of people who sign in through an app.
func (x *Activities) through(ctx context.Context, in Input) (terms, error) {
	same := termsOf(in)
	var err error
	same.trust, err = x.readTrust(ctx, in)
	same.saml = same.samlLink()
	return same, err
}

// chain is what is known of one person at each link between Okta and Studio.
type chain struct {
	terms
	person people.Person
	// problem is what keeps the person out of Identity Center, as the judge of people has it; nil where nothing is known.
	problem *people.Problem
	// user is the person's user in Identity Center, or the one who should be: under the name that Okta sends, or under another;
	// without an ID where there is none.
	user people.User
	// lacks are the access groups in which Okta has the person, and Identity Center not.
	lacks []string
	// through says how the person is assigned to the Studio application: "directly", `by the group "x"`.
	through []string
	// profile is the one that a sign-in uses; without a name where there is none.
	profile Profile
	// wanted is what the person should have; without a user ID for somebody who should have nothing.
	wanted Person
	// failed is why making access right failed for good when it was tried last.
	failed *onboarding.PersonException
}

// links judges each link, in the order in which a sign-in passes them. It is the only place that decides about one person:
// lists of people and reports take the first broken link, and an explanation shows all.
func (c *chain) links() [9]onboarding.PersonLink {
	return [...]onboarding.PersonLink{
		c.oktaLink(), c.appLink(), c.saml, c.provisioningLink(), c.userLink(), c.groupsLink(), c.assignmentLink(), c.profileLink(),
		c.roleLink(),
	}
}

// grade says how sure it is that somebody of whom no link is broken can sign in. A sign-in that was seen stands for what could not be
// judged of the SAML link, and for nothing else.
func (c *chain) grade() onboarding.Grade {
	proven := c.seen.Proves(c.signedIn(), c.now)
	for _, link := range c.links() {
		if link.State == onboarding.LinkUnknown && !(proven && link.Link == onboarding.LinkSAML) {
			return onboarding.GradeConfigured
		}
	}
	if proven {
		return onboarding.GradeProven
	}
	return onboarding.GradeVerified
}

// signedIn is when the person was last seen signing in; zero where nobody saw it.
func (c *chain) signedIn() time.Time { return c.lastSignIn(c.user.ID, c.user.UserName) }

// broken is the first broken link; nil for somebody who is ready.
func (c *chain) broken() *onboarding.PersonLink {
	for _, link := range c.links() {
		if link.State == onboarding.LinkBroken {
			return &link
		}
	}
	return nil
}

// canSignIn says whether a sign-in that Okta vouches for ends at the person's user.
func (c *chain) canSignIn() bool { return c.user.ID != "" && c.person.CanSignIn(c.user) }

func ok(link, found string, args ...any) onboarding.PersonLink {
	return onboarding.PersonLink{Link: link, State: onboarding.LinkOK, Found: fmt.Sprintf(found, args...)}
}

func notSeen(link string) onboarding.PersonLink {
	return onboarding.PersonLink{Link: link, State: onboarding.LinkNotSeen}
}

func broken(link, code, found, remedy string) onboarding.PersonLink {
	return onboarding.PersonLink{Link: link, State: onboarding.LinkBroken, Code: code, Found: found, Remedy: remedy}
}

// brokenAsKnown tells what the judge of people found, or else what is seen here.
func (c *chain) brokenAsKnown(link, code, found, remedy string) onboarding.PersonLink {
	if c.problem != nil {
		return broken(link, c.problem.Code, c.problem.Reason, c.problem.Remedy)
	}
	return broken(link, code, found, remedy)
}

// brokenAsTried tells why making it right failed for good, or else what is seen here.
func (c *chain) brokenAsTried(link, code, found, remedy string) onboarding.PersonLink {
	if c.failed != nil {
		return broken(link, cmp.Or(c.failed.Code, code), c.failed.Reason, c.failed.Remedy)
	}
	return broken(link, code, found, remedy)
}

func (c *chain) oktaLink() onboarding.PersonLink {
	switch {
	case c.person.User == nil:
		return c.brokenAsKnown(onboarding.LinkOkta, people.CodeUnknownInOkta, "Okta knows nobody of this login",
			"Correct the login, or create the person in Okta")
	case c.person.User.Status != people.ActiveStatus:
		return c.brokenAsKnown(onboarding.LinkOkta, people.CodeInactiveInOkta, "not active in Okta: "+unknownIfEmpty(c.person.User.Status),
			"Activate the person in Okta")
	}
	return ok(onboarding.LinkOkta, "%s in Okta as %s", c.person.User.Status, c.person.Login)
}

func (c *chain) appLink() onboarding.PersonLink {
	switch {
	case c.person.User == nil:
		return notSeen(onboarding.LinkAppUser)
	case c.app.Status != people.ActiveStatus:
		return broken(onboarding.LinkAppUser, people.CodeAppInactive,
			fmt.Sprintf("the app %q is %s in Okta, so that nobody can sign in through it", c.app.Label, unknownIfEmpty(c.app.Status)),
			"Activate the app in the Okta admin console ("+c.appURL+")")
	case !c.person.Assigned():
		return c.brokenAsKnown(onboarding.LinkAppUser, people.CodeNotAssigned, "not assigned to the app in Okta",
			"Add the person to the Okta group that is assigned to the app")
	case c.person.AppUser.Scope == "GROUP":
		return ok(onboarding.LinkAppUser, "assigned to the app by a group, as %s", c.person.UserName())
	}
	return ok(onboarding.LinkAppUser, "assigned to the app directly, as %s", c.person.UserName())
}

func (c *chain) provisioningLink() onboarding.PersonLink {
	switch {
	case c.person.AppUser == nil:
		return notSeen(onboarding.LinkProvisioning)
	case c.person.AppUser.Provisioned():
		return ok(onboarding.LinkProvisioning, "%s", c.person.AppUser.Status)
	case c.canSignIn():
		return ok(onboarding.LinkProvisioning, "%s; Okta does not look after the user, who was made by hand",
			unknownIfEmpty(c.person.AppUser.Status))
	}
	return c.brokenAsKnown(onboarding.LinkProvisioning, people.CodeNotProvisioned,
		"Okta has not brought the person to Identity Center ("+unknownIfEmpty(c.person.AppUser.Status)+")",
		"Look for the person in Okta under Dashboard > Tasks")
}

func (c *chain) userLink() onboarding.PersonLink {
	switch {
	case c.person.User == nil || c.person.AppUser == nil && c.user.ID == "":
		return notSeen(onboarding.LinkUser)
	case c.user.ID == "":
		return c.brokenAsKnown(onboarding.LinkUser, people.CodeDeletedThere, "Identity Center has no such user",
			"Unassign the person from the app in Okta and assign them again")
	case c.canSignIn() || !c.person.Assigned() || c.person.User.Status != people.ActiveStatus:
	case c.user.UserName != c.person.UserName():
		return c.brokenAsKnown(onboarding.LinkUser, people.CodeOtherCase,
			fmt.Sprintf("the user name is %s, but Okta sends %s", c.user.UserName, c.person.UserName()),
			"Make both the same: save the person's Okta profile again, so that Okta pushes it")
	case !c.user.Enabled:
		return c.brokenAsKnown(onboarding.LinkUser, people.CodeDisabled, "disabled in Identity Center",
			"Unassign the person from the app in Okta and assign them again")
	default:
		return c.brokenAsKnown(onboarding.LinkUser, people.CodeLoginNoAddress,
			"the user name is not an e-mail address, so that Identity Center refuses the sign-in",
			"Compare the person's Okta login with the user name in Identity Center")
	}
	state := "enabled"
	if !c.user.Enabled {
		state = "disabled"
	}
	return ok(onboarding.LinkUser, "%s in Identity Center as %s", state, c.user.UserName)
}

func (c *chain) groupsLink() onboarding.PersonLink {
	const link = onboarding.LinkGroups
	switch {
	case c.person.User == nil:
		return notSeen(link)
	case len(c.person.Groups) == 0 && c.person.Named:
		return ok(link, "in none of the access groups; the spec names the person")
	case len(c.person.Groups) == 0:
		found := "in Okta, the person is in none of the access groups: " + people.Quoted(c.groups)
		if len(c.through) > 0 && c.canSignIn() {
			found += ". Until that has reached the Studio application, they keep their access: assigned " + strings.Join(c.through, " and ")
		}
		return broken(link, codeNotInGroup, found, "Add the person to one of them in Okta, or name them under access.people")
	case c.user.ID == "":
		return onboarding.PersonLink{Link: link, State: onboarding.LinkNotSeen, Found: "in Okta in " + people.Quoted(c.person.Groups)}
	case len(c.lacks) == len(c.person.Groups) && !c.person.Named && len(c.through) == 0:
		problem := people.NotMember(c.lacks...)
		return c.brokenAsKnown(link, problem.Code, problem.Reason, problem.Remedy+". "+c.syncOnce()+" does it too")
	case len(c.lacks) > 0:
		return ok(link, "member of %s; not yet in Identity Center: %s", people.Quoted(c.person.Groups), people.Quoted(c.lacks))
	}
	return ok(link, "member of %s, in Okta and in Identity Center", people.Quoted(c.person.Groups))
}

// syncOnce is the command that repairs what a reconcile can repair.
func (c *chain) syncOnce() string { return "starter sync " + c.run + " --once" }

// again is the remedy of what the next reconcile makes right, and so does a run that is asked to go on.
func (c *chain) again() string {
	return fmt.Sprintf("Retry the step %s, or once the run is done: %s", onboarding.StepAccess, c.syncOnce())
}

func (c *chain) assignmentLink() onboarding.PersonLink {
	switch {
	case c.user.ID == "":
		return notSeen(onboarding.LinkAssignment)
	case c.disabled():
		return broken(onboarding.LinkAssignment, codeAppDisabled, "the Studio application is DISABLED in Identity Center, and lets nobody in",
			"Enable it in the IAM Identity Center console: Applications > the Studio application > Actions")
	case len(c.through) == 0:
		return broken(onboarding.LinkAssignment, codeNotAssigned, "not assigned to the Studio application, neither directly nor by a group",
			c.again())
	case c.unseen != nil:
		return onboarding.PersonLink{Link: onboarding.LinkAssignment, State: onboarding.LinkUnknown, Code: codeAppUnseen,
			Found: fmt.Sprintf("assigned to the Studio application %s; whether that is enabled was not seen: %s", strings.Join(c.through, " and "),
				c.unseen.Text())}
	}
	return ok(onboarding.LinkAssignment, "assigned to the Studio application %s", strings.Join(c.through, " and "))
}

func (c *chain) profileLink() onboarding.PersonLink {
	const link = onboarding.LinkProfile
	switch {
	case c.user.ID == "":
		return notSeen(link)
	case c.profile.Name == "" && !c.eager:
		return ok(link, "none yet: Studio makes it at the first sign-in")
	case c.profile.Name == "":
		return c.brokenAsTried(link, codeNoProfile, "no user profile in the domain "+c.domainID, c.again())
	case c.profile.Status != profile.StatusInService:
		return c.brokenAsTried(link, codeProfileStatus, fmt.Sprintf("the profile %s is %s", c.profile.Name, c.profile.Status),
			"Look at the profile in the SageMaker console, then retry")
	case !c.profile.Changed.IsZero():
		return ok(link, "%s is InService, last changed %s", c.profile.Name, c.profile.Changed.UTC().Format(time.RFC3339))
	}
	return ok(link, "%s is InService", c.profile.Name)
}

// role is the execution role of the person's profile.
func (c *chain) role() string { return cmp.Or(c.profile.Role, c.defaultRole) }

func (c *chain) roleLink() onboarding.PersonLink {
	switch role := c.role(); {
	case c.profile.Name == "":
		return notSeen(onboarding.LinkRole)
	case c.wanted.Role != "" && role != c.wanted.Role:
		return c.brokenAsTried(onboarding.LinkRole, codeWrongRole, fmt.Sprintf("the profile %s has the execution role %s instead of %s",
			c.profile.Name, people.RoleName(role), people.RoleName(c.wanted.Role)), c.again())
	case c.wanted.Conflict != "":
		return ok(onboarding.LinkRole, "%s; %s", people.RoleName(role), c.wanted.Conflict)
	default:
		return ok(onboarding.LinkRole, "%s", people.RoleName(role))
	}
}

// notices are what an administrator should know of somebody who is ready.
func (c *chain) notices() []people.Problem {
	var notices []people.Problem
	if c.problem != nil {
		notices = append(notices, people.Problem{Code: c.problem.Code, Reason: "no link is broken, but " + c.problem.Reason,
			Remedy: c.problem.Remedy})
	}
	if len(c.lacks) > 0 {
		problem := people.NotMember(c.lacks...)
		reason := "assigned to the Studio application " + strings.Join(c.through, " and ") + ", but " + problem.Reason
		code := problem.Code
		if len(c.lacks) == len(c.person.Groups) && !c.person.Named {
			code = codeOutsideGroup
		}
		notices = append(notices, people.Problem{Code: code, Reason: reason, Remedy: problem.Remedy})
	}
	if c.wanted.Conflict != "" {
		notices = append(notices, people.Problem{Code: codeRoleConflict, Reason: c.wanted.Conflict,
			Remedy: "Take the person out of one of the groups, or name them under access.people, if another role should count"})
	}
	if name := c.person.UserName(); profile.Hashed(name, c.profile.Name) {
		notices = append(notices, people.Problem{Code: codeProfileName,
			Reason: fmt.Sprintf("the profile is called %s, because the name %s belongs to more than one person", c.profile.Name,
				profile.Name(name))})
	}
	return notices
}

// record is the person's line in the list.
func (c *chain) record() onboarding.PersonRecord {
	record := onboarding.PersonRecord{Person: c.person.Login, Via: slices.Clip(c.person.Groups), UserID: c.user.ID}
	if c.person.Named {
		record.Via = append(record.Via, people.ViaPerson)
	}
	if c.profile.Name != "" {
		record.Profile, record.ProfileStatus, record.ExecutionRole = c.profile.Name, c.profile.Status, c.role()
		record.ChangedAt = c.profile.Changed
	}
	if link := c.broken(); link != nil {
		record.Code, record.Reason, record.Remedy = link.Code, link.Found, link.Remedy
	} else {
		record.Ready, record.Grade = true, c.grade()
	}
	record.LastSignIn = c.signedIn()
	return record
}

func unknownIfEmpty(status string) string { return cmp.Or(status, "status unknown") }
