package activities

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"go.temporal.io/sdk/activity"

	"studio-onboarding/internal/access"
	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
)

// profileMemory is what is known of the profiles of a domain beyond what their list tells, which is who they belong to and
// their role: from this attempt, and from the file in which earlier ones left it. Describing everybody anew would cost a call
// for each person and look.
//
// Nothing is taken from the file that the list speaks against, and samples of the rest are described again: where one of
// them is wrong, the whole file is forgotten. Without the file everything is described once.
type profileMemory struct {
	store PeopleStore // nil keeps nothing
	run   string
	// settle is how long a new profile may change by itself.
	settle time.Duration

	mu        sync.Mutex
	known     map[string]remembered
	unwritten []access.Known
	opened    bool
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
	// unlisted says that the profile exists even where the list does not show it yet.
	unlisted bool
}

// ownership says whether a profile carries the run's tag.
type ownership uint8

const (
	notAsked ownership = iota
	ours
	notOurs
)

func remember(k access.Known) remembered {
	r := remembered{userName: k.UserName, role: k.Role, created: nanos(k.Created), changed: nanos(k.Changed), made: k.Made}
	switch {
	case k.Ours == nil:
	case *k.Ours:
		r.ours = ours
	default:
		r.ours = notOurs
	}
	return r
}

// as is what is remembered of the profile of this name.
func (r remembered) as(name string) access.Known {
	k := access.Known{Name: name, UserName: r.userName, Role: r.role, Created: fromNanos(r.created), Changed: fromNanos(r.changed), Made: r.made}
	if r.ours != notAsked {
		is := r.ours == ours
		k.Ours = &is
	}
	return k
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

// flushAt is how many profiles are written to the file at once. A killed worker costs as many calls.
const flushAt = 50

func newProfileMemory(store PeopleStore, run string, settle time.Duration) *profileMemory {
	return &profileMemory{store: store, run: run, settle: settle, known: map[string]remembered{}}
}

// open reads the file. A file that cannot be read costs calls, not the attempt.
func (m *profileMemory) open(ctx context.Context) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.opened || m.store == nil {
		return
	}
	m.opened = true
	roles := copies{}
	err := m.store.ReadProfiles(m.run, func(known access.Known) {
		if !m.known[known.Name].fresh {
			known.Role = roles.one(known.Role)
			m.known[known.Name] = remember(known)
		}
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) && activity.IsActivity(ctx) {
		activity.GetLogger(ctx).Warn("What is known of profiles cannot be read; they are described again", "error", err)
	}
}

// holds says what is known of a profile, where that is still true of it as it is listed.
func (m *profileMemory) holds(now access.Listed) (remembered, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known, ok := m.known[now.Name]
	if !ok {
		return remembered{}, false
	}
	switch {
	case known.fresh && now.Created.IsZero(): // a list without times: what was seen a moment ago has to do
	case !known.as(now.Name).Holds(now, m.settle):
		return remembered{}, false
	default:
		is := remember(known.as(now.Name).As(now))
		is.fresh = known.fresh
		known = is
	}
	known.unlisted = false
	m.known[now.Name] = known
	return known, true
}

// learn keeps what AWS said of a profile.
func (m *profileMemory) learn(ctx context.Context, known access.Known, unlisted bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if before, ok := m.known[known.Name]; ok && known.Ours == nil && before.created == nanos(known.Created) {
		known.Ours = before.as(known.Name).Ours
	}
	one := remember(known)
	one.fresh, one.unlisted = true, unlisted
	m.known[known.Name] = one
	m.unwritten = append(m.unwritten, known)
	if len(m.unwritten) >= flushAt {
		m.write(ctx)
	}
}

// write appends what is new to the file. Where that fails, the profiles are described again some day.
func (m *profileMemory) write(ctx context.Context) {
	unwritten := slices.DeleteFunc(m.unwritten, func(k access.Known) bool { return k.Created.IsZero() })
	m.unwritten = nil
	if m.store == nil || len(unwritten) == 0 {
		return
	}
	if err := m.store.AddProfiles(m.run, unwritten); err != nil && activity.IsActivity(ctx) {
		activity.GetLogger(ctx).Warn("What is known of profiles cannot be kept", "error", err)
	}
}

// save replaces the file.
func (m *profileMemory) save(ctx context.Context) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unwritten = nil
	if m.store == nil {
		return
	}
	err := m.store.SaveProfiles(m.run, func(yield func(access.Known) bool) {
		for _, name := range slices.Sorted(maps.Keys(m.known)) {
			if known := m.known[name].as(name); !known.Created.IsZero() && !yield(known) {
				return
			}
		}
	})
	if err != nil && activity.IsActivity(ctx) {
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
	delete(m.known, name)
}

// distrust forgets everything that this attempt has not seen itself.
func (m *profileMemory) distrust() {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.known, func(_ string, known remembered) bool { return !known.fresh })
}

// unlistedOnes are profiles that exist although the list has not shown them, and it forgets those that are gone.
func (m *profileMemory) unlistedOnes(listed []access.Listed) []access.Known {
	names := make(map[string]bool, len(listed))
	for _, profile := range listed {
		names[profile.Name] = true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var unlisted []access.Known
	for name, known := range m.known {
		switch {
		case names[name]:
		case known.unlisted:
			unlisted = append(unlisted, known.as(name))
		default:
			delete(m.known, name)
		}
	}
	return unlisted
}

// listProfiles lists all profiles of the domain with their users and roles, and describes those of which these are not known.
func (a *domainAccess) listProfiles(ctx context.Context, reading func(done, total int)) ([]access.Profile, error) {
	listed, err := a.listed(ctx)
	if err != nil {
		return nil, err
	}
	first := !a.memory.opened
	a.memory.open(ctx)
	if first {
		if err := a.spotCheck(ctx, listed); err != nil {
			return nil, err
		}
	}
	var unknown []string
	for _, profile := range listed {
		if _, known := a.memory.holds(profile); !known {
			unknown = append(unknown, profile.Name)
		}
	}
	if err := a.describeAll(ctx, unknown, func(done int) { reading(len(listed)-len(unknown)+done, len(listed)) }); err != nil {
		return nil, err
	}
	profiles := make([]access.Profile, 0, len(listed))
	for _, profile := range listed {
		if known, ok := a.memory.described(profile.Name); ok {
			profiles = append(profiles, access.Profile{
				Name: profile.Name, UserName: known.UserName, Role: known.Role, Status: profile.Status, Changed: profile.Changed,
			})
		}
	}
	for _, known := range a.memory.unlistedOnes(listed) {
		profiles = append(profiles, access.Profile{Name: known.Name, UserName: known.UserName, Role: known.Role, Status: access.StatusPending})
	}
	return profiles, nil
}

// described is what is known of a profile, whether or not it changes at this moment.
func (m *profileMemory) described(name string) (access.Known, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known, ok := m.known[name]
	return known.as(name), ok
}

func (a *domainAccess) listed(ctx context.Context) ([]access.Listed, error) {
	var listed []access.Listed
	statuses := copies{}
	pages := sagemaker.NewListUserProfilesPaginator(a.profiles, &sagemaker.ListUserProfilesInput{
		DomainIdEquals: &a.in.Domain.ID, MaxResults: aws.Int32(listPage),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awscloud.Classify("sagemaker:ListUserProfiles", err)
		}
		for _, found := range page.UserProfiles {
			listed = append(listed, access.Listed{
				Name: strings.Clone(aws.ToString(found.UserProfileName)), Status: statuses.one(string(found.Status)), Created: aws.ToTime(found.CreationTime), Changed: aws.ToTime(found.LastModifiedTime),
			})
		}
	}
	return listed, nil
}

// copies keeps one copy of each of a few strings. Strings of an SDK's answer hold on to the whole answer, so that what is
// kept of thousands of them is copied.
type copies map[string]string

func (c copies) one(s string) string {
	if s == "" {
		return ""
	}
	if known, ok := c[s]; ok {
		return known
	}
	s = strings.Clone(s)
	c[s] = s
	return s
}

// spotCheck describes some of the profiles that are known from the file again. Where AWS says something else of one of them,
// and it has not changed at this moment, the file is wrong.
func (a *domainAccess) spotCheck(ctx context.Context, listed []access.Listed) error {
	var known []int32
	for i, profile := range listed {
		if k, ok := a.memory.holds(profile); ok && !k.fresh && !k.made && profile.Status == access.StatusInService {
			known = append(known, int32(i))
		}
	}
	sample := access.SpotCheck(len(known))
	defaultRole, _ := roleARN(a.in, "")
	wrong := false
	var mu sync.Mutex
	err := a.each(ctx, len(sample), func(ctx context.Context, i int) error {
		profile := listed[known[sample[i]]]
		out, err := a.describe(ctx, profile.Name)
		if fault.ClassOf(err) == fault.NotFound {
			return nil
		} else if err != nil {
			return err
		}
		is := knownAs(profile.Name, out)
		was, _ := a.memory.described(profile.Name)
		mu.Lock()
		defer mu.Unlock()
		wrong = wrong || is.Changed.Equal(profile.Changed) &&
			(is.UserName != was.UserName || cmp.Or(is.Role, defaultRole) != cmp.Or(was.Role, defaultRole))
		a.memory.learn(ctx, is, false)
		return nil
	})
	if wrong {
		a.memory.distrust()
	}
	return err
}

// describeAll describes profiles by name. Those that are gone meanwhile are left out.
func (a *domainAccess) describeAll(ctx context.Context, names []string, reading func(done int)) error {
	slices.Sort(names)
	var mu sync.Mutex
	done := 0
	return a.each(ctx, len(names), func(ctx context.Context, i int) error {
		out, err := a.describe(ctx, names[i])
		switch {
		case fault.ClassOf(err) == fault.NotFound:
			a.memory.forget(names[i])
		case err != nil:
			return err
		default:
			a.memory.learn(ctx, knownAs(names[i], out), false)
		}
		mu.Lock()
		defer mu.Unlock()
		done++
		reading(done)
		return nil
	})
}

func (a *domainAccess) describe(ctx context.Context, name string) (*sagemaker.DescribeUserProfileOutput, error) {
	out, err := a.profiles.DescribeUserProfile(ctx, &sagemaker.DescribeUserProfileInput{DomainId: &a.in.Domain.ID, UserProfileName: &name})
	return out, awscloud.Classify("sagemaker:DescribeUserProfile", err)
}

// knownAs is what DescribeUserProfile says and ListUserProfiles omits. Name is as the list spells it.
func knownAs(name string, out *sagemaker.DescribeUserProfileOutput) access.Known {
	known := access.Known{
		Name: name, UserName: aws.ToString(out.SingleSignOnUserValue), Created: aws.ToTime(out.CreationTime), Changed: aws.ToTime(out.LastModifiedTime),
	}
	if out.UserSettings != nil {
		known.Role = aws.ToString(out.UserSettings.ExecutionRole)
	}
	return known
}
