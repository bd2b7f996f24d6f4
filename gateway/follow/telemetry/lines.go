package telemetry

import (
	"bytes"
	"context"
	"math"
	"slices"
	"time"

	protocol "github.com/influxdata/line-protocol"

	g "github.com/gatehouse-iot/gatehouse"
)

// Lines writes the readings among the events in InfluxDB's line protocol, a line without its
// newline for each event: the labels as tags, the values as floats, the time in milliseconds. field
// names a property's field. Readings of devices that describe does not know, and what the protocol
// cannot express, are left out and counted.
func Lines(
	events []g.Event, measurement string, field func(property string) string, describe Describe,
) (lines []string, unknown, refused int) {
	var b bytes.Buffer
	enc := protocol.NewEncoder(&b)
	enc.FailOnFieldErr(true)
	enc.SetPrecision(time.Millisecond)
	for i := range events {
		e := &events[i]
		if e.Kind != g.EventReading || e.Reading == nil {
			continue
		}
		d, ok := describe(e.Device)
		if !ok {
			unknown++
			continue
		}
		m := metric{
			name:   measurement,
			at:     moment(e),
			fields: fields(e.Reading, field),
			tags: []*protocol.Tag{
				{Key: "device", Value: string(e.Device)},
				{Key: "profile", Value: string(d.Profile)},
				{Key: "school", Value: string(e.School)},
				{Key: "type", Value: string(d.Type)}, {Key: "zone", Value: string(e.Zone)}},
		}
		if len(m.fields) == 0 {
			continue
		}
		b.Reset()
		if _, err := enc.Encode(m); err != nil || e.School == "" || m.at.Year() < 1970 ||
			m.at.Year() > 2261 {
			refused++
			continue
		}
		lines = append(lines, string(bytes.TrimSuffix(b.Bytes(), []byte("\n"))))
	}
	return lines, unknown, refused
}

// fields are the numbers and booleans of a reading by name, each name once.
func fields(r *g.Reading, name func(string) string) []*protocol.Field {
	out := make([]*protocol.Field, 0, len(r.Values))
	for property, v := range r.Values {
		if f, ok := v.Float(); ok && !math.IsNaN(f) && !math.IsInf(f, 0) {
			out = append(out, &protocol.Field{
				Key:   name(property),
				Value: f,
			})
		}
	}
	slices.SortFunc(out, func(a, b *protocol.Field) int {
		return bytes.Compare([]byte(a.Key), []byte(b.Key))
	})
	return slices.CompactFunc(out, func(a, b *protocol.Field) bool { return a.Key == b.Key })
}

type metric struct {
	name   string
	at     time.Time
	tags   []*protocol.Tag
	fields []*protocol.Field
}

func (m metric) Time() time.Time              { return m.at }
func (m metric) Name() string                 { return m.name }
func (m metric) TagList() []*protocol.Tag     { return m.tags }
func (m metric) FieldList() []*protocol.Field { return m.fields }

// Send hands lines to a server. Where write returns a gatehouse.Error of code invalid, the server
// will never take them: they are halved until those at fault are alone, which are left out and
// counted, so that one bad line holds up no other. Any other error means that nothing is promised;
// send all of them again.
func Send(
	ctx context.Context, lines []string, write func(context.Context, []string) error,
) (refused int, err error) {
	if len(lines) == 0 {
		return 0, nil
	}
	err = write(ctx, lines)
	if g.ErrorCode(err) != g.Invalid {
		return 0, err
	}
	if len(lines) == 1 {
		return 1, nil
	}
	for _, half := range [][]string{lines[:len(lines)/2], lines[len(lines)/2:]} {
		n, err := Send(ctx, half, write)
		refused += n
		if err != nil {
			return refused, err
		}
	}
	return refused, nil
}
