package arqonbus

import (
	"context"
	"fmt"
	"sync"
)

// How many publications wait for a reader at most, and how many bytes, roughly.
const (
	maxQueued      = 1_000
	maxQueuedBytes = 4 << 20
)

// queue holds publications on their way to a reader; bounded. Once something was dropped nothing more is taken in until the
// reader has been told, since what follows a hole must not look whole.
type queue struct {
	changed signal

	mu      sync.Mutex
	items   []queued
	bytes   int
	dropped int
	isEnded bool
	err     error
}

type queued struct {
	publication *Publication
	size        int
}

// push adds one of about size bytes; false = it was dropped and counted, or the queue has ended.
func (q *queue) push(publication *Publication, size int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.isEnded {
		return false
	}
	if q.dropped > 0 || len(q.items) >= maxQueued || q.bytes+size > maxQueuedBytes {
		q.dropped++
		return false
	}
	q.items = append(q.items, queued{publication, size})
	q.bytes += size
	q.changed.fire()
	return true
}

// dropWhere forgets those that wait and match.
func (q *queue) dropWhere(matches func(*Publication) bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	kept := q.items[:0:0]
	q.bytes = 0
	for _, item := range q.items {
		if !matches(item.publication) {
			kept = append(kept, item)
			q.bytes += item.size
		}
	}
	q.items = kept
}

// first is the one that waits longest; nil = none.
func (q *queue) first() *Publication {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) == 0 {
		return nil
	}
	return q.items[0].publication
}

// end: no more will come. err says why, nil = it was left or closed.
func (q *queue) end(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.isEnded {
		q.isEnded, q.err = true, err
		q.changed.fire()
	}
}

// next waits for the next one. ErrEnded at the end, or why it ended; UNAVAILABLE with dropped after a hole.
func (q *queue) next(ctx context.Context) (*Publication, error) {
	var found *Publication
	var ending error
	err := q.changed.until(ctx, func() bool {
		found, ending = q.take()
		return found != nil || ending != nil
	})
	if err != nil {
		return nil, err
	}
	return found, ending
}

func (q *queue) take() (*Publication, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) > 0 {
		item := q.items[0]
		q.items[0] = queued{}
		q.items = q.items[1:]
		q.bytes -= item.size
		return item.publication, nil
	}
	if dropped := q.dropped; dropped > 0 {
		q.dropped = 0
		text := fmt.Sprintf("The reader was slower than the channel: %d publications were dropped.", dropped)
		return nil, &Error{Code: CodeUnavailable, Message: text, Details: map[string]any{"dropped": dropped}}
	}
	switch {
	case !q.isEnded:
		return nil, nil
	case q.err != nil:
		return nil, q.err
	default:
		return nil, ErrEnded
	}
}
