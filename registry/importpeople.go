package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
)

// errRollback ends the transaction of a dry run, or of an import with errors.
var errRollback = errors.New("nothing was imported")

// importer carries one import through its transaction.
type importer struct {
	v         *View
	school    g.SchoolID
	byNumber  map[string]*file // everybody of the school, and those that the import adds
	known     map[g.PersonID]bool
	firstLine map[string]int // number or card -> line of the file
	faces     bool           // a consent changed
}

// ImportPeople reads people from CSV: UTF-8 or GBK, columns in English or Chinese, one line
// per person, known by number. Everything is imported or, where a line has an error, nothing;
// a dry run answers the same report and changes nothing. An empty cell changes nothing. What
// was corrected by hand stays, and the line's note says so. Nobody is deleted.
func (v *View) ImportPeople(ctx context.Context, school g.SchoolID, csv io.Reader, dryRun bool) (ImportReport, error) {
	in, err := v.reach(ctx, g.PeopleWrite)
	if err != nil {
		return ImportReport{}, err
	}
	if err := v.inSchool(ctx, in, school); err != nil {
		return ImportReport{}, err
	}
	rows, encoding, err := readImport(csv)
	if err != nil {
		return ImportReport{}, err
	}
	var report ImportReport
	err = v.r.write(ctx, func(t *tx) error {
		report = ImportReport{Lines: make([]ImportLine, 0, len(rows)), Encoding: encoding}
		if err := v.importRows(ctx, t, school, rows, &report); err != nil {
			return err
		}
		if dryRun || report.Errors > 0 {
			return errRollback
		}
		report.Applied = true
		return v.audit(ctx, t, school, "people.import", fmt.Sprintf("created %d, updated %d, same %d", report.Created, report.Updated, report.Same))
	})
	if err != nil && !errors.Is(err, errRollback) {
		return ImportReport{}, err
	}
	return report, nil
}

func (v *View) importRows(ctx context.Context, t *tx, school g.SchoolID, rows []importRow, report *ImportReport) error {
	l, err := v.r.readRoll(ctx, t, school)
	if err != nil {
		return err
	}
	im := &importer{v: v, school: school, byNumber: map[string]*file{}, known: map[g.PersonID]bool{}, firstLine: map[string]int{}}
	for i := range l.people {
		im.known[l.people[i].ID] = true
		if n := l.people[i].Number; n != "" {
			im.byNumber[n] = &l.people[i]
		}
	}
	im.announce(rows)
	for _, row := range rows {
		line, err := im.apply(ctx, t, row)
		var e *g.Error
		switch {
		case errors.As(err, &e):
			line.Action, line.Error, line.Field, line.Note = "error", e.Message, e.Field, ""
			report.Errors++
		case err != nil:
			return fmt.Errorf("import line %d: %w", row.line, err)
		case line.Action == "create":
			report.Created++
		case line.Action == "update":
			report.Updated++
		default:
			report.Same++
		}
		report.Lines = append(report.Lines, line)
	}
	t.change("person", school, "")
	if im.faces {
		t.change("consent", school, "")
		t.change("face", school, "")
	}
	return touchPeople(ctx, t, school)
}

// announce draws the ids of the new people first, so that a child may name a guardian who
// stands further down.
func (im *importer) announce(rows []importRow) {
	for _, row := range rows {
		if row.err != nil || row.number == "" || im.byNumber[row.number] != nil {
			continue
		}
		id := g.PersonID(g.NewID("per"))
		_, wrapped := im.v.r.vault.newKey(string(id))
		im.byNumber[row.number] = &file{Person: g.Person{ID: id, School: im.school, Number: row.number}, key: wrapped}
	}
}

// apply imports one line. A g.Error is of the line; any other ends the import.
func (im *importer) apply(ctx context.Context, t *tx, row importRow) (ImportLine, error) {
	line := ImportLine{Line: row.line, Number: row.number, Name: row.name, Action: "same"}
	if row.err != nil {
		return line, row.err
	}
	if first := im.firstLine["number "+row.number]; first != 0 {
		return line, g.FieldErrorf("number", "the number stands in line %d too: every person has one line", first)
	}
	im.firstLine["number "+row.number] = row.line
	old := im.byNumber[row.number]
	p := *old
	p.imported = maps.Clone(old.imported)
	if p.imported == nil {
		p.imported = map[string]string{}
	}
	if !im.known[p.ID] {
		line.Action = "create"
		p.Created = moment(micros(t.now))
	}
	changed := im.fields(&p, row, &line)
	guardians, err := im.guardians(&p, row)
	if err != nil {
		return line, err
	}
	if err := checkPerson(tidy(p.Person)); err != nil {
		return line, err
	}
	if err := im.card(ctx, t, &p, row, &line, changed || guardians); err != nil {
		return line, err
	}
	return line, nil
}

// fields takes over what the file says, except over a correction by hand: a value that is not
// the one the last import left.
func (im *importer) fields(p *file, row importRow, line *ImportLine) (changed bool) {
	boarder := map[bool]string{true: "yes"}[p.Boarder]
	kind := string(p.Kind)
	for _, f := range []struct {
		column, says string
		have         *string
	}{{"kind", string(row.kind), &kind}, {"name", row.name, &p.Name}, {"class", row.class, &p.Class}, {"boarder", row.boarder, &boarder}, {"phone", row.phone, &p.Phone}} {
		if f.says == "" {
			continue
		}
		last := p.imported[f.column]
		p.imported[f.column] = f.says
		switch {
		case *f.have == f.says || f.column == "boarder" && f.says == "no" && *f.have == "":
		case *f.have != "" && *f.have != last, last != "" && *f.have != last && !(f.column == "boarder" && last == "no"):
			line.Field = f.column
			line.Note = "it was corrected by hand and is kept; change it by hand if the file is right"
		default:
			*f.have = f.says
			changed = true
		}
	}
	p.Boarder, p.Kind = boarder == "yes", g.PersonKind(kind)
	return changed
}

// guardians adds those that the file names; it takes none away.
func (im *importer) guardians(p *file, row importRow) (changed bool, err error) {
	p.Guardian = slices.Clone(p.Guardian)
	for _, n := range row.guardians {
		other := im.byNumber[n]
		if other == nil || other.ID == p.ID {
			return false, g.FieldErrorf("guardian_numbers", "nobody of the school or the file has the number %q", n)
		}
		if !slices.Contains(p.Guardian, other.ID) {
			p.Guardian = append(p.Guardian, other.ID)
			changed = true
		}
	}
	return changed, nil
}

// card writes the person, then card and consent.
func (im *importer) card(ctx context.Context, t *tx, p *file, row importRow, line *ImportLine, changed bool) error {
	r := im.v.r
	add := false
	if row.card != "" {
		if err := checkCredential(g.ByCard, row.card); err != nil {
			return g.FieldErrorf("card", "the card number is not usable: give 4 to 256 characters")
		}
		key := "card " + normal(g.ByCard, row.card)
		if first := im.firstLine[key]; first != 0 {
			return g.FieldErrorf("card", "the card stands in line %d too: every card is one person's", first)
		}
		im.firstLine[key] = row.line
		keys, err := r.vault.school(ctx, t, im.school)
		if err != nil {
			return err
		}
		owner := ""
		err = each(ctx, t, "SELECT person FROM passes WHERE school = ? AND mac = ?", []any{string(im.school), keys.mac(string(g.ByCard), normal(g.ByCard, row.card))}, func(scan func(...any) error) error {
			return scan(&owner)
		})
		if err != nil {
			return fmt.Errorf("read passes: %w", err)
		}
		if owner != "" && owner != string(p.ID) {
			return g.FieldErrorf("card", "somebody else of the school has this card")
		}
		add = owner == ""
	}
	consent, err := im.consent(ctx, t, p, row, line)
	if err != nil {
		return err
	}
	if line.Action == "create" || changed || add || consent != nil {
		if line.Action != "create" {
			line.Action = "update"
		}
	}
	if line.Action == "same" && maps.Equal(p.imported, im.byNumber[row.number].imported) {
		return nil
	}
	p.Person = tidy(p.Person)
	if err := r.savePerson(ctx, t, *p); err != nil {
		return err
	}
	if add {
		if _, err := r.addCard(ctx, t, *p, g.ByCard, row.card, row.expires); err != nil {
			return err
		}
	}
	if consent != nil {
		im.faces = true
		return r.setConsent(ctx, t, *p, *consent, im.v.s.Actor)
	}
	return nil
}

// consent is the record that the file calls for, nil for none. A withdrawal that was made by
// hand is not undone by a file.
func (im *importer) consent(ctx context.Context, t *tx, p *file, row importRow, line *ImportLine) (*g.Consent, error) {
	if row.consent == "" {
		return nil, nil
	}
	last := p.imported["face_consent"]
	p.imported["face_consent"] = row.consent
	have, known := false, false
	if im.known[p.ID] {
		err := each(ctx, t, "SELECT given FROM consents WHERE person = ? ORDER BY id DESC LIMIT 1", []any{string(p.ID)}, func(scan func(...any) error) error {
			known = true
			return scan(&have)
		})
		if err != nil {
			return nil, fmt.Errorf("read consent: %w", err)
		}
	}
	want := row.consent == "yes"
	if have == want {
		return nil, nil
	}
	if want && known && last != "no" {
		line.Field, line.Note = "face_consent", "the consent was withdrawn by hand and stays withdrawn; record it by hand if it was given again"
		return nil, nil
	}
	return &g.Consent{Person: p.ID, Given: want, By: "import", Note: "people file, line " + digits(int64(row.line))}, nil
}
