package arqonbus

import (
	"fmt"
	"sync"
)

const maxQueuedEvents = 1_000

// events calls listeners one after the other, in the order in which things happened, and never on the goroutine that reads
// the connection: a listener may wait for the bus. Bounded; that some were dropped is told to onDropped.
type events struct {
	onDropped func(error)

	mu      sync.Mutex
	calls   []func()
	dropped int
	isBusy  bool
}

// post has a listener called.
func (e *events) post(call func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.dropped > 0 || len(e.calls) >= maxQueuedEvents {
		e.dropped++
		return
	}
	e.calls = append(e.calls, call)
	if !e.isBusy {
		e.isBusy = true
		go e.run()
	}
}

func (e *events) run() {
	for call := e.next(); call != nil; call = e.next() {
		call()
	}
}

// next gives nil when there is nothing to call, and then somebody else must begin anew.
func (e *events) next() func() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.calls) > 0 {
		call := e.calls[0]
		e.calls = e.calls[1:]
		return call
	}
	dropped := e.dropped
	e.dropped = 0
	if dropped == 0 || e.onDropped == nil {
		e.isBusy = false
		return nil
	}
	text := fmt.Sprintf("Listeners were slower than the bus: %d calls were dropped.", dropped)
	return func() {
		e.onDropped(&Error{Code: CodeUnavailable, Message: text, Details: map[string]any{"dropped": dropped}})
	}
}
