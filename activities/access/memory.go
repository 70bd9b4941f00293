package access

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"time"

	"studio-onboarding/activities/people"
	"studio-onboarding/internal/profile"

	"go.temporal.io/sdk/activity"
)

// profileMemory is what is known of the profiles of a domain beyond what their list tells, which is who they belong to and
// their role: from this attempt, and from the store, in which earlier ones left it. Describing everybody anew would cost a call
// for each person and look.
//
// Nothing is taken from the store that the list speaks against, and samples of the rest are described again: where one of
// them is wrong, all of it is forgotten. Without the store everything is described once.
type profileMemory struct {
	store PeopleStore // nil keeps nothing
	// readOnly writes nothing to the store.
	readOnly bool
	run      string
	// tags is the digest of the tags that profiles should have.
	tags string
	// settle is how long a new profile may change by itself.
	settle time.Duration

	mu        sync.Mutex
	known     map[string]remembered
	unwritten []profile.Known
	opened    bool
	// changes says that the store has something else than known.
	changes bool
}

// remembered is one profile, as small as it can be: there may be a hundred thousand.
type remembered struct {
	userName, role string
	// created and changed are in nanoseconds since 1970, 0 where they are not known.
	created, changed int64
	made             bool
	ours             ownership
	// fresh says that this attempt has it from AWS itself.
	fresh bool
	// unlisted says that making the profile was acknowledged, and that the list has not shown it yet.
	unlisted bool
	// stale says that the role was changed since.
	stale bool
	// tagged says that the profile was seen to have the tags of the spec.
	tagged bool
}

// ownership says whether a profile carries the run's tag.
type ownership uint8

const (
	notAsked ownership = iota
	ours
	notOurs
)

func (m *profileMemory) remember(k profile.Known) remembered {
	r := remembered{userName: k.UserName, role: k.Role, created: nanos(k.Created), changed: nanos(k.Changed), made: k.Made}
	r.tagged = m.tags != "" && k.Tags == m.tags
	switch {
	case k.Ours == nil:
	case *k.Ours:
		r.ours = ours
	default:
		r.ours = notOurs
	}
	return r
}

// as is what is remembered of the profile of this name, as the store has it.
func (m *profileMemory) as(r remembered, name string) profile.Known {
	k := profile.Known{Name: name, UserName: r.userName, Role: r.role, Created: fromNanos(r.created), Changed: fromNanos(r.changed),
		Made: r.made}
	if r.tagged {
		k.Tags = m.tags
	}
	if r.ours != notAsked {
		is := r.ours == ours
		k.Ours = &is
	}
	return k
}

// lasting is what the store keeps of it.
func (r remembered) lasting() remembered {
	r.fresh, r.unlisted, r.stale = false, false, false
	return r
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func fromNanos(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// of says whether this is remembered of the same profile, and not of one of the same name that was there before.
func (r remembered) of(known profile.Known) bool {
	if r.made {
		return known.Created.Sub(fromNanos(r.created)).Abs() <= profile.ClockSkew
	}
	return r.created == nanos(known.Created)
}

// Profiles are written to the store when there are flushAt new ones, and a flushShare of those that are known: few enough that a
// killed worker costs few calls, and enough that writing them costs few requests.
const (
	flushAt    = 50
	flushShare = 50
)

func newProfileMemory(store PeopleStore, run, tags string, settle time.Duration) *profileMemory {
	return &profileMemory{store: store, run: run, tags: tags, settle: settle, known: map[string]remembered{}}
}

// open reads the store. What cannot be read costs calls, not the attempt.
func (m *profileMemory) open(ctx context.Context) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.opened || m.store == nil {
		return
	}
	m.opened = true
	roles := people.Copies{}
	for known, err := range m.store.ReadProfiles(ctx, m.run) {
		if err != nil {
			m.changes = true
			maps.DeleteFunc(m.known, func(_ string, known remembered) bool { return !known.fresh })
			if !errors.Is(err, fs.ErrNotExist) && activity.IsActivity(ctx) {
				activity.GetLogger(ctx).Warn("What is known of profiles cannot be read; they are described again", "error", err)
			}
			break
		}
		if !m.known[known.Name].fresh {
			known.Role = roles.One(known.Role)
			m.known[known.Name] = m.remember(known)
		}
	}
}

// holds says what is known of a profile, where that is still true of it as it is listed.
func (m *profileMemory) holds(now profile.Listed) (remembered, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known, ok := m.known[now.Name]
	if !ok || known.stale {
		return remembered{}, false
	}
	switch {
	case known.fresh && now.Created.IsZero(): // a list without times: what was seen a moment ago has to do
	case !m.as(known, now.Name).Holds(now, m.settle):
		return remembered{}, false
	default:
		is := m.remember(m.as(known, now.Name).As(now))
		is.fresh = known.fresh
		known = is
	}
	known.unlisted = false
	m.keep(now.Name, known)
	return known, true
}

// learn keeps what AWS said of a profile.
func (m *profileMemory) learn(ctx context.Context, known profile.Known, unlisted bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if before, ok := m.known[known.Name]; ok && before.of(known) {
		was := m.as(before, known.Name)
		if known.Ours == nil {
			known.Ours = was.Ours
		}
		known.Tags = cmp.Or(known.Tags, was.Tags)
	}
	one := m.remember(known)
	one.fresh, one.unlisted = true, unlisted
	m.keep(known.Name, one)
	m.unwritten = append(m.unwritten, known)
	if len(m.unwritten) >= max(flushAt, len(m.known)/flushShare) {
		m.write(ctx)
	}
}

// keep puts what is known of a profile into the memory.
func (m *profileMemory) keep(name string, now remembered) {
	before, known := m.known[name]
	m.changes = m.changes || !known || before.lasting() != now.lasting()
	m.known[name] = now
}

// write adds what is new to the store. Where that fails, the profiles are described again some day.
func (m *profileMemory) write(ctx context.Context) {
	unwritten := slices.DeleteFunc(m.unwritten, func(k profile.Known) bool { return k.Created.IsZero() })
	m.unwritten = nil
	if m.store == nil || m.readOnly || len(unwritten) == 0 {
		return
	}
	m.changes = true // what was added is put in its place by the next save
	if err := m.store.AddProfiles(context.WithoutCancel(ctx), m.run, unwritten); err != nil && activity.IsActivity(ctx) {
		activity.GetLogger(ctx).Warn("What is known of profiles cannot be kept", "error", err)
	}
}

// save replaces what is in the store, unless it is that already.
func (m *profileMemory) save(ctx context.Context) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unwritten = nil
	if m.store == nil || m.opened && !m.changes {
		return
	}
	err := m.store.SaveProfiles(ctx, m.run, func(yield func(profile.Known) bool) {
		for _, name := range slices.Sorted(maps.Keys(m.known)) {
			if known := m.as(m.known[name], name); !known.Created.IsZero() && !yield(known) {
				return
			}
		}
	})
	if m.changes = err != nil; m.changes && activity.IsActivity(ctx) {
		activity.GetLogger(ctx).Warn("What is known of profiles cannot be kept", "error", err)
	}
}

// flush writes what is new, when an attempt ends early.
func (m *profileMemory) flush(ctx context.Context) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.write(ctx)
}

// release gives back the memory after save, when nothing will be asked any more.
func (m *profileMemory) release() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known = map[string]remembered{}
}

func (m *profileMemory) forget(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drop(name)
}

func (m *profileMemory) drop(name string) {
	if _, known := m.known[name]; known {
		m.changes = true
		delete(m.known, name)
	}
}

// distrust forgets everything that this attempt has not seen itself.
func (m *profileMemory) distrust() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, known := range m.known {
		if !known.fresh {
			m.drop(name)
		}
	}
}

// changed makes the next look describe a profile again.
func (m *profileMemory) changed(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known, ok := m.known[name]; ok {
		known.stale = true
		m.known[name] = known
	}
}

// tagged keeps that a profile was seen to have the tags of the spec.
func (m *profileMemory) tagged(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known, ok := m.known[name]; ok {
		known.tagged = true
		m.keep(name, known)
	}
}

// seen keeps that the list has shown a profile, and says whether that is news.
func (m *profileMemory) seen(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	known, ok := m.known[name]
	if !ok || !known.unlisted {
		return false
	}
	known.unlisted = false
	m.known[name] = known
	return true
}

// unlistedOnes are the names of profiles whose making was acknowledged although the list has not shown them, and it forgets
// those that are gone.
func (m *profileMemory) unlistedOnes(listed []profile.Listed) []string {
	names := make(map[string]bool, len(listed))
	for _, one := range listed {
		names[one.Name] = true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var unlisted []string
	for name, known := range m.known {
		switch {
		case names[name]:
		case known.unlisted:
			unlisted = append(unlisted, name)
		default:
			m.drop(name)
		}
	}
	slices.Sort(unlisted)
	return unlisted
}

// described is what is known of a profile, whether or not it changes at this moment.
func (m *profileMemory) described(name string) (profile.Known, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known, ok := m.known[name]
	return m.as(known, name), ok
}
