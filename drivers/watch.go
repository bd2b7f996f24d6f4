package drivers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
)

// Watcher is a Driver that shows live pictures. Serve calls Watch for each viewer while the device
// is connected, several times at once if there are several, and ends ctx when the viewer goes, the
// device's Connect ends or the program stops.
//
// Watch puts what the camera sends into out, as it comes and without waiting, until ctx ends. It
// returns nil then, and an error if it cannot go on: the error is shown to the viewer. It keeps
// nothing for devices that nobody watches, and does not call out.End.
type Watcher interface {
	Watch(ctx context.Context, d Device, out *Pictures) error
}

// connection is one Connect that is running.
type connection struct {
	ctx    context.Context // ends with it; the cause says why
	device Device
}

// errLetGo ends the watches of a device that is released, or is about to be connected again.
func errLetGo() error {
	return gatehouse.Because(gatehouse.ReasonNotConnected).Err(gatehouse.Unavailable)
}

// connected returns the running Connect of a device; nil: there is none.
func (f *fleet) connected(id gatehouse.DeviceID) *connection {
	f.mu.Lock()
	defer f.mu.Unlock()
	if w := f.workers[id]; w != nil {
		return w.connection
	}
	return nil
}

// connects sets the running Connect of a worker's device; nil: there is none.
func (w *worker) connects(c *connection) {
	w.fleet.mu.Lock()
	defer w.fleet.mu.Unlock()
	w.connection = c
}

// Watch sends the live pictures of a device until the gateway ends the call, the device is no
// longer connected or the driver gives up.
func (s *server) Watch(
	r *driverpb.WatchRequest, stream grpc.ServerStreamingServer[driverpb.Picture],
) error {
	d, ok := s.driver.(Watcher)
	if !ok {
		return status.Error(codes.Unimplemented, "no live pictures")
	}
	s.mu.Lock()
	f := s.fleet
	s.mu.Unlock()
	id := gatehouse.DeviceID(r.GetDevice())
	var c *connection
	if f != nil {
		c = f.connected(id)
	}
	if c == nil {
		return driverpb.StatusError(errLetGo())
	}
	select {
	case s.watches <- struct{}{}:
	default:
		return driverpb.StatusError(TooManyWatches())
	}
	return driverpb.StatusError(s.watch(d, c, stream))
}

// TooManyWatches is the error of a watch beyond MaxWatches.
func TooManyWatches() error {
	return gatehouse.Errorf(gatehouse.Unavailable,
		"the driver program shows %d live pictures at once already; close one", MaxWatches)
}

// watch runs the driver's Watch, which holds a place in s.watches until it returns.
func (s *server) watch(
	d Watcher, c *connection, stream grpc.ServerStreamingServer[driverpb.Picture],
) error {
	ctx, cancel := context.WithCancelCause(c.ctx)
	defer cancel(nil)
	unhook := context.AfterFunc(stream.Context(), func() { cancel(stream.Context().Err()) })
	defer unhook()
	out := NewPictures()
	ended := make(chan error, 1)
	go func() {
		err := guard(fmt.Sprintf("Watch of device %q", c.device.ID), func() error {
			return d.Watch(ctx, c.device, out)
		})
		if err == nil {
			err = gatehouse.Because(gatehouse.ReasonNoReason).Err(gatehouse.Unavailable)
		}
		<-s.watches
		ended <- err
		out.End(err)
	}()
	err := send(ctx, out, stream)
	if ctx.Err() != nil {
		err = context.Cause(ctx) // rather than what Watch makes of it
	}
	if errors.Is(err, context.Canceled) { // the session has ended, or nobody reads this
		err = errLetGo()
	}
	cancel(err)
	timer := time.NewTimer(StopTimeout)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
		slog.Error("Watch goes on although its context has ended; it counts as a viewer until it "+
			"returns", "device", c.device.ID)
	}
	return err
}

// send sends pictures until the queue or ctx ends, or the gateway is gone.
func send(
	ctx context.Context, out *Pictures, stream grpc.ServerStreamingServer[driverpb.Picture],
) error {
	for {
		p, err := out.Next(ctx)
		if err != nil {
			return err
		}
		if err := stream.Send(fromPicture(p)); err != nil {
			return err
		}
	}
}

func fromPicture(p Picture) *driverpb.Picture {
	return &driverpb.Picture{
		Codec:   driverpb.Text(string(p.Codec)),
		Key:     p.Key,
		Data:    p.Data,
		Stamp:   p.Stamp,
		Dropped: p.Dropped,
	}
}
