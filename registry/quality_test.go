package registry_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/history"
)

// weigh judges late rows worth a look and gaps bad: the registry stores any judgement.
func weigh(q g.Quality) (kinds, weight int64) {
	if q.GapSeconds > 0 {
		kinds, weight = kinds|1<<1, weight+100
	}
	if q.Late > 0 {
		kinds, weight = kinds|1<<3, weight+1
	}
	return kinds, weight
}

func clockAt(ms ...int64) (c g.ClockOffsets) {
	for _, x := range ms {
		c.Note(x)
	}
	return c
}

func TestQualityIsKeptOnce(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		first := history.QualityTurn{
			Turn:  1,
			Seq:   10,
			Judge: weigh, State: map[int][]byte{3: []byte("three"), 1: {0, 255}},
			Rows: []g.Quality{
				{
					School:       "a",
					Device:       "dev-a",
					Day:          "2026-09-01",
					Observations: 5,
					Late:         1,
					Clock:        clockAt(-500, 70_000),
				},
			},
		}
		for range 3 { // the response to the first was lost, and it is tried again
			ok(t, d.sys.History.ApplyQuality(ctx, first))
		}
		ok(t, d.sys.History.ApplyQuality(ctx, history.QualityTurn{
			Turn:  2,
			Seq:   20,
			Judge: weigh, State: map[int][]byte{3: []byte("four")},
			Rows: []g.Quality{
				{
					School:       "a",
					Device:       "dev-a",
					Day:          "2026-09-01",
					Observations: 1,
					Gaps:         1,
					GapSeconds:   90,
					Clock:        clockAt(-900),
				},
			},
		}))
		ok(t, d.sys.History.ApplyQuality(ctx, first)) // an old turn changes nothing
		turn, seq, state, err := d.sys.History.QualityState(ctx)
		ok(t, err)
		if diff := cmp.Diff([]any{uint64(2), uint64(20), [][]byte{{0, 255}, []byte("four")}},
			[]any{turn, seq, state}); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		rows, _, err := d.as(d.a, g.RoleFacility).History.Quality(ctx, history.QualityFilter{})
		ok(t, err)
		want := history.QualityRow{
			Name:  "Sensor a",
			Level: g.QualityBad,
			Quality: g.Quality{
				School:       "a",
				Device:       "dev-a",
				Day:          "2026-09-01",
				Observations: 6,
				Late:         1,
				Gaps:         1,
				GapSeconds:   90,
				Clock:        clockAt(-500, 70_000, -900),
			},
		}
		if diff := cmp.Diff([]history.QualityRow{want}, rows); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		ok(t, d.sys.History.ApplyQuality(ctx, history.QualityTurn{
			Turn: 3,
			Seq:  21, Judge: weigh, // in the end the gap was shorter than a minute
			Rows: []g.Quality{
				{School: "a", Device: "dev-a", Day: "2026-09-01", Gaps: -1, GapSeconds: -90},
			},
		}))
		rows, _, err = d.sys.History.Quality(ctx, history.QualityFilter{})
		ok(t, err)
		if len(rows) != 1 || rows[0].Gaps != 0 || rows[0].GapSeconds != 0 ||
			rows[0].Level != g.QualityLook {
			t.Errorf("got %+v, want no gap and worth a look", rows)
		}
	})
}

// report adds 150 devices of school a and one of b to the report of two days.
func report(t *testing.T, d *district) {
	t.Helper()
	turn := history.QualityTurn{Turn: 1, Seq: 1, Judge: weigh}
	for i := range 150 {
		turn.Rows = append(turn.Rows,
			g.Quality{
				School:       "a",
				Device:       g.DeviceID(fmt.Sprintf("d-%03d", i)),
				Day:          "2026-09-01",
				Observations: 10,
				GapSeconds:   int64(i % 3 * 60),
				Gaps:         int64(i % 3),
				Late:         int64(i % 2),
			})
	}
	turn.Rows = append(turn.Rows,
		g.Quality{School: "a", Device: "dev-a", Day: "2026-09-02", Observations: 1, Late: 1},
		// moved to school a since
		g.Quality{School: "b", Device: "dev-a", Day: "2026-09-02", Observations: 7})
	ok(t, d.sys.History.ApplyQuality(t.Context(), turn))
}

func TestQualityIsListedWorstFirst(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		report(t, d)
		v := d.as(d.dist, g.RoleDistrict)
		days, err := v.History.QualityDays(ctx,
			history.QualityFilter{From: "2026-09-01", To: "2026-09-02"})
		ok(t, err)
		want := []history.QualityDay{
			{
				School:       "a",
				Day:          "2026-09-01",
				Devices:      150,
				Bad:          100,
				Look:         25,
				Kinds:        map[g.QualityKind]int{g.QualityGaps: 100, g.QualityLate: 75},
				Observations: 1500,
				Late:         75,
				Gaps:         150,
				GapSeconds:   9000,
			},
			{
				School:       "a",
				Day:          "2026-09-02",
				Devices:      1,
				Look:         1,
				Kinds:        map[g.QualityKind]int{g.QualityLate: 1},
				Observations: 1,
				Late:         1,
			},
			{
				School:       "b",
				Day:          "2026-09-02",
				Devices:      1,
				Kinds:        map[g.QualityKind]int{},
				Observations: 7,
			},
		}
		if diff := cmp.Diff(want, days); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		seen, last := map[string]bool{}, int64(1<<40)
		f := history.QualityFilter{Page: registry.Page{Limit: 7}}
		for {
			rows, next, err := v.History.Quality(ctx, f)
			ok(t, err)
			for _, r := range rows {
				_, weight := weigh(r.Quality)
				if rank := weight*10_000 + r.GapSeconds; rank > last {
					t.Fatalf("%+v comes after something better", r)
				} else {
					last = rank
				}
				key := string(r.School) + r.Day + string(r.Device)
				if seen[key] {
					t.Fatalf("%s comes twice", key)
				}
				seen[key] = true
				if r.School == "b" && r.Name != "" {
					t.Errorf("got the name %q of a device that is another school's now, want none",
						r.Name)
				}
			}
			if next == "" {
				break
			}
			f.Cursor = next
		}
		if len(seen) != 152 {
			t.Errorf("got %d rows, want 152", len(seen))
		}
		for _, x := range []struct {
			f    history.QualityFilter
			want int
		}{
			{history.QualityFilter{Level: g.QualityBad}, 100},
			{history.QualityFilter{Level: g.QualityLook}, 126},
			{history.QualityFilter{Level: g.QualityGood}, 152},
			{history.QualityFilter{Kind: g.QualityLate}, 76},
			{history.QualityFilter{Kind: g.QualityClock}, 0},
			{history.QualityFilter{School: "b"}, 1},
			{history.QualityFilter{Device: "dev-a"}, 2},
			{history.QualityFilter{From: "2026-09-02"}, 2},
			{history.QualityFilter{To: "2026-09-01"}, 150},
		} {
			x.f.Limit = 1000
			rows, _, err := v.History.Quality(ctx, x.f)
			ok(t, err)
			if len(rows) != x.want {
				t.Errorf("%+v: got %d rows, want %d", x.f, len(rows), x.want)
			}
		}
		for _, f := range []history.QualityFilter{
			{From: "tomorrow"},
			{Level: "awful"},
			{Kind: "smell"},
			{Page: registry.Page{Cursor: "x"}},
		} {
			_, _, err := v.History.Quality(ctx, f)
			wantCode(t, err, g.Invalid)
		}
	})
}

func TestQualityIsTrimmed(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		report(t, d)
		for _, x := range []struct {
			before string
			want   int
			// September 1st is over in every time zone at noon UTC of the next day
		}{{"2026-09-02T11:59:00Z", 151}, {"2026-09-02T12:01:00Z", 1}, {"2026-09-04T12:00:00Z", 0}} {
			at, err := time.Parse(time.RFC3339, x.before)
			ok(t, err)
			must[history.Trimmed](t)(d.sys.History.Trim(ctx, "a", at))
			rows, _, err := d.sys.History.Quality(ctx,
				history.QualityFilter{School: "a", Page: registry.Page{Limit: 1000}})
			ok(t, err)
			if len(rows) != x.want {
				t.Errorf("before %s: got %d rows, want %d", x.before, len(rows), x.want)
			}
		}
		rows, _, err := d.sys.History.Quality(ctx, history.QualityFilter{School: "b"})
		ok(t, err)
		if len(rows) != 1 {
			t.Errorf("got %d rows of b, want 1", len(rows))
		}
	})
}

func TestSightingSeqsAreTheFirst(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		again := sighting(20, d, "a", "", c.now())
		again.Sighting.ID = "sgt_10"
		ok(t, d.sys.History.Apply(ctx, []g.Event{sighting(10, d, "a", "", c.now()), again}))
		got := must[map[g.SightingID]uint64](t)(d.sys.History.SightingSeqs(ctx,
			[]g.SightingID{"sgt_10", "sgt_20"}))
		if diff := cmp.Diff(map[g.SightingID]uint64{"sgt_10": 10}, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}
