package gate

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/time/rate"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// Options are what a gate is made of. Registry, Document, Now and Logger are needed.
type Options struct {
	Registry *registry.Registry

	// Document is what the operations are described in. Its components have their schemas
	// already; New adds the answers, parameters and credentials that all operations share.
	Document *huma.OpenAPI

	// Known, if not nil, is called with the context of each request whose caller is authenticated,
	// so that its connection no longer counts as a stranger's.
	Known func(context.Context)

	Address string  // how people reach the gateway; "": by what they used
	Secure  bool    // people come over TLS
	Proxied bool    // a reverse proxy in front sets X-Forwarded-For; its last entry is believed
	Rate    float64 // requests per second and caller; 0: 100. The burst is three times it

	Now    func() time.Time
	Logger *slog.Logger
}

// Gate is what every request passes, and where the areas of the API register their operations.
type Gate struct {
	opt Options
	reg *registry.Registry
	log *slog.Logger
	now func() time.Time

	mux   *http.ServeMux
	api   huma.API
	cross *http.CrossOriginProtection

	callers   *Limiter // by key or user
	remotes   *Limiter // public endpoints, by address
	strangers *Limiter // wrong credentials, by address
	signIns   *Limiter // attempts to sign in, by address
	idem      *idempotency
	walks     *registry.Walks

	words  []string         // lines of Words, area by area
	atLast []func(*Schemas) // functions of AtLast
}

// New makes a gate without operations.
func New(o Options) (*Gate, error) {
	perSecond := rate.Limit(cmp.Or(max(o.Rate, 0), 100))
	burst := int(3 * perSecond)
	r := &Gate{
		opt:       o,
		reg:       o.Registry,
		log:       o.Logger,
		now:       o.Now,
		mux:       http.NewServeMux(),
		cross:     http.NewCrossOriginProtection(),
		callers:   NewLimiter(perSecond, burst, 10_000),
		remotes:   NewLimiter(perSecond, burst, 10_000),
		strangers: NewLimiter(2, 60, 10_000),
		signIns:   NewLimiter(rate.Every(3*time.Second), 20, 10_000),
		idem:      newIdempotency(o.Registry),
		walks:     registry.NewWalks(100_000),
	}
	if o.Address != "" {
		if err := r.cross.AddTrustedOrigin(o.Address); err != nil {
			return nil, g.FieldErrorf("base_url",
				"%q is no origin; write it as https://gate.school.example, without a path",
				o.Address)
		}
	}
	nameStrictly()
	r.document()
	return r, nil
}

// Handler serves the gate's operations, and what Plain and Rest added.
func (gt *Gate) Handler() http.Handler { return gt.outer(gt.mux) }

// OpenAPI is the document, with the operations that were registered so far.
func (gt *Gate) OpenAPI() *huma.OpenAPI { return gt.api.OpenAPI() }

// Now is the time by the gateway's clock.
func (gt *Gate) Now() time.Time { return gt.now() }

// Log is for what callers must not see.
func (gt *Gate) Log() *slog.Logger { return gt.log }

// In is the registry as a scope sees it. Most areas need View, the registry as the caller sees it.
func (gt *Gate) In(scope g.Scope) *registry.View { return gt.reg.In(scope) }

// Plain adds a handler outside of the API's operations, which takes no query parameters.
func (gt *Gate) Plain(pattern string, h http.HandlerFunc) { gt.mux.HandleFunc(pattern, gt.bare(h)) }

// Page adds a page for people, as Plain does, whatever stands in its query: programs in which a link is
// passed on add words of their own.
func (gt *Gate) Page(pattern string, h http.HandlerFunc) { gt.mux.HandleFunc(pattern, h) }

// Rest handles all other paths: those below /v1/ with a problem, the rest with h.
func (gt *Gate) Rest(h http.HandlerFunc) {
	gt.mux.HandleFunc("/v1/", gt.unknown)
	gt.mux.HandleFunc("/", h)
}

// unknown refuses unknown paths under /v1, and methods that a path lacks.
func (gt *Gate) unknown(w http.ResponseWriter, r *http.Request) {
	var allow []string
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		probe := r.Clone(r.Context())
		probe.Method = method
		if _, pattern := gt.mux.Handler(probe); pattern != "/v1/" {
			allow = append(allow, method)
		}
	}
	if len(allow) > 0 {
		w.Header().Set("Allow", strings.Join(allow, ", "))
		refuse(w,
			NewProblem(r.Context(), http.StatusMethodNotAllowed, g.Invalid,
				g.Textf("this path takes %s only", strings.Join(allow, ", "))))
		return
	}
	refuse(w,
		NewProblem(r.Context(), http.StatusNotFound, g.NotFound,
			g.Word("there is no such path; /docs lists them")))
}

// Passes admits a request outside of the operations: it is true if the caller has the permission
// and is within the rate. Otherwise it has written the response.
func (gt *Gate) Passes(w http.ResponseWriter, r *http.Request, p g.Permission) bool {
	if _, err := gt.admit(w, r, Endpoint{Perm: p}); err != nil {
		refuse(w, gt.problem(r.Context(), err))
		return false
	}
	return true
}

// Spares tells whether an address is within its rate, whoever asks; if not,
// it sets the headers for it.
func (gt *Gate) Spares(w http.ResponseWriter, r *http.Request) bool {
	v := gt.remotes.Allow(gt.Remote(r), gt.now())
	if !v.OK {
		v.tell(w.Header())
	}
	return v.OK
}

// TrySignIn counts an attempt to sign in under a name, and refuses it where there are too many.
func (gt *Gate) TrySignIn(name string) bool { return gt.signIns.Allow(name, gt.now()).OK }

// Base is the address by which the caller reached the gateway, or the configured one.
func (gt *Gate) Base(r *http.Request) string {
	if gt.opt.Address != "" {
		return strings.TrimSuffix(gt.opt.Address, "/")
	}
	if r.TLS != nil || gt.opt.Secure {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
