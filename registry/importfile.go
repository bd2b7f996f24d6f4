package registry

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	g "github.com/gatehouse-iot/gatehouse"
)

const (
	maxImportBytes = 32 << 20
	maxImportLines = 50_000
)

// importRow is one line of the file as it was read. Fields that the file has no column for, or
// no value, are empty and change nothing.
type importRow struct {
	line      int
	kind      g.PersonKind
	number    string
	name      string
	class     string
	boarder   string // "", yes or no
	phone     string
	card      string
	expires   time.Time
	consent   string // "", yes or no
	guardians []string
	err       error
}

// importColumn is the column that a header names, in English or Chinese; "" is none.
func importColumn(header string) string {
	h := strings.ToLower(strings.TrimSpace(header))
	h = strings.NewReplacer(" ", "_", "-", "_").Replace(h)
	switch h {
	case "kind", "身份", "类别", "人员类型":
		return "kind"
	case "number", "学号", "工号", "编号", "学工号":
		return "number"
	case "name", "姓名":
		return "name"
	case "class", "班级":
		return "class"
	case "boarder", "住宿", "寄宿", "住校":
		return "boarder"
	case "phone", "电话", "手机", "手机号", "联系电话":
		return "phone"
	case "card", "卡号":
		return "card"
	case "card_expires", "卡有效期":
		return "card_expires"
	case "face_consent", "人脸同意", "人脸授权":
		return "face_consent"
	case "guardian_numbers", "监护人编号", "监护人":
		return "guardian_numbers"
	}
	return ""
}

const importColumns = "kind, number, name, class, boarder, phone, card, card_expires, face_consent, guardian_numbers"

// importText is the file as UTF-8, and what it was. Excel writes GBK in China; a file in
// UTF-16, or in nothing that is known, is refused with the mend.
func importText(b []byte) (text []byte, encoding string, err error) {
	if bytes.HasPrefix(b, []byte{0xFF, 0xFE}) || bytes.HasPrefix(b, []byte{0xFE, 0xFF}) {
		return nil, "", g.Errorf(g.Invalid, "the file is UTF-16: save it as CSV UTF-8")
	}
	b = bytes.TrimPrefix(b, []byte("\uFEFF"))
	if bytes.IndexByte(b, 0) >= 0 {
		return nil, "", g.Errorf(g.Invalid, "the file is no text: save the sheet as CSV UTF-8")
	}
	if utf8.Valid(b) {
		return b, "utf-8", nil
	}
	out, err := simplifiedchinese.GBK.NewDecoder().Bytes(b)
	if err != nil || bytes.ContainsRune(out, utf8.RuneError) {
		return nil, "", g.Errorf(g.Invalid, "the file is neither UTF-8 nor GBK: save it as CSV UTF-8")
	}
	return out, "gbk", nil
}

// readImport reads the file. Rows carry their own errors; err is of the file as a whole.
func readImport(r io.Reader) (rows []importRow, encoding string, err error) {
	b, err := io.ReadAll(io.LimitReader(r, maxImportBytes+1))
	if err != nil {
		return nil, "", fmt.Errorf("read the file: %w", err)
	}
	if len(b) > maxImportBytes {
		return nil, "", g.Errorf(g.TooLarge, "the file has more than %d MiB: split it", maxImportBytes>>20)
	}
	text, encoding, err := importText(b)
	if err != nil {
		return nil, "", err
	}
	c := csv.NewReader(bytes.NewReader(text))
	c.FieldsPerRecord = -1
	c.TrimLeadingSpace = true
	c.Comma = importComma(text)
	header, err := c.Read()
	if errors.Is(err, io.EOF) {
		return nil, "", g.Errorf(g.Invalid, "the file is empty: its first line names the columns: %s", importColumns)
	}
	if err != nil {
		return nil, "", g.Errorf(g.Invalid, "line 1: %v", err)
	}
	columns, err := importHeader(header)
	if err != nil {
		return nil, "", err
	}
	for {
		record, err := c.Read()
		if errors.Is(err, io.EOF) {
			return rows, encoding, nil
		}
		if len(rows) >= maxImportLines {
			return nil, "", g.Errorf(g.TooLarge, "the file has more than %d lines: split it", maxImportLines)
		}
		var perr *csv.ParseError
		switch {
		case errors.As(err, &perr):
			rows = append(rows, importRow{line: perr.StartLine, err: g.Errorf(g.Invalid, "the line is broken at character %d: %v; a cell that holds a quote is quoted and doubles it", perr.Column, perr.Err)})
			continue
		case err != nil:
			return nil, "", fmt.Errorf("read the file: %w", err)
		}
		line, _ := c.FieldPos(0)
		if row, ok := readRow(line, record, columns); ok {
			rows = append(rows, row)
		}
	}
}

// importComma is the separator that the first line uses most.
func importComma(text []byte) rune {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	best, most := ',', bytes.Count(first, []byte(","))
	for _, r := range ";\t" {
		if n := bytes.Count(first, []byte(string(r))); n > most {
			best, most = r, n
		}
	}
	return best
}

func importHeader(header []string) ([]string, error) {
	columns := make([]string, len(header))
	for i, h := range header {
		if strings.TrimSpace(h) == "" {
			continue
		}
		columns[i] = importColumn(h)
		if columns[i] == "" {
			return nil, g.Errorf(g.Invalid, "line 1: the column %q is not known; name it one of %s", h, importColumns)
		}
		if slices.Contains(columns[:i], columns[i]) {
			return nil, g.Errorf(g.Invalid, "line 1: the column %q is there twice", h)
		}
	}
	for _, must := range []string{"kind", "number", "name"} {
		if !slices.Contains(columns, must) {
			return nil, g.Errorf(g.Invalid, "line 1: the column %s is missing; the first line names the columns: %s", must, importColumns)
		}
	}
	return columns, nil
}

// rounded is what a spreadsheet makes of a long number.
func rounded(s string) bool {
	return regexp.MustCompile(`^[0-9][.,]?[0-9]*[eE]\+[0-9]+$`).MatchString(s)
}

// readRow reads one record; ok is false for an empty line.
func readRow(line int, record, columns []string) (row importRow, ok bool) {
	row.line = line
	fail := func(err error) {
		if row.err == nil {
			row.err = err
		}
	}
	for i, cell := range record {
		cell = strings.TrimSpace(cell)
		if cell == "" {
			continue
		}
		ok = true
		if i >= len(columns) || columns[i] == "" {
			fail(g.Errorf(g.Invalid, "the value %d belongs to no column: a comma too many, or a missing quote", i+1))
			continue
		}
		if err := row.set(columns[i], cell); err != nil {
			fail(err)
		}
	}
	if !ok {
		return row, false
	}
	switch {
	case row.number == "":
		fail(g.FieldErrorf("number", "the number is missing"))
	case row.name == "":
		fail(g.FieldErrorf("name", "the name is missing"))
	case row.kind == "":
		fail(g.FieldErrorf("kind", "the kind is missing; use one of %v", g.PersonKinds()))
	}
	return row, true
}

// set reads one cell into its field.
func (row *importRow) set(column, cell string) (err error) {
	switch column {
	case "kind":
		row.kind, err = importKind(cell)
	case "number":
		row.number = cell
	case "name":
		row.name = cell
	case "class":
		row.class = cell
	case "boarder":
		row.boarder, err = importFlag(column, cell)
	case "phone":
		row.phone = cell
	case "card":
		row.card = cell
	case "card_expires":
		row.expires, err = importDate(column, cell)
	case "face_consent":
		row.consent, err = importFlag(column, cell)
	case "guardian_numbers":
		row.guardians = strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(" ;,、；，|/", r) })
	}
	if (column == "number" || column == "card" || column == "phone") && rounded(cell) {
		return g.FieldErrorf(column, "the spreadsheet has rounded it to %q: format the column as text and save again", cell)
	}
	return err
}

func importKind(s string) (g.PersonKind, error) {
	switch strings.ToLower(s) {
	case "student", "学生":
		return g.Student, nil
	case "staff", "teacher", "教职工", "教师", "老师", "员工", "职工":
		return g.Staff, nil
	case "guardian", "parent", "监护人", "家长":
		return g.Guardian, nil
	case "visitor", "访客":
		return g.Visitor, nil
	}
	return "", g.FieldErrorf("kind", "%q is no kind of person; use one of %v", s, g.PersonKinds())
}

func importFlag(column, s string) (string, error) {
	switch strings.ToLower(s) {
	case "yes", "y", "true", "1", "是", "有", "同意":
		return "yes", nil
	case "no", "n", "false", "0", "否", "无", "不同意":
		return "no", nil
	}
	return "", g.FieldErrorf(column, "%q is neither yes nor no", s)
}

// importDate reads a day; 1/05/2023 is refused, since it is two days at once.
func importDate(column, s string) (time.Time, error) {
	for _, layout := range []string{"2006-01-02", "2006/01/02", "2006/1/2", "2006年1月2日"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.AddDate(0, 0, 1), nil // valid through that day
		}
	}
	return time.Time{}, g.FieldErrorf(column, "%q is no day that can be read one way only; write it as 2026-09-01", s)
}
