package api_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/api/visits"
	regvisits "github.com/gatehouse-iot/gatehouse/registry/visits"
)

// reception is a school with a visitors' page and somebody to visit.
type reception struct {
	*world
	links *visits.Links
	page  string // path
	from  string // whose address the requests have
	host  g.UserID
	zone  *time.Location
}

func newReception(t *testing.T) *reception {
	links := visits.NewLinks(bytes.Repeat([]byte{9}, 32))
	w := newWorld(t, behindProxy, func(d *api.Deps) { d.VisitLinks = links }).schools()
	host := must(w.system().Access.CreateUser(t.Context(), g.User{
		School:   w.a.ID,
		Name:     "chen",
		FullName: "Chen Jing",
		Role:     g.RoleTeacher,
		Language: "en",
	}, password))(t)
	page := must(w.system().Visits.SetPage(t.Context(), g.VisitPage{
		School:   w.a.ID,
		On:       true,
		Notice:   "Ask the office.",
		NoticeZH: "请咨询办公室。",
	}, false))(t)
	return &reception{
		world: w,
		links: links,
		page:  "/visit/" + page.Code,
		from:  "192.0.2.1",
		host:  host.ID,
		zone:  w.a.Location(),
	}
}

// ask sends a request as a telephone does that has never signed in, and follows no redirect.
func (w *reception) ask(path string, form url.Values) (status int, to, body string) {
	w.t.Helper()
	method, send := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, send = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, send)
	mustDo(w.t, err)
	r.Header.Set("X-Forwarded-For", w.from)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := c.Do(r)
	mustDo(w.t, err)
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	mustDo(w.t, err)
	return answer.StatusCode, answer.Header.Get("Location"), string(b)
}

func (w *reception) shows(path string, form url.Values, status int, parts ...string) string {
	w.t.Helper()
	got, _, body := w.ask(path, form)
	if got != status {
		w.t.Errorf("got %d, want %d: %s", got, status, body)
	}
	for _, part := range parts {
		if !strings.Contains(body, part) {
			w.t.Errorf("got %s, want %q in it", body, part)
		}
	}
	return body
}

// form is what a visitor fills in for a visit that goes on now.
func (w *reception) form(change ...string) url.Values {
	now := time.Now().In(w.zone)
	f := url.Values{
		"once":    {"0123456789abcdefghijk"},
		"name":    {"Zhou Qiang"},
		"phone":   {"138 0000 0000"},
		"host":    {"chen  jing"},
		"purpose": {"Repairs the lift"},
		"day":     {now.Format(time.DateOnly)},
		"from":    {"00:00"},
		"to":      {"00:00"},
		"consent": {"yes"},
	}
	for i := 0; i+1 < len(change); i += 2 {
		f.Set(change[i], change[i+1])
	}
	return f
}

// registered is the visitor's own page after a registration.
func (w *reception) registered(f url.Values) string {
	w.t.Helper()
	status, to, body := w.ask(w.page, f)
	if status != http.StatusSeeOther || !strings.HasPrefix(to, "/visit/at/") {
		w.t.Fatalf("got %d to %q, want the visitor's own page: %s", status, to, body)
	}
	return to
}

func (w *reception) visits() []g.Visit {
	return must(w.system().Visits.List(w.t.Context(), w.a.ID, "", time.Now()))(w.t)
}

var codeText = regexp.MustCompile(`<p>(V[A-Z2-7]{16})</p>`)

// TestAVisitorsDay goes through it by the pages: a form, the host's link, the code, and leaving.
func TestAVisitorsDay(t *testing.T) {
	w := newReception(t)
	w.shows(w.page, nil, 200, "Register your visit", "Ask the office.")
	w.shows(w.page+"?l=zh&from=singlemessage", nil, 200, "访客登记", "请咨询办公室。")
	before := len(w.visits())
	own := w.registered(w.form("names", "Li Na\r\n\r\n Wang Wei"))
	if again := w.registered(w.form()); again != own || len(w.visits()) != before+1 {
		t.Errorf("the form sent twice led to %q and %d visits, want one", again, len(w.visits()))
	}
	w.shows(own, nil, 200, "Waiting for an answer", "Li Na", "chen  jing")
	var v g.Visit
	for _, x := range w.visits() {
		if x.Public {
			v = x
		}
	}
	if v.Group != 3 || v.Phone != "" {
		t.Errorf("got %+v, want three, and no telephone number in a list", v)
	}
	link := w.links.Host(v.ID, string(w.host), v.To)
	w.shows(link, nil, 200, "Zhou Qiang", "138 0000 0000", "Accept")
	w.shows(link, url.Values{"do": {"refuse"}}, 422, "reason")
	w.shows(link, url.Values{"do": {"accept"}, "escort": {"yes"}, "places": {"Building 2"}}, 200, "They are expected")
	w.shows(link, url.Values{"do": {"refuse"}, "reason": {"changed my mind"}}, 200, "They are expected")
	body := w.shows(own, nil, 200, "You are expected", "Building 2", "fetches you", "data:image/png;base64,")
	codes := codeText.FindAllStringSubmatch(body, -1)
	if len(codes) != 3 {
		t.Fatalf("got %d codes, want one for each: %s", len(codes), body)
	}
	ctx, reg := t.Context(), w.system()
	holder := must(reg.People.Standing(ctx, w.a.ID, g.ByQR, codes[0][1], false))(t)
	if holder.Why != "" || holder.Kind != g.Visitor {
		t.Errorf("got %+v, want a visitor who may pass", holder)
	}
	seen, found, err := reg.Visits.Pass(ctx, regvisits.Passed{
		Person:    holder.Person,
		Direction: g.In,
		At:        time.Now(),
	})
	if err != nil || !found || seen.State != g.VisitOnSite {
		t.Fatalf("got %+v, %v, %v, want them on site", seen, found, err)
	}
	if inside := must(reg.People.Standing(ctx, w.a.ID, g.ByQR, codes[0][1], false))(t); inside.Held.Refuses(g.In) !=
		g.ReasonPassInside || inside.Held.Refuses(g.Out) != "" {
		t.Errorf("got %+v, want the way in closed and the way out open", inside)
	}
	w.shows(own, nil, 200, "You have been here since", "I have left")
	w.shows(own+"&l=zh", url.Values{"do": {"leave"}}, 200)
	w.shows(own, url.Values{"do": {"leave"}}, 200, "You have left")
	if gone := must(reg.People.Standing(ctx, w.a.ID, g.ByQR, codes[1][1], false))(t); gone.Why != g.ReasonNobody {
		t.Errorf("got %+v, want the code ended", gone)
	}
}

// TestBadRegistrations: what is wrong is said beside its label, with what was typed; and nothing is
// kept.
func TestBadRegistrations(t *testing.T) {
	w := newReception(t)
	before := len(w.visits())
	for want, change := range map[string][]string{
		"Your name:":                 {"name", " "},
		"Your telephone number:":     {"phone", "no"},
		"Whom you visit:":            {"host", ""},
		"without your consent":       {"consent", ""},
		"ends before it begins":      {"from", "12:00", "to", "11:00"},
		"write the day as":           {"day", "tomorrow"},
		"this time is over":          {"day", "2020-02-30"},
		"at most 20":                 {"names", strings.Repeat("A B\n", 21)},
		"Why you come:":              {"purpose", strings.Repeat("x", 201)},
		"Who comes with you:":        {"names", "Li\x00Na"},
		"Car&#39;s plate:":           {"plate", strings.Repeat("A", 41)},
		"did not arrive whole":       {"purpose", strings.Repeat("x", 40<<10)},
		"To: it ends before it begi": {"from", "23:00", "to", "22:00"},
	} {
		w.from = "192.0.2." + fmt.Sprint(len(want))
		f := w.form(change...)
		if change[1] == "2020-02-30" {
			f.Set("day", "2020-02-28")
		}
		status, _, body := w.ask(w.page, f)
		if status != 422 && status != 400 || !strings.Contains(body, want) {
			t.Errorf("%v: got %d %s, want %q", change, status, body, want)
		}
	}
	if got := len(w.visits()); got != before {
		t.Errorf("got %d visits, want none more than %d", got, before)
	}
}

// TestNobodyIsConfirmed: the page answers the same whether there is such a host, and whether who comes
// is barred; of a barred visitor no host can accept, and no code is made.
func TestNobodyIsConfirmed(t *testing.T) {
	w := newReception(t)
	ctx := t.Context()
	var pages []string
	hide := regexp.MustCompile(`Chen Jing|Nobody At All|Wu Gang|Zhou Qiang`)
	for i, f := range []url.Values{
		w.form("once", strings.Repeat("a", 25), "host", "Chen Jing"),
		w.form("once", strings.Repeat("b", 25), "host", "Nobody At All"),
		w.form("once", strings.Repeat("c", 25), "host", "Chen Jing", "name", "Wu Gang", "phone", "+86 139-0000-0000"),
	} {
		own := w.registered(f)
		body := hide.ReplaceAllString(w.shows(own, nil, 200), "…")
		if pages = append(pages, body); body != pages[0] {
			t.Errorf("registration %d: got %s, want the same as %s", i, body, pages[0])
		}
	}
	for _, x := range w.visits() {
		if !x.Barred {
			continue
		}
		link := w.links.Host(x.ID, string(w.host), x.To)
		w.shows(link, url.Values{"do": {"accept"}}, 200, "Security decides")
		if _, err := w.system().Visits.Move(ctx, x.ID, regvisits.Step{State: g.VisitExpected}); g.ErrorCode(err) !=
			g.Conflict {
			t.Errorf("got %v, want the approval of a barred visitor refused", err)
		}
		return
	}
	t.Error("nobody was found on the barred list")
}

// TestVisitLinks: a link of another purpose, another person, changed or over opens nothing, and a
// page's link ends when it is renewed or switched off.
func TestVisitLinks(t *testing.T) {
	w := newReception(t)
	own := w.registered(w.form())
	v := w.visits()[0]
	for _, x := range w.visits() {
		if x.Public {
			v = x
		}
	}
	hour := time.Now().Add(time.Hour)
	swap := func(path, from, to string) string { return strings.Replace(path, from, to, 1) }
	for name, path := range map[string]string{
		"a visitor's as a host's": swap(own, "/visit/at/", "/visit/for/"),
		"a host's as a visitor's": swap(w.links.Host(v.ID, string(w.host), hour), "/visit/for/", "/visit/at/"),
		"cut off":                 own[:len("/visit/at/")+20],
		"another gateway's":       visits.NewLinks(bytes.Repeat([]byte{8}, 32)).Own(v.ID, hour),
		"no visit":                w.links.Own("vis_none", hour),
		"no page":                 "/visit/none",
	} {
		if status, _, body := w.ask(path, nil); status != 404 || !strings.Contains(body, "leads to nothing") {
			t.Errorf("%s: got %d %s, want nothing there", name, status, body)
		}
	}
	w.shows(w.links.Host(v.ID, "usr_other", hour), url.Values{"do": {"accept"}}, 403, "may not answer")
	w.shows(w.links.Host(v.ID, string(w.host), time.Now().Add(-time.Minute)), nil, 410, "has ended")
	admin := w.user(w.a, g.RoleAdmin)
	var page struct{ Link string }
	admin.do("POST", "/v1/visit-page", map[string]any{"on": true, "renew": true}).want(200).into(&page)
	w.shows(w.page, nil, 404)
	w.shows(page.Link, nil, 200, "Register your visit")
	admin.do("POST", "/v1/visit-page", map[string]any{"on": false}).want(200)
	w.shows(page.Link, nil, 404)
}

// TestAHostIsNotFlooded: so many registrations for one name, and so many of one address, are refused.
func TestAHostIsNotFlooded(t *testing.T) {
	w := newReception(t)
	refused := 0
	for i := range 15 {
		w.from = fmt.Sprintf("198.51.100.%d", i)
		host := []string{"Chen Jing", "CHEN-JING", "chen jing "}[i%3]
		if status, _, _ := w.ask(w.page, w.form("once", fmt.Sprintf("%025d", i), "host", host)); status == 429 {
			refused++
		}
	}
	if refused != 3 {
		t.Errorf("%d of 15 registrations for one host were refused, want 3", refused)
	}
	refused = 0
	for i := range 23 {
		f := w.form("once", fmt.Sprintf("%026d", i), "host", fmt.Sprint("H", i))
		if status, _, _ := w.ask(w.page, f); status == 429 {
			refused++
		}
	}
	if refused == 0 {
		t.Error("no registration of one address was refused")
	}
}
