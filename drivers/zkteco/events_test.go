package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/sim"
)

// occurrences returns the occurrences in the inbox, one line each.
func (b *inbox) occurrences() (out []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range b.all {
		if o.Occurrence != nil {
			out = append(out, fmt.Sprint(o.Occurrence.Kind, " ", o.Occurrence.Data))
		}
	}
	return out
}

// TestAlarmsAndDoorsAreOccurrences: each event that is an occurrence is reported as one that the
// driver's own profile admits, and no other event is.
func TestAlarmsAndDoorsAreOccurrences(t *testing.T) {
	d, base := listen(t)
	box := &inbox{}
	dev := device(d, "S1")
	connect(t, d, dev, box.emit)
	var lines []string
	for _, event := range []int{100, 101, 103, 7, 102, 28, 200, 201, 202, 8, 23, 206, 255} {
		lines = append(lines, fmt.Sprintf(
			"time=%s\tpin=0\tcardno=0\teventaddr=2\tevent=%d\tinoutstatus=2\tverifytype=200",
			local(0), event))
	}
	lines = append(lines, "time="+local(0)+"\tpin=501\tcardno=0\tevent=101\tverifytype=1")
	call(t, "POST", base+"/iclock/cdata?SN=S1&table=rtlog", strings.Join(lines, "\n"))
	want := []string{
		"tamper map[door:2]",
		"alarm map[door:2 what:duress]",
		"alarm map[door:2 what:duress]",
		"door map[door:2 what:forced]",
		"door map[door:2 what:held]",
		"door map[door:2 what:opened]",
		"door map[door:2 what:closed]",
		"door map[door:2 what:exit_button]",
		"door map[door:2 what:remote]",
		"alarm map[what:duress]", // whose number is kept with the line, and not told here
	}
	if diff := cmp.Diff(box.occurrences(), want); diff != "" {
		t.Errorf("got, want:\n%s", diff)
	}
	registered := gatehouse.Device{ID: dev.ID, Enabled: true}
	events, sequences := 0, map[uint64]bool{}
	box.mu.Lock()
	defer box.mu.Unlock()
	for _, o := range box.all {
		if o.Reading != nil && len(o.Reading.Values) == 1 {
			events++
		}
		if o.Occurrence == nil {
			continue
		}
		sequences[o.Sequence] = true
		o.Device = dev.ID
		if _, err := gatehouse.Admit(registered, dev.Profile, o, time.Now()); err != nil {
			t.Errorf("%v: %v", o.Occurrence, err)
		}
	}
	if events != len(lines) || len(sequences) != len(want) || sequences[0] {
		t.Errorf("got %d readings of the event and %d sequences, want %d and %d", events,
			len(sequences), len(lines), len(want))
	}
}

// TestAProfileOfBeforeHasNoOccurrences: it gets the property event only, and nothing is refused.
func TestAProfileOfBeforeHasNoOccurrences(t *testing.T) {
	d, base := listen(t)
	box := &inbox{}
	dev := device(d, "S1")
	dev.Profile.Events = map[string]gatehouse.Affordance{"tamper": {}}
	connect(t, d, dev, box.emit)
	at := local(0)
	call(t, "POST", base+"/iclock/cdata?SN=S1&table=rtlog",
		"time="+at+"\tpin=0\tcardno=0\teventaddr=1\tevent=102\n"+
			"time="+at+"\tpin=0\tcardno=0\teventaddr=1\tevent=100\n")
	if diff := cmp.Diff(box.occurrences(), []string{"tamper map[]"}); diff != "" {
		t.Errorf("got, want:\n%s", diff)
	}
}

// TestTheSimulatedTerminalIsForced: an occurrence at the simulated terminal arrives unchanged.
func TestTheSimulatedTerminalIsForced(t *testing.T) {
	d, base := listen(t)
	box := &inbox{}
	connect(t, d, device(d, "SIM1"), box.emit)
	sc, err := sim.Parse([]byte(`
equipment:
  - {id: door, kind: zkteco, connect: `+base+`, serial: SIM1, timezone: Asia/Shanghai, interval: 50ms}
script:
  - {at: 1ms, equipment: door, occurrence: {kind: door, data: {what: forced, door: 3}}}
`), ".")
	if err != nil {
		t.Fatal(err)
	}
	s, err := sim.New(sc, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	<-s.Ready()
	if err := s.Happen("door", sim.Occurrence{Kind: "tamper"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Happen("door", sim.Occurrence{Kind: "sale"}); err == nil {
		t.Error("a terminal that sells: got no error")
	}
	for _, want := range []string{"door map[door:3 what:forced]", "tamper map[door:1]"} {
		box.wait(t, want, func(o gatehouse.Observation) bool {
			return o.Occurrence != nil &&
				fmt.Sprint(o.Occurrence.Kind, " ", o.Occurrence.Data) == want
		})
	}
}
