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
