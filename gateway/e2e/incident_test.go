package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

const guardPassword = "four-more-quiet-words"

// TestAnIncidentInTheBrowser: two rooms burn, and both are on the incident's page and on the guard
// room's screen; its procedure branches and is taken back; it is contained while it burns, closed
// and printed; the screen is loud when it loses the gateway; a guard who loses the rights loses the
// alert.
func TestAnIncidentInTheBrowser(t *testing.T) {
	t.Parallel()
	o := &ownSchool{root: root(t), zones: map[string]g.ZoneID{}}
	o.dir = programs(t, o.root)
	config := o.write(t, "gatehouse.yaml",
		"data_dir: data\nhttp: {listen: \"127.0.0.1:0\"}\nmqtt: {listen: \"127.0.0.1:0\"}\n")
	o.h = start(t, o.dir, "serve", "--config", config)
	o.begin(t)
	for i, room := range []string{"Laboratory 1", "Laboratory 2"} {
		d := o.add(t, fmt.Sprintf("Detector %d", i+1), g.DriverMQTTFront, "smoke-heat-sensor", room,
			nil, nil)
		err := d.send(t, o.dir, d.MQTT.Username, d.Password, `{"smoke": true, "temperature": 80}`)
		if err != nil {
			t.Fatal(err)
		}
	}
	var incident g.IncidentID
	eventually(t, "one incident of both rooms", func() (bool, string) {
		all := list[g.Incident](o.admin, "/v1/incidents")
		if len(all) == 0 {
			return false, "none"
		}
		incident = all[0].ID
		return len(all) == 1 && len(all[0].Alerts) == 2, fmt.Sprintf("%+v", all)
	})
	o.browse(t, "incidents.mjs", "GATEHOUSE_INCIDENT="+string(incident), "GATEHOUSE_GUARD=guard",
		"GATEHOUSE_GUARD_PASSWORD="+guardPassword, fmt.Sprint("GATEHOUSE_PID=", o.h.cmd.Process.Pid))
}

// begin sets a school up with two laboratories, each on a floor of its own, and a guard.
func (o *ownSchool) begin(t *testing.T) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, base: o.h.url, http: &http.Client{Jar: jar, Timeout: time.Minute}}
	var me struct{ CSRF string }
	c.do("POST", "/v1/setup", map[string]string{
		"admin":     "principal",
		"full_name": "Test Principal",
		"password":  ownPassword,
		"school":    "Hillside School",
		"timezone":  "Asia/Shanghai",
		"language":  "en",
	}, &me)
	c.csrf = me.CSRF
	o.admin = c
	c.do("POST", "/v1/users", map[string]string{
		"name":      "guard",
		"full_name": "Test Guard",
		"password":  guardPassword,
		"role":      string(g.RoleSecurity),
		"language":  "zh-CN",
	}, nil)
	var site g.Site
	c.do("POST", "/v1/sites", map[string]string{"name": "Main campus"}, &site)
	var building g.Building
	c.do("POST", "/v1/buildings", map[string]any{"site": site.ID, "name": "Science building"}, &building)
	for i := range 2 {
		var floor g.Floor
		c.do("POST", "/v1/floors", map[string]any{
			"building": building.ID,
			"name":     fmt.Sprintf("Floor %d", i+1),
			"level":    i + 1,
		}, &floor)
		name := fmt.Sprintf("Laboratory %d", i+1)
		var zone g.Zone
		c.do("POST", "/v1/zones", map[string]any{
			"building": building.ID,
			"name":     name,
			"kind":     g.ZoneLaboratory,
			"floor":    floor.ID,
		}, &zone)
		o.zones[name] = zone.ID
	}
}

// browse runs a script of the console's e2e folder against the school.
func (o *ownSchool) browse(t *testing.T, script string, env ...string) {
	t.Helper()
	shots := filepath.Join(o.root, ".cache", "screenshots")
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", filepath.Join(o.root, "api", "console", "e2e", script))
	cmd.Env = append(append(os.Environ(), "GATEHOUSE_URL="+o.h.url, "GATEHOUSE_USER=principal",
		"GATEHOUSE_PASSWORD="+ownPassword, "GATEHOUSE_SHOTS="+shots), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("the browser test: %v\n%s", err, tail(string(out), 6000))
	}
	t.Logf("%s\nscreenshots in %s", tail(string(out), 3000), shots)
}
