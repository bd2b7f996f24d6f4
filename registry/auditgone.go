package registry

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

func siteBefore(id g.SiteID) store.Former {
	return placeBefore(id, "sites", "id, school, name", func(o *g.Site) []any { return []any{&o.ID, &o.School, &o.Name} })
}

func buildingBefore(id g.BuildingID) store.Former {
	return placeBefore(id, "buildings", "id, school, site, name", func(o *g.Building) []any {
		return []any{&o.ID, &o.School, &o.Site, &o.Name}
	})
}

func deviceBefore(id g.DeviceID) store.Former {
	return func(ctx context.Context, t *store.Tx) (any, error) {
		var d g.Device
		err := scanDevice(t.Row(ctx, "SELECT "+deviceColumns+" FROM devices d WHERE d.id = ?", string(id)).Scan, &d)
		return d, err
	}
}

func sessionBefore(id g.SessionID) store.Former {
	return func(ctx context.Context, t *store.Tx) (any, error) {
		return scanSession(t.Row(ctx, "SELECT body FROM sessions WHERE id = ?", string(id)).Scan)
	}
}

func webhookBefore(id g.WebhookID) store.Former {
	return func(ctx context.Context, t *store.Tx) (any, error) {
		return scanWebhook(t.Row(ctx, "SELECT "+webhookColumns+" FROM webhooks WHERE id = ?", string(id)).Scan)
	}
}

func keyBefore(id g.KeyID) store.Former {
	return func(ctx context.Context, t *store.Tx) (any, error) {
		return scanKey(t.Row(ctx, "SELECT "+keyColumns+" FROM api_keys WHERE id = ?", string(id)).Scan)
	}
}

// leaveBefore is whose leave it is and when: its reason is the person's, and goes with it.
func leaveBefore(id string) store.Former {
	return func(ctx context.Context, t *store.Tx) (any, error) {
		var l struct {
			Person g.PersonID `json:"person"`
			From   time.Time  `json:"from"`
			To     time.Time  `json:"to"`
		}
		var from, to int64
		err := t.Row(ctx, "SELECT person, starts, ends FROM leaves WHERE id = ?", id).Scan(&l.Person, &from, &to)
		l.From, l.To = store.Moment(from), store.Moment(to)
		return l, err
	}
}
