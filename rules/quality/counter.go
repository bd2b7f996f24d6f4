// Package quality counts what is wrong with the data of each device on each day of its school
// (late, duplicate, unknown person, wrong clock, gaps, rejected) and says in words what that
// means and what to do. It has no clock and does no I/O; the same events, and the same state
// carried over a restart, give the same counts. It judges data and never a person.
package quality

import (
	"math"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Limits are what a school may choose.
type Limits struct {
	// a live observation received longer than this after its own time is late
	LateAfter time.Duration
	From, To  time.Duration // of the day, since local midnight: only silence between them is a gap
}

// DefaultLimits are 5 minutes, and the whole day.
func DefaultLimits() Limits { return Limits{LateAfter: 5 * time.Minute, To: 24 * time.Hour} }

const (
	shortestGap = time.Minute        // shorter silence loses nothing: devices keep what they saw
	longestGap  = 7 * 24 * time.Hour // whoever is silent for longer no longer counts as reporting
	memory      = 32                 // readings of a device that a repeat is known by
	maxDevices  = 200_000            // whose past is remembered; the least recently heard of go
	maxRows     = 200_000            // counted and not taken; Full says so
)

// Facts are what the counter asks of the fleet. Both are asked rarely.
type Facts struct {
	// Silence is how long the device may be silent; false: it is gone or disabled.
	Silence func(g.DeviceID) (time.Duration, bool)
	// Location is the school's time zone.
	Location func(g.SchoolID) *time.Location
}

// Counter is not safe for concurrent use.
type Counter struct {
	limits  Limits
	facts   Facts
	devices map[g.DeviceID]*device
	rows    map[key]*g.Quality
	days    map[g.SchoolID]*day
	taken   int          // how often Take was called
	changed [Shards]bool // shards of the state that differ from what was taken
}

type key struct {
	school g.SchoolID
	device g.DeviceID
	day    string
}

// device is what is remembered of one. Times are nanoseconds since 1970, 0 for none.
type device struct {
	id      g.DeviceID
	school  g.SchoolID
	heard   int64    // when it was last heard, live
	silent  int64    // since when it is known to be silent
	counted int64    // the end up to which that gap is in the rows
	newest  int64    // the newest own time of a reading
	recent  []uint64 // fingerprints of readings, the newest at next-1
	next    int

	shard    int
	row      *g.Quality // of the day from..to, while taken is the counter's
	from, to int64
	taken    int
	limit    int64 // silence
}

// day is the local day that a school last was in.
type day struct {
	name     string
	from, to int64
}

// New makes an empty counter.
func New(l Limits, f Facts) *Counter {
	return &Counter{
		limits:  l,
		facts:   f,
		devices: map[g.DeviceID]*device{},
		rows:    map[key]*g.Quality{},
		days:    map[g.SchoolID]*day{},
	}
}

// Reading counts a reading by its record's head alone, which is what most events are.
func (c *Counter) Reading(h g.EventHead) {
	if len(h.Device) == 0 || len(h.School) == 0 {
		return
	}
	d := c.device(h.Device, h.School)
	q := c.today(d, h.Received)
	q.Observations++
	own := h.Time != h.Received // the gateway's time stands in where the device has none
	if own && d.repeats(h.Time, fingerprint(h.Time, h.Rest)) {
		q.Duplicates++
	} else {
		c.timing(q, h.Time, h.Received, h.Replayed && !h.Late)
	}
	if h.SignOfLife() {
		c.hear(d, h.Received)
	}
	c.changed[d.shard] = true
}

// Observe counts a sighting, a state or a rejection; other events are passed over. repeated
// says that a sighting's id was received before.
func (c *Counter) Observe(e g.Event, repeated bool) {
	if e.Device == "" || e.School == "" ||
		e.Sighting == nil && e.Status == nil && e.Rejection == nil {
		return
	}
	d := c.device([]byte(e.Device), []byte(e.School))
	if e.Outdated(d.heard) {
		return
	}
	c.changed[d.shard] = true
	at := e.Received.UnixNano()
	switch {
	case e.Sighting != nil:
		c.sighting(c.today(d, at), e, repeated)
	case e.Rejection != nil:
		q := c.today(d, at)
		if t, ok := e.Rejection.ImpossibleTime(); ok {
			q.ClockRefused++
			q.Clock.Note(t.Sub(e.Received).Milliseconds())
		} else {
			q.Rejected++
		}
		return // anybody can name a device: a rejection is no sign of life
	case e.Status.State != g.StateOnline && e.Status.State != g.StateFault:
		if e.SignOfLife() {
			c.silence(d, e.Time.UnixNano(), at)
		}
		return
	}
	if e.SignOfLife() {
		c.hear(d, at)
	}
}

func (c *Counter) sighting(q *g.Quality, e g.Event, repeated bool) {
	q.Observations++
	if repeated {
		q.Duplicates++
		return
	}
	q.Sightings++
	s := e.Sighting
	switch {
	case s.Person != "":
	case s.Method == g.ByFace && s.Credential == "":
		q.Strangers++
	default:
		q.Unknown++
	}
	c.timing(q, e.Time.UnixNano(), e.Received.UnixNano(), e.Replayed && !e.Late)
}

func (c *Counter) timing(q *g.Quality, own, received int64, replayed bool) {
	if replayed {
		q.Replayed++
		return
	}
	if own == received || own == math.MinInt64 {
		return
	}
	q.Clock.Note((own - received) / int64(time.Millisecond))
	if received-own > int64(c.limits.LateAfter) {
		q.Late++
	}
}

// hear ends a silence, one that nobody had told of too.
func (c *Counter) hear(d *device, at int64) {
	if c.overdue(d, at) {
		d.silent = d.heard
	}
	if d.silent != 0 && at >= d.silent {
		c.count(d, at)
		d.silent, d.counted = 0, 0
	}
	d.heard = max(d.heard, at)
}

// silence begins one that somebody tells of at an instant: at the time that is told, or, where
// the device was overdue already, when it was last heard.
func (c *Counter) silence(d *device, since, at int64) {
	switch {
	case d.silent != 0 || d.heard == 0:
	case c.overdue(d, at):
		d.silent = d.heard
	default:
		d.silent = min(max(since, d.heard), max(at, d.heard))
	}
}

// overdue says that the device, which nobody called silent, has been so for too long.
func (c *Counter) overdue(d *device, at int64) bool {
	if d.limit == 0 {
		c.ask(d)
	}
	return d.silent == 0 && d.heard != 0 && d.limit > 0 && at-d.heard > d.limit
}

// Advance brings the gaps that are open up to now, and forgets when devices were heard that
// are gone or disabled. Call it only when every event so far has been counted; how often does
// not change what is counted in the end.
func (c *Counter) Advance(now time.Time) {
	for _, d := range c.devices {
		if d.heard == 0 {
			continue
		}
		if d.silent != 0 && d.counted < d.silent+int64(longestGap) && now.UnixNano() >= d.silent {
			c.count(d, now.UnixNano())
			c.changed[d.shard] = true
		}
		if _, registered := c.facts.Silence(d.id); !registered { // nobody waits for it
			d.silent = 0
			d.counted = 0
			d.heard = 0
			c.changed[d.shard] = true
		}
	}
}

// count makes what the rows hold of the open gap be that up to end.
func (c *Counter) count(d *device, end int64) {
	end = min(end, d.silent+int64(longestGap))
	if end == d.counted {
		return
	}
	if d.counted != 0 {
		c.span(d, d.counted, -1)
	}
	c.span(d, end, 1)
	d.counted = end
}

// span adds, or takes away, the gap from d.silent to end.
func (c *Counter) span(d *device, end, sign int64) {
	if end-d.silent < int64(shortestGap) {
		return
	}
	loc := c.facts.Location(d.school)
	for x, from, _ := g.DayOf(time.Unix(0, d.silent), loc); from.Before(time.Unix(0, end)); {
		opens, closes := x.Reach(c.limits.From, loc).UnixNano(), x.Reach(c.limits.To, loc).UnixNano()
		if seconds := (min(end, closes) - max(d.silent, opens)) / int64(time.Second); seconds > 0 {
			q := c.row(key{d.school, d.id, x.String()})
			q.Gaps += sign
			q.GapSeconds += sign * seconds
		}
		x = x.Add(1)
		from = x.Reach(0, loc)
	}
}

func (c *Counter) device(id, school []byte) *device {
	d := c.devices[g.DeviceID(id)]
	if d == nil {
		c.forget()
		d = &device{id: g.DeviceID(id), school: g.SchoolID(school), shard: shardOf(id)}
		c.devices[d.id] = d
	}
	if string(d.school) != string(school) { // it moved: what was open stays with where it was
		if d.silent != 0 {
			d.silent = 0
			d.counted = 0
			d.heard = 0
		}
		d.school, d.row = g.SchoolID(school), nil
	}
	return d
}

// forget makes room: of too many devices, the tenth least recently heard of goes.
func (c *Counter) forget() {
	if len(c.devices) < maxDevices {
		return
	}
	all := make([]*device, 0, len(c.devices))
	for _, d := range c.devices {
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b *device) int {
		switch {
		case a.heard != b.heard && a.heard < b.heard, a.heard == b.heard && a.id < b.id:
			return -1
		}
		return 1
	})
	for _, d := range all[:len(all)/10] {
		delete(c.devices, d.id)
		c.changed[d.shard] = true
	}
}

// today is the row of the device for the local day of an instant.
func (c *Counter) today(d *device, at int64) *g.Quality {
	if d.row != nil && d.taken == c.taken && at >= d.from && at < d.to {
		return d.row
	}
	x := c.days[d.school]
	if x == nil || at < x.from || at >= x.to {
		name, from, to := g.DayOf(time.Unix(0, at), c.facts.Location(d.school))
		x = &day{name.String(), from.UnixNano(), to.UnixNano()}
		c.days[d.school] = x
	}
	c.ask(d)
	d.row, d.from, d.to, d.taken = c.row(key{d.school, d.id, x.name}), x.from, x.to, c.taken
	return d.row
}

func (c *Counter) ask(d *device) {
	silence, _ := c.facts.Silence(d.id)
	d.limit = int64(silence)
}

func (c *Counter) row(k key) *g.Quality {
	q := c.rows[k]
	if q == nil {
		q = &g.Quality{School: k.school, Device: k.device, Day: k.day}
		c.rows[k] = q
	}
	return q
}

// Pending is how many rows have changed since Take.
func (c *Counter) Pending() int { return len(c.rows) }

// Full says that Take must be called before anything more is counted.
func (c *Counter) Full() bool { return len(c.rows) >= maxRows }

// Take answers what was counted since it was last called, by school, day and device, and the
// parts of the state that changed. What it answers must be kept before more is counted.
func (c *Counter) Take() (rows []g.Quality, state map[int][]byte) {
	for _, q := range c.rows {
		if !q.Empty() {
			rows = append(rows, *q)
		}
	}
	slices.SortFunc(rows, byKey)
	state = c.state()
	clear(c.rows)
	clear(c.days) // a school may get another time zone
	c.taken++
	c.changed = [Shards]bool{}
	return rows, state
}

// repeats says whether a reading with this time and content is among the last of the device,
// and remembers it.
func (d *device) repeats(own int64, print uint64) bool {
	if own <= d.newest && slices.Contains(d.recent, print) {
		return true
	}
	d.newest = max(d.newest, own)
	if len(d.recent) < memory {
		d.recent = append(d.recent, print)
		return false
	}
	d.recent[d.next] = print
	d.next = (d.next + 1) % memory
	return false
}

// fingerprint is FNV-1a, 64 bits, of a time and a content.
func fingerprint(at int64, content []byte) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for i := 0; i < 64; i += 8 {
		h = (h ^ uint64(byte(at>>i))) * prime
	}
	for _, b := range content {
		h = (h ^ uint64(b)) * prime
	}
	return h
}
