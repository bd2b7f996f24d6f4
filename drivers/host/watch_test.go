package host_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
)

// picture makes the n-th picture of a stream with 25 pictures a second and a key picture every ten.
func picture(n int) drivers.Picture {
	p := drivers.Picture{
		Codec: drivers.CodecH264,
		Key:   n%10 == 0,
		Data:  []byte("\x00\x00\x00\x01\x41-slice"),
		Stamp: int64(n) * drivers.PictureClock / 25,
	}
	if p.Key {
		p.Data = []byte("\x00\x00\x00\x01\x67-set\x00\x00\x01\x68-set\x00\x00\x01\x65-slice")
	}
	return p
}

// number is the inverse of picture.
func number(p drivers.Picture) int { return int(p.Stamp * 25 / drivers.PictureClock) }

// Watch implements drivers.Watcher: it begins in the middle of a group, 1,000 pictures a second.
func (testDriver) Watch(ctx context.Context, d drivers.Device, out *drivers.Pictures) error {
	if d.Address["show"] == "nothing" {
		return gatehouse.FieldErrorf("show", "there is nothing to see")
	}
	interval := time.NewTicker(time.Millisecond)
	defer interval.Stop()
	for n := 5; ; n++ {
		if err := out.Put(picture(n)); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-interval.C:
		}
	}
}

// Watch breaks the contract.
func (raw) Watch(r *driverpb.WatchRequest, stream grpc.ServerStreamingServer[driverpb.Picture]) error {
	p := &driverpb.Picture{Codec: "h264", Key: true, Data: picture(0).Data}
	switch r.GetDevice() {
	case "dev_mjpeg":
		p.Codec = "mjpeg"
	case "dev_large":
		p.Data = append(p.Data, make([]byte, drivers.MaxPicture)...)
	case "dev_huge":
		p.Data = append(p.Data, make([]byte, driverpb.MaxMessage)...)
	case "dev_brief":
		return stream.Send(p)
	}
	for {
		if err := stream.Send(p); err != nil {
			return err
		}
	}
}

// viewer is one viewer of a device.
type viewer struct {
	pictures *drivers.Pictures
	leave    context.CancelFunc
	ended    chan error
}

func watch(t *testing.T, h *host.Host, device gatehouse.DeviceID) *viewer {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	v := &viewer{pictures: drivers.NewPictures(), leave: cancel, ended: make(chan error, 1)}
	go func() { v.ended <- h.Watch(ctx, device, v.pictures) }()
	t.Cleanup(cancel)
	return v
}

// next returns the next picture; the test fails if none comes.
func (v *viewer) next(t *testing.T) drivers.Picture {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p, err := v.pictures.Next(ctx)
	if err != nil {
		t.Fatalf("got %v instead of a picture", err)
	}
	return p
}

// end returns why the watch is over, and checks that the viewer is told the same.
func (v *viewer) end(t *testing.T) error {
	t.Helper()
	select {
	case err := <-v.ended:
		want := err
		if want == nil {
			want = io.EOF
		}
		if _, got := v.pictures.Next(t.Context()); !errors.Is(got, want) {
			t.Errorf("the viewer is told %v, want %v", got, want)
		}
		return err
	case <-time.After(patience):
		t.Fatalf("waited %s for the end of the watch", patience)
		return nil
	}
}

// watched starts a driver with one connected device.
func watched(t *testing.T, address map[string]string) (*host.Host, *sink, drivers.Device) {
	t.Helper()
	s := newSink()
	h, _ := start(t, host.Options{Sink: s}, spec("steady"))
	if st := wait(t, h, "steady"); !st.Watches {
		t.Errorf("got %+v, want live pictures", st)
	}
	d := drivers.Device{ID: "dev_1", Address: address}
	put(t, h, "steady", d)
	s.wait(t, "the device", readings("dev_1", 1))
	return h, s, d
}

// TestWatch: the first picture is a key picture, the others follow it, and the viewer may go.
func TestWatch(t *testing.T) {
	h, _, _ := watched(t, nil)
	v := watch(t, h, "dev_1")
	first := v.next(t)
	if !first.Key || first.Codec != drivers.CodecH264 || first.Dropped != 0 ||
		string(first.Data) != string(picture(0).Data) {
		t.Errorf("got %+v first, want a key picture", first)
	}
	for n := number(first) + 1; n < number(first)+100; n++ {
		p := v.next(t)
		if n += int(p.Dropped); number(p) != n || p.Key != (n%10 == 0) {
			t.Fatalf("got picture %d, key %v, want %d", number(p), p.Key, n)
		}
	}
	v.leave()
	if err := v.end(t); err != nil {
		t.Errorf("got %v, want nil: the viewer has left", err)
	}
}

// TestASlowViewer holds up neither the camera, nor another viewer, nor the device's readings.
func TestASlowViewer(t *testing.T) {
	h, s, _ := watched(t, nil)
	slow, fast := watch(t, h, "dev_1"), watch(t, h, "dev_1")
	begin := number(slow.next(t))
	for number(fast.next(t)) < begin+400 {
	}
	s.set(func(s *sink) { s.got = nil })
	s.wait(t, "readings meanwhile", readings("dev_1", 5))
	last, dropped := begin, 0
	for range 200 {
		p := slow.next(t)
		if missed := number(p) - last - 1; int(p.Dropped) != missed || missed > 0 && !p.Key {
			t.Fatalf("got picture %d after %d, key %v, dropped %d", number(p), last, p.Key, p.Dropped)
		}
		last, dropped = number(p), dropped+int(p.Dropped)
	}
	if dropped < 100 {
		t.Errorf("got %d pictures dropped of 400 that nobody took, want most", dropped)
	}
}

// TestAWatchEnds with the device, with its particulars and with the driver, each for its reason.
func TestAWatchEnds(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(*testing.T, *host.Host, drivers.Device)
		want string
	}{
		"dropped": {
			func(_ *testing.T, h *host.Host, d drivers.Device) { h.Drop(d.ID) },
			"the device is not connected",
		},
		"changed": {
			func(t *testing.T, h *host.Host, d drivers.Device) {
				d.Serial = "another"
				put(t, h, "steady", d)
			},
			"the device is not connected",
		},
		"restarted": {
			func(t *testing.T, h *host.Host, _ drivers.Device) {
				if err := h.Restart("steady"); err != nil {
					t.Error(err)
				}
			},
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			h, _, d := watched(t, nil)
			v := watch(t, h, "dev_1")
			v.next(t)
			c.end(t, h, d)
			err := v.end(t)
			if gatehouse.ErrorCode(err) != gatehouse.Unavailable || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want it unavailable: …%s…", err, c.want)
			}
		})
	}
}

// TestWhoCannotWatch is told why.
func TestWhoCannotWatch(t *testing.T) {
	h, _, _ := watched(t, map[string]string{"show": "nothing"})
	if err := watch(t, h, "dev_1").end(t); gatehouse.ErrorCode(err) != gatehouse.Invalid ||
		!strings.Contains(err.Error(), "there is nothing to see") {
		t.Errorf("got %v, want the driver's own error", err)
	}
	if err := watch(t, h, "dev_2").end(t); gatehouse.ErrorCode(err) != gatehouse.NotFound {
		t.Errorf("got %v of an unknown device", err)
	}
	h, _ = start(t, host.Options{}, host.Spec{Name: "gone", Path: "/nowhere"})
	wait(t, h, "gone", host.Refused)
	put(t, h, "gone", drivers.Device{ID: "dev_1"})
	if err := watch(t, h, "dev_1").end(t); gatehouse.ErrorCode(err) != gatehouse.Unavailable {
		t.Errorf("got %v of a driver that does not run", err)
	}
	h, _ = start(t, host.Options{}, spec("idle"))
	wait(t, h, "idle")
	put(t, h, "idle", drivers.Device{ID: "dev_1"})
	if err := watch(t, h, "dev_1").end(t); gatehouse.ErrorCode(err) != gatehouse.NotFound ||
		!strings.Contains(err.Error(), "no live pictures") {
		t.Errorf("got %v of a driver without live pictures", err)
	}
}

// TestTooManyViewers: one more is refused, until another leaves.
func TestTooManyViewers(t *testing.T) {
	h, _, _ := watched(t, nil)
	var crowd []*viewer
	for range drivers.MaxWatches {
		v := watch(t, h, "dev_1")
		v.next(t)
		crowd = append(crowd, v)
	}
	err := watch(t, h, "dev_1").end(t)
	if gatehouse.ErrorCode(err) != gatehouse.Unavailable || !strings.Contains(err.Error(), "16 live pictures") {
		t.Errorf("got %v, want the viewer refused", err)
	}
	crowd[3].leave()
	if err := crowd[3].end(t); err != nil {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for { // the program counts a viewer until it has heard that he left
		out := drivers.NewPictures()
		watchCtx, leave := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- h.Watch(watchCtx, "dev_1", out) }()
		_, err := out.Next(ctx)
		leave()
		<-ended
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			t.Fatalf("got %v after a viewer has left", err)
		}
	}
	for i, v := range crowd {
		if i != 3 {
			v.next(t)
		}
	}
}

// TestInvalidPictures end the watch and not the program.
func TestInvalidPictures(t *testing.T) {
	h, _ := start(t, host.Options{}, spec("film"))
	wait(t, h, "film")
	for device, want := range map[gatehouse.DeviceID]string{
		"dev_mjpeg": `"mjpeg"`,
		"dev_large": "4194304",
		"dev_huge":  "16777216",
		"dev_brief": "without a reason",
	} {
		put(t, h, "film", drivers.Device{ID: device})
		if err := watch(t, h, device).end(t); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want …%s…", device, err, want)
		}
	}
	put(t, h, "film", drivers.Device{ID: "dev_flood"}) // as fast as it can
	v := watch(t, h, "dev_flood")
	for range 100 {
		v.next(t)
	}
	v.leave()
	if err := v.end(t); err != nil {
		t.Errorf("got %v", err)
	}
	if st := wait(t, h, "film"); st.Restarts != 0 {
		t.Errorf("got %d restarts (%s), want none", st.Restarts, st.LastError)
	}
}
