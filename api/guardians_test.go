package api_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/api/guardians"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// family is a school with a guardians' page, a pupil with a guardian, and another family.
type family struct {
	*world
	links   *gate.Signer
	page    string // path
	from    string // whose address the requests have
	browser *http.Client
	pupil   g.Person
	other   g.Person
	teacher g.UserID
}

func newFamily(t *testing.T) *family {
	t.Helper()
	ctx := t.Context()
	links := gate.NewSigner(bytes.Repeat([]byte{9}, 32))
	w := newWorld(t, behindProxy, func(d *api.Deps) { d.LeaveLinks = links }).schools()
	v := w.system()
	mother := must(v.People.Create(ctx, g.Person{School: w.a.ID, Kind: g.Guardian, Name: "Li Hua"}))(t)
	stranger := must(v.People.Create(ctx, g.Person{
		School: w.a.ID,
		Kind:   g.Guardian,
		Name:   "Wu Min",
		Phone:  "13700000000",
	}))(t)
	pupil := must(v.People.Create(ctx, g.Person{
		School:   w.a.ID,
		Kind:     g.Student,
		Name:     "Li Xiaoming",
		Class:    "7-2",
		Guardian: []g.PersonID{mother.ID},
	}))(t)
	other := must(v.People.Create(ctx, g.Person{
		School:   w.a.ID,
		Kind:     g.Student,
		Name:     "Wu Xiaogang",
		Class:    "7-2",
		Guardian: []g.PersonID{stranger.ID},
	}))(t)
	must(0, v.Messages.PutPersonContact(ctx, mother.ID, messages.Contact{
		Addresses: []messages.ContactAddress{{
			Way:   messages.Email,
			Value: "li@home.example",
		}},
	}))(t)
	must(v.Messages.CreateChannel(ctx, messages.Channel{School: w.a.ID, Kind: "smtp", Name: "Mail"}, nil))(t)
	teacher := must(v.Access.CreateUser(ctx, g.User{
		School:   w.a.ID,
		Name:     "chen",
		FullName: "Chen Jing",
		Role:     g.RoleTeacher,
		Language: "en",
	}, password))(t)
	must(v.Leave.SetChain(ctx, g.LeaveChain{
		School: w.a.ID,
		Classes: []g.ClassTeachers{{
			Class: "7-2",
			Users: []g.UserID{teacher.ID},
		}},
	}))(t)
	page := must(v.Guardians.SetPage(ctx, g.GuardianPage{
		School: w.a.ID,
		On:     true,
		Notice: "Ask the office.",
	}, false))(t)
	x := &family{
		world:   w,
		links:   links,
		page:    "/family/" + page.Code,
		from:    "192.0.2.1",
		pupil:   pupil,
		other:   other,
		teacher: teacher.ID,
	}
	x.anew()
	return x
}

// anew is another telephone.
func (x *family) anew() {
	jar, err := cookiejar.New(nil)
	mustDo(x.t, err)
	x.browser = &http.Client{Jar: jar}
}

// shows sends a request as a telephone does, follows redirects, and looks for parts of the page.
func (x *family) shows(path string, form url.Values, status int, parts ...string) string {
	x.t.Helper()
	method, send := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, send = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(x.t.Context(), method, x.url+path, send)
	mustDo(x.t, err)
	r.Header.Set("X-Forwarded-For", x.from)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := x.browser.Do(r)
	mustDo(x.t, err)
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	mustDo(x.t, err)
	body := string(b)
	if answer.StatusCode != status {
		x.t.Errorf("%s: got %d, want %d: %s", path, answer.StatusCode, status, body)
	}
	for _, part := range parts {
		if !strings.Contains(body, part) {
			x.t.Errorf("got %s, want %q in it", body, part)
		}
	}
	return body
}

// hidden is the value of a form's hidden field.
func hidden(body, name string) string {
	m := regexp.MustCompile(`name="` + name + `" value="([^"]+)"`).FindStringSubmatch(body)
	if m == nil {
		return ""
	}
	return m[1]
}

// code is the newest code that waits to be sent; "": none does.
func (x *family) code() string {
	x.t.Helper()
	ctx, v := x.t.Context(), x.system()
	must(v.Guardians.SendCodes(ctx, 100))(x.t)
	code := ""
	for _, d := range must(v.Messages.Due(ctx, time.Now()))(x.t) {
		for _, l := range must(v.Messages.Letters(ctx, d, time.Now(), 100, nil))(x.t) {
			if l.Kind == "signin" {
				code = l.Params["code"]
			}
		}
	}
	return code
}

// signsIn goes through both steps, and returns the guardian's page.
func (x *family) signsIn() string {
	x.t.Helper()
	ask := hidden(x.shows(x.page, nil, 200, "Ask the office."), "ask")
	said := x.shows(x.page, url.Values{"do": {"ask"}, "ask": {ask}, "address": {"LI@home.example"}}, 200,
		"a code is on its way")
	return x.shows(x.page, url.Values{"do": {"code"}, "ask": {hidden(said, "ask")}, "code": {x.code()}}, 200,
		"Li Xiaoming", "Not seen today.", "Sign out")
}

// TestAGuardiansLeave: a guardian signs in, asks for leave, the class teacher reads why by a link and
// approves, and the page shows it; the other family is nowhere, and signed out nothing is seen.
func TestAGuardiansLeave(t *testing.T) {
	x := newFamily(t)
	ctx, v := t.Context(), x.system()
	body := x.signsIn()
	if strings.Contains(body, "Wu") {
		t.Error("the page shows another family")
	}
	form := func(change ...string) url.Values {
		f := url.Values{
			"do":     {"leave"},
			"csrf":   {hidden(body, "csrf")},
			"c":      {string(x.pupil.ID)},
			"once":   {"0123456789abcdefghijk"},
			"from":   {time.Now().AddDate(0, 0, 2).Format(time.DateOnly)},
			"to":     {time.Now().AddDate(0, 0, 3).Format(time.DateOnly)},
			"kind":   {"sick"},
			"reason": {"has a fever"},
			"note":   {"Rest.\r\nNo sports."},
		}
		for i := 0; i+1 < len(change); i += 2 {
			f.Set(change[i], change[i+1])
		}
		return f
	}
	for want, f := range map[string]url.Values{
		"To: the leave ends before it begins": form("to", "2020-01-01"),
		"From: write the day as":              form("from", "tomorrow"),
		"To: write the time as":               form("to_time", "noon"),
		"Reason: give a":                      form("reason", " "),
		"Kind: ":                              form("kind", "party"),
		"is not one of this page":             form("csrf", "x"),
		"choose the child first":              form("c", string(x.other.ID)),
	} {
		x.shows(x.page, f, 422, want)
	}
	x.shows(x.page, form(), 200, "on its way", "waiting for the class teacher", "has a fever")
	x.shows(x.page, form(), 200, "waiting for the class teacher")
	all := must(v.Leave.Of(ctx, x.pupil.ID, time.Now()))(t)
	if len(all) != 1 {
		t.Fatalf("a form sent twice made %d requests, want one", len(all))
	}
	link := guardians.Answering(x.links)(all[0].ID, 0, x.teacher, time.Now().Add(time.Hour))
	x.anew()
	x.shows(link, nil, 200, "Li Xiaoming", "has a fever", "No sports.", "Do you approve?")
	x.shows(link, url.Values{"do": {"refuse"}, "reason": {" "}}, 422, "Reason: give a")
	x.shows(link, url.Values{"do": {"approve"}}, 200, "It is approved.", "Chen Jing: approved")
	if after := x.shows(link, url.Values{"do": {"refuse"}, "reason": {"no"}}, 200, "It is approved."); strings.Contains(
		after, "fever") {
		t.Error("the link shows the reason after the answer")
	}
	if l := must(v.Sessions.Leave(ctx, string(all[0].ID)))(t); l.Person != x.pupil.ID || !l.To.Equal(all[0].To) {
		t.Errorf("got %+v, want the leave among those of the school", l)
	}
	for why, path := range map[string]string{
		"another gateway's": guardians.Answering(gate.NewSigner(bytes.Repeat([]byte{8}, 32)))(all[0].ID, 0, x.teacher,
			time.Now().Add(time.Hour)),
		"no request": guardians.Answering(x.links)("lea_none", 0, x.teacher, time.Now().Add(time.Hour)),
		"no page":    "/family/none",
	} {
		if got := x.shows(path, nil, 404); strings.Contains(got, "Li") {
			t.Errorf("%s: shows a pupil", why)
		}
	}
	x.shows(guardians.Answering(x.links)(all[0].ID, 0, x.teacher, time.Now().Add(-time.Hour)), nil, 410)
	if other := guardians.Answering(x.links)(all[0].ID, 0, "usr_none", time.Now().Add(time.Hour)); strings.Contains(
		x.shows(other, nil, 200), "fever") {
		t.Error("a user who may not answer reads the reason")
	}
}

// TestTheGuardiansPageKeepsToItself: no code but the right one signs in, what is withdrawn excuses nobody,
// who looked is shown by role, and signed out nothing is seen.
func TestTheGuardiansPageKeepsToItself(t *testing.T) {
	x := newFamily(t)
	ctx, v := t.Context(), x.system()
	for _, typed := range []string{"13999999999", "nobody@home.example"} {
		ask := hidden(x.shows(x.page, nil, 200), "ask")
		said := x.shows(x.page, url.Values{"do": {"ask"}, "ask": {ask}, "address": {typed}}, 200,
			"a code is on its way")
		if x.code() != "" {
			t.Errorf("a code goes to %s", typed)
		}
		x.shows(x.page, url.Values{"do": {"code"}, "ask": {hidden(said, "ask")}, "code": {"000000"}}, 422,
			"this code is not right")
	}
	x.shows(x.page, url.Values{"do": {"ask"}, "ask": {"gc_x"}, "address": {"Li Hua"}}, 422,
		"Telephone number or e-mail: write a telephone number")
	x.shows(x.page, url.Values{"do": {"leave"}, "c": {string(x.pupil.ID)}}, 401, "You are signed out")
	reader := x.user(x.a, g.RoleTeacher)
	reader.do("GET", "/v1/people/"+string(x.pupil.ID)+"?reason=parents+evening", nil).want(200)
	body := x.signsIn()
	x.shows(x.page+"?l=zh", nil, 200, "谁查阅过孩子的信息", "教师：个人信息", "退出登录")
	x.shows(x.page+"?c="+string(x.other.ID), nil, 200, "teacher: the page with personal data")
	asked := must(v.Leave.Ask(ctx, g.LeaveRequest{
		Person:   x.pupil.ID,
		Guardian: x.pupil.Guardian[0],
		From:     time.Now().Add(time.Hour),
		To:       time.Now().Add(2 * time.Hour),
		LeaveRequestDetails: g.LeaveRequestDetails{
			Kind:   g.LeavePersonal,
			Reason: "dentist",
		},
	}))(t)
	csrf, child := hidden(body, "csrf"), string(x.pupil.ID)
	x.shows(x.page, url.Values{"do": {"withdraw"}, "csrf": {csrf}, "c": {child}, "id": {x.ids["request"]}}, 422)
	x.shows(x.page, url.Values{"do": {"withdraw"}, "csrf": {csrf}, "c": {child}, "id": {string(asked.ID)}}, 200,
		"The leave is withdrawn.")
	x.shows(x.page, url.Values{"do": {"out"}, "csrf": {csrf}}, 200, "Send me a code")
	x.shows(x.page, nil, 200, "Send me a code")
	must(v.Guardians.SetPage(ctx, g.GuardianPage{School: x.a.ID}, false))(t)
	x.shows(x.page, nil, 404)
}
