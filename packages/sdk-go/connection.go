package arqonbus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/arqonbus/arqonbus/packages/sdk-go/internal/wire"
	"github.com/coder/websocket"
)

const (
	// The largest frame that a server sends is 1 MiB.
	maxFrameBytes = 2 << 20
	// How long what waits may take to leave before the end.
	flushWithin = 2 * time.Second
	// Frames that wait for the network; then who sends waits too.
	maxWaitingFrames = 64
	noCloseCode      = 1006
)

// connection is an open connection that the server has welcomed.
type connection struct {
	socket   *websocket.Conn
	format   Format
	welcome  *Welcome
	liveness *liveness
	out      chan outgoing
	ended    chan struct{}

	mu       sync.Mutex
	told     *Error
	returnIn time.Duration
	why      string
}

// outgoing is a frame; one without data asks whether all before it have left.
type outgoing struct {
	data []byte
	left chan struct{}
}

// send hands a frame to the network; who gives up waiting has not sent it. That a network takes nothing any more is noticed by
// the liveness alone: a slow one may take long for a large frame.
func (c *connection) send(ctx context.Context, frame *wire.Envelope) error {
	data, err := c.format.encode(frame)
	if err != nil {
		return err
	}
	if allowed := c.welcome.Limits["max_frame_bytes"]; allowed > 0 && float64(len(data)) > allowed {
		text := fmt.Sprintf("The message takes %d bytes; %.0f are allowed.", len(data), allowed)
		return &Error{Code: CodePayloadTooLarge, Message: text}
	}
	select {
	case <-c.ended:
		return notConnected()
	default:
	}
	select {
	case c.out <- outgoing{data: data}:
		return nil
	case <-c.ended:
		return notConnected()
	case <-ctx.Done():
		return noRoom(ctx)
	}
}

// live hands every frame and its length on, until the connection ends.
func (c *connection) live(ctx context.Context, onFrame func(frame *wire.Envelope, size int)) *connectionEnd {
	ctx, cancel := context.WithCancel(ctx)
	var workers sync.WaitGroup
	for _, work := range []func(context.Context){c.write, c.watch} {
		workers.Add(1)
		go func() { defer workers.Done(); work(ctx) }()
	}
	err := c.read(ctx, onFrame)
	close(c.ended)
	cancel()
	_ = c.socket.CloseNow()
	workers.Wait()
	return c.endOf(err)
}

// close sends what waits and says goodbye; the reader sees the end. A network that takes nothing gets no goodbye.
func (c *connection) close() {
	ctx, cancel := context.WithTimeout(context.Background(), flushWithin)
	defer cancel()
	if c.flush(ctx) {
		_ = c.socket.Close(websocket.StatusNormalClosure, "")
	} else {
		_ = c.socket.CloseNow()
	}
}

// flush waits until everything has left; false where that takes longer than the context.
func (c *connection) flush(ctx context.Context) bool {
	left := make(chan struct{})
	select {
	case c.out <- outgoing{left: left}:
	case <-c.ended:
		return true
	case <-ctx.Done():
		return false
	}
	select {
	case <-left:
		return true
	case <-c.ended:
		return true
	case <-ctx.Done():
		return false
	}
}

func (c *connection) read(ctx context.Context, onFrame func(frame *wire.Envelope, size int)) error {
	for {
		kind, data, err := c.socket.Read(ctx)
		if err != nil {
			return err
		}
		c.liveness.note()
		if frame := c.format.decode(kind, data); frame != nil {
			c.note(frame)
			onFrame(frame, len(data))
		}
	}
}

func (c *connection) write(ctx context.Context) {
	for {
		select {
		case next := <-c.out:
			if next.left != nil {
				close(next.left)
			} else if c.socket.Write(ctx, c.format.messageType(), next.data) != nil {
				c.giveUp("nothing can be sent")
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

func (c *connection) watch(ctx context.Context) {
	if c.liveness.untilDead(ctx, c.welcome.Heartbeat) {
		c.giveUp("no answer to a ping")
	}
}

// giveUp ends a connection that is dead.
func (c *connection) giveUp(why string) {
	c.mu.Lock()
	c.why = why
	c.mu.Unlock()
	_ = c.socket.CloseNow()
}

// note keeps what the server says of the connection itself: it tells how it ends.
func (c *connection) note(frame *wire.Envelope) {
	isError := frame.GetType() == wire.EnvelopeType_ENVELOPE_TYPE_ERROR && frame.GetRequestId() == ""
	if !isError && frame.GetType() != wire.EnvelopeType_ENVELOPE_TYPE_SYSTEM {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if isError {
		c.told = errorOfFrame(frame)
		c.returnIn = c.told.RetryAfter()
		return
	}
	if payload := objectOf(frame.GetPayload()); payload["event"] == "going_away" {
		c.returnIn = millis(payload["reconnect_in_ms"])
	}
}

func (c *connection) endOf(err error) *connectionEnd {
	c.mu.Lock()
	defer c.mu.Unlock()
	end := endOfRead(err)
	end.wasWelcomed, end.told, end.returnIn = true, c.told, c.returnIn
	if end.code == noCloseCode && c.why != "" {
		end.reason = c.why
	}
	return end
}

func endOfRead(err error) *connectionEnd {
	var closed websocket.CloseError
	switch {
	case errors.As(err, &closed) && closed.Code == websocket.StatusNoStatusRcvd:
		return &connectionEnd{code: noCloseCode, reason: closed.Reason}
	case errors.As(err, &closed):
		return &connectionEnd{code: int(closed.Code), reason: closed.Reason}
	default:
		return &connectionEnd{code: noCloseCode, reason: err.Error()}
	}
}
