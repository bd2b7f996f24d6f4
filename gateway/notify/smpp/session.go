package smpp

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	"github.com/gatehouse-iot/gatehouse/gateway/notify/outward"
)

const (
	bindWithin   = 10 * time.Second // to connect, make TLS and be bound
	answerWithin = 10 * time.Second // for a write, and beyond the pause between two enquiries
	mostPDU      = data.MAX_PDU_LEN // bytes
)

// session is one bound connection. It ends by itself where the other side unbinds, or says nothing
// though it was asked.
type session struct {
	conn  net.Conn
	hear  func(*pdu.DeliverSM) data.CommandStatusType // what the centre delivers
	ended chan struct{}                               // closed when it is of no use any more

	writing sync.Mutex

	mu    sync.Mutex
	waits map[int32]waiting
	last  int32 // sequence number
	why   error // once it ended
}

// waiting is a request without an answer.
type waiting struct {
	answered chan answer
	// called with mu held, before anything that the centre says later and before ask returns
	taken func(id string)
}

// answer is what the centre said to a request.
type answer struct {
	status data.CommandStatusType
	id     string // what it calls the message
}

// refusal is a status that is not 0.
type refusal data.CommandStatusType

func (r refusal) Error() string {
	said := data.CommandStatusType(r)
	return fmt.Sprintf("the message centre answered %#02x %s", uint32(r), said.Desc())
}

// bind connects and binds, and starts what reads and what enquires; both end with the session.
func bind(
	ctx context.Context, o settings, hear func(*pdu.DeliverSM) data.CommandStatusType, wg *sync.WaitGroup,
) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, bindWithin)
	defer cancel()
	conn, err := outward.Dialer(o.private).DialContext(ctx, "tcp", o.address)
	if err != nil {
		return nil, err
	}
	if o.tls != nil {
		secured := tls.Client(conn, o.tls)
		if err := secured.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, err
		}
		conn = secured
	}
	s := &session{
		conn:  conn,
		hear:  hear,
		ended: make(chan struct{}),
		waits: map[int32]waiting{},
	}
	in := bufio.NewReader(conn)
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	err = s.bind(in, o)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		conn.Close()
		if ctx.Err() != nil {
			err = errors.New("the message centre did not answer the bind in time")
		}
		return nil, err
	}
	wg.Go(func() { s.read(in, o.enquire+answerWithin) })
	wg.Go(func() { s.enquire(o.enquire) })
	return s, nil
}

func (s *session) bind(in io.Reader, o settings) error {
	p := pdu.NewBindRequest(pdu.Transceiver)
	p.SystemID, p.Password, p.SystemType = o.systemID, o.password, o.systemType
	s.last++
	p.SetSequenceNumber(s.last)
	if err := s.write(p); err != nil {
		return err
	}
	for {
		h, _, err := frame(in)
		if err != nil {
			return fmt.Errorf("the message centre hung up at the bind: %w", err)
		}
		if h.CommandID != data.BIND_TRANSCEIVER_RESP && h.CommandID != data.GENERIC_NACK {
			continue
		}
		if h.CommandStatus != data.ESME_ROK {
			return refusal(h.CommandStatus)
		}
		return nil
	}
}

// frame reads one PDU. Of one that is garbled or unknown p is nil: the next one can be read.
func frame(in io.Reader) (h pdu.Header, p pdu.PDU, err error) {
	var head [16]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return h, nil, err
	}
	h = pdu.ParseHeader(head)
	if n := binary.BigEndian.Uint32(head[:]); n < uint32(len(head)) || n > mostPDU {
		return h, nil, fmt.Errorf("a PDU of %d bytes", n)
	}
	all := make([]byte, h.CommandLength)
	copy(all, head[:])
	if _, err := io.ReadFull(in, all[len(head):]); err != nil {
		return h, nil, err
	}
	if p, err = pdu.Parse(bytes.NewReader(all)); err != nil {
		p = nil
	}
	return h, p, nil
}

// read takes what the centre says until the session ends. patience is how long it may say nothing.
func (s *session) read(in io.Reader, patience time.Duration) {
	for {
		if err := s.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			s.end(err)
			return
		}
		h, p, err := frame(in)
		if err == nil {
			err = s.take(h, p)
		}
		if err != nil {
			s.end(err)
			return
		}
	}
}

var errUnbound = errors.New("the message centre ended the connection")

// take answers a request of the centre, or hands on its answer to one of ours.
func (s *session) take(h pdu.Header, p pdu.PDU) error {
	var out pdu.PDU
	switch x := p.(type) {
	case *pdu.EnquireLink:
		out = x.GetResponse()
	case *pdu.Unbind:
		_ = s.write(x.GetResponse())
		return errUnbound
	case *pdu.DeliverSM:
		resp := x.GetResponse().(*pdu.DeliverSMResp)
		resp.CommandStatus = s.hear(x)
		out = resp
	default:
		if h.CommandID < 0 { // the highest bit is set in answers
			s.answer(h, p)
			return nil
		}
		nack := pdu.NewGenericNack().(*pdu.GenericNack)
		nack.CommandStatus = data.ESME_RINVCMDID
		out = nack
	}
	out.SetSequenceNumber(h.SequenceNumber)
	return s.write(out)
}

func (s *session) answer(h pdu.Header, p pdu.PDU) {
	a := answer{status: h.CommandStatus}
	if x, ok := p.(*pdu.SubmitSMResp); ok {
		a.id = x.MessageID
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w, ok := s.waits[h.SequenceNumber]
	delete(s.waits, h.SequenceNumber)
	if !ok {
		return // it comes too late, or is none
	}
	if a.status == data.ESME_ROK {
		w.taken(a.id)
	}
	w.answered <- a // it holds one
}

// enquire asks now and then whether the other side is still there; read ends the session if not.
func (s *session) enquire(every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-s.ended:
			return
		case <-ticker.C:
		}
		p := pdu.NewEnquireLink()
		s.mu.Lock()
		s.number(p)
		s.mu.Unlock()
		if err := s.write(p); err != nil {
			s.end(err)
		}
	}
}

// number gives a request its sequence number, from 1 to 0x7fffffff; mu is held.
func (s *session) number(p pdu.PDU) int32 {
	s.last = max(1, (s.last+1)&0x7fffffff)
	p.SetSequenceNumber(s.last)
	return s.last
}

// ask sends a request and waits for its answer. Where there is none, sent says whether the centre may
// have the request.
func (s *session) ask(ctx context.Context, p pdu.PDU, taken func(id string)) (a answer, sent bool, err error) {
	w := waiting{
		answered: make(chan answer, 1),
		taken:    taken,
	}
	s.mu.Lock()
	if s.why != nil {
		s.mu.Unlock()
		return a, false, s.why
	}
	n := s.number(p)
	s.waits[n] = w
	s.mu.Unlock()
	if err := s.write(p); err != nil {
		s.end(err)
		return a, true, err // some of it may have left
	}
	select {
	case a = <-w.answered:
		return a, true, nil
	case <-s.ended:
		err = s.why
	case <-ctx.Done():
		err = errors.New("the message centre did not answer in time")
	}
	s.mu.Lock()
	delete(s.waits, n)
	s.mu.Unlock()
	select {
	case a = <-w.answered: // it came meanwhile
		return a, true, nil
	default:
		return a, true, err
	}
}

func (s *session) write(p pdu.PDU) error { return s.writeWithin(answerWithin, p) }

func (s *session) writeWithin(limit time.Duration, p pdu.PDU) error {
	b := pdu.NewBuffer(nil)
	p.Marshal(b)
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.conn.SetWriteDeadline(time.Now().Add(limit)); err != nil {
		return err
	}
	_, err := s.conn.Write(b.Bytes())
	return err
}

// end closes the connection; it may be called again.
func (s *session) end(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.why != nil {
		return
	}
	s.why = why
	s.conn.Close()
	close(s.ended)
}

// unbind says good-bye and ends.
func (s *session) unbind() {
	p := pdu.NewUnbind()
	s.mu.Lock()
	s.number(p)
	s.mu.Unlock()
	_ = s.conn.SetWriteDeadline(time.Now().Add(time.Second)) // for a write that hangs
	_ = s.writeWithin(time.Second, p)                        // the other side may be gone
	s.end(net.ErrClosed)
}
