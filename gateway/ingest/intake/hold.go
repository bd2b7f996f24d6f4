package intake

import (
	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/strangers"
)

// hold tells the place where strangers wait what a sighting means for it: a passage, a track
// that is known after all, or a face that may be a stranger's. The picture goes nowhere else.
func (in *Intake) hold(e *g.Event, s *g.Sighting) {
	switch {
	case passage(s):
		in.Strangers.Pass(e.School, s.Zone, e.Time, e.Received)
	case s.Method == g.ByFace && s.Person != "":
		in.Strangers.Known(e.Device, s.Track)
	case s.Method == g.ByFace && len(s.Snapshot) > 0 && perhapsStranger(s.Match) &&
		in.pictures(e.School):
		in.Strangers.Hold(strangers.Look{
			School:    e.School,
			Zone:      s.Zone,
			Device:    e.Device,
			Track:     s.Track,
			Sighting:  s.ID,
			At:        e.Time,
			Picture:   s.Snapshot,
			Embedding: s.Embedding,
			Model:     s.Model,
			Quality:   quality(s.Match),
		}, e.Received)
	}
}

// passage says whether somebody of the school passed by other means than a camera's: also one
// whose face a terminal knows and may not use.
func passage(s *g.Sighting) bool {
	if s.Method == g.ByFace {
		return s.Person == "" && s.Match != nil && s.Match.Reason == g.MatchNoConsent
	}
	return s.Person != ""
}

// perhapsStranger is false of a face that lies between people of the school, and of one that
// could be compared with nobody: not matched is not a stranger.
func perhapsStranger(m *g.Match) bool {
	if m == nil {
		return false
	}
	switch m.Reason {
	case g.MatchLowMargin, g.MatchLookAlike, g.MatchWrongModel, g.MatchNoConsent:
		return false
	}
	return true
}

func quality(m *g.Match) float64 {
	if m == nil {
		return 0
	}
	return m.Quality
}

func (in *Intake) pictures(school g.SchoolID) bool {
	return in.Pictures == nil || in.Pictures(school)
}
