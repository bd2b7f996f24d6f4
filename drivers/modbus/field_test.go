package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// odd is Modbus equipment with the faults seen in the field. A register holds its own number;
// answer may change the response (unit, function and data, without header) or drop it (nil).
type odd struct {
	answer func(ask, answer []byte) []byte
	hangUp bool // after each response
	frames bool // serial-line (RTU) frames over TCP
	zero   bool // transaction 0 in responses
	twice  bool // each response twice
	lags   bool // the previous request's transaction

	mu      sync.Mutex
	asked   [][]byte
	written map[int]uint16
}

func (o *odd) start(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer c.Close()
				stop := make(chan struct{})
				defer close(stop)
				go func() {
					select {
					case <-t.Context().Done():
						c.Close()
					case <-stop:
					}
				}()
				for o.serve(c) == nil && !o.hangUp {
				}
			})
		}
	})
	t.Cleanup(func() { ln.Close(); serving.Wait() })
	return ln.Addr().String()
}

func (o *odd) serve(c net.Conn) error {
	head := make([]byte, 6)
	var ask []byte
	if o.frames {
		ask = make([]byte, 8)
		if _, err := io.ReadFull(c, ask); err != nil {
			return err
		}
		ask = ask[:6]
	} else {
		if _, err := io.ReadFull(c, head); err != nil {
			return err
		}
		ask = make([]byte, binary.BigEndian.Uint16(head[4:]))
		if _, err := io.ReadFull(c, ask); err != nil {
			return err
		}
	}
	o.mu.Lock()
	o.asked = append(o.asked, ask)
	answer := o.reply(ask)
	if o.answer != nil {
		answer = o.answer(ask, answer)
	}
	o.mu.Unlock()
	if answer == nil {
		return nil
	}
	if o.frames {
		_, err := c.Write(append(answer, sum(answer)...))
		return err
	}
	if o.zero {
		head[0], head[1] = 0, 0
	}
	if o.lags {
		binary.BigEndian.PutUint16(head, binary.BigEndian.Uint16(head)-1)
	}
	binary.BigEndian.PutUint16(head[4:], uint16(len(answer)))
	frame := append(head, answer...)
	if o.twice {
		frame = append(frame, frame...)
	}
	_, err := c.Write(frame)
	return err
}

func (o *odd) reply(ask []byte) []byte {
	addr, n := int(binary.BigEndian.Uint16(ask[2:])), int(binary.BigEndian.Uint16(ask[4:]))
	switch ask[1] {
	case 3, 4:
		out := []byte{ask[0], ask[1], byte(2 * n)}
		for i := range n {
			out = binary.BigEndian.AppendUint16(out, uint16(addr+i))
		}
		return out
	case 6, 16:
		if o.written == nil {
			o.written = map[int]uint16{}
		}
		v := ask[4:]
		if ask[1] == 16 {
			v = ask[7:]
		}
		o.written[addr] = binary.BigEndian.Uint16(v)
		return ask[:6]
	}
	return []byte{ask[0], ask[1] | 0x80, 1}
}

// sum is the checksum of a serial line's frame (Modbus over Serial Line V1.02, section 6.2.2).
func sum(b []byte) []byte {
	c := uint16(0xFFFF)
	for _, x := range b {
		c ^= uint16(x)
		for range 8 {
			odd := c&1 == 1
			if c >>= 1; odd {
				c ^= 0xA001
			}
		}
	}
	return []byte{byte(c), byte(c >> 8)}
}

func exception(code byte) func(ask, answer []byte) []byte {
	return func(ask, _ []byte) []byte { return []byte{ask[0], ask[1] | 0x80, code} }
}

// covers reports whether a read request includes a register.
func covers(ask []byte, register int) bool {
	addr, n := int(binary.BigEndian.Uint16(ask[2:])), int(binary.BigEndian.Uint16(ask[4:]))
	return register >= addr && register < addr+n
}

func fieldDevice(addr string) drivers.Device {
	return drivers.Device{
		ID: "odd",
		Address: map[string]string{
			"address":  addr,
			"interval": "10ms",
			"timeout":  "300ms",
			"gap":      "100",
		},
		Profile: gatehouse.Profile{
			ID: "odd", Properties: map[string]gatehouse.Property{
				"a": property("holding:200", "as=uint16", "writable"),
				"b": property("holding:202", "as=uint16"), "c": property("input:7"),
			}},
	}
}

// TestEquipmentAsItIs: equipment with odd responses is read all the same, across a reconnect, and
// its state does not flap.
func TestEquipmentAsItIs(t *testing.T) {
	for name, o := range map[string]*odd{
		"plain":                      {},
		"hangs up after each answer": {hangUp: true},
		"unit 0 in answers": {answer: func(_, answer []byte) []byte {
			answer[0] = 0
			return answer
		}},
		"unit 255 in answers": {answer: func(_, answer []byte) []byte {
			answer[0] = 255
			return answer
		}},
		"transaction 0 in answers": {zero: true},
		"answers twice":            {twice: true},
		"transaction of before":    {lags: true},
		"frames of a serial line":  {frames: true},
	} {
		t.Run(name, func(t *testing.T) {
			addr := o.start(t)
			if o.frames {
				addr = "rtu+tcp://" + addr
			}
			box := &inbox{}
			connect(t, newDriver(), fieldDevice(addr), box.emit)
			n := 0
			box.wait(t, "ten readings", func(obs gatehouse.Observation) bool {
				if obs.Status != nil {
					t.Fatalf("its state changed: %+v", obs.Status)
				}
				if n++; obs.Reading != nil {
					want := map[string]gatehouse.Value{
						"a": gatehouse.NumberValue(200),
						"b": gatehouse.NumberValue(202),
						"c": gatehouse.NumberValue(7),
					}
					if d := cmp.Diff(obs.Reading.Values, want,
						cmp.Comparer(func(x, y gatehouse.Value) bool { return x == y })); d != "" {
						t.Fatalf("got - want +:\n%s", d)
					}
				}
				return n >= 10
			})
		})
	}
}

// TestBusyEquipmentIsAskedAgain: every other response is "busy".
func TestBusyEquipmentIsAskedAgain(t *testing.T) {
	n := 0
	o := &odd{answer: func(ask, answer []byte) []byte {
		if n++; n%2 == 1 {
			return []byte{ask[0], ask[1] | 0x80, 6}
		}
		return answer
	}}
	p, err := newDriver().Probe(t.Context(), fieldDevice(o.start(t)))
	if err != nil || len(p.Values) != 3 || strings.Contains(p.Message, "busy") {
		t.Errorf("got %+v, %v, want three values and no word of it", p, err)
	}
}

// TestAHoleTakesItsOwnValueOnly: one register among others is refused or does not respond.
func TestAHoleTakesItsOwnValueOnly(t *testing.T) {
	for name, bad := range map[string]func(ask, answer []byte) []byte{
		"exception 1": exception(1),
		"exception 4": exception(4), "mute": func(_, _ []byte) []byte { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			o := &odd{answer: func(ask, answer []byte) []byte {
				if ask[1] == 3 && covers(ask, 202) {
					return bad(ask, answer)
				}
				return answer
			}}
			p, err := newDriver().Probe(t.Context(), fieldDevice(o.start(t)))
			if err != nil || len(p.Values) != 2 || !strings.Contains(p.Message, "holding:202") {
				t.Errorf("got %+v, %v, want two values, and that holding:202 has none", p, err)
			}
		})
	}
}

// TestAnAnswerToAnotherFunctionIsSaidToBeOne, not reported as exception 2.
func TestAnAnswerToAnotherFunctionIsSaidToBeOne(t *testing.T) {
	o := &odd{answer: func(_, answer []byte) []byte { answer[1] = 4; return answer }}
	_, err := newDriver().Probe(t.Context(), fieldDevice(o.start(t)))
	if err == nil ||
		!strings.Contains(err.Error(), "the answer is to function 4 and the question was to 3") {
		t.Errorf("got %v, want both functions named", err)
	}
}

// TestWriting: equipment that supports only writing several registers at once; values between two
// steps of the scale.
func TestWriting(t *testing.T) {
	o := &odd{answer: func(ask, answer []byte) []byte {
		if ask[1] == 6 {
			return []byte{ask[0], ask[1] | 0x80, 1}
		}
		return answer
	}}
	d, box := newDriver(), &inbox{}
	connect(t, d, fieldDevice(o.start(t)), box.emit)
	box.wait(t, "a reading", func(o gatehouse.Observation) bool { return o.Reading != nil })
	write := func(v float64) error {
		_, err := d.Command(t.Context(),
			drivers.Command{
				Device: "odd",
				Action: "write",
				Values: map[string]gatehouse.Value{"a": gatehouse.NumberValue(v)},
			})
		return err
	}
	if err := write(77); err != nil || o.written[200] != 77 {
		t.Errorf("got %v and %v, want 77 written", err, o.written)
	}
	if err := write(1.5); err == nil || !strings.Contains(err.Error(), "write 1 or 2") {
		t.Errorf("1.5: got %v, want it refused with 1 or 2", err)
	}
}

// TestForms: raw registers are decoded, and numbers encode to the same bytes.
func TestForms(t *testing.T) {
	for _, c := range []struct {
		as, order, none, kind string
		bytes                 []byte
		want                  string
	}{
		{"int8", "", "", "number", []byte{0x12, 0xFE}, "-2"},
		{"uint8", "BADC", "", "number", []byte{0xFE, 0x12}, "254"},
		{"int64", "", "", "number", []byte{0, 0, 0, 1, 0x2A, 5, 0xF2, 0}, "5e+09"},
		{"uint64", "CDAB", "", "number", []byte{0xF2, 0, 0x2A, 5, 0, 1, 0, 0}, "5e+09"},
		{"float64", "DCBA", "", "number", []byte{0, 0, 0, 0, 0, 0, 0x0C, 0x40}, "3.5"},
		{"string:4", "", "", "string", []byte("METER-42"), "METER-42"},
		{"string:3", "BADC", "", "string", []byte("EMET\x00R"), "METER"},
		{"bit:3", "BADC", "", "boolean", []byte{8, 0}, "true"},
		{
			"int16",
			"",
			"0x7FFF, 0x8000",
			"number",
			[]byte{0x80, 0},
			"!x (holding:5) reads 0x8000, which stands for no value",
		},
		{"int16", "", "0x7FFF", "number", []byte{0x80, 0}, "-32768"},
	} {
		prop := gatehouse.Property{
			Type:  c.kind,
			Forms: map[string]string{"register": "holding:5", "as": c.as},
		}
		for key, v := range map[string]string{"order": c.order, "none": c.none} {
			if v != "" {
				prop.Forms[key] = v
			}
		}
		p, err := parsePoint("x", prop)
		if err != nil {
			t.Errorf("%s: %v", c.as, err)
			continue
		}
		v, err := p.decode(c.bytes)
		got := v.String()
		if err != nil {
			got = "!" + err.Error()
		}
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%s %s: got %q, want %q", c.as, c.order, got, c.want)
		}
		if c.kind == "number" && err == nil && p.size() > 1 {
			if b, err := p.encode(v); err != nil || !bytes.Equal(b, c.bytes) {
				t.Errorf("%s %s back: got %x, %v, want %x", c.as, c.order, b, err, c.bytes)
			}
		}
	}
	for _, forms := range []map[string]string{
		{"register": "holding:5", "as": "string:0"}, {"register": "holding:5", "none": "x"},
		{"register": "holding:65533", "as": "int64"},
	} {
		kind := "number"
		if strings.HasPrefix(forms["as"], "string") {
			kind = "string"
		}
		if _, err := parsePoint("x", gatehouse.Property{Type: kind, Forms: forms}); err == nil {
			t.Errorf("%v: got none, want an error", forms)
		}
	}
}

// TestPause: the pause between a response and the next request is kept.
func TestPause(t *testing.T) {
	var last time.Time
	o := &odd{answer: func(_, answer []byte) []byte {
		soon := time.Since(last) < 30*time.Millisecond
		if last = time.Now(); soon {
			return nil
		}
		return answer
	}}
	dev := fieldDevice(o.start(t))
	dev.Address["pause"] = "40ms"
	if p, err := newDriver().Probe(t.Context(), dev); err != nil || len(p.Values) != 3 {
		t.Errorf("got %+v, %v, want three values", p, err)
	}
}

// FuzzFrames: any input is a frame or an error, never a panic.
func FuzzFrames(f *testing.F) {
	f.Add([]byte{1, 3, 2, 0, 7, 0xF9, 0x86}, []byte{0, 1, 0, 0, 0, 5, 1, 3, 2, 0, 7})
	f.Add([]byte{1, 0x83, 2, 0xC0, 0xF1}, []byte{0, 0, 0, 0, 0, 3, 0, 0x83, 2})
	f.Add([]byte{1, 16, 0, 1, 0, 1, 0, 0}, []byte{})
	f.Fuzz(func(t *testing.T, line, tcp []byte) {
		b, err := readFrame(bytes.NewReader(line))
		if err == nil && len(b) > len(line) {
			t.Errorf("%d bytes out of %d", len(b), len(line))
		}
		ask := []byte{0, 1, 0, 0, 0, 6, 1, 3, 0, 5, 0, 1}
		if err := (&tcpHandler{}).Verify(ask, tcp); err == nil &&
			(len(tcp) < 8 || tcp[7]&^0x80 != 3) {
			t.Errorf("%x passes for an answer", tcp)
		}
		err = (&rtuOverTCP{}).Verify([]byte{1, 3, 0, 5, 0, 1}, b)
		if err == nil && (len(b) < 4 || b[0] != 1) {
			t.Errorf("%x passes for an answer", b)
		}
		for form, n := range forms() {
			p := point{
				property: "x",
				kind:     "number",
				table:    holding,
				form:     form,
				order:    "DCBA",
				scale:    1,
			}
			if len(line) < 2*n {
				continue
			}
			if v, err := p.decode(line[:2*n]); err == nil && v.Kind() != gatehouse.Number {
				t.Error(errors.New(fmt.Sprint(form, " is no number: ", v)))
			}
		}
	})
}

// TestALostPacketDoesNotSplitABlockForEver: a missing response splits the block, and ten minutes
// later it is read as a whole again.
func TestALostPacketDoesNotSplitABlockForEver(t *testing.T) {
	asked := 0
	o := &odd{answer: func(_, answer []byte) []byte {
		if asked++; asked == 1 {
			return nil
		}
		return answer
	}}
	set, err := parseSettings(fieldDevice(o.start(t)))
	if err != nil {
		t.Fatal(err)
	}
	clock := time.Now()
	whole := plan(set.points, set.gap)
	s := &session{set: set, line: newLine(set.target), blocks: whole, now: func() time.Time { return clock }}
	defer s.line.close()
	round := func() int {
		before := asked
		if values, troubles, err := s.readAll(t.Context()); err != nil || len(values) != 3 {
			t.Fatalf("got %v, %v, %v, want three values", values, troubles, err)
		}
		return asked - before
	}
	round()
	if n := round(); n <= len(whole) {
		t.Fatalf("got %d requests after the lost packet, want more than %d", n, len(whole))
	}
	clock = clock.Add(rejoinAfter)
	if n := round(); n != len(whole) {
		t.Errorf("got %d requests after %s, want %d again", n, rejoinAfter, len(whole))
	}
}
