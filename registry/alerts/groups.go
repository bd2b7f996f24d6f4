package alerts

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Grouping is what alerts on the wall are gathered by.
type Grouping string

// The groupings.
const (
	ByCause Grouping = "cause"
	ByRoom  Grouping = "room"
	ByRule  Grouping = "rule"
)

// Groupings lists them.
func Groupings() []Grouping { return []Grouping{ByCause, ByRoom, ByRule} }

// Group is one line of the wall for several alerts.
type Group struct {
	Key            string     `json:"key"`
	School         g.SchoolID `json:"school"`
	Severity       g.Severity `json:"severity"` // of the most severe
	Count          int        `json:"count"`
	Unacknowledged int        `json:"unacknowledged"`
	Firing         int        `json:"firing"`
	Newest         time.Time  `json:"newest"`
	Oldest         time.Time  `json:"oldest"`
	Rules          []g.RuleID `json:"rules" nullable:"false"`
	Zones          []g.ZoneID `json:"zones" nullable:"false"`
	// where they are, at most 8: what holds first, then by urgency
	Places []GroupPlace `json:"places" nullable:"false"`
	// rooms, and devices without one, whether they are in Places or not
	PlaceCount int `json:"place_count"`
	// of how many that fire the device is no longer heard, and when the latest of those was
	Unheard   int          `json:"unheard,omitempty"`
	LastHeard time.Time    `json:"last_heard,omitzero"`
	Driver    g.DriverName `json:"driver,omitempty"`
	Alert     AlertRow     `json:"alert"` // the most urgent

	first  member
	firing []g.DeviceID   // once for each alert
	placed map[string]int // the index in Places by room or device
}

// GroupPlace is a room in which a group has alerts, or a device that is in none.
type GroupPlace struct {
	Zone       g.ZoneID   `json:"zone,omitempty"`
	Device     g.DeviceID `json:"device,omitempty"` // that reported there
	DeviceName string     `json:"device_name,omitempty"`
	Firing     int        `json:"firing"`
}

// placesListed is how many places a group lists.
const placesListed = 8

// member is an alert on the wall, without what is sealed.
type member struct {
	id       g.AlertID
	school   g.SchoolID
	rule     g.RuleID
	severity g.Severity
	state    g.AlertState
	device   g.DeviceID
	zone     g.ZoneID
	cause    string
	opened   int64
	firing   int
	ended    int
}

// Kinds of causes, before their colon.
const (
	causeIncident = "incident:"
	causeAlone    = "alert:"
	causeRule     = "rule:"
)

// causeOf is what an alert has in common with others of its group. An incident is one line. A
// critical alert and a person who was seen stand alone: another stranger is another stranger. All
// others are gathered by their rule, and on the wall also by the driver of their devices, so that
// hundreds behind one that is down are one line.
func causeOf(a g.Alert) string {
	switch {
	case a.Incident != "":
		return causeIncident + string(a.Incident)
	case a.Severity == g.Critical || a.Sighting != "" || a.Person != "":
		return causeAlone + string(a.ID)
	}
	return causeRule + string(a.School) + ":" + string(a.Rule)
}

// groups gathers the alerts of a condition, the most urgent group first. With a key it has none,
// and narrows the condition to the alerts of that group.
func (v View) groups(
	ctx context.Context, w store.Where, f WallFilter,
) ([]Group, store.Where, error) {
	if !slices.Contains(Groupings(), f.Group) {
		return nil, w, g.FieldErrorf("group", "%q is no grouping; use one of %v", f.Group,
			Groupings())
	}
	members, err := v.members(ctx, w)
	if err != nil {
		return nil, w, err
	}
	drivers, err := v.drivers(ctx, members, f.Group)
	if err != nil {
		return nil, w, err
	}
	if f.Key != "" {
		var ids []g.AlertID
		for _, m := range members {
			if m.key(f.Group, drivers) == f.Key && len(ids) < (store.Page{Limit: f.Limit}).Size() {
				ids = append(ids, m.id)
			}
		}
		if len(ids) == 0 {
			w.And("1 = 0")
			return nil, w, nil
		}
		w.And("id IN ("+store.Marks(len(ids))+")", store.Anys(ids)...)
		return nil, w, nil
	}
	return gather(members, f.Group, drivers), w, nil
}

// members reads the alerts of a condition, the most urgent first.
func (v View) members(ctx context.Context, w store.Where) (out []member, err error) {
	err = store.Each(ctx, v.s.Reg,
		"SELECT id, school, rule, severity, state, device, zone, cause, opened, firing, ended FROM alerts"+
			w.String()+byUrgency, w.Args, func(scan func(...any) error) error {
			var m member
			err := scan(&m.id, &m.school, &m.rule, &m.severity, &m.state, &m.device, &m.zone,
				&m.cause, &m.opened, &m.firing, &m.ended)
			out = append(out, m)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read the wall's groups: %w", err)
	}
	return out, nil
}

// drivers maps the devices of alerts to their drivers, where a grouping needs them.
func (v View) drivers(
	ctx context.Context, members []member, by Grouping,
) (map[g.DeviceID]g.Device, error) {
	if by != ByCause {
		return nil, nil
	}
	var ids []g.DeviceID
	for _, m := range members {
		if m.device != "" {
			ids = append(ids, m.device)
		}
	}
	return fleet.SomeDevices(ctx, v.s.Reg, ids)
}

func (m member) key(by Grouping, drivers map[g.DeviceID]g.Device) string {
	switch {
	case by == ByRoom:
		return "zone:" + string(m.school) + ":" + string(m.zone)
	case by == ByRule || m.cause == "": // rows of before have no cause
		return causeRule + string(m.school) + ":" + string(m.rule)
	}
	if d := drivers[m.device]; d.Driver != "" && m.alone() == "" {
		return m.cause + ":" + string(d.Driver)
	}
	return m.cause
}

// alone is the cause of what no driver explains.
func (m member) alone() string {
	for _, kind := range []string{causeIncident, causeAlone} {
		if len(m.cause) > len(kind) && m.cause[:len(kind)] == kind {
			return m.cause
		}
	}
	return ""
}

// gather makes the groups of members that are in order of urgency.
func gather(members []member, by Grouping, drivers map[g.DeviceID]g.Device) []Group {
	at := map[string]int{}
	out := []Group{}
	for _, m := range members {
		key := m.key(by, drivers)
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, Group{
				Key:      key,
				School:   m.school,
				Severity: m.severity,
				Newest:   store.Moment(m.opened),
				Oldest:   store.Moment(m.opened),
				Rules:    []g.RuleID{},
				Zones:    []g.ZoneID{},
				Places:   []GroupPlace{},
				placed:   map[string]int{},
				first:    m,
			})
			if by == ByCause && m.alone() == "" {
				out[i].Driver = drivers[m.device].Driver
			}
		}
		out[i].add(m)
	}
	slices.SortStableFunc(out, func(a, b Group) int { return cmp.Compare(a.settled(), b.settled()) })
	return out
}

// settled orders the groups of a severity: those in which all is over last, and of the others those
// with something unacknowledged first.
func (x Group) settled() int {
	n := 4 * (len(g.Severities()) - 1 - slices.Index(g.Severities(), x.Severity))
	if x.first.ended > 0 {
		n += 2
	}
	if x.Unacknowledged == 0 {
		n++
	}
	return n
}

func (x *Group) add(m member) {
	x.Count++
	x.Firing += max(m.firing, 0)
	if m.state == g.AlertOpen {
		x.Unacknowledged++
	}
	opened := store.Moment(m.opened)
	if opened.After(x.Newest) {
		x.Newest = opened
	}
	if opened.Before(x.Oldest) {
		x.Oldest = opened
	}
	if !slices.Contains(x.Rules, m.rule) {
		x.Rules = append(x.Rules, m.rule)
	}
	if m.zone != "" && !slices.Contains(x.Zones, m.zone) {
		x.Zones = append(x.Zones, m.zone)
	}
	x.place(m)
	if m.device != "" && m.firing > 0 {
		x.firing = append(x.firing, m.device)
	}
}

// show reads the most urgent alert of each group, of at most limit groups.
func (v View) show(ctx context.Context, groups []Group, limit int) ([]Group, error) {
	groups = groups[:min(len(groups), limit)]
	var ids []g.AlertID
	for _, x := range groups {
		ids = append(ids, x.first.id)
	}
	rows := make([]AlertRow, 0, len(ids))
	for part := range slices.Chunk(ids, store.Chunk) {
		err := store.Each(ctx, v.s.Reg, "SELECT "+alertColumns+" FROM alerts WHERE id IN ("+
			store.Marks(len(part))+")", store.Anys(part), func(scan func(...any) error) error {
			a, _, err := v.r.scanAlert(scan)
			rows = append(rows, AlertRow{Alert: a})
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read the wall's groups: %w", err)
		}
	}
	if err := v.nameAlerts(ctx, rows); err != nil {
		return nil, err
	}
	found := map[g.AlertID]AlertRow{}
	for _, a := range rows {
		found[a.ID] = a
	}
	for i := range groups {
		groups[i].Alert = found[groups[i].first.id]
	}
	return groups, v.devicesOf(ctx, groups)
}

// place notes where an alert is; one of the gateway itself is nowhere.
func (x *Group) place(m member) {
	key := "zone " + string(m.zone)
	if m.zone == "" {
		key = "device " + string(m.device)
	}
	if m.zone == "" && m.device == "" {
		return
	}
	i, known := x.placed[key]
	if !known {
		i = len(x.Places)
		x.placed[key] = i
		x.Places = append(x.Places, GroupPlace{Zone: m.zone, Device: m.device})
	}
	p := &x.Places[i]
	if p.Firing == 0 && m.firing > 0 && m.device != "" {
		p.Device = m.device
	}
	p.Firing += max(m.firing, 0)
}

// devicesOf cuts and names the places of groups, and counts the devices that are no longer heard.
func (v View) devicesOf(ctx context.Context, groups []Group) error {
	var named, firing []g.DeviceID
	for i := range groups {
		x := &groups[i]
		slices.SortStableFunc(x.Places, func(a, b GroupPlace) int {
			return min(b.Firing, 1) - min(a.Firing, 1)
		})
		x.PlaceCount = len(x.Places)
		x.Places = x.Places[:min(len(x.Places), placesListed)]
		for _, p := range x.Places {
			if p.Device != "" {
				named = append(named, p.Device)
			}
		}
		firing = append(firing, x.firing...)
	}
	devices, err := fleet.SomeDevices(ctx, v.s.Reg, named)
	if err != nil {
		return err
	}
	slices.Sort(firing)
	unheard, err := fleet.Unheard(ctx, v.s.Reg, slices.Compact(firing))
	if err != nil {
		return err
	}
	for i := range groups {
		x := &groups[i]
		for j := range x.Places {
			p := &x.Places[j]
			p.DeviceName = devices[p.Device].Name
		}
		for _, id := range x.firing {
			at, ok := unheard[id]
			if !ok {
				continue
			}
			x.Unheard++
			if at.After(x.LastHeard) {
				x.LastHeard = at
			}
		}
	}
	return nil
}
