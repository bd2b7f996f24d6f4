package sim

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"sort"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/gatehouse-iot/gatehouse"
)

// Generator produces one value over time. In a scenario it is a bare scalar, which is constant, or
// one of
//
//	{walk: {from: 21, step: 0.1, min: 18, max: 26, every: 1s}}
//	{sine: {mean: 300, amplitude: 200, period: 24h}}
//	{count: {from: 1000, rate: 0.5}}   # rate per second
type Generator struct {
	constant gatehouse.Value
	kind     string // "", walk, sine or count
	number   map[string]float64
	every    time.Duration // walk: between steps; sine: the period
}

// Constant is a Generator that always makes v.
func Constant(v gatehouse.Value) Generator { return Generator{constant: v} }

// UnmarshalYAML parses the forms shown at Generator.
func (g *Generator) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		var x any
		if err := n.Decode(&x); err != nil {
			return fmt.Errorf("line %d: %w", n.Line, err)
		}
		v, err := gatehouse.ValueOf(x)
		if err != nil || v.Kind() == gatehouse.None {
			return fmt.Errorf("line %d: give a number, true, false or a text", n.Line)
		}
		g.constant = v
		return nil
	}
	if n.Kind != yaml.MappingNode || len(n.Content) != 2 || n.Content[1].Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: give a bare value, or one of {walk: {…}}, {sine: {…}}, "+
			"{count: {…}}",
			n.Line)
	}
	g.kind = n.Content[0].Value
	keys := map[string][]string{
		"walk":  {"from", "step", "min", "max", "every"},
		"sine":  {"mean", "amplitude", "period"},
		"count": {"from", "rate"},
	}[g.kind]
	if keys == nil {
		return fmt.Errorf("line %d: %q is no generator; use walk, sine or count", n.Line, g.kind)
	}
	g.number = map[string]float64{}
	g.every = time.Second
	if g.kind == "sine" {
		g.every = 24 * time.Hour
	}
	m := n.Content[1].Content
	for i := 0; i+1 < len(m); i += 2 {
		if err := g.key(keys, m[i].Value, m[i+1]); err != nil {
			return err
		}
	}
	if g.kind == "walk" {
		lo, hasLo := g.number["min"]
		hi, hasHi := g.number["max"]
		if hasLo && hasHi && lo > hi {
			return fmt.Errorf("line %d: min %v is above max %v", n.Line, lo, hi)
		}
	}
	return nil
}

func (g *Generator) key(keys []string, k string, n *yaml.Node) error {
	known := false
	for _, x := range keys {
		known = known || x == k
	}
	if !known {
		return fmt.Errorf("line %d: %q is no key of %s; it has %v", n.Line, k, g.kind, keys)
	}
	if k == "every" || k == "period" {
		if err := n.Decode(&g.every); err != nil || g.every < 10*time.Millisecond {
			return fmt.Errorf("line %d: %s is a time of at least 10ms, e.g. 1s", n.Line, k)
		}
		return nil
	}
	var f float64
	if err := n.Decode(&f); err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return fmt.Errorf("line %d: %s is a number", n.Line, k)
	}
	g.number[k] = f
	return nil
}

// state holds what a piece of equipment measures. It survives power cycles, and is safe for
// concurrent use.
type state struct {
	mu    sync.Mutex
	gens  map[string]Generator
	fixed map[string]gatehouse.Value // set by script or control
	walks map[string]*walk
	start time.Time
}

type walk struct {
	rnd  *rand.Rand
	at   time.Time
	here float64
}

func newState(id string, gens map[string]Generator) *state {
	s := &state{
		gens:  gens,
		fixed: map[string]gatehouse.Value{},
		walks: map[string]*walk{},
	}
	for name, g := range gens {
		if g.kind == "walk" {
			h := fnv.New64a()
			fmt.Fprintf(h, "%s\x00%s", id, name)
			s.walks[name] = &walk{
				rnd:  rand.New(rand.NewPCG(h.Sum64(), 1)),
				here: g.number["from"],
			}
		}
	}
	return s
}

// at returns all values at a time. Times should not go backwards.
func (s *state) at(now time.Time) map[string]gatehouse.Value {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.start.IsZero() {
		s.start = now
	}
	out := make(map[string]gatehouse.Value, len(s.gens))
	for name, g := range s.gens {
		if v, ok := s.fixed[name]; ok {
			out[name] = v
			continue
		}
		out[name] = s.make(name, g, now)
	}
	return out
}

func (s *state) make(name string, g Generator, now time.Time) gatehouse.Value {
	switch g.kind {
	case "sine":
		turn := float64(now.UnixNano()%int64(g.every)) / float64(g.every)
		return gatehouse.NumberValue(g.number["mean"] +
			g.number["amplitude"]*math.Sin(2*math.Pi*turn))
	case "count":
		return gatehouse.NumberValue(g.number["from"] + g.number["rate"]*now.Sub(s.start).Seconds())
	case "walk":
		return gatehouse.NumberValue(s.walks[name].step(g, now))
	}
	return g.constant
}

// step advances the walk to now, by at most 1,000 steps.
func (w *walk) step(g Generator, now time.Time) float64 {
	if w.at.IsZero() {
		w.at = now
	}
	n := int(min(now.Sub(w.at)/g.every, 1000))
	for range n {
		w.here += (2*w.rnd.Float64() - 1) * g.number["step"]
		if lo, ok := g.number["min"]; ok {
			w.here = max(w.here, lo)
		}
		if hi, ok := g.number["max"]; ok {
			w.here = min(w.here, hi)
		}
	}
	if n > 0 {
		w.at = now
	}
	return w.here
}

// set fixes values; None hands a value back to its generator. It sets all of them or none.
func (s *state) set(values map[string]gatehouse.Value) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, v := range values {
		g, ok := s.gens[name]
		if !ok {
			return gatehouse.FieldErrorf(name, "the equipment has no such value; it has %v",
				s.names())
		}
		want := gatehouse.Number
		if g.kind == "" {
			want = g.constant.Kind()
		}
		if v.Kind() != want && v.Kind() != gatehouse.None {
			return gatehouse.FieldErrorf(name,
				"%q is of another type than what the equipment measures", v.String())
		}
	}
	for name, v := range values {
		if v.Kind() == gatehouse.None {
			delete(s.fixed, name)
		} else {
			s.fixed[name] = v
		}
	}
	return nil
}

func (s *state) names() []string {
	out := make([]string, 0, len(s.gens))
	for n := range s.gens {
		out = append(out, n)
	}
	sort.Strings(out)
	return out
}

func toValues(m map[string]any) (map[string]gatehouse.Value, error) {
	out := make(map[string]gatehouse.Value, len(m))
	for k, x := range m {
		v, err := gatehouse.ValueOf(x)
		if err != nil {
			return nil, gatehouse.FieldErrorf(k, "%v", err)
		}
		out[k] = v
	}
	return out, nil
}
