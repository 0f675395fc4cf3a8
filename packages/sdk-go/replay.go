package arqonbus

import (
	"context"
	"encoding/json"
	"iter"
	"time"

	"github.com/arqonbus/arqonbus/packages/sdk-go/internal/wire"
)

// ReplayOptions say what to replay, and how; everything that is kept, as fast as it can be read, where nothing is set.
type ReplayOptions struct {
	// From (inclusive) and To (exclusive) are times of publications.
	From, To time.Time
	// FromSeq and ToSeq are sequences, both inclusive, in place of times.
	FromSeq, ToSeq uint64
	// Epoch is an earlier one, as the archive has it; empty = the present one.
	Epoch string
	// Speed is times the original one.
	Speed float64
	// StrictSequence: refuse a sequence, or a vector clock of one sender, that goes back.
	StrictSequence bool
	// Causal: order by causal parents.
	Causal bool
}

// ReplayResult is what was replayed.
type ReplayResult struct {
	Count    int    `json:"count"`
	Epoch    string `json:"epoch"`
	FirstSeq uint64 `json:"first_seq"`
	LastSeq  uint64 `json:"last_seq"`
	// Hash is over what was replayed, in that order.
	Hash string `json:"hash"`
	Gaps []struct {
		AfterSeq  uint64 `json:"after_seq"`
		BeforeSeq uint64 `json:"before_seq"`
	} `json:"gaps"`
	// EarlierEpoch is the one before, of which the archive has something in the window; empty = none.
	EarlierEpoch string `json:"earlier_epoch"`
	Cancelled    bool   `json:"cancelled"`
}

// Replay is one under way.
type Replay struct {
	client *Client
	id     string
	queue  *queue
	ended  chan struct{}
	result ReplayResult
	err    error
}

// Replay has a window of "room:channel" sent again, in order; options may be nil.
func (c *Client) Replay(ctx context.Context, channel string, options *ReplayOptions) (*Replay, error) {
	to, err := parseTarget(channel)
	if err != nil {
		return nil, err
	}
	if options == nil {
		options = &ReplayOptions{}
	}
	if err := c.untilSettled(ctx); err != nil {
		return nil, err
	}
	replay := &Replay{client: c, id: newID(), queue: &queue{}, ended: make(chan struct{})}
	c.mu.Lock()
	c.replays[replay.id] = replay.queue
	c.mu.Unlock()
	go replay.run(ctx, options.args(to))
	return replay, nil
}

// All ranges over what is replayed, until its end. Who stops cancels it. An error ends it: why it failed, or UNAVAILABLE with
// Details["dropped"] where the reader was slower than the network.
func (r *Replay) All(ctx context.Context) iter.Seq2[*Publication, error] {
	return func(yield func(*Publication, error) bool) {
		for {
			publication, err := r.queue.next(ctx)
			if err == ErrEnded {
				return
			}
			if !yield(publication, err) || err != nil {
				r.Cancel()
				return
			}
		}
	}
}

// Result waits for its number, hash and gaps, which are known once it has ended.
func (r *Replay) Result(ctx context.Context) (ReplayResult, error) {
	select {
	case <-r.ended:
		return r.result, r.err
	case <-ctx.Done():
		return ReplayResult{}, ctx.Err()
	}
}

// Cancel ends it; it may be over already.
func (r *Replay) Cancel() {
	r.client.mu.Lock()
	_, isRunning := r.client.replays[r.id]
	delete(r.client.replays, r.id)
	r.client.mu.Unlock()
	r.queue.end(nil)
	if isRunning {
		go r.client.cancelReplay(r.id)
	}
}

// run waits for the end. A replay takes as long as it takes: its context bounds it, not the time of a request.
func (r *Replay) run(ctx context.Context, args map[string]any) {
	defer close(r.ended)
	reply, err := r.client.longCommand(ctx, r.id, "op.history.replay", args)
	if err == nil {
		err = json.Unmarshal(reply.GetPayload(), &r.result)
	}
	r.err = err
	r.client.mu.Lock()
	delete(r.client.replays, r.id)
	r.client.mu.Unlock()
	r.queue.end(err)
	if ctx.Err() != nil {
		r.client.cancelReplay(r.id)
	}
}

func (c *Client) longCommand(ctx context.Context, id, name string, args any) (*wire.Envelope, error) {
	text, err := encodeJSON(args)
	if err != nil {
		return nil, err
	}
	frame := &wire.Envelope{Version: "1.0", Id: id, Type: wire.EnvelopeType_ENVELOPE_TYPE_COMMAND, Command: name, Args: text}
	return c.requests.send(ctx, frame, c.transmit, 24*time.Hour, nil)
}

func (c *Client) cancelReplay(id string) {
	ctx, cancel := context.WithTimeout(context.Background(), c.options.RequestTimeout)
	defer cancel()
	_, _ = c.command(ctx, newID(), "op.history.replay.cancel", map[string]any{"request_id": id}, nil)
}

func (c *Client) deliverReplayed(id string, publication *Publication, size int) {
	c.mu.Lock()
	replayed := c.replays[id]
	c.mu.Unlock()
	if replayed != nil && !replayed.push(publication, size) && replayed.isFirstLoss() {
		go c.cancelReplay(id)
	}
}

func (q *queue) isFirstLoss() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropped == 1
}

// replayIDOf is the id of the replay that a publication belongs to; empty for what is published now.
func replayIDOf(publication *Publication) string {
	if len(publication.Metadata) == 0 {
		return ""
	}
	var metadata struct {
		Replay struct {
			RequestID string `json:"request_id"`
		} `json:"replay"`
	}
	if json.Unmarshal(publication.Metadata, &metadata) != nil {
		return ""
	}
	return metadata.Replay.RequestID
}

func (options *ReplayOptions) args(to target) map[string]any {
	args := map[string]any{"room": to.room, "channel": to.channel}
	setTime(args, "from_ts", options.From)
	setTime(args, "to_ts", options.To)
	set(args, "from_seq", options.FromSeq, options.FromSeq > 0)
	set(args, "to_seq", options.ToSeq, options.ToSeq > 0)
	set(args, "epoch", options.Epoch, options.Epoch != "")
	set(args, "speed", options.Speed, options.Speed > 0)
	set(args, "strict_sequence", true, options.StrictSequence)
	set(args, "causal", true, options.Causal)
	return args
}
