package e2e

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image/jpeg"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// simulator is a running gatehouse-sim.
type simulator struct {
	Control   string            `json:"control"`
	Equipment map[string]string `json:"equipment"` // addresses
}

// background runs a program until the test ends; line is its first line of output, where
// first is wanted.
func background(t *testing.T, first bool, name string, args ...string) (line string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		kill := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
		cmd.Wait()
		kill.Stop()
	})
	if first {
		if line, err = bufio.NewReader(out).ReadString('\n'); err != nil {
			cmd.Process.Kill()
			cmd.Wait()
			t.Fatalf("%s ended before it was ready: %s", name, errs.String())
		}
	}
	return line
}

// equipment switches the school's own equipment on: a camera with a password and a Modbus
// device. It runs until the whole test ends.
func (o *ownSchool) equipment(t *testing.T) {
	file := o.write(t, "equipment.yaml", fmt.Sprintf(`equipment:
  - id: cameras
    kind: rtsp
    listen: 127.0.0.1:0
    username: viewer
    password: camera-password
    paths: {gate: %q}
  - id: boiler
    kind: modbus
    listen: 127.0.0.1:0
    unit: 7
    values: {pressure: 1.5, pump: true}
    registers:
      pressure: {register: "holding:40", as: int16, scale: 0.1}
      pump: {register: "coil:3"}
`, filepath.Join(o.root, ".cache", "media", "franck.mp4")))
	line := background(o.h.t, true, filepath.Join(o.dir, "bin", "gatehouse-sim"), "-scenario",
		file, "-control", "127.0.0.1:0")
	if err := json.Unmarshal([]byte(line), &o.sim); err != nil {
		t.Fatalf("the simulator said %q: %v", line, err)
	}
}

type probed struct {
	OK       bool
	Message  string
	Values   map[string]g.Value
	Snapshot string
}

func (o *ownSchool) probe(
	t *testing.T, driver g.DriverName, profile any, address, secret map[string]string,
) (p probed) {
	t.Helper()
	o.as(t).do("POST", "/v1/devices/probe",
		map[string]any{"driver": driver, "profile": profile, "address": address, "secret": secret},
		&p)
	return p
}

// registered is the response to registering a device.
type registered struct {
	Device   g.Device
	Password string
	MQTT     struct {
		Host     string
		Port     int
		TLS      bool
		ClientID string `json:"client_id"`
		Username string
		Prefix   string
		Example  string
	}
}

func (o *ownSchool) add(
	t *testing.T, name string, driver g.DriverName, profile, zone string, address, secret map[string]string,
) (r registered) {
	t.Helper()
	o.as(t).do("POST", "/v1/devices",
		map[string]any{
			"name":    name,
			"driver":  driver,
			"profile": profile,
			"zone":    o.zones[zone],
			"address": address,
			"secret":  secret,
		},
		&r)
	return r
}

// reports waits until a device is online and a property has a value that is wanted.
func (o *ownSchool) reports(t *testing.T, id g.DeviceID, property string, want func(g.Value) bool) {
	t.Helper()
	eventually(t, string(id)+" reports "+property, func() (bool, string) {
		var d deviceRow
		o.as(t).do("GET", "/v1/devices/"+string(id), nil, &d)
		got, ok := d.Twin.Reported[property]
		return ok && d.Twin.State == g.StateOnline && want(got.Value), fmt.Sprintf("%+v", d.Twin)
	})
}

func is(want g.Value) func(g.Value) bool { return func(v g.Value) bool { return v == want } }

func (o *ownSchool) camera(t *testing.T) {
	c := o.as(t)
	host := o.sim.Equipment["cameras"]
	at := func(address, password string) probed {
		return o.probe(t, "camera", "rtsp-camera",
			map[string]string{"url": "rtsp://" + address + "/gate", "username": "viewer"},
			map[string]string{"password": password})
	}
	good := at(host, "camera-password")
	picture, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(good.Snapshot,
		"data:image/jpeg;base64,"))
	if err == nil {
		_, err = jpeg.Decode(bytes.NewReader(picture))
	}
	if !good.OK || err != nil {
		t.Errorf("the test button: got %v %q, want a picture: %v", good.OK, good.Message, err)
	}
	t.Logf("the camera: %s", good.Message)

	// What is no address, or holds a password, is refused before the driver hears of it.
	for url, says := range map[string]string{
		"camera 7": "rtsp://",
		"rtsp://viewer:camera-password@" + host + "/gate": "own fields",
	} {
		refused(o.as(t), "POST", "/v1/devices/probe",
			map[string]any{
				"driver":  "camera",
				"profile": "rtsp-camera",
				"address": map[string]string{"url": url},
			},
			422, says)
	}
	closed := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	web := strings.TrimPrefix(o.h.url, "http://")
	for _, x := range []struct {
		name string
		got  probed
		says []string
	}{
		{"a wrong password", at(host, "guessed"), []string{"refuses this user name or password"}},
		{
			"no password",
			o.probe(t, "camera", "rtsp-camera",
				map[string]string{"url": "rtsp://" + host + "/gate"}, nil),
			[]string{"asks for a user name and password"},
		},
		{
			"a wrong port",
			at(closed, "camera-password"),
			[]string{"refuses connections on port", "check the port"},
		},
		{"a web server", at(web, "camera-password"), []string{web, "RTSP"}},
		{
			"a Modbus device",
			at(o.sim.Equipment["boiler"], "camera-password"),
			[]string{o.sim.Equipment["boiler"], "RTSP"},
		},
		{
			"a wrong path",
			o.probe(t, "camera", "rtsp-camera",
				map[string]string{"url": "rtsp://" + host + "/yard", "username": "viewer"},
				map[string]string{"password": "camera-password"}),
			[]string{"no stream", "yard"},
		},
	} {
		if x.got.OK {
			t.Errorf("%s: the test button says that it works", x.name)
		}
		contains(t, x.name, x.got.Message, x.says...)
		for _, odd := range []string{
			"camera-password", "guessed", "gortsplib", "0x", "EOF", "rpc error", "malformed",
		} {
			if strings.Contains(x.got.Message, odd) {
				t.Errorf("%s: got %q, want it without %q", x.name, x.got.Message, odd)
			}
		}
		t.Logf("%s: %s", x.name, x.got.Message)
	}

	body := map[string]any{
		"name":   "Gate camera",
		"driver": "camera", "profile": "rtsp-camera", "zone": o.zones["dorm room"],
		"address": map[string]string{"url": "rtsp://" + host + "/gate", "username": "viewer"},
		"secret":  map[string]string{"password": "camera-password"},
	}
	refused(c, "POST", "/v1/devices", body, 422, "zone", "private")
	body["zone"] = o.zones["gate"]
	var made registered
	c.do("POST", "/v1/devices", body, &made)
	o.reports(t, made.Device.ID, "fps", func(v g.Value) bool { f, _ := v.Float(); return f > 0 })
	code, b := c.status("GET", "/v1/devices/"+string(made.Device.ID)+"/snapshot", nil)
	if code != 200 || http.DetectContentType(b) != "image/jpeg" {
		t.Errorf("the live picture: got %d, %s", code, http.DetectContentType(b))
	}
	if code, b := c.status("GET", "/v1/devices/"+string(made.Device.ID), nil); code != 200 ||
		bytes.Contains(b, []byte("camera-password")) {
		t.Errorf("got %d, and the password in %s", code, b)
	}
	body["zone"] = o.zones["dorm room"]
	refused(c, "PUT", "/v1/devices/"+string(made.Device.ID), body, 422, "private")
	var places struct{ Zones []g.Zone }
	c.do("GET", "/v1/places", nil, &places)
	for _, z := range places.Zones {
		if z.ID == o.zones["gate"] {
			z.Private = true
			refused(c, "PUT", "/v1/zones/"+string(z.ID), z, 409, "1 cameras", "private")
		}
	}
}

func (o *ownSchool) modbus(t *testing.T) {
	c := o.as(t)
	profile := g.Profile{
		ID:    "our-boiler",
		Title: "Our boiler", Type: g.TypeSensor, Properties: map[string]g.Property{
			"pressure": {
				Type:  "number",
				Unit:  "bar",
				Forms: map[string]string{"register": "holding:40", "as": "int16", "scale": "0.1"},
			},
			"pump": {Type: "boolean", Forms: map[string]string{"register": "coil:3"}},
		},
	}
	address := map[string]string{
		"address":  o.sim.Equipment["boiler"],
		"unit":     "7",
		"interval": "200ms",
	}
	if p := o.probe(t, "modbus", profile, address, nil); !p.OK ||
		p.Values["pressure"] != g.NumberValue(1.5) || p.Values["pump"] != g.BoolValue(true) {
		t.Errorf("the test button: got %+v, want 1.5 and true", p)
	}
	c.do("POST", "/v1/profiles", profile, nil)
	refused(c, "POST", "/v1/profiles", profile, 409, "our-boiler")
	for _, x := range []struct {
		name      string
		key, text string
		says      []string
	}{
		{
			"nothing there",
			"address",
			fmt.Sprintf("127.0.0.1:%d", freePort(t)),
			[]string{"127.0.0.1:"},
		},
		{"another unit", "unit", "8", []string{"unit"}},
	} {
		wrong := map[string]string{"timeout": "500ms"}
		for k, v := range address {
			wrong[k] = v
		}
		wrong[x.key] = x.text
		p := o.probe(t, "modbus", "our-boiler", wrong, nil)
		if p.OK {
			t.Errorf("%s: the test button says that it works", x.name)
		}
		contains(t, x.name, p.Message, x.says...)
		t.Logf("%s: %s", x.name, p.Message)
	}
	unitless := map[string]string{"address": address["address"], "unit": "seven"}
	refused(c, "POST", "/v1/devices/probe",
		map[string]any{"driver": "modbus", "profile": profile, "address": unitless}, 422,
		"whole number")
	made := o.add(t, "Boiler", "modbus", "our-boiler", "cellar", address, nil)
	o.reports(t, made.Device.ID, "pressure", is(g.NumberValue(1.5)))
	resp, err := http.Post("http://"+o.sim.Control+"/equipment/boiler/set", "application/json",
		strings.NewReader(`{"values": {"pressure": 2.4}}`))
	if err != nil || resp.StatusCode != http.StatusNoContent {
		t.Fatalf("turn the boiler up: %v %v", resp, err)
	}
	resp.Body.Close()
	o.reports(t, made.Device.ID, "pressure", is(g.NumberValue(2.4)))
}
