package alerting

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/strangers"
	"github.com/gatehouse-iot/gatehouse/gateway/media"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// maxUnsettled bounds the alerts whose picture cannot be decided on yet; the oldest goes
// without one.
const maxUnsettled = 1024

// evidence gives alerts the pictures of their strangers. The rules' reader alone owns it.
type evidence struct {
	opt       Options
	unsettled []unsettled
	settled   []written // the newest, at most maxUnsettled: another rule may find the same stranger
}

// written is a picture with the sighting that it is of.
type written struct {
	sighting g.SightingID
	media    g.MediaID
}

type unsettled struct {
	alert    g.AlertID
	school   g.SchoolID
	sighting g.SightingID
	media    g.MediaID // once it is written
}

// attach puts pictures into the effects, before they are kept: a rule that waited for passages
// has its picture at once. It may be called again with the same effects.
func (v *evidence) attach(effects []rules.Effect) {
	for _, e := range effects {
		a := e.Alert
		if a == nil || a.Sighting == "" || a.Person != "" || a.Media != "" {
			continue
		}
		u := unsettled{alert: a.ID, school: a.School, sighting: a.Sighting}
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

// late gives alerts their picture that had to wait for it.
func (v *evidence) late(ctx context.Context) error {
	for len(v.unsettled) > 0 {
		u := &v.unsettled[0]
		if u.media == "" {
			wait := false
			if u.media, wait = v.settle(*u); wait {
				return nil // those behind it are younger
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

// settle writes the picture of a stranger, with what the face measured beside it.
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
		face := media.Face{Embedding: look.Embedding, Model: look.Model, Quality: look.Quality}
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
