package e2e

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
}

// programs copies the built programs, so that another build meanwhile changes nothing.
func programs(t *testing.T, root string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "bin"), os.DirFS(filepath.Join(root, "bin"))); err != nil {
		t.Fatalf("%v; make build makes them", err)
	}
	return dir
}

// configure writes the configuration; http and mqtt are further keys of those groups.
func (o *ownSchool) configure(t *testing.T, http, mqtt string) {
	t.Helper()
	camera := fmt.Sprintf("models_dir: %q, ort_library: %q, repeat: \"2\"", filepath.Join(o.root, ".cache", "models"), filepath.Join(o.root, ".cache", "onnxruntime", "libonnxruntime.so.1"))
	text := fmt.Sprintf("data_dir: data\nhttp: {listen: \"127.0.0.1:0\"%s}\nmqtt: {listen: \"127.0.0.1:0\"%s}\ndrivers:\n", http, mqtt)
	for _, name := range []string{"camera", "modbus", "mqtt"} {
		path := filepath.Join("bin", "drivers", name)
		text += fmt.Sprintf("  - {name: %s, path: %s, sha256: %s", name, path, sum(t, filepath.Join(o.dir, path)))
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
	good := "data_dir: never\nhttp: {listen: \"127.0.0.1:0\"}\nmqtt: {listen: \"127.0.0.1:0\"}\nrules: {dir: own}\n"
	for _, c := range []struct{ name, config, rules, says string }{
		{"a wrong key", "http:\n  listen: 127.0.0.1:0\n  lisen_tls: x\n", "", "wrong.yaml:3: lisen_tls: there is no such key here; `gateway config` prints every key"},
		{"a wrong value", "http:\n  listen: \"8080\"\n", "", "wrong.yaml:2: http.listen: \"8080\" is no address; write host:port"},
		{"a wrong rule", good, "rules:\n  - id: cold\n    title: {en: Cold}\n    severity: dire\n    per: device\n    when: {property: temperature, below: 5}\n    then:\n      - alert: {audible: true}\n",
			"mine.yaml:4: rules[0].severity: \"dire\" is not known here; use info, warning, major, critical"},
		{"a wrong certificate", "data_dir: never\nhttp: {listen: \"127.0.0.1:0\", tls: {certificate: wrong.yaml, key: wrong.yaml}}\nmqtt: {listen: \"127.0.0.1:0\"}\n", "", "wrong.yaml are no certificate with its key"},
	} {
		file := o.write(t, "wrong.yaml", c.config)
		if c.rules != "" {
			o.write(t, "own/mine.yaml", c.rules)
		}
		out, err := run(t, o.dir, "", filepath.Join(o.dir, "bin", "gateway"), "serve", "--config", file)
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
		{"on the same folder", "data_dir: data\nhttp: {listen: \"127.0.0.1:0\"}\nmqtt: {listen: \"\"}\n", "data_dir: another gateway runs on "},
		{"on a port that is taken", "data_dir: other\nhttp: {listen: \"" + taken + "\"}\nmqtt: {listen: \"\"}\n", "http.listen: another program, or another gateway, has " + taken},
		{"on an MQTT port that is taken", "data_dir: other\nhttp: {listen: \"127.0.0.1:0\"}\nmqtt: {listen: \"" + taken + "\"}\n", "mqtt.listen: another program, or another gateway, has " + taken},
	} {
		out, err := run(t, o.dir, "", filepath.Join(o.dir, "bin", "gateway"), "serve", "--config", o.write(t, "second.yaml", c.config))
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
	if code, b := c.status("GET", "/", nil); code != 200 || !bytes.Contains(b, []byte("<div id=\"root\">")) {
		t.Errorf("the console: got %d %s", code, tail(string(b), 300))
	}
	first := map[string]string{"admin": "principal", "full_name": "Test Principal", "password": "short", "school": "Hillside School", "timezone": "Asia/Shanghai", "language": "en"}
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
	c.do("POST", "/v1/buildings", map[string]any{"site": site.ID, "name": "Science building"}, &building)
	for _, z := range []struct {
		key     string
		kind    g.ZoneKind
		private bool
	}{{"gate", g.ZoneGate, false}, {"laboratory", g.ZoneLaboratory, false}, {"dorm room", g.ZoneDorm, true}, {"cellar", g.ZoneOther, false}} {
		var zone g.Zone
		c.do("POST", "/v1/zones", map[string]any{"building": building.ID, "name": z.key, "kind": z.kind, "private": z.private}, &zone)
		o.zones[z.key] = zone.ID
	}
	refused(c, "POST", "/v1/zones", map[string]any{"building": "bld_none", "name": "x", "kind": "gate"}, 404, "there is no building")
	refused(c, "POST", "/v1/zones", map[string]any{"building": building.ID, "name": "x", "kind": "moat"}, 422, "kind")
	refused(c, "DELETE", "/v1/sites/"+string(site.ID), nil, 409, "building")
}

func (o *ownSchool) importPeople(t *testing.T) {
	c := o.as(t)
	type report struct {
		Created, Errors int
		Applied         bool
		Lines           []struct {
			Line                 int
			Action, Field, Error string
		}
	}
	wrong := "kind,number,name,class,card,face_consent\nstudent,1001,Ann Example,7-1,0001112223,yes\npupil,1002,Bo Example,7-1,,\nstudent,1001,Cy Example,7-2,,\nstudent,1004,,7-2,,\nstaff,1005,Di Example,,0001112223,no\n"
	var r report
	c.do("POST", "/v1/people/import?dry_run=true", []byte(wrong), &r)
	if r.Applied || r.Errors != 4 || len(r.Lines) != 5 {
		t.Errorf("got %+v, want 4 errors and nothing done", r)
	}
	for i, want := range []struct{ field, says string }{{}, {"kind", "pupil"}, {"number", "line 2"}, {"name", "name"}, {"card", "line 2"}} {
		got := r.Lines[i]
		if got.Line != i+2 || got.Field != want.field || !strings.Contains(got.Error, want.says) || (got.Action == "error") != (want.field != "") {
			t.Errorf("line %d: got %+v, want an error of %q that says %q", i+2, got, want.field, want.says)
		}
	}
	if c.do("POST", "/v1/people/import", []byte(wrong), &r); r.Applied {
		t.Error("a file with errors was imported")
	}
	if n := len(list[map[string]any](c, "/v1/people")); n != 0 {
		t.Errorf("got %d people after a dry run and a refused import, want none", n)
	}
	refused(c, "POST", "/v1/people/import", []byte("colour,size\nred,3\n"), 422, "number")
	right := "kind,number,name,class,card,face_consent\nstudent,1001,Ann Example,7-1,0001112223,yes\nstudent,1002,Bo Example,7-1,,no\nstaff,1005,Di Example,,,no\n"
	if c.do("POST", "/v1/people/import?dry_run=true", []byte(right), &r); r.Applied || r.Errors != 0 || r.Created != 3 {
		t.Errorf("the dry run: got %+v, want 3 to create", r)
	}
	if c.do("POST", "/v1/people/import", []byte(right), &r); !r.Applied || r.Created != 3 {
		t.Errorf("the import: got %+v, want 3 created", r)
	}
	for _, p := range list[struct {
		ID      g.PersonID
		Number  string
		Consent bool
		Cards   int
	}](c, "/v1/people") {
		o.people[p.Number] = p.ID
		if first := p.Number == "1001"; p.Consent != first || (p.Cards == 1) != first {
			t.Errorf("got %+v, want consent and a card of 1001 alone", p)
		}
	}
	if len(o.people) != 3 {
		t.Errorf("got %v, want three people", o.people)
	}
	refused(c, "GET", "/v1/people/"+string(o.people["1001"]), nil, 422, "reason")
}

func (o *ownSchool) key(t *testing.T) {
	c := o.as(t)
	var made struct {
		Key    g.APIKey
		Secret string
		Curl   string
	}
	c.do("POST", "/v1/keys", map[string]any{"name": "timetable", "permissions": []g.Permission{g.DevicesRead}}, &made)
	out, err := run(t, o.dir, "", "sh", "-c", strings.Replace(made.Curl, "curl ", "curl -sS ", 1))
	if err != nil || !strings.Contains(out, `"Hillside School"`) {
		t.Errorf("the curl that the console shows: %v\n%s\n%s", err, made.Curl, out)
	}
	program := &client{t: t, base: o.h.url, http: http.DefaultClient, key: made.Secret}
	if n := len(list[deviceRow](program, "/v1/devices")); n < 4 {
		t.Errorf("the key reads %d devices, want those that were added", n)
	}
	refused(program, "GET", "/v1/people", nil, 403, "people:read")
	c.do("DELETE", "/v1/keys/"+string(made.Key.ID), nil, nil)
	refused(program, "GET", "/v1/devices", nil, 401)
}

// webhook vouches for somebody at the gate and finds the event posted, signed as Standard
// Webhooks 1.0 says.
func (o *ownSchool) webhook(t *testing.T) {
	c := o.as(t)
	type post struct {
		header http.Header
		body   []byte
	}
	got := make(chan post, 16)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err == nil {
			select {
			case got <- post{r.Header, b}:
			default:
			}
		}
	}))
	defer server.Close()
	refused(c, "POST", "/v1/webhooks", map[string]any{"url": "ftp://127.0.0.1/x"}, 422, "url", "https://")
	var hook struct {
		Webhook g.Webhook
		Secret  string
	}
	c.do("POST", "/v1/webhooks", map[string]any{"url": server.URL, "kinds": []g.EventKind{g.EventSighting}}, &hook)
	defer c.do("DELETE", "/v1/webhooks/"+string(hook.Webhook.ID), nil, nil)
	var pass struct{ Seq uint64 }
	c.do("POST", "/v1/sightings/manual", map[string]any{"person": o.people["1002"], "zone": o.zones["gate"], "note": "forgot the card"}, &pass)
	deadline := time.After(patience)
	for {
		select {
		case p := <-got:
			var e struct {
				SpecVersion string
				Data        g.Event
			}
			if err := json.Unmarshal(p.body, &e); err != nil || e.SpecVersion != "1.0" {
				t.Fatalf("got %s, want a CloudEvent: %v", p.body, err)
			}
			verify(t, hook.Secret, p.header, p.body)
			if e.Data.Seq != pass.Seq {
				continue // the camera's
			}
			if e.Data.Sighting == nil || e.Data.Sighting.Person != o.people["1002"] || e.Data.Sighting.Method != g.ByManual {
				t.Errorf("got %s, want the manual pass", p.body)
			}
			eventually(t, "the delivery is listed", func() (bool, string) {
				_, b := c.status("GET", "/v1/webhooks/"+string(hook.Webhook.ID)+"/deliveries", nil)
				return bytes.Contains(b, []byte(`"status":200`)), string(b)
			})
			return
		case <-deadline:
			t.Fatal("the event was not posted")
		}
	}
}

func verify(t *testing.T, secret string, header http.Header, body []byte) {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", header.Get("webhook-id"), header.Get("webhook-timestamp"), body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	if got := header.Get("webhook-signature"); got != want {
		t.Errorf("the signature: got %q, want %q", got, want)
	}
}

// alone shows that a school's administrator reaches no further than the school. Where there
// are several, api's tests hold every operation against the administrator of another.
func (o *ownSchool) alone(t *testing.T) {
	c := o.as(t)
	if all := list[g.School](c, "/v1/schools"); len(all) != 1 || all[0].ID != o.school {
		t.Errorf("got schools %+v, want one's own", all)
	}
	refused(c, "POST", "/v1/schools", map[string]any{"kind": "school", "name": "Next door", "timezone": "Asia/Shanghai", "language": "en", "parent": o.school}, 403, "district")
	refused(c, "GET", "/v1/places?school=sch_other", nil, 404)
	refused(c, "GET", "/v1/devices?school=sch_other", nil, 404)
	refused(c, "POST", "/v1/people/import?school=sch_other", []byte("kind,number,name\nstudent,1,X\n"), 404)
	refused(c, "POST", "/v1/users", map[string]any{"name": "sly", "password": ownPassword, "role": g.RoleDistrict}, 422, "district")
}
