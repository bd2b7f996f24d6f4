package attend_test

import (
	"fmt"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules/attend"
)

// A school of 2,000 with four passages each.
func BenchmarkCompute(b *testing.B) {
	day := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	in := attend.Inputs{
		School: g.School{Timezone: "Asia/Shanghai"},
		Zones:  map[g.ZoneID]g.Zone{"gate": {Kind: g.ZoneGate}}, Now: day.Add(6 * time.Hour),
		Session: g.Session{
			Kind:  g.SessionArrival,
			Start: day.Add(-time.Hour),
			Due:   day,
			End:   day.Add(4 * time.Hour),
		},
	}
	var seen []attend.Sighting
	for i := range 2000 {
		p := g.PersonID(fmt.Sprintf("per_%d", i))
		in.Roster = append(in.Roster, attend.RosterEntry{Person: p, Kind: g.Student})
		for k := range 4 {
			seen = append(seen,
				attend.Sighting{
					ID:     g.SightingID(fmt.Sprintf("%d-%d", i, k)),
					Person: p,
					Zone:   "gate",
					Method: g.ByCard,
					Time:   day.Add(time.Duration(i%1000+k*1800) * time.Second),
				})
		}
	}
	for b.Loop() {
		if got := attend.Compute(in, attend.ByPerson(seen)); len(got) != 2000 {
			b.Fatalf("got %d answers, want 2000", len(got))
		}
	}
}
