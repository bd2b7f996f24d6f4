package app

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// askModel bounds how long the driver of faces is waited for.
const askModel = time.Second

// faceModel names what measures faces now, by which it is told whose template is of another one.
// The driver says it, from its start on; where it cannot, it is what the newest face came with.
func (a *App) faceModel() string {
	ctx, cancel := context.WithTimeout(context.Background(), askModel)
	defer cancel()
	got, err := a.host.Command(ctx, a.cfg.Faces.Driver,
		drivers.Command{ID: g.NewID("cmd"), Action: "model"})
	if err == nil {
		if model, _ := got.Values["model"].Text(); model != "" {
			return model
		}
	}
	return a.identify.Model()
}
