package vision

import (
	"sort"
	"strconv"
	"time"
)

// Limits of tracking.
const (
	MaxTracks = 64              // faces followed at once by one camera; further ones are ignored
	MaxFaces  = 16              // faces considered in one frame, the largest first
	Linger    = 3 * time.Second // a track ends when its face is unseen for longer
	Settled   = 10              // good frames after which a track is reported a second time

	overlaps   = 0.3         // IoU from which a face may belong to a track
	resumes    = 0.45        // cosine from which a face belongs to a track without overlap
	strangeMax = 2           // consecutive frames unlike the track before it is split
	refresh    = time.Second // how often the face of a settled track without neighbours is embedded
)

// Seen is one face of one frame and what was found out about it.
type Seen struct {
	Face      Face
	Measure   Measure
	Quality   float64   // 0…1
	Fault     Fault     // why there is no embedding; "" if there is one or none was wanted
	Embedding []float32 // unit length, or nil
}

// Report is a track's verdict that is to be passed on.
type Report struct {
	Track   string
	Seen    Seen // the face in the current frame
	Verdict Verdict
	Nth     int // 1 for the track's first report
}

// Tracker follows the faces of one camera. It is not safe for concurrent use; the caller passes the
// time.
//
// A face belongs to the track that it overlaps and is not unlike or, after a jump, to the one that
// it is like. A track is reported when MinFrames good frames agree, again when it has Settled of
// them, and then once every repeat while it lasts.
type Tracker struct {
	prefix string
	repeat time.Duration
	tracks []*track // oldest first
	next   int
}

type track struct {
	id       string
	box      Box
	seen     time.Time // last seen
	embedded time.Time // last good frame
	vote     Vote
	strange  int // consecutive frames unlike it
	reports  int
	reported time.Time
}

// NewTracker returns a tracker whose tracks are named prefix-1, prefix-2 and so on.
func NewTracker(prefix string, repeat time.Duration) *Tracker {
	return &Tracker{
		prefix: prefix,
		repeat: repeat,
	}
}

// InView is the number of tracks that have not ended.
func (t *Tracker) InView() int { return len(t.tracks) }

// Wants reports whether a face should be embedded: always, unless it can only be that of a settled
// track that was embedded less than a second ago.
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

// Update takes the faces of the next frame and returns the reports that are due. Frames come in
// order of time.
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

// begin starts a track; nil if there are MaxTracks.
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

// fits scores a face for a track. A face unlike the track may still be its own, badly seen: it
// ranks after all others, and at most strangeMax times in a row.
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

// due returns the verdict if the track is to be reported now.
func (k *track) due(now time.Time, repeat time.Duration) (Verdict, bool) {
	if k.reports > 0 && now.Sub(k.reported) < repeat &&
		!(k.reports == 1 && k.vote.Frames() >= Settled) {
		return Verdict{}, false
	}
	return k.vote.Verdict()
}
