package arqonbus

import (
	"crypto/rand"
	"regexp"
	"strings"
	"time"
)

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// wholeRoom stands in the place of a channel for messages to every member of a room.
const wholeRoom = "*"

var (
	namePattern = regexp.MustCompile(`\A[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\z`)
	idPattern   = regexp.MustCompile(`\Aarq_[A-Za-z0-9_-]{6,80}\z`)
)

// newID gives "arq_" and a ULID.
func newID() string {
	var bytes [16]byte
	now := uint64(time.Now().UnixMilli())
	for i := range 6 {
		bytes[i] = byte(now >> (40 - 8*i))
	}
	// It never fails (crypto/rand).
	_, _ = rand.Read(bytes[6:])
	text := make([]byte, 26)
	high, low := be64(bytes[:8]), be64(bytes[8:])
	for i := 25; i >= 0; i-- {
		text[i] = crockford[low&31]
		low = low>>5 | high<<59
		high >>= 5
	}
	return "arq_" + string(text)
}

func be64(bytes []byte) (value uint64) {
	for _, one := range bytes {
		value = value<<8 | uint64(one)
	}
	return value
}

func checkID(id string) error {
	if idPattern.MatchString(id) {
		return nil
	}
	return invalid(`An id is "arq_" and 6 to 80 of A-Z, a-z, 0-9, "_" and "-".`)
}

// target is a channel of a room.
type target struct{ room, channel string }

func (to target) String() string { return to.room + ":" + to.channel }

func parseTarget(text string) (target, error) {
	room, channel, _ := strings.Cut(text, ":")
	if namePattern.MatchString(room) && (channel == wholeRoom || namePattern.MatchString(channel)) {
		return target{room, channel}, nil
	}
	return target{}, invalid(`A channel is named "room:channel", in letters, digits, "_", "." and "-".`)
}
