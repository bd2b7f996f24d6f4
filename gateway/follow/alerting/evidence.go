package alerting

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/strangers"
	"github.com/gatehouse-iot/gatehouse/gateway/media"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// maxUnsettled bounds the alerts that wait for a decision on their picture. Beyond it the oldest
// one goes without a picture.
const maxUnsettled = 1024

// evidence attaches pictures of strangers to alerts. Only the rules' reader uses it.
type evidence struct {
	opt       Options
	unsettled []unsettled
	settled   []written // newest last, at most maxUnsettled, for other rules that report the stranger
}

// written is a stored picture and its sighting.
type written struct {
	sighting g.SightingID
	media    g.MediaID
}

type unsettled struct {
	alert    g.AlertID
	school   g.SchoolID
	sighting g.SightingID
	media    g.MediaID // once it is stored
}

// attach adds pictures to alerts before they are stored, if the picture is decided on already, as
// it is for a rule that waits for passages. It is idempotent.
func (v *evidence) attach(effects []rules.Effect) {
	for _, e := range effects {
		a := e.Alert
		if a == nil || a.Sighting == "" || a.Person != "" || a.Media != "" {
			continue
		}
		u := unsettled{
			alert:    a.ID,
			school:   a.School,
			sighting: a.Sighting,
		}
		if media, wait := v.settle(u); wait {
			v.wait(u)
		} else {
			a.Media = media
		}
	}
}

func (v *evidence) wait(u unsettled) {
	for _, x := range v.unsettled {
		if x == u {
			return
		}
	}
	v.unsettled = append(v.unsettled, u)
	v.unsettled = v.unsettled[max(0, len(v.unsettled)-maxUnsettled):]
}

// late attaches the pictures that had to wait, oldest first.
func (v *evidence) late(ctx context.Context) error {
	for len(v.unsettled) > 0 {
		u := &v.unsettled[0]
		if u.media == "" {
			wait := false
			if u.media, wait = v.settle(*u); wait {
				return nil // those behind it are newer
			}
		}
		if u.media != "" {
			if err := v.opt.View.Alerts.AttachPicture(ctx, u.alert, u.media); err != nil {
				return err
			}
		}
		v.unsettled = v.unsettled[1:]
	}
	return nil
}

// settle stores the picture of a stranger with its face template; wait: not decided yet.
func (v *evidence) settle(u unsettled) (id g.MediaID, wait bool) {
	for _, w := range v.settled {
		if w.sighting == u.sighting && v.opt.Allowed(u.school) {
			return w.media, false
		}
	}
	look, found := v.opt.Strangers.Settle(u.sighting, v.opt.Now())
	if found != strangers.Stands || !v.opt.Allowed(u.school) {
		return "", found == strangers.Wait
	}
	id, err := v.opt.Pictures.Put(look.School, v.opt.Now(), look.Picture)
	if err == nil && len(look.Embedding) > 0 && look.Model != "" {
		face := media.Face{
			Embedding: look.Embedding,
			Model:     look.Model,
			Quality:   look.Quality,
		}
		err = v.opt.Pictures.PutFace(look.School, id, face)
	}
	if err != nil {
		v.opt.Logger.Warn("a picture was not kept", "alert", u.alert, "error", err)
		return id, false
	}
	v.settled = append(v.settled, written{u.sighting, id})
	v.settled = v.settled[max(0, len(v.settled)-maxUnsettled):]
	return id, false
}
