package faces

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/gateway/media"
)

// Pictures are those that are kept, as the API sees them.
type Pictures struct{ *media.Store }

// Face is what the track of a picture measured, in the API's words.
func (p Pictures) Face(
	ctx context.Context, school g.SchoolID, id g.MediaID,
) (api.TrackFace, error) {
	f, err := p.Store.Face(ctx, school, id)
	return api.TrackFace{Embedding: f.Embedding, Model: f.Model, Quality: f.Quality}, err
}
