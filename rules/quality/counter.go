// Package quality counts the faults in each device's data for each day of its school (late,
// duplicate, unknown person, wrong clock, gaps, rejected), and says what they mean and what to do.
// It has no clock and does no I/O; the same events give the same counts, also if the state is
// restored after a restart. It judges data, never people.
package quality

import (
	"math"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Limits are a school's settings.
type Limits struct {
	// a live observation received more than this after its own time is late
	LateAfter time.Duration
	From, To  time.Duration // hours, as time since local midnight, in which silence counts as a gap
}

// DefaultLimits are 5 minutes and the whole day.
func DefaultLimits() Limits {
	return Limits{
		LateAfter: 5 * time.Minute,
		To:        24 * time.Hour,
	}
}

const (
	shortestGap = time.Minute        // shorter silence is no gap: devices buffer that much
	longestGap  = 7 * 24 * time.Hour // a gap ends here: the device no longer counts as reporting
	memory      = 32                 // readings of a device that are compared to detect repeats
	maxDevices  = 200_000            // devices remembered; see forget
	maxRows     = 200_000            // rows counted before Take; see Full
)

// Facts are what the counter needs to know about the devices. Both are called rarely.
type Facts struct {
	// Silence is how long the device may be silent; false: it is deleted or disabled.
	Silence func(g.DeviceID) (time.Duration, bool)
	// Location is the school's time zone.
	Location func(g.SchoolID) *time.Location
}

// Counter counts. It is not safe for concurrent use.
type Counter struct {
	limits  Limits
	facts   Facts
	devices map[g.DeviceID]*device
	rows    map[key]*g.Quality
	days    map[g.SchoolID]*day
	taken   int          // how often Take was called
	changed [Shards]bool // shards of the state that have changed since Take
}

type key struct {
	school g.SchoolID
	device g.DeviceID
	day    string
}

// device is the state kept for a device. Times are Unix nanoseconds, 0 for none.
type device struct {
	id      g.DeviceID
	school  g.SchoolID
	heard   int64    // last live sign of life
	silent  int64    // start of the open gap
	counted int64    // end of the part of that gap that is counted in the rows
	newest  int64    // newest timestamp of a reading
	recent  []uint64 // ring of fingerprints of readings, the newest at next-1
	next    int

	shard    int
	row      *g.Quality // row of the day from..to, valid while taken equals the counter's
	from, to int64
	taken    int
	limit    int64 // silence allowed; 0 not asked yet
}

// day is the last local day looked up for a school.
type day struct {
	name     string
	from, to int64
}

// New returns an empty counter.
func New(l Limits, f Facts) *Counter {
	return &Counter{
		limits:  l,
		facts:   f,
		devices: map[g.DeviceID]*device{},
		rows:    map[key]*g.Quality{},
		days:    map[g.SchoolID]*day{},
	}
}

// Reading counts a reading by its record's head, without decoding the values: most events are
// readings.
func (c *Counter) Reading(h g.EventHead) {
	if len(h.Device) == 0 || len(h.School) == 0 {
		return
	}
	d := c.device(h.Device, h.School)
	q := c.today(d, h.Received)
	q.Observations++
	own := h.Time != h.Received // a device without a clock gets the gateway's time
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

// Observe counts a sighting, a status or a rejection; it ignores other events. repeated means that
// the sighting's ID was received before.
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
			if !e.Rejection.Partial { // else all but the time was admitted
				q.ClockRefused++
			}
			q.Clock.Note(t.Sub(e.Received).Milliseconds())
		} else {
			q.Rejected++
		}
		return // anybody can name a device, so a rejection is no sign of life
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

// hear ends the gap, including one that no event has announced.
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

// silence opens a gap that an event at the given instant announces: from since or, if the device
// was overdue already, from its last sign of life.
func (c *Counter) silence(d *device, since, at int64) {
	switch {
	case d.silent != 0 || d.heard == 0:
	case c.overdue(d, at):
		d.silent = d.heard
	default:
		d.silent = min(max(since, d.heard), max(at, d.heard))
	}
}

// overdue reports whether a device without an open gap has been silent for longer than allowed.
func (c *Counter) overdue(d *device, at int64) bool {
	if d.limit == 0 {
		c.ask(d)
	}
	return d.silent == 0 && d.heard != 0 && d.limit > 0 && at-d.heard > d.limit
}

// Advance counts the open gaps up to now, and forgets when deleted or disabled devices were last
// heard. Call it only when all events so far have been counted; how often does not change the
// result.
func (c *Counter) Advance(now time.Time) {
	for _, d := range c.devices {
		if d.heard == 0 {
			continue
		}
		if d.silent != 0 && d.counted < d.silent+int64(longestGap) && now.UnixNano() >= d.silent {
			c.count(d, now.UnixNano())
			c.changed[d.shard] = true
		}
		if _, registered := c.facts.Silence(d.id); !registered { // nobody expects it to report
			d.silent = 0
			d.counted = 0
			d.heard = 0
			c.changed[d.shard] = true
		}
	}
}

// count sets the open gap in the rows to end at end.
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

// span adds (sign 1) or subtracts (-1) the gap from d.silent to end, split into days.
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
		d = &device{
			id:     g.DeviceID(id),
			school: g.SchoolID(school),
			shard:  shardOf(id),
		}
		c.devices[d.id] = d
	}
	if string(d.school) != string(school) { // it has moved: the open gap stays with the old school
		if d.silent != 0 {
			d.silent = 0
			d.counted = 0
			d.heard = 0
		}
		d.school, d.row = g.SchoolID(school), nil
	}
	return d
}

// forget evicts the least recently heard tenth if there are maxDevices devices.
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

// today is the device's row for the local day of an instant.
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
		q = &g.Quality{
			School: k.school,
			Device: k.device,
			Day:    k.day,
		}
		c.rows[k] = q
	}
	return q
}

// Pending is the number of rows changed since Take.
func (c *Counter) Pending() int { return len(c.rows) }

// Full reports that Take must be called before anything more is counted.
func (c *Counter) Full() bool { return len(c.rows) >= maxRows }

// Take returns the rows counted since the last call, sorted by school, day and device, and the
// shards of the state that have changed. The caller must store both before it counts more.
func (c *Counter) Take() (rows []g.Quality, state map[int][]byte) {
	for _, q := range c.rows {
		if !q.Empty() {
			rows = append(rows, *q)
		}
	}
	slices.SortFunc(rows, byKey)
	state = c.state()
	clear(c.rows)
	clear(c.days) // time zones may change
	c.taken++
	c.changed = [Shards]bool{}
	return rows, state
}

// repeats reports whether a reading with this time and content is among the device's last ones, and
// remembers it.
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

// fingerprint is the 64-bit FNV-1a hash of a time and a content.
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
