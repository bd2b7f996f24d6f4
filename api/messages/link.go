package messages

import (
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

//go:embed read.html
var readPage string

//go:embed out.html
var outPage string

// shown is what the page of a message shows.
type shown struct {
	messages.Opened
	Leaving messages.Leaving
	Chinese bool
	Missing bool
}

// registerLink adds the page on which whoever got a message says that it was read. It needs no
// sign-in: the link's secret part is the right to it. Reading the page does not count as having read,
// since mail programs open links by themselves.
func (s *area) registerLink() {
	view := s.In(g.SystemScope("read link")).Messages
	show := s.pageOf("read", readPage)
	open := func(w http.ResponseWriter, r *http.Request) {
		x, err := view.Open(r.Context(), r.PathValue("token"))
		if err != nil {
			s.missing(w, r, show, err)
			return
		}
		show(w, r, http.StatusOK, shown{
			Opened:  x,
			Chinese: strings.HasPrefix(x.Language, "zh"),
		})
	}
	s.Page("GET /m/{token}", func(w http.ResponseWriter, r *http.Request) {
		if !s.Spares(w, r) {
			http.Error(w, "too many requests", http.StatusTooManyRequests)
			return
		}
		open(w, r)
	})
	s.Page("POST /m/{token}", func(w http.ResponseWriter, r *http.Request) {
		if !s.Spares(w, r) {
			http.Error(w, "too many requests", http.StatusTooManyRequests)
			return
		}
		if err := view.ReadBy(r.Context(), r.PathValue("token")); err != nil {
			s.missing(w, r, show, err)
			return
		}
		open(w, r)
	})
}

// pageOf shows a page that needs no sign-in and runs nothing.
func (s *area) pageOf(name, text string) func(http.ResponseWriter, *http.Request, int, shown) {
	page := template.Must(template.New(name).Parse(text))
	return func(w http.ResponseWriter, r *http.Request, status int, x shown) {
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'")
		w.WriteHeader(status)
		if err := page.Execute(w, x); err != nil {
			s.Log().DebugContext(r.Context(), "a message's page broke off", "error", err)
		}
	}
}

// registerOut adds the page on which whoever got a message ends such messages. A post ends them, also
// that of a mail program (RFC 8058, section 3.2); looking at the page does not.
func (s *area) registerOut() {
	view := s.In(g.SystemScope("stop link")).Messages
	show := s.pageOf("out", outPage)
	open := func(w http.ResponseWriter, r *http.Request) {
		x, err := view.Leaving(r.Context(), r.PathValue("token"))
		if err != nil {
			s.missing(w, r, show, err)
			return
		}
		show(w, r, http.StatusOK, shown{
			Leaving: x,
			Chinese: strings.HasPrefix(x.Language, "zh"),
		})
	}
	s.Page("GET /m/out/{token}", func(w http.ResponseWriter, r *http.Request) {
		if !s.Spares(w, r) {
			http.Error(w, "too many requests", http.StatusTooManyRequests)
			return
		}
		open(w, r)
	})
	s.Page("POST /m/out/{token}", func(w http.ResponseWriter, r *http.Request) {
		if !s.Spares(w, r) {
			http.Error(w, "too many requests", http.StatusTooManyRequests)
			return
		}
		if err := view.Leave(r.Context(), r.PathValue("token")); err != nil {
			s.missing(w, r, show, err)
			return
		}
		open(w, r)
	})
}

// missing shows that a link leads to nothing, or that the gateway cannot tell now.
func (s *area) missing(
	w http.ResponseWriter, r *http.Request,
	show func(http.ResponseWriter, *http.Request, int, shown), err error,
) {
	chinese := strings.HasPrefix(r.Header.Get("Accept-Language"), "zh")
	var e *g.Error
	if errors.As(err, &e) && e.Code == g.NotFound {
		show(w, r, http.StatusNotFound, shown{
			Chinese: chinese,
			Missing: true,
		})
		return
	}
	s.Log().WarnContext(r.Context(), "a message's page cannot be shown", "error", err)
	http.Error(w, "try again later / 请稍后再试", http.StatusServiceUnavailable)
}
