package rota_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/rota"
)

// zones have half hours, clocks put forward at midnight and by half an hour, and a day that was
// left out.
var zones = []string{
	"Asia/Shanghai", "Europe/Berlin", "America/New_York", "America/Sao_Paulo",
	"Australia/Lord_Howe", "Asia/Beirut", "Pacific/Apia", "UTC",
}

// from is near a change of the clock in some of the zones.
func from(t *rapid.T) time.Time {
	near := rapid.SampledFrom([]time.Time{
		time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 10, 24, 0, 0, 0, 0, time.UTC),
		time.Date(2018, 11, 3, 0, 0, 0, 0, time.UTC),
		time.Date(2018, 2, 17, 0, 0, 0, 0, time.UTC),
		time.Date(2011, 12, 29, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 2, 27, 0, 0, 0, 0, time.UTC),
	}).Draw(t, "near")
	return near.Add(time.Duration(rapid.IntRange(-1440, 1440).Draw(t, "minute")) * time.Minute)
}

func anyTurns(t *rapid.T) [][]g.UserID {
	one := rapid.SliceOfNDistinct(rapid.SampledFrom([]g.UserID{"a", "b", "c", "d"}), 0, 2,
		func(u g.UserID) g.UserID { return u })
	return rapid.SliceOfN(one, 1, 4).Draw(t, "turns")
}

func anyLine(t *rapid.T, near g.Date) g.RotaLine {
	time := rapid.Custom(func(t *rapid.T) string {
		return fmt.Sprintf("%02d:%02d", rapid.IntRange(0, 23).Draw(t, "h"),
			15*rapid.IntRange(0, 3).Draw(t, "q"))
	})
	l := g.RotaLine{
		Start:    time.Draw(t, "start"),
		End:      time.Draw(t, "end"),
		First:    near.Add(-rapid.IntRange(-2, 40).Draw(t, "before")).String(),
		Each:     rapid.SampledFrom(g.TurnUnits()).Draw(t, "each"),
		Every:    rapid.IntRange(0, 3).Draw(t, "every"),
		Turns:    anyTurns(t),
		Holidays: rapid.SampledFrom(g.HolidayShifts()).Draw(t, "holidays"),
		Days: rapid.SliceOfNDistinct(rapid.SampledFrom(g.Weekdays()), 0, 7,
			func(d g.Weekday) g.Weekday { return d }).Draw(t, "days"),
	}
	if rapid.Bool().Draw(t, "ends") {
		l.Last = near.Add(rapid.IntRange(-1, 3).Draw(t, "last")).String()
		if l.Last < l.First {
			l.Last = l.First
		}
	}
	return l
}

func anyRota(t *rapid.T, at time.Time) g.Rota {
	near, r := g.DateOf(at), g.Rota{}
	for range rapid.IntRange(1, 3).Draw(t, "lines") {
		r.Lines = append(r.Lines, anyLine(t, near))
	}
	for range rapid.IntRange(0, 3).Draw(t, "holidays") {
		first := near.Add(rapid.IntRange(-40, 3).Draw(t, "holiday"))
		r.Holidays = append(r.Holidays, g.Holiday{
			From: first.String(),
			To:   first.Add(rapid.IntRange(0, 9).Draw(t, "long")).String(),
		})
	}
	return r
}

func anyOverrides(t *rapid.T, at time.Time) (out []g.Override) {
	who := rapid.SampledFrom([]g.UserID{"", "a", "b", "c", "e"})
	for range rapid.IntRange(0, 4).Draw(t, "overrides") {
		from := at.Add(time.Duration(rapid.IntRange(-600, 4000).Draw(t, "from")) * time.Minute)
		out = append(out, g.Override{
			From: from,
			To:   from.Add(time.Duration(rapid.IntRange(1, 2000).Draw(t, "for")) * time.Minute),
			For:  who.Draw(t, "instead of"),
			Who:  who.Draw(t, "who"),
		})
	}
	return out
}

// slow says who is on duty by looking at every shift of every line since its first day, one by one.
func slow(t *rapid.T, r g.Rota, loc *time.Location, at time.Time, over []g.Override) []g.UserID {
	on := map[g.UserID]bool{}
	day := func(s string) g.Date {
		d, err := g.ParseDate(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	free := func(d g.Date) bool {
		return slices.ContainsFunc(r.Holidays, func(h g.Holiday) bool {
			return h.From <= d.String() && d.String() <= h.To
		})
	}
	since := func(hhmm string) time.Duration {
		var h, m int
		fmt.Sscanf(hhmm, "%d:%d", &h, &m)
		return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
	}
	for _, l := range r.Lines {
		shifts := 0
		for d := day(l.First); d.String() <= g.DateOf(at.In(loc)).Add(2).String(); d = d.Add(1) {
			name := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Format("Mon")
			named := len(l.Days) == 0 || slices.ContainsFunc(l.Days, func(w g.Weekday) bool {
				return string(w) == map[string]string{
					"Mon": "mon", "Tue": "tue", "Wed": "wed", "Thu": "thu", "Fri": "fri",
					"Sat": "sat", "Sun": "sun",
				}[name]
			})
			if !named || l.Last != "" && d.String() > l.Last ||
				l.Holidays == g.HolidayOff && free(d) || l.Holidays == g.HolidayOnly && !free(d) {
				continue
			}
			n := map[g.TurnUnit]int{
				g.TurnWeek:  day(l.First).Until(d) / 7,
				g.TurnDay:   day(l.First).Until(d),
				g.TurnShift: shifts,
			}[l.Each]
			shifts++
			ends := d
			if since(l.End) <= since(l.Start) {
				ends = d.Add(1)
			}
			if !at.Before(d.Reach(since(l.Start), loc)) && at.Before(ends.Reach(since(l.End), loc)) {
				for _, u := range l.Turns[n/max(l.Every, 1)%len(l.Turns)] {
					on[u] = true
				}
			}
		}
	}
	for _, o := range over {
		if at.Before(o.From) || !at.Before(o.To) {
			continue
		}
		stood := o.For == "" || on[o.For]
		delete(on, o.For)
		if stood && o.Who != "" {
			on[o.Who] = true
		}
	}
	out := []g.UserID{}
	for u := range on {
		out = append(out, u)
	}
	slices.Sort(out)
	return out
}

// Who is on duty is what a slow model says, minute by minute, over changes of the clock; and the
// spans cover a time without a gap and say the same.
func TestDutyIsThatOfTheSlowModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		loc, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		begin := from(t)
		r, over := anyRota(t, begin), anyOverrides(t, begin)
		plan, err := rota.New(r, loc)
		if err != nil {
			t.Fatal(err)
		}
		end := begin.Add(50 * time.Hour)
		spans := plan.Spans(begin, end, over)
		at := 0
		for m := begin; m.Before(end); m = m.Add(15 * time.Minute) {
			want := slow(t, r, loc, m, over)
			if got := plan.On(m, over); !slices.Equal(got, want) {
				t.Fatalf("at %s: got %v, want %v", m.In(loc), got, want)
			}
			for !m.Before(spans[at].To) {
				at++
			}
			if !slices.Equal(spans[at].People, want) || m.Before(spans[at].From) {
				t.Fatalf("at %s: got the span %v, want %v", m.In(loc), spans[at], want)
			}
		}
		for i, s := range spans {
			if i == 0 && !s.From.Equal(begin) || i > 0 && !s.From.Equal(spans[i-1].To) ||
				!s.From.Before(s.To) {
				t.Fatalf("span %d of %v does not follow the one before", i, spans)
			}
		}
		if !spans[len(spans)-1].To.Equal(end) {
			t.Fatalf("got the end %s, want %s", spans[len(spans)-1].To, end)
		}
	})
}

// A line around the clock has no hole, whatever the clock does.
func TestAroundTheClockHasNoHole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		loc, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		begin := from(t)
		l := anyLine(t, g.DateOf(begin).Add(-10))
		l.First, l.Last = g.DateOf(begin).Add(-10).String(), ""
		l.End, l.Days, l.Holidays = l.Start, nil, g.HolidayOn
		l.Turns = [][]g.UserID{{"a"}, {"b"}}
		plan, err := rota.New(g.Rota{Lines: []g.RotaLine{l}}, loc)
		if err != nil {
			t.Fatal(err)
		}
		spans := plan.Spans(begin, begin.Add(14*24*time.Hour), nil)
		holes := rota.Holes(spans, func(g.UserID) bool { return true })
		if len(holes) > 0 {
			t.Fatalf("got the holes %v, want none", holes)
		}
	})
}

// No text makes a rota panic, and one that is taken can be asked.
func FuzzRota(f *testing.F) {
	f.Add("08:00", "20:00", "2026-09-01", "", "week", "mon", "2026-10-01", "2026-10-07", 1)
	f.Add("24:00", "8:00", "2026-02-30", "0000-00-00", "month", "", "", "9999-12-31", -1)
	f.Fuzz(func(t *testing.T, start, end, first, last, each, day, from, to string, every int) {
		plan, err := rota.New(g.Rota{
			Lines: []g.RotaLine{{
				Start: start,
				End:   end,
				First: first,
				Last:  last,
				Each:  g.TurnUnit(each),
				Every: every,
				Days:  []g.Weekday{g.Weekday(day)},
				Turns: [][]g.UserID{{"a"}, {}},
			}},
			Holidays: []g.Holiday{{From: from, To: to}},
		}, time.UTC)
		if err != nil {
			if g.ErrorCode(err) != g.Invalid {
				t.Errorf("got %v, want an error that says what is invalid", err)
			}
			return
		}
		at := time.Date(2026, 10, 3, 9, 0, 0, 0, time.UTC)
		if spans := plan.Spans(at, at.Add(time.Hour), nil); len(spans) == 0 {
			t.Error("got no span of an hour, want one")
		}
		plan.On(at, nil)
	})
}
