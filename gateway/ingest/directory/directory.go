// Package directory is a copy in memory of every device with its profile and zone,
// kept current from the registry's changes, so that handling an observation needs no
// SQL. It changes nothing itself.
package directory

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
)

// Entry is a device with the profile and zone that its observations are checked against.
type Entry struct {
	Device  g.Device
	Profile g.Profile
	Zone    g.Zone // zero where the device is in no zone
}

// Directory is safe for concurrent use. Changes committed to the registry show within
// moments; a device that is asked for before that is loaded at once.
type Directory struct {
	reg *registry.Registry
	log *slog.Logger

	mu       sync.RWMutex
	devices  map[g.DeviceID]Entry
	profiles map[g.ProfileID]g.Profile
	zones    map[g.ZoneID]g.Zone
	schools  map[g.SchoolID]g.School

	people  people
	changes chan registry.Change // when full, everything is reloaded
	all     chan struct{}
	again   *time.Timer // reloads everything after the registry did not answer; used by Run only
	watch   []func(g.DeviceID, Entry, bool)
}

var scope = g.SystemScope("directory")

// retryAfter is the time from a failed load to a full reload.
const retryAfter = time.Second

// New loads everything. Run keeps it current.
func New(ctx context.Context, reg *registry.Registry, log *slog.Logger) (*Directory, error) {
	d := &Directory{
		reg:     reg,
		log:     log,
		changes: make(chan registry.Change, 256),
		all:     make(chan struct{}, 1),
	}
	if err := d.load(ctx); err != nil {
		return nil, err
	}
	return d, nil
}

// Watch calls f, from Run's goroutine, for each device that was added or changed (true) or removed
// (false). Call it before Run; f is called for every device first.
func (d *Directory) Watch(f func(g.DeviceID, Entry, bool)) { d.watch = append(d.watch, f) }

// TellAll makes Run call the watchers for every device once more. It does not block.
func (d *Directory) TellAll() {
	select {
	case d.all <- struct{}{}:
	default: // already pending
	}
}

// Run follows the registry until ctx ends.
func (d *Directory) Run(ctx context.Context) error {
	cancel := d.reg.Subscribe(func(c registry.Change) {
		select {
		case d.changes <- c:
		default:
			select {
			case d.all <- struct{}{}:
			default:
			}
		}
	})
	defer cancel()
	d.again = time.NewTimer(retryAfter)
	d.again.Stop()
	defer d.again.Stop()
	d.reload(ctx, nil)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.all:
			d.people.forget("")
			d.reload(ctx, d.snapshot())
		case <-d.again.C:
			d.reload(ctx, d.snapshot())
		case c := <-d.changes:
			d.apply(ctx, c)
		}
	}
}

func (d *Directory) apply(ctx context.Context, c registry.Change) {
	switch c.Kind {
	case change.Person:
		d.people.forget(g.PersonID(c.ID))
	case change.Device:
		id := g.DeviceID(c.ID)
		e, ok, err := d.fetch(ctx, id)
		if err != nil { // keep the known entry until the registry responds
			d.held(ctx, err)
			return
		}
		if !ok {
			d.mu.Lock()
			delete(d.devices, id)
			d.mu.Unlock()
		}
		d.tell(id, e, ok)
	case change.Profile, change.Zone, change.School:
		told, err := d.around(ctx, c)
		if err != nil {
			d.held(ctx, err)
			return
		}
		for _, e := range told {
			d.tell(e.Device.ID, e, true)
		}
	}
}

// around reloads the one profile, zone or school that changed, and returns the devices whose entry
// changed with it: those with the profile or in the zone.
func (d *Directory) around(ctx context.Context, c registry.Change) (told []Entry, err error) {
	view := d.reg.In(scope)
	var put func()
	var now func(*Entry) bool // whether the device has to do with it
	switch c.Kind {
	case change.Profile:
		p, err := view.Fleet.Profile(ctx, g.ProfileID(c.ID))
		if err != nil && g.ErrorCode(err) != g.NotFound {
			return nil, fmt.Errorf("load profile %q: %w", c.ID, err)
		}
		put = keep(d.profiles, g.ProfileID(c.ID), p, err == nil)
		now = func(e *Entry) bool { e.Profile = p; return string(e.Device.Profile) == c.ID }
	case change.Zone:
		z, err := view.Places.Zone(ctx, g.ZoneID(c.ID))
		if err != nil && g.ErrorCode(err) != g.NotFound {
			return nil, fmt.Errorf("load zone %q: %w", c.ID, err)
		}
		put = keep(d.zones, g.ZoneID(c.ID), z, err == nil)
		now = func(e *Entry) bool { e.Zone = z; return string(e.Device.Zone) == c.ID }
	default:
		s, err := view.Places.School(ctx, g.SchoolID(c.ID))
		if err != nil && g.ErrorCode(err) != g.NotFound {
			return nil, fmt.Errorf("load school %q: %w", c.ID, err)
		}
		put = keep(d.schools, g.SchoolID(c.ID), s, err == nil)
		now = func(*Entry) bool { return false }
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	put()
	for id, old := range d.devices {
		e := old
		if now(&e) && !reflect.DeepEqual(old, e) {
			d.devices[id] = e
			told = append(told, e)
		}
	}
	return told, nil
}

// keep returns a function that stores x in m, or deletes id where the thing is gone.
func keep[K comparable, V any](m map[K]V, id K, x V, there bool) func() {
	return func() {
		if there {
			m[id] = x
			return
		}
		delete(m, id)
	}
}

// held logs that the registry did not answer, and schedules a full reload.
func (d *Directory) held(ctx context.Context, err error) {
	if ctx.Err() == nil {
		d.log.Error("reload the directory", "error", err)
		d.again.Reset(retryAfter)
	}
}

func (d *Directory) tell(id g.DeviceID, e Entry, ok bool) {
	for _, f := range d.watch {
		f(id, e, ok)
	}
}

func (d *Directory) snapshot() map[g.DeviceID]Entry {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return maps.Clone(d.devices)
}

// reload loads everything and calls the watchers for each device: as gone, where before has it and
// the registry no longer does.
func (d *Directory) reload(ctx context.Context, before map[g.DeviceID]Entry) {
	if err := d.load(ctx); err != nil {
		d.held(ctx, err)
		return
	}
	after := d.snapshot()
	for id := range before {
		if _, ok := after[id]; !ok {
			d.tell(id, Entry{}, false)
		}
	}
	for id, e := range after {
		d.tell(id, e, true)
	}
}

func (d *Directory) load(ctx context.Context) error {
	view := d.reg.In(scope)
	profiles, err := view.Fleet.Profiles(ctx)
	if err != nil {
		return fmt.Errorf("load profiles: %w", err)
	}
	schools, err := view.Places.Schools(ctx)
	if err != nil {
		return fmt.Errorf("load schools: %w", err)
	}
	pm, zm, sm := map[g.ProfileID]g.Profile{}, map[g.ZoneID]g.Zone{}, map[g.SchoolID]g.School{}
	for _, p := range profiles {
		pm[p.ID] = p
	}
	for _, s := range schools {
		sm[s.ID] = s
		places, err := view.Places.Of(ctx, s.ID)
		if err != nil {
			return fmt.Errorf("load places of %s: %w", s.ID, err)
		}
		for _, z := range places.Zones {
			zm[z.ID] = z
		}
	}
	dm := map[g.DeviceID]Entry{}
	filter := fleet.DeviceFilter{Page: registry.Page{Limit: 1000}}
	for {
		rows, next, err := view.Fleet.Devices(ctx, filter)
		if err != nil {
			return fmt.Errorf("load devices: %w", err)
		}
		for _, r := range rows {
			dm[r.ID] = Entry{r.Device, pm[r.Profile], zm[r.Zone]}
		}
		if next == "" {
			break
		}
		filter.Cursor = next
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.devices = dm
	d.profiles = pm
	d.zones = zm
	d.schools = sm
	return nil
}

// fetch loads one device from the registry; false where the registry has none.
func (d *Directory) fetch(ctx context.Context, id g.DeviceID) (Entry, bool, error) {
	row, err := d.reg.In(scope).Fleet.Device(ctx, id)
	if g.ErrorCode(err) == g.NotFound {
		return Entry{}, false, nil
	}
	if err != nil {
		return Entry{}, false, fmt.Errorf("look up device %q: %w", id, err)
	}
	if err := d.fetchAround(ctx, row.Device); err != nil {
		return Entry{}, false, fmt.Errorf("look up device %q: %w", id, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	e := Entry{row.Device, d.profiles[row.Profile], d.zones[row.Zone]}
	d.devices[id] = e
	return e, true, nil
}

// fetchAround loads the profile and the zone of a device where the directory does not have them
// yet, so that the device's first message is not checked against an empty profile.
func (d *Directory) fetchAround(ctx context.Context, dev g.Device) error {
	d.mu.RLock()
	_, profile := d.profiles[dev.Profile]
	_, zone := d.zones[dev.Zone]
	d.mu.RUnlock()
	view := d.reg.In(scope)
	if !profile {
		p, err := view.Fleet.Profile(ctx, dev.Profile)
		if err != nil {
			return err
		}
		d.mu.Lock()
		d.profiles[p.ID] = p
		d.mu.Unlock()
	}
	if zone || dev.Zone == "" {
		return nil
	}
	z, err := view.Places.Zone(ctx, dev.Zone)
	if g.ErrorCode(err) == g.NotFound {
		return nil // removed meanwhile; a change of the device follows
	}
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.zones[z.ID] = z
	d.mu.Unlock()
	return nil
}

// Device returns a device, from the registry where it is not in memory yet. false means that it
// does not exist, an error that the registry did not answer.
func (d *Directory) Device(ctx context.Context, id g.DeviceID) (Entry, bool, error) {
	if e, ok := d.Known(id); ok || id == "" {
		return e, ok, nil
	}
	return d.fetch(ctx, id)
}

// Known returns a device from memory only.
func (d *Directory) Known(id g.DeviceID) (Entry, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	e, ok := d.devices[id]
	return e, ok
}

// NameOf is a device's name for people; "" for one that is not known.
func (d *Directory) NameOf(id g.DeviceID) string {
	e, _ := d.Known(id)
	return e.Device.Name
}

// Zone returns one zone.
func (d *Directory) Zone(id g.ZoneID) (g.Zone, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	z, ok := d.zones[id]
	return z, ok
}

// Zones lists the zones of a school.
func (d *Directory) Zones(school g.SchoolID) map[g.ZoneID]g.Zone {
	d.mu.RLock()
	defer d.mu.RUnlock()
	out := map[g.ZoneID]g.Zone{}
	for id, z := range d.zones {
		if z.School == school {
			out[id] = z
		}
	}
	return out
}

// Schools lists every school.
func (d *Directory) Schools() []g.School {
	d.mu.RLock()
	defer d.mu.RUnlock()
	out := make([]g.School, 0, len(d.schools))
	for _, s := range d.schools {
		out = append(out, s)
	}
	return out
}

// SchoolIDs lists every school's id.
func (d *Directory) SchoolIDs() []g.SchoolID {
	d.mu.RLock()
	defer d.mu.RUnlock()
	out := make([]g.SchoolID, 0, len(d.schools))
	for id := range d.schools {
		out = append(out, id)
	}
	return out
}

// School returns a school; of an unknown one only the ID is set.
func (d *Directory) School(id g.SchoolID) g.School {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if s, ok := d.schools[id]; ok {
		return s
	}
	return g.School{ID: id}
}

// Devices counts the registered devices.
func (d *Directory) Devices() int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return len(d.devices)
}

// InZone lists the devices that stand in a zone.
func (d *Directory) InZone(zone g.ZoneID) []Entry {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var out []Entry
	for _, e := range d.devices {
		if zone != "" && e.Device.Zone == zone {
			out = append(out, e)
		}
	}
	return out
}
