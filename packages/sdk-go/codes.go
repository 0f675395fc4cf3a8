package arqonbus

// Code says what went wrong, for programs: one of the protocol's error codes.
type Code string

// The error codes of the protocol.
const (
	CodeValidationError          Code = "VALIDATION_ERROR"
	CodeUnsupportedVersion       Code = "UNSUPPORTED_VERSION"
	CodeUnknownCommand           Code = "UNKNOWN_COMMAND"
	CodeUnknownType              Code = "UNKNOWN_TYPE"
	CodeAuthenticationFailed     Code = "AUTHENTICATION_FAILED"
	CodeTokenExpired             Code = "TOKEN_EXPIRED"
	CodeAuthorizationError       Code = "AUTHORIZATION_ERROR"
	CodeNotSubscribed            Code = "NOT_SUBSCRIBED"
	CodeBanned                   Code = "BANNED"
	CodeFeatureDisabled          Code = "FEATURE_DISABLED"
	CodeNotFound                 Code = "NOT_FOUND"
	CodeRoomNotFound             Code = "ROOM_NOT_FOUND"
	CodeChannelNotFound          Code = "CHANNEL_NOT_FOUND"
	CodeTargetNotFound           Code = "TARGET_NOT_FOUND"
	CodeChannelExists            Code = "CHANNEL_EXISTS"
	CodeChannelNotEmpty          Code = "CHANNEL_NOT_EMPTY"
	CodeConflict                 Code = "CONFLICT"
	CodeResumeExpired            Code = "RESUME_EXPIRED"
	CodePayloadTooLarge          Code = "PAYLOAD_TOO_LARGE"
	CodeRateLimited              Code = "RATE_LIMITED"
	CodeQuotaExceeded            Code = "QUOTA_EXCEEDED"
	CodeSchemaViolation          Code = "SCHEMA_VIOLATION"
	CodeCasilPolicyBlockedSecret Code = "CASIL_POLICY_BLOCKED_SECRET"
	CodeCasilPolicyOversize      Code = "CASIL_POLICY_OVERSIZE"
	CodeCasilInternalError       Code = "CASIL_INTERNAL_ERROR"
	CodePolicyBlocked            Code = "POLICY_BLOCKED"
	CodePolicyError              Code = "POLICY_ERROR"
	CodeUnavailable              Code = "UNAVAILABLE"
	CodeTimeout                  Code = "TIMEOUT"
	CodeInternalError            Code = "INTERNAL_ERROR"
)

// Retryable tells whether the same request may succeed later without a change.
func (code Code) Retryable() bool {
	switch code {
	case CodeRateLimited, CodeQuotaExceeded, CodeUnavailable, CodeTimeout:
		return true
	default:
		return false
	}
}

// afterClose is what to do after the end of a connection.
type afterClose int

const (
	reconnect afterClose = iota
	reconnectWithNewToken
	stop
)

// Close codes after which another try makes no sense, or needs another token; all others are tried again.
var afterCloseCode = map[int]afterClose{
	1002: stop,
	1003: stop,
	1007: stop,
	1009: stop,
	4400: stop,
	4401: reconnectWithNewToken,
	4403: stop,
	4413: stop,
}

// codeOfClose is what a close code means where the server said nothing more.
func codeOfClose(code int) Code {
	switch code {
	case 1003, 1007, 4400:
		return CodeValidationError
	case 1009:
		return CodePayloadTooLarge
	case 4401:
		return CodeAuthenticationFailed
	case 4403:
		return CodeAuthorizationError
	case 4413:
		return CodeQuotaExceeded
	case 4429:
		return CodeRateLimited
	default:
		return CodeUnavailable
	}
}
