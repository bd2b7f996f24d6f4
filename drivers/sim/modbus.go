package sim

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"time"
)

// Modbus exception codes (Modbus Application Protocol V1.1b3, section 7).
const (
	illegalFunction = 0x01
	illegalAddress  = 0x02
	illegalValue    = 0x03
	targetBusy      = 0x06
	targetSilent    = 0x0B
)

// maxModbusConns limits the connections to one simulated server; more are closed at once.
const maxModbusConns = 64

// modbusServer serves Modbus TCP for the units behind one address.
type modbusServer struct {
	now func() time.Time
	odd Odd

	mu    sync.Mutex
	asked int // requests on all connections
	units map[byte]*bank
	late  time.Duration // delay of the next response
}

func (s *modbusServer) plug(unit byte, b *bank) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b == nil {
		delete(s.units, unit)
	} else {
		s.units[unit] = b
	}
}

func (s *modbusServer) delayNext(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.late = d
}

func (s *modbusServer) takeLate() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.late
	s.late = 0
	return d
}

// serve answers on ln until ctx ends, then closes it and all connections.
func (s *modbusServer) serve(ctx context.Context, ln net.Listener) {
	serveConns(ctx, ln, maxModbusConns, func(c net.Conn) {
		for {
			answered, err := s.answer(ctx, c)
			if err != nil || answered && s.odd.HangUp {
				return
			}
		}
	})
}

// answer reads one request and writes its response (Modbus Messaging on TCP/IP V1.0b, section 3.1);
// it returns false if it sends none.
func (s *modbusServer) answer(ctx context.Context, c net.Conn) (bool, error) {
	if err := s.odd.patient(c); err != nil {
		return false, err
	}
	var h [7]byte
	if _, err := io.ReadFull(c, h[:]); err != nil {
		return false, err
	}
	n := int(binary.BigEndian.Uint16(h[4:6])) - 1
	if binary.BigEndian.Uint16(h[2:4]) != 0 || n < 1 || n > 253 {
		return false, io.ErrUnexpectedEOF
	}
	pdu := make([]byte, n)
	if _, err := io.ReadFull(c, pdu); err != nil {
		return false, err
	}
	reply := s.oddly(h[6], pdu)
	if reply == nil {
		return false, nil
	}
	if s.odd.ZeroID {
		h[0], h[1] = 0, 0
	}
	if d := s.takeLate() + s.odd.Slow; d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	binary.BigEndian.PutUint16(h[4:6], uint16(len(reply)+1))
	_, err := c.Write(append(h[:], reply...))
	return err == nil, err
}

// oddly is reply with the configured faults; nil means no response.
func (s *modbusServer) oddly(unit byte, pdu []byte) []byte {
	s.mu.Lock()
	s.asked++
	asked := s.asked
	s.mu.Unlock()
	if len(pdu) >= 5 &&
		s.odd.mute(pdu[0], int(binary.BigEndian.Uint16(pdu[1:3])),
			int(binary.BigEndian.Uint16(pdu[3:5]))) {
		return nil
	}
	if code := s.odd.refuses(pdu[0], asked); code != 0 {
		return exception(pdu[0], code)
	}
	return s.reply(unit, pdu)
}

func (s *modbusServer) reply(unit byte, pdu []byte) []byte {
	s.mu.Lock()
	b := s.units[unit]
	s.mu.Unlock()
	if b == nil {
		return exception(pdu[0], targetSilent)
	}
	if len(pdu) < 5 {
		return exception(pdu[0], illegalValue)
	}
	addr, n := int(binary.BigEndian.Uint16(pdu[1:3])), int(binary.BigEndian.Uint16(pdu[3:5]))
	switch pdu[0] {
	case 1, 2:
		return s.readBits(b, pdu[0], addr, n)
	case 3, 4:
		return s.readRegisters(b, pdu[0], addr, n)
	case 5:
		if n != 0 && n != 0xFF00 {
			return exception(5, illegalValue)
		}
		return done(pdu, b.writeCoils(addr, []bool{n == 0xFF00}))
	case 6:
		return done(pdu, b.write(addr, pdu[3:5]))
	case 15:
		if len(pdu) < 6 || n < 1 || n > 1968 || int(pdu[5]) != (n+7)/8 ||
			len(pdu) != 6+int(pdu[5]) {
			return exception(15, illegalValue)
		}
		on := make([]bool, n)
		for i := range on {
			on[i] = pdu[6+i/8]>>(i%8)&1 == 1
		}
		return done(pdu, b.writeCoils(addr, on))
	case 16:
		if len(pdu) < 6 || n < 1 || n > 123 || int(pdu[5]) != 2*n || len(pdu) != 6+2*n {
			return exception(16, illegalValue)
		}
		return done(pdu, b.write(addr, pdu[6:]))
	}
	return exception(pdu[0], illegalFunction)
}

func (s *modbusServer) readBits(b *bank, fc byte, addr, n int) []byte {
	if n < 1 || n > 2000 {
		return exception(fc, illegalValue)
	}
	on, ok := b.bits(map[byte]string{1: coil, 2: discrete}[fc], addr, n, s.now())
	if !ok {
		return exception(fc, illegalAddress)
	}
	out := make([]byte, 2+(n+7)/8)
	out[0], out[1] = fc, byte((n+7)/8)
	for i, o := range on {
		if o {
			out[2+i/8] |= 1 << (i % 8)
		}
	}
	return out
}

func (s *modbusServer) readRegisters(b *bank, fc byte, addr, n int) []byte {
	if n < 1 || n > 125 {
		return exception(fc, illegalValue)
	}
	data, ok := b.read(map[byte]string{3: holding, 4: input}[fc], addr, n, s.now())
	if !ok {
		return exception(fc, illegalAddress)
	}
	return append([]byte{fc, byte(2 * n)}, data...)
}

func exception(fc, code byte) []byte { return []byte{fc | 0x80, code} }

// done is the response to a write: its first five bytes, or an exception.
func done(pdu []byte, ok bool) []byte {
	if !ok {
		return exception(pdu[0], illegalAddress)
	}
	return pdu[:5]
}
