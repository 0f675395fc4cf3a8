// Sensors publish what they measure, a monitor watches and raises alarms. Each is a client of its own, as if on a device of its own.
package main

import (
	"context"
	"fmt"
	"log"
	"math"
	"os"
	"sync"

	arqonbus "github.com/arqonbus/arqonbus/packages/sdk-go"
)

const (
	readings = "plant:temperature"
	alarms   = "plant:alarms"
	perEach  = 8
	limit    = 90.0
)

// Reading is what a sensor measured.
type Reading struct {
	Sensor  string  `json:"sensor"`
	Number  int     `json:"number"`
	Celsius float64 `json:"celsius"`
}

func main() {
	ctx := context.Background()
	sensors := map[string]float64{"boiler": 84, "pump": 41, "intake": 12}
	monitor := connect(ctx, "monitor")
	defer monitor.Close()
	// Before the first sensor speaks: what comes is kept for the reader, and after a lost connection nothing is missing.
	watched := must(monitor.Join(ctx, readings, nil))
	raised := must(monitor.Join(ctx, alarms, nil))

	var running sync.WaitGroup
	for name, base := range sensors {
		running.Add(1)
		go func() {
			defer running.Done()
			measure(ctx, name, base)
		}()
	}
	count, alarmed := 0, 0
	for publication, err := range watched.All(ctx) {
		check(err)
		var reading Reading
		check(publication.Decode(&reading))
		if reading.Celsius > limit {
			must(raised.Publish(ctx, reading, nil))
			alarmed++
		}
		if count++; count == perEach*len(sensors) {
			break
		}
	}
	running.Wait()
	fmt.Printf("%d readings of %d sensors, %d alarms\n", count, len(sensors), alarmed)
	for key, err := range monitor.Store("sensors").Keys(ctx, "") {
		check(err)
		latest := must(monitor.Store("sensors").Get(ctx, key.Key))
		fmt.Printf("%s: %s\n", key.Key, latest.JSON)
	}
}

// measure is one sensor: it publishes each reading once, and keeps the latest where anybody can ask for it.
func measure(ctx context.Context, name string, base float64) {
	client := connect(ctx, name)
	defer client.Close()
	channel := must(client.Join(ctx, readings, nil))
	for number := range perEach {
		celsius := base + math.Round(80*math.Sin(float64(number)))/10
		must(channel.Publish(ctx, Reading{name, number, celsius}, nil))
		must(client.Store("sensors").Set(ctx, name, celsius, nil))
	}
}

func connect(ctx context.Context, name string) *arqonbus.Client {
	return must(arqonbus.Connect(ctx, arqonbus.Options{
		URL:        os.Getenv("ARQONBUS_WS_URL"),
		Token:      os.Getenv("ARQONBUS_AUTH_JWT"),
		ScreenName: name,
	}))
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
