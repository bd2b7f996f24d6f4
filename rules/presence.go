package rules

import (
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// PresenceIs holds while somebody is inside a place; in a group, while that many are.
type PresenceIs struct {
	Inside  Subject        `json:"inside"` // PerSchool, PerBuilding, PerFloor or PerZone
	Kind    []g.PersonKind `json:"kind,omitempty"`
	Boarder *bool          `json:"boarder,omitempty"`
	AtLeast int            `json:"at_least,omitempty"` // 0: one
	AtMost  int            `json:"at_most,omitempty"`  // 0: no matter how many
	Within  time.Duration  `json:"within,omitempty"`   // a sighting says so for no longer; 0: until the day ends
}

// dayEnds is the hour at which what was seen the day before says nothing any more.
const dayEnds = 4

// Where somebody is by now is the value of a device of their own, which stands where they were seen
// last. The value is one of the three, followed by what is known of the person.
const (
	wherePrefix  = "presence/" // no device's id has a slash
	presenceName = "presence"  // the value that rules read
	clearName    = "presence clear"
	atGateName   = "presence gate"
)

// People says who somebody is, from memory. Facts that do not implement it know nobody.
type People interface {
	Person(g.PersonID) (kind g.PersonKind, boarder, ok bool)
}

// matches tests a value of presenceName.
func (p PresenceIs) matches(v g.Value, d *device) tri {
	text, _ := v.Text()
	where, who, _ := strings.Cut(text, " ")
	kind, boarder, _ := strings.Cut(who, " ")
	switch {
	case where == string(g.PresenceOut):
		return no
	case len(p.Kind) > 0 && kind != "" && !slices.Contains(p.Kind, g.PersonKind(kind)),
		p.Boarder != nil && kind != "" && *p.Boarder != (boarder != ""),
		p.Inside == PerZone && d.Zone == "",
		p.Inside == PerBuilding && d.Building == "",
		p.Inside == PerFloor && d.Floor == "":
		return no
	case where != string(g.PresenceIn), kind == "" && (len(p.Kind) > 0 || p.Boarder != nil):
		return unknown
	}
	return yes
}

// until is when the value ceases to say where somebody is.
func (p PresenceIs) until(s *slot) int64 {
	if p.Within == 0 {
		return s.ends
	}
	return min(s.ends, s.at+int64(p.Within))
}

// compilePresence asks one person, or counts those of a group. Nobody can say where somebody is who
// fell silent: they may be what makes the number wrong.
func compilePresence(p PresenceIs, counted bool) condition {
	return func(m *moment) tri {
		inside, doubts, told := 0, 0, 0
		for _, d := range m.devs {
			s := d.sample(presenceName)
			if s == nil || m.at >= s.ends && !m.keeps {
				continue
			}
			until := p.until(s)
			t := p.matches(s.v, d)
			if t == yes && m.at >= until {
				t = unknown
			}
			if m.at < until {
				m.stale = min(m.stale, until)
			}
			switch t {
			case yes:
				inside++
			case unknown:
				doubts++
				m.doubted = true
				continue
			}
			told++
		}
		switch {
		case !counted && inside > 0:
			return yes
		case !counted && (doubts > 0 || told == 0):
			return unknown
		case !counted:
			return no
		}
		return p.enough(inside, doubts, told)
	}
}

// enough compares how many are inside, and how many more may be, with how many are asked for.
func (p PresenceIs) enough(inside, doubts, told int) tri {
	least := max(p.AtLeast, 1)
	switch {
	case inside+doubts < least && told > 0, p.AtMost > 0 && inside > p.AtMost:
		return no
	case inside < least, p.AtMost > 0 && inside+doubts > p.AtMost:
		return unknown
	}
	return yes
}

// asksPresence reports whether the rule asks where people are.
func (r Rule) asksPresence() (is bool) {
	r.walk(func(c Condition) { is = is || c.Presence != nil })
	return is
}

// single reports whether a subject of the rule has one device, and need not be kept while nothing
// holds.
func (r *rule) single() bool { return r.Per == PerDevice || r.Per == PerPerson && r.places }

// ownDevice is the device of a subject of a rule whose subjects have one each; nil if there is none.
func (e *Engine) ownDevice(r *rule, key string) *device {
	switch {
	case r.Per == PerDevice:
		return e.devices[g.DeviceID(key)]
	case r.single():
		return e.devices[g.DeviceID(wherePrefix+key)]
	}
	return nil
}

// askPlaces remembers in which schools rules ask where people are: elsewhere nothing is kept of it.
func (e *Engine) askPlaces(r *rule) {
	if !r.places {
		return
	}
	of := slices.Concat(r.Where.School, r.Where.Only)
	if len(of) == 0 {
		of = []g.SchoolID{""}
	}
	for _, s := range of {
		e.placesOf[s] = true
	}
}

// hearPresence follows where somebody is, from a sighting that may be late or told twice: what counts
// is when they were seen.
func (e *Engine) hearPresence(ev *g.Event, f Facts) {
	x := ev.Sighting
	if x.Person == "" || len(e.placesOf) == 0 || !e.placesOf[""] && !e.placesOf[ev.School] {
		return
	}
	at := ev.Time
	if at.IsZero() || at.After(instant(e.now)) {
		at = instant(e.now)
	}
	zone, timezone := x.Zone, f.Timezone(ev.School)
	if zone == "" {
		of, _ := f.Device(ev.Device)
		zone = of.Zone
	}
	z, _ := f.Zone(zone)
	p := seen{
		who: x.Person,
		at:  at.UnixNano(),
		spot: spot{
			zone:     zone,
			kind:     z.Kind,
			building: z.Building,
			floor:    z.Floor,
		},
	}
	if people, ok := f.(People); ok {
		if kind, boarder, ok := people.Person(x.Person); ok {
			p.what = " " + string(kind)
			p.boarder = boarder
		}
	}
	if p.boarder {
		p.what += " boarder"
	}
	if p.ends = endOfDay(at, timezone, p.boarder); e.now < p.ends {
		e.place(p, x.Direction, ev, timezone)
	}
}

// endOfDay is the next 04:00 after a time, in a school's time zone; for boarders, who sleep there, a
// day later.
func endOfDay(at time.Time, timezone string, boarder bool) int64 {
	zone, err := time.LoadLocation(timezone)
	if err != nil {
		zone = time.UTC
	}
	t := at.In(zone)
	day := t.Day()
	if t.Hour() >= dayEnds {
		day++
	}
	if boarder {
		day++
	}
	return time.Date(t.Year(), t.Month(), day, dayEnds, 0, 0, 0, zone).UnixNano()
}

// seen is somebody at a place.
type seen struct {
	who     g.PersonID
	what    string // a space and their kind, and boarder
	boarder bool
	at      int64
	ends    int64
	spot    spot
}

// place keeps the newest sighting that says where somebody is, and the newest at a gate that does not
// say which way they went: the two decide, in whatever order they are heard.
func (e *Engine) place(p seen, to g.Direction, ev *g.Event, timezone string) {
	id := g.DeviceID(wherePrefix + string(p.who))
	d := e.devices[id]
	if d == nil {
		if len(e.devices) >= MaxDevices {
			e.forgetQuiet()
		}
		d = &device{ID: id}
		e.devices[id] = d
	}
	name, where := clearName, g.PresenceIn
	switch {
	case to == g.Out && p.spot.kind == g.ZoneGate:
		where = g.PresenceOut
	case to == g.Out: // of a room, and still in the school
		p.spot = spot{}
	case to == "" && p.spot.kind == g.ZoneGate:
		name, where = atGateName, g.PresenceUnknown
	}
	s := d.slot(name)
	v := g.StringValue(strings.Join([]string{
		string(where), string(p.spot.zone), string(p.spot.kind), string(p.spot.building), string(p.spot.floor),
	}, " "))
	if s == nil {
		s = d.addSlot(slot{
			name:   name,
			steady: true,
		})
	} else if s.at > p.at || s.at == p.at && s.v.String() >= v.String() {
		return
	}
	e.touchDevice(d)
	d.heard = e.now
	s.v, s.at, s.seq, s.ends = v, p.at, ev.Seq, p.ends
	e.decidePresence(d, p.what, ev, timezone)
}

// decidePresence sets where somebody is from the two sightings that say it, and asks the rules.
func (e *Engine) decidePresence(d *device, who string, ev *g.Event, timezone string) {
	s, gate := d.slot(clearName), d.slot(atGateName)
	where := g.PresenceIn
	switch {
	case s == nil:
		s = gate
	case gate != nil && gate.at >= s.at:
		if strings.HasPrefix(s.v.String(), string(g.PresenceOut)) && gate.at < s.ends {
			where = g.PresenceUnknown
		}
		s = gate
	case strings.HasPrefix(s.v.String(), string(g.PresenceOut)):
		where = g.PresenceOut
	}
	at := strings.Split(s.v.String(), " ")
	place := device{
		ID:       d.ID,
		School:   ev.School,
		Zone:     g.ZoneID(at[1]),
		Kind:     g.ZoneKind(at[2]),
		Building: g.BuildingID(at[3]),
		Floor:    g.FloorID(at[4]),
		Timezone: timezone,
	}
	now := slot{
		name:   presenceName,
		v:      g.StringValue(string(where) + who),
		at:     s.at,
		seq:    ev.Seq,
		steady: true,
		ends:   s.ends,
	}
	if had := d.slot(presenceName); had == nil {
		d.addSlot(now)
	} else {
		now.was, now.wasAt, now.bindings = had.v, had.at, had.bindings
		*had = now
	}
	e.bindPresence(d, &place, ev)
}

// bindPresence has the rules of where somebody is now look at it.
func (e *Engine) bindPresence(d, place *device, ev *g.Event) {
	if !d.bound || d.moved(place) {
		for _, b := range e.bind(d, place) {
			e.settle(d, b)
		}
	} else {
		s := d.slot(presenceName)
		if s.bindings == nil {
			s.bindings = e.bound(d, presenceName)
		}
	}
	s := d.slot(presenceName)
	e.hits = e.hits[:0]
	for _, b := range s.bindings {
		if s.matters(b.watch, e.resumed) {
			e.hit(ev.Seq, b.binding)
		}
	}
	slices.SortFunc(e.hits, byRule)
	for _, b := range e.hits {
		e.ask(b.rule, b.key, d, d.spot(), ev)
	}
}

// watch reports whether a sighting can have changed the condition.
func (p PresenceIs) watch(s *slot, resumed int64) bool {
	return p.Within > 0 || p.Inside != PerSchool || s.was.Kind() == g.None || s.wasAt < resumed || s.v != s.was ||
		s.at < s.wasAt
}

func parsePresence(n node) *PresenceIs {
	o := n.object(
		"inside",
		"kind",
		"boarder",
		"at_least",
		"at_most",
		"within",
	)
	p := &PresenceIs{}
	if c, ok := o.need("inside", g.Word("say inside of what, such as inside: school")); ok {
		p.Inside = oneOf(c, []Subject{PerSchool, PerBuilding, PerFloor, PerZone})
	}
	if c, ok := o.get("kind"); ok {
		p.Kind = listOf(c, g.PersonKinds())
	}
	if c, ok := o.get("boarder"); ok {
		v := oneOf(c, []string{"true", "false"}) == "true"
		p.Boarder = &v
	}
	if c, ok := o.get("at_least"); ok {
		p.AtLeast = c.whole(1, MaxCount)
	}
	if c, ok := o.get("at_most"); ok {
		if p.AtMost = c.whole(1, MaxCount); p.AtMost > 0 && p.AtMost < p.AtLeast {
			c.fail("no number is both at least %d and at most %d", p.AtLeast, p.AtMost)
		}
	}
	if c, ok := o.get("within"); ok {
		p.Within = c.some()
	}
	return p
}

// checkPresence refuses what cannot be asked of where people are.
func checkPresence(o object, r Rule) {
	when, _ := o.get("when")
	switch r.Per {
	case PerPerson, PerZone, PerFloor, PerBuilding, PerSchool:
	default:
		when.fail("presence is of people: use per: person, or per: zone, floor, building or school to count " +
			"those inside")
	}
	w := r.Where
	if len(w.Device)+len(w.Profile)+len(w.Type)+len(w.Driver) > 0 {
		if c, ok := o.get("where"); ok {
			c.fail("presence is of people, and not of devices: only school, building, floor, zone and " +
				"zone_kind can stand in where")
		}
	}
	r.walk(func(c Condition) {
		if p := c.Presence; p != nil && r.Per == PerPerson && p.AtLeast+p.AtMost > 0 {
			when.fail("one person cannot be counted; use per: zone, floor, building or school")
		}
		if c.Compare != nil || c.Status != nil || c.Absent != nil || c.Count != nil || c.Sighting != nil ||
			c.Change != nil || c.Occurrence != nil || c.Share != nil || c.Sequence != nil ||
			c.Rate != nil || c.Baseline != nil || c.Attendance != nil {
			when.fail("presence is of people: only time and level stand beside it")
		}
	})
	for _, a := range r.Then {
		if a.Command != nil && (a.Command.Device == "same" || a.Command.Zone == "same" && r.Per == PerSchool) {
			when.fail("presence is of people: a command names its device or room")
		}
	}
}

// says is the condition in the words of the language.
func (p PresenceIs) says() string {
	words := []string{"presence inside", string(p.Inside)}
	for _, k := range p.Kind {
		words = append(words, string(k))
	}
	if p.Boarder != nil && *p.Boarder {
		words = append(words, "boarder")
	} else if p.Boarder != nil {
		words = append(words, "no boarder")
	}
	if p.AtLeast > 0 {
		words = append(words, "at_least "+g.NumberValue(float64(p.AtLeast)).String())
	}
	if p.AtMost > 0 {
		words = append(words, "at_most "+g.NumberValue(float64(p.AtMost)).String())
	}
	if p.Within > 0 {
		words = append(words, "within "+short(p.Within))
	}
	return strings.Join(words, " ")
}

// whom is who an alert is about; of several who are counted it names nobody.
func (s *subject) whom() g.PersonID {
	if s.rule.crowd {
		return ""
	}
	return s.cause.Person
}

// presenceValues are inside of what somebody is, or how many are.
func (e *Engine) presenceValues(s *subject, p PresenceIs, devs []*device, out map[string]g.Value) {
	if s.rule.Per == PerPerson {
		out["inside"] = g.StringValue(string(p.Inside))
		return
	}
	inside := 0
	for _, d := range devs {
		if v := d.sample(presenceName); v != nil && e.now < p.until(v) && p.matches(v.v, d) == yes {
			inside++
		}
	}
	out["inside"] = g.NumberValue(float64(inside))
}
