package smtp_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"

	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/smtp"
)

// mailbox is a mail server that asks for a name and a password.
type mailbox struct {
	mechanism string

	mu     sync.Mutex
	signed int // letters of those who signed in
	got    int
}

type session struct {
	b      *mailbox
	signed bool
}

func (b *mailbox) NewSession(*gosmtp.Conn) (gosmtp.Session, error) { return &session{b: b}, nil }

func (x *session) AuthMechanisms() []string { return []string{x.b.mechanism} }

func (x *session) Auth(mechanism string) (sasl.Server, error) {
	check := func(name, password string) error {
		if name != "gate" || password != "right" {
			return &gosmtp.SMTPError{Code: 535, EnhancedCode: gosmtp.EnhancedCode{5, 7, 8}, Message: "no"}
		}
		x.signed = true
		return nil
	}
	if mechanism == "LOGIN" {
		return &login{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, name, password string) error { return check(name, password) }), nil
}

// login is the server's side of LOGIN, which asks for name and password in turn.
type login struct {
	check func(name, password string) error
	name  string
	step  int
}

func (l *login) Next(said []byte) (challenge []byte, done bool, err error) {
	l.step++
	switch l.step {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		l.name = string(said)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.name, string(said))
}

func (x *session) Reset()        {}
func (x *session) Logout() error { return nil }

func (x *session) Mail(string, *gosmtp.MailOptions) error {
	if !x.signed && x.b.mechanism != "" {
		return gosmtp.ErrAuthRequired
	}
	return nil
}

func (x *session) Rcpt(string, *gosmtp.RcptOptions) error { return nil }

func (x *session) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	x.b.mu.Lock()
	defer x.b.mu.Unlock()
	x.b.got++
	if x.signed {
		x.b.signed++
	}
	return err
}

// certificate makes one for 127.0.0.1 and returns it with its PEM.
func certificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// open starts the mailbox under a kind of security and returns a channel to it.
func open(t *testing.T, b *mailbox, security, password string, trusted bool) *smtp.Channel {
	t.Helper()
	own, text := certificate(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := ln.Addr().(*net.TCPAddr).Port
	server := gosmtp.NewServer(b)
	server.Domain = "mail.example"
	server.ErrorLog = log.New(io.Discard, "", 0)
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{own}}
	if security == "tls" {
		ln = tls.NewListener(ln, server.TLSConfig)
	}
	var wg sync.WaitGroup
	wg.Go(func() { _ = server.Serve(ln) })
	t.Cleanup(func() {
		server.Close()
		wg.Wait()
	})
	values := map[string]string{
		"host":     "127.0.0.1",
		"port":     strconv.Itoa(port),
		"security": security,
		"from":     "gate@school.example",
		"username": "gate",
	}
	if trusted {
		values["ca"] = text
	}
	c, err := smtp.Open(post.Settings{
		Values:  values,
		Secrets: map[string]string{"password": password},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func letter() post.Letter {
	return post.Letter{
		ID:      "msg_1-2",
		To:      "li@home.example",
		Subject: "着火",
		Text:    "实验室着火，请立即撤离。",
		Now:     time.Now(),
		Made:    time.Now(),
	}
}

// Letters go over TLS, begun at once or by STARTTLS, to a server that asks for a name and a password
// by PLAIN or LOGIN; two on one connection.
func TestTLSAndSignIn(t *testing.T) {
	for _, security := range []string{"starttls", "tls"} {
		for _, mechanism := range []string{"PLAIN", "LOGIN"} {
			t.Run(security+" "+mechanism, func(t *testing.T) {
				b := &mailbox{mechanism: mechanism}
				c := open(t, b, security, "right", true)
				for range 2 {
					if out := c.Send(t.Context(), letter()); out.Err != nil || out.Code != "smtp 250" {
						t.Fatalf("got %+v, want it taken", out)
					}
				}
				if b.signed != 2 {
					t.Errorf("got %d letters of somebody who signed in, want 2", b.signed)
				}
			})
		}
	}
}

// A wrong password and a certificate of nobody we trust are about all letters, and nothing is sent.
func TestWhoIsNotLetIn(t *testing.T) {
	b := &mailbox{mechanism: "PLAIN"}
	out := open(t, b, "starttls", "wrong", true).Send(t.Context(), letter())
	if out.Verdict != post.Away || out.Code != "smtp 535" || strings.Contains(out.Err.Error(), "wrong") {
		t.Errorf("a wrong password: got %+v, want the channel away", out)
	}
	out = open(t, b, "starttls", "right", false).Send(t.Context(), letter())
	if out.Verdict != post.Away || b.got != 0 {
		t.Errorf("a strange certificate: got %+v and %d letters, want the channel away and none", out, b.got)
	}
}

// play is a server that says lines of its own, one for each line that it hears; after the last it
// hangs up, or hangs. The connection's content counts as one line.
func play(t *testing.T, hang bool, lines ...string) *smtp.Channel {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	release := make(chan struct{})
	wg.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer conn.Close()
				answer(conn, lines)
				if hang {
					<-release
				}
			})
		}
	})
	t.Cleanup(func() {
		close(release)
		ln.Close()
		wg.Wait()
	})
	c, err := smtp.Open(post.Settings{Values: map[string]string{
		"host":     "127.0.0.1",
		"port":     strconv.Itoa(ln.Addr().(*net.TCPAddr).Port),
		"security": "none",
		"from":     "gate@school.example",
	}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func answer(conn net.Conn, lines []string) {
	in := bufio.NewReader(conn)
	content := false
	for i, line := range lines {
		if i > 0 {
			for {
				heard, err := in.ReadString('\n')
				if err != nil {
					return
				}
				verb, path, _ := strings.Cut(strings.ToUpper(heard), ":")
				if (verb == "MAIL FROM" || verb == "RCPT TO") && !strings.HasPrefix(path, "<") {
					line = "501 5.5.4 an address stands in angle brackets (RFC 5321, section 4.1.2)"
				}
				if !content || heard == ".\r\n" {
					break
				}
			}
		}
		content = strings.HasPrefix(line, "354")
		if _, err := io.WriteString(conn, line+"\r\n"); err != nil {
			return
		}
	}
}

// What a server says or does not say decides: before the last dot nothing was sent, after it nobody
// knows, and what it says of a mailbox is no word about the others.
func TestWhatTheServerSays(t *testing.T) {
	for _, x := range []struct {
		what    string
		lines   []string
		verdict post.Verdict
		code    string
	}{
		{"greylisting", []string{"220 hi", "250 hi", "250 ok", "451 4.7.1 later"}, post.Later, "smtp 451"},
		{"no mailbox", []string{"220 hi", "250 hi", "250 ok", "550 5.1.1 nobody"}, post.Lost, "smtp 550"},
		{"spam", []string{"220 hi", "250 hi", "250 ok", "250 ok", "354 go", "554 5.7.1 spam"}, post.Refused,
			"smtp 554"},
		{"a sender that it refuses", []string{"220 hi", "250 hi", "550 5.7.1 not you"}, post.Away, "smtp 550"},
		{"busy", []string{"220 hi", "250 hi", "421 4.3.2 busy"}, post.Away, "smtp 421"},
		{"drops after the recipient", []string{"220 hi", "250 hi", "250 ok", "250 ok"}, post.Later,
			"smtp broken"},
		{"drops after the content", []string{"220 hi", "250 hi", "250 ok", "250 ok", "354 go"}, post.Unsure,
			"smtp unsure"},
		{"nonsense", []string{"HTTP/1.1 400 Bad Request"}, post.Away, "smtp unreachable"},
	} {
		t.Run(x.what, func(t *testing.T) {
			c := play(t, false, x.lines...)
			out := c.Send(t.Context(), letter())
			if out.Verdict != x.verdict || out.Code != x.code || out.Err == nil {
				t.Errorf("got %+v, want %s and verdict %d", out, x.code, x.verdict)
			}
			if out.Err != nil && strings.Contains(out.Err.Error(), "li@home.example") {
				t.Errorf("got %v, want no address in it", out.Err)
			}
		})
	}
}

// A server that hangs is let go when the attempt's time is over; where it hangs after the content,
// nobody knows whether it took the letter.
func TestAServerThatHangs(t *testing.T) {
	for at, want := range map[string]post.Verdict{
		"greeting": post.Away,
		"content":  post.Unsure,
	} {
		lines := []string{"220 hi", "250 hi", "250 ok", "250 ok", "354 go"}
		if at == "greeting" {
			lines = nil
		}
		c := play(t, true, lines...)
		ctx, cancel := contextOf(t)
		out := c.Send(ctx, letter())
		cancel()
		if out.Verdict != want || errors.Is(out.Err, io.EOF) {
			t.Errorf("%s: got %+v, want verdict %d", at, out, want)
		}
	}
}

// contextOf is the time of an attempt, shortened.
func contextOf(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), time.Second)
}
