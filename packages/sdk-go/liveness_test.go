package arqonbus

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/arqonbus/arqonbus/packages/sdk-go/internal/wire"
)

func TestWhatASlowLinkStillBringsShowsThatItLives(t *testing.T) {
	var watched *liveness
	brings := true
	watched = newLiveness(func(ctx context.Context) error {
		if brings {
			watched.note()
		}
		<-ctx.Done()
		return ctx.Err()
	}, 10*time.Millisecond)
	if !watched.isAlive(t.Context()) {
		t.Error("given up, though something came")
	}
	brings = false
	if watched.isAlive(t.Context()) {
		t.Error("not given up, though nothing came")
	}
}

func TestWhoHasSleptAsksAgain(t *testing.T) {
	pings := 0
	var watched *liveness
	watched = newLiveness(func(ctx context.Context) error {
		pings++
		if pings > 1 {
			return nil
		}
		// As if the clock had gone on while nothing of the process ran.
		watched.begun = watched.begun.Add(-2 * late)
		<-ctx.Done()
		return ctx.Err()
	}, 10*time.Millisecond)
	if !watched.isAlive(t.Context()) || pings != 2 {
		t.Error(pings, "pings")
	}
}

func TestTheWatchEndsWithItsConnection(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	watched := newLiveness(func(context.Context) error { return errors.New("never asked") }, time.Second)
	if watched.untilDead(ctx, time.Minute) {
		t.Error("dead")
	}
}

func TestANetworkThatTakesNothingMakesWhoSendsWaitAndNotForGood(t *testing.T) {
	stuck := &connection{
		format: Proto, welcome: &Welcome{Limits: map[string]float64{"max_frame_bytes": 1000}},
		out: make(chan outgoing, maxWaitingFrames), ended: make(chan struct{}),
	}
	frame := &wire.Envelope{Id: "arq_stuck-1", Payload: []byte("1")}
	for range maxWaitingFrames {
		if err := stuck.send(t.Context(), frame); err != nil {
			t.Fatal(err)
		}
	}
	var waiting requests
	_, err := waiting.send(t.Context(), frame, stuck.send, 10*time.Millisecond, nil)
	if CodeOf(err) != CodeUnavailable || asError(err).Details["not_sent"] != true {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := stuck.send(ctx, frame); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	frame.Payload = make([]byte, 1000)
	if err := stuck.send(t.Context(), frame); CodeOf(err) != CodePayloadTooLarge {
		t.Error(err)
	}
	if stuck.flush(ctx) {
		t.Error("left, though nothing is taken")
	}
	close(stuck.ended)
	if !stuck.flush(t.Context()) {
		t.Error("waits for a connection that is gone")
	}
}
