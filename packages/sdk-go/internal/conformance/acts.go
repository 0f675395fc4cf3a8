package main

import (
	"context"
	"encoding/json"
	"iter"

	arqonbus "github.com/arqonbus/arqonbus/packages/sdk-go"
)

type act func(ctx context.Context, c *client, args json.RawMessage) (any, error)

// acts are what can be ordered of a client.
var acts = map[string]act{
	"join":    with(join),
	"read":    with(read),
	"leave":   with(leave),
	"publish": with(publish),
	"private": with(private),
	"command": with(command),
	"history": with(history),
	"replay":  with(replay),
	"operate": with(operate),
	"submit":  with(submit),
	"store":   with(store),
	"watch":   with(watch),
	"close": func(_ context.Context, c *client, _ json.RawMessage) (any, error) {
		c.Close()
		return map[string]any{}, nil
	},
}

// with reads the arguments of an act.
func with[A any](run func(ctx context.Context, c *client, args A) (any, error)) act {
	return func(ctx context.Context, c *client, text json.RawMessage) (any, error) {
		var args A
		if err := json.Unmarshal(text, &args); err != nil {
			return nil, err
		}
		return run(ctx, c, args)
	}
}

type message struct {
	Target      string          `json:"target"`
	To          []string        `json:"to"`
	Payload     json.RawMessage `json:"payload"`
	Base64      []byte          `json:"base64"`
	ContentType string          `json:"content_type"`
	MessageID   string          `json:"message_id"`
	ExpectedSeq *uint64         `json:"expected_seq"`
	NoAck       bool            `json:"no_ack"`
}

func (m *message) body() any {
	if m.Base64 != nil {
		return m.Base64
	}
	return m.Payload
}

func (m *message) options() *arqonbus.PublishOptions {
	return &arqonbus.PublishOptions{
		ID: m.MessageID, ContentType: m.ContentType, ExpectedSeq: m.ExpectedSeq, NoAck: m.NoAck,
	}
}

func publish(ctx context.Context, c *client, args message) (any, error) {
	return published(c.Publish(ctx, args.Target, args.body(), args.options()))
}

func private(ctx context.Context, c *client, args message) (any, error) {
	return published(c.Private(ctx, args.To, args.body(), args.options()))
}

func published(result arqonbus.PublishResult, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	members := map[string]any{"id": result.ID, "duplicate": result.Duplicate}
	setPosition(members, result.Position)
	return members, nil
}

func command(ctx context.Context, c *client, args struct {
	Name string          `json:"name"`
	Args json.RawMessage `json:"args"`
}) (any, error) {
	var result json.RawMessage
	given := map[string]any{}
	if args.Args != nil {
		if err := json.Unmarshal(args.Args, &given); err != nil {
			return nil, err
		}
	}
	err := c.Command(ctx, args.Name, given, &result)
	return result, err
}

func history(ctx context.Context, c *client, args struct {
	Target        string `json:"target"`
	Newest        bool   `json:"newest"`
	PageSize      int    `json:"page_size"`
	Epoch         string `json:"epoch"`
	EarlierEpochs bool   `json:"earlier_epochs"`
}) (any, error) {
	return payloads(c.History(ctx, args.Target, &arqonbus.HistoryOptions{
		Newest: args.Newest, PageSize: args.PageSize, Epoch: args.Epoch, EarlierEpochs: args.EarlierEpochs,
	}))
}

func replay(ctx context.Context, c *client, args struct {
	Target  string `json:"target"`
	FromSeq uint64 `json:"from_seq"`
	ToSeq   uint64 `json:"to_seq"`
	Epoch   string `json:"epoch"`
}) (any, error) {
	running, err := c.Replay(ctx, args.Target, &arqonbus.ReplayOptions{
		FromSeq: args.FromSeq, ToSeq: args.ToSeq, Epoch: args.Epoch,
	})
	if err != nil {
		return nil, err
	}
	members, err := payloads(running.All(ctx))
	if err != nil {
		return nil, err
	}
	result, err := running.Result(ctx)
	members["count"], members["hash"] = result.Count, result.Hash
	return members, err
}

func payloads(publications iter.Seq2[*arqonbus.Publication, error]) (map[string]any, error) {
	found := []any{}
	for publication, err := range publications {
		if err != nil {
			return nil, err
		}
		found = append(found, publicationMembers(publication)["payload"])
	}
	return map[string]any{"payloads": found}, nil
}
