// Package sheet reads the table from a file saved by a spreadsheet: CSV in the usual encodings and
// with the usual separators, or an Excel workbook. It reports what it had to guess, and returns the
// cells unchanged. It does not interpret columns and evaluates no formulas. It limits what a file
// can make it hold: bytes, rows, cells, and the unpacked size of a workbook.
package sheet

import (
	"bytes"
	"strings"
)

// Limits of a table.
const (
	MaxBytes = 32 << 20 // of the file
	MaxRows  = 50_000   // that are not empty
	maxCells = 2_000_000
	maxWide  = 256 // columns in a row
)

// Cell is one cell as the spreadsheet shows it.
type Cell struct {
	Text    string
	Serial  float64 // days since 1899-12-30 if the cell is a date, else 0
	Formula bool    // Text is the result saved by the spreadsheet, or empty
}

// Row is a row of the file that is not empty.
type Row struct {
	Line   int // first line of the row, from 1
	Cells  []Cell
	Hidden bool
	Broken *Fault // why it could not be read, or nil
}

// Cell is the cell in a column, empty beyond the end of the row.
func (r Row) Cell(i int) Cell {
	if i < 0 || i >= len(r.Cells) {
		return Cell{}
	}
	return r.Cells[i]
}

// Filled counts the cells that are not empty.
func (r Row) Filled() (n int) {
	for _, c := range r.Cells {
		if c.Text != "" || c.Formula {
			n++
		}
	}
	return n
}

// Table is the result of Read.
type Table struct {
	Format    string   // csv or xlsx
	Encoding  string   // of a CSV: utf-8, utf-16, gbk, gb18030, big5 or windows-1252
	Sure      bool     // the encoding is certain, or was chosen
	Encodings []string // that the bytes are valid in
	Delimiter string   // of a CSV: "," ";" or a tab
	Sheet     string   // of a workbook
	Sheets    []string // that are visible
	Rows      []Row
	Hidden    int // rows that the spreadsheet hides
	Formulas  int
	Merged    int // cells that got the value of their merged block
}

// Options are a person's choices; empty means guess.
type Options struct {
	Encoding string
	Sheet    string
}

// Fault is why a file, or a row of it, cannot be read. The console renders the code with its
// parameters; Error is the same in English.
type Fault struct {
	Code   string
	Params map[string]string
}

func (f *Fault) Error() string { return Render(english[f.Code], f.Params) }

func fault(code string, pairs ...string) *Fault {
	f := &Fault{
		Code:   code,
		Params: map[string]string{},
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Params[pairs[i]] = pairs[i+1]
	}
	return f
}

// Render replaces each {name} in a text by its parameter.
func Render(text string, params map[string]string) string {
	pairs := make([]string, 0, 2*len(params))
	for k, v := range params {
		pairs = append(pairs, "{"+k+"}", v)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

var english = map[string]string{
	"file_empty":  "the file is empty: its first line names the columns",
	"file_large":  "the file has more than {n}: split it",
	"file_xls":    "the file is an old Excel workbook (.xls): open it and save it as .xlsx",
	"file_locked": "the workbook is locked with a password: save it without one",
	"file_html": "the file is a web page, not a table: open it in a spreadsheet and save " +
		"it as .xlsx",
	"file_no_text": "the file is no text: save the sheet as .xlsx or as CSV UTF-8",
	"file_damaged": "the workbook is damaged: open it in a spreadsheet and save it again",
	"file_bomb": "the workbook unpacks to {n}, far more than a roster needs: save only " +
		"the sheet with the people",
	"encoding_unknown": "the encoding {encoding} is not known; use utf-8, utf-16, gb18030, big5 " +
		"or windows-1252",
	"encoding_unfit": "the file cannot be read as {encoding}: choose another encoding, or " +
		"save it as CSV UTF-8",
	"encoding_unsure": "the file's encoding cannot be told for certain; it reads as " +
		"{encoding}. Look at the names and choose the encoding",
	"sheet_unknown":     "the workbook has no sheet {sheet}; it has {sheets}",
	"line_broken":       "the line is broken: a cell that holds a quote is quoted and doubles it",
	"line_quote_open":   "a quote is opened here and never closed: close it",
	"line_wide":         "the line has more than {n} cells",
	"workbook_no_sheet": "the workbook shows no sheet",
}

// Read reads a file. An error is always a *Fault.
func Read(b []byte, o Options) (*Table, error) {
	switch {
	case len(b) > MaxBytes:
		return nil, fault("file_large", "n", "32 MiB")
	case len(bytes.TrimSpace(b)) == 0:
		return nil, fault("file_empty")
	case bytes.HasPrefix(b, []byte("PK\x03\x04")):
		return readWorkbook(b, o)
	case bytes.HasPrefix(b, []byte("\xD0\xCF\x11\xE0")):
		return nil, compound(b)
	}
	return readText(b, o)
}

// compound distinguishes a password-protected .xlsx from an old .xls, both of which are OLE files.
func compound(b []byte) *Fault {
	wide := []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")
	if bytes.Contains(b, wide) {
		return fault("file_locked")
	}
	return fault("file_xls")
}
