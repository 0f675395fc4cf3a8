package arqonbus

import (
	"context"
	"sync"
)

// signal wakes everybody who waits for a change: whoever waits looks again.
type signal struct {
	mu sync.Mutex
	ch chan struct{}
}

func (s *signal) fire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch != nil {
		close(s.ch)
		s.ch = nil
	}
}

func (s *signal) next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch == nil {
		s.ch = make(chan struct{})
	}
	return s.ch
}

// until waits until holds does, or the context is done.
func (s *signal) until(ctx context.Context, holds func() bool) error {
	for {
		changed := s.next()
		if holds() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
