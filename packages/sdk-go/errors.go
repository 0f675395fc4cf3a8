package arqonbus

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/arqonbus/arqonbus/packages/sdk-go/internal/wire"
)

// Error is a refusal of the bus, or tells that it could not be reached.
type Error struct {
	Code Code
	// Message is for people.
	Message string
	// Details are what the server told beside the code, such as retry_after_ms, errors, seq.
	Details map[string]any
	cause   error
}

// Error gives the code and the message.
func (err *Error) Error() string {
	if err.Message == "" {
		return string(err.Code)
	}
	return string(err.Code) + ": " + err.Message
}

// Unwrap gives what led to it, where that was an error of this program.
func (err *Error) Unwrap() error { return err.cause }

// Is makes errors.Is(err, &Error{Code: CodeConflict}) compare codes.
func (err *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Code == err.Code
}

// Indeterminate tells whether nobody knows if the bus carried the request out.
func (err *Error) Indeterminate() bool { return err.Details["indeterminate"] == true }

// RetryAfter is the wait that the server asked for; 0 = none.
func (err *Error) RetryAfter() time.Duration { return millis(err.Details["retry_after_ms"]) }

// CodeOf gives the code of an error of the bus; empty where it is none.
func CodeOf(err error) Code {
	var refused *Error
	if errors.As(err, &refused) {
		return refused.Code
	}
	return ""
}

func errorOfFrame(frame *wire.Envelope) *Error {
	code := Code(frame.GetErrorCode())
	if code == "" {
		code = CodeInternalError
	}
	return &Error{Code: code, Message: frame.GetError(), Details: objectOf(frame.GetPayload())}
}

func unknownOutcome(text string) *Error {
	details := map[string]any{"indeterminate": true}
	return &Error{Code: CodeTimeout, Message: text + " Whether the bus carried it out is not known.", Details: details}
}

// notConnected: nothing was sent.
func notConnected() *Error {
	details := map[string]any{"not_sent": true}
	return &Error{Code: CodeUnavailable, Message: "The client is not connected.", Details: details}
}

// noRoom: nothing was sent until the context was done.
func noRoom(ctx context.Context) *Error {
	details := map[string]any{"not_sent": true}
	text := "The network does not keep up; the message was not sent."
	return &Error{Code: CodeUnavailable, Message: text, Details: details, cause: context.Cause(ctx)}
}

func clientClosed() *Error {
	return &Error{Code: CodeUnavailable, Message: "The client was closed."}
}

func invalid(text string) *Error { return &Error{Code: CodeValidationError, Message: text} }

// objectOf gives the members of a JSON object; none where it is none.
func objectOf(text []byte) map[string]any {
	var members map[string]any
	if json.Unmarshal(text, &members) != nil || members == nil {
		return map[string]any{}
	}
	return members
}

func millis(value any) time.Duration {
	number, ok := value.(float64)
	if !ok || number <= 0 {
		return 0
	}
	return time.Duration(min(number, 1e12)) * time.Millisecond
}
