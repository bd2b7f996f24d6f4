package smpp_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/smpp"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// said is one line of the message centre: a message that it got, or what else happened.
type said struct {
	Port           int
	To, From, Text string
	TON, FromTON   int
	Coding         int
	Payload        bool
	Registered     int
	Reference      int
	Total, Part    int
	Bind           string
	OK             bool
	Version        int
	Enquired       bool
	Unbound        bool
	Answered       string
	Status         int
	Receipt        *int
	Bytes          int
}

// centre is npm's smpp as the message centre; testdata/npm/centre.mjs says what it does.
type centre struct {
	t     *testing.T
	port  int
	in    io.Writer
	lines chan said
}

func start(t *testing.T, env ...string) *centre {
	t.Helper()
	const dir = "testdata/npm"
	if _, err := os.Stat(dir + "/node_modules/smpp"); err != nil {
		t.Skip("npm's smpp is not installed; make test installs it, or npm ci in gateway/notify/smpp/testdata/npm")
	}
	if _, err := os.Stat(dir + "/centre.mjs"); err != nil { // makes cached test results depend on the script
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	js := exec.CommandContext(ctx, "node", "centre.mjs")
	js.Dir, js.Env, js.Stderr = dir, append(os.Environ(), env...), os.Stderr
	in, err := js.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := js.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := js.Start(); err != nil {
		t.Fatal(err)
	}
	c := &centre{
		t:     t,
		in:    in,
		lines: make(chan said, 1000),
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var x said
			if err := json.Unmarshal(lines.Bytes(), &x); err != nil {
				t.Errorf("the centre wrote %q: %v", lines.Text(), err)
			}
			c.lines <- x
		}
	})
	t.Cleanup(func() {
		cancel()
		wg.Wait()
		_ = js.Wait() // it was killed
	})
	c.port = c.next("its port", func(x said) bool { return x.Port != 0 }).Port
	return c
}

// next is the next line that fits; the others before it are passed over.
func (c *centre) next(what string, fits func(said) bool) said {
	c.t.Helper()
	limit := time.NewTimer(20 * time.Second)
	defer limit.Stop()
	for {
		select {
		case x := <-c.lines:
			if fits(x) {
				return x
			}
		case <-limit.C:
			c.t.Fatalf("the centre did not tell %s", what)
		}
	}
}

func (c *centre) message() said {
	c.t.Helper()
	return c.next("a message", func(x said) bool { return x.To != "" })
}

func (c *centre) do(command string) {
	c.t.Helper()
	if _, err := fmt.Fprintln(c.in, command); err != nil {
		c.t.Fatal(err)
	}
}

// reports collects what a channel reports.
type reports struct {
	ch   chan post.Report
	full bool // there is no room
}

func (r *reports) take(all []post.Report) bool {
	if r.full {
		return false
	}
	for _, x := range all {
		r.ch <- x
	}
	return true
}

func (r *reports) next(t *testing.T) post.Report {
	t.Helper()
	select {
	case x := <-r.ch:
		return x
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was reported")
		return post.Report{}
	}
}

// open makes a channel to the centre; values are settings beside the usual ones, "" leaves one out.
func (c *centre) open(r *reports, values map[string]string) *smpp.Channel {
	c.t.Helper()
	all := map[string]string{
		"host":      "127.0.0.1",
		"port":      strconv.Itoa(c.port),
		"security":  "none",
		"system_id": "gate",
		"sender":    "Riverside",
	}
	password := "right"
	for name, value := range values {
		all[name] = value
		if name == "password" {
			password = value
			delete(all, name)
		}
	}
	s := post.Settings{
		Values:  all,
		Secrets: map[string]string{"password": password},
		Private: true,
	}
	if r != nil {
		s.Report = r.take
	}
	ch, err := smpp.Open(s)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { ch.Close() })
	return ch
}

func collect() *reports { return &reports{ch: make(chan post.Report, 100)} }

func letter(to, text string) post.Letter {
	return post.Letter{
		ID:       "msg_1-2",
		To:       to,
		Text:     text,
		Language: "zh-CN",
		Now:      time.Now(),
		Made:     time.Now(),
	}
}

// A short text in the GSM alphabet or in Chinese goes as one message, and the centre's receipts say
// that it arrived, or did not.
func TestShortTexts(t *testing.T) {
	c := start(t)
	r := collect()
	ch := c.open(r, nil)
	for _, x := range []struct {
		to, text string
		coding   int
		ton      int
		state    messages.State
		code     string
	}{
		{"+8613800138000", "Fire in lab 3 [east], price 5€", 0, 1, messages.Delivered, ""},
		{"13800138000", "实验室三着火，请立即撤离。", 8, 0, messages.Delivered, ""},
		{"13800138001", "实验室三着火 🔥", 8, 0, messages.Failed, "smpp UNDELIV 034"},
	} {
		out := ch.Send(t.Context(), letter(x.to, x.text))
		if out.Err != nil || out.Verdict != post.Taken || out.Code != "smpp 0" || out.Peer == "" {
			t.Fatalf("%s: got %+v, want it taken under the centre's name", x.text, out)
		}
		got := c.message()
		if got.Text != x.text || got.Coding != x.coding || got.To != strings.TrimPrefix(x.to, "+") ||
			got.TON != x.ton || got.From != "Riverside" || got.FromTON != 5 || got.Total != 0 || got.Registered != 1 {
			t.Errorf("got %+v, want %q to %s in coding %d", got, x.text, x.to, x.coding)
		}
		if got := r.next(t); got.Peer != out.Peer || got.State != x.state || got.Code != x.code {
			t.Errorf("%s: got the report %+v, want %s %s of %s", x.text, got, x.state, x.code, out.Peer)
		}
	}
}

// A long text goes in parts that telephones join, or whole where the settings say so; it has arrived
// once all of its parts have.
func TestLongTexts(t *testing.T) {
	c := start(t)
	chinese := strings.Repeat("明天上午八点全校师生到操场集合。", 20)
	for _, x := range []struct {
		what, text string
		parts      int
		values     map[string]string
	}{
		{"Chinese", chinese, 5, nil},
		{"pairs at the ends of parts", strings.Repeat("火", 66) + "🔥🔥" + strings.Repeat("火", 70), 3, nil},
		{"GSM", strings.Repeat("All pupils meet [here]. ", 14), 3, nil},
		{"whole", chinese, 1, map[string]string{"long_texts": "payload"}},
		{"UCS-2 for all", strings.Repeat("meet here ", 8), 2, map[string]string{"alphabet": "ucs2"}},
	} {
		t.Run(x.what, func(t *testing.T) {
			r := collect()
			ch := c.open(r, x.values)
			out := ch.Send(t.Context(), letter("13800138000", x.text))
			if out.Err != nil {
				t.Fatal(out.Err)
			}
			text := ""
			var first said
			for i := range x.parts {
				got := c.message()
				if i == 0 {
					first = got
				}
				if x.parts > 1 && (got.Total != x.parts || got.Part != i+1 || got.Reference != first.Reference) {
					t.Errorf("got %+v, want part %d of %d", got, i+1, x.parts)
				}
				if got.Payload != (x.values["long_texts"] == "payload") {
					t.Errorf("got %+v, want it in the other field", got)
				}
				text += got.Text
			}
			if text != x.text {
				t.Errorf("got %q, want %q", text, x.text)
			}
			if got := r.next(t); got.State != messages.Delivered || got.Letter != "msg_1-2" && got.Peer != out.Peer {
				t.Errorf("got %+v, want that the letter arrived", got)
			}
			if n := len(r.ch); n != 0 {
				t.Errorf("got %d further reports, want one for all parts", n)
			}
		})
	}
}

// A centre that is not there, refuses, is slow, drops the connection or says that it is too much is
// told apart, and by what is left to do.
func TestBadCentres(t *testing.T) {
	c := start(t)
	ch := c.open(nil, nil)
	for _, x := range []struct {
		what    string
		within  time.Duration
		ch      *smpp.Channel
		to      string
		verdict post.Verdict
		code    string
	}{
		{"throttled", time.Minute, ch, "13800138002", post.Away, "smpp 0x58"},
		{"and later", time.Minute, ch, "13800138002", post.Taken, "smpp 0"},
		{"a wrong number", time.Minute, ch, "13800138003", post.Refused, "smpp 0x0b"},
		{"a wrong sender", time.Minute, ch, "13800138009", post.Away, "smpp 0x0a"},
		{"slow", 300 * time.Millisecond, ch, "13800138004", post.Unsure, "smpp unsure"},
		{"hangs up", time.Minute, ch, "13800138005", post.Unsure, "smpp unsure"},
		{"bound again", time.Minute, ch, "13800138006", post.Taken, "smpp 0"},
		{
			"a wrong password", time.Minute, c.open(nil, map[string]string{"password": "wrong"}),
			"13800138000", post.Away, "smpp 0x0e",
		},
		{
			"no answer to the bind", 300 * time.Millisecond, c.open(nil, map[string]string{"system_id": "mute"}),
			"13800138000", post.Away, "smpp unreachable",
		},
		{
			"TLS that it does not speak", 300 * time.Millisecond, c.open(nil, map[string]string{"security": "tls"}),
			"13800138000", post.Away, "smpp unreachable",
		},
		{
			"nobody there", time.Minute, c.open(nil, map[string]string{"port": "1"}),
			"13800138000", post.Away, "smpp unreachable",
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), x.within)
		out := x.ch.Send(ctx, letter(x.to, "Closed at noon"))
		cancel()
		if out.Verdict != x.verdict || out.Code != x.code || (out.Err == nil) != (x.verdict == post.Taken) {
			t.Errorf("%s: got %+v, want verdict %d %s", x.what, out, x.verdict, x.code)
		}
		if out.Err != nil && (strings.Contains(out.Err.Error(), x.to) || strings.Contains(out.Err.Error(), "wrong")) {
			t.Errorf("%s: %q names the number or the password", x.what, out.Err)
		}
	}
}

// A letter of which the centre took some parts goes on with the others.
func TestBrokenAmidParts(t *testing.T) {
	c := start(t)
	r := collect()
	ch := c.open(r, nil)
	long := letter("13800138008", strings.Repeat("明天停课。", 30))
	if out := ch.Send(t.Context(), long); out.Verdict != post.Away {
		t.Fatalf("got %+v, want it throttled at its second part", out)
	}
	if out := ch.Send(t.Context(), long); out.Err != nil {
		t.Fatal(out.Err)
	}
	var parts []int
	for range 4 {
		parts = append(parts, c.message().Part)
	}
	if want := []int{1, 2, 2, 3}; !slices.Equal(parts, want) {
		t.Errorf("got the parts %v, want %v", parts, want)
	}
}

// Receipts come though nothing is sent: a channel that lost its connection binds again by itself. One
// for which there is no room is asked for again.
func TestReceiptsOfAnIdleChannel(t *testing.T) {
	c := start(t, "IDS=decimal")
	r := collect()
	ch := c.open(r, map[string]string{"receipts": "decimal", "enquire_seconds": "1"})
	out := ch.Send(t.Context(), letter("13800138000", "Closed"))
	if got := r.next(t); out.Err != nil || got.Peer != out.Peer {
		t.Errorf("got %+v of %+v, want both under one name", got, out)
	}
	c.next("an enquiry", func(x said) bool { return x.Enquired })
	c.do("enquire")
	c.next("an answer", func(x said) bool { return x.Answered == "enquire_link" })
	c.do("odd")
	if got := c.next("an answer", func(x said) bool { return x.Answered == "generic_nack" }); got.Status != 3 {
		t.Errorf("got %+v, want that the command is not known", got)
	}
	for _, how := range []string{"unbind", "kick"} {
		c.do(how)
		if got := c.next("a bind", func(x said) bool { return x.Bind != "" }); !got.OK || got.Version != 0x34 {
			t.Errorf("got %+v, want it bound again", got)
		}
	}
	if out := ch.Send(t.Context(), letter("13800138006", "Closed")); out.Err != nil { // it is bound by now
		t.Fatal(out.Err)
	}
	if err := ch.Close(); err != nil {
		t.Fatal(err)
	}
	c.next("the end", func(x said) bool { return x.Unbound })
}

func TestNoRoomForReceipts(t *testing.T) {
	c := start(t)
	r := collect()
	r.full = true
	ch := c.open(r, nil)
	if out := ch.Send(t.Context(), letter("13800138007", "Closed")); out.Err != nil {
		t.Fatal(out.Err)
	}
	c.message()
	c.do("receipts")
	got := c.next("what a receipt was answered", func(x said) bool { return x.Receipt != nil })
	if *got.Receipt != 0x64 {
		t.Errorf("got %#x, want that it is to come again", *got.Receipt)
	}
}

// Over TLS the centre has to be the one that the settings vouch for.
func TestTLS(t *testing.T) {
	key, cert := certificate(t)
	c := start(t, "TLS_KEY="+key, "TLS_CERT="+cert)
	ch := c.open(nil, map[string]string{"security": "tls", "ca": cert})
	if out := ch.Send(t.Context(), letter("13800138006", "Closed")); out.Err != nil {
		t.Errorf("got %v, want it taken", out.Err)
	}
	ch = c.open(nil, map[string]string{"security": "tls"})
	if out := ch.Send(t.Context(), letter("13800138006", "Closed")); out.Verdict != post.Away || out.Err == nil {
		t.Errorf("a strange certificate: got %+v, want the channel away", out)
	}
}

// certificate makes one for 127.0.0.1, with its key, as PEM.
func certificate(t *testing.T) (key, cert string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, x, x, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})),
		string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
