package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
)

// A segment file is a 64-byte header and records. It is preallocated while
// written, and cut to its length when a seal ends it.
const (
	segmentHeader = 64
	segmentMagic  = "GHJRNL1\n"
	scanChunk     = 256 << 10
)

// segment is one file of one shard. The committer of the shard writes it; any
// reader may read below end.
type segment struct {
	path       string
	shard      int
	base       uint64 // no record in it has a lower seq
	mark, seed uint32
	file       File

	end    atomic.Int64  // offset below which everything is durable
	last   atomic.Uint64 // seq of the last durable record, base-1 if none
	nanos  atomic.Int64  // time of the last durable record
	size   atomic.Int64  // bytes on disk, preallocation included
	sealed atomic.Bool   // end moves no more; set after the last store to end
}

func segmentName(base uint64, shard int) string {
	return fmt.Sprintf("%020d-%d.seg", base, shard)
}

func parseSegmentName(name string) (base uint64, shard int, ok bool) {
	if _, err := fmt.Sscanf(name, "%020d-%d.seg", &base, &shard); err != nil {
		return 0, 0, false
	}
	return base, shard, base > 0 && shard >= 0 && shard < maxShards &&
		segmentName(base, shard) == name
}

// createSegment makes a durable, preallocated, empty segment.
func createSegment(
	fsys FS, dir string, shard int, base uint64, size int64,
) (_ *segment, err error) {
	s := &segment{
		path:  filepath.Join(dir, segmentName(base, shard)),
		shard: shard,
		base:  base,
		mark:  rand.Uint32() | 1,
		seed:  rand.Uint32(),
	}
	s.file, err = fsys.OpenFile(s.path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create segment: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("create segment %s: %w", s.path, err)
			s.file.Close()
			fsys.Remove(s.path)
		}
	}()
	if err := s.file.Preallocate(size); err != nil {
		return nil, err
	}
	var h [segmentHeader]byte
	copy(h[:], segmentMagic)
	binary.LittleEndian.PutUint32(h[8:], uint32(shard))
	binary.LittleEndian.PutUint32(h[12:], s.mark)
	binary.LittleEndian.PutUint32(h[16:], s.seed)
	binary.LittleEndian.PutUint64(h[24:], base)
	binary.LittleEndian.PutUint32(h[60:], crc32.Checksum(h[:60], crcTable))
	if err := writeAt(s.file, h[:], 0); err != nil {
		return nil, err
	}
	if err := s.file.Sync(); err != nil {
		return nil, err
	}
	if err := fsys.SyncDir(dir); err != nil {
		return nil, err
	}
	s.end.Store(segmentHeader)
	s.last.Store(base - 1)
	s.size.Store(size)
	return s, nil
}

// errHeader means that the file's header is damaged or belongs to another file.
var errHeader = errors.New("segment header is damaged")

// openSegment reads the header only.
func openSegment(fsys FS, dir, name string, write bool) (*segment, error) {
	base, shard, ok := parseSegmentName(name)
	if !ok {
		return nil, fmt.Errorf("%s: not a segment's name", name)
	}
	flag := os.O_RDONLY
	if write {
		flag = os.O_RDWR
	}
	s := &segment{
		path:  filepath.Join(dir, name),
		shard: shard,
		base:  base,
	}
	var err error
	if s.file, err = fsys.OpenFile(s.path, flag, 0); err != nil {
		return nil, fmt.Errorf("open segment: %w", err)
	}
	size, err := s.file.Size()
	if err != nil {
		s.file.Close()
		return nil, fmt.Errorf("open segment %s: %w", s.path, err)
	}
	var h [segmentHeader]byte
	n, err := s.file.ReadAt(h[:], 0)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		s.file.Close()
		return nil, fmt.Errorf("open segment %s: %w", s.path, err)
	case n < segmentHeader || string(h[:8]) != segmentMagic,
		crc32.Checksum(h[:60], crcTable) != binary.LittleEndian.Uint32(h[60:]),
		binary.LittleEndian.Uint32(h[8:]) != uint32(shard),
		binary.LittleEndian.Uint64(h[24:]) != base:
		s.file.Close()
		return nil, fmt.Errorf("open segment %s: %w", s.path, errHeader)
	}
	s.mark = binary.LittleEndian.Uint32(h[12:])
	s.seed = binary.LittleEndian.Uint32(h[16:])
	s.size.Store(size)
	s.end.Store(segmentHeader)
	s.last.Store(base - 1)
	return s, nil
}

// readSeal looks for a seal at the end of the file; with it the segment need not be scanned.
func (s *segment) readSeal() bool {
	off := s.size.Load() - recordHeader
	if off < segmentHeader {
		return false
	}
	var b [recordHeader]byte
	if _, err := s.file.ReadAt(b[:], off); err != nil {
		return false
	}
	h, _, err := decode(b[:], s.mark, s.seed)
	if err != nil || !h.seal || int64(h.synced) != off {
		return false
	}
	s.end.Store(off)
	s.last.Store(h.seq)
	s.nanos.Store(h.nanos)
	s.sealed.Store(true)
	return true
}

// seal ends the segment at its durable end. sync is set by Close and repair; between segments it is
// left out, and a seal lost in a power cut costs one scan at the next start.
func (s *segment) seal(sync bool) error {
	var b []byte
	b = appendRecord(b, s.last.Load(), s.nanos.Load(), nil)
	binary.LittleEndian.PutUint32(b[8:], sealBit)
	end := s.end.Load()
	finish(b, s.mark, s.seed, uint32(end))
	if err := writeAt(s.file, b, end); err != nil {
		return fmt.Errorf("seal segment %s: %w", s.path, err)
	}
	if err := s.file.Truncate(end + recordHeader); err != nil {
		return fmt.Errorf("seal segment %s: %w", s.path, err)
	}
	if sync {
		if err := s.file.Sync(); err != nil {
			return fmt.Errorf("seal segment %s: %w", s.path, err)
		}
	}
	s.size.Store(end + recordHeader)
	s.sealed.Store(true)
	return nil
}

// empty says whether the segment has no record.
func (s *segment) empty() bool { return s.end.Load() == segmentHeader }

// writeAt turns a short write of a File into an error, as io.WriterAt demands.
func writeAt(f File, b []byte, off int64) error {
	n, err := f.WriteAt(b, off)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return err
}
