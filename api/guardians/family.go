package guardians

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/guardians"
)

// family is the page of who is signed in: it does what a form asks for, and shows one of the children.
func (s *area) family(x *visit) {
	x.p.CSRF = gate.CSRF(x.secret)
	which := x.me.Children[0]
	asked := x.r.URL.Query().Get("c")
	if x.r.Method == http.MethodPost {
		asked = x.r.PostForm.Get("c")
	}
	for _, c := range x.me.Children {
		if string(c.ID) == asked {
			which = c
		}
	}
	status := http.StatusOK
	if x.r.Method == http.MethodPost {
		to := s.do(x, which)
		if to != "" {
			http.Redirect(x.w, x.r, to, http.StatusSeeOther)
			return
		}
		status = http.StatusUnprocessableEntity
	}
	switch x.r.URL.Query().Get("done") {
	case "asked":
		x.p.Done = x.p.T("Your request is on its way. You are told what comes of it, and this page shows it.",
			"已提交申请。审批结果会通知您，并显示在本页。")
	case "withdrawn":
		x.p.Done = x.p.T("The leave is withdrawn.", "已撤回请假。")
	}
	for _, c := range x.me.Children {
		x.p.Children = append(x.p.Children, tab{
			Name: c.Name,
			At:   "?l=" + x.p.Short() + "&c=" + url.QueryEscape(string(c.ID)),
			Here: c.ID == which.ID,
		})
	}
	c, err := s.childOf(x.r.Context(), x, which)
	if err != nil {
		s.failed(x.w, x.r, err)
		return
	}
	x.p.Child, x.p.Form, x.p.Heading = &c, true, which.Name
	if x.p.Once == "" {
		x.p.Once = rand.Text()
	}
	if x.p.sent.Get("from") == "" && x.p.field == "" {
		day := s.Now().In(x.zone).AddDate(0, 0, 1).Format(time.DateOnly)
		x.p.sent.Set("from", day)
		x.p.sent.Set("to", day)
	}
	s.render(x.w, x.r, status, x.p)
}

// do does what a form asks for, and returns where that leads; "": the page says what is wrong.
func (s *area) do(x *visit, which guardians.Child) string {
	here := pagePath + x.of.Code + "?l=" + x.p.Short()
	if x.forged() {
		x.p.Said = x.p.T("The form is not one of this page: send it again.", "表单已失效，请重新提交。")
		return ""
	}
	ctx := x.r.Context()
	var err error
	switch x.r.PostForm.Get("do") {
	case "out":
		if err = s.system().Guardians.SignOut(ctx, x.secret); err == nil {
			s.setCookie(x, "", -1)
			return here
		}
	case "leave":
		x.p.sent, x.p.Once = x.r.PostForm, x.r.PostForm.Get("once")
		if err = s.askLeave(ctx, x, which); err == nil {
			return here + "&done=asked&c=" + url.QueryEscape(string(which.ID))
		}
	case "withdraw":
		_, err = s.asGuardian(which.Guardian).Leave.Withdraw(ctx, g.LeaveRequestID(x.r.PostForm.Get("id")),
			x.me.Persons)
		if err == nil {
			return here + "&done=withdrawn&c=" + url.QueryEscape(string(which.ID))
		}
	}
	switch g.ErrorCode(err) {
	case g.Invalid, g.Conflict, g.TooLarge:
		s.wrong(x, err)
	default:
		if err != nil {
			s.Log().ErrorContext(ctx, "a guardian's form failed", "error", err)
		}
		x.p.Said = x.p.T("That did not work: try again in a minute.", "操作失败，请一分钟后再试。")
	}
	return ""
}

func (s *area) askLeave(ctx context.Context, x *visit, which guardians.Child) error {
	if string(which.ID) != x.r.PostForm.Get("c") {
		return g.Errorf(g.Conflict, "choose the child first")
	}
	l, err := formOf(x.r.PostForm, x.zone)
	if err != nil {
		return err
	}
	l.ID, l.Person, l.Guardian = idOf(which.ID, x.r.PostForm.Get("once")), which.ID, which.Guardian
	_, err = s.asGuardian(which.Guardian).Leave.Ask(ctx, l)
	return err
}

// formOf reads the form for leave. Days and times are by the school's clock; without times it is whole
// days, the last one too.
func formOf(f url.Values, zone *time.Location) (l g.LeaveRequest, err error) {
	l.Kind, l.Reason, l.Note = g.LeaveKind(f.Get("kind")), oneLine(f.Get("reason")), f.Get("note")
	read := func(field, clock string, end bool) (time.Time, error) {
		day := strings.NewReplacer("/", "-", ".", "-").Replace(strings.TrimSpace(f.Get(field)))
		t, err := time.ParseInLocation("2006-1-2", day, zone)
		if err != nil {
			return t, g.FieldErrorf(field, "write the day as 2026-09-30")
		}
		clock = strings.TrimSpace(strings.ReplaceAll(f.Get(clock), "：", ":"))
		if clock == "" && end {
			return time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, zone), nil
		}
		if clock == "" {
			return t, nil
		}
		at, err := time.Parse("15:04", clock)
		if err != nil {
			return t, g.FieldErrorf(field, "write the time as 09:00, or leave it empty for the whole day")
		}
		return time.Date(t.Year(), t.Month(), t.Day(), at.Hour(), at.Minute(), 0, 0, zone), nil
	}
	if l.From, err = read("from", "from_time", false); err != nil {
		return l, err
	}
	l.To, err = read("to", "to_time", true)
	return l, err
}
