package host_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
)

// asker is a device that asks about a credential, with a no_answer rule.
func asker(id gatehouse.DeviceID, credential string, rule gatehouse.NoAnswer) drivers.Device {
	d := device(id, "ask")
	d.Serial = credential
	d.Profile.Sightings = []gatehouse.Method{gatehouse.ByCard}
	d.Profile.NoAnswer = rule
	d.Profile.Events = map[string]gatehouse.Affordance{
		"unanswered": {Data: map[string]gatehouse.Property{"method": {Type: "string"}}},
	}
	return d
}

// says waits until a device has reported that somebody may pass (n is 1) or may not (n is 0).
func says(t *testing.T, s *sink, id gatehouse.DeviceID, n float64) {
	t.Helper()
	s.wait(t, string(id)+"'s answer", func(got []gatehouse.Observation) bool {
		return slices.ContainsFunc(got, func(o gatehouse.Observation) bool {
			return o.Device == id && o.Reading != nil &&
				o.Reading.Values["n"] == gatehouse.NumberValue(n)
		})
	})
}

// TestAsks: a program's question reaches the gateway and its answer the device.
func TestAsks(t *testing.T) {
	s := newSink()
	var wrong atomic.Pointer[gatehouse.Ask]
	h, _ := start(t, host.Options{
		Sink: s,
		Answer: func(
			_ context.Context, driver gatehouse.DriverName, a gatehouse.Ask,
		) (gatehouse.Answer, error) {
			if driver != "steady" || a.Method != gatehouse.ByCard || a.Device == "" {
				wrong.Store(&a)
			}
			switch a.Credential {
			case "4711":
				return gatehouse.Answer{Allow: true, Person: "per_1"}, nil
			case "broken":
				return gatehouse.Answer{Allow: true}, errors.New("the registry does not answer")
			}
			return gatehouse.Answer{Reason: gatehouse.Because(gatehouse.ReasonNobody)}, nil
		},
	}, spec("steady"))
	wait(t, h, "steady")
	put(t, h, "steady", asker("dev_known", "4711", gatehouse.NoAnswerDeny))
	put(t, h, "steady", asker("dev_unknown", "0815", gatehouse.NoAnswerAllow))
	put(t, h, "steady", asker("dev_shut", "broken", gatehouse.NoAnswerDeny))
	put(t, h, "steady", asker("dev_open", "broken", gatehouse.NoAnswerAllow))
	says(t, s, "dev_known", 1)
	says(t, s, "dev_unknown", 0)
	says(t, s, "dev_shut", 0)
	says(t, s, "dev_open", 1)
	s.wait(t, "that somebody passed without an answer", func(got []gatehouse.Observation) bool {
		return slices.ContainsFunc(got, func(o gatehouse.Observation) bool {
			return o.Device == "dev_open" && o.Occurrence != nil && !o.Time.IsZero() &&
				o.Occurrence.Kind == gatehouse.OccurrenceUnanswered &&
				o.Occurrence.Data["method"] == gatehouse.StringValue("card")
		})
	})
	if a := wrong.Load(); a != nil {
		t.Errorf("got the question %+v", a)
	}
	s.set(func(s *sink) {
		for _, o := range s.got {
			if o.Occurrence != nil && o.Device != "dev_open" {
				t.Errorf("got %+v of %s, which the gateway answered or which stays shut", o.Occurrence,
					o.Device)
			}
		}
	})
	if st, err := h.Driver("steady"); err != nil || st.Answered == 0 || st.Unanswered == 0 {
		t.Errorf("got %d answered, %d not, %v", st.Answered, st.Unanswered, err)
	}
}

// TestAGatewayThatHangs: the program follows the profile meanwhile, and observations and questions
// resume afterwards.
func TestAGatewayThatHangs(t *testing.T) {
	s := newSink()
	var hung atomic.Bool
	hung.Store(true)
	h, _ := start(t, host.Options{
		Sink: s,
		Answer: func(
			ctx context.Context, _ gatehouse.DriverName, a gatehouse.Ask,
		) (gatehouse.Answer, error) {
			if hung.Load() {
				<-ctx.Done()
			}
			return gatehouse.Answer{Allow: true, Person: "per_1"}, nil
		},
	}, spec("steady"))
	wait(t, h, "steady")
	put(t, h, "steady", asker("dev_1", "4711", gatehouse.NoAnswerDeny))
	says(t, s, "dev_1", 0)
	hung.Store(false)
	says(t, s, "dev_1", 1)
}

// TestTooManyAsks: questions beyond drivers.MaxAsks at a time are counted and not answered, and the
// program keeps running.
func TestTooManyAsks(t *testing.T) {
	s := newSink()
	var now, most atomic.Int64
	h, _ := start(t, host.Options{
		Sink: s,
		Answer: func(
			ctx context.Context, _ gatehouse.DriverName, a gatehouse.Ask,
		) (gatehouse.Answer, error) {
			if a.Credential != "4711" {
				t.Errorf("got a question of %d bytes", len(a.Credential))
			}
			for n := now.Add(1); ; {
				if m := most.Load(); n <= m || most.CompareAndSwap(m, n) {
					break
				}
			}
			<-ctx.Done()
			now.Add(-1)
			return gatehouse.Answer{Allow: true}, nil
		},
	}, spec("curious"))
	wait(t, h, "curious")
	s.wait(t, "what it says after its questions", hasStates("dev_1", gatehouse.StateOnline))
	st := wait(t, h, "curious")
	if most.Load() > drivers.MaxAsks || st.Answered != 0 || st.Unanswered < drivers.MaxAsks {
		t.Errorf("got %d at a time, %d answered, %d not; want at most %d at a time, and the others "+
			"counted", most.Load(), st.Answered, st.Unanswered, drivers.MaxAsks)
	}
	if st.Restarts != 0 {
		t.Errorf("got %d restarts (%s), want none", st.Restarts, st.LastError)
	}
}
