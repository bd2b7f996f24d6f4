package drivers

import (
	"bytes"
	"slices"

	"github.com/gatehouse-iot/gatehouse"
)

// Codec is a video coding standard.
type Codec string

// The codecs of live pictures.
const (
	CodecH264 Codec = "h264" // ITU-T H.264
	CodecH265 Codec = "h265" // ITU-T H.265
)

// PictureClock is the number of units of Picture.Stamp in a second (RFC 6184, section 8.2.1).
const PictureClock = 90_000

// Picture is one encoded picture of a camera.
type Picture struct {
	Codec Codec
	// Key is set if decoding can begin here: Data holds the parameter sets as well, and no later
	// picture refers to one before this.
	Key bool
	// Data is one access unit as a byte stream with start codes (H.264 and H.265, annex B). It is
	// not changed after Put, so that several viewers may share it.
	Data []byte
	// Stamp is when the picture is shown, in 1/90000 s from an arbitrary start. It does not wrap
	// around.
	Stamp int64
	// Dropped is how many pictures before this one were left out because somebody on the way did
	// not take them in time. Pictures adds to it.
	Dropped uint32
}

// check reports what makes a picture useless to a viewer. Of a key picture it reads as far as the
// first slice, of others only the start code.
func (p Picture) check() error {
	switch {
	case p.Codec != CodecH264 && p.Codec != CodecH265:
		return gatehouse.FieldErrorf("codec", "the picture's codec is %q; give h264 or h265", p.Codec)
	case len(p.Data) > MaxPicture:
		return gatehouse.Errorf(gatehouse.TooLarge, "the picture has %d bytes; at most %d are taken",
			len(p.Data), MaxPicture).At("data")
	case !bytes.HasPrefix(p.Data, startCode) && !bytes.HasPrefix(p.Data, longStartCode):
		return gatehouse.FieldErrorf("data",
			"the picture does not begin with a start code (H.264 and H.265, annex B)")
	}
	if missing := p.missing(); p.Key && len(missing) > 0 {
		return gatehouse.FieldErrorf("data",
			"a key picture needs its parameter sets and a slice after them; it lacks %q", missing)
	}
	return nil
}

// The start codes of a byte stream; the longer one has the zero_byte of annex B.
var (
	startCode     = []byte{0, 0, 1}
	longStartCode = []byte{0, 0, 0, 1}
)

// missing names what a key picture needs and data does not hold.
func (p Picture) missing() []string {
	sets := map[byte]string{7: "SPS", 8: "PPS"} // H.264, table 7-1
	if p.Codec == CodecH265 {
		sets = map[byte]string{32: "VPS", 33: "SPS", 34: "PPS"} // H.265, table 7-1
	}
	slice := false
	for kind := range nalKinds(p.Codec, p.Data) {
		delete(sets, kind)
		if slice = isSlice(p.Codec, kind); slice {
			break
		}
	}
	var out []string
	for _, name := range sets {
		out = append(out, name)
	}
	if !slice {
		out = append(out, "slice")
	}
	slices.Sort(out)
	return out
}

// isSlice reports whether a NAL unit of that type holds a part of a picture.
func isSlice(c Codec, kind byte) bool {
	if c == CodecH265 {
		return kind < 32
	}
	return kind >= 1 && kind <= 5
}

// nalKinds yields the nal_unit_type of each NAL unit in a byte stream.
func nalKinds(c Codec, stream []byte) func(yield func(byte) bool) {
	return func(yield func(byte) bool) {
		for {
			i := bytes.Index(stream, startCode)
			if i < 0 || i+len(startCode) >= len(stream) {
				return
			}
			stream = stream[i+len(startCode):]
			kind := stream[0] & 0x1f
			if c == CodecH265 {
				kind = stream[0] >> 1 & 0x3f
			}
			if !yield(kind) {
				return
			}
		}
	}
}
