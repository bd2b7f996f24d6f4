package app

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/telemetry"
	"github.com/gatehouse-iot/gatehouse/gateway/telemetry/influx"
	"github.com/gatehouse-iot/gatehouse/gateway/telemetry/victoria"
)

// tokenEnv has the telemetry server's token where no file is named.
const tokenEnv = "GATEHOUSE_TELEMETRY_TOKEN"

// series is a store of readings. Append may be called again with what it has already; after
// an error it will be.
type series interface {
	Append(context.Context, []g.Event, telemetry.Describe) error
	Handler(prefix string, allowed telemetry.Allowed) http.Handler
	Stats() telemetry.Stats
	Close() error
}

// openTelemetry opens the store that the configuration names. A server need not be there yet.
func (a *App) openTelemetry(dir string) (series, error) {
	c := a.cfg.Telemetry
	if c.Store == "embedded" {
		classes := []telemetry.Class{{Name: "default", Retention: c.Classes["default"]}}
		for name, keep := range c.Classes {
			if name != "default" {
				classes = append(classes, telemetry.Class{Name: name, Retention: keep})
			}
		}
		return openBeside(telemetry.Options{Dir: dir, Classes: classes, LateBy: c.LateBy, Logger: a.log}), nil
	}
	token := os.Getenv(tokenEnv)
	if c.TokenFile != "" {
		b, err := os.ReadFile(a.cfg.Path(c.TokenFile))
		if err != nil {
			return nil, fmt.Errorf("telemetry.token_file: %w", err)
		}
		if token = strings.TrimSpace(string(b)); token == "" {
			return nil, fmt.Errorf("telemetry.token_file: %s is empty; write the token into it", a.cfg.Path(c.TokenFile))
		}
	}
	switch c.Store {
	case "victoria":
		return noNil(victoria.Open(victoria.Options{URL: c.URL, Username: c.Username, Token: token, Logger: a.log}))
	case "influx":
		if c.Username != "" {
			token = c.Username + ":" + token
		}
		return noNil(influx.Open(influx.Options{URL: c.URL, Organisation: c.Organisation, Bucket: c.Bucket, Token: token, Now: a.now, Logger: a.log}))
	}
	return nil, g.FieldErrorf("telemetry.store", "%q is no store", c.Store)
}

// noNil makes no series of a store that is nil beside an error.
func noNil[S series](s S, err error) (series, error) {
	if err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	return s, nil
}

func (a *App) applyTelemetry(ctx context.Context, events []g.Event) error {
	return a.telemetry.Append(ctx, events, func(id g.DeviceID) (telemetry.Series, bool) {
		e, ok := a.directory.Known(id)
		return telemetry.Series{Profile: e.Profile.ID, Type: e.Profile.Type, Class: e.Profile.Retention}, ok
	})
}

// snapshotTelemetry copies what is in the data folder; a server of its own is backed up by
// whoever runs it.
func (a *App) snapshotTelemetry(dir string) error {
	o, ok := a.telemetry.(*opening)
	if !ok {
		return nil
	}
	<-o.done
	if o.err != nil {
		return o.err
	}
	return o.store.Snapshot(dir)
}

// opening is the embedded store while it is read from the disk, which takes a busy school's
// last hours some seconds and a district's some minutes: devices are not kept waiting for it.
// Until then readings wait in the journal, and queries are answered "unavailable".
type opening struct {
	done  chan struct{}
	store *telemetry.Store
	err   error
}

func openBeside(opt telemetry.Options) *opening {
	o := &opening{done: make(chan struct{})}
	go func() { // Close waits for it
		defer close(o.done)
		o.store, o.err = telemetry.Open(opt)
	}()
	return o
}

// ready is the store; nil where it is not there yet.
func (o *opening) ready() *telemetry.Store {
	select {
	case <-o.done:
		return o.store
	default:
		return nil
	}
}

func (o *opening) Append(ctx context.Context, events []g.Event, describe telemetry.Describe) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-o.done:
	}
	if o.err != nil {
		return o.err
	}
	return o.store.Append(ctx, events, describe)
}

func (o *opening) Handler(prefix string, allowed telemetry.Allowed) http.Handler {
	if s := o.ready(); s != nil {
		return s.Handler(prefix, allowed)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Retry-After", "5")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, `{"status":"error","errorType":"unavailable","error":"the telemetry is still being read from the disk; ask again in a moment"}`)
	})
}

func (o *opening) Stats() telemetry.Stats {
	if s := o.ready(); s != nil {
		return s.Stats()
	}
	return telemetry.Stats{}
}

func (o *opening) Close() error {
	<-o.done
	if o.store == nil {
		return nil
	}
	return o.store.Close()
}
