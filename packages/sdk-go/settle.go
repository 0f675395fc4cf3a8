package arqonbus

import (
	"context"
	"encoding/json"
	"errors"
	"maps"

	"github.com/arqonbus/arqonbus/packages/sdk-go/internal/wire"
)

// maxResumeTries: a crashed Brain is replaced within four seconds; joining afresh works without one.
const maxResumeTries = 3

// resumedChannel is what the server said of one channel of a session that was resumed.
type resumedChannel struct {
	Room      string      `json:"room"`
	Channel   string      `json:"channel"`
	Joined    *joinAnswer `json:"joined"`
	ErrorCode Code        `json:"error_code"`
	Error     string      `json:"error"`
}

// settle goes on as the client of the connection before; where that cannot be, as a new one, from the same positions.
func (c *Client) settle(ctx context.Context, welcome Welcome) {
	c.mu.Lock()
	token := c.resumeToken
	c.mu.Unlock()
	var resumed []resumedChannel
	isResumed := false
	if token != "" && welcome.resumeToken != "" {
		resumed, isResumed = c.resume(ctx, token, welcome)
	}
	if ctx.Err() != nil {
		return
	}
	if !isResumed {
		// Before the joins, so that it is there when the channels see the client come.
		c.showAgain(ctx)
		c.mu.Lock()
		c.becomeSettled(welcome)
		c.mu.Unlock()
	}
	c.rejoinAll(ctx, resumed)
	c.restoreParts(ctx)
}

// resume gives what became of each channel; false = it cannot be resumed.
func (c *Client) resume(ctx context.Context, token string, welcome Welcome) ([]resumedChannel, bool) {
	for tries := 1; ; tries++ {
		var answer struct {
			ClientID    string           `json:"client_id"`
			ResumeToken string           `json:"resume_token"`
			Channels    []resumedChannel `json:"channels"`
		}
		_, err := c.command(ctx, newID(), "resume", c.resumeArgs(token), func(reply *wire.Envelope) {
			if json.Unmarshal(reply.GetPayload(), &answer) != nil {
				return
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			welcome.ClientID, welcome.resumeToken = answer.ClientID, answer.ResumeToken
			c.becomeSettled(welcome)
			c.completeResumed(answer.Channels)
		})
		if err == nil {
			return answer.Channels, answer.ClientID != ""
		}
		if ctx.Err() != nil || !CodeOf(err).Retryable() || tries == maxResumeTries {
			return nil, false
		}
		pause(ctx, backoff(tries, retryAfterOf(err)))
	}
}

// becomeSettled: it is known who the connection is. The mutex is held.
func (c *Client) becomeSettled(welcome Welcome) {
	if c.state == Closed || c.conn == nil {
		return
	}
	c.resumeToken, c.welcome, c.isSettled = welcome.resumeToken, welcome, true
	c.own.name(welcome.ClientID)
	if listener := c.options.OnWelcome; listener != nil {
		c.events.post(func() { listener(welcome) })
	}
	c.changed.fire()
}

func (c *Client) resumeArgs(token string) map[string]any {
	c.mu.Lock()
	defer c.mu.Unlock()
	channels := map[string]any{}
	for key, s := range c.channels {
		if s.state != joining || !s.wasJoined {
			continue
		}
		s.lastSeen = c.lastSeen(s)
		args := c.joinArgs(s, nil, true)
		delete(args, "room")
		delete(args, "channel")
		if s.lastSeen != nil {
			args["epoch"], args["seq"] = s.lastSeen.Epoch, s.lastSeen.Seq
		}
		channels[key] = args
	}
	args := map[string]any{"resume_token": token, "channels": channels}
	maps.Copy(args, c.shown)
	return args
}

func (c *Client) showAgain(ctx context.Context) {
	c.mu.Lock()
	shown := maps.Clone(c.shown)
	c.mu.Unlock()
	if len(shown) > 0 {
		// What is not shown is no reason not to go on.
		_, _ = c.command(ctx, newID(), "set_status", shown, nil)
	}
}

// completeResumed takes in the channels that were joined with the session, before anything that follows. The mutex is held.
func (c *Client) completeResumed(channels []resumedChannel) {
	for _, told := range channels {
		s := c.channels[target{told.Room, told.Channel}.String()]
		if s != nil && s.state == joining && s.wasJoined && told.Joined != nil && !s.needsState(told.Joined) {
			c.completeRejoin(s, told.Joined, "")
		}
	}
}

func (told *resumedChannel) refusal() error {
	code := told.ErrorCode
	if code == "" {
		code = CodeInternalError
	}
	return &Error{Code: code, Message: told.Error}
}

func asError(err error) *Error {
	var refused *Error
	if errors.As(err, &refused) {
		return refused
	}
	return &Error{Code: CodeInternalError, Message: err.Error(), cause: err}
}
