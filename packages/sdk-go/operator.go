package arqonbus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	rejoinFor = 10 * time.Minute
	reportFor = time.Minute
	// maxReasonLength bounds what is told of a failure, in characters.
	maxReasonLength = 200
)

// OperatorOptions are what an operator announces.
type OperatorOptions struct {
	// Capabilities must be listed by the token.
	Capabilities              []string
	InputSchema, OutputSchema string
	// MaxInFlight is how many tasks it takes at one time; 1 where it is not set.
	MaxInFlight int
	Metadata    any
	// OnError is told why it is an operator no more, or not yet again.
	OnError func(error)
}

// TaskHandler does a task, and gives the result, which JSON must be able to write. An error is a failure, and others try; a
// [TaskFailure] may say that none need. The context is done when the work counts no more: it was taken back, others have it, or
// the connection is lost.
type TaskHandler func(ctx context.Context, task *Task) (any, error)

// TaskFailure says why a task failed, and whether anybody else need try.
type TaskFailure struct {
	Reason string
	Final  bool
}

// Error gives the reason.
func (failure *TaskFailure) Error() string { return failure.Reason }

// Task is one that is being worked on.
type Task struct {
	ID string
	// Attempt: the same task may come again, with another number.
	Attempt int
	Payload json.RawMessage
	// Score is how good the result is, where the best of several counts; the handler sets it.
	Score float64
	tell  func(progress any)
}

// Progress tells the submitter; nothing waits for it.
func (task *Task) Progress(payload any) { task.tell(payload) }

// Decode reads the payload, as json.Unmarshal does.
func (task *Task) Decode(value any) error { return json.Unmarshal(task.Payload, value) }

// Operator is a session that takes tasks, again after each reconnect.
type Operator struct {
	client  *Client
	group   string
	options OperatorOptions
	handler TaskHandler

	mu      sync.Mutex
	lease   time.Duration
	hasLeft bool
	running map[string]context.CancelFunc
}

// Operate makes the client an operator of a group; options may be nil. The handler runs on a goroutine of its own for each
// task. A client is one operator at most.
func (c *Client) Operate(ctx context.Context, group string, options *OperatorOptions, handler TaskHandler) (*Operator, error) {
	operator := &Operator{client: c, group: group, handler: handler, running: map[string]context.CancelFunc{}}
	if options != nil {
		operator.options = *options
	}
	c.mu.Lock()
	if c.operator != nil {
		c.mu.Unlock()
		return nil, &Error{Code: CodeConflict, Message: "The client is an operator already."}
	}
	// Before the answer: the first task may overtake it.
	c.operator = operator
	c.mu.Unlock()
	if err := operator.join(ctx); err != nil {
		operator.forget()
		return nil, err
	}
	return operator, nil
}

// Leave ends it; what it works on goes to others.
func (o *Operator) Leave(ctx context.Context) error {
	o.forget()
	o.abort()
	return o.client.Command(ctx, "operator.leave", nil, nil)
}

func (o *Operator) join(ctx context.Context) error {
	args := map[string]any{"group": o.group}
	set(args, "capabilities", o.options.Capabilities, len(o.options.Capabilities) > 0)
	set(args, "input_schema", o.options.InputSchema, o.options.InputSchema != "")
	set(args, "output_schema", o.options.OutputSchema, o.options.OutputSchema != "")
	set(args, "max_in_flight", o.options.MaxInFlight, o.options.MaxInFlight > 0)
	set(args, "metadata", o.options.Metadata, o.options.Metadata != nil)
	var told struct {
		LeaseMs float64 `json:"lease_ms"`
	}
	if err := o.client.Command(ctx, "operator.join", args, &told); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lease = millis(told.LeaseMs)
	return nil
}

// rejoin announces it again after a reconnect; ends with the connection.
func (o *Operator) rejoin(ctx context.Context) {
	err := persist(ctx, rejoinFor, func() error {
		o.mu.Lock()
		hasLeft := o.hasLeft
		o.mu.Unlock()
		if hasLeft {
			return nil
		}
		return o.join(ctx)
	})
	if err != nil && ctx.Err() == nil && o.options.OnError != nil {
		o.client.events.post(func() { o.options.OnError(err) })
	}
}

func (o *Operator) forget() {
	o.mu.Lock()
	o.hasLeft = true
	o.mu.Unlock()
	o.client.mu.Lock()
	defer o.client.mu.Unlock()
	if o.client.operator == o {
		o.client.operator = nil
	}
}

// abort: whatever it works on counts no more.
func (o *Operator) abort() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, cancel := range o.running {
		cancel()
	}
}

// take takes a frame for operators.
func (o *Operator) take(frame *taskFrame) {
	key := fmt.Sprintf("%s#%d", frame.TaskID, frame.Attempt)
	o.mu.Lock()
	defer o.mu.Unlock()
	if frame.State != "assigned" {
		if cancel := o.running[key]; cancel != nil {
			cancel()
		}
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	o.running[key] = cancel
	go func() {
		defer func() {
			cancel()
			o.mu.Lock()
			delete(o.running, key)
			o.mu.Unlock()
		}()
		o.work(ctx, cancel, frame)
	}()
}

func (o *Operator) work(ctx context.Context, cancel context.CancelFunc, frame *taskFrame) {
	quietly := func(name string, args map[string]any) {
		args["task_id"], args["attempt"] = frame.TaskID, frame.Attempt
		err := o.client.Command(ctx, name, args, nil)
		if code := CodeOf(err); code == CodeConflict || code == CodeNotFound {
			cancel()
		}
	}
	go o.beat(ctx, func() { quietly("task.ack", map[string]any{}) })
	progress := newOrder(func(payload any) { quietly("task.progress", map[string]any{"payload": payload}) })
	task := &Task{ID: frame.TaskID, Attempt: frame.Attempt, Payload: frame.Payload, tell: progress.do}
	result, err := o.handler(ctx, task)
	progress.wait()
	if err == nil {
		err = o.report(ctx, "task.result", map[string]any{
			"task_id": frame.TaskID, "attempt": frame.Attempt, "payload": result, "score": task.Score,
		})
	}
	if err == nil {
		return
	}
	var failure *TaskFailure
	isFinal := errors.As(err, &failure) && failure.Final
	reason := []rune(err.Error())
	// Where it cannot be told, the lease runs out.
	_ = o.report(ctx, "task.fail", map[string]any{
		"task_id": frame.TaskID, "attempt": frame.Attempt, "payload": string(reason[:min(len(reason), maxReasonLength)]),
		"final": isFinal,
	})
}

// report tells how it ended. Where somebody else has the task there is nothing to fail any more.
func (o *Operator) report(ctx context.Context, name string, args map[string]any) error {
	err := persist(ctx, reportFor, func() error { return o.client.Command(ctx, name, args, nil) })
	if ctx.Err() != nil || CodeOf(err) == CodeConflict {
		return nil
	}
	return err
}

// beat gives three signs of life in each lease.
func (o *Operator) beat(ctx context.Context, ack func()) {
	for {
		o.mu.Lock()
		lease := o.lease
		o.mu.Unlock()
		if lease <= 0 {
			lease = time.Second
		}
		pause(ctx, lease/3)
		if ctx.Err() != nil {
			return
		}
		ack()
	}
}
