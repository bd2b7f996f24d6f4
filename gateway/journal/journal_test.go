package journal_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/google/go-cmp/cmp"
)

func open(t testing.TB, dir string, o journal.Options) *journal.Journal {
	t.Helper()
	if o.ReserveBytes == 0 {
		o.ReserveBytes = 1 << 16
	}
	j, err := journal.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func appendAll(t testing.TB, j *journal.Journal, key string, data ...string) []uint64 {
	t.Helper()
	var b [][]byte
	for _, d := range data {
		b = append(b, []byte(d))
	}
	seqs, err := j.AppendWait(t.Context(), key, b)
	if err != nil {
		t.Fatal(err)
	}
	return seqs
}

func texts(recs []journal.Record) []string {
	var out []string
	for _, r := range recs {
		out = append(out, string(r.Data))
	}
	return out
}

// lag is how many sequences a cursor has not committed.
func lag(j *journal.Journal, cursor string) uint64 {
	for _, c := range j.Stat().Cursors {
		if c.Name == cursor {
			return c.Lag
		}
	}
	return 0
}

// drain reads until seq, checking the order.
func drain(t testing.TB, c *journal.Cursor, until uint64) []journal.Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var all []journal.Record
	last := c.Committed()
	for last < until {
		recs, err := c.Next(ctx, 100)
		if err != nil {
			t.Fatalf("after %d of %d: %v", last, until, err)
		}
		for _, r := range recs {
			if r.Seq <= last {
				t.Fatalf("sequence %d after %d", r.Seq, last)
			}
			last = r.Seq
		}
		all = append(all, recs...)
	}
	return all
}

func TestAppendReadAndResume(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, journal.Options{SegmentBytes: 4096, MaxBytes: 1 << 20})
	c, err := j.Cursor("twin")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for i := range 500 {
		want = append(want, fmt.Sprintf("event %d %s", i, strings.Repeat("x", i%97)))
	}
	for i, w := range want {
		if got := appendAll(t, j, fmt.Sprint("device", i%7), w); got[0] != uint64(i+1) {
			t.Fatalf("sequence %d, want %d", got[0], i+1)
		}
	}
	recs := drain(t, c, 500)
	if d := cmp.Diff(texts(recs), want); d != "" {
		t.Fatal(d)
	}
	if err := c.Commit(300); err != nil {
		t.Fatal(err)
	}
	if got := lag(j, "twin"); got != 200 {
		t.Fatalf("lag %d, want 200", got)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}

	j = open(t, dir, journal.Options{SegmentBytes: 4096, MaxBytes: 1 << 20, Shards: 3})
	c, err = j.Cursor("twin")
	if err != nil {
		t.Fatal(err)
	}
	if got := appendAll(t, j, "device1", "after"); got[0] != 501 {
		t.Fatalf("sequence %d after a restart, want 501", got[0])
	}
	recs = drain(t, c, 501)
	if d := cmp.Diff(texts(recs), append(want[300:], "after")); d != "" {
		t.Fatal(d)
	}
	for _, after := range []uint64{0, 1, 250, 499, 500, 501} {
		recs, err := j.ReadFrom(t.Context(), after, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := len(recs), 501-int(after); got != want {
			t.Fatalf("ReadFrom(%d): %d records, want %d", after, got, want)
		}
	}
}

func TestOpenTwiceIsRefused(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, journal.Options{})
	if j, err := journal.Open(dir, journal.Options{}); err == nil {
		j.Close()
		t.Fatal("a second process could write the same journal")
	}
}

func TestCursorRules(t *testing.T) {
	j := open(t, t.TempDir(), journal.Options{})
	appendAll(t, j, "d", "a", "b", "c")
	c, err := j.CursorAt("late", 2)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(texts(drain(t, c, 3)), []string{"c"}); d != "" {
		t.Fatal(d)
	}
	if _, err := j.Cursor("late"); err == nil {
		t.Error("the same cursor was opened twice")
	}
	if err := c.Commit(4); err == nil {
		t.Error("a position beyond the newest record was taken")
	}
	if _, err := j.Cursor("../x"); err == nil {
		t.Error("a name that is a path was taken")
	}
	if err := j.DropCursor("late"); err == nil {
		t.Error("an open cursor was dropped")
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := j.DropCursor("late"); err != nil {
		t.Fatal(err)
	}
	if got := j.Stat().Cursors; len(got) != 0 {
		t.Errorf("cursors %v after the drop, want none", got)
	}
}

func TestNextWaitsAndEnds(t *testing.T) {
	j := open(t, t.TempDir(), journal.Options{})
	c, err := j.Cursor("c")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Next(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Fatalf("Next: %v, want canceled", err)
	}
	got := make(chan []journal.Record)
	go func() {
		recs, _ := c.Next(context.Background(), 1)
		got <- recs
	}()
	appendAll(t, j, "d", "hello")
	if d := cmp.Diff(texts(<-got), []string{"hello"}); d != "" {
		t.Fatal(d)
	}
	ended := make(chan error)
	go func() {
		_, err := c.Next(context.Background(), 1)
		ended <- err
	}()
	j.Close()
	if err := <-ended; !errors.Is(err, journal.ErrClosed) {
		t.Fatalf("Next: %v, want closed", err)
	}
	if err := j.Append("d", nil, nil); !errors.Is(err, journal.ErrClosed) {
		t.Fatalf("Append: %v, want closed", err)
	}
}

func TestLaggingCursorIsNeverLostIngestIsShed(t *testing.T) {
	j := open(t, t.TempDir(), journal.Options{Shards: 1, SegmentBytes: 4096, MaxBytes: 4 * 4096})
	c, err := j.Cursor("rules")
	if err != nil {
		t.Fatal(err)
	}
	data := []byte(strings.Repeat("y", 500))
	var last uint64
	for {
		seqs, err := j.AppendWait(t.Context(), "d", [][]byte{data})
		if err != nil {
			if !errors.Is(err, journal.ErrFull) {
				t.Fatalf("%v, want full", err)
			}
			break
		}
		if last = seqs[0]; last > 1000 {
			t.Fatal("the bound was not kept")
		}
	}
	st := j.Stat()
	if st.State != journal.StateShedding || !strings.Contains(st.Reason, `"rules"`) {
		t.Errorf("state %s (%s), want shedding that names the cursor", st.State, st.Reason)
	}
	if st.Bytes > 4*4096 {
		t.Errorf("%d bytes, want at most %d", st.Bytes, 4*4096)
	}
	if got := drain(t, c, last); uint64(len(got)) != last {
		t.Errorf("the cursor saw %d records, want all %d", len(got), last)
	}
	if err := c.Commit(last); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the journal to take records again", func() bool {
		_, err := j.AppendWait(t.Context(), "d", [][]byte{data})
		return err == nil
	})
}

func TestAgeRemovesOnlyWhatIsConsumed(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	dir := t.TempDir()
	j := open(t, dir, journal.Options{
		Shards: 1, SegmentBytes: 4096, MaxBytes: 1 << 20, MaxAge: time.Hour,
		Clock: func() time.Time { return now },
	})
	c, err := j.Cursor("c")
	if err != nil {
		t.Fatal(err)
	}
	for range 30 {
		appendAll(t, j, "d", strings.Repeat("z", 900))
	}
	before := j.Stat().Segments
	if err := c.Commit(15); err != nil {
		t.Fatal(err)
	}
	c.Close()
	j.Close()
	now = now.Add(2 * time.Hour)
	j = open(t, dir, journal.Options{
		Shards: 1, SegmentBytes: 4096, MaxBytes: 1 << 20, MaxAge: time.Hour,
		Clock: func() time.Time { return now },
	})
	waitFor(t, "old segments to go", func() bool { return j.Stat().Segments < before })
	if c, err = j.Cursor("c"); err != nil {
		t.Fatal(err)
	}
	if got := drain(t, c, 30); len(got) != 15 || got[0].Seq != 16 {
		t.Fatalf("%d records from %d, want 15 from 16", len(got), got[0].Seq)
	}
}

func waitFor(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatal("waited too long for " + what)
		case <-tick.C:
		}
	}
}

func TestOptionsNameTheMend(t *testing.T) {
	for _, o := range []journal.Options{
		{Shards: 65},
		{SegmentBytes: 100},
		{MaxBytes: 1},
		{MaxRecord: 1 << 30},
	} {
		if j, err := journal.Open(t.TempDir(), o); err == nil {
			j.Close()
			t.Errorf("%+v was taken", o)
		}
	}
	j := open(t, t.TempDir(), journal.Options{})
	if err := j.Append("d", make([]byte, 1<<20+1), nil); !errors.Is(err, journal.ErrTooLarge) {
		t.Errorf("%v, want too large", err)
	}
}

func segments(t testing.TB, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.seg"))
	if err != nil || len(names) == 0 {
		t.Fatalf("segments %v, %v", names, err)
	}
	return names
}

func flip(t testing.TB, file string, off int64, mask byte) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b[off] ^= mask
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
