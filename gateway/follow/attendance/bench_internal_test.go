package attendance

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/people"
)

// A district's day: 42 schools of 833 pupils, six sessions each, about seven passages a pupil.
const (
	benchSchools  = 42
	benchPupils   = 833
	benchSessions = 6
)

// BenchmarkDay computes a day of 35,000 pupils in six sessions from the history to rows in the
// registry: the first time, when all answers are new, and again, when none has changed. Asked for
// are 6 s and 2 s. Then 300 passages in a running session, one by one: what one costs. SCHOOLS sets
// how many schools there are.
func BenchmarkDay(b *testing.B) {
	schools := benchSchools
	if n, err := strconv.Atoi(os.Getenv("SCHOOLS")); err == nil {
		schools = n
	}
	for b.Loop() {
		d := newDistrict(b, schools)
		for _, name := range []string{"first-s", "unchanged-s"} {
			clear(d.c.computed)
			clear(d.c.looked)
			began := time.Now()
			d.fatal(d.c.passed(b.Context()))
			b.ReportMetric(time.Since(began).Seconds(), name)
		}
		began := time.Now()
		for i := range 300 {
			d.fatal(d.c.Recompute(b.Context(), "sch-0", []follow.Touch{{
				Person: d.people[i%len(d.people)],
				At:     d.day.Add(9 * time.Hour),
			}}))
		}
		b.ReportMetric(float64(time.Since(began).Microseconds())/300/1000, "one-passage-ms")
		b.ReportMetric(0, "ns/op")
	}
}

type benchDistrict struct {
	b      *testing.B
	day    time.Time
	c      *Computer
	people []g.PersonID // of the first school
}

func (d *benchDistrict) fatal(err error) {
	d.b.Helper()
	if err != nil {
		d.b.Fatal(err)
	}
}

func newDistrict(b *testing.B, schools int) *benchDistrict {
	b.Helper()
	d := &benchDistrict{b: b, day: time.Date(2026, 9, 2, 0, 0, 0, 0, time.UTC)}
	now, log, ctx := d.day.Add(-24*time.Hour), slog.New(slog.DiscardHandler), b.Context()
	reg, err := registry.Open(ctx, registry.Options{
		Dir:       b.TempDir(),
		MasterKey: make([]byte, 32),
		Now:       func() time.Time { return now },
		Logger:    log,
	})
	d.fatal(err)
	b.Cleanup(func() { reg.Close() })
	v := reg.In(g.SystemScope("bench"))
	d.fatal(v.Fleet.PutProfile(ctx, g.Profile{
		ID:        "reader",
		Title:     "Reader",
		Type:      g.TypeTerminal,
		Sightings: []g.Method{g.ByCard},
	}))
	seq := uint64(0)
	for n := range schools {
		school := g.SchoolID(fmt.Sprintf("sch-%d", n))
		d.places(ctx, v, school)
		var file strings.Builder
		file.WriteString("kind,number,name,class\n")
		for i := range benchPupils {
			fmt.Fprintf(&file, "student,%d,Pupil %d,7-%d\n", i+1, i, i%20)
		}
		_, err := v.People.ImportRoster(ctx, school, []byte(file.String()), people.ImportOptions{})
		d.fatal(err)
		members, err := v.People.Members(ctx, school)
		d.fatal(err)
		if n == 0 {
			for _, m := range members {
				d.people = append(d.people, m.ID)
			}
		}
		d.fatal(v.History.Apply(ctx, d.passages(school, members, &seq)))
		for i := range benchSessions {
			start := d.day.Add(time.Duration(7+2*i) * time.Hour)
			_, err := v.Sessions.Put(ctx, g.Session{
				School: school,
				Kind:   g.SessionArrival,
				Name:   fmt.Sprintf("Session %d", i),
				Start:  start,
				Due:    start.Add(30 * time.Minute),
				End:    start.Add(100 * time.Minute),
				Who:    []g.PersonKind{g.Student},
			})
			d.fatal(err)
		}
	}
	marks, err := v.Sessions.Marks(ctx, marksMost) // dealt with before the day
	d.fatal(err)
	d.fatal(v.Sessions.Unmark(ctx, marks[len(marks)-1].ID))
	now = d.day.Add(22 * time.Hour)
	dir, err := directory.New(ctx, reg, log)
	d.fatal(err)
	d.c = New(Options{
		View:      v,
		Directory: dir,
		Health:    follow.NewHealth(log),
		Now:       func() time.Time { return now },
		Pause:     func(string) {},
	})
	return d
}

func (d *benchDistrict) places(ctx context.Context, v *registry.View, school g.SchoolID) {
	_, err := v.Places.CreateSchool(ctx, g.School{
		ID:       school,
		Kind:     g.KindSchool,
		Name:     string(school),
		Timezone: "UTC",
		Language: "en",
	})
	d.fatal(err)
	site, err := v.Places.PutSite(ctx, g.Site{School: school, Name: "Site"})
	d.fatal(err)
	house, err := v.Places.PutBuilding(ctx, g.Building{School: school, Site: site.ID, Name: "House"})
	d.fatal(err)
	_, err = v.Deeds.PutZone(ctx, g.Zone{
		ID:       g.ZoneID("gate-" + school),
		School:   school,
		Building: house.ID,
		Name:     "Gate",
		Kind:     g.ZoneGate,
	})
	d.fatal(err)
	_, _, err = v.Fleet.CreateDevice(ctx, g.Device{
		ID:      g.DeviceID("at-" + school),
		School:  school,
		Zone:    g.ZoneID("gate-" + school),
		Profile: "reader",
		Driver:  g.DriverMQTTFront,
		Name:    "Gate",
		Enabled: true,
	}, nil)
	d.fatal(err)
}

// passages are a school's day: in before each session and out after it, seven a pupil; one in fifty
// pupils does not come.
func (d *benchDistrict) passages(school g.SchoolID, all []people.Member, seq *uint64) (out []g.Event) {
	*seq++
	out = append(out, g.Event{
		Seq:      *seq,
		ID:       fmt.Sprintf("evt_%d", *seq),
		Kind:     g.EventStatus,
		School:   school,
		Device:   g.DeviceID("at-" + school),
		Time:     d.day,
		Received: d.day,
		Status:   &g.Status{State: g.StateOnline},
	})
	for i, m := range all {
		if i%50 == 0 {
			continue
		}
		for k := range 7 {
			*seq++
			at := d.day.Add(7*time.Hour + time.Duration(k*100+i%29)*time.Minute)
			way := g.In
			if k%2 == 1 {
				way = g.Out
			}
			out = append(out, g.Event{
				Seq:      *seq,
				ID:       fmt.Sprintf("evt_%d", *seq),
				Kind:     g.EventSighting,
				School:   school,
				Device:   g.DeviceID("at-" + school),
				Zone:     g.ZoneID("gate-" + school),
				Time:     at,
				Received: at,
				Sighting: &g.Sighting{
					ID:        g.SightingID(fmt.Sprintf("sgt_%d", *seq)),
					Person:    m.ID,
					Method:    g.ByCard,
					Zone:      g.ZoneID("gate-" + school),
					Direction: way,
				},
			})
		}
	}
	return out
}
