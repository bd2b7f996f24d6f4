package visits

import (
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/skip2/go-qrcode"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/api/texts"
	"github.com/gatehouse-iot/gatehouse/registry/visits"
)

//go:embed visit.html
var visitHTML string

// policy lets a page show itself with the pictures in it and send its forms, and nothing else: it
// runs no program, so that it works on any telephone.
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'"

// page is what a page shows.
type page struct {
	Language texts.Language
	School   string
	Heading  string
	Said     string // what is wrong, or what came of it
	Refresh  bool   // what it shows may change by itself

	Form   bool
	Once   string // tells a form that is sent twice from two
	Notice string
	sent   url.Values
	field  string // which is wrong

	Visit     *g.Visit
	State     string // in words
	When      string
	ShowPhone bool
	Codes     []code

	Answer bool // the host may
	Leave  bool // the visitor may
	Cancel bool
}

// code is one visitor's code.
type code struct {
	Name  string
	Text  string
	Image template.URL
}

// T says it in the page's language.
func (p page) T(en, zh string) string {
	if p.Language == texts.Chinese {
		return zh
	}
	return en
}

// Short is the page's language in its address, Other the one that it is not in.
func (p page) Short() string { return p.T("en", "zh") }

// Other is the language to change to.
func (p page) Other() string { return p.T("zh", "en") }

// Value is what was typed.
func (p page) Value(name string) string { return p.sent.Get(name) }

// Bad marks what is wrong.
func (p page) Bad(name string) string {
	field, _, _ := strings.Cut(p.field, "[")
	if field == name {
		return "bad"
	}
	return ""
}

// languageOf is the language that the address names, or the browser's.
func languageOf(r *http.Request) texts.Language {
	switch r.URL.Query().Get("l") {
	case "zh":
		return texts.Chinese
	case "en":
		return texts.English
	}
	return gate.LanguageOf(r.Context())
}

// render writes a page. It is kept nowhere, named to nobody and in no frame.
func (s *area) render(w http.ResponseWriter, r *http.Request, status int, p page) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Content-Language", string(p.Language))
	w.WriteHeader(status)
	if err := s.pages.Execute(w, p); err != nil {
		s.Log().DebugContext(r.Context(), "a page was not sent whole", "error", err)
	}
}

// refuse shows that something does not work, in words for whoever holds the link.
func (s *area) refuse(w http.ResponseWriter, r *http.Request, status int, en, zh string) {
	p := page{Language: languageOf(r)}
	p.Heading, p.Said = p.T("This does not work", "无法打开"), p.T(en, zh)
	if status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "60")
	}
	s.render(w, r, status, p)
}

// failed shows what an error says, or that the gateway cannot tell now.
func (s *area) failed(w http.ResponseWriter, r *http.Request, err error) {
	if g.ErrorCode(err) == g.NotFound {
		s.refuse(w, r, http.StatusNotFound, "This link leads to nothing: it is incomplete, was renewed, or what "+
			"it showed is no longer kept. Ask at the gate.", "链接无效：可能不完整、已更换，或内容已删除。请到门卫处询问。")
		return
	}
	s.Log().ErrorContext(r.Context(), "a visitors' page failed", "error", err)
	s.refuse(w, r, http.StatusServiceUnavailable, "The gateway cannot look at this now: try again in a minute.",
		"系统暂时无法处理，请一分钟后再试。")
}

// picture is a text as the picture of a QR code, a data URI.
func picture(text string) (string, error) {
	png, err := qrcode.Encode(text, qrcode.Medium, 260)
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(png), err
}

// codesOf are the codes of those who come, as pictures.
func codesOf(guests []visits.Guest) (out []code, err error) {
	for _, x := range guests {
		if x.Code == "" {
			continue
		}
		image, err := picture(x.Code)
		if err != nil {
			return nil, err
		}
		out = append(out, code{
			Name:  x.Name,
			Text:  x.Code,
			Image: template.URL(image),
		})
	}
	return out, nil
}

// whenOf is the time of a visit by the school's clock.
func whenOf(x g.Visit, zone *time.Location) string {
	from, to := x.From.In(zone), x.To.In(zone)
	last := "15:04"
	if from.Format(time.DateOnly) != to.Format(time.DateOnly) {
		last = "2006-01-02 15:04"
	}
	return from.Format("2006-01-02 15:04") + " – " + to.Format(last)
}
