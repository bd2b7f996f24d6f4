package api_test

import (
	"slices"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// TestADayWithoutMidnight: in Chile the clock jumps from midnight to one on 6 September 2026,
// so that the day begins at 04:00 UTC and ends 23 hours later.
func TestADayWithoutMidnight(t *testing.T) {
	w := newWorld(t)
	school, err := w.system().Places.CreateSchool(t.Context(),
		g.School{Kind: g.KindSchool, Name: "Liceo", Timezone: "America/Santiago", Language: "en"})
	mustDo(t, err)
	for _, at := range []string{
		"2026-09-06T03:30:00Z",
		"2026-09-06T04:00:00Z",
		"2026-09-07T02:30:00Z",
		"2026-09-07T03:00:00Z",
	} {
		start, err := time.Parse(time.RFC3339, at)
		mustDo(t, err)
		_, err = w.system().Sessions.Put(t.Context(),
			g.Session{
				School:    school.ID,
				Kind:      g.SessionDorm,
				Name:      at,
				Start:     start,
				Due:       start.Add(10 * time.Minute),
				End:       start.Add(20 * time.Minute),
				ZoneKinds: []g.ZoneKind{g.ZoneDorm},
				Who:       []g.PersonKind{g.Student},
			})
		mustDo(t, err)
	}
	c := w.user(school, g.RoleTeacher)
	for day, want := range map[string][]string{
		"2026-09-05": {"2026-09-06T03:30:00Z"},
		"2026-09-06": {"2026-09-06T04:00:00Z", "2026-09-07T02:30:00Z"},
		"2026-09-07": {"2026-09-07T03:00:00Z"},
	} {
		var page struct{ Items []g.Session }
		c.do("GET", "/v1/sessions?date="+day, nil).want(200).into(&page)
		var got []string
		for _, s := range page.Items {
			got = append(got, s.Name)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", day, got, want)
		}
	}
	c.do("GET", "/v1/sessions?date=2026-02-30", nil).want(422)
}
