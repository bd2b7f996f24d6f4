package gatehouse

// Quality holds the gateway's counts about one device on one day, local to its school. An
// observation counts for the day on which the gateway received it, so that the counts of a past day
// do not change; a gap counts for the days that it covers.
type Quality struct {
	School SchoolID `json:"school"`
	Device DeviceID `json:"device"`
	Day    string   `json:"day"` // YYYY-MM-DD

	// readings and sightings admitted, including duplicates
	Observations int64 `json:"observations"`
	Sightings    int64 `json:"sightings"` // sightings among them, without duplicates
	// buffered by the device while it was unreachable, and sent later
	Replayed   int64 `json:"replayed"`
	Late       int64 `json:"late"`       // live, but received long after their own time
	Duplicates int64 `json:"duplicates"` // received before; not counted in any other way
	// sightings whose card, code, PIN or number belongs to nobody
	Unknown   int64 `json:"unknown"`
	Strangers int64 `json:"strangers"` // faces of people who are not enrolled: normal at a gate
	// not admitted: did not fit the profile, or was not allowed
	Rejected     int64 `json:"rejected"`
	ClockRefused int64 `json:"clock_refused"` // not admitted, since their own time was impossible
	Gaps         int64 `json:"gaps"`          // gaps that cover part of the day
	GapSeconds   int64 `json:"gap_seconds"`   // seconds of the day in gaps

	Clock ClockOffsets `json:"clock"`
}

// ClockOffsets are the differences between the times of live observations and the gateway's clock
// on arrival, in milliseconds; negative is behind. Observations without a time of their own do not
// count, those rejected for their time do.
type ClockOffsets struct {
	Count int64   `json:"count"`
	Min   int64   `json:"min_ms"`
	Max   int64   `json:"max_ms"`
	Bins  []int64 `json:"-"` // counts for each bin of clockEdges; nil: none
}

// clockEdges are the upper bounds of the bins, in milliseconds; the last bin has none.
var clockEdges = [...]int64{
	-86_400_000, -21_600_000, -3_600_000, -1_800_000, -600_000, -300_000, -120_000,
	-60_000, -30_000, -10_000, -5_000, -2_000, -1_000, 0, 1_000, 2_000, 5_000, 10_000,
	30_000, 60_000, 120_000, 300_000, 600_000,
}

// Note adds the offset of one observation.
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

// Median is the median offset in milliseconds, exact to the bin and interpolated within it.
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

// Add adds newer counts of the same device and day.
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

// The kinds of finding, most serious first.
const (
	QualityClock      QualityKind = "clock"
	QualityGaps       QualityKind = "gaps"
	QualityRejected   QualityKind = "rejected"
	QualityLate       QualityKind = "late"
	QualityDuplicates QualityKind = "duplicates"
	QualityUnknown    QualityKind = "unknown"
)

// QualityKinds lists every kind, most serious first.
func QualityKinds() []QualityKind {
	return []QualityKind{
		QualityClock, QualityGaps, QualityRejected, QualityLate, QualityDuplicates,
		QualityUnknown,
	}
}

// QualityLevel says how far a device's data of a day can be trusted.
type QualityLevel string

// The levels.
const (
	QualityGood QualityLevel = "good"
	QualityLook QualityLevel = "look" // worth a look
	QualityBad  QualityLevel = "bad"  // not to be trusted
)

// QualityLevels lists every level, best first.
func QualityLevels() []QualityLevel { return []QualityLevel{QualityGood, QualityLook, QualityBad} }

// Empty reports whether nothing was counted.
func (q *Quality) Empty() bool {
	return q.Observations|q.Sightings|q.Replayed|q.Late|q.Duplicates|q.Unknown|q.Strangers|
		q.Rejected|q.ClockRefused|q.Gaps|q.GapSeconds|q.Clock.Count == 0
}
