//go:build vision

package opencv

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"
)

// maxRecording is the largest file that is read, in bytes.
const maxRecording = 256 << 20

// Recording is the video of an MP4 file, for measuring and testing without a camera.
type Recording struct {
	Codec    Codec
	Units    [][][]byte // access units in decoding order, as Decode takes them
	Interval time.Duration
}

// ReadMP4 reads the first H.264 or H.265 track of a file that is not fragmented.
func ReadMP4(path string) (r Recording, err error) {
	defer func() {
		if p := recover(); p != nil { // mp4ff does not validate a file's tables
			err = fmt.Errorf("%s is damaged: %v", path, p)
		}
	}()
	st, err := os.Stat(path)
	if err != nil {
		return r, fmt.Errorf("read video: %w", err)
	}
	if st.Size() > maxRecording {
		return r, fmt.Errorf("%s has %d bytes; at most %d are read", path, st.Size(), maxRecording)
	}
	all, err := os.ReadFile(path)
	if err != nil {
		return r, fmt.Errorf("read video: %w", err)
	}
	file, err := mp4.DecodeFile(bytes.NewReader(all))
	if err != nil {
		return r, fmt.Errorf("%s is no MP4 file: %w", path, err)
	}
	if file.Moov == nil || file.IsFragmented() {
		return r, fmt.Errorf("%s is fragmented or has no tables", path)
	}
	for _, t := range file.Moov.Traks {
		if t.Mdia.Hdlr.HandlerType != "vide" {
			continue
		}
		switch d := t.Mdia.Minf.Stbl.Stsd; {
		case d.AvcX != nil && d.AvcX.AvcC != nil:
			r.Codec = H264
			return r, r.load(t, all, append(d.AvcX.AvcC.SPSnalus, d.AvcX.AvcC.PPSnalus...))
		case d.HvcX != nil && d.HvcX.HvcC != nil:
			r.Codec = H265
			var sets [][]byte
			for _, a := range d.HvcX.HvcC.NaluArrays {
				sets = append(sets, a.Nalus...)
			}
			return r, r.load(t, all, sets)
		}
	}
	return r, fmt.Errorf("%s holds no H.264 or H.265 video", path)
}

func (r *Recording) load(t *mp4.TrakBox, all []byte, sets [][]byte) error {
	st := t.Mdia.Minf.Stbl
	n := t.GetNrSamples()
	if n == 0 || t.Mdia.Mdhd.Timescale == 0 {
		return fmt.Errorf("the video has no frames")
	}
	r.Interval = time.Duration(float64(t.Mdia.Mdhd.Duration) / float64(t.Mdia.Mdhd.Timescale) / float64(
		n) * float64(time.Second))
	ranges, err := t.GetRangesForSampleInterval(1, n)
	if err != nil {
		return fmt.Errorf("read tables: %w", err)
	}
	var data []byte
	for _, part := range ranges {
		if part.Offset+part.Size > uint64(len(all)) {
			return fmt.Errorf("read frames: %w", io.ErrUnexpectedEOF)
		}
		data = append(data, all[part.Offset:part.Offset+part.Size]...)
	}
	for i := uint32(1); i <= n; i++ {
		size := int(st.Stsz.GetSampleSize(int(i)))
		if size > len(data) {
			return fmt.Errorf("read frame %d: %w", i, io.ErrUnexpectedEOF)
		}
		unit, err := splitUnits(data[:size])
		if err != nil {
			return fmt.Errorf("read frame %d: %w", i, err)
		}
		if st.Stss == nil || st.Stss.IsSyncSample(i) {
			unit = append(append([][]byte(nil), sets...), unit...)
		}
		r.Units = append(r.Units, unit)
		data = data[size:]
	}
	return nil
}

// splitUnits splits length-prefixed NAL units (ISO/IEC 14496-15, lengths of four bytes).
func splitUnits(b []byte) (units [][]byte, err error) {
	for len(b) > 0 {
		if len(b) < 4 {
			return nil, io.ErrUnexpectedEOF
		}
		n := binary.BigEndian.Uint32(b)
		b = b[4:]
		if uint64(n) > uint64(len(b)) {
			return nil, io.ErrUnexpectedEOF
		}
		units = append(units, b[:n])
		b = b[n:]
	}
	return units, nil
}
