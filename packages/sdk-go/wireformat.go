package arqonbus

import (
	"github.com/arqonbus/arqonbus/packages/sdk-go/internal/wire"
	"github.com/coder/websocket"
	"google.golang.org/protobuf/proto"
)

// Format is one of the two wire formats.
type Format int

const (
	// Proto is Protobuf, in binary frames.
	Proto Format = iota
	// JSON is for people who look at what goes over the wire.
	JSON
)

func (format Format) subprotocol() string {
	if format == JSON {
		return "arqon.v1.json"
	}
	return "arqon.v1.proto"
}

func (format Format) messageType() websocket.MessageType {
	if format == JSON {
		return websocket.MessageText
	}
	return websocket.MessageBinary
}

func (format Format) encode(frame *wire.Envelope) ([]byte, error) {
	if format == JSON {
		return encodeJSONFrame(frame)
	}
	text, err := proto.Marshal(frame)
	if err != nil {
		return nil, &Error{Code: CodeValidationError, Message: "The frame cannot be written.", cause: err}
	}
	return text, nil
}

// decode gives nil where it is no frame.
func (format Format) decode(kind websocket.MessageType, data []byte) *wire.Envelope {
	if kind != format.messageType() {
		return nil
	}
	if format == JSON {
		frame, err := decodeJSONFrame(data)
		if err != nil {
			return nil
		}
		return frame
	}
	frame := &wire.Envelope{}
	if proto.Unmarshal(data, frame) != nil {
		return nil
	}
	return frame
}
