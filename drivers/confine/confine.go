// Package confine turns a process into a driver program that can do less than the gateway which
// started it. The host starts the gateway's own program again as a launcher, hands it a Plan and
// the driver's program as open files, and Become gives up what the plan does not allow and is
// the driver from then on: under the same process number, in the same group.
//
// It decides nothing about what a driver needs, and it never starts another program than the
// open one: what was compared with a checksum is what runs.
package confine

import "errors"

// Plan is what a program may do.
type Plan struct {
	Path string   // of the program, as it is to know itself
	Args []string // after its name

	// What it may open, where Landlock holds. What lies nowhere in here it cannot even look at.
	Run    []string // files and folders to read, and to start programs from
	Read   []string // to read
	Use    []string // to read and to write what is there, such as devices
	Keep   []string // folders to do anything in but to start programs
	Must   bool     // it is not started where Landlock cannot be had
	NoLock bool     // Landlock is not asked for

	Files uint64 // that it may have open; 0: as many as the gateway
	Tasks uint64 // processes and threads of its user; 0: as many as the gateway
}

// Report is what became of a Plan, before the program begins.
type Report struct {
	Landlock int    `json:",omitempty"` // version of its interface that holds; 0: none
	Error    string `json:",omitempty"` // why the program was not started
	Start    bool   `json:",omitempty"` // the system refused to start it, confined as it was to be
	// why Landlock does not hold, where the program was started all the same
	Open string `json:",omitempty"`
}

// The files that the launcher finds open.
const (
	planFile    = 3 // the Plan as JSON, to its end
	reportFile  = 4 // takes the Report as JSON; its end without one: the launcher broke
	programFile = 5 // the driver's program
)

// The ways in which Landlock cannot be had.
var (
	ErrNone     = errors.New("this kernel has no Landlock (it came with Linux 5.13)")
	ErrDisabled = errors.New("this kernel was started without Landlock: add landlock to its " +
		"lsm= list")
	ErrForbidden = errors.New("a system call filter of the service or the container forbids " +
		"Landlock")
)
