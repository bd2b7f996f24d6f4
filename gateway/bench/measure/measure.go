//go:build linux

// Package measure is what the gateway's benchmarks share: processes that are watched from
// outside, Mosquitto to compare with, MQTT connections of the generator, and the report. It
// drives no load of its own.
package measure

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Line is one bar of the report.
type Line struct {
	Name   string  `json:"name"`
	Unit   string  `json:"unit"`
	Ours   float64 `json:"ours"`
	Theirs float64 `json:"theirs,omitempty"`
	Ratio  float64 `json:"ratio,omitempty"`
	Bar    string  `json:"bar"`
	Held   bool    `json:"held"`
	Beside string  `json:"beside,omitempty"` // what theirs is, where it is not Mosquitto
	// Unclear: the machine was too restless to judge; Held is false then.
	Unclear bool   `json:"unclear,omitempty"`
	Note    string `json:"note,omitempty"`
}

// String is the line as it is printed. Without theirs there is no ratio.
func (l Line) String() string {
	verdict := "missed"
	if l.Held {
		verdict = "held"
	}
	if l.Unclear {
		verdict = "unclear"
	}
	beside := ""
	if l.Theirs != 0 {
		beside = fmt.Sprintf("  %s %8.1f", cmp.Or(l.Beside, "theirs"), l.Theirs)
	}
	ratio := ""
	if l.Ratio != 0 {
		ratio = fmt.Sprintf("  ratio %.2f", l.Ratio)
	}
	return fmt.Sprintf("%-28s ours %8.1f%s %s%s  bar %s  %s  (%s)", l.Name, l.Ours, beside, l.Unit, ratio, l.Bar, verdict, l.Note)
}

// WriteJSON writes the lines as JSON to a file; "" writes nothing.
func WriteJSON(file string, lines []Line) error {
	if file == "" {
		return nil
	}
	b, err := json.MarshalIndent(lines, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o644)
}

// Percentile is the p-th of what took; 0 where nothing did.
func Percentile(took []time.Duration, p int) time.Duration {
	if len(took) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(took))
	return s[len(s)*p/100]
}

// Milliseconds is a duration in them.
func Milliseconds(d time.Duration) float64 { return float64(d) / 1e6 }

// LoadAverage is the machine's, over the last minute.
func LoadAverage() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	one, _, _ := strings.Cut(string(b), " ")
	return one
}

// Profile writes a CPU profile to a file until stop is called; "" writes none.
func Profile(file string) (stop func(), err error) {
	if file == "" {
		return func() {}, nil
	}
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		f.Close()
		return nil, err
	}
	return func() { pprof.StopCPUProfile(); f.Close() }, nil
}

// OwnCPU is what this process has used, user and system.
func OwnCPU() (time.Duration, error) {
	var ru syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &ru); err != nil {
		return 0, err
	}
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano()), nil
}

// MachineCPU is what all processes of the machine have used; beside what the measured ones
// used it tells how much others were at work.
func MachineCPU() (time.Duration, error) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(b), "\n")
	f := strings.Fields(first)
	if len(f) < 9 {
		return 0, errors.New("unknown format of /proc/stat")
	}
	return ticks(f[1], f[2], f[3], f[6], f[7], f[8]) // user, nice, system, irq, softirq, steal
}

// ticks is the sum of CPU times as /proc writes them.
func ticks(fields ...string) (time.Duration, error) {
	var sum int64
	for _, v := range fields {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return time.Duration(sum) * tick, nil
}

const tick = 10 * time.Millisecond // of /proc's CPU times: USER_HZ is 100
