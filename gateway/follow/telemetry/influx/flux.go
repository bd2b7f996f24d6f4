package influx

import (
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// always are the labels that every series has.
var always = map[string]string{
	labels.MetricName: "_field",
	"device":          "device",
	"school":          "school",
	"profile":         "profile",
	"type":            "type",
}

// flux is a query for the readings in [from, to] that may fulfil the matchers; only a first one of
// each series where that is enough. ok is false where nothing can fulfil them. It leaves out
// matchers that Flux might evaluate differently: the caller checks all of them on the answer.
func flux(
	bucket string, from, to time.Time, ms []*labels.Matcher, first bool,
) (query string, ok bool) {
	conditions := []string{"r._measurement == " + quote(measurement)}
	for _, m := range ms {
		column, known := always[m.Name]
		if !known {
			continue
		}
		var values []string
		switch set := m.SetMatches(); {
		case m.Type == labels.MatchEqual:
			values = []string{m.Value}
		case m.Type == labels.MatchRegexp && len(set) > 0:
			values = set
		default:
			continue
		}
		var either []string
		for _, v := range values {
			if v != "" {
				either = append(either, "r."+column+" == "+quote(v))
			}
		}
		if len(either) == 0 {
			return "", false
		}
		conditions = append(conditions, "("+strings.Join(either, " or ")+")")
	}
	query = fmt.Sprintf("from(bucket: %s) |> range(start: %s, stop: %s) |> filter(fn: (r) => %s) "+
		"|> drop(columns: [\"_start\", \"_stop\", \"_measurement\"])",
		quote(bucket), from.UTC().Format(time.RFC3339Nano),
		to.Add(time.Millisecond).UTC().Format(time.RFC3339Nano),
		strings.Join(conditions, " and "))
	if first {
		query += " |> first()"
	}
	return query, true
}

// quote writes a Flux string literal (Flux specification, "String literals"). All but plain
// characters are written as \xNN, so that no text can end the literal.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
			strings.IndexByte("_-./: ", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
