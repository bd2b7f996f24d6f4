package rules_test

import (
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// TestALateFindingSaysWhen: what a device told late is found when it is heard, and its title says by
// the school's clock when it was.
func TestALateFindingSaysWhen(t *testing.T) {
	heard := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	for by, want := range map[time.Duration]string{
		0:                "Panic",
		20 * time.Second: "Panic",
		16 * time.Minute: "Panic (at 2026-03-02 07:44:00, told late)",
		23 * time.Hour:   "Panic (at 2026-03-01 09:00:00, told late)",
	} {
		town := newTown("lab-1")
		d := town["lab-1"]
		d.Timezone = "Asia/Shanghai"
		town["lab-1"] = d
		e := rules.New(mustParse(t,
			`rules: [{id: panic, title: Panic, severity: critical, when: {occurrence: {kind: alarm}}}]`), nil)
		got := e.Observe(g.Event{
			Seq:        1,
			Kind:       g.EventOccurrence,
			Device:     "lab-1",
			Time:       heard.Add(-by),
			Received:   heard,
			Occurrence: &g.Occurrence{Kind: g.OccurrenceAlarm},
		}, town)
		if len(got) != 1 || got[0].Alert == nil || got[0].Alert.Title != want ||
			!got[0].Alert.Opened.Equal(heard) {
			t.Errorf("%s late: got %+v, want %q found when it was heard", by, got, want)
		}
	}
}
