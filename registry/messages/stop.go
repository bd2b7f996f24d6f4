package messages

import (
	"context"
	"encoding/base64"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Leaving is what the page shows by which somebody ends messages to themselves.
type Leaving struct {
	School   string
	Language string
	Opted    bool // messages still come
}

// byLink is who changed an agreement where the person did by a message's link.
const byLink = "link"

// stopToken is the secret part of the link by which a person ends messages.
func (r *Book) stopToken(id g.PersonID) string {
	return base64.RawURLEncoding.EncodeToString(store.Seal(r.s.Vault.Data, []byte(id), "stop link"))
}

// leaver finds whose link a token is.
func (v View) leaver(ctx context.Context, token string) (people.Keyed, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(token) > 200 {
		return people.Keyed{}, badLink()
	}
	id, err := store.Unseal(v.r.s.Vault.Data, sealed, "stop link")
	if err != nil {
		return people.Keyed{}, badLink()
	}
	p, err := people.Person(
		ctx,
		v.r.people,
		v.r.s.Reg,
		everything(),
		g.PersonID(id),
	)
	if g.ErrorCode(err) == g.NotFound {
		return p, badLink()
	}
	return p, err
}

// Leaving shows whoever has the link whether messages still come; only for system scopes. It changes
// nothing.
func (v View) Leaving(ctx context.Context, token string) (Leaving, error) {
	if err := v.s.OnlySystem(); err != nil {
		return Leaving{}, err
	}
	p, err := v.leaver(ctx, token)
	if err != nil {
		return Leaving{}, err
	}
	s, _, err := v.r.schoolAt(ctx, p.School)
	if err != nil {
		return Leaving{}, err
	}
	w, err := v.r.wishesOf(ctx, v.s.Reg, string(p.ID))
	out := Leaving{
		School:   s.Name,
		Language: s.Language,
		Opted:    w.Opted,
	}
	if w.Language != "" {
		out.Language = w.Language
	}
	return out, err
}

// Leave ends the agreement of whoever has the link; only for system scopes. Alarms still come; what
// waits to be sent fails as not wished.
func (v View) Leave(ctx context.Context, token string) error {
	if err := v.s.OnlySystem(); err != nil {
		return err
	}
	p, err := v.leaver(ctx, token)
	if err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		before, err := v.r.wishesOf(ctx, t, string(p.ID))
		if err != nil || !before.Opted {
			return err
		}
		now := before
		now.Opted = false
		now = now.agreed(before, byLink, t.Now)
		if err := v.r.putWishes(
			ctx,
			t,
			nil,
			string(p.ID),
			string(p.ID),
			now,
		); err != nil {
			return err
		}
		t.Change(change.Contact, p.School, string(p.ID))
		return v.s.AuditChanges(
			ctx,
			t,
			p.School,
			"contact.leave",
			string(p.ID),
			before,
			now,
		)
	})
}
