package vision_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gatehouse-iot/gatehouse/vision"
)

func sqrt(x float64) float64 { return math.Sqrt(max(x, 0)) }

const frameTime = 200 * time.Millisecond

// seen is a face 100 pixels wide at a place, embedded or not.
func seen(x, y float32, embedding []float32) vision.Seen {
	return vision.Seen{
		Face:      vision.Face{Box: vision.Box{X: x, Y: y, W: 100, H: 100}},
		Quality:   0.8,
		Embedding: embedding,
	}
}

// film feeds a tracker frame by frame and records which track was reported when.
type film struct {
	tracker *vision.Tracker
	now     time.Time
	frame   int
	log     []string
	last    vision.Report
}

func newFilm() *film {
	return &film{
		tracker: vision.NewTracker("t", 10*time.Second),
		now:     time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC),
	}
}

func (f *film) show(faces ...vision.Seen) {
	f.frame++
	f.now = f.now.Add(frameTime)
	for _, r := range f.tracker.Update(f.now, faces) {
		f.log = append(f.log, fmt.Sprintf("%d:%s", f.frame, r.Track))
		f.last = r
	}
}

func (f *film) want(t *testing.T, log ...string) {
	t.Helper()
	if diff := cmp.Diff(strings.Join(f.log, " "), strings.Join(log, " ")); diff != "" {
		t.Errorf("reports as frame:track, got -, want +:\n%s", diff)
	}
}

func TestTrackIsReportedOnceAgreedOnceSettledAndThenEveryRepeat(t *testing.T) {
	f, anna := newFilm(), direction(1, 128)
	for i := range 120 { // 24 s
		f.show(seen(float32(i), 50, toward(anna, 0.9, uint64(i))))
	}
	f.want(t, "3:t-1", "10:t-1", "60:t-1", "110:t-1")
	if f.last.Verdict.Frames != vision.MaxFrames ||
		vision.Cosine(f.last.Verdict.Embedding, anna) < 0.97 {
		t.Errorf("the last verdict has %d frames and cosine %.3f, want %d and 0.97 at least",
			f.last.Verdict.Frames, vision.Cosine(f.last.Verdict.Embedding, anna), vision.MaxFrames)
	}
}

func TestUnusableFramesKeepTheTrackButDoNotVote(t *testing.T) {
	f, anna := newFilm(), direction(1, 128)
	for i := range 12 {
		var v []float32
		if i%4 == 0 {
			v = toward(anna, 0.9, uint64(i))
		}
		f.show(seen(10, 50, v))
	}
	f.want(t, "9:t-1")
}

func TestTwoWhoCrossKeepTheirTracks(t *testing.T) {
	f, anna, bert := newFilm(), direction(1, 128), direction(2, 128)
	for i := range 20 {
		step := float32(30 * i)
		f.show(seen(step, 50, toward(anna, 0.9, uint64(i))),
			seen(600-step, 50, toward(bert, 0.9, uint64(50+i))))
	}
	f.want(t, "3:t-1", "3:t-2", "10:t-1", "10:t-2")
	if c := vision.Cosine(f.last.Verdict.Embedding, bert); c < 0.95 {
		t.Errorf("the second track's verdict has cosine %.3f with its face, want 0.95 at least", c)
	}
}

func TestAJumpIsFollowedByLikeness(t *testing.T) {
	f, anna := newFilm(), direction(1, 128)
	for i := range 10 {
		f.show(seen(float32(i%2*800), 50, toward(anna, 0.9, uint64(i)))) // no overlap
	}
	f.want(t, "3:t-1", "10:t-1")
}

// Somebody takes another's place between two frames: the first track keeps its verdict, and a new
// track begins.
func TestAnotherFaceInTheSamePlaceIsAnotherTrack(t *testing.T) {
	f, anna, bert := newFilm(), direction(1, 128), direction(2, 128)
	for i := range 5 {
		f.show(seen(10, 50, toward(anna, 0.9, uint64(i))))
	}
	for i := range 8 {
		f.show(seen(10, 50, toward(bert, 0.9, uint64(50+i))))
	}
	f.want(t, "3:t-1", "10:t-2")
	if c := vision.Cosine(f.last.Verdict.Embedding, bert); c < 0.95 {
		t.Errorf("the verdict has cosine %.3f with the second face, want 0.95 at least", c)
	}
}

func TestWhoLeavesAndReturnsIsANewTrack(t *testing.T) {
	f, anna := newFilm(), direction(1, 128)
	for i := range 4 {
		f.show(seen(10, 50, toward(anna, 0.9, uint64(i))))
	}
	for range 10 {
		f.show() // 2 s: hidden, not gone
	}
	if got := f.tracker.InView(); got != 1 {
		t.Errorf("after 2 s %d faces are in view, want 1", got)
	}
	f.show(seen(300, 50, toward(anna, 0.9, 9)))
	for range 20 {
		f.show()
	}
	if got := f.tracker.InView(); got != 0 {
		t.Errorf("after 4 s %d faces are in view, want 0", got)
	}
	for i := range 4 {
		f.show(seen(10, 50, toward(anna, 0.9, uint64(20+i))))
	}
	f.want(t, "3:t-1", "38:t-2")
}

func TestWantsSparesASettledLonelyFace(t *testing.T) {
	f, anna := newFilm(), direction(1, 128)
	here := seen(10, 50, nil).Face
	for i := range vision.Settled {
		if !f.tracker.Wants(f.now.Add(frameTime), here) {
			t.Fatalf("frame %d is not wanted, before the track has settled", i+1)
		}
		f.show(seen(10, 50, toward(anna, 0.9, uint64(i))))
	}
	if f.tracker.Wants(f.now.Add(frameTime), here) {
		t.Error("a settled, lonely face is wanted a moment later")
	}
	if !f.tracker.Wants(f.now.Add(time.Second), here) {
		t.Error("a settled face is not wanted after a second")
	}
	if !f.tracker.Wants(f.now.Add(frameTime), seen(400, 50, nil).Face) {
		t.Error("a face elsewhere is not wanted")
	}
	f.show(seen(10, 50, nil), seen(60, 50, nil))
	if !f.tracker.Wants(f.now.Add(frameTime), here) {
		t.Error("a face that touches another is not wanted")
	}
}

// For any faces in any order: at most MaxTracks are followed, a track is reported at most once a
// frame, never sooner than repeat except for the second time, and always with enough frames.
func TestTrackerHoldsItsPromises(t *testing.T) {
	const repeat = 2 * time.Second
	rapid.Check(t, func(t *rapid.T) {
		tracker := vision.NewTracker("t", repeat)
		now := time.Unix(1_700_000_000, 0)
		last, count := map[string]time.Time{}, map[string]int{}
		for range rapid.IntRange(1, 40).Draw(t, "frames") {
			now = now.Add(time.Duration(rapid.IntRange(0, 1500).Draw(t, "ms")) * time.Millisecond)
			var faces []vision.Seen
			for range rapid.IntRange(0, 20).Draw(t, "faces") {
				var v []float32
				if rapid.Bool().Draw(t, "embedded") {
					v = toward(direction(rapid.Uint64Range(0, 4).Draw(t, "who"), 16),
						rapid.Float64Range(0.3, 1).Draw(t, "cosine"),
						rapid.Uint64().Draw(t, "way"))
				}
				faces = append(faces,
					seen(rapid.Float32Range(-50, 900).Draw(t, "x"),
						rapid.Float32Range(-50, 500).Draw(t, "y"), v))
			}
			reported := map[string]bool{}
			for _, r := range tracker.Update(now, faces) {
				if reported[r.Track] {
					t.Fatalf("%s is reported twice in one frame", r.Track)
				}
				reported[r.Track] = true
				count[r.Track]++
				if since := now.Sub(last[r.Track]); count[r.Track] > 2 && since < repeat {
					t.Fatalf("%s is reported again after %v", r.Track, since)
				}
				if r.Nth != count[r.Track] || r.Verdict.Frames < vision.MinFrames {
					t.Fatalf("report %d of %s says it is number %d, with %d frames",
						count[r.Track], r.Track, r.Nth, r.Verdict.Frames)
				}
				last[r.Track] = now
			}
			if n := tracker.InView(); n > vision.MaxTracks {
				t.Fatalf("%d tracks", n)
			}
		}
	})
}
