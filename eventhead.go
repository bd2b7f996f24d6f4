package gatehouse

// EventHead is the part of an event that is needed to count it, without decoding it. School,
// Device, Driver and Rest point into its record.
type EventHead struct {
	Kind           EventKind
	Replayed, Late bool
	School, Device []byte
	Driver         []byte
	Time, Received int64  // Unix nanoseconds; math.MinInt64: the zero time
	Rest           []byte // the encoded field that Kind names
}

// SignOfLife is Event.SignOfLife.
func (h *EventHead) SignOfLife() bool {
	return !h.Replayed || h.Late && string(h.Driver) == string(DriverMQTTFront)
}
