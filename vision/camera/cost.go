//go:build vision

package main

import (
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/vision"
)

// clocked is a detector that measures the time it takes, for one camera.
type clocked struct {
	vision.Detector
	spent  time.Duration
	frames int
}

// Detect implements vision.Detector.
func (c *clocked) Detect(f vision.Frame) ([]vision.Face, error) {
	begin := time.Now()
	faces, err := c.Detector.Detect(f)
	c.spent += time.Since(begin)
	c.frames++
	return faces, err
}

// addCost adds what the camera costs and misses, since the last call: the detector's wall-clock
// time for a frame in ms, frames a second that newer ones replaced before they were looked at, the
// smallest face that is found in pictures of this size, and the camera's share of the program's
// memory.
func (c *camera) addCost(values map[string]gatehouse.Value, f vision.Frame) {
	if n := c.clock.frames; n > 0 {
		values["detect_ms"] = gatehouse.NumberValue(round1(c.clock.spent.Seconds() * 1000 / float64(
			n)))
		c.clock.spent, c.clock.frames = 0, 0
	}
	now := f.Time
	if missed := c.missed.Swap(0); c.costed != (time.Time{}) && now.After(c.costed) {
		values["dropped"] = gatehouse.NumberValue(round1(float64(missed) / now.Sub(c.costed).Seconds()))
	}
	c.costed = now
	values["smallest_face"] = gatehouse.NumberValue(float64(int(c.setup.models.Plan(f.Width,
		f.Height).Smallest +
		0.5)))
	if held, ok := resident(); ok {
		values["memory_mib"] = gatehouse.NumberValue(round1(float64(held) / float64(max(
			c.setup.connected.Load(), 1)) / (1 << 20)))
	}
}

// resident is the resident memory of this process, in bytes.
func resident() (int64, bool) {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, false
	}
	parts := strings.Fields(string(b))
	if len(parts) < 2 {
		return 0, false
	}
	pages, err := strconv.ParseInt(parts[1], 10, 64)
	return pages * int64(os.Getpagesize()), err == nil
}
