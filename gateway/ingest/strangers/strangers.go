// Package strangers holds in memory what cameras saw of faces that nobody knows, until it is
// settled whether somebody was a stranger. A child without consent who shows a card is not
// matched and is no stranger: of such a child nothing ever leaves this memory. It writes
// nothing by itself, knows no names, and judges nobody: the rules say who is a stranger.
package strangers

import (
	"container/list"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Limits of a Place.
const (
	// Near is how close in time to a track a card, code or manual passage at the same place must
	// lie for the track's picture to be dropped.
	Near = 10 * time.Second
	// Patience is how long after its last look a track waits for the rules. A gateway whose
	// rules are further behind keeps no pictures of that time.
	Patience = 2 * time.Minute

	MaxTracks   = 1024     // held at once; beyond that the least recently seen is dropped
	MaxBytes    = 64 << 20 // of their pictures; likewise
	maxPassages = 256      // remembered of one place; the oldest goes
)

// Look is one report of a track whose face nobody knows.
type Look struct {
	School    g.SchoolID
	Zone      g.ZoneID
	Device    g.DeviceID
	Track     string
	Sighting  g.SightingID
	At        time.Time // when it was seen, by the device's clock
	Picture   []byte
	Embedding []float32
	Model     string
	Quality   float64
}

// Finding is what came of asking for a sighting's picture.
type Finding int

// The findings.
const (
	Nothing Finding = iota // it is not held: never was, was dropped, or the gateway was restarted
	Wait                   // it is too early to say
	Passed                 // a card, code or manual passage lies near: there will be no picture
	Stands                 // it is a stranger's
)

// Place is where looks wait. After a restart it is empty: pictures that waited are lost, and
// their alerts stand without one. It is safe for concurrent use; the zero Place is ready.
type Place struct {
	mu       sync.Mutex
	order    list.List // of *held, the least recently seen first
	tracks   map[trackKey]*list.Element
	sighting map[g.SightingID]*list.Element
	bytes    int
	passages map[spot][]passage
	lost     uint64
}

type trackKey struct {
	device g.DeviceID
	track  string
}

type spot struct {
	school g.SchoolID
	zone   g.ZoneID
}

// held is a track with its best look.
type held struct {
	key         trackKey
	spot        spot
	sightings   []g.SightingID
	first, last time.Time // by the device's clock
	begun, seen time.Time // the same by the gateway's
	best        Look
}

type passage struct{ at, seen time.Time }

// Hold adds a look. Only the best look of a track is kept.
func (p *Place) Hold(l Look, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ready()
	p.expire(now)
	key := trackKey{l.Device, l.Track}
	if l.Track == "" {
		key.track = string(l.Sighting)
	}
	e := p.tracks[key]
	if e == nil {
		e = p.order.PushBack(&held{
			key:   key,
			spot:  spot{l.School, l.Zone},
			first: l.At,
			begun: now,
		})
		p.tracks[key] = e
	}
	h := e.Value.(*held)
	h.sightings, h.last, h.seen = append(h.sightings, l.Sighting), l.At, now
	if n := len(h.sightings); n > 16 { // the first is the one that an alert refers to
		delete(p.sighting, h.sightings[1])
		h.sightings = append(h.sightings[:1], h.sightings[2:]...)
	}
	p.sighting[l.Sighting] = e
	if h.best.Picture == nil || l.Quality >= h.best.Quality {
		p.bytes += len(l.Picture) - len(h.best.Picture)
		h.best = l
	}
	p.order.MoveToBack(e)
	for p.order.Len() > MaxTracks || p.bytes > MaxBytes {
		p.drop(p.order.Front())
		p.lost++
	}
}

// Known drops a track whose face was recognised after all.
func (p *Place) Known(device g.DeviceID, track string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.tracks[trackKey{device, track}]; e != nil && track != "" {
		p.drop(e)
	}
}

// Pass notes that somebody passed at a place by card, code or manual entry.
func (p *Place) Pass(school g.SchoolID, zone g.ZoneID, at, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ready()
	s := spot{school, zone}
	list := append(p.passages[s], passage{at, now})
	p.passages[s] = list[max(0, len(list)-maxPassages):]
	p.prune(s, now)
}

// Settle returns the finding for a sighting and, where it is Stands, the best look of its track.
// The track is then dropped, unless the finding is Wait.
func (p *Place) Settle(id g.SightingID, now time.Time) (Look, Finding) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ready()
	p.expire(now)
	e := p.sighting[id]
	if e == nil {
		return Look{}, Nothing
	}
	h := e.Value.(*held)
	if p.passed(h) {
		p.drop(e)
		return Look{}, Passed
	}
	if now.Sub(h.begun) < Near {
		return Look{}, Wait
	}
	p.drop(e)
	return h.best, Stands
}

// Expire forgets what has waited long enough. Call it now and then: Hold and Settle do the same
// for tracks, but there are hours in which nothing happens.
func (p *Place) Expire(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expire(now)
	for s := range p.passages {
		p.prune(s, now)
	}
}

// Stat is how many tracks and bytes of pictures are held, and how many tracks gave way to
// newer ones since the start.
func (p *Place) Stat() (tracks, bytes int, lost uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.order.Len(), p.bytes, p.lost
}

func (p *Place) ready() {
	if p.tracks == nil {
		p.tracks = map[trackKey]*list.Element{}
		p.sighting = map[g.SightingID]*list.Element{}
		p.passages = map[spot][]passage{}
	}
}

// passed says whether a passage lies near the track, by the devices' clocks or by the
// gateway's: two devices need not agree on the time.
func (p *Place) passed(h *held) bool {
	for _, x := range p.passages[h.spot] {
		if near(x.at, h.first, h.last) || near(x.seen, h.begun, h.seen) {
			return true
		}
	}
	return false
}

func near(at, from, to time.Time) bool {
	return !at.Before(from.Add(-Near)) && !at.After(to.Add(Near))
}

func (p *Place) expire(now time.Time) {
	for e := p.order.Front(); e != nil && now.Sub(e.Value.(*held).seen) > Patience; e = p.order.Front() {
		p.drop(e)
	}
}

// prune forgets passages at one place that are too old to lie near a track that is still held.
func (p *Place) prune(s spot, now time.Time) {
	list, i := p.passages[s], 0
	for i < len(list) && now.Sub(list[i].seen) > Patience+Near {
		i++
	}
	if i == len(list) {
		delete(p.passages, s)
		return
	}
	p.passages[s] = list[i:]
}

// drop forgets a track.
func (p *Place) drop(e *list.Element) {
	h := p.order.Remove(e).(*held)
	delete(p.tracks, h.key)
	for _, id := range h.sightings {
		delete(p.sighting, id)
	}
	p.bytes -= len(h.best.Picture)
}
