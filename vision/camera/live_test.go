//go:build vision

package main

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/format"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
	"github.com/gatehouse-iot/gatehouse/vision/opencv"
)

// first is a gateway that tells of the first observation.
type first struct {
	once sync.Once
	came chan struct{}
}

func (f *first) Accept(context.Context, gatehouse.DriverName, []gatehouse.Observation) error {
	f.once.Do(func() { close(f.came) })
	return nil
}

// shown serves a camera under the gateway's host, and waits until it is connected.
func shown(t *testing.T, url string) *host.Host {
	t.Helper()
	d := configured(t, nil)
	online := &first{came: make(chan struct{})}
	h := host.New(host.Options{Sink: online, Logger: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- h.Run(ctx, []host.Spec{{Name: "camera", Driver: program{d}}}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil {
			t.Errorf("host: %v", err)
		}
	})
	waitCtx, done := context.WithTimeout(ctx, patience)
	defer done()
	if _, err := h.Wait(waitCtx, "camera"); err != nil {
		t.Fatal(err)
	}
	dev := device(url)
	dev.Profile = d.Describe().Profiles[0]
	if err := h.Put("camera", dev); err != nil {
		t.Fatal(err)
	}
	select {
	case <-online.came:
	case <-waitCtx.Done():
		t.Fatal("the camera did not connect")
	}
	return h
}

// program is a driver that is configured already.
type program struct{ *driver }

func (p program) Describe() drivers.Description {
	d := p.driver.Describe()
	d.Settings = nil
	return d
}

func (program) Configure(context.Context, map[string]string) error { return nil }

// watch watches the camera until the test ends.
func watch(t *testing.T, h *host.Host) *drivers.Pictures {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	out := drivers.NewPictures()
	go func() {
		defer close(ended)
		_ = h.Watch(ctx, "gate-camera", out) // Next returns its error
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return out
}

// decode reads pictures until n have been decoded, and returns the last encoded one.
func decode(t *testing.T, q *drivers.Pictures, codec opencv.Codec, n, width, height int) drivers.Picture {
	t.Helper()
	dec, err := opencv.NewDecoder(codec)
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var last drivers.Picture
	for decoded, begins := 0, true; decoded < n; begins = false {
		p, err := q.Next(ctx)
		if err != nil {
			t.Fatalf("got %v after %d pictures", err, decoded)
		}
		switch {
		case begins && (!p.Key || p.Dropped != 0):
			t.Errorf("got key %v, dropped %d first", p.Key, p.Dropped)
		case !begins && p.Dropped == 0 && p.Stamp != last.Stamp+drivers.PictureClock/25:
			t.Errorf("got the stamp %d after %d, want 40 ms later", p.Stamp, last.Stamp)
		}
		got, err := dec.Decode(nals(p.Data))
		if err != nil {
			t.Errorf("decode: %v", err)
		}
		decoded, last = decoded+got, p
	}
	if w, h := dec.Size(); w != width || h != height {
		t.Errorf("got %dx%d, want %dx%d", w, h, width, height)
	}
	return last
}

// nals splits a byte stream.
func nals(stream []byte) (out [][]byte) {
	for _, n := range bytes.Split(stream, []byte{0, 0, 1}) {
		if n = bytes.TrimRight(n, "\x00"); len(n) > 0 {
			out = append(out, n)
		}
	}
	return out
}

// TestLivePictures: two viewers get what the camera sends, from a key picture on and without a
// second session with the camera.
func TestLivePictures(t *testing.T) {
	for _, c := range []struct {
		name          string
		format        format.Format
		units         [][][]byte
		codec         opencv.Codec
		wire          drivers.Codec
		width, height int
	}{
		{
			"h264",
			&format.H264{PayloadTyp: 96, PacketizationMode: 1},
			recording(t, "cap13_edit2.mp4").Units[:50],
			opencv.H264, drivers.CodecH264, 400, 300,
		},
		{"h265", &format.H265{PayloadTyp: 96}, black(t), opencv.H265, drivers.CodecH265, 320, 240},
	} {
		t.Run(c.name, func(t *testing.T) {
			var sessions atomic.Int64
			s := newStage(t, c.format, c.units)
			s.gate = func(*base.Request) *base.Response {
				sessions.Add(1)
				return nil
			}
			h := shown(t, s.url())
			one := watch(t, h)
			if p := decode(t, one, c.codec, 30, c.width, c.height); p.Codec != c.wire {
				t.Errorf("got the codec %q, want %q", p.Codec, c.wire)
			}
			decode(t, watch(t, h), c.codec, 10, c.width, c.height)
			if n := sessions.Load(); n != 1 {
				t.Errorf("got %d descriptions asked for, want 1", n)
			}
		})
	}
}

// TestALiveCameraThatDies tells its viewers why.
func TestALiveCameraThatDies(t *testing.T) {
	s := newStage(t, &format.H264{PayloadTyp: 96, PacketizationMode: 1},
		recording(t, "cap13_edit2.mp4").Units[:50])
	q := watch(t, shown(t, s.url()))
	decode(t, q, opencv.H264, 3, 400, 300)
	s.die()
	for {
		_, err := q.Next(t.Context())
		if err == nil {
			continue
		}
		if e := spoken(t, err); e.Code != gatehouse.Unavailable || !strings.HasPrefix(e.Reason, "camera_") {
			t.Errorf("got %+v, want that the camera has closed the connection", e)
		}
		return
	}
}

// feed feeds units of one NAL string each and returns what a viewer gets.
func feed(t *testing.T, l *live, units ...accessUnit) (out []drivers.Picture) {
	t.Helper()
	q := drivers.NewPictures()
	ctx, cancel := context.WithCancel(t.Context())
	l.viewers[q] = make(chan error, 1)
	for _, u := range units {
		l.feed(u)
	}
	cancel()
	for {
		p, err := q.Next(ctx)
		if err != nil {
			return out
		}
		out = append(out, p)
	}
}

func unit(stamp uint32, nals ...string) accessUnit {
	u := accessUnit{codec: opencv.H264, stamp: stamp}
	for _, n := range nals {
		u.nals = append(u.nals, []byte(n))
	}
	return u
}

const (
	delimiter = "\x09\xf0"
	idr       = "\x65idr"
	slice     = "\x41slice"
	sps, pps  = "\x67sps", "\x68pps"
)

// TestKeyPicturesAreWhole: a key picture gets the parameter sets that were sent before it, the
// newest ones, after its delimiter; without them it is none.
func TestKeyPicturesAreWhole(t *testing.T) {
	stream := func(nals ...string) string { return "\x00\x00\x00\x01" + strings.Join(nals, "\x00\x00\x00\x01") }
	got := feed(t, newLive(),
		unit(0, idr), // nobody could decode it
		unit(1, sps, pps),
		unit(2, slice),
		unit(3, delimiter, idr),
		unit(4, slice),
		unit(5, "\x67new", idr),
		unit(6, idr))
	want := []string{
		stream(delimiter, sps, pps, idr),
		stream(slice),
		stream(pps, "\x67new", idr),
		stream("\x67new", pps, idr),
	}
	if len(got) != len(want) {
		t.Fatalf("got %d pictures, want %d", len(got), len(want))
	}
	for i, p := range got {
		if string(p.Data) != want[i] || p.Key != (i != 1) {
			t.Errorf("picture %d: got %q, key %v, want %q", i, p.Data, p.Key, want[i])
		}
	}
}

// TestStampsDoNotWrap: RTP's do after 13 hours.
func TestStampsDoNotWrap(t *testing.T) {
	got := feed(t, newLive(),
		unit(1<<32-3600, sps, pps, idr), unit(0, slice), unit(7200, slice), unit(3600, slice))
	var steps []int64
	for i := 1; i < len(got); i++ {
		steps = append(steps, got[i].Stamp-got[i-1].Stamp)
	}
	if len(steps) != 3 || steps[0] != 3600 || steps[1] != 7200 || steps[2] != -3600 {
		t.Errorf("got the steps %v", steps)
	}
}

// TestATooLargePictureEndsItsViewers: with a reason, and the camera goes on.
func TestATooLargePictureEndsItsViewers(t *testing.T) {
	l := newLive()
	ended := make(chan error, 1)
	q := drivers.NewPictures()
	go func() { ended <- l.serve(t.Context(), q) }()
	large := unit(0, sps, pps, idr+strings.Repeat("x", drivers.MaxPicture))
	deadline := time.After(patience)
	for {
		l.feed(large)
		select {
		case err := <-ended:
			if gatehouse.ErrorCode(err) != gatehouse.TooLarge {
				t.Errorf("got %v, want it too large", err)
			}
			if len(feed(t, l, unit(1, sps, pps, idr))) != 1 {
				t.Error("got nothing more from the camera")
			}
			return
		case <-deadline:
			t.Fatal("the viewer was not told")
		default:
		}
	}
}

// TestNobodyWatches: then nothing is kept or copied.
func TestNobodyWatches(t *testing.T) {
	l := newLive()
	l.feed(unit(0, sps, pps, idr))
	u := unit(1, slice+strings.Repeat("x", 10_000))
	if n := testing.AllocsPerRun(100, func() { l.feed(u) }); n != 0 {
		t.Errorf("got %v allocations for a picture that nobody watches", n)
	}
}
