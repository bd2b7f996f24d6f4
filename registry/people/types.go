package people

import (
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/roster"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Filter selects people.
type Filter struct {
	store.Page
	School g.SchoolID
	Kind   g.PersonKind
	Class  string
	Query  string // words that must all occur in name, number or class
	Left   bool   // people who have left, instead of current ones

	// Sort is class (the default order), name or number; each school is sorted separately.
	Sort store.Sort

	// NotOfModel selects people whose face templates are all of other models.
	NotOfModel string
}

// PersonRow is a row of the list of people; reading it needs no reason.
type PersonRow struct {
	ID      g.PersonID   `json:"id"`
	School  g.SchoolID   `json:"school"`
	Kind    g.PersonKind `json:"kind"`
	Name    string       `json:"name"`
	Number  string       `json:"number,omitempty"`
	Class   string       `json:"class,omitempty"`
	Boarder bool         `json:"boarder"`
	Left    time.Time    `json:"left,omitzero"`
	Face    bool         `json:"face"`    // a face template is enrolled
	Consent bool         `json:"consent"` // the person has consented to face recognition
	Cards   int          `json:"cards"`   // cards, QR codes and PINs
}

// PersonPage is everything about one person.
type PersonPage struct {
	g.Person
	Consents []g.Consent `json:"consents"` // newest first
	Passes   []g.Pass    `json:"passes"`
}

// ImportLine is what an import did, or would do, with one row of the file or one leaver.
type ImportLine struct {
	Line     int             `json:"line,omitempty"` // 0 for a leaver, who is in no row
	Action   string          `json:"action"`         // create, update, same, skip, error or leave
	Number   string          `json:"number"`
	Name     string          `json:"name"`
	Kind     g.PersonKind    `json:"kind,omitempty"`
	Class    string          `json:"class,omitempty"`
	Changes  []ImportChange  `json:"changes" nullable:"false"`
	Problems []roster.Remark `json:"problems" nullable:"false"`
	// of the first rows: the values to be written
	Values map[string]string `json:"values,omitempty"`
	// the first problem that is not a note, in English
	Error string `json:"error,omitempty"`
	// the column that the error or note is about
	Field string `json:"field,omitempty"`
	Note  string `json:"note,omitempty"` // e.g. a manual correction that was kept
}

// ImportChange is one changed field of an existing person.
type ImportChange struct {
	Field roster.Field `json:"field"`
	From  string       `json:"from"` // of a telephone number only the last digits
	To    string       `json:"to"`
}

// ImportBrake is the confirmation of a mass change: Affected of Of people would leave, move to
// another class, or lose or change a name. Needed says whether it is required.
type ImportBrake struct {
	Affected int  `json:"affected"`
	Of       int  `json:"of"`
	Needed   bool `json:"needed"`
}

// ImportReport is the result of an import or its preview.
type ImportReport struct {
	Lines   []ImportLine `json:"lines" nullable:"false"`
	Leaving []ImportLine `json:"leaving" nullable:"false"`
	Created int          `json:"created"`
	Updated int          `json:"updated"`
	Same    int          `json:"same"`
	Skipped int          `json:"skipped"`
	Errors  int          `json:"errors"`
	// full roster: people without a number, who stay
	Unnumbered  int             `json:"unnumbered,omitempty"`
	Mode        ImportMode      `json:"mode"`
	Format      string          `json:"format"`                     // csv or xlsx
	Encoding    string          `json:"encoding"`                   // of a CSV
	Encodings   []string        `json:"encodings" nullable:"false"` // that it can be read in
	Delimiter   string          `json:"delimiter,omitempty"`
	Sheet       string          `json:"sheet,omitempty"`
	Sheets      []string        `json:"sheets" nullable:"false"`
	HeadingLine int             `json:"heading_line"`              // 0: none
	Mapping     string          `json:"mapping"`                   // given, remembered or guessed
	Columns     []roster.Column `json:"columns" nullable:"false"`  // with the field of each
	Problems    []roster.Remark `json:"problems" nullable:"false"` // of the file as a whole
	// whether so many people are affected that confirmation is required
	Brake ImportBrake `json:"brake"`
	// identifies exactly this result; send it to apply that and nothing else
	Token string `json:"token,omitempty"`
	// false for a preview and if there is any error
	Applied bool `json:"applied"`

	headings string // key under which the columns are remembered
}

// Template is a face template for the matcher.
type Template struct {
	Pass      g.PassID
	Person    g.PersonID
	Model     string
	Embedding []float32
	Alike     []g.PersonID // people who look similar, as answered at an enrolment
}
