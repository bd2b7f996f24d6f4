package event

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Fields of Reading. Names and values stand in lists of their own, the values first: that takes two
// bytes for each value less than a message for each.
const (
	numberList  = 1 // packed
	numberNames = 2
	trueNames   = 3
	falseNames  = 4
	textList    = 5
	textNames   = 6
	noneNames   = 7
)

// usualValues is the number of values up to which a reading is sorted without allocating.
const usualValues = 16

type named struct {
	name  string
	value g.Value
}

func appendReading(b []byte, r *g.Reading) []byte {
	var room [usualValues]named
	all := room[:0]
	numbers := 0
	for name, v := range r.Values {
		all = append(all, named{name, v})
		if v.Kind() == g.Number {
			numbers++
		}
	}
	slices.SortFunc(all, func(a, b named) int { return strings.Compare(a.name, b.name) })
	if numbers > 0 {
		b = binary.AppendUvarint(appendTag(b, numberList, counted), uint64(8*numbers))
		for i := range all {
			if v := &all[i].value; v.Kind() == g.Number {
				f, _ := v.Float()
				b = binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
			}
		}
	}
	for i := range all {
		v := &all[i].value
		field := uint64(noneNames)
		switch v.Kind() {
		case g.Number:
			field = numberNames
		case g.Bool:
			field = falseNames
			if yes, _ := v.Bool(); yes {
				field = trueNames
			}
		case g.String:
			field = textNames
			text, _ := v.Text()
			b = appendString(b, textList, text)
		}
		b = appendString(b, field, all[i].name)
	}
	return b
}

// reading adds what d holds to r, or to a new one. Values come before their names; where another
// program has written the names first, they wait.
func (d *decoder) reading(r *g.Reading) *g.Reading {
	if r == nil {
		r = &g.Reading{}
	}
	var numbers decoder
	var unnumbered, texts, untold []string
	for d.more() {
		begin := d.at
		switch tag := d.tag(); tag {
		case numberList<<3 | counted:
			from, to := d.span()
			if numbers.more() {
				d.fail() // values that have no name
				return r
			}
			numbers.b, numbers.at = d.b[:to], from
			if r.Values == nil {
				r.Values = make(map[string]g.Value, (to-from)/8)
			}
		case numberNames<<3 | counted:
			if !numbers.more() {
				unnumbered = append(unnumbered, d.string())
				continue
			}
			r.Values[d.string()] = g.NumberValue(numbers.float())
		case trueNames<<3 | counted:
			set(r, d.string(), g.BoolValue(true))
		case falseNames<<3 | counted:
			set(r, d.string(), g.BoolValue(false))
		case textList<<3 | counted:
			texts = append(texts, d.string())
		case textNames<<3 | counted:
			untold = append(untold, d.string())
		case noneNames<<3 | counted:
			set(r, d.string(), g.Value{})
		default:
			d.unknown(begin, tag)
		}
	}
	for _, name := range unnumbered {
		set(r, name, g.NumberValue(numbers.float()))
	}
	if d.bad || numbers.bad || numbers.more() || len(texts) != len(untold) {
		d.bad = true
		return r
	}
	for i, name := range untold {
		set(r, name, g.StringValue(texts[i]))
	}
	if r.Values == nil {
		r.Values = map[string]g.Value{}
	}
	return r
}

func set(r *g.Reading, name string, v g.Value) {
	if r.Values == nil {
		r.Values = map[string]g.Value{}
	}
	r.Values[name] = v
}

// Fields of Sighting.
const (
	sightingID         = 1
	sightingMethod     = 2
	sightingDirection  = 3
	sightingZone       = 4 // where it is not the event's
	sightingPerson     = 5
	sightingCredential = 6
	sightingTrack      = 7
	sightingMedia      = 8
	sightingMatch      = 9
	sightingSealed     = 10
)

func appendSighting(b []byte, s *g.Sighting, zone g.ZoneID) []byte {
	b = appendText(b, sightingID, string(s.ID))
	b = appendText(b, sightingMethod, string(s.Method))
	b = appendText(b, sightingDirection, string(s.Direction))
	if s.Zone != zone {
		b = appendString(b, sightingZone, string(s.Zone))
	}
	b = appendText(b, sightingPerson, string(s.Person))
	b = appendText(b, sightingCredential, s.Credential)
	b = appendText(b, sightingTrack, s.Track)
	b = appendText(b, sightingMedia, string(s.Media))
	if s.Match != nil {
		b = append(appendTag(b, sightingMatch, counted), 0)
		begin := len(b)
		b = closeMessage(appendMatch(b, s.Match), begin)
	}
	if len(s.Sealed) > 0 {
		b = appendBytes(b, sightingSealed, s.Sealed)
	}
	return b
}

func (d *decoder) sighting(s *g.Sighting) *g.Sighting {
	if s == nil {
		s = new(g.Sighting)
	}
	for d.more() {
		begin := d.at
		switch tag := d.tag(); tag {
		case sightingID<<3 | counted:
			s.ID = g.SightingID(d.string())
		case sightingMethod<<3 | counted:
			s.Method = g.Method(d.string())
		case sightingDirection<<3 | counted:
			s.Direction = g.Direction(d.string())
		case sightingZone<<3 | counted:
			s.Zone, d.zoned = g.ZoneID(d.string()), true
		case sightingPerson<<3 | counted:
			s.Person = g.PersonID(d.string())
		case sightingCredential<<3 | counted:
			s.Credential = d.string()
		case sightingTrack<<3 | counted:
			s.Track = d.string()
		case sightingMedia<<3 | counted:
			s.Media = g.MediaID(d.string())
		case sightingMatch<<3 | counted:
			s.Match = d.match(s.Match)
		case sightingSealed<<3 | counted:
			s.Sealed = d.sealed()
		default:
			d.unknown(begin, tag)
		}
	}
	return s
}

// Fields of Match.
const (
	matchScore    = 1
	matchRunnerUp = 2
	matchMargin   = 3 // where it is not the difference of the two
	matchQuality  = 4
	matchFrames   = 5
	matchReason   = 6
)

func appendMatch(b []byte, m *g.Match) []byte {
	b = appendFloat(b, matchScore, m.Score)
	b = appendFloat(b, matchRunnerUp, m.RunnerUp)
	if m.Margin != m.Score-m.RunnerUp {
		b = appendFloat(b, matchMargin, m.Margin)
	}
	b = appendFloat(b, matchQuality, m.Quality)
	if m.Frames > 0 {
		b = appendNumber(b, matchFrames, uint64(m.Frames))
	}
	return appendText(b, matchReason, m.Reason)
}

// match adds what comes to m, or to a new one.
func (d *decoder) match(m *g.Match) *g.Match {
	told := m != nil // a margin that was read before stays
	if m == nil {
		m = new(g.Match)
	}
	from, to := d.span()
	p := decoder{
		b:    d.b[:to],
		text: d.text,
		at:   from,
	}
	for p.more() {
		begin := p.at
		switch tag := p.tag(); tag {
		case matchScore<<3 | fixed64:
			m.Score = p.float()
		case matchRunnerUp<<3 | fixed64:
			m.RunnerUp = p.float()
		case matchMargin<<3 | fixed64:
			m.Margin, told = p.float(), true
		case matchQuality<<3 | fixed64:
			m.Quality = p.float()
		case matchFrames<<3 | varint:
			m.Frames = int(min(p.number(), math.MaxInt32))
		case matchReason<<3 | counted:
			m.Reason = p.string()
		default:
			p.unknown(begin, tag)
		}
	}
	if !told {
		m.Margin = m.Score - m.RunnerUp
	}
	d.bad = d.bad || p.bad || math.IsInf(m.Margin, 0)
	if len(p.extra) > 0 {
		d.extra = appendBytes(d.extra, sightingMatch, p.extra)
	}
	return m
}

// sealed is a copy of sealed bytes, nil where there are none.
func (d *decoder) sealed() []byte {
	if p := d.bytes(); len(p) > 0 {
		return slices.Clone(p)
	}
	return nil
}

// Fields of Status.
const (
	statusState  = 1
	statusReason = 2
	statusWeak   = 3
	statusCauses = 4
)

func appendStatus(b []byte, s *g.Status) ([]byte, error) {
	b = appendText(b, statusState, string(s.State))
	b = appendText(b, statusReason, s.Reason)
	b = appendText(b, statusWeak, string(s.Weak))
	if len(s.Causes) == 0 {
		return b, nil
	}
	causes, err := json.Marshal(s.Causes)
	return appendBytes(b, statusCauses, causes), err
}

func (d *decoder) status(s *g.Status) *g.Status {
	if s == nil {
		s = new(g.Status)
	}
	for d.more() {
		begin := d.at
		switch tag := d.tag(); tag {
		case statusState<<3 | counted:
			s.State = g.DeviceState(d.string())
		case statusReason<<3 | counted:
			s.Reason = d.string()
		case statusWeak<<3 | counted:
			s.Weak = g.Weakness(d.string())
		case statusCauses<<3 | counted:
			s.Causes = nil
			if json.Unmarshal(d.bytes(), &s.Causes) != nil {
				d.fail()
			}
		default:
			d.unknown(begin, tag)
		}
	}
	return s
}

// Fields of Occurrence.
const (
	occurrenceKind = 1
	occurrenceData = 2
	occurrenceID   = 3
)

func appendOccurrence(b []byte, o *g.Occurrence) []byte {
	b = appendText(b, occurrenceKind, string(o.Kind))
	b = appendText(b, occurrenceID, string(o.ID))
	if len(o.Data) == 0 {
		return b
	}
	b = append(appendTag(b, occurrenceData, counted), 0)
	begin := len(b)
	return closeMessage(appendReading(b, &g.Reading{Values: o.Data}), begin)
}

func (d *decoder) occurrence(o *g.Occurrence) *g.Occurrence {
	if o == nil {
		o = new(g.Occurrence)
	}
	for d.more() {
		begin := d.at
		switch tag := d.tag(); tag {
		case occurrenceKind<<3 | counted:
			o.Kind = g.OccurrenceKind(d.string())
		case occurrenceData<<3 | counted:
			o.Data = d.data(o.Data)
		case occurrenceID<<3 | counted:
			o.ID = g.OccurrenceID(d.string())
		default:
			d.unknown(begin, tag)
		}
	}
	return o
}

// data adds the values that come to those that came before.
func (d *decoder) data(values map[string]g.Value) map[string]g.Value {
	from, to := d.span()
	p := decoder{
		b:    d.b[:to],
		text: d.text,
		at:   from,
	}
	r := p.reading(&g.Reading{Values: values})
	d.bad = d.bad || p.bad
	if len(p.extra) > 0 {
		d.extra = appendBytes(d.extra, occurrenceData, p.extra)
	}
	return r.Values
}

// clock is a device's time in microseconds, since nanoseconds do not hold the years 1 to 9999.
func (d *decoder) clock() time.Time {
	t := time.UnixMicro(int64(d.fixed())).UTC()
	if year := t.Year(); year < 1 || year > 9999 {
		d.fail()
		return time.Time{}
	}
	return t
}

// Fields of Rejection.
const (
	rejectionReason     = 1
	rejectionSource     = 2
	rejectionExcerpt    = 3
	rejectionProperties = 4
	rejectionPartial    = 5
	rejectionSealed     = 6
	rejectionCode       = 7
	rejectionClock      = 8
	rejectionSaid       = 9
)

func appendRejection(b []byte, r *g.Rejection) []byte {
	b = appendText(b, rejectionReason, r.Reason)
	b = appendText(b, rejectionSource, r.Source)
	b = appendText(b, rejectionExcerpt, r.Excerpt)
	for _, name := range r.Properties {
		b = appendString(b, rejectionProperties, name)
	}
	b = appendTruth(b, rejectionPartial, r.Partial)
	if len(r.Sealed) > 0 {
		b = appendBytes(b, rejectionSealed, r.Sealed)
	}
	b = appendText(b, rejectionCode, string(r.Code))
	if !r.Clock.IsZero() {
		b = appendTag(b, rejectionClock, fixed64)
		b = binary.LittleEndian.AppendUint64(b, uint64(r.Clock.UnixMicro()))
	}
	if len(r.Said) > 0 {
		b = appendBytes(b, rejectionSaid, r.Said)
	}
	return b
}

func (d *decoder) rejection(r *g.Rejection) *g.Rejection {
	if r == nil {
		r = new(g.Rejection)
	}
	for d.more() {
		begin := d.at
		switch tag := d.tag(); tag {
		case rejectionReason<<3 | counted:
			r.Reason = d.string()
		case rejectionSource<<3 | counted:
			r.Source = d.string()
		case rejectionExcerpt<<3 | counted:
			r.Excerpt = d.string()
		case rejectionProperties<<3 | counted:
			r.Properties = append(r.Properties, d.string())
		case rejectionPartial<<3 | varint:
			r.Partial = d.number() != 0
		case rejectionSealed<<3 | counted:
			r.Sealed = d.sealed()
		case rejectionCode<<3 | counted:
			r.Code = g.RejectionCode(d.string())
		case rejectionClock<<3 | fixed64:
			r.Clock = d.clock()
		case rejectionSaid<<3 | counted:
			r.Said = d.sealed()
		default:
			d.unknown(begin, tag)
		}
	}
	return r
}
