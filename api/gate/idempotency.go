package gate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"sync"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/access"
)

// Limits of a response that is kept for an Idempotency-Key; the registry
// limits all of them together.
const (
	idemOne = 256 << 10 // bytes of one response; a larger one is not kept and frees its key
	idemKey = 255       // bytes of a key
)

// idempotency executes POSTs that carry an Idempotency-Key once. The responses are kept in the
// registry, so they survive a restart; here is only which requests are under way. Only success is
// kept: after an error the same key tries again.
type idempotency struct {
	reg *registry.View
	mu  sync.Mutex
	way map[string]bool // by name
}

func newIdempotency(reg *registry.Registry) *idempotency {
	return &idempotency{
		reg: reg.In(g.SystemScope("api")),
		way: map[string]bool{},
	}
}

// begin finds the answer kept under a name, or reserves the name where there is none.
func (i *idempotency) begin(
	ctx context.Context, name, request string,
) (*access.KeptAnswer, error) {
	i.mu.Lock()
	busy := i.way[name]
	i.way[name] = true
	i.mu.Unlock()
	if busy {
		return nil, g.Errorf(g.Conflict,
			"the first request with this %s is still under way; try again shortly", idemHeader)
	}
	kept, found, err := i.reg.Access.BeginOnce(ctx, name, request)
	if err == nil && !found {
		return nil, nil
	}
	i.free(name)
	switch {
	case err != nil:
		return nil, err
	case kept.Request != request:
		return nil, g.Errorf(g.Conflict,
			"this %s was used with another request; use a new key for a new request", idemHeader)
	case kept.Status == 0:
		return nil, g.Errorf(g.Conflict,
			"the gateway stopped while the first request with this %s was under way: look "+
				"whether it was done, and use a new key to do it again",
			idemHeader)
	}
	return &kept, nil
}

func (i *idempotency) free(name string) {
	i.mu.Lock()
	delete(i.way, name)
	i.mu.Unlock()
}

// end keeps the answer, or frees the key where there is nothing to keep.
func (i *idempotency) end(ctx context.Context, name string, c *capture) error {
	defer i.free(name)
	var a access.KeptAnswer
	if c.status >= 200 && c.status <= 299 && !c.over {
		a = access.KeptAnswer{
			Status: c.status,
			Header: map[string]string{},
			Body:   c.body.Bytes(),
		}
		for _, header := range []string{"Content-Type", "Location", "ETag"} {
			if v := c.Header().Get(header); v != "" {
				a.Header[header] = v
			}
		}
	}
	return i.reg.Access.EndOnce(context.WithoutCancel(ctx), name, a)
}

// once serves a POST that carries an Idempotency-Key: the first time it executes it, later it
// repeats the kept response.
func (gt *Gate) once(w http.ResponseWriter, r *http.Request, c *Caller, next http.Handler) {
	key := r.Header.Get(idemHeader)
	if len(key) > idemKey {
		refuse(w,
			gt.problem(r.Context(),
				g.FieldErrorf(idemHeader, "the key has %d bytes; at most %d are taken", len(key),
					idemKey)))
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		var big *http.MaxBytesError
		if !errors.As(err, &big) {
			err = g.Errorf(g.Invalid, "the body broke off")
		}
		refuse(w, gt.problem(r.Context(), err))
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	name := hashed(c.Name(), key)
	kept, err := gt.idem.begin(r.Context(), name,
		hashed(r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"), string(body)))
	if err != nil {
		refuse(w, gt.problem(r.Context(), err))
		return
	}
	if kept != nil {
		for k, v := range kept.Header {
			w.Header().Set(k, v)
		}
		w.Header().Set("Idempotent-Replayed", "true")
		w.WriteHeader(kept.Status)
		w.Write(kept.Body)
		return
	}
	rec := &capture{ResponseWriter: w}
	defer func() { // also where next panics: the key is free again
		if err := gt.idem.end(r.Context(), name, rec); err != nil {
			gt.log.WarnContext(r.Context(), "an answer cannot be kept for its Idempotency-Key",
				"request_id", RequestID(r.Context()), "error", err)
		}
	}()
	next.ServeHTTP(rec, r)
}

// hashed is the SHA-256 over the hashes of the parts, so that no two lists of parts are confused.
func hashed(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		one := sha256.Sum256([]byte(p))
		h.Write(one[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// capture copies an answer on its way out.
type capture struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
	over   bool
}

func (c *capture) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *capture) Write(b []byte) (int, error) {
	if c.status == 0 {
		c.status = http.StatusOK
	}
	if c.body.Len()+len(b) > idemOne {
		c.over = true
	} else if !c.over {
		c.body.Write(b)
	}
	return c.ResponseWriter.Write(b)
}

// Unwrap gives http.ResponseController the writer below.
func (c *capture) Unwrap() http.ResponseWriter { return c.ResponseWriter }
