package journal_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/gatehouse-iot/gatehouse/gateway/journal/faultfs"
)

// TestStatSaysWhatACursorHolds has one cursor keep up and another lag: Held must be the bytes of
// the segments that each of them keeps from being removed.
func TestStatSaysWhatACursorHolds(t *testing.T) {
	at := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	o := journal.Options{
		Shards:       1,
		SegmentBytes: 4096,
		MaxBytes:     1 << 20,
		Clock:        func() time.Time { return at },
	}
	dir := t.TempDir()
	j := open(t, dir, o)
	behind, err := j.Cursor("behind")
	if err != nil {
		t.Fatal(err)
	}
	quick, err := j.Cursor("quick")
	if err != nil {
		t.Fatal(err)
	}
	held := func(j *journal.Journal) (quick, behind int64) {
		for _, c := range j.Stat().Cursors {
			if c.Name == "quick" {
				quick = c.Held
			} else {
				behind = c.Held
			}
		}
		return quick, behind
	}
	if a, b := held(j); a != 0 || b != 0 {
		t.Errorf("an empty journal holds %d and %d bytes, want none", a, b)
	}
	if got := j.Stat().Latest; !got.IsZero() {
		t.Errorf("the newest record of an empty journal is of %s", got)
	}
	for range 40 {
		appendAll(t, j, "d", strings.Repeat("x", 500))
	}
	top := j.Stat().Newest
	if err := quick.Commit(top); err != nil {
		t.Fatal(err)
	}
	if a, b := held(j); a != 0 || b < 40*500 || b > 40*700 {
		t.Errorf("the journal holds %d and %d bytes for who follows and who does not, want 0 and "+
			"about 20,000",
			a, b)
	}
	if err := behind.Commit(top - 1); err != nil {
		t.Fatal(err)
	}
	if _, b := held(j); b <= 0 || b > 4096 {
		t.Errorf("%d bytes are held for one record, want its segment's at most", b)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	at = at.Add(-time.Hour)
	j = open(t, dir, o)
	if got, want := j.Stat().Latest, at.Add(time.Hour); !got.Equal(want) {
		t.Errorf("after a restart the newest record is of %s, want %s", got, want)
	}
}

// TestReserveIsGivenAndTakenAgain frees the reserve while the journal still has room in its
// segment: appends go on, and the reserve is held again once the disk has room.
func TestReserveIsGivenAndTakenAgain(t *testing.T) {
	var full atomic.Bool
	disk := &faultfs.FS{FreeBytes: func() uint64 {
		if full.Load() {
			return 0
		}
		return 1 << 40
	}}
	dir := t.TempDir()
	j := open(t, dir, journal.Options{FS: disk, Shards: 1, SegmentBytes: 4096, MaxBytes: 1 << 20})
	appendAll(t, j, "d", "one")
	full.Store(true)
	j.GiveReserve()
	if _, err := os.Stat(filepath.Join(dir, "reserve")); !errors.Is(err, fs.ErrNotExist) ||
		j.Stat().Reserve {
		t.Errorf("the reserve is still held: %v", err)
	}
	appendAll(t, j, "d", "two")
	if st := j.Stat(); st.State != journal.StateOK || st.Reserve {
		t.Errorf("state %s, reserve %v, want ok without a reserve", st.State, st.Reserve)
	}
	full.Store(false)
	waitFor(t, "the reserve to be held again", func() bool { return j.Stat().Reserve })
}
