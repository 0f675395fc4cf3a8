package arqonbus

import (
	"context"
	"sync"
	"time"
)

// rejoinWorkers is how many joins are under way at one time after a reconnect: faster than one by one, slower than the limit
// of commands.
const rejoinWorkers = 8

// rejoinAll joins every channel again on a new connection, where it was not resumed with the connection.
func (c *Client) rejoinAll(ctx context.Context, resumed []resumedChannel) {
	answers := map[string]*resumedChannel{}
	for i := range resumed {
		answers[target{resumed[i].Room, resumed[i].Channel}.String()] = &resumed[i]
	}
	c.mu.Lock()
	waiting := make(chan *Subscription, len(c.channels))
	for _, s := range c.channels {
		if s.wasJoined && s.state == joining {
			waiting <- s
		}
	}
	c.mu.Unlock()
	close(waiting)
	var workers sync.WaitGroup
	for range min(rejoinWorkers, len(waiting)) {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for s := range waiting {
				c.rejoin(ctx, s, answers[s.Target()])
				c.changed.fire()
			}
		}()
	}
	workers.Wait()
	c.changed.fire()
}

// rejoin tries until the channel is joined, refused for good, or the connection is gone.
func (c *Client) rejoin(ctx context.Context, s *Subscription, told *resumedChannel) {
	for failures := 1; c.isJoining(s) && ctx.Err() == nil; failures++ {
		err := c.rejoinOnce(ctx, s, told)
		told = nil
		if err == nil || ctx.Err() != nil {
			return
		}
		if !CodeOf(err).Retryable() {
			c.mu.Lock()
			c.end(s, err)
			c.mu.Unlock()
			return
		}
		pause(ctx, backoff(failures, retryAfterOf(err)))
	}
}

func (c *Client) rejoinOnce(ctx context.Context, s *Subscription, told *resumedChannel) error {
	var answer *joinAnswer
	switch {
	case told == nil:
		c.mu.Lock()
		s.lastSeen = c.lastSeen(s)
		from := s.lastSeen
		c.mu.Unlock()
		asked, err := c.ask(ctx, s, from, true, func(answer *joinAnswer) {
			if s.state == joining && !s.needsState(answer) {
				c.completeRejoin(s, answer, "")
			}
		})
		if err != nil {
			return err
		}
		answer = asked
	case told.Joined == nil:
		return told.refusal()
	default:
		answer = told.Joined
	}
	if !s.needsState(answer) || !c.isJoining(s) {
		return nil
	}
	if err := c.leaveChannel(ctx, s); err != nil {
		return err
	}
	reason := answer.Reason
	return c.joinWithState(ctx, s, reason, func(answer *joinAnswer) {
		if s.state == joining {
			c.completeRejoin(s, answer, reason)
		}
	})
}

// completeRejoin: the channel is joined again. reloadedFor is why its state was loaded again; empty = it was not. The mutex is
// held.
func (c *Client) completeRejoin(s *Subscription, answer *joinAnswer, reloadedFor string) {
	s.joined = answer.joined()
	s.state = joined
	s.applyMembers(answer, true)
	isRecovered := answer.Recovered != nil && *answer.Recovered && reloadedFor == ""
	reason := reloadedFor
	if !isRecovered && reason == "" {
		reason = answer.Reason
		if reason == "" && s.lastSeen == nil {
			reason = "no_log"
		}
	}
	rejoined := Rejoined{
		Room: s.target.room, Channel: s.target.channel, Recovered: isRecovered, Reloaded: reloadedFor != "",
		Reason: reason, LastSeen: s.lastSeen, Position: s.joined.Position, RoomRecovered: c.noteRoomLog(s, answer),
	}
	for _, listener := range []func(Rejoined){s.options.OnRejoined, c.options.OnRejoined} {
		if listener != nil {
			c.events.post(func() { listener(rejoined) })
		}
	}
}

func (c *Client) isJoining(s *Subscription) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return s.state == joining
}

func retryAfterOf(err error) time.Duration { return asError(err).RetryAfter() }
