package history

import (
	"context"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// trimBatch is the most rows deleted in one transaction, which limits how long others wait.
const trimBatch = 5000

// Trimmed counts the rows that Trim deleted.
type Trimmed struct{ Sightings, Statuses, Occurrences, Rejections int64 }

// Trim deletes the school's sightings, states, occurrences and rejections from before a time (or
// those of no school if school is empty), and past days of the data-quality report; only for system
// scopes. It audits the numbers, except of the report, which only has counts of devices. It may be
// called again after an error.
func (v View) Trim(
	ctx context.Context, school g.SchoolID, before time.Time,
) (Trimmed, error) {
	var n Trimmed
	if err := v.s.OnlySystem(); err != nil {
		return n, err
	}
	for _, x := range []struct {
		table string
		n     *int64
	}{
		{"sightings", &n.Sightings},
		{"statuses", &n.Statuses},
		{"occurrences", &n.Occurrences},
		{"rejections", &n.Rejections},
	} {
		for {
			removed := int64(0)
			_, err := v.s.Hist.Write(ctx, v.s.Now, func(t *store.Tx) (err error) {
				removed, err = t.Exec(ctx,
					"DELETE FROM "+x.table+" WHERE seq IN (SELECT seq FROM "+x.table+
						" WHERE school = ? AND time < ? LIMIT ?)",
					string(school), store.Micros(before), trimBatch)
				return err
			})
			if err != nil {
				return n, fmt.Errorf("trim %s: %w", x.table, err)
			}
			*x.n += removed
			if removed < trimBatch {
				break
			}
		}
	}
	if err := v.trimQuality(ctx, school, before); err != nil {
		return n, err
	}
	if n == (Trimmed{}) {
		return n, nil
	}
	return n, v.s.Write(ctx, func(t *store.Tx) error {
		return v.s.Audit(ctx, t, school, "history.trim",
			fmt.Sprintf("before %s: %d sightings, %d states, %d occurrences, %d rejections",
				before.UTC().Format(time.RFC3339), n.Sightings, n.Statuses, n.Occurrences,
				n.Rejections))
	})
}

// trimQuality deletes the days that were over before a time in every time zone.
func (v View) trimQuality(ctx context.Context, school g.SchoolID, before time.Time) error {
	day := before.UTC().Add(-36 * time.Hour).Format(time.DateOnly)
	for {
		removed := int64(0)
		_, err := v.s.Hist.Write(ctx, v.s.Now, func(t *store.Tx) (err error) {
			removed, err = t.Exec(ctx,
				"DELETE FROM quality WHERE school = ? AND day IN (SELECT day FROM quality WHERE "+
					"school = ? AND day <= ? ORDER BY day LIMIT 1)",
				string(school), string(school), day)
			return err
		})
		if err != nil {
			return fmt.Errorf("trim the data-quality report: %w", err)
		}
		if removed == 0 {
			return nil
		}
	}
}
