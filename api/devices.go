package api

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"sort"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

type deviceBody struct {
	ID      g.DeviceID        `json:"id,omitempty" maxLength:"64" doc:"An id of your own choice, or empty: one is made. Ignored when a device is changed." example:"lab-2-smoke"`
	School  g.SchoolID        `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
	Zone    g.ZoneID          `json:"zone,omitempty" maxLength:"64" doc:"Where it is. A camera cannot be in a private zone."`
	Profile g.ProfileID       `json:"profile" minLength:"1" maxLength:"64" doc:"What kind of device it is." example:"smoke-heat-sensor"`
	Driver  g.DriverName      `json:"driver" minLength:"1" maxLength:"64" doc:"The driver that speaks to it; mqtt-front: it speaks MQTT to the gateway." example:"mqtt-front"`
	Name    string            `json:"name" minLength:"1" maxLength:"200" doc:"The name that people know." example:"Smoke sensor, laboratory 2"`
	Serial  string            `json:"serial,omitempty" maxLength:"200" doc:"The maker's serial number."`
	Address map[string]string `json:"address,omitempty" doc:"What the driver needs to find it; GET /v1/drivers says which fields. No secrets."`
	Enabled *bool             `json:"enabled,omitempty" doc:"false: the device is registered and left alone. Default: true."`
	Created json.RawMessage   `json:"created,omitempty" doc:"Ignored."`
	Type    json.RawMessage   `json:"type,omitempty" doc:"Ignored: it follows from the profile."`
	Twin    json.RawMessage   `json:"twin,omitempty" doc:"Ignored: see GET."`
	Secret  map[string]string `json:"secret,omitempty" doc:"Passwords and keys that the driver needs; kept encrypted and never shown again. Absent or empty in a change: as they were. Of a device that speaks MQTT to the gateway, password may hold the one that the device has already (12 characters or more); else one is made."`
}

func (b deviceBody) device(ctx context.Context, id g.DeviceID) g.Device {
	return g.Device{ID: id, School: school(ctx, b.School), Zone: b.Zone, Profile: b.Profile, Driver: b.Driver, Name: b.Name,
		Serial: b.Serial, Address: b.Address, Enabled: b.Enabled == nil || *b.Enabled}
}

// NewDevice answers a device's registration.
type NewDevice struct {
	Device   g.Device  `json:"device" doc:"The device."`
	Password string    `json:"password,omitempty" doc:"The device's MQTT password. It is shown this once."`
	MQTT     *MQTTInfo `json:"mqtt,omitempty" doc:"How the device reaches the gateway, where it speaks MQTT to it."`
}

type devicesInput struct {
	Paged
	InSchool
	Zone   g.ZoneID      `query:"zone" maxLength:"64" doc:"In this zone."`
	Type   g.DeviceType  `query:"type" doc:"Of this type."`
	Driver g.DriverName  `query:"driver" maxLength:"64" doc:"Of this driver."`
	State  g.DeviceState `query:"state" doc:"In this state."`
	Weak   weakFilter    `query:"weak" doc:"In use, and weak in this way; any: in some way that can be mended; none: looked at, and not weak; unknown: nobody has said."`
	Query  string        `query:"q" maxLength:"128" doc:"Words, in any order; each is searched for in name, id, serial, zone and profile."`
}

// DeviceCounts says how many devices there are of each state and type.
type DeviceCounts struct {
	States map[g.DeviceState]int `json:"states" doc:"Devices by state."`
	Types  map[g.DeviceType]int  `json:"types" doc:"Devices by type."`
	Weak   map[g.Weakness]int    `json:"weak" doc:"Devices in use by how they prove themselves; unknown: nobody has said."`
}

func (s *Server) registerDevices() {
	const tag = "Devices"
	handle(s, endpoint{method: "GET", path: "/v1/devices", id: "list-devices", tag: tag, perm: g.DevicesRead, summary: "The fleet, with live values",
		example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" "$GATEHOUSE_URL/v1/devices?type=sensor&limit=5"`}, s.listDevices)
	handle(s, endpoint{method: "GET", path: "/v1/devices/summary", id: "count-devices", tag: tag, perm: g.DevicesRead, summary: "How many devices, by state, type and weakness"},
		func(ctx context.Context, in *InSchool) (*body[DeviceCounts], error) {
			states, types, err := s.view(ctx).DeviceCounts(ctx, in.School)
			if err != nil {
				return nil, err
			}
			weak, err := s.view(ctx).WeakCounts(ctx, in.School)
			return answer(DeviceCounts{states, types, weak}, err)
		})
	handle(s, endpoint{method: "POST", path: "/v1/devices", id: "create-device", tag: tag, perm: g.DevicesWrite, status: 201, max: 64 << 10, summary: "Register a device",
		doc: "A device that speaks MQTT to the gateway gets a password, shown this once, and a command line to try it with.",
		example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" -H "Content-Type: application/json" -H "Idempotency-Key: lab-2-smoke" \
  -d '{"id": "lab-2-smoke", "name": "Smoke sensor, laboratory 2", "profile": "smoke-heat-sensor", "driver": "mqtt-front"}' \
  $GATEHOUSE_URL/v1/devices`}, s.createDevice)
	handle(s, endpoint{method: "GET", path: "/v1/devices/{id}", id: "get-device", tag: tag, perm: g.DevicesRead, summary: "One device with its twin",
		example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" $GATEHOUSE_URL/v1/devices/lab-1-smoke`}, func(ctx context.Context, in *ByID) (*tagged[registry.DeviceRow], error) {
		row, err := s.view(ctx).Device(ctx, g.DeviceID(in.ID))
		return &tagged[registry.DeviceRow]{tagOf(row.Device, row.Twin), row}, err
	})
	k := thing[deviceBody, registry.DeviceRow]{
		load: func(ctx context.Context, id string) (registry.DeviceRow, error) {
			return s.view(ctx).Device(ctx, g.DeviceID(id))
		},
		state: func(row registry.DeviceRow) any { return row.Device },
		save:  s.updateDevice,
	}
	changes(s, endpoint{path: "/v1/devices/{id}", tag: tag, perm: g.DevicesWrite, max: 64 << 10, conflict: true, summary: "Change a device"}, "device", k)
	deletes(s, endpoint{path: "/v1/devices/{id}", tag: tag, perm: g.DevicesWrite, summary: "Delete a device", doc: "Its history stays; its credential ends at once."}, "device", k,
		func(ctx context.Context, id string) error { return s.view(ctx).DeleteDevice(ctx, g.DeviceID(id)) })
	handle(s, endpoint{method: "POST", path: "/v1/devices/{id}/password", id: "reset-device-password", tag: tag, perm: g.DevicesWrite, summary: "Give a device a new MQTT password",
		doc: "The old one ends at once."}, s.resetDevicePassword)
	handle(s, endpoint{method: "GET", path: "/v1/devices/{id}/status-log", id: "device-status-log", tag: tag, perm: g.DevicesRead, summary: "When a device came and went"},
		func(ctx context.Context, in *struct {
			ByID
			Paged
		}) (*body[page[registry.StatusRow]], error) {
			if _, err := s.view(ctx).Device(ctx, g.DeviceID(in.ID)); err != nil {
				return nil, err
			}
			return listed(s.view(ctx).StatusLog(ctx, g.DeviceID(in.ID), registry.Page{Limit: in.Limit, Cursor: in.Cursor}))
		})
}

func (s *Server) listDevices(ctx context.Context, in *devicesInput) (*body[page[registry.DeviceRow]], error) {
	return listed(s.view(ctx).Devices(ctx, registry.DeviceFilter{Page: registry.Page{Limit: in.Limit, Cursor: in.Cursor}, School: in.School,
		Zone: in.Zone, Type: in.Type, Driver: in.Driver, State: in.State,
		Weak: registry.WeakFilter(in.Weak), Query: in.Query}))
}

func (s *Server) createDevice(ctx context.Context, in *post[deviceBody]) (*body[NewDevice], error) {
	d := in.Body.device(ctx, in.Body.ID)
	var err error
	if d.Address, err = s.addressed(d, nil, in.Body.Secret, true); err != nil {
		return nil, err
	}
	if err := s.mayReach(ctx, d); err != nil {
		return nil, err
	}
	d, password, err := s.view(ctx).CreateDevice(ctx, d, in.Body.Secret)
	if err != nil {
		return nil, err
	}
	return answer(NewDevice{Device: d, Password: password, MQTT: s.mqtt(ctx, d, password)}, nil)
}

func (s *Server) updateDevice(ctx context.Context, name string, b deviceBody) (registry.DeviceRow, error) {
	id := g.DeviceID(name)
	old, read := keptOf[registry.DeviceRow](ctx)
	var err error
	if !read {
		if old, err = s.view(ctx).Device(ctx, id); err != nil {
			return old, err
		}
	}
	d := b.device(ctx, id)
	d.Created = old.Created
	if b.School == "" {
		d.School = old.School
	}
	if b.Enabled == nil {
		d.Enabled = old.Enabled
	}
	secret := b.Secret
	if len(secret) == 0 {
		secret = nil // a form that was left empty takes nothing away
	}
	if d.Driver != old.Driver || secret != nil || !maps.Equal(d.Address, old.Address) {
		if d.Address, err = s.addressed(d, old.Address, secret, d.Driver != old.Driver); err != nil {
			return old, err
		}
		if err := s.mayReach(ctx, d); err != nil {
			return old, err
		}
	}
	if err := s.view(ctx).UpdateDevice(ctx, d, secret); err != nil {
		return old, err
	}
	return old, nil
}

func (s *Server) resetDevicePassword(ctx context.Context, in *ByID) (*body[NewDevice], error) {
	row, err := s.view(ctx).Device(ctx, g.DeviceID(in.ID))
	if err != nil {
		return nil, err
	}
	password, err := s.view(ctx).ResetDevicePassword(ctx, row.ID)
	if err != nil {
		return nil, err
	}
	return answer(NewDevice{Device: row.Device, Password: password, MQTT: s.mqtt(ctx, row.Device, password)}, nil)
}

// mqtt says how the device reaches the gateway, with a command line that works.
func (s *Server) mqtt(ctx context.Context, d g.Device, password string) *MQTTInfo {
	if s.deps.Fleet == nil {
		return nil
	}
	m := s.deps.Fleet.MQTT(d)
	if m == nil {
		return nil
	}
	p, _ := s.view(ctx).Profile(ctx, d.Profile) // without it the example shows no property
	secure := ""
	if m.TLS {
		secure = " --tls-use-os-certs"
	}
	info := *m
	if info.Host == "" { // the listener is on every address: take the one by which the caller came
		if u, err := url.Parse(s.base(requestOf(ctx))); err == nil {
			info.Host = u.Hostname()
		}
	}
	info.Example = fmt.Sprintf("mosquitto_pub -h %s -p %d%s -i %s -u %s -P %s -q 1 -t %s/telemetry -m %s",
		quote(info.Host), m.Port, secure, quote(m.ClientID), quote(m.Username), quote(password), quote(m.Prefix), quote(sample(p)))
	return &info
}

// sample is a payload that fits the profile.
func sample(p g.Profile) string {
	values := map[string]any{}
	for _, name := range p.PropertyNames() {
		prop := p.Properties[name]
		switch {
		case len(prop.Enum) > 0:
			values[name] = prop.Enum[0]
		case prop.Type == "boolean":
			values[name] = false
		case prop.Type == "string":
			values[name] = "text"
		case prop.Minimum != nil && *prop.Minimum > 20:
			values[name] = *prop.Minimum
		case prop.Maximum != nil && *prop.Maximum < 20:
			values[name] = *prop.Maximum
		default:
			values[name] = 20
		}
	}
	b, err := json.Marshal(values)
	if err != nil {
		return "{}"
	}
	return string(b)
}

// quote makes one shell word of s.
func quote(s string) string {
	if s != "" && strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@", r))
	}) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
