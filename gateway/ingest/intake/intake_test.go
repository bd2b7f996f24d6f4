package intake_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/event"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/identify"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/intake"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/levels"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/vision"
)

// school is a registry with one school, a terminal, a camera, a reader and two students, and
// the intake in front of it.
type school struct {
	*intake.Intake
	t    testing.TB
	view *registry.View
	j    *journal.Journal
	now  time.Time
	read uint64
}

func open(t testing.TB) *school {
	ctx, key := t.Context(), make([]byte, 32)
	reg, err := registry.Open(ctx,
		registry.Options{
			Dir:       t.TempDir(),
			MasterKey: key,
			Now:       time.Now,
			Logger:    slog.New(slog.DiscardHandler),
		})
	must(t, err)
	t.Cleanup(func() { reg.Close() })
	s := &school{
		t:    t,
		view: reg.In(g.SystemScope("test")),
		now:  time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC),
	}
	_, err = s.view.Places.CreateSchool(ctx,
		g.School{ID: "sch", Kind: g.KindSchool, Name: "S", Timezone: "UTC", Language: "en"})
	must(t, err)
	_, err = s.view.Places.PutSite(ctx, g.Site{ID: "sit", School: "sch", Name: "S"})
	must(t, err)
	_, err = s.view.Places.PutBuilding(ctx, g.Building{ID: "bld", School: "sch", Site: "sit", Name: "B"})
	must(t, err)
	_, err = s.view.Deeds.PutZone(ctx,
		g.Zone{ID: "gate", School: "sch", Building: "bld", Name: "Gate", Kind: g.ZoneGate})
	must(t, err)
	for _, p := range []g.Profile{
		{
			ID:        "terminal",
			Title:     "T",
			Type:      g.TypeTerminal,
			Sightings: []g.Method{g.ByCard, g.ByFace, g.ByPIN},
		},
		{ID: "camera", Title: "C", Type: g.TypeCamera, Sightings: []g.Method{g.ByFace}},
		{ID: "reader", Title: "R", Type: g.TypeSensor, Sightings: []g.Method{g.ByCard}},
		{
			ID:         "lab",
			Title:      "L",
			Type:       g.TypeSensor,
			Properties: map[string]g.Property{"t": {Type: "number"}},
			Events: map[string]g.Affordance{"door": {Data: map[string]g.Property{
				"what": {Type: "string", Enum: []string{"forced", "held"}},
			}}},
		},
	} {
		must(t, s.view.Fleet.PutProfile(ctx, p))
	}
	for _, d := range []g.Device{
		{ID: "terminal", Driver: "push"},
		{ID: "camera", Driver: "vision"},
		{ID: "reader", Driver: g.DriverMQTTFront},
		{ID: "lab", Driver: g.DriverMQTTFront},
	} {
		d.School, d.Zone, d.Profile, d.Name, d.Serial, d.Enabled = "sch", "gate", g.ProfileID(d.ID), string(
			d.ID), string(d.ID), true
		_, _, err := s.view.Fleet.CreateDevice(ctx, d, nil)
		must(t, err)
	}
	for _, p := range []g.Person{
		{ID: "per_a", Name: "A", Number: "1001"},
		{ID: "per_b", Name: "B", Number: "1002"},
	} {
		p.School, p.Kind = "sch", g.Student
		_, err := s.view.People.Create(ctx, p)
		must(t, err)
	}
	_, err = s.view.People.AddCard(ctx, "per_a", g.ByCard, "0004711", time.Time{})
	must(t, err)
	dir, err := directory.New(ctx, reg, slog.New(slog.DiscardHandler))
	must(t, err)
	s.j, err = journal.Open(t.TempDir(), journal.Options{})
	must(t, err)
	t.Cleanup(func() { s.j.Close() })
	who := identify.New(reg.In(g.SystemScope("identify")).People, vision.DefaultDecision(),
		slog.New(slog.DiscardHandler))
	t.Cleanup(reg.Subscribe(who.Changed))
	standing := levels.New(reg.In(g.SystemScope("levels")))
	t.Cleanup(reg.Subscribe(standing.Changed))
	s.Intake = &intake.Intake{
		Directory: dir,
		Journal:   s.j,
		Identify:  who,
		Levels:    standing,
		Now:       func() time.Time { return s.now },
		Logger:    slog.New(slog.DiscardHandler),
	}
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// journalled returns the events since its last call.
func (s *school) journalled() []g.Event {
	s.t.Helper()
	records, err := s.j.ReadFrom(s.t.Context(), s.read, 100)
	must(s.t, err)
	var out []g.Event
	for _, r := range records {
		e, err := event.Decode(r.Seq, r.Data)
		must(s.t, err)
		out, s.read = append(out, e), r.Seq
	}
	return out
}

// face is a template whose direction the seed decides.
func face(seed float64) []float32 {
	v := make([]float32, 128)
	for i := range v {
		v[i] = float32(math.Sin(seed * float64(i*i+1)))
	}
	return v
}

func (s *school) see(driver g.DriverName, device g.DeviceID, x g.Sighting) g.Sighting {
	s.t.Helper()
	must(s.t,
		s.Accept(s.t.Context(), driver,
			[]g.Observation{{Device: device, Time: s.now, Sighting: &x}}))
	got := s.journalled()
	if len(got) != 1 || got[0].Sighting == nil {
		s.t.Fatalf("got %+v, want one sighting", got)
	}
	return *got[0].Sighting
}

func TestWhoItIs(t *testing.T) {
	s := open(t)
	if got := s.see(g.DriverMQTTFront, "reader",
		g.Sighting{Method: g.ByCard, Credential: "0004711", Person: "per_b"}); got.Person != "per_a" ||
		got.Credential != "" {
		t.Errorf("a known card: got %+v, want per_a, not whom the device claimed, and no card "+
			"number",
			got)
	}
	if got := s.see(g.DriverMQTTFront, "reader",
		g.Sighting{Method: g.ByCard, Credential: "0009999"}); got.Person != "" ||
		got.Credential != "…9999" {
		t.Errorf("an unknown card: got %+v, want nobody and the last 4 digits", got)
	}
	if got := s.see(g.DriverMQTTFront, "reader", g.Sighting{Method: g.ByCard, Credential: "1002"}); got.Person != "" {
		t.Errorf("a number at a mere reader: got %+v, want nobody", got)
	}
	if got := s.see("push", "terminal",
		g.Sighting{Method: g.ByCard, Credential: "1002", Direction: g.In}); got.Person != "per_b" ||
		got.Zone != "gate" {
		t.Errorf("a user number at a terminal: got %+v, want per_b at the gate", got)
	}
	if got := s.see("push", "terminal", g.Sighting{Method: g.ByFace, Credential: "1002"}); got.Person != "" ||
		got.Match == nil || got.Match.Reason != "no_consent" {
		t.Errorf("a terminal's face match without consent: got %+v, want nobody", got)
	}
}

func TestFacesNeedConsentAndAreNotKept(t *testing.T) {
	s := open(t)
	look := g.Sighting{
		Method:    g.ByFace,
		Track:     "7",
		Embedding: face(1),
		Model:     "m",
		Snapshot:  []byte("jpeg"),
		Frames:    5,
		Match:     &g.Match{Quality: 0.8},
	}
	got := s.see("vision", "camera", look)
	if got.Person != "" || got.Media != "" || got.Embedding != nil || got.Snapshot != nil ||
		got.Match.Reason != "nobody_enrolled" {
		t.Errorf("before enrolment: got %+v, want nobody, no picture and no embedding", got)
	}
	if n, _, _ := s.Strangers.Stat(); n != 1 {
		t.Errorf("before enrolment: %d tracks wait for the rules, want 1", n)
	}
	consent := g.Consent{
		Person: "per_a",
		Given:  true,
		By:     "parent",
		Note:   "form",
		At:     time.Now(),
		Actor:  "test",
	}
	must(t, s.view.People.SetConsent(t.Context(), consent))
	_, err := s.view.People.AddFace(t.Context(), "per_a", face(1), "m", 0.9)
	must(t, err)
	got = s.see("vision", "camera", look)
	if got.Person != "per_a" || got.Media != "" || got.Match.Reason != "matched" ||
		got.Match.Quality != 0.8 || got.Match.Frames != 5 {
		t.Errorf("after enrolment: got %+v, match %+v; want per_a without a picture, with "+
			"quality and frames",
			got, got.Match)
	}
	if n, _, _ := s.Strangers.Stat(); n != 0 {
		t.Errorf("after enrolment: %d tracks wait for the rules, want none: it is known who this is",
			n)
	}
	if other := s.see("vision", "camera",
		g.Sighting{Method: g.ByFace, Embedding: face(2.7), Model: "m"}); other.Person != "" {
		t.Errorf("somebody else: got %+v, want nobody", other)
	}
	consent.Given, consent.At = false, time.Now()
	must(t, s.view.People.SetConsent(t.Context(), consent))
	if got = s.see("vision", "camera", look); got.Person != "" {
		t.Errorf("after the withdrawal: got %+v, want nobody", got)
	}
}

func TestWhatDoesNotFitIsJournalledAsRejected(t *testing.T) {
	s := open(t)
	value := func(v g.Value) *g.Reading { return &g.Reading{Values: map[string]g.Value{"t": v}} }
	must(t, s.Accept(t.Context(), g.DriverMQTTFront, []g.Observation{
		{Device: "lab", Reading: value(g.StringValue("warm"))},
		{Device: "ghost", Reading: value(g.NumberValue(1))},
		{Device: "lab", Reading: value(g.NumberValue(1))},
	}))
	must(t,
		s.Accept(t.Context(), "push",
			[]g.Observation{{Device: "lab", Reading: value(g.NumberValue(2))}}))
	done := make(chan error, 1)
	must(t,
		s.Message(t.Context(), "lab", "telemetry", []byte("not json"), "",
			func(err error) { done <- err }))
	must(t, <-done)
	must(t,
		s.Message(t.Context(), "reader", "sighting",
			[]byte(`{"methd":"card","credential":"0004711","x":1}`), "once",
			func(err error) { done <- err }))
	must(t, <-done)
	var got []string
	all := s.journalled()
	for _, e := range all {
		line := string(e.Kind) + " " + string(e.Device)
		if e.Rejection != nil {
			reason, _, _ := strings.Cut(e.Rejection.Reason, ":")
			line += ": " + reason + " [" + e.Rejection.Excerpt + "]"
		}
		got = append(got, line)
	}
	want := []string{
		`rejected lab: t [{"reading":{"values":{"t":"warm"}}}]`,
		`rejected ghost: device "ghost" is not registered []`, `reading lab`,
		`rejected : device "lab" belongs to driver "mqtt-front" []`,
		`rejected lab: the payload is not a JSON object of properties [not json]`,
		`rejected reader: method []`, // a payload about people is not shown
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("got, want:\n%s", d)
	}
	if a, r := s.Counts(); a != 1 || r != 5 {
		t.Errorf("counted %d admitted and %d rejected, want 1 and 5", a, r)
	}
	if first, last := all[0].ID, all[len(all)-1].ID; first != "evt_1" ||
		last != intake.OnceID("once") {
		t.Errorf("ids %q and %q, want one by its sequence and one by its name", first, last)
	}
}

// TestWhatIsRefusedOfPeopleIsKept: a rejected payload about people is kept encrypted, and so is the
// credential of a sighting that matched nobody, but not that of somebody who was recognised.
func TestWhatIsRefusedOfPeopleIsKept(t *testing.T) {
	s := open(t)
	s.Seal = func(_ context.Context, school g.SchoolID, plain []byte) ([]byte, error) {
		return []byte(string(school) + ":" + string(plain)), nil
	}
	year := s.now.AddDate(-2, 0, 0)
	must(t, s.Accept(t.Context(), "push", []g.Observation{
		{
			Device: "terminal",
			Unreadable: &g.Unreadable{
				Raw:    []byte("777\tnoon\t0"),
				Reason: "line 1: no time",
				What:   "ATTLOG",
			},
		},
		{
			Device:   "terminal",
			Time:     year,
			Replayed: true,
			Sighting: &g.Sighting{Method: g.ByCard, Credential: "780"},
		},
		{Device: "terminal", Sighting: &g.Sighting{Method: g.ByCard, Credential: "9001"}},
		{Device: "terminal", Sighting: &g.Sighting{Method: g.ByCard, Credential: "1001"}},
		// no consent to the use of the face
		{Device: "terminal", Sighting: &g.Sighting{Method: g.ByFace, Credential: "1002"}},
		{Device: "terminal", Sighting: &g.Sighting{Method: g.ByFace, Credential: "9002"}},
	}))
	var got []string
	for _, e := range s.journalled() {
		switch {
		case e.Rejection != nil:
			got = append(got,
				fmt.Sprintf("%s, %s [%s] %s", e.Rejection.Source, e.Rejection.Reason,
					e.Rejection.Excerpt, e.Rejection.Sealed))
		case e.Sighting != nil:
			got = append(got,
				fmt.Sprintf("%s %s %s", e.Sighting.Person, e.Sighting.Credential,
					e.Sighting.Sealed))
		}
	}
	want := []string{
		"push ATTLOG, line 1: no time [] sch:777\tnoon\t0",
		`push, the time 2024-09-01T00:00:00Z is more than 400 days old: set the device's clock [] ` +
			`sch:{"time":"2024-09-01T00:00:00Z","replayed":true,"sighting":{"id":"","method":"card","credential":"780"}}`,
		" …01 sch:9001", "per_a  ", " …02 ", " …02 sch:9002",
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("got, want:\n%s", d)
	}
}

// TestOneBadFieldHidesNoOther: what fits is an event, what does not is named in a rejection, and
// both are on disk before the device gets its acknowledgement.
func TestOneBadFieldHidesNoOther(t *testing.T) {
	s := open(t)
	done := make(chan error, 1)
	send := func(payload, once string) []g.Event {
		t.Helper()
		must(t,
			s.Message(t.Context(), "lab", "telemetry", []byte(payload), once,
				func(err error) { done <- err }))
		must(t, <-done)
		return s.journalled()
	}
	got := send(`{"t": 1, "door": "安静", "rssi": -60, "on": true, "deep": {}}`, "once")
	if len(got) != 2 || got[0].Rejection == nil || got[1].Reading == nil {
		t.Fatalf("got %+v, want a rejection and the reading", got)
	}
	want := g.Rejection{
		Reason:     `deep, door, on, rssi: profile "lab" has no such property; it has [t]`,
		Source:     "mqtt telemetry",
		Excerpt:    `{"t": 1, "door": "安静", "rssi": -60, "on": true, "deep": {}}`,
		Properties: []string{"deep", "door", "on", "rssi"},
		Partial:    true,
		Code:       g.RejectedMisfit,
	}
	said := got[0].Rejection.Said
	if _, ok := g.ReadText(said, want.Reason); !ok {
		t.Errorf("got %s, want the reason for other languages", said)
	}
	want.Said = said
	if d := cmp.Diff(*got[0].Rejection, want); d != "" {
		t.Errorf("got, want:\n%s", d)
	}
	if v := got[1].Reading.Values; len(v) != 1 || v["t"] != g.NumberValue(1) ||
		got[1].ID != intake.OnceID("once") {
		t.Errorf("got %v as %s, want t alone under the message's name", v, got[1].ID)
	}
	if again := send(`{"t": 2, "rssi": -61}`, ""); len(again) != 1 || again[0].Reading == nil {
		t.Errorf("got %+v, want no second rejection of the same field within the hour", again)
	}
	s.now = s.now.Add(time.Hour)
	if later := send(`{"t": 2, "rssi": -62}`, ""); len(later) != 2 {
		t.Errorf("got %+v, want the rejection once an hour", later)
	}
	if none := send(`{"rssi": -62}`, ""); len(none) != 1 || none[0].Rejection == nil ||
		none[0].Rejection.Partial {
		t.Errorf("got %+v, want a message of which nothing fits rejected each time", none)
	}
	counted := map[string]string{}
	for _, f := range s.Fields.Take(100) {
		counted[f.Name] = fmt.Sprint(f.Kind, " ", f.Example, " ", f.Count)
	}
	wantCounts := map[string]string{
		"rssi": "number -62 4",
		"on":   "boolean true 1",
		"door": "string  1",
		"deep": "  1",
	}
	if d := cmp.Diff(counted, wantCounts); d != "" {
		t.Errorf("counted: got, want:\n%s", d)
	}
	if left := s.Fields.Take(100); len(left) != 0 {
		t.Errorf("got %v a second time", left)
	}
}

// TestOldIsHistory: a reading that is a week old is replayed, whatever the unit of its time.
func TestOldIsHistory(t *testing.T) {
	s := open(t)
	done := make(chan error, 1)
	at := s.now.Add(-7 * 24 * time.Hour)
	for _, stamp := range []int64{at.Unix(), at.UnixMilli(), at.UnixMicro()} {
		payload := fmt.Appendf(nil, `{"t": 1, "time": %d}`, stamp)
		must(t,
			s.Message(t.Context(), "lab", "telemetry", payload, "",
				func(err error) { done <- err }))
		must(t, <-done)
		got := s.journalled()
		if len(got) != 1 || !got[0].Replayed || !got[0].Late || !got[0].Time.Equal(at) {
			t.Errorf("%d: got %+v, want history of %s", stamp, got, at)
		}
	}
}

func TestManualPass(t *testing.T) {
	s := open(t)
	seq, id, err := s.Manual(t.Context(), "sch",
		g.Sighting{Person: "per_b", Zone: "gate", Direction: g.In, Credential: "secret"})
	must(t, err)
	got := s.journalled()
	if len(got) != 1 || got[0].Seq != seq || got[0].Sighting.ID != id ||
		got[0].Sighting.Method != g.ByManual || got[0].Sighting.Credential != "" ||
		got[0].School != "sch" {
		t.Errorf("got %+v, want the manual pass as event %d", got, seq)
	}
	if _, _, err := s.Manual(t.Context(), "sch", g.Sighting{Person: "per_b", Zone: "nowhere"}); g.ErrorCode(
		err) != g.Invalid {
		t.Errorf("got %v, want an unknown zone refused", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.j.Close()
	if _, _, err := s.Manual(ctx, "sch", g.Sighting{Person: "per_b", Zone: "gate"}); err == nil {
		t.Error("a pass that is not on disk was reported as kept")
	}
}
