package registry

import (
	"context"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// trimBatch is how many rows one transaction removes, so that nobody waits long for it.
const trimBatch = 5000

// Trimmed counts what TrimHistory removed.
type Trimmed struct{ Sightings, Statuses, Rejections int64 }

// TrimHistory removes the school's sightings, states and rejections from before a time, and
// those of no school where school is empty; only system scopes do. It writes what it removed
// into the audit log, as the proof that retention is kept. It may be called again after an
// error.
func (v *View) TrimHistory(ctx context.Context, school g.SchoolID, before time.Time) (Trimmed, error) {
	var n Trimmed
	if err := v.system(); err != nil {
		return n, err
	}
	for _, x := range []struct {
		table string
		n     *int64
	}{{"sightings", &n.Sightings}, {"statuses", &n.Statuses}, {"rejections", &n.Rejections}} {
		for {
			removed := int64(0)
			_, err := v.r.hist.write(ctx, v.r.now(), func(t *tx) (err error) {
				removed, err = t.exec(ctx, "DELETE FROM "+x.table+" WHERE seq IN (SELECT seq FROM "+x.table+" WHERE school = ? AND time < ? LIMIT ?)", string(school), micros(before), trimBatch)
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
	if n == (Trimmed{}) {
		return n, nil
	}
	return n, v.r.write(ctx, func(t *tx) error {
		return v.audit(ctx, t, school, "history.trim", fmt.Sprintf("before %s: %d sightings, %d states, %d rejections", before.UTC().Format(time.RFC3339), n.Sightings, n.Statuses, n.Rejections))
	})
}
