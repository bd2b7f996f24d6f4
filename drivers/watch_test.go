package drivers_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
)

// camera is a fake with the test's Watch.
type camera struct {
	fake
	watch func(context.Context, drivers.Device, *drivers.Pictures) error
}

func (c camera) Watch(ctx context.Context, d drivers.Device, out *drivers.Pictures) error {
	return c.watch(ctx, d, out)
}

// watching serves a camera whose Connect ends with the error sent to broken.
func watching(
	t *testing.T, watch func(context.Context, drivers.Device, *drivers.Pictures) error,
) (g *gateway, broken chan error) {
	t.Helper()
	broken = make(chan error, 1)
	connected := make(chan struct{}, 10)
	g = serve(t, camera{
		fake{func(ctx context.Context, _ drivers.Device, _ drivers.Emit) error {
			connected <- struct{}{}
			select {
			case err := <-broken:
				return err
			case <-ctx.Done():
				return nil
			}
		}},
		watch,
	})
	g.connect(t, "dev_1")
	<-connected
	return g, broken
}

// show puts pictures, with a key picture every ten, until ctx ends.
func show(ctx context.Context, _ drivers.Device, out *drivers.Pictures) error {
	for n := 0; ctx.Err() == nil; n++ {
		if err := out.Put(picture(n, n%10 == 0)); err != nil {
			return err
		}
	}
	return nil
}

// ends reads until the watch ends, and returns why.
func (g *gateway) ends(t *testing.T, device string) error {
	t.Helper()
	stream, err := g.client.Watch(t.Context(), &driverpb.WatchRequest{Device: device})
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := stream.Recv(); err != nil {
			return driverpb.CallError("the program", err)
		}
	}
}

func reason(err error) string {
	var e *gatehouse.Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

// TestAGatewayThatDoesNotRead: the camera is not held up, and what is read at last can be decoded.
func TestAGatewayThatDoesNotRead(t *testing.T) {
	const most = 5000
	done := make(chan struct{})
	large := make([]byte, 4096)
	g, _ := watching(t, func(ctx context.Context, _ drivers.Device, out *drivers.Pictures) error {
		for n := range most {
			p := picture(n, n%10 == 0)
			p.Data = append(p.Data, large...)
			if err := out.Put(p); err != nil {
				return err
			}
		}
		close(done)
		<-ctx.Done()
		return nil
	})
	stream, err := g.client.Watch(t.Context(), &driverpb.WatchRequest{Device: "dev_1"})
	if err != nil {
		t.Fatal(err)
	}
	<-done // 20 MiB put, and nothing read
	last, dropped := -1, 0
	for last < most-1 {
		w, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		n := number(drivers.Picture{Stamp: w.GetStamp()})
		if n != last+1 && !w.GetKey() || int(w.GetDropped()) != n-last-1 {
			t.Fatalf("got picture %d after %d, key %v, dropped %d", n, last, w.GetKey(), w.GetDropped())
		}
		last, dropped = n, dropped+int(w.GetDropped())
	}
	if dropped == 0 {
		t.Errorf("got every one of %d pictures, want some dropped", most)
	}
}

// TestAWatchEndsWithItsDevice: for the reason why the device is away.
func TestAWatchEndsWithItsDevice(t *testing.T) {
	ended := make(chan struct{})
	started := make(chan struct{})
	g, broken := watching(t, func(ctx context.Context, d drivers.Device, out *drivers.Pictures) error {
		close(started)
		defer close(ended)
		return show(ctx, d, out)
	})
	go func() {
		<-started
		broken <- gatehouse.Because(gatehouse.ReasonCameraClosed, "address", "gate").Err(
			gatehouse.Unavailable)
	}()
	if err := g.ends(t, "dev_1"); reason(err) != string(gatehouse.ReasonCameraClosed) {
		t.Errorf("got %v, want why the device is away", err)
	}
	<-ended
}

// TestAWatchEndsWithItsViewer: Watch's context ends when the gateway ends the call.
func TestAWatchEndsWithItsViewer(t *testing.T) {
	ended := make(chan struct{})
	g, _ := watching(t, func(ctx context.Context, d drivers.Device, out *drivers.Pictures) error {
		defer close(ended)
		return show(ctx, d, out)
	})
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := g.client.Watch(ctx, &driverpb.WatchRequest{Device: "dev_1"})
	if err != nil {
		t.Fatal(err)
	}
	if p, err := stream.Recv(); err != nil || !p.GetKey() {
		t.Errorf("got %v, %v, want a key picture", p, err)
	}
	cancel()
	<-ended
}

// TestHowAWatchFails: each with a reason, and the program goes on.
func TestHowAWatchFails(t *testing.T) {
	full := gatehouse.FieldErrorf("url", "the camera has no second stream")
	for _, c := range []struct {
		name   string
		device string
		watch  func(context.Context, drivers.Device, *drivers.Pictures) error
		code   gatehouse.Code
		reason string
	}{
		{"unknown device", "dev_2", show, gatehouse.Unavailable, "not_connected"},
		{
			"gives up", "dev_1",
			func(context.Context, drivers.Device, *drivers.Pictures) error { return full },
			gatehouse.Invalid, "",
		},
		{
			"gives no reason", "dev_1",
			func(context.Context, drivers.Device, *drivers.Pictures) error { return nil },
			gatehouse.Unavailable, "no_reason",
		},
		{
			"panics", "dev_1",
			func(context.Context, drivers.Device, *drivers.Pictures) error { panic("no film") },
			gatehouse.Unavailable, "panicked",
		},
	} {
		g, _ := watching(t, c.watch)
		err := g.ends(t, c.device)
		if gatehouse.ErrorCode(err) != c.code || reason(err) != c.reason {
			t.Errorf("%s: got %v, want %s %s", c.name, err, c.code, c.reason)
		}
		d, err := g.client.Describe(t.Context(), &driverpb.DescribeRequest{})
		if err != nil || !d.GetWatches() {
			t.Errorf("%s: got %v, %v afterwards", c.name, d, err)
		}
	}
	g := serve(t, fake{})
	stream, err := g.client.Watch(t.Context(), &driverpb.WatchRequest{Device: "dev_1"})
	if err == nil {
		_, err = stream.Recv()
	}
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("got %v of a driver without Watch", err)
	}
}

// TestTheSessionEndsItsWatches: the program does not wait for viewers.
func TestTheSessionEndsItsWatches(t *testing.T) {
	g, _ := watching(t, show)
	stream, err := g.client.Watch(t.Context(), &driverpb.WatchRequest{Device: "dev_1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	if err := g.stream.Send(&driverpb.FromHost{
		Message: &driverpb.FromHost_Stop{Stop: &driverpb.Stop{}},
	}); err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = stream.Recv()
	}
	if errors.Is(err, io.EOF) {
		t.Errorf("got %v, want a reason", err)
	}
}
