package vision

import (
	"fmt"
	"math"
	"sync"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"

	"github.com/gatehouse-iot/gatehouse"
)

// Gallery holds the face templates of the people whom one school may recognise, one or more a
// person. It is safe for concurrent use. A template's numbers are overwritten when it is removed.
type Gallery struct {
	dim int

	mu     sync.RWMutex
	flat   []float32            // rows of dim numbers, each of unit length
	owner  []int                // row -> place in people
	people []gatehouse.PersonID // "" is a free place
	free   []int
	place  map[gatehouse.PersonID]int
}

// NewGallery makes an empty one for embeddings of dim numbers.
func NewGallery(dim int) *Gallery {
	return &Gallery{
		dim:   dim,
		place: map[gatehouse.PersonID]int{},
	}
}

// Put replaces a person's templates. The numbers are copied and scaled to unit length. If a
// template has the wrong dimension or no direction, Put fails and leaves the person unchanged.
func (g *Gallery) Put(p gatehouse.PersonID, templates ...[]float32) error {
	rows := make([]float32, 0, len(templates)*g.dim)
	for i, t := range templates {
		if len(t) != g.dim {
			return fmt.Errorf("template %d of %s has %d numbers, the gallery's have %d: it was "+
				"made by another model; enrol the face again",
				i+1, p, len(t), g.dim)
		}
		row := append([]float32(nil), t...)
		if !Normalize(row) {
			return fmt.Errorf("template %d of %s has no direction", i+1, p)
		}
		rows = append(rows, row...)
	}
	if p == "" {
		return fmt.Errorf("put templates: no person is named")
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.remove(p)
	if len(rows) == 0 {
		return nil
	}
	var at int
	if n := len(g.free); n > 0 {
		at, g.free = g.free[n-1], g.free[:n-1]
	} else {
		at, g.people = len(g.people), append(g.people, "")
	}
	g.people[at], g.place[p] = p, at
	g.flat = append(g.flat, rows...)
	for range templates {
		g.owner = append(g.owner, at)
	}
	return nil
}

// Remove removes a person and their templates; it does nothing for somebody who is not there.
func (g *Gallery) Remove(p gatehouse.PersonID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.remove(p)
}

func (g *Gallery) remove(p gatehouse.PersonID) {
	at, ok := g.place[p]
	if !ok {
		return
	}
	delete(g.place, p)
	g.people[at], g.free = "", append(g.free, at)
	for r := 0; r < len(g.owner); {
		if g.owner[r] != at {
			r++
			continue
		}
		last := len(g.owner) - 1
		copy(g.flat[r*g.dim:(r+1)*g.dim], g.flat[last*g.dim:])
		clear(g.flat[last*g.dim:])
		g.flat, g.owner[r] = g.flat[:last*g.dim], g.owner[last]
		g.owner = g.owner[:last]
	}
}

// Len is the number of people.
func (g *Gallery) Len() int {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return len(g.place)
}

// Templates is the number of templates of all people.
func (g *Gallery) Templates() int {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return len(g.owner)
}

// Dim is the dimension of the embeddings that the gallery takes.
func (g *Gallery) Dim() int { return g.dim }

// nearest returns the person whose best template is most like the query, among those whom only
// accepts, and the score of the next person; a score of -1 means nobody.
func (g *Gallery) nearest(
	query []float32, only func(gatehouse.PersonID) bool,
) (best gatehouse.PersonID, score, runnerUp float64) {
	score, runnerUp = -1, -1
	g.mu.RLock()
	defer g.mu.RUnlock()
	n := len(g.owner)
	if n == 0 {
		return best, score, runnerUp
	}
	dots := make([]float32, n)
	blas32.Gemv(blas.NoTrans, 1, blas32.General{
		Rows:   n,
		Cols:   g.dim,
		Stride: g.dim,
		Data:   g.flat,
	},
		blas32.Vector{
			N:    g.dim,
			Inc:  1,
			Data: query,
		}, 0, blas32.Vector{
			N:    n,
			Inc:  1,
			Data: dots,
		})
	top := make([]float32, len(g.people))
	for i := range top {
		top[i] = float32(math.Inf(-1))
	}
	for r, o := range g.owner {
		top[o] = max(top[o], dots[r])
	}
	for i, p := range g.people {
		s := float64(top[i])
		if p == "" || s <= runnerUp || only != nil && !only(p) {
			continue
		}
		if s > score {
			best, score, runnerUp = p, s, score
		} else {
			runnerUp = s
		}
	}
	return best, score, runnerUp
}
