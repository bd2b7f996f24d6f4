//go:build vision

package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/vision"
)

// Limits of the process that decodes a photograph.
const (
	photoTime    = time.Minute // in total; generous, since the machine may be busy
	photoCPU     = 10          // seconds of processor time
	photoMemory  = 768 << 20   // bytes; the largest accepted photograph needs 300 MB
	photoPixels  = 4 * vision.PhotoSide * vision.PhotoSide
	photoRefused = 3 // exit code of a refusal, which is then on standard output
)

// photoProgram is the argument that makes this program decode one photograph.
const photoProgram = "photo"

// photoReader decodes photographs in a child process of this program, so that a malicious file can
// crash or exhaust that process but not the cameras.
type photoReader struct {
	program string
	args    []string
	time    time.Duration
}

func newPhotoReader() photoReader {
	return photoReader{
		program: "/proc/self/exe",
		args:    []string{photoProgram},
		time:    photoTime,
	}
}

// read is vision.ReadPhoto in the child process.
func (r photoReader) read(ctx context.Context, data []byte) (f vision.Frame, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.time)
	defer cancel()
	c := exec.CommandContext(ctx, r.program, r.args...)
	c.Env = append(os.Environ(), "GOMEMLIMIT=384MiB")
	c.Stdin = bytes.NewReader(data)
	c.WaitDelay = time.Second
	out := capped{most: 8 + 3*photoPixels}
	c.Stdout = &out
	err = c.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		if f, err = decodeFrame(out.all.Bytes()); err == nil {
			return f, nil
		}
	case ctx.Err() != nil && !errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		return f, ctx.Err()
	case errors.As(err, &exit) && exit.ExitCode() == photoRefused:
		var refusal refused
		if json.Unmarshal(out.all.Bytes(), &refusal) == nil && refusal.Message != "" {
			return f, refusal.err()
		}
	case exit == nil && ctx.Err() == nil:
		return f, fmt.Errorf("start the reader of photographs: %w", err)
	}
	return f, vision.TooCostly.Refuse(0, 0,
		"the photograph could not be read within its bounds of time and memory; save it anew as "+
			"JPEG, and smaller")
}

// refused is a refusal as the child process sends it, with its translatable text.
type refused struct {
	gatehouse.Error
	Said []byte `json:"said,omitempty"`
}

func told(e *gatehouse.Error) refused {
	return refused{
		Error: *e,
		Said:  e.Say().Keep(),
	}
}

func (r *refused) err() error {
	e := r.Error
	if t, ok := gatehouse.ReadText(r.Said, e.Message); ok {
		e.Text = &t
	}
	return &e
}

// capped is a buffer of at most most bytes; writing more is an error. It does not embed
// bytes.Buffer, whose ReadFrom would let io.Copy bypass Write.
type capped struct {
	all  bytes.Buffer
	most int
}

func (c *capped) Write(p []byte) (int, error) {
	if c.all.Len()+len(p) > c.most {
		return 0, io.ErrShortBuffer
	}
	return c.all.Write(p)
}

// servePhoto is the child process: it decodes a photograph from in, and writes to out the frame or
// the reason for the refusal. It returns the exit code.
func servePhoto(in io.Reader, out io.Writer) int {
	limit := unix.Rlimit{
		Cur: photoMemory,
		Max: photoMemory,
	}
	_ = unix.Setrlimit(unix.RLIMIT_DATA, &limit) // best effort: ReadPhoto has its own limits
	cpu := unix.Rlimit{
		Cur: photoCPU,
		Max: photoCPU,
	}
	_ = unix.Setrlimit(unix.RLIMIT_CPU, &cpu)
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, 10) // the cameras have priority
	return readPhoto(in, out)
}

// readPhoto is servePhoto without its resource limits.
func readPhoto(in io.Reader, out io.Writer) int {
	data, err := io.ReadAll(io.LimitReader(in, 64<<20))
	if err != nil {
		return 1
	}
	f, err := vision.ReadPhoto(data)
	var refusal *gatehouse.Error
	switch {
	case errors.As(err, &refusal):
		if json.NewEncoder(out).Encode(told(refusal)) != nil {
			return 1
		}
		return photoRefused
	case err != nil:
		return 1
	}
	head := binary.LittleEndian.AppendUint32(nil, uint32(f.Width))
	head = binary.LittleEndian.AppendUint32(head, uint32(f.Height))
	if _, err := out.Write(head); err != nil {
		return 1
	}
	if _, err := out.Write(f.Pix); err != nil {
		return 1
	}
	return 0
}

// decodeFrame parses width, height and pixels.
func decodeFrame(b []byte) (vision.Frame, error) {
	if len(b) < 8 {
		return vision.Frame{}, fmt.Errorf("read photograph: %w", io.ErrUnexpectedEOF)
	}
	f := vision.Frame{
		Width:  int(binary.LittleEndian.Uint32(b)),
		Height: int(binary.LittleEndian.Uint32(b[4:])),
		Pix:    b[8:],
	}
	if !f.Valid() {
		return vision.Frame{}, fmt.Errorf("read photograph: %d bytes are no picture of %dx%d",
			len(f.Pix), f.Width, f.Height)
	}
	return f, nil
}
