package awscloud

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	identitystore "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

func newPace(l limit, speed float64) *pace {
	if speed <= 0 {
		speed = 1
	}
	return &pace{
		limit: l, second: time.Duration(float64(time.Second) / speed), rate: l.start, steep: true,
		slots: make(chan struct{}, l.concurrent), gate: make(chan struct{}, 1),
	}
}

// wait blocks until it is this call's turn. The caller must answer with accepted, refused or release.
func (p *pace) wait(ctx context.Context) (turn, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return turn{}, ctx.Err()
	}
	select {
	case p.gate <- struct{}{}:
	case <-ctx.Done():
		p.release()
		return turn{}, ctx.Err()
	}
	defer func() { <-p.gate }()
	waited := false
	for {
		left := p.left(time.Now())
		if left <= 0 {
			return p.take(waited), nil
		}
		waited = true
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < left {
			p.release()
			return turn{}, context.DeadlineExceeded
		}
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			p.release()
			return turn{}, ctx.Err()
		}
	}
}

// left is how long the next call still has to wait. A pause that begins meanwhile makes it longer.
func (p *pace) left(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.next.Sub(now)
}

func (p *pace) take(waited bool) turn {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if earliest := now.Add(-catchUp); p.next.Before(earliest) {
		p.next = earliest
	}
	gap := float64(p.second) / p.rate
	p.next = p.next.Add(time.Duration(gap * (0.9 + 0.2*rand.Float64())))
	return turn{at: now, waited: waited}
}

func (p *pace) release() { <-p.slots }

// accepted counts an answer that was not throttling, and raises the rate.
func (p *pace) accepted(t turn) {
	p.release()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count(time.Now())
	if !t.waited || t.at.Before(p.fell) {
		return
	}
	if p.steep && p.rate < p.limit.known {
		p.rate = min(p.rate+1, p.limit.known) // one for each call doubles it every second
		return
	}
	p.steep = false
	p.rate += growth / p.rate
}

// count counts accepted calls second by second.
func (p *pace) count(now time.Time) {
	switch passed := now.Sub(p.since); {
	case passed >= 2*p.second:
		p.counted, p.before, p.since = 0, 0, now
	case passed >= p.second:
		p.counted, p.before, p.since = 0, p.counted, p.since.Add(p.second)
	}
	p.counted++
}

// refused lowers the rate after throttling, and pauses for as long as the service asked for.
func (p *pace) refused(t turn, after time.Duration) {
	p.release()
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if after > 0 {
		if until := now.Add(min(after, longestPause)); until.After(p.next) {
			p.next = until
		}
	}
	if t.at.Before(p.fell) {
		return
	}
	p.steep, p.fell = false, now
	// What the service took in the last one to two seconds, if that is a fair measure at all.
	taken := float64(p.counted+p.before) / max(1, 1+float64(now.Sub(p.since))/float64(p.second))
	p.rate = max(min(max(taken, p.rate/2), p.rate)*(0.86+0.08*rand.Float64()), min(slowest, p.limit.start))
}

// throttled says whether AWS refused a call because there were too many.
func throttled(err error) bool {
	var api smithy.APIError
	if errors.As(err, &api) {
		if _, ok := retry.DefaultThrottleErrorCodes[api.ErrorCode()]; ok {
			return true
		}
	}
	return status(err) == http.StatusTooManyRequests
}

// retryAfter is how long the service asks callers to wait, in the header or in the error; 0 where it does not say.
func retryAfter(err error) time.Duration {
	var modelled *identitystore.ThrottlingException
	if errors.As(err, &modelled) && modelled.RetryAfterSeconds > 0 {
		return time.Duration(modelled.RetryAfterSeconds) * time.Second
	}
	var response *smithyhttp.ResponseError
	if !errors.As(err, &response) || response.Response == nil || response.Response.Response == nil {
		return 0
	}
	header := response.Response.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(header); err == nil && seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}

// retryer decides what the SDK itself tries again. Throttled calls go back to the end of the line that the pace makes, which
// is pause enough; everything else is only tried to bridge a dropped connection.
type retryer struct {
	*retry.Standard
	second time.Duration
}

// RetryDelay implements aws.Retryer. Its error ends the attempts.
func (r retryer) RetryDelay(attempt int, err error) (time.Duration, error) {
	if throttled(err) {
		return rand.N(r.second), nil
	}
	if attempt >= attempts {
		return 0, err
	}
	delay, delayErr := r.Standard.RetryDelay(attempt, err)
	return min(delay, 5*r.second), delayErr
}
