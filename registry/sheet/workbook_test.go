package sheet_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/gatehouse-iot/gatehouse/registry/sheet"
)

// roll is a workbook as school offices keep them: a merged title, IDs as numbers and as text, a
// class merged over its children, a class turned into a date, a formula, a hidden row, a second
// sheet and a hidden one.
func roll(t testing.TB) []byte {
	f := excelize.NewFile()
	defer f.Close()
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	const s = "Sheet1"
	do(f.SetCellValue(s, "A1", "2026 roll"))
	do(f.MergeCell(s, "A1", "D1"))
	for i, row := range [][]any{
		{"number", "name", "class", "phone"},
		{"00123", "Ann Example", "7-1", 13900000001},
		{26001, "Bo Example", nil, nil},
		{123456789012, "Cy Example", nil, nil},
		{"26004", "Di Example", time.Date(2026, 7, 2, 0, 0, 0, 0, time.UTC), nil},
		{"26005", "Ed Example", "7-2", nil},
	} {
		for j, v := range row {
			name, err := excelize.CoordinatesToCellName(j+1, i+2)
			do(err)
			if v != nil {
				do(f.SetCellValue(s, name, v))
			}
		}
	}
	do(f.MergeCell(s, "C3", "C5"))
	style, err := f.NewStyle(&excelize.Style{NumFmt: 16}) // d-mmm
	do(err)
	do(f.SetCellStyle(s, "C6", "C6", style))
	padded := "00000000"
	zeros, err := f.NewStyle(&excelize.Style{CustomNumFmt: &padded})
	do(err)
	do(f.SetCellStyle(s, "A4", "A4", zeros))
	do(f.SetCellFormula(s, "D7", `"1"&"2"`))
	do(f.SetRowVisible(s, 7, false))
	_, err = f.NewSheet("初二")
	do(err)
	do(f.SetCellValue("初二", "A1", "other"))
	_, err = f.NewSheet("secret")
	do(err)
	do(f.SetSheetVisible("secret", false))
	var b bytes.Buffer
	do(f.Write(&b))
	return b.Bytes()
}

func texts(t *sheet.Table) (out []string) {
	for _, r := range t.Rows {
		cells := make([]string, len(r.Cells))
		for i, c := range r.Cells {
			cells[i] = c.Text
		}
		out = append(out, strings.Join(cells, "|"))
	}
	return out
}

func TestWorkbookIsReadAsItIsShown(t *testing.T) {
	got, err := sheet.Read(roll(t), sheet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"2026 roll", "number|name|class|phone", "00123|Ann Example|7-1|13900000001",
		"00026001|Bo Example|7-1", "123456789012|Cy Example|7-1",
		"26004|Di Example|2-Jul", "26005|Ed Example|7-2|"}
	if diff := cmp.Diff(want, texts(got)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Sheet1", "初二"}, got.Sheets); diff != "" || got.Sheet != "Sheet1" {
		t.Errorf("sheet %q: -want +got\n%s", got.Sheet, diff)
	}
	if got.Hidden != 1 || got.Formulas != 1 || got.Merged != 2 {
		t.Errorf("got %d hidden, %d formulas, %d merged, want 1, 1, 2", got.Hidden, got.Formulas,
			got.Merged)
	}
	if day := got.Rows[5].Cells[2].Serial; day != 46205 {
		t.Errorf("got the day %v, want 46205, 2026-07-02", day)
	}
	other, err := sheet.Read(roll(t), sheet.Options{Sheet: "初二"})
	if err != nil || texts(other)[0] != "other" {
		t.Errorf("got %+v, %v, want the other sheet", other, err)
	}
}

// Zip bombs and files of other kinds are refused with a fitting error.
func TestFilesThatAreNoRoster(t *testing.T) {
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"a bomb":       {bomb(t), "file_bomb"},
		"many parts":   {parts(t, 3000), "file_bomb"},
		"an empty zip": {parts(t, 1), "file_damaged"},
		"cut":          {roll(t)[:3000], "file_damaged"},
		"an old one":   {[]byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 and more"), "file_xls"},
		"locked": {
			[]byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" +
				"E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00"),
			"file_locked",
		},
		"nothing":        {nil, "file_empty"},
		"a picture":      {[]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), "file_no_text"},
		"no such sheet":  {roll(t), "sheet_unknown"},
		"too many lines": {bytes.Repeat([]byte("a,b\n"), sheet.MaxRows+200), "file_large"},
	} {
		o := sheet.Options{}
		if name == "no such sheet" {
			o.Sheet = "none"
		}
		_, err := sheet.Read(c.file, o)
		var f *sheet.Fault
		if !errors.As(err, &f) || f.Code != c.want || f.Error() == "" {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

func bomb(t *testing.T) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	p, err := w.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for range 200 {
		if _, err := p.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func parts(t *testing.T, n int) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := range n {
		if _, err := w.Create(strings.Repeat("x", i%50+1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func FuzzWorkbook(f *testing.F) {
	f.Add(roll(f))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := sheet.Read(b, sheet.Options{})
		var fault *sheet.Fault
		if err != nil && !errors.As(err, &fault) {
			t.Fatalf("an error that is not for people: %v", err)
		}
		if err == nil && len(got.Rows) == 0 {
			t.Fatal("nothing, and no word")
		}
	})
}
