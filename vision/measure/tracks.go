//go:build vision

package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"runtime"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/vision"
	"github.com/gatehouse-iot/gatehouse/vision/opencv"
)

// face holds what enrolment and a camera make of a photograph.
type face struct {
	photo
	mark      string
	enrolment []float32 // nil if refused
	reports   []vision.Verdict
}

// look runs every photograph through enrolment and through a camera, in parallel.
func look(ctx context.Context, m *opencv.Models, photos []photo, done func()) ([]face, error) {
	out := make([]face, len(photos))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.NumCPU())
	for i, p := range photos {
		g.Go(func() (err error) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			out[i], err = lookAt(m, p)
			done()
			return err
		})
	}
	return out, g.Wait()
}

func lookAt(m *opencv.Models, p photo) (f face, err error) {
	f.photo = p
	picture, mark, err := p.read()
	if err != nil {
		return f, err
	}
	f.mark = mark
	seen, err := m.PhotoChain().Look(picture, vision.PhotoLimits(), nil)
	if err != nil {
		return f, err
	}
	if s, ok := inTheMiddle(seen,
		vision.Point{
			X: float32(picture.Width) / 2,
			Y: float32(picture.Height) / 2,
		}); ok &&
		s.Fault == "" {
		f.enrolment = s.Embedding
	}
	seed, err := strconv.ParseUint(mark, 16, 64)
	if err != nil {
		return f, err
	}
	f.reports, err = pass(m.Chain(), newWalk(picture, seed))
	return f, err
}

// pass returns the verdicts of a camera on a walk.
func pass(c vision.Chain, w *walk) (out []vision.Verdict, err error) {
	t := vision.NewTracker("measure", math.MaxInt64)
	for k := range walkFrames {
		f, middle := w.frame(k)
		seen, err := c.Look(f, vision.VideoLimits(), func(x vision.Face) bool {
			return t.Wants(f.Time, x)
		})
		if err != nil {
			return nil, err
		}
		for _, r := range t.Update(f.Time, seen) {
			if _, ok := inTheMiddle([]vision.Seen{r.Seen}, middle); ok {
				out = append(out, r.Verdict)
			}
		}
	}
	return out, nil
}

// inTheMiddle returns the face at a point; photographs show bystanders as well.
func inTheMiddle(seen []vision.Seen, p vision.Point) (vision.Seen, bool) {
	for _, s := range seen {
		b := s.Face.Box
		if p.X >= b.X && p.X <= b.X+b.W && p.Y >= b.Y && p.Y <= b.Y+b.H {
			return s, true
		}
	}
	return vision.Seen{}, false
}

// judge enrols everybody with their first accepted photograph, and matches every track twice: with
// the person enrolled, and without, as a stranger.
func judge(faces []face, margin, quality float64) ([]Track, error) {
	g, err := enrolled(faces)
	if err != nil {
		return nil, err
	}
	template := map[int]string{}
	for _, f := range faces {
		if f.enrolment != nil && template[f.person] == "" {
			template[f.person] = f.mark
		}
	}
	d := vision.Decision{
		Score:   -1,
		Margin:  margin,
		Quality: quality,
	}
	var out []Track
	for _, f := range faces {
		t := Track{
			Mark:     f.mark,
			Person:   f.person,
			Reports:  len(f.reports),
			Own:      -1,
			Wrong:    -1,
			Stranger: -1,
		}
		t.Known = template[f.person] != "" && template[f.person] != f.mark
		self := personID(f.person)
		for _, v := range f.reports {
			q := vision.Query{
				Embedding: v.Embedding,
				Quality:   v.Quality,
				Frames:    v.Frames,
			}
			if t.Known {
				switch got, m := g.Match(q, d); got {
				case self:
					t.Own = max(t.Own, m.Score)
				case "":
				default:
					t.Wrong = max(t.Wrong, m.Score)
				}
			}
			q.Only = func(p gatehouse.PersonID) bool { return p != self }
			if got, m := g.Match(q, d); got != "" {
				t.Stranger = max(t.Stranger, m.Score)
			}
		}
		out = append(out, t)
	}
	return out, nil
}

func enrolled(faces []face) (*vision.Gallery, error) {
	var g *vision.Gallery
	seen := map[int]bool{}
	for _, f := range faces {
		if f.enrolment == nil || seen[f.person] {
			continue
		}
		if g == nil {
			g = vision.NewGallery(len(f.enrolment))
		}
		seen[f.person] = true
		if err := g.Put(personID(f.person), f.enrolment); err != nil {
			return nil, err
		}
	}
	if g == nil {
		return nil, fmt.Errorf("no photograph was good enough to be enrolled")
	}
	return g, nil
}

func personID(n int) gatehouse.PersonID {
	return gatehouse.PersonID("per_" + hex.EncodeToString([]byte{byte(n >> 8), byte(n)}))
}
