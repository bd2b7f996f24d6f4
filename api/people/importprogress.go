package people

import (
	"context"
	"sync"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// maxImports is how many imports report their progress at a time; further ones run without.
const maxImports = 64

// imports holds the progress of running imports, by caller and name. An import that has ended is
// removed: its response says what it did.
type imports struct {
	mu    sync.Mutex
	share map[string]float64
}

// begin registers an import. The caller calls told with the share that is done, and end once. told
// is nil if the name is taken or too many imports run.
func (i *imports) begin(name string) (told func(float64), end func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if _, taken := i.share[name]; taken || len(i.share) >= maxImports {
		return nil, func() {}
	}
	if i.share == nil {
		i.share = map[string]float64{}
	}
	i.share[name] = 0
	told = func(share float64) {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.share[name] = share
	}
	end = func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		delete(i.share, name)
	}
	return told, end
}

func (i *imports) of(name string) (float64, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	share, ok := i.share[name]
	return share, ok
}

// follow registers an import under the name that its caller chose; without one its
// progress is not reported.
func (s *area) follow(ctx context.Context, name string) (told func(float64), end func()) {
	if name == "" {
		return nil, func() {}
	}
	return s.imports.begin(gate.CallerOf(ctx).Name() + " " + name)
}

// ImportProgress is how far an import is.
type ImportProgress struct {
	Share float64 `json:"share" minimum:"0" maximum:"1" doc:"The share that is done, 0 to 1." example:"0.42"`
}

func (s *area) registerImportProgress(tag string) {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/people/import/progress/{id}",
		ID:      "get-import-progress",
		Tag:     tag,
		Perm:    g.PeopleWrite,
		Summary: "How far an import or its preview is",
		Doc: "Under the name that its request gave with `progress`, and for its caller alone. " +
			"404: it has not begun, or it has ended and its request is answered.",
	},
		func(ctx context.Context, in *gate.ByID) (*gate.Body[ImportProgress], error) {
			share, ok := s.imports.of(gate.CallerOf(ctx).Name() + " " + in.ID)
			if !ok {
				return nil, g.Errorf(g.NotFound, "no import %q is under way", in.ID)
			}
			return gate.Answer(ImportProgress{share}, nil)
		})
}
