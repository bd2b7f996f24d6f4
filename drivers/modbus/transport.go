package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/goburrow/modbus"

	"github.com/gatehouse-iot/gatehouse/drivers"
)

// tcpHandler is a Modbus TCP transport that tolerates responses of equipment in the field: with
// unit or transaction 0, or with unit 255, "the equipment itself" (Modbus Messaging on TCP/IP
// V1.0b, section 4.4.2.2). It cannot rely on the transaction to detect late responses; the line
// closes the connection after any error instead.
type tcpHandler struct {
	*modbus.TCPClientHandler
	dialled
}

// dialled is a TCP connection that is opened when it is needed, within the device's reach. The
// library's own dialling would bypass that check.
type dialled struct {
	address string
	reach   drivers.Reach
	conn    net.Conn
}

// ready connects if necessary, and sets the deadline of the next exchange.
func (d *dialled) ready(timeout time.Duration) error {
	if d.conn == nil {
		c, err := d.reach.Dialer(timeout).Dial("tcp", d.address)
		if err != nil {
			return err
		}
		d.conn = c
	}
	return d.conn.SetDeadline(time.Now().Add(timeout))
}

func (d *dialled) hangUp() error {
	if d.conn == nil {
		return nil
	}
	err := d.conn.Close()
	d.conn = nil
	return err
}

// Limits of a frame (Modbus Messaging on TCP/IP V1.0b, section 3.1.3).
const (
	headerSize = 7
	longest    = 260
)

// Close implements io.Closer.
func (h *tcpHandler) Close() error { return h.hangUp() }

// Send implements modbus.Transporter.
func (h *tcpHandler) Send(ask []byte) ([]byte, error) {
	if err := h.ready(h.Timeout); err != nil {
		return nil, err
	}
	if _, err := h.conn.Write(ask); err != nil {
		return nil, err
	}
	b := make([]byte, longest)
	if _, err := io.ReadFull(h.conn, b[:headerSize]); err != nil {
		return nil, err
	}
	end := headerSize - 1 + int(binary.BigEndian.Uint16(b[4:])) // both count the unit
	if end <= headerSize || end > longest {
		return nil, fmt.Errorf("the answer says that it has %d bytes", end)
	}
	_, err := io.ReadFull(h.conn, b[headerSize:end])
	return b[:end], err
}

// Verify implements modbus.Packager.
func (h *tcpHandler) Verify(ask, answer []byte) error {
	if len(answer) < 8 || len(ask) < 8 {
		return fmt.Errorf("the answer has %d bytes, fewer than any has", len(answer))
	}
	for _, x := range []struct {
		what      string
		got, want uint16
		also      []uint16 // accepted too
	}{
		{"transaction", binary.BigEndian.Uint16(answer), binary.BigEndian.Uint16(ask), []uint16{0}},
		{"protocol", binary.BigEndian.Uint16(answer[2:]), 0, nil},
		{"unit", uint16(answer[6]), uint16(ask[6]), []uint16{0, 255}},
		{"function", uint16(answer[7] &^ 0x80), uint16(ask[7]), nil},
	} {
		if x.got == x.want || slices.Contains(x.also, x.got) {
			continue
		}
		err := fmt.Errorf("the answer is to %s %d and the question was to %d", x.what, x.got,
			x.want)
		if x.what == "transaction" {
			return &staleError{err}
		}
		return err
	}
	return nil
}

// staleError is a response to an earlier request on this connection: some equipment responds twice.
type staleError struct{ error }

// rtuOverTCP sends RTU frames over TCP, as simple serial converters expect.
type rtuOverTCP struct {
	*modbus.RTUClientHandler
	dialled
	timeout time.Duration
}

// Close implements io.Closer.
func (h *rtuOverTCP) Close() error { return h.hangUp() }

// Verify implements modbus.Packager.
func (h *rtuOverTCP) Verify(ask, answer []byte) error {
	if len(answer) < 4 || len(ask) < 4 {
		return fmt.Errorf("the answer has %d bytes, fewer than any has", len(answer))
	}
	if answer[0] != ask[0] || answer[1]&^0x80 != ask[1] {
		return fmt.Errorf("the answer is of unit %d to function %d, and the question was to unit "+
			"%d with %d",
			answer[0], answer[1]&^0x80, ask[0], ask[1])
	}
	return nil
}

// Send implements modbus.Transporter.
func (h *rtuOverTCP) Send(ask []byte) ([]byte, error) {
	if err := h.ready(h.timeout); err != nil {
		return nil, err
	}
	if _, err := h.conn.Write(ask); err != nil {
		return nil, err
	}
	return readFrame(h.conn)
}

// readFrame reads one RTU frame, whose length follows from its first three bytes (Modbus over
// Serial Line V1.02, section 2.5.1; Application Protocol V1.1b3, section 6).
func readFrame(r io.Reader) ([]byte, error) {
	b := make([]byte, 3, 256)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	// address or value (2), count (2) and checksum (2), of which one byte has been read
	rest := 5
	switch {
	case b[1]&0x80 != 0:
		rest = 2
	case b[1] >= 1 && b[1] <= 4:
		rest = int(b[2]) + 2
	case b[1] != 5 && b[1] != 6 && b[1] != 15 && b[1] != 16:
		return nil, fmt.Errorf("the answer has the function %d, which was not asked for", b[1])
	}
	b = b[:3+rest]
	_, err := io.ReadFull(r, b[3:])
	return b, err
}
