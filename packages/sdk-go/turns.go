package arqonbus

import (
	"context"
	"sync"
)

// turns lets one at a time through, for each key. The server answers commands as they come about: a leave that overtook a
// join would be refused, and the join hold.
type turns struct {
	mu    sync.Mutex
	byKey map[string]*turn
}

type turn struct {
	free    chan struct{}
	holders int
}

// take waits for the turn, and gives what ends it.
func (t *turns) take(ctx context.Context, key string) (func(), error) {
	t.mu.Lock()
	if t.byKey == nil {
		t.byKey = map[string]*turn{}
	}
	one := t.byKey[key]
	if one == nil {
		one = &turn{free: make(chan struct{}, 1)}
		t.byKey[key] = one
	}
	one.holders++
	t.mu.Unlock()
	select {
	case one.free <- struct{}{}:
		return func() { <-one.free; t.drop(key, one) }, nil
	case <-ctx.Done():
		t.drop(key, one)
		return nil, ctx.Err()
	}
}

func (t *turns) drop(key string, one *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	one.holders--
	if one.holders == 0 {
		delete(t.byKey, key)
	}
}
