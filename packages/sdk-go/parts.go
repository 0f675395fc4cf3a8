package arqonbus

import (
	"context"
	"encoding/json"
)

// taskFrame is the payload of a frame of type task.
type taskFrame struct {
	TaskID  string            `json:"task_id"`
	Role    string            `json:"role"`
	State   string            `json:"state"`
	Attempt int               `json:"attempt"`
	Payload json.RawMessage   `json:"payload"`
	Results []json.RawMessage `json:"results"`
	Reason  json.RawMessage   `json:"reason"`
}

// onTask hands a frame on: to the operator that the client is, or to who waits for the task.
func (c *Client) onTask(payload []byte) {
	var frame taskFrame
	if json.Unmarshal(payload, &frame) != nil {
		return
	}
	if frame.Role == "submitter" {
		c.tasks.take(&frame)
		return
	}
	c.mu.Lock()
	operator := c.operator
	c.mu.Unlock()
	if operator != nil {
		operator.take(&frame)
	}
}

// restoreParts: connected again. What belongs to a connection is asked for once more; ends with the connection.
func (c *Client) restoreParts(ctx context.Context) {
	c.mu.Lock()
	operator := c.operator
	watches := make([]*Watch, 0, len(c.watches))
	for watch := range c.watches {
		watches = append(watches, watch)
	}
	c.mu.Unlock()
	for _, watch := range watches {
		watch.restore(ctx)
	}
	c.tasks.lookAgain(ctx, c)
	if operator != nil && operator.isJoined() {
		operator.rejoin(ctx)
	}
}

func (o *Operator) isJoined() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.lease > 0
}

// endParts: the client is closed. The mutex is held.
func (c *Client) endParts(reason *Error) {
	for id, replay := range c.replays {
		replay.end(reason)
		delete(c.replays, id)
	}
	for watch := range c.watches {
		watch.ended(reason)
	}
	clear(c.watches)
	c.tasks.abort(reason)
}
