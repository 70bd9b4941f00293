package engine

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/server/common/log/tag"
)

func TestFatalBecomesAnErrorAndDoesNotReturn(t *testing.T) {
	l := newLogger(nil)
	returned := false
	_, err := guard(l, 10*time.Second, func() (int, error) {
		l.With(tag.NewStringTag("service", "history")).Fatal("no shards", tag.Error(errors.New("disk full")))
		returned = true
		return 1, nil
	})
	require.EqualError(t, err, "no shards: disk full")
	require.False(t, returned)
	<-l.failed
	require.EqualError(t, l.failure(), "no shards: disk full")
}

func TestWaitingForTheServerEnds(t *testing.T) {
	block := make(chan struct{})
	defer close(block)
	_, err := guard(newLogger(nil), time.Millisecond, func() (int, error) { <-block; return 1, nil })
	require.ErrorContains(t, err, "longer than")
}
