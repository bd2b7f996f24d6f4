package attendance

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/texts"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
	"github.com/gatehouse-iot/gatehouse/rules/calendar"
)

// monthBook is what a workbook of a month is made of.
type monthBook struct {
	language texts.Language
	school   g.School
	filter   sessions.MonthFilter
	rows     []sessions.PersonMonth // by class
	calendar calendar.Calendar
	made     time.Time // in the school's time zone
}

// marks are how a grid writes the states, and what heads the column of their counts.
var marks = []struct {
	state g.AttendanceState
	mark  string
	name  g.Text
}{
	{g.Arrived, "√", g.Textf("Present")},
	{g.Late, "△", g.Textf("Late")},
	{g.LeftEarly, "▽", g.Textf("Left early")},
	{g.Excused, "○", g.Textf("On leave")},
	{g.OffsiteApproved, "◎", g.Textf("Off site")},
	{g.Absent, "×", g.Textf("Absent")},
	{g.Unknown, "?", g.Textf("Unknown")},
	{g.Expected, "·", g.Textf("Expected")},
}

func markOf(s g.AttendanceState) string {
	for _, m := range marks {
		if m.state == s {
			return m.mark
		}
	}
	return ""
}

// required counts the sessions that concerned somebody, and present those at which they were.
func required(n sessions.MonthCounts) (required, present int) {
	for _, k := range n {
		required += k
	}
	return required, n[g.Arrived] + n[g.Late] + n[g.LeftEarly]
}

// bookWriter writes the sheets.
type bookWriter struct {
	monthBook
	file  *excelize.File
	days  []g.Date
	style struct{ title, note, head, off, cell, name int }
}

// writeMonth makes the workbook: the classes summed up, if there are several, and a sheet for each.
func writeMonth(b monthBook) ([]byte, error) {
	w := &bookWriter{monthBook: b, file: excelize.NewFile()}
	defer w.file.Close()
	first, err := time.Parse("2006-01", b.filter.Month)
	if err != nil {
		return nil, err
	}
	for d := first; d.Month() == first.Month(); d = d.AddDate(0, 0, 1) {
		w.days = append(w.days, g.DateOf(d))
	}
	if err := w.styles(); err != nil {
		return nil, err
	}
	classes := w.classes()
	used := map[string]bool{}
	if len(classes) != 1 {
		if err := w.sum(w.sheet(w.say(g.Textf("All classes")), used), classes); err != nil {
			return nil, err
		}
	}
	for _, rows := range classes {
		if err := w.class(w.sheet(rows[0].Class, used), rows); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	if err := w.file.Write(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func (w *bookWriter) say(t g.Text) string { return w.language.Text(t) }

// classes divides the rows, which are in the order of their classes.
func (w *bookWriter) classes() (out [][]sessions.PersonMonth) {
	for i, r := range w.rows {
		if i == 0 || r.Class != w.rows[i-1].Class {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], r)
	}
	return out
}

func (w *bookWriter) styles() error {
	border := []excelize.Border{}
	for _, side := range []string{"left", "right", "top", "bottom"} {
		border = append(border, excelize.Border{Type: side, Color: "999999", Style: 1})
	}
	center := &excelize.Alignment{Horizontal: "center", Vertical: "center"}
	grey := excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E4E7EB"}}
	var err error
	add := func(s excelize.Style) (id int) {
		if err == nil {
			id, err = w.file.NewStyle(&s)
		}
		return id
	}
	w.style.title = add(excelize.Style{Font: &excelize.Font{Bold: true, Size: 14}, Alignment: center})
	w.style.note = add(excelize.Style{Font: &excelize.Font{Size: 9}})
	w.style.head = add(excelize.Style{Font: &excelize.Font{Bold: true}, Border: border, Alignment: center})
	w.style.off = add(excelize.Style{Border: border, Alignment: center, Fill: grey})
	w.style.cell = add(excelize.Style{Border: border, Alignment: center})
	w.style.name = add(excelize.Style{Border: border})
	return err
}

// sheet makes a name of a sheet: at most 31 characters, none of those that a sheet must not have, and
// no other sheet's. The first one takes the sheet that a new file has.
func (w *bookWriter) sheet(name string, used map[string]bool) string {
	clean := strings.Trim(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`:\/?*[]`, r) {
			return '-'
		}
		return r
	}, name), "' ")
	if clean == "" {
		clean = "–"
	}
	short := []rune(clean)
	for n := 1; ; n++ {
		end := ""
		if n > 1 {
			end = fmt.Sprintf(" (%d)", n)
		}
		clean = string(short[:min(len(short), 31-len(end))]) + end
		if !used[strings.ToLower(clean)] {
			break
		}
	}
	used[strings.ToLower(clean)] = true
	return clean
}

// begin opens a sheet of n columns with its title and what the marks mean.
func (w *bookWriter) begin(sheet, title string, n int, widths func(*excelize.StreamWriter) error) (
	*excelize.StreamWriter, error,
) {
	if w.file.GetSheetName(0) == "Sheet1" && len(w.file.GetSheetList()) == 1 {
		if err := w.file.SetSheetName("Sheet1", sheet); err != nil {
			return nil, err
		}
	} else if _, err := w.file.NewSheet(sheet); err != nil {
		return nil, err
	}
	landscape, paper, wide, high := "landscape", 9, 1, 0 // A4
	if err := w.file.SetPageLayout(sheet, &excelize.PageLayoutOptions{
		Orientation: &landscape,
		Size:        &paper,
		FitToWidth:  &wide,
		FitToHeight: &high,
	}); err != nil {
		return nil, err
	}
	fit := true
	if err := w.file.SetSheetProps(sheet, &excelize.SheetPropsOptions{FitToPage: &fit}); err != nil {
		return nil, err
	}
	if err := w.file.SetDefinedName(&excelize.DefinedName{
		Name:     "_xlnm.Print_Titles",
		RefersTo: "'" + strings.ReplaceAll(sheet, "'", "''") + "'!$1:$3",
		Scope:    sheet,
	}); err != nil {
		return nil, err
	}
	out, err := w.file.NewStreamWriter(sheet)
	if err != nil {
		return nil, err
	}
	if err := widths(out); err != nil {
		return nil, err
	}
	last, err := excelize.CoordinatesToCellName(n, 1)
	if err != nil {
		return nil, err
	}
	if err := out.SetRow("A1", []any{excelize.Cell{StyleID: w.style.title, Value: title}}); err != nil {
		return nil, err
	}
	if err := out.MergeCell("A1", last); err != nil {
		return nil, err
	}
	return out, out.SetRow("A2", []any{excelize.Cell{StyleID: w.style.note, Value: w.note()}})
}

// note says what the marks mean and when the sheet was made.
func (w *bookWriter) note() string {
	var legend []string
	for _, m := range marks {
		legend = append(legend, m.mark+" "+w.say(m.name))
	}
	return strings.Join(legend, "  ") + "    " +
		w.say(g.Textf("As of %s", w.made.Format("2006-01-02 15:04")))
}

func (w *bookWriter) title(class string) string {
	month := w.filter.Month
	if class == "" {
		return w.say(g.Textf("%s: attendance, %s", w.school.Name, month))
	}
	return w.say(g.Textf("%s, %s: attendance, %s", w.school.Name, class, month))
}

func (w *bookWriter) heads(first ...g.Text) []any {
	var out []any
	for _, t := range first {
		out = append(out, excelize.Cell{StyleID: w.style.head, Value: w.say(t)})
	}
	return out
}

// counts are the last columns of every row.
func (w *bookWriter) counts(n sessions.MonthCounts) []any {
	all, present := required(n)
	rate := any("")
	if all > 0 {
		rate = fmt.Sprintf("%.1f %%", 100*float64(present)/float64(all))
	}
	out := []any{w.cell(all), w.cell(present), w.cell(rate)}
	for _, m := range marks[1:] {
		out = append(out, w.cell(n[m.state]))
	}
	return out
}

func (w *bookWriter) countHeads() []any {
	out := w.heads(g.Textf("Due"), g.Textf("There"), g.Textf("Rate"))
	for _, m := range marks[1:] {
		out = append(out, excelize.Cell{StyleID: w.style.head, Value: w.say(m.name)})
	}
	return out
}

func (w *bookWriter) cell(v any) excelize.Cell { return excelize.Cell{StyleID: w.style.cell, Value: v} }

// sum writes the sheet of all classes.
func (w *bookWriter) sum(sheet string, classes [][]sessions.PersonMonth) error {
	heads := append(w.heads(g.Textf("Class"), g.Textf("People")), w.countHeads()...)
	out, err := w.begin(sheet, w.title(""), len(heads), func(out *excelize.StreamWriter) error {
		return out.SetColWidth(1, len(heads), 11)
	})
	if err != nil {
		return err
	}
	if err := out.SetRow("A3", heads); err != nil {
		return err
	}
	for i, rows := range classes {
		n := sessions.MonthCounts{}
		for _, r := range rows {
			for s, k := range r.Counts {
				n[s] += k
			}
		}
		row := append([]any{
			excelize.Cell{StyleID: w.style.name, Value: rows[0].Class}, w.cell(len(rows)),
		}, w.counts(n)...)
		if err := out.SetRow(fmt.Sprintf("A%d", i+4), row); err != nil {
			return err
		}
	}
	return out.Flush()
}

// class writes the sheet of a class: a column for each day, and the counts.
func (w *bookWriter) class(sheet string, rows []sessions.PersonMonth) error {
	heads := w.heads(g.Textf("Number"), g.Textf("Name"))
	off := make([]bool, len(w.days))
	for i, d := range w.days {
		off[i] = !w.calendar.Day(d, rows[0].Class).School
		heads = append(heads, excelize.Cell{StyleID: w.day(off[i], w.style.head), Value: d.Day})
	}
	heads = append(heads, w.countHeads()...)
	days := len(w.days)
	out, err := w.begin(sheet, w.title(rows[0].Class), len(heads), func(out *excelize.StreamWriter) error {
		for _, x := range []struct {
			from, to int
			width    float64
		}{{1, 1, 12}, {2, 2, 16}, {3, days + 2, 4}, {days + 3, len(heads), 7}} {
			if err := out.SetColWidth(x.from, x.to, x.width); err != nil {
				return err
			}
		}
		return out.SetPanes(&excelize.Panes{
			Freeze:      true,
			XSplit:      2,
			YSplit:      3,
			TopLeftCell: "C4",
			ActivePane:  "bottomRight",
		})
	})
	if err != nil {
		return err
	}
	if err := out.SetRow("A3", heads); err != nil {
		return err
	}
	for i, r := range rows {
		if err := out.SetRow(fmt.Sprintf("A%d", i+4), w.person(r, off)); err != nil {
			return err
		}
	}
	return out.Flush()
}

func (w *bookWriter) person(r sessions.PersonMonth, off []bool) []any {
	name := r.Name
	if name == "" {
		name = string(r.Person)
	}
	row := []any{
		excelize.Cell{StyleID: w.style.name, Value: r.Number},
		excelize.Cell{StyleID: w.style.name, Value: name},
	}
	said := map[string]string{}
	for _, d := range r.Days {
		for _, s := range d.States {
			said[d.Date] += markOf(s)
		}
	}
	for i, d := range w.days {
		row = append(row, excelize.Cell{StyleID: w.day(off[i], w.style.cell), Value: said[d.String()]})
	}
	return append(row, w.counts(r.Counts)...)
}

// day is the style of a day's cell: grey on a day off.
func (w *bookWriter) day(off bool, usual int) int {
	if off {
		return w.style.off
	}
	return usual
}
