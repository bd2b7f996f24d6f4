package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/goburrow/modbus"
	"github.com/goburrow/serial"

	"github.com/gatehouse-iot/gatehouse"
)

// line is one connection to equipment, shared by all devices behind it. It has one request in
// flight at a time. After any error but a Modbus exception it closes the connection, so that a late
// response cannot be taken for the next one.
type line struct {
	target target
	turn   chan struct{} // size 1: a mutex that a context can interrupt

	// The other fields belong to the holder of turn.
	handler handler
	client  modbus.Client
	quiet   time.Time // a serial line is not used before this time

	answered time.Time // when the last request ended
}

// handler is what the transports have in common.
type handler interface {
	modbus.ClientHandler
	io.Closer
}

func newLine(t target) *line {
	return &line{
		target: t,
		turn:   make(chan struct{}, 1),
	}
}

// Attempts of one request while the equipment responds "busy".
const (
	busyTries = 4
	busyPause = 100 * time.Millisecond // doubled each time
)

// manner holds how a device wants to be polled.
type manner struct {
	unit    byte
	timeout time.Duration
	pause   time.Duration // least time between a response and the next request
}

// ask makes one request to a unit; f may use only the client. It blocks until the line is free. A
// request is repeated with back-off while the equipment is busy, and once over a new connection if
// the old one turns out to be closed or still holds an earlier response: much equipment closes the
// connection after each response or when idle, and some respond twice. So f may run several times;
// reads and writes are idempotent.
func (l *line) ask(ctx context.Context, m manner, f func(modbus.Client) error) error {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	pause := busyPause
	for try := 1; ; try++ {
		err := l.once(ctx, m, f)
		var exc *modbus.ModbusError
		if try == busyTries || !errors.As(err, &exc) || !busy(exc.ExceptionCode) {
			return err
		}
		if err := wait(ctx, pause); err != nil {
			return err
		}
		pause *= 2
	}
}

func busy(code byte) bool {
	return code == modbus.ExceptionCodeAcknowledge || code == modbus.ExceptionCodeServerDeviceBusy
}

func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *line) once(ctx context.Context, m manner, f func(modbus.Client) error) error {
	if err := l.rest(ctx); err != nil {
		return err
	}
	if err := wait(ctx, time.Until(l.answered.Add(m.pause))); err != nil {
		return err
	}
	used := l.handler != nil && !l.target.serial
	l.prepare(m.unit, m.timeout)
	err := f(l.client)
	if used && (hungUp(err) || isStale(err)) {
		l.drop()
		l.prepare(m.unit, m.timeout)
		err = f(l.client)
	}
	l.answered = time.Now()
	var exc *modbus.ModbusError
	if err == nil || errors.As(err, &exc) {
		return err
	}
	l.drop()
	if l.target.serial {
		l.quiet = time.Now().Add(m.timeout)
	}
	var ne net.Error
	mute := errors.Is(err, serial.ErrTimeout) || errors.As(err, &ne) && ne.Timeout()
	if err = l.target.explain(err, m.timeout); mute {
		return &muteError{err}
	}
	return err
}

// hungUp reports whether the other end has closed the connection.
func hungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// isStale reports whether the response was to an earlier request.
func isStale(err error) bool {
	var e *staleError
	return errors.As(err, &e)
}

// muteError is a missing response.
type muteError struct{ error }

// Unwrap returns the gatehouse.Error.
func (e *muteError) Unwrap() error { return e.error }

// rest waits until quiet and discards what arrives meanwhile: responses on a serial line have no
// number, so a late one would be taken for the next.
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
	case *tcpHandler:
		h.SlaveId, h.Timeout = unit, timeout
	case *rtuOverTCP:
		h.SlaveId, h.timeout = unit, timeout
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

// close closes the connection once the line is free. The line may be used again.
func (l *line) close() {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	l.drop()
}

// read reads a block: two bytes for each register, or packed bits.
func (l *line) read(ctx context.Context, m manner, b block) ([]byte, error) {
	var out []byte
	err := l.ask(ctx, m, func(c modbus.Client) (err error) {
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
		return nil, about(err, b, m.unit)
	}
	return out, nil
}

// write writes a point's encoded value, with the function for several registers or coils if the
// equipment lacks the one for a single one. Each attempt is a request of its own, since the
// equipment may close the connection after the first response.
func (l *line) write(ctx context.Context, m manner, p point, data []byte) error {
	addr := uint16(p.addr)
	single := p.table == coil || len(data) == 2
	several := func(c modbus.Client) (err error) {
		if p.table == coil {
			_, err = c.WriteMultipleCoils(addr, 1, data[:1])
		} else {
			_, err = c.WriteMultipleRegisters(addr, uint16(len(data)/2), data)
		}
		return err
	}
	one := func(c modbus.Client) (err error) {
		if p.table == coil {
			_, err = c.WriteSingleCoil(addr, uint16(data[0])*0xFF00)
		} else {
			_, err = c.WriteSingleRegister(addr, uint16(data[0])<<8|uint16(data[1]))
		}
		return err
	}
	var err error
	if single {
		err = l.ask(ctx, m, one)
	}
	if !single || knowsNot(err) {
		err = l.ask(ctx, m, several)
	}
	return about(err, block{
		table: p.table,
		addr:  p.addr,
		count: p.size(),
	}, m.unit)
}

// knowsNot reports whether the equipment lacks the function.
func knowsNot(err error) bool {
	var exc *modbus.ModbusError
	return errors.As(err, &exc) && exc.ExceptionCode == modbus.ExceptionCodeIllegalFunction
}

// exceptionError is a Modbus exception as a message that names the register and the fix.
type exceptionError struct {
	code byte
	text *gatehouse.Error
}

func (e *exceptionError) Error() string { return e.text.Error() }

// Unwrap returns the gatehouse.Error.
func (e *exceptionError) Unwrap() error { return e.text }

// about turns a Modbus exception into an exceptionError that names the registers of b.
func about(err error, b block, unit byte) error {
	var exc *modbus.ModbusError
	if !errors.As(err, &exc) {
		return err
	}
	what := fmt.Sprintf("%s:%d", b.table, b.addr)
	if b.count > 1 {
		what = fmt.Sprintf("%s to %d", what, b.addr+b.count-1)
	}
	why := gatehouse.Because(meaning(exc.ExceptionCode), "register", what, "unit", unit,
		"exception", exc.ExceptionCode)
	return &exceptionError{exc.ExceptionCode, why.Err(gatehouse.Invalid)}
}

// meaning maps an exception code to a reason (Modbus Application Protocol V1.1b3, section 7).
func meaning(code byte) gatehouse.ReasonCode {
	switch code {
	case modbus.ExceptionCodeIllegalFunction:
		return gatehouse.ReasonModbusFunction
	case modbus.ExceptionCodeIllegalDataAddress:
		return gatehouse.ReasonModbusAddress
	case modbus.ExceptionCodeIllegalDataValue:
		return gatehouse.ReasonModbusValue
	case modbus.ExceptionCodeServerDeviceFailure:
		return gatehouse.ReasonModbusFailed
	case modbus.ExceptionCodeAcknowledge, modbus.ExceptionCodeServerDeviceBusy:
		return gatehouse.ReasonModbusBusy
	case modbus.ExceptionCodeGatewayPathUnavailable:
		return gatehouse.ReasonModbusPath
	case modbus.ExceptionCodeGatewayTargetDeviceFailedToRespond:
		return gatehouse.ReasonModbusUnit
	}
	return gatehouse.ReasonModbusOther
}
