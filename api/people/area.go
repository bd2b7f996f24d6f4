// Package people is what the API offers of people: their pages, imports, consent, cards, faces,
// and the pictures of those whom nobody knows.
//
// It refuses to measure a face, and to show a child's page without a reason where one is needed:
// the registry asks for it.
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

	// Face is what the track of a picture measured, or NotFound where that is gone.
	Face(ctx context.Context, school g.SchoolID, id g.MediaID) (TrackFace, error)

	// Keep takes a picture out of those that expire by themselves; NotFound where it has.
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
	Own      float64    // of the person's templates
	Unlike   bool       // so little that it is hardly the same person
	Other    g.PersonID // who else of the school looks most like it; "" where nobody does
	Score    float64    // of that one
	Alike    bool       // so much that it may be that one
}

// Needs is what the operations are built from; where a part is nil, what needs it answers
// unavailable.
type Needs struct {
	Faces   Faces
	Media   Media
	Compare func(ctx context.Context, school g.SchoolID, person g.PersonID, f TrackFace) (Likeness, error)
	Model   func() string // what measures faces now; "" until a camera has shown one
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
