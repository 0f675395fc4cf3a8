package arqonbus

import (
	"context"
	"encoding/json"
	"iter"
	"time"
)

// Store is a namespace of what the tenant keeps beside its messages.
type Store struct {
	client    *Client
	namespace string
}

// Value is one that is kept.
type Value struct {
	Found bool `json:"found"`
	// JSON is the value.
	JSON json.RawMessage `json:"value"`
	// Version is the number of its last change, for IfVersion.
	Version   uint64 `json:"version"`
	ExpiresAt string `json:"expires_at"`
}

// Key is one of a list.
type Key struct {
	Key       string `json:"key"`
	Version   uint64 `json:"version"`
	ExpiresAt string `json:"expires_at"`
}

// SetOptions say how a value is kept.
type SetOptions struct {
	// TTL is how long; for good where it is not set.
	TTL time.Duration
	// IfVersion is the version that must be in force; 0 = there must be none. Else CONFLICT.
	IfVersion *uint64
}

// Store gives a namespace of the store; empty = default.
func (c *Client) Store(namespace string) *Store { return &Store{c, namespace} }

// Get gives a value; Found tells whether there is one.
func (s *Store) Get(ctx context.Context, key string) (Value, error) {
	var value Value
	err := s.client.Command(ctx, "op.store.get", s.args(key), &value)
	return value, err
}

// Set keeps a value, which JSON must be able to write, and gives its version; options may be nil.
func (s *Store) Set(ctx context.Context, key string, value any, options *SetOptions) (uint64, error) {
	args := s.args(key)
	args["value"] = value
	if options != nil {
		set(args, "ttl_seconds", int64(options.TTL/time.Second), options.TTL > 0)
		set(args, "if_version", options.IfVersion, options.IfVersion != nil)
	}
	var told struct {
		Version uint64 `json:"version"`
	}
	err := s.client.Command(ctx, "op.store.set", args, &told)
	return told.Version, err
}

// Delete deletes a value, and tells whether there was one; ifVersion as in [SetOptions], nil = whatever it is.
func (s *Store) Delete(ctx context.Context, key string, ifVersion *uint64) (bool, error) {
	args := s.args(key)
	set(args, "if_version", ifVersion, ifVersion != nil)
	var told struct {
		Deleted bool `json:"deleted"`
	}
	err := s.client.Command(ctx, "op.store.delete", args, &told)
	return told.Deleted, err
}

// Increment adds to an integer in one step, from 0 where there is none, and gives it.
func (s *Store) Increment(ctx context.Context, key string, by int64) (int64, error) {
	args := s.args(key)
	args["by"] = by
	var told struct {
		Value int64 `json:"value"`
	}
	err := s.client.Command(ctx, "op.store.increment", args, &told)
	return told.Value, err
}

// Keys ranges over the keys with a prefix, in the order of their bytes.
func (s *Store) Keys(ctx context.Context, prefix string) iter.Seq2[Key, error] {
	return func(yield func(Key, error) bool) {
		args := map[string]any{"prefix": prefix}
		set(args, "namespace", s.namespace, s.namespace != "")
		for {
			var page struct {
				Items  []Key  `json:"items"`
				Cursor string `json:"cursor"`
			}
			if err := s.client.Command(ctx, "op.store.list", args, &page); err != nil {
				yield(Key{}, err)
				return
			}
			for _, key := range page.Items {
				if !yield(key, nil) {
					return
				}
			}
			if page.Cursor == "" {
				return
			}
			args["cursor"] = page.Cursor
		}
	}
}

func (s *Store) args(key string) map[string]any {
	args := map[string]any{"key": key}
	set(args, "namespace", s.namespace, s.namespace != "")
	return args
}
