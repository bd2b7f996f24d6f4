package gatehouse

// EventHead is enough of an event to count it without making anything of it. School, Device, Driver
// and Rest are parts of its record.
type EventHead struct {
	Kind           EventKind
	Replayed, Late bool
	School, Device []byte
	Driver         []byte
	Time, Received int64  // nanoseconds since 1970; math.MinInt64: the zero time
	Rest           []byte // the part that Kind names, as it is in the record
}

// SignOfLife is as Event's.
func (h *EventHead) SignOfLife() bool {
	return !h.Replayed || h.Late && string(h.Driver) == string(DriverMQTTFront)
}
