package main

import (
	"context"
	"fmt"

	arqonbus "github.com/arqonbus/arqonbus/packages/sdk-go"
)

type joinOrder struct {
	Target   string             `json:"target"`
	Echo     bool               `json:"echo"`
	Presence bool               `json:"presence"`
	History  int                `json:"history"`
	Meta     map[string]any     `json:"meta"`
	State    *arqonbus.Position `json:"state"`
	// Unread: nobody reads before the order to.
	Unread bool `json:"unread"`
}

func join(ctx context.Context, c *client, args joinOrder) (any, error) {
	options := &arqonbus.JoinOptions{
		Echo: args.Echo, Presence: args.Presence, History: args.History,
		OnRejoined: func(rejoined arqonbus.Rejoined) {
			c.tell("rejoined", map[string]any{
				"target": args.Target, "recovered": rejoined.Recovered, "reason": rejoined.Reason, "reloaded": rejoined.Reloaded,
			})
		},
		OnPresence:      func(change arqonbus.Presence) { c.tellPresence(args.Target, change) },
		OnDiscontinuity: func(arqonbus.System) { c.tell("discontinuity", map[string]any{"target": args.Target}) },
		OnEnd: func(err error) {
			members := map[string]any{"target": args.Target}
			if err != nil {
				members["code"] = string(arqonbus.CodeOf(err))
			}
			c.tell("ended", members)
		},
	}
	if args.Meta != nil {
		options.Meta = args.Meta
	}
	if args.State != nil {
		options.GetState = func(_ context.Context, request arqonbus.StateRequest) (*arqonbus.Position, error) {
			c.tell("state wanted", map[string]any{"target": args.Target, "reason": request.Reason})
			return args.State, nil
		}
	}
	subscription, err := c.Join(ctx, args.Target, options)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.channels[args.Target] = subscription
	c.mu.Unlock()
	if !args.Unread {
		go c.read(subscription)
	}
	answer := subscription.Joined()
	history := []any{}
	for _, publication := range answer.History {
		history = append(history, publicationMembers(publication)["payload"])
	}
	members := map[string]any{"history": history, "users": c.users(subscription)}
	setPosition(members, answer.Position)
	return members, nil
}

func (c *client) users(subscription *arqonbus.Subscription) []string {
	users := []string{}
	for _, member := range subscription.Members() {
		users = append(users, member.User)
	}
	return users
}

func (c *client) tellPresence(target string, change arqonbus.Presence) {
	names := func(members []arqonbus.Member) []map[string]any {
		told := []map[string]any{}
		for _, member := range members {
			told = append(told, map[string]any{"user": member.User, "status": member.Status, "meta": member.Meta})
		}
		return told
	}
	c.tell("presence", map[string]any{
		"target": target, "joins": names(change.Joins), "leaves": names(change.Leaves), "updates": names(change.Updates),
	})
}

func read(_ context.Context, c *client, args struct {
	Target string `json:"target"`
}) (any, error) {
	subscription, err := c.channel(args.Target)
	if err == nil {
		go c.read(subscription)
	}
	return map[string]any{}, err
}

func leave(ctx context.Context, c *client, args struct {
	Target string `json:"target"`
}) (any, error) {
	subscription, err := c.channel(args.Target)
	if err != nil {
		return nil, err
	}
	return map[string]any{}, subscription.Leave(ctx)
}

func (c *client) channel(target string) (*arqonbus.Subscription, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if subscription := c.channels[target]; subscription != nil {
		return subscription, nil
	}
	return nil, fmt.Errorf("%s was not joined", target)
}

func (c *client) read(subscription *arqonbus.Subscription) {
	for publication, err := range subscription.All(context.Background()) {
		if err != nil {
			members := errorMembers(err)
			members["target"] = subscription.Target()
			c.tell("overflow", members)
			return
		}
		c.tell("publication", publicationMembers(publication))
	}
}
