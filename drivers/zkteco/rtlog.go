package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-iot/gatehouse"
)

// granted is the first event of an access controller (rtlog) that lets nobody through.
const granted = 20

// Events of an access controller that are about somebody, by number.
const (
	eventUnknownCard = 27
	// from here on it is about the door, and a user is whoever pressed something
	eventDoorFirst = 200
)

// parseEvent reads a line of rtlog: time=…, pin=…, cardno=…, event=…, inoutstatus=…,
// verifytype=…, separated by tabs. passage says whether somebody passed, or showed a card that
// the terminal does not know.
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

// refusedEvent says of an event about somebody who did not pass that it was kept.
func refusedEvent(event int) string {
	return fmt.Sprintf("event %d of the terminal is about somebody and is no passage; the "+
		"terminal's manual says what it is",
		event)
}

// eventReading is an event of the door.
func eventReading(e entry, event int, now time.Time) gatehouse.Observation {
	values := map[string]gatehouse.Value{"event": gatehouse.NumberValue(float64(event))}
	return gatehouse.Observation{
		Time:     e.at,
		Replayed: e.old(now),
		Reading:  &gatehouse.Reading{Values: values},
	}
}

// parseState reads rtstate: the door's sensor, relay and alarm, as the terminal writes them.
// Values that the profile does not have are counted by the gateway and can be added to it.
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
		at = time.Time{} // now
	}
	return values, at, nil
}
