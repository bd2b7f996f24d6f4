package timetable

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/lessons"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/sheet"
	kept "github.com/gatehouse-iot/gatehouse/registry/timetable"
)

const (
	maxImport = 16 << 20 // bytes of a file
	maxSample = 20       // lessons that a report shows
)

// TimetableImport is what a file says, and what became of it.
type TimetableImport struct {
	Format      string                   `json:"format,omitempty"`
	Sheet       string                   `json:"sheet,omitempty"`
	Sheets      []string                 `json:"sheets" nullable:"false"`
	HeadingLine int                      `json:"heading_line"`
	Columns     []lessons.LessonColumn   `json:"columns" nullable:"false"`
	From        string                   `json:"from"`
	To          string                   `json:"to,omitempty"`
	Lessons     int                      `json:"lessons"`
	Classes     []string                 `json:"classes" nullable:"false"`
	Plan        kept.Imported            `json:"plan"`
	Problems    []TimetableImportProblem `json:"problems" nullable:"false"`
	More        int                      `json:"more_problems"`
	Errors      int                      `json:"errors"`
	Kept        bool                     `json:"kept"`
	Sample      []ImportedLesson         `json:"sample" nullable:"false"`
}

// TimetableImportProblem is what is wrong with a line, or, with line 0, with the file.
type TimetableImportProblem struct {
	Line  int    `json:"line"`
	Field string `json:"field,omitempty"`
	Text  string `json:"text"`
	Note  bool   `json:"note"`
}

// ImportedLesson is a lesson as it was read.
type ImportedLesson struct {
	Line    int       `json:"line"`
	Class   string    `json:"class"`
	Weekday g.Weekday `json:"weekday"`
	Period  string    `json:"period"`
	Subject string    `json:"subject"`
	Teacher string    `json:"teacher,omitempty"`
	Room    string    `json:"room,omitempty"`

	Weeks g.PatternWeeks `json:"weeks,omitempty"`
}

type importInput struct {
	gate.InSchool
	Kind        g.SessionKind `query:"kind" default:"lesson" enum:"lesson,after_school,exam" doc:"What its lessons are."`
	From        string        `query:"from" maxLength:"10" doc:"The first day, YYYY-MM-DD; empty: today. What a class has already changes from today on, at the earliest." example:"2026-09-01"`
	To          string        `query:"to" maxLength:"10" doc:"The last day; empty: that of the calendar's term, and no end where it has none." example:"2027-01-20"`
	Columns     []string      `query:"columns" maxItems:"64" doc:"What each column is, by position: class, weekday, period, subject, teacher, room, mon to sun (a column of subjects), or - for none. Empty: as their headings say." example:"class,period,mon,tue"`
	HeadingLine int           `query:"heading_line" minimum:"0" maximum:"1000000" doc:"The line of the headings; 0: it is found."`
	Sheet       string        `query:"sheet" maxLength:"64" doc:"Of a workbook; empty: the first that is shown and holds something."`
	Encoding    string        `query:"encoding" maxLength:"32" doc:"Of a CSV file; empty: it is guessed."`
	Add         bool          `query:"add" doc:"What the file does not have of its classes stays; else it ends."`
	Skip        bool          `query:"skip" doc:"Lines with an error are left out; else nothing is kept while there is one."`
	Keep        bool          `query:"keep" doc:"Keep what it says; else it is only looked at."`
	RawBody     []byte        `contentType:"text/csv"`
}

func (s *area) registerImport() {
	const path = "/v1/timetable/import"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    path,
		ID:      "import-timetable",
		Tag:     tag,
		Perm:    g.AttendanceWrite,
		Max:     maxImport,
		Summary: "Read a term's timetable from CSV or a workbook",
		Doc: "A line for each lesson (class, weekday, period, subject, and maybe teacher and room), or for each " +
			"class and period with a column for each weekday; headings in English or Chinese; at most 12,000 " +
			"lines. Without keep it is a look: what is new, changes or ends, and what is wrong by line. A file " +
			"again changes nothing. The periods are those of the day templates: make the usual day before.",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" -H "Content-Type: text/csv" --data-binary @- "$GATEHOUSE_URL/v1/timetable/import" <<'END'
class,weekday,period,subject
7-1,mon,1,Maths
7-1,mon,2,Art
END`,
	}, func(ctx context.Context, in *importInput) (*gate.Body[TimetableImport], error) {
		return gate.Answer(s.read(ctx, in))
	})
	file := &huma.MediaType{Schema: &huma.Schema{
		Type:   huma.TypeString,
		Format: "binary",
	}}
	for _, kind := range []string{
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/octet-stream",
	} {
		s.OpenAPI().Paths[path].Post.RequestBody.Content[kind] = file
	}
}

// reading is an import under way.
type reading struct {
	*area
	ctx      context.Context
	in       *importInput
	school   g.SchoolID
	out      TimetableImport
	periods  []string
	classes  []string
	rooms    map[string]g.ZoneID
	teachers map[string][]g.PersonID // by name and by number
	told     map[string]bool         // what was said once
}

func (s *area) read(ctx context.Context, in *importInput) (TimetableImport, error) {
	r := &reading{area: s, ctx: ctx, in: in, school: gate.SchoolOf(ctx, in.School), told: map[string]bool{}}
	r.out = TimetableImport{
		Sheets:   []string{},
		Columns:  []lessons.LessonColumn{},
		Classes:  []string{},
		Problems: []TimetableImportProblem{},
		Sample:   []ImportedLesson{},
	}
	from, err := r.known()
	if err != nil {
		return r.out, err
	}
	t, err := sheet.Read(in.RawBody, sheet.Options{
		Encoding: in.Encoding,
		Sheet:    in.Sheet,
	})
	var fault *sheet.Fault
	if errors.As(err, &fault) {
		text, ok := gate.LanguageOf(ctx).Remark(fault.Code, fault.Params)
		if !ok {
			text = fault.Error()
		}
		r.add(TimetableImportProblem{Text: text})
		return r.out, nil
	}
	if err != nil {
		return r.out, err
	}
	o := lessons.Options{HeadingLine: in.HeadingLine}
	for _, c := range in.Columns {
		o.Columns = append(o.Columns, lessons.Field(strings.TrimSpace(c)))
	}
	f := lessons.Read(t, o)
	r.out.Format, r.out.Sheet, r.out.Sheets = t.Format, t.Sheet, gate.Some(t.Sheets)
	r.out.HeadingLine, r.out.Columns = f.HeadingLine, gate.Some(f.Columns)
	for _, p := range f.Problems {
		r.problem(p.Line, p.Error, p.Note)
	}
	patterns := r.patterns(f.Lessons)
	if r.out.Errors > 0 && !in.Skip || len(patterns) == 0 {
		return r.out, nil
	}
	ends, err := r.ends(patterns)
	if err != nil {
		return r.out, err
	}
	r.out.Plan, err = s.View(ctx).Timetable.PutMany(ctx, r.school, patterns, ends, from, !in.Keep)
	r.out.Kept = in.Keep && err == nil
	return r.out, err
}

// known reads what the school has, and which days are meant.
func (r *reading) known() (from g.Date, err error) {
	v := r.View(r.ctx)
	school, err := v.Places.School(r.ctx, r.school)
	if err != nil {
		return from, err
	}
	today, _, _ := g.DayOf(r.Now(), school.Location())
	from = today
	if r.in.From != "" {
		if from, err = g.ParseDate(r.in.From); err != nil {
			return from, g.FieldErrorf("from", "%v", err)
		}
	}
	r.out.From, r.out.To = from.String(), r.in.To
	if r.in.To != "" {
		if _, err := g.ParseDate(r.in.To); err != nil {
			return from, g.FieldErrorf("to", "%v", err)
		}
	} else if r.out.To, err = r.termEnd(max(from.String(), today.String())); err != nil {
		return from, err
	}
	if r.out.To != "" && r.out.To < max(from.String(), today.String()) {
		return from, g.FieldErrorf("to", "it ends before it begins: give the last day, the same or a later one")
	}
	templates, err := v.Timetable.Templates(r.ctx, r.school)
	if err != nil {
		return from, err
	}
	for _, t := range templates {
		for _, p := range t.Periods {
			if !slices.Contains(r.periods, p.Name) {
				r.periods = append(r.periods, p.Name)
			}
		}
	}
	if r.classes, err = v.People.Classes(r.ctx, r.school); err != nil {
		return from, err
	}
	p, err := v.Places.Of(r.ctx, r.school)
	if err != nil {
		return from, err
	}
	r.rooms = map[string]g.ZoneID{}
	for _, z := range p.Zones {
		r.rooms[strings.ToLower(z.Name)] = z.ID
	}
	return from, r.staff(v)
}

// termEnd is the last day of the term that has a day, or that comes next.
func (r *reading) termEnd(day string) (string, error) {
	entries, err := r.View(r.ctx).Calendar.Entries(r.ctx, r.school)
	if err != nil {
		return "", err
	}
	slices.SortFunc(entries, func(a, b g.CalendarEntry) int { return cmp.Compare(a.To, b.To) })
	for _, e := range entries {
		if e.Kind == g.CalendarTerm && e.To >= day && len(e.Classes) == 0 {
			return e.To, nil
		}
	}
	return "", nil
}

// staff reads who may be a teacher; callers who may not read people name none.
func (r *reading) staff(v *registry.View) error {
	r.teachers = map[string][]g.PersonID{}
	f := people.Filter{
		Page:   registry.Page{Limit: 1000},
		School: r.school,
		Kind:   g.Staff,
	}
	for {
		rows, next, err := v.People.List(r.ctx, f)
		if g.ErrorCode(err) == g.Forbidden {
			return nil
		}
		if err != nil {
			return err
		}
		for _, p := range rows {
			for _, key := range []string{p.Name, p.Number} {
				if key != "" {
					r.teachers[strings.ToLower(key)] = append(r.teachers[strings.ToLower(key)], p.ID)
				}
			}
		}
		if next == "" {
			return nil
		}
		f.Cursor = next
	}
}

// patterns makes a pattern of each lesson, with the rooms and teachers that the school has.
func (r *reading) patterns(all []lessons.Lesson) (out []g.SessionPattern) {
	if len(r.periods) == 0 && len(all) > 0 {
		r.problem(0, g.Errorf(g.Invalid, "the school has no day template with periods yet: make its usual day before"),
			false)
		return nil
	}
	for _, l := range all {
		if !slices.Contains(r.periods, l.Period) {
			r.problem(l.Line, g.FieldErrorf("period", "no day template has the period %q; there are %s", l.Period,
				strings.Join(r.periods, ", ")), false)
			continue
		}
		if len([]rune(l.Class)) > maxClass || len([]rune(l.Subject)) > 100 {
			r.problem(l.Line, g.FieldErrorf("subject",
				"the class or the subject is too long: at most %d and %d characters", maxClass, 100), false)
			continue
		}
		out = append(out, r.pattern(l))
		if len(r.out.Sample) < maxSample {
			r.out.Sample = append(r.out.Sample, ImportedLesson(l))
		}
		if !slices.Contains(r.out.Classes, l.Class) {
			r.out.Classes = append(r.out.Classes, l.Class)
		}
	}
	r.out.Lessons = len(out)
	slices.SortFunc(r.out.Classes, g.CompareNatural)
	return out
}

func (r *reading) pattern(l lessons.Lesson) g.SessionPattern {
	x := g.SessionPattern{
		ID:       slot(r.school, r.in.Kind, l.Class, l.Weekday, l.Weeks, l.Period),
		School:   r.school,
		Name:     l.Subject,
		Kind:     r.in.Kind,
		From:     r.out.From,
		To:       r.out.To,
		Days:     g.OnSchoolDays,
		Weekdays: []g.Weekday{l.Weekday},
		Weeks:    l.Weeks,
		Periods:  []string{l.Period},
		Classes:  []string{l.Class},
		Who:      []g.PersonKind{g.Student},
	}
	if !slices.Contains(r.classes, l.Class) {
		r.once(l.Line, "class", l.Class, g.FieldErrorf("class", "nobody is of the class %q yet", l.Class))
	}
	if l.Room != "" {
		if z, ok := r.rooms[strings.ToLower(l.Room)]; ok {
			x.Zones = []g.ZoneID{z}
		} else {
			r.once(l.Line, "room", l.Room, g.FieldErrorf("room", "the school has no room %q: it is left out", l.Room))
		}
	}
	if l.Teacher == "" {
		return x
	}
	switch who := r.teachers[strings.ToLower(l.Teacher)]; len(who) {
	case 1:
		x.Persons = who
	case 0:
		r.once(l.Line, "teacher", l.Teacher, g.FieldErrorf("teacher", "nobody of the staff is called %q: left out",
			l.Teacher))
	default:
		r.once(l.Line, "teacher", l.Teacher, g.FieldErrorf("teacher", "several of the staff are called %q: left out; "+
			"give the number", l.Teacher))
	}
	return x
}

// slot is the ID of the pattern of a class's lesson in a period of a weekday: the same in each file.
func slot(
	school g.SchoolID, kind g.SessionKind, class string, day g.Weekday, weeks g.PatternWeeks, period string,
) g.SessionPatternID {
	key := []string{string(school), string(kind), class, string(day), period}
	if weeks != "" {
		key = append(key, string(weeks))
	}
	sum := sha256.Sum256([]byte(strings.Join(key, "\x00")))
	return g.SessionPatternID("pat_" + hex.EncodeToString(sum[:10]))
}

// ends are the lessons of the file's classes that files gave them before and this one does not.
func (r *reading) ends(patterns []g.SessionPattern) (out []g.SessionPatternID, err error) {
	if r.in.Add {
		return nil, nil
	}
	all, err := r.View(r.ctx).Timetable.Patterns(r.ctx, r.school)
	if err != nil {
		return nil, err
	}
	here := map[g.SessionPatternID]bool{}
	for _, p := range patterns {
		here[p.ID] = true
	}
	for _, p := range latest(all, "") {
		if len(p.Classes) != 1 || len(p.Weekdays) != 1 || len(p.Periods) != 1 || here[p.ID] ||
			!slices.Contains(r.out.Classes, p.Classes[0]) {
			continue
		}
		if p.ID == slot(r.school, r.in.Kind, p.Classes[0], p.Weekdays[0], p.Weeks, p.Periods[0]) {
			out = append(out, p.ID)
		}
	}
	return out, nil
}

// once says a note of a word where it first stands.
func (r *reading) once(line int, field, word string, e *g.Error) {
	if key := field + "\x00" + word; !r.told[key] {
		r.told[key] = true
		r.problem(line, e, true)
	}
}

func (r *reading) problem(line int, e *g.Error, note bool) {
	bare := *e
	bare.Field = ""
	r.add(TimetableImportProblem{
		Line:  line,
		Field: e.Field,
		Text:  gate.LanguageOf(r.ctx).Error(&bare),
		Note:  note,
	})
}

// add keeps a problem; those beyond what an answer holds are counted.
func (r *reading) add(p TimetableImportProblem) {
	if !p.Note {
		r.out.Errors++
	}
	if len(r.out.Problems) == maxProblems {
		r.out.More++
		return
	}
	r.out.Problems = append(r.out.Problems, p)
}
