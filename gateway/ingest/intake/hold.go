package intake

import (
	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/strangers"
)

// hold passes a sighting on to Strangers: as a passage, as a track that was recognised after all,
// or as a face that may be a stranger's. The picture goes nowhere else.
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

// passage tells whether a person of the school passed and was recognised by something other than a
// camera. That includes a face that a terminal recognised and may not use for want of consent.
func passage(s *g.Sighting) bool {
	if s.Method == g.ByFace {
		return s.Person == "" && s.Match != nil && s.Match.Reason == g.MatchNoConsent
	}
	return s.Person != ""
}

// perhapsStranger is false for a face that resembles several people of the school, and for one that
// could not be compared with anybody: not matched does not mean a stranger.
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
