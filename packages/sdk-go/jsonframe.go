package arqonbus

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/arqonbus/arqonbus/packages/sdk-go/internal/wire"
)

const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// jsonFrame is an envelope as JSON writes it.
type jsonFrame struct {
	Version        string            `json:"version,omitempty"`
	ID             string            `json:"id,omitempty"`
	Type           string            `json:"type,omitempty"`
	Timestamp      string            `json:"timestamp,omitempty"`
	Room           string            `json:"room,omitempty"`
	Channel        string            `json:"channel,omitempty"`
	Sender         string            `json:"sender,omitempty"`
	To             nameOrNames       `json:"to,omitempty"`
	Payload        json.RawMessage   `json:"payload,omitempty"`
	ContentType    string            `json:"content_type,omitempty"`
	Metadata       json.RawMessage   `json:"metadata,omitempty"`
	Command        string            `json:"command,omitempty"`
	Args           json.RawMessage   `json:"args,omitempty"`
	Ack            bool              `json:"ack,omitempty"`
	RequestID      string            `json:"request_id,omitempty"`
	Status         string            `json:"status,omitempty"`
	Error          string            `json:"error,omitempty"`
	ErrorCode      string            `json:"error_code,omitempty"`
	Seq            uint64            `json:"seq,omitempty"`
	PrevSeq        uint64            `json:"prev_seq,omitempty"`
	Epoch          string            `json:"epoch,omitempty"`
	Schema         string            `json:"schema,omitempty"`
	Traceparent    string            `json:"traceparent,omitempty"`
	CausalParentID string            `json:"causal_parent_id,omitempty"`
	VectorClock    map[string]uint64 `json:"vector_clock,omitempty"`
	Intent         string            `json:"intent,omitempty"`
	Vector         []float64         `json:"vector,omitempty"`
	Capabilities   []string          `json:"capabilities,omitempty"`
	Spectral       json.RawMessage   `json:"spectral,omitempty"`
	Signature      []byte            `json:"signature,omitempty"`
	Headers        map[string]string `json:"headers,omitempty"`
	ExpectedSeq    *uint64           `json:"expected_seq,omitempty"`
}

// nameOrNames is one name, or a list of them.
type nameOrNames []string

func (names *nameOrNames) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '"' {
		*names = make([]string, 1)
		return json.Unmarshal(text, &(*names)[0])
	}
	return json.Unmarshal(text, (*[]string)(names))
}

var typeNames = map[wire.EnvelopeType]string{
	wire.EnvelopeType_ENVELOPE_TYPE_EVENT:     "event",
	wire.EnvelopeType_ENVELOPE_TYPE_PRIVATE:   "private",
	wire.EnvelopeType_ENVELOPE_TYPE_COMMAND:   "command",
	wire.EnvelopeType_ENVELOPE_TYPE_TELEMETRY: "telemetry",
	wire.EnvelopeType_ENVELOPE_TYPE_SYSTEM:    "system",
	wire.EnvelopeType_ENVELOPE_TYPE_RESPONSE:  "response",
	wire.EnvelopeType_ENVELOPE_TYPE_ERROR:     "error",
	wire.EnvelopeType_ENVELOPE_TYPE_TASK:      "task",
}

var statusNames = map[wire.ReplyStatus]string{
	wire.ReplyStatus_REPLY_STATUS_SUCCESS: "success",
	wire.ReplyStatus_REPLY_STATUS_ERROR:   "error",
}

func encodeJSONFrame(frame *wire.Envelope) ([]byte, error) {
	payload := json.RawMessage(frame.GetPayload())
	if !isJSON(frame.GetContentType()) {
		payload, _ = json.Marshal(frame.GetPayload())
	}
	timestamp := ""
	if ms := frame.GetTimestampMs(); ms != 0 {
		timestamp = time.UnixMilli(ms).UTC().Format(timeFormat)
	}
	return encodeJSON(&jsonFrame{
		Version: frame.GetVersion(), ID: frame.GetId(), Type: typeNames[frame.GetType()], Timestamp: timestamp,
		Room: frame.GetRoom(), Channel: frame.GetChannel(), Sender: frame.GetSender(), To: frame.GetTo(),
		Payload: payload, ContentType: frame.GetContentType(), Metadata: frame.GetMetadata(),
		Command: frame.GetCommand(), Args: frame.GetArgs(), Ack: frame.GetAck(), RequestID: frame.GetRequestId(),
		Status: statusNames[frame.GetStatus()], Error: frame.GetError(), ErrorCode: frame.GetErrorCode(),
		Seq: frame.GetSeq(), PrevSeq: frame.GetPrevSeq(), Epoch: frame.GetEpoch(), Schema: frame.GetSchema(),
		Traceparent: frame.GetTraceparent(), CausalParentID: frame.GetCausalParentId(),
		VectorClock: frame.GetVectorClock(), Intent: frame.GetIntent(), Vector: frame.GetVector(),
		Capabilities: frame.GetCapabilities(), Spectral: frame.GetSpectral(), Signature: frame.GetSignature(),
		Headers: frame.GetHeaders(), ExpectedSeq: frame.ExpectedSeq,
	})
}

func decodeJSONFrame(text []byte) (*wire.Envelope, error) {
	var frame jsonFrame
	if err := json.Unmarshal(text, &frame); err != nil {
		return nil, err
	}
	payload, err := frame.payloadBytes()
	if err != nil {
		return nil, err
	}
	var timestampMs int64
	if frame.Timestamp != "" {
		at, err := time.Parse(time.RFC3339, frame.Timestamp)
		if err != nil {
			return nil, err
		}
		timestampMs = at.UnixMilli()
	}
	return &wire.Envelope{
		Version: frame.Version, Id: frame.ID, Type: keyOf(typeNames, frame.Type), TimestampMs: timestampMs,
		Room: frame.Room, Channel: frame.Channel, Sender: frame.Sender, To: frame.To,
		Payload: payload, ContentType: frame.ContentType, Metadata: frame.Metadata,
		Command: frame.Command, Args: frame.Args, Ack: frame.Ack, RequestId: frame.RequestID,
		Status: keyOf(statusNames, frame.Status), Error: frame.Error, ErrorCode: frame.ErrorCode,
		Seq: frame.Seq, PrevSeq: frame.PrevSeq, Epoch: frame.Epoch, Schema: frame.Schema,
		Traceparent: frame.Traceparent, CausalParentId: frame.CausalParentID,
		VectorClock: frame.VectorClock, Intent: frame.Intent, Vector: frame.Vector,
		Capabilities: frame.Capabilities, Spectral: frame.Spectral, Signature: frame.Signature,
		Headers: frame.Headers, ExpectedSeq: frame.ExpectedSeq,
	}, nil
}

func (frame *jsonFrame) payloadBytes() ([]byte, error) {
	if isJSON(frame.ContentType) {
		return frame.Payload, nil
	}
	var text string
	if err := json.Unmarshal(frame.Payload, &text); err != nil {
		return nil, fmt.Errorf("a payload of type %s is no text: %w", frame.ContentType, err)
	}
	return base64.StdEncoding.DecodeString(text)
}

func keyOf[K comparable](names map[K]string, wanted string) (none K) {
	for key, name := range names {
		if name == wanted {
			return key
		}
	}
	return none
}
