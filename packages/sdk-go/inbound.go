package arqonbus

import (
	"encoding/json"

	"github.com/arqonbus/arqonbus/packages/sdk-go/internal/wire"
)

// onFrame takes what the server sends, one frame after the other.
func (c *Client) onFrame(frame *wire.Envelope, size int) {
	switch frame.GetType() {
	case wire.EnvelopeType_ENVELOPE_TYPE_EVENT:
		c.onEvent(toPublication(frame), size)
	case wire.EnvelopeType_ENVELOPE_TYPE_PRIVATE:
		if listener := c.options.OnPrivate; listener != nil {
			publication := toPublication(frame)
			c.events.post(func() { listener(publication) })
		}
	case wire.EnvelopeType_ENVELOPE_TYPE_RESPONSE:
		c.requests.answer(frame)
	case wire.EnvelopeType_ENVELOPE_TYPE_ERROR:
		if !c.requests.answer(frame) {
			c.tellError(errorOfFrame(frame))
		}
	case wire.EnvelopeType_ENVELOPE_TYPE_SYSTEM:
		c.onSystem(frame)
	case wire.EnvelopeType_ENVELOPE_TYPE_TASK:
		c.onTask(frame.GetPayload())
	}
}

func (c *Client) onEvent(publication *Publication, size int) {
	if id := replayIDOf(publication); id != "" {
		c.deliverReplayed(id, publication, size)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	readers := c.readersOf(publication.Room, publication.Channel)
	key := target{publication.Room, publication.Channel}.String()
	if len(readers) > 0 && !c.positions.accept(key, publication.Position) {
		return
	}
	isOwn := c.own.wasOnce(publication.Sender)
	isTaken := !isOwn
	for _, reader := range readers {
		if !isOwn || reader.options.Echo {
			reader.queue.push(publication, size)
			isTaken = true
		}
	}
	if listener := c.options.OnPublication; listener != nil && isTaken {
		c.events.post(func() { listener(publication) })
	}
}

func (c *Client) onSystem(frame *wire.Envelope) {
	var told struct {
		Event   string `json:"event"`
		Room    string `json:"room"`
		Channel string `json:"channel"`
	}
	if json.Unmarshal(frame.GetPayload(), &told) != nil {
		return
	}
	if told.Room == "" {
		told.Room, told.Channel = frame.GetRoom(), frame.GetChannel()
	}
	system := System{told.Event, told.Room, told.Channel, frame.GetPayload()}
	switch told.Event {
	case "token_expiring":
		c.refresh()
	case "presence":
		c.onPresence(system)
	case "discontinuity":
		c.onDiscontinuity(system)
	case "store":
		c.onStore(system)
	}
	if listener := c.options.OnSystem; listener != nil {
		c.events.post(func() { listener(system) })
	}
}

func (c *Client) onPresence(system System) {
	var change Presence
	if json.Unmarshal(system.Payload, &change) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.channels[target{change.Room, change.Channel}.String()]; s != nil {
		s.applyPresence(change, true)
	}
}

func (c *Client) onDiscontinuity(system System) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, reader := range c.readersOf(system.Room, system.Channel) {
		if listener := reader.options.OnDiscontinuity; listener != nil {
			c.events.post(func() { listener(system) })
		}
	}
	if listener := c.options.OnDiscontinuity; listener != nil {
		c.events.post(func() { listener(system) })
	}
}

// readersOf are the subscriptions that a publication is for. The mutex is held.
func (c *Client) readersOf(room, channel string) []*Subscription {
	if channel != wholeRoom {
		if s := c.channels[target{room, channel}.String()]; s != nil {
			return []*Subscription{s}
		}
		return nil
	}
	var found []*Subscription
	for _, s := range c.channels {
		if s.target.room == room {
			found = append(found, s)
		}
	}
	return found
}
