package e2e

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

type deviceRow struct {
	g.Device
	Type g.DeviceType `json:"type"`
	Twin g.Twin       `json:"twin"`
}

type alertRow struct {
	g.Alert
	DeviceName string `json:"device_name"`
}

type attendanceRow struct {
	g.Attendance
	Name string `json:"name"`
}

type sightingRow struct {
	Seq    uint64     `json:"seq"`
	Device g.DeviceID `json:"device"`
	Person g.PersonID `json:"person"`
	Method g.Method   `json:"method"`
	Match  *g.Match   `json:"match"`
	Time   time.Time  `json:"time"`
}

type driverRow struct {
	Name  string `json:"name"`
	State string `json:"state"`
	PID   int    `json:"pid"`
}

// TestSchool is the demonstration school's first minutes, from a newcomer's start to a power
// cut, in the order in which a person would look.
func TestSchool(t *testing.T) {
	dir := root(t)
	data := filepath.Join(t.TempDir(), "school")
	listen := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	h := start(t, dir, "demo", "--data-dir", data, "--listen", listen, "--port-base",
		fmt.Sprint(freePorts(t, 100)))
	began := time.Now()
	admin := h.signIn("admin")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	all := admin.watch(ctx, "", 0)
	s := &schoolTest{T: t, h: h, admin: admin, all: all, data: data}

	t.Run("fleet", s.fleet)
	t.Run("arrival by face", s.arrival)
	t.Run("meal, dormitory and card", s.cards)
	t.Run("smoke", s.smoke)
	t.Logf("everything that a newcomer waits for was there %s after the console",
		time.Since(began).Round(time.Second))
	t.Run("browser", s.browser)
	t.Run("stranger", s.stranger)
	t.Run("consent withdrawn", s.withdrawn)
	t.Run("key and webhook", s.integration)
	t.Run("a payload that does not fit", s.rejected)
	t.Run("a driver killed", s.driverKilled)
	t.Run("backup and restore", s.backup)
	t.Run("power cut", s.powerCut)

	all.mu.Lock()
	defer all.mu.Unlock()
	if all.err != nil || len(all.events) == 0 {
		t.Errorf("the live stream: %d events, %v", len(all.events), all.err)
	}
}

type schoolTest struct {
	*testing.T
	h     *house
	admin *client
	all   *watch
	data  string
}

func (s *schoolTest) fleet(t *testing.T) {
	var devices []deviceRow
	took := eventually(t, "every device is online with live values", func() (bool, string) {
		devices = list[deviceRow](s.admin, "/v1/devices")
		var missing []string
		for _, d := range devices {
			live := len(d.Twin.Reported) > 0 || d.Type == g.TypeTerminal
			if d.Twin.State != g.StateOnline || !live {
				missing = append(missing,
					fmt.Sprintf("%s %s %s", d.ID, d.Twin.State, d.Twin.Reason))
			}
		}
		return len(devices) > 0 && len(missing) == 0, fmt.Sprintf("%d devices, not yet: %v",
			len(devices), missing)
	})
	types := map[g.DeviceType]int{}
	for _, d := range devices {
		types[d.Type]++
	}
	if len(devices) < 60 || len(types) < 5 {
		t.Errorf("got %d devices of types %v, want at least 60 of 5", len(devices), types)
	}
	running := 0
	for _, d := range list[driverRow](s.admin, "/v1/drivers") {
		if d.State == "running" {
			running++
		}
	}
	if running < 4 {
		t.Errorf("got %d running drivers, want 4", running)
	}
	t.Logf("%d devices online after %s: %v", len(devices), took.Round(time.Second), types)
}

// attendance waits for a person's state in the newest demo session of a kind.
func (s *schoolTest) attendance(
	t *testing.T, kind g.SessionKind, person g.PersonID, state g.AttendanceState,
) attendanceRow {
	t.Helper()
	var row attendanceRow
	eventually(t, fmt.Sprintf("%s %s at %s", person, state, kind), func() (bool, string) {
		rows := list[attendanceRow](s.admin, "/v1/attendance", "person", string(person), "reason",
			"a test asks")
		for _, r := range rows {
			if r.Kind == kind && r.State == state {
				row = r
				return true, ""
			}
		}
		return false, fmt.Sprintf("%+v", rows)
	})
	if len(row.Sightings) == 0 || row.InputHash == "" || len(row.Reasons) == 0 {
		t.Errorf("the answer does not say why: %+v", row)
	}
	return row
}

func (s *schoolTest) arrival(t *testing.T) {
	row := s.attendance(t, g.SessionArrival, "demo-student-01", g.Arrived)
	if row.Method != g.ByFace {
		t.Errorf("arrived by %q, want by face", row.Method)
	}
	seen := list[sightingRow](s.admin, "/v1/sightings", "person", "demo-student-01", "reason",
		"a test asks")
	if len(seen) == 0 || seen[0].Match == nil || seen[0].Seq == 0 {
		t.Fatalf("got sightings %+v, want one with its match", seen)
	}
	m := seen[len(seen)-1].Match
	t.Logf("the enrolled student: score %.3f, runner-up %.3f, margin %.3f over %d frames", m.Score,
		m.RunnerUp, m.Margin, m.Frames)
}

func (s *schoolTest) cards(t *testing.T) {
	s.attendance(t, g.SessionMeal, "demo-student-02", g.Arrived)
	s.attendance(t, g.SessionDorm, "demo-student-04", g.Arrived)
	s.attendance(t, g.SessionArrival, "demo-student-03", g.Arrived)
	for _, x := range list[sightingRow](s.admin, "/v1/sightings", "person", "demo-student-03",
		"reason", "a test asks") {
		if x.Method == g.ByFace {
			t.Errorf("the student without consent was matched by face: %+v", x)
		}
	}
}

// alert waits for an alert of a rule in a state.
func (s *schoolTest) alert(t *testing.T, rule g.RuleID, state g.AlertState) alertRow {
	t.Helper()
	var found alertRow
	eventually(t, fmt.Sprintf("an alert of %s, %s", rule, state), func() (bool, string) {
		rows := list[alertRow](s.admin, "/v1/alerts", "rule", string(rule))
		for _, r := range rows {
			if r.Rule == rule && r.State == state {
				found = r
				return true, ""
			}
		}
		return false, fmt.Sprintf("%+v", rows)
	})
	return found
}

func (s *schoolTest) smoke(t *testing.T) {
	a := s.alert(t, "smoke-and-heat", g.AlertOpen)
	if smoke, ok := a.Values["smoke"].Bool(); !ok || !smoke || a.Severity != g.Critical ||
		a.Incident == "" || a.Seq == 0 {
		t.Errorf("got %+v, want a critical alert with its values, event and incident", a)
	}
	on := s.all.find(func(e *g.Event) bool { return e.Kind == g.EventAlert && e.Alert.ID == a.ID })
	if len(on) == 0 {
		t.Error("the alert is not on the live stream")
	} else {
		t.Logf("from the reading that met the condition to the alert on the stream: %s",
			on[0].Received.Sub(a.Opened).Round(time.Millisecond))
	}
	var i g.Incident
	s.admin.do("GET", "/v1/incidents/"+string(a.Incident), nil, &i)
	if i.Handover.Approval != "waiting" || i.Handover.Sent || i.Handover.Link != "off" ||
		i.Handover.ApproverRole == "" || !strings.Contains(i.Handover.Note, "off") {
		t.Errorf("got hand-over %+v, want it waiting for a named role, the link off and nothing "+
			"sent",
			i.Handover)
	}
	guard := s.h.signIn("guard")
	if code, _ := guard.status("POST", "/v1/incidents/"+string(i.ID)+"/approval",
		map[string]any{"version": i.Version, "approve": true, "comment": "x"}); code != http.StatusForbidden {
		t.Errorf("the guard's approval got %d, want 403", code)
	}
}

// courier is the name under which the stranger is enrolled in the console.
const courier = "Parcel courier"

func (s *schoolTest) browser(t *testing.T) {
	cmd := exec.Command("node", filepath.Join(s.h.root, "api", "console", "e2e", "run.mjs"))
	shots := filepath.Join(s.h.root, ".cache", "screenshots")
	cmd.Env = append(os.Environ(), "GATEHOUSE_URL="+s.h.url, "GATEHOUSE_USER=admin",
		"GATEHOUSE_PASSWORD="+s.h.passwords["admin"], "GATEHOUSE_SHOTS="+shots,
		"GATEHOUSE_ENROL="+courier)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("the browser test: %v\n%s", err, tail(string(out), 6000))
	}
	t.Logf("screenshots in %s", shots)
}

func (s *schoolTest) stranger(t *testing.T) {
	var a alertRow
	eventually(t, "a stranger at the side gate", func() (bool, string) {
		rows := list[alertRow](s.admin, "/v1/alerts", "rule", "stranger-at-gate")
		for _, r := range rows {
			if r.Device == "cam-side-gate" && r.Media != "" {
				a = r
				return true, ""
			}
		}
		return false, fmt.Sprintf("%+v", rows)
	})
	code, jpeg := s.admin.status("GET", "/v1/media/"+string(a.Media), nil)
	if code != 200 || http.DetectContentType(jpeg) != "image/jpeg" {
		t.Fatalf("the snapshot: got %d and %d bytes of %s", code, len(jpeg),
			http.DetectContentType(jpeg))
	}
	if a.State == g.AlertOpen {
		s.admin.do("POST", "/v1/alerts/"+string(a.ID)+"/acknowledge",
			map[string]any{"version": a.Version}, &a.Alert)
	}
	if a.HandlerName == "" {
		t.Errorf("the alert does not say who handles it: %+v", a.Alert)
	}
	enrolled := list[g.Person](s.admin, "/v1/people", "q", courier)
	if len(enrolled) != 1 || enrolled[0].Kind != g.Visitor {
		t.Fatalf("got %+v, want the visitor whom the operator enrolled in the browser", enrolled)
	}
	p := enrolled[0]
	var seen []sightingRow
	eventually(t, "the enrolled stranger in another video", func() (bool, string) {
		seen = nil
		for _, x := range list[sightingRow](s.admin, "/v1/sightings", "person", string(p.ID),
			"reason", "a test asks") {
			if x.Device == "cam-library" {
				seen = append(seen, x)
			}
		}
		return len(seen) > 0, fmt.Sprintf("nobody yet as %s", p.ID)
	})
	t.Logf("the enrolled stranger in the other video: score %.3f, runner-up %.3f, margin %.3f",
		seen[0].Match.Score, seen[0].Match.RunnerUp, seen[0].Match.Margin)
	for _, x := range list[sightingRow](s.admin, "/v1/sightings", "device", "cam-main-gate") {
		if x.Person == p.ID {
			t.Errorf("the first man was taken for the stranger: %+v", x)
		}
	}
	for _, device := range []string{"cam-side-gate", "cam-library"} {
		for _, x := range list[sightingRow](s.admin, "/v1/sightings", "device", device) {
			if x.Person == "demo-student-01" {
				t.Errorf("the stranger was taken for the student: %+v", x)
			}
		}
	}
	var done g.Alert
	if code, _ := s.admin.status("POST", "/v1/alerts/"+string(a.ID)+"/resolve",
		map[string]any{"version": a.Version, "comment": ""}); code < 400 {
		t.Errorf("resolving without a comment got %d, want a refusal", code)
	}
	var now alertRow
	s.admin.do("GET", "/v1/alerts/"+string(a.ID), nil, &now)
	s.admin.do("POST", "/v1/alerts/"+string(a.ID)+"/resolve",
		map[string]any{"version": now.Version, "comment": "known courier"}, &done)
	if done.State != g.AlertResolved || done.Comment != "known courier" {
		t.Errorf("got %+v, want it resolved with the comment", done)
	}
}

func (s *schoolTest) withdrawn(t *testing.T) {
	s.admin.do("POST", "/v1/people/demo-student-01/consent",
		map[string]any{"given": false, "by": "Lin Jianguo", "note": "by letter"}, nil)
	since := time.Now()
	// sightings of this very second may be older
	now := since.UTC().Truncate(time.Second).Add(time.Second)
	var session g.Session
	s.admin.do("POST", "/v1/sessions", g.Session{
		School: "demo-school",
		Kind:   g.SessionArrival,
		Name:   "After the withdrawal",
		Start:  now, Due: now.Add(time.Hour), End: now.Add(2 * time.Hour),
		ZoneKinds: []g.ZoneKind{g.ZoneGate},
		Who:       []g.PersonKind{g.Student},
		Demo:      true,
	}, &session)
	eventually(t, "the same video without identity", func() (bool, string) {
		unknown := 0
		for _, x := range list[sightingRow](s.admin, "/v1/sightings", "device", "cam-main-gate") {
			if x.Time.Before(now) {
				continue
			}
			if x.Person != "" {
				t.Fatalf("matched after the withdrawal: %+v", x)
			}
			unknown++
		}
		return unknown >= 2, fmt.Sprintf("%d unknown sightings", unknown)
	})
	for _, r := range list[attendanceRow](s.admin, "/v1/attendance", "session", string(session.ID)) {
		// Who was seen before the withdrawal is in the school since.
		if r.Person == "demo-student-01" && r.State != g.Expected && !r.At.Before(now) {
			t.Errorf("the student without consent is %s, want expected: %+v", r.State, r)
		}
	}
}

func (s *schoolTest) integration(t *testing.T) {
	var made struct {
		Secret string `json:"secret"`
		Curl   string `json:"curl"`
	}
	s.admin.do("POST", "/v1/keys",
		map[string]any{
			"name":        "timetable",
			"purpose":     "the timetable's room plan",
			"permissions": []g.Permission{g.DevicesRead},
			"expires":     time.Now().Add(24 * time.Hour),
		},
		&made)
	out, err := exec.Command("sh", "-c", made.Curl).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "devices:read") {
		t.Errorf("the curl that the console shows: %v\n%s\n%s", err, made.Curl,
			tail(string(out), 500))
	}
	key := &client{t: t, base: s.h.url, http: http.DefaultClient, key: made.Secret}
	if code, _ := key.status("GET", "/v1/people", nil); code != http.StatusForbidden {
		t.Errorf("a key for devices read people: %d, want 403", code)
	}

	type delivery struct {
		header http.Header
		body   []byte
	}
	got := make(chan delivery, 64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		select {
		case got <- delivery{r.Header, b}:
		default:
		}
	}))
	defer server.Close()
	var hook struct {
		Webhook g.Webhook `json:"webhook"`
		Secret  string    `json:"secret"`
	}
	s.admin.do("POST", "/v1/webhooks",
		map[string]any{"url": server.URL, "kinds": []string{"sighting"}}, &hook)
	select {
	case d := <-got:
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(hook.Secret, "whsec_"))
		if err != nil {
			t.Fatal(err)
		}
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.%s.%s", d.header.Get("webhook-id"), d.header.Get("webhook-timestamp"),
			d.body)
		if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); !strings.Contains(
			d.header.Get("webhook-signature"), want) {
			t.Errorf("the signature %q is not over the body; want %q",
				d.header.Get("webhook-signature"), want)
		}
	case <-time.After(patience):
		t.Error("no delivery")
	}
	s.admin.do("DELETE", "/v1/webhooks/"+string(hook.Webhook.ID), nil, nil)
}

func (s *schoolTest) rejected(t *testing.T) {
	var made struct {
		Device   g.Device `json:"device"`
		Password string   `json:"password"`
		MQTT     struct {
			Host     string `json:"host"`
			Port     int    `json:"port"`
			ClientID string `json:"client_id"`
			Username string `json:"username"`
			Prefix   string `json:"prefix"`
		} `json:"mqtt"`
	}
	s.admin.do("POST", "/v1/devices",
		map[string]any{
			"school":  "demo-school",
			"name":    "Store room sensor",
			"profile": "environment-sensor",
			"driver":  "mqtt-front",
			"zone":    "demo-office",
			"enabled": true,
		},
		&made)
	send := func(password, payload string) error {
		out, err := exec.Command("mosquitto_pub", "-h", made.MQTT.Host, "-p",
			fmt.Sprint(made.MQTT.Port), "-i", made.MQTT.ClientID, "-u", made.MQTT.Username, "-P",
			password,
			"-q", "1", "-t", made.MQTT.Prefix+"/telemetry", "-m", payload).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	if err := send("wrong", `{"temperature": 20}`); err == nil {
		t.Error("a wrong password was let in")
	}
	eventually(t, "the refusal is visible", func() (bool, string) {
		_, b := s.admin.status("GET", "/v1/refusals", nil)
		return strings.Contains(string(b), string(made.Device.ID)), string(b)
	})
	for _, payload := range []string{
		`{"temperature": "warm"}`,
		`not json`,
		`{"temperature": 21.5}`,
	} {
		if err := send(made.Password, payload); err != nil {
			t.Errorf("%s was not acknowledged: %v", payload, err)
		}
	}
	eventually(t, "both rejections and the next reading", func() (bool, string) {
		rejections := list[map[string]any](s.admin, "/v1/rejections", "device",
			string(made.Device.ID))
		var d deviceRow
		s.admin.do("GET", "/v1/devices/"+string(made.Device.ID), nil, &d)
		return len(rejections) == 2 && d.Twin.Reported["temperature"].Value == g.NumberValue(21.5), fmt.Sprintf(
			"%v, %+v", rejections, d.Twin)
	})
}

func (s *schoolTest) driver(name string) (found driverRow) {
	for _, d := range list[driverRow](s.admin, "/v1/drivers") {
		if d.Name == name {
			found = d
		}
	}
	return found
}

func (s *schoolTest) driverKilled(t *testing.T) {
	before := s.driver("modbus")
	if err := syscall.Kill(before.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "its devices show driver_down", func() (bool, string) {
		down := s.all.find(func(e *g.Event) bool {
			return e.Kind == g.EventStatus && e.Driver == "modbus" &&
				e.Status.State == g.StateDriverDown
		})
		return len(down) >= 10, fmt.Sprintf("%d devices", len(down))
	})
	took := eventually(t, "the driver and its devices are back", func() (bool, string) {
		now := s.driver("modbus")
		online := list[deviceRow](s.admin, "/v1/devices", "driver", "modbus", "state", "online")
		return now.State == "running" && now.PID != before.PID && len(online) == 10, fmt.Sprintf(
			"%+v, %d online", now, len(online))
	})
	t.Logf("back with all its devices after %s", took.Round(100*time.Millisecond))
}

func (s *schoolTest) backup(t *testing.T) {
	archive := filepath.Join(t.TempDir(), "school.tar.gz")
	gateway := filepath.Join(s.h.root, "bin", "gateway")
	if out, err := exec.Command(gateway, "backup", "--data-dir", s.data, archive).CombinedOutput(); err != nil {
		t.Fatalf("backup: %v\n%s", err, out)
	}
	to := filepath.Join(t.TempDir(), "restored")
	if out, err := exec.Command(gateway, "restore", "--data-dir", to, archive).CombinedOutput(); err != nil {
		t.Fatalf("restore: %v\n%s", err, out)
	}
	if out, err := exec.Command(gateway, "restore", "--data-dir", to, archive).CombinedOutput(); err == nil {
		t.Errorf("restoring over a school succeeded, want a refusal:\n%s", out)
	}
	config := filepath.Join(t.TempDir(), "c.yaml")
	text := fmt.Sprintf("data_dir: %s\nhttp: {listen: \"127.0.0.1:0\"}\nmqtt: {listen: "+
		"\"127.0.0.1:0\"}\n",
		to)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	h := start(t, s.h.root, "serve", "--config", config)
	h.passwords = s.h.passwords
	there := h.signIn("admin")
	if d := list[deviceRow](there, "/v1/devices"); len(d) < 60 {
		t.Errorf("got %d devices from the backup, want the school's", len(d))
	}
	if x := list[sightingRow](there, "/v1/sightings", "person", "demo-student-01", "reason",
		"a test asks"); len(x) == 0 {
		t.Error("the sightings are not in the backup")
	}
	var p struct {
		Name string `json:"name"`
	}
	there.do("GET", "/v1/people/demo-student-01?reason=test", nil, &p)
	if p.Name != "Lin Haoran" {
		t.Errorf("got name %q, want the key in the backup to open it", p.Name)
	}
}

func (s *schoolTest) powerCut(t *testing.T) {
	guard := s.h.signIn("guard")
	before := map[g.AlertID]bool{}
	for _, a := range list[alertRow](guard, "/v1/alerts", "rule", "smoke-and-heat") {
		before[a.ID] = true
	}
	var seen struct {
		Journal struct {
			Newest uint64 `json:"newest"`
		} `json:"journal"`
	}
	s.admin.do("GET", "/v1/status", nil, &seen)
	s.h.kill()
	s.h.launch()
	again := s.h.signIn("admin") // the same password: a second start keeps it
	first := seen.Journal.Newest
	s.admin.base = s.h.url
	eventually(t, "the events that were shown before the cut", func() (bool, string) {
		var now page[g.Event]
		again.do("GET",
			fmt.Sprintf("/v1/events?after=%d&limit=1000&kinds=reading,status,sighting,alert",
				max(first, 50)-50),
			nil, &now)
		if len(now.Items) == 0 {
			return false, "none"
		}
		return now.Items[0].Seq <= first, fmt.Sprintf("the first is %d, want one up to %d",
			now.Items[0].Seq, first)
	})
	eventually(t, "the fleet is online again", func() (bool, string) {
		online := list[deviceRow](again, "/v1/devices", "state", "online")
		return len(online) >= 60, fmt.Sprintf("%d online", len(online))
	})
	var smoke []g.AlertID
	for _, a := range list[alertRow](again, "/v1/alerts", "rule", "smoke-and-heat") {
		if before[a.ID] {
			smoke = append(smoke, a.ID)
		}
	}
	if len(smoke) != len(before) {
		t.Errorf("got alerts %v after the cut, want %v", smoke, before)
	}
}
