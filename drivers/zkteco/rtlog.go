package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-iot/gatehouse"
)

// granted is the lowest event number of an access controller (rtlog) that denies a passage.
const granted = 20

// Event numbers of an access controller.
const (
	eventUnknownCard = 27
	// from here on events concern the door; a user in them is whoever operated it
	eventDoorFirst = 200
)

// parseEvent reads a line of rtlog: time=…, pin=…, cardno=…, event=…, inoutstatus=…, verifytype=…,
// separated by tabs. passage is true if somebody passed, or presented a card that the terminal does
// not know.
func parseEvent(line string, zone *time.Location) (e entry, event int, passage bool, err error) {
	m := keyed(line)
	if e.at, err = localTime(m["time"], zone); err != nil {
		return e, 0, false, err
	}
	if event = code(m["event"]); event == unknown {
		return e, 0, false, errors.New("the event is no number")
	}
	e.status, e.verify = statusOf(m["inoutstatus"]), code(m["verifytype"])
	e.door = code(m["eventaddr"])
	if pin := m["pin"]; pin != "0" && validUser(pin) {
		e.user = pin
	}
	if card := m["cardno"]; e.user == "" && card != "0" && validUser(card) {
		e.card = card
	}
	switch {
	case e.user != "" && event < granted:
		passage = true
	case e.card != "" && event == eventUnknownCard:
		e.verify, passage = 4, true
	}
	return e, event, passage, nil
}

// refusedEvent is the reason under which a denied passage is recorded.
func refusedEvent(event int) string {
	return fmt.Sprintf("event %d of the terminal is about somebody and is no passage; the "+
		"terminal's manual says what it is",
		event)
}

// eventReading returns the event number as a reading.
func eventReading(e entry, event int, now time.Time) gatehouse.Observation {
	values := map[string]gatehouse.Value{"event": gatehouse.NumberValue(float64(event))}
	return gatehouse.Observation{
		Time:     e.at,
		Replayed: e.old(now),
		Reading:  &gatehouse.Reading{Values: values},
	}
}

// parseState reads rtstate: sensor, relay and alarm of the door as the terminal writes them. The
// gateway counts values that the profile lacks, so that they can be added to it.
func parseState(line string, zone *time.Location) (map[string]gatehouse.Value, time.Time, error) {
	m := keyed(line)
	values := map[string]gatehouse.Value{}
	for _, key := range []string{"sensor", "relay", "alarm", "door"} {
		if v := m[key]; v != "" && len(v) <= 64 {
			values[key] = gatehouse.StringValue(v)
		}
	}
	if len(values) == 0 {
		return nil, time.Time{}, errors.New("there is no sensor, relay, alarm or door in it")
	}
	at, err := localTime(m["time"], zone)
	if err != nil {
		at = time.Time{} // the time of arrival
	}
	return values, at, nil
}
