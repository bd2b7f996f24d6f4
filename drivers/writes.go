package drivers

import (
	"strings"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
)

// Write is what came of one property that was to be set.
type Write struct {
	Property string
	Outcome  Outcome
	Reason   gatehouse.Reason // why it is not done; zero where it is
}

// Outcome is how far a write came.
type Outcome string

// The outcomes.
const (
	WriteDone        Outcome = "done"
	WriteRefused     Outcome = "refused"     // the device did not take it: the property is as it was
	WriteUnconfirmed Outcome = "unconfirmed" // it was sent, and nobody knows
	WriteNotTried    Outcome = "not_tried"   // nothing was sent
)

// Outcomes lists every outcome.
func Outcomes() []Outcome {
	return []Outcome{WriteDone, WriteRefused, WriteUnconfirmed, WriteNotTried}
}

// Err is nil where every property was set that was to be. Otherwise it says which were and, of each
// of the others, why not; its code and reason are those of the first of them.
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

// err is why the property is not set. Who asks for what a device refuses is to ask for something
// else; all else may go another time.
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
