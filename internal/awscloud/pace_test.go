package awscloud

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// service is a token bucket that answers after a latency.
type service struct {
	perSecond, burst float64
	latency          time.Duration
	// ask is what it asks throttled callers to wait.
	ask time.Duration

	mu       sync.Mutex
	tokens   float64
	filled   time.Time
	accepted int
	refused  int
}

func (s *service) take() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.filled.IsZero() {
		s.tokens, s.filled = s.burst, now
	}
	s.tokens = min(s.burst, s.tokens+now.Sub(s.filled).Seconds()*s.perSecond)
	s.filled = now
	if s.tokens < 1 {
		s.refused++
		return false
	}
	s.tokens--
	s.accepted++
	return true
}

// call keeps the pace until the service accepts.
func (s *service) call(p *pace) {
	for {
		t, err := p.wait(context.Background())
		if err != nil {
			panic(err)
		}
		time.Sleep(s.latency)
		if s.take() {
			p.accepted(t)
			return
		}
		p.refused(t, s.ask)
	}
}

// calls makes n calls, many at once.
func (s *service) calls(p *pace, n int) time.Duration {
	started := time.Now()
	var callers sync.WaitGroup
	work := make(chan struct{})
	for range 40 {
		callers.Go(func() {
			for range work {
				s.call(p)
			}
		})
	}
	for range n {
		work <- struct{}{}
	}
	close(work)
	callers.Wait()
	return time.Since(started)
}

func sageMaker(t *testing.T) limit {
	l, ok := limitOf("SageMaker")
	require.True(t, ok)
	return l
}

func TestThePaceFindsTheLimit(t *testing.T) {
	for name, s := range map[string]*service{
		"near what is known": {perSecond: 10, burst: 10, latency: 200 * time.Millisecond},
		"lower":              {perSecond: 4, burst: 4, latency: 200 * time.Millisecond},
		"higher":             {perSecond: 25, burst: 25, latency: 200 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const calls = 5000
				took := s.calls(newPace(sageMaker(t), 1), calls)
				floor := time.Duration(calls / s.perSecond * float64(time.Second))
				t.Logf("%.3f × the floor, %d of %d refused", took.Seconds()/floor.Seconds(), s.refused, s.accepted)
				require.Less(t, took.Seconds(), 1.1*floor.Seconds())
				require.Less(t, s.refused, calls/8)
			})
		})
	}
}

func TestThePaceBeginsGently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{perSecond: 1000, burst: 1000, latency: 100 * time.Millisecond}
		p := newPace(sageMaker(t), 1)
		require.GreaterOrEqual(t, s.calls(p, 10), 1500*time.Millisecond)
		require.LessOrEqual(t, p.rate, sageMaker(t).known+1, "what is known is not passed in a rush")
	})
}

func TestTwoWorkersShareWhatThereIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{perSecond: 20, burst: 20, latency: 100 * time.Millisecond}
		first, second := newPace(sageMaker(t), 1), newPace(sageMaker(t), 1)
		var workers sync.WaitGroup
		workers.Go(func() { s.calls(first, 6000) })
		time.Sleep(3 * time.Minute) // the other comes late, to a service that is busy
		late := time.Duration(0)
		workers.Go(func() { late = s.calls(second, 2000) })
		workers.Wait()
		t.Logf("the late one took %s for what its half of the limit allows in 200 s; %d of %d refused", late, s.refused, s.accepted)
		require.Less(t, late, 300*time.Second, "whoever comes late gets its share")
		require.Less(t, s.refused, s.accepted/10)
	})
}

func TestWhatTheServiceAsksForIsHonoured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(sageMaker(t), 1)
		one, err := p.wait(t.Context())
		require.NoError(t, err)
		p.refused(one, 17*time.Second)
		started := time.Now()
		_, err = p.wait(t.Context())
		require.NoError(t, err)
		require.GreaterOrEqual(t, time.Since(started), 17*time.Second)

		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		p.refused(turn{at: time.Now()}, time.Hour)
		_, err = p.wait(impatient)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestThrottlingOfOneFlightCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(sageMaker(t), 1)
		var flight []turn
		for range 8 {
			one, err := p.wait(t.Context())
			require.NoError(t, err)
			flight = append(flight, one)
		}
		time.Sleep(time.Second)
		before := p.rate
		for _, one := range flight {
			p.refused(one, 0)
		}
		require.GreaterOrEqual(t, p.rate, before/2*0.86)
	})
}

func TestASimulatedWorldIsAsMuchFaster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{perSecond: 1000, burst: 1000, latency: 2 * time.Millisecond}
		took := s.calls(newPace(sageMaker(t), 100), 20_000)
		require.Less(t, took, 22*time.Second)
	})
}
