package app

import (
	"context"
	"fmt"
	"net/http"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry/influx"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry/victoria"
)

// series is a store of readings. Append is idempotent, and is called again after an error.
type series interface {
	Append(context.Context, []g.Event, telemetry.Describe) error
	Handler(prefix string, allowed telemetry.Allowed) http.Handler
	Stats() telemetry.Stats
	Close() error
}

// openTelemetry opens the store that the configuration names. A server need not be there yet.
func openTelemetry(in given, dir string) (series, error) {
	c := in.cfg.Telemetry
	if c.Store == "embedded" {
		return embedded(in, dir), nil
	}
	token, err := in.cfg.TelemetryToken()
	if err != nil {
		return nil, err
	}
	switch c.Store {
	case "victoria":
		return noNil(victoria.Open(victoria.Options{
			URL:      c.URL,
			Username: c.Username,
			Token:    token,
			Logger:   in.log,
		}))
	case "influx":
		if c.Username != "" {
			token = c.Username + ":" + token
		}
		return noNil(influx.Open(influx.Options{
			URL:          c.URL,
			Organisation: c.Organisation,
			Bucket:       c.Bucket,
			Token:        token,
			Now:          in.now,
			Logger:       in.log,
		}))
	}
	return nil, g.FieldErrorf("telemetry.store", "%q is no store", c.Store)
}

// embedded begins to open the store in the data folder, and does not wait for it.
func embedded(in given, dir string) series {
	c := in.cfg.Telemetry
	classes := []telemetry.Class{{
		Name:      "default",
		Retention: c.Classes["default"],
	}}
	for name, keep := range c.Classes {
		if name != "default" {
			classes = append(classes, telemetry.Class{
				Name:      name,
				Retention: keep,
			})
		}
	}
	return telemetry.OpenBeside(in.log, func() (*telemetry.Store, error) {
		return telemetry.Open(telemetry.Options{
			Dir:     dir,
			Classes: classes,
			LateBy:  c.LateBy,
			Logger:  in.log,
		})
	})
}

// noNil returns a nil interface beside an error, not an interface that holds a nil store.
func noNil[S series](s S, err error) (series, error) {
	if err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	return s, nil
}

// snapshot copies the embedded store; a server is backed up by whoever runs it.
func snapshot(ctx context.Context, t series, dir string) error {
	o, ok := t.(*telemetry.Opening)
	if !ok {
		return nil
	}
	return o.Snapshot(ctx, dir)
}
