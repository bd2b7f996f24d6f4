package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"
)

// lane is one shard: a queue of encoded records, the goroutine that commits
// them, the goroutine that acknowledges them, and the shard's segments.
type lane struct {
	j     *Journal
	shard int

	mu       sync.Mutex
	work     sync.Cond // signalled when the queue gets its first record, or the lane stops
	room     sync.Cond // signalled when the queue gets room, or the lane stops
	queue    batch
	writing  uint64 // lowest sequence not yet settled of the batch being written, or 0
	stopping bool
	segments []*segment // by base; the last is written unless sealed

	acks chan acked // bounded: the committer waits when acknowledging is slow
}

// batch is what one group commit takes.
type batch struct {
	buf  []byte
	wait []pending
}

type pending struct {
	seq  uint64
	done func(uint64, error)
}

type acked struct {
	wait []pending
	err  error
}

func newLane(j *Journal, shard int) *lane {
	l := &lane{
		j:     j,
		shard: shard,
		acks:  make(chan acked, 4),
	}
	l.work.L, l.room.L = &l.mu, &l.mu
	return l
}

func (l *lane) append(data []byte, done func(uint64, error)) error {
	now := l.j.opt.Clock().UnixNano()
	size := recordSize(len(data))
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.queue.buf) > 0 && len(l.queue.buf)+size > l.j.opt.QueueBytes && !l.stopping {
		if l.j.opt.NoWait {
			return ErrBusy
		}
		l.room.Wait()
	}
	if l.stopping {
		return ErrClosed
	}
	if r := l.j.refuse.Load(); r != nil {
		return r.err
	}
	seq := l.j.seq.Add(1)
	l.queue.buf = appendRecord(l.queue.buf, seq, now, data)
	l.queue.wait = append(l.queue.wait, pending{seq, done})
	if len(l.queue.wait) == 1 {
		l.work.Signal()
	}
	return nil
}

func (l *lane) stop() {
	l.mu.Lock()
	l.stopping = true
	l.mu.Unlock()
	l.work.Broadcast()
	l.room.Broadcast()
}

// lowest is the lowest sequence of the lane that is not settled, or 0.
func (l *lane) lowest() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.writing != 0 {
		return l.writing
	}
	if len(l.queue.wait) > 0 {
		return l.queue.wait[0].seq
	}
	return 0
}

// take waits for work and exchanges the queue for the empty batch b.
func (l *lane) take(b batch) (batch, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.queue.wait) == 0 && !l.stopping {
		l.work.Wait()
	}
	if len(l.queue.wait) == 0 {
		return b, false
	}
	l.queue, b = batch{b.buf[:0], nil}, l.queue
	l.writing = b.wait[0].seq
	l.room.Broadcast()
	return b, true
}

// After a group of busy records or more, a shard waits up to apart before the next group, unless
// enough records are queued: on a fast disk, syncing every few records would cost more CPU than
// everything else. A lone synchronous writer makes groups of one record and is never delayed.
const (
	apart  = time.Millisecond // from the end of one group to the beginning of the next
	busy   = 2                // records; a smaller group is not followed by a pause
	enough = 64               // records; with so many queued the next group starts at once
)

// gather delays the next group; the last one ended at ended and held the given number of records.
func (l *lane) gather(ended time.Time, records int) {
	if records < busy {
		return
	}
	l.mu.Lock()
	waiting := len(l.queue.wait)
	l.mu.Unlock()
	if waiting < enough {
		time.Sleep(apart - time.Since(ended))
	}
}

// commit writes and syncs group after group until the lane stops.
func (l *lane) commit() {
	defer close(l.acks)
	var b batch
	var ended time.Time
	for {
		l.gather(ended, len(b.wait))
		var ok bool
		if b, ok = l.take(b); !ok {
			return
		}
		rest := b
		for len(rest.wait) > 0 {
			n, bytes, err := l.group(rest)
			if err != nil {
				n = len(rest.wait)
			}
			l.settle(rest.wait[:n], rest.wait[n:], err)
			if err != nil {
				break
			}
			rest = batch{rest.buf[bytes:], rest.wait[n:]}
		}
		ended = time.Now()
		if cap(b.buf) > 4*l.j.opt.QueueBytes {
			b.buf = nil
		}
	}
}

// settle makes a group visible and hands it to the acknowledging goroutine.
func (l *lane) settle(done, rest []pending, err error) {
	l.mu.Lock()
	l.writing = 0
	if len(rest) > 0 {
		l.writing = rest[0].seq
	}
	l.mu.Unlock()
	l.j.advance()
	l.acks <- acked{done, err}
}

// acknowledge calls the records' done functions, so that a slow one does not delay
// the committer's next sync.
func (l *lane) acknowledge() {
	for a := range l.acks {
		for _, p := range a.wait {
			if p.done == nil {
				continue
			}
			if a.err != nil {
				p.done(0, a.err)
			} else {
				p.done(p.seq, nil)
			}
		}
	}
}

// group writes as many records as the current segment holds and syncs them.
func (l *lane) group(b batch) (records, bytes int, err error) {
	if r := l.j.refuse.Load(); r != nil && r.state == StateFailed {
		return 0, 0, r.err
	}
	s, err := l.active(recordSize(int(binary.LittleEndian.Uint32(b.buf[8:]))), b.wait[0].seq)
	if err != nil {
		return 0, 0, l.broken(nil, err)
	}
	start := s.end.Load()
	space := int(s.size.Load()-start) - recordHeader // the seal needs room too
	var nanos int64
	for records < len(b.wait) {
		at := b.buf[bytes:]
		n := recordSize(int(binary.LittleEndian.Uint32(at[8:])))
		if bytes+n > space {
			break
		}
		nanos = int64(binary.LittleEndian.Uint64(at[24:]))
		finish(at, s.mark, s.seed, uint32(start))
		bytes += n
		records++
	}
	if err := writeAt(s.file, b.buf[:bytes], start); err != nil {
		return 0, 0, l.broken(s, fmt.Errorf("write %s: %w", s.path, err))
	}
	if err := s.file.Sync(); err != nil {
		return 0, 0, l.broken(s, fmt.Errorf("sync %s: %w", s.path, err))
	}
	s.nanos.Store(nanos)
	s.last.Store(b.wait[records-1].seq)
	s.end.Store(start + int64(bytes))
	return records, bytes, nil
}

// broken sets the journal's state after an error and truncates the segment to what is durable,
// which also drops the pages that a failed sync left in the page cache.
func (l *lane) broken(s *segment, err error) error {
	if s != nil {
		s.sealed.Store(true)
		end := s.end.Load()
		if terr := s.file.Truncate(end); terr != nil {
			err = errors.Join(err, terr)
		} else {
			l.j.bytes.Add(end - s.size.Swap(end))
		}
	}
	switch {
	case errors.Is(err, ErrFull):
		l.j.shed(err)
	case isFull(err):
		err = fmt.Errorf("%w: no space on the disk of %s: make room, it continues by itself: %w",
			ErrFull, l.j.dir, err)
		l.j.freeReserve()
		l.j.shed(err)
	default:
		l.j.mu.Lock()
		l.j.syncErr = err
		l.j.mu.Unlock()
		err = fmt.Errorf("%w: %w", ErrFailed, err)
		l.j.fail(err)
	}
	return err
}

// active returns the segment to write a record of size bytes to, beginning a
// new one where the current cannot hold it.
func (l *lane) active(size int, seq uint64) (*segment, error) {
	s := l.newest()
	if s != nil && !s.sealed.Load() {
		if s.end.Load()+int64(size)+recordHeader <= s.size.Load() {
			return s, nil
		}
		before := s.size.Load()
		if err := s.seal(false); err != nil {
			return nil, err
		}
		l.j.bytes.Add(s.size.Load() - before)
	}
	if err := l.j.makeRoom(); err != nil {
		return nil, err
	}
	s, err := createSegment(
		l.j.opt.FS,
		l.j.dir,
		l.shard,
		seq,
		l.j.opt.SegmentBytes,
	)
	if err != nil {
		return nil, err
	}
	l.j.bytes.Add(s.size.Load())
	l.mu.Lock()
	l.segments = append(l.segments, s)
	l.mu.Unlock()
	return s, nil
}

func (l *lane) newest() *segment {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.segments) == 0 {
		return nil
	}
	return l.segments[len(l.segments)-1]
}

// after is the segment that follows s, or the oldest where s is nil.
func (l *lane) after(s *segment) *segment {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range l.segments {
		if s == nil || t.base > s.base {
			return t
		}
	}
	return nil
}

// end seals the written segment when the journal closes; one without records
// is removed.
func (l *lane) end() error {
	s := l.newest()
	if s == nil || s.sealed.Load() {
		return nil
	}
	if s.empty() {
		return l.j.opt.FS.Remove(s.path)
	}
	return s.seal(true)
}
