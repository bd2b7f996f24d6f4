package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Problem is one damaged place in a journal's files.
type Problem struct {
	Kind   ProblemKind `json:"kind"`
	File   string      `json:"file"`
	Offset int64       `json:"offset"` // bytes from the start of the file
	Length int64       `json:"length"` // bytes concerned
	Detail string      `json:"detail"`
}

func (p Problem) String() string {
	return fmt.Sprintf("%s: %s at offset %d, %d bytes: %s", p.Kind, p.File, p.Offset, p.Length,
		p.Detail)
}

// ProblemKind says what a problem means for the data.
type ProblemKind string

// The kinds of problem. A torn tail held nothing that was acknowledged;
// corruption and a bad header did.
const (
	Torn    ProblemKind = "torn tail"
	Corrupt ProblemKind = "corruption"
	Header  ProblemKind = "bad segment header"
	Pos     ProblemKind = "bad cursor file"
)

// window reads a file through a buffer of scanChunk bytes, or of one record where that is longer.
type window struct {
	f    io.ReaderAt
	size int64
	buf  []byte
	off  int64 // file offset of buf[0]
}

// at returns at least n bytes from off, or what is left of the file.
func (w *window) at(off int64, n int) ([]byte, error) {
	if off >= w.off && off+int64(n) <= w.off+int64(len(w.buf)) {
		return w.buf[off-w.off:], nil
	}
	want := min(int64(max(n, scanChunk)), w.size-off)
	if want <= 0 {
		return nil, nil
	}
	if int64(cap(w.buf)) < want {
		w.buf = make([]byte, want)
	}
	got, err := w.f.ReadAt(w.buf[:want], off)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	w.buf, w.off = w.buf[:got], off
	return w.buf, nil
}

// record decodes the record at off.
func (w *window) record(s *segment, off int64) (header, int, error) {
	b, err := w.at(off, recordHeader)
	if err != nil {
		return header{}, 0, err
	}
	h, n, err := decode(b, s.mark, s.seed)
	if err == errShort && n > len(b) && off+int64(n) <= w.size {
		if b, err = w.at(off, n); err != nil {
			return header{}, 0, err
		}
		h, n, err = decode(b, s.mark, s.seed)
	}
	return h, n, err
}

// resync finds the first record at or after offset off whose sequence is above after. ok is false
// when there is none below the window's size.
func (w *window) resync(
	s *segment, off int64, after uint64,
) (at int64, h header, n int, ok bool, err error) {
	for ; off+recordHeader <= w.size; off += align {
		b, err := w.at(off, recordHeader)
		if err != nil {
			return 0, h, 0, false, err
		}
		skip := skipTo(b, s.mark)
		if skip < 0 {
			off += int64((len(b) - 1) &^ (align - 1))
			continue
		}
		off += int64(skip)
		h, n, err := w.record(s, off)
		if err == nil && (h.seal || h.seq > after) {
			return off, h, n, true, nil
		}
		if err != nil && !isRecordError(err) {
			return 0, h, 0, false, err
		}
	}
	return 0, h, 0, false, nil
}

// skipTo returns the first aligned offset in b that holds mark, or -1.
func skipTo(b []byte, mark uint32) int {
	m0, m1, m2, m3 := byte(mark), byte(mark>>8), byte(mark>>16), byte(mark>>24)
	for i := 0; i+4 <= len(b); i += align {
		if b[i] == m0 && b[i+1] == m1 && b[i+2] == m2 && b[i+3] == m3 {
			return i
		}
	}
	return -1
}

func isRecordError(err error) bool {
	switch err {
	case errShort, errBlank, errMark, errSize, errCRC, errOrder:
		return true
	}
	return false
}

// scan reads a segment's records and sets end, last and nanos to the last good one. Damage is
// reported as corruption and skipped where a later record proves that it had been durable;
// otherwise the scan ends there, and the rest is a torn tail. each may be nil. It returns the
// number of records, and of bytes from end to the last one that is not zero.
func (s *segment) scan(
	each func(header) error, report func(Problem),
) (records, torn int64, err error) {
	w := &window{
		f:    s.file,
		size: s.size.Load(),
	}
	off, last, nanos := int64(segmentHeader), s.base-1, int64(0)
	sealed := false
	for !sealed {
		h, n, rerr := w.record(s, off)
		if rerr == nil && !h.seal && h.seq <= last {
			rerr = errOrder
		}
		if rerr != nil {
			if !isRecordError(rerr) {
				return records, 0, fmt.Errorf("scan %s: %w", s.path, rerr)
			}
			next, ok, err := s.durableAfter(w, off, last)
			if err != nil {
				return records, 0, fmt.Errorf("scan %s: %w", s.path, err)
			}
			if !ok {
				break
			}
			report(Problem{Corrupt, s.path, off, next - off, rerr.Error()})
			off = next
			continue
		}
		if h.seal {
			// its sequence covers damaged records too
			sealed, last, nanos = true, max(last, h.seq), h.nanos
			break
		}
		if each != nil {
			if err := each(h); err != nil {
				return records, 0, err
			}
		}
		records++
		off, last, nanos = off+int64(n), h.seq, h.nanos
	}
	s.end.Store(off)
	s.last.Store(last)
	s.nanos.Store(nanos)
	s.sealed.Store(sealed)
	if sealed {
		off += recordHeader
	}
	torn, err = w.tail(off)
	return records, torn, err
}

// durableAfter looks past damage at off for the next good record, and accepts
// it only if it or a later one says that off was durable when it was written.
func (s *segment) durableAfter(w *window, off int64, last uint64) (next int64, ok bool, err error) {
	at, seen := off+align, last
	for {
		found, h, n, good, err := w.resync(s, at, seen)
		if err != nil || !good {
			return 0, false, err
		}
		if next == 0 {
			next = found
		}
		if int64(h.synced) > off {
			return next, true, nil
		}
		at, seen = found+int64(n), max(seen, h.seq)
	}
}

// tail counts the bytes from off up to the last one that is not zero.
func (w *window) tail(off int64) (int64, error) {
	start, last := off, off
	for off < w.size {
		b, err := w.at(off, 1)
		if err != nil {
			return 0, err
		}
		if len(b) == 0 {
			break
		}
		if used := len(bytes.TrimRight(b, "\x00")); used > 0 {
			last = off + int64(used)
		}
		off += int64(len(b))
	}
	return last - start, nil
}
