package registry_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/history"
)

func occurrence(
	seq uint64, d *district, school g.SchoolID, at time.Time, o g.Occurrence,
) g.Event {
	return g.Event{
		Seq:        seq,
		Kind:       g.EventOccurrence,
		School:     school,
		Device:     d.device[school].ID,
		Zone:       d.gate[school].ID,
		Time:       at,
		Received:   at.Add(time.Second),
		Occurrence: &o,
	}
}

// walkOccurrences returns the sequences of a whole list, read two rows a page.
func walkOccurrences(t *testing.T, v *registry.View, f history.OccurrenceFilter) (seqs []uint64) {
	t.Helper()
	f.Limit = 2
	for {
		rows, next, err := v.History.Occurrences(t.Context(), f)
		ok(t, err)
		for _, row := range rows {
			seqs = append(seqs, row.Seq)
		}
		if next == "" {
			return seqs
		}
		f.Cursor = next
	}
}

// TestOccurrencesAreKept: stored once, however often they are reported, and found by device, zone,
// kind and time.
func TestOccurrencesAreKept(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		at := c.now()
		tamper := g.Occurrence{ID: "occ_t", Kind: g.OccurrenceTamper}
		forced := g.Occurrence{
			ID:   "occ_d",
			Kind: g.OccurrenceDoor,
			Data: map[string]g.Value{"what": g.StringValue("门\u0000"), "angle": g.NumberValue(7.5)},
		}
		sale := g.Occurrence{Kind: g.OccurrenceSale}
		later := occurrence(12, d, "a", at.Add(-time.Hour), sale)
		later.Replayed, later.Late = true, true
		events := []g.Event{
			occurrence(10, d, "a", at, tamper),
			occurrence(11, d, "a", at.Add(time.Minute), forced),
			later,
			occurrence(13, d, "a", at.Add(2*time.Minute), sale),
			occurrence(14, d, "a", at, tamper), // told again
			occurrence(15, d, "b", at, sale),
		}
		for range 2 {
			ok(t, d.sys.History.Apply(ctx, events))
		}
		v := d.as(d.a, g.RoleFacility)
		for _, x := range []struct {
			f    history.OccurrenceFilter
			want []uint64
		}{
			{history.OccurrenceFilter{}, []uint64{13, 11, 10, 12}},
			{history.OccurrenceFilter{Kind: g.OccurrenceSale}, []uint64{13, 12}},
			{history.OccurrenceFilter{Device: d.device["a"].ID}, []uint64{13, 11, 10, 12}},
			{history.OccurrenceFilter{Device: d.device["b"].ID}, nil},
			{history.OccurrenceFilter{Zone: d.gate["a"].ID, Kind: "tamper"}, []uint64{10}},
			{
				history.OccurrenceFilter{From: at, To: at.Add(2 * time.Minute)},
				[]uint64{11, 10},
			},
		} {
			if diff := cmp.Diff(walkOccurrences(t, v, x.f), x.want); diff != "" {
				t.Errorf("%+v: got, want:\n%s", x.f, diff)
			}
		}
		rows, _, err := v.History.Occurrences(ctx, history.OccurrenceFilter{Kind: g.OccurrenceDoor})
		ok(t, err)
		want := []history.OccurrenceRow{{
			Seq:      11,
			ID:       "occ_d",
			School:   "a",
			Device:   d.device["a"].ID,
			Name:     d.device["a"].Name,
			Profile:  d.device["a"].Profile,
			Zone:     d.gate["a"].ID,
			Kind:     g.OccurrenceDoor,
			Data:     forced.Data,
			Time:     at.Add(time.Minute),
			Received: at.Add(time.Minute + time.Second),
		}}
		if diff := cmp.Diff(rows, want, cmp.AllowUnexported(g.Value{})); diff != "" {
			t.Errorf("got, want:\n%s", diff)
		}
		old, _, err := v.History.Occurrences(ctx, history.OccurrenceFilter{To: at})
		ok(t, err)
		if len(old) != 1 || old[0].ID != "occ_12" || !old[0].Replayed || !old[0].Late {
			t.Errorf("got %+v, want one of history, with an id of its sequence", old)
		}
		_, _, err = v.History.Occurrences(ctx, history.OccurrenceFilter{School: "b"})
		wantCode(t, err, g.NotFound)
		ok(t, d.sys.Fleet.DeleteDevice(ctx, d.device["a"].ID))
		rows, _, err = v.History.Occurrences(ctx, history.OccurrenceFilter{Kind: g.OccurrenceDoor})
		ok(t, err)
		if len(rows) != 1 || rows[0].Name != "" || rows[0].Profile != "" {
			t.Errorf("got %+v, want it without the name of a device that is gone", rows)
		}
	})
}
