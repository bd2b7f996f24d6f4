//go:build vision

package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/vision"
)

// hurried shortens the picture times to fit into a test.
func hurried(d *driver) *driver {
	d.setup.pictures = vision.PictureTimes{
		First:  time.Second,
		Frozen: 2 * time.Second,
		Bad:    time.Second,
		Good:   time.Second / 2,
	}
	return d
}

func isFault(o gatehouse.Observation) bool {
	return o.Status != nil && o.Status.State == gatehouse.StateFault
}

func pictureIs(want vision.PictureState) func(gatehouse.Observation) bool {
	return func(o gatehouse.Observation) bool {
		if o.Reading == nil {
			return false
		}
		got, _ := o.Reading.Values["picture"].Text()
		return got == string(want)
	}
}

// A camera that repeats one key frame showing a face is faulty and yields no sighting; when the
// picture moves again it is online, and the face is seen.
func TestAFrozenPictureIsAFaultAndNoSighting(t *testing.T) {
	s := newStage(t, &format.H264{PayloadTyp: 96, PacketizationMode: 1},
		recording(t, "cap13_edit2.mp4").Units)
	s.still.Store(true)
	d := hurried(configured(t, nil))
	g := newGateway(t, d)
	connect(t, d, device(s.url()), g.emit)
	o := g.wait("fault", isFault)
	if !strings.HasPrefix(o.Status.Reason, "frozen: ") {
		t.Errorf("got %q, want frozen", o.Status.Reason)
	}
	g.wait("reading of a frozen picture", pictureIs(vision.PictureFrozen))
	g.mu.Lock()
	for _, o := range g.all {
		if o.Sighting != nil {
			t.Errorf("a sighting of a still: %d frames", o.Sighting.Frames)
		}
	}
	g.all = nil
	g.mu.Unlock()
	s.still.Store(false)
	g.wait("recovery", func(o gatehouse.Observation) bool {
		return o.Status != nil && o.Status.State == gatehouse.StateOnline
	})
	g.wait("reading of a live picture", pictureIs(vision.PictureOK))
	g.wait("sighting", isSighting)
}

// A camera whose picture is black from the beginning is never online.
func TestABlackPictureIsAFaultFromTheBeginning(t *testing.T) {
	s := newStage(t, &format.H265{PayloadTyp: 96}, black(t))
	d := hurried(configured(t, nil))
	g := newGateway(t, d)
	connect(t, d, device(s.url()), g.emit)
	g.wait("reading of a black picture", pictureIs(vision.PictureBlack))
	g.mu.Lock()
	defer g.mu.Unlock()
	if o := g.all[0]; !isFault(o) || !strings.HasPrefix(o.Status.Reason, "black: ") {
		t.Errorf("got %+v first, want a black picture's fault", o)
	}
}

// A camera that connects, sends pictures and disconnects before they could be judged emits nothing:
// it was never online.
func TestACameraThatDiesAtOnceWasNotOnline(t *testing.T) {
	s := newStage(t, &format.H264{PayloadTyp: 96, PacketizationMode: 1},
		recording(t, "franck.mp4").Units[:1])
	d := configured(t, nil)
	d.setup.pictures.First = time.Hour
	g := newGateway(t, d)
	ended := make(chan error, 1)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	go func() { ended <- d.Connect(ctx, device(s.url()), g.emit) }()
	for ctx.Err() == nil { // until there is a picture
		_, err := d.Command(ctx,
			drivers.Command{ID: "1", Device: "gate-camera", Action: "snapshot"})
		if err == nil {
			break
		}
	}
	s.die()
	if e := spoken(t, <-ended); !strings.Contains(e.Message, "closed the connection") {
		t.Errorf("got %q, want … closed the connection …", e.Message)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.all) > 0 {
		t.Errorf("got %+v, want nothing", g.all)
	}
}
