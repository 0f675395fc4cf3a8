// Command conformance drives the Go SDK through the scenarios of proto/conformance: it reads orders as JSON lines from
// standard input, and writes answers and events to standard output. proto/conformance/README.md describes both.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"

	arqonbus "github.com/arqonbus/arqonbus/packages/sdk-go"
)

// order is one line of standard input.
type order struct {
	ID     int    `json:"id"`
	Do     string `json:"do"`
	Client string `json:"client"`
	args   json.RawMessage
}

// driver knows the clients by the names that the scenarios give them.
type driver struct {
	out sync.Mutex

	mu      sync.Mutex
	clients map[string]*client
}

func main() {
	d := &driver{clients: map[string]*client{}}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		line := append([]byte(nil), lines.Bytes()...)
		one := order{args: line}
		if err := json.Unmarshal(line, &one); err != nil {
			fmt.Fprintln(os.Stderr, "no order:", err)
			os.Exit(1)
		}
		go d.obey(&one)
	}
}

func (d *driver) obey(one *order) {
	result, err := d.do(one)
	answer := map[string]any{"id": one.ID}
	if err != nil {
		answer["error"] = errorMembers(err)
	} else {
		answer["result"] = result
	}
	d.write(answer)
}

func (d *driver) do(one *order) (any, error) {
	ctx := context.Background()
	if one.Do == "connect" {
		return d.connect(ctx, one)
	}
	d.mu.Lock()
	c := d.clients[one.Client]
	d.mu.Unlock()
	if c == nil {
		return nil, fmt.Errorf("there is no client %s", one.Client)
	}
	act, isKnown := acts[one.Do]
	if !isKnown {
		return nil, fmt.Errorf("there is no %s", one.Do)
	}
	return act(ctx, c, one.args)
}

func (d *driver) write(line map[string]any) {
	text, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	d.out.Lock()
	defer d.out.Unlock()
	_, _ = os.Stdout.Write(append(text, '\n'))
}

func errorMembers(err error) map[string]any {
	members := map[string]any{"code": string(arqonbus.CodeOf(err)), "message": err.Error()}
	if refused, ok := err.(*arqonbus.Error); ok {
		members["details"] = refused.Details
	}
	return members
}
