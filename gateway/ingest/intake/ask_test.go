package intake_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/gatehouse-iot/gatehouse/registry/lockdown"
)

// TestWhoMayPass: holders of a valid credential may pass, and all others get the reason why not.
// The decision is journalled, and the credential of a known person is not.
func TestWhoMayPass(t *testing.T) {
	s := open(t)
	w := &written{Journal: s.j, done: make(chan error, 1)}
	s.Journal = w
	ctx := t.Context()
	_, err := s.view.People.AddCard(ctx, "per_b", g.ByCard, "0005555", time.Now().Add(-time.Minute))
	must(t, err)
	_, err = s.view.People.Create(ctx,
		g.Person{ID: "per_c", School: "sch", Kind: g.Staff, Name: "C", Number: "1003"})
	must(t, err)
	_, err = s.view.People.AddCard(ctx, "per_c", g.ByCard, "0006666", time.Now().Add(time.Hour))
	must(t, err)
	_, err = s.view.People.Create(ctx,
		g.Person{ID: "per_d", School: "sch", Kind: g.Staff, Name: "D", Number: "1004"})
	must(t, err)
	_, err = s.view.People.AddCard(ctx, "per_d", g.ByCard, "0007777", time.Time{})
	must(t, err)
	must(t, s.view.People.SetLeft(ctx, "per_d", true))
	_, err = s.view.People.Create(ctx, g.Person{ID: "per_e", School: "sch", Kind: g.Visitor, Name: "E"})
	must(t, err) // has no number
	for _, c := range []struct {
		name, credential string
		method           g.Method
		person           g.PersonID
		why              g.ReasonCode
		masked           string
	}{
		{"a card", "0004711", g.ByCard, "per_a", "", ""},
		{"as another reader writes it", "00:04-711", g.ByCard, "per_a", "", ""},
		{"a card that will expire", "0006666", g.ByCard, "per_c", "", ""},
		{"an expired card", "0005555", g.ByCard, "per_b", g.ReasonPassExpired, ""},
		{"the card of somebody who left", "0007777", g.ByCard, "per_d", g.ReasonPersonLeft, ""},
		{"nobody's card", "0008888", g.ByCard, "", g.ReasonNobody, "…8888"},
		{"a terminal's user number", "1002", g.ByCard, "per_b", "", ""},
		{"that of somebody who left", "1004", g.ByCard, "per_d", g.ReasonPersonLeft, ""},
		{"a face that a terminal knows, without consent", "1002", g.ByFace, "", g.ReasonNobody, "…02"},
		{"blanks", "  ", g.ByCard, "", g.ReasonNobody, "… "},
	} {
		answer, err := s.Answer(ctx, "push",
			g.Ask{Device: "terminal", Method: c.method, Credential: c.credential, Direction: g.In})
		must(t, err)
		want := g.Answer{Allow: c.why == ""}
		decision := g.Decision{
			Method:     c.method,
			Direction:  g.In,
			Allow:      want.Allow,
			Person:     c.person,
			Credential: c.masked,
		}
		if want.Allow {
			want.Person = c.person
		} else {
			want.Reason = g.Because(c.why)
			decision.Reason = want.Reason
		}
		if diff := cmp.Diff(answer, want); diff != "" {
			t.Errorf("%s: got -, want +:\n%s", c.name, diff)
		}
		got := s.decided(w)
		if got.Zone != "gate" || got.School != "sch" || got.Device != "terminal" || got.Driver != "push" ||
			!got.Time.Equal(s.now) {
			t.Errorf("%s: got %+v", c.name, got)
		}
		if diff := cmp.Diff(*got.Decision, decision); diff != "" {
			t.Errorf("%s: journalled -, want +:\n%s", c.name, diff)
		}
	}
	must(t, s.view.People.SetConsent(ctx, g.Consent{Person: "per_b", Given: true, By: "B"}))
	answer, err := s.Answer(ctx, "push", g.Ask{Device: "terminal", Method: g.ByFace, Credential: "1002"})
	if err != nil || answer.Person != "per_b" || !s.decided(w).Decision.Allow {
		t.Errorf("got %+v, %v, want a face with consent to pass", answer, err)
	}
}

// written is a journal that says when each of its records is on disk.
type written struct {
	*journal.Journal
	done chan error
}

func (w *written) Append(key string, data []byte, done func(uint64, error)) error {
	return w.Journal.Append(key, data, func(seq uint64, err error) {
		done(seq, err)
		w.done <- err
	})
}

// decided waits for the one decision since the last call: an answer does not wait for the disk.
func (s *school) decided(w *written) g.Event {
	s.t.Helper()
	must(s.t, <-w.done)
	got := s.journalled()
	if len(got) != 1 || got[0].Kind != g.EventDecision || got[0].Decision == nil {
		s.t.Fatalf("got %+v, want one decision", got)
	}
	return got[0]
}

// TestNobodyIsAnswered: a question of another driver's device, of an unknown device, with a method
// that the profile lacks, or that has timed out gets no answer, and nothing is journalled.
func TestNobodyIsAnswered(t *testing.T) {
	s := open(t)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name   string
		ctx    context.Context
		driver g.DriverName
		ask    g.Ask
	}{
		{"another driver's", t.Context(), "vision", g.Ask{Device: "terminal", Method: g.ByCard}},
		{"unknown", t.Context(), "push", g.Ask{Device: "nowhere", Method: g.ByCard}},
		{"another method", t.Context(), "push", g.Ask{Device: "terminal", Method: g.ByQR}},
		{"late", over, "push", g.Ask{Device: "terminal", Method: g.ByCard}},
	} {
		c.ask.Credential = "0004711"
		if answer, err := s.Answer(c.ctx, c.driver, c.ask); err == nil || answer.Allow {
			t.Errorf("%s: got %+v, want no answer", c.name, answer)
		}
	}
	if got := s.journalled(); len(got) != 0 {
		t.Errorf("got %+v journalled, want nothing", got)
	}
}

// TestALevelStandsAtTheDoor: from the moment at which a level is raised until the next takes its
// place, whoever asks is answered by it, and the decision says so.
func TestALevelStandsAtTheDoor(t *testing.T) {
	s := open(t)
	w := &written{Journal: s.j, done: make(chan error, 1)}
	s.Journal = w
	ctx := t.Context()
	_, err := s.view.People.Create(ctx,
		g.Person{ID: "per_t", School: "sch", Kind: g.Staff, Name: "T", Number: "2001"})
	must(t, err)
	_, err = s.view.People.AddCard(ctx, "per_t", g.ByCard, "0009999", time.Time{})
	must(t, err)
	ask := func(card string, way g.Direction) (g.Answer, g.Decision) {
		t.Helper()
		answer, err := s.Answer(ctx, "push",
			g.Ask{Device: "terminal", Method: g.ByCard, Credential: card, Direction: way})
		must(t, err)
		return answer, *s.decided(w).Decision
	}
	if got, d := ask("0004711", g.In); !got.Allow || d.Level != "" {
		t.Errorf("before: got %+v, %+v, want a child to pass, no level", got, d)
	}
	l, err := s.view.Lockdown.Raise(ctx, lockdown.Order{School: "sch", Level: g.LevelLockdown, Drill: true})
	must(t, err)
	got, d := ask("0004711", g.In)
	want := g.Because(g.ReasonLevelStaff, "level", "Drill 演练 · Lockdown 封锁")
	if diff := cmp.Diff(got, g.Answer{Reason: want}); diff != "" {
		t.Errorf("a child in a lockdown: got -, want +:\n%s", diff)
	}
	if d.Level != g.LevelLockdown || d.Lockdown != l.ID || !d.Drill || d.Person != "per_a" || d.Allow {
		t.Errorf("got %+v, want a decision that names the drill", d)
	}
	if got, _ := ask("0009999", g.In); !got.Allow || got.Person != "per_t" {
		t.Errorf("a teacher in a lockdown: got %+v, want to pass", got)
	}
	_, err = s.view.Lockdown.Raise(ctx, lockdown.Order{School: "sch", Level: g.LevelEvacuate})
	must(t, err)
	if got, d := ask("0008888", g.Out); !got.Allow || got.Person != "" || d.Reason.Code != g.ReasonLevelFree {
		t.Errorf("nobody's card on the way out: got %+v, %+v, want to pass, and why", got, d)
	}
	if got, _ := ask("0004711", g.In); !got.Allow {
		t.Errorf("a child on the way in of an evacuation: got %+v, want to pass as always", got)
	}
}

// TestADuressCodeIsSilent: a PIN that says that its holder is made to pass opens like any other, at a
// door that asks and in the report of one that decides by itself; beside it is journalled an alarm of
// the device with the person, and the code nowhere.
func TestADuressCodeIsSilent(t *testing.T) {
	s := open(t)
	w := &written{Journal: s.j, done: make(chan error, 4)}
	s.Journal = w
	ctx := t.Context()
	_, err := s.view.People.AddCard(ctx, "per_a", g.ByPIN, "2468", time.Time{})
	must(t, err)
	pass, err := s.view.People.AddDuress(ctx, "per_a", "8642", time.Time{})
	must(t, err)
	if !pass.Duress || pass.Masked != "" {
		t.Errorf("got %+v, want a duress code of which nothing is shown", pass)
	}
	ask := g.Ask{Device: "terminal", Method: g.ByPIN, Credential: "2468", Direction: g.In}
	plain, err := s.Answer(ctx, "push", ask)
	must(t, err)
	must(t, <-w.done)
	if got := s.journalled(); len(got) != 1 {
		t.Fatalf("got %d events for the usual PIN, want a decision", len(got))
	}
	ask.Credential = "8642"
	forced, err := s.Answer(ctx, "push", ask)
	must(t, err)
	if diff := cmp.Diff(forced, plain); diff != "" {
		t.Errorf("the door is answered otherwise: got -, want +:\n%s", diff)
	}
	must(t, <-w.done)
	must(t, <-w.done)
	s.silent(s.journalled(), g.EventDecision)

	must(t, s.Accept(ctx, "push", []g.Observation{{
		Device: "terminal",
		Time:   s.now,
		Sighting: &g.Sighting{
			Method:     g.ByPIN,
			Credential: "8642",
		},
	}}))
	s.silent(s.journalled(), g.EventSighting)
}

// silent wants an alarm of duress and, beside it, what is journalled of any passage.
func (s *school) silent(got []g.Event, passage g.EventKind) {
	s.t.Helper()
	if len(got) != 2 || got[0].Kind != g.EventOccurrence || got[1].Kind != passage {
		s.t.Fatalf("got %+v, want an occurrence and a %s", got, passage)
	}
	person, is := got[0].Occurrence.Duress()
	if !is || person != "per_a" || got[0].Occurrence.ID == "" || got[0].Device != "terminal" {
		s.t.Errorf("got %+v, want duress of per_a", got[0].Occurrence)
	}
	if said := fmt.Sprintf("%+v %+v", got[0], got[1]); strings.Contains(said, "8642") {
		s.t.Errorf("got %s, want the code nowhere", said)
	}
}
