package mqttfront_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/gatehouse-iot/gatehouse/gateway/journal/faultfs"
)

// The test binary plays three parts: the test, the gateway's side that is
// killed, and the publisher that remembers what was acknowledged to it.
const roleEnv = "MQTTFRONT_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleEnv) {
	case "gateway":
		exit(victim())
	case "keeper":
		exit(keep())
	case "publisher":
		exit(publisher(os.Getenv("ADDR")))
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

// points are where the gateway's side is killed.
var points = [...]string{
	"between write and sync",
	"between sync and acknowledgement",
	"while acknowledging",
}

const killSegments = 64 << 10

// TestKill9LosesNothingAcknowledged kills the gateway's side with SIGKILL at
// seeded points under load, over rounds on one journal, and compares the
// identifiers that the publisher saw acknowledged with those in the journal.
// Unsynced pages are kept, dropped or torn in turn, so that a power cut is
// covered as well. KILL_ROUNDS sets the number of rounds (make soak: 1000).
func TestKill9LosesNothingAcknowledged(t *testing.T) {
	rounds := killRounds(t, 21)
	dir := t.TempDir()
	acked := map[string]bool{}
	for round := range rounds {
		killRound(t, dir, round, faultfs.Loss(round/len(points)%3), false, acked)
		if round%50 == 49 || round == rounds-1 || rounds <= 50 {
			if lost := lostIDs(t, dir, acked); len(lost) > 0 {
				t.Fatalf("round %d, killed %s: %d of %d acknowledged are not in the journal, "+
					"such as %s",
					round, points[round%len(points)], len(lost), len(acked), lost[0])
			}
		}
	}
	if len(acked) < 20*rounds {
		t.Fatalf("only %d acknowledgements in %d rounds", len(acked), rounds)
	}
	t.Logf("%d acknowledged in %d rounds, all in the journal", len(acked), rounds)
}

// TestKill9FindsABrokenSync is the control: with an fdatasync that only claims
// to work, the same comparison must find a loss.
func TestKill9FindsABrokenSync(t *testing.T) {
	if testing.Short() {
		t.Skip("starts and kills processes; not with -short")
	}
	dir := t.TempDir()
	acked := map[string]bool{}
	for round := range 5 {
		killRound(t, dir, 3*round+2, faultfs.Drop, true, acked)
		if lost := lostIDs(t, dir, acked); len(lost) > 0 {
			t.Logf("%d of %d acknowledged are lost, as they must be", len(lost), len(acked))
			return
		}
	}
	t.Fatalf("a sync that does nothing lost none of %d acknowledged messages: the check is blind",
		len(acked))
}

// killRounds is KILL_ROUNDS, or a few.
func killRounds(t *testing.T, few int) int {
	t.Helper()
	if testing.Short() {
		t.Skip("starts and kills processes; not with -short")
	}
	s := os.Getenv("KILL_ROUNDS")
	if s == "" {
		return few
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		t.Fatalf("KILL_ROUNDS=%q: want a number of rounds", s)
	}
	return n
}

// role is this program in one of its parts; it is not started.
func role(t *testing.T, ctx context.Context, part string, env ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(append(os.Environ(), roleEnv+"="+part), env...)
	cmd.Stderr = os.Stderr
	return cmd
}

// startSide starts a gateway's side on a folder. The address is empty when it
// ended before it listened.
func startSide(
	t *testing.T, ctx context.Context, part, dir string, round int, env ...string,
) (*exec.Cmd, string) {
	t.Helper()
	gw := role(t, ctx, part, append(env, "DIR="+dir, "ROUND="+strconv.Itoa(round))...)
	out, err := gw.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := gw.Start(); err != nil {
		t.Fatal(err)
	}
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return gw, ""
	}
	return gw, strings.TrimSpace(addr)
}

// wantKilled waits for a gateway's side, which must end by SIGKILL.
func wantKilled(t *testing.T, gw *exec.Cmd, round int) {
	t.Helper()
	err := gw.Wait()
	if ws, ok := gw.ProcessState.Sys().(syscall.WaitStatus); !ok || !ws.Signaled() ||
		ws.Signal() != syscall.SIGKILL {
		t.Fatalf("round %d: the gateway's side ended with %v, want SIGKILL", round, err)
	}
}

func killRound(
	t *testing.T, dir string, round int, loss faultfs.Loss, lie bool, acked map[string]bool,
) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	gw, addr := startSide(t, ctx, "gateway", dir, round, "LOSS="+strconv.Itoa(int(loss)),
		"LIE="+strconv.FormatBool(lie))
	if addr == "" {
		_ = gw.Wait()
		return // killed while it repaired what the round before left: nothing was acknowledged
	}
	pub := role(t, ctx, "publisher", "ADDR="+addr, "ROUND="+strconv.Itoa(round))
	ids, err := pub.Output()
	if err != nil {
		t.Fatalf("round %d: publisher: %v", round, err)
	}
	wantKilled(t, gw, round)
	for id := range strings.Lines(string(ids)) {
		acked[strings.TrimSpace(id)] = true
	}
}

// lostIDs opens the journal as a restart does and compares by identifier.
func lostIDs(t *testing.T, dir string, acked map[string]bool) []string {
	t.Helper()
	j, err := journal.Open(dir, journal.Options{SegmentBytes: killSegments, ReserveBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	have := map[string]bool{}
	last := uint64(0)
	for {
		recs, err := j.ReadFrom(t.Context(), last, 10000)
		if err != nil {
			t.Fatal(err)
		}
		if len(recs) == 0 {
			break
		}
		for _, r := range recs {
			if r.Seq <= last {
				t.Fatalf("sequence %d after %d", r.Seq, last)
			}
			last = r.Seq
			have[string(r.Data)] = true
		}
	}
	var lost []string
	for id := range acked {
		if !have[id] {
			lost = append(lost, id)
		}
	}
	if p := j.Stat().Problems; len(p) > 0 && len(lost) == 0 {
		t.Errorf("a kill was taken for corruption: %v", p)
	}
	return lost
}

// killer ends this process at a seeded moment of one kind.
type killer struct {
	point string
	left  atomic.Int64
}

func (k *killer) at(point string) {
	if point == k.point && k.left.Add(-1) == 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // until the signal ends the process
	}
}

// victim is journal and front as the gateway runs them, until it is killed.
func victim() error {
	round, err := strconv.Atoi(os.Getenv("ROUND"))
	if err != nil {
		return err
	}
	loss, err := strconv.Atoi(os.Getenv("LOSS"))
	if err != nil {
		return err
	}
	rnd := rand.New(rand.NewPCG(uint64(round), 99))
	k := &killer{point: points[round%len(points)]}
	k.left.Store(int64(5 + rnd.IntN(60)))
	if k.point == points[2] {
		k.left.Store(int64(50 + rnd.IntN(2000)))
	}
	seg := func(point string) func(string) {
		return func(name string) {
			if strings.HasSuffix(name, ".seg") {
				k.at(point)
			}
		}
	}
	disk := &faultfs.FS{
		Loss: faultfs.Loss(loss), Lie: os.Getenv("LIE") == "true", Seed: uint64(round),
		AfterWrite: seg(points[0]),
		AfterSync:  seg(points[1])}
	j, err := journal.Open(os.Getenv("DIR"),
		journal.Options{FS: disk, SegmentBytes: killSegments, ReserveBytes: -1})
	if err != nil {
		return err
	}
	f, err := mqttfront.New(mqttfront.Config{Listen: "127.0.0.1:0"}, anyone{}, intakeFunc(
		func(id mqttfront.Identity, _ string, payload []byte, _ bool, done func(error)) error {
			return j.Append(string(id.Device), payload, func(_ uint64, err error) {
				done(err)
				k.at(points[2])
			})
		}), nil)
	if err != nil {
		return err
	}
	fmt.Println(f.Addr())
	return f.Run(context.Background())
}

// publisher sends from several connections with ten in flight each, until the
// connections break, and prints what was acknowledged.
func publisher(addr string) error {
	var mu sync.Mutex
	out := bufio.NewWriter(os.Stdout)
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			publishUntilCut(addr, fmt.Sprintf("dev-%d", i), func(id string) {
				mu.Lock()
				defer mu.Unlock()
				fmt.Fprintln(out, id)
			})
		}()
	}
	wg.Wait()
	return out.Flush()
}

func publishUntilCut(addr, device string, acked func(id string)) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return
	}
	defer conn.Close()
	// a gateway that hangs is found by the id count
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	r := bufio.NewReader(conn)
	if _, err := conn.Write(connectPacket(device, 4, true, 0)); err != nil {
		return
	}
	var connack [4]byte
	if _, err := io.ReadFull(r, connack[:]); err != nil || connack[3] != 0 {
		return
	}
	sent := map[uint16]string{}
	for n := uint16(1); n < 60000; n++ {
		id := fmt.Sprintf("%s-%s-%d", os.Getenv("ROUND"), device, n)
		sent[n] = id
		topic := "gh/v1/school/" + device + "/telemetry"
		body := binary.BigEndian.AppendUint16(nil, uint16(len(topic)))
		body = binary.BigEndian.AppendUint16(append(body, topic...), n)
		body = append(body, id...)
		if _, err := conn.Write(append([]byte{0x32, byte(len(body))}, body...)); err != nil {
			return
		}
		for len(sent) >= 10 {
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
