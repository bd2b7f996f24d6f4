package store

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
)

// TestTurnsOfPatientWriters: others go first, one patient writer among many of them, and who gives
// up takes no turn.
func TestTurnsOfPatientWriters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, ctx := &turns{}, t.Context()
		if err := q.take(ctx); err != nil {
			t.Fatal(err)
		}
		var order []string
		write := func(ctx context.Context, name string) {
			if q.take(ctx) == nil {
				order = append(order, name)
				q.give()
			}
		}
		leaves, leave := context.WithCancel(ctx)
		for _, name := range []string{"bulk 1", "bulk 2"} {
			go write(Patient(ctx), name)
			synctest.Wait()
		}
		go write(leaves, "gave up")
		synctest.Wait()
		leave()
		for range patientEvery + 1 {
			go write(ctx, "alarm")
			synctest.Wait()
		}
		q.give()
		synctest.Wait()
		want := slices.Repeat([]string{"alarm"}, patientEvery-1)
		want = append(want, "bulk 1", "alarm", "alarm", "bulk 2")
		if !slices.Equal(order, want) {
			t.Errorf("got %v, want %v", order, want)
		}
		if err := q.take(ctx); err != nil || !q.taken {
			t.Errorf("got %v, want a free turn", err)
		}
	})
}
