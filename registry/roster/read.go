package roster

import (
	"strconv"
	"strings"
	"unicode/utf8"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/sheet"
)

// reader reads the rows in order.
type reader struct {
	file    *File
	o       Options
	section string
	width   map[Field]int // length of the zero-padded values in a column
	numbers map[string]int
	cards   map[string]int
}

// cell is the position of a value.
type cell struct {
	column int // from 0
	head   string
	field  Field
}

// read reads one line.
func (r *reader) read(in sheet.Row) {
	row := Row{Line: in.Line}
	if in.Broken != nil {
		row.say(Remark{
			Code:   in.Broken.Code,
			Params: in.Broken.Params,
		})
		r.file.Rows = append(r.file.Rows, row)
		return
	}
	if r.between(in) {
		return
	}
	grade := ""
	for i, c := range in.Cells {
		if c.Text == "" && !c.Formula {
			continue
		}
		if i >= len(r.file.Columns) {
			row.say(Remark{
				Code:   "extra_cell",
				Column: i + 1,
				Read:   shorten(c.Text),
			})
			continue
		}
		at := cell{
			column: i,
			head:   r.file.Columns[i].Heading,
			field:  r.file.Columns[i].Field,
		}
		if at.field == Ignored {
			continue
		}
		if value, ok := r.clean(&row, at, c); ok {
			r.set(&row, at, c, value, &grade)
		}
	}
	r.finish(&row, grade)
	r.file.Rows = append(r.file.Rows, row)
}

// between handles a row with a single cell: the heading of a section, or a total or note.
func (r *reader) between(in sheet.Row) bool {
	if in.Filled() != 1 || len(r.file.Columns) < 3 {
		return false
	}
	s := ""
	for _, c := range in.Cells {
		s += c.Text
	}
	p := Remark{
		Code: "section_ignored",
		Note: true,
		Line: in.Line,
		Read: shorten(s),
	}
	switch {
	case classLike(s):
		p.Code = "section"
		r.section = s
	case !remark(s):
		return false
	}
	r.file.say(p)
	return true
}

// classLike reports whether a text names a class or a grade.
func classLike(s string) bool {
	low := strings.ToLower(s)
	if utf8.RuneCountInString(s) > 24 {
		return false
	}
	if strings.HasSuffix(s, "班") || strings.HasSuffix(s, "年级") || strings.HasSuffix(s, "年級") {
		return true
	}
	for _, w := range []string{"class ", "grade ", "form ", "year "} {
		if strings.HasPrefix(low, w) {
			return true
		}
	}
	return false
}

// remark reports whether a single cell is a total or a note.
func remark(s string) bool {
	low := strings.ToLower(strings.TrimSpace(s))
	for _, w := range []string{
		"合计", "合計", "总计", "总数", "小计", "备注", "備註", "注：", "注:", "制表", "填表", "total", "note",
		"sum", "--", "—",
	} {
		if strings.HasPrefix(low, w) {
			return true
		}
	}
	return false
}

// set parses a cleaned value into its field.
func (r *reader) set(row *Row, at cell, c sheet.Cell, value string, grade *string) {
	switch at.field {
	case Kind:
		row.Kind = kindOf(value)
		if row.Kind == "" {
			row.at(at,
				Remark{
					Code:   "kind_unknown",
					Read:   value,
					Params: map[string]string{"kinds": kinds()},
				})
		}
	case Number:
		row.Number = r.digits(row, at, value)
	case Name:
		row.Name = value
	case Grade:
		*grade = value
	case Class:
		row.Class = r.class(row, at, c, value)
	case Boarder:
		row.Boarder = flag(row, at, value)
	case Phone:
		row.Phone = value
		if mangled(value) {
			row.at(at, Remark{
				Code: "rounded",
				Read: value,
			})
		}
	case Card:
		row.Card = r.digits(row, at, value)
	case CardExpires:
		row.Expires = day(row, at, c, value)
	case FaceConsent:
		row.Consent = flag(row, at, value)
	case Guardians:
		row.Guardians = strings.FieldsFunc(value, func(x rune) bool {
			return strings.ContainsRune(" ;,、；，|/", x)
		})
	}
}

// finish completes the row and validates it as a whole.
func (r *reader) finish(row *Row, grade string) {
	row.Class = joined(grade, row.Class)
	if row.Class == "" && r.section != "" &&
		(row.Kind == g.Student || row.Kind == "" && r.o.Kind == g.Student) {
		row.Class = r.section
	}
	if row.Kind == "" && !row.has(Kind) {
		row.Kind = r.o.Kind
	}
	for _, must := range []struct {
		field Field
		value string
	}{{Number, row.Number}, {Name, row.Name}, {Kind, string(row.Kind)}} {
		if must.value == "" && !row.has(must.field) &&
			(r.file.Has[must.field] || must.field == Kind && r.o.Kind != "") {
			row.at(r.where(must.field), Remark{Code: "missing"})
		}
	}
	r.twice(
		row,
		Number,
		row.Number,
		r.numbers,
		"duplicate_number",
	)
	r.twice(
		row,
		Card,
		cardForm(row.Card),
		r.cards,
		"duplicate_card",
	)
}

func cardForm(s string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", ":", "", "-", "").Replace(s))
}

func (r *reader) twice(row *Row, field Field, value string, seen map[string]int, code string) {
	if value == "" || row.Bad() {
		return
	}
	if first := seen[value]; first != 0 {
		row.at(r.where(field),
			Remark{
				Code:   code,
				Read:   value,
				Params: map[string]string{"first": strconv.Itoa(first)},
			})
		return
	}
	seen[value] = row.Line
}

// where returns the column of a field.
func (r *reader) where(field Field) cell {
	for i, c := range r.file.Columns {
		if c.Field == field {
			return cell{i, c.Heading, field}
		}
	}
	return cell{-1, "", field}
}

// has reports whether a field has a problem already; notes do not count.
func (row *Row) has(field Field) bool {
	for _, p := range row.Problems {
		if p.Field == field && !p.Note {
			return true
		}
	}
	return false
}

func (row *Row) say(p Remark) {
	p.Line = row.Line
	p.Message = text(p)
	row.Problems = append(row.Problems, p)
}

// at adds a remark about a cell.
func (row *Row) at(at cell, p Remark) {
	p.Column = at.column + 1
	p.Heading = at.head
	p.Field = at.field
	row.say(p)
}

// joined prefixes the class with the grade, unless the class has it already.
func joined(grade, class string) string {
	switch {
	case grade == "" || strings.HasPrefix(class, grade):
		return class
	case class == "":
		return grade
	}
	chinese := strings.ContainsAny(class, "班") || strings.ContainsAny(grade, "级級初高")
	if strings.Trim(grade, "0123456789") == "" {
		if chinese {
			return grade + "年级" + class
		}
		return grade + "-" + class
	}
	if chinese {
		return grade + class
	}
	return grade + " " + class
}
