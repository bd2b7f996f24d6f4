package alerts

import (
	"context"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// setBack is how far in the future an acknowledgement may lie before the clock counts as set back.
const setBack = time.Minute

// sweepMost bounds the alerts that one transaction of a sweep changes.
const sweepMost = 500

// LapseAcks ends the acknowledgements whose time is up, at most 500 at a time: the alert is told
// again. It returns the number; only for system scopes. One that lies in the future was given
// before the clock was set back, and ends as well: too early is safe, too late is not.
func (v View) LapseAcks(ctx context.Context, now time.Time) (int, error) {
	if err := v.s.OnlySystem(); err != nil {
		return 0, err
	}
	due := []any{store.Micros(now), store.Micros(now.Add(setBack)), sweepMost}
	n := 0
	err := v.r.s.Reg.Row(ctx, "SELECT COUNT(*) FROM alerts WHERE "+ackDue, due[:2]...).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("find acknowledgements that end: %w", err)
	}
	if n == 0 {
		return 0, nil
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		n = 0
		return v.each(ctx, t, ackDue+" ORDER BY ack_until, id LIMIT ?", due, func(l *life) bool {
			n++
			was, name := l.Handler, l.HandlerName
			l.retell(g.AckRanOut, l.now)
			l.note(Entry{
				What:   HasRunOut,
				To:     was,
				ToName: name,
			})
			return true
		})
	})
	return n, err
}

// What is hidden is looked at when it returns.
const ackDue = "ack_until > 0 AND (ack_until <= ? OR acked > ?) AND hidden = ''"

// each changes the alerts of a condition that change says yes to.
func (v View) each(
	ctx context.Context, t *store.Tx, where string, args []any, change func(l *life) bool,
) error {
	type row struct {
		g.Alert
		seq uint64
	}
	var rows []row
	err := store.Each(ctx, t, "SELECT "+alertColumns+" FROM alerts WHERE "+where, args,
		func(scan func(...any) error) error {
			a, seq, err := v.r.scanAlert(scan)
			rows = append(rows, row{a, seq})
			return err
		})
	if err != nil {
		return fmt.Errorf("find alerts: %w", err)
	}
	now := store.Moment(store.Micros(t.Now))
	for _, x := range rows {
		l := &life{
			Alert: x.Alert,
			now:   now,
		}
		if !change(l) {
			continue
		}
		if err := v.r.saveLife(ctx, t, x.seq, l); err != nil {
			return err
		}
	}
	return nil
}

// Upgrade brings rows of before the two facts up to date, at most 500 at a time, and returns the
// number; only for system scopes. An alert that was acknowledged then and is not over is told again
// after the time of its severity, from now on.
func (v View) Upgrade(ctx context.Context) (n int, err error) {
	if err := v.s.OnlySystem(); err != nil {
		return 0, err
	}
	err = v.r.s.Reg.Row(ctx, "SELECT COUNT(*) FROM alerts WHERE firing < 0").Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("find alerts of before: %w", err)
	}
	if n == 0 {
		return 0, nil
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		n = 0
		rows := map[g.AlertID]uint64{}
		var old []g.Alert
		err := store.Each(ctx, t,
			"SELECT "+alertColumns+" FROM alerts WHERE firing < 0 ORDER BY id LIMIT ?",
			[]any{sweepMost}, func(scan func(...any) error) error {
				a, seq, err := v.r.scanAlert(scan)
				old = append(old, a)
				rows[a.ID] = seq
				return err
			})
		if err != nil {
			return fmt.Errorf("find alerts of before: %w", err)
		}
		for _, a := range old {
			if a.State == g.AlertAcknowledged && a.AckUntil.IsZero() {
				a.AckUntil = store.Moment(store.Micros(t.Now.Add(a.Severity.AckFor())))
			}
			if err := v.r.saveAlert(
				ctx,
				t,
				rows[a.ID],
				a,
				true,
			); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}
