package intake_test

import (
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
)

// TestAnOccurrenceIsJournalled: one that the profile does not have is journalled as rejected, with
// the reason. Neither holds up the driver.
func TestAnOccurrenceIsJournalled(t *testing.T) {
	s := open(t)
	forced := g.Occurrence{
		Kind: g.OccurrenceDoor,
		Data: map[string]g.Value{"what": g.StringValue("forced")},
	}
	must(t, s.Accept(t.Context(), g.DriverMQTTFront, []g.Observation{
		{Device: "lab", Occurrence: &forced},
		{Device: "lab", Occurrence: &g.Occurrence{Kind: g.OccurrenceSale}},
	}))
	events := s.journalled()
	if len(events) != 2 {
		t.Fatalf("got %d events, want 2: %+v", len(events), events)
	}
	e := events[0]
	if e.Kind != g.EventOccurrence || e.Device != "lab" || e.Zone != "gate" ||
		e.Occurrence.Kind != g.OccurrenceDoor ||
		e.Occurrence.Data["what"] != g.StringValue("forced") {
		t.Errorf("got %+v, want the door's", e)
	}
	r := events[1]
	if r.Kind != g.EventRejected ||
		!strings.Contains(r.Rejection.Reason, `has no event "sale"; it has [door]`) {
		t.Errorf("got %+v, want the refusal with its reason", r)
	}
}

// TestAnOccurrenceOverMQTT: a device reports one in a message of its own; one with a
// sequence has the same id however often it comes, and one that its profile does not have is
// rejected with the reason.
func TestAnOccurrenceOverMQTT(t *testing.T) {
	s := open(t)
	done := make(chan error, 1)
	for _, payload := range []string{
		`{"kind":"door","data":{"what":"held"},"sequence":7,"time":"2026-09-01T00:00:00Z"}`,
		`{"kind":"door","data":{"what":"held"},"sequence":7,"time":"2026-09-01T00:00:00Z"}`,
		`{"kind":"door","data":{"what":"held"}}`,
		`{"kind":"door","data":{"what":"melted"}}`,
		`{"kind":"door","data":{"who":"forced"}}`,
		`{"data":{"what":"held"}}`,
	} {
		must(t, s.Message(t.Context(), "lab", "occurrence", []byte(payload), "",
			func(err error) { done <- err }))
		must(t, <-done)
	}
	events := s.journalled()
	if len(events) != 6 {
		t.Fatalf("got %d events, want 6: %+v", len(events), events)
	}
	ids := map[g.OccurrenceID]int{}
	for _, e := range events[:3] {
		if e.Kind != g.EventOccurrence ||
			e.Occurrence.Data["what"] != g.StringValue("held") {
			t.Fatalf("got %+v, want the door that is held", e)
		}
		ids[e.Occurrence.ID]++
	}
	if len(ids) != 2 || ids[events[0].Occurrence.ID] != 2 {
		t.Errorf("got the ids %v, want that of the counted one twice", ids)
	}
	for i, want := range []string{
		`data "what" of event "door": "melted" is not one of [forced held]`,
		`event "door" of profile "lab" has no data "who"; it has [what]`,
		`kind: is missing: say which event of the profile it is`,
	} {
		r := events[3+i].Rejection
		if r == nil || r.Reason != want || r.Source != "mqtt occurrence" || r.Excerpt == "" {
			t.Errorf("got %+v, want %q with an excerpt", r, want)
		}
	}
}
