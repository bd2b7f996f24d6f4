package drivers

import (
	"strings"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
)

// Write is the outcome of setting one property.
type Write struct {
	Property string
	Outcome  Outcome
	Reason   gatehouse.Reason // why the write failed; zero if it is done
}

// Outcome says how far a write came.
type Outcome string

// The outcomes.
const (
	WriteDone        Outcome = "done"
	WriteRefused     Outcome = "refused"     // the device rejected it; the property is unchanged
	WriteUnconfirmed Outcome = "unconfirmed" // sent, but the device has not confirmed it
	WriteNotTried    Outcome = "not_tried"   // nothing was sent
)

// Outcomes lists every outcome.
func Outcomes() []Outcome {
	return []Outcome{WriteDone, WriteRefused, WriteUnconfirmed, WriteNotTried}
}

// Err is nil if every write is done. Otherwise it names the properties written and, for each of the
// others, why not; its code and reason are those of the first failure.
func (r Result) Err() error {
	var done, failed []string
	var first *gatehouse.Error
	for _, w := range r.Writes {
		if w.Outcome == WriteDone {
			done = append(done, w.Property)
			continue
		}
		e := w.err()
		failed = append(failed, w.Property+": "+e.Message)
		if first == nil {
			first = e
		}
	}
	switch {
	case first == nil:
		return nil
	case len(r.Writes) == 1:
		return first
	}
	first.Message = strings.Join(failed, "; ")
	if len(done) > 0 {
		first.Message = "after writing " + strings.Join(done, ", ") + ": " + first.Message
	}
	return first
}

// err returns why the property is not set: invalid if the device refuses the value, unavailable if
// a retry may succeed.
func (w Write) err() *gatehouse.Error {
	why := w.Reason
	if why.Code == "" {
		why = gatehouse.Because(gatehouse.ReasonUnconfirmed)
		if w.Outcome == WriteNotTried {
			why = gatehouse.Because(gatehouse.ReasonNotTried)
		}
	}
	if w.Outcome == WriteRefused {
		return why.Err(gatehouse.Invalid)
	}
	return why.Err(gatehouse.Unavailable)
}

func fromWrites(writes []Write) []*driverpb.Write {
	var out []*driverpb.Write
	for _, w := range writes {
		out = append(out, &driverpb.Write{
			Property: driverpb.Text(w.Property),
			Outcome:  driverpb.Text(string(w.Outcome)),
			Reason:   driverpb.FromReason(w.Reason),
		})
	}
	return out
}
