package signin

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// The codes of the verdicts.
const (
	CodeRefused  = "saml-refused"
	CodeUnseen   = "sign-ins-unseen"
	CodeUnproven = "not-proven"
)

// Okta's event and Identity Center's of one sign-in are at most so far apart, where both name the person. CloudTrail's times have whole
// seconds, and the two clocks may differ.
const (
	atMostAfter  = 10 * time.Minute
	atMostBefore = 2 * time.Minute
)

// A refusal names nobody, so that it is held against those whom Okta has just sent: a browser delivers the assertion at once.
const (
	sentAtMostBefore = 30 * time.Second
	sentAtMostAfter  = 2 * time.Second
)

// RefusedRemedy is what to do where Identity Center refuses those whom Okta lets in.
const RefusedRemedy = "Upload the app's current metadata in the IAM Identity Center console: Settings > Identity source > Actions > " +
	"Manage authentication (or Change identity source); starter request saves it while a run asks for it, and the app's Sign On tab in " +
	"Okta shows it. Then sign in again."

// of is the sign-in at Okta that a sign-in belongs to, by when it was and by the name.
func (s state) of(at time.Time, name string) *letIn {
	var found *letIn
	for i, one := range s.letIn {
		apart := at.Sub(one.at)
		if apart > atMostAfter || apart < -atMostBefore || !one.is(name) {
			continue
		}
		if found == nil || apart.Abs() < at.Sub(found.at).Abs() {
			found = &s.letIn[i]
		}
	}
	return found
}

// sent are those whom Okta let in when Identity Center refused somebody, and who were not seen coming in: the refused one is among
// them. Where Okta's log shows nobody, the refusal came from elsewhere.
func (s state) sent(refused refusal) []letIn {
	var sent []letIn
	for _, one := range s.letIn {
		apart := refused.at.Sub(one.at)
		if apart > sentAtMostBefore || apart < -sentAtMostAfter {
			continue
		}
		camein := slices.ContainsFunc(s.signedIn, func(seen sighting) bool {
			return one.is(seen.userName) && seen.at.Sub(one.at) < sentAtMostBefore && one.at.Sub(seen.at) < sentAtMostAfter
		})
		if !camein {
			sent = append(sent, one)
		}
	}
	return sent
}

// through says whether a sign-in came through the app. Where Okta's log could not be read, each that came from an external identity
// provider does.
func (s state) through(one sighting) bool {
	return s.oktaLog != nil || s.of(one.at, one.userName) != nil
}

// certain is the newest refusal that says something of the trust: Identity Center has everybody whom Okta let in then, as an enabled user
// of that very name, and refused one of them.
func (s state) certain() *onboarding.Refusal {
	for _, one := range s.refusals {
		sent := s.sent(one)
		if len(sent) > 0 && !slices.ContainsFunc(sent, func(who letIn) bool { return !s.known[who.name()] }) {
			return &onboarding.Refusal{At: one.at, Message: one.message, Person: sent[0].name()}
		}
	}
	return nil
}

// add is what is known with what one look found.
func add(known onboarding.SignIns, s state) onboarding.SignIns {
	known.Unreadable, known.OktaUnreadable = s.trail, s.oktaLog
	if len(s.letIn) > 0 && (known.LetIn == nil || s.letIn[0].at.After(known.LetIn.At)) {
		known.LetIn = &onboarding.SignIn{Person: s.letIn[0].name(), At: s.letIn[0].at}
	}
	if s.trail != nil {
		return known
	}
	if !known.Until.IsZero() && s.now.Sub(known.Until) > reach {
		// Nobody looked for so long that a change may have come and gone.
		known.Changed, known.Change = s.now.Add(-reach), ""
	}
	if s.changed.After(known.Changed) {
		known.Changed, known.Change = s.changed, s.change
	}
	known.Until = s.now
	people := map[string]onboarding.SignIn{}
	for _, one := range known.People {
		people[cmp.Or(one.UserID, one.Person)] = one
	}
	for _, one := range s.signedIn {
		if !s.through(one) {
			continue
		}
		seen := onboarding.SignIn{UserID: one.userID, Person: one.userName, At: one.at}
		if key := cmp.Or(one.userID, one.userName); one.at.After(people[key].At) {
			people[key] = seen
		}
		if known.Last == nil || one.at.After(known.Last.At) {
			known.Last = &seen
		}
	}
	if refused := s.certain(); refused != nil && (known.Refused == nil || refused.At.After(known.Refused.At)) {
		known.Refused = refused
	}
	known.People = nil
	for _, one := range people {
		known.People = append(known.People, one)
	}
	slices.SortFunc(known.People, func(a, b onboarding.SignIn) int {
		return cmp.Or(strings.Compare(a.Person, b.Person), strings.Compare(a.UserID, b.UserID))
	})
	return known
}

// Judge says what is wrong with the trust as far as sign-ins show it, without the name of anybody: nothing, unless sign-ins are refused
// or cannot be seen.
func Judge(known onboarding.SignIns) []onboarding.Verdict {
	var verdicts []onboarding.Verdict
	if known.Refuses() {
		verdicts = append(verdicts, onboarding.Verdict{
			Resource: onboarding.ResourceTrust, Kind: onboarding.VerdictBlocked, Code: CodeRefused, Remedy: RefusedRemedy,
			Reason: fmt.Sprintf("Sign-ins are refused: Okta lets people in, and Identity Center refuses them, last on %s%s. It trusts another "+
				"app's metadata, or an older certificate.", moment(known.Refused.At), because(known.Refused.Message)),
		})
	}
	if known.Unreadable != nil {
		verdicts = append(verdicts, Unseen(known.Unreadable.Text(), known.Unreadable.Remedy))
	}
	return verdicts
}

// Unseen says that sign-ins can't be seen, and why.
func Unseen(why, remedy string) onboarding.Verdict {
	return onboarding.Verdict{
		Resource: onboarding.ResourceTrust, Kind: onboarding.VerdictUnknown, Code: CodeUnseen, Remedy: remedy,
		Reason: fault.Trim("Nobody's sign-in can be seen, so that nobody's access is proven: "+why, fault.MaxMessage),
	}
}

// Unproven is the warning of a studio's run after which nobody's access is proven.
func Unproven(studio, why string) onboarding.Verdict {
	return onboarding.Verdict{
		Resource: onboarding.ResourceTrust, Kind: onboarding.VerdictWarning, Code: CodeUnproven, Reason: "Not proven: " + why,
		Remedy: "Let one person sign in through the Okta tile. The next reconcile sees it, if it may read CloudTrail " +
			"(cloudtrail:LookupEvents): starter sync " + studio + " --once",
	}
}

// watched is what was seen of the canary since somebody was asked.
type watched struct {
	state
	since time.Time
	// refused is the refusal that was known before.
	refused time.Time
	// person is the canary who was seen, and signIns are theirs, the newest first.
	person  string
	signIns []sighting
}

// isNew says whether a refusal came after the request. CloudTrail's times have whole seconds; those of the simulated world tell more.
func (w watched) isNew(at time.Time) bool {
	unit := time.Millisecond
	if at.Nanosecond() == 0 {
		unit = time.Second
	}
	return at.After(w.refused) && !at.Before(w.since.Truncate(unit))
}

// words say what was seen, to the person who waits.
func (w watched) words() string {
	ago := func(at time.Time) string { return elapsed(w.now.Sub(at)) + " ago" }
	if len(w.signIns) > 0 {
		return fmt.Sprintf("%s was seen signing in %s, last %s. The run waits for further sign-ins: CloudTrail takes up to 15 minutes.",
			w.person, times(len(w.signIns)), ago(w.signIns[0].at))
	}
	refused := refusal{}
	if len(w.refusals) > 0 && w.isNew(w.refusals[0].at) {
		refused = w.refusals[0]
	}
	var last *letIn
	if len(w.letIn) > 0 && !w.letIn[0].at.Before(w.since.Add(-leeway)) {
		last = &w.letIn[0]
	}
	switch {
	case !refused.at.IsZero():
		text := fmt.Sprintf("AWS refused somebody %s%s", ago(refused.at), because(refused.message))
		sent := w.sent(refused)
		if len(sent) == 0 {
			return text + ". Whom, it does not say, and Okta's log shows nobody else who was let in to this app then."
		}
		unknown := slices.IndexFunc(sent, func(who letIn) bool { return !w.known[who.name()] })
		switch {
		case w.directory != nil:
			return fmt.Sprintf("Okta let %s in, and %s. Whether Identity Center has them was not seen: %s", sent[0].name(), text, w.directory.Text())
		case unknown >= 0:
			return fmt.Sprintf("Okta let %s in, and %s. Identity Center has no enabled user of that very name.", sent[unknown].name(), text)
		}
		return fmt.Sprintf("Okta let %s in, and %s.", sent[0].name(), text)
	case last != nil && w.now.Sub(last.at) > 2*atMostAfter:
		return fmt.Sprintf("Okta let %s in %s; AWS shows no sign-in of somebody who counts as the canary, and no refusal.", last.name(),
			ago(last.at))
	case last != nil:
		return fmt.Sprintf("Okta let %s in %s; AWS shows no sign-in yet (CloudTrail takes up to 15 minutes).", last.name(), ago(last.at))
	case w.oktaLog != nil:
		return "AWS shows no sign-in yet. Okta's System Log can't be read: " + w.oktaLog.Text()
	}
	return "Nobody has signed in yet: neither Okta's log nor CloudTrail shows it."
}

func because(message string) string {
	if message == "" {
		return ""
	}
	return ": " + strings.TrimSuffix(message, ".")
}

func moment(at time.Time) string { return at.UTC().Format("2006-01-02 at 15:04 UTC") }

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// elapsed is a time as people say it, in whole seconds, minutes or hours.
func elapsed(d time.Duration) string {
	switch d = max(d, 0); {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	}
	return fmt.Sprintf("%d h", int(d.Hours()))
}
