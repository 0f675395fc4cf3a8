package arqonbus

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestAReaderThatIsTooSlowIsToldHowMuchIsMissing(t *testing.T) {
	var q queue
	for i := range maxQueued + 3 {
		q.push(&Publication{PrevSeq: uint64(i)}, 1)
	}
	for i := range maxQueued {
		if publication, err := q.next(t.Context()); err != nil || publication.PrevSeq != uint64(i) {
			t.Fatal(i, publication, err)
		}
	}
	_, err := q.next(t.Context())
	if CodeOf(err) != CodeUnavailable || asError(err).Details["dropped"] != 3 {
		t.Fatal(err)
	}
	q.push(&Publication{ID: "after"}, 1)
	if publication, err := q.next(t.Context()); err != nil || publication.ID != "after" {
		t.Fatal(publication, err)
	}
	q.end(nil)
	if _, err := q.next(t.Context()); !errors.Is(err, ErrEnded) {
		t.Fatal(err)
	}
}

func TestBytesBoundTheQueueToo(t *testing.T) {
	var q queue
	if !q.push(&Publication{}, 4_000_000) || q.push(&Publication{}, 4_000_000) {
		t.Fatal("not bounded")
	}
}

func TestWhoGivesUpWaitingIsTold(t *testing.T) {
	var q queue
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := q.next(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestWhatFollowsAnEnd(t *testing.T) {
	for _, code := range []int{1002, 1003, 1007, 1009, 4400, 4403, 4413} {
		if _, again := react(&connectionEnd{code: code}, 1, true, false); again {
			t.Error(code, "is tried again")
		}
	}
	for _, code := range []int{1001, 1006, 1011, 1012, 1013, 4408, 4409, 4429, 3999} {
		next, again := react(&connectionEnd{code: code, wasWelcomed: true}, 1, false, false)
		if !again || next.needsNewToken {
			t.Error(code, next, again)
		}
	}
	if next, again := react(&connectionEnd{code: 4401}, 1, true, false); !again || !next.needsNewToken {
		t.Error("a refused token is not replaced")
	}
	for _, canRenew := range []bool{true, false} {
		if _, again := react(&connectionEnd{code: 4401}, 1, canRenew, canRenew); again {
			t.Error("a new token that was refused is tried again")
		}
	}
}

func TestWaitsGrowAndAreBounded(t *testing.T) {
	for failures := 1; failures < 80; failures++ {
		if delay := backoff(failures, 0); delay < 0 || delay > backoffCap {
			t.Error(failures, delay)
		}
	}
	if delay := backoff(1, 7*time.Second); delay < 7*time.Second || delay > 7250*time.Millisecond {
		t.Error(delay)
	}
	if delay := backoff(1, 10_000*time.Hour); delay > maxHint+backoffBase {
		t.Error(delay)
	}
}

func TestIDsAndTargets(t *testing.T) {
	seen := map[string]bool{}
	for range 1_000 {
		id := newID()
		if checkID(id) != nil || len(id) != 30 || seen[id] {
			t.Fatal(id)
		}
		seen[id] = true
	}
	if to, err := parseTarget("room:*"); err != nil || to != (target{"room", "*"}) {
		t.Error(to, err)
	}
	for _, wrong := range []string{"", "room", "room:", ":channel", "ro om:channel", "room:a:b", "-a:b", "a:b\n"} {
		if _, err := parseTarget(wrong); CodeOf(err) != CodeValidationError {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	for _, wrong := range []string{"arq_12345", "order-17", "arq_äöüäöü", "arq_123456\n"} {
		if checkID(wrong) == nil {
			t.Error(wrong)
		}
	}
}

func TestListenersAreCalledInOrderAndToldWhatWasDropped(t *testing.T) {
	gate, told := make(chan struct{}), make(chan error, 1)
	var e events
	e.onDropped = func(err error) { told <- err }
	var seen []int
	e.post(func() { <-gate })
	for i := range maxQueuedEvents + 5 {
		e.post(func() { seen = append(seen, i) })
	}
	close(gate)
	err := <-told
	dropped, _ := asError(err).Details["dropped"].(int)
	if len(seen)+dropped != maxQueuedEvents+5 || dropped == 0 {
		t.Fatal(len(seen), err)
	}
	for i, one := range seen {
		if one != i {
			t.Fatal(i, one)
		}
	}
}
