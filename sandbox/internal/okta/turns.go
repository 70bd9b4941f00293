package okta

import (
	"context"
	"strings"
)

// turns keep tasks apart that are about the same user name, in the order in which they were taken up: which of two people whose
// names differ by case comes first over there doesn't depend on who is quicker. Only the dispatcher takes turns.
type turns struct {
	last map[string]chan struct{}
}

// turn is the place of a task behind another one.
type turn struct {
	before <-chan struct{}
	end    chan struct{}
}

func (t *turns) take(name string) turn {
	if t.last == nil {
		t.last = map[string]chan struct{}{}
	}
	mine := turn{end: make(chan struct{})}
	if before, ok := t.last[name]; ok {
		mine.before = before
	}
	t.last[name] = mine.end
	if len(t.last) > 1000 {
		for name, end := range t.last {
			select {
			case <-end:
				delete(t.last, name)
			default:
			}
		}
	}
	return mine
}

// await waits for the tasks before this one.
func (t turn) await(ctx context.Context) {
	if t.before == nil {
		return
	}
	select {
	case <-t.before:
	case <-ctx.Done():
	}
}

// turnOf is the name by which a task has its turn: that of the user over there, without its case.
func (o *Org) turnOf(t task) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if a, ok := o.apps.get(t.app); ok && t.user != "" {
		if au, ok := a.users.get(t.user); ok {
			return t.app + "/" + strings.ToLower(au.userName)
		}
	}
	return t.app + "/" + t.user + t.mapping
}
