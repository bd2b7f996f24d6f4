package api_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/api/fleet"
	regfleet "github.com/gatehouse-iot/gatehouse/registry/fleet"
)

func TestNewMQTTDeviceComesWithACommandThatWorks(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleFacility)
	var made fleet.NewDevice
	c.do("POST", "/v1/devices",
		map[string]any{
			"id":      "lab-2-smoke",
			"name":    "Smoke",
			"profile": "smoke-heat-sensor",
			"driver":  "mqtt-front",
			"zone":    w.ids["zone"],
		}).want(201).into(&made)
	if made.Password == "" || made.MQTT == nil || !made.Device.Enabled {
		t.Fatalf("got %+v, want a password, the way in, and the device enabled", made)
	}
	for _, part := range []string{
		"mosquitto_pub -h gate.local -p 1883", "-u lab-2-smoke", "-P " + made.Password,
		"gh/v1/" + string(w.a.ID) + "/lab-2-smoke/telemetry",
		`{"limit":20,"smoke":false,"temperature":20}`,
	} {
		if !strings.Contains(made.MQTT.Example, part) {
			t.Errorf("got example %s, want %s in it", made.MQTT.Example, part)
		}
	}
	var everywhere fleet.NewDevice
	c.do("POST", "/v1/devices",
		map[string]any{
			"id":      anyAddress,
			"name":    "Smoke",
			"profile": "smoke-heat-sensor",
			"driver":  "mqtt-front",
		}).want(201).into(&everywhere)
	if everywhere.MQTT == nil || everywhere.MQTT.Host != "127.0.0.1" ||
		!strings.Contains(everywhere.MQTT.Example, "-h 127.0.0.1 ") {
		t.Errorf("got %+v, want the host by which this caller reached the gateway", everywhere.MQTT)
	}
	if _, err := w.reg.Fleet.VerifyDevice(t.Context(), "lab-2-smoke", []byte(made.Password)); err != nil {
		t.Errorf("the password does not work: %v", err)
	}
	if r := c.do("GET", "/v1/devices/lab-2-smoke", nil).want(200); strings.Contains(string(r.body),
		made.Password) {
		t.Error("the device's page shows the password")
	}
	var again fleet.NewDevice
	c.do("POST", "/v1/devices/lab-2-smoke/password", nil).want(200).into(&again)
	if again.Password == made.Password || again.MQTT == nil {
		t.Errorf("got %+v, want another password and the way in", again)
	}
	if _, err := w.reg.Fleet.VerifyDevice(t.Context(), "lab-2-smoke", []byte(made.Password)); err == nil {
		t.Error("the old password still works")
	}
}

func TestDeviceChangeKeepsWhatIsNotSaid(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleFacility)
	var row regfleet.DeviceRow
	c.do("GET", "/v1/devices/cam-7", nil).want(200).into(&row)
	row.Name = "Renamed"
	c.do("PUT", "/v1/devices/cam-7", row).want(200).into(&row) // what GET showed can be sent back
	if row.Name != "Renamed" || row.Address["url"] != "rtsp://192.0.2.1/1" ||
		row.Type != g.TypeCamera {
		t.Errorf("got %+v, want the name changed and the rest as it was", row)
	}
	secret, err := w.system().Fleet.DeviceSecret(t.Context(), "cam-7")
	if err != nil || secret["password"] != "s3cret" {
		t.Errorf("got secret %v %v, want it kept", secret, err)
	}
	body := map[string]any{
		"name":    "Renamed",
		"profile": "gate-camera",
		"driver":  "camera",
		"address": row.Address,
		"zone":    row.Zone,
		"enabled": false,
		"secret":  map[string]string{},
	}
	c.do("PUT", "/v1/devices/cam-7", body).want(200).into(&row)
	if row.Enabled {
		t.Error("got the device enabled, want it disabled")
	}
	if secret, err := w.system().Fleet.DeviceSecret(t.Context(), "cam-7"); err != nil ||
		secret["password"] != "s3cret" {
		t.Errorf("got secret %v %v after an empty one was sent, want it kept", secret, err)
	}
}

func TestProbe(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleFacility)
	var r fleet.ProbeResult
	c.do("POST", "/v1/devices/probe",
		map[string]any{
			"driver":  "camera",
			"profile": "gate-camera",
			"address": map[string]string{"url": "rtsp://192.0.2.1/new"},
		}).want(200).into(&r)
	if r.Registered != nil {
		t.Errorf("got registered %+v of a new address, want nothing", r.Registered)
	}
	if !r.OK || !strings.HasPrefix(r.Snapshot, "data:image/jpeg;base64,") {
		t.Errorf("got %+v, want it found, with a picture to aim it by", r)
	}
	var log struct{ Items []g.AuditEntry }
	w.user(w.a, g.RoleAdmin).do("GET", "/v1/audit?deed=device.probe&object=192.0.2.1/new", nil).want(200).into(&log)
	if len(log.Items) != 1 {
		t.Errorf("got %d entries of the trial, want 1", len(log.Items))
	}
	// The gate's camera is there already: its picture is for those who may look through cameras.
	there := map[string]any{
		"driver":  "camera",
		"profile": "gate-camera",
		"address": map[string]string{"url": "rtsp://192.0.2.1/1"},
	}
	r = fleet.ProbeResult{}
	c.do("POST", "/v1/devices/probe", there).want(200).into(&r)
	if r.Registered == nil || r.Registered.Device != "cam-7" || r.Registered.Name == "" {
		t.Errorf("got registered %+v, want the camera that has this address", r.Registered)
	}
	if !r.OK || r.Snapshot != "" {
		t.Errorf("got ok %v and a picture of %d bytes from a camera of others, want it found and "+
			"none",
			r.OK, len(r.Snapshot))
	}
	c.do("GET", "/v1/devices/cam-7/snapshot", nil).want(403)
	r = fleet.ProbeResult{}
	w.user(w.a, g.RoleAdmin).do("POST", "/v1/devices/probe", there).want(200).into(&r)
	if r.Snapshot == "" {
		t.Error("got no picture as an administrator, who may look through cameras")
	}
	inline := map[string]any{"id": "new-camera", "title": "New", "type": "camera"}
	no := c.do("POST", "/v1/devices/probe", map[string]any{"driver": "camera", "profile": inline}).want(422)
	if !strings.Contains(string(no.body), "address.url") {
		t.Errorf("got %s, want the missing address named before the driver is asked", no.body)
	}
	c.do("POST", "/v1/devices/probe", map[string]any{"driver": "camera", "profile": "none"}).want(422)
	c.do("POST", "/v1/devices/probe",
		map[string]any{
			"driver":  "camera",
			"profile": map[string]any{"id": "x", "title": "X", "type": "toaster"},
		}).want(422)
	c.do("POST", "/v1/devices/probe", map[string]any{"driver": "camera", "profile": 7}).want(422)
}

func TestCommandsAndWishesFitTheProfile(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleFacility)
	send := func(body map[string]any) reply {
		return c.do("POST", "/v1/devices/lab-1-smoke/commands", body)
	}
	send(map[string]any{"action": "explode"}).want(422)
	send(map[string]any{"action": "silence", "values": map[string]any{"hours": 1}}).want(422)
	send(map[string]any{"action": "silence", "values": map[string]any{"minutes": "five"}}).want(422)
	send(map[string]any{"action": "silence", "values": map[string]any{"minutes": 5}}).want(200)
	if !slices.Equal(w.fleet.commands, []string{"lab-1-smoke silence"}) {
		t.Errorf("got commands %v, want the one that fits", w.fleet.commands)
	}
	// not writable
	c.do("PUT", "/v1/devices/lab-1-smoke/desired/temperature", map[string]any{"value": 20}).want(422)
	c.do("PUT", "/v1/devices/lab-1-smoke/desired/limit", map[string]any{"value": true}).want(422)
	w.fleet.refuse = g.Errorf(g.NotFound, "it takes no commands")
	r := c.do("PUT", "/v1/devices/lab-1-smoke/desired/limit", map[string]any{"value": 60}).want(422)
	if !strings.Contains(string(r.body), "does not write it: it takes no commands") {
		t.Errorf("got %s, want the driver's word why not", r.body)
	}
	w.fleet.refuse = nil
	before := regfleet.DeviceRow{}
	c.do("GET", "/v1/devices/lab-1-smoke", nil).want(200).into(&before)
	if len(before.Twin.Desired) != 0 {
		t.Errorf("got desired %v of what nobody could write", before.Twin.Desired)
	}
	var written fleet.CommandResult
	c.do("PUT", "/v1/devices/lab-1-smoke/desired/limit", map[string]any{"value": 60}).want(200).into(&written)
	if len(written.Writes) != 1 || written.Writes[0].Property != "limit" ||
		written.Writes[0].Outcome != "done" {
		t.Errorf("got %+v, want what came of the property", written.Writes)
	}
	if written.Message != "done" ||
		w.fleet.commands[len(w.fleet.commands)-1] != "lab-1-smoke write" {
		t.Errorf("got %+v and commands %v, want it written through", written, w.fleet.commands)
	}
	var row regfleet.DeviceRow
	c.do("GET", "/v1/devices/lab-1-smoke", nil).want(200).into(&row)
	if got := row.Twin.Desired["limit"].Value; got != g.NumberValue(60) {
		t.Errorf("got desired %v, want 60", got)
	}
}

func TestLookingIsAudited(t *testing.T) {
	w := newWorld(t).schools()
	guard, admin := w.user(w.a, g.RoleSecurity), w.user(w.a, g.RoleAdmin)
	for range 3 {
		r := guard.do("GET", "/v1/devices/cam-7/snapshot", nil).want(200)
		if r.header.Get("Content-Type") != "image/jpeg" ||
			!strings.Contains(r.header.Get("Cache-Control"), "no-store") {
			t.Errorf("got %v, want a picture that is not kept", r.header)
		}
	}
	guard.do("GET", "/v1/devices/lab-1-smoke/snapshot", nil).want(422)
	guard.do("GET", "/v1/media/med_1", nil).want(200)
	guard.do("GET", "/v1/media/med_2", nil).want(404)
	count := func(deed string) int {
		var list struct{ Items []g.AuditEntry }
		admin.do("GET", "/v1/audit?deed="+deed, nil).want(200).into(&list)
		return len(list.Items)
	}
	if got := count("camera.view"); got != 1 {
		t.Errorf("got %d entries of camera.view for three looks at once, want 1", got)
	}
	if got := count("media.open"); got != 1 {
		t.Errorf("got %d entries of media.open, want 1", got)
	}
}

func TestProfiles(t *testing.T) {
	w := newWorld(t)
	school, err := w.system().Places.CreateSchool(t.Context(),
		g.School{Kind: g.KindSchool, Name: "Only", Timezone: "Asia/Shanghai", Language: "en"})
	mustDo(t, err)
	c := w.user(school, g.RoleFacility)
	yaml := func(s string) reply {
		return c.do("POST", "/v1/profiles", s, "Content-Type", "application/yaml")
	}
	yaml("id: door\ntitle: Door\ntype: sensor\nproperties:\n  open: {type: boolean}\n").want(201)
	yaml("id: door\ntitle: Door\ntype: sensor\n").want(409)
	wrong := yaml("id: gate\ntitle: Gate\ntype: sensor\nproperties:\n  open: {typ: boolean}\n").want(422).problem()
	if !strings.Contains(wrong.Detail, "5") || !strings.Contains(wrong.Detail, "typ") {
		t.Errorf("got %q, want the line and the key named", wrong.Detail)
	}
	c.do("POST", "/v1/profiles", `{"id":"x","title":"X","type":"sensor","colour":"red"}`).want(422)
	c.do("POST", "/v1/profiles", `<profile/>`, "Content-Type", "application/xml").want(415)
	c.do("PUT", "/v1/profiles/door", `{"id":"other","title":"Door","type":"sensor"}`).want(422)
	// Somebody else who adds a door, and has not seen this one, means another.
	other := `{"id":"door","title":"Any door","type":"sensor"}`
	if r := c.do("PUT", "/v1/profiles/door", other).want(409); !strings.Contains(string(r.body),
		"0 devices have it: give yours another id") {
		t.Errorf("got %s, want what the profile is and the mend", r.body)
	}
	tag := c.do("GET", "/v1/profiles/door", nil).want(200).header.Get("ETag")
	c.do("PUT", "/v1/profiles/door", other, "If-Match", `"0123456789abcdef"`).want(412)
	c.do("PUT", "/v1/profiles/door", other, "If-Match", tag).want(200)
	c.do("PUT", "/v1/profiles/door", other).want(200) // the same again: nobody loses anything
	var uses struct{ Items []regfleet.ProfileUse }
	c.do("GET", "/v1/profile-use", nil).want(200).into(&uses)
	if !slices.Contains(uses.Items, regfleet.ProfileUse{Profile: "door"}) {
		t.Errorf("got %v, want door without devices", uses.Items)
	}
	var p g.Profile
	c.do("GET", "/v1/profiles/door", nil).want(200).into(&p)
	if p.Title != "Any door" || len(p.Properties) != 0 {
		t.Errorf("got %+v, want it changed", p)
	}
	c.do("DELETE", "/v1/profiles/door", nil).want(204)
	c.do("GET", "/v1/profiles/door", nil).want(404)
}

// With one school its own staff may restart drivers; operations.txt has the case of two schools.
func TestDriversOfTheOnlySchool(t *testing.T) {
	w := newWorld(t)
	school, err := w.system().Places.CreateSchool(t.Context(),
		g.School{Kind: g.KindSchool, Name: "Only", Timezone: "Asia/Shanghai", Language: "en"})
	mustDo(t, err)
	c := w.user(school, g.RoleFacility)
	c.do("GET", "/v1/drivers/camera/log", nil).want(200)
	c.do("GET", "/v1/drivers/none/log", nil).want(404)
	c.do("GET", "/v1/refusals", nil).want(200)
	c.do("POST", "/v1/drivers/camera/restart", nil).want(204)
	if !slices.Equal(w.fleet.restarts, []g.DriverName{"camera"}) {
		t.Errorf("got restarts %v, want the camera's", w.fleet.restarts)
	}
	w.user(school, g.RoleVendor).do("POST", "/v1/drivers/camera/restart", nil).want(403)
	w.user(school, g.RoleAdmin).do("GET", "/v1/audit/verify", nil).want(200)
}

// reload is a reload that would change the log's level and one key that waits for a restart.
func (w *world) reload(
	ctx context.Context, dry bool, note api.NoteReload,
) (api.Reload, error) {
	w.reloads = append(w.reloads, dry)
	if !dry {
		change := g.AuditChange{Field: "log.level", Before: "info", After: "debug"}
		if err := note(ctx, []g.AuditChange{change}); err != nil {
			return api.Reload{}, err
		}
	}
	return api.Reload{Applied: !dry, Changes: []api.ReloadChange{
		{Key: "log.level", From: "info", To: "debug"},
		{Key: "http.listen", From: "127.0.0.1:8080", To: "0.0.0.0:8443", Restart: true},
	}}, nil
}

// With one school its administrator reloads the configuration, which is audited; a preview is not.
func TestReloadOfTheOnlySchool(t *testing.T) {
	w := newWorld(t)
	school, err := w.system().Places.CreateSchool(t.Context(),
		g.School{Kind: g.KindSchool, Name: "Only", Timezone: "Asia/Shanghai", Language: "en"})
	mustDo(t, err)
	admin := w.user(school, g.RoleAdmin)
	var got api.Reload
	for i, path := range []string{"/v1/reload?dry_run=true", "/v1/reload"} {
		admin.do("POST", path, nil).want(200).into(&got)
		if got.Applied != (i == 1) || len(got.Changes) != 2 || !got.Changes[1].Restart {
			t.Errorf("%s: got %+v", path, got)
		}
		var log struct{ Items []g.AuditEntry }
		admin.do("GET", "/v1/audit?deed=gateway.reload", nil).want(200).into(&log)
		if len(log.Items) != i {
			t.Errorf("%s: the audit log has %d entries of it, want %d", path, len(log.Items), i)
		}
		if i == 1 && (len(log.Items[0].Changes) != 1 || log.Items[0].Changes[0].Field != "log.level") {
			t.Errorf("got %+v, want what changed", log.Items[0])
		}
	}
	if !slices.Equal(w.reloads, []bool{true, false}) {
		t.Errorf("got reloads %v, want a preview and one that counts", w.reloads)
	}
	for _, role := range []g.Role{g.RoleFacility, g.RoleSecurity, g.RoleTeacher, g.RoleVendor} {
		w.user(school, role).do("POST", "/v1/reload", nil).want(403)
	}
	w.nobody().do("POST", "/v1/reload", nil).want(401)
}

func TestTelemetryIsConfined(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleFacility)
	var got struct {
		Path    string
		Schools []g.SchoolID
	}
	c.do("GET", "/v1/telemetry/api/v1/label/device/values?match[]=up", nil).want(200).into(&got)
	if got.Path != "/label/device/values" || !slices.Equal(got.Schools, []g.SchoolID{w.a.ID}) {
		t.Errorf("got %+v, want the path below the prefix and school A alone", got)
	}
	c.do("POST", "/v1/telemetry/api/v1/query", "query=up", "Content-Type",
		"application/x-www-form-urlencoded").want(200)
}
