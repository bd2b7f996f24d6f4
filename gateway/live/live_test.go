package live_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/event"
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
		b, err := event.Append(nil,
			&g.Event{
				Kind:   g.EventStatus,
				Device: g.DeviceID(fmt.Sprint("dev_", i%7)),
				Status: &g.Status{State: kind, Reason: fmt.Sprint(i)},
			})
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
// end, while events arrive, and each must see every event exactly once and in order.
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
	published := make(chan error, 1)
	go func() { published <- publish(j, 2000, total) }()
	for _, after := range []uint64{0, 999, 1500, 2000} {
		for last := after; last < total; {
			if err := h.Wait(ctx, last); err != nil {
				t.Fatalf("after %d: waiting behind %d: %v", after, last, err)
			}
			events, err := h.After(ctx, last, 100)
			if err != nil || len(events) == 0 {
				t.Fatalf("after %d: got %d events behind %d, %v; want some", after, len(events),
					last, err)
			}
			for _, e := range events {
				if e.Seq != last+1 || e.Status == nil {
					t.Fatalf("after %d: got %+v behind %d", after, e, last)
				}
				last = e.Seq
			}
		}
	}
	if err := <-published; err != nil {
		t.Fatal(err)
	}
	if events, err := h.After(ctx, total, 100); err != nil || len(events) != 0 {
		t.Errorf("got %d events behind the last, %v; want none", len(events), err)
	}
	cancel()
	if err := <-run; err != nil {
		t.Errorf("Run returned %v on cancel, want nil", err)
	}
	if err := h.Wait(ctx, total); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait returned %v on cancel, want context.Canceled", err)
	}
}

// TestAKindOfANewerVersionIsPassedOver: the gateway's own readers do not see it, nor wait for it,
// and it holds up nothing behind it.
func TestAKindOfANewerVersionIsPassedOver(t *testing.T) {
	j, err := journal.Open(t.TempDir(), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	h := live.New(j, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	run := make(chan error, 1)
	go func() { run <- h.Run(ctx) }()
	// school, device, and a part in field 1000
	newer := []byte("\x0a\x03sch\x12\x03dev\xc2\x3e\x02\x08\x01")
	done := make(chan error, 1)
	if err := j.Append("dev", newer, func(_ uint64, err error) { done <- err }); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := publish(j, 0, 1); err != nil {
		t.Fatal(err)
	}
	if err := h.Wait(ctx, 1); err != nil {
		t.Fatal(err)
	}
	events, last, _, ok := h.Recent(0, 100)
	if !ok || last != 2 || len(events) != 1 || events[0].Seq != 2 {
		t.Errorf("got %+v up to %d, %t; want the second alone", events, last, ok)
	}
	all, err := h.After(ctx, 0, 100)
	if err != nil || len(all) != 2 || all[0].Kind != "" || all[0].Device != "dev" ||
		all[1].Kind != g.EventStatus {
		t.Errorf("got %+v, %v; want both, the first of no kind", all, err)
	}
	cancel()
	if err := <-run; err != nil {
		t.Error(err)
	}
}
