package arqonbus

import "sync"

// order does one thing after the other beside its caller, as they were asked for.
type order struct {
	run  func(any)
	done sync.WaitGroup

	mu     sync.Mutex
	items  []any
	isBusy bool
}

func newOrder(run func(any)) *order { return &order{run: run} }

func (o *order) do(item any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.items = append(o.items, item)
	if !o.isBusy {
		o.isBusy = true
		o.done.Add(1)
		go o.work()
	}
}

func (o *order) work() {
	defer o.done.Done()
	for {
		o.mu.Lock()
		if len(o.items) == 0 {
			o.isBusy = false
			o.mu.Unlock()
			return
		}
		item := o.items[0]
		o.items = o.items[1:]
		o.mu.Unlock()
		o.run(item)
	}
}

func (o *order) wait() { o.done.Wait() }
