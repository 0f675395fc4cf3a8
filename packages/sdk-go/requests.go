package arqonbus

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/arqonbus/arqonbus/packages/sdk-go/internal/wire"
)

const maxPendingRequests = 1_024

// requests are those without an answer on the present connection. Each settles exactly once: by its answer, by its
// timeout, or with the loss of the connection.
type requests struct {
	mu      sync.Mutex
	pending map[string]*request
}

type request struct {
	// then runs before any later frame is read.
	then  func(reply *wire.Envelope)
	reply chan outcome
}

type outcome struct {
	frame *wire.Envelope
	err   error
}

// send sends a request and gives the reply; the refusal; or TIMEOUT that is indeterminate, where none came.
func (r *requests) send(
	ctx context.Context, frame *wire.Envelope, transmit func(context.Context, *wire.Envelope) error,
	within time.Duration, then func(*wire.Envelope),
) (*wire.Envelope, error) {
	one := &request{then: then, reply: make(chan outcome, 1)}
	if err := r.add(frame.GetId(), one); err != nil {
		return nil, err
	}
	defer r.take(frame.GetId())
	waiting, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if err := transmit(waiting, frame); err != nil {
		return nil, err
	}
	select {
	case told := <-one.reply:
		return told.frame, told.err
	case <-waiting.Done():
	}
	if ctx.Err() == nil {
		return nil, unknownOutcome(fmt.Sprintf("No answer within %s.", within))
	}
	unknown := unknownOutcome("The context is done.")
	unknown.cause = context.Cause(ctx)
	return nil, unknown
}

// answer takes a reply; false when it answers no request that waits.
func (r *requests) answer(frame *wire.Envelope) bool {
	one := r.take(frame.GetRequestId())
	if one == nil {
		return false
	}
	isRefused := frame.GetType() == wire.EnvelopeType_ENVELOPE_TYPE_ERROR || frame.GetStatus() == wire.ReplyStatus_REPLY_STATUS_ERROR
	if isRefused {
		one.reply <- outcome{err: errorOfFrame(frame)}
		return true
	}
	if one.then != nil {
		one.then(frame)
	}
	one.reply <- outcome{frame: frame}
	return true
}

// abort: the connection is gone, and every outcome unknown.
func (r *requests) abort() {
	r.mu.Lock()
	lost := r.pending
	r.pending = nil
	r.mu.Unlock()
	for _, one := range lost {
		one.reply <- outcome{err: unknownOutcome("The connection was lost before the answer came.")}
	}
}

func (r *requests) add(id string, one *request) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pending == nil {
		r.pending = map[string]*request{}
	}
	if r.pending[id] != nil {
		return &Error{Code: CodeConflict, Message: "A request with this id waits for its answer."}
	}
	if len(r.pending) >= maxPendingRequests {
		return &Error{Code: CodeRateLimited, Message: "Too many requests wait for an answer; this one was not sent."}
	}
	r.pending[id] = one
	return nil
}

func (r *requests) take(id string) *request {
	r.mu.Lock()
	defer r.mu.Unlock()
	one := r.pending[id]
	delete(r.pending, id)
	return one
}
