package api_test

import (
	"context"
	"maps"
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	apifleet "github.com/gatehouse-iot/gatehouse/api/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
)

// TestDriversAreNotToldOfForbiddenPlaces probes, registers and moves a device to forbidden
// addresses; probes are audited and limited in rate.
func TestDriversAreNotToldOfForbiddenPlaces(t *testing.T) {
	w := newWorld(t, func(d *api.Deps) {
		d.Reach = func(_ context.Context, _ []apifleet.Field, address map[string]string) error {
			for key, value := range address {
				if strings.Contains(value, "127.0.0.1") {
					return g.FieldErrorf("address."+key, "it is the gateway's own machine")
				}
			}
			return nil
		}
	}).schools()
	c := w.user(w.a, g.RoleFacility)
	var row fleet.DeviceRow
	c.do("GET", "/v1/devices/cam-7", nil).want(200).into(&row)
	inside := maps.Clone(row.Address)
	inside["url"] = "rtsp://127.0.0.1:8080/"
	device := map[string]any{
		"name":    "x",
		"profile": row.Profile,
		"driver":  row.Driver,
		"address": inside,
		"secret":  map[string]string{"password": "p"},
	}
	trial := map[string]any{
		"profile": row.Profile,
		"driver":  row.Driver,
		"address": inside,
		"secret":  map[string]string{"password": "p"},
	}
	for _, r := range []reply{
		c.do("POST", "/v1/devices/probe", trial), c.do("POST", "/v1/devices", device),
		c.do("PUT", "/v1/devices/cam-7", device),
	} {
		if r.want(422); !strings.Contains(string(r.body), "own machine") {
			t.Errorf("got %s, want the reason", r.body)
		}
	}
	var log struct{ Items []g.AuditEntry }
	w.user(w.a, g.RoleAdmin).do("GET", "/v1/audit?deed=device.probe", nil).want(200).into(&log)
	if len(log.Items) != 1 || !strings.Contains(log.Items[0].Object, "127.0.0.1") ||
		strings.Contains(log.Items[0].Object, "password") {
		t.Errorf("got %+v, want the trial with where it went and no secret", log.Items)
	}
	refused := 0
	for range 40 {
		if c.do("POST", "/v1/devices/probe", trial).status == 429 {
			refused++
		}
	}
	if refused == 0 {
		t.Error("forty trials in a row are all carried out")
	}
}
