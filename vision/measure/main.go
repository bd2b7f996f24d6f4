//go:build vision

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"sync/atomic"
	"syscall"

	"github.com/gatehouse-iot/gatehouse/vision"
	"github.com/gatehouse-iot/gatehouse/vision/opencv"
)

const usage = `measure derives what faces are decided by, out of photographs.

  measure threshold [-every N] [-save FOLDER]   when a face is somebody's, and when an enrolment asks
  measure cover [-fit]                          how well covered faces are told, and the weights for it

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, w io.Writer) error {
	if len(args) == 0 {
		return fmt.Errorf("say what:\n%s", usage)
	}
	switch args[0] {
	case "threshold":
		return threshold(ctx, args[1:], w)
	case "cover":
		return cover(ctx, args[1:], w)
	}
	return fmt.Errorf("there is no %q:\n%s", args[0], usage)
}

// open loads the models that set-up fetched.
func open(cache string) (*opencv.Models, error) {
	return opencv.Open(opencv.Config{
		Library:   filepath.Join(cache, "onnxruntime", "libonnxruntime.so.1"),
		Detector:  filepath.Join(cache, "models", "fr_detect.onnx"),
		Landmarks: filepath.Join(cache, "models", "fr_landmark.onnx"),
		Embedder:  filepath.Join(cache, "models", "fr_feature.onnx"),
	})
}

// material loads the models and lists the photographs: of every n-th person, or of everybody at 0.
func material(cache, beside string, every int) (*opencv.Models, []photo, error) {
	dir, err := lfwFolder(beside)
	if err != nil {
		return nil, nil, err
	}
	photos, err := photosIn(dir)
	if err != nil {
		return nil, nil, err
	}
	if every > 0 {
		photos = sample(photos, every)
	}
	m, err := open(cache)
	return m, photos, err
}

func threshold(ctx context.Context, args []string, w io.Writer) error {
	fs := flag.NewFlagSet("measure threshold", flag.ContinueOnError)
	cache := fs.String("cache", ".cache", "folder with models and onnxruntime")
	every := fs.Int("every", 0, "only every N-th person with two photographs; 0 is everybody")
	save := fs.String("save", "",
		"write tracks.txt and alike.txt into this folder, as the tests read them")
	if err := fs.Parse(args); err != nil {
		return err
	}
	m, photos, err := material(*cache, filepath.Join("..", "shared"), *every)
	if err != nil {
		return err
	}
	defer m.Close()
	var n atomic.Int64
	faces, err := look(ctx, m, photos, func() {
		if k := n.Add(1); k%200 == 0 {
			fmt.Fprintf(os.Stderr, "measure: %d of %d photographs\n", k, len(photos))
		}
	})
	if err != nil {
		return err
	}
	d := vision.DefaultDecision()
	tracks, err := judge(faces, d.Margin, d.Quality)
	if err != nil {
		return err
	}
	tell(w, tracks, d)
	kin, pairs := Compare(enrolments(faces), vision.DefaultAlike().Other)
	tellAsking(w, kin, pairs)
	if *save == "" {
		return nil
	}
	return errors.Join(
		saveTo(filepath.Join(*save, "tracks.txt"), func(w io.Writer) error {
			fmt.Fprintln(w,
				"# photograph, person, reports, enrolled with another photograph, and the best "+
					"scores:")
			fmt.Fprintln(w,
				"# as the person, as somebody else, as a stranger. Written by vision/measure "+
					"threshold -save.")
			return Save(w, tracks)
		}),
		saveTo(filepath.Join(*save, "alike.txt"), func(w io.Writer) error {
			fmt.Fprintln(w,
				"# person, likeness to the most alike of the others, to the person's second "+
					"photograph (0: none).")
			return SaveKin(w, kin)
		}))
}

func saveTo(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// enrolments returns the embeddings of the photographs that enrolment accepted.
func enrolments(faces []face) (out []Enrolled) {
	for _, f := range faces {
		if f.enrolment != nil {
			out = append(out, Enrolled{f.person, f.enrolment})
		}
	}
	return out
}

// tell prints the outcome of each threshold, and the one that the rule yields.
func tell(w io.Writer, tracks []Track, d vision.Decision) {
	mute := 0
	for _, t := range tracks {
		if t.Reports == 0 {
			mute++
		}
	}
	fmt.Fprintf(w,
		"%d tracks of %d frames each, through detector, tracker, vote and gallery, margin %.2f; "+
			"of %d nothing was said\n",
		len(tracks), walkFrames, d.Margin, mute)
	fmt.Fprintln(w, "in brackets: the rate, and the two-sided 95 % interval of Clopper and Pearson")
	for k := 8; k <= 14; k++ {
		o := At(tracks, float64(k)/steps)
		fmt.Fprintf(w,
			"threshold %.2f: strangers taken for somebody: people %v, tracks %v; enrolled: found "+
				"%v, mistaken %v\n",
			o.Threshold, o.Strangers, o.Tracks, o.Found, o.Mistaken)
	}
	if o, ok := Derive(tracks); ok {
		fmt.Fprintf(w,
			"the rule (fewer than %.1f %% of strangers, with 95 %% confidence) asks for %.2f; "+
				"the product uses %.2f\n",
			100*mostStrangers, o.Threshold, d.Score)
	} else {
		fmt.Fprintf(w,
			"these are too few for the rule (fewer than %.1f %% of strangers, with 95 %% "+
				"confidence); the product uses %.2f\n",
			100*mostStrangers, d.Score)
	}
}

// tellAsking prints the outcome of several likenesses, and those that the rules yield.
func tellAsking(w io.Writer, kin []Kin, pairs Rate) {
	used := vision.DefaultAlike()
	fmt.Fprintf(w,
		"enrolment into a school of %d; of pairs of different people, asked about at %.2f: %v\n",
		len(kin), used.Other, pairs)
	for k := 10; k <= 26; k += 2 {
		like := float64(k) / alikeSteps
		a := Ask(kin, vision.Alike{
			Own:   like,
			Other: like,
		})
		fmt.Fprintf(w,
			"likeness %.2f: like somebody else: somebody new %v, the same person again %v; "+
				"unlike the own: the person %v, the most alike of the others %v\n",
			like, a.Needless, a.Caught, a.Doubted, a.Foreign)
	}
	if a, ok := DeriveAlike(kin); ok {
		fmt.Fprintf(w,
			"the rules ask for %.2f (other) and %.2f (own); the product uses %.2f and %.2f\n",
			a.Other, a.Own, used.Other, used.Own)
	} else {
		fmt.Fprintf(w,
			"these are too few for the rules; the product uses %.2f (other) and %.2f (own)\n",
			used.Other, used.Own)
	}
}
