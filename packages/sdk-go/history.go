package arqonbus

import (
	"context"
	"encoding/json"
	"iter"
	"strings"
	"time"
)

// HistoryOptions say what to read of the past; everything that is kept, the oldest first, where nothing is set.
type HistoryOptions struct {
	// Newest first.
	Newest bool
	// Since and Until are times of publications; zero = no bound.
	Since, Until time.Time
	// AfterSeq and BeforeSeq are bounds of sequences, of one channel; 0 = no bound.
	AfterSeq, BeforeSeq uint64
	// Epoch is an earlier one of one channel, as the archive has it; empty = the present one.
	Epoch string
	// EarlierEpochs: go on in the epochs of one channel before, as far as the archive reaches; with Newest.
	EarlierEpochs bool
	// PageSize: publications are asked for by so many.
	PageSize int
}

// History reads what the log of "room:channel" keeps, or of all channels of "room" by time, page by page as it is consumed;
// options may be nil.
func (c *Client) History(ctx context.Context, channel string, options *HistoryOptions) iter.Seq2[*Publication, error] {
	return func(yield func(*Publication, error) bool) {
		args := historyArgs(channel, options)
		goesOn := options != nil && options.Newest && options.EarlierEpochs
		for {
			var page struct {
				Publications []json.RawMessage `json:"publications"`
				Cursor       string            `json:"cursor"`
				EarlierEpoch string            `json:"earlier_epoch"`
			}
			if err := c.Command(ctx, "history", args, &page); err != nil {
				yield(nil, err)
				return
			}
			for _, publication := range toPublications(page.Publications) {
				if !yield(publication, nil) {
					return
				}
			}
			switch {
			case page.Cursor != "":
				args["cursor"] = page.Cursor
			case goesOn && page.EarlierEpoch != "":
				delete(args, "cursor")
				args["epoch"] = page.EarlierEpoch
			default:
				return
			}
		}
	}
}

// History reads what the channel's log keeps; see [Client.History].
func (s *Subscription) History(ctx context.Context, options *HistoryOptions) iter.Seq2[*Publication, error] {
	return s.client.History(ctx, s.Target(), options)
}

func historyArgs(channel string, options *HistoryOptions) map[string]any {
	if options == nil {
		options = &HistoryOptions{}
	}
	room, name, hasChannel := strings.Cut(channel, ":")
	args := map[string]any{"room": room, "order": "oldest"}
	if hasChannel {
		args["channel"] = name
	}
	if options.Newest {
		args["order"] = "newest"
	}
	setTime(args, "since", options.Since)
	setTime(args, "until", options.Until)
	if options.AfterSeq > 0 {
		args["after_seq"] = options.AfterSeq
	}
	if options.BeforeSeq > 0 {
		args["before_seq"] = options.BeforeSeq
	}
	if options.Epoch != "" {
		args["epoch"] = options.Epoch
	}
	if options.PageSize > 0 {
		args["limit"] = options.PageSize
	}
	return args
}

func setTime(args map[string]any, name string, at time.Time) {
	if !at.IsZero() {
		args[name] = at.UTC().Format(timeFormat)
	}
}
