package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/gatehouse-iot/gatehouse"
)

// Event numbers (rtlog) of ZKTeco's access controllers for alarms and doors. Other events are
// reported only as a number, in the property event.
const (
	eventRemoteOpening  = 8
	eventHeldOpen       = 28
	eventTamper         = 100
	eventDuressPassword = 101
	eventForcedOpen     = 102
	eventDuressFinger   = 103
	eventOpened         = 200
	eventClosed         = 201
	eventExitButton     = 202
)

// happening maps an event to a kind of occurrence and its detail; kind is "" for other events.
func happening(event int) (kind gatehouse.OccurrenceKind, what string) {
	switch event {
	case eventTamper:
		return gatehouse.OccurrenceTamper, ""
	case eventDuressPassword, eventDuressFinger:
		return gatehouse.OccurrenceAlarm, "duress"
	case eventForcedOpen:
		return gatehouse.OccurrenceDoor, "forced"
	case eventHeldOpen:
		return gatehouse.OccurrenceDoor, "held"
	case eventOpened:
		return gatehouse.OccurrenceDoor, "opened"
	case eventClosed:
		return gatehouse.OccurrenceDoor, "closed"
	case eventExitButton:
		return gatehouse.OccurrenceDoor, "exit_button"
	case eventRemoteOpening:
		return gatehouse.OccurrenceDoor, "remote"
	}
	return "", ""
}

// happened returns the occurrence of an event; false if the event is none, or the profile lacks it,
// as a copy of an older profile does. It never names the user: everybody who may see devices may
// see it.
func happened(e entry, event int, p gatehouse.Profile) (gatehouse.Occurrence, bool) {
	kind, what := happening(event)
	said, ok := p.Events[string(kind)]
	if kind == "" || !ok {
		return gatehouse.Occurrence{}, false
	}
	o := gatehouse.Occurrence{
		Kind: kind,
		Data: map[string]gatehouse.Value{},
	}
	if _, ok := said.Data["what"]; ok && what != "" {
		o.Data["what"] = gatehouse.StringValue(what)
	}
	if _, ok := said.Data["door"]; ok && e.door > 0 {
		o.Data["door"] = gatehouse.NumberValue(float64(e.door))
	}
	return o, true
}

// eventSequence identifies an event, however often it is pushed; it is never 0.
func (e entry) eventSequence(event int) uint64 {
	h := sha256.Sum256(fmt.Appendf(nil, "event\t%d\t%d\t%d\t%s\t%s", event, e.door, e.at.Unix(),
		e.user, e.card))
	return binary.BigEndian.Uint64(h[:]) | 1
}
