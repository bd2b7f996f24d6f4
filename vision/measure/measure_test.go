//go:build vision

package main

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse/vision"
)

// A small sample of LFW still gives the recorded results, so the defaults match this code and these
// models.
func TestSampleAgreesWithWhatIsWritten(t *testing.T) {
	if testing.Short() {
		t.Skip("tracks take a while")
	}
	dir, err := lfwFolder("../../../shared")
	if err != nil {
		t.Skip(err)
	}
	cache := os.Getenv("GATEHOUSE_CACHE")
	if cache == "" {
		cache = "../../.cache"
	}
	if _, err := os.Stat(filepath.Join(cache, "models", "fr_feature.onnx")); err != nil {
		t.Skipf("no models in %s: run deploy/setup/assets.sh", cache)
	}
	all, err := photosIn(dir)
	if err != nil {
		t.Fatal(err)
	}
	m, err := open(cache)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	faces, err := look(context.Background(), m, sample(all, 40), func() {})
	if err != nil {
		t.Fatal(err)
	}
	d := vision.DefaultDecision()
	tracks, err := judge(faces, d.Margin, d.Quality)
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]Track{}
	for _, w := range recorded(t, "tracks.txt", Load) {
		written[w.Mark] = w
	}
	compared := 0
	for _, got := range tracks {
		want, ok := written[got.Mark]
		if !ok || got.Reports != want.Reports {
			t.Errorf("%s: got %d reports, %d are written (%v): run the program with -save",
				got.Mark, got.Reports, want.Reports, ok)
			continue
		}
		// With fewer people enrolled, a margin may suffice that did not before.
		if want.Own > 0 {
			if compared++; math.Abs(got.Own-want.Own) > 0.02 {
				t.Errorf("%s: got %.3f as the person, %.3f is written: run the program with -save",
					got.Mark, got.Own, want.Own)
			}
		}
		if got.Stranger >= d.Score {
			t.Errorf("%s: a stranger is taken for somebody at %.3f", got.Mark, got.Stranger)
		}
	}
	if compared < 10 {
		t.Errorf("only %d tracks could be compared", compared)
	}
}

// The program says what is missing.
func TestSaysWhatIsMissing(t *testing.T) {
	t.Setenv("GATEHOUSE_SHARED", t.TempDir())
	err := run(context.Background(), []string{"threshold"}, os.Stdout)
	if err == nil || !strings.Contains(err.Error(), "GATEHOUSE_SHARED") {
		t.Errorf("got %v, want the place of the photographs", err)
	}
	if err := run(context.Background(), []string{"height"}, os.Stdout); err == nil ||
		!strings.Contains(err.Error(), "threshold") {
		t.Errorf("got %v, want what can be measured", err)
	}
}
