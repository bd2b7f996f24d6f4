package oncall

import (
	"context"
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/api/texts"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/oncall"
)

// TakePath is below which the links lie.
const TakePath = "/take/"

//go:embed take.html
var takeHTML string

// takePolicy lets the page show itself and send its one form, and nothing else.
const takePolicy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'"

// page is what the page shows.
type page struct {
	Language texts.Language
	Heading  string
	Severity g.Severity
	Title    string
	Lines    []string // where, when
	Also     string   // how many further alerts
	More     []string // which
	Note     string   // what came of it, or why nothing can
	Button   string   // "": there is nothing to do
	Good     bool
}

// takeFace is what Links and the registry know of a link's person and alert.
type takeFace struct {
	link     link
	row      alerts.AlertRow
	more     []alerts.AlertRow // that the same message told of and nobody has in hand
	school   g.School
	member   oncall.Member
	language texts.Language
}

// registerTake serves the links. GET shows the alert and changes nothing, since mail scanners and
// previews follow links; POST, which the page's button sends, takes the alert. No cookie counts
// here, so that a page of another site gains nothing by sending the form.
func (s *area) registerTake() {
	s.takes = template.Must(template.New("take").Parse(takeHTML))
	s.Page("GET "+TakePath+"{token}", func(w http.ResponseWriter, r *http.Request) {
		s.atLink(w, r, s.showTake)
	})
	s.Page("POST "+TakePath+"{token}", func(w http.ResponseWriter, r *http.Request) {
		s.atLink(w, r, s.take)
	})
}

// atLink bounds the rate of an address before any work, reads the link and hands on what it is for.
func (s *area) atLink(
	w http.ResponseWriter, r *http.Request,
	then func(ctx context.Context, f takeFace) (int, page),
) {
	ctx := r.Context()
	language := gate.LanguageOf(ctx)
	if v := s.tries.Allow(s.Remote(r), s.Now()); !v.OK {
		w.Header().Set("Retry-After", "10")
		s.render(w, r, http.StatusTooManyRequests, refusal(language,
			g.Word("Too many tries from your address: wait ten seconds, then open the link again.")))
		return
	}
	l, err := s.links.open(r.PathValue("token"), s.Now())
	if errors.Is(err, errForged) {
		s.render(w, r, http.StatusNotFound, refusal(language, g.Word("This link is not valid. Open "+
			"the one in the message as a whole, or sign in to the console.")))
		return
	}
	f, known := s.face(ctx, l, language)
	switch {
	case known != nil && g.ErrorCode(known) != g.NotFound && g.ErrorCode(known) != g.Forbidden:
		s.Log().ErrorContext(ctx, "a link that takes an alert failed", "error", known)
		s.render(w, r, http.StatusServiceUnavailable, refusal(language,
			g.Word("The gateway cannot look at this now: try again in a minute.")))
		return
	case errors.Is(err, errExpired):
		s.render(w, r, http.StatusGone, refusal(f.language, g.Word("This link has ended. Sign in to "+
			"the console to see what is open.")))
		return
	case known != nil:
		s.render(w, r, http.StatusForbidden, refusal(f.language,
			g.Word("You may not handle this alert any more. Tell whoever is on duty.")))
		return
	}
	status, p := then(ctx, f)
	s.render(w, r, status, p)
}

// face reads what a link is about. It is Forbidden where the person may not handle the alert now,
// with the language in which to say so.
func (s *area) face(ctx context.Context, l link, language texts.Language) (takeFace, error) {
	f := takeFace{
		link:     l,
		language: language,
	}
	v := s.In(g.SystemScope("take"))
	row, err := v.Alerts.Find(ctx, l.alert)
	if err != nil {
		return f, err
	}
	f.row = row
	if f.row, f.more, err = s.beside(ctx, v, l, row); err != nil {
		return f, err
	}
	if f.school, err = v.Places.School(ctx, row.School); err != nil {
		return f, err
	}
	staff, err := v.Oncall.Staff(ctx, row.School)
	if err != nil {
		return f, err
	}
	for _, m := range staff {
		if m.ID == l.user {
			f.member, f.language = m, texts.Accept(m.Language)
		}
	}
	if !f.member.Able {
		return f, g.Errorf(g.Forbidden, "only the gateway itself may do this")
	}
	return f, nil
}

// beside returns the alert that a page is about and the others that it takes as well: a message may
// stand for many. What is open precedes what is not, and among that the most urgent.
func (s *area) beside(
	ctx context.Context, v *registry.View, l link, row alerts.AlertRow,
) (alerts.AlertRow, []alerts.AlertRow, error) {
	ids, err := v.Oncall.Beside(ctx, l.alert, l.user)
	if g.ErrorCode(err) == g.NotFound {
		return row, nil, nil // no chain was begun for it
	}
	if err != nil {
		return row, nil, err
	}
	var open []alerts.AlertRow
	if row.Unanswered() {
		open = append(open, row)
	}
	for _, id := range ids {
		x, err := v.Alerts.Find(ctx, id)
		if g.ErrorCode(err) == g.NotFound || err == nil && !x.Unanswered() {
			continue
		}
		if err != nil {
			return row, nil, err
		}
		open = append(open, x)
	}
	if len(open) == 0 {
		return row, nil, nil
	}
	slices.SortStableFunc(open, alerts.MoreUrgent)
	return open[0], open[1:], nil
}

func (s *area) showTake(_ context.Context, f takeFace) (int, page) {
	p := f.page(s.Now())
	if f.row.State == g.AlertOpen {
		p.Heading = f.say(g.Textf("%s, can you take this?", f.member.Name))
		f.also(&p)
		p.Button = f.say(g.Word("I take it"))
		return http.StatusOK, p
	}
	f.over(&p)
	return http.StatusOK, p
}

// take takes the alert as the person of the link, whose rights were just looked at. Somebody who
// was quicker is named.
func (s *area) take(ctx context.Context, f takeFace) (int, page) {
	by := g.User{ID: f.member.ID}
	v := s.In(g.Scope{
		School:      f.member.School,
		Subtree:     f.member.Role == g.RoleDistrict,
		Actor:       string(f.member.ID) + " " + f.member.Name,
		Permissions: f.member.Role.Permissions(),
		Reason:      "by the link in a message",
	})
	for i := range f.more {
		if err := s.takeOne(ctx, v, &f.more[i], by); err != nil {
			return s.notTaken(ctx, f, err)
		}
	}
	if err := s.takeOne(ctx, v, &f.row, by); err != nil {
		return s.notTaken(ctx, f, err)
	}
	p := f.page(s.Now())
	f.over(&p)
	f.also(&p)
	return http.StatusOK, p
}

// takeOne takes an alert if nobody has it in hand, and reads what it is then.
func (s *area) takeOne(
	ctx context.Context, v *registry.View, row *alerts.AlertRow, by g.User,
) error {
	for range 5 { // the alert may change under way, by more news of it
		if row.State != g.AlertOpen {
			return nil
		}
		_, err := v.Alerts.AcknowledgeByLink(ctx, row.ID, row.Version, by)
		if err != nil && g.ErrorCode(err) != g.Conflict {
			return err
		}
		if *row, err = v.Alerts.Find(ctx, row.ID); err != nil {
			return err
		}
	}
	return nil
}

func (s *area) notTaken(ctx context.Context, f takeFace, err error) (int, page) {
	s.Log().ErrorContext(
		ctx,
		"a link took no alert",
		"alert",
		f.row.ID,
		"error",
		err,
	)
	return http.StatusServiceUnavailable, refusal(f.language,
		g.Word("The gateway cannot look at this now: try again in a minute."))
}

// mostNamed is how many further alerts a page names.
const mostNamed = 10

// also names the further alerts that the page takes or has taken.
func (f takeFace) also(p *page) {
	for i, x := range f.more {
		if i == mostNamed {
			p.More = append(p.More, f.say(g.Textf("and %d more", len(f.more)-mostNamed)))
			break
		}
		name := x.Title
		if f.language == texts.Chinese && x.TitleZH != "" {
			name = x.TitleZH
		}
		if x.ZoneName != "" {
			name += ", " + x.ZoneName
		}
		if !x.Ended.IsZero() {
			name = f.say(g.Textf("%s (over)", name))
		}
		p.More = append(p.More, name)
	}
	if len(p.More) > 0 {
		p.Also = f.say(g.Textf("And %d more:", len(f.more)))
	}
}

// page is what and where, without what came of it.
func (f takeFace) page(now time.Time) page {
	p := page{
		Language: f.language,
		Severity: f.row.Severity,
		Title:    f.row.Title,
	}
	if f.language == texts.Chinese && f.row.TitleZH != "" {
		p.Title = f.row.TitleZH
	}
	for _, where := range []string{f.row.ZoneName, f.row.DeviceName} {
		if where != "" {
			p.Lines = append(p.Lines, where)
		}
	}
	at := f.row.Opened.In(f.school.Location())
	p.Lines = append(p.Lines, f.say(g.Textf("Since %s, %d min ago", at.Format("15:04"),
		int(now.Sub(f.row.Opened).Minutes()))))
	return p
}

// over says who has the alert in hand, or that it is over.
func (f takeFace) over(p *page) {
	p.Good = true
	at := func(t time.Time) string { return t.In(f.school.Location()).Format("15:04") }
	switch {
	case f.row.State == g.AlertAcknowledged && f.row.Handler == f.member.ID:
		p.Heading = f.say(g.Word("You have it."))
		p.Note = f.say(g.Textf("You took it at %s. The wall shows your name, and nobody else is "+
			"called.", at(f.row.Acknowledged)))
		if until := f.row.AckUntil; !until.IsZero() {
			p.Note = f.say(g.Textf("You took it at %s. The wall shows your name, and nobody else is "+
				"called until %s; then it is called for again, unless it is over.",
				at(f.row.Acknowledged), at(until)))
		}
	case f.row.State == g.AlertAcknowledged:
		p.Heading = f.say(g.Textf("%s has it.", f.row.HandlerName))
		p.Note = f.say(g.Textf("Taken at %s; there is nothing left to do here.",
			at(f.row.Acknowledged)))
	default:
		p.Heading = f.say(g.Word("It is over."))
		p.Note = f.say(g.Textf("The alert has been over since %s.", at(f.row.Resolved)))
	}
}

func (f takeFace) say(t g.Text) string { return f.language.Text(t) }

func refusal(l texts.Language, t g.Text) page {
	return page{
		Language: l,
		Heading:  l.Text(g.Word("This does not work")),
		Note:     l.Text(t),
	}
}

// render writes the page. It is kept nowhere, named to nobody and in no frame.
func (s *area) render(w http.ResponseWriter, r *http.Request, status int, p page) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", takePolicy)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Content-Language", string(p.Language))
	w.WriteHeader(status)
	if err := s.takes.Execute(w, p); err != nil {
		s.Log().DebugContext(r.Context(), "a page was not sent whole", "error", err)
	}
}
