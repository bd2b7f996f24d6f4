package api

import (
	"embed"
	"encoding/json"
	"net/http"
	"net/netip"
	"path"
	"strings"
	"sync"

	g "github.com/gatehouse-iot/gatehouse"
)

//go:embed docs
var docsFiles embed.FS

// plain adds what is no operation of the API: health, metrics, the document, its reader and
// the console.
func (s *Server) plain() {
	s.front.Plain("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		text(w, http.StatusOK, "ok\n")
	})
	s.front.Plain("GET /readyz", s.ready)
	s.front.Plain("GET /metrics", s.metrics)
	doc := s.front.OpenAPI()
	s.front.Plain("GET /openapi.json", s.onceAsked("application/json", func() ([]byte, error) {
		return json.Marshal(doc)
	}))
	s.front.Plain("GET /openapi.yaml", s.onceAsked("application/yaml", doc.YAML))
	// The same in OpenAPI 3.0.3, for generators that know no 3.1.
	s.front.Plain("GET /openapi-3.0.json", s.onceAsked("application/json", func() ([]byte, error) {
		return downgraded(doc)
	}))
	for name, kind := range map[string]string{
		"docs.html": "text/html; charset=utf-8",
		"docs.js":   "text/javascript; charset=utf-8",
		"docs.css":  "text/css; charset=utf-8",
	} {
		at := "/docs/" + name
		if name == "docs.html" {
			at = "/docs"
		}
		s.front.Plain("GET "+at, s.onceAsked(kind, func() ([]byte, error) {
			return docsFiles.ReadFile("docs/" + name)
		}))
	}
	s.front.Rest(s.console)
}

// onceAsked serves what content makes when it is first asked for; it is kept.
func (s *Server) onceAsked(kind string, content func() ([]byte, error)) http.HandlerFunc {
	made := sync.OnceValues(func() (*static, error) {
		b, err := content()
		if err != nil {
			return nil, err
		}
		return newStatic(kind, cacheAsk, b), nil
	})
	return func(w http.ResponseWriter, r *http.Request) {
		f, err := made()
		if err != nil {
			s.deps.Logger.Error("api: cannot be made", "path", r.URL.Path, "err", err)
			text(w, http.StatusInternalServerError, "it cannot be made; the gateway's log says why\n")
			return
		}
		f.ServeHTTP(w, r)
	}
}

func text(w http.ResponseWriter, status int, words string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write([]byte(words))
}

// ready says whether the gateway can do its work: nothing on its status page is critical.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if !s.front.Spares(w, r) {
		text(w, http.StatusTooManyRequests, "too many requests\n")
		return
	}
	if _, err := s.reg.Access.Empty(r.Context()); err != nil {
		text(w, http.StatusServiceUnavailable, "the registry does not answer\n")
		return
	}
	if s.deps.Status != nil {
		for _, c := range s.deps.Status(r.Context()).Checks {
			if c.State == "critical" {
				text(w, http.StatusServiceUnavailable, c.Name+" is critical\n")
				return
			}
		}
	}
	text(w, http.StatusOK, "ready\n")
}

// metrics serves callers on this machine, and over the network those who may read the status.
func (s *Server) metrics(w http.ResponseWriter, r *http.Request) {
	if s.deps.Metrics == nil {
		text(w, http.StatusNotFound, "this gateway has no metrics\n")
		return
	}
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	local := err == nil && ap.Addr().Unmap().IsLoopback() && !s.cfg.TrustProxy &&
		r.Header.Get("X-Forwarded-For") == "" && r.Header.Get("Forwarded") == ""
	if !local && !s.front.Passes(w, r, g.StatusRead) {
		return
	}
	s.deps.Metrics.ServeHTTP(w, r)
}

// console serves the built console; a path that is no file is one of its pages.
func (s *Server) console(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		text(w, http.StatusMethodNotAllowed, "only GET and HEAD\n")
		return
	}
	if s.deps.Console == nil {
		text(w, http.StatusNotFound,
			"The console is not built into this gateway; build it with 'make build'. The API is "+
				"here: /docs\n")
		return
	}
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if name != "" {
		if f := s.pages.get(name); f != nil {
			f.ServeHTTP(w, r)
			return
		}
		if path.Ext(name) != "" {
			text(w, http.StatusNotFound, "there is no such file\n")
			return
		}
	}
	f := s.pages.get("index.html")
	if f == nil {
		text(w, http.StatusNotFound,
			"The console is not built into this gateway; build it with 'make build'. The API is "+
				"here: /docs\n")
		return
	}
	f.ServeHTTP(w, r)
}
