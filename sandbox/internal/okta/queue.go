package okta

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// task names something whose state over there may differ from what it should be: a person in an app, or a pushed group.
// What there is to do is decided when the task is taken up.
type task struct {
	app, user, mapping string
}

// queue holds tasks until they are due. A task is in it once, and is never worked on twice at the same time.
type queue struct {
	mu      sync.Mutex
	waiting schedule
	at      map[task]*appointment
	running map[task]bool
	// again are tasks that were added while they were worked on.
	again map[task]time.Time
	wake  chan struct{}
}

func newQueue() *queue {
	return &queue{at: map[task]*appointment{}, running: map[task]bool{}, again: map[task]time.Time{}, wake: make(chan struct{}, 1)}
}

// add puts a task on the queue; one that waits already keeps the earlier of the two times.
func (q *queue) add(t task, due time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.running[t] {
		if old, ok := q.again[t]; !ok || due.Before(old) {
			q.again[t] = due
		}
		return
	}
	if a, ok := q.at[t]; !ok {
		a = &appointment{task: t, due: due}
		q.at[t] = a
		heap.Push(&q.waiting, a)
	} else if due.Before(a.due) {
		a.due = due
		heap.Fix(&q.waiting, a.index)
	}
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// job is a task that has fallen due, with its turn.
type job struct {
	task task
	turn turn
}

// run works on tasks as they fall due, so many at a time, until ctx ends; those of one name, which name tells, one after the
// other. It does not wait for the end.
func (q *queue) run(ctx context.Context, workers int, name func(task) string, work func(context.Context, task)) {
	due := make(chan job)
	go func() {
		var order turns
		for {
			t, wait, ok := q.next()
			if ok {
				select {
				case due <- job{t, order.take(name(t))}:
					continue
				case <-ctx.Done():
					return
				}
			}
			timer := time.NewTimer(wait)
			select {
			case <-timer.C:
			case <-q.wake:
			case <-ctx.Done():
			}
			timer.Stop()
			if ctx.Err() != nil {
				return
			}
		}
	}()
	for range workers {
		go func() {
			for {
				select {
				case j := <-due:
					j.turn.await(ctx)
					work(ctx, j.task)
					close(j.turn.end)
					q.done(j.task)
				case <-ctx.Done():
					return
				}
			}
		}()
	}
}

// next takes the first task if it is due, or says how long there is to wait.
func (q *queue) next() (t task, wait time.Duration, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return task{}, time.Hour, false
	}
	if wait := time.Until(q.waiting[0].due); wait > 0 {
		return task{}, wait, false
	}
	return q.take(), 0, true
}

// first takes the first task, whether it is due or not.
func (q *queue) first() (t task, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return task{}, false
	}
	return q.take(), true
}

func (q *queue) take() task {
	a := heap.Pop(&q.waiting).(*appointment)
	delete(q.at, a.task)
	q.running[a.task] = true
	return a.task
}

func (q *queue) done(t task) {
	q.mu.Lock()
	delete(q.running, t)
	due, again := q.again[t]
	delete(q.again, t)
	q.mu.Unlock()
	if again {
		q.add(t, due)
	}
}

// appointment is a task with its time; schedule is a heap of them.
type appointment struct {
	task  task
	due   time.Time
	index int
}

type schedule []*appointment

func (s schedule) Len() int           { return len(s) }
func (s schedule) Less(i, j int) bool { return s[i].due.Before(s[j].due) }
func (s schedule) Swap(i, j int) {
	s[i], s[j] = s[j], s[i]
	s[i].index, s[j].index = i, j
}

func (s *schedule) Push(x any) {
	a := x.(*appointment)
	a.index = len(*s)
	*s = append(*s, a)
}

func (s *schedule) Pop() any {
	last := (*s)[len(*s)-1]
	*s = (*s)[:len(*s)-1]
	return last
}
