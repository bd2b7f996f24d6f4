package api_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/api/oncall"
	regalerts "github.com/gatehouse-iot/gatehouse/registry/alerts"
	regoncall "github.com/gatehouse-iot/gatehouse/registry/oncall"
)

// taking is a school with an alert, and guards who have links.
type taking struct {
	*world
	links *oncall.Links
	id    g.AlertID
	from  string
}

func newTaking(t *testing.T) *taking {
	links := oncall.NewLinks(bytes.Repeat([]byte{9}, 32))
	w := newWorld(t, behindProxy, func(d *api.Deps) { d.Links = links }).schools()
	for id, language := range map[g.UserID]string{"usr_lin": "zh-CN", "usr_wang": "en"} {
		must(w.system().Access.CreateUser(t.Context(), g.User{
			ID:       id,
			School:   w.a.ID,
			Name:     string(id),
			FullName: strings.TrimPrefix(string(id), "usr_"),
			Role:     g.RoleSecurity,
			Language: language,
		}, password))(t)
	}
	return &taking{w, links, g.AlertID(w.ids["alert"]), "192.0.2.1"}
}

func (w *taking) token(user g.UserID) string {
	return w.links.Token(w.id, user, time.Now().Add(time.Hour))
}

// open sends a request as a phone does that has never signed in.
func (w *taking) open(method, token string) (int, string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.url+oncall.TakePath+token, nil)
	mustDo(w.t, err)
	r.Header.Set("X-Forwarded-For", w.from)
	answer, err := http.DefaultClient.Do(r)
	mustDo(w.t, err)
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	mustDo(w.t, err)
	if got := answer.Header.Get("Cache-Control"); got != "no-store" {
		w.t.Errorf("got Cache-Control %q, want no-store", got)
	}
	return answer.StatusCode, string(b)
}

func (w *taking) shows(method, token string, status int, parts ...string) {
	w.t.Helper()
	got, body := w.open(method, token)
	if got != status {
		w.t.Errorf("%s: got %d, want %d: %s", method, got, status, body)
	}
	for _, part := range parts {
		if !strings.Contains(body, part) {
			w.t.Errorf("%s: got %s, want %q in it", method, body, part)
		}
	}
}

func (w *taking) state() g.AlertState {
	row, err := w.system().Alerts.Find(w.t.Context(), w.id)
	mustDo(w.t, err)
	return row.State
}

// Opening a link takes nothing, however often a scanner does; its button takes the alert as that
// person, in whose language the page is, and everybody else sees who has it.
func TestALinkTakesAnAlert(t *testing.T) {
	w := newTaking(t)
	lin, wang := w.token("usr_lin"), w.token("usr_wang")
	for range 3 {
		w.shows("GET", lin, 200, "<button", "我来处理", "Stranger", `lang="zh-CN"`)
		w.shows("GET", wang, 200, "<button", "I take it", `lang="en"`)
	}
	w.shows("HEAD", lin, 200)
	w.shows("GET", lin+"?from=singlemessage", 200, "我来处理") // as a chat program passes it on
	if got := w.state(); got != g.AlertOpen {
		t.Fatalf("got %s after the links were opened, want open", got)
	}
	w.shows("POST", lin, 200, "已由您处理")
	w.shows("POST", lin, 200, "已由您处理")
	w.shows("POST", wang, 200, "lin has it.")
	if status, body := w.open("GET", wang); status != 200 || strings.Contains(body, "<button") {
		t.Errorf("got %d %s, want no button once it is taken", status, body)
	}
	row, err := w.system().Alerts.Find(t.Context(), w.id)
	mustDo(t, err)
	if row.State != g.AlertAcknowledged || row.Handler != "usr_lin" {
		t.Errorf("got %s by %s, want taken by lin", row.State, row.Handler)
	}
	story, _, err := w.system().Alerts.History(t.Context(), w.id, 0)
	mustDo(t, err)
	var taken []regalerts.Entry
	for _, e := range story {
		if e.What == regalerts.WasAcknowledged {
			taken = append(taken, e)
		}
	}
	if len(taken) != 1 || !taken[0].ByLink || taken[0].By != "usr_lin" {
		t.Errorf("got %+v in the history, want one taking by the link", taken)
	}
	var log struct{ Items []g.AuditEntry }
	w.user(w.a, g.RoleAdmin).do("GET", "/v1/audit?deed=alert.acknowledge", nil).want(200).into(&log)
	if len(log.Items) != 1 || !strings.HasPrefix(log.Items[0].Actor, "usr_lin ") ||
		!strings.Contains(log.Items[0].Reason, "link") {
		t.Errorf("got %+v, want one entry, of lin and by the link", log.Items)
	}
}

// A link that is forged, cut, changed, of another key or over, and one of somebody whose rights
// have ended, takes nothing and says what to do.
func TestLinksThatTakeNothing(t *testing.T) {
	w := newTaking(t)
	good := w.token("usr_lin")
	other := oncall.NewLinks(bytes.Repeat([]byte{8}, 32))
	middle := len(good) / 2
	changed := good[:middle] + string('A'+(good[middle]-'A'+1)%26) + good[middle+1:]
	for name, token := range map[string]string{
		"empty words": "x", "cut": good[:len(good)-1], "longer": good + "A", "changed": changed,
		"of another key": other.Token(w.id, "usr_lin", time.Now().Add(time.Hour)),
		"much too long":  strings.Repeat("A", 2000),
		"no base64":      "%2e%2e%2f",
	} {
		w.from = "192.0.2." + string(rune('1'+len(name)%9)) + "0"
		for _, method := range []string{"GET", "POST"} {
			if status, body := w.open(method, token); status != 404 ||
				strings.Contains(body, "Stranger") {
				t.Errorf("%s: got %d %s, want 404 without the alert", name, status, body)
			}
		}
	}
	w.from = "192.0.2.101"
	ended := w.links.Token(w.id, "usr_wang", time.Now().Add(-time.Second))
	w.shows("POST", ended, 410, "This link has ended")
	nobody := w.links.Token("alt_none", "usr_lin", time.Now().Add(time.Hour))
	w.shows("POST", nobody, 403)
	foreign := w.links.Token(w.id, g.UserID(w.ids["user"]), time.Now().Add(time.Hour))
	w.shows("POST", foreign, 403, "You may not handle this alert any more")
	mustDo(t, w.system().Access.UpdateUser(t.Context(), g.User{
		ID:       "usr_lin",
		Name:     "usr_lin",
		Role:     g.RoleSecurity,
		Language: "zh-CN",
		Disabled: true,
	}))
	w.shows("GET", good, 403, "您已无权处理此告警")
	w.shows("POST", good, 403, "您已无权处理此告警")
	if got := w.state(); got != g.AlertOpen {
		t.Errorf("got %s, want still open", got)
	}
}

// An alert that ended meanwhile is over, and says so.
func TestALinkOfAnAlertThatIsOver(t *testing.T) {
	w := newTaking(t)
	row, err := w.system().Alerts.Find(t.Context(), w.id)
	mustDo(t, err)
	a := row.Alert
	a.State, a.Resolved, a.Firing = g.AlertResolved, time.Now(), false
	mustDo(t, w.system().Alerts.Apply(t.Context(), regalerts.Effects{Seq: 2, Alerts: []g.Alert{a}}))
	w.shows("POST", w.token("usr_wang"), 200, "It is over.")
}

// An address that tries and tries is refused before anything is looked at; others are not.
func TestTriesOfLinksAreBounded(t *testing.T) {
	w := newTaking(t)
	refused := 0
	for range 60 {
		if status, _ := w.open("GET", "forged"); status == 429 {
			refused++
		}
	}
	if refused < 30 {
		t.Errorf("got %d of 60 refused, want most", refused)
	}
	w.from = "192.0.2.2"
	w.shows("GET", w.token("usr_wang"), 200, "<button")
}

// A message that stands for many alerts takes them all, what burns first; one that is over does not
// hide what is not.
func TestALinkTakesWhatItsMessageStandsFor(t *testing.T) {
	w := newTaking(t)
	ctx, v := t.Context(), w.system()
	all := []g.Alert{
		{ID: "alt_over", Title: "Hot", Severity: g.Critical, Ended: time.Now()},
		{ID: "alt_fire", Title: "Smoke in the lab", Severity: g.Critical, Firing: true},
		{ID: "alt_other", Title: "Not in the message", Severity: g.Critical, Firing: true},
	}
	var moves []regoncall.Move
	var seen []regoncall.Call
	for i := range all {
		all[i].School, all[i].Rule, all[i].Opened = w.a.ID, "hot", time.Now()
		seen = append(seen, regoncall.Call{
			Alert: all[i].ID, School: w.a.ID, State: regoncall.CallDue, Version: 1, Due: time.Now(),
		})
	}
	mustDo(t, v.Alerts.Apply(ctx, regalerts.Effects{Seq: 3, Alerts: all}))
	_, err := v.Oncall.Note(ctx, seen)
	mustDo(t, err)
	for _, c := range seen[:2] {
		now := c
		now.Step = 1
		moves = append(moves, regoncall.Move{Was: c, Now: now, Done: []regoncall.CallEntry{
			{What: regoncall.CallTold, User: "usr_wang", Message: "msg_1"},
		}})
	}
	mustDo(t, v.Oncall.Advance(ctx, moves))
	w.id = "alt_over"
	w.shows("GET", w.token("usr_wang"), 200, "<button", "Smoke in the lab", "And 1 more:", "Hot (over)")
	w.shows("POST", w.token("usr_wang"), 200, "You have it.", "Smoke in the lab")
	for id, want := range map[g.AlertID]bool{"alt_over": true, "alt_fire": true, "alt_other": false} {
		a, err := v.Alerts.Find(ctx, id)
		mustDo(t, err)
		if got := a.Handler == "usr_wang"; got != want {
			t.Errorf("%s: got taken %v, want %v", id, got, want)
		}
	}
}

// Two who answer at once, one by the link and one on the wall: one of them has it, both see who, and
// the history says it once.
func TestTwoAnswerAtOnce(t *testing.T) {
	w := newTaking(t)
	token := w.token("usr_lin")
	wall := w.user(w.a, g.RoleSecurity)
	row, err := w.system().Alerts.Find(t.Context(), w.id)
	mustDo(t, err)
	var both sync.WaitGroup
	status := 0
	both.Go(func() { w.shows("POST", token, 200) })
	both.Go(func() {
		status = wall.do("POST", "/v1/alerts/"+string(w.id)+"/acknowledge",
			map[string]any{"version": row.Version}).status
	})
	both.Wait()
	if row, err = w.system().Alerts.Find(t.Context(), w.id); err != nil || row.State != g.AlertAcknowledged {
		t.Fatalf("got %s, %v, want it taken", row.State, err)
	}
	if byWall := status == 200; byWall == (row.Handler == "usr_lin") {
		t.Errorf("got %d on the wall and %s as handler, want one of them", status, row.Handler)
	}
	story, _, err := w.system().Alerts.History(t.Context(), w.id, 0)
	mustDo(t, err)
	taken := 0
	for _, e := range story {
		if e.What == regalerts.WasAcknowledged {
			taken++
		}
	}
	if taken != 1 {
		t.Errorf("got %d takings in the history, want 1", taken)
	}
}
