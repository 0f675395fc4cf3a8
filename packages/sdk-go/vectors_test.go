package arqonbus

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/arqonbus/arqonbus/packages/sdk-go/internal/wire"
	"github.com/coder/websocket"
	"google.golang.org/protobuf/proto"
)

type vector struct {
	Name  string `json:"name"`
	JSON  string `json:"json"`
	Proto []byte `json:"proto_base64"`
}

// The golden vectors of the repository (PRT-13).
func readVectors(t *testing.T) []vector {
	t.Helper()
	paths, err := filepath.Glob("../../proto/vectors/*.json")
	if err != nil || len(paths) < 30 {
		t.Fatalf("%d vectors, %v", len(paths), err)
	}
	vectors := make([]vector, len(paths))
	for i, path := range paths {
		text, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(text, &vectors[i])
		}
		if err != nil {
			t.Fatal(path, err)
		}
	}
	return vectors
}

func TestBothFormatsMeanTheSameInEveryGoldenVector(t *testing.T) {
	for _, vector := range readVectors(t) {
		t.Run(vector.Name, func(t *testing.T) {
			fromJSON := JSON.decode(websocket.MessageText, []byte(vector.JSON))
			fromProto := Proto.decode(websocket.MessageBinary, vector.Proto)
			if fromJSON == nil || fromProto == nil || !proto.Equal(fromJSON, fromProto) {
				t.Fatalf("JSON %v\nProtobuf %v", fromJSON, fromProto)
			}
			for _, format := range []Format{JSON, Proto} {
				data, err := format.encode(fromProto)
				if err != nil {
					t.Fatal(err)
				}
				again := format.decode(format.messageType(), data)
				if !sameMeaning(t, again, fromProto) {
					t.Errorf("format %d: %v", format, again)
				}
			}
			written, _ := JSON.encode(fromProto)
			if !sameJSON(t, written, []byte(vector.JSON)) {
				t.Errorf("written %s", written)
			}
		})
	}
}

func TestWhatIsNoFrameIsNone(t *testing.T) {
	for _, text := range []string{"", "{", "null1", `[]`, `{"type":1}`, `{"payload":1,"content_type":"image/png"}`,
		`{"payload":"%","content_type":"image/png"}`, `{"timestamp":"yesterday"}`, `{"to":{}}`, `{"seq":-1}`} {
		if frame := JSON.decode(websocket.MessageText, []byte(text)); frame != nil {
			t.Errorf("%s became %v", text, frame)
		}
	}
	if Proto.decode(websocket.MessageBinary, []byte{0xff}) != nil || Proto.decode(websocket.MessageText, nil) != nil {
		t.Error("no Protobuf")
	}
}

// sameMeaning compares frames whose JSON may be spaced in another way.
func sameMeaning(t *testing.T, one, other *wire.Envelope) bool {
	t.Helper()
	first, _ := JSON.encode(one)
	second, _ := JSON.encode(other)
	return sameJSON(t, first, second)
}

func sameJSON(t *testing.T, one, other []byte) bool {
	t.Helper()
	var first, second any
	if json.Unmarshal(one, &first) != nil || json.Unmarshal(other, &second) != nil {
		t.Fatalf("no JSON: %s, %s", one, other)
	}
	return reflect.DeepEqual(first, second)
}
