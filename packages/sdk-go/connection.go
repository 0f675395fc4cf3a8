package arqonbus

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/arqonbus/arqonbus/packages/sdk-go/internal/wire"
	"github.com/coder/websocket"
)

const (
	// The largest frame that a server sends is 1 MiB.
	maxFrameBytes = 2 << 20
	pingEvery     = 20 * time.Second
	pongWithin    = 10 * time.Second
	writeWithin   = 10 * time.Second
	// Frames that wait for the network; then who sends waits too.
	maxWaitingFrames = 64
	noCloseCode      = 1006
)

// connection is an open connection that the server has welcomed.
type connection struct {
	socket  *websocket.Conn
	format  Format
	welcome *Welcome
	out     chan []byte
	ended   chan struct{}

	mu       sync.Mutex
	told     *Error
	returnIn time.Duration
	why      string
}

// send hands a frame to the network; who gives up waiting has not sent it.
func (c *connection) send(ctx context.Context, frame *wire.Envelope) error {
	data, err := c.format.encode(frame)
	if err != nil {
		return err
	}
	select {
	case <-c.ended:
		return notConnected()
	default:
	}
	select {
	case c.out <- data:
		return nil
	case <-c.ended:
		return notConnected()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// live hands every frame and its length on, until the connection ends.
func (c *connection) live(ctx context.Context, onFrame func(frame *wire.Envelope, size int)) *connectionEnd {
	ctx, cancel := context.WithCancel(ctx)
	var workers sync.WaitGroup
	for _, work := range []func(context.Context){c.write, c.ping} {
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

// close says goodbye; the reader sees the end.
func (c *connection) close() { _ = c.socket.Close(websocket.StatusNormalClosure, "") }

func (c *connection) read(ctx context.Context, onFrame func(frame *wire.Envelope, size int)) error {
	for {
		kind, data, err := c.socket.Read(ctx)
		if err != nil {
			return err
		}
		if frame := c.format.decode(kind, data); frame != nil {
			c.note(frame)
			onFrame(frame, len(data))
		}
	}
}

func (c *connection) write(ctx context.Context) {
	for {
		select {
		case data := <-c.out:
			within, cancel := context.WithTimeout(ctx, writeWithin)
			err := c.socket.Write(within, c.format.messageType(), data)
			cancel()
			if err != nil {
				c.giveUp("nothing can be sent")
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

func (c *connection) ping(ctx context.Context) {
	ticker := time.NewTicker(pingEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			within, cancel := context.WithTimeout(ctx, pongWithin)
			err := c.socket.Ping(within)
			cancel()
			if err != nil {
				c.giveUp("no answer to a ping")
				return
			}
		case <-ctx.Done():
			return
		}
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
