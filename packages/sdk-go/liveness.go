package arqonbus

import (
	"context"
	"sync/atomic"
	"time"
)

const (
	// What a server may set at least and at most: a hostile one cannot make the client ping without pause, or never.
	minHeartbeat = 5 * time.Second
	maxHeartbeat = 5 * time.Minute
	// A wait that took so much longer shows that the process slept.
	late = 2 * time.Second
	// How long a connection that is in doubt may be silent.
	doubt = 5 * time.Second
)

// liveness notices a connection that has gone silent: it pings when nothing came for a heartbeat, and the connection is dead when
// nothing at all comes until the answer is due. The answer may wait behind frames that a slow link still brings.
type liveness struct {
	ping func(context.Context) error
	// within is how long an answer may take.
	within time.Duration
	// heardAt counts from begun, in nanoseconds.
	heardAt atomic.Int64
	begun   time.Time
}

func newLiveness(ping func(context.Context) error, within time.Duration) *liveness {
	return &liveness{ping: ping, within: within, begun: time.Now()}
}

// note: something came.
func (l *liveness) note() { l.heardAt.Store(int64(time.Since(l.begun))) }

// untilDead returns true once the connection is dead, false where the context is done before.
func (l *liveness) untilDead(ctx context.Context, heartbeat time.Duration) bool {
	every := min(max(heartbeat, minHeartbeat), maxHeartbeat)
	for ctx.Err() == nil {
		quiet := time.Since(l.begun) - time.Duration(l.heardAt.Load())
		if quiet < every {
			pause(ctx, every-quiet)
		} else if !l.isAlive(ctx) {
			return ctx.Err() == nil
		}
	}
	return false
}

func (l *liveness) isAlive(ctx context.Context) bool {
	for timeout := l.within; ; timeout = min(l.within, doubt) {
		asked := time.Since(l.begun)
		within, cancel := context.WithTimeout(ctx, timeout)
		err := l.ping(within)
		isOverdue := within.Err() != nil
		cancel()
		if err == nil {
			l.note()
		}
		switch {
		case time.Duration(l.heardAt.Load()) >= asked:
			return true
		case !isOverdue:
			// It could not be sent: whoever reads sees the end.
			return false
		case time.Since(l.begun)-asked-timeout < late:
			return false
		}
	}
}
