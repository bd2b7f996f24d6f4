package deeds

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

// Pictures is where the pictures of alerts are stored.
type Pictures interface {
	Open(ctx context.Context, school g.SchoolID, id g.MediaID) (jpeg []byte, err error)
	Keep(school g.SchoolID, id g.MediaID) error   // exempts one from expiry
	Delete(school g.SchoolID, id g.MediaID) error // destroys one
}

// KeepPicture keeps the picture of an alert until a time. It is recorded first: a picture that is
// kept without a record would be swept away.
func (v View) KeepPicture(
	ctx context.Context, id g.AlertID, until time.Time, in Pictures,
) (alerts.KeptPicture, error) {
	alert, err := v.alerts.Find(ctx, id)
	if err != nil {
		return alerts.KeptPicture{}, err
	}
	if alert.Media == "" {
		return alerts.KeptPicture{}, g.Errorf(g.NotFound, "the alert has no picture")
	}
	if _, err := in.Open(ctx, alert.School, alert.Media); err != nil {
		return alerts.KeptPicture{}, err
	}
	kept, err := v.alerts.KeepPicture(ctx, id, until)
	if err != nil {
		return alerts.KeptPicture{}, err
	}
	return kept, in.Keep(alert.School, alert.Media)
}

// DropPicture records that the picture of an alert is destroyed, and destroys it, kept or not.
func (v View) DropPicture(ctx context.Context, id g.AlertID, in Pictures) error {
	school, media, err := v.alerts.DropPicture(ctx, id)
	if err != nil {
		return err
	}
	return in.Delete(school, media)
}
