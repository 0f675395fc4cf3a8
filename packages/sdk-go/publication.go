package arqonbus

import (
	"encoding/json"
	"time"

	"github.com/arqonbus/arqonbus/packages/sdk-go/internal/wire"
)

// Position is a place in a channel's log.
type Position struct {
	Epoch string `json:"epoch"`
	Seq   uint64 `json:"seq"`
}

// Publication is one message from another client: an event of a channel, or a private message.
type Publication struct {
	Room string
	// Channel is "*" on messages to the whole room.
	Channel string
	// Sender is the client id, as the server knows it.
	Sender string
	ID     string
	// Payload is JSON text where the content type is JSON, else bytes as they were sent.
	Payload     []byte
	ContentType string
	// Timestamp is when the server took it in.
	Timestamp time.Time
	// Position is where it stands in the channel's log; nil where there is none.
	Position *Position
	PrevSeq  uint64
	// Metadata is a JSON object, or empty.
	Metadata       json.RawMessage
	Schema         string
	Traceparent    string
	CausalParentID string
	VectorClock    map[string]uint64
}

// Decode reads a JSON payload into a value, as json.Unmarshal does.
func (publication *Publication) Decode(value any) error {
	if !isJSON(publication.ContentType) {
		return invalid("A payload of type " + publication.ContentType + " is no JSON.")
	}
	return json.Unmarshal(publication.Payload, value)
}

func toPublication(frame *wire.Envelope) *Publication {
	contentType := frame.GetContentType()
	if contentType == "" {
		contentType = "application/json"
	}
	return &Publication{
		Room:           frame.GetRoom(),
		Channel:        frame.GetChannel(),
		Sender:         frame.GetSender(),
		ID:             frame.GetId(),
		Payload:        frame.GetPayload(),
		ContentType:    contentType,
		Timestamp:      time.UnixMilli(frame.GetTimestampMs()).UTC(),
		Position:       positionOf(frame.GetEpoch(), frame.GetSeq()),
		PrevSeq:        frame.GetPrevSeq(),
		Metadata:       frame.GetMetadata(),
		Schema:         frame.GetSchema(),
		Traceparent:    frame.GetTraceparent(),
		CausalParentID: frame.GetCausalParentId(),
		VectorClock:    frame.GetVectorClock(),
	}
}

// toPublications reads publications as they stand in results, which is JSON in either format; what is none is left out.
func toPublications(frames []json.RawMessage) []*Publication {
	found := make([]*Publication, 0, len(frames))
	for _, text := range frames {
		if frame, err := decodeJSONFrame(text); err == nil {
			found = append(found, toPublication(frame))
		}
	}
	return found
}

func positionOf(epoch string, seq uint64) *Position {
	if epoch == "" {
		return nil
	}
	return &Position{epoch, seq}
}
