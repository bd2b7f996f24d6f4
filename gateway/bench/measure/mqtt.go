//go:build linux

package measure

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"time"
)

// Dial connects as an MQTT 3.1.1 client with a clean session and waits for CONNACK. An empty
// user sends neither name nor password.
func Dial(addr, client, user, password string) (*net.TCPConn, error) {
	c, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return nil, err
	}
	conn := c.(*net.TCPConn)
	body := []byte("\x00\x04MQTT\x04\x02\x00\x00")
	body = appendText(body, client)
	if user != "" {
		body[7] |= 0xc0
		body = appendText(appendText(body, user), password)
	}
	pkt := append(binary.AppendUvarint([]byte{0x10}, uint64(len(body))), body...)
	var ack [4]byte
	err = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if err == nil {
		_, err = conn.Write(pkt)
	}
	if err == nil {
		_, err = io.ReadFull(conn, ack[:])
	}
	if err == nil && ack[3] != 0 {
		err = fmt.Errorf("refused with code %d", ack[3])
	}
	if err == nil {
		err = conn.SetDeadline(time.Time{})
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("connect as %s: %w", client, err)
	}
	return conn, nil
}

func appendText(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

// Publish is a QoS 1 publication; the two bytes at idAt are for its identifier.
func Publish(topic string, body []byte) (packet []byte, idAt int) {
	packet = binary.AppendUvarint([]byte{0x32}, uint64(2+len(topic)+2+len(body)))
	packet = appendText(packet, topic)
	idAt = len(packet)
	return append(append(packet, 0, 0), body...), idAt
}

// Acks hands the identifier of each PUBACK in b to f and returns the rest, part of one that is not
// complete: put it before what comes next.
func Acks(b []byte, f func(id uint16)) (rest []byte, err error) {
	for ; len(b) >= 4; b = b[4:] {
		if b[0] != 0x40 || b[1] != 2 {
			return nil, fmt.Errorf("packet % x where an acknowledgement was due", b[:4])
		}
		f(binary.BigEndian.Uint16(b[2:]))
	}
	return bytes.Clone(b), nil
}

// Descriptor is the socket's file descriptor, for epoll. It belongs to the connection, and is valid
// as long as that.
func Descriptor(conn *net.TCPConn) (int, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	fd := 0
	err = raw.Control(func(f uintptr) { fd = int(f) })
	return fd, err
}
