package signin

import (
	"context"
	"errors"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"time"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

// Activities look for people who sign in.
type Activities struct {
	AWS   provider.AWS
	Okta  provider.Okta
	Waits provider.Waits
	// Store may be nil where nothing is kept, as for Look.
	Store Store
	// Now is the clock; nil stands for time.Now.
	Now func() time.Time
}

func (x *Activities) now() time.Time {
	if x.Now == nil {
		return time.Now().UTC()
	}
	return x.Now().UTC()
}

// Store keeps who was seen signing in.
type Store interface {
	// ReadSignIns reads it; the error wraps fs.ErrNotExist where nothing is known.
	ReadSignIns(ctx context.Context, studio string) (onboarding.SignIns, error)
	SaveSignIns(ctx context.Context, studio string, known onboarding.SignIns) error
}

// Input says whose sign-ins.
type Input struct {
	Studio         string                 `json:"studio"`
	IdentityCenter onboarding.AccountSpec `json:"identityCenter"`
	// Region is the primary Region of the instance, which logs the sign-ins.
	Region          string `json:"region"`
	InstanceARN     string `json:"instanceArn"`
	IdentityStoreID string `json:"identityStoreId"`
	AppID           string `json:"appId"`
	// Groups and People have access. Canary is who signs in first; nil is anybody who has access.
	Groups []string               `json:"groups,omitempty"`
	People []string               `json:"people,omitempty"`
	Canary *onboarding.CanarySpec `json:"canary,omitempty"`
	// Since is when the canary was asked, by the clock of FindSignIns, and Refused the newest refusal that was known then: it does not
	// count again.
	Since   time.Time `json:"since,omitzero"`
	Refused time.Time `json:"refused,omitzero"`
}

// InputOf is the input for what a run has set up.
func InputOf(h onboarding.Handles) Input {
	in := Input{
		Studio: h.Spec.Name, IdentityCenter: h.Spec.IdentityCenter, Region: h.PrimaryRegion(), InstanceARN: h.InstanceARN,
		IdentityStoreID: h.IdentityStoreID, AppID: h.AppID, Canary: h.Spec.Access.Canary,
	}
	for _, group := range h.Spec.Access.Groups {
		in.Groups = append(in.Groups, group.Name)
	}
	for _, person := range h.Spec.Access.People {
		in.People = append(in.People, person.Login)
	}
	return in
}

const (
	lookup = "cloudtrail:LookupEvents"
	// leeway is how much earlier than the request a sign-in may be: the clocks of the worker and of AWS may differ.
	leeway = time.Minute
	// maxAsked bounds how many people are asked for in Okta to see whether they have access.
	maxAsked = 10
)

// Found is what is known of sign-ins, without those who have nothing to do with it.
type Found struct {
	// At is when it was looked at, by the worker's clock.
	At time.Time `json:"at"`
	// Proven is somebody with access who was seen signing in since the trust was last changed; nil where nobody was.
	Proven *onboarding.SignIn `json:"proven,omitempty"`
	// Unreadable is why CloudTrail can't be read.
	Unreadable *onboarding.Trouble `json:"unreadable,omitempty"`
	// Refused is when somebody was last refused; zero where nobody was.
	Refused time.Time `json:"refused,omitzero"`
	// Verdicts are what is wrong with the trust as far as sign-ins show it; they name nobody.
	Verdicts []onboarding.Verdict `json:"verdicts,omitempty"`
}

// Unseen is the verdict that sign-ins can't be seen; the zero value where they can.
func (f Found) Unseen() onboarding.Verdict {
	if f.Unreadable == nil {
		return onboarding.Verdict{}
	}
	return Unseen(f.Unreadable.Text(), f.Unreadable.Remedy)
}

// CollectSignIns looks for what happened since the last look, and adds it to what is kept. What may not be read is a verdict. It reads
// CloudTrail's 90 days the first time, and afterwards what is new.
func (x *Activities) CollectSignIns(ctx context.Context, in Input) (Found, error) {
	known, s, err := x.collect(ctx, in)
	if err != nil {
		return Found{}, err
	}
	return Found{At: s.now, Unreadable: known.Unreadable, Verdicts: Judge(known)}, nil
}

// FindSignIns is CollectSignIns, and says who has proven the trust.
func (x *Activities) FindSignIns(ctx context.Context, in Input) (Found, error) {
	known, s, err := x.collect(ctx, in)
	if err != nil {
		return Found{}, err
	}
	return x.found(ctx, in, known, s.now)
}

// Look is FindSignIns, and keeps nothing.
func (x *Activities) Look(ctx context.Context, in Input) (Found, error) {
	known, s, err := x.learn(ctx, in)
	if err != nil {
		return Found{}, err
	}
	return x.found(ctx, in, add(known, s), s.now)
}

func (x *Activities) found(ctx context.Context, in Input, known onboarding.SignIns, now time.Time) (found Found, err error) {
	found = Found{At: now, Unreadable: known.Unreadable, Verdicts: Judge(known)}
	if known.Refused != nil {
		found.Refused = known.Refused.At
	}
	if known.Refuses() {
		return found, nil
	}
	found.Proven, err = x.proof(ctx, in, known, now)
	return found, err
}

// learn is what is known, and what happened since.
func (x *Activities) learn(ctx context.Context, in Input) (onboarding.SignIns, state, error) {
	known, err := x.known(ctx, in)
	if err != nil {
		return known, state{}, err
	}
	since := x.now().Add(-reach)
	if from := known.Until.Add(-overlap); from.After(since) {
		since = from
	}
	s, err := x.look(ctx, in, since)
	return known, s, err
}

func (x *Activities) collect(ctx context.Context, in Input) (onboarding.SignIns, state, error) {
	known, s, err := x.learn(ctx, in)
	if err != nil {
		return known, s, err
	}
	before := known
	known = add(known, s)
	if !learned(before, known) {
		return known, s, nil
	}
	return known, s, x.save(ctx, in, known)
}

// learned says whether there is something to write down. How far was read is written once a day.
func learned(before, now onboarding.SignIns) bool {
	if before.Until.IsZero() || now.Until.Sub(before.Until) > 24*time.Hour {
		return true
	}
	before.Until = now.Until
	return !reflect.DeepEqual(before, now)
}

func (x *Activities) known(ctx context.Context, in Input) (onboarding.SignIns, error) {
	fresh := onboarding.SignIns{IdentityStoreID: in.IdentityStoreID, AppID: in.AppID}
	if x.Store == nil {
		return fresh, nil
	}
	known, err := x.Store.ReadSignIns(ctx, in.Studio)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fresh, nil
	case err != nil:
		return fresh, storeTrouble("read", err)
	case known.IdentityStoreID != in.IdentityStoreID || known.AppID != in.AppID:
		return fresh, nil
	}
	return known, nil
}

func (x *Activities) save(ctx context.Context, in Input, known onboarding.SignIns) error {
	if err := x.Store.SaveSignIns(ctx, in.Studio, known); err != nil {
		return storeTrouble("written", err)
	}
	return nil
}

func storeTrouble(how string, err error) error {
	f := fault.New(fault.Unavailable, "worker", "", "the list of sign-ins cannot be %s: %v", how, err).
		WithRemedy("Check the worker's store: it has to be writable and to have space left.")
	f.Err = err
	return f
}

// proof is the newest sign-in of somebody with access that counts now.
func (x *Activities) proof(ctx context.Context, in Input, known onboarding.SignIns, now time.Time) (*onboarding.SignIn, error) {
	newest := slices.Clone(known.People)
	slices.SortStableFunc(newest, func(a, b onboarding.SignIn) int { return b.At.Compare(a.At) })
	in.Canary = nil
	for _, one := range newest[:min(len(newest), maxAsked)] {
		if !known.Proves(one.At, now) {
			break
		}
		if counts, err := x.counts(ctx, in, letIn{login: one.Person}); err != nil {
			return nil, err
		} else if counts {
			return &one, nil
		}
	}
	return nil, nil
}

// counts says whether somebody is the canary, or may be. Whom the credentials may not look up counts, unless the spec names somebody
// else.
func (x *Activities) counts(ctx context.Context, in Input, who letIn) (bool, error) {
	groups := in.Groups
	switch canary := in.Canary; {
	case canary != nil && canary.Person != "":
		return who.is(canary.Person), nil
	case canary != nil:
		groups = []string{canary.Group}
	case slices.ContainsFunc(in.People, who.is):
		return true, nil
	}
	if who.user == "" {
		user, err := x.Okta.UserByLogin(ctx, who.login)
		switch fault.ClassOf(err) {
		case fault.NotFound:
			return false, nil
		case fault.Denied:
			return true, nil
		}
		if err != nil {
			return false, err
		}
		who.user = user.ID
	}
	found, err := x.Okta.UserGroups(ctx, who.user)
	switch fault.ClassOf(err) {
	case fault.NotFound:
		return false, nil
	case fault.Denied:
		return true, nil
	}
	return slices.ContainsFunc(found, func(group model.Group) bool { return slices.Contains(groups, group.Name) }), err
}

// AwaitCanary looks once whether the canary signed in since it was asked. It ends when three sign-ins were seen, one for each address,
// or when at least one was and no further one has come for as long as CloudTrail may take (Waits.Trail).
//
// Class NotReady: not yet, with what was seen in plain words. Class Invalid: Identity Center refused somebody whom Okta let in and whom
// it has.
func (x *Activities) AwaitCanary(ctx context.Context, in Input) (onboarding.Canary, error) {
	progress := provider.NewProgress(ctx, onboarding.StepCanary, "sign-ins seen")
	w, err := x.watch(ctx, in)
	if err != nil {
		return onboarding.Canary{}, err
	}
	progress.At(len(w.signIns), len(onboarding.Addresses()))
	if len(w.signIns) == 0 {
		return onboarding.Canary{}, w.refusedOr(fault.New(fault.NotReady, "aws", lookup, "%s", w.words()).AsWhole().After(x.Waits.SignIn))
	}
	if len(w.signIns) < len(onboarding.Addresses()) && w.now.Sub(w.signIns[0].at) < x.Waits.Trail {
		return onboarding.Canary{}, fault.New(fault.NotReady, "aws", lookup, "%s", w.words()).AsWhole().After(x.Waits.SignIn)
	}
	return w.canary(), x.remember(ctx, in)
}

// CheckCanary says what was seen of the canary, for somebody who says that it is done. Class Invalid: nobody who counts was seen, with
// what was.
func (x *Activities) CheckCanary(ctx context.Context, in Input) (onboarding.Canary, error) {
	w, err := x.watch(ctx, in)
	if err != nil {
		return onboarding.Canary{}, err
	}
	if len(w.signIns) == 0 {
		return onboarding.Canary{}, w.refusedOr(fault.New(fault.Invalid, "aws", lookup, "%s", w.words()).AsWhole().
			WithRemedy("Wait until CloudTrail shows the sign-in, then say it again; the run also notices by itself."))
	}
	return w.canary(), x.remember(ctx, in)
}

func (w watched) canary() onboarding.Canary {
	return onboarding.Canary{Person: w.person, SignIns: len(w.signIns), At: w.signIns[0].at}
}

// refusedOr is the failure of a trust that does not work for certain, or else what is given.
func (w watched) refusedOr(otherwise error) error {
	refused := w.certain()
	if refused == nil || !w.isNew(refused.At) {
		return otherwise
	}
	return fault.New(fault.Invalid, "aws", lookup, "Okta let %s in %s ago; AWS refused%s.", refused.Person,
		elapsed(w.now.Sub(refused.At)), because(refused.Message)).AsWhole().WithRemedy("%s", RefusedRemedy)
}

// watch looks at what happened since the canary was asked.
func (x *Activities) watch(ctx context.Context, in Input) (watched, error) {
	owner := in.InstanceARN
	in.InstanceARN = "" // FindSignIns has seen that it is the right account
	s, err := x.look(ctx, in, in.Since.Add(-leeway-atMostAfter))
	in.InstanceARN = owner
	if err != nil {
		return watched{}, err
	}
	if s.trail != nil {
		return watched{}, fault.New(fault.Class(s.trail.Class), "aws", s.trail.Operation, "%s", s.trail.Message).WithRemedy("%s", s.trail.Remedy)
	}
	w := watched{state: s, since: in.Since, refused: in.Refused}
	for _, one := range s.signedIn {
		if one.at.Before(in.Since.Add(-leeway)) || !s.through(one) {
			continue
		}
		who := letIn{login: one.userName, userName: one.userName}
		if at := s.of(one.at, one.userName); at != nil {
			who = *at
		}
		if w.person != "" && !strings.EqualFold(w.person, one.userName) {
			continue
		}
		if w.person == "" {
			counts, err := x.counts(ctx, in, who)
			if err != nil {
				return watched{}, err
			}
			if !counts {
				continue
			}
			w.person = one.userName
		}
		w.signIns = append(w.signIns, one)
	}
	return w, nil
}

// remember keeps what was seen, so that it is known of each person.
func (x *Activities) remember(ctx context.Context, in Input) error {
	_, _, err := x.collect(ctx, in)
	return err
}
