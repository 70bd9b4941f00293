package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strconv"

	"studio-onboarding/internal/profile"
	"studio-onboarding/onboarding"
)

// The documents of a studio.
const (
	peopleName     = "people"
	checkName      = "check"
	changesName    = "changes"
	exceptionsName = "exceptions"
	profilesName   = "profiles"
	// packName begins the name of a rollback pack, which ends with the number of its run.
	packName = "rollback-"
)

// Lists are the documents that activities keep.
type Lists struct{ Store *Store }

func save[T any](ctx context.Context, l Lists, studio, name string, items iter.Seq[T]) (onboarding.Listing, error) {
	made, err := Write(ctx, l.Store, Ref{studio, name}, Each(items))
	if err != nil {
		return onboarding.Listing{}, err
	}
	return onboarding.Listing{Studio: studio, Generation: made.ID, Lines: made.Lines, AsOf: made.At, Address: made.Address}, nil
}

func read[T any](ctx context.Context, l Lists, studio, name, generation string, from int64, each func(item T, next int64) bool) error {
	for line, err := range Lines[T](ctx, l.Store, Ref{studio, name}, generation, from) {
		if err != nil {
			return err
		}
		if !each(line.Item, line.Next) {
			return nil
		}
	}
	return nil
}

// SavePeople makes a new generation of the list of those who should be able to sign in.
func (l Lists) SavePeople(ctx context.Context, studio string, people iter.Seq[onboarding.PersonRecord]) (onboarding.Listing, error) {
	return save(ctx, l, studio, peopleName, people)
}

// ReadPeople reads a generation of that list, or the current one where it is "", from where a line begins, until each says false.
func (l Lists) ReadPeople(ctx context.Context, studio, generation string, from int64,
	each func(person onboarding.PersonRecord, next int64) bool) error {
	return read(ctx, l, studio, peopleName, generation, from, each)
}

// SaveCheck makes a new generation of the list of those whom a check or a plan says would not be able to sign in.
func (l Lists) SaveCheck(ctx context.Context, studio string, people iter.Seq[onboarding.PersonRecord]) (onboarding.Listing, error) {
	return save(ctx, l, studio, checkName, people)
}

// ReadCheck reads that list as ReadPeople does.
func (l Lists) ReadCheck(ctx context.Context, studio, generation string, from int64,
	each func(person onboarding.PersonRecord, next int64) bool) error {
	return read(ctx, l, studio, checkName, generation, from, each)
}

// SaveChanges makes a new generation of the list of the differences that a reconcile found.
func (l Lists) SaveChanges(ctx context.Context, studio string, changes iter.Seq[onboarding.AccessChange]) (onboarding.Listing, error) {
	return save(ctx, l, studio, changesName, changes)
}

// ReadChanges reads that list as ReadPeople does.
func (l Lists) ReadChanges(ctx context.Context, studio, generation string, from int64,
	each func(change onboarding.AccessChange, next int64) bool) error {
	return read(ctx, l, studio, changesName, generation, from, each)
}

// SaveExceptions replaces the list of those for whom making access right failed for good.
func (l Lists) SaveExceptions(ctx context.Context, studio string, people []onboarding.PersonException) error {
	_, err := save(ctx, l, studio, exceptionsName, slices.Values(people))
	return err
}

// ReadExceptions reads that list; nobody is on it where none was saved.
func (l Lists) ReadExceptions(ctx context.Context, studio string) ([]onboarding.PersonException, error) {
	var people []onboarding.PersonException
	err := read(ctx, l, studio, exceptionsName, "", 0, func(person onboarding.PersonException, _ int64) bool {
		people = append(people, person)
		return true
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return people, err
}

// SaveProfiles replaces what is known of the profiles of a studio.
func (l Lists) SaveProfiles(ctx context.Context, studio string, known iter.Seq[profile.Known]) error {
	_, err := save(ctx, l, studio, profilesName, known)
	return err
}

// AddProfiles adds to it.
func (l Lists) AddProfiles(ctx context.Context, studio string, known []profile.Known) error {
	return Append(ctx, l.Store, Ref{studio, profilesName}, Each(slices.Values(known)))
}

// ReadProfiles reads it in the order in which it was learned: what comes later counts. The error wraps fs.ErrNotExist where nothing
// is known.
func (l Lists) ReadProfiles(ctx context.Context, studio string) iter.Seq2[profile.Known, error] {
	return ReadAppended[profile.Known](ctx, l.Store, Ref{studio, profilesName})
}

// SavePack makes a new generation of the rollback pack of a studio's run.
func (l Lists) SavePack(ctx context.Context, studio string, run int, lines iter.Seq[onboarding.PackLine]) (onboarding.Listing, error) {
	return save(ctx, l, studio, packName+strconv.Itoa(run), lines)
}

// ReadPack reads a pack as ReadPeople does a list. The error wraps fs.ErrNotExist also where that generation is no longer kept, or is
// damaged: there is no whole pack then.
func (l Lists) ReadPack(ctx context.Context, studio string, run int, generation string, from int64,
	each func(line onboarding.PackLine, next int64) bool) error {
	err := read(ctx, l, studio, packName+strconv.Itoa(run), generation, from, each)
	if errors.Is(err, ErrGone) || errors.Is(err, ErrDamaged) {
		return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return err
}
