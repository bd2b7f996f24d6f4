package intake_test

import (
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/intake"
)

// TestAWrongClockIsHeardAtOnce: what a device says whose clock is wrong counts when it arrives. Beside
// it stands what the device took for the time, once an hour.
func TestAWrongClockIsHeardAtOnce(t *testing.T) {
	s := open(t)
	done := make(chan error, 1)
	send := func(kind, payload, once string) []g.Event {
		t.Helper()
		must(t, s.Message(t.Context(), "lab", kind, []byte(payload), once,
			func(err error) { done <- err }))
		must(t, <-done)
		return s.journalled()
	}
	const in2020 = `"time": "2020-01-01T00:00:00Z"`
	got := send("telemetry", `{"values": {"t": 1, "rssi": 2}, `+in2020+`}`, "m")
	if len(got) != 3 || got[0].Rejection == nil || got[1].Rejection == nil {
		t.Fatalf("got %+v, want two rejections and the reading", got)
	}
	if r := got[0].Rejection; r.Code != g.RejectedClockBehind || !r.Partial || r.Excerpt == "" ||
		r.Clock != time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC) {
		t.Errorf("got %+v, want the clock told", r)
	}
	for i, want := range []string{"_clock", "_unfit", ""} {
		if got[i].ID != intake.OnceID("m")+want {
			t.Errorf("got the id %s, want it to end in %q", got[i].ID, want)
		}
	}
	if e := got[2]; e.Reading == nil || e.Replayed || !e.Time.Equal(s.now) {
		t.Errorf("got %+v, want a reading of now", e)
	}
	ids := map[g.OccurrenceID]bool{}
	for range 2 {
		got = send("occurrence", `{"kind": "door", "sequence": 7, "time": "2030-01-01T00:00:00Z"}`, "")
		if len(got) != 1 || got[0].Occurrence == nil || got[0].Replayed || !got[0].Time.Equal(s.now) {
			t.Fatalf("got %+v, want an occurrence of now, and nothing more of the clock", got)
		}
		ids[got[0].Occurrence.ID] = true
		s.now = s.now.Add(time.Second)
	}
	if len(ids) != 1 {
		t.Errorf("got the ids %v, want one for what is told twice", ids)
	}
	s.now = s.now.Add(time.Hour)
	if got := send("telemetry", `{"t": 1, `+in2020+`}`, ""); len(got) != 2 {
		t.Errorf("got %+v, want the clock told once an hour", got)
	}
}

// TestOldPassagesAreNotOfToday: people are not seen today because a clock is wrong.
func TestOldPassagesAreNotOfToday(t *testing.T) {
	s := open(t)
	done := make(chan error, 1)
	must(t, s.Message(t.Context(), "reader", "sighting",
		[]byte(`{"method": "card", "credential": "1", "time": "2020-01-01T00:00:00Z"}`), "",
		func(err error) { done <- err }))
	must(t, <-done)
	got := s.journalled()
	if len(got) != 1 || got[0].Rejection == nil || got[0].Rejection.Partial ||
		got[0].Rejection.Code != g.RejectedClockBehind {
		t.Errorf("got %+v, want it refused", got)
	}
}
