package rota_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/rota"
)

func berlin(t *testing.T) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func plan(t *testing.T, r g.Rota) *rota.Plan {
	t.Helper()
	p, err := rota.New(r, berlin(t))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A week's turn is handed over on Monday at eight by the school's clock, before and after the clock
// is put forward.
func TestHandOver(t *testing.T) {
	p := plan(t, g.Rota{Lines: []g.RotaLine{{
		Start: "08:00",
		End:   "08:00",
		First: "2026-03-23",
		Each:  g.TurnWeek,
		Turns: [][]g.UserID{{"lin"}, {"wang", "zhou"}},
	}}})
	at := func(day, hour, minute int) time.Time {
		return time.Date(2026, 3, day, hour, minute, 0, 0, berlin(t))
	}
	for _, c := range []struct {
		at   time.Time
		want []g.UserID
	}{
		{at(23, 7, 59), nil},
		{at(23, 8, 0), []g.UserID{"lin"}},
		{at(29, 3, 0), []g.UserID{"lin"}},
		{at(30, 7, 59), []g.UserID{"lin"}},
		{at(30, 8, 0), []g.UserID{"wang", "zhou"}},
		{at(37, 8, 0), []g.UserID{"lin"}},
	} {
		if got := p.On(c.at, nil); !slices.Equal(got, c.want) {
			t.Errorf("at %s: got %v, want %v", c.at, got, c.want)
		}
	}
}

// Who takes turns by shift gets one in order, also where weekends and holidays lie between.
func TestTurnsByShiftSkipDaysOff(t *testing.T) {
	p := plan(t, g.Rota{
		Lines: []g.RotaLine{{
			Days:     []g.Weekday{"mon", "tue", "wed", "thu", "fri"},
			Start:    "07:00",
			End:      "19:00",
			First:    "2026-09-28",
			Each:     g.TurnShift,
			Turns:    [][]g.UserID{{"a"}, {"b"}, {"c"}, {"d"}, {"e"}, {"f"}, {"g"}},
			Holidays: g.HolidayOff,
		}},
		Holidays: []g.Holiday{{Name: "National Day", From: "2026-10-01", To: "2026-10-07"}},
	})
	var got []g.UserID
	for d := range 14 {
		noon := time.Date(2026, 9, 28+d, 12, 0, 0, 0, berlin(t))
		got = append(got, append(p.On(noon, nil), "-")[0])
	}
	want := []g.UserID{"a", "b", "c", "-", "-", "-", "-", "-", "-", "-", "d", "e", "-", "-"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Somebody stands in for somebody who is on duty, and for nobody else; an addition is one always.
func TestOverrides(t *testing.T) {
	p := plan(t, g.Rota{Lines: []g.RotaLine{{
		Start: "08:00",
		End:   "20:00",
		First: "2026-09-01",
		Each:  g.TurnDay,
		Turns: [][]g.UserID{{"a"}, {"b"}},
	}}})
	at := func(hour int) time.Time { return time.Date(2026, 9, 1, hour, 0, 0, 0, berlin(t)) }
	swap := g.Override{From: at(0), To: at(24), For: "a", Who: "c"}
	other := g.Override{From: at(0), To: at(24), For: "b", Who: "d"}
	more := g.Override{From: at(10), To: at(12), Who: "e"}
	gone := g.Override{From: at(14), To: at(15), For: "c"}
	all := []g.Override{swap, other, more, gone}
	for _, c := range []struct {
		hour int
		want []g.UserID
	}{
		{7, nil}, {9, []g.UserID{"c"}}, {10, []g.UserID{"c", "e"}}, {12, []g.UserID{"c"}},
		{14, nil}, {15, []g.UserID{"c"}}, {20, nil},
	} {
		if got := p.On(at(c.hour), all); !slices.Equal(got, c.want) {
			t.Errorf("at %d h: got %v, want %v", c.hour, got, c.want)
		}
	}
	holes := rota.Holes(p.Spans(at(8), at(20), all), func(u g.UserID) bool { return u != "e" })
	if len(holes) != 1 || !holes[0].From.Equal(at(14)) || !holes[0].To.Equal(at(15)) {
		t.Errorf("got the holes %v, want the hour in which c is away", holes)
	}
	holes = rota.Holes(p.Spans(at(8), at(20), all), func(u g.UserID) bool { return u == "e" })
	if len(holes) != 2 || !holes[0].To.Equal(at(10)) || !holes[1].From.Equal(at(12)) {
		t.Errorf("got the holes %v, want all but the hours of e", holes)
	}
}

func TestRefusedRotasNameTheField(t *testing.T) {
	good := g.RotaLine{
		Start: "08:00",
		End:   "20:00",
		First: "2026-09-01",
		Each:  g.TurnWeek,
		Turns: [][]g.UserID{{"a"}},
	}
	for field, change := range map[string]func(l *g.RotaLine){
		"lines[0].start":    func(l *g.RotaLine) { l.Start = "8" },
		"lines[0].end":      func(l *g.RotaLine) { l.End = "24:00" },
		"lines[0].first":    func(l *g.RotaLine) { l.First = "1.9.2026" },
		"lines[0].last":     func(l *g.RotaLine) { l.Last = "2026-08-31" },
		"lines[0].days[0]":  func(l *g.RotaLine) { l.Days = []g.Weekday{"Monday"} },
		"lines[0].each":     func(l *g.RotaLine) { l.Each = "month" },
		"lines[0].every":    func(l *g.RotaLine) { l.Every = 53 },
		"lines[0].holidays": func(l *g.RotaLine) { l.Holidays = "no" },
		"lines[0].turns":    func(l *g.RotaLine) { l.Turns = nil },
		"lines[0].turns[1]": func(l *g.RotaLine) { l.Turns = [][]g.UserID{{"a"}, {"b", "b"}} },
	} {
		l := good
		change(&l)
		_, err := rota.New(g.Rota{Lines: []g.RotaLine{l}}, time.UTC)
		var refused *g.Error
		if !errors.As(err, &refused) || refused.Field != field {
			t.Errorf("got %v, want an error of the field %q", err, field)
		}
	}
}
