package app

import (
	"context"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// MaxPictureLife is the longest that media.keep_for counts: pictures of unknown people live for
// hours. Whoever needs one longer keeps it by name, with a reason and an end.
const MaxPictureLife = 72 * time.Hour

// pictureLife is how long a picture lives that nobody keeps.
func (c *Config) pictureLife() time.Duration { return min(c.Media.KeepFor, MaxPictureLife) }

// pictures knows which schools keep pictures of unknown people.
type pictures struct {
	view *registry.View

	mu  sync.Mutex
	off map[g.SchoolID]bool // what was asked for already
}

// allowed says whether the school keeps pictures. Where that cannot be read, it does not.
func (p *pictures) allowed(school g.SchoolID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	off, known := p.off[school]
	if known {
		return !off
	}
	on, err := p.view.Places.PicturesTaken(context.Background(), school)
	if err != nil {
		return false // it is asked for again
	}
	if p.off == nil {
		p.off = map[g.SchoolID]bool{}
	}
	p.off[school] = !on
	return on
}

// changed forgets what was asked for.
func (p *pictures) changed(c registry.Change) {
	if c.Kind != "setting" && c.Kind != "school" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.off)
}

// expirePictures destroys pictures whose time has come: those that nobody keeps after their
// hours, kept ones after their day, and all of schools that keep none.
func (a *App) expirePictures(ctx context.Context, view *registry.View, now time.Time) error {
	if n, err := a.media.Expire(now.Add(-a.cfg.pictureLife())); err != nil {
		return err
	} else if n > 0 {
		a.log.Info("expired pictures", "folders", n)
	}
	for _, school := range a.directory.SchoolIDs() {
		if a.pictures.allowed(school) {
			continue
		}
		if err := a.media.Forget(school); err != nil {
			return err
		}
	}
	if _, err := view.Alerts.LapsePictures(ctx, now); err != nil {
		return err
	}
	kept, err := view.Alerts.KeptPictures(ctx, "")
	if err != nil {
		return err
	}
	wanted := map[g.MediaID]bool{}
	for _, k := range kept {
		wanted[k.Media] = true
	}
	return a.media.Sweep(func(_ g.SchoolID, id g.MediaID) bool { return wanted[id] })
}

// compare holds a face that is to be enrolled against the school's templates.
func (a *App) compare(
	ctx context.Context, school g.SchoolID, person g.PersonID, f api.TrackFace,
) (api.Likeness, error) {
	l, err := a.identify.Compare(ctx, school, person, f.Model, f.Embedding)
	return api.Likeness{
		Enrolled: l.Enrolled,
		Own:      l.Own,
		Unlike:   l.Unlike,
		Other:    l.Other,
		Score:    l.Score,
		Alike:    l.Alike,
	}, err
}

// recorded is what the API says of how long things are kept.
func (a *App) recorded() api.Keeping {
	return api.Keeping{
		Pictures:  a.cfg.pictureLife(),
		History:   a.cfg.History.KeepFor,
		Journal:   a.cfg.Journal.MaxAge,
		Telemetry: a.longestTelemetry(),
		Model:     a.faceModel(),
	}
}

func (a *App) longestTelemetry() time.Duration {
	longest := time.Duration(0)
	for _, d := range a.cfg.Telemetry.Classes {
		longest = max(longest, d)
	}
	return longest
}

// pictureStore is the media store as the API sees it.
type pictureStore struct{ a *App }

func (p pictureStore) Open(ctx context.Context, school g.SchoolID, id g.MediaID) ([]byte, error) {
	return p.a.media.Open(ctx, school, id)
}

func (p pictureStore) Face(
	ctx context.Context, school g.SchoolID, id g.MediaID,
) (api.TrackFace, error) {
	f, err := p.a.media.Face(ctx, school, id)
	return api.TrackFace{Embedding: f.Embedding, Model: f.Model, Quality: f.Quality}, err
}

func (p pictureStore) Keep(school g.SchoolID, id g.MediaID) error {
	return p.a.media.Keep(school, id)
}

func (p pictureStore) Delete(school g.SchoolID, id g.MediaID) error {
	return p.a.media.Delete(school, id)
}

func (p pictureStore) Forget(school g.SchoolID) error { return p.a.media.Forget(school) }
