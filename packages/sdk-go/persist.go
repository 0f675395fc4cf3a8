package arqonbus

import (
	"context"
	"time"
)

const (
	firstPause = 250 * time.Millisecond
	maxPause   = 4 * time.Second
)

// persist gives a command, that does no harm when it is given twice, until it is answered, refused for good, or the time is
// over.
func persist(ctx context.Context, within time.Duration, run func() error) error {
	deadline := time.Now().Add(within)
	for wait := firstPause; ; wait = min(2*wait, maxPause) {
		err := run()
		if err == nil || ctx.Err() != nil || !isPassing(err) || time.Now().Add(wait).After(deadline) {
			return err
		}
		pause(ctx, wait)
	}
}

// isPassing tells whether the same command may do better a little later.
func isPassing(err error) bool {
	switch CodeOf(err) {
	case CodeUnavailable, CodeTimeout, CodeRateLimited:
		return true
	default:
		return false
	}
}

func set(args map[string]any, name string, value any, isSet bool) {
	if isSet {
		args[name] = value
	}
}
