package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

const ownPassword = "three-quiet-words"

// ownSchool is a school that people set up for themselves, from an empty gateway on: its
// folder holds the programs, the configuration and the data.
type ownSchool struct {
	root   string // the repository
	dir    string
	h      *house
	admin  *client
	sim    *simulator
	school g.SchoolID
	zones  map[string]g.ZoneID
	people map[string]g.PersonID // by number
	more   string                // further lines of the list of drivers
}

// TestOwnSchool is the first days with a gateway of one's own, in the order in which they
// come: wrong files, the first run, one's own equipment and people, a developer, a vendor, TLS.
func TestOwnSchool(t *testing.T) {
	t.Parallel()
	o := &ownSchool{root: root(t), zones: map[string]g.ZoneID{}, people: map[string]g.PersonID{}}
	o.dir = programs(t, o.root)
	t.Run("wrong files", o.wrongFiles)

	o.configure(t, "", "")
	o.h = start(t, o.dir, "serve", "--config", filepath.Join(o.dir, "gatehouse.yaml"))
	steps := []struct {
		name string
		do   func(*testing.T)
	}{
		{"first run", o.firstRun},
		{"places", o.places},
		{"their equipment", o.equipment},
		{"a second gateway", o.second},
		{"their camera", o.camera},
		{"their Modbus device", o.modbus},
		{"their MQTT device", o.mqtt},
		{"a device behind their broker", o.broker},
		{"unknown devices and wrong credentials", o.refusals},
		{"a payload that does not fit", o.rejected},
		{"a wrong profile", o.wrongProfile},
		{"people from CSV", o.importPeople},
		{"faces", o.faces},
		{"a key and its curl", o.key},
		{"a signed webhook", o.webhook},
		{"one school keeps to itself", o.alone},
		{"a vendor's driver", o.vendor},
		{"TLS and a forgotten password", o.tls},
	}
	for i, s := range steps {
		t.Run(s.name, s.do)
		if i == 2 && (o.admin == nil || len(o.zones) == 0 || o.sim == nil) {
			t.Fatal("there is nothing to go on with")
		}
	}
	o.h.mu.Lock()
	defer o.h.mu.Unlock()
	for _, secret := range []string{
		ownPassword, "camera-password", "broker-password", "another-quiet-word",
		"Ann Example", "0001112223",
	} {
		if strings.Contains(o.h.output.String(), secret) {
			t.Errorf("the gateway's log holds %q", secret)
		}
	}
}

// programs copies the built programs, so that another build meanwhile changes nothing.
func programs(t *testing.T, root string) string {
	t.Helper()
	dir := t.TempDir()
	// A process that another test starts meanwhile would have the copies open for writing until it
	// executes its own program, and then none of them can be started ("text file busy").
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.CopyFS(filepath.Join(dir, "bin"), os.DirFS(filepath.Join(root, "bin"))); err != nil {
		t.Fatalf("%v; make build makes them", err)
	}
	return dir
}

// configure writes the configuration; http and mqtt are further keys of those groups.
func (o *ownSchool) configure(t *testing.T, http, mqtt string) {
	t.Helper()
	camera := fmt.Sprintf("models_dir: %q, ort_library: %q, repeat: \"2\"",
		filepath.Join(o.root, ".cache", "models"),
		filepath.Join(o.root, ".cache", "onnxruntime", "libonnxruntime.so.1"))
	text := fmt.Sprintf("data_dir: data\nreach: {this_machine: true}\nwebhooks: {private: "+
		"true}\nhttp: {listen: \"127.0.0.1:0\"%s}\nmqtt: {listen: \"127.0.0.1:0\"%s}\ndrivers:\n",
		http, mqtt)
	for _, name := range []string{"camera", "modbus", "mqtt"} {
		path := filepath.Join("bin", "drivers", name)
		text += fmt.Sprintf("  - {name: %s, path: %s, sha256: %s", name, path,
			sum(t, filepath.Join(o.dir, path)))
		if name == "camera" {
			text += ", settings: {" + camera + "}"
		}
		text += "}\n"
	}
	o.write(t, "gatehouse.yaml", text+o.more)
}

func (o *ownSchool) write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(o.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func sum(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// as is the administrator in a step of the test.
func (o *ownSchool) as(t *testing.T) *client {
	c := *o.admin
	c.t = t
	return &c
}

// run runs a program of the machine for at most a minute.
func run(t *testing.T, dir, in, name string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(in)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// contains complains about each word that the text lacks.
func contains(t *testing.T, what, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%s: got %q, want %q in it", what, text, w)
		}
	}
}

// refused expects a refusal with this status that says all of the words.
func refused(c *client, method, path string, body any, code int, words ...string) {
	c.t.Helper()
	got, b := c.status(method, path, body)
	if got != code {
		c.t.Errorf("%s %s: got %d %s, want %d", method, path, got, tail(string(b), 500), code)
		return
	}
	var p struct {
		Detail    string `json:"detail"`
		RequestID string `json:"request_id"`
	}
	if err := json.Unmarshal(b, &p); err != nil || p.RequestID == "" {
		c.t.Errorf("%s %s: got %s, want a problem with a request id: %v", method, path, b, err)
	}
	contains(c.t, method+" "+path, p.Detail, words...)
}

func (o *ownSchool) wrongFiles(t *testing.T) {
	good := "data_dir: never\nhttp: {listen: \"127.0.0.1:0\"}\nmqtt: {listen: " +
		"\"127.0.0.1:0\"}\nrules: {dir: own}\n"
	for _, c := range []struct{ name, config, rules, says string }{
		{
			"a wrong key",
			"http:\n  listen: 127.0.0.1:0\n  lisen_tls: x\n",
			"",
			"wrong.yaml:3: lisen_tls: there is no such key here; `gateway config` prints every key",
		},
		{
			"a wrong value",
			"http:\n  listen: \"8080\"\n",
			"",
			"wrong.yaml:2: http.listen: \"8080\" is no address; write host:port",
		},
		{"a wrong rule", good,
			"rules:\n  - id: cold\n    title: {en: Cold}\n    severity: dire\n    per: device\n  " +
				"  when: {property: temperature, below: 5}\n    then:\n      - alert: {audible: " +
				"true}\n",
			"mine.yaml:4:15: rules[0].severity: \"dire\" is not known here; use info, warning, " +
				"major, critical"},
		{
			"a wrong certificate",
			"data_dir: never\nhttp: {listen: \"127.0.0.1:0\", tls: {certificate: wrong.yaml, " +
				"key: wrong.yaml}}\nmqtt: {listen: \"127.0.0.1:0\"}\n",
			"",
			"wrong.yaml are no certificate with its key",
		},
	} {
		file := o.write(t, "wrong.yaml", c.config)
		if c.rules != "" {
			o.write(t, "own/mine.yaml", c.rules)
		}
		out, err := run(t, o.dir, "", filepath.Join(o.dir, "bin", "gateway"), "serve", "--config",
			file)
		if err == nil || strings.Contains(out, "the gateway is ready") {
			t.Errorf("%s: the gateway started:\n%s", c.name, out)
		}
		contains(t, c.name, out, c.says)
	}
	if err := os.RemoveAll(filepath.Join(o.dir, "never")); err != nil {
		t.Error(err)
	}
}

// second starts another gateway on the same folder, and on ports that are taken.
func (o *ownSchool) second(t *testing.T) {
	taken := o.sim.Equipment["boiler"]
	for _, c := range []struct{ name, config, says string }{
		{
			"on the same folder",
			"data_dir: data\nhttp: {listen: \"127.0.0.1:0\"}\nmqtt: {listen: \"\"}\n",
			"data_dir: another gateway runs on ",
		},
		{
			"on a port that is taken",
			"data_dir: other\nhttp: {listen: \"" + taken + "\"}\nmqtt: {listen: \"\"}\n",
			"http.listen: another program, or another gateway, has " + taken,
		},
		{
			"on an MQTT port that is taken",
			"data_dir: other\nhttp: {listen: \"127.0.0.1:0\"}\nmqtt: {listen: \"" + taken + "\"}\n",
			"mqtt.listen: another program, or another gateway, has " + taken,
		},
	} {
		out, err := run(t, o.dir, "", filepath.Join(o.dir, "bin", "gateway"), "serve", "--config",
			o.write(t, "second.yaml", c.config))
		if err == nil {
			t.Errorf("%s: the gateway ran", c.name)
		}
		contains(t, c.name, out, c.says)
	}
}

func (o *ownSchool) firstRun(t *testing.T) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, base: o.h.url, http: &http.Client{Jar: jar, Timeout: time.Minute}}
	var state struct{ Needed bool }
	if c.do("GET", "/v1/setup", nil, &state); !state.Needed {
		t.Fatal("the gateway is not empty")
	}
	if code, _ := c.status("GET", "/v1/devices", nil); code != http.StatusUnauthorized {
		t.Errorf("before the first run devices are answered with %d, want 401", code)
	}
	if code, b := c.status("GET", "/", nil); code != 200 ||
		!bytes.Contains(b, []byte("<div id=\"root\">")) {
		t.Errorf("the console: got %d %s", code, tail(string(b), 300))
	}
	first := map[string]string{
		"admin":     "principal",
		"full_name": "Test Principal",
		"password":  "short",
		"school":    "Hillside School",
		"timezone":  "Asia/Shanghai",
		"language":  "en",
	}
	refused(c, "POST", "/v1/setup", first, 422, "at least 10 characters")
	first["password"], first["timezone"] = ownPassword, "Shanghai"
	refused(c, "POST", "/v1/setup", first, 422, "timezone", "Asia/Shanghai")
	first["timezone"] = "Asia/Shanghai"
	var me struct {
		CSRF   string
		School g.School
	}
	c.do("POST", "/v1/setup", first, &me)
	c.csrf = me.CSRF
	if me.School.Name != "Hillside School" || me.CSRF == "" {
		t.Errorf("got %+v, want to be signed in at the school", me)
	}
	first["admin"] = "intruder"
	refused(c, "POST", "/v1/setup", first, 409, "set up already", "gateway passwd")
	if c.do("GET", "/v1/setup", nil, &state); state.Needed {
		t.Error("the first run is still asked for")
	}
	o.h.passwords["principal"] = ownPassword
	o.admin, o.school = o.h.signIn("principal"), me.School.ID
	if d := list[deviceRow](o.as(t), "/v1/devices"); len(d) != 0 {
		t.Errorf("got %d devices, want an empty school", len(d))
	}
	eventually(t, "the drivers run", func() (bool, string) {
		got := list[driverRow](o.as(t), "/v1/drivers")
		for _, d := range got {
			if d.State != "running" {
				return false, fmt.Sprintf("%+v", got)
			}
		}
		return len(got) == 3, fmt.Sprintf("%+v", got)
	})
}

func (o *ownSchool) places(t *testing.T) {
	c := o.as(t)
	var site g.Site
	c.do("POST", "/v1/sites", map[string]string{"name": "Main campus"}, &site)
	var building g.Building
	c.do("POST", "/v1/buildings", map[string]any{"site": site.ID, "name": "Science building"},
		&building)
	for _, z := range []struct {
		key     string
		kind    g.ZoneKind
		private bool
	}{
		{"gate", g.ZoneGate, false},
		{"laboratory", g.ZoneLaboratory, false},
		{"dorm room", g.ZoneDorm, true},
		{"cellar", g.ZoneOther, false},
	} {
		var zone g.Zone
		c.do("POST", "/v1/zones",
			map[string]any{
				"building": building.ID,
				"name":     z.key,
				"kind":     z.kind,
				"private":  z.private,
			},
			&zone)
		o.zones[z.key] = zone.ID
	}
	refused(c, "POST", "/v1/zones",
		map[string]any{"building": "bld_none", "name": "x", "kind": "gate"}, 404,
		"there is no building")
	refused(c, "POST", "/v1/zones",
		map[string]any{"building": building.ID, "name": "x", "kind": "moat"}, 422, "kind")
	refused(c, "DELETE", "/v1/sites/"+string(site.ID), nil, 409, "building")
}
