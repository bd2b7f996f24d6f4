package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/history"
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
	Behind  g.DeviceID        `json:"behind,omitempty" maxLength:"64" doc:"What it hangs on: a switch, a gateway or a power supply that is a device of the school. Rules may have one alert stand for all behind it."`
	Created json.RawMessage   `json:"created,omitempty" doc:"Ignored."`
	Type    json.RawMessage   `json:"type,omitempty" doc:"Ignored: it follows from the profile."`
	Twin    json.RawMessage   `json:"twin,omitempty" doc:"Ignored: see GET."`
	Secret  map[string]string `json:"secret,omitempty" doc:"Passwords and keys that the driver needs; kept encrypted and never shown again. Absent or empty in a change: as they were. Of a device that speaks MQTT to the gateway, password may hold the one that the device has already (12 characters or more); else one is made."`
}

func (b deviceBody) device(ctx context.Context, id g.DeviceID) g.Device {
	return g.Device{
		ID:      id,
		School:  gate.SchoolOf(ctx, b.School),
		Zone:    b.Zone,
		Profile: b.Profile,
		Driver:  b.Driver,
		Name:    b.Name,
		Serial:  b.Serial,
		Address: b.Address,
		Enabled: b.Enabled == nil || *b.Enabled,
		Behind:  b.Behind,
	}
}

// NewDevice is the response to registering a device.
type NewDevice struct {
	Device   g.Device  `json:"device" doc:"The device."`
	Password string    `json:"password,omitempty" doc:"The device's MQTT password. It is shown this once."`
	MQTT     *MQTTInfo `json:"mqtt,omitempty" doc:"How the device reaches the gateway, where it speaks MQTT to it."`
}

type devicesInput struct {
	gate.Paged
	gate.InSchool
	Zone   g.ZoneID      `query:"zone" maxLength:"64" doc:"In this zone."`
	Type   g.DeviceType  `query:"type" doc:"Of this type."`
	Driver g.DriverName  `query:"driver" maxLength:"64" doc:"Of this driver."`
	State  g.DeviceState `query:"state" doc:"In this state."`
	Weak   weakFilter    `query:"weak" doc:"In use, and weak in this way; any: in some way that can be mended; none: looked at, and not weak; unknown: nobody has said."`
	Sort   string        `query:"sort" enum:"name,-name,zone,-zone,state,-state" doc:"In this order; - before it: the other way round. Names by pinyin, zones by their names, of states the worst first. Default: by id."`
	Query  string        `query:"q" maxLength:"128" doc:"Words, in any order; each is searched for in name, id, serial, zone and profile."`
}

// DeviceCounts says how many devices there are of each state and type.
type DeviceCounts struct {
	States map[g.DeviceState]int `json:"states" doc:"Devices by state."`
	Types  map[g.DeviceType]int  `json:"types" doc:"Devices by type."`
	Weak   map[g.Weakness]int    `json:"weak" doc:"Devices in use by how they prove themselves; unknown: nobody has said."`
}

func (s *area) registerDevices() {
	const tag = "Devices"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/devices",
		ID:      "list-devices",
		Tag:     tag,
		Perm:    g.DevicesRead,
		Summary: "The fleet, with live values",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" "$GATEHOUSE_URL/v1/devices?type=sensor&limit=5"`,
	}, s.listDevices)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/devices/summary",
		ID:      "count-devices",
		Tag:     tag,
		Perm:    g.DevicesRead,
		Summary: "How many devices, by state, type and weakness",
	},
		func(ctx context.Context, in *gate.InSchool) (*gate.Body[DeviceCounts], error) {
			states, types, err := s.View(ctx).Fleet.DeviceCounts(ctx, in.School)
			if err != nil {
				return nil, err
			}
			weak, err := s.View(ctx).Fleet.WeakCounts(ctx, in.School)
			return gate.Answer(DeviceCounts{states, types, weak}, err)
		})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/devices",
		ID:      "create-device",
		Tag:     tag,
		Perm:    g.DevicesWrite,
		Status:  201,
		Max:     64 << 10,
		Summary: "Register a device",
		Doc: "A device that speaks MQTT to the gateway gets a password, shown this once, and a " +
			"command line to try it with.",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" -H "Content-Type: application/json" -H "Idempotency-Key: lab-2-smoke" \
  -d '{"id": "lab-2-smoke", "name": "Smoke sensor, laboratory 2", "profile": "smoke-heat-sensor", "driver": "mqtt-front"}' \
  $GATEHOUSE_URL/v1/devices`,
	}, s.createDevice)
	s.registerDevice(tag)
}

func (s *area) registerDevice(tag string) {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/devices/{id}",
		ID:      "get-device",
		Tag:     tag,
		Perm:    g.DevicesRead,
		Summary: "One device with its twin",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" $GATEHOUSE_URL/v1/devices/lab-1-smoke`,
	}, func(ctx context.Context, in *gate.ByID) (*gate.Tagged[fleet.DeviceRow], error) {
		row, err := s.View(ctx).Fleet.Device(ctx, g.DeviceID(in.ID))
		return gate.WithTag(gate.TagOf(row.Device, row.Twin), row), err
	})
	k := gate.Thing[deviceBody, fleet.DeviceRow]{
		Load: func(ctx context.Context, id string) (fleet.DeviceRow, error) {
			return s.View(ctx).Fleet.Device(ctx, g.DeviceID(id))
		},
		State: func(row fleet.DeviceRow) any { return row.Device },
		Save:  s.updateDevice,
	}
	gate.Changes(s.Gate, gate.Endpoint{
		Path:     "/v1/devices/{id}",
		Tag:      tag,
		Perm:     g.DevicesWrite,
		Max:      64 << 10,
		Conflict: true,
		Summary:  "Change a device",
	}, "device", k)
	gate.Deletes(s.Gate, gate.Endpoint{
		Path:    "/v1/devices/{id}",
		Tag:     tag,
		Perm:    g.DevicesWrite,
		Summary: "Delete a device",
		Doc:     "Its history stays; its credential ends at once.",
	}, "device", k,
		func(ctx context.Context, id string) error {
			return s.View(ctx).Fleet.DeleteDevice(ctx, g.DeviceID(id))
		})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/devices/{id}/password",
		ID:      "reset-device-password",
		Tag:     tag,
		Perm:    g.DevicesWrite,
		Summary: "Give a device a new MQTT password",
		Doc:     "The old one ends at once.",
	}, s.resetDevicePassword)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/devices/{id}/status-log",
		ID:      "device-status-log",
		Tag:     tag,
		Perm:    g.DevicesRead,
		Summary: "When a device came and went",
	},
		func(ctx context.Context, in *struct {
			gate.ByID
			gate.Paged
		}) (*gate.Body[gate.Page[history.StatusRow]], error) {
			if _, err := s.View(ctx).Fleet.Device(ctx, g.DeviceID(in.ID)); err != nil {
				return nil, err
			}
			return gate.Listed(s.View(ctx).History.StatusLog(ctx, g.DeviceID(in.ID),
				registry.Page{
					Limit:  in.Limit,
					Cursor: in.Cursor,
				}))
		})
}

func (s *area) listDevices(
	ctx context.Context, in *devicesInput,
) (*gate.Body[gate.Page[fleet.DeviceRow]], error) {
	return gate.Listed(s.View(ctx).Fleet.Devices(ctx, fleet.DeviceFilter{
		Page: registry.Page{
			Limit:  in.Limit,
			Cursor: in.Cursor,
		},
		School: in.School,
		Zone:   in.Zone,
		Type:   in.Type,
		Driver: in.Driver,
		State:  in.State,
		Weak:   fleet.WeakFilter(in.Weak),
		Query:  in.Query,
		Sort:   registry.Sort(in.Sort),
	}))
}

func (s *area) createDevice(
	ctx context.Context, in *gate.Post[deviceBody],
) (*gate.Body[NewDevice], error) {
	d := in.Body.device(ctx, in.Body.ID)
	var err error
	if d.Address, err = s.addressed(d, nil, in.Body.Secret, true); err != nil {
		return nil, err
	}
	if err := s.mayReach(ctx, d); err != nil {
		return nil, err
	}
	d, password, err := s.View(ctx).Fleet.CreateDevice(ctx, d, in.Body.Secret)
	if err != nil {
		return nil, err
	}
	return gate.Answer(NewDevice{
		Device:   d,
		Password: password,
		MQTT:     s.mqtt(ctx, d, password),
	},
		nil)
}

func (s *area) updateDevice(
	ctx context.Context, name string, b deviceBody,
) (fleet.DeviceRow, error) {
	id := g.DeviceID(name)
	old, read := gate.KeptOf[fleet.DeviceRow](ctx)
	var err error
	if !read {
		if old, err = s.View(ctx).Fleet.Device(ctx, id); err != nil {
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
		secret = nil // an empty form keeps the stored secret
	}
	if d.Driver != old.Driver || secret != nil || !maps.Equal(d.Address, old.Address) {
		if d.Address, err = s.addressed(d, old.Address, secret, d.Driver != old.Driver); err != nil {
			return old, err
		}
		if err := s.mayReach(ctx, d); err != nil {
			return old, err
		}
	}
	if err := s.View(ctx).Fleet.UpdateDevice(ctx, d, secret); err != nil {
		return old, err
	}
	return old, nil
}

func (s *area) resetDevicePassword(
	ctx context.Context, in *gate.ByID,
) (*gate.Body[NewDevice], error) {
	row, err := s.View(ctx).Fleet.Device(ctx, g.DeviceID(in.ID))
	if err != nil {
		return nil, err
	}
	password, err := s.View(ctx).Fleet.ResetDevicePassword(ctx, row.ID)
	if err != nil {
		return nil, err
	}
	return gate.Answer(NewDevice{
		Device:   row.Device,
		Password: password,
		MQTT:     s.mqtt(ctx, row.Device, password),
	},
		nil)
}

// mqtt says how the device reaches the gateway, with a command line that works.
func (s *area) mqtt(ctx context.Context, d g.Device, password string) *MQTTInfo {
	if s.fleet == nil {
		return nil
	}
	m := s.fleet.MQTT(d)
	if m == nil {
		return nil
	}
	p, _ := s.View(ctx).Fleet.Profile(ctx, d.Profile) // without it the example shows no property
	secure := ""
	if m.TLS {
		secure = " --tls-use-os-certs"
	}
	info := *m
	if info.Host == "" { // the listener is on every address: take the one by which the caller came
		if u, err := url.Parse(s.Base(gate.RequestOf(ctx))); err == nil {
			info.Host = u.Hostname()
		}
	}
	info.Example = fmt.Sprintf("mosquitto_pub -h %s -p %d%s -i %s -u %s -P %s -q 1 -t "+
		"%s/telemetry -m %s",
		gate.Quote(info.Host), m.Port, secure, gate.Quote(m.ClientID), gate.Quote(m.Username),
		gate.Quote(password), gate.Quote(m.Prefix), gate.Quote(sample(p)))
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
