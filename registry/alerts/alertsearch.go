package alerts

import (
	"context"

	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// searchAlerts lists the alerts in which every word is part of the title, the text, the place,
// the device, the rule, the comment or, where the caller may read people, the person's name. A
// page can hold fewer rows than were asked for, or none, although the cursor leads on.
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
