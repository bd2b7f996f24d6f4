//go:build vision

package main

import (
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/vision"
)

// pictureStatus tells the gateway what a camera's picture is worth. The reason of a fault
// begins with its code, which the console puts into words; the rest is for logs.
func pictureStatus(at time.Time, s vision.PictureState) gatehouse.Observation {
	if s == vision.PictureOK {
		return gatehouse.Observation{Time: at, Status: &gatehouse.Status{State: gatehouse.StateOnline}}
	}
	return gatehouse.Observation{Time: at, Status: &gatehouse.Status{
		State:  gatehouse.StateFault,
		Reason: string(s) + ": " + pictureMend(s),
	}}
}

func pictureMend(s vision.PictureState) string {
	switch s {
	case vision.PictureFrozen:
		return "the camera sends the same picture again and again; switch it off and on"
	case vision.PictureBlack:
		return "the picture is black; look for a cap or tape on the lens, for light, and whether infrared light is on"
	case vision.PictureCovered:
		return "the picture shows nothing; something covers the lens"
	}
	return "the picture has no sharp edge; clean the lens and set its focus"
}

// pictureEnum are the states as a profile's property has them.
func pictureEnum() (out []string) {
	for _, s := range vision.PictureStates() {
		out = append(out, string(s))
	}
	return out
}
