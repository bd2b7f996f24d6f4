package roster

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/sheet"
)

// known are the headings of each field, most specific first: if a file has two for a field, the
// earlier one in this list is used.
func known() map[Field][]string {
	return map[Field][]string{
		Kind: {
			"kind", "身份", "类别", "人员类型", "人员类别", "人员身份", "身份类型", "類別", "身份類別", "persontype",
			"type", "role",
		},
		Number: {"number", "学号", "學號", "工号", "工號", "学工号", "编号", "編號", "人员编号", "studentid",
			"studentno", "studentnumber", "学生编号", "学生学号",
			"staffid", "staffno", "employeeid", "教工号", "教师编号", "id", "no", "no.", "学籍号", "學籍號",
			"学籍编号", "全国学籍号"},
		Name: {
			"name", "姓名", "学生姓名", "學生姓名", "教师姓名", "人员姓名", "名字", "fullname", "studentname",
			"student", "pupil", "pupilname", "displayname",
		},
		Grade: {"grade", "年级", "年級", "yeargroup", "year", "gradelevel", "所在年级", "级别"},
		Class: {
			"class", "班级", "班級", "班别", "班別", "行政班", "所在班级", "班级名称", "classname", "form",
			"homeroom", "group", "tutorgroup", "新班级", "newclass", "班",
		},
		Boarder: {
			"boarder", "住宿", "寄宿", "住校", "是否住校", "是否住宿", "是否寄宿", "寄宿生", "住校生", "就读方式", "住宿情况",
			"boarding", "residential",
		},
		Phone: {"phone", "电话", "電話", "手机", "手機", "手机号", "手机号码", "联系电话", "聯絡電話", "联系方式", "mobile",
			"telephone", "tel", "phonenumber", "mobilephone",
			"家长电话", "家長電話", "家长手机", "家长手机号", "家长联系电话", "监护人电话", "監護人電話", "parentphone",
			"parentmobile", "guardianphone", "contactnumber"},
		Card: {
			"card", "卡号", "卡號", "一卡通号", "校园卡号", "饭卡号", "门禁卡号", "ic卡号", "cardnumber", "cardno",
			"cardid",
		},
		CardExpires: {"cardexpires", "卡有效期", "卡片有效期", "cardexpiry", "cardvaliduntil"},
		FaceConsent: {"faceconsent", "人脸同意", "人脸授权", "人脸识别同意", "人脸采集授权", "consent", "人臉同意", "人臉授權"},
		Guardians: {
			"guardiannumbers", "监护人编号", "监护人", "監護人編號", "家长编号", "guardians", "guardianids",
			"parentids",
		},
	}
}

// plain normalises a heading: width, case, spaces, remarks in brackets, stars and colons.
func plain(heading string) string {
	s := strings.ToLower(norm.NFKC.String(heading))
	if i := strings.IndexAny(s, "(["); i > 0 {
		s = s[:i]
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("_-*:：/'\"·.#\u200b\ufeff", r) ||
			unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s)
}

// guess returns the field that a heading names and its rank, 0 being the most specific.
func guess(heading string, dictionary map[string]hit) (Field, int) {
	if h, ok := dictionary[plain(heading)]; ok {
		return h.field, h.rank
	}
	return Ignored, 0
}

type hit struct {
	field Field
	rank  int
}

func dictionary() map[string]hit {
	out := map[string]hit{}
	for field, words := range known() {
		for i, w := range words {
			out[plain(w)] = hit{field, i}
		}
	}
	return out
}

const searched = 25 // lines searched for the headings

// headings returns the indices of the heading line, -1 for none, and of the first data line.
func headings(t *sheet.Table, chosen int) (at, first int) {
	if chosen < 0 {
		return -1, 0
	}
	if chosen > 0 {
		for i, r := range t.Rows {
			if r.Line >= chosen {
				return i, i + 1
			}
		}
	}
	words := dictionary()
	best, most := -1, 0
	for i, r := range t.Rows[:min(len(t.Rows), searched)] {
		n := 0
		for _, c := range r.Cells {
			if f, _ := guess(c.Text, words); f != Ignored {
				n++
			}
		}
		if n > most {
			best, most = i, n
		}
	}
	for i := 0; best < 0 && i < min(len(t.Rows), searched); i++ {
		if t.Rows[i].Filled() >= 2 {
			best = i
		}
	}
	best = max(best, 0)
	return best, min(best+1, len(t.Rows))
}

// Headings returns the normalised headings, the key by which a school's column mapping is
// remembered.
func Headings(t *sheet.Table, chosen int) []string {
	at, _ := headings(t, chosen)
	if at < 0 {
		return nil
	}
	out := make([]string, len(t.Rows[at].Cells))
	for i, c := range t.Rows[at].Cells {
		out[i] = plain(c.Text)
	}
	return out
}

// about adds remarks about how the table was read.
func (f *File) about(t *sheet.Table, first, at int) {
	if at > 0 {
		f.say(Remark{
			Code:   "title_lines",
			Note:   true,
			Params: map[string]string{"n": strconv.Itoa(at)},
			Read:   t.Rows[0].Cell(0).Text,
		})
	}
	if !t.Sure {
		f.say(Remark{
			Code:   "encoding_unsure",
			Params: map[string]string{"encoding": t.Encoding},
		})
	}
	f.count("formula_values", t.Formulas)
	f.count("merged_filled", t.Merged)
	if t.Hidden > 0 {
		f.say(Remark{
			Code:   "hidden_rows",
			Note:   true,
			Params: map[string]string{"n": strconv.Itoa(t.Hidden)},
		})
	}
	if len(t.Sheets) > 1 {
		f.say(Remark{
			Code:   "sheet_chosen",
			Note:   true,
			Params: map[string]string{"sheet": t.Sheet, "sheets": strings.Join(t.Sheets, ", ")},
		})
	}
	if at >= 0 && t.Rows[at].Broken != nil {
		f.say(Remark{
			Code:   t.Rows[at].Broken.Code,
			Params: t.Rows[at].Broken.Params,
			Line:   t.Rows[at].Line,
		})
	}
}

// count adds a remark about how many cells were read in a special way, if any were.
func (f *File) count(code string, n int) {
	if n > 0 {
		f.say(Remark{
			Code:   code,
			Note:   true,
			Params: map[string]string{"n": strconv.Itoa(n)},
		})
	}
}

// columns decides which field each column is.
func (f *File) columns(t *sheet.Table, at, first int, o Options) {
	width := 0
	if at >= 0 {
		width = len(t.Rows[at].Cells)
	} else {
		for _, r := range t.Rows[:min(len(t.Rows), searched)] {
			width = max(width, len(r.Cells))
		}
	}
	f.Columns = make([]Column, width)
	for i := range f.Columns {
		c := &f.Columns[i]
		*c = Column{
			Field:   Ignored,
			Samples: []string{},
		}
		if at >= 0 {
			c.Heading = t.Rows[at].Cell(i).Text
		}
		for _, r := range t.Rows[first:] {
			if s := r.Cell(i).Text; s != "" && len(c.Samples) < 3 {
				c.Samples = append(c.Samples, shorten(s))
			}
			if len(c.Samples) == 3 {
				break
			}
		}
	}
	if len(o.Columns) > 0 {
		f.given(o.Columns)
	} else {
		f.guessed()
	}
	for i, c := range f.Columns {
		if c.Field == Ignored && (c.Heading != "" || len(c.Samples) > 0) {
			f.say(Remark{
				Code:    "column_ignored",
				Note:    true,
				Column:  i + 1,
				Heading: c.Heading,
			})
		}
	}
}

// given applies the fields that were chosen.
func (f *File) given(fields []Field) {
	for i, field := range fields {
		if i >= len(f.Columns) {
			break
		}
		f.Columns[i].Field = field
		switch {
		case field == Ignored || field == "":
			f.Columns[i].Field = Ignored
		case f.Has[field]:
			f.say(Remark{
				Code:    "column_twice",
				Column:  i + 1,
				Heading: f.Columns[i].Heading,
				Field:   field,
			})
		default:
			f.Has[field] = true
		}
	}
}

// guessed picks the best heading for each field; two of equal rank are a problem.
func (f *File) guessed() {
	words := dictionary()
	best := map[Field]int{}
	rank := map[Field]int{}
	for i := range f.Columns {
		field, sure := guess(f.Columns[i].Heading, words)
		if field == Ignored {
			continue
		}
		old, taken := best[field]
		switch {
		case !taken || sure < rank[field]:
			if taken {
				f.Columns[old].Field = Ignored
			}
			best[field], rank[field] = i, sure
			f.Columns[i].Field = field
			f.Has[field] = true
		case sure == rank[field]:
			f.say(Remark{
				Code:    "column_twice",
				Column:  i + 1,
				Heading: f.Columns[i].Heading,
				Field:   field,
			})
		}
	}
}

// required adds a problem for each required field without a column.
func (f *File) required(o Options) {
	for _, field := range []Field{Number, Name} {
		if !f.Has[field] {
			f.say(Remark{
				Code:  "field_unmapped",
				Field: field,
			})
		}
	}
	if !f.Has[Kind] && o.Kind == "" {
		f.say(Remark{
			Code:   "kind_missing",
			Field:  Kind,
			Params: map[string]string{"kinds": kinds()},
		})
	}
}

func kinds() string {
	var all []string
	for _, k := range g.PersonKinds() {
		all = append(all, string(k))
	}
	return strings.Join(all, ", ")
}

func shorten(s string) string {
	r := []rune(s)
	if len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
