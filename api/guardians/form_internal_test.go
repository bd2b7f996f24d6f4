package guardians

import (
	"net/url"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Whatever a form holds, it is refused with its field, or is a time by the school's clock.
func FuzzForm(f *testing.F) {
	f.Add("from=2026-09-30&to=2026-10-01&kind=sick&reason=fever")
	f.Add("from=2026/9/6&from_time=00:00&to=2026.9.6&to_time=24:00") // Santiago has no such midnight
	f.Add("from=0000-00-00&to=%FF&from_time=9：00")
	f.Add("from=&to=&note=%0D%0A%00")
	zone, err := time.LoadLocation("America/Santiago")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, form string) {
		v, err := url.ParseQuery(form)
		if err != nil {
			return
		}
		l, err := formOf(v, zone)
		if err != nil {
			if g.ErrorCode(err) != g.Invalid {
				t.Errorf("got %v for %q, want its field named", err, form)
			}
			return
		}
		if l.From.Location() != zone || l.To.Location() != zone {
			t.Errorf("got %s to %s for %q, want the school's clock", l.From, l.To, form)
		}
	})
}

// A day without times is the whole of it, also where the clocks change.
func TestFormDays(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	for form, want := range map[string]string{
		"from=2026-09-30&to=2026-09-30":                             "2026-09-30",
		"from=2026-09-30&to=2026-10-02":                             "2026-09-30 – 2026-10-02",
		"from=2026/9/30&from_time=09:00&to=2026.9.30&to_time=11：30": "2026-09-30 09:00 – 11:30",
		"from=2026-09-30&from_time=14:00&to=2026-10-01":             "2026-09-30 14:00 – 2026-10-02 00:00",
	} {
		v, err := url.ParseQuery(form)
		if err != nil {
			t.Fatal(err)
		}
		l, err := formOf(v, zone)
		if got := span(l.From, l.To, zone); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", form, got, err, want)
		}
	}
}
