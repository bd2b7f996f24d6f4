//go:build vision

package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/vision"
	"github.com/gatehouse-iot/gatehouse/vision/opencv"
)

// Bounds of one camera.
const (
	maxWidth      = 1280            // wider pictures are shrunk; see Decoder.Picture
	maxSnapshot   = 200 << 10       // bytes of a sighting's JPEG
	readingPeriod = 5 * time.Second // between two readings
	staleAfter    = 5 * time.Second // an older picture is no snapshot
)

// camera is one connected camera: one goroutine decodes, one looks, one emits. Between them
// stand a frame and an outbox, in both of which the newer replaces the older.
type camera struct {
	setup   *setup
	chain   vision.Chain // the setup's, on a clock of this camera's
	clock   *clocked     // of the looking goroutine
	missed  atomic.Int64 // frames for which there was no time since the last reading
	tracker *vision.Tracker
	watch   *vision.PictureWatch // of the looking goroutine
	frames  chan vision.Frame    // size 1
	latest  atomic.Pointer[vision.Frame]
	outbox  outbox
	weak    atomic.Value // gatehouse.Weakness, as its stream showed it
	stats   stats        // of the looking goroutine
	costed  time.Time    // when addCost last said something
}

func newCamera(s *setup, tracks string) *camera {
	clock := &clocked{Detector: s.chain.Detector}
	chain := s.chain
	chain.Detector = clock
	return &camera{
		setup:   s,
		chain:   chain,
		clock:   clock,
		tracker: vision.NewTracker(tracks, s.repeat),
		watch:   vision.NewPictureWatch(s.pictures),
		frames:  make(chan vision.Frame, 1),
		outbox:  outbox{ready: make(chan struct{}, 1)},
	}
}

// run serves the camera until ctx ends, or its stream does.
func (c *camera) run(ctx context.Context, a address, emit drivers.Emit) error {
	g, inner := errgroup.WithContext(ctx)
	g.Go(func() error {
		err := play(inner, a, c.sampler())
		if err == nil && ctx.Err() == nil {
			return inner.Err() // another goroutine's error counts
		}
		return err
	})
	g.Go(func() error { return c.look(inner) })
	g.Go(func() error { return c.outbox.run(inner, emit) })
	err := g.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// sampler takes a picture out of the stream when it is time for one.
func (c *camera) sampler() func(picture) error {
	var next time.Time
	return func(p picture) error {
		now := time.Now()
		if now.Before(next) {
			return nil
		}
		if next = next.Add(c.setup.interval); next.Before(now) {
			next = now.Add(c.setup.interval)
		}
		f, err := p.decoder.Picture(maxWidth)
		if err != nil {
			return err
		}
		f.Time = now
		c.latest.Store(&f)
		c.weak.Store(p.weak)
		select {
		case <-c.frames: // no time was found for it
			c.missed.Add(1)
		default:
		}
		c.frames <- f // there is room: this goroutine alone puts frames in
		return nil
	}
}

// look works on frames until ctx ends.
func (c *camera) look(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case f := <-c.frames:
			err := c.setup.work(ctx, func() error { return c.lookAt(f) })
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return err
			}
		}
	}
}

// lookAt puts what a frame has to tell into the outbox. A face is taken only where the picture
// shows something else than when it was last taken, so that a still gives no sighting.
func (c *camera) lookAt(f vision.Frame) error {
	state, changed := c.watch.Add(f)
	seen, err := c.see(f, state)
	if err != nil {
		return err
	}
	for _, r := range c.tracker.Update(f.Time, seen) {
		o, err := c.sighting(f, r, seen)
		if err != nil {
			return err
		}
		c.outbox.put(r.Track, o)
	}
	if changed {
		o := pictureStatus(f.Time, state)
		o.Status.Weak, _ = c.weak.Load().(gatehouse.Weakness)
		c.outbox.put("status", o)
	}
	if o, ok := c.stats.add(f.Time, time.Now(), seen, state, changed); ok {
		c.addCost(o.Reading.Values, f)
		c.outbox.put("", o)
	}
	return nil
}

// see looks for faces, except in a picture that shows nothing new or nothing at all.
func (c *camera) see(f vision.Frame, state vision.PictureState) ([]vision.Seen, error) {
	switch state {
	case vision.PictureFrozen, vision.PictureBlack, vision.PictureCovered:
		return nil, nil
	}
	seen, err := c.chain.Look(f, vision.VideoLimits(), func(face vision.Face) bool {
		return c.watch.Fresh(face.Box) && c.tracker.Wants(f.Time, face)
	})
	for _, s := range seen {
		if len(s.Embedding) > 0 {
			c.watch.Take(s.Face.Box)
		}
	}
	return seen, err
}

// sighting is a report as the gateway takes it, with a picture on which no other face can be
// told. The driver's part of the match is how good the query is.
func (c *camera) sighting(
	f vision.Frame, r vision.Report, seen []vision.Seen,
) (gatehouse.Observation, error) {
	jpeg, err := opencv.JPEG(vision.Veil(f, r.Seen.Face.Box, boxesBut(r.Seen.Face.Box, seen)),
		maxSnapshot)
	if err != nil {
		return gatehouse.Observation{}, err
	}
	v := r.Verdict
	return gatehouse.Observation{
		Time: f.Time,
		Sighting: &gatehouse.Sighting{
			Method:    gatehouse.ByFace,
			Track:     r.Track,
			Embedding: v.Embedding,
			Model:     c.setup.models.Name(),
			Snapshot:  jpeg,
			Frames:    v.Frames,
			Match: &gatehouse.Match{
				Score:    -1,
				RunnerUp: -1,
				Quality:  v.Quality,
				Frames:   v.Frames,
			},
		},
	}, nil
}

// boxesBut are the boxes of all faces of a frame but one.
func boxesBut(own vision.Box, seen []vision.Seen) []vision.Box {
	var out []vision.Box
	for _, s := range seen {
		if s.Face.Box != own {
			out = append(out, s.Face.Box)
		}
	}
	return out
}

// snapshot is the newest picture as JPEG, with the faces drawn on it where that is asked for.
func (c *camera) snapshot(ctx context.Context, draw bool, now time.Time) (drivers.Result, error) {
	f := c.latest.Load()
	if f == nil || now.Sub(f.Time) > staleAfter {
		return drivers.Result{}, gatehouse.Errorf(gatehouse.Unavailable,
			"the camera has sent no picture in the last %v", staleAfter)
	}
	r := drivers.Result{
		Values: map[string]gatehouse.Value{
			"width":  gatehouse.NumberValue(float64(f.Width)),
			"height": gatehouse.NumberValue(float64(f.Height)),
			"age_ms": gatehouse.NumberValue(float64(now.Sub(f.Time).Milliseconds())),
		},
	}
	err := c.setup.work(ctx, func() (err error) {
		var boxes []vision.Box
		if draw {
			faces, err := c.setup.chain.Detector.Detect(*f)
			if err != nil {
				return err
			}
			for _, face := range faces {
				boxes = append(boxes, face.Box)
			}
			r.Values["faces"] = gatehouse.NumberValue(float64(len(boxes)))
		}
		r.Data, err = opencv.JPEG(*f, drivers.MaxData/4, boxes...)
		return err
	})
	return r, err
}

// stats sums up what the next reading says.
type stats struct {
	since  time.Time // zero before the first frame
	frames int
	faces  int
	fake   int
	judged int
	delay  time.Duration
}

// add counts a frame that arrived at then and was done at now; ok is true when it is time for
// a reading. Until the camera's picture has been judged there is none: the first tells the
// gateway that the camera is there, and one that dies at once was not. The others come every
// readingPeriod, and when the picture's state changes.
func (s *stats) add(
	then, now time.Time, seen []vision.Seen, state vision.PictureState, changed bool,
) (o gatehouse.Observation, ok bool) {
	if s.since.IsZero() {
		s.since = then
	}
	s.frames++
	s.faces = len(seen)
	s.delay += now.Sub(then)
	for _, x := range seen {
		if len(x.Embedding) > 0 || x.Fault == vision.NotLive {
			s.judged++
		}
		if x.Fault == vision.NotLive {
			s.fake++
		}
	}
	window := then.Sub(s.since)
	if state == "" || window < readingPeriod && !changed {
		return o, false
	}
	values := map[string]gatehouse.Value{
		"picture":    gatehouse.StringValue(string(state)),
		"faces":      gatehouse.NumberValue(float64(s.faces)),
		"latency_ms": gatehouse.NumberValue(round1(s.delay.Seconds() * 1000 / float64(s.frames))),
	}
	if window > 0 {
		values["fps"] = gatehouse.NumberValue(round1(float64(s.frames) / window.Seconds()))
	}
	if s.fake > 0 {
		values["spoof"] = gatehouse.NumberValue(float64(s.fake) / float64(s.judged))
	}
	*s = stats{since: then}
	return gatehouse.Observation{Time: then, Reading: &gatehouse.Reading{Values: values}}, true
}

func round1(v float64) float64 { return float64(int64(v*10+0.5)) / 10 }

// outbox holds what has not been told yet: one observation of each key, the newest, and no
// more than vision.MaxTracks; the oldest gives way.
type outbox struct {
	ready chan struct{} // size 1

	mu    sync.Mutex
	keys  []string
	items []gatehouse.Observation
}

func (b *outbox) put(key string, o gatehouse.Observation) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, k := range b.keys {
		if k == key {
			b.items[i] = o
			return // ready has been told
		}
	}
	if len(b.keys) > vision.MaxTracks {
		b.keys, b.items = b.keys[1:], b.items[1:]
	}
	b.keys, b.items = append(b.keys, key), append(b.items, o)
	b.wake()
}

func (b *outbox) wake() {
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

// take removes the oldest.
func (b *outbox) take() (o gatehouse.Observation, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.keys) == 0 {
		return o, false
	}
	o = b.items[0]
	b.keys, b.items = b.keys[1:], b.items[1:]
	return o, true
}

// emitPause is how long a refused emit is waited on before it is tried again.
const emitPause = time.Second

// run emits until ctx ends, one observation at a time, each until the gateway has it.
func (b *outbox) run(ctx context.Context, emit drivers.Emit) error {
	for {
		o, ok := b.take()
		if !ok {
			select {
			case <-ctx.Done():
				return nil
			case <-b.ready:
			}
			continue
		}
		for emit(ctx, o) != nil {
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(emitPause):
			}
		}
	}
}
