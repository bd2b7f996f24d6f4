//go:build linux

// Package measure is what the gateway's benchmarks share: processes that are watched from
// outside, Mosquitto to compare with, MQTT connections of the generator, and the report. It
// drives no load of its own.
package measure

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
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
	// Unclear: the machine was too busy to judge; Held is false then.
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
	return fmt.Sprintf("%-28s ours %8.1f%s %s%s  bar %s  %s  (%s)", l.Name, l.Ours, beside, l.Unit,
		ratio, l.Bar, verdict, l.Note)
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

// Percentile is the p-th percentile of the durations; 0 where there are none.
func Percentile(took []time.Duration, p int) time.Duration {
	if len(took) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(took))
	return s[len(s)*p/100]
}

// Milliseconds returns d in milliseconds.
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

// OthersCPU is how long all threads of the machine have run, except those of this process and of
// the given ones. It includes the kernel's threads and counts nanoseconds, since their short bursts
// show in a latency.
func OthersCPU(but ...*Process) (time.Duration, error) {
	files, err := filepath.Glob("/proc/[0-9]*/task/[0-9]*/schedstat")
	if err != nil {
		return 0, err
	}
	ours := map[string]bool{strconv.Itoa(os.Getpid()): true}
	for _, p := range but {
		ours[strconv.Itoa(p.Cmd.Process.Pid)] = true
	}
	var sum time.Duration
	for _, file := range files {
		if ours[strings.Split(file, "/")[2]] {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil { // it has ended
			continue
		}
		ran, _, _ := strings.Cut(string(b), " ")
		n, err := strconv.ParseInt(ran, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", file, err)
		}
		sum += time.Duration(n)
	}
	return sum, nil
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
