//go:build vision

package opencv_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse/vision"
)

type pair struct {
	a, b string
	same bool
}

// pairs reads LFW's pairs.txt: folds of as many genuine as impostor pairs.
func pairs(t *testing.T, dir string) (folds [][]pair) {
	f, err := os.Open(filepath.Join(dir, "pairs.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	image := func(name, n string) string {
		k, err := strconv.Atoi(n)
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Join(dir, "images", name, fmt.Sprintf("%s_%04d.jpg", name, k))
	}
	sc := bufio.NewScanner(f)
	var all []pair
	each := 0
	for sc.Scan() {
		switch w := strings.Fields(sc.Text()); len(w) {
		case 2:
			if each, err = strconv.Atoi(w[1]); err != nil {
				t.Fatal(err)
			}
		case 3:
			all = append(all, pair{image(w[0], w[1]), image(w[0], w[2]), true})
		case 4:
			all = append(all, pair{image(w[0], w[1]), image(w[2], w[3]), false})
		}
	}
	for len(all) >= 2*each && each > 0 {
		folds = append(folds, all[:2*each])
		all = all[2*each:]
	}
	return folds
}

// middle is the embedding of the face nearest to the picture's middle, as LFW asks for.
func middle(t *testing.T, c vision.Chain, path string) []float32 {
	f := photograph(t, path)
	seen, err := c.Look(f, anyLimits(), nil)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var best []float32
	least := float32(1e9)
	for _, s := range seen {
		dx, dy := s.Face.Box.X+s.Face.Box.W/2-float32(f.Width)/2, s.Face.Box.Y+s.Face.Box.H/2-float32(f.Height)/2
		if d := dx*dx + dy*dy; d < least {
			least, best = d, s.Embedding
		}
	}
	return best
}

// Labeled Faces in the Wild, the folds that are there, each tested with the threshold that
// is best on the others. A picture without a found face counts as an error.
func TestLFW(t *testing.T) {
	cfg := config(t)
	measureLFW(t, models(t, cfg).Chain(), 0.985)
}

func TestLFWWithYuNet(t *testing.T) {
	cfg := config(t)
	cfg.Detector = shared(t, "models/yunet_n_640_640.onnx")
	cfg.Landmarks = ""
	measureLFW(t, models(t, cfg).Chain(), 0.985)
}

func measureLFW(t *testing.T, c vision.Chain, least float64) {
	if testing.Short() {
		t.Skip("LFW takes a minute")
	}
	folds := pairs(t, shared(t, "lfw"))
	cached := map[string][]float32{}
	embed := func(path string) []float32 {
		if _, ok := cached[path]; !ok {
			cached[path] = middle(t, c, path)
		}
		return cached[path]
	}
	scores := make([][]float64, len(folds))
	missing := 0
	var impostors []float64
	for i, fold := range folds {
		for _, p := range fold {
			a, b := embed(p.a), embed(p.b)
			s := -2.0 // no face: wrong either way
			if a != nil && b != nil {
				s = vision.Cosine(a, b)
				if !p.same {
					impostors = append(impostors, s)
				}
			} else {
				missing++
			}
			scores[i] = append(scores[i], s)
		}
	}
	right, all := 0, 0
	for i := range folds {
		th := bestThreshold(folds, scores, i)
		n := accurate(folds[i], scores[i], th)
		t.Logf("fold %d: %.2f %% at threshold %.3f", i+1, 100*float64(n)/float64(len(folds[i])), th)
		right, all = right+n, all+len(folds[i])
	}
	sort.Float64s(impostors)
	got := float64(right) / float64(all)
	t.Logf("accuracy %.2f %% of %d pairs, %d without a face; greatest impostor scores %.3f", 100*got, all, missing, impostors[len(impostors)-5:])
	if got < least {
		t.Errorf("accuracy %.4f, want at least %.4f", got, least)
	}
}

func accurate(fold []pair, scores []float64, threshold float64) (n int) {
	for i, p := range fold {
		if scores[i] > -2 && p.same == (scores[i] >= threshold) {
			n++
		}
	}
	return n
}

func bestThreshold(folds [][]pair, scores [][]float64, but int) (best float64) {
	most := -1
	for k := 0; k <= 1000; k++ {
		th, n := float64(k)/1000, 0
		for i := range folds {
			if i != but {
				n += accurate(folds[i], scores[i], th)
			}
		}
		if n > most {
			most, best = n, th
		}
	}
	return best
}
