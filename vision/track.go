package vision

import (
	"sort"
	"strconv"
	"time"
)

// Bounds of tracking.
const (
	MaxTracks = 64              // faces followed at once in one camera's view; further ones wait
	MaxFaces  = 16              // faces looked at in one frame, the largest first
	Linger    = 3 * time.Second // a face unseen for longer has left
	Settled   = 10              // good frames after which a track is reported a second time

	overlaps   = 0.3         // IoU from which a face may be a track's
	resumes    = 0.45        // cosine from which a face without overlap is a track's
	strangeMax = 2           // frames in a row that may be unlike the track before it is split
	refresh    = time.Second // a settled, lonely face is embedded this often
)

// Seen is one face of one frame, with what was made of it.
type Seen struct {
	Face      Face
	Measure   Measure
	Quality   float64   // 0…1
	Fault     Fault     // why there is no embedding; "" where there is one, or none was wanted
	Embedding []float32 // unit length, or nil
}

// Report says that a track has a verdict worth telling.
type Report struct {
	Track   string
	Seen    Seen // the face in the frame at hand
	Verdict Verdict
	Nth     int // 1 for the track's first report
}

// Tracker follows the faces of one camera. It has one owner at a time and asks no clock.
//
// A face belongs to the track that it overlaps and is not unlike, or, after a jump, to the
// one that it is like. A track is reported when MinFrames good frames agree, once more when
// it has Settled of them, and from then on every repeat while it lasts.
type Tracker struct {
	prefix string
	repeat time.Duration
	tracks []*track // oldest first
	next   int
}

type track struct {
	id       string
	box      Box
	seen     time.Time // last
	embedded time.Time // last good frame
	vote     Vote
	strange  int // frames in a row unlike it
	reports  int
	reported time.Time
}

// NewTracker makes one whose tracks are named prefix-1, prefix-2 and so on.
func NewTracker(prefix string, repeat time.Duration) *Tracker {
	return &Tracker{prefix: prefix, repeat: repeat}
}

// InView is the number of faces that have not left.
func (t *Tracker) InView() int { return len(t.tracks) }

// Wants says whether a face should be embedded: always, but for one that can only be a
// settled track's and was embedded a moment ago.
func (t *Tracker) Wants(now time.Time, f Face) bool {
	var mine *track
	for _, k := range t.tracks {
		switch iou := k.box.IoU(f.Box); {
		case iou >= 0.5 && mine == nil:
			mine = k
		case iou > 0.1:
			return true
		}
	}
	return mine == nil || mine.strange > 0 || mine.vote.Frames() < Settled ||
		now.Sub(mine.embedded) >= refresh
}

// Update takes the faces of the next frame and returns what is to be told. Frames come in
// the order of time.
func (t *Tracker) Update(now time.Time, faces []Seen) []Report {
	if len(faces) > MaxFaces {
		faces = faces[:MaxFaces]
	}
	t.expire(now)
	var out []Report
	for i, k := range t.assign(faces) {
		s := faces[i]
		if k == nil {
			if k = t.begin(); k == nil {
				continue
			}
		}
		k.box, k.seen = s.Face.Box, now
		if len(s.Embedding) == 0 {
			continue
		}
		if k.vote.Frames() > 0 && k.vote.likeness(s.Embedding) < otherInTrack {
			k.strange++
			continue
		}
		k.strange, k.embedded = 0, now
		k.vote.Add(s.Embedding, s.Quality)
		if v, ok := k.due(now, t.repeat); ok {
			k.reports++
			k.reported = now
			out = append(out, Report{
				Track:   k.id,
				Seen:    s,
				Verdict: v,
				Nth:     k.reports,
			})
		}
	}
	return out
}

func (t *Tracker) expire(now time.Time) {
	keep := t.tracks[:0]
	for _, k := range t.tracks {
		if now.Sub(k.seen) <= Linger {
			keep = append(keep, k)
		}
	}
	clear(t.tracks[len(keep):])
	t.tracks = keep
}

// begin starts a track, or returns nil where there are MaxTracks.
func (t *Tracker) begin() *track {
	if len(t.tracks) >= MaxTracks {
		return nil
	}
	t.next++
	k := &track{id: t.prefix + "-" + strconv.Itoa(t.next)}
	t.tracks = append(t.tracks, k)
	return k
}

// assign pairs faces with tracks, best pairs first; a face without a track gets nil.
func (t *Tracker) assign(faces []Seen) []*track {
	type pair struct {
		face  int
		track *track
		score float64
	}
	var pairs []pair
	for i, s := range faces {
		for _, k := range t.tracks {
			if score, ok := k.fits(s); ok {
				pairs = append(pairs, pair{i, k, score})
			}
		}
	}
	sort.SliceStable(pairs, func(i, j int) bool { return pairs[i].score > pairs[j].score })
	out := make([]*track, len(faces))
	taken := map[*track]bool{}
	for _, p := range pairs {
		if out[p.face] == nil && !taken[p.track] {
			out[p.face] = p.track
			taken[p.track] = true
		}
	}
	return out
}

// fits scores a face for a track. An unlike face may still be the track's, seen badly; it
// comes after every other and only so many times in a row.
func (k *track) fits(s Seen) (score float64, ok bool) {
	iou := k.box.IoU(s.Face.Box)
	if len(s.Embedding) == 0 || k.vote.Frames() == 0 {
		return iou, iou >= overlaps
	}
	like := k.vote.likeness(s.Embedding)
	switch {
	case like >= resumes:
		return 1 + iou + like, true
	case like < otherInTrack:
		return iou - 1, iou >= overlaps && k.strange < strangeMax
	}
	return iou, iou >= overlaps
}

// due says whether the track has something to tell now.
func (k *track) due(now time.Time, repeat time.Duration) (Verdict, bool) {
	if k.reports > 0 && now.Sub(k.reported) < repeat &&
		!(k.reports == 1 && k.vote.Frames() >= Settled) {
		return Verdict{}, false
	}
	return k.vote.Verdict()
}
