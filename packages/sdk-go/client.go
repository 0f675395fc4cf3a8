package arqonbus

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/arqonbus/arqonbus/packages/sdk-go/internal/wire"
)

// Client is a client of the bus: one connection kept open, what is joined on it, and what is sent. All of it may be used from
// several goroutines.
type Client struct {
	options Options
	address string
	tokens  tokens
	events  events
	// changed fires whenever something changes that a waiting call may depend on.
	changed  signal
	requests requests
	turns    turns
	cancel   context.CancelFunc
	// ended is closed when nothing of the client runs any more.
	ended     chan struct{}
	closeOnce sync.Once

	mu          sync.Mutex
	state       State
	conn        *connection
	isSettled   bool
	welcome     Welcome
	resumeToken string
	shown       map[string]any
	err         *Error
	lastRefresh time.Time
	channels    map[string]*Subscription
	positions   positions
	own         ownClients
	operator    *Operator
	tasks       submittedTasks
	replays     map[string]*queue
	watches     map[*Watch]struct{}
}

// Connect connects, trying again for up to ConnectTimeout or until the context is done; the error says why that cannot be.
// The context is that of the call: the connection goes on after it, until Close.
func Connect(ctx context.Context, options Options) (*Client, error) {
	options = options.withDefaults()
	address, err := socketURL(&options)
	if err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(context.Background())
	client := &Client{
		options:   options,
		address:   address,
		tokens:    tokens{fetch: options.TokenFunc, kept: options.Token},
		events:    events{onDropped: options.OnError},
		cancel:    cancel,
		ended:     make(chan struct{}),
		shown:     map[string]any{},
		channels:  map[string]*Subscription{},
		positions: positions{},
		replays:   map[string]*queue{},
		watches:   map[*Watch]struct{}{},
	}
	go client.run(running)
	within, stopWaiting := context.WithTimeout(ctx, options.ConnectTimeout)
	defer stopWaiting()
	waited := client.changed.until(within, func() bool { return client.isReady("") })
	client.mu.Lock()
	isSettled, reason := client.isSettled, client.err
	client.mu.Unlock()
	if isSettled {
		return client, nil
	}
	client.Close()
	if reason == nil {
		reason = unknownOutcome("No connection in time.")
		reason.cause = waited
	}
	return nil, reason
}

// Close closes the connection and ends every subscription.
func (c *Client) Close() {
	c.closeOnce.Do(func() {
		c.mu.Lock()
		conn := c.conn
		c.mu.Unlock()
		c.stop(nil)
		if conn != nil {
			conn.close()
		}
		c.cancel()
	})
	<-c.ended
}

// ID is the client id; another one after a reconnect that could not resume.
func (c *Client) ID() string { return c.Welcome().ClientID }

// Welcome is the server's last greeting.
func (c *Client) Welcome() Welcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.welcome
}

// State is where the client stands.
func (c *Client) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Command runs a command, with arguments that JSON writes as an object (nil = none), and reads its result into result, as
// json.Unmarshal does (nil = it is not wanted). The error is its refusal.
func (c *Client) Command(ctx context.Context, name string, args, result any) error {
	if name != "ping" && name != "refresh" {
		if err := c.untilSettled(ctx); err != nil {
			return err
		}
	}
	reply, err := c.command(ctx, newID(), name, args, nil)
	if err != nil {
		return err
	}
	if name == "set_status" {
		c.noteShown(args)
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(reply.GetPayload(), result); err != nil {
		return &Error{Code: CodeInternalError, Message: "The result cannot be read.", cause: err}
	}
	return nil
}

func (c *Client) command(
	ctx context.Context, id, name string, args any, then func(*wire.Envelope),
) (*wire.Envelope, error) {
	if args == nil {
		args = struct{}{}
	}
	text, err := encodeJSON(args)
	if err != nil {
		return nil, err
	}
	frame := &wire.Envelope{Version: "1.0", Id: id, Type: wire.EnvelopeType_ENVELOPE_TYPE_COMMAND, Command: name, Args: text}
	return c.requests.send(ctx, frame, c.transmit, c.options.RequestTimeout, then)
}

// untilSettled: what is sent before it is known who the connection is comes from nobody yet.
func (c *Client) untilSettled(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, c.options.RequestTimeout)
	defer cancel()
	_ = c.changed.until(within, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.isSettled || c.conn == nil
	})
	return ctx.Err()
}

func (c *Client) transmit(ctx context.Context, frame *wire.Envelope) error {
	c.mu.Lock()
	conn := c.conn
	c.mu.Unlock()
	if conn == nil {
		return notConnected()
	}
	return conn.send(ctx, frame)
}

// transmitSoon is for what nobody waits for an answer to: it is not waited for any longer than an answer would be.
func (c *Client) transmitSoon(ctx context.Context, frame *wire.Envelope) error {
	within, cancel := context.WithTimeout(ctx, c.options.RequestTimeout)
	defer cancel()
	return c.transmit(within, frame)
}

// noteShown remembers what the client shows of itself, which the next connection shows again.
func (c *Client) noteShown(args any) {
	text, err := encodeJSON(args)
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, value := range objectOf(text) {
		if name == "status" || name == "meta" {
			c.shown[name] = value
		}
	}
}
