package musters

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Bounds of musters.
const (
	MaxOpen   = 3      // of a school at once
	MaxPlace  = 100    // characters of where people gather
	MaxReport = 2000   // characters
	MaxRoll   = 200    // ticks of one call
	MaxTicks  = 60_000 // of a muster
	MaxListed = 100    // musters of a list, the newest
	// TakenFor is how long after its end a muster takes ticks that waited on a telephone.
	TakenFor = 7 * 24 * time.Hour
)

const columns = "SELECT id, school, closed, body_sealed FROM musters"

// List lists the musters of a school, or without one all in scope: the newest first, at most
// [MaxListed]. Those that are open have no counts.
func (v View) List(ctx context.Context, school g.SchoolID) ([]g.Muster, error) {
	in, err := v.s.Reach(ctx, g.SightingsRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	if err := in.Within(&w, "school", school); err != nil {
		return nil, err
	}
	out := []g.Muster{}
	err = store.Each(ctx, v.s.Reg, columns+w.String()+" ORDER BY started DESC, id LIMIT ?",
		append(w.Args, MaxListed), func(scan func(...any) error) error {
			x, err := v.r.scan(ctx, v.s.Reg, scan)
			out = append(out, x)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list musters: %w", err)
	}
	return out, nil
}

func (r *Book) scan(
	ctx context.Context, c store.Conn, scan func(...any) error,
) (x g.Muster, err error) {
	var id g.MusterID
	var school g.SchoolID
	var closed int64
	var body []byte
	if err := scan(&id, &school, &closed, &body); err != nil {
		return x, err
	}
	return x, r.unseal(ctx, c, school, body, "muster "+string(id), &x)
}

func (r *Book) muster(
	ctx context.Context, c store.Conn, in store.Reach, id g.MusterID,
) (g.Muster, error) {
	x, err := r.scan(ctx, c, c.Row(ctx, columns+" WHERE id = ?", string(id)).Scan)
	if err != nil {
		return x, store.Missing(err, "muster", string(id))
	}
	return x, in.Owns(x.School, "muster", string(id))
}

// Find returns a muster.
func (v View) Find(ctx context.Context, id g.MusterID) (g.Muster, error) {
	in, err := v.s.Reach(ctx, g.SightingsRead)
	if err != nil {
		return g.Muster{}, err
	}
	return v.r.muster(ctx, v.s.Reg, in, id)
}

// People are those whom a muster lists, without names, and what was ticked, in the order in which it
// came.
func (v View) People(
	ctx context.Context, id g.MusterID,
) (x g.Muster, list []g.MusterEntry, ticks []g.MusterTick, err error) {
	in, err := v.s.Reach(ctx, g.SightingsRead)
	if err != nil {
		return x, nil, nil, err
	}
	if x, err = v.r.muster(ctx, v.s.Reg, in, id); err != nil {
		return x, nil, nil, err
	}
	var sealed []byte
	err = v.s.Reg.Row(ctx, "SELECT list_sealed FROM musters WHERE id = ?", string(id)).Scan(&sealed)
	if err != nil {
		return x, nil, nil, fmt.Errorf("read a muster's list: %w", err)
	}
	if err := v.r.unseal(ctx, v.s.Reg, x.School, sealed, "list "+string(id), &list); err != nil {
		return x, nil, nil, err
	}
	ticks = []g.MusterTick{}
	err = store.Each(ctx, v.s.Reg,
		"SELECT id, person, word, at, actor, received FROM muster_ticks WHERE muster = ? "+
			"ORDER BY received, id", []any{string(id)}, func(scan func(...any) error) error {
			var t g.MusterTick
			var at, received int64
			err := scan(&t.ID, &t.Person, &t.Word, &at, &t.By, &received)
			t.At, t.Received = store.Moment(at), store.Moment(received)
			ticks = append(ticks, t)
			return err
		})
	if err != nil {
		return x, nil, nil, fmt.Errorf("read ticks: %w", err)
	}
	return x, list, ticks, nil
}

// Start begins a muster with those whom it lists.
func (v View) Start(ctx context.Context, x g.Muster, list []g.MusterEntry) (g.Muster, error) {
	in, err := v.s.Reach(ctx, g.LockdownRaise)
	if err != nil {
		return x, err
	}
	if err := v.s.InSchool(ctx, in, x.School); err != nil {
		return x, err
	}
	if err := store.Optional("place", x.Place, MaxPlace); err != nil {
		return x, err
	}
	x.ID, x.By = g.MusterID(g.NewID("mus")), v.s.Scope.Actor
	err = v.s.Write(ctx, func(t *store.Tx) error {
		x.Started = store.Moment(store.Micros(t.Now))
		n := 0
		if err := t.Row(ctx, "SELECT COUNT(*) FROM musters WHERE school = ? AND closed = 0",
			string(x.School)).Scan(&n); err != nil {
			return fmt.Errorf("count musters: %w", err)
		}
		if n >= MaxOpen {
			return g.Errorf(g.Conflict, "%d musters are open already: close one before", n)
		}
		body, err := v.r.seal(ctx, t, x.School, "muster "+string(x.ID), x)
		if err != nil {
			return err
		}
		people, err := v.r.seal(ctx, t, x.School, "list "+string(x.ID), list)
		if err != nil {
			return err
		}
		_, err = t.Exec(ctx, "INSERT INTO musters (id, school, started, closed, body_sealed, list_sealed) "+
			"VALUES (?, ?, ?, 0, ?, ?)", string(x.ID), string(x.School), store.Micros(x.Started), body, people)
		if err != nil {
			return fmt.Errorf("write muster: %w", err)
		}
		t.Change(change.Muster, x.School, string(x.ID))
		return v.s.Audit(ctx, t, x.School, "muster.start", string(x.ID))
	})
	return x, err
}

// Close closes a muster with what was found, and keeps where people were seen last. Ticks that waited
// on a telephone are still taken.
func (v View) Close(
	ctx context.Context, id g.MusterID, report string, counts g.MusterCounts, list []g.MusterEntry,
) (x g.Muster, err error) {
	in, err := v.s.Reach(ctx, g.LockdownClear)
	if err != nil {
		return x, err
	}
	if err := store.Optional("report", report, MaxReport); err != nil {
		return x, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		if x, err = v.r.muster(ctx, t, in, id); err != nil {
			return err
		}
		if !x.Closed.IsZero() {
			return g.Errorf(g.Conflict, "the muster is closed already: its record stays as it is")
		}
		x.Closed, x.ClosedBy = store.Moment(store.Micros(t.Now)), v.s.Scope.Actor
		x.Report, x.Counts = report, counts
		body, err := v.r.seal(ctx, t, x.School, "muster "+string(id), x)
		if err != nil {
			return err
		}
		people, err := v.r.seal(ctx, t, x.School, "list "+string(id), list)
		if err != nil {
			return err
		}
		_, err = t.Exec(ctx, "UPDATE musters SET closed = ?, body_sealed = ?, list_sealed = ? WHERE id = ?",
			store.Micros(x.Closed), body, people, string(id))
		if err != nil {
			return fmt.Errorf("close muster: %w", err)
		}
		t.Change(change.Muster, x.School, string(id))
		return v.s.Audit(ctx, t, x.School, "muster.close", string(id))
	})
	return x, err
}

func (r *Book) seal(
	ctx context.Context, c store.Conn, school g.SchoolID, name string, what any,
) ([]byte, error) {
	k, err := r.s.Vault.School(ctx, c, school)
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(what)
	if err != nil {
		return nil, err
	}
	return store.Seal(k.Kept, b, name), nil
}

func (r *Book) unseal(
	ctx context.Context, c store.Conn, school g.SchoolID, sealed []byte, name string, into any,
) error {
	k, err := r.s.Vault.School(ctx, c, school)
	if err != nil {
		return err
	}
	b, err := store.Unseal(k.Kept, sealed, name)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, into)
}
