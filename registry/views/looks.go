package views

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Look is one look at what is known of a person, without the name of who looked.
type Look struct {
	At   time.Time
	Deed string
	Role g.Role // RoleIntegrator: a program; "": the gateway, or a user who is gone
}

// lookDeeds are the entries of the audit log that say that somebody read a person's data.
func lookDeeds() []string {
	return []string{
		"person.open", "person.contact", "person.attendance", "person.sightings", "leave.open",
		"person.collect",
	}
}

// Looks are the newest looks at one person, newest first; only for system scopes.
func (v View) Looks(ctx context.Context, id g.PersonID, since time.Time, limit int) ([]Look, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	roles := map[string]g.Role{}
	out := []Look{}
	var actors []string
	err := store.Each(ctx, v.s.Reg, "SELECT time, deed, actor FROM audit WHERE object = ? AND time >= ? AND deed IN ("+
		store.Marks(len(lookDeeds()))+") ORDER BY seq DESC LIMIT ?",
		slices.Concat([]any{string(id), store.Micros(since)}, store.Anys(lookDeeds()), []any{limit}),
		func(scan func(...any) error) error {
			var x Look
			var at int64
			var actor string
			err := scan(&at, &x.Deed, &actor)
			x.At = store.Moment(at)
			actor, _, _ = strings.Cut(actor, " ")
			out, actors = append(out, x), append(actors, actor)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read who looked at somebody: %w", err)
	}
	for i, actor := range actors {
		if _, is := roles[actor]; !is && strings.HasPrefix(actor, "usr") {
			err := store.Each(ctx, v.s.Reg, "SELECT role FROM users WHERE id = ?", []any{actor},
				func(scan func(...any) error) error {
					var r g.Role
					err := scan(&r)
					roles[actor] = r
					return err
				})
			if err != nil {
				return nil, fmt.Errorf("read who looked at somebody: %w", err)
			}
		}
		if strings.HasPrefix(actor, "key") {
			roles[actor] = g.RoleIntegrator
		}
		out[i].Role = roles[actor]
	}
	return out, nil
}
