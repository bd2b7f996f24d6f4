package journal

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"time"
)

// On disk a record is a 32-byte header, the data, and zeros up to a multiple
// of 8, all little-endian:
//
//	 0 u32 mark    the segment's random mark
//	 4 u32 crc     CRC32C of everything from byte 8, seeded per segment
//	 8 u32 size    of the data; the top bit marks the seal that ends a segment
//	12 u32 synced  offset in the segment below which all was durable when this was written
//	16 u64 seq
//	24 i64 time    nanoseconds since 1970
//
// Mark and seed are random per segment, so bytes that a device sends cannot
// pose as a record when a reader looks for the next good one after damage.
// "synced" tells a torn tail (never acknowledged) from corruption (acknowledged
// once): only damage below it was ever durable.
const (
	recordHeader = 32
	sealBit      = 1 << 31
	align        = 8
	// A longer size is taken for damage. It is not tied to MaxRecord, which
	// may have been larger before.
	maxData = 1 << 30
)

// crcTable is read-only; crc32 uses the processor's instruction for it.
var crcTable = crc32.MakeTable(crc32.Castagnoli)

var (
	errShort = errors.New("record runs past the end")
	errBlank = errors.New("no record here")
	errMark  = errors.New("record mark does not match the segment")
	errSize  = errors.New("record size is impossible")
	errCRC   = errors.New("record checksum does not match")
	errOrder = errors.New("record sequence does not increase")
)

// header is one decoded record; data aliases the buffer it came from.
type header struct {
	seq    uint64
	nanos  int64
	synced uint32
	seal   bool
	data   []byte
}

func (h header) record() Record {
	return Record{
		Seq:  h.seq,
		Time: time.Unix(0, h.nanos),
		Data: h.data,
	}
}

func recordSize(n int) int { return (recordHeader + n + align - 1) &^ (align - 1) }

// appendRecord queues a record without mark, crc and synced: the committer
// fills those in when it knows the segment (see finish).
func appendRecord(b []byte, seq uint64, nanos int64, data []byte) []byte {
	var h [recordHeader]byte
	binary.LittleEndian.PutUint32(h[8:], uint32(len(data)))
	binary.LittleEndian.PutUint64(h[16:], seq)
	binary.LittleEndian.PutUint64(h[24:], uint64(nanos))
	b = append(b, h[:]...)
	b = append(b, data...)
	for pad := recordSize(len(data)) - recordHeader - len(data); pad > 0; pad-- {
		b = append(b, 0)
	}
	return b
}

// finish completes the record at the start of b and returns its size on disk.
func finish(b []byte, mark, seed, synced uint32) int {
	n := recordSize(int(binary.LittleEndian.Uint32(b[8:]) &^ sealBit))
	binary.LittleEndian.PutUint32(b, mark)
	binary.LittleEndian.PutUint32(b[12:], synced)
	binary.LittleEndian.PutUint32(b[4:], crc32.Update(seed, crcTable, b[8:n]))
	return n
}

// decode reads the record at the start of b. errShort means that n bytes are
// needed; every other error means that no record of this segment starts here.
func decode(b []byte, mark, seed uint32) (h header, n int, err error) {
	if len(b) < recordHeader {
		return h, recordHeader, errShort
	}
	if got := binary.LittleEndian.Uint32(b); got != mark {
		if got == 0 {
			return h, 0, errBlank
		}
		return h, 0, errMark
	}
	size := binary.LittleEndian.Uint32(b[8:])
	h.seal = size&sealBit != 0
	size &^= sealBit
	if size > maxData || h.seal && size != 0 {
		return h, 0, errSize
	}
	n = recordSize(int(size))
	if len(b) < n {
		return h, n, errShort
	}
	if crc32.Update(seed, crcTable, b[8:n]) != binary.LittleEndian.Uint32(b[4:]) {
		return h, 0, errCRC
	}
	h.synced = binary.LittleEndian.Uint32(b[12:])
	h.seq = binary.LittleEndian.Uint64(b[16:])
	h.nanos = int64(binary.LittleEndian.Uint64(b[24:]))
	h.data = b[recordHeader : recordHeader+int(size) : recordHeader+int(size)]
	return h, n, nil
}
