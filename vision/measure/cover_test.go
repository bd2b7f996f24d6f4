//go:build vision

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gatehouse-iot/gatehouse/vision"
)

// setUp returns the folder that set-up fills; without it the test is skipped.
func setUp(t *testing.T) string {
	t.Helper()
	cache := os.Getenv("GATEHOUSE_CACHE")
	if cache == "" {
		cache = "../../.cache"
	}
	if _, err := os.Stat(filepath.Join(cache, "models", "fr_feature.onnx")); err != nil {
		t.Skipf("no models in %s: run deploy/setup/assets.sh", cache)
	}
	return cache
}

// On set-up's stills of an actor, who is in none of the sets: bare faces and clear spectacles
// hardly ever count as covered; masks, scarves, sunglasses and bands nearly always.
func TestCoveredFacesAreTold(t *testing.T) {
	cache := setUp(t)
	m, err := open(cache)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	stills, err := filepath.Glob(filepath.Join(cache, "media", "*.jpg"))
	if err != nil || len(stills) < 5 {
		t.Skipf("got %d stills, %v: run deploy/setup/assets.sh", len(stills), err)
	}
	var all []trace
	for i, path := range stills {
		if i%2 == 1 {
			continue // every second one is enough
		}
		f, _, err := photo{path: path}.read()
		if err != nil {
			t.Fatal(err)
		}
		rows, err := drawnOnFrame(m, f, 2)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rows...)
	}
	mouth, eyes := vision.CoverWeights()
	var bare, told [2]Rate
	for _, drawings := range [][]drawing{learned(), fresh()} {
		for _, d := range drawings {
			a, b := asked(all, d.name, mouth[:], eyes[:])
			t.Logf("%-32s (%5s) mouth %d of %d, eyes %d of %d", d.name, d.part, a.K, a.N, b.K, b.N)
			switch d.part {
			case "":
				bare[0], bare[1] = both(bare[0], a), both(bare[1], b)
			case "mouth":
				told[0] = both(told[0], a)
			case "eyes":
				told[1] = both(told[1], b)
			}
		}
	}
	for i, part := range []string{"mouth", "eyes"} {
		if bare[i].N < 5 || bare[i].Share() > 0.16 {
			t.Errorf("%s: %v bare faces are asked about, want 15 %% at most", part, bare[i])
		}
		if told[i].N < 15 || told[i].Share() < 0.85 {
			t.Errorf("%s: %v covered faces are asked about, want 85 %% at least", part, told[i])
		}
	}
}

func both(r, s Rate) Rate { return Rate{r.K + s.K, r.N + s.N} }
