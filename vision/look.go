package vision

import (
	"fmt"
	"sort"
)

// Chain is the pipeline from pixels to embeddings. Cameras and enrolment must use the same one:
// embeddings of different models do not compare.
type Chain struct {
	Detector Detector
	Embedder Embedder
	Liveness Liveness // nil skips the liveness check
}

// Look detects the faces of a frame, measures them and embeds those that are within the limits and,
// if wants is not nil, wanted. The largest face comes first; faces beyond MaxFaces are left out.
func (c Chain) Look(f Frame, l Limits, wants func(Face) bool) ([]Seen, error) {
	if !f.Valid() {
		return nil, fmt.Errorf("look at frame: %d bytes do not make %dx%d pixels", len(f.Pix),
			f.Width, f.Height)
	}
	faces, err := c.Detector.Detect(f)
	if err != nil {
		return nil, fmt.Errorf("detect faces: %w", err)
	}
	sort.SliceStable(faces, func(i, j int) bool {
		return faces[i].Box.W*faces[i].Box.H > faces[j].Box.W*faces[j].Box.H
	})
	if len(faces) > MaxFaces {
		faces = faces[:MaxFaces]
	}
	out := make([]Seen, 0, len(faces))
	for _, face := range faces {
		s, err := c.lookAt(f, face, l, wants)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func (c Chain) lookAt(f Frame, face Face, l Limits, wants func(Face) bool) (Seen, error) {
	s := Seen{
		Face:    face,
		Measure: Measurements(face, Frame{}),
	}
	if s.Fault = l.Fault(s.Measure); s.Fault == TooSmall || s.Fault == Uncertain {
		return s, nil // not worth aligning
	}
	if wants != nil && !wants(face) {
		s.Fault = ""
		return s, nil
	}
	aligned, err := c.Embedder.Align(f, face)
	if err != nil {
		return s, fmt.Errorf("align face: %w", err)
	}
	s.Measure = Measurements(face, aligned)
	s.Quality = Quality(s.Measure)
	if s.Fault = l.Fault(s.Measure); s.Fault != "" {
		return s, nil
	}
	if c.Liveness != nil {
		live, err := c.Liveness.Live(f, face)
		if err != nil {
			return s, fmt.Errorf("judge liveness: %w", err)
		}
		if !(live >= 0.5) {
			s.Fault = NotLive
			return s, nil
		}
	}
	if s.Embedding, err = c.Embedder.Embed(aligned); err != nil {
		return s, fmt.Errorf("embed face: %w", err)
	}
	return s, nil
}
