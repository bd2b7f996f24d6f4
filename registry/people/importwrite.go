package people

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/roster"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// errChanged means that the plan no longer matches the school.
var errChanged = errors.New("the school's people have changed since the plan was made")

// staged is the most rows written in one transaction: a few milliseconds.
const staged = 200

// importRow is a row to be written to a staging table.
type importRow struct {
	table string
	args  []any
}

// apply encrypts all rows, stages them in small transactions, and applies them in a short one that
// first checks whether the plan still fits.
func (p *importPlan) apply(ctx context.Context, o ImportOptions) error {
	id := g.NewID("imp")
	rows, err := p.seal(id)
	if err != nil {
		return err
	}
	r := p.v.r
	r.sweepImports(ctx)
	err = r.s.Write(ctx, func(t *store.Tx) error {
		_, err := t.Exec(ctx, "INSERT INTO imports (id, school, started) VALUES (?, ?, ?)", id,
			string(p.school), store.Micros(t.Now))
		return err
	})
	if err != nil {
		return fmt.Errorf("begin the import: %w", err)
	}
	put := 0
	for part := range slices.Chunk(rows, staged) {
		if err := r.s.Write(store.Patient(ctx), func(t *store.Tx) error {
			return putDown(ctx, t, part)
		}); err != nil {
			r.dropImport(context.WithoutCancel(ctx), id)
			return err
		}
		put += len(part)
		o.told(putStep, put, len(rows))
	}
	err = r.s.Write(ctx, func(t *store.Tx) error {
		if err := p.fits(ctx, t, id); err != nil {
			return err
		}
		if err := p.takeOver(ctx, t, id); err != nil {
			return err
		}
		if err := r.rememberColumns(
			ctx,
			t,
			p.school,
			p.report.headings,
			p.file.Columns,
		); err != nil {
			return err
		}
		return p.told(ctx, t, id, o)
	})
	r.dropImport(context.WithoutCancel(ctx), id)
	if err == nil &&
		slices.ContainsFunc(p.consents, func(c plannedConsent) bool { return !c.given }) {
		r.s.Forget(ctx)
	}
	return err
}

// seal encrypts everything that the plan writes. It takes most of the time, and no lock.
func (p *importPlan) seal(id string) ([]importRow, error) {
	r := p.v.r
	keys, err := r.s.Vault.School(p.ctx, r.s.Reg, p.school)
	if err != nil {
		return nil, err
	}
	rows := make([]importRow, 0, len(p.people)+len(p.cards)+len(p.consents)+len(p.leavers))
	for i, one := range p.people {
		body, mac, err := r.sealPerson(keys, one)
		if err != nil {
			return nil, err
		}
		rows = append(rows,
			importRow{"import_people (import, id, school, kind, class, number_mac, key_sealed, " +
				"body_sealed, leaves)",
				[]any{
					id, string(one.ID), string(p.school), string(one.Kind), one.Class, mac, one.Key,
					body, 0,
				}})
		p.o.told(sealStep, i+1, len(p.people))
	}
	for _, one := range p.leavers {
		rows = append(rows,
			importRow{"import_people (import, id, school, kind, class, number_mac, key_sealed, " +
				"body_sealed, leaves)",
				[]any{id, string(one.ID), string(p.school), "", "", nil, []byte{}, []byte{}, 1}})
	}
	now := store.Micros(r.s.Now())
	for _, c := range p.cards {
		pass := g.PassID(g.NewID("pas"))
		sealed, err := SealPersonal(r, c.person, []byte(masked(g.ByCard, c.number)),
			"pass "+string(pass))
		if err != nil {
			return nil, err
		}
		rows = append(rows,
			importRow{"import_passes (import, id, person, school, method, mac, created, expires, " +
				"body_sealed)",
				[]any{
					id, string(pass), string(c.person.ID), string(p.school), string(g.ByCard),
					keys.Mac(string(g.ByCard), c.number), now,
					store.Micros(lastDayOver(c.row.Expires, p.zone)), sealed,
				}})
	}
	for _, c := range p.consents {
		b, err := json.Marshal(consentBody{
			By:    "import",
			Note:  "people file, line " + store.Digits(int64(c.line)),
			Actor: p.v.s.Actor,
		})
		if err != nil {
			return nil, err
		}
		sealed, err := SealPersonal(r, c.person, b, "consent")
		if err != nil {
			return nil, err
		}
		rows = append(rows,
			importRow{
				"import_consents (import, person, given, at, body_sealed)",
				[]any{id, string(c.person.ID), store.Flag(c.given), now, sealed},
			})
	}
	return rows, nil
}

func putDown(ctx context.Context, t *store.Tx, rows []importRow) error {
	for _, row := range rows {
		if _, err := t.Exec(ctx,
			"INSERT INTO "+row.table+" VALUES ("+store.Marks(len(row.args))+")",
			row.args...); err != nil {
			return fmt.Errorf("put down the import: %w", err)
		}
	}
	return nil
}

// fits checks that nobody has changed the school's people, the consent of anybody in the plan, or
// the owner of a card, since the plan was made.
func (p *importPlan) fits(ctx context.Context, t *store.Tx, id string) error {
	rev, err := places.PeopleRevision(ctx, t, p.school)
	if err != nil {
		return err
	}
	var newer, taken int
	if err := t.Row(ctx,
		"SELECT COUNT(*) FROM consents WHERE id > ? AND person IN (SELECT id FROM import_people "+
			"WHERE import = ?)",
		p.consent, id).Scan(&newer); err != nil {
		return fmt.Errorf("read consents: %w", err)
	}
	if err := t.Row(ctx,
		"SELECT COUNT(*) FROM passes WHERE school = ? AND mac IN (SELECT mac FROM import_passes "+
			"WHERE import = ?)",
		string(p.school), id).Scan(&taken); err != nil {
		return fmt.Errorf("read passes: %w", err)
	}
	if rev != p.rev || newer > 0 || taken > 0 {
		return errChanged
	}
	return nil
}

// takeOver moves the staged rows to their tables: a few statements, for any number of people.
func (p *importPlan) takeOver(ctx context.Context, t *store.Tx, id string) error {
	for _, q := range []string{
		`INSERT INTO persons (id, school, kind, class, number_mac, key_sealed, body_sealed, left_at)
		 SELECT id, school, kind, class, number_mac, key_sealed, body_sealed, 0 FROM import_people WHERE import = ? AND leaves = 0
		 ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, class = excluded.class, number_mac = excluded.number_mac, body_sealed = excluded.body_sealed, left_at = 0`,
		`INSERT INTO passes (id, person, school, method, mac, created, expires, quality, model, body_sealed)
		 SELECT id, person, school, method, mac, created, expires, 0, '', body_sealed FROM import_passes WHERE import = ?`,
		"INSERT INTO consents (person, given, at, body_sealed) SELECT person, given, at, " +
			"body_sealed FROM import_consents WHERE import = ?",
		"DELETE FROM passes WHERE method = 'face' AND person IN (SELECT person FROM " +
			"import_consents WHERE import = ? AND given = 0)",
	} {
		if _, err := t.Exec(ctx, q, id); err != nil {
			return fmt.Errorf("take the import over: %w", err)
		}
	}
	if len(p.leavers) == 0 {
		return nil
	}
	if _, err := t.Exec(ctx,
		"UPDATE persons SET left_at = ? WHERE id IN (SELECT id FROM import_people WHERE import = "+
			"? AND leaves = 1)",
		store.Micros(t.Now), id); err != nil {
		return fmt.Errorf("mark who left: %w", err)
	}
	return nil
}

// told writes the audit entry and notifies subscribers.
func (p *importPlan) told(ctx context.Context, t *store.Tx, id string, o ImportOptions) error {
	t.Change(change.Person, p.school, "")
	if p.faces || len(p.leavers) > 0 {
		t.Change(change.Consent, p.school, "")
		t.Change(change.Face, p.school, "")
	}
	if err := places.TouchPeople(ctx, t, p.school); err != nil {
		return err
	}
	r := p.report
	object := fmt.Sprintf("%s, %s: created %d, updated %d, same %d", id, o.Mode, r.Created,
		r.Updated, r.Same)
	if r.Skipped > 0 {
		object += fmt.Sprintf(", skipped %d", r.Skipped)
	}
	if n := len(p.leavers); n > 0 {
		object += fmt.Sprintf(", left %d", n)
	}
	if o.Confirm > 0 {
		object += fmt.Sprintf(", confirmed %d", o.Confirm)
	}
	return p.v.s.Audit(
		ctx,
		t,
		p.school,
		"people.import",
		object,
	)
}

// dropImport deletes staged rows in small parts. What remains after an error is left to
// sweepImports.
func (r *Book) dropImport(ctx context.Context, id string) {
	for _, table := range []string{"import_people", "import_passes", "import_consents"} {
		column := "id"
		if table == "import_consents" {
			column = "person"
		}
		for {
			n := int64(0)
			err := r.s.Write(store.Patient(ctx), func(t *store.Tx) (err error) {
				n, err = t.Exec(ctx,
					"DELETE FROM "+table+" WHERE import = ? AND "+column+" IN (SELECT "+column+
						" FROM "+table+" WHERE import = ? LIMIT 2000)",
					id, id)
				return err
			})
			if err != nil {
				r.s.Log.Warn("what an import put down is left for the next one to sweep", "import",
					id, "error", err)
				return
			}
			if n == 0 {
				break
			}
		}
	}
	err := r.s.Write(ctx, func(t *store.Tx) error {
		_, err := t.Exec(ctx, "DELETE FROM imports WHERE id = ?", id)
		return err
	})
	if err != nil {
		r.s.Log.Warn("an import is left for the next one to sweep", "import", id, "error", err)
	}
}

// sweepImports deletes rows staged by aborted imports, e.g. after a crash or a full disk. They have
// changed nobody.
func (r *Book) sweepImports(ctx context.Context) {
	var old []string
	err := store.Each(ctx, r.s.Reg, "SELECT id FROM imports WHERE started < ?",
		[]any{store.Micros(r.s.Now().Add(-time.Hour))}, func(scan func(...any) error) error {
			id := ""
			err := scan(&id)
			old = append(old, id)
			return err
		})
	if err != nil {
		r.s.Log.Warn("imports that were broken off are not swept", "error", err)
	}
	for _, id := range old {
		r.dropImport(ctx, id)
	}
}

// maxRemembered is the most sets of headings that are remembered for a school.
const maxRemembered = 100

// headingsKey is a hash of a set of headings.
func headingsKey(headings []string) string {
	if len(headings) == 0 {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join(headings, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// rememberedColumns is the mapping of columns in the last import with these headings; empty if
// there was none.
func (r *Book) rememberedColumns(
	ctx context.Context, school g.SchoolID, headings string,
) (out []roster.Field, err error) {
	if headings == "" {
		return nil, nil
	}
	err = store.Each(ctx, r.s.Reg,
		"SELECT columns FROM import_columns WHERE school = ? AND headings = ?",
		[]any{string(school), headings}, func(scan func(...any) error) error {
			s := ""
			err := scan(&s)
			for _, f := range strings.Split(s, ",") {
				out = append(out, roster.Field(f))
			}
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read remembered columns: %w", err)
	}
	return out, nil
}

func (r *Book) rememberColumns(
	ctx context.Context, t *store.Tx, school g.SchoolID, headings string, columns []roster.Column,
) error {
	if headings == "" {
		return nil
	}
	fields := make([]string, len(columns))
	for i, c := range columns {
		fields[i] = string(c.Field)
	}
	_, err := t.Exec(ctx,
		`INSERT INTO import_columns (school, headings, columns, used) VALUES (?, ?, ?, ?)
		ON CONFLICT (school, headings) DO UPDATE SET columns = excluded.columns, used = excluded.used`,
		string(school), headings, strings.Join(fields, ","), store.Micros(t.Now))
	if err != nil {
		return fmt.Errorf("remember columns: %w", err)
	}
	_, err = t.Exec(ctx,
		"DELETE FROM import_columns WHERE school = ? AND headings NOT IN (SELECT headings FROM "+
			"import_columns WHERE school = ? ORDER BY used DESC LIMIT ?)",
		string(school), string(school), maxRemembered)
	if err != nil {
		return fmt.Errorf("forget columns: %w", err)
	}
	return nil
}
