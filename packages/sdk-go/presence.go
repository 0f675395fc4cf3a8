package arqonbus

import "encoding/json"

// Member is one connection in a channel.
type Member struct {
	ClientID    string          `json:"client_id"`
	User        string          `json:"user"`
	ClientType  ClientType      `json:"client_type"`
	ScreenName  string          `json:"screen_name"`
	Avatar      string          `json:"avatar"`
	Personality string          `json:"personality"`
	JoinedAt    string          `json:"joined_at"`
	Status      string          `json:"status"`
	Meta        json.RawMessage `json:"meta"`
	// FirstOfUser: on joins, no other connection of the user was there. LastOfUser: on leaves, none is left.
	FirstOfUser bool `json:"first_of_user"`
	LastOfUser  bool `json:"last_of_user"`
}

// Presence tells who came to a channel, went, and changed.
type Presence struct {
	Room    string   `json:"room"`
	Channel string   `json:"channel"`
	Joins   []Member `json:"joins"`
	Leaves  []Member `json:"leaves"`
	Updates []Member `json:"updates"`
	Total   int      `json:"total"`
	// CountsOnly: there are too many to name.
	CountsOnly bool `json:"counts_only"`
	// Reset: Joins are all there are; who was known before is to be forgotten.
	Reset bool `json:"reset"`
}

// applyPresence takes in who came, went and changed. The client's mutex is held.
func (s *Subscription) applyPresence(change Presence, isNews bool) {
	if change.CountsOnly || change.Reset {
		clear(s.members)
	}
	if !change.CountsOnly {
		for _, member := range change.Joins {
			s.members[member.ClientID] = member
		}
		for _, member := range change.Updates {
			s.members[member.ClientID] = member
		}
		for _, member := range change.Leaves {
			delete(s.members, member.ClientID)
		}
	}
	s.joined.Total = change.Total
	if listener := s.options.OnPresence; isNews && listener != nil {
		s.client.events.post(func() { listener(change) })
	}
}

// applyMembers takes in the members that the answer to a join names. The client's mutex is held.
func (s *Subscription) applyMembers(answer *joinAnswer, isNews bool) {
	if answer.Total == nil {
		return
	}
	countsOnly := len(answer.Members) < *answer.Total
	s.applyPresence(Presence{
		Room: s.target.room, Channel: s.target.channel, Joins: answer.Members, Total: *answer.Total,
		CountsOnly: countsOnly, Reset: !countsOnly,
	}, isNews)
}
