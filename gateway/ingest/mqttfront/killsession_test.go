package mqttfront_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/gatehouse-iot/gatehouse/gateway/journal/faultfs"
	"github.com/mochi-mqtt/server/v2/packets"
)

// TestKill9KeepsSessions kills a front with SIGKILL at seeded points over
// rounds, with two clients that live through all of them: one publishes at QoS 1
// and 2, one has a kept subscription. In the end every publication that was
// acknowledged has come to the journal and to the subscriber, and those of
// QoS 2 exactly once to each, acknowledged or not. KILL_ROUNDS sets the number
// of rounds.
func TestKill9KeepsSessions(t *testing.T) {
	rounds := killRounds(t, 24)
	dir := t.TempDir()
	pub, sub := newAuthor(), newListener()
	for round := range rounds {
		sessionRound(t, dir, round, pub, sub)
	}
	lastRound(t, dir, pub, sub)

	kept := map[string]int{}
	j, err := journal.Open(filepath.Join(dir, "journal"),
		journal.Options{SegmentBytes: killSegments, ReserveBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for at := uint64(0); ; {
		recs, err := j.ReadFrom(t.Context(), at, 10000)
		if err != nil {
			t.Fatal(err)
		}
		if len(recs) == 0 {
			break
		}
		for _, r := range recs {
			at = r.Seq
			_, payload, _ := strings.Cut(string(r.Data), " ")
			kept[payload]++
		}
	}
	twice := 0
	for payload := range pub.acked {
		n, m := kept[payload], sub.got[payload]
		switch once := strings.HasPrefix(payload, "2-"); {
		case n == 0 || m == 0:
			t.Errorf("%s was acknowledged; the journal has it %d times, the subscriber %d times",
				payload, n, m)
		case once && (n != 1 || m != 1):
			t.Errorf("%s is of QoS 2; the journal has it %d times, the subscriber %d times",
				payload, n, m)
		case n > 1 || m > 1:
			twice++
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	for payload, n := range kept {
		if strings.HasPrefix(payload, "2-") && n != 1 {
			t.Fatalf("%s is of QoS 2 and in the journal %d times", payload, n)
		}
	}
	if len(pub.acked) < 20*rounds {
		t.Fatalf("only %d acknowledgements in %d rounds", len(pub.acked), rounds)
	}
	t.Logf("%d acknowledged in %d rounds, none lost, none of QoS 2 doubled (%d of QoS 1 came "+
		"again, as they may)",
		len(pub.acked), rounds, twice)
}

func sessionRound(t *testing.T, dir string, round int, pub *author, sub *listener) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	gw, addr := startSide(t, ctx, "keeper", dir, round)
	if addr == "" {
		_ = gw.Wait()
		return // killed while it restored its state
	}
	var wg sync.WaitGroup
	wg.Add(1)
	var lost [2]error
	ended := make(chan struct{})
	go func() { defer wg.Done(); defer close(ended); lost[1] = sub.live(addr, nil) }()
	// a subscription counts once it is acknowledged
	select {
	case <-sub.subscribed:
		lost[0] = pub.live(addr, round, 0)
	case <-ended:
	}
	wg.Wait()
	wantKilled(t, gw, round)
	if err := errors.Join(lost[:]...); err != nil {
		t.Fatalf("round %d: %v", round, err)
	}
}

// lastRound lets both clients finish with a front that nobody kills.
func lastRound(t *testing.T, dir string, pub *author, sub *listener) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	gw, addr := startSide(t, ctx, "keeper", dir, -1)
	if addr == "" {
		t.Fatal("the last front does not start")
	}
	defer func() { cancel(); _ = gw.Wait() }()
	if err := pub.live(addr, -1, 50); err != nil {
		t.Fatal(err)
	}
	if err := sub.live(addr, pub.acked); err != nil {
		t.Fatal(err)
	}
}

// keep is journal and front with their state on one disk, until it is killed;
// round -1 is not killed.
func keep() error {
	round, err := strconv.Atoi(os.Getenv("ROUND"))
	if err != nil {
		return err
	}
	disk := &faultfs.FS{}
	k := &killer{}
	if round >= 0 {
		rnd := rand.New(rand.NewPCG(uint64(round), 7))
		k.point = points[round%len(points)]
		k.left.Store(int64(30 + rnd.IntN(400)))
		disk.Loss, disk.Seed = faultfs.Loss(round/len(points)%3), uint64(round)
		disk.AfterWrite = func(string) { k.at(points[0]) }
		disk.AfterSync = func(string) { k.at(points[1]) }
	}
	dir := os.Getenv("DIR")
	j, err := journal.Open(filepath.Join(dir, "journal"),
		journal.Options{FS: disk, SegmentBytes: killSegments, ReserveBytes: -1})
	if err != nil {
		return err
	}
	in := &onceIntake{j: j, after: func() { k.at(points[2]) }}
	f, err := mqttfront.New(mqttfront.Config{
		Listen:         "127.0.0.1:0",
		Dir:            filepath.Join(dir, "mqtt"),
		FS:             disk,
		MaxQueued:      60000,
		MaxQueuedBytes: 16 << 20,
	},
		anyone{}, in, nil)
	if err != nil {
		return err
	}
	fmt.Println(f.Addr())
	return f.Run(context.Background())
}

// talk is one connection of a client whose session is kept.
type talk struct {
	conn net.Conn
	r    *bufio.Reader
}

// resume connects; it reports an error only for what the gateway's end does not explain.
func resume(addr, id string, fresh bool) (*talk, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, nil
	}
	_ = conn.SetDeadline(time.Now().Add(40 * time.Second))
	k := &talk{conn, bufio.NewReader(conn)}
	if !k.send(connectPacket(id, 4, false, 0)) {
		return nil, nil
	}
	var ack [4]byte
	if _, err := io.ReadFull(k.r, ack[:]); err != nil {
		return nil, nil
	}
	if ack[3] != 0 || !fresh && ack[2] != 1 {
		return nil, fmt.Errorf("%s: CONNACK %v: the session is gone", id, ack)
	}
	return k, nil
}

func (k *talk) send(b []byte) bool {
	_, err := k.conn.Write(b)
	return err == nil
}

func (k *talk) ack(kind byte, id uint16) bool {
	first := kind << 4
	if kind == packets.Pubrel {
		first |= 2
	}
	return k.send([]byte{first, 2, byte(id >> 8), byte(id)})
}

func (k *talk) next() (packets.Packet, bool) {
	w := wire{conn: bufferedConn{k.conn, k.r}}
	pk, err := w.next()
	return pk, err == nil
}

type bufferedConn struct {
	net.Conn
	r *bufio.Reader
}

func (c bufferedConn) Read(b []byte) (int, error) { return c.r.Read(b) }

// author publishes, and remembers as a client must (MQTT 3.1.1 4.1).
type author struct {
	fresh    bool
	n        int
	inflight map[uint16]*article
	order    []uint16
	acked    map[string]bool
}

type article struct {
	payload  string
	qos      byte
	released bool
}

func newAuthor() *author {
	return &author{fresh: true, inflight: map[uint16]*article{}, acked: map[string]bool{}}
}

// live publishes until the connection ends, or until more are acknowledged and
// nothing is in flight.
func (a *author) live(addr string, round, more int) error {
	k, err := resume(addr, "dev", a.fresh)
	if k == nil {
		return err
	}
	defer k.conn.Close()
	a.fresh = false
	for _, id := range a.order { // MQTT 3.1.1 4.4
		x := a.inflight[id]
		if x.released && !k.ack(packets.Pubrel, id) || !x.released && !k.send(x.packet(id, true)) {
			return nil
		}
	}
	until := a.n + more
	for {
		for len(a.inflight) < 10 && (more == 0 || a.n < until) {
			a.n++
			id := a.freeID()
			x := &article{qos: byte(1 + a.n%2)}
			x.payload = fmt.Sprintf("%d-%d-%d", x.qos, round, a.n)
			a.inflight[id], a.order = x, append(a.order, id)
			if !k.send(x.packet(id, false)) {
				return nil
			}
		}
		if len(a.inflight) == 0 {
			k.send([]byte{packets.Disconnect << 4, 0})
			return nil
		}
		pk, ok := k.next()
		if !ok {
			return nil
		}
		x := a.inflight[pk.PacketID]
		switch pk.FixedHeader.Type {
		case packets.Puback:
			if x == nil || x.qos != 1 {
				return fmt.Errorf("PUBACK of %d, which is not in flight at QoS 1", pk.PacketID)
			}
			a.finish(pk.PacketID)
		case packets.Pubrec:
			if x == nil || x.qos != 2 {
				return fmt.Errorf("PUBREC of %d, which is not in flight at QoS 2", pk.PacketID)
			}
			x.released = true
			a.acked[x.payload] = true
			if !k.ack(packets.Pubrel, pk.PacketID) {
				return nil
			}
		case packets.Pubcomp:
			if x == nil || !x.released {
				return fmt.Errorf("PUBCOMP of %d, which was not released", pk.PacketID)
			}
			a.finish(pk.PacketID)
		}
	}
}

func (a *author) finish(id uint16) {
	a.acked[a.inflight[id].payload] = true
	delete(a.inflight, id)
	a.order = slices.DeleteFunc(a.order, func(x uint16) bool { return x == id })
}

// freeID takes the lowest, so that identifiers are used again at once.
func (a *author) freeID() uint16 {
	id := uint16(1)
	for a.inflight[id] != nil {
		id++
	}
	return id
}

func (x *article) packet(id uint16, dup bool) []byte {
	return encode(packets.Packet{
		ProtocolVersion: 4,
		FixedHeader:     packets.FixedHeader{Type: packets.Publish, Qos: x.qos, Dup: dup},
		TopicName:       telemetry,
		Payload:         []byte(x.payload),
		PacketID:        id})
}

// listener subscribes at QoS 2 and remembers what it has received and not released.
type listener struct {
	fresh      bool
	subscribed chan struct{}
	open       map[uint16]bool
	got        map[string]int
}

func newListener() *listener {
	return &listener{
		fresh:      true,
		subscribed: make(chan struct{}),
		open:       map[uint16]bool{},
		got:        map[string]int{},
	}
}

// live receives until the connection ends, or until it has all that is wanted.
func (l *listener) live(addr string, want map[string]bool) error {
	k, err := resume(addr, "dev--sub", l.fresh)
	if k == nil {
		return err
	}
	defer k.conn.Close()
	missing := maps.Clone(want)
	for payload := range l.got {
		delete(missing, payload)
	}
	if l.fresh && !k.send(encode(packets.Packet{
		ProtocolVersion: 4, FixedHeader: packets.FixedHeader{Type: packets.Subscribe}, PacketID: 1,
		Filters: packets.Subscriptions{{Filter: telemetry, Qos: 2}},
	})) {
		return nil
	}
	for want == nil || len(missing)+len(l.open) > 0 {
		pk, ok := k.next()
		if !ok {
			if want != nil {
				return fmt.Errorf("%d of %d acknowledged publications do not come, such as %v",
					len(missing), len(want),
					slices.Sorted(maps.Keys(missing))[:min(3, len(missing))])
			}
			return nil
		}
		switch pk.FixedHeader.Type {
		case packets.Suback:
			if l.fresh {
				close(l.subscribed)
			}
			l.fresh = false
		case packets.Publish:
			answer := byte(packets.Puback)
			if pk.FixedHeader.Qos == 2 {
				answer = packets.Pubrec
			}
			if pk.FixedHeader.Qos < 2 || !l.open[pk.PacketID] {
				l.got[string(pk.Payload)]++
				delete(missing, string(pk.Payload))
			}
			if pk.FixedHeader.Qos == 2 {
				l.open[pk.PacketID] = true
			}
			ok = k.ack(answer, pk.PacketID)
		case packets.Pubrel:
			delete(l.open, pk.PacketID)
			ok = k.ack(packets.Pubcomp, pk.PacketID)
		}
		if !ok && want == nil {
			return nil
		}
	}
	return nil
}
