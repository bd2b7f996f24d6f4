package app_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/app"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
	"github.com/gatehouse-iot/gatehouse/gateway/journal/faultfs"
)

// The test binary plays three parts: the test, the gateway that is killed, and the publisher
// that remembers what was acknowledged to it. What a part is to do comes as JSON in partEnv.
const (
	roleEnv = "APP_TEST_ROLE"
	partEnv = "APP_TEST_PART"
)

func TestMain(m *testing.M) {
	switch os.Getenv(roleEnv) {
	case "gateway":
		exit(part(victim))
	case "publisher":
		exit(part(publisher))
	}
	os.Exit(m.Run())
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, os.Getenv(roleEnv)+":", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func part[T any](run func(T) error) error {
	var p T
	if err := json.Unmarshal([]byte(os.Getenv(partEnv)), &p); err != nil {
		return err
	}
	return run(p)
}

// plan is how a gateway is to end: at the n-th time that it comes to a point.
type plan struct {
	Dir   string
	Point string
	Nth   int64
	Seed  uint64
	Loss  faultfs.Loss // what becomes of the journal's unsynced pages
	Lie   bool         // the journal's sync claims to work and does not
	Files uint64       // limit of open files; 0: unchanged

	Counter string // the program of the driver counter; "": it has none
	Listen  string // where that listens
}

// killer ends this process at the planned moment, once it is armed.
type killer struct {
	plan  plan
	armed atomic.Bool
	left  atomic.Int64
}

func (k *killer) at(point string) {
	if point == k.plan.Point && k.armed.Load() && k.left.Add(-1) == 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // until the signal ends the process
	}
}

// victim is a whole gateway. It prints where it listens, waits for a line on standard input
// to arm the plan, and ends in good order when standard input does.
func victim(p plan) error {
	if p.Files > 0 {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE,
			&syscall.Rlimit{Cur: p.Files, Max: p.Files}); err != nil {
			return err
		}
	}
	k := &killer{plan: p}
	k.left.Store(p.Nth)
	segment := func(point string) func(string) {
		return func(name string) {
			if strings.HasSuffix(name, ".seg") {
				k.at(point)
			}
		}
	}
	disk := &faultfs.FS{
		Loss:       p.Loss,
		Lie:        p.Lie,
		Seed:       p.Seed,
		AfterWrite: segment("written"),
		AfterSync:  segment("synced"),
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	cfg := configOf(p.Dir)
	if p.Counter != "" {
		cfg.Drivers = []config.Driver{{
			Name:     "counter",
			Path:     p.Counter,
			Settings: map[string]string{"listen": p.Listen},
		}}
	}
	a, err := open(ctx, cfg,
		app.Options{Logger: log, Version: "test", JournalFS: disk, Pause: k.at})
	if err != nil {
		return err
	}
	go func() {
		in := bufio.NewScanner(os.Stdin)
		for in.Scan() {
			k.armed.Store(true)
		}
		cancel()
	}()
	fmt.Println(a.URL(), a.MQTTAddr())
	return a.Run(ctx)
}

// errand is what a publisher is to do: send as each of the devices until it is cut off, and
// write the id of a message to File only when it has been acknowledged.
type errand struct {
	Addr    string
	Round   int
	Devices map[string]string // id -> password
	File    string
}

const (
	window = 10   // messages in flight on one connection
	burst  = 1500 // messages of one device at full speed; then hundred a second
	limit  = 20 * time.Second
)

func publisher(e errand) error {
	f, err := os.OpenFile(e.File, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	out := bufio.NewWriter(f)
	var wg sync.WaitGroup
	for id, password := range e.Devices {
		wg.Add(1)
		go func() {
			defer wg.Done()
			publish(e, id, password, func(id string) {
				mu.Lock()
				defer mu.Unlock()
				fmt.Fprintln(out, id)
			})
		}()
	}
	wg.Wait()
	return errors.Join(out.Flush(), f.Close())
}

// publish returns when the connection ends, however it does: what counts is what was
// acknowledged until then.
func publish(e errand, device, password string, acked func(id string)) {
	conn, err := net.Dial("tcp", e.Addr)
	if err != nil {
		return
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(limit)) // a gateway that hangs is found by the test
	r := bufio.NewReader(conn)
	var connack [4]byte
	if _, err := conn.Write(connectPacket(device, password)); err != nil {
		return
	}
	if _, err := io.ReadFull(r, connack[:]); err != nil || connack[3] != 0 {
		return
	}
	pace := time.NewTicker(10 * time.Millisecond)
	defer pace.Stop()
	sent, clock := map[uint16]string{}, time.Now().UnixMilli()
	for n := 1; n < 60000; n++ {
		if n > burst {
			<-pace.C
		}
		clock = max(clock+1, time.Now().UnixMilli()) // a time of its own for each message
		id, kind, payload := message(device, e.Round, n, clock)
		sent[uint16(n)] = id
		if _, err := conn.Write(publishPacket("gh/v1/"+killSchool+"/"+device+"/"+kind, uint16(n),
			payload)); err != nil {
			return
		}
		for len(sent) >= window {
			var ack [4]byte
			if _, err := io.ReadFull(r, ack[:]); err != nil {
				return
			}
			got := binary.BigEndian.Uint16(ack[2:])
			if id, ok := sent[got]; ok && ack[0] == 0x40 {
				acked(id)
				delete(sent, got)
			}
		}
	}
}

// connectPacket is an MQTT 3.1.1 CONNECT (section 3.1) with a clean session.
func connectPacket(device, password string) []byte {
	body := append([]byte{0, 4}, "MQTT\x04\xc2\x00\x3c"...)
	for _, s := range []string{device, device, password} {
		body = append(binary.BigEndian.AppendUint16(body, uint16(len(s))), s...)
	}
	return packet(0x10, body)
}

// publishPacket is a PUBLISH with QoS 1 (section 3.3).
func publishPacket(topic string, id uint16, payload string) []byte {
	body := append(binary.BigEndian.AppendUint16(nil, uint16(len(topic))), topic...)
	return packet(0x32, append(binary.BigEndian.AppendUint16(body, id), payload...))
}

func packet(kind byte, body []byte) []byte {
	return append(binary.AppendUvarint([]byte{kind}, uint64(len(body))), body...)
}

// message is the n-th one of a device in a round: its id, its kind and its payload. Sensors
// report, with an alarm now and then, and something that is no JSON; readers see a card.
func message(device string, round, n int, ms int64) (id, kind, payload string) {
	var number int
	fmt.Sscanf(device[strings.LastIndexByte(device, '-')+1:], "%d", &number)
	id = fmt.Sprint((round*100+number)*100_000 + n)
	if strings.HasPrefix(device, "reader-") {
		return id, "sighting", fmt.Sprintf(
			`{"method":"card","credential":"card-%s","track":"%s","time":%d}`, id, id, ms)
	}
	if n%40 == 20 {
		return id, "telemetry", fmt.Sprintf(`{"n":%s, oops`, id)
	}
	co2, smoke, temperature := 600, false, 21.5
	if m := n % 100; m >= 5 && m < 8 {
		co2 = 6000
	}
	if m := n % 250; m >= 9 && m < 12 {
		smoke, temperature = true, 80
	}
	return id, "telemetry", fmt.Sprintf(`{"n":%s,"co2":%d,"smoke":%t,"temperature":%g,"time":%d}`,
		id, co2, smoke, temperature, ms)
}
