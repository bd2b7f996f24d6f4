package journal

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"
)

const reserveName = "reserve"

// keep runs until the journal closes, once a second and on every kick: it removes expired segments,
// ends shedding once there is room, and takes the disk reserve back.
func (j *Journal) keep() {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-j.closing:
			return
		case <-t.C:
		case <-j.kick:
		}
		j.expire(j.opt.Clock().Add(-j.opt.MaxAge))
		if r := j.refuse.Load(); r != nil && r.state == StateShedding && j.hasRoom() {
			j.takeReserve()
			if j.refuse.CompareAndSwap(r, nil) {
				j.opt.Logger.Info("journal takes records again", "dir", j.dir)
			}
		} else if r == nil && j.mayReserve() {
			j.takeReserve()
		}
	}
}

// mayReserve tells whether the reserve is missing and the disk has room for it and for one more
// segment per shard.
func (j *Journal) mayReserve() bool {
	j.mu.Lock()
	held := j.reserved || j.opt.ReserveBytes < 0
	j.mu.Unlock()
	if held {
		return false
	}
	free, err := j.opt.FS.Free(j.dir)
	return err == nil && free >= uint64(j.opt.ReserveBytes+j.opt.SegmentBytes*int64(j.opt.Shards))
}

// hasRoom removes consumed segments where needed and tells whether one more segment per shard then
// fits MaxBytes and the disk.
func (j *Journal) hasRoom() bool {
	want := j.opt.SegmentBytes * int64(j.opt.Shards)
	j.shrink(want)
	if j.bytes.Load()+want > j.opt.MaxBytes {
		return false
	}
	free, err := j.opt.FS.Free(j.dir)
	if err != nil {
		return false
	}
	j.mu.Lock()
	if !j.reserved {
		want += j.opt.ReserveBytes
	}
	j.mu.Unlock()
	return free >= uint64(want)
}

// makeRoom removes consumed segments until one more fits MaxBytes; where it cannot, the error names
// the slowest cursor.
func (j *Journal) makeRoom() error {
	j.shrink(j.opt.SegmentBytes)
	if j.bytes.Load()+j.opt.SegmentBytes <= j.opt.MaxBytes {
		return nil
	}
	name, seq := j.slowest()
	return fmt.Errorf("%w: %d of %d bytes are kept for cursor %q, which stands at %d: it must "+
		"catch up, or the bound be raised",
		ErrFull, j.bytes.Load(), j.opt.MaxBytes, name, seq)
}

// shrink removes the oldest segments that every cursor has passed until want
// more bytes fit the bound.
func (j *Journal) shrink(want int64) {
	for j.bytes.Load()+want > j.opt.MaxBytes {
		if !j.removeOldest(func(*segment) bool { return true }) {
			return
		}
	}
}

// expire removes consumed segments whose last record is older than limit.
func (j *Journal) expire(limit time.Time) {
	for j.removeOldest(func(s *segment) bool { return s.nanos.Load() < limit.UnixNano() }) {
	}
}

// removeOldest deletes the oldest sealed segment if all cursors have passed it
// and it is not the newest of all, whose sequence a restart continues from.
func (j *Journal) removeOldest(may func(*segment) bool) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	var oldest *segment
	top := uint64(0)
	for _, l := range j.lanes {
		l.mu.Lock()
		if len(l.segments) > 0 {
			top = max(top, l.segments[len(l.segments)-1].last.Load())
			if s := l.segments[0]; s.sealed.Load() && (oldest == nil || s.base < oldest.base) {
				oldest = s
			}
		}
		l.mu.Unlock()
	}
	if oldest == nil || oldest.last.Load() >= top || !may(oldest) {
		return false
	}
	for _, c := range j.cursors {
		if c.committed < oldest.last.Load() {
			return false
		}
	}
	for _, c := range j.cursors {
		// Otherwise a power cut could roll the position back to records that are gone by then.
		if err := c.file.Sync(); err != nil {
			j.opt.Logger.Warn("cursor position is not durable", "cursor", c.name, "error", err)
			return false
		}
	}
	if err := j.opt.FS.Remove(oldest.path); err != nil {
		j.opt.Logger.Warn("old segment stays", "file", oldest.path, "error", err)
		return false
	}
	l := j.lanes[oldest.shard]
	l.mu.Lock()
	l.segments = l.segments[1:]
	l.mu.Unlock()
	oldest.file.Close()
	j.bytes.Add(-oldest.size.Load())
	return true
}

// slowest is the cursor with the lowest committed position.
func (j *Journal) slowest() (name string, seq uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	seq = math.MaxUint64
	for _, c := range j.cursors {
		if c.committed < seq {
			name, seq = c.name, c.committed
		}
	}
	return name, seq
}

// takeReserve preallocates a file. Deleting it leaves room for an alert, a log line and the
// cursors' positions on a disk that the journal has filled.
func (j *Journal) takeReserve() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.reserved || j.opt.ReserveBytes < 0 {
		return
	}
	f, err := j.opt.FS.OpenFile(filepath.Join(j.dir, reserveName), os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = f.Preallocate(j.opt.ReserveBytes)
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}
	if err != nil {
		j.opt.Logger.Warn("journal has no disk reserve", "error", err)
		return
	}
	j.reserved = true
}

// GiveReserve frees the reserve for another writer that has found the disk full while the
// journal still has room in its preallocated segments. The journal takes it back by
// itself once the disk has room.
func (j *Journal) GiveReserve() { j.freeReserve() }

// freeReserve deletes the reserve file.
func (j *Journal) freeReserve() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.opt.FS.Remove(filepath.Join(j.dir, reserveName)); err != nil && j.reserved {
		j.opt.Logger.Warn("journal reserve stays", "error", err)
	}
	j.reserved = false
}
