package arqonbus

import (
	"context"
	"encoding/json"

	"github.com/arqonbus/arqonbus/packages/sdk-go/internal/wire"
)

// Join joins "room:channel", or gives the subscription that there is; options may be nil.
func (c *Client) Join(ctx context.Context, channel string, options *JoinOptions) (*Subscription, error) {
	to, err := parseTarget(channel)
	if err != nil {
		return nil, err
	}
	if err := c.untilSettled(ctx); err != nil {
		return nil, err
	}
	s, isNew := c.subscriptionOf(to, options)
	if !isNew {
		return s.whenJoined(ctx)
	}
	err = c.joinFirst(ctx, s)
	c.mu.Lock()
	if err == nil && s.state == ended {
		err = clientClosed()
	}
	if err != nil {
		c.end(s, nil)
	}
	s.result = err
	close(s.settled)
	c.mu.Unlock()
	c.changed.fire()
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (c *Client) subscriptionOf(to target, options *JoinOptions) (*Subscription, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.channels[to.String()]; s != nil {
		return s, false
	}
	s := &Subscription{client: c, target: to, members: map[string]Member{}, settled: make(chan struct{})}
	if options != nil {
		s.options = *options
	}
	c.channels[to.String()] = s
	return s, true
}

func (s *Subscription) whenJoined(ctx context.Context) (*Subscription, error) {
	select {
	case <-s.settled:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	if s.result != nil {
		return nil, s.result
	}
	return s, nil
}

func (c *Client) joinFirst(ctx context.Context, s *Subscription) error {
	complete := func(answer *joinAnswer) {
		if s.state == ended {
			return
		}
		s.joined = s.withoutOverlap(*answer)
		c.noteRoomLog(s, answer)
		s.state, s.wasJoined = joined, true
		s.applyMembers(answer, false)
	}
	if s.options.GetState != nil {
		return c.joinWithState(ctx, s, "first", complete)
	}
	_, err := c.ask(ctx, s, nil, false, complete)
	return err
}

// ask asks for a join; then takes the answer in before any later frame is read, with the mutex held.
func (c *Client) ask(
	ctx context.Context, s *Subscription, from *Position, isRejoin bool, then func(*joinAnswer),
) (*joinAnswer, error) {
	giveBack, err := c.turns.take(ctx, s.Target())
	if err != nil {
		return nil, err
	}
	defer giveBack()
	c.mu.Lock()
	args := c.joinArgs(s, from, isRejoin)
	c.mu.Unlock()
	var answer joinAnswer
	_, err = c.command(ctx, newID(), "join_channel", args, func(reply *wire.Envelope) {
		if json.Unmarshal(reply.GetPayload(), &answer) != nil {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		then(&answer)
	})
	return &answer, err
}

// joinArgs are the arguments of join_channel. The mutex is held.
func (c *Client) joinArgs(s *Subscription, from *Position, isRejoin bool) map[string]any {
	args := map[string]any{"room": s.target.room, "channel": s.target.channel}
	if s.options.Echo {
		args["echo"] = true
	}
	if s.options.Presence {
		args["presence"] = true
	}
	if s.options.History > 0 && !isRejoin {
		args["history"] = s.options.History
	}
	if s.options.Meta != nil {
		args["meta"] = s.options.Meta
	}
	if from != nil {
		args["from"] = from
	}
	if last := c.positions.last(target{s.target.room, wholeRoom}.String()); last != nil && s.target.channel != wholeRoom {
		args["room_from"] = last
	}
	return args
}

func (c *Client) leave(ctx context.Context, s *Subscription) error {
	c.mu.Lock()
	isGone := s.state == ended
	c.end(s, nil)
	c.mu.Unlock()
	if isGone {
		return nil
	}
	return c.leaveChannel(ctx, s)
}

// leaveChannel leaves, where there is a connection by then: a lost one has left everything.
func (c *Client) leaveChannel(ctx context.Context, s *Subscription) error {
	giveBack, err := c.turns.take(ctx, s.Target())
	if err != nil {
		return err
	}
	defer giveBack()
	c.mu.Lock()
	isConnected := c.conn != nil
	c.mu.Unlock()
	if !isConnected {
		return nil
	}
	return c.Command(ctx, "leave_channel", map[string]any{"room": s.target.room, "channel": s.target.channel}, nil)
}

// end ends a subscription, and whoever reads it. The mutex is held.
func (c *Client) end(s *Subscription, reason error) {
	if s.state == ended {
		return
	}
	s.state = ended
	if c.channels[s.Target()] == s {
		delete(c.channels, s.Target())
		delete(c.positions, s.Target())
		if room := s.target.room; len(c.readersOf(room, wholeRoom)) == 0 {
			delete(c.positions, target{room, wholeRoom}.String())
		}
	}
	s.queue.end(reason)
	if listener := s.options.OnEnd; listener != nil {
		c.events.post(func() { listener(reason) })
	}
}

// noteRoomLog remembers where messages to the whole room go on, so that they are asked for after a reconnect. The mutex is
// held.
func (c *Client) noteRoomLog(s *Subscription, answer *joinAnswer) *bool {
	told := answer.RoomLog
	c.positions.accept(target{s.target.room, wholeRoom}.String(), positionOf(told.Epoch, told.Seq))
	return told.Recovered
}

// lastSeen is where the client is in the channel. The mutex is held.
func (c *Client) lastSeen(s *Subscription) *Position {
	if last := c.positions.last(s.Target()); last != nil {
		return last
	}
	return s.joined.Position
}
