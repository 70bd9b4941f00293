// Package fault holds the classes into which every error of an outside system is sorted, once, at the edge of its adapter.
package fault

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Class says what kind of thing went wrong, and so what to do about it. It is the type of the Temporal application error
// that an activity fails with, and part of recorded histories: never rename one.
type Class string

// The classes. The first four are retried by Temporal within the budget of the call; the others park the step.
const (
	// Throttled: the provider asked for a slower pace.
	Throttled Class = "Throttled"
	// Unavailable: the provider failed, or could not be reached.
	Unavailable Class = "Unavailable"
	// NotReady: what is waited for is still propagating, or a person has not done it yet. Benign.
	NotReady Class = "NotReady"
	// Conflict: a concurrent or earlier write has not settled.
	Conflict Class = "Conflict"
	// NotFound: something that should exist does not.
	NotFound Class = "NotFound"
	// Denied: credentials are missing, wrong, or lack a permission.
	Denied Class = "Denied"
	// Invalid: the request, or the state of something named in it, is refused and repeating it won't help.
	Invalid Class = "Invalid"
	// Unsupported: the provider has no such capability here.
	Unsupported Class = "Unsupported"
	// QuotaExceeded: a limit must be raised by a person.
	QuotaExceeded Class = "QuotaExceeded"
	// Incomplete: the step did its work, but not for everybody; the fault carries the people.
	Incomplete Class = "Incomplete"
)

// Retryable says whether repeating the same call can succeed without a person doing anything to this run.
func (c Class) Retryable() bool {
	switch c {
	case Throttled, Unavailable, NotReady, Conflict:
		return true
	}
	return false
}

// MaxMessage is the largest size of reason and remedy together, in bytes. Temporal replaces a whole failure above 4 KiB while an
// activity retries, and the reason stands in it twice: as its message and in its details.
const MaxMessage = 1024

// Fault is a classified error of an outside system.
type Fault struct {
	Class Class
	// Provider is "aws", "okta", "scim" or "worker".
	Provider string
	// Operation is the call that failed, such as "sagemaker:CreateDomain".
	Operation string
	// Message says what is wrong, without secrets.
	Message string
	// Whole says that Message needs no operation before it, such as a judge's sentences.
	Whole bool
	// Remedy says what to do about it.
	Remedy string
	// RetryAfter is when to try again, where known; 0 leaves it to the retry policy.
	RetryAfter time.Duration
	// Details are handed to the workflow with the error, such as the []onboarding.PersonException of an Incomplete and the
	// []onboarding.Verdict of several things that block.
	Details any
	// Err is the cause; it is not part of what is shown.
	Err error
}

// arrow stands between reason and remedy where both are in one line.
const arrow = " → "

// Error says what is wrong and what to do in one line, for logs, in at most MaxMessage bytes.
func (f *Fault) Error() string {
	reason, remedy := f.Shown()
	if remedy == "" {
		return reason
	}
	return reason + arrow + remedy
}

// Shown are what is wrong, behind the operation unless the message says it all, and what to do about it, in together less than MaxMessage bytes. Where they are
// larger the reason gives way, down to half of that: what to do is at the end of many texts.
func (f *Fault) Shown() (reason, remedy string) {
	reason = f.Message
	if !f.NamesOperation() {
		reason = f.Operation + ": " + f.Message
	}
	room := MaxMessage - len(arrow)
	remedy = Trim(f.Remedy, max(room/2, room-len(reason)))
	return Trim(reason, room-len(remedy)), remedy
}

// NamesOperation says whether the message can stand without the operation before it: it is whole, or names the operation itself,
// as AWS does where a permission is missing.
func (f *Fault) NamesOperation() bool { return f.Whole || strings.Contains(f.Message, f.Operation) }

// AsWhole sets Whole and returns f.
func (f *Fault) AsWhole() *Fault {
	f.Whole = true
	return f
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Err }

// New makes a fault whose message is formatted; a %w verb is not supported, set Err instead.
func New(class Class, provider, operation, format string, args ...any) *Fault {
	return &Fault{Class: class, Provider: provider, Operation: operation, Message: fmt.Sprintf(format, args...)}
}

// WithRemedy sets the remedy and returns f.
func (f *Fault) WithRemedy(format string, args ...any) *Fault {
	f.Remedy = fmt.Sprintf(format, args...)
	return f
}

// After sets RetryAfter and returns f.
func (f *Fault) After(d time.Duration) *Fault {
	f.RetryAfter = d
	return f
}

// ClassOf returns the class of the first fault in err's chain, and "" when there is none.
func ClassOf(err error) Class {
	var f *Fault
	if errors.As(err, &f) {
		return f.Class
	}
	return ""
}

// Trim cuts s to at most max bytes at a rune boundary, marking the cut with an ellipsis.
func Trim(s string, max int) string {
	s = strings.ToValidUTF8(s, "�")
	if len(s) <= max {
		return s
	}
	const ellipsis = "…"
	if max < len(ellipsis) {
		return ""
	}
	cut := max - len(ellipsis)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + ellipsis
}
