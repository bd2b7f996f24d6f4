package e2e

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
)

const greenhouse = `id: our-greenhouse
title: Our greenhouse
type: sensor
properties:
  temperature: {type: number, unit: Cel, minimum: -40, maximum: 85}
  window: {type: boolean}
`

// yaml posts a profile as a person writes it.
func (o *ownSchool) yaml(t *testing.T, text string) (int, string) {
	t.Helper()
	c := o.as(t)
	r, err := http.NewRequest("POST", c.base+"/v1/profiles", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/yaml")
	r.Header.Set("X-Gatehouse-CSRF", c.csrf)
	resp, err := c.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, b.String()
}

func (o *ownSchool) wrongProfile(t *testing.T) {
	for _, x := range []struct{ wrong, says string }{
		{
			strings.Replace(greenhouse, "window: {type: boolean}", "window: {typ: boolean}", 1),
			"profile:6: the key is not known; use one of title",
		},
		{
			strings.Replace(greenhouse, "boolean", "bool", 1),
			`profile:6: \"bool\" is no type; use number, boolean or string`,
		},
		{
			strings.Replace(greenhouse, "type: sensor", "type: gizmo", 1),
			`profile:3: \"gizmo\" is no device type`,
		},
	} {
		code, b := o.yaml(t, x.wrong)
		if code != 422 {
			t.Errorf("got %d, want 422", code)
		}
		contains(t, x.wrong, b, x.says)
	}
}

func (o *ownSchool) mqtt(t *testing.T) {
	if code, b := o.yaml(t, greenhouse); code != 201 {
		t.Fatalf("got %d %s", code, b)
	}
	made := o.add(t, "Greenhouse", g.DriverMQTTFront, "our-greenhouse", "laboratory", nil, nil)
	if made.Password == "" || !strings.HasPrefix(made.MQTT.Example, "mosquitto_pub ") {
		t.Fatalf("got %+v, want a password and a line to try it with", made)
	}
	if out, err := run(t, o.dir, "", "sh", "-c", made.MQTT.Example); err != nil {
		t.Fatalf("%s: %v\n%s", made.MQTT.Example, err, out)
	}
	eventually(t, "what the line sent has arrived", func() (bool, string) {
		var d deviceRow
		o.as(t).do("GET", "/v1/devices/"+string(made.Device.ID), nil, &d)
		return d.Twin.Reported["temperature"].Value == g.NumberValue(20) &&
			d.Twin.Reported["window"].Value == g.BoolValue(false), fmt.Sprintf("%+v", d.Twin)
	})
	_, b := o.as(t).status("GET", "/v1/devices/"+string(made.Device.ID), nil)
	if strings.Contains(string(b), made.Password) {
		t.Errorf("the password is shown again: %s", b)
	}
}

// broker adds a device that speaks to a Mosquitto of the school's own.
func (o *ownSchool) broker(t *testing.T) {
	program, err := exec.LookPath("mosquitto")
	if err != nil {
		program = "/usr/sbin/mosquitto"
	}
	passwords := filepath.Join(o.dir, "broker.passwords")
	if out, err := run(t, o.dir, "", "mosquitto_passwd", "-c", "-b", passwords, "gatehouse",
		"broker-password"); err != nil {
		t.Fatalf("mosquitto_passwd: %v\n%s", err, out)
	}
	port := fmt.Sprint(freePort(t))
	user := "user root\n"
	if os.Getuid() != 0 {
		user = ""
	}
	conf := o.write(t, "broker.conf",
		"listener "+port+" 127.0.0.1\nallow_anonymous false\npassword_file "+passwords+
			"\npersistence false\n"+user)
	background(t, false, program, "-c", conf)
	eventually(t, "the broker listens", func() (bool, string) {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			return false, err.Error()
		}
		return conn.Close() == nil, ""
	})
	publish := func(payload string) {
		t.Helper()
		if out, err := run(t, o.dir, "", "mosquitto_pub", "-h", "127.0.0.1", "-p", port, "-u",
			"gatehouse", "-P", "broker-password", "-q", "1", "-r", "-t", "lora/pump-3", "-m",
			payload); err != nil {
			t.Fatalf("publish: %v\n%s", err, out)
		}
	}
	o.as(t).do("POST", "/v1/profiles", g.Profile{
		ID:    "our-leak",
		Title: "Our leak sensor", Type: g.TypeSensor, Properties: map[string]g.Property{
			"leak": {Type: "boolean", Forms: map[string]string{"path": "values.leak"}},
			"battery": {
				Type:  "number",
				Unit:  "%",
				Forms: map[string]string{"path": "values.battery"},
			},
		},
	}, nil)
	publish(`{"values": {"leak": false, "battery": 81}}`)
	address := map[string]string{
		"broker":   "tcp://127.0.0.1:" + port,
		"topic":    "lora/pump-3",
		"username": "gatehouse",
	}
	secret := map[string]string{"password": "broker-password"}
	if p := o.probe(t, "mqtt", "our-leak", address, secret); !p.OK ||
		p.Values["battery"] != g.NumberValue(81) {
		t.Errorf("the test button: got %+v, want the retained values", p)
	}
	wrong := o.probe(t, "mqtt", "our-leak", address, map[string]string{"password": "guessed"})
	if wrong.OK {
		t.Error("a wrong password: the test button says that it works")
	}
	contains(t, "a wrong password", wrong.Message, "password")
	t.Logf("a wrong password: %s", wrong.Message)
	made := o.add(t, "Leak sensor", "mqtt", "our-leak", "cellar", address, secret)
	o.reports(t, made.Device.ID, "battery", is(g.NumberValue(81)))
	publish(`{"values": {"leak": true, "battery": 80}}`)
	o.reports(t, made.Device.ID, "leak", is(g.BoolValue(true)))
	// the broker ends with this step
	o.as(t).do("DELETE", "/v1/devices/"+string(made.Device.ID), nil, nil)
}

// send publishes as a device does.
func (r registered) send(t *testing.T, dir, username, password, payload string) error {
	t.Helper()
	out, err := run(t, dir, "", "mosquitto_pub", "-h", r.MQTT.Host, "-p", fmt.Sprint(r.MQTT.Port),
		"-i", username, "-u", username, "-P", password,
		"-q", "1", "-t", strings.Replace(r.MQTT.Prefix, r.MQTT.Username, username, 1)+"/telemetry",
		"-m", payload)
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

func (o *ownSchool) refusals(t *testing.T) {
	c := o.as(t)
	made := o.add(t, "Roof", g.DriverMQTTFront, "our-greenhouse", "laboratory", nil, nil)
	refusedSoFar := func() float64 {
		var s struct{ MQTT map[string]float64 }
		c.do("GET", "/v1/status", nil, &s)
		return s.MQTT["refused"]
	}
	before := refusedSoFar()
	if made.send(t, o.dir, "nobody-knows-me", made.Password, `{"temperature": 20}`) == nil {
		t.Error("an unknown device was let in")
	}
	for range 2 {
		if made.send(t, o.dir, made.MQTT.Username, "guessed", `{"temperature": 20}`) == nil {
			t.Error("a wrong password was let in")
		}
	}
	if n := refusedSoFar() - before; n != 3 {
		t.Errorf("the status counts %v refusals, want 3", n)
	}
	found := map[string]int{}
	for _, r := range list[struct {
		Claimed, Source, Reason string
		Count                   int
	}](c, "/v1/refusals") {
		found[r.Claimed] += r.Count
		if r.Reason == "" || r.Source != "mqtt 127.0.0.1" || strings.Contains(r.Reason, "guessed") {
			t.Errorf("got %+v, want from where and why, and no password", r)
		}
	}
	if found["nobody-knows-me"] != 1 || found[made.MQTT.Username] != 2 {
		t.Errorf("got %v, want the unknown device once and the known one twice", found)
	}
	// A new password ends the old one, and a deleted device has none.
	var changed registered
	c.do("POST", "/v1/devices/"+string(made.Device.ID)+"/password", nil, &changed)
	if made.send(t, o.dir, made.MQTT.Username, made.Password, `{"temperature": 20}`) == nil {
		t.Error("the old password still works")
	}
	if err := made.send(t, o.dir, made.MQTT.Username, changed.Password, `{"temperature": 22}`); err != nil {
		t.Errorf("the new password: %v", err)
	}
	c.do("DELETE", "/v1/devices/"+string(made.Device.ID), nil, nil)
	eventually(t, "a deleted device is not let in", func() (bool, string) {
		return made.send(t, o.dir, made.MQTT.Username, changed.Password, `{"temperature": 22}`) != nil, "it was"
	})
}

func (o *ownSchool) rejected(t *testing.T) {
	c := o.as(t)
	made := o.add(t, "Shed", g.DriverMQTTFront, "our-greenhouse", "laboratory", nil, nil)
	for _, payload := range []string{
		`{"temperature": "warm"}`, `{"temperature": 900}`, `{"humidity": 3}`, `nonsense`,
		`{"temperature": 7.5}`,
	} {
		if err := made.send(t, o.dir, made.MQTT.Username, made.Password, payload); err != nil {
			t.Errorf("%s was not acknowledged: %v", payload, err)
		}
	}
	var got []struct {
		Seq             uint64
		Reason, Excerpt string
	}
	eventually(t, "the rejections are listed and the next reading is in", func() (bool, string) {
		got = nil
		c.t = t
		got = list[struct {
			Seq             uint64
			Reason, Excerpt string
		}](c, "/v1/rejections", "device", string(made.Device.ID))
		var d deviceRow
		c.do("GET", "/v1/devices/"+string(made.Device.ID), nil, &d)
		return len(got) == 4 && d.Twin.Reported["temperature"].Value == g.NumberValue(7.5), fmt.Sprintf(
			"%+v, %+v", got, d.Twin)
	})
	reasons := ""
	for _, r := range got {
		if r.Seq == 0 {
			t.Errorf("got %+v, want it in the journal", r)
		}
		reasons += r.Reason + "\n"
	}
	contains(t, "the reasons", reasons, "should be a number", "above the maximum 85", "humidity")
}
