package main

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// shape is a district and its year: who is seen where and when. Sighting i is a function of i, so
// that nothing needs to be stored.
type shape struct {
	schools, students, devices int
	year                       int // sightings of a whole year
	days                       []time.Time
}

// district has the size of the target: 110 million sightings in the school days of a year.
func district() shape {
	return shape{
		schools:  106,
		students: 35_000,
		devices:  11_074,
		year:     110_000_000,
		days:     schoolDays(),
	}
}

// schoolDays are the 190 working days from September 1st without October's week and the
// winter holidays, each at its midnight in China.
func schoolDays() (days []time.Time) {
	for d := time.Date(2025, 9, 1, 0, 0, 0, 0, time.FixedZone("CST", 8*3600)); len(days) < 190; d = d.AddDate(
		0, 0, 1) {
		at := d.Format("01-02")
		weekend := d.Weekday() == time.Saturday || d.Weekday() == time.Sunday
		if !weekend && (at < "10-01" || at > "10-07") && (at < "01-24" || at > "02-28") {
			days = append(days, d)
		}
	}
	return days
}

// part is the beginning of the year: the given number of sightings at the density of the whole
// year, so that a query returns as many rows as at full size.
type part struct {
	shape
	rows, days int
	schoolOf   []int        // by student
	firstOf    []int        // first device of each school, and the end
	people     []g.PersonID // by student; set once they are in the registry
}

func (s shape) part(rows int) *part {
	p := &part{
		shape: s,
		rows:  rows,
		days:  min(max(1, (rows*len(s.days)+s.year/2)/s.year), len(s.days)),
	}
	// The largest school is twice the average.
	bound := func(total, school int) int {
		return total * school * (school + 1) / (s.schools * (s.schools + 1))
	}
	for school := range s.schools {
		for range bound(s.students, school+1) - bound(s.students, school) {
			p.schoolOf = append(p.schoolOf, school)
		}
		// Three for each school, since the smallest has gates too; the rest by size.
		p.firstOf = append(p.firstOf, 3*school+bound(s.devices-3*s.schools, school))
	}
	p.firstOf = append(p.firstOf, s.devices)
	return p
}

// sighting is one row. student is -1 for an unknown person.
type sighting struct {
	student, school, device, day int
	at                           time.Time
	bits                         uint64
}

// sighting returns sighting i: in each round of the day every student passes once, in the first and
// last rounds at one of the school's three gates, otherwise anywhere in it. Time never goes back.
func (p *part) sighting(i int) sighting {
	perDay := (p.rows + p.days - 1) / p.days
	day, j := min(i/perDay, len(p.shape.days)-1), i%perDay
	round, last := j/p.students, (perDay-1)/p.students
	student := (j%p.students*7919 + round*101 + day*13) % p.students
	s := sighting{
		student: student,
		school:  p.schoolOf[student],
		day:     day,
		bits:    mix(uint64(i)),
	}
	first, n := p.firstOf[s.school], p.firstOf[s.school+1]-p.firstOf[s.school]
	if round == 0 || round == last {
		n = min(n, 3)
	}
	s.device = first + int(s.bits%uint64(n))
	if s.bits>>32%33 == 0 {
		s.student = -1
	}
	open := p.shape.days[day].Add(7 * time.Hour)
	s.at = open.Add(time.Duration(float64(10*time.Hour) * float64(j) / float64(perDay))).Truncate(
		time.Microsecond)
	return s
}

func mix(i uint64) uint64 {
	h := fnv.New64a()
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], i)
	h.Write(b[:])
	x := h.Sum64()
	return x ^ x>>29
}

func schoolID(n int) g.SchoolID { return g.SchoolID(fmt.Sprintf("sch_%04d", n)) }
func deviceID(n int) g.DeviceID { return g.DeviceID(fmt.Sprintf("dev_%012d", n)) }

// event is the event that the gateway would apply to the history.
func (p *part) event(i int) g.Event {
	s := p.sighting(i)
	e := g.Event{
		Seq:      uint64(i) + 1,
		Kind:     g.EventSighting,
		School:   schoolID(s.school),
		Device:   deviceID(s.device),
		Zone:     g.ZoneID(fmt.Sprintf("zon_%012d", s.device/4)),
		Time:     s.at,
		Received: s.at.Add(time.Duration(s.bits%800) * time.Millisecond),
	}
	seen := g.Sighting{
		Method:    g.ByCard,
		Direction: g.In,
		Zone:      e.Zone,
	}
	if s.student >= 0 {
		seen.Person = p.people[s.student]
	}
	if s.bits>>16%2 == 0 {
		score := 0.5 + float64(s.bits%500)/1000
		seen.Method = g.ByFace
		seen.Match = &g.Match{
			Score:    score,
			RunnerUp: score - 0.25,
			Margin:   0.25,
			Quality:  0.8,
			Frames:   5,
			Reason:   g.MatchFound,
		}
	}
	if s.bits>>17%2 == 0 {
		seen.Direction = g.Out
	}
	seen.ID = g.NewSightingID(
		e.Device,
		s.at,
		e.Seq,
		"bench",
		seen.Method,
	)
	e.Sighting = &seen
	return e
}
