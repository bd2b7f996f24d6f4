package guardians

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/time/rate"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/guardians"
)

const (
	pagePath   = "/family/" // a school's guardians' page
	answerPath = "/leave/for/"
	cookieName = "gatehouse_family"
	mostForm   = 32 << 10 // bytes
)

// limits bound what is done before anybody is signed in.
type limits struct {
	looks   *gate.Limiter // by address: of every page
	remotes *gate.Limiter // codes that are asked for, by address
	schools *gate.Limiter // and by school
	codes   *gate.Limiter // codes that are tried, by address
}

func newLimits() limits {
	return limits{
		looks:   gate.NewLimiter(2, 60, 10_000),
		remotes: gate.NewLimiter(rate.Every(20*time.Second), 10, 10_000),
		schools: gate.NewLimiter(2, 300, 10_000),
		codes:   gate.NewLimiter(rate.Every(5*time.Second), 20, 10_000),
	}
}

// registerPages adds the pages that need no user. A GET changes nothing, since mail scanners and previews
// follow links.
func (s *area) registerPages() {
	s.pages = template.Must(template.New("family").Parse(familyHTML))
	s.limits = newLimits()
	for path, h := range map[string]http.HandlerFunc{
		pagePath + "{code}":    s.schoolPage,
		answerPath + "{token}": s.answerPage,
	} {
		h := func(w http.ResponseWriter, r *http.Request) {
			if !s.limits.looks.Allow(s.Remote(r), s.Now()).OK {
				s.refuse(w, r, http.StatusTooManyRequests,
					"Too many tries from your address: wait a minute, then try again.",
					"访问过于频繁，请一分钟后再试。")
				return
			}
			r.Body = http.MaxBytesReader(w, r.Body, mostForm)
			if r.Method == http.MethodPost {
				if err := r.ParseForm(); err != nil {
					s.refuse(w, r, http.StatusBadRequest, "The form did not arrive whole: send it again.",
						"表单未完整送达，请重新提交。")
					return
				}
			}
			h(w, r)
		}
		s.Page("GET "+path, h)
		s.Page("POST "+path, h)
	}
}

func (s *area) system() *registry.View { return s.In(g.SystemScope("guardians' page")) }

// asGuardian is the registry as the page itself sees it, for a guardian who is named in the audit log.
func (s *area) asGuardian(id g.PersonID) *registry.View {
	return s.In(g.Scope{
		System: "guardians' page",
		Actor:  string(id),
	})
}

// visit is one request to a school's page.
type visit struct {
	w      http.ResponseWriter
	r      *http.Request
	of     g.GuardianPage
	school g.School
	zone   *time.Location
	p      page
	secret string // of the cookie
	me     guardians.SignedIn
}

// schoolPage is a school's page: the two steps of signing in, or what is known of one's own children.
func (s *area) schoolPage(w http.ResponseWriter, r *http.Request) {
	v := s.system()
	x := &visit{
		w: w,
		r: r,
		p: page{
			Language: languageOf(r),
			sent:     url.Values{},
		},
	}
	var err error
	if x.of, err = v.Guardians.PageOf(r.Context(), r.PathValue("code")); err == nil {
		x.school, err = v.Places.School(r.Context(), x.of.School)
	}
	if err != nil {
		s.failed(w, r, err)
		return
	}
	x.zone, x.p.School = x.school.Location(), x.school.Name
	x.p.Heading = x.p.T("For guardians", "家长页面")
	if x.p.Notice = x.p.T(x.of.Notice, x.of.NoticeZH); x.p.Notice == "" {
		x.p.Notice = x.of.Notice + x.of.NoticeZH
	}
	if c, err := r.Cookie(cookieName); err == nil {
		x.secret = c.Value
		x.me, err = v.Guardians.Who(r.Context(), x.of.School, c.Value)
		if err != nil && g.ErrorCode(err) != g.NotFound {
			s.failed(w, r, err)
			return
		}
	}
	switch {
	case len(x.me.Persons) > 0:
		s.family(x)
	case r.Method == http.MethodPost && r.PostForm.Get("do") == "ask":
		s.ask(x)
	case r.Method == http.MethodPost && r.PostForm.Get("do") == "code":
		s.enter(x)
	case r.Method == http.MethodPost:
		x.p.Said = x.p.T("You are signed out: an hour has passed. Sign in again, then send it once more.",
			"登录已超过一小时，已退出。请重新登录后再提交。")
		s.askForm(x, http.StatusUnauthorized)
	default:
		s.askForm(x, http.StatusOK)
	}
}

// askForm shows the form for an address.
func (s *area) askForm(x *visit, status int) {
	x.p.Ask = "gc_" + rand.Text()
	s.render(x.w, x.r, status, x.p)
}

// tooMany says that somebody has to wait.
func (s *area) tooMany(x *visit) {
	x.p.Said = x.p.T("Too many tries right now: wait a few minutes, then try again.", "当前尝试过多，请几分钟后再试。")
	x.w.Header().Set("Retry-After", "300")
	s.askForm(x, http.StatusTooManyRequests)
}

// ask has a code sent, and answers the same whoever's the address is.
func (s *area) ask(x *visit) {
	now, typed, id := s.Now(), x.r.PostForm.Get("address"), x.r.PostForm.Get("ask")
	x.p.sent.Set("address", typed)
	if !s.limits.remotes.Allow(s.Remote(x.r), now).OK || !s.limits.schools.Allow(string(x.of.School), now).OK {
		s.tooMany(x)
		return
	}
	err := s.system().Guardians.AskCode(x.r.Context(), x.of.School, id, typed)
	switch g.ErrorCode(err) {
	case "":
		x.p.Code = id
		s.render(x.w, x.r, http.StatusOK, x.p)
	case g.Invalid:
		s.wrong(x, err)
		s.askForm(x, http.StatusUnprocessableEntity)
	case g.TooLarge:
		s.tooMany(x)
	default:
		s.failed(x.w, x.r, err)
	}
}

// wrong puts onto the page what an error says, with its field.
func (s *area) wrong(x *visit, err error) {
	var e *g.Error
	if errors.As(err, &e) {
		x.p.field = e.Field
		x.p.Said = x.p.labelled(e.Field) + x.p.Language.Message(e)
	}
}

// enter compares the code, and signs in.
func (s *area) enter(x *visit) {
	id := x.r.PostForm.Get("ask")
	if !s.limits.codes.Allow(s.Remote(x.r), s.Now()).OK {
		s.tooMany(x)
		return
	}
	secret, err := s.system().Guardians.SignIn(x.r.Context(), x.of.School, id, x.r.PostForm.Get("code"))
	if g.ErrorCode(err) == g.Invalid {
		s.wrong(x, err)
		x.p.Code = id
		s.render(x.w, x.r, http.StatusUnprocessableEntity, x.p)
		return
	}
	if err != nil {
		s.failed(x.w, x.r, err)
		return
	}
	s.setCookie(x, secret, int(guardians.SignInLasts/time.Second))
	http.Redirect(x.w, x.r, pagePath+x.of.Code+"?l="+x.p.Short(), http.StatusSeeOther)
}

// setCookie sets the cookie of the sign-in, which no page can read; age -1 takes it away.
func (s *area) setCookie(x *visit, secret string, age int) {
	http.SetCookie(x.w, &http.Cookie{
		Name:     cookieName,
		Value:    secret,
		Path:     pagePath,
		MaxAge:   age,
		HttpOnly: true,
		Secure:   s.Secure,
		SameSite: http.SameSiteLaxMode,
	})
}

// forged reports whether a form does not come from the guardian's own page.
func (x *visit) forged() bool {
	return subtle.ConstantTimeCompare([]byte(x.r.PostForm.Get("csrf")), []byte(gate.CSRF(x.secret))) != 1
}

// idOf is the request of a form: sent twice, it is one.
func idOf(child g.PersonID, once string) g.LeaveRequestID {
	if len(once) < 20 {
		once = rand.Text()
	}
	sum := sha256.Sum256([]byte(string(child) + " " + once))
	return g.LeaveRequestID("lea_" + hex.EncodeToString(sum[:12]))
}
