package lessons

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/sheet"
)

// MaxLines is how many lines a file may have.
const MaxLines = 12_000

// Field is what a column holds.
type Field string

// The fields; beside them each weekday, mon to sun, whose column holds subjects.
const (
	Ignored Field = "-"
	Class   Field = "class"
	Weekday Field = "weekday"
	Period  Field = "period"
	Subject Field = "subject"
	Teacher Field = "teacher"
	Room    Field = "room"
	Weeks   Field = "weeks"
)

// Fields lists them.
func Fields() []Field {
	out := []Field{Class, Weekday, Period, Subject, Teacher, Room, Weeks}
	for _, d := range g.Weekdays() {
		out = append(out, Field(d))
	}
	return out
}

// LessonColumn is a column of the file.
type LessonColumn struct {
	Heading string `json:"heading"`
	Field   Field  `json:"field"`
}

// Lesson is a lesson of a class in a period of a weekday.
type Lesson struct {
	Line    int
	Class   string
	Weekday g.Weekday
	Period  string
	Subject string
	Teacher string
	Room    string
	Weeks   g.PatternWeeks // "": each week
}

// Problem is what is wrong with a line, or, with line 0, with the file.
type Problem struct {
	Line int
	*g.Error
	Note bool // the lesson is read all the same
}

// File is what a table says.
type File struct {
	HeadingLine int // 0: there is none
	Columns     []LessonColumn
	Lessons     []Lesson
	Problems    []Problem
}

// Options are a person's choices.
type Options struct {
	Columns     []Field // what each column is, by position; none: as their headings say
	HeadingLine int     // 0: it is found
}

// headings are the words by which a column is found.
func headings() map[Field][]string {
	return map[Field][]string{
		Class:   {"class", "班级", "班別", "班别", "班", "classname", "行政班"},
		Weekday: {"weekday", "day", "星期", "周次", "礼拜", "weekdays"},
		Period:  {"period", "节次", "节", "课节", "節次", "lesson", "时段"},
		Subject: {"subject", "课程", "科目", "学科", "课程名称", "course", "課程"},
		Teacher: {"teacher", "教师", "老师", "任课教师", "授课教师", "任课老师", "教師"},
		Weeks:   {"weeks", "单双周", "單雙週", "oddeven", "周类型", "单双"},
		Room:    {"room", "教室", "地点", "上课地点", "场地", "classroom"},
	}
}

// plain is a heading or a word without width, case and spaces.
func plain(s string) string {
	return strings.ToLower(strings.Join(strings.Fields(narrow(s)), ""))
}

// narrow makes full-width letters, digits and signs those of ASCII.
func narrow(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '　':
			return ' '
		case r >= '！' && r <= '～':
			return r - 0xFEE0
		}
		return r
	}, s)
}

func fieldOf(heading string) Field {
	h := plain(heading)
	for f, words := range headings() {
		if slices.Contains(words, h) {
			return f
		}
	}
	if d, ok := weekday(h); ok && len([]rune(h)) > 1 {
		return Field(d)
	}
	return Ignored
}

// weekday reads mon, Monday, 1, 周一, 星期一, 礼拜一, 一.
func weekday(s string) (g.Weekday, bool) {
	s = plain(s)
	for i, d := range g.Weekdays() {
		chinese := string([]rune("一二三四五六日")[i])
		english := []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}[i]
		for _, w := range []string{string(d), english, strconv.Itoa(i + 1), chinese, "周" + chinese, "星期" + chinese,
			"礼拜" + chinese} {
			if s == w {
				return d, true
			}
		}
	}
	return "sun", s == "周天" || s == "星期天" || s == "天"
}

// Read reads a table. Lessons without a subject are free periods, and passed over.
func Read(t *sheet.Table, o Options) File {
	f := File{}
	first := f.headings(t, o)
	if !f.complete() {
		return f
	}
	if n := len(t.Rows) - first; n > MaxLines {
		f.wrong(0, "file", "the file has %d lines; at most %d are read: split it", n, MaxLines)
		return f
	}
	seen := map[Lesson]int{}
	for _, row := range t.Rows[first:] {
		if row.Broken != nil {
			f.wrong(row.Line, "line", "the line cannot be read: a cell that holds a quote is quoted and doubles it")
			continue
		}
		for _, l := range f.row(row) {
			if line, twice := taken(seen, l); twice {
				f.wrong(l.Line, string(Period), "class %s has a lesson in period %s on this day already, in line %d",
					l.Class, l.Period, line)
				continue
			}
			f.Lessons = append(f.Lessons, l)
		}
	}
	return f
}

// taken remembers a lesson, unless the class has one then in some of the same weeks, in a line.
func taken(seen map[Lesson]int, l Lesson) (line int, twice bool) {
	key := Lesson{Class: l.Class, Weekday: l.Weekday, Period: l.Period}
	for _, w := range append(g.EachPatternWeeks(), "") {
		if key.Weeks = w; w == l.Weeks || w == "" || l.Weeks == "" {
			if line, twice := seen[key]; twice {
				return line, true
			}
		}
	}
	key.Weeks = l.Weeks
	seen[key] = l.Line
	return 0, false
}

// headings finds the line of the headings and what each column is; first is the first line below.
func (f *File) headings(t *sheet.Table, o Options) (first int) {
	best, most := -1, 1
	for i, r := range t.Rows[:min(len(t.Rows), 25)] {
		n := 0
		for _, c := range r.Cells {
			if fieldOf(c.Text) != Ignored {
				n++
			}
		}
		if o.HeadingLine == r.Line || o.HeadingLine == 0 && n > most {
			best, most = i, n
		}
	}
	if best < 0 {
		for i := range o.Columns {
			f.Columns = append(f.Columns, LessonColumn{Field: o.Columns[i]})
		}
		return 0
	}
	f.HeadingLine = t.Rows[best].Line
	for i, c := range t.Rows[best].Cells {
		col := LessonColumn{
			Heading: c.Text,
			Field:   fieldOf(c.Text),
		}
		if i < len(o.Columns) {
			col.Field = o.Columns[i]
		}
		if f.has(col.Field) { // twice: the first counts
			col.Field = Ignored
		}
		f.Columns = append(f.Columns, col)
	}
	return best + 1
}

func (f *File) has(field Field) bool {
	return slices.ContainsFunc(f.Columns, func(c LessonColumn) bool { return c.Field == field })
}

// complete says what columns are missing.
func (f *File) complete() bool {
	grid := slices.ContainsFunc(g.Weekdays(), func(d g.Weekday) bool { return f.has(Field(d)) })
	for _, need := range []Field{Class, Period, Weekday, Subject} {
		if f.has(need) || grid && (need == Weekday || need == Subject) {
			continue
		}
		f.wrong(0, string(need), "no column is %q: say which one is, or give it a heading", string(need))
	}
	return len(f.Problems) == 0
}

func (f *File) wrong(line int, field, format string, args ...any) {
	f.Problems = append(f.Problems, Problem{
		Line:  line,
		Error: g.FieldErrorf(field, format, args...),
	})
}

// row are the lessons of a line.
func (f *File) row(row sheet.Row) (out []Lesson) {
	is := map[Field]string{}
	for i, c := range f.Columns {
		if c.Field != Ignored {
			is[c.Field] = strings.Join(strings.Fields(narrow(row.Cell(i).Text)), " ")
		}
	}
	days := map[g.Weekday]string{}
	for _, d := range g.Weekdays() {
		if s := is[Field(d)]; s != "" {
			days[d] = s
		}
	}
	if s := is[Subject]; s != "" {
		d, ok := weekday(is[Weekday])
		if !ok {
			f.wrong(row.Line, string(Weekday), "%q is no weekday; write mon, Monday, 1 or 周一", is[Weekday])
			return nil
		}
		days[d] = s
	}
	if len(days) == 0 {
		return nil // a free period
	}
	if is[Class] == "" {
		f.wrong(row.Line, string(Class), "the class is missing")
		return nil
	}
	periods := periodsOf(is[Period])
	if len(periods) == 0 {
		f.wrong(row.Line, string(Period), "%q is no period; write 1, 第1节 or 1-2", is[Period])
		return nil
	}
	weeks, ok := weeksOf(is[Weeks])
	if !ok {
		f.wrong(row.Line, string(Weeks), "%q are no weeks; write odd, even, 单周 or 双周, or nothing for each week",
			is[Weeks])
		return nil
	}
	for _, d := range g.Weekdays() {
		for _, p := range periods {
			for _, s := range subjectsOf(days[d], weeks) {
				out = append(out, Lesson{row.Line, is[Class], d, p, s.name, is[Teacher], is[Room], s.weeks})
			}
		}
	}
	return out
}

// periodsOf reads 1, 第1节, 1-2, 1、2; a name that has no number is one period.
func periodsOf(s string) (out []string) {
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(",;、，；", r) }) {
		part = strings.TrimSpace(part)
		if rest, ok := strings.CutPrefix(part, "第"); ok {
			part = strings.TrimSuffix(strings.TrimSuffix(rest, "课"), "节")
		}
		part = strings.TrimSuffix(part, "节")
		from, to, ok := strings.Cut(strings.NewReplacer("~", "-", "至", "-", "—", "-").Replace(part), "-")
		a, err1 := strconv.Atoi(strings.TrimSpace(from))
		b, err2 := strconv.Atoi(strings.TrimSpace(to))
		if !ok || err1 != nil || err2 != nil || a > b || b-a >= 20 {
			if part != "" {
				out = append(out, part)
			}
			continue
		}
		for n := a; n <= b; n++ {
			out = append(out, fmt.Sprint(n))
		}
	}
	return out
}
