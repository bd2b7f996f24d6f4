package people

import (
	"context"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/roster"
)

// ImportChoices are the options of an import; all are optional.
type ImportChoices struct {
	gate.InSchool
	Mode        people.ImportMode `query:"mode" default:"merge" enum:"merge,add,update,full,promote,overwrite" doc:"merge: adds who is new, changes who is known. add: only adds. update: only changes; an unknown number is an error. full: merge, and whoever is in no line leaves. promote: only moves classes. overwrite: merge, over corrections by hand too."`
	Kind        g.PersonKind      `query:"kind" doc:"Of everybody whose line does not say: student, staff, guardian or visitor."`
	Columns     []string          `query:"columns" maxItems:"256" doc:"What each column is, by position: kind, number, name, grade, class, boarder, phone, card, card_expires, face_consent, guardian_numbers, or - for none. Empty: as it was imported last with these headings, else guessed from them." example:"number,name,-,class"`
	HeadingLine int               `query:"heading_line" minimum:"-1" maximum:"1000000" doc:"The line of the headings; 0: it is found; -1: there are none."`
	Encoding    string            `query:"encoding" maxLength:"32" doc:"utf-8, utf-16, gb18030, big5 or windows-1252; empty: guessed, and asked for where it is not certain."`
	Sheet       string            `query:"sheet" maxLength:"64" doc:"Of a workbook; empty: the first that is shown and holds something."`
	Empty       string            `query:"empty" default:"leave" enum:"leave,clear" doc:"Whether an empty cell leaves what is there or clears it."`
	Bad         string            `query:"bad" default:"refuse" enum:"refuse,skip" doc:"Whether a line with an error refuses the file or is left out."`
	Progress    string            `query:"progress" maxLength:"64" doc:"A name of the caller's own, under which GET /v1/people/import/progress/{id} says how far it is."`
	Accept      []string          `query:"accept" maxItems:"8" doc:"Questions answered with yes. class_date: 7月1日 and 1-Jul are the class 7-1; class_date_dm: they are 1-7; zeros_lost: complete numbers with zeros; zeros_ok: they are right as they are."`
}

type previewInput struct {
	ImportChoices
	RawBody []byte `contentType:"text/csv"`
}

type importInput struct {
	ImportChoices
	DryRun  bool   `query:"dry_run" doc:"Only say what would be done; a file that cannot be read as people is an error."`
	Token   string `query:"token" maxLength:"64" doc:"The preview's: apply exactly that, or answer 409 where the school's people have changed since. Needed for full, promote, overwrite, empty=clear and mass changes."`
	Confirm int    `query:"confirm" minimum:"0" doc:"The preview's brake.affected, where brake.needed: the number of people who would leave, move or change names."`
	RawBody []byte `contentType:"text/csv"`
}

const maxImport = 16 << 20 // bytes of a file

// workbookType is the content type of an .xlsx file. The gateway tells
// files apart by their content.
const workbookType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

func (c ImportChoices) options() people.ImportOptions {
	o := people.ImportOptions{
		Encoding:    c.Encoding,
		Sheet:       c.Sheet,
		HeadingLine: c.HeadingLine,
		Kind:        c.Kind,
		Mode:        c.Mode,
		Clear:       c.Empty == "clear",
		Skip:        c.Bad == "skip",
		Accept:      c.Accept,
	}
	for _, f := range c.Columns {
		o.Columns = append(o.Columns, roster.Field(strings.TrimSpace(f)))
	}
	return o
}

func (s *area) registerImport(tag string) {
	s.registerImportProgress(tag)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/people/import/preview",
		ID:      "preview-import",
		Tag:     tag,
		Perm:    g.PeopleWrite,
		Max:     maxImport,
		Summary: "Say what importing a file of people would do",
		Doc: "Takes CSV (UTF-8, UTF-16, GBK, GB18030, Big5; comma, semicolon or tab) or an Excel " +
			"workbook (.xlsx), headings in English or Chinese. " +
			"Changes nothing. The report says which column is read as what, and line by line who " +
			"would be new, changed (from, to), left out or refused; every problem has a code " +
			"with parameters. " +
			"Its token applies exactly this outcome with POST /v1/people/import.",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" -H "Content-Type: text/csv" --data-binary @- "$GATEHOUSE_URL/v1/people/import/preview?kind=student" <<'END'
学号,姓名,班级,备注
2026-0803,陈洁,7年级1班,
END`,
	}, func(ctx context.Context, in *previewInput) (*gate.Body[people.ImportReport], error) {
		o := in.options()
		o.DryRun = true
		told, end := s.follow(ctx, in.Progress)
		defer end()
		o.Progress = told
		report, err := s.View(ctx).People.ImportRoster(ctx, gate.SchoolOf(ctx, in.School), in.RawBody, o)
		inWords(ctx, &report)
		return gate.Answer(report, err)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:   "POST",
		Path:     "/v1/people/import",
		ID:       "import-people",
		Tag:      tag,
		Perm:     g.PeopleWrite,
		Max:      maxImport,
		Conflict: true,
		Summary:  "Import people from CSV or a workbook",
		Doc: "Everything is imported or nothing; an import that is broken off has changed " +
			"nothing. While any line is wrong, nothing is changed, unless bad=skip leaves such " +
			"lines out. " +
			"With dry_run, or at /v1/people/import/preview, the report says line by line what " +
			"would happen.",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" -H "Content-Type: text/csv" --data-binary @- "$GATEHOUSE_URL/v1/people/import?dry_run=true" <<'END'
kind,number,name,class
student,2026-0801,Chen Jie,7-1
student,2026-0802,Zhao Lei,7-1
END`,
	}, func(ctx context.Context, in *importInput) (*gate.Body[people.ImportReport], error) {
		o := in.options()
		o.DryRun, o.Token, o.Confirm = in.DryRun, in.Token, in.Confirm
		told, end := s.follow(ctx, in.Progress)
		defer end()
		o.Progress = told
		report, err := s.View(ctx).People.ImportRoster(ctx, gate.SchoolOf(ctx, in.School), in.RawBody, o)
		inWords(ctx, &report)
		if err == nil {
			err = report.Fault()
		}
		return gate.Answer(report, err)
	})
	for _, path := range []string{"/v1/people/import/preview", "/v1/people/import"} {
		file := &huma.MediaType{Schema: &huma.Schema{
			Type:   huma.TypeString,
			Format: "binary",
		}}
		for _, kind := range []string{workbookType, "application/octet-stream"} {
			s.OpenAPI().Paths[path].Post.RequestBody.Content[kind] = file
		}
	}
	gate.Handle(s.Gate, gate.Endpoint{
		Method:   "PUT",
		Path:     "/v1/people/{id}/left",
		ID:       "mark-left",
		Tag:      tag,
		Perm:     g.PeopleWrite,
		Matching: true,
		Summary:  "Mark somebody as having left the school, or as being back",
		Doc: "Whoever has left is expected nowhere and recognised by no face, card or number, " +
			"and can come back. Deleting a person is final.",
	},
		func(ctx context.Context, in *gate.Put[leftBody]) (*gate.None, error) {
			ctx = gate.OnState(ctx, in.IfMatch, func(ctx context.Context) (string, error) {
				p, err := s.View(ctx).People.ToChange(ctx, g.PersonID(in.ID))
				return gate.TagOf(p), err
			})
			return &gate.None{}, s.View(ctx).People.SetLeft(ctx, g.PersonID(in.ID), in.Body.Left)
		})
}

type leftBody struct {
	Left bool `json:"left" doc:"true: has left; false: is back."`
}
