package api_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/places"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

// drawn is the plan of the world's floor.
const drawn = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 300"><path d="M0 0h9"/></svg>`

// A drawing from outside is kept without what could run, and goes out so that nothing of it runs
// even where it is opened by itself.
func TestADrawingIsHarmless(t *testing.T) {
	w := newWorld(t).schools()
	facility, guard := w.user(w.a, g.RoleFacility), w.user(w.a, g.RoleSecurity)
	path := "/v1/floors/" + w.ids["floor"]
	hostile := strings.Replace(drawn, "<path", "<script>alert(1)</script><path onclick='x()'", 1)
	var sent places.PlanSent
	facility.do("PUT", path+"/drawing", []byte(hostile), "Content-Type", "image/svg+xml").want(200).into(&sent)
	if got := strings.Join(sent.Left, " "); got != "onclick script" || sent.Floor.Plan.Width != 400 {
		t.Errorf("got %+v, want onclick and script left out", sent)
	}
	r := guard.do("GET", path+"/drawing", nil).want(200)
	if bytes.Contains(r.body, []byte("alert")) || !bytes.Contains(r.body, []byte("M0 0h9")) {
		t.Errorf("got %s, want the path and no script", r.body)
	}
	for header, want := range map[string]string{
		"Content-Type":            "image/svg+xml",
		"Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox",
		"X-Content-Type-Options":  "nosniff",
	} {
		if got := r.header.Values(header); len(got) != 1 || got[0] != want {
			t.Errorf("%s: got %q, want %q alone", header, got, want)
		}
	}
	guard.do("PUT", path+"/drawing", []byte(drawn), "Content-Type", "image/svg+xml").want(http.StatusForbidden)
	facility.do("PUT", path+"/drawing", bytes.Repeat([]byte{'x'}, 4<<20+1), "Content-Type", "image/png").
		want(http.StatusRequestEntityTooLarge)
	facility.do("DELETE", path+"/drawing", nil).want(204)
	guard.do("GET", path+"/drawing", nil).want(http.StatusNotFound)
}

// Two who place devices at a time do not overwrite each other unseen.
func TestPositionsAreSavedOnWhatWasRead(t *testing.T) {
	w := newWorld(t).schools()
	facility := w.user(w.a, g.RoleFacility)
	floor := w.ids["floor"]
	facility.do("PATCH", "/v1/zones/"+w.ids["zone"], map[string]string{"floor": floor}).want(200)
	path := "/v1/floors/" + floor
	tag := facility.do("GET", path+"/plan", nil).want(200).header.Get("ETag")
	spots := map[string]any{
		"devices": []map[string]any{{"device": w.ids["device"], "x": 0.25, "y": 0.5}},
		"rooms":   []map[string]any{{"zone": w.ids["zone"], "x": 0.1, "y": 0.1, "w": 0.5, "h": 0.5}},
	}
	var plan views.FloorPlan
	facility.do("PUT", path+"/spots", spots, "If-Match", tag).want(200).into(&plan)
	if got := plan.Spots(); len(got.Devices) != 1 || len(got.Zones) != 1 || got.Devices[0].X != 0.25 {
		t.Errorf("got %+v, want the device and the room", got)
	}
	facility.do("PUT", path+"/spots", spots, "If-Match", tag).want(http.StatusPreconditionFailed)
	var where views.Whereabouts
	w.user(w.a, g.RoleSecurity).do("GET", "/v1/whereabouts?device="+w.ids["device"], nil).want(200).into(&where)
	if where.Camera == nil || where.Camera.ID != "cam-7" || where.Spot == nil || where.Area == nil {
		t.Errorf("got %+v, want the spot, the room and the camera", where)
	}
}
