package journal_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gatehouse-iot/gatehouse/gateway/journal"
)

// FuzzSegment gives the reader a segment whose bytes anybody may have changed:
// nothing may panic, Verify and Open must agree that it can be read, and a
// record appended afterwards must come back.
func FuzzSegment(f *testing.F) {
	dir := f.TempDir()
	j := open(f, dir, journal.Options{Shards: 1, SegmentBytes: 4096, MaxBytes: 1 << 20})
	appendAll(f, j, "d", "one", "two", "three")
	j.Close()
	whole, err := os.ReadFile(segments(f, dir)[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)-32])
	f.Add(whole[:len(whole)-40])
	f.Add(append(append([]byte(nil), whole[:len(whole)-32]...), make([]byte, 512)...))
	f.Add(whole[:64])
	f.Add(whole[:10])
	f.Add([]byte{})
	big := append([]byte(nil), whole...)
	big[64+11] = 0x3f // a size of almost 1 GiB
	f.Add(big)
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "00000000000000000001-0.seg"), b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(filepath.Join(dir, "cursors"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "cursors", "c.pos"),
			b[min(len(b), 64):min(len(b), 96)], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := journal.Verify(dir, func(journal.Problem) {}); err != nil {
			t.Fatal(err)
		}
		j, err := journal.Open(dir,
			journal.Options{Shards: 1, SegmentBytes: 4096, MaxBytes: 1 << 20, ReserveBytes: -1})
		if err != nil {
			t.Fatal(err)
		}
		defer j.Close()
		if _, err := j.ReadFrom(t.Context(), 0, 100); err != nil {
			t.Fatal(err)
		}
		if j.Stat().Newest > 1<<62 {
			return // no room for another sequence
		}
		seq := appendAll(t, j, "d", "after")[0]
		recs, err := j.ReadFrom(t.Context(), seq-1, 2)
		if err != nil || len(recs) != 1 || string(recs[0].Data) != "after" {
			t.Fatalf("%v, %v, want the record just appended", recs, err)
		}
	})
}
