package arqonbus

import (
	"context"
	"encoding/json"
	"sync"
	"time"
)

const (
	submitFor = time.Minute
	// maxNews is how much progress of a task waits for its reader; then the oldest goes.
	maxNews = 1_000
	// maxEarly: frames may overtake the answer that names their task.
	maxEarly = 256
)

// TaskRequest is a task to give away: to a group, or to whoever has a capability.
type TaskRequest struct {
	Group, Capability string
	Payload           any
	// Strategy is round_robin (the default), competing or broadcast.
	Strategy string
	Timeout  time.Duration
	// IdempotencyKey: one of its own where it is not set, so that it is never given twice.
	IdempotencyKey string
	// Priority is 0 to 9, the most urgent last.
	Priority    int
	MaxAttempts int
	BestOf      int
	Window      time.Duration
}

// TaskResult is how a task ended.
type TaskResult struct {
	// State is done, failed, expired or cancelled.
	State string
	// Payload is what the operator gave, as JSON; of a broadcast nothing.
	Payload json.RawMessage
	// Results, of a broadcast: what each gave, with its operator_id.
	Results []json.RawMessage
	// Reason is why it failed, as JSON.
	Reason json.RawMessage
}

// SubmittedTask is a task that was given away.
type SubmittedTask struct {
	ID     string
	client *Client
	news   chan json.RawMessage
	ended  chan struct{}
	result TaskResult
	err    error
}

// Progress is what its operators tell on the way, as JSON; closed when it has ended. Who does not read loses the oldest.
func (task *SubmittedTask) Progress() <-chan json.RawMessage { return task.news }

// Result waits until it has ended, also when the connection was lost meanwhile.
func (task *SubmittedTask) Result(ctx context.Context) (TaskResult, error) {
	select {
	case <-task.ended:
		return task.result, task.err
	case <-ctx.Done():
		return TaskResult{}, ctx.Err()
	}
}

// Cancel takes it back.
func (task *SubmittedTask) Cancel(ctx context.Context) error {
	return task.client.Command(ctx, "task.cancel", map[string]any{"task_id": task.ID}, nil)
}

// Submit gives a task away, and tries that for up to a minute.
func (c *Client) Submit(ctx context.Context, request TaskRequest) (*SubmittedTask, error) {
	if request.IdempotencyKey == "" {
		request.IdempotencyKey = newID()
	}
	var told struct {
		TaskID string `json:"task_id"`
		State  string `json:"state"`
	}
	c.tasks.begin()
	defer c.tasks.done()
	err := persist(ctx, submitFor, func() error { return c.Command(ctx, "task.submit", request.args(), &told) })
	if err != nil {
		return nil, err
	}
	task := &SubmittedTask{
		ID: told.TaskID, client: c, news: make(chan json.RawMessage, maxNews), ended: make(chan struct{}),
	}
	c.tasks.add(task)
	if told.State != "queued" && told.State != "assigned" {
		// Of a key that was used before, the end may have been told long ago.
		c.tasks.look(ctx, c, task.ID)
	}
	return task, nil
}

func (request *TaskRequest) args() map[string]any {
	args := map[string]any{"payload": request.Payload, "idempotency_key": request.IdempotencyKey}
	set(args, "group", request.Group, request.Group != "")
	set(args, "capability", request.Capability, request.Capability != "")
	set(args, "strategy", request.Strategy, request.Strategy != "")
	set(args, "timeout_ms", request.Timeout.Milliseconds(), request.Timeout > 0)
	set(args, "priority", request.Priority, request.Priority > 0)
	set(args, "max_attempts", request.MaxAttempts, request.MaxAttempts > 0)
	set(args, "best_of", request.BestOf, request.BestOf > 0)
	set(args, "window_ms", request.Window.Milliseconds(), request.Window > 0)
	return args
}

// submittedTasks are those of this client that have not ended.
type submittedTasks struct {
	mu         sync.Mutex
	pending    map[string]*SubmittedTask
	submitting int
	early      []*taskFrame
	reason     error
}

func (t *submittedTasks) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.submitting++
}

func (t *submittedTasks) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.submitting--
	if t.submitting == 0 {
		t.early = nil
	}
}

func (t *submittedTasks) add(task *SubmittedTask) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pending == nil {
		t.pending = map[string]*SubmittedTask{}
	}
	t.pending[task.ID] = task
	if t.reason != nil {
		t.end(task, TaskResult{}, t.reason)
		return
	}
	for _, frame := range t.early {
		if frame.TaskID == task.ID {
			t.tell(task, frame)
		}
	}
}

func (t *submittedTasks) take(frame *taskFrame) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if task := t.pending[frame.TaskID]; task != nil {
		t.tell(task, frame)
		return
	}
	if t.submitting > 0 {
		t.early = append(t.early, frame)
		t.early = t.early[max(0, len(t.early)-maxEarly):]
	}
}

// lookAgain: connected again, and what ended meanwhile may have been told to nobody.
func (t *submittedTasks) lookAgain(ctx context.Context, c *Client) {
	t.mu.Lock()
	ids := make([]string, 0, len(t.pending))
	for id := range t.pending {
		ids = append(ids, id)
	}
	t.mu.Unlock()
	for _, id := range ids {
		t.look(ctx, c, id)
	}
}

// look asks where a task stands. While it cannot be asked, the next connection asks again.
func (t *submittedTasks) look(ctx context.Context, c *Client, id string) {
	var told taskFrame
	err := persist(ctx, submitFor, func() error {
		return c.Command(ctx, "task.get", map[string]any{"task_id": id}, &told)
	})
	t.mu.Lock()
	defer t.mu.Unlock()
	task := t.pending[id]
	switch {
	case task == nil:
	case err == nil:
		t.tell(task, &told)
	case CodeOf(err) == CodeNotFound:
		t.end(task, TaskResult{}, err)
	}
}

// abort: the client is closed.
func (t *submittedTasks) abort(reason error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reason = reason
	for _, task := range t.pending {
		t.end(task, TaskResult{}, reason)
	}
}

func (t *submittedTasks) tell(task *SubmittedTask, frame *taskFrame) {
	switch frame.State {
	case "progress":
		select {
		case task.news <- frame.Payload:
		default:
			<-task.news
			task.news <- frame.Payload
		}
	case "done", "failed", "expired", "cancelled":
		t.end(task, TaskResult{frame.State, frame.Payload, frame.Results, frame.Reason}, nil)
	}
}

func (t *submittedTasks) end(task *SubmittedTask, result TaskResult, err error) {
	delete(t.pending, task.ID)
	task.result, task.err = result, err
	close(task.news)
	close(task.ended)
}
