package alerts

import (
	"context"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// MaxKeepPicture is the longest that a picture of an unknown person may be kept.
const MaxKeepPicture = 90 * 24 * time.Hour

// KeptPicture is the picture of an alert that somebody keeps beyond the usual hours.
type KeptPicture struct {
	Media  g.MediaID  `json:"media"`
	School g.SchoolID `json:"school"`
	Alert  g.AlertID  `json:"alert"`
	Reason string     `json:"reason"`
	Actor  string     `json:"actor"`
	At     time.Time  `json:"at"`
	Until  time.Time  `json:"until"`
}

// AttachPicture sets the picture of an alert; only for system scopes. It does nothing if the alert
// does not exist or has one.
func (v View) AttachPicture(ctx context.Context, id g.AlertID, media g.MediaID) error {
	if err := v.s.OnlySystem(); err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		a, seq, err := v.r.alert(ctx, t, id)
		if g.ErrorCode(err) == g.NotFound || err == nil && a.Media != "" {
			return nil
		}
		if err != nil {
			return err
		}
		a.Media = media
		return v.r.saveAlert(ctx, t, seq, a, false)
	})
}

// KeepPicture keeps the picture of an alert until a time at most MaxKeepPicture away. The scope's
// reason is stored with it and audited. Calling it again changes reason and time.
func (v View) KeepPicture(ctx context.Context, id g.AlertID, until time.Time) (KeptPicture, error) {
	in, err := v.s.Reach(ctx, g.AlertsWrite)
	if err != nil {
		return KeptPicture{}, err
	}
	if err := people.Because(v.people, g.Student); err != nil {
		return KeptPicture{}, err
	}
	reason := v.s.Reason // deleted with the picture; the audit log's copy has no names
	if err := v.hidesNamesOf(ctx, id); err != nil {
		return KeptPicture{}, err
	}
	var k KeptPicture
	err = v.s.Write(ctx, func(t *store.Tx) error {
		a, err := v.pictured(ctx, t, in, id)
		if err != nil {
			return err
		}
		if !until.After(t.Now) || until.Sub(t.Now) > MaxKeepPicture {
			return g.FieldErrorf("until", "give a time from now on, at most %d days ahead",
				MaxKeepPicture/(24*time.Hour))
		}
		k = KeptPicture{
			Media:  a.Media,
			School: a.School,
			Alert:  id,
			Reason: reason,
			Actor:  v.s.Actor,
			At:     store.Moment(store.Micros(t.Now)),
			Until:  store.Moment(store.Micros(until)),
		}
		_, err = t.Exec(ctx,
			`INSERT INTO kept_pictures (media, school, alert, reason_sealed, actor, at, until) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (media) DO UPDATE SET reason_sealed = excluded.reason_sealed, actor = excluded.actor, at = excluded.at, until = excluded.until`,
			string(k.Media), string(k.School), string(k.Alert),
			store.Seal(v.s.Vault.Data, []byte(k.Reason), "picture "+string(k.Media)), k.Actor,
			store.Micros(k.At), store.Micros(k.Until))
		if err != nil {
			return fmt.Errorf("keep picture: %w", err)
		}
		return v.s.Audit(ctx, t, a.School, "picture.keep",
			string(k.Media)+" until "+k.Until.UTC().Format(time.RFC3339))
	})
	return k, err
}

// DropPicture removes the picture from an alert, and returns it for the caller to destroy. It needs
// a reason.
func (v View) DropPicture(
	ctx context.Context, id g.AlertID,
) (school g.SchoolID, media g.MediaID, err error) {
	in, err := v.s.Reach(ctx, g.AlertsWrite)
	if err != nil {
		return "", "", err
	}
	if err := people.Because(v.people, g.Student); err != nil {
		return "", "", err
	}
	if err := v.hidesNamesOf(ctx, id); err != nil {
		return "", "", err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		a, err := v.pictured(ctx, t, in, id)
		if err != nil {
			return err
		}
		school, media = a.School, a.Media
		if _, err := t.Exec(ctx, "DELETE FROM kept_pictures WHERE media = ?", string(media)); err != nil {
			return fmt.Errorf("drop picture: %w", err)
		}
		old, seq, err := v.r.alert(ctx, t, id)
		if err != nil {
			return err
		}
		old.Media = ""
		if err := v.r.saveAlert(
			ctx,
			t,
			seq,
			old,
			false,
		); err != nil {
			return err
		}
		return v.s.Audit(
			ctx,
			t,
			school,
			"picture.delete",
			string(media),
		)
	})
	return school, media, err
}

// pictured reads an alert within reach that has a picture.
func (v View) pictured(
	ctx context.Context, t *store.Tx, in store.Reach, id g.AlertID,
) (g.Alert, error) {
	a, _, err := v.r.alert(ctx, t, id)
	if err != nil {
		return a, err
	}
	if err := v.within(in, a); err != nil {
		return a, err
	}
	if a.Media == "" {
		return a, g.Errorf(g.NotFound, "the alert has no picture")
	}
	return a, nil
}

// KeptPictures lists the kept pictures, by end.
func (v View) KeptPictures(ctx context.Context, school g.SchoolID) ([]KeptPicture, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	if err := in.Within(&w, "school", school); err != nil {
		return nil, err
	}
	return v.r.keptPictures(ctx, w)
}

func (r *Book) keptPictures(ctx context.Context, w store.Where) ([]KeptPicture, error) {
	out := []KeptPicture{}
	err := store.Each(ctx, r.s.Reg,
		"SELECT media, school, alert, reason_sealed, actor, at, until FROM kept_pictures"+
			w.String()+" ORDER BY until, media",
		w.Args, func(scan func(...any) error) error {
			var k KeptPicture
			var sealed []byte
			var at, until int64
			if err := scan(
				&k.Media,
				&k.School,
				&k.Alert,
				&sealed,
				&k.Actor,
				&at,
				&until,
			); err != nil {
				return err
			}
			reason, err := store.Unseal(r.s.Vault.Data, sealed, "picture "+string(k.Media))
			k.Reason, k.At, k.Until = string(reason), store.Moment(at), store.Moment(until)
			out = append(out, k)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list kept pictures: %w", err)
	}
	return out, nil
}

// keptUntil maps the kept pictures of alerts to their ends.
func (r *Book) keptUntil(ctx context.Context, rows []AlertRow) (map[g.MediaID]time.Time, error) {
	var ids []g.MediaID
	for _, a := range rows {
		if a.Media != "" {
			ids = append(ids, a.Media)
		}
	}
	out := map[g.MediaID]time.Time{}
	for part := range slices.Chunk(ids, store.Chunk) {
		err := store.Each(ctx, r.s.Reg,
			"SELECT media, until FROM kept_pictures WHERE media IN ("+store.Marks(len(part))+")",
			store.Anys(part), func(scan func(...any) error) error {
				var id g.MediaID
				var until int64
				err := scan(&id, &until)
				out[id] = store.Moment(until)
				return err
			})
		if err != nil {
			return nil, fmt.Errorf("read kept pictures: %w", err)
		}
	}
	return out, nil
}

// LapsePictures ends the keeping of pictures whose time has come, and returns how many; only for
// system scopes. Each is audited.
func (v View) LapsePictures(ctx context.Context, now time.Time) (int, error) {
	if err := v.s.OnlySystem(); err != nil {
		return 0, err
	}
	var w store.Where
	w.And("until <= ?", store.Micros(now))
	due, err := v.r.keptPictures(ctx, w)
	if err != nil || len(due) == 0 {
		return 0, err
	}
	return len(due), v.s.Write(ctx, func(t *store.Tx) error {
		for _, k := range due {
			n, err := t.Exec(ctx, "DELETE FROM kept_pictures WHERE media = ? AND until <= ?",
				string(k.Media), store.Micros(now))
			if err != nil {
				return fmt.Errorf("end kept picture: %w", err)
			}
			if n == 0 {
				continue
			}
			if err := v.s.Audit(
				ctx,
				t,
				k.School,
				"picture.lapse",
				string(k.Media),
			); err != nil {
				return err
			}
		}
		return nil
	})
}

// hidesNamesOf is people.HidesNames for the school of an alert; a missing alert is left to the
// caller.
func (v View) hidesNamesOf(ctx context.Context, id g.AlertID) error {
	a, _, err := v.r.alert(ctx, v.s.Reg, id)
	if g.ErrorCode(err) == g.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	return people.HidesNames(ctx, v.people, a.School)
}
