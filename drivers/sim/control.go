package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/gatehouse-iot/gatehouse"
)

// Control drives a running Sim over HTTP, on loopback only:
//
//	GET  /equipment                 list, with addresses, power and values
//	POST /equipment/{id}/set        {"values": {"smoke": true}, "for": "30s"}; null: generated again
//	POST /equipment/{id}/sighting   {"method": "card", "credential": "0004"}
//	POST /equipment/{id}/occurrence {"kind": "door", "data": {"what": "forced"}}
//	POST /equipment/{id}/off, …/on  its power
//	POST /equipment/{id}/late       {"by": "3s"}: the next Modbus reply is late
type Control struct {
	sim *Sim
	ln  net.Listener
}

// NewControl listens on an address of the loopback interface. Call Run to serve.
func NewControl(s *Sim, listen string) (*Control, error) {
	host, _, err := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); err != nil ||
		host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, gatehouse.FieldErrorf("control",
			"%q is not on the loopback interface; use e.g. 127.0.0.1:0", listen)
	}
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("listen for control: %w", err)
	}
	return &Control{
		sim: s,
		ln:  ln,
	}, nil
}

// Addr is the address that it listens on.
func (c *Control) Addr() string { return c.ln.Addr().String() }

// Run serves until ctx ends.
func (c *Control) Run(ctx context.Context) error {
	work, cancel := context.WithCancel(ctx)
	defer cancel()
	srv := &http.Server{
		Handler:        c.routes(work),
		ReadTimeout:    10 * time.Second,
		MaxHeaderBytes: 16 << 10,
	}
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		srv.Close()
		close(closed)
	})
	err := srv.Serve(c.ln)
	if stop() {
		return fmt.Errorf("serve control: %w", err)
	}
	<-closed
	return nil
}

func (c *Control) routes(ctx context.Context) http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /equipment", c.list)
	m.HandleFunc("POST /equipment/{id}/set", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Values map[string]gatehouse.Value `json:"values"`
			For    string                     `json:"for"`
		}
		answer(w, decode(w, r, &in, func() error {
			return c.set(ctx, r.PathValue("id"), in.Values, in.For)
		}))
	})
	m.HandleFunc("POST /equipment/{id}/sighting", func(w http.ResponseWriter, r *http.Request) {
		var in Sighting
		answer(w, decode(w, r, &in, func() error { return c.sim.See(r.PathValue("id"), in) }))
	})
	m.HandleFunc("POST /equipment/{id}/occurrence", func(w http.ResponseWriter, r *http.Request) {
		var in Occurrence
		answer(w, decode(w, r, &in, func() error { return c.sim.Happen(r.PathValue("id"), in) }))
	})
	m.HandleFunc("POST /equipment/{id}/late", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			By string `json:"by"`
		}
		answer(w, decode(w, r, &in, func() error {
			d, err := time.ParseDuration(in.By)
			if err != nil {
				return gatehouse.FieldErrorf("by", "%q is no time; write e.g. 3s", in.By)
			}
			return c.sim.Late(r.PathValue("id"), d)
		}))
	})
	for word, on := range map[string]bool{"on": true, "off": false} {
		m.HandleFunc("POST /equipment/{id}/"+word, func(w http.ResponseWriter, r *http.Request) {
			answer(w, c.sim.Power(r.Context(), r.PathValue("id"), on))
		})
	}
	return m
}

func (c *Control) list(w http.ResponseWriter, _ *http.Request) {
	type line struct {
		ID      string                     `json:"id"`
		Kind    string                     `json:"kind"`
		Address string                     `json:"address,omitempty"`
		On      bool                       `json:"on"`
		Values  map[string]gatehouse.Value `json:"values,omitempty"`
	}
	out := []line{}
	now := c.sim.now()
	for _, u := range c.sim.order {
		out = append(out,
			line{u.spec.ID, u.spec.Kind, c.sim.Addr(u.spec.ID), u.powered(), u.state.at(now)})
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(out)
}

// set fixes values, for a time where one is given: they are then released while the Sim
// still runs.
func (c *Control) set(
	ctx context.Context, id string, values map[string]gatehouse.Value, during string,
) error {
	if during == "" {
		return c.sim.Set(id, values)
	}
	d, err := time.ParseDuration(during)
	if err != nil || d <= 0 {
		return gatehouse.FieldErrorf("for", "%q is no time; write e.g. 30s", during)
	}
	if err := c.sim.Set(id, values); err != nil {
		return err
	}
	time.AfterFunc(d, func() {
		if ctx.Err() == nil {
			c.sim.Set(id, release(values))
		}
	})
	return nil
}

func decode(w http.ResponseWriter, r *http.Request, into any, then func() error) error {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return gatehouse.Errorf(gatehouse.Invalid, "the body is not what is wanted here: %v", err)
	}
	return then()
}

func answer(w http.ResponseWriter, err error) {
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	status := map[gatehouse.Code]int{gatehouse.NotFound: 404, gatehouse.Unavailable: 409}[gatehouse.ErrorCode(
		err)]
	if status == 0 {
		status = 400
	}
	var e *gatehouse.Error
	if !errors.As(err, &e) {
		e = gatehouse.Errorf(gatehouse.Invalid, "%v", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(e)
}
