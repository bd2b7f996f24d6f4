package attendance

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/api/texts"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
	"github.com/gatehouse-iot/gatehouse/rules/presence"
)

type figuresInput struct {
	gate.InSchool
	Date string        `query:"date" maxLength:"10" doc:"The day, YYYY-MM-DD; empty: today in the school's time zone."`
	Kind g.SessionKind `query:"kind" doc:"Of sessions of this kind; empty: arrival."`
}

// Figures are what a head or a bureau asks of a day.
type Figures struct {
	Date string      `json:"date" doc:"The day."`
	From string      `json:"from" doc:"The first day of its month: the figures of the month go from there to the day."`
	Rows []FigureRow `json:"rows" nullable:"false" doc:"Of a school: itself, its grades and its classes. Of a district: its schools."`
}

// FigureLevel says what a row of figures is of.
type FigureLevel string

// The levels.
const (
	FigureSchool FigureLevel = "school"
	FigureGrade  FigureLevel = "grade"
	FigureClass  FigureLevel = "class"
)

// FigureRow is one line of figures.
type FigureRow struct {
	Level   FigureLevel  `json:"level" enum:"school,grade,class" doc:"What it is of."`
	School  g.SchoolID   `json:"school" doc:"The school."`
	Name    string       `json:"name" doc:"The school's, grade's or class's name; empty: of those who are in no class."`
	Session g.SessionID  `json:"session,omitempty" doc:"The day's session of the kind, the first where a class has several; absent: there is none, or the classes have different ones."`
	People  int          `json:"people" doc:"How many students it has now."`
	Day     FigureCounts `json:"day" doc:"Of the day."`
	Month   FigureCounts `json:"month" doc:"Of the month up to the day."`
}

// FigureCounts count answers: one for each student and session.
type FigureCounts struct {
	Due     int `json:"due" doc:"All."`
	There   int `json:"there" doc:"There, late or gone early: the attendance rate is these of all."`
	Late    int `json:"late" doc:"Late."`
	Absent  int `json:"absent" doc:"Absent."`
	Leave   int `json:"leave" doc:"On leave, or elsewhere with approval."`
	Unknown int `json:"unknown" doc:"Not known, or not decided yet."`
}

func counted(n sessions.MonthCounts) FigureCounts {
	due, there := required(n)
	return FigureCounts{
		Due:     due,
		There:   there,
		Late:    n[g.Late],
		Absent:  n[g.Absent],
		Leave:   n[g.Excused] + n[g.OffsiteApproved],
		Unknown: n[g.Unknown] + n[g.Expected],
	}
}

func (s *area) registerFigures() {
	const tag = "Attendance"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/figures",
		ID:      "count-figures",
		Tag:     tag,
		Perm:    g.AttendanceRead,
		Summary: "Attendance of a day and its month in figures: by school, grade and class",
		Doc: "Of students, by the class that they are in now. Of a district it has a row for each school; " +
			"asked for one of them, that school's grades and classes. There are no names in it.",
	}, func(ctx context.Context, in *figuresInput) (*gate.Body[Figures], error) {
		return gate.Answer(s.figures(ctx, *in))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/figures.xlsx",
		ID:      "export-figures",
		Tag:     tag,
		Perm:    g.AttendanceRead,
		Raw:     workbookType,
		Summary: "The same figures as a workbook",
	}, func(ctx context.Context, in *figuresInput) (*workbook, error) {
		f, err := s.figures(ctx, *in)
		if err != nil {
			return nil, err
		}
		b, err := writeFigures(gate.LanguageOf(ctx), f)
		if err != nil {
			return nil, err
		}
		name := fmt.Sprintf(`attachment; filename="figures-%s.xlsx"`, f.Date)
		return &workbook{workbookType, name, "private, no-store", b}, nil
	})
}

func (s *area) figures(ctx context.Context, in figuresInput) (Figures, error) {
	if in.Kind == "" {
		in.Kind = g.SessionArrival
	}
	v := s.View(ctx)
	id := gate.SchoolOf(ctx, in.School)
	home, err := v.Places.School(ctx, id)
	if err != nil {
		return Figures{}, err
	}
	day := g.DateOf(presence.Since(s.Now(), home.Location(), false))
	if in.Date != "" {
		if day, err = g.ParseDate(in.Date); err != nil {
			return Figures{}, g.FieldErrorf("date", "%v", err)
		}
	}
	out := Figures{
		Date: day.String(),
		From: day.Add(1 - day.Day).String(),
		Rows: []FigureRow{},
	}
	if home.Kind != g.KindDistrict {
		classes, err := v.Sessions.Figures(ctx, id, in.Kind, day)
		out.Rows = schoolFigures(home, classes)
		return out, err
	}
	all, err := v.Places.Schools(ctx)
	if err != nil {
		return Figures{}, err
	}
	for _, x := range below(all, id) {
		classes, err := v.Sessions.Figures(ctx, x.ID, in.Kind, day)
		if err != nil {
			return Figures{}, err
		}
		out.Rows = append(out.Rows, schoolFigures(x, classes)[0])
	}
	return out, nil
}

// below are the schools of a district and of the districts in it, by name.
func below(all []g.School, id g.SchoolID) (out []g.School) {
	for _, x := range all {
		switch {
		case x.Parent != id || x.ID == id:
		case x.Kind == g.KindDistrict:
			out = append(out, below(all, x.ID)...)
		default:
			out = append(out, x)
		}
	}
	slices.SortStableFunc(out, func(a, b g.School) int { return g.CompareNatural(a.Name, b.Name) })
	return out
}

// schoolFigures are the rows of a school: itself, each grade and its classes.
func schoolFigures(x g.School, classes []sessions.ClassFigures) []FigureRow {
	row := func(level FigureLevel, name string, of []sessions.ClassFigures) FigureRow {
		day, month, people := sessions.MonthCounts{}, sessions.MonthCounts{}, 0
		session, one := g.SessionID(""), true
		for i, c := range of {
			if i == 0 {
				session = c.Session
			}
			one = one && c.Session == session
			people += c.People
			for s, n := range c.Day {
				day[s] += n
			}
			for s, n := range c.Month {
				month[s] += n
			}
		}
		if !one {
			session = ""
		}
		return FigureRow{
			Session: session,
			Level:   level,
			School:  x.ID,
			Name:    name,
			People:  people,
			Day:     counted(day),
			Month:   counted(month),
		}
	}
	out := []FigureRow{row(FigureSchool, x.Name, classes)}
	for i := 0; i < len(classes); {
		grade, j := gradeOf(classes[i].Class), i
		for j < len(classes) && gradeOf(classes[j].Class) == grade {
			j++
		}
		if grade != "" {
			out = append(out, row(FigureGrade, grade, classes[i:j]))
		}
		for _, c := range classes[i:j] {
			out = append(out, row(FigureClass, c.Class, []sessions.ClassFigures{c}))
		}
		i = j
	}
	return out
}

// gradeOf is the grade in the name of a class: what stands before a dash or up to 年级 or 级; "" where
// there is neither.
func gradeOf(class string) string {
	for _, mark := range []string{"年级", "级"} {
		if before, _, ok := strings.Cut(class, mark); ok && before != "" {
			return before + mark
		}
	}
	if before, after, ok := strings.Cut(class, "-"); ok && after != "" {
		return before
	}
	return ""
}

// writeFigures makes the workbook.
func writeFigures(language texts.Language, f Figures) ([]byte, error) {
	file := excelize.NewFile()
	defer file.Close()
	const sheet = "Sheet1"
	bold, err := file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return nil, err
	}
	out, err := file.NewStreamWriter(sheet)
	if err != nil {
		return nil, err
	}
	if err := out.SetColWidth(1, 1, 24); err != nil {
		return nil, err
	}
	title := language.Text(g.Textf("Attendance on %s, and from %s to then", f.Date, f.From))
	if err := out.SetRow("A1", []any{excelize.Cell{StyleID: bold, Value: title}}); err != nil {
		return nil, err
	}
	heads := []any{}
	head := func(t g.Text) { heads = append(heads, excelize.Cell{StyleID: bold, Value: language.Text(t)}) }
	head(g.Textf("School, grade or class"))
	head(g.Textf("People"))
	for _, month := range []bool{false, true} {
		for _, t := range []g.Text{
			g.Textf("Due"), g.Textf("There"), g.Textf("Rate"), g.Textf("Late"), g.Textf("Absent"),
			g.Textf("On leave"), g.Textf("Unknown"),
		} {
			if month {
				t = g.Textf("Month: %s", t)
			}
			head(t)
		}
	}
	if err := out.SetRow("A2", heads); err != nil {
		return nil, err
	}
	for i, r := range f.Rows {
		style := 0
		if r.Level != FigureClass {
			style = bold
		}
		row := []any{excelize.Cell{StyleID: style, Value: r.Name}, r.People}
		for _, n := range []FigureCounts{r.Day, r.Month} {
			rate := any("")
			if n.Due > 0 {
				rate = fmt.Sprintf("%.1f %%", 100*float64(n.There)/float64(n.Due))
			}
			row = append(row, n.Due, n.There, rate, n.Late, n.Absent, n.Leave, n.Unknown)
		}
		if err := out.SetRow(fmt.Sprintf("A%d", i+3), row); err != nil {
			return nil, err
		}
	}
	if err := out.Flush(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = file.Write(&b)
	return b.Bytes(), err
}
