package access

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"studio-onboarding/activities/people"
	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/profile"
	"studio-onboarding/onboarding"
)

// ExplainInput asks about one person.
type ExplainInput struct {
	Access Input  `json:"access"`
	Login  string `json:"login"`
}

// ExplainPerson follows one person from Okta to Studio by direct look-ups, link by link, and names the first broken one. It
// changes nothing.
func (x *Activities) ExplainPerson(ctx context.Context, in ExplainInput) (onboarding.PersonExplanation, error) {
	in.Access.FollowOkta = true
	a, err := x.open(ctx, in.Access, provider.NewProgress(ctx, onboarding.StepVerify, "links"))
	if err != nil {
		return onboarding.PersonExplanation{}, err
	}
	same, err := x.through(ctx, in.Access)
	if err != nil {
		return onboarding.PersonExplanation{}, err
	}
	e := &explaining{x: x, a: a, in: in.Access, chain: chain{terms: same}}
	e.person.Login = in.Login
	for _, read := range []func(context.Context) error{e.readOkta, e.readDirectory, e.readProblem, e.readStudio} {
		if err := read(ctx); err != nil {
			return onboarding.PersonExplanation{}, err
		}
	}
	return e.explanation(), nil
}

// explaining reads the chain of one person.
type explaining struct {
	chain
	x      *Activities
	a      *domainAccess
	in     Input
	users  []people.User
	groups []people.Group // the access groups; Members holds this person alone
}

func (e *explaining) readOkta(ctx context.Context) error {
	e.person.Named = slices.ContainsFunc(e.in.Access.People, func(p onboarding.PersonAccessSpec) bool {
		return strings.EqualFold(p.Login,
			e.person.Login)
	})
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
func (e *explaining) readDirectory(ctx context.Context) error {
	if e.person.User == nil {
		return nil
	}
	store := e.a.store
	var ids []string
	if e.person.AppUser != nil && e.person.AppUser.ExternalID != "" {
		ids = append(ids, e.person.AppUser.ExternalID)
	}
	byName, err := store.UserID(ctx, e.person.UserName())
	if err != nil {
		return err
	}
	if byName != "" && !slices.Contains(ids, byName) {
		ids = append(ids, byName)
	}
	for _, id := range ids {
		user, there, err := store.User(ctx, id)
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
		if member, err = store.GroupsOf(ctx, e.user.ID); err != nil {
			return err
		}
	}
	for _, name := range e.terms.groups {
		id, err := store.GroupID(ctx, name)
		if err != nil {
			return err
		}
		group := people.Group{Name: name, ID: id, Members: map[string]bool{}}
		if member[id] {
			group.Members[e.user.ID] = true
		}
		e.groups = append(e.groups, group)
	}
	return e.readAssignments(ctx, member)
}

func (e *explaining) readAssignments(ctx context.Context, member map[string]bool) error {
	assignments, err := e.a.listAssignments(ctx)
	if err != nil {
		return err
	}
	for _, found := range assignments {
		switch {
		case e.user.ID == "":
		case found.Type == PrincipalUser && found.PrincipalID == e.user.ID:
			e.through = append(e.through, directly)
		case found.Type == PrincipalGroup && member[found.PrincipalID]:
			name, err := e.a.store.GroupName(ctx, found.PrincipalID)
			if err != nil {
				return err
			}
			e.through = append(e.through, byGroup(name))
		}
	}
	return nil
}

// directly and byGroup say how somebody is assigned to the Studio application.
const directly = "directly"

func byGroup(name string) string { return fmt.Sprintf("by the group %q", name) }

// readProblem asks the judge of people.
func (e *explaining) readProblem(ctx context.Context) error {
	compared, err := people.CompareWithLog(ctx, e.x.Okta, e.in.AppID, people.Input{
		People: []people.Person{e.person}, Users: e.users, Groups: e.groups, AssignmentGroup: e.in.AssignmentGroup, Now: time.Now(),
	})
	for _, missing := range compared.Missing {
		if missing.Lacks == "" && e.problem == nil {
			e.problem = &missing.Problem
		}
	}
	return err
}

// readStudio finds the person's profile, and what it should be.
func (e *explaining) readStudio(ctx context.Context) error {
	view := viewOf(e.in, e.users, e.groups).follow([]people.Person{e.person})
	if err := e.pin(ctx, &view.desired); err != nil {
		return err
	}
	for _, person := range view.desired.People() {
		if person.UserID == e.user.ID {
			e.wanted = person
		}
	}
	if e.user.ID == "" {
		return nil
	}
	e.lacks = view.lacks(e.person, e.user.ID)
	failed, err := e.x.givenUp(ctx, e.in.Run)
	if err != nil {
		return err
	}
	if why, ok := failed[e.user.UserName]; ok {
		e.failed = &why
	}
	for _, name := range profile.Candidates(e.user.UserName) {
		out, err := e.a.describe(ctx, name)
		if fault.ClassOf(err) == fault.NotFound {
			continue
		} else if err != nil {
			return err
		}
		if found := knownAs(name, out); found.UserName == e.user.UserName {
			e.profile = Profile{Name: name, UserName: found.UserName, Role: found.Role, Status: string(out.Status),
				Changed: aws.ToTime(out.LastModifiedTime)}
			return nil
		}
	}
	// A profile that was adopted may have any name.
	profiles, err := e.a.listProfiles(ctx, func(int, int) {})
	if err != nil {
		return err
	}
	profiles = slices.DeleteFunc(profiles, func(p Profile) bool { return p.UserName != e.user.UserName })
	e.profile, _ = Pick(profiles)
	return nil
}

// pin leaves somebody who is held the role that they have.
func (e *explaining) pin(ctx context.Context, desired *Desired) error {
	agreed, err := e.x.People.ReadRoster(ctx, e.in.Run)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return storeTrouble("roster", "read", err)
	}
	if loss, held := agreed.Hold.Loses(e.user.UserName); held && !loss.Access {
		person, _ := agreed.Find(e.user.UserName)
		desired.Pinned = map[string]string{e.user.UserName: cmp.Or(person.Role, desired.DefaultRole)}
	}
	return nil
}

// explanation shows all links.
func (e *explaining) explanation() onboarding.PersonExplanation {
	links := e.links()
	result := onboarding.PersonExplanation{Person: e.person.Login, Ready: true, Links: links[:], LastSignIn: e.signedIn()}
	for _, finding := range e.findings() {
		result.Notices = append(result.Notices, onboarding.WithRemedy(finding.Reason, finding.Remedy))
	}
	if link := e.broken(); link != nil {
		result.Ready, result.Broken, result.Code, result.Remedy = false, link.Link, link.Code, link.Remedy
		return result
	}
	result.Grade = e.grade()
	for _, notice := range e.notices() {
		result.Notices = append(result.Notices, notice.Reason)
	}
	return result
}
