package app_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/app"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
	"github.com/gatehouse-iot/gatehouse/registry/oncall"
)

// mailbox is a mail server that keeps what comes, by address.
type mailbox struct {
	mu   sync.Mutex
	came map[string][]*mail.Message
	text map[*mail.Message]string
}

func newMailbox(t *testing.T) (*mailbox, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	m := &mailbox{came: map[string][]*mail.Message{}, text: map[*mail.Message]string{}}
	server := gosmtp.NewServer(m)
	server.Domain = "mail.example"
	var gone sync.WaitGroup
	gone.Go(func() { _ = server.Serve(l) })
	t.Cleanup(func() {
		server.Close()
		gone.Wait()
	})
	return m, l.Addr().String()
}

func (m *mailbox) NewSession(*gosmtp.Conn) (gosmtp.Session, error) { return &mailVisit{box: m}, nil }

type mailVisit struct {
	box *mailbox
	to  string
}

func (v *mailVisit) Reset()                                 {}
func (v *mailVisit) Logout() error                          { return nil }
func (v *mailVisit) Mail(string, *gosmtp.MailOptions) error { return nil }

func (v *mailVisit) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	v.to, _, _ = strings.Cut(to, "@")
	if strings.HasPrefix(v.to, "gone-") {
		return &gosmtp.SMTPError{Code: 550, EnhancedCode: gosmtp.EnhancedCode{5, 1, 1}, Message: "nobody"}
	}
	return nil
}

func (v *mailVisit) Data(r io.Reader) error {
	x, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	body := x.Body
	if x.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	v.box.mu.Lock()
	defer v.box.mu.Unlock()
	v.box.came[v.to] = append(v.box.came[v.to], x)
	v.box.text[x] = string(text)
	return err
}

// to waits for the n-th letter to somebody.
func (m *mailbox) to(t *testing.T, who g.UserID, n int) (subject, text string) {
	t.Helper()
	eventually(t, fmt.Sprintf("letter %d to %s", n, who), func() bool { return m.count(who) >= n })
	m.mu.Lock()
	defer m.mu.Unlock()
	x := m.came[string(who)][n-1]
	return x.Header.Get("Subject"), m.text[x]
}

func (m *mailbox) count(who g.UserID) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.came[string(who)])
}

// watched is a school whose gateway runs with a mail server, guards and a head, and a chain.
type watched struct {
	*running
	t    *testing.T
	box  *mailbox
	wall *wall            // the gateway's clock
	had  map[g.UserID]int // letters before
	next int
}

var sixDigits = regexp.MustCompile(`\d{6}`)

func newWatched(t *testing.T, changes ...func(*config.Config)) *watched {
	t.Helper()
	s := newSchool(t)
	c := configOf(s.dir)
	l, err := net.Listen("tcp", c.HTTP.Listen)
	ok(t, err)
	c.HTTP.Listen, c.Webhooks.Private = l.Addr().String(), true
	ok(t, l.Close())
	c.HTTP.BaseURL = "http://" + c.HTTP.Listen // links lead there
	for _, change := range changes {
		change(&c)
	}
	w := &watched{t: t, wall: &wall{}, had: map[g.UserID]int{}}
	w.running = s.runOver(t, c, app.Options{Now: w.wall.now})
	box, addr := newMailbox(t)
	w.box = box
	host, port, err := net.SplitHostPort(addr)
	ok(t, err)
	_, err = w.view().Messages.CreateChannel(t.Context(), messages.Channel{
		School:   killSchool,
		Kind:     "smtp",
		Name:     "mail",
		Settings: map[string]string{"host": host, "port": port, "security": "none", "from": "g@school.example"},
	}, nil)
	ok(t, err)
	for id, role := range map[g.UserID]g.Role{
		"usr_lin": g.RoleSecurity, "usr_wang": g.RoleSecurity, "usr_head": g.RoleAdmin,
	} {
		w.employs(id, role)
	}
	_, err = w.view().Oncall.PutChain(t.Context(), g.Escalation{
		School: killSchool,
		Name:   "All",
		Wait:   1,
		Steps: []g.EscalationStep{
			{Users: []g.UserID{"usr_lin"}},
			{After: 1, Users: []g.UserID{"usr_wang"}},
		},
	})
	ok(t, err)
	return w
}

// employs adds somebody who has confirmed a mail address.
func (w *watched) employs(id g.UserID, role g.Role) {
	w.t.Helper()
	ctx := w.t.Context()
	_, err := w.view().Access.CreateUser(ctx, g.User{
		ID:       id,
		School:   killSchool,
		Name:     string(id),
		FullName: strings.TrimPrefix(string(id), "usr_"),
		Role:     role,
		Language: "en",
	}, "a long walk home")
	ok(w.t, err)
	own := w.a.Registry().In(g.Scope{
		School:      killSchool,
		Actor:       string(id) + " " + string(id),
		Permissions: role.Permissions(),
	}).Messages
	a, err := own.AddMine(ctx, messages.Email, string(id)+"@school.example")
	ok(w.t, err)
	ok(w.t, own.AskCode(ctx, a.ID))
	subject, _ := w.box.to(w.t, id, 1)
	w.had[id] = 1
	ok(w.t, own.Confirm(ctx, a.ID, sixDigits.FindString(subject)))
}

// fire raises an alert.
func (w *watched) fire() g.AlertID {
	w.t.Helper()
	w.next++
	id := g.AlertID(fmt.Sprintf("alt_%d", w.next))
	ok(w.t, w.view().Alerts.Apply(w.t.Context(), alerts.Effects{Alerts: []g.Alert{{
		ID:       id,
		School:   killSchool,
		Rule:     "smoke",
		Severity: g.Critical,
		Title:    "Smoke",
		Firing:   true,
		Opened:   w.wall.now(),
	}}}))
	return id
}

// told waits for the next letter to somebody.
func (w *watched) told(who g.UserID) (subject, text string) {
	w.t.Helper()
	w.had[who]++
	return w.box.to(w.t, who, w.had[who])
}

// send posts as a phone or a program does; key says whether with the API key.
func (w *watched) send(path, body string, key bool) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), "POST", w.a.URL()+path, bytes.NewReader([]byte(body)))
	ok(w.t, err)
	if key {
		r.Header.Set("Authorization", "Bearer "+w.school.key)
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := http.DefaultClient.Do(r)
	ok(w.t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	ok(w.t, err)
	if answer.StatusCode != http.StatusOK {
		w.t.Fatalf("POST %s: got %s: %s", path, answer.Status, text)
	}
}

func (w *watched) call(id g.AlertID) oncall.Call {
	w.t.Helper()
	c, _, err := w.view().Oncall.CallOf(w.t.Context(), id)
	if g.ErrorCode(err) == g.NotFound {
		return oncall.Call{}
	}
	ok(w.t, err)
	return c
}

var takeLink = regexp.MustCompile(`http://[0-9.:]+(/take/[A-Za-z0-9_-]+)`)

// However somebody answers, the chain is over everywhere: nothing more is due, the message that waits is
// stopped, and who would have been next hears nothing.
func TestOneAnswerEndsTheChain(t *testing.T) {
	w := newWatched(t)
	answers := map[string]func(id g.AlertID, letter string){
		"the link, on a phone": func(_ g.AlertID, letter string) {
			w.send(takeLink.FindStringSubmatch(letter)[1], "", false)
		},
		"the API": func(id g.AlertID, _ string) {
			w.send("/v1/alerts/"+string(id)+"/acknowledge", `{"version":1}`, true)
		},
		"the wall, for many at once": func(id g.AlertID, _ string) {
			w.send("/v1/alerts/batch", `{"deed":"acknowledge","ids":["`+string(id)+`"]}`, true)
		},
	}
	for how, answer := range answers {
		id := w.fire()
		_, letter := w.told("usr_lin")
		eventually(t, "the second step to wait", func() bool { return w.call(id).Step == 1 })
		begun := time.Now()
		answer(id, letter)
		eventually(t, "the end of the chain", func() bool { return w.call(id).State == oncall.CallAnswered })
		t.Logf("%s: over after %s", how, time.Since(begun))
		if c := w.call(id); !c.Due.IsZero() || c.Step != 1 {
			t.Errorf("%s: got %+v, want nothing due", how, c)
		}
		_, log, err := w.view().Oncall.CallOf(t.Context(), id)
		ok(t, err)
		eventually(t, "the message to be stopped", func() bool {
			m, err := w.view().Messages.Find(t.Context(), g.MessageID(log[0].Message))
			ok(t, err)
			return !m.Stopped.IsZero()
		})
		if n := w.box.count("usr_wang"); n != w.had["usr_wang"] {
			t.Errorf("%s: got %d letters to the next, want none", how, n-w.had["usr_wang"])
		}
	}
}

// What nobody answers goes through its levels, each at its time, and ends with an alert
// of its own and a letter to the head, whose link takes the alert itself; with that the head's alert is
// over.
func TestWhatNobodyAnswersIsTheHeads(t *testing.T) {
	w := newWatched(t)
	id := w.fire()
	w.told("usr_lin")
	eventually(t, "the second step to wait", func() bool { return w.call(id).Step == 1 })
	w.wall.move(time.Minute)
	w.told("usr_wang")
	eventually(t, "the last wait", func() bool { return w.call(id).Step == 2 })
	w.wall.move(time.Minute)
	subject, letter := w.told("usr_head")
	if !strings.Contains(subject, "Nobody answered: Smoke") {
		t.Errorf("got %q, want that nobody answered", subject)
	}
	if c := w.call(id); c.State != oncall.CallUnanswered || c.Head == "" {
		t.Fatalf("got %+v, want the head's alert", c)
	}
	wall, _, err := w.view().Alerts.List(t.Context(), alerts.Filter{
		School: killSchool,
		States: []g.AlertState{g.AlertOpen},
	})
	ok(t, err)
	if !slices.ContainsFunc(wall, func(a alerts.AlertRow) bool {
		return a.Rule == g.UnansweredRule && a.Severity == g.Critical && a.Firing && a.Audible
	}) {
		t.Errorf("got %+v on the wall, want the head's alert", wall)
	}
	head := w.call(id).Head
	w.send(takeLink.FindStringSubmatch(letter)[1], "", false)
	a, err := w.view().Alerts.Find(t.Context(), id)
	ok(t, err)
	if a.State != g.AlertAcknowledged || a.Handler != "usr_head" {
		t.Errorf("got %s by %s, want it taken by the head", a.State, a.Handler)
	}
	eventually(t, "the end of the head's alert", func() bool {
		a, err := w.view().Alerts.Find(t.Context(), head)
		ok(t, err)
		return !a.Firing
	})
}
