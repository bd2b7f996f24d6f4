package app_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/fleet"
	"github.com/gatehouse-iot/gatehouse/gateway/app"
)

// wall is a clock that can be moved. It begins where no midnight of the school is near.
type wall struct{ ahead atomic.Int64 }

func newWall() *wall {
	w := &wall{}
	if h := time.Now().In(time.FixedZone("school", 8*3600)).Hour(); h < 1 || h > 20 {
		w.move(5 * time.Hour)
	}
	return w
}

func (w *wall) now() time.Time            { return time.Now().Add(time.Duration(w.ahead.Load())) }
func (w *wall) move(by time.Duration)     { w.ahead.Add(int64(by)) }
func (w *wall) ms(by time.Duration) int64 { return w.now().Add(by).UnixMilli() }

// say publishes a payload and wants it acknowledged.
func (d device) say(kind, payload string) {
	d.t.Helper()
	if got := d.ask(publishPacket("gh/v1/"+killSchool+"/"+d.name+"/"+kind, 7, payload)); got != 7 {
		d.t.Fatalf("the gateway answers %d to PUBLISH 7", got)
	}
}

// quality is the report of a device, without its clock's offsets.
func (r *running) quality(t *testing.T, id string) g.Quality {
	t.Helper()
	rows, err := list(t.Context(), r.school, r.a.URL()+"/v1/quality/devices?device="+id,
		func(fleet.DeviceQuality) bool { return false })
	ok(t, err)
	if len(rows) > 1 {
		t.Fatalf("got %+v, want one day", rows)
	}
	if len(rows) == 0 {
		return g.Quality{}
	}
	q := rows[0].Quality
	q.School = ""
	q.Device = ""
	q.Day = ""
	q.Clock = g.ClockOffsets{}
	return q
}

// reports waits until the report is want, with gaps of up to 30 s more.
func (r *running) reports(t *testing.T, id string, want g.Quality) {
	t.Helper()
	var got g.Quality
	defer func() {
		if t.Failed() {
			t.Logf("%s (got, want):\n%s", id, cmp.Diff(got, want))
		}
	}()
	eventually(t, "the report of "+id, func() bool {
		got = r.quality(t, id)
		if d := got.GapSeconds - want.GapSeconds; d >= 0 && d <= 30 {
			got.GapSeconds = want.GapSeconds
		}
		return cmp.Equal(got, want)
	})
}

// TestQualityReport sends what goes wrong in schools by MQTT, some of it before a restart and
// some after, and wants each thing counted once, and said in words.
func TestQualityReport(t *testing.T) {
	s, clock := newSchool(t), newWall()
	r := s.runOver(t, configOf(s.dir), app.Options{Now: clock.now})
	sensor, reader := r.connect(t, "sensor-1"), r.connect(t, "reader-8")
	at := clock.ms(0)
	for i := range int64(5) {
		sensor.say("telemetry", fmt.Sprintf(`{"n":%d,"time":%d}`, i, at-10+i))
	}
	sensor.say("telemetry", fmt.Sprintf(`{"n":3,"time":%d}`, at-7)) // a retry: the ack was lost
	// without a time it cannot be recognised as a duplicate
	sensor.say("telemetry", `{"n":3}`)
	sensor.say("telemetry", `{"n":3}`)
	sensor.say("telemetry", fmt.Sprintf(`{"n":1,"time":%d}`, clock.ms(-6*time.Minute))) // late
	sensor.say("telemetry", `{"n":oops}`)
	sensor.say("telemetry", fmt.Sprintf(`{"n":1,"time":%d}`, clock.ms(time.Hour))) // admitted at its arrival
	card := func(number string, at int64) string {
		return fmt.Sprintf(`{"method":"card","credential":%q,"time":%d}`, number, at)
	}
	for i := range int64(3) {
		reader.say("sighting", card("nobody-1", at+i))
	}
	reader.say("sighting", card("nobody-1", at)) // it uploads its memory again
	reader.say("sighting",
		fmt.Sprintf(`{"method":"card","credential":"nobody-2","time":%d,"replayed":true}`,
			clock.ms(-3*time.Hour)))

	wantSensor := g.Quality{Observations: 10, Late: 1, Duplicates: 1, Rejected: 1}
	wantReader := g.Quality{Observations: 5, Sightings: 4, Duplicates: 1, Unknown: 4, Replayed: 1}
	r.reports(t, "sensor-1", wantSensor)
	r.reports(t, "reader-8", wantReader)

	sensor.conn.Close()
	clock.move(20 * time.Minute)
	if _, err := r.end(t); err != nil {
		t.Fatal(err)
	}
	r = s.runOver(t, configOf(s.dir), app.Options{Now: clock.now})
	sensor, reader = r.connect(t, "sensor-1"), r.connect(t, "reader-8")
	sensor.say("telemetry", fmt.Sprintf(`{"n":4,"time":%d}`, at-6))
	reader.say("sighting", card("nobody-1", at+2))
	wantSensor.Observations = 11
	wantSensor.Duplicates = 2
	wantSensor.Gaps = 1
	wantSensor.GapSeconds = 20 * 60
	wantReader.Observations = 6
	wantReader.Duplicates = 2
	wantReader.Gaps = 1
	wantReader.GapSeconds = 20 * 60
	r.reports(t, "sensor-1", wantSensor)
	r.reports(t, "reader-8", wantReader)

	rows, err := list(t.Context(), s, r.a.URL()+"/v1/quality/devices?level=bad",
		func(fleet.DeviceQuality) bool { return false })
	ok(t, err)
	got := map[g.DeviceID][]g.QualityKind{}
	for _, q := range rows {
		for _, f := range q.Findings {
			got[q.Device] = append(got[q.Device], f.Kind)
		}
	}
	want := map[g.DeviceID][]g.QualityKind{
		"sensor-1": {
			g.QualityClock, g.QualityGaps, g.QualityRejected, g.QualityLate,
			g.QualityDuplicates,
		},
		"reader-8": {g.QualityGaps, g.QualityDuplicates, g.QualityUnknown},
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("got (-) want (+)\n%s", d)
	}
}
