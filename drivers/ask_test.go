package drivers_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
)

// door serves a device that asks about each credential sent to questions and returns the answers.
func door(t *testing.T, rule gatehouse.NoAnswer, questions chan string) (*gateway, chan gatehouse.Answer) {
	answers := make(chan gatehouse.Answer)
	g := serve(t, fake{func(ctx context.Context, d drivers.Device, _ drivers.Emit) error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case q := <-questions:
				go func() {
					a, err := d.Ask(ctx, gatehouse.Ask{Method: gatehouse.ByCard, Credential: q})
					if err != nil {
						t.Errorf("ask: %v", err)
					}
					answers <- a
				}()
			}
		}
	}})
	profile, err := json.Marshal(gatehouse.Profile{
		ID:        "door",
		Title:     "Door",
		Type:      gatehouse.TypeTerminal,
		Sightings: []gatehouse.Method{gatehouse.ByCard},
		NoAnswer:  rule,
		Events:    map[string]gatehouse.Affordance{"unanswered": {}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.stream.Send(&driverpb.FromHost{Message: &driverpb.FromHost_Connect{
		Connect: &driverpb.Device{Id: "door", Profile: profile},
	}}); err != nil {
		t.Fatal(err)
	}
	return g, answers
}

func (g *gateway) asked(t *testing.T) *driverpb.Ask {
	t.Helper()
	m, err := g.stream.Recv()
	if err != nil || m.GetAsk() == nil {
		t.Fatalf("got %v, %v, want a question", m, err)
	}
	return m.GetAsk()
}

func (g *gateway) answer(t *testing.T, id uint64, a gatehouse.Answer) {
	t.Helper()
	if err := g.stream.Send(&driverpb.FromHost{
		Message: &driverpb.FromHost_Answer{Answer: driverpb.FromAnswer(id, a)},
	}); err != nil {
		t.Fatal(err)
	}
}

// TestAnAnswerReachesItsQuestion: two concurrent questions, answered in reverse order.
func TestAnAnswerReachesItsQuestion(t *testing.T) {
	questions := make(chan string)
	g, answers := door(t, gatehouse.NoAnswerDeny, questions)
	for range 20 {
		questions <- "one"
		one := g.asked(t)
		questions <- "two"
		two := g.asked(t)
		if one.GetCredential() != "one" || two.GetCredential() != "two" || one.GetId() == two.GetId() ||
			one.GetDevice() != "door" || one.GetMethod() != "card" {
			t.Fatalf("got %v and %v", one, two)
		}
		g.answer(t, two.GetId(), gatehouse.Answer{Allow: true, Person: "per_2"})
		a := <-answers
		g.answer(t, one.GetId(), gatehouse.Answer{Reason: gatehouse.Because(gatehouse.ReasonNobody)})
		b := <-answers
		if a.Reason.Code == gatehouse.ReasonNoAskAnswer || b.Reason.Code == gatehouse.ReasonNoAskAnswer {
			continue // slow machine: ask again
		}
		if !a.Allow || a.Person != "per_2" || b.Allow || b.Reason.Code != gatehouse.ReasonNobody {
			t.Errorf("got %+v and %+v, want each its own", a, b)
		}
		return
	}
	t.Error("the program was too slow twenty times")
}

// TestALateAnswerIsDropped: the profile has decided by then, and a late answer is not taken for the
// answer to the next question.
func TestALateAnswerIsDropped(t *testing.T) {
	for rule, allow := range map[gatehouse.NoAnswer]bool{
		"":                      false,
		gatehouse.NoAnswerDeny:  false,
		gatehouse.NoAnswerAllow: true,
	} {
		questions := make(chan string)
		g, answers := door(t, rule, questions)
		questions <- "one"
		one := g.asked(t)
		a := <-answers
		if a.Allow != allow || a.Person != "" || a.Reason.Code != gatehouse.ReasonNoAskAnswer {
			t.Errorf("%q: got %+v without an answer, want allow %v", rule, a, allow)
		}
		if allow { // and reported
			b := g.batch(t)
			g.ack(t, b, nil)
			o := b.GetObservations()[0]
			if o.GetOccurrence().GetKind() != "unanswered" || o.GetTime() == nil ||
				o.GetDevice() != "door" {
				t.Errorf("got %v, want it told that somebody passed", o)
			}
		}
		questions <- "two"
		two := g.asked(t)
		g.answer(t, one.GetId(), gatehouse.Answer{Allow: !allow, Person: "per_1"})
		if a := <-answers; a.Reason.Code != gatehouse.ReasonNoAskAnswer {
			t.Errorf("%q: got %+v, want the late answer not taken for one to the next question", rule, a)
		}
		if one.GetId() == two.GetId() {
			t.Errorf("got two questions with the id %d", one.GetId())
		}
	}
}

// TestPassesOfAReleasedDeviceAreTold: those too that wait for the gateway when the device is removed.
func TestPassesOfAReleasedDeviceAreTold(t *testing.T) {
	const passes = 5
	questions := make(chan string)
	g, answers := door(t, gatehouse.NoAnswerAllow, questions)
	for range passes {
		questions <- "4711"
	}
	for range passes {
		if a := <-answers; !a.Allow {
			t.Errorf("got %+v, want it allowed by the profile", a)
		}
	}
	if err := g.stream.Send(&driverpb.FromHost{
		Message: &driverpb.FromHost_Disconnect{Disconnect: "door"},
	}); err != nil {
		t.Fatal(err)
	}
	for told := 0; told < passes; {
		m, err := g.stream.Recv()
		if err != nil {
			t.Fatalf("got %v after %d of %d passes", err, told, passes)
		}
		if m.GetBatch() == nil {
			continue // one of the questions
		}
		g.ack(t, m.GetBatch(), nil)
		for _, o := range m.GetBatch().GetObservations() {
			if o.GetOccurrence().GetKind() == "unanswered" {
				told++
			}
		}
	}
}

// TestTooManyQuestions: beyond MaxAsks concurrent questions the gateway is not asked.
func TestTooManyQuestions(t *testing.T) {
	questions := make(chan string)
	g, answers := door(t, gatehouse.NoAnswerDeny, questions)
	for range 3 * drivers.MaxAsks {
		questions <- "4711"
	}
	for range 3 * drivers.MaxAsks {
		if a := <-answers; a.Allow || a.Reason.Code != gatehouse.ReasonNoAskAnswer {
			t.Errorf("got %+v without an answer", a)
		}
	}
	// The next one is asked again: none of the earlier ones is still counted.
	questions <- "last"
	seen := map[uint64]bool{}
	for {
		a := g.asked(t)
		if seen[a.GetId()] {
			t.Fatalf("got the question %d twice", a.GetId())
		}
		seen[a.GetId()] = true
		if a.GetCredential() == "last" {
			break
		}
	}
	<-answers
}

// TestWhatIsNoQuestion: an invalid question is not sent and lets nobody pass.
func TestWhatIsNoQuestion(t *testing.T) {
	d := drivers.Device{
		ID: "door",
		Profile: gatehouse.Profile{
			ID:        "door",
			Sightings: []gatehouse.Method{gatehouse.ByCard},
			NoAnswer:  gatehouse.NoAnswerAllow,
		},
	}
	for name, a := range map[string]gatehouse.Ask{
		"no credential":    {Method: gatehouse.ByCard},
		"a long one":       {Method: gatehouse.ByCard, Credential: string(make([]byte, 300))},
		"another method":   {Method: gatehouse.ByPIN, Credential: "4711"},
		"an odd direction": {Method: gatehouse.ByCard, Credential: "4711", Direction: "up"},
	} {
		answer, err := d.Ask(t.Context(), a)
		if gatehouse.ErrorCode(err) != gatehouse.Invalid || answer.Allow {
			t.Errorf("%s: got %+v, %v, want it refused", name, answer, err)
		}
	}
	// A device outside a session reaches no gateway.
	answer, err := d.Ask(t.Context(), gatehouse.Ask{Method: gatehouse.ByCard, Credential: "4711"})
	if err != nil || !answer.Allow || answer.Reason.Code != gatehouse.ReasonNoAskAnswer {
		t.Errorf("got %+v, %v, want what the profile says", answer, err)
	}
}
