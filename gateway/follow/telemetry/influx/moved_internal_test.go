package influx

import (
	"math"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
)

func at(zone, device string, times ...int64) *series {
	s := &series{
		labels: labels.FromStrings(labels.MetricName, "gatehouse_power", "device", device, "zone",
			zone),
	}
	for _, t := range times {
		s.readings = append(s.readings, reading{t, 1})
	}
	return s
}

// TestAMovedMetersOldSeriesEnds when it first reports from the new room; another meter's, and the
// one where it is now, go on.
func TestAMovedMetersOldSeriesEnds(t *testing.T) {
	old, now := at("a", "meter", 10, 20), at("b", "meter", 30, 40)
	other, alone := at("a", "other", 10, 20), at("b", "third")
	endMoved([]*series{old, now, other, alone})
	last := old.readings[len(old.readings)-1]
	if len(old.readings) != 3 || last.at != 30 || math.Float64bits(last.value) != value.StaleNaN {
		t.Errorf("the old series: %+v, want a mark that it is over at 30", old.readings)
	}
	if len(now.readings) != 2 || len(other.readings) != 2 || len(alone.readings) != 0 {
		t.Errorf("the others: %v, %v, %v, want no mark", now.readings, other.readings,
			alone.readings)
	}
}
