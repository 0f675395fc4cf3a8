package arqonbus

import (
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	backoffBase = 250 * time.Millisecond
	backoffCap  = 20 * time.Second
	// The longest wait that a server may ask for; a hostile one cannot park a client for good.
	maxHint = 5 * time.Minute
	// The wait after 4429 when the server named none.
	rateWait = time.Second
	// A connection that lasted this long was a good one: the count of failures begins anew.
	stableAfter = 10 * time.Second
)

// connectionEnd is how a connection, or a try for one, ended.
type connectionEnd struct {
	// code is 1006 when there was none.
	code        int
	reason      string
	wasWelcomed bool
	// told is the last error that the server told about the connection itself.
	told     *Error
	returnIn time.Duration
}

func (end *connectionEnd) Error() string { return end.toError().Error() }

// toError says why it ended: the server's own word where there is one, else after the close code.
func (end *connectionEnd) toError() *Error {
	details := map[string]any{}
	text := fmt.Sprintf("The connection ended (%d %s).", end.code, end.reason)
	code := codeOfClose(end.code)
	if end.told != nil {
		code, text = end.told.Code, end.told.Message
		for name, value := range end.told.Details {
			details[name] = value
		}
	}
	details["close_code"], details["close_reason"] = end.code, end.reason
	return &Error{Code: code, Message: text, Details: details}
}

// retry is another try after a wait.
type retry struct {
	delay         time.Duration
	needsNewToken bool
}

// react says what to do after an end; false = stop. failures counts the tries that failed in a row, this one included.
func react(end *connectionEnd, failures int, canRenewToken, wasTokenFresh bool) (retry, bool) {
	after := afterCloseCode[end.code]
	isTokenUseless := !canRenewToken || (wasTokenFresh && !end.wasWelcomed)
	if after == stop || (after == reconnectWithNewToken && isTokenUseless) {
		return retry{}, false
	}
	askedFor := end.returnIn
	if end.code == 4429 {
		askedFor = max(askedFor, rateWait)
	}
	isBlindRefusal := end.code == 1006 && !end.wasWelcomed
	return retry{backoff(failures, askedFor), after == reconnectWithNewToken || isBlindRefusal}, true
}

// backoff is the wait before the next try: exponential with full jitter, after the wait that the server asked for.
func backoff(failures int, askedFor time.Duration) time.Duration {
	ceiling := backoffCap
	if shift := failures - 1; shift < 7 {
		ceiling = min(backoffCap, backoffBase<<shift)
	}
	return min(max(askedFor, 0), maxHint) + rand.N(ceiling)
}
