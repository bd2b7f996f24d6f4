package app_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/event"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/gatehouse-iot/gatehouse/gateway/journal/faultfs"
)

// points are where the gateway is killed: when it gets there for a random time up to the most-th,
// or at "any" time from outside, up to that many milliseconds after load began.
var points = [...]struct {
	name string
	most int
}{
	{"any", 900},
	{"written", 60}, // between the journal's write and its sync
	{"synced", 60},  // between its sync and the acknowledgement
	{"effects kept", 8},
	{"outbox journalled", 8},
	{"twin handled", 15},
	{"any", 300},
	{"telemetry handled", 15},
	{"history handled", 15},
	{"rules saved", 1},
	{"quality kept", 1},
}

// patience is when a test that hangs gives up; it measures nothing.
const patience = time.Minute

// TestKill9OfTheWholeGateway kills a gateway with SIGKILL under load, over rounds on one data
// folder, and compares what the restarted gateway shows over the API with the journal and with what
// was acknowledged to the publisher. Every loss of unsynced pages is combined with every kill
// point, so that power cuts are covered as well. KILL_ROUNDS sets the number of rounds.
func TestKill9OfTheWholeGateway(t *testing.T) {
	if testing.Short() {
		t.Skip("starts and kills processes; not with -short")
	}
	t.Parallel()
	rounds := 20
	if s := os.Getenv("KILL_ROUNDS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			t.Fatalf("KILL_ROUNDS=%q: want a number of rounds", s)
		}
		rounds = n
	}
	s, b, acked := newSchool(t), newBook(), map[string]bool{}
	var slowest [2]time.Duration
	for round := range rounds {
		gw := s.start(t, planFor(s.dir, round))
		took := gw.settled(t, b, acked)
		slowest[0], slowest[1] = max(slowest[0], gw.ready), max(slowest[1], took)
		gw.arm(t)
		s.underLoad(t, gw, round, acked)
		if round%4 == 3 { // again, while it repairs and catches up
			gw := s.start(t,
				plan{Dir: s.dir, Seed: uint64(round), Loss: faultfs.Loss(round / 4 % 3)})
			gw.killAfter(time.Duration(rand.New(rand.NewPCG(uint64(round), 7)).IntN(200)) * time.Millisecond)
			gw.killed(t)
		}
	}
	gw := s.start(t, plan{Dir: s.dir})
	gw.settled(t, b, acked)
	gw.stop(t)
	journalled := s.journalled(t)
	if lost, _ := journalled.lost(acked); len(lost) > 0 {
		t.Errorf("%d of %d acknowledged are not in the journal, such as %s", len(lost), len(acked),
			lost[0])
	}
	if len(acked) < 100*rounds {
		t.Errorf("only %d acknowledgements in %d rounds", len(acked), rounds)
	}
	t.Logf("%d acknowledged in %d rounds, all in the journal; %d alerts, each once; %d of their "+
		"events told twice; slowest start %s, slowest to catch up %s",
		len(acked), rounds, len(b.findings), b.repeats, slowest[0].Round(time.Millisecond),
		slowest[1].Round(time.Millisecond))
}

// TestKill9FindsABrokenSync is the control: with an fdatasync that only claims to work, the
// same comparison must find a loss.
func TestKill9FindsABrokenSync(t *testing.T) {
	if testing.Short() {
		t.Skip("starts and kills processes; not with -short")
	}
	t.Parallel()
	s, acked := newSchool(t), map[string]bool{}
	p := plan{Dir: s.dir, Point: "synced", Nth: 40, Loss: faultfs.Drop, Lie: true}
	gw := s.start(t, p)
	gw.arm(t)
	s.underLoad(t, gw, 0, acked)
	lost, _ := s.journalled(t).lost(acked)
	if len(lost) == 0 {
		t.Fatalf("a sync that does nothing lost none of %d acknowledged messages: the check is "+
			"blind",
			len(acked))
	}
	t.Logf("%d of %d acknowledged are lost, as they must be", len(lost), len(acked))
}

func planFor(dir string, round int) plan {
	rnd := rand.New(rand.NewPCG(uint64(round), 99))
	at := points[round%len(points)]
	return plan{
		Dir:   dir,
		Point: at.name,
		Nth:   int64(1 + rnd.IntN(at.most)),
		Seed:  uint64(round),
		Loss:  faultfs.Loss(round % 3),
	}
}

// process is a gateway in a process of its own.
type process struct {
	s      *school
	plan   plan
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stderr *bytes.Buffer
	ended  chan error
	ready  time.Duration // from its start to where it listens

	url, mqtt string
}

func role(t *testing.T, name string, does any) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	what, err := json.Marshal(does)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), roleEnv+"="+name, partEnv+"="+string(what))
	return cmd
}

// start returns when the gateway listens.
func (s *school) start(t *testing.T, p plan) *process {
	t.Helper()
	begun := time.Now()
	gw := &process{
		s:      s,
		plan:   p,
		cmd:    role(t, "gateway", p),
		stderr: &bytes.Buffer{},
		ended:  make(chan error, 1),
	}
	gw.cmd.Stderr = gw.stderr
	var err error
	if gw.stdin, err = gw.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := gw.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := gw.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the gateway did not start: %v\n%s", gw.cmd.Wait(), gw.stderr)
	}
	gw.ready = time.Since(begun)
	gw.url, gw.mqtt, _ = strings.Cut(strings.TrimSpace(line), " ")
	go func() { gw.ended <- gw.cmd.Wait() }()
	return gw
}

func (gw *process) arm(t *testing.T) {
	t.Helper()
	if _, err := io.WriteString(gw.stdin, "arm\n"); err != nil {
		t.Fatal(err)
	}
}

func (gw *process) killAfter(d time.Duration) {
	time.AfterFunc(d, func() { _ = gw.cmd.Process.Kill() })
}

// settled waits until everything behind the journal agrees with it, and says how long that took.
func (gw *process) settled(t *testing.T, b *book, acked map[string]bool) time.Duration {
	t.Helper()
	begun := time.Now()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := b.read(t.Context(), gw.s, gw.url); err != nil {
			t.Fatal(err, "\n", gw.stderr)
		}
		lost, doubled := b.lost(acked)
		if len(lost) > 0 || len(doubled) > 0 {
			t.Fatalf("of %d acknowledged %d are lost %v, and %d are there twice %v\n%s",
				len(acked), len(lost), lost[:min(5, len(lost))], len(doubled),
				doubled[:min(5, len(doubled))], gw.stderr)
		}
		what, err := b.behind(t.Context(), gw.s, gw.url)
		if err != nil {
			t.Fatal(err, "\n", gw.stderr)
		}
		took := time.Since(begun)
		if what == "" {
			return took
		}
		if took > patience {
			t.Fatalf("with %+v to come, the gateway does not catch up: %s\n%s", gw.plan, what,
				gw.stderr)
		}
		select {
		case <-tick.C:
		case err := <-gw.ended:
			t.Fatalf("the gateway ended by itself: %v\n%s", err, gw.stderr)
		}
	}
}

// underLoad publishes until the gateway is dead, and remembers what was acknowledged.
func (s *school) underLoad(t *testing.T, gw *process, round int, acked map[string]bool) {
	t.Helper()
	file := filepath.Join(s.dir, fmt.Sprintf("acked-%d", round))
	pub := role(t, "publisher",
		errand{Addr: gw.mqtt, Round: round, Devices: s.passwords, File: file})
	pub.Stderr = os.Stderr
	if err := pub.Start(); err != nil {
		t.Fatal(err)
	}
	if gw.plan.Point == "any" {
		gw.killAfter(time.Duration(gw.plan.Nth+50) * time.Millisecond)
	}
	if err := pub.Wait(); err != nil {
		t.Fatal("publisher:", err)
	}
	gw.killed(t)
	ids, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for id := range strings.Lines(string(ids)) {
		acked[strings.TrimSpace(id)] = true
	}
}

// killed wants the gateway dead by SIGKILL and nothing else.
func (gw *process) killed(t *testing.T) {
	t.Helper()
	gw.wait(t)
	if ws, ok := gw.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok ||
		ws.Signal() != syscall.SIGKILL {
		t.Fatalf("with %+v to come, the gateway ended with %s, want SIGKILL\n%s", gw.plan,
			gw.cmd.ProcessState, gw.stderr)
	}
}

// stop ends the gateway in good order.
func (gw *process) stop(t *testing.T) {
	t.Helper()
	if err := gw.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if err := gw.wait(t); err != nil {
		t.Fatalf("the gateway ended with %v, want 0\n%s", err, gw.stderr)
	}
}

func (gw *process) wait(t *testing.T) error {
	t.Helper()
	select {
	case err := <-gw.ended:
		return err
	case <-time.After(patience):
		err := errors.Join(gw.cmd.Process.Kill(), <-gw.ended)
		t.Fatalf("with %+v to come, the gateway did not end: %v\n%s", gw.plan, err, gw.stderr)
		return err
	}
}

// journalled reads the journal itself, as a restart finds it.
func (s *school) journalled(t *testing.T) *book {
	t.Helper()
	j, err := journal.Open(filepath.Join(s.dir, "data", "journal"), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	b := newBook()
	for {
		records, err := j.ReadFrom(t.Context(), b.after, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		if len(records) == 0 {
			break
		}
		for _, r := range records {
			e, err := event.Decode(r.Seq, r.Data)
			if err == nil {
				err = b.take(e)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if p := j.Stat().Problems; len(p) > 0 {
		t.Errorf("a kill was taken for corruption: %v", p)
	}
	return b
}
