package rules

import (
	"math"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// tri is what is known of a condition. Unknown is neither true nor false: its opposite is
// unknown as well.
type tri int8

const (
	unknown tri = iota
	no
	yes
)

const never = math.MaxInt64

// moment is what a condition is looked at with. All times are Unix nanoseconds.
type moment struct {
	at      int64
	resumed int64 // values and absences count from here at the earliest
	devs    []*device
	counts  [][]int64
	ev      *g.Event       // nil where time alone asks
	dev     *device        // of ev
	place   *time.Location // of the subject's school

	raise int64 // earliest time at which time alone can make the condition true or false
	stale int64 // earliest time at which a value that was looked at stops counting
	old   bool  // a value was looked at that was measured before the gateway rested
}

type condition func(*moment) tri

// rule is a Rule made ready, with the state of its subjects.
type rule struct {
	Rule
	index     int
	isNew     bool // not asked yet about the devices that are known
	revised   bool // means what it meant, but for how long and how severe
	hash      string
	manner    string
	when      condition
	clearWhen condition   // nil: the opposite of when
	risesWhen []condition // by stage; nil: time alone
	momentary bool
	props     []string // that trigger it
	status    bool     // triggered by status
	sighting  bool     // triggered by sightings
	occurs    bool     // triggered by occurrences
	negated   bool     // can become true by a value that goes stale
	lasting   bool     // reads values, status or absence of devices
	timed     bool     // asks what time it is
	counted   []counted
	rates     []rateKey
	shared    *Share // the first, for what the alert shows
	sharedOf  condition
	empty     [][]int64 // what a subject that is not there has counted
	compares  []compare
	watch     map[string][]watcher // by property

	subjects map[string]*subject
	once     map[string]*repeat
	passages map[string]*passages

	quiets []Subject      // the places at which other rules are quiet while this one fires
	fires  map[string]int // by such a place: how many of its alerts fire there
	hushed []*rule        // those other rules

	onceChanged map[string]bool // since Saved
	passChanged map[string]bool
}

// counted is one count condition, or one step of a sequence: which happenings it counts.
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
		passages:    map[string]*passages{},
		fires:       map[string]int{},
		onceChanged: map[string]bool{},
		passChanged: map[string]bool{},
	}
	if c.Fresh <= 0 {
		c.Fresh = freshFor(c.For)
	}
	c.hash, c.manner = contentHash(c.Rule), mannerHash(c.Rule)
	c.props = r.Properties()
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

// lookedAt notes what a part of the rule's conditions is asked by.
func (r *rule) lookedAt(x Condition) {
	r.status = r.status || x.Status != nil
	r.negated = r.negated || x.Not != nil || x.Share != nil
	r.sighting = r.sighting || x.Sighting != nil
	r.occurs = r.occurs || x.Occurrence != nil
	r.lasting = r.lasting || x.Status != nil || x.Compare != nil || x.Absent != nil || x.Rate != nil
	r.timed = r.timed || x.Time != nil
	if x.Compare != nil {
		r.compares = append(r.compares, compare{x.Compare.Property, x.Compare.test()})
	}
	if x.Rate != nil {
		r.rates = append(r.rates, x.Rate.key())
	}
	if w := x.watcher(int64(r.Fresh)); w != nil {
		r.watch[x.property()] = append(r.watch[x.property()], w)
	}
}

// watcher is nil where the condition reads no property.
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
	case c.Rate != nil:
		return func(*slot, int64) bool { return true }
	}
	return nil
}

// compile turns the tree into closures. No branch is cut short: every leaf has to report
// when time alone could change it. Of several devices the first whose value or status gives
// decisive settles a leaf: yes asks whether any passes, no whether all do.
func (r *rule) compile(c Condition, decisive tri) condition {
	switch {
	case len(c.All) > 0:
		return fold(r.compileAll(c.All, decisive), yes, no)
	case len(c.Any) > 0:
		return fold(r.compileAll(c.Any, decisive), no, yes)
	case c.Not != nil:
		x := r.compile(*c.Not, yes) // of several: none of them
		return func(m *moment) tri {
			return opposite(x(m))
		}
	case c.Compare != nil:
		return compileCompare(c.Compare.Property, c.Compare.test(), int64(r.Fresh), decisive)
	case c.Status != nil:
		return compileStatus(c.Status, decisive)
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
	case c.Share != nil:
		return r.compileShare(*c.Share)
	case c.Sequence != nil:
		return r.compileSequence(*c.Sequence)
	case c.Rate != nil:
		return compileRate(*c.Rate, int64(r.Fresh), decisive)
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

// fold joins conditions: strong wins over unknown, unknown over weak.
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

// key is the subject that an event or device belongs to; "" where it has none.
func (p Subject) key(d *device, at spot, s *g.Sighting) string {
	switch p {
	case PerDevice:
		return string(d.ID)
	case PerZone:
		return string(at.zone)
	case PerBuilding:
		return string(at.building)
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

// of is the key of the subject that a cause belongs to.
func (p Subject) of(c cause) string {
	at := spot{zone: c.Zone, building: c.Building}
	return p.key(c.device(), at, &g.Sighting{Person: c.Person})
}
