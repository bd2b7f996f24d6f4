//go:build vision

package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/gatehouse-iot/gatehouse/vision"
	"github.com/gatehouse-iot/gatehouse/vision/opencv"
)

// setOf assigns every 6th person to one of three sets, the others to none.
func setOf(person int) (set int, ok bool) { return person % 18 / 6, person%6 == 0 }

// cover measures on set 2 how well vision.Covered works. With -fit it fits new weights to set 0,
// chooses thresholds on set 1, prints them and judges them on set 2. The product's own weights
// predate these sets: about one in nine of set 2 was among the 131 people whom they were fitted to.
func cover(ctx context.Context, args []string, w io.Writer) error {
	fs := flag.NewFlagSet("measure cover", flag.ContinueOnError)
	cache := fs.String("cache", ".cache", "folder with models and onnxruntime")
	fit := fs.Bool("fit", false, "fit new weights, print them, and judge by them")
	if err := fs.Parse(args); err != nil {
		return err
	}
	m, photos, err := material(*cache, filepath.Join("..", "shared"), 0)
	if err != nil {
		return err
	}
	defer m.Close()
	if m.Name() != vision.CoverModel {
		return fmt.Errorf("the weights are for %s, and this model is %s", vision.CoverModel,
			m.Name())
	}
	all, err := tracesOf(ctx, m, photos, *fit)
	if err != nil {
		return err
	}
	mouth, eyes := vision.CoverWeights()
	if *fit {
		copy(mouth[:], fitPart(all, "mouth"))
		copy(eyes[:], fitPart(all, "eyes"))
		tellWeights(w, "mouth", mouth[:])
		tellWeights(w, "eyes", eyes[:])
	}
	tellCover(w, all, mouth[:], eyes[:])
	return nil
}

// tracesOf applies every drawing to the first photograph of each person in the sets, or of set 2
// only if nothing is to be fitted.
func tracesOf(ctx context.Context, m *opencv.Models, photos []photo, every bool) ([]trace, error) {
	rows := make([][]trace, len(photos))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.NumCPU())
	last := -1
	for i, p := range photos {
		set, ok := setOf(p.person)
		if p.person == last || !ok || set != 2 && !every {
			continue
		}
		last = p.person
		g.Go(func() (err error) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			rows[i], err = drawnOn(m, p, set)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var all []trace
	for _, r := range rows {
		all = append(all, r...)
	}
	return all, nil
}

func drawnOn(m *opencv.Models, p photo, set int) ([]trace, error) {
	f, _, err := p.read()
	if err != nil {
		return nil, err
	}
	return drawnOnFrame(m, f, set)
}

// drawnOnFrame returns the features of a photograph with each drawing on it. It leaves out drawings
// that enrolment refuses for another reason, and returns nothing if the bare photograph is refused.
func drawnOnFrame(m *opencv.Models, f vision.Frame, set int) (out []trace, err error) {
	c := m.PhotoChain()
	seen, err := c.Look(f, vision.PhotoLimits(), nil)
	if err != nil || len(seen) == 0 || seen[0].Fault != "" {
		return nil, err
	}
	face := seen[0].Face
	for fresh, drawings := range [][]drawing{learned(), fresh()} {
		for _, d := range drawings {
			drawn := d.draw(f, face)
			seen, err := c.Look(drawn, vision.PhotoLimits(), nil)
			if err != nil {
				return nil, err
			}
			if len(seen) == 0 || seen[0].Fault != "" {
				continue
			}
			aligned, err := c.Embedder.Align(drawn, seen[0].Face)
			if err != nil {
				return nil, err
			}
			x, err := c.CoverTraces(aligned, seen[0].Embedding)
			if err != nil {
				return nil, err
			}
			out = append(out, trace{
				x:     x[:],
				set:   set,
				name:  d.name,
				part:  d.part,
				fresh: fresh == 1,
			})
		}
	}
	return out, nil
}

func tellWeights(w io.Writer, part string, weights []float64) {
	fmt.Fprintf(w, "%s:", part)
	for _, v := range weights {
		fmt.Fprintf(w, " %.4g,", v)
	}
	fmt.Fprintln(w)
}

// tellCover prints for each drawing how many of the people of set 2 are asked about.
func tellCover(w io.Writer, all []trace, mouth, eyes []float64) {
	fmt.Fprintln(w,
		"asked about as covered, of what passes the other checks, with the two-sided 95 % "+
			"interval of Clopper and Pearson:")
	for _, drawings := range [][]drawing{learned(), fresh()} {
		for _, d := range drawings {
			m, e := asked(all, d.name, mouth, eyes)
			fmt.Fprintf(w, "%-32s (%5s) mouth %v, eyes %v\n", d.name, d.part, m, e)
		}
	}
}

// asked counts how often a drawing is judged as covering mouth and eyes, in set 2.
func asked(all []trace, name string, mouth, eyes []float64) (m, e Rate) {
	for _, t := range all {
		if t.set == 2 && t.name == name {
			m.count(sum(mouth, t.x) > 0)
			e.count(sum(eyes, t.x) > 0)
		}
	}
	return m, e
}
