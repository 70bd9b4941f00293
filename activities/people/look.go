package people

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

// ListStore keeps the list of those who will not be able to sign in, which is too long for a history.
type ListStore interface {
	// SaveCheck makes a new generation of it.
	SaveCheck(ctx context.Context, studio string, people iter.Seq[onboarding.PersonRecord]) (onboarding.Listing, error)
}

// Sources are what a look reads from, and where it keeps the list of those who will not be able to sign in; nil keeps none.
type Sources struct {
	AWS   provider.AWS
	Okta  provider.Okta
	Lists ListStore
}

// Where says what the look needs of other resources.
type Where struct {
	// AppID is the Okta app's; empty while there is none, or while it is not known which. Provisions says that it brings people.
	AppID      string
	Provisions bool
	// IdentityStoreID is the directory's; empty while there is no instance.
	IdentityStoreID string
	// PrimaryRegion is Identity Center's.
	PrimaryRegion string
	// Limit is how many people of each Okta group are read, and leaves out the memberships of Identity Center; 0 reads
	// everybody.
	Limit int
}

// QuickLimit is the Limit of the look before a run, which is quick; the later steps look at everybody.
const QuickLimit = 10_000

// State is what the judge of people looks at.
type State struct {
	Where
	// Now is the time of the look.
	Now time.Time
	// Assignment is the Okta group that is assigned to the app, and Groups are the access groups, in the order of the spec.
	Assignment OktaGroup
	Groups     []OktaGroup
	// Unknown are single people of the spec whom Okta does not know, and Unread those who could not be looked at.
	Unknown []string
	Unread  map[string]*onboarding.Trouble
	// People are all who should be in Identity Center, sorted by login. Somebody who is to be assigned to the app by a run counts
	// as in the assignment group.
	People []Person
	// Users and Directory are the users of Identity Center and its access groups, in the order of the spec; GroupsByHand are the
	// names of those that came from no other directory.
	Users        []User
	Directory    []Group
	GroupsByHand []string
	// Failures are failed provisioning events, where Okta provisions.
	Failures []model.LogEvent
	// DirectoryTrouble, GroupTrouble and AppTrouble are what could not be looked at: the users, groups, and Okta's app users and
	// its log.
	DirectoryTrouble, GroupTrouble, AppTrouble *onboarding.Trouble
	// File names the list (on the worker) of those who will not be able to sign in, and FileTrouble says why there is none.
	File        string
	FileTrouble *onboarding.Trouble
}

// OktaGroup is a group in Okta with its members.
type OktaGroup struct {
	// ID is empty where there is no such group.
	Name, ID string
	Members  []model.User
	// More says that the group has more members than were read.
	More    bool
	Trouble *onboarding.Trouble
}

// Look reads who should be in Identity Center, and who is.
func Look(ctx context.Context, from Sources, where Where, spec onboarding.Spec) (State, error) {
	state := State{Where: where, Now: time.Now(), Unread: map[string]*onboarding.Trouble{}}
	look := &look{Sources: from, State: &state, spec: spec}
	if err := provider.SideBySide(ctx, look.groups, look.directory); err != nil {
		return State{}, err
	}
	if err := look.people(ctx); err != nil {
		return State{}, err
	}
	return state, look.keepList(ctx)
}

type look struct {
	Sources
	*State
	spec onboarding.Spec
}

// groups reads the groups of Okta, side by side: pages of one come one after the other.
func (l *look) groups(ctx context.Context) error {
	l.Groups = make([]OktaGroup, len(l.spec.Access.Groups))
	reading, ctx := errgroup.WithContext(ctx)
	reading.SetLimit(listsAtOnce)
	reading.Go(func() (err error) {
		l.Assignment, err = l.group(ctx, l.spec.Okta.AssignmentGroup)
		return err
	})
	for i, group := range l.spec.Access.Groups {
		reading.Go(func() (err error) {
			l.Groups[i], err = l.group(ctx, group.Name)
			return err
		})
	}
	return reading.Wait()
}

func (l *look) group(ctx context.Context, name string) (OktaGroup, error) {
	found := OktaGroup{Name: name}
	group, err := l.Okta.Group(ctx, name)
	if err == nil {
		found.ID = group.ID
		enough := errors.New("enough people read")
		words := Copies{}
		err = l.Okta.GroupUsers(ctx, group.ID, func(page []model.User) error {
			for _, user := range page {
				user.Status, user.FirstName, user.LastName = words.One(user.Status), words.One(user.FirstName), words.One(user.LastName)
				found.Members = append(found.Members, user)
			}
			if l.Limit > 0 && len(found.Members) > l.Limit {
				return enough
			}
			return nil
		})
		if errors.Is(err, enough) {
			found.More, err = true, nil
		}
	}
	if err != nil {
		found.Members = nil
	}
	found.Trouble, err = provider.Trouble(err)
	return found, err
}

// directory reads who is in Identity Center.
func (l *look) directory(ctx context.Context) error {
	for _, group := range l.spec.Access.Groups {
		l.Directory = append(l.Directory, Group{Name: group.Name})
	}
	if l.IdentityStoreID == "" {
		return nil
	}
	store, err := OpenIdentityStore(ctx, l.AWS, l.spec.IdentityCenter, cmp.Or(l.PrimaryRegion, l.spec.Region), l.IdentityStoreID)
	if err != nil {
		l.DirectoryTrouble, err = provider.Trouble(err)
		return err
	}
	return provider.SideBySide(ctx, func(ctx context.Context) error {
		var names []string
		if l.Limit == 0 {
			names = groupNames(l.spec)
		}
		users, groups, err := store.UsersAndGroups(ctx, names)
		if err == nil {
			l.Users = users
			copy(l.Directory, groups)
		}
		l.DirectoryTrouble, err = provider.Trouble(err)
		return err
	}, func(ctx context.Context) error {
		err := l.byHand(ctx, store)
		l.GroupTrouble, err = provider.Trouble(err)
		return err
	})
}

func (l *look) byHand(ctx context.Context, store IdentityStore) error {
	for _, group := range l.spec.Access.Groups {
		id, err := store.GroupID(ctx, group.Name)
		if err != nil {
			return err
		}
		if id == "" {
			continue
		}
		byHand, err := store.madeByHand(ctx, id)
		if err != nil {
			return err
		}
		if byHand {
			l.GroupsByHand = append(l.GroupsByHand, group.Name)
		}
	}
	return nil
}

// people joins what the groups tell with the single people of the spec and the users of the app.
func (l *look) people(ctx context.Context) error {
	index := map[string]int32{}
	inside := make(map[string]bool, len(l.Assignment.Members))
	for _, user := range l.Assignment.Members {
		inside[user.ID] = true
	}
	add := func(user *model.User) *Person {
		at, known := index[user.ID]
		if !known {
			at = int32(len(l.People))
			index[user.ID] = at
			l.People = append(l.People, Person{Login: user.Login, User: user, InAssignmentGroup: inside[user.ID]})
		}
		return &l.People[at]
	}
	for _, group := range l.Groups {
		alone := []string{group.Name} // most people are in one group, and share the list of it
		for i := range group.Members {
			if person := add(&group.Members[i]); person.Groups == nil {
				person.Groups = alone
			} else {
				person.Groups = append(slices.Clone(person.Groups), group.Name)
			}
		}
	}
	if err := l.singles(ctx, add); err != nil {
		return err
	}
	if err := l.app(ctx, index); err != nil {
		return err
	}
	slices.SortFunc(l.People, func(a, b Person) int {
		return cmp.Or(strings.Compare(a.Login, b.Login), strings.Compare(oktaID(a), oktaID(b)))
	})
	return nil
}

func (l *look) singles(ctx context.Context, add func(*model.User) *Person) error {
	for _, single := range l.spec.Access.People {
		user, err := l.Okta.UserByLogin(ctx, single.Login)
		switch trouble, failed := provider.Trouble(err); {
		case failed != nil:
			return failed
		case trouble == nil:
			person := add(&user)
			person.Named, person.InAssignmentGroup = true, true // the run assigns single people itself
			continue
		case fault.ClassOf(err) == fault.NotFound:
			l.Unknown = append(l.Unknown, single.Login)
		default:
			l.Unread[single.Login] = trouble
		}
		l.People = append(l.People, Person{Login: single.Login, Named: true})
	}
	return nil
}

// app reads who is assigned to the app, and why people could not be provisioned.
func (l *look) app(ctx context.Context, index map[string]int32) error {
	if l.Limit > 0 && len(l.People) > l.Limit {
		return nil
	}
	words := Copies{}
	err := appUsersOf(ctx, l.Okta, l.AppID, func(user model.AppUser) {
		if i, wanted := index[user.ID]; wanted {
			user.Status, user.SyncState, user.Scope = words.One(user.Status), words.One(user.SyncState), words.One(user.Scope)
			l.People[i].AppUser = &user
		}
	})
	if err == nil && l.Provisions {
		l.Failures, err = failuresOf(ctx, l.Okta, l.AppID, l.input(l.spec))
		if fault.ClassOf(err) == fault.Unsupported { // costs the reasons only
			err = nil
		}
	}
	l.AppTrouble, err = provider.Trouble(err)
	return err
}

// keepList keeps the list of those who will not be able to sign in, each with the reason.
func (l *look) keepList(ctx context.Context) error {
	if l.Lists == nil || l.AppTrouble != nil {
		return nil
	}
	exceptions := l.Outlook(l.spec).Exceptions()
	if len(exceptions) == 0 {
		return nil
	}
	list, err := l.Lists.SaveCheck(ctx, l.spec.Name, func(yield func(onboarding.PersonRecord) bool) {
		for _, missing := range exceptions {
			record := onboarding.PersonRecord{Person: missing.Person, Code: missing.Code, Reason: missing.Reason, Remedy: missing.Remedy}
			if !yield(record) {
				return
			}
		}
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if l.File = list.Address; err != nil {
		l.FileTrouble = &onboarding.Trouble{Class: string(fault.Invalid), Message: "the list of people cannot be written: " + err.Error(),
			Remedy: "Check the worker's store: it has to be writable and to have space left."}
	}
	return nil
}

func groupNames(spec onboarding.Spec) []string {
	var names []string
	for _, group := range spec.Access.Groups {
		names = append(names, group.Name)
	}
	return names
}
