package arqonbus

import (
	"context"
	"sync"
)

// TokenFunc gets a fresh token, from a server of yours that knows the user and signs.
type TokenFunc func(ctx context.Context) (string, error)

// tokens keeps the last token, and asks the function, where there is one, when another is needed.
type tokens struct {
	fetch TokenFunc

	mu       sync.Mutex
	kept     string
	wasFresh bool
}

func (source *tokens) canRenew() bool { return source.fetch != nil }

// get gives the kept token, or a new one where there is none, and whether it is new.
func (source *tokens) get(ctx context.Context) (string, error) {
	source.mu.Lock()
	kept := source.kept
	source.wasFresh = kept == ""
	source.mu.Unlock()
	if kept != "" {
		return kept, nil
	}
	return source.renew(ctx)
}

func (source *tokens) renew(ctx context.Context) (string, error) {
	if source.fetch == nil {
		return "", &Error{Code: CodeAuthenticationFailed, Message: "There is no token."}
	}
	token, err := source.fetch(ctx)
	if err != nil {
		return "", &Error{Code: CodeAuthenticationFailed, Message: "The token function failed.", cause: err}
	}
	if token == "" {
		return "", &Error{Code: CodeAuthenticationFailed, Message: "The token function gave no token."}
	}
	source.mu.Lock()
	source.kept = token
	source.mu.Unlock()
	return token, nil
}

// discard makes the next get ask for a new token, where there is a function to ask.
func (source *tokens) discard() {
	source.mu.Lock()
	defer source.mu.Unlock()
	if source.fetch != nil {
		source.kept = ""
	}
}

// wasNew tells whether the last get had to ask for a new token.
func (source *tokens) wasNew() bool {
	source.mu.Lock()
	defer source.mu.Unlock()
	return source.wasFresh
}
