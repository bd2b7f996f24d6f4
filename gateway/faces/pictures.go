package faces

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/media"
	"github.com/gatehouse-iot/gatehouse/registry/deeds"
)

// Pictures is the media store in the API's types.
type Pictures struct{ *media.Store }

// Face is the face measured on the track of a picture.
func (p Pictures) Face(
	ctx context.Context, school g.SchoolID, id g.MediaID,
) (deeds.TrackFace, error) {
	f, err := p.Store.Face(ctx, school, id)
	return deeds.TrackFace{
		Embedding: f.Embedding,
		Model:     f.Model,
		Quality:   f.Quality,
	}, err
}
