package arqonbus

import (
	"encoding/json"
	"time"
)

// ClientType is what kind of client this is.
type ClientType string

// The kinds of clients.
const (
	Human     ClientType = "human"
	AIAgent   ClientType = "ai-agent"
	Dashboard ClientType = "dashboard"
	Service   ClientType = "service"
)

// State is where the client stands.
type State string

// The states of a client.
const (
	Connecting State = "connecting"
	Connected  State = "connected"
	Waiting    State = "waiting"
	Closed     State = "closed"
)

const (
	// The bus stores an id once within two minutes; a publication is tried again for half of that.
	maxPublishRetry       = time.Minute
	defaultRequestTimeout = 10 * time.Second
	defaultConnectTimeout = 20 * time.Second
)

// Options say where to connect, as whom, and who is told what happens. Listeners are called one after the other, in the
// order in which things happened; they may call the client, and should not take long.
type Options struct {
	// URL is the address of the socket: ws, wss, http or https.
	URL string
	// Token, or TokenFunc, which is asked for another one before it expires, and when it was refused.
	Token     string
	TokenFunc TokenFunc
	// Format is Protobuf where it is not set.
	Format Format
	// ClientType is Service where it is not set.
	ClientType  ClientType
	ScreenName  string
	Avatar      string
	Personality string

	// RequestTimeout is how long an answer is waited for; 10 s where it is not set.
	RequestTimeout time.Duration
	// ConnectTimeout is how long Connect tries; 20 s where it is not set.
	ConnectTimeout time.Duration
	// PublishRetry is how long a publication without an answer is sent again; a minute, and no more.
	PublishRetry time.Duration

	OnState   func(State)
	OnWelcome func(Welcome)
	OnPrivate func(*Publication)
	// OnPublication is told of every publication of every channel.
	OnPublication   func(*Publication)
	OnRejoined      func(Rejoined)
	OnDiscontinuity func(System)
	OnSystem        func(System)
	// OnError is told what was refused and nobody waits for.
	OnError func(error)
	// OnClose is told why the client is closed for good; nil = by Close.
	OnClose func(error)
}

func (options Options) withDefaults() Options {
	if options.ClientType == "" {
		options.ClientType = Service
	}
	if options.RequestTimeout <= 0 {
		options.RequestTimeout = defaultRequestTimeout
	}
	if options.ConnectTimeout <= 0 {
		options.ConnectTimeout = defaultConnectTimeout
	}
	if options.PublishRetry <= 0 || options.PublishRetry > maxPublishRetry {
		options.PublishRetry = maxPublishRetry
	}
	return options
}

// System is the server's own word.
type System struct {
	// Event is which one, such as going_away, lagging, discontinuity, broadcast.
	Event string
	// Room and Channel are those that it is about; empty where it is about none.
	Room, Channel string
	// Payload is all of it, a JSON object.
	Payload json.RawMessage
}
