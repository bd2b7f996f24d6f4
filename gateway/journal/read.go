package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

const readChunk = 128 << 10

// merge reads all lanes in the order of their sequences.
type merge struct {
	j     *Journal
	lanes []*laneReader
}

func (j *Journal) newMerge(after uint64) *merge {
	m := &merge{j: j}
	for _, l := range j.lanes {
		m.lanes = append(m.lanes, &laneReader{
			l:    l,
			last: after,
		})
	}
	return m
}

// await returns visible records, or blocks until there is one.
func (j *Journal) await(ctx context.Context, m *merge, max int) ([]Record, error) {
	for {
		wake := j.waiter()
		recs, err := m.next(max)
		if len(recs) > 0 || err != nil {
			return recs, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-j.closing:
			return nil, ErrClosed
		case <-wake:
		}
	}
}

// ReadFrom returns up to max visible records after the given sequence. It does not block
// and may return none; records that retention has removed are left out. Unlike a cursor it
// does not hold up retention.
func (j *Journal) ReadFrom(ctx context.Context, after uint64, max int) ([]Record, error) {
	select {
	case <-j.closing:
		return nil, ErrClosed
	default:
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return j.newMerge(after).next(max)
}

// Reader is a reader whose position is in memory only: it does not hold up retention, and records
// that are removed before it reaches them are left out. One goroutine uses it at a time.
type Reader struct{ m *merge }

// Reader starts after the given sequence. It needs no closing.
func (j *Journal) Reader(after uint64) *Reader { return &Reader{j.newMerge(after)} }

// Next is [Cursor.Next].
func (r *Reader) Next(ctx context.Context, max int) ([]Record, error) {
	return r.m.j.await(ctx, r.m, max)
}

// Wait blocks until a sequence above after is visible, ctx ends, or the
// journal closes (ErrClosed).
func (j *Journal) Wait(ctx context.Context, after uint64) error {
	for {
		wake := j.waiter()
		if j.visible.Load() > after {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-j.closing:
			return ErrClosed
		case <-wake:
		}
	}
}

// next takes what is visible now. The visible sequence is read before the
// lanes' ends, so no lane can hide a record below it.
func (m *merge) next(max int) ([]Record, error) {
	top := m.j.visible.Load()
	var out []Record
	for len(out) < max {
		var best *laneReader
		low := uint64(math.MaxUint64)
		for _, r := range m.lanes {
			ok, err := r.peek()
			if err != nil {
				return out, err
			}
			if ok && r.head.seq < low {
				best, low = r, r.head.seq
			}
		}
		if best == nil || low > top {
			return out, nil
		}
		out = append(out, best.head.record())
		best.pop()
	}
	return out, nil
}

// laneReader walks the durable records of one lane. Buffers are never reused,
// since the records that it gave out live in them.
type laneReader struct {
	l    *lane
	last uint64 // everything up to here has been read or is not wanted
	seg  *segment
	off  int64 // of the next record
	buf  []byte
	at   int64 // file offset of buf[0]
	head header
	size int // of head on disk; 0: no head
}

func (r *laneReader) pop() {
	r.off += int64(r.size)
	r.last, r.size = r.head.seq, 0
}

// peek fills head with the next record, if one is durable.
func (r *laneReader) peek() (bool, error) {
	for r.size == 0 {
		if r.seg == nil && !r.seek() {
			return false, nil
		}
		sealed := r.seg.sealed.Load() // before end, which then is final
		end := r.seg.end.Load()
		if r.off >= end {
			if !sealed {
				return false, nil
			}
			next := r.l.after(r.seg)
			if next == nil {
				return false, nil
			}
			r.seg = next
			r.off = segmentHeader
			r.buf = nil
			continue
		}
		err := r.load(end)
		if errors.Is(err, os.ErrClosed) {
			// Retention removed the segment while we read it: continue with the next one.
			r.seg = r.l.after(r.seg)
			r.off, r.buf = segmentHeader, nil
			if r.seg == nil {
				return false, nil
			}
			continue
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

// load decodes the record at off, skipping damage and records that were already read.
func (r *laneReader) load(end int64) error {
	for r.off < end {
		h, n, err := r.decode(end)
		if err == nil && (h.seal || h.seq <= r.last) {
			r.off += int64(n)
			continue
		}
		if err == nil {
			r.head, r.size = h, n
			return nil
		}
		if !isRecordError(err) {
			return fmt.Errorf("read %s at %d: %w", r.seg.path, r.off, err)
		}
		w := &window{
			f:    r.seg.file,
			size: end,
		}
		next, _, _, ok, rerr := w.resync(r.seg, r.off+align, r.last)
		if rerr != nil {
			return fmt.Errorf("read %s: %w", r.seg.path, rerr)
		}
		if !ok {
			next = end
		}
		r.l.j.problem(Problem{Corrupt, r.seg.path, r.off, next - r.off, err.Error()})
		r.off = next
	}
	return nil
}

func (r *laneReader) decode(end int64) (header, int, error) {
	have := r.at + int64(len(r.buf)) - r.off
	if r.buf != nil && r.off >= r.at && have >= recordHeader {
		h, n, err := decode(r.buf[r.off-r.at:], r.seg.mark, r.seg.seed)
		if err != errShort || r.off+int64(n) > end {
			return h, n, err
		}
	}
	if err := r.fill(end, readChunk); err != nil {
		return header{}, 0, err
	}
	h, n, err := decode(r.buf, r.seg.mark, r.seg.seed)
	if err == errShort && n > len(r.buf) && r.off+int64(n) <= end {
		if err := r.fill(end, n); err != nil {
			return header{}, 0, err
		}
		h, n, err = decode(r.buf, r.seg.mark, r.seg.seed)
	}
	return h, n, err
}

func (r *laneReader) fill(end int64, n int) error {
	b := make([]byte, min(int64(n), end-r.off))
	got, err := r.seg.file.ReadAt(b, r.off)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	r.buf, r.at = b[:got], r.off
	return nil
}

// seek finds the segment and, by binary search, an offset at or before the first record after last.
func (r *laneReader) seek() bool {
	r.l.mu.Lock()
	for _, s := range r.l.segments {
		if !s.sealed.Load() || s.last.Load() > r.last {
			r.seg = s
			break
		}
	}
	r.l.mu.Unlock()
	if r.seg == nil {
		return false
	}
	lo, hi := int64(segmentHeader), r.seg.end.Load()
	for r.last >= r.seg.base && hi-lo > readChunk {
		mid := (lo + (hi-lo)/2) &^ (align - 1)
		w := &window{
			f:    r.seg.file,
			size: hi,
		}
		at, h, _, ok, err := w.resync(r.seg, mid, r.seg.base-1)
		if err != nil {
			break // load meets the same error and returns it
		}
		if ok && !h.seal && h.seq <= r.last {
			lo = at
		} else {
			hi = mid
		}
	}
	r.off, r.buf = lo, nil
	return true
}
