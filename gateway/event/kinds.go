package event

import (
	"encoding/json"
	"errors"

	g "github.com/gatehouse-iot/gatehouse"
)

// kinds are the fields of Event that hold the parts, by number: the field that is present tells the
// kind. Who may see a kind is defined with the kinds, in package gatehouse. A new kind needs a line
// here, a case in appendPart and in part, and a line in event.proto.
var kinds = [...]g.EventKind{
	9:  g.EventReading,
	10: g.EventSighting,
	11: g.EventStatus,
	12: g.EventRejected,
	13: g.EventOccurrence,
	14: g.EventAlert,
	15: g.EventAttendance,
	16: g.EventIncident,
	18: g.EventDecision,
	19: g.EventCommand,
	20: g.EventLockdown,
	21: g.EventRule,
	22: g.EventSuppression,
}

// fieldOf is the field of a kind, 0 where there is no such kind.
func fieldOf(kind g.EventKind) uint64 {
	for field := range kinds {
		if kinds[field] == kind && kind != "" {
			return uint64(field)
		}
	}
	return 0
}

// kindOf is the kind of the part that begins with a tag, "" where this version knows none.
func kindOf(tag uint64) g.EventKind {
	if field := tag >> 3; tag&7 == counted && field < uint64(len(kinds)) {
		return kinds[field]
	}
	return ""
}

var errNoPart = errors.New("an event without its part")

// appendPart writes the part that the event's kind names.
func appendPart(b []byte, e *g.Event, field uint64) ([]byte, error) {
	b = append(appendTag(b, field, counted), 0)
	begin := len(b)
	err := errNoPart
	switch {
	case e.Kind == g.EventReading && e.Reading != nil:
		b, err = appendReading(b, e.Reading), nil
	case e.Kind == g.EventSighting && e.Sighting != nil:
		b, err = appendSighting(b, e.Sighting, e.Zone), nil
	case e.Kind == g.EventStatus && e.Status != nil:
		b, err = appendStatus(b, e.Status)
	case e.Kind == g.EventOccurrence && e.Occurrence != nil:
		b, err = appendOccurrence(b, e.Occurrence), nil
	case e.Kind == g.EventDecision && e.Decision != nil:
		b, err = appendJSON(b, e.Decision)
	case e.Kind == g.EventRejected && e.Rejection != nil:
		b, err = appendRejection(b, e.Rejection), nil
	case e.Kind == g.EventAlert && e.Alert != nil:
		b, err = appendJSON(b, e.Alert)
	case e.Kind == g.EventIncident && e.Incident != nil:
		b, err = appendJSON(b, e.Incident)
	case e.Kind == g.EventAttendance && e.Attendance != nil:
		b, err = appendJSON(b, e.Attendance)
	case e.Kind == g.EventCommand && e.Command != nil:
		b, err = appendJSON(b, e.Command)
	case e.Kind == g.EventLockdown && e.Lockdown != nil:
		b, err = appendJSON(b, e.Lockdown)
	case e.Kind == g.EventRule && e.Rule != nil:
		b, err = appendJSON(b, e.Rule)
	case e.Kind == g.EventSuppression && e.Suppression != nil:
		b, err = appendJSON(b, e.Suppression)
	}
	return closeMessage(b, begin), err
}

// part reads the part that the event's kind names. Where it comes in pieces, they are merged.
func (d *decoder) part(e *g.Event, field uint64) {
	from, to := d.span()
	p := decoder{
		b:    d.b[:to],
		text: d.text,
		at:   from,
	}
	switch e.Kind {
	case g.EventReading:
		e.Reading = p.reading(e.Reading)
	case g.EventSighting:
		e.Sighting = p.sighting(e.Sighting)
	case g.EventStatus:
		e.Status = p.status(e.Status)
	case g.EventOccurrence:
		e.Occurrence = p.occurrence(e.Occurrence)
	case g.EventDecision:
		e.Decision = new(g.Decision)
		p.json(e.Decision)
	case g.EventRejected:
		e.Rejection = p.rejection(e.Rejection)
	case g.EventAlert:
		e.Alert = new(g.Alert)
		p.json(e.Alert)
	case g.EventIncident:
		e.Incident = new(g.Incident)
		p.json(e.Incident)
	case g.EventAttendance:
		e.Attendance = new(g.Attendance)
		p.json(e.Attendance)
	case g.EventCommand:
		e.Command = new(g.DeviceCommand)
		p.json(e.Command)
	case g.EventLockdown:
		e.Lockdown = new(g.Lockdown)
		p.json(e.Lockdown)
	case g.EventRule:
		e.Rule = new(g.RuleChange)
		p.json(e.Rule)
	case g.EventSuppression:
		e.Suppression = new(g.SuppressionChange)
		p.json(e.Suppression)
	}
	d.bad = d.bad || p.bad
	d.zoned = d.zoned || p.zoned
	if len(p.extra) > 0 {
		d.extra = appendBytes(d.extra, field, p.extra)
	}
}

func appendJSON(b []byte, v any) ([]byte, error) {
	j, err := json.Marshal(v)
	return append(b, j...), err
}

func (d *decoder) json(v any) {
	if err := json.Unmarshal(d.b[d.at:], v); err != nil {
		d.bad = true
	}
	d.at = len(d.b)
}

// unknown skips a field of a part and keeps its bytes.
func (d *decoder) unknown(begin int, tag uint64) {
	d.skip(tag)
	d.extra = append(d.extra, d.from(begin)...)
}
