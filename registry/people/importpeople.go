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

// ImportMode says what an import may change.
type ImportMode string

// The modes.
const (
	ImportMerge     ImportMode = "merge"     // adds new people and changes existing ones
	ImportAdd       ImportMode = "add"       // adds new people; existing ones stay unchanged
	ImportUpdate    ImportMode = "update"    // changes existing people; unknown numbers are errors
	ImportFull      ImportMode = "full"      // merge, and people who are not in the file leave
	ImportPromote   ImportMode = "promote"   // changes the class of existing people only
	ImportOverwrite ImportMode = "overwrite" // merge, and also overwrites manual corrections
)

// ImportModes lists every mode.
func ImportModes() []ImportMode {
	return []ImportMode{
		ImportMerge, ImportAdd, ImportUpdate, ImportFull, ImportPromote, ImportOverwrite,
	}
}

// ImportOptions are a person's choices for an import; empty ones are guessed or have a default.
type ImportOptions struct {
	Encoding    string
	Sheet       string
	HeadingLine int            // 0: detect; negative: there is none
	Columns     []roster.Field // by position
	Kind        g.PersonKind   // for rows without a kind
	Mode        ImportMode     // empty: merge
	Clear       bool           // empty cells clear the field
	// skip rows with an error; otherwise an error prevents the whole import
	Skip bool
	// questions answered with yes: class_date, class_date_dm, zeros_lost, zeros_ok
	Accept  []string
	DryRun  bool
	Token   string // of the preview to apply
	Confirm int    // number of people affected, if the brake requires confirmation

	// called with the share done, 0 to 1; must not block; may be nil
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

// risky reports whether the import can remove data, and therefore requires a preview.
func (o ImportOptions) risky() bool {
	return o.Clear || o.Mode == ImportFull || o.Mode == ImportPromote || o.Mode == ImportOverwrite
}

// Import imports people from CSV or a workbook with the default options: all of them or, if a row
// has an error, none. A file that cannot be read as people is an Invalid error.
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

// Fault is the first problem of the file as a whole as an error, or nil.
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

// ImportRoster imports people from a file, or with DryRun only reports what each row would do.
// Reading, planning and encrypting happen outside of the write transaction; the rows are staged in
// small parts and then applied at once. An aborted import has changed nothing. With a Token,
// exactly the plan of that preview is applied, and changed people are a Conflict. Without one, the
// plan is made again if somebody has changed the same people meanwhile.
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
	table, err := sheet.Read(file, sheet.Options{
		Encoding: o.Encoding,
		Sheet:    o.Sheet,
	})
	var fault *sheet.Fault
	if errors.As(err, &fault) {
		report.Problems = append(report.Problems,
			roster.Remark{
				Code:    fault.Code,
				Params:  fault.Params,
				Message: fault.Error(),
			})
		return report, nil
	}
	if err != nil {
		return ImportReport{}, fmt.Errorf("read the file: %w", err)
	}
	people, err := v.readRoster(
		ctx,
		school,
		table,
		&o,
		&report,
	)
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

// readRoster reads the table as people, with the columns chosen, remembered or guessed.
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
			roster.Remark{
				Code:    f.Code,
				Params:  f.Params,
				Message: f.Error(),
			})
	}
	return people, nil
}

func some[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// importOnce plans the import, and applies it if requested and allowed.
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

// token is a keyed hash of everything that the plan would do.
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
