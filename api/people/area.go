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
	"github.com/gatehouse-iot/gatehouse/registry/deeds"
	"github.com/gatehouse-iot/gatehouse/registry/people"
)

// Faces turns a photograph into a template. A photograph that will not do is refused with an
// Invalid error that says why.
type Faces interface {
	Enrol(ctx context.Context, photo []byte) (deeds.Portrait, error)
}

// Media reads, keeps and destroys evidence.
type Media interface {
	deeds.Pictures

	// Face is the face measured on the track of a picture; NotFound if it is gone.
	Face(ctx context.Context, school g.SchoolID, id g.MediaID) (deeds.TrackFace, error)
}

// Needs is what the operations are built from; operations whose part is nil return unavailable.
type Needs struct {
	Faces   Faces
	Media   Media
	Compare deeds.Compare
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
