package live_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/gatehouse-iot/gatehouse/gateway/live"
)

func append_(t *testing.T, j *journal.Journal, from, to int) {
	t.Helper()
	done := make(chan error, to-from)
	for i := from; i < to; i++ {
		kind := g.StateOnline
		if i%2 == 1 {
			kind = g.StateFault
		}
		b, err := g.AppendEvent(nil, &g.Event{Kind: g.EventStatus, Device: g.DeviceID(fmt.Sprint("dev_", i%7)), Status: &g.Status{State: kind, Reason: fmt.Sprint(i)}})
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Append(fmt.Sprint(i%7), b, func(_ uint64, err error) { done <- err }); err != nil {
			t.Fatal(err)
		}
	}
	for range to - from {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}

// TestNoGapAndNoRepeat has watchers begin before the hub's memory, within it, and at its
// end, while events arrive, and each must see every fault exactly once and in order.
func TestNoGapAndNoRepeat(t *testing.T) {
	j, err := journal.Open(t.TempDir(), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	append_(t, j, 0, 1000) // before the hub: only in the journal
	h := live.New(j, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	run := make(chan error, 1)
	go func() { run <- h.Run(ctx) }()
	append_(t, j, 1000, 2000)

	const total = 12000 // more than the hub keeps in memory
	faults := func(e *g.Event) bool { return e.Status.State == g.StateFault }
	watch := map[uint64]<-chan g.Event{}
	for _, after := range []uint64{0, 999, 1500, 2000} {
		watch[after] = h.Subscribe(ctx, after, faults)
	}
	go append_(t, j, 2000, total)
	for after, ch := range watch {
		last, n := after, 0
		for want := total/2 - int(after+1)/2; n < want; n++ {
			e, ok := <-ch
			if !ok {
				t.Fatalf("after %d: the stream ended at %d", after, last)
			}
			if e.Seq <= last || e.Status.State != g.StateFault {
				t.Fatalf("after %d: got seq %d (%s) behind %d", after, e.Seq, e.Status.State, last)
			}
			last = e.Seq
		}
		if last > total {
			t.Errorf("after %d: ended at %d, want at most %d", after, last, total)
		}
	}
	events, upTo, err := h.After(ctx, total-3, 100)
	if err != nil || len(events) != 3 || upTo != total {
		t.Errorf("got %d events up to %d, %v; want the last 3 up to %d", len(events), upTo, err, total)
	}
	cancel()
	if err := <-run; err != nil {
		t.Errorf("Run returned %v on cancel, want nil", err)
	}
	for after, ch := range watch {
		for range ch {
			t.Errorf("after %d: one event too many", after)
		}
	}
}
