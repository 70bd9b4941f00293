// Command worker is the worker that bench measures: the same as the real one, but as much faster as the simulated world.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"go.temporal.io/sdk/client"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/temporalclient"
	"studio-onboarding/internal/workerhost"
)

func main() {
	address := flag.String("address", "", "host:port of the Temporal server")
	dir := flag.String("dir", "", "the store")
	speed := flag.Float64("speed", 1, "how many times faster than the real providers the simulated world runs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	most, err := work(ctx, *address, *dir, *speed)
	if err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
	fmt.Println(most)
}

// work works until ctx ends, and answers with the most that the heap held at any time, in bytes.
func work(ctx context.Context, address, dir string, speed float64) (uint64, error) {
	options, err := temporalclient.Settings{Address: address, Namespace: client.DefaultNamespace}.Options()
	if err != nil {
		return 0, err
	}
	c, err := client.DialContext(ctx, options)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	workerhost.SaveMemory()
	host, err := workerhost.New(ctx, c, workerhost.Options{Waits: provider.DefaultWaits().Faster(speed), Speed: speed, Store: dir})
	if err != nil {
		return 0, err
	}
	peak := make(chan uint64, 1)
	go func() { peak <- watchHeap(ctx) }()
	if err := host.Run(ctx); err != nil {
		return 0, err
	}
	return <-peak, nil
}

func watchHeap(ctx context.Context) (most uint64) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			var stats runtime.MemStats
			runtime.ReadMemStats(&stats)
			most = max(most, stats.HeapAlloc)
		case <-ctx.Done():
			return most
		}
	}
}
