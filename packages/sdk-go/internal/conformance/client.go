package main

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	arqonbus "github.com/arqonbus/arqonbus/packages/sdk-go"
)

// client is one of the SDK's, with what the driver remembers of it.
type client struct {
	*arqonbus.Client
	name     string
	driver   *driver
	mu       sync.Mutex
	channels map[string]*arqonbus.Subscription
}

func (c *client) tell(event string, members map[string]any) {
	members["client"], members["event"] = c.name, event
	c.driver.write(members)
}

func (d *driver) connect(ctx context.Context, one *order) (any, error) {
	var args struct {
		URL              string   `json:"url"`
		Tokens           []string `json:"tokens"`
		Format           string   `json:"format"`
		ScreenName       string   `json:"screen_name"`
		RequestTimeoutMs int      `json:"request_timeout_ms"`
	}
	if err := json.Unmarshal(one.args, &args); err != nil {
		return nil, err
	}
	c := &client{name: one.Client, driver: d, channels: map[string]*arqonbus.Subscription{}}
	options := arqonbus.Options{
		URL: args.URL, Format: arqonbus.Proto, ScreenName: args.ScreenName,
		RequestTimeout: time.Duration(args.RequestTimeoutMs) * time.Millisecond,
	}
	if args.Format == "json" {
		options.Format = arqonbus.JSON
	}
	if len(args.Tokens) == 1 {
		options.Token = args.Tokens[0]
	} else {
		options.TokenFunc = nextOf(args.Tokens)
	}
	c.listen(&options)
	connected, err := arqonbus.Connect(ctx, options)
	if err != nil {
		return nil, err
	}
	c.Client = connected
	d.mu.Lock()
	d.clients[one.Client] = c
	d.mu.Unlock()
	welcome := connected.Welcome()
	return map[string]any{"client_id": welcome.ClientID, "user": welcome.User, "tenant": welcome.Tenant}, nil
}

// nextOf gives one token after the other, and the last one again and again.
func nextOf(tokens []string) arqonbus.TokenFunc {
	var mu sync.Mutex
	return func(context.Context) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		token := tokens[0]
		if len(tokens) > 1 {
			tokens = tokens[1:]
		}
		return token, nil
	}
}

func (c *client) listen(options *arqonbus.Options) {
	options.OnState = func(state arqonbus.State) { c.tell("state", map[string]any{"state": string(state)}) }
	options.OnWelcome = func(welcome arqonbus.Welcome) {
		c.tell("welcome", map[string]any{"client_id": welcome.ClientID})
	}
	options.OnPrivate = func(publication *arqonbus.Publication) { c.tell("private", publicationMembers(publication)) }
	options.OnSystem = func(system arqonbus.System) {
		c.tell("system", map[string]any{"name": system.Event, "payload": system.Payload})
	}
	options.OnError = func(err error) { c.tell("error", errorMembers(err)) }
	options.OnClose = func(err error) {
		if err == nil {
			c.tell("closed", map[string]any{})
		} else {
			c.tell("closed", errorMembers(err))
		}
	}
}

func publicationMembers(publication *arqonbus.Publication) map[string]any {
	members := map[string]any{
		"target":       publication.Room + ":" + publication.Channel,
		"sender":       publication.Sender,
		"id":           publication.ID,
		"content_type": publication.ContentType,
	}
	var value any
	if publication.Decode(&value) == nil {
		members["payload"] = value
	} else {
		members["base64"] = publication.Payload
	}
	setPosition(members, publication.Position)
	return members
}

func setPosition(members map[string]any, position *arqonbus.Position) {
	if position != nil {
		members["epoch"], members["seq"] = position.Epoch, position.Seq
	}
}
