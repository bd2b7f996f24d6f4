package guardians

import (
	_ "embed"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/skip2/go-qrcode"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/api/texts"
)

//go:embed family.html
var familyHTML string

// policy lets a page show itself and send its forms, and nothing else: it runs no program, so that it
// works on any telephone.
const policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; " +
	"frame-ancestors 'none'"

// page is what a page shows.
type page struct {
	Language texts.Language
	School   string
	Heading  string
	Said     string // what is wrong
	Done     string // what came of it
	Notice   string

	Ask  string // the form for an address: the ask's own id
	Code string // the form for the code: the ask's id
	CSRF string // of who is signed in; "": nobody is

	Children []tab
	Child    *child
	Form     bool // for leave
	Once     string
	sent     url.Values
	field    string

	Answer *answer
}

// tab leads to one of several children.
type tab struct {
	Name string
	At   string // the address of its part
	Here bool
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
	if p.field == name {
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

// refuse shows that something does not work.
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
		s.refuse(w, r, http.StatusNotFound, "This link leads to nothing: it is incomplete, was renewed, or what it "+
			"showed is no longer kept. Ask the school's office.", "链接无效：可能不完整、已更换，或内容已删除。请咨询学校办公室。")
		return
	}
	s.Log().ErrorContext(r.Context(), "a guardians' page failed", "error", err)
	s.refuse(w, r, http.StatusServiceUnavailable, "The gateway cannot look at this now: try again in a minute.",
		"系统暂时无法处理，请一分钟后再试。")
}

// picture is a text as the picture of a QR code, a data URI.
func picture(text string) (string, error) {
	png, err := qrcode.Encode(text, qrcode.Medium, 260)
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(png), err
}

// span is from when to when by the school's clock; whole days are days alone.
func span(from, to time.Time, zone *time.Location) string {
	from, to = from.In(zone), to.In(zone)
	midnight := func(t time.Time) bool { return t.Format("15:04:05") == "00:00:00" }
	if midnight(from) && midnight(to) {
		last := to.AddDate(0, 0, -1)
		if day := from.Format(time.DateOnly); day != last.Format(time.DateOnly) {
			return day + " – " + last.Format(time.DateOnly)
		}
		return from.Format(time.DateOnly)
	}
	last := "15:04"
	if from.Format(time.DateOnly) != to.Format(time.DateOnly) {
		last = "2006-01-02 15:04"
	}
	return from.Format("2006-01-02 15:04") + " – " + to.Format(last)
}

// labelled is the label of a field, for what is said of it.
func (p page) labelled(field string) string {
	for _, l := range [][3]string{
		{"address", "Telephone number or e-mail", "手机号或邮箱"},
		{"code", "Code", "验证码"},
		{"from", "From", "开始"},
		{"to", "To", "结束"},
		{"kind", "Kind", "类型"},
		{"reason", "Reason", "原因"},
		{"note", "Sick note", "病情说明"},
	} {
		if l[0] == field {
			return p.T(l[1]+": ", l[2]+"：")
		}
	}
	return ""
}

// kindWords are the kinds of leave in the page's language.
func (p page) kindWords(k g.LeaveKind) string {
	switch k {
	case g.LeaveSick:
		return p.T("sick", "病假")
	case g.LeavePersonal:
		return p.T("personal", "事假")
	}
	return p.T("other", "其他")
}

// oneLine is a text without breaks.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
