package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/goburrow/modbus"
	"github.com/goburrow/serial"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// target is the address of equipment: TCP or a serial line.
type target struct {
	address string // host:port, or the path of the serial device
	serial  bool
	frames  bool // TCP with serial-line (RTU) frames
	baud    int
	parity  string // N, E or O
	stop    int
	reach   drivers.Reach
}

// parseTarget parses host, host:port, or rtu:///dev/ttyUSB0?baud=9600&parity=N&stop=1.
func parseTarget(s string) (target, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return target{}, gatehouse.FieldErrorf("address",
			"give the equipment's address: host or host:port, or rtu:///dev/ttyUSB0?baud=9600")
	}
	if strings.HasPrefix(s, "rtu:") {
		return parseSerial(s)
	}
	s, frames := strings.CutPrefix(s, "rtu+tcp://")
	s = strings.TrimPrefix(s, "tcp://")
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		host, port = strings.Trim(s, "[]"), "502"
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 || host == "" ||
		strings.ContainsAny(host, "/ ") {
		return target{}, gatehouse.FieldErrorf("address",
			"%q is no address; give host or host:port, e.g. 10.1.4.20:502", s)
	}
	return target{
		address: net.JoinHostPort(host, port),
		frames:  frames,
	}, nil
}

func parseSerial(s string) (target, error) {
	u, err := url.Parse(s)
	if err != nil || u.Path == "" {
		return target{}, gatehouse.FieldErrorf("address",
			"%q is no serial line; write e.g. rtu:///dev/ttyUSB0?baud=9600&parity=N&stop=1", s)
	}
	t := target{
		address: u.Path,
		serial:  true,
		baud:    9600,
		parity:  "N",
		stop:    1,
	}
	q := u.Query()
	if b := q.Get("baud"); b != "" {
		if t.baud, err = strconv.Atoi(b); err != nil || t.baud < 300 || t.baud > 921600 {
			return target{}, gatehouse.FieldErrorf("address",
				"baud %q is none; common are 9600, 19200 and 115200", b)
		}
	}
	if p := q.Get("parity"); p != "" {
		if t.parity = strings.ToUpper(p); t.parity != "N" && t.parity != "E" && t.parity != "O" {
			return target{}, gatehouse.FieldErrorf("address", "parity %q is none; use N, E or O", p)
		}
	}
	if p := q.Get("stop"); p != "" {
		if t.stop, err = strconv.Atoi(p); err != nil || t.stop < 1 || t.stop > 2 {
			return target{}, gatehouse.FieldErrorf("address", "stop %q is none; use 1 or 2", p)
		}
	}
	return t, nil
}

func (t target) handler() handler {
	if t.frames {
		return &rtuOverTCP{
			RTUClientHandler: modbus.NewRTUClientHandler(""),
			dialled: dialled{
				address: t.address,
				reach:   t.reach,
			},
		}
	}
	if !t.serial {
		return &tcpHandler{
			TCPClientHandler: modbus.NewTCPClientHandler(""),
			dialled: dialled{
				address: t.address,
				reach:   t.reach,
			},
		}
	}
	h := modbus.NewRTUClientHandler(t.address)
	h.BaudRate = t.baud
	h.DataBits = 8
	h.Parity = t.parity
	h.StopBits = t.stop
	h.IdleTimeout = 0
	return h
}

// drain reads from a serial line until a time and discards the data.
func (t target) drain(ctx context.Context, until time.Time) error {
	port, err := serial.Open(&serial.Config{
		Address:  t.address,
		BaudRate: t.baud,
		DataBits: 8,
		Parity:   t.parity,
		StopBits: t.stop,
		Timeout:  20 * time.Millisecond,
	})
	if err != nil {
		return t.explain(err, 0)
	}
	defer port.Close()
	var waste [256]byte
	for time.Now().Before(until) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := port.Read(waste[:]); err != nil && !errors.Is(err, serial.ErrTimeout) {
			return t.explain(err, 0)
		}
	}
	return nil
}

// explain turns a connection error into a message for the person who typed the address.
func (t target) explain(err error, timeout time.Duration) error {
	var dns *net.DNSError
	var ne net.Error
	say := func(code gatehouse.ReasonCode, params ...any) error {
		return gatehouse.Because(code, params...).Err(gatehouse.Unavailable)
	}
	var refused *gatehouse.Error
	switch {
	case errors.As(err, &refused):
		return refused
	case t.serial && errors.Is(err, os.ErrNotExist):
		return say(gatehouse.ReasonSerialMissing, "line", t.address)
	case t.serial && errors.Is(err, os.ErrPermission):
		return say(gatehouse.ReasonSerialClosed, "line", t.address)
	case t.serial && errors.Is(err, serial.ErrTimeout):
		return say(
			gatehouse.ReasonSerialMute,
			"line",
			t.address,
			"within",
			timeout,
		)
	case t.serial:
		return say(
			gatehouse.ReasonSerialBroken,
			"line",
			t.address,
			"detail",
			err,
		)
	case errors.As(err, &dns):
		return say(gatehouse.ReasonNameUnknown, "address", t.address)
	case errors.Is(err, syscall.ECONNREFUSED):
		return say(gatehouse.ReasonNothingThere, "address", t.address, "protocol", protocol,
			"port", 502)
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return say(gatehouse.ReasonNoRoute, "address", t.address)
	case errors.As(err, &ne) && ne.Timeout():
		return say(gatehouse.ReasonNoAnswer, "address", t.address, "within", timeout, "protocol",
			protocol)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return say(
			gatehouse.ReasonHungUp,
			"address",
			t.address,
			"protocol",
			protocol,
		)
	}
	return say(
		gatehouse.ReasonOddAnswer,
		"address",
		t.address,
		"protocol",
		protocol,
		"detail",
		err,
	)
}

// protocol is the name of the expected protocol, for messages.
const protocol = "Modbus"
