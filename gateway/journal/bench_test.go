package journal_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/gatehouse-iot/gatehouse/gateway/journal"
)

// BenchmarkAppend measures durable records per second with a bounded number
// outstanding, as many devices would have.
func BenchmarkAppend(b *testing.B) {
	for _, outstanding := range []int{1, 1000, 10000} {
		b.Run(fmt.Sprint("outstanding=", outstanding), func(b *testing.B) {
			j := open(b, b.TempDir(), journal.Options{ReserveBytes: 1})
			keys := make([]string, 1000)
			for i := range keys {
				keys[i] = fmt.Sprint("device-", i)
			}
			data := make([]byte, 200)
			free := make(chan struct{}, outstanding)
			var wg sync.WaitGroup
			b.SetBytes(int64(len(data)))
			b.ResetTimer()
			for i := range b.N {
				free <- struct{}{}
				wg.Add(1)
				if err := j.Append(keys[i%len(keys)], data, func(_ uint64, err error) {
					if err != nil {
						b.Error(err)
					}
					<-free
					wg.Done()
				}); err != nil {
					b.Fatal(err)
				}
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// BenchmarkCursor measures reading back in order, from memory.
func BenchmarkCursor(b *testing.B) {
	j := open(b, b.TempDir(), journal.Options{ReserveBytes: 1})
	var wg sync.WaitGroup
	for i := range b.N {
		wg.Add(1)
		if err := j.Append(fmt.Sprint(i%1000), make([]byte, 200),
			func(uint64, error) { wg.Done() }); err != nil {
			b.Fatal(err)
		}
	}
	wg.Wait()
	c, err := j.Cursor("bench")
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for n := 0; n < b.N; {
		recs, err := c.Next(b.Context(), 1000)
		if err != nil {
			b.Fatal(err)
		}
		n += len(recs)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
