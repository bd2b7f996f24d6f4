package e2e

import (
	"fmt"
	"net"
	"path/filepath"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// tillSecret is what the tills of the test prove themselves with.
const tillSecret = "a-secret-of-this-till"

// TestATillInTheBrowser: a tablet becomes a till; a child eats once, and is told what it must not
// eat; a refusal is passed over by staff; the network goes away, the till goes on serving, also after
// the page was opened anew, and tells what it gave, a second meal among it; the console counts it all.
func TestATillInTheBrowser(t *testing.T) {
	t.Parallel()
	o := &ownSchool{root: root(t), zones: map[string]g.ZoneID{}}
	o.dir = programs(t, o.root)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := ln.Addr().String()
	ln.Close()
	path := filepath.Join("bin", "drivers", "counter")
	config := o.write(t, "gatehouse.yaml", fmt.Sprintf(
		"data_dir: data\nhttp: {listen: \"127.0.0.1:0\"}\nmqtt: {listen: \"127.0.0.1:0\"}\n"+
			"drivers:\n  - {name: counter, path: %s, sha256: %s, settings: {listen: %q}}\n",
		path, sum(t, filepath.Join(o.dir, path)), listen))
	o.h = start(t, o.dir, "serve", "--config", config)
	o.begin(t)
	o.canteen(t)
	o.browse(t, "till.mjs", "GATEHOUSE_TILL=http://"+listen+"/till/", "GATEHOUSE_TILL_SECRET="+tillSecret)
}

// canteen registers two tills, two children with cards, what one of them must not eat, and a lunch
// that is being served.
func (o *ownSchool) canteen(t *testing.T) {
	t.Helper()
	var building struct{ Items []g.Building }
	o.admin.do("GET", "/v1/places", nil, &struct {
		Buildings *[]g.Building `json:"buildings"`
	}{&building.Items})
	var zone g.Zone
	o.admin.do("POST", "/v1/zones", map[string]any{
		"building": building.Items[0].ID,
		"name":     "Canteen",
		"kind":     g.ZoneCanteen,
	}, &zone)
	eventually(t, "the profile that the driver brings along", func() (bool, string) {
		status, b := o.admin.status("GET", "/v1/profiles/counter-till", nil)
		return status == 200, string(b)
	})
	for i := range 2 {
		serial := fmt.Sprintf("till-%d", i+1)
		o.admin.do("POST", "/v1/devices", map[string]any{
			"id":      serial,
			"name":    "Canteen, " + serial,
			"driver":  "counter",
			"profile": "counter-till",
			"zone":    zone.ID,
			"serial":  serial,
			"secret":  map[string]string{"secret": tillSecret},
		}, nil)
		var p g.Person
		o.admin.do("POST", "/v1/people", map[string]any{
			"kind":  g.Student,
			"name":  []string{"李明", "Zhao Xiaohua"}[i],
			"class": "7-2",
		}, &p)
		o.admin.do("POST", "/v1/people/"+string(p.ID)+"/cards", map[string]any{
			"method":     "card",
			"credential": fmt.Sprintf("000471%d", i+1),
		}, nil)
		if i == 0 {
			o.admin.do("PUT", "/v1/people/"+string(p.ID)+"/diet", map[string]any{"note": "不能吃花生"}, nil)
		}
	}
	now := time.Now()
	o.admin.do("POST", "/v1/sessions", map[string]any{
		"kind":    g.SessionMeal,
		"name":    "Lunch",
		"name_zh": "午餐",
		"start":   now.Add(-time.Minute),
		"due":     now.Add(time.Hour),
		"end":     now.Add(2 * time.Hour),
		"who":     []g.PersonKind{g.Student},
	}, nil)
}
