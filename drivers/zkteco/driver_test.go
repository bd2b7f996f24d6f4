package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/sim"
)

// deadline bounds a wait for something that should happen at once.
const deadline = 20 * time.Second

// inbox collects what a driver emits; while deaf it fails every emit.
type inbox struct {
	mu   sync.Mutex
	all  []gatehouse.Observation
	deaf bool
	came chan struct{} // closed and replaced on every arrival; nil: nobody waits
}

func (b *inbox) emit(_ context.Context, o ...gatehouse.Observation) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.deaf {
		return errors.New("the disk is full")
	}
	b.all = append(b.all, o...)
	if b.came != nil {
		close(b.came)
		b.came = nil
	}
	return nil
}

// until blocks until ok holds for everything received, or fails after patience.
func (b *inbox) until(
	t *testing.T, patience time.Duration, what string, ok func([]gatehouse.Observation) bool,
) {
	t.Helper()
	over := time.After(patience)
	for {
		b.mu.Lock()
		done, n := ok(b.all), len(b.all)
		if b.came == nil {
			b.came = make(chan struct{})
		}
		came := b.came
		b.mu.Unlock()
		if done {
			return
		}
		select {
		case <-came:
		case <-over:
			t.Fatalf("did not come: %s; there are %d observations", what, n)
		}
	}
}

func (b *inbox) setDeaf(on bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.deaf = on
}

func (b *inbox) sightings() []gatehouse.Observation {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []gatehouse.Observation
	for _, o := range b.all {
		if o.Sighting != nil {
			out = append(out, o)
		}
	}
	return out
}

func (b *inbox) wait(
	t *testing.T, what string, f func(gatehouse.Observation) bool,
) (found gatehouse.Observation) {
	t.Helper()
	b.until(t, deadline, what, func(all []gatehouse.Observation) bool {
		i := slices.IndexFunc(all, f)
		if i >= 0 {
			found = all[i]
		}
		return i >= 0
	})
	return found
}

func is(s gatehouse.DeviceState, reason string) func(gatehouse.Observation) bool {
	return func(o gatehouse.Observation) bool {
		return o.Status != nil && o.Status.State == s && strings.Contains(o.Status.Reason, reason)
	}
}

func saw(user string) func(gatehouse.Observation) bool {
	return func(o gatehouse.Observation) bool {
		return o.Sighting != nil && o.Sighting.Credential == user
	}
}

// listen starts a driver that serves until the test ends; base is its URL.
func listen(t *testing.T) (d *driver, base string) {
	t.Helper()
	d = newDriver()
	if err := d.Configure(t.Context(), map[string]string{"listen": "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.close)
	return d, d.where
}

func device(d *driver, serial string) drivers.Device {
	return drivers.Device{
		ID: gatehouse.DeviceID("dev-" + serial), Serial: serial, Profile: d.Describe().Profiles[0],
		Address: map[string]string{"timezone": "Asia/Shanghai", "silence": "10s"},
	}
}

// connect serves a terminal until the test ends or the returned function is called.
func connect(t *testing.T, d *driver, dev drivers.Device, emit drivers.Emit) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Connect(ctx, dev, emit) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Connect: got %v, want nil", err)
		}
	})
	t.Cleanup(stop)
	for end := time.Now().Add(deadline); ; time.Sleep(time.Millisecond) {
		d.mu.Lock()
		there := d.terminals[dev.Serial] != nil
		d.mu.Unlock()
		if there {
			return stop
		}
		if time.Now().After(end) {
			t.Fatal("Connect did not register the terminal")
		}
	}
}

// call sends one request as a terminal would.
func call(t *testing.T, method, url, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(resp.StatusCode, " ", strings.TrimSpace(string(b)))
}

func TestTerminalsTalk(t *testing.T) {
	d, base := listen(t)
	box := &inbox{}
	connect(t, d, device(d, "S1"), box.emit)
	if got := call(t, "GET", base+"/iclock/cdata?SN=S1&options=all&pushver=2.4.1&language=69", ""); !strings.HasPrefix(
		got, "200 GET OPTION FROM: S1\nStamp=9999\n") ||
		!strings.Contains(got, "\nRealtime=1\n") {
		t.Errorf("greeting: got %q", got)
	}
	now := time.Now()
	at := func(d time.Duration) string {
		return now.Add(d).In(time.FixedZone("CST", 8*3600)).Format("2006-01-02 15:04:05")
	}
	body := "501\t" + at(0) + "\t0\t1\t0\t0\n" + "502\t" + at(-time.Hour) + "\t1\t15\t0\t0\r\n" +
		"A-503\t" + at(0) + "\t255\t4\n"
	if got := call(t, "POST", base+"/iclock/cdata?SN=S1&table=ATTLOG&Stamp=9999", body); got != "200 OK: 3" {
		t.Errorf("log: got %q, want 200 OK: 3", got)
	}
	// the same log with another stamp
	if got := call(t, "POST", base+"/iclock/cdata.aspx?SN=S1&table=ATTLOG&Stamp=1", body); got != "200 OK: 3" {
		t.Errorf("log again: got %q, want 200 OK: 3", got)
	}
	seen := box.sightings()
	if len(seen) != 6 {
		t.Fatalf("sightings: got %d, want 6", len(seen))
	}
	type fact struct {
		Credential string
		Method     gatehouse.Method
		Direction  gatehouse.Direction
		Replayed   bool
		Late       time.Duration
	}
	var got []fact
	for i, o := range seen[:3] {
		got = append(got,
			fact{
				o.Sighting.Credential, o.Sighting.Method, o.Sighting.Direction, o.Replayed,
				now.Sub(o.Time).Truncate(time.Minute),
			})
		again := seen[i+3]
		a := gatehouse.NewSightingID("d", o.Time, o.Sequence, o.Sighting.Credential,
			o.Sighting.Method)
		b := gatehouse.NewSightingID("d", again.Time, again.Sequence, again.Sighting.Credential,
			again.Sighting.Method)
		if a != b || o.Sequence == 0 {
			t.Errorf("the same line twice: got ids %s and %s, want one", a, b)
		}
	}
	want := []fact{
		{"501", gatehouse.ByOther, gatehouse.In, false, 0},
		{"502", gatehouse.ByFace, gatehouse.Out, true, time.Hour},
		{"A-503", gatehouse.ByCard, "", false, 0},
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("sightings, got - want +:\n%s", d)
	}
	if got := call(t, "POST", base+"/iclock/cdata?SN=S1&table=options",
		"UserCount=50,FPCount=100,AttCount=5000,FWVersion=Ver 6.60,IPAddress=10.0.0.2,~Unknown=1"); got != "200 OK" {
		t.Errorf("facts: got %q, want 200 OK", got)
	}
	o := box.wait(t, "its facts", func(o gatehouse.Observation) bool { return o.Reading != nil })
	wantFacts := map[string]gatehouse.Value{
		"users":        gatehouse.NumberValue(50),
		"fingerprints": gatehouse.NumberValue(100),
		"log_entries":  gatehouse.NumberValue(5000),
		"firmware":     gatehouse.StringValue("Ver 6.60"),
	}
	if d := cmp.Diff(o.Reading.Values, wantFacts,
		cmp.Comparer(func(a, b gatehouse.Value) bool { return a == b })); d != "" {
		t.Errorf("facts, got - want +:\n%s", d)
	}
	for _, table := range []string{"OPERLOG", "BIOPHOTO", "ATTPHOTO"} {
		if got := call(t, "POST", base+"/iclock/cdata?SN=S1&table="+table,
			"USER PIN=1\tName=Somebody"); got != "200 OK" {
			t.Errorf("%s: got %q, want 200 OK", table, got)
		}
	}
	if got := call(t, "GET", base+"/iclock/getrequest?SN=S1&INFO=Ver%208,3,0,9,10.0.0.2,10,7", ""); got != "200 OK" {
		t.Errorf("poll: got %q, want 200 OK", got)
	}
	box.wait(t, "facts of the poll", func(o gatehouse.Observation) bool {
		return o.Reading != nil && o.Reading.Values["firmware"] == gatehouse.StringValue("Ver 8")
	})
	box.wait(t, "it is online", is(gatehouse.StateOnline, ""))
}

func TestNothingIsAcknowledgedBeforeTheGatewayHasIt(t *testing.T) {
	d, base := listen(t)
	box := &inbox{deaf: true}
	connect(t, d, device(d, "S1"), box.emit)
	const body = "7\t2026-03-02 07:30:00\t0\t4\t0\t0\n"
	url := base + "/iclock/cdata?SN=S1&table=ATTLOG&Stamp=9999"
	if got := call(t, "POST", url, body); got != "503 try again" {
		t.Errorf("while nothing is kept: got %q, want 503", got)
	}
	box.setDeaf(false)
	if got := call(t, "POST", url, body); got != "200 OK: 1" {
		t.Errorf("then: got %q, want 200 OK: 1", got)
	}
	if got := len(box.sightings()); got != 1 {
		t.Errorf("sightings: got %d, want 1", got)
	}
}

func TestBadLinesAreShownAndJamNothing(t *testing.T) {
	d, base := listen(t)
	box := &inbox{}
	connect(t, d, device(d, "S1"), box.emit)
	url := base + "/iclock/cdata?SN=S1&table=ATTLOG&Stamp=9999"
	if got := call(t, "POST", url,
		"7\t2026-03-02 07:30:00\t0\t4\n8\tyesterday\t0\t4\n\n\x00\x01\n9\t2026-03-02 "+
			"07:31:00\tin\n10\t2026-03-02 07:32:00\n"); got != "200 OK: 5" {
		t.Errorf("log: got %q, want 200 OK: 5", got)
	}
	box.wait(t, "a line after bad ones", saw("10"))
	box.wait(t, "the reason",
		is(gatehouse.StateFault,
			"2 of 5 log lines could not be read (line 2: the time is not like 2006-01-02 15:04:05)"))
	if got := call(t, "POST", url, "11\t2026-03-02 07:33:00\t0\t4\n"); got != "200 OK: 1" {
		t.Errorf("good log: got %q, want 200 OK: 1", got)
	}
	box.wait(t, "a good line", saw("11"))
	box.mu.Lock()
	last := box.all[len(box.all)-1]
	box.mu.Unlock()
	if last.Status == nil || last.Status.State != gatehouse.StateOnline {
		t.Errorf("after a good log: got %+v, want that it is online again", last)
	}
}

func TestStrangersAreRefused(t *testing.T) {
	d, base := listen(t)
	box := &inbox{}
	pinned := device(d, "S2")
	pinned.Address["ip"], pinned.Address["silence"] = "10.9.8.0/24", "50ms"
	connect(t, d, pinned, box.emit)
	for _, c := range []struct{ url, want string }{
		{"/iclock/cdata?SN=S9&table=ATTLOG", "403 this terminal is not registered"},
		{"/iclock/cdata?SN=S2&table=ATTLOG", "403 this terminal may not call from here"},
		{"/iclock/cdata?SN=../x&table=ATTLOG", "400 no serial number"},
		{"/iclock/cdata?table=ATTLOG", "400 no serial number"},
		{"/iclock/cdata?SN=" + strings.Repeat("S", 100) + "&table=ATTLOG", "400 no serial number"},
		{"/", "404 404 page not found"},
	} {
		if got := call(t, "POST", base+c.url, "1\t2026-03-02 07:30:00\t0\t4\n"); got != c.want {
			t.Errorf("%s: got %q, want %q", c.url, got, c.want)
		}
	}
	if got := box.sightings(); len(got) != 0 {
		t.Errorf("sightings: got %v, want none", got)
	}
	box.wait(t, "why the pinned terminal is refused",
		is(gatehouse.StateOffline,
			"come from 127.0.0.1 and are refused: it must call from 10.9.8.0/24"))
	var found []drivers.Candidate
	if err := d.Discover(t.Context(), func(c drivers.Candidate) {
		found = append(found, c)
	}); err != nil {
		t.Fatal(err)
	}
	want := []drivers.Candidate{
		{
			Serial:  "S9",
			Title:   "Terminal S9, calling from 127.0.0.1",
			Address: map[string]string{"ip": "127.0.0.1"},
			Profile: "zkteco-push-terminal",
		},
	}
	if diff := cmp.Diff(found, want); diff != "" {
		t.Errorf("found, got - want +:\n%s", diff)
	}
	for i := range 2 * maxStrangers {
		d.strangers.refuse(fmt.Sprint("X", i), "a", time.Now())
	}
	if got := len(d.strangers.list()); got != maxStrangers {
		t.Errorf("strangers remembered: got %d, want %d", got, maxStrangers)
	}
}

func TestATerminalBetweenTwoConnectsIsAskedToWait(t *testing.T) {
	d, base := listen(t)
	box := &inbox{}
	stop := connect(t, d, device(d, "S1"), box.emit)
	stop()
	url := base + "/iclock/cdata?SN=S1&table=ATTLOG"
	if got := call(t, "POST", url, "7\t2026-03-02 07:30:00\t0\t4\n"); got != "503 try again" {
		t.Errorf("between: got %q, want 503", got)
	}
	connect(t, d, device(d, "S1"), box.emit)
	if got := call(t, "POST", url, "7\t2026-03-02 07:30:00\t0\t4\n"); got != "200 OK: 1" {
		t.Errorf("after: got %q, want 200 OK: 1", got)
	}
	other := device(d, "S1")
	other.ID = "another"
	if err := d.Connect(t.Context(), other, box.emit); gatehouse.ErrorCode(err) != gatehouse.Conflict {
		t.Errorf("a second device with the serial number: got %v, want a conflict", err)
	}
}

func TestCommands(t *testing.T) {
	d, base := listen(t)
	box := &inbox{}
	connect(t, d, device(d, "S1"), box.emit)
	type outcome struct {
		r   drivers.Result
		err error
	}
	ask := func(id, action string, values map[string]gatehouse.Value) <-chan outcome {
		c := make(chan outcome, 1)
		go func() {
			r, err := d.Command(t.Context(),
				drivers.Command{ID: id, Device: "dev-S1", Action: action, Values: values})
			c <- outcome{r, err}
		}()
		return c
	}
	user := map[string]gatehouse.Value{
		"user": gatehouse.StringValue("1001"),
		"name": gatehouse.StringValue("A B"),
		"card": gatehouse.NumberValue(12345678),
	}
	first, twin := ask("c1", "user_set", user), ask("c1", "user_set", user)
	text := ""
	for end := time.Now().Add(deadline); text == ""; time.Sleep(2 * time.Millisecond) {
		if got := call(t, "GET", base+"/iclock/getrequest?SN=S1", ""); strings.HasPrefix(got,
			"200 C:") {
			text = strings.TrimPrefix(got, "200 ")
		} else if time.Now().After(end) {
			t.Fatal("the command was not handed to the terminal")
		}
	}
	if strings.Count(text, "C:") != 1 ||
		!strings.HasSuffix(text,
			":DATA UPDATE USERINFO PIN=1001\tName=A B\tPrivilege=0\tCard=12345678") {
		t.Errorf("commands: got %q, want the one", text)
	}
	number := strings.Split(text, ":")[1]
	call(t, "POST", base+"/iclock/devicecmd?SN=S1", "ID="+number+"&Return=0&CMD=DATA\n")
	for _, c := range []<-chan outcome{first, twin} {
		if o := <-c; o.err != nil || o.r.Message != "the terminal has done it" {
			t.Errorf("outcome: got %+v, want it done", o)
		}
	}
	third := ask("c2", "reboot", nil)
	for text = ""; !strings.Contains(text, "REBOOT"); text = call(t, "GET",
		base+"/iclock/getrequest?SN=S1", "") {
	}
	number = strings.Split(text, ":")[1]
	call(t, "POST", base+"/iclock/devicecmd?SN=S1",
		"ID="+number+"\nReturn=-1004\nCMD=REBOOT\nContent=x\n")
	if o := <-third; o.err == nil ||
		!strings.Contains(o.err.Error(), "this model does not have that function (-1004)") {
		t.Errorf("refusal: got %+v, want the terminal's reason", o)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Command(ctx, drivers.Command{ID: "c3", Device: "dev-S1", Action: "check"}); err == nil ||
		!strings.Contains(err.Error(), "withdrawn") {
		t.Errorf("no call in time: got %v, want that it is withdrawn", err)
	}
	if got := call(t, "GET", base+"/iclock/getrequest?SN=S1", ""); got != "200 OK" {
		t.Errorf("after withdrawing: got %q, want nothing to do", got)
	}
	for _, c := range []struct {
		action string
		values map[string]gatehouse.Value
		want   string
	}{
		{
			"user_set",
			map[string]gatehouse.Value{
				"user": gatehouse.StringValue("1"),
				"name": gatehouse.StringValue("x\nC:1:Shell rm"),
			},
			"name: is longer than 64 bytes or holds a control character",
		},
		{
			"user_set",
			map[string]gatehouse.Value{"user": gatehouse.StringValue("1 2")},
			`user: "1 2" is no user number`,
		},
		{"user_delete", nil, "user: is needed for user_delete"},
		{"shell", nil, `"shell" is no action of a terminal`},
	} {
		if _, err := d.Command(t.Context(),
			drivers.Command{Device: "dev-S1", Action: c.action, Values: c.values}); err == nil ||
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.action, err, c.want)
		}
	}
}

func TestCommandsAreBounded(t *testing.T) {
	c := &commands{}
	for i := range maxCommands {
		if _, err := c.add(fmt.Sprint(i), "CHECK"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.add("more", "CHECK"); gatehouse.ErrorCode(err) != gatehouse.Unavailable {
		t.Errorf("one more: got %v, want it to be unavailable", err)
	}
	c.fetch()
	c.finish(5, 0)
	if _, err := c.add("more", "CHECK"); err != nil {
		t.Errorf("after one is done: got %v, want nil", err)
	}
}

// The simulated terminal over real sockets: its log, a power cycle and an outage of the driver.
func TestSimulatedTerminal(t *testing.T) {
	d, base := listen(t)
	box := &inbox{}
	dev := device(d, "SIM1")
	dev.Address["silence"] = "300ms"
	stop := connect(t, d, dev, box.emit)
	box.wait(t, "that it has not called",
		is(gatehouse.StateOffline,
			"the terminal has not called: set its cloud server (ADMS) to "+base))
	sc, err := sim.Parse([]byte("equipment:\n- {id: gate, kind: zkteco, serial: SIM1, timezone: "+
		"Asia/Shanghai, interval: 20ms, connect: '"+
		base+"'}\n"),
		".")
	if err != nil {
		t.Fatal(err)
	}
	s, err := sim.New(sc, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	<-s.Ready()
	box.wait(t, "it is online", is(gatehouse.StateOnline, ""))
	see := func(user string, m gatehouse.Method) {
		t.Helper()
		if err := s.See("gate",
			sim.Sighting{Method: m, Credential: user, Direction: gatehouse.Out}); err != nil {
			t.Fatal(err)
		}
	}
	see("77", gatehouse.ByCard)
	o := box.wait(t, "the card", saw("77"))
	if d := time.Since(o.Time); d < -time.Second || d > deadline ||
		o.Sighting.Method != gatehouse.ByCard || o.Sighting.Direction != gatehouse.Out ||
		o.Replayed {
		t.Errorf("sighting: got %+v at %s, want card 77 out, now", *o.Sighting, o.Time)
	}
	r, err := d.Command(t.Context(), drivers.Command{ID: "c", Device: dev.ID, Action: "info"})
	if err != nil {
		t.Errorf("info: got %+v, %v, want it done", r, err)
	}
	if err := s.Power(t.Context(), "gate", false); err != nil {
		t.Fatal(err)
	}
	box.wait(t, "it is silent", is(gatehouse.StateOffline, "the terminal has not called since"))
	stop() // the driver releases it while it is off, and connects it again
	connect(t, d, dev, box.emit)
	if err := s.Power(t.Context(), "gate", true); err != nil {
		t.Fatal(err)
	}
	box.setDeaf(true)
	see("78", gatehouse.ByFace)
	see("79", gatehouse.ByPIN)
	box.setDeaf(false)
	box.wait(t, "what came while nothing was kept", saw("78"))
	box.wait(t, "what came while nothing was kept", saw("79"))
}

func TestProbe(t *testing.T) {
	d, base := listen(t)
	call(t, "GET", base+"/iclock/getrequest?SN=S1", "") // refused and remembered as a stranger
	if p, err := d.Probe(t.Context(), device(d, "S1")); err != nil ||
		!strings.HasPrefix(p.Message, "terminal S1 calls; weak: ") {
		t.Errorf("a terminal that calls: got %+v, %v", p, err)
	}
	for _, c := range []struct {
		name   string
		change func(*drivers.Device)
		want   string
	}{
		{"pinned elsewhere", func(x *drivers.Device) {
			x.Address["ip"] = "10.0.0.1"
		}, "ip: the terminal calls from 127.0.0.1 and would be refused"},
		{"bad address", func(x *drivers.Device) {
			x.Address["ip"] = "10.0.0"
		}, `ip: "10.0.0" is no address`},
		{
			"no serial number",
			func(x *drivers.Device) { x.Serial = "" },
			"serial: \"\" is no serial number",
		},
		{"no zone", func(x *drivers.Device) {
			x.Address["timezone"] = ""
		}, "timezone: give the zone of the terminal's clock"},
		{"bad zone", func(x *drivers.Device) {
			x.Address["timezone"] = "Beijing"
		}, `timezone: "Beijing" is no time zone`},
		{"bad direction", func(x *drivers.Device) {
			x.Address["direction"] = "up"
		}, `direction: "up" is none`},
		{"bad silence", func(x *drivers.Device) {
			x.Address["silence"] = "1"
		}, "silence: \"1\" will not do"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dev := device(d, "S1")
			c.change(&dev)
			_, err := d.Probe(t.Context(), dev)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
	defer cancel()
	if _, err := d.Probe(ctx, device(d, "S5")); err == nil ||
		!strings.Contains(err.Error(),
			"no terminal with serial number S5 calls: set its cloud server (ADMS) to "+base) {
		t.Errorf("nobody calls: got %v", err)
	}
}

func TestConfigure(t *testing.T) {
	d, base := listen(t)
	taken := strings.TrimPrefix(base, "http://")
	for _, c := range []struct {
		settings map[string]string
		want     string
	}{
		{map[string]string{"listen": taken}, "listen: " + taken + " cannot be listened on"},
		{map[string]string{"listen": "8081"}, `listen: "8081" is no address`},
		{
			map[string]string{"listen": "127.0.0.1:0", "cert": "/none.pem", "key": "/none.key"},
			"cert: certificate and key cannot be used",
		},
	} {
		x := newDriver()
		err := x.Configure(t.Context(), c.settings)
		x.close()
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v, want %q", c.settings, err, c.want)
		}
	}
	if err := d.Configure(t.Context(), nil); gatehouse.ErrorCode(err) != gatehouse.Conflict {
		t.Errorf("twice: got %v, want a conflict", err)
	}
	if err := newDriver().Connect(t.Context(), device(d, "S1"), (&inbox{}).emit); gatehouse.ErrorCode(
		err) != gatehouse.Unavailable {
		t.Errorf("before Configure: got %v, want it to be unavailable", err)
	}
}

func TestDescribe(t *testing.T) {
	for _, p := range newDriver().Describe().Profiles {
		if err := p.Validate(); err != nil {
			t.Errorf("profile %s: %v", p.ID, err)
		}
		if len(p.Sightings) != 4 || len(p.Actions) != 6 {
			t.Errorf("profile %s: got %d ways of seeing and %d actions, want 4 and 6", p.ID,
				len(p.Sightings), len(p.Actions))
		}
	}
}

// Recorded pushes of real terminals, if available.
func TestRecordedTerminal(t *testing.T) {
	dir := os.Getenv("GATEHOUSE_SHARED")
	if dir == "" {
		dir = "../../../shared"
	}
	dir = filepath.Join(dir, "fixtures", "zkteco-adms")
	log, err := os.ReadFile(filepath.Join(dir, "02-attlog.body.txt"))
	if err != nil {
		t.Skip("no recorded terminals here; set GATEHOUSE_SHARED to the folder that holds fixtures/")
	}
	box := &inbox{}
	p := &push{
		t:     &terminal{device: device(newDriver(), "S1"), zone: time.UTC, emit: box.emit},
		table: "ATTLOG",
	}
	n, err := p.take(t.Context(), bytes.NewReader(log), func() {})
	if err != nil || n == 0 || len(box.sightings()) != n {
		t.Errorf("log: got %d lines, %v and %+v, want passages alone", n, err, box.all)
	}
	cmds, err := os.ReadFile(filepath.Join(dir, "04-devicecmd.body.txt"))
	if err != nil {
		t.Fatal(err)
	}
	shell, err := os.ReadFile(filepath.Join(dir, "04-devicecmd-shell.body.txt"))
	if err != nil {
		t.Fatal(err)
	}
	c := &commands{}
	for i := range 32 {
		if _, err := c.add(fmt.Sprint(i), "CHECK"); err != nil {
			t.Fatal(err)
		}
	}
	c.fetch()
	c.fetch()
	c.confirm(string(cmds))
	c.confirm(string(shell))
	var got []int
	for _, x := range c.all {
		if x.over() {
			got = append(got, x.number)
		}
	}
	if d := cmp.Diff(got, []int{1, 2, 3, 32}); d != "" {
		t.Errorf("confirmed, got - want +:\n%s", d)
	}
	facts, err := os.ReadFile(filepath.Join(dir, "05-registry.body.txt"))
	if err != nil {
		t.Fatal(err)
	}
	said := parseFacts(string(facts), newDriver().Describe().Profiles[0])
	if said["users"] != gatehouse.NumberValue(50) ||
		said["firmware"] != gatehouse.StringValue("Ver 6.60") {
		t.Errorf("facts: got %v, want 50 users and Ver 6.60", said)
	}
}

func FuzzTerminalWords(f *testing.F) {
	f.Add("ID=1&Return=0&CMD=DATA\nID=2&Return=x", "UserCount=50,FWVersion=Ver 6.60", "Ver 8,3,0,9")
	f.Add("ID=32\nReturn=0\nCMD=Shell\nContent=%zz", "~DeviceName=\xff\xfe&FaceCount=-1", ",,,,")
	p := newDriver().Describe().Profiles[0]
	f.Fuzz(func(t *testing.T, confirmation, facts, info string) {
		c := &commands{}
		x, err := c.add("a", "CHECK")
		if err != nil {
			t.Fatal(err)
		}
		c.fetch()
		c.confirm(confirmation)
		c.confirm(fmt.Sprintf("ID=%d&Return=0", x.number))
		if !x.over() {
			t.Error("a confirmed command is not over")
		}
		for _, m := range []map[string]gatehouse.Value{parseFacts(facts, p), parseInfo(info, p)} {
			for name, v := range m {
				if err := p.Properties[name].Check(v); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	})
}
