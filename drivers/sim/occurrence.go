package sim

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/gatehouse-iot/gatehouse"
)

// Occurrence is something that happens at a terminal or an MQTT device: a door is forced, a cover
// opened, a meal sold.
type Occurrence struct {
	Kind gatehouse.OccurrenceKind `yaml:"kind" json:"kind"`
	Data map[string]any           `yaml:"data,omitempty" json:"data,omitempty"`
	Time time.Time                `yaml:"time,omitempty" json:"time,omitzero"` // zero: now
}

// validate checks that equipment of this kind can report the occurrence.
func (o Occurrence) validate(at, kind string) error {
	if o.Kind == "" {
		return gatehouse.FieldErrorf(at+".kind", "say what happens, e.g. tamper")
	}
	if _, err := toValues(o.Data); err != nil {
		return gatehouse.FieldErrorf(at+".data", "%v", err)
	}
	switch kind {
	case KindMQTT:
		return nil
	case KindZKTeco:
		if o.event() == 0 {
			return gatehouse.FieldErrorf(at+".kind",
				"a terminal has no event for %s %v; it has tamper, alarm (what: duress) "+
					"and door (what: opened, closed, forced, held, exit_button, remote)",
				o.Kind, o.Data)
		}
		return nil
	}
	return gatehouse.FieldErrorf(at, "at %s equipment nothing happens that it could tell", kind)
}

// event returns its event number in a terminal's rtlog; 0: it has none.
func (o Occurrence) event() int {
	what, _ := o.Data["what"].(string)
	switch string(o.Kind) + " " + what {
	case "tamper ":
		return 100
	case "alarm duress":
		return 101
	case "door remote":
		return 8
	case "door held":
		return 28
	case "door forced":
		return 102
	case "door opened":
		return 200
	case "door closed":
		return 201
	case "door exit_button":
		return 202
	}
	return 0
}

// Happen triggers an occurrence at a piece of equipment; without power that is an error.
func (s *Sim) Happen(id string, o Occurrence) error {
	u, err := s.find(id)
	if err != nil {
		return err
	}
	if err := o.validate("occurrence", u.spec.Kind); err != nil {
		return err
	}
	if !u.powered() {
		return gatehouse.Errorf(gatehouse.Unavailable, "%s has no power", id)
	}
	if o.Time.IsZero() {
		o.Time = s.now()
	}
	if u.terminal != nil {
		u.terminal.happen(o)
		return nil
	}
	o.Time = o.Time.UTC()
	b, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("write occurrence: %w", err)
	}
	u.client.keep("occurrence", b)
	return nil
}

// happen adds a line to the terminal's event log, in the form of an access controller's rtlog.
func (t *terminal) happen(o Occurrence) {
	door := 1
	switch n := o.Data["door"].(type) {
	case int:
		door = n
	case float64:
		door = int(n)
	}
	t.mu.Lock()
	t.index++
	t.events = append(t.events, fmt.Sprintf(
		"time=%s\tpin=0\tcardno=0\teventaddr=%d\tevent=%d\tinoutstatus=2\tverifytype=200\tindex=%d",
		o.Time.In(t.zone).Format(time.DateTime), door, o.event(), t.index))
	if over := len(t.events) - maxLog; over > 0 {
		t.events = t.events[over:]
	}
	t.mu.Unlock()
	poke(t.more)
}
