package almanac_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/almanac"
)

func brief(r almanac.Read) string {
	var out []string
	for _, e := range r.Entries {
		out = append(out, fmt.Sprintf("%s %s %s..%s", e.Kind, e.Name, e.From, e.To))
	}
	for _, e := range r.Left {
		out = append(out, e.Error())
	}
	return strings.Join(out, "\n")
}

func TestParse(t *testing.T) {
	event := func(lines ...string) string {
		return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\n" +
			strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	}
	for _, c := range []struct{ name, text, want string }{
		{"a holiday of days in a row", `{"days": [{"name": "五一", "date": "2026-05-02", "isOffDay": true},
			{"name": "五一", "date": "2026-05-01", "isOffDay": true}, {"name": "五一", "date": "2026-05-09", "isOffDay": false}]}`,
			"day_off 五一 2026-05-01..2026-05-02\nworkday 五一 2026-05-09..2026-05-09"},
		{"a day that is none", `{"days": [{"name": "x", "date": "2026-02-30", "isOffDay": true}]}`,
			`days[0]: "2026-02-30" is no day; write it as YYYY-MM-DD`},
		{"iCalendar", event("SUMMARY:Easter", "DTSTART;VALUE=DATE:20260403", "DTEND;VALUE=DATE:20260407"),
			"day_off Easter 2026-04-03..2026-04-06"},
		{"a day without an end", event("SUMMARY:上班(补春节假期)", "DTSTART;VALUE=DATE:20260214"),
			"workday 上班(补春节假期) 2026-02-14..2026-02-14"},
		{"an hour", event("SUMMARY:Meeting", "DTSTART:20260403T090000Z"), "Meeting: it is not of whole days"},
		{"ends before it begins", event("SUMMARY:X", "DTSTART;VALUE=DATE:20260403", "DTEND;VALUE=DATE:20260403"),
			"X: it ends before it begins"},
		{"repeated", event("SUMMARY:Y", "DTSTART;VALUE=DATE:20260403", "RRULE:FREQ=YEARLY"),
			"Y: it is repeated (RRULE): enter its days by hand"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := almanac.Parse([]byte(c.text))
			if err != nil || brief(r) != c.want {
				t.Errorf("got %q, %v, want %q", brief(r), err, c.want)
			}
		})
	}
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "it is empty"},
		{"a letter", "Dear parents", "no iCalendar file"},
		{"cut off", "BEGIN:VCALENDAR\r\nDTSTART;VALUE=", "a line ends too early"},
		{"no day", `{"days": []}`, "holds no day"},
		{"a long line", "BEGIN:" + strings.Repeat("x", 5000), "line 1 has 5006 bytes"},
		{"too large", strings.Repeat("x\n", almanac.MaxBytes), "at most 1048576 are read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := almanac.Parse([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// TestPublishedHolidays: both published forms of a year say the same of each day of it.
func TestPublishedHolidays(t *testing.T) {
	shared := os.Getenv("GATEHOUSE_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	dir := filepath.Join(shared, "fixtures", "china-holidays-tiaoxiu")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the published lists are not here (set GATEHOUSE_SHARED): %v", err)
	}
	for year := 2024; year <= 2026; year++ {
		var as [2]map[string]g.CalendarKind
		for i, ext := range []string{"json", "ics"} {
			b, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("%d.%s", year, ext)))
			if err != nil {
				t.Fatal(err)
			}
			r, err := almanac.Parse(b)
			if err != nil || len(r.Left) > 0 {
				t.Fatalf("%d.%s: %v, left out %v", year, ext, err, r.Left)
			}
			as[i] = days(t, r.Entries)
		}
		if !maps.Equal(as[0], as[1]) {
			t.Errorf("%d: the list says %v, the calendar %v", year, as[0], as[1])
		}
		worked := 0
		for _, kind := range as[0] {
			if kind == g.CalendarWorkday {
				worked++
			}
		}
		if worked < 4 || worked > 9 {
			t.Errorf("%d: %d days of weekends are worked", year, worked)
		}
	}
}

// days is what each day of the entries is.
func days(t *testing.T, entries []g.CalendarEntry) map[string]g.CalendarKind {
	out := map[string]g.CalendarKind{}
	for _, e := range entries {
		from, err := g.ParseDate(e.From)
		if err != nil {
			t.Fatal(err)
		}
		for d := from; d.String() <= e.To; d = d.Add(1) {
			out[d.String()] = e.Kind
		}
	}
	return out
}

// TestWriteIsRead: what is written is read again as the same days.
func TestWriteIsRead(t *testing.T) {
	var b bytes.Buffer
	entries := []g.CalendarEntry{
		{
			ID:   "cal_1",
			Kind: g.CalendarDayOff,
			Name: "Autumn, fog; rain",
			From: "2026-10-01",
			To:   "2026-10-08",
		},
	}
	if err := almanac.Write(&b, entries, time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	r, err := almanac.Parse(b.Bytes())
	if want := "day_off Autumn, fog; rain 2026-10-01..2026-10-08"; err != nil || brief(r) != want {
		t.Errorf("got %q, %v, want %q", brief(r), err, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"days": [{"name": "x", "date": "2026-05-01", "isOffDay": true}]}`))
	f.Add([]byte("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:x\r\nDTSTART;VALUE=DATE:20260403\r\n" +
		"END:VEVENT\r\nEND:VCALENDAR"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := almanac.Parse(b)
		for _, e := range r.Entries {
			if _, err := g.ParseDate(e.From); err != nil {
				t.Errorf("%q: %v", e.From, err)
			}
		}
		if err != nil && len(r.Entries) > 0 {
			t.Errorf("entries beside %v", err)
		}
	})
}
