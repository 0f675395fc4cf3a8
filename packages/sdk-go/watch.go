package arqonbus

import (
	"context"
	"encoding/json"
	"strings"
)

// Change is one of a store that is watched.
type Change struct {
	Namespace string `json:"namespace"`
	Key       string `json:"key"`
	Version   uint64 `json:"version"`
	// JSON is the value; nothing where it was deleted or has expired.
	JSON    json.RawMessage `json:"value"`
	Deleted bool            `json:"deleted"`
	// Missed: more has changed than can be told. Read everything anew.
	Missed bool `json:"missed"`
	// Ended says why nothing more will be told: rights, or that the client was closed.
	Ended string `json:"ended"`
}

// Watch is one under way; it goes on after reconnects, from the last version that it saw.
type Watch struct {
	store    *Store
	prefix   string
	listener func(Change)
	// seen is guarded by the client's mutex.
	seen uint64
}

// Watch tells the changes of all keys with a prefix (empty = all of the namespace), in the order of their versions.
func (s *Store) Watch(ctx context.Context, prefix string, listener func(Change)) (*Watch, error) {
	watch := &Watch{store: s, prefix: prefix, listener: listener}
	s.client.mu.Lock()
	s.client.watches[watch] = struct{}{}
	s.client.mu.Unlock()
	if err := watch.start(ctx, false); err != nil {
		watch.forget()
		return nil, err
	}
	return watch, nil
}

// Stop ends it.
func (w *Watch) Stop(ctx context.Context) error {
	w.forget()
	return w.store.client.Command(ctx, "op.store.unwatch", w.args(), nil)
}

func (w *Watch) start(ctx context.Context, isAgain bool) error {
	client := w.store.client
	args := w.args()
	client.mu.Lock()
	set(args, "after", w.seen, isAgain)
	client.mu.Unlock()
	var told struct {
		Version  uint64 `json:"version"`
		Complete bool   `json:"complete"`
	}
	if err := client.Command(ctx, "op.store.watch", args, &told); err != nil {
		return err
	}
	client.mu.Lock()
	defer client.mu.Unlock()
	// What has changed since comes as changes, before or after this answer.
	if !isAgain || !told.Complete {
		w.seen = max(w.seen, told.Version)
	}
	if isAgain && !told.Complete {
		w.tell(Change{Namespace: w.namespace(), Version: told.Version, Missed: true})
	}
	return nil
}

// restore: connected again. Ends with the connection; one that is refused for good ends.
func (w *Watch) restore(ctx context.Context) {
	err := persist(ctx, rejoinFor, func() error { return w.start(ctx, true) })
	if err != nil && ctx.Err() == nil {
		w.forget()
		w.tell(Change{Namespace: w.namespace(), Ended: string(CodeOf(err))})
	}
}

func (w *Watch) args() map[string]any {
	args := map[string]any{"prefix": w.prefix}
	set(args, "namespace", w.store.namespace, w.store.namespace != "")
	return args
}

func (w *Watch) namespace() string {
	if w.store.namespace == "" {
		return "default"
	}
	return w.store.namespace
}

func (w *Watch) forget() {
	w.store.client.mu.Lock()
	defer w.store.client.mu.Unlock()
	delete(w.store.client.watches, w)
}

func (w *Watch) tell(change Change) {
	w.store.client.events.post(func() { w.listener(change) })
}

func (w *Watch) ended(reason *Error) {
	w.tell(Change{Namespace: w.namespace(), Ended: string(reason.Code)})
}

// onStore hands a change to the watches that it is for.
func (c *Client) onStore(system System) {
	var change Change
	if json.Unmarshal(system.Payload, &change) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for watch := range c.watches {
		isFor := change.Namespace == watch.namespace() && (change.Key == "" || strings.HasPrefix(change.Key, watch.prefix))
		if !isFor || (change.Version > 0 && change.Version <= watch.seen && !change.Missed) {
			continue
		}
		watch.seen = max(watch.seen, change.Version)
		watch.tell(change)
		if change.Ended != "" {
			delete(c.watches, watch)
		}
	}
}
