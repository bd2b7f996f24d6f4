package gatehouse_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse"
)

// TestAnOccurrenceIsHeldAgainstTheProfile: one that does not fit is refused as a whole, with the
// reason.
func TestAnOccurrenceIsHeldAgainstTheProfile(t *testing.T) {
	d := gatehouse.Device{ID: "dev_1", Enabled: true}
	p := gatehouse.Profile{
		ID:    "gate",
		Title: "Gate",
		Type:  gatehouse.TypeTerminal,
		Events: map[string]gatehouse.Affordance{
			"door": {Data: map[string]gatehouse.Property{
				"what":    {Type: "string", Enum: []string{"forced", "held"}},
				"seconds": {Type: "number"},
			}},
			"tamper": {},
		},
	}
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	data := func(pairs ...any) map[string]gatehouse.Value {
		out := map[string]gatehouse.Value{}
		for i := 0; i < len(pairs); i += 2 {
			v, err := gatehouse.ValueOf(pairs[i+1])
			if err != nil {
				t.Fatal(err)
			}
			out[pairs[i].(string)] = v
		}
		return out
	}
	for _, c := range []struct {
		kind gatehouse.OccurrenceKind
		data map[string]gatehouse.Value
		want string // in the error; "": admitted
	}{
		{gatehouse.OccurrenceDoor, data("what", "forced", "seconds", 12.0), ""},
		{gatehouse.OccurrenceDoor, data("what", "held"), ""},
		{gatehouse.OccurrenceTamper, nil, ""},
		{gatehouse.OccurrenceSale, nil, `has no event "sale"; it has [door tamper]`},
		{
			gatehouse.OccurrenceDoor,
			data("what", "ajar"),
			`data "what" of event "door": "ajar" is not one of`,
		},
		{gatehouse.OccurrenceDoor, data("who", "4711"), `has no data "who"; it has [seconds what]`},
		{gatehouse.OccurrenceTamper, data("seconds", 1.0), `has no data "seconds"; it has []`},
	} {
		o := gatehouse.Observation{
			Device:     "dev_1",
			Occurrence: &gatehouse.Occurrence{Kind: c.kind, Data: c.data},
		}
		_, err := gatehouse.Admit(d, p, o, time.Now())
		if got := errText(err); (c.want == "") != (err == nil) || !strings.Contains(got, c.want) {
			t.Errorf("%s %v: got %q, want %q", c.kind, c.data, got, c.want)
		}
	}
	both := gatehouse.Observation{
		Device:     "dev_1",
		Status:     &gatehouse.Status{State: gatehouse.StateOnline},
		Occurrence: &gatehouse.Occurrence{Kind: gatehouse.OccurrenceTamper},
	}
	if _, err := gatehouse.Admit(d, p, both, time.Now()); err == nil {
		t.Error("a status and an occurrence in one observation are admitted")
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestEventsOfAProfile: events that no device could report are refused when the profile is
// validated.
func TestEventsOfAProfile(t *testing.T) {
	for _, c := range []struct {
		name  string
		event gatehouse.Affordance
		want  string
	}{
		{"no name", gatehouse.Affordance{}, "is no name of an event"},
		{
			"door",
			gatehouse.Affordance{Data: map[string]gatehouse.Property{"what": {Type: "words"}}},
			`events.door.data.what.type: "words" is no type`,
		},
		{
			"door",
			gatehouse.Affordance{Title: strings.Repeat("a", gatehouse.MaxProfileText+1)},
			"events.door.title: the text has",
		},
	} {
		p := gatehouse.Profile{
			ID:     "gate",
			Title:  "Gate",
			Type:   gatehouse.TypeOther,
			Events: map[string]gatehouse.Affordance{c.name: c.event},
		}
		if got := errText(p.Validate()); !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}
