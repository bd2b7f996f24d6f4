package visits

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"golang.org/x/time/rate"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/visits"
)

// mostForm is the most bytes that a form may have.
const mostForm = 32 << 10

// limits bound what is done before anybody is signed in.
type limits struct {
	looks   *gate.Limiter // by address: of every page
	byHost  *gate.Limiter // registrations for one name as typed: a host is not flooded with messages
	remotes *gate.Limiter // registrations, by address
	schools *gate.Limiter // registrations, by school
}

func newLimits() limits {
	return limits{
		looks:   gate.NewLimiter(2, 60, 10_000),
		byHost:  gate.NewLimiter(rate.Every(5*time.Minute), 12, 10_000),
		remotes: gate.NewLimiter(rate.Every(10*time.Second), 20, 10_000),
		schools: gate.NewLimiter(rate.Every(5*time.Second), 120, 10_000),
	}
}

// registerPages adds the pages that need no sign-in: a link's secret part is the right to what it
// shows. A GET changes nothing, since mail scanners and previews follow links.
func (s *area) registerPages() {
	s.pages = template.Must(template.New("visit").Parse(visitHTML))
	s.limits = newLimits()
	for path, h := range map[string]http.HandlerFunc{
		pagePath + "{code}":  s.schoolPage,
		ownPath + "{token}":  s.ownPage,
		hostPath + "{token}": s.hostPage,
	} {
		h := func(w http.ResponseWriter, r *http.Request) {
			if !s.limits.looks.Allow(s.Remote(r), s.Now()).OK {
				s.refuse(w, r, http.StatusTooManyRequests,
					"Too many tries from your address: wait a minute, then try again.",
					"访问过于频繁，请一分钟后再试。")
				return
			}
			r.Body = http.MaxBytesReader(w, r.Body, mostForm)
			h(w, r)
		}
		s.Page("GET "+path, h)
		s.Page("POST "+path, h)
	}
}

func (s *area) system() *registry.View { return s.In(g.SystemScope("visit page")) }

// schoolPage is a school's public page. It answers the same whoever registers and whomever they name:
// it tells neither who works at the school nor who is barred.
func (s *area) schoolPage(w http.ResponseWriter, r *http.Request) {
	v := s.system()
	of, err := v.Visits.PageOf(r.Context(), r.PathValue("code"))
	if err != nil {
		s.failed(w, r, err)
		return
	}
	school, err := v.Places.School(r.Context(), of.School)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	p := page{
		Language: languageOf(r),
		School:   school.Name,
		Form:     true,
		Once:     rand.Text(),
		sent:     url.Values{},
	}
	p.Heading, p.Notice = p.T("Register your visit", "访客登记"), p.T(of.Notice, of.NoticeZH)
	if p.Notice == "" {
		p.Notice = of.Notice + of.NoticeZH
	}
	if r.Method != http.MethodPost {
		begin := s.Now().In(school.Location()).Truncate(15 * time.Minute)
		p.sent.Set("day", begin.Format(time.DateOnly))
		p.sent.Set("from", begin.Format("15:04"))
		end := begin.Add(2 * time.Hour)
		if end.Day() != begin.Day() {
			end = time.Date(begin.Year(), begin.Month(), begin.Day()+1, 0, 0, 0, 0, begin.Location())
		}
		p.sent.Set("to", end.Format("15:04"))
		s.render(w, r, http.StatusOK, p)
		return
	}
	if err := r.ParseForm(); err != nil {
		p.Said = p.T("The form did not arrive whole: send it again.", "表单未完整送达，请重新提交。")
		s.render(w, r, http.StatusBadRequest, p)
		return
	}
	p.sent = r.PostForm
	x, err := formOf(r.PostForm, school.Location())
	if err == nil {
		if !s.may(r, of.School, x.Host) {
			p.Said = p.T("There are too many registrations right now. Wait a few minutes, or register at the gate.",
				"当前登记过多，请稍后再试，或到门卫处登记。")
			w.Header().Set("Retry-After", "300")
			s.render(w, r, http.StatusTooManyRequests, p)
			return
		}
		x.School, x.Public, x.ID = of.School, true, idOf(of.Code, r.PostForm.Get("once"))
		x.Visit, err = v.Visits.Register(r.Context(), x)
	}
	var e *g.Error
	switch {
	case errors.As(err, &e) && (e.Code == g.Invalid || e.Code == g.TooLarge):
		p.Once, p.field = r.PostForm.Get("once"), e.Field
		p.Said = p.labelled(e.Field) + p.Language.Message(e)
		if e.Code == g.TooLarge {
			p.Said = p.T("The school cannot take more registrations here now: please register at the gate.",
				"学校暂时无法在此登记更多来访，请到门卫处登记。")
		}
		s.render(w, r, http.StatusUnprocessableEntity, p)
		return
	case err != nil:
		s.failed(w, r, err)
		return
	}
	http.Redirect(w, r, s.links.Own(x.Visit.ID, x.To.Add(visits.Keep))+"?l="+p.Short(), http.StatusSeeOther)
}

// may takes a registration from what an address, a school and a host get.
func (s *area) may(r *http.Request, school g.SchoolID, host string) bool {
	host = strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, host))
	now := s.Now()
	return s.limits.remotes.Allow(s.Remote(r), now).OK && s.limits.schools.Allow(string(school), now).OK &&
		s.limits.byHost.Allow(string(school)+" "+host, now).OK
}

// idOf is the visit of a form: sent twice, it is one.
func idOf(page, once string) g.VisitID {
	if len(once) < 20 {
		once = rand.Text()
	}
	sum := sha256.Sum256([]byte(page + " " + once))
	return g.VisitID("vis_" + hex.EncodeToString(sum[:12]))
}

// formOf reads the form. Day and times are by the school's clock; 00:00 is the end of the day.
func formOf(f url.Values, zone *time.Location) (x visits.Registration, err error) {
	x.VisitDetails = g.VisitDetails{
		Name:    f.Get("name"),
		Phone:   f.Get("phone"),
		Company: f.Get("company"),
		Plate:   f.Get("plate"),
		Host:    f.Get("host"),
		Purpose: f.Get("purpose"),
		Names:   strings.Split(f.Get("names"), "\n"),
	}
	if f.Get("consent") != "yes" {
		return x, g.FieldErrorf("consent",
			"without your consent nothing is kept: tick the box, or register at the gate")
	}
	digits := 0
	for _, r := range x.Phone {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	if digits < 5 {
		return x, g.FieldErrorf("phone", "give a number at which you can be called")
	}
	at := func(name string) (time.Time, error) {
		t, err := time.ParseInLocation("2006-01-02 15:04", f.Get("day")+" "+f.Get(name), zone)
		if err != nil {
			return t, g.FieldErrorf(name, "write the day as 2026-09-30 and the time as 09:00")
		}
		return t, nil
	}
	if x.From, err = at("from"); err != nil {
		return x, err
	}
	if x.To, err = at("to"); err != nil {
		return x, err
	}
	if f.Get("to") == "00:00" {
		x.To = x.To.AddDate(0, 0, 1)
	}
	return x, nil
}

// labelled is the label of a field, for what is said of it.
func (p page) labelled(field string) string {
	field, _, _ = strings.Cut(field, "[")
	for _, l := range [][3]string{
		{"name", "Your name", "您的姓名"},
		{"phone", "Your telephone number", "您的电话"},
		{"company", "Company", "单位"},
		{"host", "Whom you visit", "被访人"},
		{"purpose", "Why you come", "来访事由"},
		{"from", "From", "开始时间"},
		{"to", "To", "结束时间"},
		{"names", "Who comes with you", "同行人员"},
		{"plate", "Car's plate", "车牌号"},
	} {
		if l[0] == field {
			return p.T(l[1]+": ", l[2]+"：")
		}
	}
	return ""
}

// linked reads a link and the visit that it is for; ok is false once a page was shown instead.
func (s *area) linked(
	w http.ResponseWriter, r *http.Request, of purpose,
) (l link, x visits.Shown, p page, zone *time.Location, ok bool) {
	l, err := s.links.open(of, r.PathValue("token"), s.Now())
	if errors.Is(err, errExpired) {
		s.refuse(w, r, http.StatusGone,
			"This link has ended with the time of the visit.",
			"来访时间已过，链接已失效。")
		return l, x, p, nil, false
	}
	if err != nil {
		s.failed(w, r, g.Errorf(g.NotFound, "there is no such page"))
		return l, x, p, nil, false
	}
	p.Language = languageOf(r)
	if zone, err = s.show(r.Context(), l.visit, &x, &p); err != nil {
		s.failed(w, r, err)
		return l, x, p, nil, false
	}
	if r.Method == http.MethodPost {
		if err := r.ParseForm(); err != nil {
			s.refuse(w, r, http.StatusBadRequest,
				"The form did not arrive whole: send it again.",
				"表单未完整送达，请重新提交。")
			return l, x, p, nil, false
		}
	}
	return l, x, p, zone, true
}

// show reads a visit into its page.
func (s *area) show(
	ctx context.Context, id g.VisitID, x *visits.Shown, p *page,
) (*time.Location, error) {
	v := s.system()
	var err error
	if *x, err = v.Visits.Show(ctx, id); err != nil {
		return nil, err
	}
	school, err := v.Places.School(ctx, x.School)
	if err != nil {
		return nil, err
	}
	p.School, p.Visit, p.When = school.Name, &x.Visit, whenOf(x.Visit, school.Location())
	return school.Location(), nil
}

// ownPage is a visitor's own: how far it is, the code for the gate, and leaving.
func (s *area) ownPage(w http.ResponseWriter, r *http.Request) {
	l, x, p, zone, ok := s.linked(w, r, forVisitor)
	if !ok {
		return
	}
	status := http.StatusOK
	if r.Method == http.MethodPost {
		step := visits.Step{State: g.VisitGone}
		if r.PostForm.Get("do") == "cancel" {
			step = visits.Step{
				State:  g.VisitRefused,
				Reason: p.T("The visitor is not coming.", "访客取消来访。"),
			}
		}
		_, err := s.system().Visits.Move(r.Context(), l.visit, step)
		if err == nil || g.ErrorCode(err) == g.Conflict { // done already, by a gate or a guard
			zone, err = s.show(r.Context(), l.visit, &x, &p)
		}
		if err != nil {
			s.failed(w, r, err)
			return
		}
	}
	clock := func(t time.Time) string { return t.In(zone).Format("15:04") }
	switch over := s.Now().After(x.To); {
	case x.State == g.VisitAsked && over, x.State == g.VisitExpected && over:
		p.State = p.T("The time of this visit is over.", "来访时间已过。")
	case x.State == g.VisitAsked:
		p.State, p.Refresh, p.Cancel = p.T("Waiting for an answer. This page shows it: keep the link.",
			"等待确认。结果将显示在本页，请保存链接。"), true, true
	case x.State == g.VisitExpected:
		p.State = p.T("You are expected. The code opens the gate: ", "已同意来访。二维码有效时间：") +
			p.When + p.T(".", "。")
		p.Refresh, p.Cancel = true, true
	case x.State == g.VisitRefused:
		p.State = p.T("The visit was refused.", "来访未获同意。")
	case x.State == g.VisitOnSite && x.Overdue:
		p.State = p.T("You should have left at "+clock(x.To)+". Please go to the gate.",
			"您应于 "+clock(x.To)+" 离校，请前往门口。")
		p.Leave = true
	case x.State == g.VisitOnSite:
		p.State = p.T("You have been here since "+clock(x.Arrived)+".", "您已于 "+clock(x.Arrived)+" 入校。")
		p.Refresh, p.Leave = true, true
	default:
		p.State = p.T("You have left. Thank you for your visit.", "您已离校，感谢来访。")
	}
	var err error
	if (x.State == g.VisitExpected && !s.Now().After(x.To)) || x.State == g.VisitOnSite {
		if p.Codes, err = codesOf(x.Guests); err != nil {
			s.failed(w, r, err)
			return
		}
	}
	p.Heading = p.T("Your visit", "我的来访")
	s.render(w, r, status, p)
}

// hostPage is where a host answers. A visit that was answered shows how.
func (s *area) hostPage(w http.ResponseWriter, r *http.Request) {
	l, x, p, _, ok := s.linked(w, r, forHost)
	if !ok {
		return
	}
	p.Heading = p.T("A visit to you", "来访申请")
	p.ShowPhone = true
	host, known, err := s.system().Messages.Host(r.Context(), x.School, x.Host)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	if !known || l.who != string(host.User) && l.who != string(host.Person) || l.who == "" {
		s.refuse(w, r, http.StatusForbidden, "You may not answer this any more. Ask at the gate.",
			"您已不能处理该申请，请联系门卫处。")
		return
	}
	status := http.StatusOK
	if r.Method == http.MethodPost && x.State == g.VisitAsked && !x.Barred {
		if err := s.answer(r, l, x); err != nil {
			var e *g.Error
			if !errors.As(err, &e) || e.Code != g.Invalid && e.Code != g.Conflict {
				s.failed(w, r, err)
				return
			}
			if e.Code == g.Invalid {
				p.Said, status = p.Language.Message(e), http.StatusUnprocessableEntity
			}
		}
		if _, err := s.show(r.Context(), l.visit, &x, &p); err != nil {
			s.failed(w, r, err)
			return
		}
	}
	switch {
	case x.Barred:
		p.State = p.T("Security decides on this visit. There is nothing for you to do.",
			"该来访由安保人员处理，您无需操作。")
	case x.State == g.VisitAsked:
		p.State, p.Answer = p.T("Do they come to you?", "是否同意来访？"), true
	case x.State == g.VisitRefused:
		p.State = p.T("This visit was refused.", "该来访已被拒绝。")
	case x.State == g.VisitExpected:
		p.State = p.T("They are expected. You are told when they arrive.", "已同意。访客到达时会通知您。")
	case x.State == g.VisitOnSite:
		p.State = p.T("They are here.", "访客已到校。")
	default:
		p.State = p.T("They have left.", "访客已离校。")
	}
	s.render(w, r, status, p)
}

// answer accepts or refuses a visit as the host of the link.
func (s *area) answer(r *http.Request, l link, x visits.Shown) error {
	v := s.In(g.Scope{
		School:      x.School,
		Actor:       l.who,
		Permissions: []g.Permission{g.VisitsWrite},
		Reason:      "by the link in a message",
	})
	step := visits.Step{
		State:  g.VisitExpected,
		Escort: new(r.PostForm.Get("escort") == "yes"),
		Places: strings.TrimSpace(r.PostForm.Get("places")),
	}
	if r.PostForm.Get("do") == "refuse" {
		step = visits.Step{
			State:  g.VisitRefused,
			Reason: strings.TrimSpace(r.PostForm.Get("reason")),
		}
	}
	_, err := v.Visits.Move(r.Context(), l.visit, step)
	return err
}
