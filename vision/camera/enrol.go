//go:build vision

package main

import (
	"context"
	"math"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/vision"
	"github.com/gatehouse-iot/gatehouse/vision/opencv"
)

// workingSide is what a photograph is shrunk to before faces are looked for, in pixels.
const workingSide = 1600

// enrol makes the embedding of the one face in a photograph, or says why not and what to do.
// Result.Data is the embedding, little-endian float32; Values are quality, 0…1, and model.
func (s *setup) enrol(ctx context.Context, data []byte) (drivers.Result, error) {
	select {
	case s.photos <- struct{}{}:
	case <-ctx.Done():
		return drivers.Result{}, ctx.Err()
	}
	defer func() { <-s.photos }()
	f, err := vision.ReadPhoto(data)
	if err != nil {
		return drivers.Result{}, err
	}
	var seen vision.Seen
	err = s.work(ctx, func() (err error) {
		seen, err = s.onlyFace(f)
		return err
	})
	if err != nil {
		return drivers.Result{}, err
	}
	return drivers.Result{Data: vision.EncodeEmbedding(seen.Embedding), Message: "one clear face", Values: map[string]gatehouse.Value{
		"quality": gatehouse.NumberValue(math.Round(seen.Quality*1000) / 1000),
		"model":   gatehouse.StringValue(s.models.Name()),
	}}, nil
}

// onlyFace is the one usable face in a photograph.
func (s *setup) onlyFace(f vision.Frame) (vision.Seen, error) {
	f, err := opencv.Shrink(f, workingSide, workingSide)
	if err != nil {
		return vision.Seen{}, err
	}
	seen, err := s.chain.Look(f, vision.PhotoLimits(), nil)
	if err == nil && len(seen) == 0 { // a passport photograph may be all face: give it air
		seen, err = s.chain.Look(pad(f), vision.PhotoLimits(), nil)
	}
	if err != nil {
		return vision.Seen{}, err
	}
	return vision.OnlyFace(seen)
}

// pad puts grey around a frame, half of its size on every side.
func pad(f vision.Frame) vision.Frame {
	left, top := f.Width/2, f.Height/2
	p := vision.Frame{Width: f.Width + 2*left, Height: f.Height + 2*top}
	p.Pix = make([]byte, 3*p.Width*p.Height)
	for i := range p.Pix {
		p.Pix[i] = 127
	}
	for y := range f.Height {
		copy(p.Pix[3*((y+top)*p.Width+left):], f.Pix[3*y*f.Width:3*(y+1)*f.Width])
	}
	return p
}
