package mqttfront

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/gatehouse-iot/gatehouse/drivers/listen"
)

// serve takes one connection from its first byte to its last.
func (f *Front) serve(ctx context.Context, conn net.Conn) {
	c := &client{
		f:        f,
		conn:     conn,
		in:       make([]byte, readBuffer),
		finished: make(chan struct{}),
	}
	defer close(c.finished)
	cert, err := f.prepare(ctx, c)
	if err != nil {
		f.refuse(c, nil, 0, err)
		return
	}
	first, body, err := c.read()
	if err == nil && first != tConnect<<4 {
		err = malformed("fixed header flags")
	}
	if err != nil {
		f.refuse(c, nil, 0, err)
		return
	}
	con, err := readConnect(body)
	if err != nil {
		f.refuse(c, con, connectCode(err), err)
		return
	}
	c.v5 = con.version == 5
	id, err := f.authenticate(ctx, c, con, cert)
	if err != nil {
		f.refuse(c, con, cmp.Or(connectCode(err), rcCredentials), err)
		return
	}
	assigned := ""
	if con.clientID == "" {
		assigned = "auto-" + rand.Text()
		con.clientID = assigned
	}
	if err := c.conn.SetDeadline(time.Time{}); err != nil {
		f.refuse(c, con, 0, err)
		return
	}
	if err := f.attach(c, con, id, assigned); err != nil {
		f.refuse(c, con, connectCode(err), err)
		return
	}
	listen.Vouch(conn)
	f.present(id, 1, wayOf(conn))
	c.device, c.school = f.enter(id)
	c.serve()
	f.leave(c)
	f.detach(c)
	f.present(id, -1, Way{})
}

// prepare does the TLS handshake, if any, and sets the deadline for CONNECT.
func (f *Front) prepare(ctx context.Context, c *client) (*x509.Certificate, error) {
	if err := c.conn.SetDeadline(time.Now().Add(f.cfg.ConnectTimeout)); err != nil {
		return nil, err
	}
	t, ok := c.conn.(*tls.Conn)
	if !ok {
		sc, ok := c.conn.(syscall.Conn)
		if !ok {
			return nil, nil
		}
		raw, err := sc.SyscallConn()
		if err != nil {
			return nil, err
		}
		c.raw = raw
		return nil, nil
	}
	if err := t.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("TLS handshake: %w", err)
	}
	// Only a certificate that the configured authorities vouch for proves anything.
	if st := t.ConnectionState(); len(st.VerifiedChains) > 0 {
		return st.VerifiedChains[0][0], nil
	}
	return nil, nil
}

// authenticate asks the authenticator, a bounded number of clients at a time.
func (f *Front) authenticate(
	ctx context.Context, c *client, con *connectPacket, cert *x509.Certificate,
) (Identity, error) {
	ctx, cancel := context.WithTimeout(ctx, f.cfg.ConnectTimeout)
	defer cancel()
	select {
	case f.authSlots <- struct{}{}:
	case <-ctx.Done():
		return Identity{}, violation{rcBusy, "authentication is busy"}
	}
	defer func() { <-f.authSlots }()
	id, err := f.auth.Authenticate(ctx, con.clientID, con.username, con.password,
		c.conn.RemoteAddr().String(), cert)
	if err == nil && id.School == "" {
		err = errors.New("no school for the client")
	}
	return id, err
}

// connectCode is the reason in CONNACK for a fault in CONNECT.
func connectCode(err error) byte {
	var v violation
	if errors.As(err, &v) {
		return v.code
	}
	return 0
}

// refuse counts and remembers a refused connection, and answers it where its CONNECT said how.
func (f *Front) refuse(c *client, con *connectPacket, code byte, why error) {
	f.stats.refused.Add(1)
	r := Refusal{
		Time:   time.Now(),
		Remote: c.conn.RemoteAddr().String(),
		Why:    why.Error(),
	}
	if con != nil {
		r.ClientID, r.Username = clip(con.clientID), clip(con.username)
	}
	f.refusals.add(r)
	f.log.Info("mqtt connection refused", "remote", r.Remote, "reason", r.Why)
	if con == nil || code == 0 {
		return
	}
	b := []byte{tConnack << 4, 3, 0, code, 0}
	if con.version < 5 {
		old := connack3(code)
		if old == 0 {
			return
		}
		b = []byte{tConnack << 4, 2, 0, old}
	}
	if n := con.props.maximumPacket; n > 0 && int(n) < len(b) {
		return
	}
	if err := c.conn.SetWriteDeadline(time.Now().Add(time.Second)); err == nil {
		_, _ = c.conn.Write(b) // the connection closes either way
	}
}

// connack3 maps a reason code to MQTT 3.1.1 3.2.2.3; 0 where the connection
// closes without an answer (MQTT 3.1.1 3.1.4).
func connack3(code byte) byte {
	switch code {
	case rcVersion:
		return 1
	case rcClientID:
		return 2
	case rcUnavailable, rcBusy, rcQuota, rcConnectRate:
		return 3
	case rcCredentials:
		return 4
	case rcNotAuthorized:
		return 5
	}
	return 0
}

// attach gives the connection its session, ending another connection of the same client first
// (MQTT5 3.1.4), waits until what must be kept of it is on disk, and answers CONNACK.
func (f *Front) attach(c *client, con *connectPacket, id Identity, assigned string) error {
	present, kept, lost, err := f.seat(c, con, id)
	f.publishWills(lost...)
	if err != nil {
		return err
	}
	if kept != nil {
		if err := <-kept; err != nil {
			f.unseat(c, present)
			return violation{rcUnavailable, err.Error()}
		}
	}
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	c.ready = true
	s.online.Store(true)
	c.write(func(b []byte) []byte { return c.appendConnack(b, present, assigned, con) }, nil)
	s.resume()
	return nil
}

// seat ties the connection to its session, which sends nothing to it yet. kept receives once what
// must be kept of the session is on disk; nil: nothing must. lost are the wills that are due
// because their sessions have ended.
func (f *Front) seat(
	c *client, con *connectPacket, id Identity,
) (present bool, kept chan error, lost []*dueWill, err error) {
	key := sessionKey{id, con.clientID}
	for {
		f.mu.Lock()
		if f.stopping {
			f.mu.Unlock()
			return false, nil, nil, violation{rcUnavailable, "the gateway is stopping"}
		}
		s := f.sessions[key]
		if s == nil {
			break
		}
		s.mu.Lock()
		old := s.c
		s.mu.Unlock()
		if old == nil {
			break
		}
		f.mu.Unlock()
		if err := f.rival(c, old, key); err != nil {
			return false, nil, nil, err
		}
		old.shut(rcTakenOver)
		select {
		case <-old.finished:
		case <-time.After(f.cfg.ConnectTimeout):
			return false, nil, nil, violation{rcUnavailable, "the earlier connection does not end"}
		}
	}
	defer f.mu.Unlock()
	if most := f.bounds.Load().MaxClients; f.stats.clients.Load() >= int64(most) {
		return false, nil, nil, violation{
			rcQuota,
			fmt.Sprintf("%d clients are connected, the most that are allowed", most),
		}
	}
	s := f.sessions[key]
	ended := false // a session that must not come back with a restart
	if s != nil && (con.clean || s.over(time.Now())) {
		lost, ended = f.drop(s), s.number != 0
		s = nil
	}
	present = s != nil
	if s == nil {
		if f.byID[id] >= f.cfg.MaxSessions {
			idle, ok := f.dropIdle(id)
			if lost = append(lost, idle...); !ok {
				return false, nil, lost, violation{
					rcQuota,
					fmt.Sprintf("%d sessions of this device, the most that are allowed",
						f.cfg.MaxSessions),
				}
			}
		}
		s = &session{
			f:        f,
			id:       id,
			clientID: key.clientID,
		}
		f.sessions[key] = s
		f.byID[id]++
		f.stats.sessions.Add(1)
	}
	late, kept, err := f.tie(c, s, con)
	if ended && kept == nil {
		kept = make(chan error, 1)
		// If the end cannot be written, the client is served all the same:
		// the next snapshot has it.
		if f.state.append(&record{kind: recMark}, func(error) { kept <- nil }) != nil {
			kept <- nil
		}
	}
	return present, kept, append(lost, late...), err
}

// tie ties client and session together; the caller holds f.mu.
func (f *Front) tie(
	c *client, s *session, con *connectPacket,
) (late []*dueWill, kept chan error, err error) {
	n := f.stats.connected.Add(1)
	f.stats.clients.Add(1)
	c.s, c.fl = s, f.flushers[n%uint64(len(f.flushers))]
	c.room = sync.Cond{L: &s.mu}
	c.keepalive = time.Duration(con.keep) * 1500 * time.Millisecond
	c.window = f.cfg.MaxInflight
	if rm := int(con.props.receiveMaximum); rm > 0 {
		c.window = min(c.window, rm)
	}
	c.limit = int(con.props.maximumPacket)
	now := time.Now()
	c.seen.Store(now.UnixNano())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.c, s.deadline = c, time.Time{}
	// A will whose delay is not over is not published (MQTT5 3.1.3.2.2).
	if w := s.will; w != nil && !now.Before(w.at) {
		late = []*dueWill{f.due(s, w)}
	}
	s.will = f.willOf(con, s)
	switch {
	case c.v5:
		s.expiry = f.expiryOf(con.props.sessionExpiry)
	case con.clean:
		s.expiry = 0
	default:
		s.expiry = f.cfg.SessionExpiry
	}
	s.keeps = f.state != nil && s.expiry > 0
	if !s.keeps && s.number == 0 && (f.state == nil || s.will == nil) {
		return late, nil, nil
	}
	if s.number == 0 {
		f.numbers++
		s.number = f.numbers
	}
	kept = make(chan error, 1)
	err = f.state.append(&record{
		kind:     recSession,
		session:  s.number,
		who:      s.id,
		clientID: s.clientID,
		expiry:   s.expiry,
		will:     s.will,
	},
		func(err error) { kept <- err })
	if err != nil {
		kept <- err
	}
	return late, kept, nil
}

// unseat undoes seat.
func (f *Front) unseat(c *client, present bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stats.clients.Add(-1)
	s := c.s
	s.mu.Lock()
	s.c, s.will, s.deadline = nil, nil, time.Now().Add(s.expiry)
	c.closing = true
	s.mu.Unlock()
	if !present {
		f.drop(s)
	}
}

// appendConnack writes CONNACK with what the front offers (MQTT5 3.2).
func (c *client) appendConnack(b []byte, present bool, assigned string, con *connectPacket) []byte {
	flags := byte(0)
	if present {
		flags = 1
	}
	if !c.v5 {
		return append(b, tConnack<<4, 2, flags, rcSuccess)
	}
	f := c.f
	p := binary.BigEndian.AppendUint16([]byte{propReceiveMaximum}, uint16(f.cfg.MaxInflight))
	p = binary.BigEndian.AppendUint32(append(p, propMaximumPacketSize), uint32(f.cfg.MaxPacket))
	p = append(p, propSubIDAvailable, 0)
	if assigned != "" {
		p = binary.BigEndian.AppendUint16(append(p, propAssignedClientID), uint16(len(assigned)))
		p = append(p, assigned...)
	}
	if want := con.props.sessionExpiry; f.expiryOf(want) != time.Duration(want)*time.Second {
		p = binary.BigEndian.AppendUint32(append(p, propSessionExpiry),
			uint32(c.s.expiry/time.Second))
	}
	b = append(b, tConnack<<4, byte(3+len(p)), flags, rcSuccess, byte(len(p)))
	return append(b, p...)
}

// detach ends a connection: the will is published or scheduled, and a session
// that is not kept is over (MQTT5 3.1.2.5, 3.1.2.11.2). When the front stops,
// wills that are on disk wait there for its next start.
func (f *Front) detach(c *client) {
	s := c.s
	s.mu.Lock()
	for c.closing && (c.draining || c.dirty) {
		c.room.Wait() // the last packets are being written; see lastWords
	}
	c.closing = true
	s.mu.Unlock()
	c.conn.Close()
	now := time.Now()
	f.stats.clients.Add(-1)
	f.mu.Lock()
	stopping := f.stopping
	f.mu.Unlock()
	s.mu.Lock()
	s.c = nil
	s.online.Store(false)
	for _, in := range c.pending {
		in.c = nil
	}
	for _, in := range s.received {
		in.c = nil
	}
	c.pending = nil
	s.deadline = now.Add(s.expiry)
	w := s.will
	switch {
	case w == nil:
	case c.clean, stopping && s.number == 0:
		w, s.will = nil, nil
	case stopping:
		w.at, w = now.Add(w.delay), nil
	case w.delay > 0 && s.expiry > 0:
		w.at, w = now.Add(w.delay), nil
	default:
		s.will = nil
	}
	over := s.expiry == 0 && (s.will == nil || !stopping)
	if s.number != 0 && !over {
		f.state.note(&record{
			kind:     recOffline,
			session:  s.number,
			expiry:   s.expiry,
			deadline: s.deadline,
			will:     cmp.Or(s.will, w),
		})
	}
	var due *dueWill
	if w != nil {
		due = f.due(s, w)
	}
	s.mu.Unlock()
	f.publishWills(due)
	if over {
		f.forget(s, now)
	}
}

// over tells whether the session's time has passed.
func (s *session) over(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.c == nil && !s.deadline.IsZero() && !now.Before(s.deadline)
}

// forget drops a session unless somebody came back to it.
func (f *Front) forget(s *session, now time.Time) {
	f.mu.Lock()
	var lost []*dueWill
	if f.sessions[sessionKey{s.id, s.clientID}] == s && s.over(now) {
		lost = f.drop(s)
	}
	f.mu.Unlock()
	f.publishWills(lost...)
}

// drop removes a session everywhere. A will that waited is due now and is returned as lost (MQTT5
// 3.1.3.2.2). The caller holds f.mu.
func (f *Front) drop(s *session) (lost []*dueWill) {
	delete(f.sessions, sessionKey{s.id, s.clientID})
	if f.byID[s.id]--; f.byID[s.id] == 0 {
		delete(f.byID, s.id)
	}
	f.stats.sessions.Add(-1)
	s.mu.Lock()
	w := s.will
	s.will = nil
	if w != nil {
		lost = []*dueWill{f.due(s, w)}
	}
	s.mu.Unlock()
	s.end()
	return lost
}

// dropIdle makes room for a new session of an identity by ending the one that
// has been without a client the longest; the caller holds f.mu.
func (f *Front) dropIdle(id Identity) (lost []*dueWill, ok bool) {
	var oldest *session
	for key, s := range f.sessions {
		if key.id != id {
			continue
		}
		s.mu.Lock()
		if s.c == nil && (oldest == nil || s.deadline.Before(oldest.deadline)) {
			oldest = s
		}
		s.mu.Unlock()
	}
	if oldest == nil {
		return nil, false
	}
	return f.drop(oldest), true
}

// Connected reports whether a device has a connection now.
func (f *Front) Connected(id Identity) bool {
	f.presence.Lock()
	defer f.presence.Unlock()
	return f.online[id] > 0
}

// present adds to the connections of an identity, and reports its first one and the end of its
// last.
func (f *Front) present(id Identity, by int, way Way) {
	f.presence.Lock()
	defer f.presence.Unlock()
	before := f.online[id]
	after := before + by
	f.online[id] = after
	if after == 0 {
		delete(f.online, id)
	}
	switch {
	case before == 0 && f.cfg.OnConnect != nil:
		f.cfg.OnConnect(id, way)
	case after == 0 && f.cfg.OnDisconnect != nil:
		f.cfg.OnDisconnect(id)
	}
}

func wayOf(c net.Conn) Way {
	_, secure := c.(*tls.Conn)
	return Way{
		TLS:    secure,
		Remote: c.RemoteAddr().String(),
	}
}
