package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/drivertest"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
)

const (
	deadline = 20 * time.Second // bounds a wait for something that should happen at once
	secret   = "a-secret-of-this-till"
)

// gateway is the other side of the driver: it answers from a list, and keeps what it is told.
type gateway struct {
	mu   sync.Mutex
	asks []gatehouse.Ask
	deaf bool // it answers nothing and takes nothing
	seen []gatehouse.Observation
	came chan struct{} // capacity 1
}

func (x *gateway) Answer(
	_ context.Context, _ gatehouse.DriverName, a gatehouse.Ask,
) (gatehouse.Answer, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.deaf {
		return gatehouse.Answer{}, errors.New("deaf")
	}
	x.asks = append(x.asks, a)
	if a.Credential == "4711" {
		return gatehouse.Answer{Allow: true, Person: "per_a", Serving: &gatehouse.Serving{
			Meal:   "Lunch",
			MealZH: "午餐",
			Name:   "Li Ming",
			Class:  "7-2",
			Note:   "No peanuts",
		}}, nil
	}
	return gatehouse.Answer{
		Reason:  gatehouse.Because(gatehouse.ReasonMealEaten),
		Serving: &gatehouse.Serving{Before: time.Date(2026, 9, 1, 4, 0, 0, 0, time.UTC)},
	}, nil
}

func (x *gateway) Accept(
	_ context.Context, _ gatehouse.DriverName, o []gatehouse.Observation,
) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.deaf {
		return errors.New("deaf")
	}
	x.seen = append(x.seen, o...)
	select {
	case x.came <- struct{}{}:
	default:
	}
	return nil
}

func (x *gateway) setDeaf(on bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.deaf = on
}

// until waits for an observation.
func (x *gateway) until(t *testing.T, what string, is func(gatehouse.Observation) bool) (o gatehouse.Observation) {
	t.Helper()
	over := time.After(deadline)
	for {
		x.mu.Lock()
		i := slices.IndexFunc(x.seen, is)
		if i >= 0 {
			o = x.seen[i]
		}
		x.mu.Unlock()
		if i >= 0 {
			return o
		}
		select {
		case <-x.came:
		case <-over:
			t.Fatalf("did not come: %s", what)
		}
	}
}

// world is a driver under a host, with one till.
type world struct {
	*gateway
	t    *testing.T
	d    *driver
	h    *host.Host
	base string
}

func open(t *testing.T) *world {
	t.Helper()
	x := &world{
		gateway: &gateway{came: make(chan struct{}, 1)},
		t:       t,
		d:       newDriver(),
	}
	x.h = host.New(host.Options{
		Sink:   x,
		Answer: x.Answer,
		Logger: slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- x.h.Run(ctx, []host.Spec{{
			Name:     "counter",
			Driver:   x.d,
			Settings: map[string]string{"listen": "127.0.0.1:0"},
		}})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		x.d.close()
	})
	if err := x.h.Put("counter", till()); err != nil {
		t.Fatal(err)
	}
	x.wait("the driver to listen and to serve the till", func() bool {
		x.d.mu.Lock()
		defer x.d.mu.Unlock()
		x.base = x.d.where
		return x.d.counters["T1"] != nil
	})
	return x
}

func till() drivers.Device {
	d := newDriver()
	return drivers.Device{
		ID:      "till-1",
		Serial:  "T1",
		Profile: d.Describe().Profiles[0],
		Secret:  map[string]string{"secret": secret},
	}
}

func (x *world) wait(what string, is func() bool) {
	x.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	over := time.After(deadline)
	for !is() {
		select {
		case <-tick.C:
		case <-over:
			x.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// call is one call of the till; change may make it another's.
func (x *world) call(method, path, body string, change func(*http.Request)) (int, string) {
	x.t.Helper()
	req, err := http.NewRequestWithContext(x.t.Context(), method, x.base+path, strings.NewReader(body))
	if err != nil {
		x.t.Fatal(err)
	}
	req.SetBasicAuth("T1", secret)
	if change != nil {
		change(req)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		x.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		x.t.Fatal(err)
	}
	return resp.StatusCode, strings.TrimSpace(string(b))
}

func (x *world) wants(what string, status int, body string, wantStatus int, want string) {
	x.t.Helper()
	if status != wantStatus || !strings.Contains(body, want) {
		x.t.Errorf("%s: got %d %s, want %d with %s", what, status, body, wantStatus, want)
	}
}

// TestATillAsks: what the gateway answers, what a till without an answer is told, and how what it
// gave meanwhile gets through with the till's own time put right.
func TestATillAsks(t *testing.T) {
	x := open(t)
	status, body := x.call("POST", "/v1/ask", `{"sequence":7,"method":"card","credential":"4711"}`, nil)
	x.wants("a meal", status, body, 200, `{"answered":true,"allow":true,"serving":{"meal":"Lunch","meal_zh":"午餐",`+
		`"name":"Li Ming","class":"7-2","note":"No peanuts"}}`)
	status, body = x.call("POST", "/v1/ask", `{"sequence":8,"method":"card","credential":"1"}`, nil)
	x.wants("a second one", status, body, 200, `"allow":false,"reason":{"code":"meal_eaten"`)

	x.setDeaf(true)
	status, body = x.call("POST", "/v1/ask", `{"sequence":9,"method":"card","credential":"4711"}`, nil)
	x.wants("without an answer", status, body, 200, `{"answered":false,"allow":true`)
	status, body = x.call("POST", "/v1/ask", `{"sequence":9,"method":"card","credential":"4711","served":true}`, nil)
	x.wants("told while nobody answers", status, body, 200, `{"answered":false`)
	x.setDeaf(false)
	x.until(t, "that somebody ate without an answer", func(o gatehouse.Observation) bool {
		return o.Occurrence != nil && o.Occurrence.Kind == gatehouse.OccurrenceUnanswered
	})
	gave := time.Now().Add(-30 * time.Minute)
	off := 26 * time.Hour // by which the till's clock is ahead
	status, body = x.call("POST", "/v1/ask", fmt.Sprintf(
		`{"sequence":9,"method":"card","credential":"4711","served":true,"override":" hungry ","time":%q,"clock":%q}`,
		gave.Add(off).Format(time.RFC3339Nano), time.Now().Add(off).Format(time.RFC3339Nano)), nil)
	x.wants("told", status, body, 200, `"answered":true`)
	x.mu.Lock()
	last := x.asks[len(x.asks)-1]
	x.mu.Unlock()
	if late := last.Time.Sub(gave).Abs(); late > time.Minute || !last.Served || last.Sequence != 9 ||
		last.Override != "hungry" || last.Device != "till-1" {
		t.Errorf("got %+v, want it at %s", last, gave)
	}
}

// TestObservationsAndCommands: what a device has seen is taken once it is on disk, and what the
// gateway commands comes to it once.
func TestObservationsAndCommands(t *testing.T) {
	x := open(t)
	body := `{"observations":[{"sequence":3,"sighting":{"method":"card","credential":"4711","direction":"in"}},
		{"values":{"waiting":2}}]}`
	status, got := x.call("POST", "/v1/observations", body, nil)
	x.wants("observations", status, got, 200, `{"taken":2}`)
	o := x.until(t, "the sighting", func(o gatehouse.Observation) bool { return o.Sighting != nil })
	if o.Sequence != 3 || o.Sighting.Credential != "4711" || o.Device != "till-1" {
		t.Errorf("got %+v", o)
	}
	x.setDeaf(true)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := x.emitted(ctx, body); err == nil {
		t.Error("what is not on disk was taken")
	}
	x.setDeaf(false)

	done := make(chan error, 1)
	go func() {
		_, err := x.h.Command(t.Context(), "counter", drivers.Command{
			ID:     "cmd_1",
			Device: "till-1",
			Action: "show",
			Values: map[string]gatehouse.Value{"text": gatehouse.StringValue("Soup is out")},
		})
		done <- err
	}()
	status, got = x.call("GET", "/v1/commands?wait=20", "", nil)
	x.wants("a command", status, got, 200, `{"commands":[{"id":"cmd_1","action":"show","values":{"text":"Soup is out"}}]}`)
	status, got = x.call("GET", "/v1/commands", "", nil)
	x.wants("no command twice", status, got, 200, `{"commands":[]}`)
	status, got = x.call("POST", "/v1/results", `{"id":"cmd_1","ok":true,"message":"shown"}`, nil)
	x.wants("its result", status, got, 200, `{"taken":true}`)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// emitted sends observations and tells whether they were taken.
func (x *world) emitted(ctx context.Context, body string) error {
	req, err := http.NewRequestWithContext(ctx, "POST", x.base+"/v1/observations", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.SetBasicAuth("T1", secret)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != 200 {
		return errors.New(resp.Status)
	}
	return nil
}

// TestSocket: the same over one WebSocket, questions beside each other, each answer with the number
// of its question.
func TestSocket(t *testing.T) {
	x := open(t)
	head := http.Header{}
	head.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("T1:"+secret)))
	url := "ws" + strings.TrimPrefix(x.base, "http") + "/v1/socket"
	conn, resp, err := websocket.DefaultDialer.DialContext(t.Context(), url, head)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	defer conn.Close()
	send := func(text string) {
		t.Helper()
		if err := conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	read := func() (m told) {
		t.Helper()
		if err := conn.ReadJSON(&m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	send(`{"id":1,"ask":{"sequence":1,"method":"card","credential":"4711"}}`)
	if m := read(); m.ID != 1 || m.Answer == nil || !m.Answer.Allow || m.Answer.Serving.Name != "Li Ming" {
		t.Errorf("got %+v, want yes", m)
	}
	send(`{"id":2,"report":{"observations":[{"values":{"waiting":1}}]}}`)
	if m := read(); m.ID != 2 || m.Taken == nil || *m.Taken != 1 {
		t.Errorf("got %+v, want it taken", m)
	}
	send(`{"id":3}`)
	if m := read(); m.ID != 3 || m.Error == nil || !strings.Contains(m.Error.Message, "exactly one") {
		t.Errorf("got %+v, want to hear what is missing", m)
	}
	send(`{"id":4,"ask":{"colour":"red"}}`)
	if m := read(); m.Error == nil || m.Error.Field != "colour" {
		t.Errorf("got %+v, want to hear of the field", m)
	}
	done := make(chan error, 1)
	go func() {
		_, err := x.h.Command(t.Context(), "counter", drivers.Command{ID: "cmd_2", Device: "till-1", Action: "show"})
		done <- err
	}()
	if m := read(); m.Command == nil || m.Command.ID != "cmd_2" {
		t.Fatalf("got %+v, want the command", m)
	}
	send(`{"id":5,"result":{"id":"cmd_2","ok":false,"message":"no screen"}}`)
	if m := read(); m.ID != 5 {
		t.Errorf("got %+v, want the result taken", m)
	}
	if err := <-done; err == nil || !strings.Contains(err.Error(), "no screen") {
		t.Errorf("got %v, want what the device said", err)
	}
	send(strings.Repeat("x", maxBody+1))
	if _, _, err := conn.ReadMessage(); err == nil {
		t.Error("a message over the bound was taken")
	}
}

// TestStrangersAreRefused: nobody is served without the device's own secret; wrong calls of one
// address are slowed down and a right secret is not; a page that signs in has a cookie that no
// script reads; and what is refused says where and why.
func TestStrangersAreRefused(t *testing.T) {
	x := open(t)
	status, body := x.call("GET", "/v1/hello", "", func(r *http.Request) { r.SetBasicAuth("T2", secret) })
	x.wants("another serial number right after the start", status, body, 503, "try again")
	x.d.mu.Lock()
	x.d.began = time.Time{}
	x.d.mu.Unlock()
	wrong := func(r *http.Request) { r.SetBasicAuth("T1", "not-the-secret-of-it") }
	status, body = x.call("GET", "/v1/hello", "", wrong)
	x.wants("a wrong secret", status, body, 401, `"code":"unauthenticated"`)
	status, body = x.call("GET", "/v1/hello", "", func(r *http.Request) { r.Header.Del("Authorization") })
	x.wants("none", status, body, 401, `"code":"unauthenticated"`)
	status, body = x.call("GET", "/v1/hello", "", func(r *http.Request) { r.SetBasicAuth("T2", secret) })
	x.wants("another serial number", status, body, 401, "register it")
	slow := 0
	for range 60 {
		if status, _ := x.call("GET", "/v1/hello", "", wrong); status == 429 {
			slow++
		}
	}
	if slow < 20 {
		t.Errorf("%d of 60 wrong calls were slowed down", slow)
	}
	status, body = x.call("GET", "/v1/hello", "", nil)
	x.wants("the right one meanwhile", status, body, 200, `"serial":"T1"`)

	resp, err := http.Post(x.base+"/v1/sign-in", "application/json",
		strings.NewReader(`{"serial":"T1","secret":"`+secret+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	c := resp.Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/v1/" {
		t.Errorf("got %+v, want a cookie that no script reads", c)
	}
	status, body = x.call("GET", "/v1/hello", "", func(r *http.Request) {
		r.Header.Del("Authorization")
		r.AddCookie(c)
	})
	x.wants("a page", status, body, 200, `"methods":["card","qr","pin"]`)

	for _, c := range []struct{ path, body, want string }{
		{"/v1/ask", `{"method":"card"}`, `"field":"credential"`},
		{"/v1/ask", `{"method":"face","credential":"1"}`, "sees nobody by"},
		{"/v1/ask", `{"method":"card","credential":"1","served":true}`, `"field":"sequence"`},
		{"/v1/ask", `{"sequence":"x"}`, `"field":"sequence"`},
		{"/v1/ask", `{"time":"noon"}`, "is no time"},
		{"/v1/ask", `{`, "breaks off"},
		{"/v1/ask", `{} {}`, "more after"},
		{"/v1/observations", `{"observations":[]}`, `"field":"observations"`},
		{"/v1/observations", `{"observations":[{}]}`, `"field":"observations[0]"`},
		{"/v1/observations", `{"observations":[{"faces":1}]}`, `"field":"faces"`},
	} {
		status, body := x.call("POST", c.path, c.body, nil)
		x.wants(c.body, status, body, 400, c.want)
	}
	status, body = x.call("POST", "/v1/ask", strings.Repeat(" ", maxBody+1), nil)
	x.wants("too much", status, body, 413, "too_large")
	status, body = x.call("GET", "/v1/commands?wait=99", "", nil)
	x.wants("too long", status, body, 400, `"field":"wait"`)
	x.until(t, "the till to be online", func(o gatehouse.Observation) bool {
		return o.Status != nil && o.Status.State == gatehouse.StateOnline && o.Status.Weak == gatehouse.WeakNone
	})
}

// TestOnePace: a device that calls too often is told to wait.
func TestOnePace(t *testing.T) {
	x := open(t)
	waits := 0
	for range burst + 60 {
		if status, _ := x.call("GET", "/v1/hello", "", nil); status == 429 {
			waits++
		}
	}
	if waits == 0 {
		t.Error("a device calls as often as it likes")
	}
}

// TestFields: what is registered is checked, with the field.
func TestFields(t *testing.T) {
	for field, change := range map[string]func(*drivers.Device){
		"serial":  func(d *drivers.Device) { d.Serial = "a b" },
		"secret":  func(d *drivers.Device) { d.Secret = nil },
		"silence": func(d *drivers.Device) { d.Address = map[string]string{"silence": "soon"} },
	} {
		dev := till()
		change(&dev)
		var e *gatehouse.Error
		if _, err := parse(dev); !errors.As(err, &e) || e.Field != field {
			t.Errorf("%s: got %v", field, err)
		}
	}
}

// FuzzDecode: no message panics, and what is taken can be told again.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"id":1,"ask":{"sequence":1,"time":"2026-09-01T12:00:00Z","method":"card","credential":"1"}}`,
		`{"report":{"clock":"2026-09-01T12:00:00Z","observations":[{"occurrence":{"kind":"sale","data":{"a":1}}}]}}`,
		`{"report":{"observations":[{"values":{"a":true,"b":"x","c":1e9}}]}}`,
		`{"result":{"id":"x","ok":true}}`, `[]`, `{"ask":null}`, "{\"ask\":{\"time\":\"\"}}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var c call
		if err := decode(b, &c); err != nil {
			if troubleOf(err).Message == "" {
				t.Error("an error without words")
			}
			return
		}
		now := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
		if c.Ask != nil {
			_ = c.Ask.ask(now).Check(till().Profile)
		}
		if c.Observations != nil {
			all, err := c.Observations.observed(now)
			if err == nil && len(all) != len(c.Observations.Observations) {
				t.Errorf("%d of %d observations", len(all), len(c.Observations.Observations))
			}
		}
	})
}

// TestAnswerIsWhole: an answer's fields come out under their documented names.
func TestAnswerIsWhole(t *testing.T) {
	at := time.Date(2026, 9, 1, 4, 0, 0, 0, time.UTC)
	b, err := json.Marshal(answer(gatehouse.Answer{
		Reason:  gatehouse.Because(gatehouse.ReasonNoMeal),
		Serving: &gatehouse.Serving{Name: "Li", Before: at},
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"answered":true,"allow":false,"reason":{"code":"no_meal","text":"no meal is served at this time: ` +
		`make a session of the kind meal"},"serving":{"meal":"","name":"Li","before":"2026-09-01T04:00:00Z"}}`
	if diff := cmp.Diff(string(b), want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}

// TestConformance runs the kit for drivers, with a till that calls on its own.
func TestConformance(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	program := filepath.Join(t.TempDir(), "counter")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := ln.Addr().String()
	ln.Close()
	dev := till()
	dev.ID = "conformance-1"
	show := func(ctx context.Context, credential string) (bool, error) {
		req, err := http.NewRequestWithContext(ctx, "POST", "http://"+listen+"/v1/ask",
			strings.NewReader(`{"method":"card","credential":"`+credential+`"}`))
		if err != nil {
			return false, err
		}
		req.SetBasicAuth("T1", secret)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return false, err
		}
		defer resp.Body.Close()
		defer http.DefaultClient.CloseIdleConnections()
		var out reply
		err = json.NewDecoder(resp.Body).Decode(&out)
		return out.Allow, err
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var caller sync.WaitGroup
	caller.Go(func() { // a till that says what waits
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			req, err := http.NewRequestWithContext(ctx, "POST", "http://"+listen+"/v1/observations",
				strings.NewReader(`{"observations":[{"values":{"waiting":0}}]}`))
			if err != nil {
				t.Error(err)
				return
			}
			req.SetBasicAuth("T1", secret)
			req.Close = true
			if resp, err := http.DefaultClient.Do(req); err == nil {
				resp.Body.Close()
			} // else it does not listen yet
		}
	})
	drivertest.Run(t, drivertest.Fixture{
		Path:     program,
		Settings: map[string]string{"listen": listen},
		Device:   dev,
		Show:     show,
		Patience: 30 * time.Second,
	})
	cancel()
	caller.Wait()
}
