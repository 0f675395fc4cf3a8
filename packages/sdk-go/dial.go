package arqonbus

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/arqonbus/arqonbus/packages/sdk-go/internal/wire"
	"github.com/coder/websocket"
)

// HTTP refusals of the upgrade, as the close codes that mean the same.
var codeOfStatus = map[int]int{400: 4400, 401: 4401, 403: 4403, 429: 4429, 503: 1013}

// dial opens a socket and waits for the greeting. What goes wrong is a *connectionEnd.
func dial(ctx context.Context, address, token string, format Format, within time.Duration) (*connection, *connectionEnd) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	socket, response, err := websocket.Dial(ctx, address, &websocket.DialOptions{
		HTTPHeader:   http.Header{"Authorization": {"Bearer " + token}},
		Subprotocols: []string{format.subprotocol()},
	})
	if err != nil && response != nil && response.StatusCode != http.StatusSwitchingProtocols {
		return nil, endOfRefusal(response)
	}
	if err != nil {
		return nil, &connectionEnd{code: noCloseCode, reason: err.Error()}
	}
	socket.SetReadLimit(maxFrameBytes)
	opened, end := greet(ctx, socket, format, within)
	if end != nil {
		_ = socket.CloseNow()
	}
	return opened, end
}

func greet(
	ctx context.Context, socket *websocket.Conn, format Format, within time.Duration,
) (*connection, *connectionEnd) {
	kind, data, err := socket.Read(ctx)
	if err != nil {
		return nil, endOfRead(err)
	}
	frame := format.decode(kind, data)
	if frame.GetType() == wire.EnvelopeType_ENVELOPE_TYPE_ERROR {
		_, _, err := socket.Read(ctx)
		if err == nil {
			return nil, &connectionEnd{code: noCloseCode, reason: "the first frame is no greeting"}
		}
		end := endOfRead(err)
		end.told = errorOfFrame(frame)
		end.returnIn = end.told.RetryAfter()
		return nil, end
	}
	welcome := toWelcome(frame)
	if welcome == nil {
		return nil, &connectionEnd{code: noCloseCode, reason: "the first frame is no greeting"}
	}
	return &connection{
		socket:   socket,
		format:   format,
		welcome:  welcome,
		liveness: newLiveness(socket.Ping, within),
		out:      make(chan outgoing, maxWaitingFrames),
		ended:    make(chan struct{}),
	}, nil
}

func endOfRefusal(response *http.Response) *connectionEnd {
	end := &connectionEnd{code: noCloseCode, reason: fmt.Sprintf("HTTP %d", response.StatusCode)}
	if code, isKnown := codeOfStatus[response.StatusCode]; isKnown {
		end.code = code
	}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > 0 {
		end.returnIn = time.Duration(min(seconds, 86_400)) * time.Second
	}
	var told struct {
		Error     string         `json:"error"`
		ErrorCode Code           `json:"error_code"`
		Details   map[string]any `json:"details"`
	}
	if response.Body == nil {
		return end
	}
	body, _ := io.ReadAll(io.LimitReader(response.Body, 65_536))
	if json.Unmarshal(body, &told) == nil && told.ErrorCode != "" {
		end.told = &Error{Code: told.ErrorCode, Message: told.Error, Details: told.Details}
		end.returnIn = max(end.returnIn, end.told.RetryAfter())
	}
	return end
}

// socketURL: http and https mean the same as ws and wss; what describes the client goes into the query.
func socketURL(options *Options) (string, error) {
	address, err := url.Parse(options.URL)
	if err != nil {
		return "", &Error{Code: CodeValidationError, Message: "The URL cannot be one of a WebSocket.", cause: err}
	}
	switch address.Scheme {
	case "http":
		address.Scheme = "ws"
	case "https":
		address.Scheme = "wss"
	case "ws", "wss":
	default:
		return "", invalid("The URL cannot be one of a WebSocket.")
	}
	if address.Path == "" {
		address.Path = "/v1/socket"
	}
	query := address.Query()
	description := map[string]string{
		"client_type": string(options.ClientType),
		"screen_name": options.ScreenName,
		"avatar":      options.Avatar,
		"personality": options.Personality,
	}
	for name, value := range description {
		if value != "" {
			query.Set(name, value)
		}
	}
	address.RawQuery = query.Encode()
	return address.String(), nil
}
