package influx

import (
	"math"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
)

// endMoved ends the series that a device left when it was moved, or got another profile, at the
// time when the same property was first reported under other labels, so that its old value is not
// looked back to beside the new one. The server has no staleness markers, so they are made while
// reading, which works also where the device was moved while the gateway or the server was down. A
// selector that matches only the old room does not see the new series, and looks back as usual.
func endMoved(all []*series) {
	same := map[string][]*series{}
	for _, s := range all {
		if device := s.labels.Get("device"); device != "" && len(s.readings) > 0 {
			key := s.labels.Get(labels.MetricName) + "\x00" + device
			same[key] = append(same[key], s)
		}
	}
	for _, group := range same {
		ends := make([]int64, len(group))
		for i, s := range group {
			ends[i] = after(group, s.readings[len(s.readings)-1].at)
		}
		for i, s := range group {
			if ends[i] != 0 {
				s.readings = append(s.readings,
					reading{ends[i], math.Float64frombits(value.StaleNaN)})
			}
		}
	}
}

// after is the time of the first reading of any of them after a time; 0: there is none.
func after(group []*series, last int64) int64 {
	var first int64
	for _, s := range group {
		for _, r := range s.readings {
			if r.at > last && (first == 0 || r.at < first) {
				first = r.at
				break
			}
		}
	}
	return first
}
