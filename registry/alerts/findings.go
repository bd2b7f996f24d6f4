package alerts

import (
	"context"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Finding is what a rule has found: its alerts that are kept.
type Finding struct {
	Alerts int
	Firing int // not resolved, and the condition holds
	Last   time.Time
}

// Findings counts the alerts of each rule in a school, or in all schools in scope.
func (v View) Findings(
	ctx context.Context, school g.SchoolID,
) (map[g.RuleID]Finding, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	if err := in.Within(&w, "school", school); err != nil {
		return nil, err
	}
	v.unseen(&w)
	out := map[g.RuleID]Finding{}
	err = store.Each(ctx, v.s.Reg,
		"SELECT rule, COUNT(*), SUM(CASE WHEN state IN ('open', 'acknowledged') AND firing <> 0 "+
			"THEN 1 ELSE 0 END), MAX(opened) FROM alerts"+w.String()+" GROUP BY rule", w.Args,
		func(scan func(...any) error) error {
			var rule g.RuleID
			var x Finding
			var last int64
			err := scan(&rule, &x.Alerts, &x.Firing, &last)
			x.Last = store.Moment(last)
			out[rule] = x
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("count alerts: %w", err)
	}
	return out, nil
}
