package app_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/app"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
)

const missedRules = `
rules:
  - id: missed
    title: Not back in the dorm
    severity: critical
    when: {attendance: {kind: dorm, state: [absent, left_early]}}
  - id: unsure
    title: Not known whether in the dorm
    severity: warning
    when: {attendance: {kind: dorm, state: unknown}}
  - id: inside
    title: A boarder in the classroom in the evening
    severity: info
    where: {zone: class}
    when: {presence: {inside: zone, kind: student, boarder: true}}
  - id: no-boarder
    title: A day student in the classroom in the evening
    severity: info
    where: {zone: class}
    when: {presence: {inside: zone, kind: student, boarder: false}}
`

// dorm is a school with a reader in the dorm and one in a classroom, and boarders with cards.
type dorm struct {
	*running
	t       *testing.T
	clock   *wall
	readers map[string]device
}

func newDorm(t *testing.T, boarders ...string) *dorm {
	t.Helper()
	s, clock := newSchool(t), &wall{}
	local := time.Now().In(time.FixedZone("school", 8*3600))
	evening := time.Date(local.Year(), local.Month(), local.Day(), 19, 0, 0, 0, local.Location())
	clock.move(evening.Sub(local)) // the night's session ends at 04:00
	ok(t, os.WriteFile(filepath.Join(s.dir, "rules", "missed.yaml"), []byte(missedRules), 0o600))
	d := &dorm{s.runOver(t, configOf(s.dir), app.Options{Now: clock.now}), t, clock, map[string]device{}}
	v, ctx := d.view(), t.Context()
	for zone, kind := range map[g.ZoneID]g.ZoneKind{"dorm": g.ZoneDorm, "class": g.ZoneClassroom} {
		_, err := v.Deeds.PutZone(ctx, g.Zone{
			ID:       zone,
			School:   killSchool,
			Building: "building",
			Name:     string(zone),
			Kind:     kind,
		})
		ok(t, err)
		_, password, err := v.Fleet.CreateDevice(ctx, g.Device{
			ID:      "at-" + g.DeviceID(zone),
			School:  killSchool,
			Zone:    zone,
			Profile: "kill-reader",
			Driver:  g.DriverMQTTFront,
			Name:    string(zone),
			Enabled: true,
		}, nil)
		ok(t, err)
		name := "at-" + string(zone)
		s.passwords[name] = password
		d.readers[string(zone)] = d.connect(t, name)
	}
	for _, name := range boarders {
		p, err := v.People.Create(ctx, g.Person{
			ID:      g.PersonID("per_" + name),
			School:  killSchool,
			Kind:    g.Student,
			Name:    name,
			Boarder: true,
		})
		ok(t, err)
		_, err = v.People.AddCard(ctx, p.ID, g.ByCard, "card-"+name, time.Time{})
		ok(t, err)
	}
	now := clock.now().Truncate(time.Second)
	_, err := v.Sessions.Put(ctx, g.Session{
		School:   killSchool,
		Kind:     g.SessionDorm,
		Name:     "Night",
		Start:    now.Add(-5 * time.Minute),
		Due:      now.Add(time.Hour),
		End:      now.Add(9 * time.Hour),
		Who:      []g.PersonKind{g.Student},
		Boarders: true,
	})
	ok(t, err)
	return d
}

// passes is a boarder's card at a reader, some time before now.
func (d *dorm) passes(who, zone string, way g.Direction, ago time.Duration) {
	d.readers[zone].say("sighting", fmt.Sprintf(`{"method":"card","credential":"card-%s","direction":%q,"time":%d}`,
		who, way, d.clock.ms(-ago)))
}

// missing waits until the rule's alerts that fire are about these boarders and nobody else.
func (d *dorm) missing(rule g.RuleID, want ...string) {
	d.t.Helper()
	last := []string{"not asked yet"}
	defer func() {
		if d.t.Failed() {
			rows, _, err := d.view().Sessions.Attendance(d.t.Context(), sessions.AttendanceFilter{})
			for _, a := range rows {
				d.t.Logf("%s is %s: %v", a.Person, a.State, a.Reasons)
			}
			d.t.Logf("%s: got %v, want %v (%v)", rule, last, want, err)
		}
	}()
	eventually(d.t, fmt.Sprintf("%s of %v", rule, want), func() bool {
		rows, _, err := d.view().Alerts.List(d.t.Context(), alerts.Filter{School: killSchool, Rule: rule})
		ok(d.t, err)
		fires := map[g.PersonID]bool{}
		last = nil
		for _, a := range rows {
			if a.Firing {
				fires[a.Person] = true
				last = append(last, string(a.Person))
			}
		}
		for _, name := range want {
			if !fires[g.PersonID("per_"+name)] {
				return false
			}
		}
		return len(fires) == len(want)
	})
}

// A boarder who was seen in a classroom and is not in the dorm when due is missed, one who was in the
// dorm before the session began is not; who comes back late is missed no longer, and who goes out
// again is missed anew.
func TestWhoIsNotBackIsMissed(t *testing.T) {
	t.Parallel()
	d := newDorm(t, "li", "wu")
	d.passes("wu", "dorm", g.In, 8*time.Minute) // before the session began
	d.passes("li", "class", g.In, time.Minute)
	d.clock.move(time.Hour + 10*time.Minute)
	d.missing("missed", "li")
	d.passes("li", "dorm", g.In, 0)
	d.missing("missed")
	d.clock.move(time.Hour)
	d.passes("wu", "dorm", g.Out, 0)
	d.missing("missed", "wu")
}

// Where the dorm's reader was away, nobody is said to be absent: it is not known, which is a lesser
// alert for whoever looks after them; the bed check ends it.
func TestAnAwayReaderMakesItUnknown(t *testing.T) {
	t.Parallel()
	d := newDorm(t, "li")
	d.passes("li", "class", g.In, time.Minute)
	ok(t, d.readers["dorm"].conn.Close())
	eventually(t, "the reader to be away", func() bool {
		row, err := d.view().Fleet.Device(t.Context(), "at-dorm")
		ok(t, err)
		return row.Twin.State == g.StateOffline
	})
	d.clock.move(time.Hour + 10*time.Minute)
	d.missing("unsure", "li")
	d.missing("missed")
	all, err := d.view().Sessions.Between(t.Context(), killSchool, d.clock.now().Add(-12*time.Hour),
		d.clock.now())
	ok(t, err)
	_, err = d.view().Sessions.Roll(t.Context(), all[0].ID,
		[]sessions.Ticked{{Person: "per_li", State: g.Arrived}}, "bed check")
	ok(t, err)
	d.missing("unsure")
}

// TestWhoIsInsideARoom: a rule knows from the sightings who is in a room, and what the registry says of
// them; whoever is seen elsewhere is there no more, also when a reader tells it late.
func TestWhoIsInsideARoom(t *testing.T) {
	d := newDorm(t, "li", "wu")
	d.passes("li", "class", g.In, 0)
	d.passes("wu", "class", g.In, 0)
	d.missing("inside", "li", "wu")
	d.passes("li", "dorm", g.In, 0)
	d.missing("inside", "wu")
	d.passes("wu", "class", g.Out, 0)
	d.missing("inside")
	d.missing("no-boarder")
}
