package rules_test

import (
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules"
)

const hour = 3600.0

// Time in which the gateway was off counts neither towards for nor towards clear.after.
func TestTimeOffCountsForNothing(t *testing.T) {
	rs := mustParse(t, `rules:
  - {id: hot, title: T, severity: info, when: {property: temperature, above: 30}, for: 10m, clear: {after: 10m}}
  - {id: door, title: T, severity: info, when: {property: open, is: true}, for: 10m}
`)
	w := &world{t: t, town: newTown("lab-1", "lab-2"), engine: rules.New(rs, nil)}
	w.town["lab-2"] = rules.DeviceFacts{
		School:     "school",
		Zone:       "lab",
		Properties: map[string]g.Property{"open": {Reports: g.ReportsChange}},
	}
	w.read(0, "lab-1", "temperature", 40)
	w.read(0, "lab-2", "open", true)
	want(t, w.engine.Tick(morning(240)))
	w.restart(rs)
	w.engine.Resume(morning(9 * hour))
	want(t, w.engine.Tick(morning(9*hour)))
	// Six minutes of for remain. The door reports on change, so its value still holds; a
	// temperature nine hours old needs a new reading first.
	want(t, w.engine.Tick(morning(9*hour+359)))
	want(t, w.engine.Tick(morning(9*hour+420)), "17:06:00 doorlab-2 firing=true")
	want(t, w.read(9*hour+430, "lab-1", "temperature", 40), "17:07:10 hotlab-1 firing=true")
	// It has been normal for four minutes; then the gateway is off for a day.
	want(t, w.read(9*hour+600, "lab-1", "temperature", 20))
	w.engine.Tick(morning(9*hour + 840))
	w.restart(rs)
	w.engine.Resume(morning(33 * hour))
	want(t, w.engine.Tick(morning(33*hour+359)))
	want(t, w.engine.Tick(morning(33*hour+360)), "17:06:00 hotlab-1 firing=false")
}

// A clock that jumps a day ahead and is then corrected neither fires nor ends anything.
func TestClockLeapsADayAndBack(t *testing.T) {
	rs := mustParse(t, `rules:
  - {id: smoke, title: T, severity: info, when: {property: smoke, is: true}}
  - {id: silent, title: T, severity: info, when: {absent: {property: temperature, for: 10m}}}
  - {id: away, title: T, severity: info, when: {status: offline}, for: 10m}
`)
	const day = 24 * hour
	w := &world{t: t, town: newTown("lab-1", "lab-2"), engine: rules.New(rs, nil)}
	want(t, w.read(0, "lab-1", "smoke", true), "08:00:00 smokelab-1 firing=true")
	w.read(1, "lab-1", "temperature", 20)
	off := w.event(2, "lab-2")
	off.Kind, off.Status = g.EventStatus, &g.Status{State: g.StateOffline}
	want(t, w.engine.Observe(off, w.town))
	want(t, w.engine.Tick(morning(60)))
	w.engine.Resume(morning(day + 61))
	// An event from shortly before the jump was noticed.
	want(t, w.read(day+60.5, "lab-1", "temperature", 21))
	want(t, w.engine.Tick(morning(day+120)))
	// Corrected: a minute has passed, plus or minus the second of the jump.
	want(t, w.engine.Tick(morning(121)))
	want(t, w.read(122, "lab-1", "temperature", 21))
	want(t, w.engine.Tick(morning(180)))
	got := w.engine.Tick(morning(720))
	want(t, got[:1], "08:10:03 awaylab-2 firing=true")
}

// A device keeps the rules of 16 places; sightings at a 17th evict one and give the same results.
func TestSightingsAtManyPlaces(t *testing.T) {
	rs := mustParse(t, `rules:
  - {id: gate, title: T, severity: info, where: {zone: gate}, when: {sighting: {person: unknown}}}
`)
	w := &world{t: t, town: newTown("lab-1"), engine: rules.New(rs, nil)}
	for i := range 40 {
		zone := g.ZoneID("room")
		if i%2 == 0 {
			zone = g.ZoneID("other-" + string(rune('a'+i%26)) + string(rune('a'+i/26)))
		}
		want(t, w.see(float64(i), "lab-1", g.Sighting{Zone: zone, Method: g.ByFace}))
	}
	want(t, w.see(50, "lab-1", g.Sighting{Zone: "gate", Method: g.ByFace}),
		"08:00:50 gatelab-1 firing=false")
}
