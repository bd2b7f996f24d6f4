// Package almanac reads the days of a calendar out of files: iCalendar, as calendars and governments
// publish them, and the list of China's holidays in JSON; and it writes iCalendar. It needs no
// database, and decides nothing but which kind a published day is of.
package almanac

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	ical "github.com/emersion/go-ical"

	g "github.com/gatehouse-iot/gatehouse"
)

// Bounds of a file.
const (
	MaxBytes = 1 << 20
	maxLine  = 4096 // bytes of an iCalendar line, folded or not
	MaxLeft  = 50   // what was left out and is told; the rest is counted
)

// product is who writes a file (RFC 5545, section 3.7.3).
const product = "-//Gatehouse//calendar//EN"

// Read is what a file says.
type Read struct {
	Entries []g.CalendarEntry // without ids and school; by their first day
	Left    []*g.Error        // what was left out, with its name as Field, and why
	More    int               // left out beyond these
}

func (r *Read) leave(name string, format string, args ...any) {
	if len(r.Left) == MaxLeft {
		r.More++
		return
	}
	r.Left = append(r.Left, g.FieldErrorf(name, format, args...))
}

// Parse reads a file. Its days are days off, unless it says that they are worked (isOffDay false, or
// a summary with 上班, 补班, 调休上班 or "working day").
func Parse(b []byte) (Read, error) {
	if len(b) > MaxBytes {
		return Read{}, g.Errorf(g.TooLarge, "the file has %d bytes; at most %d are read", len(b), MaxBytes)
	}
	b = bytes.TrimPrefix(bytes.TrimSpace(b), []byte("\xef\xbb\xbf"))
	var r Read
	var err error
	if bytes.HasPrefix(b, []byte("{")) {
		err = r.json(b)
	} else {
		err = r.ical(b)
	}
	if err != nil {
		return Read{}, err
	}
	slices.SortStableFunc(r.Entries, func(x, y g.CalendarEntry) int {
		return cmp.Or(cmp.Compare(x.From, y.From), cmp.Compare(x.Name, y.Name))
	})
	if len(r.Entries) == 0 && len(r.Left) == 0 {
		return Read{}, g.FieldErrorf("text", "the file holds no day: give an iCalendar file with events of whole "+
			"days, or the published list of holidays in JSON")
	}
	return r, nil
}

// json reads {"days": [{"name", "date", "isOffDay"}]}; days in a row of one name are one entry.
func (r *Read) json(b []byte) error {
	type day struct {
		Name string `json:"name"`
		Date string `json:"date"`
		Off  bool   `json:"isOffDay"`
	}
	var list struct {
		Days []day `json:"days"`
	}
	if err := json.Unmarshal(b, &list); err != nil {
		return g.FieldErrorf("text", "the JSON cannot be read: %v", err)
	}
	slices.SortStableFunc(list.Days, func(x, y day) int { return cmp.Compare(x.Date, y.Date) })
	for i, d := range list.Days {
		date, err := g.ParseDate(d.Date)
		if err != nil {
			r.leave(fmt.Sprintf("days[%d]", i), "%v", err)
			continue
		}
		kind := g.CalendarWorkday
		if d.Off {
			kind = g.CalendarDayOff
		}
		if n := len(r.Entries); n > 0 {
			last := &r.Entries[n-1]
			if last.Kind == kind && last.Name == d.Name && last.To == date.Add(-1).String() {
				last.To = d.Date
				continue
			}
		}
		r.Entries = append(r.Entries, g.CalendarEntry{
			Kind: kind,
			Name: strings.TrimSpace(d.Name),
			From: d.Date,
			To:   d.Date,
		})
	}
	return nil
}

// ical reads the events of whole days (RFC 5545, section 3.6.1; DTEND is not included).
func (r *Read) ical(b []byte) error {
	for i, line := range bytes.Split(b, []byte("\n")) {
		if len(line) > maxLine {
			return g.FieldErrorf("text", "line %d has %d bytes; at most %d are read", i+1, len(line), maxLine)
		}
	}
	cal, err := decode(b)
	if err != nil {
		return g.FieldErrorf("text", "this is no iCalendar file, nor the list of holidays in JSON: %v", err)
	}
	for i, c := range cal.Children {
		if c.Name == ical.CompEvent {
			r.event(i, c)
		}
	}
	return nil
}

// decode decodes the first calendar. The decoder panics on some lines that end too early.
func decode(b []byte) (cal *ical.Calendar, err error) {
	defer func() {
		if p := recover(); p != nil {
			cal, err = nil, errors.New("a line ends too early")
		}
	}()
	cal, err = ical.NewDecoder(bytes.NewReader(b)).Decode()
	if errors.Is(err, io.EOF) {
		err = errors.New("it is empty")
	}
	return cal, err
}

func (r *Read) event(i int, c *ical.Component) {
	name, err := c.Props.Text(ical.PropSummary)
	if err != nil || strings.TrimSpace(name) == "" {
		name = fmt.Sprintf("event %d", i+1)
	}
	name = strings.TrimSpace(name)
	if c.Props.Get(ical.PropRecurrenceRule) != nil {
		r.leave(name, "it is repeated (RRULE): enter its days by hand")
		return
	}
	from, ok := day(c.Props.Get(ical.PropDateTimeStart))
	if !ok {
		r.leave(name, "it is not of whole days")
		return
	}
	to := from
	if end := c.Props.Get(ical.PropDateTimeEnd); end != nil {
		after, ok := day(end)
		if !ok || from.Until(after) < 1 {
			r.leave(name, "it ends before it begins")
			return
		}
		to = after.Add(-1)
	}
	kind := g.CalendarDayOff
	for _, word := range []string{"上班", "补班", "working day"} {
		if strings.Contains(strings.ToLower(name), word) {
			kind = g.CalendarWorkday
		}
	}
	r.Entries = append(r.Entries, g.CalendarEntry{
		Kind: kind,
		Name: name,
		From: from.String(),
		To:   to.String(),
	})
}

// day is a DATE value; false if there is none.
func day(p *ical.Prop) (g.Date, bool) {
	if p == nil || len(p.Value) != len("20060102") {
		return g.Date{}, false
	}
	t, err := time.Parse("20060102", p.Value)
	return g.DateOf(t), err == nil
}

// Write writes entries as iCalendar, events of whole days. stamp is when it is written.
func Write(w io.Writer, entries []g.CalendarEntry, stamp time.Time) error {
	cal := ical.NewCalendar()
	cal.Props.SetText(ical.PropVersion, "2.0")
	cal.Props.SetText(ical.PropProductID, product)
	for _, e := range entries {
		from, err1 := g.ParseDate(e.From)
		to, err2 := g.ParseDate(e.To)
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		ev := ical.NewEvent()
		ev.Props.SetText(ical.PropUID, string(e.ID)+"@gatehouse")
		ev.Props.SetDateTime(ical.PropDateTimeStamp, stamp.UTC())
		date(ev, ical.PropDateTimeStart, from)
		date(ev, ical.PropDateTimeEnd, to.Add(1))
		ev.Props.SetText(ical.PropSummary, e.Name)
		ev.Props.SetText(ical.PropCategories, string(e.Kind))
		cal.Children = append(cal.Children, ev.Component)
	}
	return encode(w, cal)
}

// Event is something with a time.
type Event struct {
	ID         string
	Name       string
	Start, End time.Time
}

// WriteEvents writes events with times as iCalendar. stamp is when it is written.
func WriteEvents(w io.Writer, events []Event, stamp time.Time) error {
	cal := ical.NewCalendar()
	cal.Props.SetText(ical.PropVersion, "2.0")
	cal.Props.SetText(ical.PropProductID, product)
	for _, e := range events {
		ev := ical.NewEvent()
		ev.Props.SetText(ical.PropUID, e.ID+"@gatehouse")
		ev.Props.SetDateTime(ical.PropDateTimeStamp, stamp.UTC())
		ev.Props.SetDateTime(ical.PropDateTimeStart, e.Start.UTC())
		ev.Props.SetDateTime(ical.PropDateTimeEnd, e.End.UTC())
		ev.Props.SetText(ical.PropSummary, e.Name)
		cal.Children = append(cal.Children, ev.Component)
	}
	return encode(w, cal)
}

func encode(w io.Writer, cal *ical.Calendar) error {
	if len(cal.Children) == 0 {
		// The encoder takes none without a component, which RFC 5545 does not allow; readers do.
		_, err := io.WriteString(w, strings.Join([]string{
			"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:" + product, "END:VCALENDAR", "",
		}, "\r\n"))
		return err
	}
	return ical.NewEncoder(w).Encode(cal)
}

func date(ev *ical.Event, name string, d g.Date) {
	p := ical.NewProp(name)
	p.SetValueType(ical.ValueDate)
	p.Value = strings.ReplaceAll(d.String(), "-", "")
	ev.Props.Set(p)
}
