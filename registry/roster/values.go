package roster

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/width"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/sheet"
)

// clean removes what spreadsheets, web pages and input methods leave in cells, and adds a remark
// about it; ok is false if nothing usable is left.
func (r *reader) clean(row *Row, at cell, c sheet.Cell) (string, bool) {
	s := c.Text
	if c.Formula && s == "" {
		row.at(at, Remark{
			Code: "formula",
			Read: "=",
		})
		return "", false
	}
	if strings.HasPrefix(s, "=") {
		inner, ok := strings.CutPrefix(s, `="`)
		inner, closed := strings.CutSuffix(inner, `"`)
		if !ok || !closed || strings.ContainsAny(inner, `"&(`) {
			row.at(at, Remark{
				Code: "formula",
				Read: shorten(s),
			})
			return "", false
		}
		row.at(at, Remark{
			Code:   "formula_text",
			Note:   true,
			Read:   s,
			Params: map[string]string{"guess": inner},
		})
		s = inner
	}
	if rest, ok := strings.CutPrefix(s, "'"); ok && strings.Trim(rest, "0123456789") == "" &&
		rest != "" {
		row.at(at, Remark{
			Code:   "formula_text",
			Note:   true,
			Read:   s,
			Params: map[string]string{"guess": rest},
		})
		s = rest
	}
	if strings.ContainsAny(s, "\r\n") {
		s = strings.Join(strings.Fields(s), " ")
		row.at(at, Remark{
			Code:   "newline",
			Note:   true,
			Params: map[string]string{"guess": s},
		})
	}
	if seen := visible(s); seen != s {
		row.at(at, Remark{
			Code: "hidden_characters",
			Note: true,
			Read: seen,
		})
		s = seen
	}
	if at.field != Name {
		if narrow := width.Narrow.String(s); narrow != s {
			row.at(at, Remark{
				Code:   "full_width",
				Note:   true,
				Read:   s,
				Params: map[string]string{"guess": narrow},
			})
			s = narrow
		}
	}
	if (at.field == Name || at.field == Class || at.field == Grade) &&
		(strings.ContainsAny(s, "?？\uFFFD□") || strings.Contains(s, "锟斤拷")) {
		row.at(at, Remark{
			Code: "lost_character",
			Read: s,
		})
		return s, at.field == Name
	}
	return s, s != ""
}

// visible removes invisible characters and normalises spaces.
func visible(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Cf, r) || r == '\u00AD' || r < ' ' || r == 0x7F:
			return -1
		case r != ' ' && unicode.Is(unicode.Zs, r):
			return ' '
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

var exponent = regexp.MustCompile(`^[0-9][.,]?[0-9]*[eE]\+?[0-9]+$`)

// mangled reports whether a spreadsheet has turned a long number into scientific notation.
func mangled(s string) bool { return exponent.MatchString(s) && strings.ContainsAny(s, ".,+") }

// digits checks a number that is an identifier, of a person or a card.
func (r *reader) digits(row *Row, at cell, s string) string {
	all := strings.Trim(s, "0123456789") == ""
	switch {
	case mangled(s):
		row.at(at, Remark{
			Code: "rounded",
			Read: s,
		})
	case all && len(s) > 16 && strings.Trim(s[15:], "0") == "":
		row.at(at, Remark{
			Code: "digits_lost",
			Read: s,
		})
	case all && s[0] != '0' && r.width[at.field] > len(s) && !r.o.Accept["zeros_ok"]:
		full := strings.Repeat("0", r.width[at.field]-len(s)) + s
		if r.o.Accept["zeros_lost"] {
			row.at(at, Remark{
				Code:   "zeros_added",
				Note:   true,
				Read:   s,
				Params: map[string]string{"guess": full},
			})
			return full
		}
		row.at(at,
			Remark{
				Code:   "zeros_lost",
				Read:   s,
				Params: map[string]string{"guess": full, "width": strconv.Itoa(len(full))},
			})
	}
	return s
}

// zeros finds the length of the zero-padded values of each column, if it is the same for all.
func (r *reader) zeros(t *sheet.Table, first int) {
	r.width = map[Field]int{}
	for _, field := range []Field{Number, Card} {
		at := r.where(field)
		digits := 0
		for _, row := range t.Rows[first:] {
			s := strings.Trim(strings.TrimPrefix(row.Cell(at.column).Text, "="), `"'`)
			if len(s) < 2 || s[0] != '0' || strings.Trim(s, "0123456789") != "" {
				continue
			}
			if digits != 0 && digits != len(s) {
				digits = -1
				break
			}
			digits = len(s)
		}
		r.width[field] = digits
	}
}

var (
	chineseDay = regexp.MustCompile(`^(?:\d{4}年)?(\d{1,2})月(\d{1,2})日?$`)
	dayMonth   = regexp.MustCompile(`^(\d{1,2})[- ]([A-Za-z]{3})[a-z]*(?:[- ]\d{2,4})?$`)
	monthDay   = regexp.MustCompile(`^([A-Za-z]{3})[a-z]*[- ](\d{1,2})(?:, ?\d{4})?$`)
	wholeDay   = regexp.MustCompile(`^\d{4}[-/](\d{1,2})[-/](\d{1,2})(?: 0?0:00(?::00)?)?$`)
)

// class reads a class, and detects one that a spreadsheet has turned into a date: 7-1 becomes 7月1日,
// 1-Jul, 2026-07-01 or 46204.
func (r *reader) class(row *Row, at cell, c sheet.Cell, s string) string {
	if strings.Trim(s, "0123456789") == "" && len(s) >= 9 {
		row.at(at, Remark{
			Code: "class_odd",
			Read: s,
		})
		return s
	}
	month, date := dateParts(c, s)
	if month == 0 {
		return s
	}
	first, second := strconv.Itoa(month), strconv.Itoa(date)
	if r.o.Accept["class_date_dm"] {
		first, second = second, first
	}
	guess := first + "-" + second
	if r.o.Accept["class_date"] || r.o.Accept["class_date_dm"] {
		row.at(at, Remark{
			Code:   "class_mended",
			Note:   true,
			Read:   s,
			Params: map[string]string{"guess": guess},
		})
		return guess
	}
	row.at(at,
		Remark{
			Code:   "class_date",
			Read:   s,
			Params: map[string]string{"guess": guess, "other": second + "-" + first},
		})
	return s
}

// dateParts returns month and day of a text or cell that is a date; 0 if it is none.
func dateParts(c sheet.Cell, s string) (month, date int) {
	if m := chineseDay.FindStringSubmatch(s); m != nil {
		return atoi(m[1]), atoi(m[2])
	}
	if m := wholeDay.FindStringSubmatch(s); m != nil {
		return atoi(m[1]), atoi(m[2])
	}
	if m := dayMonth.FindStringSubmatch(s); m != nil {
		return monthOf(m[2]), atoi(m[1])
	}
	if m := monthDay.FindStringSubmatch(s); m != nil {
		return monthOf(m[1]), atoi(m[2])
	}
	serial := c.Serial
	if n, err := strconv.ParseFloat(s, 64); err == nil && len(s) == 5 && n > 40_000 && n < 55_000 {
		serial = n
	}
	if serial > 366 {
		d := serialDay(serial)
		return int(d.Month()), d.Day()
	}
	return 0, 0
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

func monthOf(s string) int {
	t, err := time.Parse("Jan", strings.ToUpper(s[:1])+strings.ToLower(s[1:]))
	if err != nil {
		return 0
	}
	return int(t.Month())
}

// serialDay converts a spreadsheet's day number to a date.
func serialDay(n float64) time.Time {
	return time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(n))
}

// day parses a date and returns the end of that day. 1/05/2023 is refused, since it is ambiguous.
func day(row *Row, at cell, c sheet.Cell, s string) time.Time {
	if c.Serial > 366 {
		return serialDay(c.Serial).AddDate(0, 0, 1)
	}
	for _, layout := range []string{
		"2006-01-02", "2006/01/02", "2006/1/2", "2006-1-2", "2006.1.2", "2006年1月2日",
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.AddDate(0, 0, 1)
		}
	}
	row.at(at, Remark{
		Code: "date_unknown",
		Read: s,
	})
	return time.Time{}
}

func flag(row *Row, at cell, s string) string {
	switch strings.ToLower(s) {
	case "yes", "y", "true", "1", "是", "有", "同意", "√", "✓", "✔", "住校", "住宿", "寄宿", "内宿", "住讀",
		"住读", "住宿生", "住校生", "寄宿生", "已授权", "已同意", "boarder":
		return "yes"
	case "no", "n", "false", "0", "否", "无", "不同意", "×", "✗", "x", "走读", "通校", "外宿", "走讀", "走读生",
		"通校生", "未授权", "未同意", "day":
		return "no"
	}
	row.at(at, Remark{
		Code: "flag_unknown",
		Read: s,
	})
	return ""
}

func kindOf(s string) g.PersonKind {
	switch strings.ToLower(s) {
	case "student", "学生", "學生", "在校生", "走读生", "住校生":
		return g.Student
	case "staff", "teacher", "教职工", "教職員", "教师", "教師", "老师", "老師", "员工", "职工", "职员", "班主任", "任课教师",
		"校长", "主任", "保安", "宿管", "后勤", "行政":
		return g.Staff
	case "guardian", "parent", "监护人", "監護人", "家长", "家長", "父亲", "母亲", "父親", "母親", "祖父", "祖母", "爷爷",
		"奶奶", "外公", "外婆":
		return g.Guardian
	case "visitor", "访客", "訪客", "来访":
		return g.Visitor
	}
	return ""
}

// String formats a remark for tests, as a clerk would read it.
func (p Remark) String() string {
	mark := "!"
	if p.Note {
		mark = "·"
	}
	place := ""
	if p.Line > 0 {
		place = fmt.Sprintf("line %d", p.Line)
	}
	if p.Column > 0 {
		place += fmt.Sprintf(" column %d", p.Column)
	}
	if p.Heading != "" {
		place += " (" + p.Heading + ")"
	}
	return strings.TrimSpace(mark + " " + strings.TrimSpace(place+" "+p.Code+": "+p.Message))
}
