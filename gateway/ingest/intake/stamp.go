package intake

import (
	"encoding/json"
	"math"
	"strconv"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// stamp is a time as devices write it: RFC 3339 text, or a number since 1970 in seconds,
// milliseconds, microseconds or nanoseconds. The unit follows from the magnitude, which is
// unambiguous from September 2001 to November 2286. null and 0 mean no time.
type stamp struct{ time.Time }

// UnmarshalJSON reads null, a string or a number; see stamp.
func (s *stamp) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	var text string
	if json.Unmarshal(b, &text) == nil {
		t, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return noTime(b)
		}
		s.Time = t.UTC()
		return nil
	}
	t, ok := since1970(string(b))
	if !ok {
		return noTime(b)
	}
	s.Time = t
	return nil
}

func noTime(b []byte) error {
	return g.FieldErrorf("time",
		"%s is no time: write RFC 3339 with the zone (2026-09-01T08:00:00+08:00), or seconds, "+
			"milliseconds or microseconds since 1970",
		clip(string(b), 64))
}

// from is the smallest number taken as seconds; each unit's range ends at ten times its start.
const from = 1_000_000_000

// since1970 reads a number as stamp describes; false where it is not a time.
func since1970(number string) (time.Time, bool) {
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil { // with a fraction, or an exponent
		f, err := strconv.ParseFloat(number, 64)
		if err != nil || math.IsNaN(f) || math.Abs(f) > math.MaxInt64/2 {
			return time.Time{}, false
		}
		whole, part := math.Modf(f)
		if n = int64(whole); n >= from && n < 10*from {
			return time.Unix(n, int64(math.Round(part*1e6))*1000).UTC(), true
		}
	}
	unit := int64(time.Second)
	switch {
	case n == 0:
		return time.Time{}, true
	case n < from:
		return time.Time{}, false
	case n < 10*from:
	case n >= 1e3*from && n < 1e4*from:
		unit = int64(time.Millisecond)
	case n >= 1e6*from && n < 1e7*from:
		unit = int64(time.Microsecond)
	case n >= 1e9*from:
		unit = 1
	default:
		return time.Time{}, false
	}
	perSecond := int64(time.Second) / unit
	return time.Unix(n/perSecond, n%perSecond*unit).UTC(), true
}
