// Package roster reads people from a table: it maps columns to fields and parses each row. Damage
// that spreadsheets are known to cause is repaired, with a note, if only one original is possible;
// otherwise it asks. It does not know who is in the school already; the registry does.
package roster

import (
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/sheet"
)

// Field is what a column can hold.
type Field string

// The fields, and Ignored for a column that is left out.
const (
	Kind        Field = "kind"
	Number      Field = "number"
	Name        Field = "name"
	Grade       Field = "grade" // prefixed to the class
	Class       Field = "class"
	Boarder     Field = "boarder"
	Phone       Field = "phone"
	Card        Field = "card"
	CardExpires Field = "card_expires"
	FaceConsent Field = "face_consent"
	Guardians   Field = "guardian_numbers"
	Ignored     Field = "-"
)

// Fields lists the fields that a column can have, without Ignored.
func Fields() []Field {
	return []Field{
		Kind, Number, Name, Grade, Class, Boarder, Phone, Card, CardExpires, FaceConsent,
		Guardians,
	}
}

// Remark is a problem or note about a row, a cell or the file. A Note does not prevent the import.
// Programs decide by Code; Message is in English here, and in the reader's language in the API.
type Remark struct {
	Code    string            `json:"code" doc:"What it is; never changes its meaning." example:"class_date"`
	Note    bool              `json:"note" doc:"It only tells; nothing is refused for it."`
	Line    int               `json:"line,omitempty" doc:"The line of the file, from 1."`
	Column  int               `json:"column,omitempty" doc:"The column, from 1."`
	Heading string            `json:"heading,omitempty" doc:"The column's heading in the file."`
	Field   Field             `json:"field,omitempty" doc:"The field that the column is read as."`
	Read    string            `json:"read,omitempty" doc:"What was read."`
	Params  map[string]string `json:"params,omitempty" doc:"What the message names, e.g. guess."`
	Message string            `json:"message" doc:"What is wrong and how to mend it, in the language of the answer."`
}

// Column is one column of the file and the field that it is read as.
type Column struct {
	Heading string   `json:"heading" doc:"As it stands in the file; may be empty."`
	Field   Field    `json:"field" doc:"What it is read as; - is left out."`
	Samples []string `json:"samples" nullable:"false" doc:"The first values."`
}

// Row is a parsed row. Fields that the file does not give are empty.
type Row struct {
	Line      int
	Kind      g.PersonKind
	Number    string
	Name      string
	Class     string
	Boarder   string // "", yes or no
	Phone     string
	Card      string
	Expires   time.Time
	Consent   string // "", yes or no
	Guardians []string
	Problems  []Remark
}

// Bad reports whether the row must be refused.
func (r *Row) Bad() bool {
	for _, p := range r.Problems {
		if !p.Note {
			return true
		}
	}
	return false
}

// Options are a person's choices.
type Options struct {
	HeadingLine int     // 0: detect; negative: there is none
	Columns     []Field // by position; empty: guess from the headings
	Kind        g.PersonKind
	// questions answered with yes: class_date, class_date_dm, zeros_lost, zeros_ok
	Accept map[string]bool
}

// File is a table read as people.
type File struct {
	HeadingLine int // 0: none
	Columns     []Column
	Has         map[Field]bool
	Rows        []Row
	Problems    []Remark // of the file as a whole
}

// Bad reports whether the file as a whole must be refused.
func (f *File) Bad() bool {
	for _, p := range f.Problems {
		if !p.Note {
			return true
		}
	}
	return false
}

// Read reads all rows. It never fails: problems are in the result.
func Read(t *sheet.Table, o Options) *File {
	f := &File{Has: map[Field]bool{}}
	at, first := headings(t, o.HeadingLine)
	if at >= 0 {
		f.HeadingLine = t.Rows[at].Line
	}
	f.about(t, first, at)
	f.columns(t, at, first, o)
	f.required(o)
	r := reader{
		file:    f,
		o:       o,
		numbers: map[string]int{},
		cards:   map[string]int{},
	}
	r.zeros(t, first)
	for _, row := range t.Rows[first:] {
		r.read(row)
	}
	if empty := first >= len(t.Rows); empty || len(f.Rows) == 0 && !f.Bad() {
		f.say(Remark{Code: "no_lines"})
	}
	return f
}

func (f *File) say(p Remark) {
	p.Message = text(p)
	f.Problems = append(f.Problems, p)
}
