package arqonbus

// maxEarlierClients is how many client ids of earlier connections are remembered.
const maxEarlierClients = 100

// positions are the last places seen in logs, by "room:channel".
type positions map[string]Position

// accept takes a position in; false = it has been seen.
func (p positions) accept(key string, position *Position) bool {
	if position == nil {
		return true
	}
	last, isKnown := p[key]
	if isKnown && last.Epoch == position.Epoch && position.Seq <= last.Seq {
		return false
	}
	p[key] = *position
	return true
}

// last gives nil where there is none.
func (p positions) last(key string) *Position {
	if last, isKnown := p[key]; isKnown {
		return &last
	}
	return nil
}

// ownClients are the ids of earlier connections of this client: what they sent is its own.
type ownClients struct {
	present string
	earlier []string
}

func (own *ownClients) name(id string) {
	if own.present != "" && own.present != id {
		own.earlier = append(own.earlier, own.present)
		if len(own.earlier) > maxEarlierClients {
			own.earlier = own.earlier[1:]
		}
	}
	own.present = id
}

func (own *ownClients) wasOnce(id string) bool {
	for _, earlier := range own.earlier {
		if earlier == id {
			return true
		}
	}
	return false
}
