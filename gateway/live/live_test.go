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

func publish(j *journal.Journal, from, to int) error {
	done := make(chan error, to-from)
	for i := from; i < to; i++ {
		kind := g.StateOnline
		if i%2 == 1 {
			kind = g.StateFault
		}
		b, err := g.AppendEvent(nil, &g.Event{Kind: g.EventStatus, Device: g.DeviceID(fmt.Sprint("dev_", i%7)), Status: &g.Status{State: kind, Reason: fmt.Sprint(i)}})
		if err != nil {
			return err
		}
		if err := j.Append(fmt.Sprint(i%7), b, func(_ uint64, err error) { done <- err }); err != nil {
			return err
		}
	}
	for range to - from {
		if err := <-done; err != nil {
			return err
		}
	}
	return nil
}

// TestNoGapAndNoRepeat has watchers begin before the hub's memory, within it, and at its
// end, while events arrive, and each must see every fault (those of even sequence) exactly
// once and in order.
func TestNoGapAndNoRepeat(t *testing.T) {
	j, err := journal.Open(t.TempDir(), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if err := publish(j, 0, 1000); err != nil { // before the hub: only in the journal
		t.Fatal(err)
	}
	h := live.New(j, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	run := make(chan error, 1)
	go func() { run <- h.Run(ctx) }()
	if err := publish(j, 1000, 2000); err != nil {
		t.Fatal(err)
	}

	const total = 12000 // more than the hub keeps in memory
	faults := func(e *g.Event) bool { return e.Status.State == g.StateFault }
	watch := map[uint64]<-chan g.Event{}
	for _, after := range []uint64{0, 999, 1500, 2000} {
		watch[after] = h.Subscribe(ctx, after, faults)
	}
	published := make(chan error, 1)
	go func() { published <- publish(j, 2000, total) }()
	for after, ch := range watch {
		last, n := after, 0
		for want := total/2 - int(after/2); n < want; n++ {
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
	if err := <-published; err != nil {
		t.Fatal(err)
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
