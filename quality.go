package gatehouse

// Quality is what the gateway counted of one device on one day, local to its school. An
// observation belongs to the day on which the gateway received it, so that a day that is over
// stays as it was reported; a gap belongs to the days in which it lies.
type Quality struct {
	School SchoolID `json:"school"`
	Device DeviceID `json:"device"`
	Day    string   `json:"day"` // YYYY-MM-DD

	// readings and sightings admitted, the duplicates among them
	Observations int64 `json:"observations"`
	Sightings    int64 `json:"sightings"` // sightings among them that are no duplicates
	// kept by the device while it was out of reach, and sent later
	Replayed   int64 `json:"replayed"`
	Late       int64 `json:"late"`       // live, and received long after their own time
	Duplicates int64 `json:"duplicates"` // received before; counted as nothing else
	// sightings whose card, code, PIN or number nobody has
	Unknown   int64 `json:"unknown"`
	Strangers int64 `json:"strangers"` // faces of nobody who is enrolled: normal at a gate
	// not admitted: did not fit the profile, or was not allowed
	Rejected     int64 `json:"rejected"`
	ClockRefused int64 `json:"clock_refused"` // not admitted, since their own time was impossible
	Gaps         int64 `json:"gaps"`          // silences that touch the day
	GapSeconds   int64 `json:"gap_seconds"`   // of the day, in silence

	Clock ClockOffsets `json:"clock"`
}

// ClockOffsets are by how much the times of live observations lay ahead of the gateway's
// clock on arrival, in milliseconds; behind is negative. An observation without a time of its
// own does not count, one that was refused for its time does.
type ClockOffsets struct {
	Count int64   `json:"count"`
	Min   int64   `json:"min_ms"`
	Max   int64   `json:"max_ms"`
	Bins  []int64 `json:"-"` // how many lie in each bin of clockEdges; nil: none
}

// clockEdges are the upper ends of the bins, in milliseconds, that are not the last bin.
var clockEdges = [...]int64{
	-86_400_000, -21_600_000, -3_600_000, -1_800_000, -600_000, -300_000, -120_000,
	-60_000, -30_000, -10_000, -5_000, -2_000, -1_000, 0, 1_000, 2_000, 5_000, 10_000,
	30_000, 60_000, 120_000, 300_000, 600_000,
}

// Note enters the offset of one observation.
func (c *ClockOffsets) Note(ms int64) {
	if c.Bins == nil {
		c.Bins = make([]int64, len(clockEdges)+1)
	}
	i := 0
	for i < len(clockEdges) && ms > clockEdges[i] {
		i++
	}
	c.Bins[i]++
	if c.Count == 0 || ms < c.Min {
		c.Min = ms
	}
	if c.Count == 0 || ms > c.Max {
		c.Max = ms
	}
	c.Count++
}

// Median is the middle offset in milliseconds: the right bin for certain, and within the bin
// by proportion, between the extremes.
func (c ClockOffsets) Median() int64 {
	half, before := float64(c.Count)/2, 0.0
	for i, n := range c.Bins {
		if n <= 0 || before+float64(n) < half {
			before += float64(n)
			continue
		}
		low, high := c.Min, c.Max
		if i > 0 {
			low = max(low, clockEdges[i-1])
		}
		if i < len(clockEdges) {
			high = min(high, clockEdges[i])
		}
		return low + int64(float64(high-low)*(half-before)/float64(n))
	}
	return 0
}

func (c *ClockOffsets) add(o ClockOffsets) {
	if o.Count == 0 {
		return
	}
	if c.Count == 0 {
		c.Min, c.Max = o.Min, o.Max
	}
	c.Min, c.Max, c.Count = min(c.Min, o.Min), max(c.Max, o.Max), c.Count+o.Count
	bins := make([]int64, len(clockEdges)+1)
	copy(bins, c.Bins)
	for i := range min(len(bins), len(o.Bins)) {
		bins[i] += o.Bins[i]
	}
	c.Bins = bins
}

// Add adds what was counted since; o is of the same device and day.
func (q *Quality) Add(o Quality) {
	q.Observations += o.Observations
	q.Sightings += o.Sightings
	q.Replayed += o.Replayed
	q.Late += o.Late
	q.Duplicates += o.Duplicates
	q.Unknown += o.Unknown
	q.Strangers += o.Strangers
	q.Rejected += o.Rejected
	q.ClockRefused += o.ClockRefused
	q.Gaps += o.Gaps
	q.GapSeconds += o.GapSeconds
	q.Clock.add(o.Clock)
}

// QualityKind is one reason not to trust a device's data.
type QualityKind string

// The kinds of finding, in the order of their weight.
const (
	QualityClock      QualityKind = "clock"
	QualityGaps       QualityKind = "gaps"
	QualityRejected   QualityKind = "rejected"
	QualityLate       QualityKind = "late"
	QualityDuplicates QualityKind = "duplicates"
	QualityUnknown    QualityKind = "unknown"
)

// QualityKinds lists every kind, in the order of their weight.
func QualityKinds() []QualityKind {
	return []QualityKind{
		QualityClock, QualityGaps, QualityRejected, QualityLate, QualityDuplicates,
		QualityUnknown,
	}
}

// QualityLevel says how far a device's data of a day is to be trusted.
type QualityLevel string

// The levels.
const (
	QualityGood QualityLevel = "good"
	QualityLook QualityLevel = "look" // worth a look
	QualityBad  QualityLevel = "bad"  // not to be trusted
)

// QualityLevels lists every level, the best first.
func QualityLevels() []QualityLevel { return []QualityLevel{QualityGood, QualityLook, QualityBad} }

// Empty says that nothing is counted in it.
func (q *Quality) Empty() bool {
	return q.Observations|q.Sightings|q.Replayed|q.Late|q.Duplicates|q.Unknown|q.Strangers|
		q.Rejected|q.ClockRefused|q.Gaps|q.GapSeconds|q.Clock.Count == 0
}
