package e2e

import (
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
)

// TestALockdownInTheBrowser: the principal reads what a level will do, and raises it; every page says
// so, and the door that was told is listed. A guard is made to give the all-clear: to them alone it
// looks over, and the others read that they were made to. A colleague gives it in truth. A drill is
// marked as one.
func TestALockdownInTheBrowser(t *testing.T) {
	t.Parallel()
	o := &ownSchool{root: root(t), zones: map[string]g.ZoneID{}}
	o.dir = programs(t, o.root)
	config := o.write(t, "gatehouse.yaml",
		"data_dir: data\nhttp: {listen: \"127.0.0.1:0\"}\nmqtt: {listen: \"127.0.0.1:0\"}\n")
	o.h = start(t, o.dir, "serve", "--config", config)
	o.begin(t)
	o.admin.do("POST", "/v1/users", map[string]string{
		"name":      "colleague",
		"full_name": "Test Colleague",
		"password":  guardPassword,
		"role":      string(g.RoleSecurity),
		"language":  "en",
	}, nil)
	o.admin.do("POST", "/v1/profiles", g.Profile{
		ID:    "our-door",
		Title: "Our door",
		Type:  g.TypeTerminal,
		Actions: map[string]g.Action{
			"lock":   {Title: "Lock", Idempotent: true},
			"unlock": {Title: "Unlock", Idempotent: true},
		},
	}, nil)
	o.add(t, "Main door", g.DriverMQTTFront, "our-door", "Laboratory 1", nil, nil)
	var level g.ThreatLevel
	o.admin.do("GET", "/v1/threat-levels/lockdown", nil, &level)
	level.Raise, level.Clear = []g.LevelAction{{Action: "lock"}}, []g.LevelAction{{Action: "unlock"}}
	o.admin.do("PUT", "/v1/threat-levels/lockdown", level, nil)
	o.browse(t, "lockdown.mjs", "GATEHOUSE_GUARD=guard", "GATEHOUSE_COLLEAGUE=colleague",
		"GATEHOUSE_GUARD_PASSWORD="+guardPassword)
}
