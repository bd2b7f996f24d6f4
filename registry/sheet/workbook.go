package sheet

import (
	"archive/zip"
	"bytes"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Limits of unpacking a workbook.
const (
	maxParts    = 2000
	maxUnpacked = 128 << 20
	maxRatio    = 250 // for parts larger than 1 MiB
)

// readWorkbook reads one sheet of an .xlsx, whatever the file's name. The library is not made for
// hostile files: its panics are reported as a damaged file.
func readWorkbook(b []byte, o Options) (t *Table, err error) {
	defer func() {
		if recover() != nil {
			t, err = nil, fault("file_damaged")
		}
	}()
	parts, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, fault("file_damaged")
	}
	if err := bounded(parts); err != nil {
		return nil, err
	}
	f, err := excelize.OpenReader(bytes.NewReader(b),
		excelize.Options{
			UnzipSizeLimit:    maxUnpacked,
			UnzipXMLSizeLimit: maxUnpacked,
		})
	if err != nil {
		return nil, fault("file_damaged")
	}
	defer f.Close()
	t = &Table{
		Format: "xlsx",
		Sure:   true,
	}
	if t.Sheet, err = t.choose(f, o.Sheet); err != nil {
		return nil, err
	}
	extra, err := readExtras(parts, t.Sheet)
	if err != nil {
		return nil, fault("file_damaged")
	}
	if err := t.readRows(f, extra); err != nil {
		return nil, err
	}
	t.Merged = t.fill(extra.merges)
	t.Rows = slices.DeleteFunc(t.Rows, func(r Row) bool {
		return r.Broken == nil && r.Filled() == 0
	})
	if len(t.Rows) == 0 {
		return nil, fault("file_empty")
	}
	return t, nil
}

// bounded refuses an archive that would unpack to more than the limits, by the sizes it declares;
// the archive's reader fails on a part that is larger than declared.
func bounded(parts *zip.Reader) error {
	if len(parts.File) > maxParts {
		return fault("file_bomb", "n", strconv.Itoa(len(parts.File))+" parts")
	}
	total := uint64(0)
	for _, p := range parts.File {
		total += p.UncompressedSize64
		if p.UncompressedSize64 > 1<<20 &&
			p.UncompressedSize64 > maxRatio*max(p.CompressedSize64, 1) ||
			p.UncompressedSize64 > maxUnpacked || total > maxUnpacked {
			return fault("file_bomb", "n",
				strconv.FormatUint(max(total, p.UncompressedSize64)>>20, 10)+" MiB")
		}
	}
	return nil
}

// choose returns the named sheet, or the first visible one that is not empty.
func (t *Table) choose(f *excelize.File, want string) (string, error) {
	for _, name := range f.GetSheetList() {
		if shown, err := f.GetSheetVisible(name); err == nil && shown {
			t.Sheets = append(t.Sheets, name)
		}
	}
	if want != "" {
		if !slices.Contains(f.GetSheetList(), want) {
			return "", fault(
				"sheet_unknown",
				"sheet",
				want,
				"sheets",
				strings.Join(t.Sheets, ", "),
			)
		}
		return want, nil
	}
	if len(t.Sheets) == 0 {
		return "", fault("workbook_no_sheet")
	}
	for _, name := range t.Sheets {
		if holds(f, name) {
			return name, nil
		}
	}
	return t.Sheets[0], nil
}

// holds reports whether one of the first rows has a value.
func holds(f *excelize.File, sheet string) bool {
	rows, err := f.Rows(sheet)
	if err != nil {
		return false
	}
	defer rows.Close()
	for n := 0; n < 100 && rows.Next(); n++ {
		if cells, err := rows.Columns(); err == nil && strings.Join(cells, "") != "" {
			return true
		}
	}
	return false
}

// readRows reads the sheet with two iterators at once: displayed and raw values.
func (t *Table) readRows(f *excelize.File, extra extras) error {
	shown, err := f.Rows(t.Sheet)
	if err != nil {
		return fault("file_damaged")
	}
	defer shown.Close()
	kept, err := f.Rows(t.Sheet)
	if err != nil {
		return fault("file_damaged")
	}
	defer kept.Close()
	cells := 0
	for line := 1; shown.Next() && kept.Next(); line++ {
		texts, err1 := shown.Columns()
		raws, err2 := kept.Columns(excelize.Options{RawCellValue: true})
		if err1 != nil || err2 != nil || len(texts) != len(raws) {
			return fault("file_damaged")
		}
		if cells += len(texts); cells > maxCells || len(t.Rows) > MaxRows+100 {
			return fault("file_large", "n", strconv.Itoa(MaxRows)+" lines")
		}
		row := Row{
			Line:   line,
			Hidden: shown.GetRowOpts().Hidden,
		}
		for i := range texts {
			c := cellOf(texts[i], raws[i])
			c.Formula = extra.formulas[place{line, i}]
			row.Cells = append(row.Cells, c)
		}
		before := len(t.Rows)
		t.keep(row)
		if len(t.Rows) > before && row.Hidden {
			t.Hidden++
		}
		for _, c := range row.Cells {
			if c.Formula {
				t.Formulas++
			}
		}
	}
	return nil
}

var scientific = regexp.MustCompile(`^-?[0-9]+([.,][0-9]+)?[eE][+-]?[0-9]+$`)

// cellOf decides between the displayed and the raw value: raw for a number that is displayed
// abbreviated (1.39E+10), displayed for dates and zero-padded numbers.
func cellOf(shown, raw string) Cell {
	shown = trim(shown)
	if shown == raw {
		return Cell{Text: shown}
	}
	n, err := strconv.ParseFloat(raw, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return Cell{Text: shown}
	}
	whole := n == math.Trunc(n) && math.Abs(n) < 1e15
	digits := strings.Trim(shown, "0123456789") == ""
	switch {
	case scientific.MatchString(shown) || strings.Contains(shown, "#"):
		if whole {
			return Cell{Text: strconv.FormatFloat(n, 'f', 0, 64)}
		}
		return Cell{Text: fmt.Sprintf("%.14E", n)}
	case digits && strings.TrimLeft(shown, "0") == strconv.FormatFloat(n, 'f', 0, 64):
		return Cell{Text: shown}
	case whole && strings.Trim(shown, "0123456789., ") == "" && strings.ContainsAny(shown, "., "):
		return Cell{Text: strconv.FormatFloat(n, 'f', 0, 64)} // 1,234 becomes 1234
	case n > 366 && n < 80_000 && !digits:
		return Cell{
			Text:   shown,
			Serial: n,
		}
	}
	return Cell{Text: shown}
}

// fill copies the value of a vertically merged block into its empty cells: a class written once
// beside thirty children applies to all of them. Horizontal blocks are titles and left alone.
func (t *Table) fill(merges []block) (filled int) {
	at := map[int]int{}
	for i, r := range t.Rows {
		at[r.Line] = i
	}
	for _, m := range merges {
		first, ok := at[m.top]
		if !ok || m.left != m.right || m.bottom == m.top {
			continue
		}
		value := t.Rows[first].Cell(m.left)
		for line := m.top + 1; line <= min(m.bottom, m.top+MaxRows); line++ {
			i, ok := at[line]
			if !ok || t.Rows[i].Broken != nil || t.Rows[i].Filled() == 0 || value.Text == "" {
				continue
			}
			for len(t.Rows[i].Cells) <= m.left {
				t.Rows[i].Cells = append(t.Rows[i].Cells, Cell{})
			}
			if t.Rows[i].Cells[m.left].Text == "" {
				t.Rows[i].Cells[m.left] = value
				filled++
			}
		}
	}
	return filled
}
