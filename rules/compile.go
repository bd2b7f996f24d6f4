package rules

import (
	"math"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
)

// tri is a three-valued truth: the negation of unknown is unknown.
type tri int8

const (
	unknown tri = iota
	no
	yes
)

const never = math.MaxInt64

// moment is the context in which a condition is evaluated. All times are Unix nanoseconds.
type moment struct {
	at      int64
	resumed int64 // absences count from here at the earliest
	gaps    []gap
	devs    []*device
	counts  [][]int64
	ev      *g.Event  // nil if a timer asks
	dev     *device   // of ev
	hours   *hours    // of the subject's school
	level   g.LevelID // of the subject's school; "": none

	raise int64 // earliest time at which the condition can change without an event
	stale int64 // earliest time at which a value that was used becomes stale
	old   bool  // a value was used that is older than the gateway's pause

	keeps   bool // what a device said before it fell silent may still be so
	doubted bool // and that left a condition unknown
}

type condition func(*moment) tri

// rule is a compiled Rule with the state of its subjects.
type rule struct {
	Rule
	index     int
	isNew     bool // not evaluated for the known devices yet
	revised   bool // same meaning, but other duration or severity
	hash      string
	manner    string
	when      condition
	clearWhen condition   // nil: the negation of when
	risesWhen []condition // by stage; nil: after a time only
	momentary bool
	props     []string // that trigger an evaluation
	status    bool     // triggered by status
	sighting  bool     // triggered by sightings
	occurs    bool     // triggered by occurrences
	negated   bool     // a value that becomes stale can make it true
	lasting   bool     // reads values, status or absence of devices
	timed     bool     // depends on the time of day
	dated     bool     // depends on the school's calendar
	places    bool     // depends on where people are
	crowd     bool     // counts people, and not one who is alone
	leveled   bool     // depends on the school's threat level
	counted   []counted
	rates     []rateKey
	usuals    []usualKey
	shared    *Share // the first one, for the alert's values
	sharedOf  condition
	empty     [][]int64 // counts of a subject that does not exist
	compares  []compare
	watch     map[string][]watcher // by property

	subjects map[string]*subject
	once     map[string]*repeat
	log      *passageLog // of Unless

	quiets []Subject      // places at which other rules are muted while this one fires
	fires  map[string]int // by such a place: number of alerts firing there
	hushed []*rule        // those other rules

	awaited []*rule // rules that are muted at the devices behind this one's

	onceChanged map[string]bool // since Saved
}

// counted is a count condition or one step of a sequence, with the test for its happenings.
type counted struct {
	*Count
	test  func(*moment) bool
	step  int // of a sequence, from 1; 0: a count
	steps int // of the sequence
}

type compare struct {
	property string
	test     func(g.Value) tri
}

func compileRule(r Rule, index int) *rule {
	c := &rule{
		Rule:        r,
		index:       index,
		isNew:       true,
		momentary:   r.When.momentary(),
		watch:       map[string][]watcher{},
		subjects:    map[string]*subject{},
		once:        map[string]*repeat{},
		fires:       map[string]int{},
		onceChanged: map[string]bool{},
	}
	if c.Fresh <= 0 {
		c.Fresh = freshFor(c.For)
	}
	c.hash, c.manner = contentHash(c.Rule), mannerHash(c.Rule)
	c.props = append(r.Properties(), r.answersRead()...)
	if c.places = r.asksPresence(); c.places {
		c.props = append(c.props, presenceName)
	}
	r.walk(c.lookedAt)
	c.when = c.compile(r.When, yes)
	if r.Clear.When != nil {
		c.clearWhen = c.compile(*r.Clear.When, no)
	}
	for _, s := range r.Rises {
		if s.When == nil {
			c.risesWhen = append(c.risesWhen, nil)
			continue
		}
		c.risesWhen = append(c.risesWhen, c.compile(*s.When, yes))
	}
	c.empty = make([][]int64, len(c.counted))
	return c
}

// lookedAt records which inputs a condition depends on.
func (r *rule) lookedAt(x Condition) {
	r.status = r.status || x.Status != nil
	r.negated = r.negated || x.Not != nil || x.Share != nil
	r.sighting = r.sighting || x.Sighting != nil
	r.occurs = r.occurs || x.Occurrence != nil
	r.lasting = r.lasting || x.Status != nil || x.Compare != nil || x.Absent != nil || x.Rate != nil ||
		x.Baseline != nil || x.Attendance != nil || x.Presence != nil
	r.timed = r.timed || x.Time != nil || x.Baseline != nil
	r.dated = r.dated || x.Time != nil && x.Time.Calendar != ""
	r.leveled = r.leveled || len(x.Level) > 0
	r.crowd = r.crowd || x.Presence != nil && r.Per != PerPerson && x.Presence.AtMost != 1
	if x.Compare != nil {
		r.compares = append(r.compares, compare{x.Compare.Property, x.Compare.test()})
	}
	if x.Rate != nil {
		r.rates = append(r.rates, x.Rate.key())
	}
	if b := x.Baseline; b != nil {
		r.usuals = append(r.usuals, b.key())
		if b.Over > 0 {
			r.rates = append(r.rates, rateKey(b.key()))
		}
	}
	if w := x.watcher(int64(r.Fresh)); w != nil {
		r.watch[x.property()] = append(r.watch[x.property()], w)
	}
}

// watcher returns nil if the condition reads no property.
func (c Condition) watcher(fresh int64) watcher {
	switch {
	case c.Compare != nil:
		test := c.Compare.test()
		return func(s *slot, resumed int64) bool {
			return s.was.Kind() == g.None || s.wasAt < resumed ||
				s.at >= max(s.wasAt, resumed)+fresh || test(s.v) != test(s.was)
		}
	case c.Absent != nil:
		return func(s *slot, resumed int64) bool {
			return s.was.Kind() == g.None || s.at >= max(s.wasAt, resumed)+int64(c.Absent.For)
		}
	case c.Change != nil:
		return func(s *slot, _ int64) bool { return s.v != s.was }
	case c.Presence != nil:
		return c.Presence.watch
	case c.Rate != nil, c.Baseline != nil, c.Attendance != nil:
		return func(*slot, int64) bool { return true }
	}
	return nil
}

// compile compiles the tree to closures. Evaluation does not short-circuit, since every leaf must
// report when it can change without an event. For a group, a leaf is decided by the first device
// whose result is decisive: yes means any device, no means all.
func (r *rule) compile(c Condition, decisive tri) condition {
	switch {
	case len(c.All) > 0 && slices.ContainsFunc(c.All, func(x Condition) bool { return x.Presence != nil }):
		return r.compileThere(c.All, decisive)
	case len(c.All) > 0:
		return fold(r.compileAll(c.All, decisive), yes, no)
	case len(c.Any) > 0:
		return fold(r.compileAll(c.Any, decisive), no, yes)
	case c.Not != nil:
		x := r.compile(*c.Not, yes) // in a group: no device
		return func(m *moment) tri {
			return opposite(x(m))
		}
	case c.Compare != nil:
		return compileCompare(c.Compare.Property, c.Compare.test(), int64(r.Fresh), decisive)
	case c.Status != nil:
		return compileStatus(c.Status, decisive)
	case c.Attendance != nil:
		return compileCompare(c.property(), c.Attendance.test(), int64(r.Fresh), decisive)
	case c.Presence != nil:
		return compilePresence(*c.Presence, r.Per != PerPerson)
	case c.Absent != nil:
		return compileAbsent(*c.Absent)
	case c.Count != nil:
		return r.compileCount(c.Count)
	case c.Sighting != nil:
		s := *c.Sighting
		return func(m *moment) tri {
			return known(m.ev != nil && m.ev.Sighting != nil && s.matches(m.ev.Sighting))
		}
	case c.Change != nil:
		ch := *c.Change
		return func(m *moment) tri { return known(m.ev != nil && ch.happens(m)) }
	case c.Occurrence != nil:
		o := c.Occurrence.ready()
		return func(m *moment) tri { return known(m.ev != nil && o.matches(m.ev.Occurrence)) }
	case c.Time != nil:
		return compileTime(*c.Time)
	case len(c.Level) > 0:
		return compileLevel(c.Level)
	case c.Share != nil:
		return r.compileShare(*c.Share)
	case c.Sequence != nil:
		return r.compileSequence(*c.Sequence)
	case c.Rate != nil:
		return compileRate(*c.Rate, int64(r.Fresh), decisive)
	case c.Baseline != nil:
		return compileBaseline(*c.Baseline, int64(r.Fresh), decisive)
	}
	return func(*moment) tri { return unknown }
}

func (r *rule) compileAll(list []Condition, decisive tri) []condition {
	out := make([]condition, len(list))
	for i, c := range list {
		out[i] = r.compile(c, decisive)
	}
	return out
}

// compileThere is all for conditions some of which ask where people are. A crowd is not counted while
// the rest does not hold; and while a person is not there, no time of the day has to be waited for.
func (r *rule) compileThere(list []Condition, decisive tri) condition {
	var of, others []Condition
	for _, c := range list {
		if c.Presence != nil {
			of = append(of, c)
		} else {
			others = append(others, c)
		}
	}
	rest := fold(r.compileAll(others, decisive), yes, no)
	there := fold(r.compileAll(of, decisive), yes, no)
	return func(m *moment) tri {
		before := m.raise
		out := rest(m)
		if out == no && r.Per != PerPerson {
			return no
		}
		switch t := there(m); {
		case t == no:
			m.raise = before
			return no
		case t == unknown && out != no:
			return unknown
		}
		return out
	}
}

func opposite(t tri) tri {
	switch t {
	case yes:
		return no
	case no:
		return yes
	}
	return unknown
}

func known(b bool) tri {
	if b {
		return yes
	}
	return no
}

// fold combines conditions: strong overrides unknown, unknown overrides weak.
func fold(list []condition, weak, strong tri) condition {
	return func(m *moment) tri {
		out := weak
		for _, c := range list {
			switch t := c(m); {
			case t == strong:
				out = strong
			case t == unknown && out != strong:
				out = unknown
			}
		}
		return out
	}
}

// key is the subject of an event or device; "" if there is none.
func (p Subject) key(d *device, at spot, s *g.Sighting) string {
	switch p {
	case PerDevice:
		return string(d.ID)
	case PerZone:
		return string(at.zone)
	case PerBuilding:
		return string(at.building)
	case PerFloor:
		return string(at.floor)
	case PerSchool:
		return string(d.School)
	case PerDriver:
		if d.Driver != "" {
			return string(d.School) + "/" + string(d.Driver)
		}
	case PerPerson:
		if s != nil {
			return string(s.Person)
		}
		return string(d.person())
	case PerTrack:
		switch {
		case s == nil:
		case s.Track != "":
			return string(d.ID) + "/" + s.Track
		default:
			return string(s.ID)
		}
	}
	return ""
}

// of is the subject of a cause.
func (p Subject) of(c cause) string {
	at := spot{
		zone:     c.Zone,
		building: c.Building,
		floor:    c.Floor,
	}
	return p.key(c.device(), at, &g.Sighting{Person: c.Person})
}
