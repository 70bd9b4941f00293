package roster

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Rules say how many may lose access, or leave a group, before somebody is asked.
type Rules struct {
	// Share is in percent of the roster, and People the number below which nobody is asked.
	Share, People int
	// Window is the time over which they are counted.
	Window time.Duration
	// Quarantine is how long the profile of somebody without access is kept.
	Quarantine time.Duration
}

// Look is what one look found.
type Look struct {
	// People are those who should have access now, sorted by name.
	People []Person
	// Groups are the access groups of the spec. Groups that it does not name any more are nothing to leave.
	Groups []string
	// Losing are people besides those on the roster who would lose an assignment.
	Losing []string
	// Profiles are the profiles that people besides People would lose, by the person's name; where none is ever deleted, none.
	Profiles map[string]string
	// OnRemoval is what becomes of who loses access.
	OnRemoval string
	// Consent is the hold that somebody agreed to, and Anything their consent to whatever there is.
	Consent  *Hold
	Anything bool
	Now      time.Time
}

// Judgement is what becomes of who is missing.
type Judgement struct {
	// Roster is the roster from now on. Its Hold says from whom nothing is taken.
	Roster Roster
	// Changed says that it differs from the one before by more than the passing of time.
	Changed bool
	// Losses are what people would have lost, those on the hold among them.
	Losses []Loss
	// Left counts who lost access within the window without anybody being asked.
	Left int
}

// Judge compares who should have access with the roster. Who is missing has left, unless too many have: then they are on the
// hold, with everything that they have.
func (r Roster) Judge(rules Rules, look Look) Judgement {
	j := &judging{before: r, rules: rules, look: look}
	j.since = look.Now.Add(-rules.Window)
	losses := j.losses()
	held, scopes := j.held(losses)
	return j.decide(losses, held, scopes)
}

type judging struct {
	before Roster
	rules  Rules
	look   Look
	since  time.Time
}

// losses are what people would lose, sorted by name: those on the roster, and those whom nothing is known of.
func (j *judging) losses() []Loss {
	var losses []Loss
	now := j.look.People
	for _, was := range j.before.People {
		for len(now) > 0 && now[0].Name < was.Name {
			now = now[1:]
		}
		if len(now) > 0 && now[0].Name == was.Name {
			if left := j.leaves(was, now[0]); len(left) > 0 {
				loss := Loss{Name: was.Name, Groups: left}
				if was.Role != "" && was.Role != now[0].Role {
					loss.Role = now[0].Role
				}
				losses = append(losses, loss)
			}
			continue
		}
		losses = append(losses, Loss{Name: was.Name, Access: true, Groups: j.leaves(was, Person{})})
	}
	known := map[string]bool{} // who lost access, so that it was decided about them
	for _, left := range j.before.Left {
		if left.Access && left.At.After(j.since) {
			known[left.Name] = true
		}
	}
	for _, one := range j.before.Quarantine {
		known[one.Name] = true
	}
	strangers := map[string]bool{}
	note := func(name string) {
		if _, wanted := find(j.look.People, name); wanted || known[name] {
			return
		}
		if _, agreed := j.before.Find(name); !agreed {
			strangers[name] = true
		}
	}
	for _, name := range j.look.Losing {
		note(name)
	}
	for name := range j.look.Profiles {
		note(name)
	}
	for name := range strangers {
		losses = append(losses, Loss{Name: name, Access: true})
	}
	slices.SortFunc(losses, func(a, b Loss) int { return strings.Compare(a.Name, b.Name) })
	return losses
}

// leaves are the groups of the spec that somebody was in and is not in any more.
func (j *judging) leaves(was, is Person) []string {
	var left []string
	for _, group := range j.look.Groups {
		if slices.Contains(was.Groups, group) && !slices.Contains(is.Groups, group) {
			left = append(left, group)
		}
	}
	return left
}

// held are those of the losses, by name, that nobody may suffer without consent, with what too many have left.
func (j *judging) held(losses []Loss) (map[string]bool, []Scope) {
	held := map[string]bool{}
	if j.look.Anything || len(losses) == 0 {
		return held, nil
	}
	var scopes []Scope
	hold := func(group string, in func(Loss) bool) {
		scope := j.count(group, losses, in)
		if !j.tooMany(scope) {
			return
		}
		scopes = append(scopes, scope)
		for _, loss := range losses {
			// Where the whole list is in doubt, so is who is in which group.
			if group == "" || in(loss) {
				held[loss.Name] = true
			}
		}
	}
	hold("", func(loss Loss) bool { return loss.Access })
	for _, group := range j.look.Groups {
		hold(group, func(loss Loss) bool { return slices.Contains(loss.Groups, group) })
	}
	for _, loss := range losses {
		// A hold does not end by time, nor by the team's growing.
		if _, since := j.before.Hold.Loses(loss.Name); since {
			held[loss.Name] = true
		}
		if j.agreed(loss) {
			delete(held, loss.Name)
		}
	}
	return held, scopes
}

// agreed says whether somebody has consented to exactly this.
func (j *judging) agreed(loss Loss) bool {
	agreed, asked := j.look.Consent.Loses(loss.Name)
	return j.look.Anything || asked && agreed.says() == loss.says() && j.look.Consent.OnRemoval == j.look.OnRemoval
}

// count counts a group, or everybody.
func (j *judging) count(group string, losses []Loss, in func(Loss) bool) Scope {
	scope := Scope{Group: group, Empty: true}
	has := func(p Person) bool { return group == "" || slices.Contains(p.Groups, group) }
	leaving := map[string]bool{}
	for _, loss := range losses {
		if in(loss) {
			leaving[loss.Name] = true
		}
	}
	scope.Leaving = len(leaving)
	for _, person := range j.before.People {
		if has(person) {
			scope.Of++
		}
	}
	if group == "" { // and who is not on the roster
		for name := range leaving {
			if _, agreed := j.before.Find(name); !agreed {
				scope.Of++
			}
		}
	}
	if scope.Leaving == 0 {
		scope.Empty = false
	} else {
		scope.Empty = !slices.ContainsFunc(j.look.People, has)
	}
	for name := range j.left(group) {
		if person, back := find(j.look.People, name); !leaving[name] && !(back && has(person)) {
			scope.Left++
			scope.Of++
		}
	}
	return scope
}

// left are those who left the group, or lost access where it is empty, within the window, without anybody being asked.
func (j *judging) left(group string) map[string]bool {
	left := map[string]bool{}
	for _, one := range j.before.Left {
		if !one.Agreed && one.At.After(j.since) && (group == "" && one.Access || group != "" && slices.Contains(one.Groups, group)) {
			left[one.Name] = true
		}
	}
	return left
}

func (j *judging) tooMany(s Scope) bool {
	gone := s.Leaving + s.Left
	return s.Leaving > 0 && (s.Empty || gone >= j.rules.People && 100*gone > j.rules.Share*s.Of)
}

// decide makes the roster from now on.
func (j *judging) decide(losses []Loss, held map[string]bool, scopes []Scope) Judgement {
	var after Roster
	var waiting []Loss
	var left []Departure
	kept := map[string]Loss{}
	for _, loss := range losses {
		if held[loss.Name] {
			waiting, kept[loss.Name] = append(waiting, loss), loss
			continue
		}
		left = append(left, Departure{Name: loss.Name, Access: loss.Access, Groups: loss.Groups, At: j.look.Now, Agreed: j.agreed(loss)})
	}
	after.People = j.people(waiting, kept)
	after.Left = slices.DeleteFunc(slices.Clone(j.before.Left), func(d Departure) bool { return !d.At.After(j.since) })
	after.Left = append(after.Left, left...)
	after.Quarantine = j.quarantine(left)
	after.Hold = j.hold(waiting, scopes)
	return Judgement{Roster: after, Losses: losses, Changed: len(left) > 0 || j.differs(after), Left: len(j.leftAfter(after))}
}

// people are those who should have access, and those on the hold with what they had.
func (j *judging) people(waiting []Loss, kept map[string]Loss) []Person {
	if len(waiting) == 0 {
		return j.look.People
	}
	all := make([]Person, 0, len(j.look.People)+len(waiting))
	for _, person := range j.look.People {
		if loss, stays := kept[person.Name]; stays {
			was, _ := j.before.Find(person.Name)
			person.Groups, person.Role = slices.Concat(person.Groups, loss.Groups), cmp.Or(was.Role, person.Role)
		}
		all = append(all, person)
	}
	for _, loss := range waiting {
		if was, agreed := j.before.Find(loss.Name); agreed && loss.Access {
			all = append(all, was)
		}
	}
	slices.SortFunc(all, func(a, b Person) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// quarantine keeps who is in it and neither back nor without a profile by now, and takes in who lost access.
func (j *judging) quarantine(left []Departure) []Quarantined {
	var inside []Quarantined
	known := map[string]bool{}
	for _, one := range j.before.Quarantine {
		_, back := find(j.look.People, one.Name)
		if name, has := j.look.Profiles[one.Name]; has && !back {
			one.Profile, known[one.Name] = name, true
			inside = append(inside, one)
		}
	}
	take := func(name string, since time.Time) {
		if profile, has := j.look.Profiles[name]; has && !known[name] {
			known[name] = true
			inside = append(inside, Quarantined{Name: name, Profile: profile, Since: since, Until: since.Add(j.rules.Quarantine)})
		}
	}
	for _, one := range left {
		if one.Access {
			take(one.Name, one.At)
		}
	}
	for _, one := range j.before.Left { // whose profile was not seen when they left
		_, back := find(j.look.People, one.Name)
		if _, agreed := j.before.Find(one.Name); one.Access && !back && !agreed && one.At.After(j.since) {
			take(one.Name, j.look.Now)
		}
	}
	slices.SortFunc(inside, func(a, b Quarantined) int { return strings.Compare(a.Name, b.Name) })
	return inside
}

func (j *judging) hold(waiting []Loss, scopes []Scope) *Hold {
	if len(waiting) == 0 {
		return nil
	}
	hold := &Hold{ID: idOf(waiting, j.look.OnRemoval), Since: j.look.Now, OnRemoval: j.look.OnRemoval, Losses: waiting, Scopes: scopes}
	if before := j.before.Hold; before != nil {
		hold.Since = before.Since
		if before.ID == hold.ID {
			return before
		}
	}
	hold.Reason = j.reason(hold)
	return hold
}

func (j *judging) reason(hold *Hold) string {
	window := hours(j.rules.Window)
	var texts []string
	for _, s := range hold.Scopes {
		what := "would lose access"
		if s.Group != "" {
			what = fmt.Sprintf("left the group %q", s.Group)
		}
		switch {
		case s.Empty && s.Group != "":
			texts = append(texts, fmt.Sprintf("the group %q has nobody any more, of %d people", s.Group, s.Of))
		case s.Empty:
			texts = append(texts, fmt.Sprintf("nobody of %d people should have access any more", s.Of))
		default:
			texts = append(texts, fmt.Sprintf("%d of %d people %s within %s, which is more than %d %%", s.Leaving+s.Left, s.Of, what, window,
				j.rules.Share))
		}
	}
	if len(texts) == 0 {
		texts = append(texts, fmt.Sprintf("%d people are held since %s and have not come back", len(hold.Losses),
			hold.Since.UTC().Format(time.DateOnly)))
	}
	return strings.Join(texts, "; ")
}

// hours writes whole days as such.
func hours(d time.Duration) string {
	if day := 24 * time.Hour; d%day == 0 {
		if d == day {
			return "1 day"
		}
		return fmt.Sprintf("%d days", d/day)
	}
	return d.String()
}

func (j *judging) differs(after Roster) bool {
	was := j.before
	if (was.Hold == nil) != (after.Hold == nil) || was.Hold != nil && was.Hold.ID != after.Hold.ID {
		return true
	}
	same := func(a, b Person) bool {
		return a.Name == b.Name && a.Role == b.Role && slices.Equal(a.Groups, b.Groups)
	}
	// A profile that is gone from quarantine has been deleted, as was decided when it came to be in it.
	enters := func(one Quarantined) bool { return !slices.Contains(was.Quarantine, one) }
	return !slices.EqualFunc(was.People, after.People, same) || slices.ContainsFunc(after.Quarantine, enters)
}

func (j *judging) leftAfter(after Roster) map[string]bool {
	left := map[string]bool{}
	for _, one := range after.Left {
		if _, back := find(j.look.People, one.Name); one.Access && !one.Agreed && !back {
			left[one.Name] = true
		}
	}
	return left
}
