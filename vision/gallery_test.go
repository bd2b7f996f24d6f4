package vision_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/vision"
)

// direction is a random vector of unit length.
func direction(seed uint64, dim int) []float32 {
	r := rand.New(rand.NewPCG(seed, 1))
	v := make([]float32, dim)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	vision.Normalize(v)
	return v
}

func TestGalleryRefuses(t *testing.T) {
	g := vision.NewGallery(4)
	put(t, g, "anna", face(1, 0))
	for name, bad := range map[string][][]float32{
		"short":      {face(1, 0)[:3]},
		"long":       {face(1, 0), append(face(1, 0), 0)},
		"zero":       {make([]float32, 4)},
		"infinite":   {{float32(math.Inf(1)), 0, 0, 0}},
		"not number": {{float32(math.NaN()), 0, 0, 1}},
	} {
		if err := g.Put("anna", bad...); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	if err := g.Put("", face(1, 0)); err == nil {
		t.Error("nobody: got no error")
	}
	if got, m := g.Match(vision.Query{Embedding: face(1, 0)}, vision.DefaultDecision()); got != "anna" ||
		g.Templates() != 1 {
		t.Errorf("after refusals got %q, %+v and %d templates, want anna as before", got, m,
			g.Templates())
	}
}

// The gallery agrees with a simple model through any sequence of operations.
func TestGalleryAgainstAModel(t *testing.T) {
	const dim = 8
	rapid.Check(t, func(t *rapid.T) {
		g := vision.NewGallery(dim)
		model := map[gatehouse.PersonID][][]float32{}
		person := rapid.Custom(func(t *rapid.T) gatehouse.PersonID {
			return gatehouse.PersonID(fmt.Sprint("p", rapid.IntRange(0, 6).Draw(t, "person")))
		})
		vector := rapid.Custom(func(t *rapid.T) []float32 {
			return direction(rapid.Uint64Range(0, 50).Draw(t, "seed"), dim)
		})
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				p, v := person.Draw(t, "p"), rapid.SliceOfN(vector, 0, 3).Draw(t, "templates")
				if err := g.Put(p, v...); err != nil {
					t.Fatal(err)
				}
				if delete(model, p); len(v) > 0 {
					model[p] = v
				}
			},
			"remove": func(t *rapid.T) {
				p := person.Draw(t, "p")
				g.Remove(p)
				delete(model, p)
			},
			"": func(t *rapid.T) {
				q := vector.Draw(t, "query")
				templates, score, runnerUp := 0, -1.0, -1.0
				for _, vs := range model {
					best := math.Inf(-1)
					for _, v := range vs {
						best = max(best, vision.Cosine(q, v))
					}
					templates += len(vs)
					score, runnerUp = max(score, best), max(runnerUp, min(score, best))
				}
				if g.Len() != len(model) || g.Templates() != templates {
					t.Fatalf("got %d people and %d templates, want %d and %d", g.Len(),
						g.Templates(), len(model), templates)
				}
				_, m := g.Match(vision.Query{Embedding: q}, vision.DefaultDecision())
				if math.Abs(m.Score-score) > 1e-4 || math.Abs(m.RunnerUp-runnerUp) > 1e-4 {
					t.Fatalf("got %v and %v, want %v and %v", m.Score, m.RunnerUp, score, runnerUp)
				}
			},
		})
	})
}

func TestGalleryIsSafeForConcurrentUse(t *testing.T) {
	g := vision.NewGallery(16)
	put(t, g, "constant", direction(1000, 16))
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 200 {
				p := gatehouse.PersonID(fmt.Sprint(w, i%5))
				if err := g.Put(p, direction(uint64(i), 16)); err != nil {
					t.Error(err)
				}
				if got, m := g.Match(vision.Query{Embedding: direction(1000, 16)},
					vision.DefaultDecision()); got != "constant" {
					t.Errorf("got %q, %+v, want constant", got, m)
				}
				g.Remove(p)
			}
		})
	}
	wg.Wait()
	if g.Len() != 1 {
		t.Errorf("got %d people, want 1", g.Len())
	}
}

func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			const dim = 512
			g := vision.NewGallery(dim)
			v := direction(1, dim)
			for i := range n {
				v[i%dim] = -v[i%dim]
				if err := g.Put(gatehouse.PersonID(fmt.Sprint(i)), v); err != nil {
					b.Fatal(err)
				}
			}
			q := vision.Query{Embedding: direction(2, dim)}
			for b.Loop() {
				g.Match(q, vision.DefaultDecision())
			}
		})
	}
}
