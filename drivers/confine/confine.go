// Package confine turns a process into a driver program with fewer rights than the gateway that
// started it. The host starts the gateway's own executable again as a launcher, and passes it a
// Plan and the driver's program as open files. Become gives up what the plan does not allow, and
// executes the driver in the same process, with the same process ID and group.
//
// It does not decide what a driver needs, and never executes another program than the open one: the
// file that was compared with a checksum is the file that runs.
package confine

import "errors"

// Plan says what a program may do.
type Plan struct {
	Path string   // the program's path, as it sees it in its arguments
	Args []string // without the program's name

	// Paths that it may open, if Landlock is in force; all others are inaccessible.
	Run    []string // files and folders to read, and to start programs from
	Read   []string // to read
	Use    []string // to read and write existing files, such as devices
	Keep   []string // folders with all rights but to start programs from
	Must   bool     // do not start it without Landlock
	NoLock bool     // do not use Landlock

	Files uint64 // open files at most; 0: as many as the gateway
	Tasks uint64 // processes and threads of its user at most; 0: as many as the gateway
}

// Report is the outcome of a Plan, sent before the program begins.
type Report struct {
	Landlock int    `json:",omitempty"` // ABI version in force; 0: none
	Error    string `json:",omitempty"` // why the program was not started
	Start    bool   `json:",omitempty"` // the confined process failed to execute the program
	// why Landlock is not in force although the program was started
	Open string `json:",omitempty"`
}

// File descriptors of the launcher.
const (
	planFile    = 3 // the Plan as JSON, read to the end
	reportFile  = 4 // receives the Report as JSON; end of file without one: the launcher crashed
	programFile = 5 // the driver's program
)

// The reasons why Landlock is not available.
var (
	ErrNone     = errors.New("this kernel has no Landlock (it came with Linux 5.13)")
	ErrDisabled = errors.New("this kernel was started without Landlock: add landlock to its " +
		"lsm= list")
	ErrForbidden = errors.New("a system call filter of the service or the container forbids " +
		"Landlock")
)
