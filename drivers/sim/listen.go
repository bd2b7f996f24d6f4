package sim

import (
	"context"
	"net"
	"sync"
)

// serveConns accepts connections until ctx ends, serves each in a goroutine of its own, and
// returns once ln and all of them are closed. Beyond limit, connections are closed at once.
func serveConns(ctx context.Context, ln net.Listener, limit int, serve func(net.Conn)) {
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		open = map[net.Conn]struct{}{}
	)
	stop := context.AfterFunc(ctx, func() {
		ln.Close()
		mu.Lock()
		defer mu.Unlock()
		for c := range open {
			c.Close()
		}
	})
	defer stop()
	defer wg.Wait()
	for {
		c, err := ln.Accept()
		if err != nil {
			ln.Close()
			return
		}
		mu.Lock()
		if len(open) >= limit || ctx.Err() != nil {
			mu.Unlock()
			c.Close()
			continue
		}
		open[c] = struct{}{}
		mu.Unlock()
		wg.Go(func() {
			serve(c)
			mu.Lock()
			delete(open, c)
			mu.Unlock()
			c.Close()
		})
	}
}
