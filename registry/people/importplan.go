package people

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/roster"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// importPlan is what one import would write, computed from a snapshot of the school. It holds no
// transaction.
type importPlan struct {
	ctx    context.Context // of the call that makes and applies the plan
	v      View
	school g.SchoolID
	file   *roster.File
	o      ImportOptions
	report *ImportReport

	zone     *time.Location // the school's
	rev      int64          // the school's people_rev before reading
	consent  int64          // the newest consent's ID before reading
	byNumber map[string]*Keyed
	// number without leading zeros -> number, for those that have some
	short   map[string]string
	known   map[g.PersonID]bool
	owner   map[string]g.PersonID // hash of a card -> its owner
	given   map[g.PersonID]bool   // the newest consent of each person
	present map[g.PersonID]bool   // people who are in the file

	people   []Keyed
	cards    []plannedCard
	consents []plannedConsent
	leavers  []Keyed
	deeds    []string // what the token covers besides the rows
	faces    bool
}

type plannedCard struct {
	person Keyed
	number string
	row    *roster.Row
}

type plannedConsent struct {
	person Keyed
	given  bool
	line   int
}

// planImport reads the school and plans all rows. It does not block writers.
func (v View) planImport(
	ctx context.Context, school g.SchoolID, people *roster.File, o ImportOptions, report *ImportReport,
) (*importPlan, error) {
	p := &importPlan{
		ctx:      ctx,
		v:        v,
		school:   school,
		file:     people,
		o:        o,
		report:   report,
		byNumber: map[string]*Keyed{},
		short:    map[string]string{},
		known:    map[g.PersonID]bool{},
		owner:    map[string]g.PersonID{},
		given:    map[g.PersonID]bool{},
		present:  map[g.PersonID]bool{},
	}
	all, err := p.read()
	if err != nil {
		return nil, err
	}
	p.announce()
	twice := p.twice()
	for i := range people.Rows {
		line, err := p.line(people.Rows[i], twice)
		if err != nil {
			return nil, fmt.Errorf("import line %d: %w", people.Rows[i].Line, err)
		}
		p.count(&line)
		report.Lines = append(report.Lines, line)
		o.told(lookStep, i+1, len(people.Rows))
	}
	p.leave(all)
	p.brake(all)
	return p, nil
}

// read reads the snapshot of the school.
func (p *importPlan) read() ([]Keyed, error) {
	r, ctx := p.v.r, p.ctx
	school, err := p.v.places.School(ctx, p.school)
	if err != nil {
		return nil, err
	}
	p.zone = school.Location()
	if p.rev, err = places.PeopleRevision(ctx, r.s.Reg, p.school); err != nil {
		return nil, err
	}
	if err := r.s.Reg.Row(ctx, "SELECT COALESCE(MAX(id), 0) FROM consents").Scan(&p.consent); err != nil {
		return nil, fmt.Errorf("read consents: %w", err)
	}
	l, err := RollOf(ctx, r, p.school)
	if err != nil {
		return nil, err
	}
	for i := range l.People {
		one := &l.People[i]
		p.known[one.ID] = true
		if one.Number == "" {
			continue
		}
		p.byNumber[one.Number] = one
		if rest := strings.TrimLeft(one.Number, "0"); rest != one.Number {
			p.short[rest] = one.Number
		}
	}
	err = store.Each(ctx, r.s.Reg,
		"SELECT mac, person FROM passes WHERE school = ? AND mac IS NOT NULL",
		[]any{string(p.school)}, func(scan func(...any) error) error {
			var mac []byte
			var id g.PersonID
			err := scan(&mac, &id)
			p.owner[string(mac)] = id
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read passes: %w", err)
	}
	q := "SELECT c.person, c.given FROM consents c JOIN persons p ON p.id = c.person WHERE " +
		"p.school = ? ORDER BY c.id"
	err = store.Each(ctx, r.s.Reg, q, []any{string(p.school)}, func(scan func(...any) error) error {
		var id g.PersonID
		given := false
		err := scan(&id, &given)
		p.given[id] = given
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read consents: %w", err)
	}
	return l.People, nil
}

// announce assigns IDs to new people first, so that a child's row may name a guardian in a later
// row, and restores leading zeros of known numbers.
func (p *importPlan) announce() {
	for i := range p.file.Rows {
		row := &p.file.Rows[i]
		if row.Number == "" {
			continue
		}
		if full, ok := p.short[row.Number]; ok && p.byNumber[row.Number] == nil &&
			!slices.Contains(p.o.Accept, "zeros_ok") {
			p.zeros(row, full)
		}
		if row.Bad() || p.byNumber[row.Number] != nil {
			continue
		}
		id := g.PersonID(g.NewID("per"))
		_, wrapped := p.v.s.Vault.NewKey(string(id))
		p.byNumber[row.Number] = &Keyed{
			Person: g.Person{
				ID:     id,
				School: p.school,
				Number: row.Number,
			},
			Key: wrapped,
		}
	}
}

// zeros adds the question about lost zeros, or restores them if it was answered.
func (p *importPlan) zeros(row *roster.Row, full string) {
	code := "zeros_lost_known"
	if slices.Contains(p.o.Accept, "zeros_lost") {
		code = "zeros_added"
	}
	row.Problems = slices.DeleteFunc(slices.Clone(row.Problems), func(x roster.Remark) bool {
		return x.Code == code && x.Field == roster.Number
	})
	row.Problems = append(row.Problems,
		p.problem(
			*row,
			roster.Number,
			code,
			row.Number,
			"guess",
			full,
		))
	if code == "zeros_added" {
		row.Number = full
	}
}

// problem makes a problem of a row, with its column.
func (p *importPlan) problem(
	row roster.Row, field roster.Field, code, read string, pairs ...string,
) roster.Remark {
	x := roster.Remark{
		Code:  code,
		Line:  row.Line,
		Field: field,
		Read:  read,
	}
	switch code {
	case "zeros_added", "kept_by_hand", "consent_withdrawn", "exists", "returned",
		"duplicate_first":
		x.Note = true
	}
	for i, c := range p.file.Columns {
		if c.Field == field {
			x.Column, x.Heading = i+1, c.Heading
		}
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if x.Params == nil {
			x.Params = map[string]string{}
		}
		x.Params[pairs[i]] = pairs[i+1]
	}
	return roster.Say(x)
}

// twice returns the rows whose number is repeated in a later row: when skipping errors, both are
// skipped.
func (p *importPlan) twice() map[int]bool {
	out := map[int]bool{}
	for _, row := range p.file.Rows {
		for _, x := range row.Problems {
			if x.Code == "duplicate_number" {
				n, _ := strconv.Atoi(x.Params["first"])
				out[n] = true
			}
		}
	}
	return out
}

// count adds a row to the report's totals, and sets the older single-problem fields.
func (p *importPlan) count(line *ImportLine) {
	for _, x := range line.Problems {
		if !x.Note && line.Error == "" {
			line.Error, line.Field, line.Note = x.Message, string(x.Field), ""
		}
		if x.Note && line.Error == "" && line.Note == "" &&
			(x.Code == "kept_by_hand" || x.Code == "consent_withdrawn" || x.Code == "exists") {
			line.Note, line.Field = x.Message, string(x.Field)
		}
	}
	r := p.report
	switch line.Action {
	case "error":
		r.Errors++
	case "skip":
		r.Skipped++
	case "create":
		r.Created++
	case "update":
		r.Updated++
	default:
		r.Same++
	}
}

// line plans one row.
func (p *importPlan) line(row roster.Row, twice map[int]bool) (ImportLine, error) {
	line := ImportLine{
		Line:     row.Line,
		Number:   row.Number,
		Name:     row.Name,
		Kind:     row.Kind,
		Class:    row.Class,
		Action:   "same",
		Problems: some(row.Problems),
		Changes:  []ImportChange{},
	}
	old := p.byNumber[row.Number]
	if old != nil {
		p.present[old.ID] = true
	}
	if len(p.report.Lines) < shownRows {
		line.Values = values(row)
	}
	if p.o.Skip && twice[row.Line] {
		line.Action = "skip"
		line.Problems = append(slices.Clone(line.Problems),
			p.problem(row, roster.Number, "duplicate_first", row.Number, "first",
				strconv.Itoa(row.Line)))
		return line, nil
	}
	if row.Bad() {
		line.Action = p.bad()
		return line, nil
	}
	d := draft{
		plan:   p,
		row:    row,
		line:   &line,
		now:    *old,
		create: !p.known[old.ID],
	}
	d.now.imported = maps.Clone(old.imported)
	if d.now.imported == nil {
		d.now.imported = map[string]string{}
	}
	return line, d.decide(*old)
}

const shownRows = 20 // rows whose values are all shown

func (p *importPlan) bad() string {
	if p.o.Skip {
		return "skip"
	}
	return "error"
}

// values are a row's values as they will be written.
func values(row roster.Row) map[string]string {
	out := map[string]string{}
	for k, s := range map[string]string{
		"kind":             string(row.Kind),
		"number":           row.Number,
		"name":             row.Name,
		"class":            row.Class,
		"boarder":          row.Boarder,
		"phone":            row.Phone,
		"card":             row.Card,
		"face_consent":     row.Consent,
		"guardian_numbers": strings.Join(row.Guardians, " "),
	} {
		if s != "" {
			out[k] = s
		}
	}
	if !row.Expires.IsZero() {
		out["card_expires"] = row.Expires.AddDate(0, 0, -1).Format("2006-01-02")
	}
	return out
}

// leave finds the people who are not in a full roster: of the file's kinds, with a number.
func (p *importPlan) leave(all []Keyed) {
	if p.o.Mode != ImportFull {
		return
	}
	kinds := map[g.PersonKind]bool{}
	for _, row := range p.file.Rows {
		kinds[row.Kind] = true
		if !row.Bad() {
			continue
		}
		unsure := row.Number == ""
		for _, x := range row.Problems {
			unsure = unsure ||
				!x.Note &&
					(x.Field == roster.Number && x.Code != "duplicate_number" || x.Column == 0)
		}
		if unsure && p.o.Skip {
			p.report.Problems = append(p.report.Problems,
				roster.Say(roster.Remark{
					Code: "full_unsure",
					Line: row.Line,
				}))
			return
		}
	}
	for i := range all {
		one := all[i]
		if !one.Left.IsZero() || p.present[one.ID] || !kinds[one.Kind] {
			continue
		}
		if one.Number == "" {
			p.report.Unnumbered++
			continue
		}
		p.leavers = append(p.leavers, one)
		p.report.Leaving = append(p.report.Leaving, ImportLine{
			Action:   "leave",
			Number:   one.Number,
			Name:     p.shown(one.Name),
			Kind:     one.Kind,
			Class:    one.Class,
			Problems: []roster.Remark{},
			Changes:  []ImportChange{},
		})
	}
}

// shown returns existing data if the caller may read the list of people.
func (p *importPlan) shown(s string) string {
	if p.v.s.Can(g.PeopleRead) {
		return s
	}
	return ""
}

// brake sets whether so many people would leave, move or lose data that confirmation is required.
func (p *importPlan) brake(all []Keyed) {
	b := &p.report.Brake
	for i := range all {
		if all[i].Left.IsZero() {
			b.Of++
		}
	}
	b.Affected = len(p.leavers)
	for _, line := range p.report.Lines {
		if line.Action != "update" {
			continue
		}
		if slices.ContainsFunc(line.Changes, func(c ImportChange) bool {
			return c.From != "" &&
				(c.Field == roster.Class || c.Field == roster.Name || c.Field == roster.Kind ||
					c.To == "")
		}) {
			b.Affected++
		}
	}
	b.Needed = b.Affected >= 3 && b.Affected*10 > b.Of
}

// draft is one person, as changed by a row.
type draft struct {
	plan   *importPlan
	row    roster.Row
	line   *ImportLine
	now    Keyed
	create bool
}

// decide compares the row with the existing person, and adds the changes to the plan.
func (d *draft) decide(old Keyed) error {
	p := d.plan
	mode := p.o.Mode
	switch {
	case d.create && (mode == ImportUpdate || mode == ImportPromote):
		return d.fail(roster.Number, "unknown_number", d.row.Number)
	case !d.create && mode == ImportAdd:
		d.note(roster.Number, "exists")
		return nil
	case d.create:
		d.line.Action = "create"
		d.now.Created = store.Moment(store.Micros(p.v.s.Now()))
	case !old.Left.IsZero():
		d.now.Left = store.Moment(0)
		d.note(roster.Number, "returned")
		d.change("left", "yes", "")
	}
	d.fields()
	if mode != ImportPromote && !d.guardians() {
		return nil
	}
	d.now.Person = tidy(d.now.Person)
	if err := checkPerson(d.now.Person); err != nil {
		return d.refuse(err)
	}
	var card *plannedCard
	var consent *plannedConsent
	if mode != ImportPromote {
		var ok bool
		if card, ok = d.card(); !ok {
			return nil
		}
		consent = d.consent()
	}
	if !d.create && len(d.line.Changes) > 0 {
		d.line.Action = "update"
	}
	if d.line.Action == "same" && maps.Equal(d.now.imported, old.imported) {
		return nil
	}
	if !d.create {
		d.now.turned(old, p.v.s.Now())
	}
	d.take(card, consent)
	return nil
}

// take adds the person to the plan.
func (d *draft) take(card *plannedCard, consent *plannedConsent) {
	p := d.plan
	p.people = append(p.people, d.now)
	if card != nil {
		card.person = d.now
		p.cards = append(p.cards, *card)
		p.deeds = append(p.deeds,
			fmt.Sprintln(d.row.Line, "card", card.number, d.row.Expires.Unix()))
	}
	if consent != nil {
		consent.person = d.now
		p.consents = append(p.consents, *consent)
		p.faces = true
	}
	p.faces = p.faces || d.line.Action == "update"
	b, _ := json.Marshal([]any{
		d.row.Line, d.now.Kind, d.now.Name, d.now.Class, d.now.Boarder, d.now.Phone,
		d.row.Guardians,
	})
	p.deeds = append(p.deeds, string(b))
}

func (d *draft) note(field roster.Field, code string) {
	d.line.Problems = append(slices.Clone(d.line.Problems), d.plan.problem(d.row, field, code, ""))
}

// fail refuses the row.
func (d *draft) fail(field roster.Field, code, read string, pairs ...string) error {
	d.line.Action = d.plan.bad()
	d.line.Changes = []ImportChange{}
	d.line.Problems = append(slices.Clone(d.line.Problems),
		d.plan.problem(d.row, field, code, read, pairs...))
	return nil
}

// refuse adds the problem for a person that fails validation.
func (d *draft) refuse(err error) error {
	var e *g.Error
	if !errors.As(err, &e) {
		return err
	}
	field := roster.Field(e.Field)
	if field == "guardians" {
		return d.fail(roster.Guardians, "guardians_many", "", "n",
			strconv.Itoa(len(d.now.Guardian)))
	}
	read := map[roster.Field]string{
		roster.Name:   d.now.Name,
		roster.Number: d.now.Number,
		roster.Class:  d.now.Class,
		roster.Phone:  d.now.Phone,
	}[field]
	most := store.MaxLabel
	if field == roster.Name {
		most = store.MaxName
	}
	if utf8.RuneCountInString(read) > most {
		return d.fail(field, "too_long", string([]rune(read)[:40])+"…", "n", strconv.Itoa(most))
	}
	return d.fail(field, "unusable", strconv.QuoteToASCII(read))
}

func (d *draft) change(field roster.Field, from, to string) {
	if d.create {
		return
	}
	d.line.Changes = append(d.line.Changes, ImportChange{
		Field: field,
		From:  from,
		To:    to,
	})
}

// fields applies the row's values, except over manual corrections: values that differ from those of
// the last import.
func (d *draft) fields() {
	boarder := map[bool]string{true: "yes"}[d.now.Boarder]
	kind := string(d.now.Kind)
	row, mode := d.row, d.plan.o.Mode
	for _, f := range []struct {
		field roster.Field
		says  string
		have  *string
	}{
		{roster.Kind, string(row.Kind), &kind}, {roster.Name, row.Name, &d.now.Name},
		{roster.Class, row.Class, &d.now.Class},
		{roster.Boarder, row.Boarder, &boarder}, {roster.Phone, row.Phone, &d.now.Phone},
	} {
		if mode == ImportPromote && f.field != roster.Class {
			continue
		}
		clear := d.plan.o.Clear && f.says == "" && d.plan.file.Has[f.field] &&
			f.field != roster.Kind && f.field != roster.Name
		if f.says == "" && !clear {
			continue
		}
		d.field(f.field, f.says, f.have)
	}
	d.now.Boarder, d.now.Kind = boarder == "yes", g.PersonKind(kind)
}

func (d *draft) field(field roster.Field, says string, have *string) {
	last := d.now.imported[string(field)]
	d.now.imported[string(field)] = says
	if says == "" {
		delete(d.now.imported, string(field))
	}
	no := field == roster.Boarder && *have == ""
	byHand := *have != "" && *have != last ||
		last != "" && *have != last && !(field == roster.Boarder && last == "no")
	switch {
	case *have == says || no && says == "no":
	case byHand && d.plan.o.Mode != ImportOverwrite && d.plan.o.Mode != ImportPromote &&
		!(d.create):
		d.note(field, "kept_by_hand")
	default:
		from, to := *have, says
		if field == roster.Boarder {
			from, to = cmp.Or(from, "no"), cmp.Or(to, "no")
			if says == "no" {
				says = ""
			}
		}
		d.change(field, d.plan.past(field, from), to)
		*have = says
	}
}

// past is the old value as far as the caller may see it: the list of people shows names, but a
// telephone number requires opening the person's page.
func (p *importPlan) past(field roster.Field, s string) string {
	switch field {
	case roster.Phone:
		if r := []rune(s); len(r) > 4 {
			return "•••" + string(r[len(r)-4:])
		}
		if s != "" {
			return "•••"
		}
	case roster.Name:
		if !p.v.s.Can(g.PeopleRead) {
			return "•••"
		}
	}
	return s
}

// guardians adds the guardians in the row; only clearing removes any.
func (d *draft) guardians() bool {
	before := d.now.Guardian
	d.now.Guardian = slices.Clone(before)
	if d.plan.o.Clear && len(d.row.Guardians) == 0 && d.plan.file.Has[roster.Guardians] {
		d.now.Guardian = nil
	}
	for _, n := range d.row.Guardians {
		other := d.plan.byNumber[n]
		if other == nil || other.ID == d.now.ID {
			d.fail(roster.Guardians, "guardian_unknown", n)
			return false
		}
		if !slices.Contains(d.now.Guardian, other.ID) {
			d.now.Guardian = append(d.now.Guardian, other.ID)
		}
	}
	if !slices.Equal(before, d.now.Guardian) {
		d.change(roster.Guardians, strconv.Itoa(len(before)), strconv.Itoa(len(d.now.Guardian)))
	}
	return true
}

// card is the card that the row adds, or nil; ok is false if it is not available.
func (d *draft) card() (card *plannedCard, ok bool) {
	p := d.plan
	if d.row.Card == "" {
		return nil, true
	}
	if err := checkCredential(g.ByCard, d.row.Card); err != nil {
		d.fail(roster.Card, "card_unusable", d.row.Card)
		return nil, false
	}
	keys, err := p.v.s.Vault.School(p.ctx, p.v.s.Reg, p.school)
	if err != nil {
		return nil, false
	}
	number := normal(g.ByCard, d.row.Card)
	owner, taken := p.owner[string(keys.Mac(string(g.ByCard), number))]
	if taken && owner != d.now.ID {
		d.fail(roster.Card, "card_taken", d.row.Card)
		return nil, false
	}
	if taken {
		return nil, true
	}
	d.change(roster.Card, "", number)
	return &plannedCard{
		number: number,
		row:    &d.row,
	}, true
}

// consent is the record that the row requires, or nil. An import never undoes a manual withdrawal.
func (d *draft) consent() *plannedConsent {
	if d.row.Consent == "" {
		return nil
	}
	last := d.now.imported[string(roster.FaceConsent)]
	d.now.imported[string(roster.FaceConsent)] = d.row.Consent
	have, known := d.plan.given[d.now.ID]
	want := d.row.Consent == "yes"
	if have == want {
		return nil
	}
	if want && known && last != "no" {
		d.note(roster.FaceConsent, "consent_withdrawn")
		return nil
	}
	d.change(roster.FaceConsent, map[bool]string{true: "yes", false: "no"}[have], d.row.Consent)
	return &plannedConsent{
		given: want,
		line:  d.row.Line,
	}
}
