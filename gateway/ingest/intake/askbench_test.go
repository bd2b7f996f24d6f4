package intake_test

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
)

// gates is a driver whose devices are handed to the benchmark.
type gates struct{ up chan drivers.Device }

func (gates) Describe() drivers.Description {
	return drivers.Description{Name: "push", Title: "Gates", Version: "1"}
}

func (x gates) Connect(ctx context.Context, d drivers.Device, _ drivers.Emit) error {
	x.up <- d
	<-ctx.Done()
	return nil
}

// BenchmarkAsk is how long a card at a turnstile waits, from the driver through gRPC, the host, the
// registry of a school of 5,000 people and the journal, with about as many turnstiles asking at a
// time as it says. drivers.AskWithin, 100 ms, is where the turnstile decides by itself.
func BenchmarkAsk(b *testing.B) {
	for _, many := range []int{1, 16} {
		b.Run(fmt.Sprintf("at_a_time=%d", many), func(b *testing.B) { benchmarkAsk(b, many) })
	}
}

// driven runs a driver with one device, through gRPC and the host, and returns the device as the
// driver has it.
func (s *school) driven(b *testing.B, id g.DeviceID, profile g.Profile) drivers.Device {
	b.Helper()
	x := gates{up: make(chan drivers.Device)}
	h := host.New(host.Options{Sink: s, Answer: s.Answer, Logger: slog.New(slog.DiscardHandler)})
	must(b, h.Put("push", drivers.Device{ID: id, Profile: profile}))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx, []host.Spec{{Name: "push", Driver: x}}) }()
	b.Cleanup(func() {
		cancel()
		must(b, <-ended)
	})
	return <-x.up
}

func benchmarkAsk(b *testing.B, many int) {
	const people = 5000
	s := open(b)
	s.now = time.Now()
	var file strings.Builder
	file.WriteString("kind,number,name,card\n")
	for i := range people {
		fmt.Fprintf(&file, "student,N%05d,Person %d,CARD%05d\n", i, i, i)
	}
	report, err := s.view.People.Import(b.Context(), "sch", strings.NewReader(file.String()), false)
	must(b, err)
	if report.Created != people {
		b.Fatalf("got %+v, want %d people", report, people)
	}
	d, err := s.view.Fleet.Device(b.Context(), "terminal")
	must(b, err)
	profile, err := s.view.Fleet.Profile(b.Context(), "terminal")
	must(b, err)

	device := s.driven(b, d.Device.ID, profile)

	var mu sync.Mutex
	var took []time.Duration
	missed, next := 0, 0
	b.SetParallelism(max(1, many/runtime.GOMAXPROCS(0)))
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			mu.Lock()
			next++
			card := fmt.Sprintf("CARD%05d", next*7919%people)
			mu.Unlock()
			begun := time.Now()
			a, err := device.Ask(b.Context(), g.Ask{Method: g.ByCard, Credential: card})
			t := time.Since(begun)
			mu.Lock()
			took = append(took, t)
			if err != nil || !a.Allow {
				missed++
			}
			mu.Unlock()
		}
	})
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2])/1e6, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100])/1e6, "p99-ms")
	b.ReportMetric(float64(took[len(took)-1])/1e6, "worst-ms")
	b.ReportMetric(float64(missed), "unanswered")
}
