//go:build vision

package opencv_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/vision/opencv"
)

// bitWriter writes the bits of parameter sets.
type bitWriter struct {
	out  []byte
	free int // bits of the last byte
}

func (w *bitWriter) bits(v uint32, n int) {
	for n--; n >= 0; n-- {
		if w.free == 0 {
			w.out, w.free = append(w.out, 0), 8
		}
		w.free--
		w.out[len(w.out)-1] |= byte(v>>n&1) << w.free
	}
}

// golomb writes ue(v) (H.264, 9.1).
func (w *bitWriter) golomb(v uint32) {
	n := 0
	for x := v + 1; x > 1; x >>= 1 {
		n++
	}
	w.bits(0, n)
	w.bits(v+1, n+1)
}

// sps264 is an H.264 sequence parameter set for pictures of across by down macroblocks.
func sps264(across, down, kept uint32) []byte {
	w := &bitWriter{out: []byte{0x67, 66, 0, 62}}
	for _, v := range []uint32{0, 0, 2, kept} { // id, frame numbers of 4 bits, order as decoded
		w.golomb(v)
	}
	w.bits(0, 1)
	w.golomb(across - 1)
	w.golomb(down - 1)
	w.bits(0b11001, 5) // frames only, direct inference, no cropping, nothing more, stop
	return w.out
}

// A stream with pictures over the limits is refused, with the code too_large, before FFmpeg
// allocates memory, whether its parameter sets come in band or with the description.
func TestLargePicturesAreRefused(t *testing.T) {
	r, err := opencv.ReadMP4(filepath.Join(cache(t), "media", "cap13_edit2.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	key := r.Units[0]
	for _, c := range []struct {
		name               string
		across, down, kept uint32
		says               string // "" means accepted
	}{
		{"1080p", 120, 68, 4, ""},
		{"4K with all reference pictures that there can be", 240, 135, 16, ""},
		{"32:9 of 7680x2160", 480, 135, 4, ""},
		{"8192x8192", 512, 512, 1, "8192x8192"},
		{"65536 across", 4096, 4, 1, "65536x64"},
		{"4096x4096 with 16 kept", 256, 256, 16, "18 pictures of 4096x4096"},
	} {
		sps := sps264(c.across, c.down, c.kept)
		for _, way := range []string{"in band", "described"} {
			d, err := opencv.NewDecoder(opencv.H264)
			if err != nil {
				t.Fatal(err)
			}
			if way == "described" {
				d.Prepare([][]byte{sps})
				_, err = d.Decode(key)
			} else {
				_, err = d.Decode(append([][]byte{sps}, key...))
			}
			d.Close()
			switch refused := gatehouse.ErrorCode(err) == gatehouse.TooLarge; {
			case c.says == "" && refused,
				c.says != "" && (!refused || !strings.Contains(err.Error(), c.says)):
				t.Errorf("%s, %s: got %v, want %q", c.name, way, err, c.says)
			}
		}
	}
}
