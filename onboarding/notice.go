package onboarding

import (
	"fmt"
	"strings"
	"time"
)

// NoticeKind says what a notice is about.
type NoticeKind string

// The kinds of notices. They are part of what receivers get: never rename one.
const (
	NoticeRequest          NoticeKind = "request"
	NoticeDeadline         NoticeKind = "deadline"
	NoticeParked           NoticeKind = "parked"
	NoticeHold             NoticeKind = "hold"
	NoticeExpiry           NoticeKind = "expiry"
	NoticeOverdueReconcile NoticeKind = "overdue-reconcile"
	NoticeDeadSync         NoticeKind = "dead-sync"
	NoticeRunEnded         NoticeKind = "run-ended"
	NoticeTest             NoticeKind = "test"
)

// Notice tells people outside of something that wants them. It leaves the system, for chats and mailboxes, so it is made of steps,
// counts and dates alone: never of a fault's message or of a verdict's reason, which may name people. Make one with the
// functions below.
type Notice struct {
	// Key identifies the reason: what has been sent under a key is never sent again, and receivers tell repetitions by it.
	Key    string     `json:"key"`
	Kind   NoticeKind `json:"kind"`
	Studio string     `json:"studio,omitempty"`
	Title  string     `json:"title"`
	Text   string     `json:"text"`
	// Command is what to type to see more, or to decide.
	Command string `json:"command,omitempty"`
	// Link opens the console to work in.
	Link string    `json:"link,omitempty"`
	At   time.Time `json:"at"`
}

// Delivery says what became of a notice at one target.
type Delivery struct {
	// Target is the name of the target in the worker's configuration.
	Target string `json:"target"`
	// Key is the notice's.
	Key       string `json:"key"`
	Delivered bool   `json:"delivered"`
	// Reason and Remedy say why it was not delivered, and what to do about it.
	Reason string `json:"reason,omitempty"`
	Remedy string `json:"remedy,omitempty"`
}

// Notified says what became of notices at all targets of the worker; it is empty where the worker has none.
type Notified struct {
	Deliveries []Delivery `json:"deliveries,omitempty"`
}

// NotifyTestInput starts a test of notifications.
type NotifyTestInput struct {
	// StartedBy is the user and machine that asked for it (user@host), for the record in Temporal; it is not sent anywhere.
	StartedBy string `json:"startedBy,omitempty"`
}

// Failed are the deliveries that did not succeed.
func (n Notified) Failed() []Delivery {
	var failed []Delivery
	for _, delivery := range n.Deliveries {
		if !delivery.Delivered {
			failed = append(failed, delivery)
		}
	}
	return failed
}

// NoticeOfRequest says that a run waits for the console work of a person.
func NoticeOfRequest(studio string, r Request) Notice {
	text := fmt.Sprintf("Step %s waits for work in a console that only a person can do.", inWords(r.Step))
	if !r.Deadline.IsZero() {
		text += " It waits until " + day(r.Deadline) + "."
	}
	return Notice{
		Key: key(studio, NoticeRequest, r.Step, r.Since.Unix()), Kind: NoticeRequest, Studio: studio,
		Title: studio + " waits for a person", Text: text,
		Command: fmt.Sprintf("starter request %s %s", studio, r.Step), Link: r.URL, At: r.Since,
	}
}

// NoticeOfDeadline says that a request is open and its deadline near.
func NoticeOfDeadline(studio string, r Request, now time.Time) Notice {
	return Notice{
		Key: key(studio, NoticeDeadline, r.Step, r.Since.Unix(), r.Deadline.Unix()), Kind: NoticeDeadline, Studio: studio,
		Title: studio + " still waits for a person",
		Text: fmt.Sprintf("Step %s has waited for work in a console since %s, and waits until %s.",
			inWords(r.Step), day(r.Since), day(r.Deadline)),
		Command: fmt.Sprintf("starter request %s %s", studio, r.Step), Link: r.URL, At: now,
	}
}

// NoticeOfParked says that a step of the run that began at that time failed for good and waits for a decision. A step that parks
// again after a retry is another reason.
func NoticeOfParked(studio string, runStarted time.Time, p Parked) Notice {
	choices := "retry or abort"
	if p.Skippable {
		choices = "retry, skip or abort"
	}
	return Notice{
		Key: key(studio, NoticeParked, runStarted.Unix(), p.Step, p.Attempts), Kind: NoticeParked, Studio: studio,
		Title:   studio + " needs a decision",
		Text:    fmt.Sprintf("Step %s cannot go on, and waits for a decision: %s.", inWords(p.Step), choices),
		Command: "starter status " + studio, At: p.Since,
	}
}

// NoticeOfHold says that removals are held back until somebody agrees; held of total people would lose their access. Command
// is how to agree.
func NoticeOfHold(studio string, since time.Time, held, total int, command string) Notice {
	return Notice{
		Key: key(studio, NoticeHold, since.Unix()), Kind: NoticeHold, Studio: studio,
		Title: studio + " holds removals back",
		Text: fmt.Sprintf("%d of %d people would lose access to the studio, which is more than its spec lets happen unasked. "+
			"Nothing is taken from them until somebody agrees, or they are back in Okta.", held, total),
		Command: command, At: since,
	}
}

// NoticeOfExpiry says that something expires within the days of the threshold that it has crossed, or has expired; false where it has
// crossed none. The threshold is part of the reason.
func NoticeOfExpiry(studio string, e Expiry, now time.Time) (Notice, bool) {
	within, crossed := e.Crossed(now)
	if !crossed {
		return Notice{}, false
	}
	title, when := "expires within "+days(within), "It expires on "+day(e.At)
	if within == 0 {
		title, when = "has expired", "It expired on "+day(e.At)
	}
	if e.AtLatest {
		when += " at the latest, as its age is not known"
	}
	return Notice{
		Key: key(studio, NoticeExpiry, e.Key, e.At.Unix(), within), Kind: NoticeExpiry, Studio: studio,
		Title: fmt.Sprintf("%s: %s %s", studio, e.What, title), Text: WithRemedy(when+".", e.Remedy),
		Command: "starter status " + studio, At: now,
	}, true
}

// NoticeOfOverdueReconcile says that the last reconcile that succeeded is too long ago.
func NoticeOfOverdueReconcile(studio string, last time.Time, every Duration, now time.Time) Notice {
	return Notice{
		Key: key(studio, NoticeOverdueReconcile, last.Unix()), Kind: NoticeOverdueReconcile, Studio: studio,
		Title: studio + " is not kept in step with Okta",
		Text: fmt.Sprintf("Access should follow Okta every %s, and did so for the last time on %s. People who joined or left since then "+
			"have the access of that day.", every, minute(last)),
		Command: "starter status " + studio, At: now,
	}
}

// NoticeOfDeadSync says that the connection between Okta and Studio does not work any more: what changes in Okta does not arrive, or
// nobody can sign in.
func NoticeOfDeadSync(studio string, since, now time.Time) Notice {
	return Notice{
		Key: key(studio, NoticeDeadSync, since.Unix()), Kind: NoticeDeadSync, Studio: studio,
		Title: studio + " is cut off from Okta",
		Text: fmt.Sprintf("What changes in Okta does not arrive, or sign-ins are refused; this was first seen on %s. People who joined or left "+
			"since then may have the access of that day.", minute(since)),
		Command: "starter status " + studio, At: now,
	}
}

// NoticeOfRunEnded says that a run is done, or was aborted.
func NoticeOfRunEnded(p Progress) Notice {
	how := "is done"
	switch p.State {
	case RunAborted:
		how = "was aborted"
	case RunDone:
	default:
		how = "has ended before its time"
	}
	return Notice{
		Key: key(p.Run, NoticeRunEnded, p.StartedAt.Unix()), Kind: NoticeRunEnded, Studio: p.Run,
		Title:   fmt.Sprintf("The run of %s %s", p.Run, how),
		Text:    fmt.Sprintf("It began on %s and ended on %s.", minute(p.StartedAt), minute(p.EndedAt)),
		Command: "starter report " + p.Run, At: p.EndedAt,
	}
}

// NoticeOfTest is sent because somebody asked for a test; test tells it from others.
func NoticeOfTest(test string, now time.Time) Notice {
	return Notice{
		Key: key("", NoticeTest, test), Kind: NoticeTest, Title: "A test of notifications",
		Text: "Somebody asked for this with starter notify --test. Nothing needs to be done.", At: now,
	}
}

func key(studio string, kind NoticeKind, parts ...any) string {
	texts := []string{studio, string(kind)}
	for _, part := range parts {
		texts = append(texts, fmt.Sprint(part))
	}
	return strings.Join(texts, "/")
}

// inWords is a step with its title from the runbook, and not with a text of the run.
func inWords(step Step) string {
	if info, ok := StepInfoOf(step); ok {
		return fmt.Sprintf("%s (%s)", step, info.Title)
	}
	return string(step)
}

func day(t time.Time) string { return t.UTC().Format("2 January 2006") }

func minute(t time.Time) string { return t.UTC().Format("2 January 2006 at 15:04 UTC") }

func days(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}
