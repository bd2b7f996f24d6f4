// Package people is the API of people: their pages, imports, consent, cards, faces, and the
// pictures of unknown people.
//
// It computes no face templates itself: Needs.Faces does. It refuses to show a child's page without
// a reason where the registry asks for one.
package people

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/people"
)

// Faces turns a photograph into a template. A photograph that will not do is refused with an
// Invalid error that says why.
type Faces interface {
	Enrol(ctx context.Context, photo []byte) (Portrait, error)
}

// Media reads, keeps and destroys evidence.
type Media interface {
	Open(ctx context.Context, school g.SchoolID, id g.MediaID) (jpeg []byte, err error)

	// Face is the face measured on the track of a picture; NotFound if it is gone.
	Face(ctx context.Context, school g.SchoolID, id g.MediaID) (TrackFace, error)

	// Keep exempts a picture from expiry; NotFound if it has expired.
	Keep(school g.SchoolID, id g.MediaID) error

	// Delete destroys one picture.
	Delete(school g.SchoolID, id g.MediaID) error
}

// Portrait is what a photograph shows of a face.
type Portrait struct {
	TrackFace
	Covered []string // "mouth", "eyes": seem to be covered
}

// TrackFace is what the frames of one track measured of one face.
type TrackFace struct {
	Embedding []float32
	Model     string
	Quality   float64 // 0…1
}

// Likeness is what a face that is to be enrolled looks like; scores are cosines, -1 for nobody.
type Likeness struct {
	Enrolled bool       // the person has a template already
	Own      float64    // best score against the person's own templates
	Unlike   bool       // Own is too low for the same person
	Other    g.PersonID // who else of the school looks most like it; "" where nobody does
	Score    float64    // best score against Other's templates
	Alike    bool       // Score is so high that it may be Other
}

// Needs is what the operations are built from; operations whose part is nil return unavailable.
type Needs struct {
	Faces   Faces
	Media   Media
	Compare func(ctx context.Context, school g.SchoolID, person g.PersonID, f TrackFace) (Likeness, error)
	Model   func() string // the face model in use; "" until it is known
}

// area is what the operations use.
type area struct {
	*gate.Gate
	needs   Needs
	imports imports
}

// Register adds the operations.
func Register(r *gate.Gate, n Needs) {
	s := &area{Gate: r, needs: n}
	s.Words(words)
	s.AtLast(func(d *gate.Schemas) {
		d.Items("EnrolInput", "answers", gate.MaxWord)
		d.OneOf("ImportLine", "action", "create", "update", "same", "skip", "error", "leave")
		d.OneOf("ImportReport", "mapping", "given", "remembered", "guessed")
		var modes []string
		for _, m := range people.ImportModes() {
			modes = append(modes, string(m))
		}
		d.OneOf("ImportReport", "mode", modes...)
	})
	s.registerPeople()
	s.registerPasses()
	s.registerPictures()
}
