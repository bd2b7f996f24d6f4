// Package faces answers what is asked about faces one at a time: the camera driver looks at a
// photograph, and what it measured is held against the school's templates. It refuses to keep a
// photograph or a template, and to say who somebody is.
package faces

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/identify"
	"github.com/gatehouse-iot/gatehouse/vision"
)

// askModel bounds how long the driver of faces is waited for.
const askModel = time.Second

// Faces is safe for concurrent use.
type Faces struct {
	host     *host.Host
	identify *identify.Identifier
	driver   atomic.Pointer[g.DriverName]
}

// New asks the driver of that name, which need not run yet.
func New(h *host.Host, i *identify.Identifier, driver g.DriverName) *Faces {
	f := &Faces{host: h, identify: i}
	f.Ask(driver)
	return f
}

// Ask has another driver asked from now on.
func (f *Faces) Ask(driver g.DriverName) { f.driver.Store(&driver) }

// Enrol asks the driver's action enrol: its data is the template as little-endian float32.
func (f *Faces) Enrol(ctx context.Context, photo []byte) (p api.Portrait, err error) {
	driver := *f.driver.Load()
	got, err := f.host.Command(ctx, driver,
		drivers.Command{ID: g.NewID("cmd"), Action: "enrol", Data: photo})
	if err != nil {
		return p, err
	}
	template, err := vision.DecodeEmbedding(got.Data)
	if err == nil && len(template) > g.MaxEmbedding {
		err = fmt.Errorf("its face template has %d numbers; at most %d are taken", len(template),
			g.MaxEmbedding)
	}
	if err != nil {
		return p, fmt.Errorf("driver %q: %w", driver, err)
	}
	p.Embedding = template
	p.Quality, _ = got.Values["quality"].Float()
	p.Model, _ = got.Values["model"].Text()
	for _, part := range []string{"mouth", "eyes"} {
		if covered, _ := got.Values["covered_"+part].Bool(); covered {
			p.Covered = append(p.Covered, part)
		}
	}
	return p, nil
}

// Model names what measures faces now, by which it is told whose template is of another one. The
// driver says it, from its start on; where it cannot, it is what the newest face came with.
func (f *Faces) Model() string {
	ctx, cancel := context.WithTimeout(context.Background(), askModel)
	defer cancel()
	got, err := f.host.Command(ctx, *f.driver.Load(),
		drivers.Command{ID: g.NewID("cmd"), Action: "model"})
	if err == nil {
		if model, _ := got.Values["model"].Text(); model != "" {
			return model
		}
	}
	return f.identify.Model()
}

// Compare holds a face that is to be enrolled against the school's templates.
func (f *Faces) Compare(
	ctx context.Context, school g.SchoolID, person g.PersonID, face api.TrackFace,
) (api.Likeness, error) {
	l, err := f.identify.Compare(ctx, school, person, face.Model, face.Embedding)
	return api.Likeness{
		Enrolled: l.Enrolled,
		Own:      l.Own,
		Unlike:   l.Unlike,
		Other:    l.Other,
		Score:    l.Score,
		Alike:    l.Alike,
	}, err
}
