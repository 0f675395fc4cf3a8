package arqonbus

import (
	"context"
	"sync"
	"time"
)

// minRefreshInterval is the least time between two refreshes; a hostile server cannot make the client hammer TokenFunc.
const minRefreshInterval = 10 * time.Second

// run keeps a connection until the client is closed, or another try makes no sense.
func (c *Client) run(ctx context.Context) {
	defer close(c.ended)
	failures := 0
	for ctx.Err() == nil {
		c.setState(Connecting)
		end, lasted := c.connectOnce(ctx)
		if lasted >= stableAfter {
			failures = 0
		}
		failures++
		c.lose(end)
		again, isWanted := react(end, failures, c.tokens.canRenew(), c.tokens.wasNew())
		if !isWanted {
			c.stop(end.toError())
			return
		}
		if again.needsNewToken {
			c.tokens.discard()
		}
		c.setState(Waiting)
		pause(ctx, again.delay)
	}
}

// connectOnce connects, and lives as long as that connection; it tells how it ended and how long it lasted.
func (c *Client) connectOnce(ctx context.Context) (*connectionEnd, time.Duration) {
	within, cancel := context.WithTimeout(ctx, c.options.RequestTimeout)
	token, err := c.tokens.get(within)
	cancel()
	if err != nil {
		end := &connectionEnd{code: noCloseCode, reason: "no token"}
		end.told, _ = err.(*Error)
		return end, 0
	}
	conn, end := dial(ctx, c.address, token, c.options.Format, c.options.RequestTimeout)
	if end != nil {
		return end, 0
	}
	opened := time.Now()
	return c.live(ctx, conn), time.Since(opened)
}

func (c *Client) live(ctx context.Context, conn *connection) *connectionEnd {
	ctx, cancel := context.WithCancel(ctx)
	c.mu.Lock()
	if c.state != Closed {
		c.conn = conn
	}
	c.mu.Unlock()
	c.setState(Connected)
	var settling sync.WaitGroup
	settling.Add(1)
	go func() { defer settling.Done(); c.settle(ctx, *conn.welcome) }()
	end := conn.live(ctx, c.onFrame)
	cancel()
	settling.Wait()
	return end
}

// lose: the connection is gone. Every channel must be joined again, and nobody knows what became of requests.
func (c *Client) lose(end *connectionEnd) {
	c.mu.Lock()
	c.conn, c.isSettled = nil, false
	if c.state != Closed {
		c.err = end.toError()
	}
	for _, s := range c.channels {
		if s.state == joined {
			s.state = joining
		}
	}
	operator := c.operator
	c.mu.Unlock()
	if operator != nil {
		operator.abort()
	}
	c.requests.abort()
	c.changed.fire()
}

// stop: the client is closed for good; reason is nil where its program wanted that.
func (c *Client) stop(reason *Error) {
	c.mu.Lock()
	if c.state == Closed {
		c.mu.Unlock()
		return
	}
	var why error
	c.err = clientClosed()
	if reason != nil {
		c.err, why = reason, reason
	}
	c.isSettled = false
	for _, s := range c.channels {
		c.end(s, why)
	}
	c.endParts(c.err)
	c.changeState(Closed)
	if listener := c.options.OnClose; listener != nil {
		c.events.post(func() { listener(why) })
	}
	c.mu.Unlock()
	c.requests.abort()
	c.changed.fire()
}

func (c *Client) setState(state State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != Closed {
		c.changeState(state)
	}
}

func (c *Client) changeState(state State) {
	if c.state == state {
		return
	}
	c.state = state
	if listener := c.options.OnState; listener != nil {
		c.events.post(func() { listener(state) })
	}
	c.changed.fire()
}

// refresh sends a new token in the place of one that will expire. A failure is told: the session ends with 4401 in its time,
// and the next try asks for a token again.
func (c *Client) refresh() {
	c.mu.Lock()
	isTooSoon := time.Since(c.lastRefresh) < minRefreshInterval
	if !isTooSoon {
		c.lastRefresh = time.Now()
	}
	c.mu.Unlock()
	if isTooSoon || !c.tokens.canRenew() {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), c.options.RequestTimeout)
		defer cancel()
		token, err := c.tokens.renew(ctx)
		if err == nil {
			_, err = c.command(ctx, newID(), "refresh", map[string]any{"token": token}, nil)
		}
		if err != nil {
			c.tellError(err)
		}
	}()
}

func (c *Client) tellError(err error) {
	if listener := c.options.OnError; listener != nil {
		c.events.post(func() { listener(err) })
	}
}

// pause waits, or until the context is done.
func pause(ctx context.Context, delay time.Duration) {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
