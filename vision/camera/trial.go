//go:build vision

package main

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/vision"
	"github.com/gatehouse-iot/gatehouse/vision/opencv"
)

// trialPictures is how many pictures a probe decodes to measure the frame rate.
const trialPictures = 13

// trial collects what a Probe sees of a stream.
type trial struct {
	codec         opencv.Codec
	width, height int
	first         vision.Frame
	stamps        []int32 // presentation times, in 1/90000 s after the first
	start         uint32
	pictures      int
}

// take counts a picture; it returns errEnough once there are enough.
func (t *trial) take(p picture) error {
	if t.done() {
		return errEnough
	}
	if t.pictures++; t.pictures == 1 {
		f, err := p.decoder.Picture(maxWidth)
		if err != nil {
			return err
		}
		t.first, t.codec, t.start = f, p.codec, p.stamp
		t.width, t.height = p.decoder.Size()
	}
	t.stamps = append(t.stamps, int32(p.stamp-t.start))
	if t.done() {
		return errEnough
	}
	return nil
}

func (t *trial) done() bool { return t.pictures >= trialPictures }

// rate is the frame rate by the median interval, or 0.
func (t *trial) rate() float64 {
	stamps := slices.Clone(t.stamps)
	slices.Sort(stamps)
	var steps []int32
	for i := 1; i < len(stamps); i++ {
		if s := stamps[i] - stamps[i-1]; s > 0 {
			steps = append(steps, s)
		}
	}
	if len(steps) == 0 {
		return 0
	}
	slices.Sort(steps)
	return 90000 / float64(steps[len(steps)/2])
}

func (t *trial) result() (drivers.Probe, error) {
	jpeg, err := opencv.JPEG(t.first, maxSnapshot)
	if err != nil {
		return drivers.Probe{}, err
	}
	p := drivers.Probe{
		Snapshot: jpeg,
		Message:  fmt.Sprintf("%s %dx%d", t.codec, t.width, t.height),
		Values: map[string]gatehouse.Value{
			"width":  gatehouse.NumberValue(float64(t.width)),
			"height": gatehouse.NumberValue(float64(t.height)),
		},
	}
	if r := round1(t.rate()); r > 0 {
		p.Message += ", " + strconv.FormatFloat(r, 'f', -1, 64) + " frames/s"
		p.Values["rate"] = gatehouse.NumberValue(r)
	}
	return p, nil
}
