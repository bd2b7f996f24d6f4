package alerts

import (
	"context"

	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// searchAlerts lists the alerts in which every word occurs in title, text, place, device, rule,
// comment or, with people:read, the person's name. A page may have fewer rows than requested, or
// none, and still have a next cursor.
func (v View) searchAlerts(ctx context.Context, f Filter) ([]AlertRow, string, error) {
	query, limit := f.Query, f.Size()
	f.Query, f.Limit = "", store.SearchStep
	out := []AlertRow{}
	for looked := 0; looked < store.SearchMost; {
		rows, next, err := v.List(ctx, f)
		if err != nil {
			return nil, "", err
		}
		for i := range rows {
			a := &rows[i]
			if !store.HasWords(query, a.Title, a.TitleZH, a.Text, a.TextZH, a.ZoneName,
				a.DeviceName, a.PersonName, a.Comment, string(a.Rule)) {
				continue
			}
			out = append(out, *a)
			if len(out) == limit && (next != "" || i < len(rows)-1) {
				return out, alertCursor(*a), nil
			}
		}
		if next == "" {
			return out, "", nil
		}
		looked += len(rows)
		f.Cursor = next
	}
	return out, f.Cursor, nil
}
