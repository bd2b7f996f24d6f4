package app_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/api/rules"
	"github.com/gatehouse-iot/gatehouse/gateway/app"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
	regalerts "github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

// fromFile is a school whose gateway runs on a configuration file.
type fromFile struct {
	*running
	file  string
	level *slog.LevelVar
}

// write replaces a file in the school's folder.
func (s *school) write(t *testing.T, name, text string) {
	t.Helper()
	ok(t, os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600))
}

const reloadBase = `
data_dir: data
rules: {dir: rules}
`

// runFile runs the gateway on a file of these lines; its listeners take any port.
func (s *school) runFile(t *testing.T, lines string) *fromFile {
	t.Helper()
	s.write(t, "gatehouse.yaml", reloadBase+lines)
	x := &fromFile{file: filepath.Join(s.dir, "gatehouse.yaml"), level: &slog.LevelVar{}}
	c, err := config.Load(x.file)
	ok(t, err)
	a, err := open(t.Context(), c, app.Options{
		Logger:  slog.New(slog.DiscardHandler),
		Level:   x.level,
		Version: "test",
		Config:  c.Again,
	})
	ok(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	x.running = &running{school: s, a: a, stop: cancel, ended: make(chan error, 1)}
	go func() { x.ended <- a.Run(ctx) }()
	t.Cleanup(func() { x.end(t) })
	return x
}

const anyPorts = "http: {listen: '127.0.0.1:0'}\nmqtt: {listen: '127.0.0.1:0'}\n"

// line is a device's connection that stays open.
type line struct {
	t      *testing.T
	conn   net.Conn
	device string
}

func (r *running) connected(t *testing.T, device string) *line {
	t.Helper()
	conn, err := net.Dial("tcp", r.a.MQTTAddr().String())
	ok(t, err)
	t.Cleanup(func() { conn.Close() })
	l := &line{t: t, conn: conn, device: device}
	if got := l.ask(connectPacket(device, r.passwords[device])); got != 0x20 {
		t.Fatalf("CONNECT is answered with packet 0x%02x", got)
	}
	return l
}

// ask writes a packet and returns the first byte of the response.
func (l *line) ask(b []byte) byte {
	l.t.Helper()
	ok(l.t, l.conn.SetDeadline(time.Now().Add(patience)))
	_, err := l.conn.Write(b)
	ok(l.t, err)
	var answer [4]byte
	_, err = io.ReadFull(l.conn, answer[:])
	ok(l.t, err)
	return answer[0]
}

// says publishes a reading and wants it acknowledged.
func (l *line) says(payload string) {
	l.t.Helper()
	topic := "gh/v1/" + killSchool + "/" + l.device + "/telemetry"
	if got := l.ask(publishPacket(topic, 7, payload)); got != 0x40 {
		l.t.Fatalf("PUBLISH is answered with packet 0x%02x", got)
	}
}

// holding lists the firing alerts of a rule.
func (r *running) holding(t *testing.T, rule g.RuleID) []g.AlertID {
	t.Helper()
	rows, _, err := r.view().Alerts.List(t.Context(),
		regalerts.Filter{School: killSchool, Rule: rule})
	ok(t, err)
	var out []g.AlertID
	for _, a := range rows {
		if a.Firing {
			out = append(out, a.ID)
		}
	}
	return out
}

func keys(r api.Reload, restart bool) []string {
	var out []string
	for _, c := range r.Changes {
		if c.Restart == restart {
			out = append(out, c.Key)
		}
	}
	slices.Sort(out)
	return out
}

const coldRule = `
rules:
  - {id: cold, title: Cold, severity: warning, fresh: 24h, when: {property: temperature, below: 5}}
`

// TestReloadKeepsWhatFires: rules come and go while a device stays connected. The alert of an
// unchanged rule goes on under its id, a new rule evaluates later events, and the alert of a
// removed rule ends.
func TestReloadKeepsWhatFires(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	x := s.runFile(t, anyPorts)
	device := x.connected(t, "sensor-0")
	device.says(`{"co2": 6000}`)
	var before []g.AlertID
	eventually(t, "the alert", func() bool {
		before = x.holding(t, "stale-air")
		return len(before) == 1
	})

	s.write(t, "rules/cold.yaml", coldRule)
	preview, err := x.a.Reload(t.Context(), true)
	ok(t, err)
	if got := keys(preview, false); preview.Applied || !slices.Equal(got, []string{"rules.cold"}) ||
		preview.Changes[0].From != "" {
		t.Errorf("the preview is %+v, want the new rule and nothing applied", preview)
	}
	if got := x.ruleIDs(t); slices.Contains(got, "cold") {
		t.Errorf("a preview brings rules into force: %v", got)
	}
	done, err := x.a.Reload(t.Context(), false)
	ok(t, err)
	if !done.Applied || !slices.Contains(x.ruleIDs(t), "cold") {
		t.Errorf("got %+v and rules %v, want the new one in force", done, x.ruleIDs(t))
	}
	device.says(`{"temperature": 1}`)
	eventually(t, "the new rule's alert", func() bool { return len(x.holding(t, "cold")) == 1 })
	if got := x.holding(t, "stale-air"); !slices.Equal(got, before) {
		t.Errorf("alerts of the rule that did not change: got %v, want %v as before", got, before)
	}

	ok(t, os.Remove(filepath.Join(s.dir, "rules/cold.yaml")))
	done, err = x.a.Reload(t.Context(), false)
	ok(t, err)
	if len(done.Changes) != 1 || done.Changes[0].To != "" || done.Changes[0].From == "" {
		t.Errorf("got %+v, want the rule that is gone, in full", done.Changes)
	}
	eventually(t, "the end of the alert of a rule that is gone", func() bool {
		return len(x.holding(t, "cold")) == 0
	})
	device.says(`{"co2": 6000}`)
	if got := x.holding(t, "stale-air"); !slices.Equal(got, before) {
		t.Errorf("alerts of the rule that did not change: got %v, want %v as before", got, before)
	}
	if again, err := x.a.Reload(t.Context(), false); err != nil || len(again.Changes) != 0 {
		t.Errorf("once more: got %+v, %v, want no change", again, err)
	}
}

func (r *running) ruleIDs(t *testing.T) []string {
	t.Helper()
	p, err := get[page[rules.Rule]](t.Context(), r.school, r.a.URL()+"/v1/rules?limit=100")
	ok(t, err)
	var out []string
	for _, row := range p.Items {
		out = append(out, string(row.ID))
	}
	return out
}

// TestReloadOfAMistakeChangesNothing: one file is wrong, and neither the others nor the rest of it
// take effect; the error says where, and what mends it.
func TestReloadOfAMistakeChangesNothing(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	x := s.runFile(t, anyPorts)
	for _, c := range []struct{ what, config, rule, want string }{
		{
			"a key that there is not",
			anyPorts + "log: {level: debug}\nhttpp: {}\n",
			"",
			"gatehouse.yaml:7: httpp",
		},
		{
			"a value out of range",
			"http: {listen: '127.0.0.1:0'}\nlog: {level: debug}\nmqtt: {listen: '127.0.0.1:0', " +
				"device_rate: -1}\n",
			"",
			"mqtt.device_rate",
		},
		{
			"a wrong rule",
			anyPorts + "log: {level: debug}\n",
			"rules:\n  - {id: broken, title: Broken}\n",
			"broken.yaml:2",
		},
		{
			"a driver without a program",
			anyPorts + "log: {level: debug}\ndrivers: [{name: new, path: nowhere}]\n",
			"",
			"drivers[0].path",
		},
	} {
		s.write(t, "gatehouse.yaml", reloadBase+c.config)
		ok(t, os.RemoveAll(filepath.Join(s.dir, "rules/broken.yaml")))
		if c.rule != "" {
			s.write(t, "rules/broken.yaml", c.rule)
		}
		for _, dry := range []bool{true, false} {
			got, err := x.a.Reload(t.Context(), dry)
			if err == nil || !strings.Contains(err.Error(), c.want) ||
				g.ErrorCode(err) != g.Invalid {
				t.Errorf("%s: got %v, want %q in it", c.what, err, c.want)
			}
			if got.Applied || x.level.Level() != slog.LevelInfo {
				t.Errorf("%s: got %+v and level %v, want nothing changed", c.what, got,
					x.level.Level())
			}
		}
	}
}

// TestReloadOfWhatIsAway: a file that an editor is just replacing, a share that is not mounted and a
// folder that is mistyped stop no driver and take no rule away.
func TestReloadOfWhatIsAway(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	x := s.runFile(t, anyPorts)
	rules, off := filepath.Join(s.dir, "rules"), filepath.Join(s.dir, "off")
	for _, c := range []struct {
		what, want string
		breaks     func() error
	}{
		{"no file", "gatehouse.yaml: no such file", func() error { return os.Remove(x.file) }},
		{"an empty file", "the file is empty", func() error { return os.WriteFile(x.file, nil, 0o600) }},
		{"a mistyped folder", "there is no folder", func() error {
			return os.WriteFile(x.file, []byte(reloadBase+anyPorts+"drivers_dir: nowhere\n"), 0o600)
		}},
		{"no rules", "there is no folder", func() error { return os.Rename(rules, off) }},
		{"an empty folder of rules", "holds no rule", func() error {
			return errors.Join(os.Rename(rules, off), os.Mkdir(rules, 0o700))
		}},
	} {
		ok(t, c.breaks())
		for _, dry := range []bool{true, false} {
			got, err := x.a.Reload(t.Context(), dry)
			if err == nil || !strings.Contains(err.Error(), c.want) || got.Applied {
				t.Errorf("%s: got %+v, %v, want %q", c.what, got, err, c.want)
			}
		}
		if _, err := os.Stat(off); err == nil {
			ok(t, errors.Join(os.RemoveAll(rules), os.Rename(off, rules)))
		}
		s.write(t, "gatehouse.yaml", reloadBase+anyPorts)
		if got, err := x.a.Reload(t.Context(), true); err != nil || len(got.Changes) != 0 {
			t.Errorf("%s, mended: got %+v, %v, want nothing changed", c.what, got, err)
		}
	}
}

// TestReloadSaysWhichDriverDoesNotRun: whether a driver takes its settings shows when it runs, so the
// answer waits for it; the audit log of the school says what changed.
func TestReloadSaysWhichDriverDoesNotRun(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	x := s.runFile(t, anyPorts)
	ok(t, os.Mkdir(filepath.Join(s.dir, "more"), 0o700))
	s.write(t, "more/door.yaml", "name: door\npath: /bin/false\n")
	s.write(t, "gatehouse.yaml", reloadBase+anyPorts+"drivers_dir: more\n")
	got, err := x.a.Reload(t.Context(), false)
	ok(t, err)
	if k := keys(got, false); !slices.Equal(k, []string{"drivers.door", "drivers_dir"}) {
		t.Errorf("in force %v, want the folder and its driver", k)
	}
	if len(got.Drivers) != 1 || got.Drivers[0].Name != "door" || got.Drivers[0].Reason == "" {
		t.Errorf("got %+v, want that the driver does not run, and why", got.Drivers)
	}
	log, _, err := x.view().Views.Audit(t.Context(), views.AuditFilter{Deed: "gateway.reload"})
	ok(t, err)
	if len(log) != 1 || len(log[0].Changes) != 2 || log[0].School != killSchool {
		t.Errorf("got %+v, want one entry with two changes", log)
	}
	if again, err := x.a.Reload(t.Context(), true); err != nil || len(again.Changes) != 0 {
		t.Errorf("got %+v, %v, want nothing left for a restart", again, err)
	}
}

// TestReloadSaysWhatNeedsARestart: changes that need no restart take effect, the others are
// reported at each reload until the restart. Secrets are not shown.
func TestReloadSaysWhatNeedsARestart(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	x := s.runFile(t, anyPorts)
	device := x.connected(t, "sensor-1")
	s.write(t, "gatehouse.yaml", reloadBase+`
log: {level: error}
http: {listen: '127.0.0.1:0', base_url: 'https://gate.example', max_connections: 100}
mqtt: {listen: '127.0.0.1:0', device_rate: 50, max_clients: 300}
audit: {anchor_url: 'https://user:hidden@log.example/x?token=hidden'}
`)
	now := []string{"http.max_connections", "log.level", "mqtt.device_rate", "mqtt.max_clients"}
	later := []string{"audit.anchor_url", "http.base_url"}
	for round, wantNow := range [][]string{now, nil} {
		got, err := x.a.Reload(t.Context(), false)
		ok(t, err)
		if k := keys(got, false); !slices.Equal(k, wantNow) {
			t.Errorf("reload %d: in force %v, want %v", round+1, k, wantNow)
		}
		if k := keys(got, true); !slices.Equal(k, later) {
			t.Errorf("reload %d: for a restart %v, want %v", round+1, k, later)
		}
		if text := fmt.Sprint(got); strings.Contains(text, "hidden") {
			t.Errorf("a secret is shown: %s", text)
		}
	}
	if x.level.Level() != slog.LevelError {
		t.Errorf("the log's level is %v, want error", x.level.Level())
	}
	st, err := get[api.Status](t.Context(), s, x.a.URL()+"/v1/status")
	ok(t, err)
	if got := st.Connections["http_max"]; got != 100.0 {
		t.Errorf("the status page says %v connections, want the new 100", got)
	}
	device.says(`{"co2": 600}`)
}

// TestReloadRenewsCertificates: new connections get the new certificate, even within the minute in
// which the file is not checked, and existing connections stay.
func TestReloadRenewsCertificates(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	ca := newAuthority(t, "ca")
	_, cert, key := ca.issue("localhost")
	x := s.runFile(t,
		fmt.Sprintf("http: {listen: '127.0.0.1:0', tls: {certificate: %s, key: %s}}\nmqtt: "+
			"{listen: ''}\n",
			cert, key))
	addr := strings.TrimPrefix(x.a.URL(), "https://")
	shown := func() (string, *tls.Conn) {
		t.Helper()
		conn, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true})
		ok(t, err)
		t.Cleanup(func() { conn.Close() })
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.String(), conn
	}
	first, old := shown()
	ca.issue("localhost")
	if got, _ := shown(); got != first {
		t.Errorf("certificate %s is shown before the reload, want %s", got, first)
	}
	got, err := x.a.Reload(t.Context(), false)
	ok(t, err)
	if k := keys(got, false); !slices.Equal(k, []string{"http.tls.certificate"}) {
		t.Errorf("got %+v, want the certificate", got.Changes)
	}
	if second, _ := shown(); second == first {
		t.Error("the old certificate is shown after the reload")
	}
	_, err = io.WriteString(old, "GET /v1/setup HTTP/1.1\r\nHost: localhost\r\n\r\n")
	ok(t, err)
	var answer [12]byte
	_, err = io.ReadFull(old, answer[:])
	ok(t, err)
	if string(answer[:]) != "HTTP/1.1 200" {
		t.Errorf("who was connected is answered %q", answer)
	}
	ok(t, os.WriteFile(key, []byte("no key"), 0o600))
	if _, err := x.a.Reload(t.Context(), false); err == nil ||
		!strings.Contains(err.Error(), "http.tls") {
		t.Errorf("got %v of a certificate whose key is broken", err)
	}
}
