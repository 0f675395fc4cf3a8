package main

import (
	"context"
	"encoding/json"
	"errors"

	arqonbus "github.com/arqonbus/arqonbus/packages/sdk-go"
)

// task is the payload of the tasks that the scenarios give: what its operator is to do.
type task struct {
	Progress []string        `json:"progress"`
	Fail     string          `json:"fail"`
	Final    bool            `json:"final"`
	Hang     bool            `json:"hang"`
	Give     json.RawMessage `json:"give"`
}

func operate(ctx context.Context, c *client, args struct {
	Group string `json:"group"`
}) (any, error) {
	_, err := c.Operate(ctx, args.Group, nil, func(ctx context.Context, given *arqonbus.Task) (any, error) {
		var work task
		if err := given.Decode(&work); err != nil {
			return nil, err
		}
		c.tell("task", map[string]any{"attempt": given.Attempt})
		for _, news := range work.Progress {
			given.Progress(news)
		}
		switch {
		case work.Hang && given.Attempt == 1:
			<-ctx.Done()
			c.tell("task aborted", map[string]any{})
			return nil, ctx.Err()
		case work.Fail != "" && work.Final:
			return nil, &arqonbus.TaskFailure{Reason: work.Fail, Final: true}
		case work.Fail != "" && given.Attempt == 1:
			return nil, errors.New(work.Fail)
		}
		return work.Give, nil
	})
	return map[string]any{}, err
}

func submit(ctx context.Context, c *client, args struct {
	Group   string          `json:"group"`
	Payload json.RawMessage `json:"payload"`
}) (any, error) {
	given, err := c.Submit(ctx, arqonbus.TaskRequest{Group: args.Group, Payload: args.Payload})
	if err != nil {
		return nil, err
	}
	progress := []json.RawMessage{}
	for news := range given.Progress() {
		progress = append(progress, news)
	}
	result, err := given.Result(ctx)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"state": result.State, "payload": orNull(result.Payload), "reason": orNull(result.Reason), "progress": progress,
	}, nil
}

func store(ctx context.Context, c *client, args struct {
	Op        string          `json:"op"`
	Key       string          `json:"key"`
	Value     json.RawMessage `json:"value"`
	By        int64           `json:"by"`
	IfVersion *uint64         `json:"if_version"`
}) (any, error) {
	kept := c.Store("")
	switch args.Op {
	case "set":
		version, err := kept.Set(ctx, args.Key, args.Value, &arqonbus.SetOptions{IfVersion: args.IfVersion})
		return map[string]any{"version": version}, err
	case "get":
		value, err := kept.Get(ctx, args.Key)
		return map[string]any{"found": value.Found, "value": orNull(value.JSON), "version": value.Version}, err
	case "increment":
		value, err := kept.Increment(ctx, args.Key, args.By)
		return map[string]any{"value": value}, err
	case "delete":
		deleted, err := kept.Delete(ctx, args.Key, args.IfVersion)
		return map[string]any{"deleted": deleted}, err
	default:
		keys := []string{}
		for key, err := range kept.Keys(ctx, args.Key) {
			if err != nil {
				return nil, err
			}
			keys = append(keys, key.Key)
		}
		return map[string]any{"keys": keys}, nil
	}
}

func watch(ctx context.Context, c *client, args struct {
	Prefix string `json:"prefix"`
}) (any, error) {
	_, err := c.Store("").Watch(ctx, args.Prefix, func(change arqonbus.Change) {
		c.tell("change", map[string]any{
			"key": change.Key, "value": orNull(change.JSON), "deleted": change.Deleted, "missed": change.Missed,
		})
	})
	return map[string]any{}, err
}

// orNull makes null of what is not there, which is no JSON.
func orNull(text json.RawMessage) any {
	if len(text) == 0 {
		return nil
	}
	return text
}
