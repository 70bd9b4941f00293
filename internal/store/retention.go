package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"gocloud.dev/blob"
)

// How long what is no longer current is kept: pages of it may be being read, and people look at what a reconcile of yesterday found.
const (
	keptAlways   = 3         // generations, whatever their age
	keptForSure  = time.Hour // whatever their number
	keptForADay  = 24        // generations at most, for a day
	day          = 24 * time.Hour
	leftoverEnds = ".tmp" // as fileblob calls what is being written
)

// kept says whether a generation that is the nth newest stays.
func kept(nth int, age time.Duration) bool {
	return nth < keptAlways || age < keptForSure || nth < keptForADay && age < day
}

// retain removes what nobody needs of a document: old generations, what was added before the current one, what a killed writer
// left, and the document as the first version had it. What cannot be removed now is removed some other time.
func (s *Store) retain(ctx context.Context, ref Ref, current Generation) {
	var generations []*blob.ListObject
	var drop []string
	folder, firstVersions := ref.key(""), ref.Studio+"/"+ref.Name+lineEnding
	err := s.each(ctx, ref.Studio+"/"+ref.Name, func(object *blob.ListObject) error {
		name, inside := strings.CutPrefix(object.Key, folder)
		id, added := strings.CutSuffix(name, addedEnding)
		switch {
		case object.Key == firstVersions:
			drop = append(drop, object.Key)
		case !inside || name == currentName || name == current.ID+lineEnding:
		case added && id < current.ID, strings.HasSuffix(name, leftoverEnds) && s.now().Sub(object.ModTime) > day:
			drop = append(drop, object.Key)
		case !added && strings.HasSuffix(name, lineEnding):
			generations = append(generations, object)
		}
		return nil
	})
	slices.SortFunc(generations, func(a, b *blob.ListObject) int { return b.ModTime.Compare(a.ModTime) })
	for i, one := range generations {
		if !kept(i+1, s.now().Sub(one.ModTime)) {
			drop = append(drop, one.Key)
		}
	}
	for _, key := range drop {
		if err == nil {
			err = s.remove(ctx, key)
		}
	}
	if err != nil {
		s.logger.WarnContext(ctx, "What is no longer needed in the store could not be removed; the next write tries again",
			"document", ref.String(), "error", err)
	}
}
