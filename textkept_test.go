package gatehouse_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

type named string

// TestATextIsKept: a text with any kind of argument decodes to the same sentence; where it would
// not, only the sentence is kept.
func TestATextIsKept(t *testing.T) {
	several := g.Texts{Between: g.Word(" and ")}
	several.Add(g.Word("card"))
	several.Add(g.Textf("%d pins", 2))
	for _, text := range []g.Text{
		g.Word("no such property"),
		g.Textf("%q is none", named("门")),
		g.Textf("%d of %d, %v, %.1f, %t and %s", 3, uint8(4), 0.5, 2.0, true, time.Second),
		g.Textf("one of %v", []named{"a", "b"}),
		g.Textf("%s of %v", several, errors.New("else")),
		g.Textf("%s", g.FieldErrorf("zone", "%q is no zone", "x")),
		g.Textf("%s: missing%s", g.Noun("device"), g.Text{}),
		g.Textf("%v", fmt.Errorf("wrapped: %w", g.Errorf(g.Invalid, "%d", 1))),
		g.Textf("%s", g.NumberValue(1.5)),
	} {
		b := text.Keep()
		again, ok := g.ReadText(b, text.String())
		if !ok || again.String() != text.String() || again.Format != text.Format {
			t.Errorf("%q: kept as %s, read as %q, %t", text, b, again, ok)
		}
		if _, ok := g.ReadText(b, text.String()+"!"); ok {
			t.Errorf("%q: read beside another sentence", text)
		}
	}
	for _, text := range []g.Text{
		g.Textf("%d hours", 24*time.Hour/time.Hour), // a duration says "24ns" of itself
		g.Textf("%s", strings.Repeat("x", g.MaxKeptText)),
		{},
	} {
		if b := text.Keep(); b != nil {
			t.Errorf("%.40q: kept as %s, want nothing", text, b)
		}
	}
}

func FuzzReadText(f *testing.F) {
	f.Add(g.Textf("%s: %v", "a", []string{"b"}).Keep(), "a: [b]")
	f.Add([]byte(`{"f":"%d %d","a":[1,{"n":1.5}]}`), "1 1.5")
	f.Add([]byte(`{"f":"%s","a":[{"all":[{"f":"x"}],"between":{"f":", "}}]}`), "x")
	f.Fuzz(func(t *testing.T, b []byte, english string) {
		text, ok := g.ReadText(b, english)
		if ok && text.String() != english {
			t.Errorf("%q says %q, want %q", b, text, english)
		}
	})
}

// TestARejectionSaysWhy: a code for programs, the device's clock, and the reason in both languages.
func TestARejectionSaysWhy(t *testing.T) {
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	top := 125.0
	p := g.Profile{
		ID:         "p",
		Properties: map[string]g.Property{"t": {Type: "number", Maximum: &top}},
		Events:     map[string]g.Affordance{"door": {}},
		Sightings:  []g.Method{g.ByCard},
	}
	d := g.Device{ID: "d", Enabled: true}
	hot := map[string]g.Value{"t": g.NumberValue(200)}
	online := &g.Status{State: g.StateOnline}
	for _, c := range []struct {
		o    g.Observation
		want g.RejectionCode
	}{
		{g.Observation{Time: now.Add(time.Hour), Status: online}, g.RejectedClockAhead},
		{g.Observation{Time: now.AddDate(-2, 0, 0), Status: online}, g.RejectedClockBehind},
		{g.Observation{Reading: &g.Reading{Values: hot}}, g.RejectedMisfit},
		{g.Observation{Reading: &g.Reading{}}, g.RejectedEmpty},
		{g.Observation{}, g.RejectedEmpty},
		{g.Observation{Status: &g.Status{State: "tired"}}, g.RejectedState},
		{g.Observation{Sighting: &g.Sighting{Method: g.ByPIN}}, g.RejectedSighting},
		{g.Observation{Occurrence: &g.Occurrence{Kind: "sale"}}, g.RejectedOccurrence},
		{g.Observation{Unreadable: &g.Unreadable{Reason: "line 3"}}, g.RejectedUnreadable},
	} {
		c.o.Device = d.ID
		_, err := g.Admit(d, p, c.o, now)
		var r g.Rejection
		r.Explain(err)
		if r.Code != c.want || r.Reason != err.Error() {
			t.Errorf("%+v: got %q for %v, want %q", c.o, r.Code, err, c.want)
		}
		if _, ok := g.ReadText(r.Said, r.Reason); !ok {
			t.Errorf("%s: cannot be said in another language: %s", r.Reason, r.Said)
		}
		at, refused := r.ImpossibleTime()
		if clock := !c.o.Time.IsZero(); refused != clock || clock && !at.Equal(c.o.Time) {
			t.Errorf("%s: its time is %s, %t", r.Reason, at, refused)
		}
	}
	_, err := g.Admit(g.Device{ID: "d"}, p, g.Observation{Device: "d"}, now)
	var r g.Rejection
	if r.Explain(err); r.Code != g.RejectedDisabled {
		t.Errorf("got %q, want that it is disabled", r.Code)
	}
	prose := g.Rejection{Code: g.RejectedPayload, Reason: "the time 2026-09-01T09:00:00Z is late"}
	if _, ok := prose.ImpossibleTime(); ok {
		t.Error("a rejection with another code is read by its sentence")
	}
}
