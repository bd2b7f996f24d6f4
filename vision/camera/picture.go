//go:build vision

package main

import (
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/vision"
)

// pictureStatus makes the status of a picture state. The reason of a fault begins with its code, as
// it did before statuses had causes.
func pictureStatus(at time.Time, s vision.PictureState) gatehouse.Observation {
	if s == vision.PictureOK {
		return gatehouse.Observation{
			Time:   at,
			Status: &gatehouse.Status{State: gatehouse.StateOnline},
		}
	}
	why := gatehouse.Because(gatehouse.ReasonCode(s)) // the codes are the states
	return gatehouse.Observation{Time: at, Status: &gatehouse.Status{
		State:  gatehouse.StateFault,
		Reason: string(s) + ": " + why.String(),
		Causes: []gatehouse.Reason{why},
	}}
}

// pictureEnum returns the states as values of a profile's property.
func pictureEnum() (out []string) {
	for _, s := range vision.PictureStates() {
		out = append(out, string(s))
	}
	return out
}
