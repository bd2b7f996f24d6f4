package api_test

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"sync"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/fleet"
	store "github.com/gatehouse-iot/gatehouse/gateway/media"
	"github.com/gatehouse-iot/gatehouse/registry/deeds"
)

// journal is a journal in memory. Real events of the real type, without a disk.
type journal struct {
	mu     sync.Mutex
	events []g.Event
	next   uint64
	grown  chan struct{}
}

func newJournal() *journal { return &journal{grown: make(chan struct{})} }

func (j *journal) add(events ...g.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range events {
		j.next++
		e.Seq = j.next
		if e.ID == "" {
			e.ID = "evt_" + strconv.FormatUint(e.Seq, 10)
		}
		j.events = append(j.events, e)
	}
	close(j.grown)
	j.grown = make(chan struct{})
}

// trim forgets events up to seq.
func (j *journal) trim(seq uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for len(j.events) > 0 && j.events[0].Seq <= seq {
		j.events = j.events[1:]
	}
}

func (j *journal) After(_ context.Context, seq uint64, max int) ([]g.Event, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range j.events {
		if j.events[i].Seq > seq {
			return j.events[i:min(len(j.events), i+max)], nil
		}
	}
	return nil, nil
}

func (j *journal) Wait(ctx context.Context, seq uint64) error {
	for {
		j.mu.Lock()
		newest, grown := j.next, j.grown
		j.mu.Unlock()
		if newest > seq {
			return nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (j *journal) Newest() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.next
}

type intake struct{ live *journal }

func (i *intake) Manual(
	_ context.Context, school g.SchoolID, s g.Sighting,
) (uint64, g.SightingID, error) {
	s.ID = g.SightingID(g.NewID("sgt"))
	i.live.add(g.Event{Kind: g.EventSighting, School: school, Zone: s.Zone, Sighting: &s})
	return i.live.Newest(), s.ID, nil
}

// gear stands for the equipment behind the drivers.
type gear struct {
	refuse   error // of the next commands
	mu       sync.Mutex
	restarts []g.DriverName
	commands []string
}

func (f *gear) Drivers() []fleet.DriverInfo {
	return []fleet.DriverInfo{{
		Name:    "camera",
		Title:   "Camera",
		State:   "running",
		Version: "1",
		Address: []fleet.Field{
			{
				Key:      "url",
				Title:    "Address",
				Required: true,
				Kind:     "url",
				Options:  []string{"rtsp", "rtsps"},
			},
			{Key: "username"},
			{Key: "password", Secret: true},
		},
	},
		{
			Name:    "modbus",
			Title:   "Modbus",
			State:   "running",
			Version: "1",
			Address: []fleet.Field{{
				Key:      "address",
				Title:    "Address",
				Required: true,
				Kind:     "host",
				Options:  []string{"tcp", "rtu"},
			},
				{Key: "unit", Default: "1", Kind: "int", Max: 255},
				{Key: "interval", Default: "5s", Kind: "duration", Min: 0.01, Max: 3600},
				{Key: "way", Default: "in", Kind: "choice", Options: []string{"in", "out"}},
				{Key: "port", Kind: "port"}},
		},
		{Name: "silent", Title: "silent", State: "backoff", Reason: "it ended"}}
}

func (f *gear) DriverLog(name g.DriverName) ([]fleet.LogLine, error) {
	if name != "camera" {
		return nil, g.Errorf(g.NotFound, "there is no driver %q", name)
	}
	return []fleet.LogLine{{Level: "info", Text: "started"}}, nil
}

func (f *gear) Restart(name g.DriverName) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if name != "camera" {
		return g.Errorf(g.NotFound, "there is no driver %q", name)
	}
	f.restarts = append(f.restarts, name)
	return nil
}

func (f *gear) Probe(
	_ context.Context, driver g.DriverName, d g.Device, p g.Profile, secret map[string]string,
) (fleet.Probe, error) {
	if d.Address["url"] == "" {
		return fleet.Probe{}, errors.New("give the camera's address")
	}
	return fleet.Probe{Message: "H.264 640x360", Snapshot: picture()}, nil
}

func (f *gear) Command(
	_ context.Context, d g.Device, o fleet.DeviceOrder,
) (fleet.CommandResult, error) {
	if f.refuse != nil {
		return fleet.CommandResult{}, f.refuse
	}
	action := o.Action
	f.mu.Lock()
	defer f.mu.Unlock()
	f.commands = append(f.commands, string(d.ID)+" "+action)
	r := fleet.CommandResult{Message: "done"}
	if action == "write" {
		for property := range o.Values {
			r.Writes = append(r.Writes, fleet.Write{Property: property, Outcome: "done"})
		}
	}
	return r, nil
}

func (f *gear) Snapshot(context.Context, g.Device) ([]byte, error) { return picture(), nil }

func (f *gear) Knocks(context.Context) []fleet.Knock {
	return []fleet.Knock{
		{Driver: "zkteco", Serial: "CKJG1", Title: "Terminal CKJG1, calling from 192.0.2.7"},
	}
}

func (f *gear) Refusals() []fleet.Refusal {
	return []fleet.Refusal{
		{Source: "192.0.2.9", Claimed: "lab-9", Reason: "unknown device", Count: 3},
	}
}

// anyAddress is a device of a listener on all of the machine's addresses.
const anyAddress = "any-address"

func (f *gear) MQTT(d g.Device) *fleet.MQTTInfo {
	if d.Driver != g.DriverMQTTFront {
		return nil
	}
	host := "gate.local"
	if d.ID == anyAddress {
		host = ""
	}
	return &fleet.MQTTInfo{
		Host:     host,
		Port:     1883,
		ClientID: string(d.ID),
		Username: string(d.ID),
		Prefix:   "gh/v1/" + string(d.School) + "/" + string(d.ID),
	}
}

// picture is the beginning of a JPEG, which is all that the API looks at.
func picture() []byte { return append([]byte{0xff, 0xd8, 0xff, 0xe0}, "JFIF picture"...) }

// faces stands for the camera program: a photograph that says so has no face.
type faces struct{}

// smallFace is the size of a photograph in which the face is too small.
const smallFace = 1234

func (faces) Enrol(_ context.Context, photo []byte) (deeds.Portrait, error) {
	if len(photo) < 8 {
		return deeds.Portrait{}, g.Errorf(g.Invalid, "there is no face in the photograph")
	}
	if bytes.HasPrefix(photo, []byte("GIF8")) {
		return deeds.Portrait{}, &g.Error{
			Code:    g.Invalid,
			Field:   "photo",
			Message: "this is a GIF",
			Reason:  "is_gif",
		}
	}
	if len(photo) == smallFace {
		return deeds.Portrait{}, &g.Error{
			Code:    g.Invalid,
			Field:   "photo",
			Message: "too small",
			Reason:  "too_small",
			Have:    62,
			Need:    80,
		}
	}
	e := make([]float32, 512)
	e[0] = 1
	return deeds.Portrait{
		TrackFace: deeds.TrackFace{Embedding: e, Model: "test-512", Quality: 0.9},
	}, nil
}

type media struct {
	mu sync.Mutex
	by map[g.MediaID]g.SchoolID

	drawings *store.Store // the real one
}

func (m *media) PutDrawing(s g.SchoolID, raw []byte) (g.Plan, []string, error) {
	return m.drawings.PutDrawing(s, raw)
}

func (m *media) Drawing(ctx context.Context, s g.SchoolID, id g.MediaID) ([]byte, error) {
	return m.drawings.Drawing(ctx, s, id)
}

func (m *media) put(s g.SchoolID, id g.MediaID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.by == nil {
		m.by = map[g.MediaID]g.SchoolID{}
	}
	m.by[id] = s
}

func (m *media) Face(ctx context.Context, s g.SchoolID, id g.MediaID) (deeds.TrackFace, error) {
	if _, err := m.Open(ctx, s, id); err != nil {
		return deeds.TrackFace{}, err
	}
	e := make([]float32, 512)
	e[1] = 1
	return deeds.TrackFace{Embedding: e, Model: "test-512", Quality: 0.8}, nil
}

func (m *media) Keep(g.SchoolID, g.MediaID) error { return nil }

func (m *media) Delete(_ g.SchoolID, id g.MediaID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.by, id)
	return nil
}

func (m *media) Forget(s g.SchoolID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, of := range m.by {
		if of == s {
			delete(m.by, id)
		}
	}
	return nil
}

func (m *media) Open(_ context.Context, s g.SchoolID, id g.MediaID) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.by[id] != s {
		return nil, g.Errorf(g.NotFound, "there is no picture %q", id)
	}
	return picture(), nil
}
