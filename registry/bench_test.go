package registry_test

import (
	"fmt"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/history"
	"github.com/gatehouse-iot/gatehouse/registry/people"
)

// crowd is a registry with one school of some devices and people.
func crowd(b *testing.B, devices, people int) (*registry.Registry, *registry.View, *clock) {
	b.Helper()
	c := newClock()
	r, err := registry.Open(b.Context(),
		registry.Options{Dir: b.TempDir(), MasterKey: masterKey(), Now: c.now})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { r.Close() })
	sys := r.In(g.SystemScope("bench"))
	fatal := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	_, err = sys.Places.CreateSchool(b.Context(),
		g.School{ID: "a", Kind: g.KindSchool, Name: "A", Timezone: "UTC", Language: "en"})
	fatal(err)
	fatal(sys.Fleet.PutProfile(b.Context(), g.Profile{ID: "sensor", Title: "S", Type: g.TypeSensor}))
	for i := range devices {
		_, _, err := sys.Fleet.CreateDevice(b.Context(),
			g.Device{
				ID:      g.DeviceID(fmt.Sprintf("d%d", i)),
				School:  "a",
				Profile: "sensor",
				Driver:  "modbus",
				Name:    "x",
				Enabled: true,
			},
			nil)
		fatal(err)
	}
	for i := range people {
		_, err := sys.People.Create(b.Context(),
			g.Person{
				ID:     g.PersonID(fmt.Sprintf("p%d", i)),
				School: "a",
				Kind:   g.Student,
				Name:   fmt.Sprintf("Person %d", i),
				Number: fmt.Sprint(i),
				Class:  "7-1",
			})
		fatal(err)
	}
	b.ResetTimer()
	return r, sys, c
}

// BenchmarkApplyTwins applies 1,000 readings of 1,000 devices in one transaction.
func BenchmarkApplyTwins(b *testing.B) {
	_, sys, c := crowd(b, 1000, 0)
	seq := uint64(0)
	for b.Loop() {
		events := make([]g.Event, 1000)
		for i := range events {
			seq++
			at := c.now().Add(time.Duration(seq) * time.Millisecond)
			events[i] = g.Event{
				Seq:    seq,
				Kind:   g.EventReading,
				Device: g.DeviceID(fmt.Sprintf("d%d", i)), Time: at, Received: at,
				Reading: &g.Reading{
					Values: map[string]g.Value{
						"temperature": g.NumberValue(float64(seq)),
						"humidity":    g.NumberValue(40),
						"co2":         g.NumberValue(700),
					},
				},
			}
		}
		if err := sys.Fleet.ApplyTwins(b.Context(), events); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkApplyHistory writes 1,000 sightings in one transaction.
func BenchmarkApplyHistory(b *testing.B) {
	_, sys, c := crowd(b, 0, 0)
	seq := uint64(0)
	for b.Loop() {
		events := make([]g.Event, 1000)
		for i := range events {
			seq++
			at := c.now().Add(time.Duration(seq) * time.Millisecond)
			events[i] = g.Event{
				Seq:    seq,
				Kind:   g.EventSighting,
				School: "a", Device: g.DeviceID(fmt.Sprintf("d%d", i%50)), Time: at, Received: at,
				Sighting: &g.Sighting{
					ID:     g.NewSightingID("d", at, seq, "x", g.ByCard),
					Method: g.ByCard,
					Person: g.PersonID(fmt.Sprintf("p%d", i)),
				},
			}
		}
		if err := sys.History.Apply(b.Context(), events); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSearchPeople searches the names of a school of 2,000 whose roll is cached.
func BenchmarkSearchPeople(b *testing.B) {
	_, sys, _ := crowd(b, 0, 2000)
	for b.Loop() {
		if _, _, err := sys.People.List(b.Context(),
			people.Filter{School: "a", Query: "son 77"}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSearchPeopleCold does the same after somebody of the school has changed.
func BenchmarkSearchPeopleCold(b *testing.B) {
	_, sys, _ := crowd(b, 0, 2000)
	for b.Loop() {
		if err := sys.People.Update(b.Context(),
			g.Person{ID: "p1", Kind: g.Student, Name: "Person 1", Number: "1"}); err != nil {
			b.Fatal(err)
		}
		if _, _, err := sys.People.List(b.Context(),
			people.Filter{School: "a", Query: "son 77"}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkByCredential(b *testing.B) {
	_, sys, _ := crowd(b, 0, 1000)
	for i := range 1000 {
		if _, err := sys.People.AddCard(b.Context(), g.PersonID(fmt.Sprintf("p%d", i)), g.ByCard,
			fmt.Sprintf("CARD%08d", i), time.Time{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	for b.Loop() {
		if _, found, err := sys.People.ByCredential(b.Context(), "a", g.ByCard, "CARD00000500"); err != nil ||
			!found {
			b.Fatal(found, err)
		}
	}
}

func BenchmarkVerifyDevice(b *testing.B) {
	r, sys, _ := crowd(b, 0, 0)
	d, password, err := sys.Fleet.CreateDevice(b.Context(),
		g.Device{
			School:  "a",
			Profile: "sensor",
			Driver:  g.DriverMQTTFront,
			Name:    "x",
			Enabled: true,
		},
		nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := r.Fleet.VerifyDevice(b.Context(), d.ID, []byte(password)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOnePersonDay reads one person's day out of 200,000 sightings of one school.
func BenchmarkOnePersonDay(b *testing.B) {
	_, sys, c := crowd(b, 0, 1)
	for batch := range uint64(100) {
		events := make([]g.Event, 2000)
		for i := range events {
			seq := batch*2000 + uint64(i) + 1
			at := c.now().Add(time.Duration(seq) * 10 * time.Second)
			events[i] = g.Event{
				Seq:    seq,
				Kind:   g.EventSighting,
				School: "a", Device: g.DeviceID(fmt.Sprintf("d%d", i%50)), Time: at, Received: at,
				Sighting: &g.Sighting{
					ID:     g.NewSightingID("d", at, seq, "x", g.ByCard),
					Method: g.ByCard,
					Person: g.PersonID(fmt.Sprintf("p%d", seq%2000)),
				},
			}
		}
		if err := sys.History.Apply(b.Context(), events); err != nil {
			b.Fatal(err)
		}
	}
	v, day := sys, c.now().Add(10*24*time.Hour)
	for b.Loop() {
		rows, _, err := v.History.Sightings(b.Context(),
			history.SightingFilter{
				School: "a",
				Person: "p0",
				From:   day,
				To:     day.Add(24 * time.Hour),
			})
		if err != nil || len(rows) == 0 {
			b.Fatal(len(rows), err)
		}
	}
}

// BenchmarkQuality is one turn of the data-quality report with new counts for each of 10,000
// devices, which a gateway writes every ten seconds.
func BenchmarkQuality(b *testing.B) {
	r, err := registry.Open(b.Context(), registry.Options{Dir: b.TempDir(), MasterKey: masterKey()})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	v := r.In(g.SystemScope("bench"))
	turn := history.QualityTurn{State: map[int][]byte{}, Judge: weigh}
	for i := range 64 {
		turn.State[i] = make([]byte, 10_000/64*300)
	}
	for i := range 10_000 {
		turn.Rows = append(turn.Rows,
			g.Quality{
				School:       g.SchoolID(fmt.Sprint("school-", i/95)),
				Device:       g.DeviceID(fmt.Sprint("device-", i)),
				Day:          "2026-09-01",
				Observations: 10,
				Clock:        clockAt(-3, -4, -5),
			})
	}
	for b.Loop() {
		turn.Turn++
		turn.Seq += 100_000
		if err := v.History.ApplyQuality(b.Context(), turn); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10_000, "ns/row")
}
