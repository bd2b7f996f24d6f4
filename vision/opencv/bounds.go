//go:build vision

package opencv

import (
	"fmt"
	"strconv"

	"github.com/asticode/go-astiav"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"

	"github.com/gatehouse-iot/gatehouse"
)

// Limits of a stream's pictures. The parameter sets of a stream declare how large its pictures are
// and how many of them the decoder must keep; MaxDecoder limits that memory per camera.
const (
	MaxPixels  = 1 << 24   // of one picture: 4096x4096, 7680x2160
	MaxDecoder = 256 << 20 // bytes, of all pictures that a decoder keeps
)

// demand is what a stream declares that its decoder needs.
type demand struct {
	width, height int // as coded
	kept          int // reference pictures
	bytes         int // of one picture
}

// check returns an error for people if the demand exceeds the limits.
func (d demand) check() error {
	mend := gatehouse.Word("let the camera send a smaller picture (its second stream, often called " +
		"substream)")
	if d.width < 1 || d.height < 1 || d.width > MaxSide || d.height > MaxSide ||
		d.width*d.height > MaxPixels {
		return gatehouse.Errorf(gatehouse.TooLarge,
			"the camera's pictures have %dx%d pixels; at most %d million, and %d a side, are "+
				"taken: %s",
			d.width, d.height, MaxPixels/1_000_000, MaxSide, mend)
	}
	// Two more: the one being decoded and the newest decoded one.
	if n := (d.kept + 2) * d.bytes; n > MaxDecoder {
		return gatehouse.Errorf(gatehouse.TooLarge,
			"the camera's stream needs %d MB for %d pictures of %dx%d at once; at most %d MB are "+
				"taken: %s, or with fewer reference pictures",
			n>>20, d.kept+2, d.width, d.height, MaxDecoder>>20, mend)
	}
	return nil
}

// admit checks the parameter sets of a unit before FFmpeg sees them. Those that it cannot parse are
// left to FFmpeg, which enforces MaxPixels too.
func admit(c Codec, unit [][]byte) error {
	for _, n := range unit {
		d, ok := demandOf(c, n)
		if !ok {
			continue
		}
		if err := d.check(); err != nil {
			return err
		}
	}
	return nil
}

func demandOf(c Codec, n []byte) (demand, bool) {
	if _, ok := c.ParameterSet(n); !ok || len(n) > 4096 {
		return demand{}, false
	}
	if c == H265 {
		return demand265(n)
	}
	return demand264(n)
}

// demand264 parses a sequence parameter set of H.264 (7.3.2.1.1).
func demand264(n []byte) (d demand, ok bool) {
	if n[0]&0x1f != 7 {
		return d, false
	}
	var s h264.SPS
	if s.Unmarshal(n) != nil || s.PicWidthInMbsMinus1 > MaxSide ||
		s.PicHeightInMapUnitsMinus1 > MaxSide {
		return d, false
	}
	d.width, d.height = 16*int(s.PicWidthInMbsMinus1+1), 16*int(s.PicHeightInMapUnitsMinus1+1)
	if !s.FrameMbsOnlyFlag {
		d.height *= 2
	}
	d.kept = int(min(s.MaxNumRefFrames, 16))
	d.bytes = pictureBytes(d.width, d.height, s.ChromaFormatIdc, s.BitDepthLumaMinus8)
	return d, true
}

// demand265 parses a sequence parameter set of H.265 (7.3.2.2).
func demand265(n []byte) (d demand, ok bool) {
	if n[0]>>1&0x3f != 33 {
		return d, false
	}
	var s h265.SPS
	if s.Unmarshal(n) != nil || s.PicWidthInLumaSamples > 1<<16 ||
		s.PicHeightInLumaSamples > 1<<16 {
		return d, false
	}
	d.width, d.height = int(s.PicWidthInLumaSamples), int(s.PicHeightInLumaSamples)
	for _, k := range s.MaxDecPicBufferingMinus1 {
		d.kept = max(d.kept, int(min(k, 16)))
	}
	d.bytes = pictureBytes(d.width, d.height, s.ChromaFormatIdc, s.BitDepthLumaMinus8)
	return d, true
}

// pictureBytes is a picture's size by chroma format (0: 4:0:0, 1: 4:2:0, 2: 4:2:2, 3: 4:4:4) and
// bit depth.
func pictureBytes(width, height int, chroma, depth uint32) int {
	n := width * height
	switch chroma {
	case 0:
	case 1:
		n += n / 2
	case 2:
		n *= 2
	default:
		n *= 3
	}
	if depth > 0 {
		n *= 2
	}
	return n
}

// limits are FFmpeg's options, which limit what admit could not parse.
func limits() (*astiav.Dictionary, error) {
	d := astiav.NewDictionary()
	if err := d.Set("max_pixels", strconv.Itoa(MaxPixels), 0); err != nil {
		d.Free()
		return nil, fmt.Errorf("bound the decoder: %w", err)
	}
	return d, nil
}
