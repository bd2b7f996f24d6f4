package intake_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// BenchmarkMeal is how long somebody waits at a till at 20 meals a second, from the driver through
// gRPC, the host and the registry of a school of 3,000 with 60 lessons at the time, to the answer
// with the meal on disk; alone, and beside two who write into the registry without a pause. Under
// 100 ms for 99 of 100 is asked for.
func BenchmarkMeal(b *testing.B) {
	for _, writers := range []int{0, 2} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) { benchmarkMeal(b, writers) })
	}
}

func benchmarkMeal(b *testing.B, writers int) {
	const people = 3000
	s := open(b)
	s.now = time.Now()
	s.canteen()
	s.Intake.Now = time.Now
	var file strings.Builder
	file.WriteString("kind,number,name,card,class\n")
	for i := range people {
		fmt.Fprintf(&file, "student,N%05d,Person %d,CARD%05d,7-%d\n", i, i, i, i%60)
	}
	report, err := s.view.People.Import(b.Context(), "sch", strings.NewReader(file.String()), false)
	must(b, err)
	if report.Created != people {
		b.Fatalf("got %+v, want %d people", report, people)
	}
	for i := range 60 {
		s.lesson(i)
	}
	profile, err := s.view.Fleet.Profile(b.Context(), "till")
	must(b, err)
	device := s.driven(b, "till", profile)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	var busy sync.WaitGroup
	for i := range writers {
		busy.Go(func() {
			for ctx.Err() == nil {
				s.lesson(i)
			}
		})
	}

	var mu sync.Mutex
	var took []time.Duration
	missed := 0
	var all sync.WaitGroup
	tick := time.NewTicker(time.Second / 20)
	defer tick.Stop()
	b.ResetTimer()
	for i := range b.N {
		<-tick.C
		all.Go(func() {
			begun := time.Now()
			a, err := device.Ask(ctx, g.Ask{
				Method:     g.ByCard,
				Credential: fmt.Sprintf("CARD%05d", i*7919%people),
				Sequence:   uint64(i + 1),
			})
			t := time.Since(begun)
			mu.Lock()
			defer mu.Unlock()
			took = append(took, t)
			if err != nil || !a.Allow || a.Serving == nil {
				missed++
			}
		})
	}
	all.Wait()
	b.StopTimer()
	cancel()
	busy.Wait()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2])/1e6, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100])/1e6, "p99-ms")
	b.ReportMetric(float64(took[len(took)-1])/1e6, "worst-ms")
	b.ReportMetric(float64(missed), "unanswered")
}

// lesson is one of those that are held while lunch is served.
func (s *school) lesson(i int) {
	now := time.Now()
	_, err := s.view.Sessions.Put(context.Background(), g.Session{
		ID:      g.SessionID(fmt.Sprintf("lesson-%d", i)),
		School:  "sch",
		Kind:    g.SessionLesson,
		Name:    "Lesson",
		Start:   now.Add(-time.Hour),
		Due:     now,
		End:     now.Add(time.Hour),
		Who:     []g.PersonKind{g.Student},
		Classes: []string{fmt.Sprintf("7-%d", i)},
	})
	if err != nil {
		s.t.Error(err)
	}
}
