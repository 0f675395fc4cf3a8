package arqonbus

import (
	"context"
	"encoding/json"
	"time"

	"github.com/arqonbus/arqonbus/packages/sdk-go/internal/wire"
)

// retryWait is the wait between tries of a publication that the server refuses for now.
const retryWait = 250 * time.Millisecond

// PublishOptions say more about a publication.
type PublishOptions struct {
	// ID makes repeats within two minutes harmless: "arq_" and 6 to 80 of A-Z, a-z, 0-9, "_" and "-".
	ID string
	// NoAck: do not wait; a refusal is told to OnError.
	NoAck bool
	// ContentType of []byte; application/octet-stream where it is not set.
	ContentType string
	// ExpectedSeq: publish only if this is the sequence of the channel's last publication, 0 = if there is none.
	ExpectedSeq *uint64
	// Metadata travels along; anything that JSON writes as an object.
	Metadata       any
	Schema         string
	Traceparent    string
	CausalParentID string
	VectorClock    map[string]uint64
}

// PublishResult is what became of a publication.
type PublishResult struct {
	ID string
	// Position is where it stands in the channel's log; nil on channels without one, and with NoAck.
	Position *Position
	// Duplicate: this id had been stored before, and nothing was stored or delivered now.
	Duplicate bool
}

// Publish publishes to "room:channel" and waits until the bus has it; options may be nil. []byte is sent as it is, everything
// else as JSON. Lost connections are waited out, and on channels with a log it is sent again under the same id for up to
// PublishRetry; then TIMEOUT that is indeterminate.
func (c *Client) Publish(ctx context.Context, channel string, payload any, options *PublishOptions) (PublishResult, error) {
	to, err := parseTarget(channel)
	if err != nil {
		return PublishResult{}, err
	}
	frame, err := messageFrame(wire.EnvelopeType_ENVELOPE_TYPE_EVENT, payload, options)
	if err != nil {
		return PublishResult{}, err
	}
	frame.Room, frame.Channel = to.room, to.channel
	if !frame.Ack {
		return PublishResult{ID: frame.Id}, c.transmitSoon(ctx, frame)
	}
	return resultOf(frame, func() (*wire.Envelope, error) { return c.publishUntilKnown(ctx, to.String(), frame) })
}

// Private sends to client ids, or to "user:<user>" for every connection of a user. An absent one is TARGET_NOT_FOUND.
func (c *Client) Private(ctx context.Context, to []string, payload any, options *PublishOptions) (PublishResult, error) {
	frame, err := messageFrame(wire.EnvelopeType_ENVELOPE_TYPE_PRIVATE, payload, options)
	if err != nil {
		return PublishResult{}, err
	}
	frame.To = to
	if err := c.untilSettled(ctx); err != nil {
		return PublishResult{}, err
	}
	if !frame.Ack {
		return PublishResult{ID: frame.Id}, c.transmitSoon(ctx, frame)
	}
	return resultOf(frame, func() (*wire.Envelope, error) {
		return c.requests.send(ctx, frame, c.transmit, c.options.RequestTimeout, nil)
	})
}

func messageFrame(kind wire.EnvelopeType, payload any, options *PublishOptions) (*wire.Envelope, error) {
	if options == nil {
		options = &PublishOptions{}
	}
	id := options.ID
	if id == "" {
		id = newID()
	} else if err := checkID(id); err != nil {
		return nil, err
	}
	body, contentType, err := encodePayload(payload, options.ContentType)
	if err != nil {
		return nil, err
	}
	frame := &wire.Envelope{
		Version: "1.0", Id: id, Type: kind, Payload: body, ContentType: contentType, Ack: !options.NoAck,
		Schema: options.Schema, Traceparent: options.Traceparent, CausalParentId: options.CausalParentID,
		VectorClock: options.VectorClock, ExpectedSeq: options.ExpectedSeq,
	}
	if options.Metadata != nil {
		frame.Metadata, err = encodeJSON(options.Metadata)
	}
	return frame, err
}

func resultOf(frame *wire.Envelope, send func() (*wire.Envelope, error)) (PublishResult, error) {
	reply, err := send()
	if err != nil {
		return PublishResult{ID: frame.Id}, err
	}
	var told struct {
		Epoch     string `json:"epoch"`
		Seq       uint64 `json:"seq"`
		Duplicate bool   `json:"duplicate"`
	}
	// A reply without a payload tells of no position.
	_ = json.Unmarshal(reply.GetPayload(), &told)
	return PublishResult{frame.Id, positionOf(told.Epoch, told.Seq), told.Duplicate}, nil
}
