package okta

import (
	"iter"
	"slices"
	"sort"
)

// table keeps things in the order in which they were added, by ID. Its pages stay right while things come and go, because
// a cursor is a place in that order and not an offset.
type table[T any] struct {
	seq  int
	rows []row[T]
	byID map[string]int
}

type row[T any] struct {
	seq   int
	id    string
	value T
}

func (t *table[T]) put(id string, value T) {
	if t.byID == nil {
		t.byID = map[string]int{}
	}
	if at, ok := t.byID[id]; ok {
		t.rows[t.index(at)].value = value
		return
	}
	t.seq++
	t.byID[id] = t.seq
	t.rows = append(t.rows, row[T]{t.seq, id, value})
}

func (t *table[T]) get(id string) (value T, ok bool) {
	at, ok := t.byID[id]
	if !ok {
		return value, false
	}
	return t.rows[t.index(at)].value, true
}

func (t *table[T]) has(id string) bool {
	_, ok := t.byID[id]
	return ok
}

func (t *table[T]) remove(id string) bool {
	at, ok := t.byID[id]
	if !ok {
		return false
	}
	i := t.index(at)
	t.rows = slices.Delete(t.rows, i, i+1)
	delete(t.byID, id)
	return true
}

func (t *table[T]) all() iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, r := range t.rows {
			if !yield(r.value) {
				return
			}
		}
	}
}

// page returns up to limit things behind the cursor after, and the cursor of the next page, 0 if there is none.
func (t *table[T]) page(after, limit int, keep func(T) bool) (values []T, next int) {
	last := 0
	for i := t.index(after + 1); i < len(t.rows); i++ {
		if !keep(t.rows[i].value) {
			continue
		}
		if len(values) == limit {
			return values, last
		}
		values = append(values, t.rows[i].value)
		last = t.rows[i].seq
	}
	return values, 0
}

// index is where the first row with this or a later sequence number is.
func (t *table[T]) index(seq int) int {
	return sort.Search(len(t.rows), func(i int) bool { return t.rows[i].seq >= seq })
}
