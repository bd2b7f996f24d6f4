package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// TestShelvesAndMaintenance goes through a maintenance window and a shelf in a browser, while a
// detector says over MQTT what the browser's steps ask it to.
func TestShelvesAndMaintenance(t *testing.T) {
	t.Parallel()
	o := &ownSchool{root: root(t), zones: map[string]g.ZoneID{}}
	o.dir = programs(t, o.root)
	config := o.write(t, "gatehouse.yaml", "data_dir: data\nhttp: {listen: \"127.0.0.1:0\"}\nmqtt: "+
		"{listen: \"127.0.0.1:0\"}\n")
	o.h = start(t, o.dir, "serve", "--config", config)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, base: o.h.url, http: &http.Client{Jar: jar, Timeout: time.Minute}}
	o.admin = c
	var me struct{ CSRF string }
	c.do("POST", "/v1/setup", map[string]string{
		"admin": "principal", "full_name": "Test Principal", "password": ownPassword,
		"school": "Hillside School", "timezone": "Asia/Shanghai", "language": "en",
	}, &me)
	c.csrf = me.CSRF
	for name, role := range map[string]g.Role{"guard": g.RoleSecurity, "manager": g.RoleFacility} {
		c.do("POST", "/v1/users", map[string]string{"name": name, "full_name": "Test " + name,
			"password": "four-more-quiet-words", "role": string(role), "language": "en"}, nil)
	}
	o.places(t)
	c.do("POST", "/v1/profiles", g.Profile{
		ID: "our-detector", Title: "Our detector", Type: g.TypeSensor,
		Properties: map[string]g.Property{
			"smoke":   {Type: "boolean", Reports: g.ReportsChange},
			"battery": {Type: "number", Unit: "%", Own: true},
		},
	}, nil)
	for _, text := range []string{
		"id: our-fire\ntitle: {en: Fire, zh-CN: 火情}\nseverity: critical\nwhen: {property: smoke, is: true}\n" +
			"then: [{alert: {}}]\n",
		"id: our-battery\ntitle: {en: Battery low, zh-CN: 电量低}\nseverity: major\n" +
			"when: {property: battery, below: 10}\nthen: [{alert: {}}]\n",
	} {
		c.do("POST", "/v1/rules", map[string]any{"text": text, "enabled": true}, nil)
	}
	cellar := o.add(t, "Cellar detector", g.DriverMQTTFront, "our-detector", "cellar", nil, nil)
	lab := o.add(t, "Laboratory detector", g.DriverMQTTFront, "our-detector", "laboratory", nil, nil)
	says := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d := map[string]registered{"cellar": cellar, "laboratory": lab}[r.FormValue("device")]
		if err := d.send(t, o.dir, d.MQTT.Username, d.Password, r.FormValue("says")); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	}))
	defer says.Close()

	shots := filepath.Join(o.root, ".cache", "screenshots")
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", filepath.Join(o.root, "api", "console", "e2e", "shelves.mjs"))
	cmd.Env = append(os.Environ(), "GATEHOUSE_URL="+o.h.url, "GATEHOUSE_MANAGER=manager",
		"GATEHOUSE_GUARD=guard", "GATEHOUSE_PASSWORD=four-more-quiet-words",
		"GATEHOUSE_SAYS="+says.URL, "GATEHOUSE_SHOTS="+shots)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("the browser test: %v\n%s", err, tail(string(out), 6000))
	}
	t.Logf("%s\nscreenshots in %s", tail(string(out), 3000), shots)
	rows := list[alertRow](c, "/v1/alerts", "rule", fmt.Sprintf("our-battery@%s", cellar.Device.School))
	if len(rows) != 2 {
		t.Errorf("got %d alerts about batteries, want 2", len(rows))
	}
}
