package sim

import (
	"errors"
	"fmt"
	"os"

	"github.com/Eyevinn/mp4ff/mp4"

	"github.com/gatehouse-iot/gatehouse"
)

// maxSample is the largest video frame, in bytes.
const maxSample = 8 << 20

// video is the H.264 track of an MP4 file, read frame by frame in decoding order. Times are in
// units of its own scale.
type video struct {
	file     *os.File
	scale    int64 // units per second
	length   int64 // of one loop
	prefix   int   // bytes of a unit's length field
	sps, pps []byte
	frames   []frame
}

type frame struct {
	offset int64
	size   int
	dts    int64
	pts    int64 // starts at 0: the edit list's shift is subtracted
	sync   bool
}

// openVideo reads the tables of a file, which stays open until close.
func openVideo(path string) (v *video, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open video: %w", err)
	}
	defer func() {
		if r := recover(); r != nil { // the MP4 library does not validate the file's tables
			err = gatehouse.Errorf(gatehouse.Invalid, "%s is damaged: %v", path, r)
		}
		if err != nil {
			f.Close()
		}
	}()
	m, err := mp4.DecodeFile(f, mp4.WithDecodeMode(mp4.DecModeLazyMdat))
	if err != nil {
		return nil, gatehouse.Errorf(gatehouse.Invalid, "%s is no MP4 file: %v", path, err)
	}
	if m.Moov == nil || m.IsFragmented() {
		return nil, gatehouse.Errorf(gatehouse.Invalid,
			"%s is a fragmented MP4; make it progressive, e.g. with ffmpeg -i in.mp4 -c copy "+
				"out.mp4",
			path)
	}
	for _, t := range m.Moov.Traks {
		if t.Mdia.Hdlr.HandlerType == "vide" && t.Mdia.Minf.Stbl.Stsd.AvcX != nil {
			v = &video{
				file:  f,
				scale: int64(t.Mdia.Mdhd.Timescale),
			}
			if err := v.load(t); err != nil {
				return nil, gatehouse.Errorf(gatehouse.Invalid, "%s: %v", path, err)
			}
			return v, nil
		}
	}
	return nil, gatehouse.Errorf(gatehouse.Invalid,
		"%s holds no H.264 video; convert it, e.g. with ffmpeg -i in -c:v libx264 out.mp4", path)
}

func (v *video) load(t *mp4.TrakBox) error {
	st := t.Mdia.Minf.Stbl
	conf := st.Stsd.AvcX.AvcC
	if conf == nil || len(conf.SPSnalus) == 0 || len(conf.PPSnalus) == 0 || v.scale <= 0 {
		return errors.New("the video has no parameter sets")
	}
	v.sps, v.pps, v.prefix = conf.SPSnalus[0], conf.PPSnalus[0], 4
	n := t.GetNrSamples()
	if n == 0 {
		return errors.New("the video has no frames")
	}
	samples, err := t.GetSampleData(1, n)
	if err != nil {
		return err
	}
	chunks, err := st.Stsc.GetContainingChunks(1, n)
	if err != nil {
		return err
	}
	v.frames = make([]frame, 0, n)
	shift := samples[0].CompositionTimeOffset
	var dts int64
	for _, c := range chunks {
		var at uint64
		if st.Stco != nil {
			at, err = st.Stco.GetOffset(int(c.ChunkNr))
		} else {
			at, err = st.Co64.GetOffset(int(c.ChunkNr))
		}
		if err != nil {
			return err
		}
		for i := range c.NrSamples {
			s := samples[c.StartSampleNr-1+i]
			if s.Size > maxSample {
				return fmt.Errorf("a frame of %d bytes is too large", s.Size)
			}
			v.frames = append(v.frames, frame{
				offset: int64(at),
				size:   int(s.Size),
				dts:    dts,
				pts:    dts + int64(s.CompositionTimeOffset-shift),
				sync:   st.Stss == nil || st.Stss.IsSyncSample(uint32(len(v.frames)+1)),
			})
			at += uint64(s.Size)
			dts += int64(s.Dur)
		}
	}
	v.length = dts
	if !v.frames[0].sync || v.length <= 0 {
		return errors.New("the video does not begin with a key frame, or has no length")
	}
	return nil
}

// units reads frame i as NAL units; a key frame is preceded by its parameter sets.
func (v *video) units(i int) ([][]byte, error) {
	f := v.frames[i]
	b := make([]byte, f.size)
	if _, err := v.file.ReadAt(b, f.offset); err != nil {
		return nil, fmt.Errorf("read frame %d: %w", i+1, err)
	}
	var out [][]byte
	if f.sync {
		out = append(out, v.sps, v.pps)
	}
	for len(b) > v.prefix {
		n := 0
		for _, x := range b[:v.prefix] {
			n = n<<8 | int(x)
		}
		b = b[v.prefix:]
		if n < 1 || n > len(b) {
			return nil, fmt.Errorf("frame %d is damaged", i+1)
		}
		if t := b[0] & 0x1F; t != 7 && t != 8 && t != 9 { // sets are sent above, delimiters never
			out = append(out, b[:n])
		}
		b = b[n:]
	}
	return out, nil
}

// nextKey is the first key frame at or after i, wrapping around, and the time until it, in units.
func (v *video) nextKey(i int) (key int, wait int64) {
	for j := i; j < len(v.frames); j++ {
		if v.frames[j].sync {
			return j, v.frames[j].dts - v.frames[i].dts
		}
	}
	return 0, v.length - v.frames[i].dts
}

func (v *video) close() { v.file.Close() }
