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

// enrol computes the embedding of the one face in a photograph; the error says what to do if it
// cannot. Result.Data is the embedding, little-endian float32; Values are quality (0…1), model, and
// whether the mouth or the eyes seem to be covered.
func (s *setup) enrol(ctx context.Context, data []byte) (drivers.Result, error) {
	select {
	case s.photos <- struct{}{}:
	case <-ctx.Done():
		return drivers.Result{}, ctx.Err()
	}
	defer func() { <-s.photos }()
	f, err := s.reader.read(ctx, data)
	if err != nil {
		return drivers.Result{}, err
	}
	var seen vision.Seen
	var cover vision.Cover
	err = s.work(ctx, func() (err error) {
		if seen, f, err = s.onlyFace(f); err == nil {
			cover, err = s.coverOf(f, seen)
		}
		return err
	})
	if err != nil {
		return drivers.Result{}, err
	}
	return drivers.Result{
		Data:    vision.EncodeEmbedding(seen.Embedding),
		Message: "one clear face", Values: map[string]gatehouse.Value{
			"quality": gatehouse.NumberValue(math.Round(seen.Quality*1000) / 1000),
			"model":   gatehouse.StringValue(s.models.Name()),
			// Covered faces are not refused: the person who enrols is asked.
			"covered_mouth": gatehouse.BoolValue(cover.Mouth),
			"covered_eyes":  gatehouse.BoolValue(cover.Eyes),
		},
	}, nil
}

// coverOf judges which parts of a face are covered, if the model is one that CoverModel allows.
func (s *setup) coverOf(f vision.Frame, seen vision.Seen) (vision.Cover, error) {
	if s.models.Name() != vision.CoverModel {
		return vision.Cover{}, nil
	}
	aligned, err := s.chain.Embedder.Align(f, seen.Face)
	if err != nil {
		return vision.Cover{}, err
	}
	return s.chain.Covered(aligned, seen.Embedding)
}

// upright is the symmetry from which a face counts as upright. In 71 photographs every upright face
// had 0.97 or more, and those turned by 90 or 180 degrees had 0.88 to 0.98, mostly 0.93.
const upright = 0.965

// view is a photograph in one rotation, with the faces in it.
type view struct {
	frame    vision.Frame
	seen     []vision.Seen
	symmetry float64 // of the largest face; 0 if the detector is not sure of it
}

// onlyFace returns the one usable face in a photograph, and the frame rotated so that it is
// upright; not every camera records its orientation. The detector also finds faces that lie on
// their side, with plausible points, so the most symmetric rotation is taken.
func (s *setup) onlyFace(f vision.Frame) (vision.Seen, vision.Frame, error) {
	w, h := vision.PhotoBounds(f.Width, f.Height)
	f, err := opencv.Shrink(f, w, h)
	if err != nil {
		return vision.Seen{}, f, err
	}
	var best view
	highest := upright
	for _, quarters := range []int{0, 1, 3, 2} {
		v, err := s.lookAtPhoto(vision.Rotated(f, quarters))
		if err != nil {
			return vision.Seen{}, f, err
		}
		if quarters == 0 {
			best = v
			if v.symmetry >= upright || vision.People(beyondDoubt(v.seen)) > 1 {
				break // upright already, or several people, whom a rotation might hide
			}
		}
		if v.symmetry > highest {
			best, highest = v, v.symmetry
		}
	}
	face, err := vision.OnlyFace(best.seen)
	return face, best.frame, err
}

// beyondDoubt returns the faces that the detector is sure of; it may take a face on its side for
// two.
func beyondDoubt(seen []vision.Seen) (sure []vision.Seen) {
	for _, x := range seen {
		if x.Measure.Score >= 0.9 {
			sure = append(sure, x)
		}
	}
	return sure
}

// lookAtPhoto finds faces, and the symmetry of the largest: the cosine of its embedding with that
// of its mirror image. If it finds none it tries again with a margin, since in a passport
// photograph the face may fill the picture.
func (s *setup) lookAtPhoto(f vision.Frame) (v view, err error) {
	v.frame = f
	v.seen, err = s.photoChain.Look(f, vision.PhotoLimits(), nil)
	if err == nil && len(v.seen) == 0 {
		v.frame = pad(f)
		v.seen, err = s.photoChain.Look(v.frame, vision.PhotoLimits(), nil)
	}
	if err != nil || len(v.seen) == 0 || v.seen[0].Measure.Score < vision.PhotoLimits().Score {
		return v, err
	}
	aligned, err := s.chain.Embedder.Align(v.frame, v.seen[0].Face)
	if err != nil {
		return v, nil // its points coincide: it cannot be used to find the rotation
	}
	one, err := s.chain.Embedder.Embed(aligned)
	if err != nil {
		return v, err
	}
	other, err := s.chain.Embedder.Embed(vision.Mirrored(aligned))
	v.symmetry = vision.Cosine(one, other)
	return v, err
}

// pad adds a grey margin, half of the frame's width and height on each side.
func pad(f vision.Frame) vision.Frame {
	left, top := f.Width/2, f.Height/2
	p := vision.Frame{
		Width:  f.Width + 2*left,
		Height: f.Height + 2*top,
	}
	p.Pix = make([]byte, 3*p.Width*p.Height)
	for i := range p.Pix {
		p.Pix[i] = 127
	}
	for y := range f.Height {
		copy(p.Pix[3*((y+top)*p.Width+left):], f.Pix[3*y*f.Width:3*(y+1)*f.Width])
	}
	return p
}
