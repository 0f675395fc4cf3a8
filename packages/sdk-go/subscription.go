package arqonbus

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"maps"
)

// ErrEnded: the subscription was left, or the client closed; nothing more will come.
var ErrEnded = errors.New("arqonbus: the subscription has ended")

// JoinOptions say how a channel is joined; the same again after each reconnect.
type JoinOptions struct {
	// Echo: own publications too.
	Echo bool
	// Presence: keep the members, and tell who comes and goes.
	Presence bool
	// History: the last n publications, in Joined.
	History int
	// Meta is what others see of this client here; anything that JSON writes as an object.
	Meta any
	// GetState loads the state whose changes the channel tells; see [StateFunc].
	GetState StateFunc

	// These are called one after the other, never while the same client calls another one.
	OnRejoined      func(Rejoined)
	OnPresence      func(Presence)
	OnDiscontinuity func(System)
	// OnEnd is told why: nil = it was left, or the client closed.
	OnEnd func(error)
}

// Joined is what the server answered to the last join.
type Joined struct {
	// Position is where the channel's log stood; nil on channels without a log.
	Position *Position
	// History are the last publications, oldest first, where they were asked for.
	History []*Publication
	// Total is how many members there are, with Presence.
	Total int
}

// Rejoined tells that a channel was joined again after a lost connection.
type Rejoined struct {
	Room, Channel string
	// Recovered: everything that was published to the channel meanwhile follows, in order and once. False: something is
	// missing before what follows.
	Recovered bool
	// Reloaded: GetState has loaded the state again.
	Reloaded bool
	// Reason is why not: trimmed, epoch_changed or no_log.
	Reason string
	// LastSeen is the last position received before; nil = none.
	LastSeen *Position
	// Position: what follows comes after it.
	Position *Position
	// RoomRecovered is the same for messages to the whole room; nil where this answer does not tell of them.
	RoomRecovered *bool
}

type joinState int

const (
	joining joinState = iota
	joined
	ended
)

// Subscription is a joined channel; joined again by itself after each reconnect, from where it was. One reader takes what
// comes, by Next or All; it begins with what came since the join.
type Subscription struct {
	client  *Client
	target  target
	options JoinOptions
	queue   queue

	// What follows is guarded by the client's mutex.
	state     joinState
	joined    Joined
	wasJoined bool
	lastSeen  *Position
	members   map[string]Member
	result    error
	settled   chan struct{}
}

// Target is the channel, as "room:channel".
func (s *Subscription) Target() string { return s.target.String() }

// Next waits for the next publication. ErrEnded when nothing more will come, or why it ended. UNAVAILABLE with
// Details["dropped"] tells that the reader was too slow, and how many are missing here; the next call goes on after the hole.
func (s *Subscription) Next(ctx context.Context) (*Publication, error) { return s.queue.next(ctx) }

// All ranges over what comes, until the subscription ends, in which case there is no error, or Next gives one.
func (s *Subscription) All(ctx context.Context) iter.Seq2[*Publication, error] {
	return func(yield func(*Publication, error) bool) {
		for {
			publication, err := s.Next(ctx)
			if errors.Is(err, ErrEnded) || !yield(publication, err) || err != nil {
				return
			}
		}
	}
}

// Publish publishes to this channel; see [Client.Publish].
func (s *Subscription) Publish(ctx context.Context, payload any, options *PublishOptions) (PublishResult, error) {
	return s.client.Publish(ctx, s.Target(), payload, options)
}

// Joined is what the server answered to the last join.
func (s *Subscription) Joined() Joined {
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	return s.joined
}

// Members are who is there, by client id; empty without Presence, and in channels with too many to name.
func (s *Subscription) Members() map[string]Member {
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	return maps.Clone(s.members)
}

// Leave leaves the channel, for everybody who shares this subscription.
func (s *Subscription) Leave(ctx context.Context) error { return s.client.leave(ctx, s) }

// withoutOverlap: what came between the subscription and its answer is in the history too. Each publication is shown once.
// The client's mutex is held.
func (s *Subscription) withoutOverlap(answer joinAnswer) Joined {
	told := answer.joined()
	if position := told.Position; position != nil {
		s.queue.dropWhere(func(unread *Publication) bool {
			at := unread.Position
			return unread.Channel == s.target.channel && at != nil && at.Epoch == position.Epoch && at.Seq <= position.Seq
		})
	}
	first := s.queue.first()
	if first != nil && first.Position != nil {
		kept := told.History[:0:0]
		for _, publication := range told.History {
			at := publication.Position
			if at == nil || at.Epoch != first.Position.Epoch || at.Seq < first.Position.Seq {
				kept = append(kept, publication)
			}
		}
		told.History = kept
	} else if count := len(told.History); count > 0 {
		s.client.positions.accept(s.Target(), told.History[count-1].Position)
	}
	return told
}

// joinAnswer is the result of join_channel.
type joinAnswer struct {
	Epoch        string            `json:"epoch"`
	Seq          uint64            `json:"seq"`
	Publications []json.RawMessage `json:"publications"`
	Members      []Member          `json:"members"`
	Total        *int              `json:"total"`
	Recovered    *bool             `json:"recovered"`
	Reason       string            `json:"reason"`
	RoomLog      struct {
		Epoch     string `json:"epoch"`
		Seq       uint64 `json:"seq"`
		Recovered *bool  `json:"recovered"`
	} `json:"room_log"`
}

func (answer *joinAnswer) joined() Joined {
	told := Joined{Position: positionOf(answer.Epoch, answer.Seq), History: toPublications(answer.Publications)}
	if answer.Total != nil {
		told.Total = *answer.Total
	}
	return told
}
