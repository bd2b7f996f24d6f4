package sim

import (
	"fmt"
	"time"

	"github.com/gatehouse-iot/gatehouse"
)

// mostKept limits the log with which a terminal starts: more than any real one holds.
const mostKept = 200_000

// terminal reports whether a fault of terminals is set, not counting Age, which MQTT has too.
func (o Odd) terminal() bool { return o.Kept != 0 || o.Letters || o.Forms }

func (e Equipment) validateOddTerminal(at string) error {
	o := e.Odd
	switch {
	case o.terminal() && e.Kind != KindZKTeco:
		return gatehouse.FieldErrorf(at, "kept, letters and forms are for %s only", KindZKTeco)
	case o.Kept < 0 || o.Kept > mostKept:
		return gatehouse.FieldErrorf(at+".kept", "%d is out of range; up to %d", o.Kept, mostKept)
	}
	return nil
}

// keptLog is the log of a terminal that was offline: a line a second, the last one Age old.
func (t *terminal) keptLog() (out []string) {
	last := t.now().Add(-t.spec.Odd.Age)
	for n := range t.spec.Odd.Kept {
		at := last.Add(-time.Duration(t.spec.Odd.Kept-1-n) * time.Second)
		out = append(out, t.lines(fmt.Sprint(1+n%500), at, 0, 4)...)
	}
	return out
}

// lines formats one passage: one line, or the same in three formats if Odd.Forms is set.
func (t *terminal) lines(user string, at time.Time, status, verify int) []string {
	local, said := at.In(t.zone).Format("2006-01-02 15:04:05"), fmt.Sprint(status)
	if t.spec.Odd.Letters {
		said = map[int]string{0: "I", 1: "O"}[status]
	}
	plain := fmt.Sprintf("%s\t%s\t%s\t%d\t0\t0\t0", user, local, said, verify)
	if !t.spec.Odd.Forms {
		return []string{plain}
	}
	return []string{
		plain,
		plain + "\t0\t0\t0",
		fmt.Sprintf("PIN=%s\tDateTime=%s\tVerified=%d\tStatus=%s", user, local, verify, said),
	}
}
