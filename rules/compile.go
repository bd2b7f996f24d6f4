package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"slices"
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
	ev      *g.Event // nil where time alone asks
	dev     *device  // of ev

	raise int64 // earliest time at which time alone can make the condition true or false
	stale int64 // earliest time at which a value that was looked at stops counting
}

type condition func(*moment) tri

// rule is a Rule made ready, with the state of its subjects.
type rule struct {
	Rule
	index     int
	isNew     bool // not asked yet about the devices that are known
	hash      string
	when      condition
	clearWhen condition // nil: the opposite of when
	momentary bool
	props     []string // that trigger it
	status    bool     // triggered by status
	sighting  bool     // triggered by sightings
	negated   bool     // has a not
	lasting   bool     // reads values, status or absence of devices
	counted   []counted
	empty     [][]int64 // what a subject that is not there has counted
	compares  []compare
	watch     map[string][]watcher // by property

	subjects map[string]*subject
	once     map[string]*repeat
	passages map[string]*passages

	onceChanged map[string]bool // since Saved
	passChanged map[string]bool
}

// counted is one count condition: which happenings it counts.
type counted struct {
	*Count
	test func(*moment) bool
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
		onceChanged: map[string]bool{},
		passChanged: map[string]bool{},
	}
	if c.Fresh <= 0 {
		c.Fresh = DefaultFresh
	}
	c.hash = contentHash(c.Rule)
	c.props = r.Properties()
	look := func(x Condition) {
		c.status = c.status || x.Status != nil
		c.negated = c.negated || x.Not != nil
		c.sighting = c.sighting || x.Sighting != nil
		c.lasting = c.lasting || x.Status != nil || x.Compare != nil || x.Absent != nil
		if x.Compare != nil {
			c.compares = append(c.compares, compare{x.Compare.Property, x.Compare.test()})
		}
		if w := x.watcher(int64(c.Fresh)); w != nil {
			c.watch[x.property()] = append(c.watch[x.property()], w)
		}
	}
	r.When.walk(look)
	c.when = c.compile(r.When, yes)
	if r.Clear.When != nil {
		r.Clear.When.walk(look)
		c.clearWhen = c.compile(*r.Clear.When, no)
	}
	c.empty = make([][]int64, len(c.counted))
	return c
}

// watcher is nil where the condition reads no property.
func (c Condition) watcher(fresh int64) watcher {
	switch {
	case c.Compare != nil:
		test := c.Compare.test()
		return func(s *slot, resumed int64) bool {
			return s.was.Kind() == g.None || s.at >= max(s.wasAt, resumed)+fresh ||
				test(s.v) != test(s.was)
		}
	case c.Absent != nil:
		return func(s *slot, resumed int64) bool {
			return s.was.Kind() == g.None || s.at >= max(s.wasAt, resumed)+int64(c.Absent.For)
		}
	case c.Change != nil:
		return func(s *slot, _ int64) bool { return s.v != s.was }
	}
	return nil
}

// contentHash covers what decides whether the rule fires; a new title keeps the state.
func contentHash(r Rule) string {
	b, _ := json.Marshal(struct {
		Where  Where
		Per    Subject
		When   Condition
		For    time.Duration
		Fresh  time.Duration
		Clear  Clear
		Unless *Unless
		Once   Once
	}{r.Where, r.Per, r.When, r.For, r.Fresh, r.Clear, r.Unless, r.Once})
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:12])
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
func (p Subject) key(d *device, zone g.ZoneID, s *g.Sighting) string {
	switch p {
	case PerDevice:
		return string(d.ID)
	case PerZone:
		return string(zone)
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

func (w Where) matches(d *device, zone g.ZoneID, kind g.ZoneKind) bool {
	return within(w.School, d.School) && within(w.Zone, zone) && within(w.ZoneKind, kind) &&
		within(w.Device, d.ID) &&
		within(w.Profile, d.Profile) && within(w.Type, d.Type) && within(w.Driver, d.Driver)
}

func within[T comparable](list []T, x T) bool { return len(list) == 0 || slices.Contains(list, x) }
