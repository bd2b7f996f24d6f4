package post_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/smtp"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// letters is a mail server that nobody of us wrote, in this process: what it took, by Message-ID.
type letters struct {
	answer func(to string, n int) error // to the nth RCPT for an address, from 1
	slow   func(to string)              // before the answer to a letter's content

	mu    sync.Mutex
	hangs int
	asked map[string]int
	got   []*mail.Message
	texts []string
	to    []string
}

func (s *letters) NewSession(*gosmtp.Conn) (gosmtp.Session, error) {
	return &mailSession{s: s}, nil
}

type mailSession struct {
	s  *letters
	to string
}

func (x *mailSession) Reset()                                 {}
func (x *mailSession) Logout() error                          { return nil }
func (x *mailSession) Mail(string, *gosmtp.MailOptions) error { return nil }

func (x *mailSession) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.to = to
	x.s.asked[to]++
	if x.s.answer == nil {
		return nil
	}
	return x.s.answer(to, x.s.asked[to])
}

func (x *mailSession) Data(r io.Reader) error {
	if x.s.slow != nil {
		x.s.hang(1)
		x.s.slow(x.to)
		x.s.hang(-1)
	}
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(m.Body)
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.s.got, x.s.texts, x.s.to = append(x.s.got, m), append(x.s.texts, string(text)),
		append(x.s.to, x.to)
	return err
}

func (s *letters) hang(n int) {
	s.mu.Lock()
	s.hangs += n
	s.mu.Unlock()
}

func (s *letters) hanging() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hangs
}

func (s *letters) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.got)
}

// serve starts the mail server and returns its settings.
func serve(t testing.TB, s *letters) map[string]string {
	t.Helper()
	s.asked = map[string]int{}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := gosmtp.NewServer(s)
	server.Domain = "mail.example"
	server.ErrorLog = log.New(io.Discard, "", 0) // connections that a killed queue leaves
	var wg sync.WaitGroup
	wg.Go(func() { _ = server.Serve(ln) })
	t.Cleanup(func() {
		server.Close()
		wg.Wait()
	})
	return map[string]string{
		"host":     "127.0.0.1",
		"port":     strconv.Itoa(ln.Addr().(*net.TCPAddr).Port),
		"security": "none",
		"from":     "Riverside <gate@school.example>",
	}
}

// texts is an SMS gateway that takes what is signed: which numbers, under which IDs.
type texts struct {
	settings, secrets map[string]string

	mu  sync.Mutex
	to  []string
	ids []string
}

func serveSMS(t testing.TB) *texts {
	t.Helper()
	x := &texts{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var said struct{ To string }
		if err := json.NewDecoder(r.Body).Decode(&said); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		x.mu.Lock()
		defer x.mu.Unlock()
		x.to, x.ids = append(x.to, said.To), append(x.ids, r.Header.Get("webhook-id"))
		io.WriteString(w, `{"id":"peer"}`)
	}))
	t.Cleanup(server.Close)
	x.settings = map[string]string{"style": "signed", "url": server.URL}
	x.secrets = map[string]string{"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
	return x
}

func (x *texts) numbers() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.to)
}

// eventually asks until something holds, and ends the test after a minute.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	end := time.Now().Add(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		if time.Now().After(end) {
			t.Fatalf("%s: not within a minute", what)
		}
		<-tick.C
	}
}

// school is a school with its queue, which runs.
type school struct {
	t     testing.TB
	reg   *registry.Registry
	v     *registry.View
	id    g.SchoolID
	queue *post.Queue
	ahead atomic.Int64 // how far the school's clock is ahead of ours
	now   func() time.Time
}

func newSchool(t testing.TB, kinds ...post.Kind) *school {
	t.Helper()
	s := &school{t: t}
	s.now = func() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }
	var err error
	s.reg, err = registry.Open(context.Background(), registry.Options{
		Dir:       t.TempDir(),
		MasterKey: bytes.Repeat([]byte{7}, 32),
		Now:       s.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.reg.Close() })
	s.v = s.reg.In(g.SystemScope("test"))
	made, err := s.v.Places.CreateSchool(t.Context(),
		g.School{Kind: g.KindSchool, Name: "Riverside", Timezone: "Asia/Shanghai", Language: "en"})
	if err != nil {
		t.Fatal(err)
	}
	s.id = made.ID
	s.queue = post.New(post.Options{
		Registry: s.reg,
		Kinds:    append([]post.Kind{smtp.Kind()}, kinds...),
		BaseURL:  "https://gate.example",
		Private:  true,
		Now:      s.now,
		Logger:   slog.New(slog.DiscardHandler),
	})
	run, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { s.queue.Run(run) })
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	return s
}

func (s *school) channel(kind string, settings, secrets map[string]string) g.ChannelID {
	s.t.Helper()
	if err := s.queue.Check(kind, settings, secrets); err != nil {
		s.t.Fatal(err)
	}
	c, err := s.v.Messages.CreateChannel(s.t.Context(), messages.Channel{
		School:   s.id,
		Kind:     kind,
		Name:     kind,
		Settings: settings,
	}, secrets)
	if err != nil {
		s.t.Fatal(err)
	}
	return c.ID
}

// person adds somebody of the staff with addresses.
func (s *school) person(name string, at ...messages.ContactAddress) g.PersonID {
	s.t.Helper()
	p, err := s.v.People.Create(s.t.Context(),
		g.Person{School: s.id, Kind: g.Staff, Name: name})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.v.Messages.PutPersonContact(s.t.Context(), p.ID,
		messages.Contact{Addresses: at}); err != nil {
		s.t.Fatal(err)
	}
	return p.ID
}

func (s *school) send(m messages.Message, to ...messages.To) g.MessageID {
	s.t.Helper()
	m.School = s.id
	id, err := s.v.Messages.Send(s.t.Context(), m, to)
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

func (s *school) told(id g.MessageID) []messages.Told {
	s.t.Helper()
	all, _, err := s.v.Messages.Told(s.t.Context(), id, messages.ToldFilter{})
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

// becomes waits until the only recipient of a message is in a state.
func (s *school) becomes(id g.MessageID, want messages.State) messages.Told {
	s.t.Helper()
	end := time.Now().Add(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		x := s.told(id)[0]
		if x.State == want {
			return x
		}
		if time.Now().After(end) {
			s.t.Fatalf("got %+v after a minute, want it %s", x, want)
		}
		<-tick.C
	}
}

func email(value string) messages.ContactAddress {
	return messages.ContactAddress{Way: messages.Email, Value: value}
}
