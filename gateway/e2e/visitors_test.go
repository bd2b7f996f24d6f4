package e2e

import (
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
)

// TestAVisitorInTheBrowser: the office switches the public page on; a visitor registers on a telephone
// in another time zone, is approved and let in by the guard, and checks out; who is barred registers
// without noticing, and nobody can approve it.
func TestAVisitorInTheBrowser(t *testing.T) {
	t.Parallel()
	o := &ownSchool{root: root(t), zones: map[string]g.ZoneID{}}
	o.dir = programs(t, o.root)
	config := o.write(t, "gatehouse.yaml",
		"data_dir: data\nhttp: {listen: \"127.0.0.1:0\"}\nmqtt: {listen: \"127.0.0.1:0\"}\n")
	o.h = start(t, o.dir, "serve", "--config", config)
	o.begin(t)
	o.browse(t, "visitors.mjs")
}
