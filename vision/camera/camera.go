//go:build vision

package main

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/vision"
	"github.com/gatehouse-iot/gatehouse/vision/opencv"
)

// Limits of one camera.
const (
	maxWidth      = 1280            // wider pictures are shrunk; see Decoder.Picture
	maxSnapshot   = 200 << 10       // bytes of a sighting's JPEG
	readingPeriod = 5 * time.Second // between two readings
	staleAfter    = 5 * time.Second // no snapshot is made of an older picture
)

// camera is one connected camera with three goroutines: one decodes, one looks for faces, one
// emits. They are joined by a one-frame channel and the unsent observations; in both a newer value replaces an
// older one.
type camera struct {
	setup   *setup
	chain   vision.Chain // the setup's, with this camera's clock
	clock   *clocked     // owned by the looking goroutine
	missed  atomic.Int64 // frames replaced before they were looked at, since the last reading
	tracker *vision.Tracker
	judge   *vision.PictureWatch // owned by the looking goroutine
	live    *live
	frames  chan vision.Frame // size 1
	newest  atomic.Pointer[vision.Frame]
	unsent  *latest
	weak    atomic.Value // gatehouse.Weakness, as the stream showed it
	stats   stats        // owned by the looking goroutine
	costed  time.Time    // when addCost last added "dropped"
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
		judge:   vision.NewPictureWatch(s.pictures),
		live:    newLive(),
		frames:  make(chan vision.Frame, 1),
		unsent:  newLatest(),
	}
}

// run serves the camera until ctx or its stream ends; it returns nil if ctx ended.
func (c *camera) run(ctx context.Context, a address, emit drivers.Emit) error {
	g, inner := errgroup.WithContext(ctx)
	g.Go(func() error {
		err := play(inner, a, sink{
			units:    c.live.feed,
			pictures: c.sampler(),
		})
		if err == nil && ctx.Err() == nil {
			return inner.Err() // another goroutine's error ended inner
		}
		return err
	})
	g.Go(func() error { return c.look(inner) })
	g.Go(func() error { return c.unsent.run(inner, emit) })
	err := g.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// sampler returns a callback that puts one picture per interval into frames.
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
		c.newest.Store(&f)
		c.weak.Store(p.weak)
		select {
		case <-c.frames: // nobody has looked at it yet: replace it
			c.missed.Add(1)
		default:
		}
		c.frames <- f // never blocks: only this goroutine sends
		return nil
	}
}

// look processes frames until ctx ends.
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

// lookAt processes one frame and puts the observations that are due into unsent. A face counts
// only if the picture there has changed since it was last taken, so a still yields no sighting.
func (c *camera) lookAt(f vision.Frame) error {
	state, changed := c.judge.Add(f)
	seen, err := c.see(f, state)
	if err != nil {
		return err
	}
	for _, r := range c.tracker.Update(f.Time, seen) {
		o, err := c.sighting(f, r, seen)
		if err != nil {
			return err
		}
		c.unsent.put(r.Track, o)
	}
	if changed {
		o := pictureStatus(f.Time, state)
		o.Status.Weak, _ = c.weak.Load().(gatehouse.Weakness)
		c.unsent.put(statusKey, o)
	}
	if o, ok := c.stats.add(
		f.Time,
		time.Now(),
		seen,
		state,
		changed,
	); ok {
		c.addCost(o.Reading.Values, f)
		c.unsent.put("", o)
	}
	return nil
}

// see looks for faces, unless the picture is frozen, black or covered.
func (c *camera) see(f vision.Frame, state vision.PictureState) ([]vision.Seen, error) {
	switch state {
	case vision.PictureFrozen, vision.PictureBlack, vision.PictureCovered:
		return nil, nil
	}
	seen, err := c.chain.Look(f, vision.VideoLimits(), func(face vision.Face) bool {
		return c.judge.Fresh(face.Box) && c.tracker.Wants(f.Time, face)
	})
	for _, s := range seen {
		if len(s.Embedding) > 0 {
			c.judge.Take(s.Face.Box)
		}
	}
	return seen, err
}

// sighting makes the observation of a report, with a snapshot in which all other faces are
// pixelated. Of the match it fills in the query's quality only.
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

// boxesBut returns the boxes of all other faces.
func boxesBut(own vision.Box, seen []vision.Seen) []vision.Box {
	var out []vision.Box
	for _, s := range seen {
		if s.Face.Box != own {
			out = append(out, s.Face.Box)
		}
	}
	return out
}

// snapshot returns the newest picture as JPEG, with boxes around the faces if draw is set.
func (c *camera) snapshot(ctx context.Context, draw bool, now time.Time) (drivers.Result, error) {
	f := c.newest.Load()
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

// stats accumulates the values of the next reading.
type stats struct {
	since  time.Time // zero before the first frame
	frames int
	faces  int
	fake   int
	judged int
	delay  time.Duration
}

// add counts a frame that arrived at then and was done at now; ok is true when a reading is due:
// when the picture's state changes, and every readingPeriod. There is none before the picture has
// been judged, since the first reading tells the gateway that the camera is online.
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
	return gatehouse.Observation{
		Time:    then,
		Reading: &gatehouse.Reading{Values: values},
	}, true
}

func round1(v float64) float64 { return float64(int64(v*10+0.5)) / 10 }
