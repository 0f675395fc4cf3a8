package arqonbus

import (
	"encoding/json"
	"time"

	"github.com/arqonbus/arqonbus/packages/sdk-go/internal/wire"
)

// Welcome is the server's greeting: who the client is, and what is granted.
type Welcome struct {
	ClientID  string
	SessionID string
	User      string
	Tenant    string
	Heartbeat time.Duration
	// Limits are those of this connection, by the names of the protocol.
	Limits      map[string]float64
	resumeToken string
}

// toWelcome gives nil where the frame names no client.
func toWelcome(frame *wire.Envelope) *Welcome {
	var told struct {
		Event       string             `json:"event"`
		ClientID    string             `json:"client_id"`
		SessionID   string             `json:"session_id"`
		User        string             `json:"user"`
		Tenant      string             `json:"tenant"`
		HeartbeatMs float64            `json:"heartbeat_ms"`
		Limits      map[string]float64 `json:"limits"`
		ResumeToken string             `json:"resume_token"`
	}
	if json.Unmarshal(frame.GetPayload(), &told) != nil || told.Event != "welcome" || told.ClientID == "" {
		return nil
	}
	return &Welcome{
		ClientID:    told.ClientID,
		SessionID:   told.SessionID,
		User:        told.User,
		Tenant:      told.Tenant,
		Heartbeat:   millis(told.HeartbeatMs),
		Limits:      told.Limits,
		resumeToken: told.ResumeToken,
	}
}
