//go:build vision

package opencv

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/asticode/go-astiav"
)

var update = flag.Bool("update", false, "write the H.265 stream that the camera's tests play")

// hevc encodes frames as H.265, with a key frame every ten frames, and returns the byte stream.
func hevc(t *testing.T, w, h int, frames func(i int) *astiav.Frame) []byte {
	t.Helper()
	codec := astiav.FindEncoderByName("libx265")
	if codec == nil {
		t.Skip("this machine's FFmpeg cannot encode H.265")
	}
	enc := astiav.AllocCodecContext(codec)
	defer enc.Free()
	enc.SetWidth(w)
	enc.SetHeight(h)
	enc.SetPixelFormat(astiav.PixelFormatYuv420P)
	enc.SetTimeBase(astiav.NewRational(1, 25))
	opts := astiav.NewDictionary()
	defer opts.Free()
	for k, v := range map[string]string{
		"preset": "ultrafast",
		"x265-params": "info=0:log-level=none:keyint=10:min-keyint=10:" +
			"pools=1:frame-threads=1:repeat-headers=1:crf=22:bframes=0",
	} {
		if err := opts.Set(k, v, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := enc.Open(codec, opts); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	pkt := astiav.AllocPacket()
	defer pkt.Free()
	drain := func() {
		for {
			err := enc.ReceivePacket(pkt)
			if errors.Is(err, astiav.ErrEagain) || errors.Is(err, astiav.ErrEof) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			out.Write(pkt.Data())
			pkt.Unref()
		}
	}
	for i := 0; ; i++ {
		f := frames(i)
		if f != nil {
			f.SetPts(int64(i))
			f.SetPictureType(astiav.PictureTypeNone)
		}
		if err := enc.SendFrame(f); err != nil {
			t.Fatal(err)
		}
		drain()
		if f == nil {
			return out.Bytes()
		}
	}
}

// units splits a byte stream into access units; parameter sets belong to the picture after them.
func units(stream []byte) (out [][][]byte) {
	var unit [][]byte
	for _, n := range bytes.Split(stream, []byte{0, 0, 1}) {
		n = bytes.TrimRight(n, "\x00")
		if len(n) < 2 {
			continue
		}
		unit = append(unit, n)
		if n[0]>>1&0x3f < 32 { // a slice; the encoder makes one for each picture
			out = append(out, unit)
			unit = nil
		}
	}
	return out
}

// A real video, encoded as H.265, is decoded completely.
func TestDecodeH265(t *testing.T) {
	dir := os.Getenv("GATEHOUSE_CACHE")
	if dir == "" {
		dir = "../../.cache"
	}
	r, err := ReadMP4(filepath.Join(dir, "media", "cap13_edit2.mp4"))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("no videos: run deploy/setup/assets.sh")
	} else if err != nil {
		t.Fatal(err)
	}
	from, err := NewDecoder(r.Codec)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	const pictures = 20
	var want [][]byte
	next := 0
	stream := hevc(t, 400, 300, func(i int) *astiav.Frame {
		if i == pictures {
			return nil
		}
		for n := 0; n == 0; next++ {
			if n, err = from.Decode(r.Units[next]); err != nil {
				t.Fatal(err)
			}
		}
		f, err := from.Picture(400)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, f.Pix)
		return from.newest
	})
	to, err := NewDecoder(H265)
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	got := 0
	for _, u := range units(stream) {
		n, err := to.Decode(u)
		if err != nil {
			t.Fatal(err)
		}
		got += n
	}
	n, err := to.Flush()
	if err != nil {
		t.Fatal(err)
	}
	if got += n; got != pictures {
		t.Errorf("got %d pictures, want %d", got, pictures)
	}
	f, err := to.Picture(400)
	if err != nil {
		t.Fatal(err)
	}
	var off int
	last := want[pictures-1]
	for i := range f.Pix {
		off += abs(int(f.Pix[i]) - int(last[i]))
	}
	if mean := float64(off) / float64(len(last)); len(f.Pix) != len(last) || mean > 5 {
		t.Errorf("the last picture is off by %.1f of 255 on average, want 5 at most", mean)
	}
}

func abs(x int) int { return max(x, -x) }

// TestWriteH265 regenerates the small black stream of ../camera/testdata.
func TestWriteH265(t *testing.T) {
	if !*update {
		t.Skip("only with -update")
	}
	black := astiav.AllocFrame()
	defer black.Free()
	black.SetWidth(320)
	black.SetHeight(240)
	black.SetPixelFormat(astiav.PixelFormatYuv420P)
	if err := black.AllocBuffer(0); err != nil {
		t.Fatal(err)
	}
	if err := black.ImageFillBlack(); err != nil {
		t.Fatal(err)
	}
	stream := hevc(t, 320, 240, func(i int) *astiav.Frame {
		if i == 30 {
			return nil
		}
		return black
	})
	if err := os.MkdirAll("../camera/testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("../camera/testdata/black.h265", stream, 0o644); err != nil {
		t.Fatal(err)
	}
}
