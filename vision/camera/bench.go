//go:build vision

package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/gatehouse-iot/gatehouse/vision"
	"github.com/gatehouse-iot/gatehouse/vision/opencv"
)

// figures are the results of a bench run; each of the three was measured in one goroutine.
type figures struct {
	File   string  `json:"file"`
	Codec  string  `json:"codec"`
	Size   string  `json:"size"`
	CPUs   int     `json:"cpus"`
	Frames int     `json:"frames"`     // in each measurement
	Decode float64 `json:"decode_fps"` // decoding only
	// detector, landmarks and embedding on decoded pictures
	Inference float64 `json:"inference_fps"`
	// decode, convert, detect, measure, align, embed, track, vote
	Pipeline float64 `json:"pipeline_fps"`
	// decoding and inference one after the other, without other cost
	Ideal     float64 `json:"ideal_fps"`
	Ratio     float64 `json:"pipeline_ratio"` // of Pipeline to Ideal
	Sightings int     `json:"sightings"`      // reported by the pipeline
	// for 25 frames/s decoded of which 5 are looked at, by these figures
	Cameras float64 `json:"cameras_per_core"`
}

// bench measures the pipeline and its parts alternately on one recorded video, and prints the
// figures: "camera bench -models DIR [-seconds N] [-json] FILE".
func bench(ctx context.Context, args []string, w io.Writer) error {
	fs := flag.NewFlagSet("camera bench", flag.ContinueOnError)
	dir := fs.String("models", ".cache/models", "folder of the models")
	seconds := fs.Float64("seconds", 5, "time for each measurement, in three rounds")
	asJSON := fs.Bool("json", false, "print the figures as one JSON object")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() != 1 || !(*seconds > 0 && *seconds <= 600) {
		return fmt.Errorf("name one MP4 file, and seconds from 0 to 600")
	}
	c, err := parseSettings(map[string]string{"models_dir": *dir})
	if err != nil {
		return err
	}
	m, err := opencv.Open(c.models)
	if err != nil {
		return err
	}
	defer m.Close()
	r, err := opencv.ReadMP4(fs.Arg(0))
	if err != nil {
		return err
	}
	f, err := measure(ctx, m, r, time.Duration(*seconds*float64(time.Second)))
	if err != nil {
		return err
	}
	f.File = fs.Arg(0)
	if *asJSON {
		return json.NewEncoder(w).Encode(f)
	}
	_, err = fmt.Fprintf(w, `video      %s, %s %s, %d cores
decode     %8.1f frames/s   (bare: compressed to pictures)
inference  %8.1f frames/s   (bare: detect, landmarks, embed)
pipeline   %8.1f frames/s   (all of it, with quality, tracks and votes; %d sightings)
ratio      %8.2f           pipeline to what decode and inference one after the other allow (%.1f frames/s)
cameras    %8.1f a core     at 25 frames/s decoded and 5 looked at
`, f.File, f.Codec, f.Size, f.CPUs, f.Decode, f.Inference, f.Pipeline, f.Sightings, f.Ratio,
		f.Ideal, f.Cameras)
	return err
}

// rounds of each measurement; they alternate, so that other load on the machine affects all alike.
const rounds = 3

func measure(
	ctx context.Context, m *opencv.Models, r opencv.Recording, each time.Duration,
) (f figures, err error) {
	f = figures{
		Codec: string(r.Codec),
		CPUs:  runtime.NumCPU(),
	}
	pictures, err := samples(r, 50)
	if err != nil {
		return f, err
	}
	f.Size = fmt.Sprintf("%dx%d", pictures[0].Width, pictures[0].Height)
	chain := m.Chain()
	var spent [3]time.Duration
	var done [3]int
	for range rounds {
		for i, part := range []func(time.Time) (int, error){
			func(end time.Time) (int, error) {
				return decodeFor(ctx, r, end, func(*opencv.Decoder) error { return nil })
			},
			func(end time.Time) (int, error) { return inferFor(ctx, chain, pictures, end) },
			func(end time.Time) (int, error) {
				return pipeFor(
					ctx,
					chain,
					r,
					end,
					&f.Sightings,
				)
			},
		} {
			begin := time.Now()
			n, err := part(begin.Add(each / rounds))
			if err != nil {
				return f, err
			}
			spent[i], done[i] = spent[i]+time.Since(begin), done[i]+n
		}
	}
	rate := func(i int) float64 { return float64(done[i]) / spent[i].Seconds() }
	f.Decode, f.Inference, f.Pipeline, f.Frames = rate(0), rate(1), rate(2), done[2]
	f.Ideal = 1 / (1/f.Decode + 1/f.Inference)
	f.Ratio = f.Pipeline / f.Ideal
	// Looking at a frame costs what the pipeline costs beyond decoding.
	f.Cameras = 1 / (25/f.Decode + 5*max(1/f.Pipeline-1/f.Decode, 0))
	return f, nil
}

// samples are n pictures spread over a recording.
func samples(r opencv.Recording, n int) (out []vision.Frame, err error) {
	d, err := opencv.NewDecoder(r.Codec)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	every := max(len(r.Units)/n, 1)
	for i, u := range r.Units {
		got, err := d.Decode(u)
		if err != nil {
			return nil, err
		}
		if got == 0 || i%every != 0 {
			continue
		}
		f, err := d.Picture(maxWidth)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the video holds no pictures")
	}
	return out, nil
}

// decodeFor decodes the recording in a loop until end, and calls each after every picture.
func decodeFor(
	ctx context.Context, r opencv.Recording, end time.Time, each func(*opencv.Decoder) error,
) (pictures int, err error) {
	d, err := opencv.NewDecoder(r.Codec)
	if err != nil {
		return 0, err
	}
	defer d.Close()
	for i := 0; ; i++ {
		if ctx.Err() != nil {
			return pictures, ctx.Err()
		}
		if !time.Now().Before(end) {
			return pictures, nil
		}
		n, err := d.Decode(r.Units[i%len(r.Units)])
		if err != nil {
			return pictures, err
		}
		if n == 0 {
			continue
		}
		pictures += n
		if err := each(d); err != nil {
			return pictures, err
		}
	}
}

func inferFor(
	ctx context.Context, c vision.Chain, pictures []vision.Frame, end time.Time,
) (n int, err error) {
	for ; time.Now().Before(end); n++ {
		if ctx.Err() != nil {
			return n, ctx.Err()
		}
		p := pictures[n%len(pictures)]
		faces, err := c.Detector.Detect(p)
		if err != nil {
			return n, err
		}
		for _, f := range faces {
			aligned, err := c.Embedder.Align(p, f)
			if err != nil {
				return n, err
			}
			if _, err := c.Embedder.Embed(aligned); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// pipeFor runs every picture through the pipeline; the tracker gets the video's time.
func pipeFor(
	ctx context.Context, c vision.Chain, r opencv.Recording, end time.Time, sightings *int,
) (int, error) {
	t := vision.NewTracker("bench", 15*time.Second)
	at := time.Unix(0, 0)
	return decodeFor(ctx, r, end, func(d *opencv.Decoder) error {
		f, err := d.Picture(maxWidth)
		if err != nil {
			return err
		}
		at = at.Add(time.Second / 5)
		// embed every face, as the inference measurement does
		seen, err := c.Look(f, vision.VideoLimits(), nil)
		if err != nil {
			return err
		}
		*sightings += len(t.Update(at, seen))
		return nil
	})
}
