package arqonbus

import "context"

// maxLoads: a state that is older than its channel's log is loaded again, in the hope of a newer one.
const maxLoads = 3

// StateRequest says what state is wanted, and why.
type StateRequest struct {
	Room, Channel string
	// Reason is first, or why what was missed cannot be had: trimmed, epoch_changed, no_log.
	Reason string
}

// StateFunc loads the state whose changes a channel tells, and gives the position of the last publication that is in it; nil
// where nobody knows, and then there may be a gap. It is called before the first join, and whenever what was missed cannot be
// had.
type StateFunc func(ctx context.Context, request StateRequest) (*Position, error)

// joinWithState loads, then joins from the position that the state names, so that every change after it follows.
func (c *Client) joinWithState(ctx context.Context, s *Subscription, reason string, complete func(*joinAnswer)) error {
	for range maxLoads {
		from, err := s.options.GetState(ctx, StateRequest{s.target.room, s.target.channel, reason})
		if err != nil {
			return &Error{Code: CodeUnavailable, Message: "GetState failed.", cause: err}
		}
		// What the state holds has been seen, and nothing else.
		c.mu.Lock()
		delete(c.positions, s.Target())
		c.positions.accept(s.Target(), from)
		c.mu.Unlock()
		isWhole := func(answer *joinAnswer) bool {
			return from == nil || answer.Recovered == nil || *answer.Recovered || answer.Reason == "no_log"
		}
		answer, err := c.ask(ctx, s, from, from != nil, func(answer *joinAnswer) {
			if isWhole(answer) {
				complete(answer)
			}
		})
		if err != nil {
			return err
		}
		if isWhole(answer) {
			return nil
		}
		reason = answer.Reason
		if err := c.leaveChannel(ctx, s); err != nil {
			return err
		}
	}
	text := "GetState named a position that the log of the channel does not hold (" + reason + ")."
	return &Error{Code: CodeConflict, Message: text}
}

// needsState tells whether what was missed cannot be had, and a state can be loaded in its place.
func (s *Subscription) needsState(answer *joinAnswer) bool {
	return s.options.GetState != nil && answer.Recovered != nil && !*answer.Recovered
}
