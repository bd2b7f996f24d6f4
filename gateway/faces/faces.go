// Package faces handles single faces for the API: the camera driver measures a photograph, and a
// face is compared with the school's templates. It refuses to store a photograph or a template, and
// to say who somebody is.
package faces

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/identify"
	"github.com/gatehouse-iot/gatehouse/registry/deeds"
	"github.com/gatehouse-iot/gatehouse/vision"
)

// askModel is how long Model waits for the face driver.
const askModel = time.Second

// Faces is safe for concurrent use.
type Faces struct {
	host     *host.Host
	identify *identify.Identifier
	driver   atomic.Pointer[g.DriverName]
}

// New makes Faces that ask the driver of that name, which need not run yet.
func New(h *host.Host, i *identify.Identifier, driver g.DriverName) *Faces {
	f := &Faces{host: h, identify: i}
	f.Ask(driver)
	return f
}

// Ask sets the driver that is asked from now on.
func (f *Faces) Ask(driver g.DriverName) { f.driver.Store(&driver) }

// Enrol calls the driver's action enrol, which returns the template as little-endian float32.
func (f *Faces) Enrol(ctx context.Context, photo []byte) (p deeds.Portrait, err error) {
	driver := *f.driver.Load()
	got, err := f.host.Command(ctx, driver,
		drivers.Command{
			ID:     g.NewID("cmd"),
			Action: "enrol",
			Data:   photo,
		})
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

// Model names the face model in use, so that templates of other models can be found. It asks the
// face driver; if that does not say, it is the model of the newest face.
func (f *Faces) Model() string {
	ctx, cancel := context.WithTimeout(context.Background(), askModel)
	defer cancel()
	got, err := f.host.Command(ctx, *f.driver.Load(),
		drivers.Command{
			ID:     g.NewID("cmd"),
			Action: "model",
		})
	if err == nil {
		if model, _ := got.Values["model"].Text(); model != "" {
			return model
		}
	}
	return f.identify.Model()
}

// Compare compares a face that is to be enrolled with the school's templates.
func (f *Faces) Compare(
	ctx context.Context, school g.SchoolID, person g.PersonID, face deeds.TrackFace,
) (deeds.Likeness, error) {
	l, err := f.identify.Compare(
		ctx,
		school,
		person,
		face.Model,
		face.Embedding,
	)
	return deeds.Likeness{
		Enrolled: l.Enrolled,
		Own:      l.Own,
		Unlike:   l.Unlike,
		Other:    l.Other,
		Score:    l.Score,
		Alike:    l.Alike,
	}, err
}
