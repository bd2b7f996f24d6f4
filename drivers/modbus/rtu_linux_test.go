package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// serialLine opens a pseudo-terminal pair: the equipment's end, and the path of the driver's end.
func serialLine(t *testing.T) (equipment *os.File, path string) {
	t.Helper()
	m, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { m.Close() })
	var unlock, n int32
	for _, c := range []struct {
		request uintptr
		arg     *int32
	}{{syscall.TIOCSPTLCK, &unlock}, {syscall.TIOCGPTN, &n}} {
		raw, err := m.SyscallConn() // m.Fd would make reads blocking: Close could not interrupt them
		if err != nil {
			t.Fatal(err)
		}
		var e syscall.Errno
		if err := raw.Control(func(fd uintptr) {
			_, _, e = syscall.Syscall(syscall.SYS_IOCTL, fd, c.request,
				uintptr(unsafe.Pointer(c.arg)))
		}); err != nil || e != 0 {
			t.Skipf("no pseudo-terminals here: %v", e)
		}
	}
	path = fmt.Sprintf("/dev/pts/%d", n)
	// keeps the equipment's end open while the driver reconnects
	hold, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { hold.Close() })
	return m, path
}

// crc is the checksum of Modbus over Serial Line V1.02, section 6.2.2, low byte first.
func crc(b []byte) []byte {
	c := uint16(0xFFFF)
	for _, x := range b {
		c ^= uint16(x)
		for range 8 {
			if c&1 == 1 {
				c = c>>1 ^ 0xA001
			} else {
				c >>= 1
			}
		}
	}
	return []byte{byte(c), byte(c >> 8)}
}

// slave answers reads of holding registers on a serial line with a counter.
type slave struct {
	mu    sync.Mutex
	count uint16
	late  time.Duration // delay of the next response
}

func (s *slave) set(n uint16, late time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count, s.late = n, late
}

func (s *slave) serve(f *os.File) {
	q := make([]byte, 8)
	for {
		if _, err := io.ReadFull(f, q); err != nil {
			return
		}
		s.mu.Lock()
		a := []byte{q[0], 3, 2, byte(s.count >> 8), byte(s.count)}
		late := s.late
		s.late = 0
		s.mu.Unlock()
		a = append(a, crc(a)...)
		if late > 0 {
			time.Sleep(late) // a slow instrument
		}
		if _, err := f.Write(a); err != nil {
			return
		}
	}
}

func TestSerialLine(t *testing.T) {
	m, path := serialLine(t)
	s := &slave{}
	done := make(chan struct{})
	go func() { defer close(done); s.serve(m) }()
	t.Cleanup(func() { m.Close(); <-done })
	tgt, err := parseTarget("rtu://" + path + "?baud=115200")
	if err != nil {
		t.Fatal(err)
	}
	l := newLine(tgt)
	defer l.close()
	const timeout = 300 * time.Millisecond
	b := block{table: holding, addr: 0, count: 1}
	wrong, failed := 0, 0
	for i := range 100 {
		late := time.Duration(0)
		if i == 10 {
			late = timeout + timeout/3
		}
		s.set(uint16(i), late)
		data, err := l.read(t.Context(), manner{unit: 1, timeout: timeout}, b)
		switch {
		case err != nil:
			failed++
			if !strings.Contains(err.Error(), "no answer on "+path) {
				t.Errorf("poll %d: got %v, want that there is no answer", i, err)
			}
		case int(data[0])<<8|int(data[1]) != i:
			wrong++
		}
	}
	if wrong != 0 || failed < 1 || failed > 10 {
		t.Errorf("of 100 polls, got %d wrong and %d without an answer, want 0 and 1", wrong, failed)
	}
}
