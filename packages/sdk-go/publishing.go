package arqonbus

import (
	"context"
	"errors"
	"time"

	"github.com/arqonbus/arqonbus/packages/sdk-go/internal/wire"
)

const (
	noAcknowledgement = "The publication got no acknowledgement."
	notSentInTime     = "The publication was not sent: there was no connection in time."
)

// publishUntilKnown sends a publication until it is known what became of it, or PublishRetry is over.
func (c *Client) publishUntilKnown(ctx context.Context, key string, frame *wire.Envelope) (*wire.Envelope, error) {
	deadline := time.Now().Add(c.options.PublishRetry)
	isUncertain := false
	for {
		if err := c.untilReady(ctx, key, deadline, isUncertain); err != nil {
			return nil, err
		}
		wasUncertain := isUncertain
		within := min(c.options.RequestTimeout, max(time.Until(deadline), time.Millisecond))
		reply, err := c.requests.send(ctx, frame, c.transmit, within, nil)
		if err == nil {
			return reply, nil
		}
		refused := asError(err)
		if ctx.Err() != nil {
			return nil, err
		}
		if refused.Details["not_sent"] == true && time.Now().Before(deadline) {
			continue
		}
		isUncertain = isUncertain || refused.Indeterminate()
		// A log looks for repeats before it compares: what it refuses as a conflict it has never stored.
		if !isUncertain || refused.Code == CodeConflict {
			return nil, err
		}
		if !c.isLogged(key) || time.Now().After(deadline) {
			return nil, indeterminate(refused)
		}
		if refused.Indeterminate() {
			continue
		}
		if !wasUncertain || !refused.Code.Retryable() {
			return nil, indeterminate(refused)
		}
		pause(ctx, max(refused.RetryAfter(), retryWait))
	}
}

// untilReady waits for a connection on which the channel is joined, or was never.
func (c *Client) untilReady(ctx context.Context, key string, deadline time.Time, isUncertain bool) error {
	within, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	waited := c.changed.until(within, func() bool { return c.isReady(key) })
	c.mu.Lock()
	isClosed := c.state == Closed
	c.mu.Unlock()
	switch {
	case (isClosed || waited != nil) && isUncertain:
		return unknownOutcome(noAcknowledgement)
	case isClosed:
		return notConnected()
	case errors.Is(waited, context.Canceled) || ctx.Err() != nil:
		return ctx.Err()
	case waited != nil:
		return &Error{Code: CodeUnavailable, Message: notSentInTime}
	default:
		return nil
	}
}

func (c *Client) isReady(key string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.channels[key]
	return c.state == Closed || (c.isSettled && (s == nil || s.state == joined))
}

// isLogged: the join of the channel told a position in a log.
func (c *Client) isLogged(key string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.channels[key]
	return s != nil && s.joined.Position != nil
}

func indeterminate(refused *Error) *Error {
	if refused.Indeterminate() {
		return refused
	}
	unknown := unknownOutcome(noAcknowledgement)
	unknown.cause = refused
	return unknown
}
