package registry

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// reading reads a thing inside a write, as it is before the deed, for the audit log. It reads no
// secret and nothing personal.
type reading func(ctx context.Context, t *tx) (any, error)

func siteBefore(id g.SiteID) reading {
	return placeBefore(id, "sites", "id, school, name", func(o *g.Site) []any { return []any{&o.ID, &o.School, &o.Name} })
}

func buildingBefore(id g.BuildingID) reading {
	return placeBefore(id, "buildings", "id, school, site, name", func(o *g.Building) []any {
		return []any{&o.ID, &o.School, &o.Site, &o.Name}
	})
}

func deviceBefore(id g.DeviceID) reading {
	return func(ctx context.Context, t *tx) (any, error) {
		var d g.Device
		err := scanDevice(t.row(ctx, "SELECT "+deviceColumns+" FROM devices d WHERE d.id = ?", string(id)).Scan, &d)
		return d, err
	}
}

func sessionBefore(id g.SessionID) reading {
	return func(ctx context.Context, t *tx) (any, error) {
		return scanSession(t.row(ctx, "SELECT body FROM sessions WHERE id = ?", string(id)).Scan)
	}
}

func webhookBefore(id g.WebhookID) reading {
	return func(ctx context.Context, t *tx) (any, error) {
		return scanWebhook(t.row(ctx, "SELECT "+webhookColumns+" FROM webhooks WHERE id = ?", string(id)).Scan)
	}
}

func keyBefore(id g.KeyID) reading {
	return func(ctx context.Context, t *tx) (any, error) {
		return scanKey(t.row(ctx, "SELECT "+keyColumns+" FROM api_keys WHERE id = ?", string(id)).Scan)
	}
}

// leaveBefore is whose leave it is and when: its reason is the person's, and goes with it.
func leaveBefore(id string) reading {
	return func(ctx context.Context, t *tx) (any, error) {
		var l struct {
			Person g.PersonID `json:"person"`
			From   time.Time  `json:"from"`
			To     time.Time  `json:"to"`
		}
		var from, to int64
		err := t.row(ctx, "SELECT person, starts, ends FROM leaves WHERE id = ?", id).Scan(&l.Person, &from, &to)
		l.From, l.To = moment(from), moment(to)
		return l, err
	}
}
