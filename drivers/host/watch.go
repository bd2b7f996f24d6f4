package host

import (
	"context"
	"errors"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
)

// watch is one viewer of a device's live pictures.
type watch struct {
	device gatehouse.DeviceID
	end    context.CancelCauseFunc
}

// Watch puts the live pictures of a device into out, for one viewer, and blocks until it is over;
// then it ends out with the error that it returns. It is over when ctx ends (which is no error),
// when the device is dropped, given other particulars or loses its connection, and when the driver
// gives up or ends. The pictures are not kept anywhere. A viewer that is too slow misses whole
// groups of pictures, as drivers.Pictures says, and delays nobody.
//
// The error is a gatehouse.Error: NotFound if the device is served by no driver program, or by one
// without live pictures; Unavailable if the driver does not run, the device is not connected, or
// the program has drivers.MaxWatches viewers already.
//
// Watch asks nobody for permission: that is for whoever calls it.
func (h *Host) Watch(ctx context.Context, device gatehouse.DeviceID, out *drivers.Pictures) (err error) {
	defer func() { out.End(err) }()
	h.mu.Lock()
	driver, ok := h.owner[device]
	h.mu.Unlock()
	if !ok {
		return gatehouse.Errorf(gatehouse.NotFound, "no driver program serves device %q", device)
	}
	client, who, err := h.client(driver)
	if err != nil {
		return err
	}
	s, err := h.find(driver)
	if err != nil {
		return err
	}
	watchCtx, leave, err := s.enter(ctx, device)
	if err != nil {
		return err
	}
	defer leave()
	err = show(watchCtx, client, device, out)
	switch {
	case ctx.Err() != nil:
		return nil
	case watchCtx.Err() != nil:
		return context.Cause(watchCtx)
	}
	return over(who, err)
}

// show puts pictures into out until the stream ends or brings an invalid one.
func show(
	ctx context.Context, client driverpb.DriverClient, device gatehouse.DeviceID, out *drivers.Pictures,
) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := client.Watch(ctx, &driverpb.WatchRequest{Device: driverpb.Text(string(device))})
	if err != nil {
		return err
	}
	for {
		w, err := stream.Recv()
		if err != nil {
			return err
		}
		if err := out.Put(toPicture(w)); err != nil {
			return err
		}
	}
}

// over is the error of a viewer whose stream has ended, for people.
func over(who string, err error) error {
	var said *gatehouse.Error
	switch {
	case ended(err): // without a reason
		return gatehouse.Because(gatehouse.ReasonNoReason).Err(gatehouse.Unavailable)
	case errors.As(err, &said): // an invalid picture
		return said
	}
	if err = driverpb.CallError(who, err); errors.Is(err, context.Canceled) { // it is stopping
		return notConnected()
	}
	return err
}

// enter counts a viewer of a device until leave is called. The context ends with ctx and when the
// device is released or changes.
func (s *supervisor) enter(
	ctx context.Context, device gatehouse.DeviceID,
) (inner context.Context, leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.status.Watches:
		return nil, nil, gatehouse.Errorf(gatehouse.NotFound, "driver %q has no live pictures",
			s.spec.Name)
	case s.devices[device] == nil:
		return nil, nil, notConnected()
	case len(s.watches) >= drivers.MaxWatches:
		return nil, nil, drivers.TooManyWatches()
	}
	inner, end := context.WithCancelCause(ctx)
	w := &watch{
		device: device,
		end:    end,
	}
	s.watches[w] = true
	return inner, func() {
		end(nil)
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.watches, w)
	}, nil
}

// blind ends the watches of a device. The caller holds s.mu.
func (s *supervisor) blind(device gatehouse.DeviceID) {
	for w := range s.watches {
		if w.device == device {
			w.end(notConnected())
		}
	}
}

func notConnected() error {
	return gatehouse.Because(gatehouse.ReasonNotConnected).Err(gatehouse.Unavailable)
}

func toPicture(w *driverpb.Picture) drivers.Picture {
	return drivers.Picture{
		Codec:   drivers.Codec(w.GetCodec()),
		Key:     w.GetKey(),
		Data:    w.GetData(),
		Stamp:   w.GetStamp(),
		Dropped: w.GetDropped(),
	}
}
