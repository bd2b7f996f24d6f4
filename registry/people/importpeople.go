package people

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/roster"
	"github.com/gatehouse-iot/gatehouse/registry/sheet"
)

// ImportMode says what a file is allowed to change.
type ImportMode string

// The modes.
const (
	ImportMerge     ImportMode = "merge"     // adds who is new and changes who is known
	ImportAdd       ImportMode = "add"       // adds who is new; whoever is known stays as they are
	ImportUpdate    ImportMode = "update"    // changes who is known; an unknown number is an error
	ImportFull      ImportMode = "full"      // merge, and whoever is in no line leaves
	ImportPromote   ImportMode = "promote"   // changes the class of who is known, and nothing else
	ImportOverwrite ImportMode = "overwrite" // merge, over corrections by hand as well
)

// ImportModes lists every mode.
func ImportModes() []ImportMode {
	return []ImportMode{
		ImportMerge, ImportAdd, ImportUpdate, ImportFull, ImportPromote, ImportOverwrite,
	}
}

// ImportOptions are what a person chose of an import; what is empty is guessed or the default.
type ImportOptions struct {
	Encoding    string
	Sheet       string
	HeadingLine int            // 0: found; negative: there are none
	Columns     []roster.Field // by position
	Kind        g.PersonKind   // of those whose line does not say
	Mode        ImportMode     // empty: merge
	Clear       bool           // an empty cell takes away what was there
	// lines with an error are left out; else nothing is imported while there is one
	Skip bool
	// questions that are answered with yes: class_date, class_date_dm, zeros_lost, zeros_ok
	Accept  []string
	DryRun  bool
	Token   string // of the preview that is to be applied
	Confirm int    // how many people it is known to change, where that asks for a word

	// told the share that is done, 0 to 1; it does not block; nil: nobody asks
	Progress func(share float64) `json:"-"`
}

func (o ImportOptions) check() error {
	if !slices.Contains(ImportModes(), o.Mode) {
		return g.FieldErrorf("mode", "%q is no mode; use one of %v", o.Mode, ImportModes())
	}
	if o.Kind != "" && !slices.Contains(g.PersonKinds(), o.Kind) {
		return g.FieldErrorf("kind", "%q is no kind of person; use one of %v", o.Kind,
			g.PersonKinds())
	}
	for _, c := range o.Columns {
		if c != roster.Ignored && c != "" && !slices.Contains(roster.Fields(), c) {
			return g.FieldErrorf("columns", "%q is no field; use - or one of %v", c,
				roster.Fields())
		}
	}
	for _, a := range o.Accept {
		if !slices.Contains([]string{"class_date", "class_date_dm", "zeros_lost", "zeros_ok"}, a) {
			return g.FieldErrorf("accept",
				"%q is no question; use class_date, class_date_dm, zeros_lost or zeros_ok", a)
		}
	}
	return nil
}

// risky says whether the import can take something away, so that it wants a preview first.
func (o ImportOptions) risky() bool {
	return o.Clear || o.Mode == ImportFull || o.Mode == ImportPromote || o.Mode == ImportOverwrite
}

// Import reads people from CSV or a workbook, merges them, and imports all or, where a
// line has an error, nothing. A file that cannot be read as people is an Invalid error.
func (v View) Import(
	ctx context.Context, school g.SchoolID, file io.Reader, dryRun bool,
) (ImportReport, error) {
	b, err := io.ReadAll(io.LimitReader(file, sheet.MaxBytes+1))
	if err != nil {
		return ImportReport{}, fmt.Errorf("read the file: %w", err)
	}
	report, err := v.ImportRoster(ctx, school, b, ImportOptions{DryRun: dryRun})
	if err != nil {
		return ImportReport{}, err
	}
	return report, report.Fault()
}

// Fault is the first problem of the file as a whole, as an error; nil for none.
func (r *ImportReport) Fault() error {
	for _, p := range r.Problems {
		if p.Note {
			continue
		}
		code := g.Invalid
		if p.Code == "file_large" {
			code = g.TooLarge
		}
		return g.Errorf(code, "%s", g.Text{Format: p.Message}).At(string(p.Field))
	}
	return nil
}

// ImportRoster reads people from a file and says what each line does: it is the preview with
// DryRun and the deed without. Nothing is computed under the writer: all is read, planned and
// sealed beside it, put down in small parts, and taken over at once. An import that is broken
// off has changed nothing. With a Token exactly what that preview showed is applied; where the
// school's people have changed meanwhile it is a Conflict. Without one the plan is made anew
// where somebody changed the same people at the same time.
func (v View) ImportRoster(
	ctx context.Context, school g.SchoolID, file []byte, o ImportOptions,
) (ImportReport, error) {
	in, err := v.s.Reach(ctx, g.PeopleWrite)
	if err != nil {
		return ImportReport{}, err
	}
	if err := v.s.InSchool(ctx, in, school); err != nil {
		return ImportReport{}, err
	}
	if o.Mode == "" {
		o.Mode = ImportMerge
	}
	if err := o.check(); err != nil {
		return ImportReport{}, err
	}
	report := ImportReport{
		Lines:     []ImportLine{},
		Leaving:   []ImportLine{},
		Columns:   []roster.Column{},
		Problems:  []roster.Remark{},
		Sheets:    []string{},
		Encodings: []string{},
		Mode:      o.Mode,
	}
	table, err := sheet.Read(file, sheet.Options{Encoding: o.Encoding, Sheet: o.Sheet})
	var fault *sheet.Fault
	if errors.As(err, &fault) {
		report.Problems = append(report.Problems,
			roster.Remark{Code: fault.Code, Params: fault.Params, Message: fault.Error()})
		return report, nil
	}
	if err != nil {
		return ImportReport{}, fmt.Errorf("read the file: %w", err)
	}
	people, err := v.readRoster(ctx, school, table, &o, &report)
	if err != nil || report.Fault() != nil {
		return report, err
	}
	const tries = 3
	for try := 1; ; try++ {
		one := report
		err := v.importOnce(ctx, school, people, o, &one)
		if !errors.Is(err, errChanged) {
			return one, err
		}
		if o.Token != "" || try == tries {
			return ImportReport{}, g.Errorf(g.Conflict,
				"the school's people have changed since the preview: look at the new preview and "+
					"apply that").At("token")
		}
	}
}

// readRoster reads the table as people, with the columns that were given, remembered or guessed.
func (v View) readRoster(
	ctx context.Context, school g.SchoolID, t *sheet.Table, o *ImportOptions, report *ImportReport,
) (*roster.File, error) {
	report.Format, report.Encoding, report.Encodings, report.Delimiter = t.Format, t.Encoding, some(
		t.Encodings), t.Delimiter
	report.Sheet, report.Sheets = t.Sheet, some(t.Sheets)
	report.Mapping = "given"
	headings := headingsKey(roster.Headings(t, o.HeadingLine))
	if len(o.Columns) == 0 {
		report.Mapping = "guessed"
		var err error
		if o.Columns, err = v.r.rememberedColumns(ctx, school, headings); err != nil {
			return nil, err
		}
		if len(o.Columns) > 0 {
			report.Mapping = "remembered"
		}
	}
	accept := map[string]bool{}
	for _, a := range o.Accept {
		accept[a] = true
	}
	people := roster.Read(t, roster.Options{
		HeadingLine: o.HeadingLine,
		Columns:     o.Columns,
		Kind:        o.Kind,
		Accept:      accept,
	})
	report.HeadingLine, report.Columns, report.headings = people.HeadingLine, people.Columns, headings
	report.Problems = append(report.Problems, people.Problems...)
	if len(people.Rows) > sheet.MaxRows {
		f := sheet.Fault{
			Code:   "file_large",
			Params: map[string]string{"n": fmt.Sprint(sheet.MaxRows, " lines")},
		}
		report.Problems = append(report.Problems,
			roster.Remark{Code: f.Code, Params: f.Params, Message: f.Error()})
	}
	return people, nil
}

func some[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// importOnce plans, and applies where that is wanted and allowed.
func (v View) importOnce(
	ctx context.Context, school g.SchoolID, people *roster.File, o ImportOptions, report *ImportReport,
) error {
	report.Lines, report.Leaving = make([]ImportLine, 0, len(people.Rows)), []ImportLine{}
	p, err := v.planImport(ctx, school, people, o, report)
	if err != nil {
		return err
	}
	if report.Token, err = p.token(o); err != nil {
		return err
	}
	if o.DryRun || report.Errors > 0 || report.Fault() != nil {
		return nil
	}
	switch {
	case o.Token != "" && o.Token != report.Token:
		return errChanged
	case o.Token == "" && o.risky():
		return g.FieldErrorf("token",
			"the mode %s can take something away: preview it, and send the preview's token",
			o.Mode)
	case report.Brake.Needed && o.Confirm != report.Brake.Affected:
		return g.FieldErrorf("confirm",
			"%d of %d people would leave, move to another class or lose a name: if that is "+
				"meant, send confirm=%d with the preview's token",
			report.Brake.Affected, report.Brake.Of, report.Brake.Affected)
	case report.Brake.Needed && o.Token == "":
		return g.FieldErrorf("token", "so many people are changed only with the token of a preview")
	}
	if err := p.apply(ctx, o); err != nil {
		return err
	}
	report.Applied = true
	return nil
}

// token names what the plan would do, to everybody, in one hash that only this gateway makes.
func (p *importPlan) token(o ImportOptions) (string, error) {
	keys, err := p.v.s.Vault.School(p.ctx, p.v.s.Reg, p.school)
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(struct {
		Mode    ImportMode
		Skip    bool
		Lines   []ImportLine
		Leaving []ImportLine
		Deeds   []string
	}{o.Mode, o.Skip, p.report.Lines, p.report.Leaving, p.deeds})
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(keys.Mac("import", string(b))[:16]), nil
}
