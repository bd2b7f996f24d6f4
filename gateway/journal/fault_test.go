package journal_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/gatehouse-iot/gatehouse/gateway/journal/faultfs"
	"github.com/google/go-cmp/cmp"
)

func isSegment(name string) bool { return strings.HasSuffix(name, ".seg") }

// all reads every record of a journal.
func all(t testing.TB, j *journal.Journal) []string {
	t.Helper()
	recs, err := j.ReadFrom(context.Background(), 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return texts(recs)
}

func verify(t testing.TB, dir string) (journal.Summary, []journal.Problem) {
	t.Helper()
	var found []journal.Problem
	sum, err := journal.Verify(dir, func(p journal.Problem) { found = append(found, p) })
	if err != nil {
		t.Fatal(err)
	}
	return sum, found
}

// TestPowerCutKeepsWhatWasAcknowledged cuts the power at a seeded moment of a
// concurrent load, with unsynced bytes dropped or torn by sectors, and compares
// what was acknowledged with what is there afterwards, over rounds on one folder.
func TestPowerCutKeepsWhatWasAcknowledged(t *testing.T) {
	for _, loss := range []faultfs.Loss{faultfs.Drop, faultfs.Tear} {
		t.Run(fmt.Sprint("loss=", loss), func(t *testing.T) {
			dir := t.TempDir()
			acked := map[string]bool{}
			for round := range 100 {
				cutPower(t, dir, loss, false, uint64(round), acked)
				for _, text := range missing(t, dir, acked) {
					t.Fatalf("round %d: acknowledged and lost: %s", round, text)
				}
			}
			if len(acked) < 100 {
				t.Fatalf("only %d records were acknowledged in all rounds", len(acked))
			}
		})
	}
}

// TestLyingSyncIsFoundOut is the control of the test above: with a disk whose
// sync lies, the same comparison must find a loss.
func TestLyingSyncIsFoundOut(t *testing.T) {
	dir := t.TempDir()
	acked := map[string]bool{}
	for round := range 20 {
		cutPower(t, dir, faultfs.Drop, true, uint64(round), acked)
		if len(missing(t, dir, acked)) > 0 {
			return
		}
	}
	t.Fatalf("none of %d acknowledged records was lost by a disk that loses everything", len(acked))
}

func cutPower(
	t *testing.T, dir string, loss faultfs.Loss, lie bool, seed uint64, acked map[string]bool,
) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(seed, 7))
	disk := &faultfs.FS{Loss: loss, Lie: lie, Seed: seed}
	var left atomic.Int64
	left.Store(int64(3 + rnd.IntN(30)))
	cut := func(name string) {
		if isSegment(name) && left.Add(-1) == 0 {
			disk.Crash()
		}
	}
	disk.AfterWrite, disk.AfterSync = cut, cut
	j, err := journal.Open(dir,
		journal.Options{FS: disk, SegmentBytes: 8 << 10, MaxBytes: 64 << 20, ReserveBytes: -1})
	if err != nil {
		if errors.Is(err, faultfs.ErrCrashed) {
			return // the cut came while it was being repaired
		}
		t.Fatal(err)
	}
	defer j.Close()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for dev := range 4 {
		size := rnd.IntN(700)
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 200 {
				text := fmt.Sprintf("%d/%d/%d/%s", seed, dev, i, strings.Repeat("q", size))
				err := j.Append(fmt.Sprint(dev), []byte(text), func(_ uint64, err error) {
					if err == nil {
						mu.Lock()
						acked[text] = true
						mu.Unlock()
					}
				})
				if err != nil {
					return
				}
			}
		}()
	}
	wg.Wait()
	j.Close()
}

// missing opens the folder on a sound disk and compares by content.
func missing(t *testing.T, dir string, acked map[string]bool) []string {
	t.Helper()
	j := open(t, dir, journal.Options{SegmentBytes: 8 << 10, MaxBytes: 64 << 20})
	defer j.Close()
	have := map[string]bool{}
	for _, text := range all(t, j) {
		have[text] = true
	}
	var out []string
	for text := range acked {
		if !have[text] {
			out = append(out, text)
		}
	}
	if p := j.Stat().Problems; len(p) > 0 && len(out) == 0 {
		t.Errorf("a power cut was taken for corruption: %v", p)
	}
	return out
}

func TestSyncErrorIsNeverSwallowed(t *testing.T) {
	dir := t.TempDir()
	var broken atomic.Bool
	disk := &faultfs.FS{BeforeSync: func(name string) error {
		if broken.Load() && isSegment(name) {
			return syscall.EIO
		}
		return nil
	}}
	j := open(t, dir, journal.Options{FS: disk, Shards: 1, SegmentBytes: 4096, MaxBytes: 1 << 20})
	appendAll(t, j, "d", "safe")
	broken.Store(true)
	if _, err := j.AppendWait(t.Context(), "d", [][]byte{[]byte("doubtful")}); !errors.Is(err,
		journal.ErrFailed) ||
		!errors.Is(err, syscall.EIO) {
		t.Fatalf("%v, want a failure that names the disk's error", err)
	}
	broken.Store(false) // a second sync of the same pages would succeed now
	if _, err := j.AppendWait(t.Context(), "d", [][]byte{[]byte("later")}); !errors.Is(err,
		journal.ErrFailed) {
		t.Fatalf("%v, want the journal to stay failed", err)
	}
	st := j.Stat()
	if st.State != journal.StateFailed || !strings.Contains(st.SyncErr, "input/output") {
		t.Errorf("state %s, sync error %q, want failed and the disk's error", st.State, st.SyncErr)
	}
	if d := cmp.Diff(all(t, j), []string{"safe"}); d != "" {
		t.Error("readers see what is not durable:", d)
	}
	j.Close()
	j = open(t, dir, journal.Options{Shards: 1, SegmentBytes: 4096, MaxBytes: 1 << 20})
	appendAll(t, j, "d", "again")
	if d := cmp.Diff(all(t, j), []string{"safe", "again"}); d != "" {
		t.Error(d)
	}
}

func TestShortWriteFailsClosed(t *testing.T) {
	dir := t.TempDir()
	var short atomic.Bool
	disk := &faultfs.FS{BeforeWrite: func(name string, n int) (int, error) {
		if short.Load() && isSegment(name) {
			return n / 2, io.ErrShortWrite
		}
		return n, nil
	}}
	j := open(t, dir, journal.Options{FS: disk, Shards: 1})
	appendAll(t, j, "d", "whole")
	short.Store(true)
	if _, err := j.AppendWait(t.Context(), "d", [][]byte{[]byte(strings.Repeat("half", 100))}); !errors.Is(
		err, journal.ErrFailed) {
		t.Fatalf("%v, want failed", err)
	}
	short.Store(false)
	j.Close()
	j = open(t, dir, journal.Options{Shards: 1})
	if d := cmp.Diff(all(t, j), []string{"whole"}); d != "" {
		t.Error(d)
	}
}

func TestFullDiskFailsClosedAndRecovers(t *testing.T) {
	var full atomic.Bool
	disk := &faultfs.FS{
		BeforePreallocate: func(name string, _ int64) error {
			if full.Load() {
				return syscall.ENOSPC
			}
			return nil
		},
		FreeBytes: func() uint64 {
			if full.Load() {
				return 0
			}
			return 1 << 40
		},
	}
	dir := t.TempDir()
	j := open(t, dir, journal.Options{FS: disk, Shards: 1, SegmentBytes: 4096, MaxBytes: 1 << 20})
	reserve := filepath.Join(dir, "reserve")
	if st, err := os.Stat(reserve); err != nil || st.Size() != 1<<16 {
		t.Fatalf("reserve %v, %v, want %d bytes", st, err, 1<<16)
	}
	full.Store(true)
	var kept []string
	for i := 0; ; i++ {
		text := fmt.Sprint("record ", i, strings.Repeat(".", 300))
		_, err := j.AppendWait(t.Context(), "d", [][]byte{[]byte(text)})
		if err != nil {
			if !errors.Is(err, journal.ErrFull) || !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("%v, want full", err)
			}
			break
		}
		kept = append(kept, text)
	}
	if st := j.Stat(); st.State != journal.StateShedding || !st.NoSpace || st.Reserve {
		t.Errorf("state %s, no space %v, reserve %v, want shedding for want of space with the "+
			"reserve given up",
			st.State, st.NoSpace, st.Reserve)
	}
	if _, err := os.Stat(reserve); !errors.Is(err, os.ErrNotExist) {
		t.Error("the reserve still takes space that others need:", err)
	}
	if d := cmp.Diff(all(t, j), kept); d != "" {
		t.Error(d)
	}
	full.Store(false)
	waitFor(t, "the journal to recover by itself", func() bool {
		return j.Stat().State == journal.StateOK
	})
	appendAll(t, j, "d", "room again")
	if !j.Stat().Reserve {
		t.Error("the reserve was not taken again")
	}
	if d := cmp.Diff(all(t, j), append(kept, "room again")); d != "" {
		t.Error(d)
	}
}

// TestEverySingleBitFlipIsFound closes a small journal and flips bits all over
// its files: each flip must be reported, and no good record lost to it but the
// one it hit.
func TestEverySingleBitFlipIsFound(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, journal.Options{Shards: 2, SegmentBytes: 4096, MaxBytes: 1 << 20})
	for i := range 24 {
		appendAll(t, j, fmt.Sprint(i), fmt.Sprint("value ", i))
	}
	c, err := j.Cursor("c")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Commit(3); err != nil {
		t.Fatal(err)
	}
	j.Close()
	sum, found := verify(t, dir)
	if len(found) > 0 || sum.Records != 24 || sum.Cursors != 1 {
		t.Fatalf("%+v %v, want 24 records, 1 cursor and no problem", sum, found)
	}
	for _, file := range append(segments(t, dir), filepath.Join(dir, "cursors", "c.pos")) {
		st, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		for off := range st.Size() {
			mask := byte(1) << (off % 8)
			flip(t, file, off, mask)
			sum, found := verify(t, dir)
			if len(found) == 0 {
				t.Fatalf("%s: flip of bit %d at %d was not found", file, off%8, off)
			}
			if isSegment(file) && found[0].Kind != journal.Header && sum.Records < 23 {
				t.Fatalf("%s: flip at %d cost %d records: %v", file, off, 24-sum.Records, found)
			}
			flip(t, file, off, mask)
		}
	}
}

func TestCorruptionInTheMiddleIsNamedAndSteppedOver(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, journal.Options{Shards: 1})
	for i := range 5 {
		appendAll(t, j, "d", fmt.Sprint("record ", i))
	}
	j.Close()
	file := segments(t, dir)[0]
	flip(t, file, 64+2*40+33, 4) // the data of record 2
	j = open(t, dir, journal.Options{Shards: 1})
	want := []string{"record 0", "record 1", "record 3", "record 4"}
	if d := cmp.Diff(all(t, j), want); d != "" {
		t.Error(d)
	}
	p := j.Stat().Problems
	if len(p) != 1 || p[0].Kind != journal.Corrupt || p[0].File != file || p[0].Offset != 64+2*40 {
		t.Errorf("problems %v, want corruption of %s at %d", p, file, 64+2*40)
	}
	if d := cmp.Diff(all(t, j), want); d != "" {
		t.Error(d)
	}
	if n := len(j.Stat().Problems); n != 1 {
		t.Errorf("the same place was named %d times", n)
	}
}

func TestDataCannotPoseAsARecord(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, journal.Options{Shards: 1})
	appendAll(t, j, "d", "first")
	j.Close()
	b, err := os.ReadFile(segments(t, dir)[0])
	if err != nil {
		t.Fatal(err)
	}
	j = open(t, dir, journal.Options{Shards: 1})
	appendAll(t, j, "d", string(b[64:]), "last") // a whole valid record of another segment
	j.Close()
	file := segments(t, dir)[1]
	flip(t, file, 64+8, 1) // its size: the reader must look for the next record
	j = open(t, dir, journal.Options{Shards: 1})
	if d := cmp.Diff(all(t, j), []string{"first", "last"}); d != "" {
		t.Error(d)
	}
}

func TestForeignFileIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "00000000000000000001-0.seg")
	if err := os.WriteFile(bad, []byte("not a segment"), 0o600); err != nil {
		t.Fatal(err)
	}
	blank := filepath.Join(dir, "00000000000000000009-0.seg")
	if err := os.WriteFile(blank, make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	j := open(t, dir, journal.Options{Shards: 1})
	if p := j.Stat().Problems; len(p) != 1 || p[0].Kind != journal.Header {
		t.Errorf("problems %v, want one bad header", p)
	}
	if _, err := os.Stat(blank); !errors.Is(err, os.ErrNotExist) {
		t.Error("a segment that was never used is still there:", err)
	}
	if got := appendAll(t, j, "d", "x"); got[0] != 9 {
		t.Errorf("sequence %d, want 9: the blank file's name says that lower ones may be out",
			got[0])
	}
}

// TestATornPositionIsWrittenOverItself: a commit that fails may tear its slot; the next one takes
// the same slot, so that the last good position is there whatever becomes of it.
func TestATornPositionIsWrittenOverItself(t *testing.T) {
	dir := t.TempDir()
	var tear atomic.Bool
	disk := &faultfs.FS{BeforeWrite: func(name string, n int) (int, error) {
		if tear.Load() && strings.HasSuffix(name, ".pos") {
			return n / 2, io.ErrShortWrite
		}
		return n, nil
	}}
	j := open(t, dir, journal.Options{FS: disk, Shards: 1})
	appendAll(t, j, "d", "one", "two", "three")
	c, err := j.Cursor("reader")
	if err != nil {
		t.Fatal(err)
	}
	records, err := c.Next(t.Context(), 3)
	if err != nil || len(records) != 3 {
		t.Fatalf("got %d records, %v", len(records), err)
	}
	if err := c.Commit(records[0].Seq); err != nil {
		t.Fatal(err)
	}
	tear.Store(true)
	for range 2 {
		if err := c.Commit(records[1].Seq); err == nil {
			t.Fatal("a torn write was taken for a commit")
		}
	}
	j.Close()
	j = open(t, dir, journal.Options{Shards: 1})
	if c, err = j.Cursor("reader"); err != nil {
		t.Fatal(err)
	}
	if got := c.Committed(); got != records[0].Seq {
		t.Errorf("got position %d, want %d, the last that was committed", got, records[0].Seq)
	}
}
