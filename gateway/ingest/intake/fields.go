package intake

import (
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Limits of what is remembered about fields that no profile knows. Fields beyond them are still
// rejected by name, but not counted.
const (
	maxFields       = 64     // of one device
	maxFieldDevices = 50_000 // with such fields
	maxFieldName    = 64     // bytes of a name
	fieldTold       = time.Hour
)

// Fields counts, for each device, what it sends that its profile does not know. A field is
// rejected by name when it is first met and then once an hour: a device that sends one with
// every message would bury all other rejections. It is safe for concurrent use.
type Fields struct {
	mu      sync.Mutex
	devices map[g.DeviceID]map[string]*field
	changed map[g.DeviceID]bool
}

type field struct {
	g.UnknownField
	told    time.Time
	counted int64 // part of Count that Take has returned already
}

// note counts a field and says whether its rejection is due.
func (f *Fields) note(id g.DeviceID, name string, v g.Value, now time.Time) (due bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.devices == nil {
		f.devices, f.changed = map[g.DeviceID]map[string]*field{}, map[g.DeviceID]bool{}
	}
	of := f.devices[id]
	name = clip(name, maxFieldName)
	x := of[name]
	if x == nil {
		if len(of) >= maxFields || of == nil && len(f.devices) >= maxFieldDevices {
			return true
		}
		if of == nil {
			of = map[string]*field{}
			f.devices[id] = of
		}
		x = &field{UnknownField: g.UnknownField{
			Device: id,
			Name:   name,
			First:  now,
		}}
		of[name] = x
	}
	x.Count++
	x.Last = now
	x.Kind, x.Example = describe(v)
	f.changed[id] = true
	if due = x.told.IsZero() || now.Sub(x.told).Abs() >= fieldTold; due {
		x.told = now
	}
	return due
}

// describe returns a value's type and, for a number or a boolean, an example. A string is not
// shown: it could be a person's name.
func describe(v g.Value) (kind, example string) {
	switch v.Kind() {
	case g.Number:
		return "number", v.String()
	case g.Bool:
		return "boolean", v.String()
	case g.String:
		return "string", ""
	}
	return "", ""
}

// Take returns the count of each field since the previous Take, for as many devices as it takes to
// reach most rows. A caller that cannot store them gives them back with Untake.
func (f *Fields) Take(most int) []g.UnknownField {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []g.UnknownField
	for id := range f.changed {
		if len(out) >= most {
			return out
		}
		delete(f.changed, id)
		for _, x := range f.devices[id] {
			if n := x.Count - x.counted; n > 0 {
				row := x.UnknownField
				row.Count, x.counted = n, x.Count
				out = append(out, row)
			}
		}
	}
	return out
}

// Untake gives back rows of Take that could not be stored.
func (f *Fields) Untake(rows []g.UnknownField) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, row := range rows {
		if x := f.devices[row.Device][row.Name]; x != nil {
			x.counted -= row.Count
			f.changed[row.Device] = true
		}
	}
}

// Forget drops what is remembered of a device: it is gone, or its profile has changed.
func (f *Fields) Forget(id g.DeviceID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.devices, id)
	delete(f.changed, id)
}
