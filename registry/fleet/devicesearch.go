package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// deviceWords restricts a list of devices to those in which every word occurs in name, ID, serial,
// the zone's name, or the profile's ID or title, in any order.
func (r *Book) deviceWords(ctx context.Context, w *store.Where, q string) error {
	words := strings.Fields(strings.ToLower(q))
	if len(words) == 0 {
		return nil
	}
	titles, err := r.profileTitles(ctx)
	if err != nil {
		return err
	}
	for _, word := range words[:min(len(words), store.MaxWords)] {
		like := store.Containing(word)
		cond := `LOWER(d.name) LIKE ? ESCAPE '\' OR LOWER(d.id) LIKE ? ESCAPE '\' OR LOWER(d.serial) LIKE ? ESCAPE '\'
			OR d.zone IN (SELECT z.id FROM zones z WHERE LOWER(z.name) LIKE ? ESCAPE '\')`
		args := []any{like, like, like, like}
		var profiles []any
		for id, text := range titles {
			if strings.Contains(text, word) {
				profiles = append(profiles, id)
			}
		}
		if len(profiles) > 0 {
			cond += " OR d.profile IN (" + store.Marks(len(profiles)) + ")"
			args = append(args, profiles...)
		}
		w.And("("+cond+")", args...)
	}
	return nil
}

// profileTitles are each profile's ID and titles in all languages, in lower case.
func (r *Book) profileTitles(ctx context.Context) (map[string]string, error) {
	out := map[string]string{}
	err := store.Each(ctx, r.s.Reg, "SELECT id, body FROM profiles", nil,
		func(scan func(...any) error) error {
			var id string
			var b []byte
			if err := scan(&id, &b); err != nil {
				return err
			}
			var p struct {
				Title  string            `json:"title"`
				Titles map[string]string `json:"titles"`
			}
			if err := json.Unmarshal(b, &p); err != nil {
				return err
			}
			text := id + "\n" + p.Title
			for _, t := range p.Titles {
				text += "\n" + t
			}
			out[id] = strings.ToLower(text)
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("read profiles: %w", err)
	}
	return out, nil
}
