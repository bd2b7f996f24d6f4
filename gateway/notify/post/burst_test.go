package post_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// The burst that is measured: of 6 million messages a year an hour has 685, and ten times as many come
// here at once, as broadcasts to 500 people.
const (
	burstPeople     = 500
	burstBroadcasts = 14
	burstAlarms     = 200 // before and amid it, one after the other
)

// BenchmarkBurst sends broadcasts at once, over a mail server, and alarms meanwhile: all are told, and
// the alarms take what they take while nothing else is sent. The figures are the 99th percentile from
// the order of an alarm to its mail, in milliseconds, how many people were told a second, and how many
// were not.
func BenchmarkBurst(b *testing.B) {
	for b.Loop() {
		arrived := make(chan time.Time, burstAlarms)
		server := &letters{slow: func(to string) {
			if to == "guard@school.example" {
				arrived <- time.Now()
			}
		}}
		s := newSchool(b)
		s.channel("smtp", serve(b, server), nil)
		guard := s.person("Guard", email("guard@school.example"))
		var all []messages.To
		for i := range burstPeople {
			all = append(all, messages.To{Person: s.person("P", email(fmt.Sprintf("p%d@school.example", i)))})
		}
		alarms := func() (p99 float64) {
			var took []time.Duration
			for range burstAlarms {
				asked := time.Now()
				s.send(alarm("Fire"), messages.To{Person: guard})
				took = append(took, (<-arrived).Sub(asked))
			}
			slices.Sort(took)
			return float64(took[len(took)*99/100].Microseconds()) / 1000
		}
		quiet := alarms()
		began := time.Now()
		var sent []g.MessageID
		for range burstBroadcasts {
			sent = append(sent, s.send(messages.Message{
				Lane:   messages.Bulk,
				Kind:   "broadcast",
				Params: map[string]string{"subject": "Closed", "text": "Closed at noon"},
				Steps:  []messages.Step{{Ways: []messages.Way{messages.Email}}},
			}, all...))
		}
		amid := alarms()
		waiting := s.count(sent, messages.Waiting)
		told := 0
		for deadline := time.Now().Add(10 * time.Minute); time.Now().Before(deadline); {
			if told = s.count(sent, messages.Sent); told == burstPeople*burstBroadcasts {
				break
			}
			<-time.After(100 * time.Millisecond)
		}
		if waiting == 0 {
			b.Error("the broadcasts were told before the alarms: nothing was measured amid them")
		}
		b.ReportMetric(quiet, "quiet-p99-ms")
		b.ReportMetric(amid, "burst-p99-ms")
		b.ReportMetric(float64(told)/time.Since(began).Seconds(), "told/s")
		b.ReportMetric(float64(burstPeople*burstBroadcasts-told), "lost")
		b.ReportMetric(0, "ns/op")
		if told != burstPeople*burstBroadcasts {
			b.Errorf("got %d told, want %d", told, burstPeople*burstBroadcasts)
		}
	}
}

// count is how many recipients of messages are in a state.
func (s *school) count(all []g.MessageID, state messages.State) (n int) {
	s.t.Helper()
	for _, id := range all {
		m, err := s.v.Messages.Find(s.t.Context(), id)
		if err != nil {
			s.t.Fatal(err)
		}
		n += m.Counts[state]
	}
	return n
}
