package escalate_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/escalate"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/smtp"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// letter is what the mail server took, and when.
type letter struct {
	to, subject, text string
	at                time.Time
}

// office is a mail server that nobody of us wrote; it hands on what it takes, and knows nobody whose
// address begins as refuses says.
type office struct {
	took    chan letter
	refuses *atomic.Value
}

func (o office) NewSession(*gosmtp.Conn) (gosmtp.Session, error) { return &visit{office: o}, nil }

type visit struct {
	office
	to string
}

func (v *visit) Reset()                                 {}
func (v *visit) Logout() error                          { return nil }
func (v *visit) Mail(string, *gosmtp.MailOptions) error { return nil }

func (v *visit) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	if prefix, _ := v.refuses.Load().(string); prefix != "" && strings.HasPrefix(to, prefix) {
		return &gosmtp.SMTPError{
			Code:         550,
			EnhancedCode: gosmtp.EnhancedCode{5, 1, 1},
			Message:      "no such user",
		}
	}
	v.to = to
	return nil
}

func (v *visit) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(m.Body)
	v.took <- letter{v.to, m.Header.Get("Subject"), string(text), time.Now()}
	return err
}

// whole is a school with everything from the alert to the mail server, on the machine's clock.
type whole struct {
	testing.TB
	reg    *registry.Registry
	view   *registry.View
	school g.SchoolID
	e      *escalate.Escalator
	office office
	n      int
}

func newWhole(t testing.TB) *whole {
	t.Helper()
	w := &whole{TB: t, office: office{make(chan letter, 100), &atomic.Value{}}}
	var err error
	w.reg, err = registry.Open(context.Background(), registry.Options{
		Dir:       t.TempDir(),
		MasterKey: []byte(strings.Repeat("7", 32)),
		Now:       time.Now,
	})
	w.must(err)
	t.Cleanup(func() { w.reg.Close() })
	w.view = w.reg.In(g.SystemScope("escalate"))
	made, err := w.view.Places.CreateSchool(t.Context(),
		g.School{Kind: g.KindSchool, Name: "A", Timezone: "Asia/Shanghai", Language: "en"})
	w.must(err)
	w.school = made.ID
	queue := post.New(post.Options{
		Registry: w.reg,
		Kinds:    []post.Kind{smtp.Kind()},
		BaseURL:  "https://gate.example",
		Private:  true,
		Now:      time.Now,
		Logger:   slog.New(slog.DiscardHandler),
	})
	posted := escalate.Post{View: w.view, Base: "https://gate.example"}
	w.e = escalate.New(escalate.Options{
		View:      w.view,
		Subscribe: w.reg.Subscribe,
		Tell:      posted.Tell,
		Stop:      posted.Stop,
		Link: func(id g.AlertID, user g.UserID, _ time.Time) string {
			return fmt.Sprintf("https://gate.example/take/%s-%s", id, user)
		},
		Now: time.Now,
		Log: slog.New(slog.DiscardHandler),
	})
	w.run(queue.Run)
	w.run(w.e.Run)
	w.mailChannel()
	for _, id := range []g.UserID{"usr_guard1", "usr_guard2"} {
		w.guard(id)
	}
	_, err = w.view.Oncall.PutChain(t.Context(), g.Escalation{
		School: w.school,
		Name:   "All",
		Wait:   60,
		Steps: []g.EscalationStep{
			{Users: []g.UserID{"usr_guard1"}},
			{After: 1, Users: []g.UserID{"usr_guard2"}},
		},
	})
	w.must(err)
	return w
}

func (w *whole) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *whole) run(f func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { f(ctx) })
	w.Cleanup(func() {
		cancel()
		wg.Wait()
	})
}

func (w *whole) mailChannel() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	server := gosmtp.NewServer(w.office)
	server.Domain = "mail.example"
	var wg sync.WaitGroup
	wg.Go(func() { _ = server.Serve(ln) })
	w.Cleanup(func() {
		server.Close()
		wg.Wait()
	})
	_, err = w.view.Messages.CreateChannel(w.Context(), messages.Channel{
		School: w.school,
		Kind:   "smtp",
		Name:   "mail",
		Settings: map[string]string{
			"host":     "127.0.0.1",
			"port":     strconv.Itoa(ln.Addr().(*net.TCPAddr).Port),
			"security": "none",
			"from":     "gate@school.example",
		},
	}, nil)
	w.must(err)
}

var digits = regexp.MustCompile(`\d{6}`)

// guard adds somebody who has confirmed a mail address by the code in the letter.
func (w *whole) guard(id g.UserID) {
	ctx := w.Context()
	_, err := w.view.Access.CreateUser(ctx, g.User{
		ID:       id,
		School:   w.school,
		Name:     string(id),
		Role:     g.RoleSecurity,
		Language: "en",
	}, "a long walk home")
	w.must(err)
	own := w.reg.In(g.Scope{
		School:      w.school,
		Actor:       string(id) + " " + string(id),
		Permissions: g.RoleSecurity.Permissions(),
	}).Messages
	a, err := own.AddMine(ctx, messages.Email, string(id)+"@school.example")
	w.must(err)
	w.must(own.AskCode(ctx, a.ID))
	l := w.next()
	w.must(own.Confirm(ctx, a.ID, digits.FindString(l.subject)))
}

// next waits for a letter.
func (w *whole) next() letter {
	w.Helper()
	select {
	case l := <-w.office.took:
		return l
	case <-time.After(time.Minute):
		w.Fatal("no letter for a minute")
		return letter{}
	}
}

// raise writes an alert whose second level is due in a moment, and says when.
func (w *whole) raise(in time.Duration) (g.AlertID, time.Time) {
	w.Helper()
	w.n++
	id := g.AlertID(fmt.Sprintf("alt_%06d", w.n))
	opened := time.Now().Add(in - time.Minute)
	a := g.Alert{
		ID:       id,
		School:   w.school,
		Rule:     "smoke",
		Severity: g.Critical,
		State:    g.AlertOpen,
		Title:    "Smoke " + string(id),
		Firing:   true,
		Opened:   opened,
	}
	w.must(w.view.Alerts.Apply(w.Context(), alerts.Effects{Alerts: []g.Alert{a}}))
	a.Version = 1
	w.must(w.e.Apply(w.Context(), []g.Event{{Kind: g.EventAlert, Alert: &a}}))
	return id, opened.Add(time.Minute)
}

// From the alert to the letters: the first level at once, the second at its time, each once and
// with a link of its own.
func TestBothLevelsReachTheMailServer(t *testing.T) {
	w := newWhole(t)
	id, _ := w.raise(300 * time.Millisecond)
	var got []string
	for range 2 {
		l := w.next()
		got = append(got, l.to)
		name := strings.TrimSuffix(l.to, "@school.example")
		if !strings.Contains(l.subject, "Smoke") ||
			!strings.Contains(l.text, fmt.Sprintf("/take/%s-%s", id, name)) {
			t.Errorf("got %+v, want the alert with the link of %s", l, name)
		}
	}
	want := []string{"usr_guard1@school.example", "usr_guard2@school.example"}
	if !slices.Equal(got, want) {
		t.Errorf("got letters to %v, want %v in this order", got, want)
	}
}

// Whom the mail server does not know is told by nothing else: the second level is told at once, not
// after its minute, and the log says which way failed.
func TestAWayThatFailedMovesOn(t *testing.T) {
	w := newWhole(t)
	w.office.refuses.Store("usr_guard1")
	id, due := w.raise(50 * time.Second)
	l := w.next()
	if l.to != "usr_guard2@school.example" || !l.at.Before(due) {
		t.Errorf("got a letter to %s at %s, want one to guard2 before %s", l.to, l.at, due)
	}
	_, log, err := w.view.Oncall.CallOf(t.Context(), id)
	w.must(err)
	if len(log) == 0 || log[0].User != "usr_guard1" || log[0].State != messages.Failed ||
		len(log[0].Ways) != 1 || log[0].Ways[0].State != messages.Failed ||
		log[0].Ways[0].ChannelName != "mail" || log[0].Ways[0].Code == "" {
		t.Errorf("got %+v, want the mail to guard1 failed, and why", log)
	}
}

// How long after its time the second level's letter is at the mail server.
func BenchmarkSecondLevel(b *testing.B) {
	w := newWhole(b)
	var late []time.Duration
	for b.Loop() {
		_, due := w.raise(250 * time.Millisecond)
		w.next()
		late = append(late, w.next().at.Sub(due))
	}
	slices.Sort(late)
	b.ReportMetric(float64(late[len(late)/2].Microseconds())/1000, "ms-late-p50")
	b.ReportMetric(float64(late[len(late)*99/100].Microseconds())/1000, "ms-late-p99")
}
