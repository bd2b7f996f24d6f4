package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/goburrow/modbus"

	"github.com/gatehouse-iot/gatehouse"
)

// line is one connection to equipment, shared by all devices behind it: one question at a
// time, and the next only after its answer. After any trouble but a Modbus exception the
// connection is closed, so that an answer which comes late meets nobody.
type line struct {
	target target
	turn   chan struct{} // size 1: holds a token while somebody asks

	// The rest belongs to whoever holds the token.
	handler handler
	client  modbus.Client
	quiet   time.Time // a serial line is left alone until then
}

// handler is what the two kinds of transport have in common.
type handler interface {
	modbus.ClientHandler
	io.Closer
}

func newLine(t target) *line { return &line{target: t, turn: make(chan struct{}, 1)} }

// ask puts one question to a unit; f uses the client and nothing else of the line.
func (l *line) ask(ctx context.Context, unit byte, timeout time.Duration, f func(modbus.Client) error) error {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := l.rest(ctx); err != nil {
		return err
	}
	l.prepare(unit, timeout)
	err := f(l.client)
	var exc *modbus.ModbusError
	if err == nil || errors.As(err, &exc) {
		return err
	}
	l.drop()
	if l.target.serial {
		l.quiet = time.Now().Add(timeout)
	}
	return l.target.explain(err, timeout)
}

// rest waits out the quiet time of a serial line and throws away what comes in it: an answer
// on a serial line bears no number, and a late one would be taken for the next.
func (l *line) rest(ctx context.Context) error {
	if time.Until(l.quiet) <= 0 {
		return nil
	}
	if err := l.target.drain(ctx, l.quiet); err != nil {
		return err
	}
	l.quiet = time.Time{}
	return nil
}

func (l *line) prepare(unit byte, timeout time.Duration) {
	if l.handler == nil {
		l.handler = l.target.handler()
		l.client = modbus.NewClient(l.handler)
	}
	switch h := l.handler.(type) {
	case *modbus.TCPClientHandler:
		h.SlaveId, h.Timeout = unit, timeout
	case *modbus.RTUClientHandler:
		h.SlaveId, h.Timeout = unit, timeout
	}
}

func (l *line) drop() {
	if l.handler != nil {
		l.handler.Close()
		l.handler, l.client = nil, nil
	}
}

// close hangs up. The caller is the last user of the line.
func (l *line) close() {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	l.drop()
}

// read reads a block's bytes: two for each register, or packed bits.
func (l *line) read(ctx context.Context, unit byte, timeout time.Duration, b block) ([]byte, error) {
	var out []byte
	err := l.ask(ctx, unit, timeout, func(c modbus.Client) (err error) {
		addr, n := uint16(b.addr), uint16(b.count)
		want := 2 * b.count
		switch b.table {
		case coil:
			out, err = c.ReadCoils(addr, n)
			want = (b.count + 7) / 8
		case discrete:
			out, err = c.ReadDiscreteInputs(addr, n)
			want = (b.count + 7) / 8
		case holding:
			out, err = c.ReadHoldingRegisters(addr, n)
		case input:
			out, err = c.ReadInputRegisters(addr, n)
		}
		if err == nil && len(out) != want {
			err = fmt.Errorf("the answer has %d bytes instead of %d", len(out), want)
		}
		return err
	})
	if err != nil {
		return nil, about(err, b, unit)
	}
	return out, nil
}

// write writes a point's encoded value.
func (l *line) write(ctx context.Context, unit byte, timeout time.Duration, p point, data []byte) error {
	err := l.ask(ctx, unit, timeout, func(c modbus.Client) (err error) {
		addr := uint16(p.addr)
		switch {
		case p.table == coil:
			_, err = c.WriteSingleCoil(addr, uint16(data[0])*0xFF00)
		case len(data) == 2:
			_, err = c.WriteSingleRegister(addr, uint16(data[0])<<8|uint16(data[1]))
		default:
			_, err = c.WriteMultipleRegisters(addr, uint16(len(data)/2), data)
		}
		return err
	})
	return about(err, block{table: p.table, addr: p.addr, count: p.size()}, unit)
}

// exceptionError is a Modbus exception in words, with the register and the mend.
type exceptionError struct {
	code byte
	text *gatehouse.Error
}

func (e *exceptionError) Error() string { return e.text.Error() }

// Unwrap gives the Error for people.
func (e *exceptionError) Unwrap() error { return e.text }

// about adds the registers that were asked for to a Modbus exception.
func about(err error, b block, unit byte) error {
	var exc *modbus.ModbusError
	if !errors.As(err, &exc) {
		return err
	}
	what := fmt.Sprintf("%s:%d", b.table, b.addr)
	if b.count > 1 {
		what = fmt.Sprintf("%s to %d", what, b.addr+b.count-1)
	}
	return &exceptionError{exc.ExceptionCode, gatehouse.Errorf(gatehouse.Invalid, "%s of unit %d: %s", what, unit, mend(exc.ExceptionCode))}
}

// mend says what an exception means and what to do (Modbus Application Protocol V1.1b3,
// section 7).
func mend(code byte) string {
	switch code {
	case modbus.ExceptionCodeIllegalFunction:
		return "the equipment does not know this kind of register (exception 1): try another table, e.g. holding for input"
	case modbus.ExceptionCodeIllegalDataAddress:
		return "the equipment has no such register (exception 2): check the address against its manual; manuals often count from 1, or write 40001 for holding:0"
	case modbus.ExceptionCodeIllegalDataValue:
		return "the equipment refuses this value or length (exception 3): check the form in the profile"
	case modbus.ExceptionCodeServerDeviceFailure:
		return "the equipment has failed (exception 4): look at the equipment itself"
	case modbus.ExceptionCodeAcknowledge, modbus.ExceptionCodeServerDeviceBusy:
		return fmt.Sprintf("the equipment is busy (exception %d): poll it less often", code)
	case modbus.ExceptionCodeGatewayPathUnavailable:
		return "the Modbus gateway has no way to this unit (exception 10): check the gateway's serial line and its routing"
	case modbus.ExceptionCodeGatewayTargetDeviceFailedToRespond:
		return "no such unit answers behind the Modbus gateway (exception 11): check the unit id, the wiring and the unit's power"
	}
	return fmt.Sprintf("the equipment answers exception %d: look it up in its manual", code)
}
