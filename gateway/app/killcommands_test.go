package app_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/app"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
)

const (
	lockDevices = 10
	lockProfile = "id: kill-lock\ntitle: Lock\ntype: other\nactions:\n" +
		"  lock: {idempotent: true}\n  unlock: {idempotent: true}\n  feed: {}\n"
)

// delivery is a command as a device got it.
type delivery struct {
	id, action string
	again      bool // marked as a repetition: MQTT 3.1.1, section 3.3.1.1
}

// locks are devices at the MQTT listener that remember the commands they got, over all runs of the
// gateway. Half of them keep their session.
type locks struct {
	mu   sync.Mutex
	got  []delivery
	last map[string]string // device -> its newest action
	seen func()            // called for each command before it is acknowledged
}

// serve is one device until its connection ends; ready is called once it listens.
func (l *locks) serve(addr, device, password string, keep bool, ready func()) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	hello := connectPacket(device, password)
	if keep {
		hello[9] &^= 2 // no clean session
	}
	topic := "gh/v1/" + killSchool + "/" + device + "/command/#"
	body := binary.BigEndian.AppendUint16([]byte{0, 1}, uint16(len(topic)))
	body = append(append(body, topic...), 1)
	if _, err := conn.Write(append(hello, packet(0x82, body)...)); err != nil {
		return err
	}
	r := bufio.NewReader(conn)
	for {
		kind, err := r.ReadByte()
		if err != nil {
			return err
		}
		n, err := binary.ReadUvarint(r)
		if err != nil {
			return err
		}
		body := make([]byte, n)
		if _, err := io.ReadFull(r, body); err != nil {
			return err
		}
		switch kind >> 4 {
		case 9: // SUBACK
			ready()
		case 3: // PUBLISH
			at := 2 + int(binary.BigEndian.Uint16(body))
			if err := l.take(device, kind, body[at+2:]); err != nil {
				return err
			}
			if _, err := conn.Write(packet(0x40, body[at:at+2])); err != nil {
				return err
			}
		}
	}
}

func (l *locks) take(device string, kind byte, payload []byte) error {
	var c struct {
		ID     string `json:"id"`
		Action string `json:"action"`
	}
	if err := json.Unmarshal(payload, &c); err != nil {
		return err
	}
	l.mu.Lock()
	l.got = append(l.got, delivery{
		id:     c.ID,
		action: c.Action,
		again:  kind&8 != 0,
	})
	if l.last == nil {
		l.last = map[string]string{}
	}
	l.last[device] = c.Action
	seen := l.seen
	l.mu.Unlock()
	if seen != nil {
		seen()
	}
	return nil
}

// tell gives a command and returns its ID; "": the gateway did not answer.
func (s *school) tell(ctx context.Context, url, device, action string) (id string) {
	r, err := http.NewRequestWithContext(ctx, "POST", url+"/v1/devices/"+device+"/commands",
		strings.NewReader(fmt.Sprintf(`{"action":%q,"wait":3600}`, action)))
	if err != nil {
		return ""
	}
	r.Header.Set("Authorization", "Bearer "+s.key)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	var out struct{ ID string }
	if err != nil || resp.StatusCode != http.StatusOK || json.Unmarshal(b, &out) != nil {
		return ""
	}
	return out.ID
}

// locked registers the devices of the test.
func (s *school) locked(t *testing.T) []string {
	t.Helper()
	a, err := open(t.Context(), configOf(s.dir), app.Options{
		Logger:  slog.New(slog.DiscardHandler),
		Version: "test",
	})
	ok(t, err)
	v := a.Registry().In(g.SystemScope("test"))
	p, err := fleet.ParseProfile("profile", []byte(lockProfile))
	ok(t, err)
	ok(t, v.Fleet.PutProfile(t.Context(), p))
	var devices []string
	for i := range lockDevices {
		id := fmt.Sprintf("lock-%d", i)
		_, password, err := v.Fleet.CreateDevice(t.Context(), g.Device{
			ID:      g.DeviceID(id),
			School:  killSchool,
			Zone:    "zone",
			Profile: "kill-lock",
			Driver:  g.DriverMQTTFront,
			Name:    id,
			Enabled: true,
		}, nil)
		ok(t, err)
		s.passwords[id] = password
		devices = append(devices, id)
	}
	ok(t, a.Close())
	return devices
}

// TestKill9AmidCommands kills a gateway with SIGKILL while people give commands, at a random one of
// those that were answered or that reached a device, over rounds on one data folder, until
// KILL_COMMANDS (40) commands were answered. Each of them is kept, ends in a final state with the
// times of each, and was executed at most once where the device can tell. Everything is counted;
// nothing waits for a clock.
func TestKill9AmidCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("starts and kills processes; not with -short")
	}
	t.Parallel()
	want := 40
	if n, err := strconv.Atoi(os.Getenv("KILL_COMMANDS")); err == nil && n > 0 {
		want = n
	}
	if want > lockDevices*40 {
		t.Fatalf("KILL_COMMANDS: at most %d: of a device the newest 50 are kept", lockDevices*40)
	}
	s := newSchool(t)
	devices := s.locked(t)
	l := &locks{}
	answered := map[string]string{} // id -> action
	rounds := 0
	for ; len(answered) < want; rounds++ {
		s.killedAmid(t, l, devices, rounds, answered)
	}
	gw := s.start(t, plan{Dir: s.dir, Point: "never"})
	left := s.connect(t, gw, l, devices)
	rows := s.settledCommands(t, gw, devices)
	gw.stop(t)
	left()
	tally := check(t, l, answered, rows)
	t.Logf("%d kills, %d commands answered, %d kept: %v", rounds, len(answered), len(rows), tally)
}

// killedAmid is one run of the gateway, which ends by a kill amid commands.
func (s *school) killedAmid(
	t *testing.T, l *locks, devices []string, round int, answered map[string]string,
) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(uint64(round), 7))
	gw := s.start(t, plan{Dir: s.dir, Point: "never"})
	left := s.connect(t, gw, l, devices)
	count := 1 + rnd.IntN(8) // commands until the kill
	var mu sync.Mutex
	hit := func() {
		mu.Lock()
		defer mu.Unlock()
		if count--; count == 0 {
			_ = gw.cmd.Process.Kill()
		}
	}
	atDevice := round%2 == 0
	if atDevice {
		l.mu.Lock()
		l.seen = hit
		l.mu.Unlock()
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var giving sync.WaitGroup
	for worker := range 4 {
		choose := rand.New(rand.NewPCG(uint64(round), uint64(worker)))
		giving.Go(func() {
			for ctx.Err() == nil {
				device := devices[choose.IntN(len(devices))]
				action := []string{"lock", "feed"}[choose.IntN(2)]
				id := s.tell(ctx, gw.url, device, action)
				if id == "" {
					return // the gateway is dead
				}
				mu.Lock()
				answered[id] = action
				mu.Unlock()
				if !atDevice {
					hit()
				}
			}
		})
	}
	giving.Wait()
	gw.killed(t)
	left()
	l.mu.Lock()
	l.seen = nil
	l.mu.Unlock()
}

// connect connects all devices and returns once they listen; left waits until they are gone.
func (s *school) connect(t *testing.T, gw *process, l *locks, devices []string) (left func()) {
	t.Helper()
	var listen, gone sync.WaitGroup
	listen.Add(len(devices))
	for i, id := range devices {
		gone.Go(func() {
			var once sync.Once
			_ = l.serve(
				gw.mqtt,
				id,
				s.passwords[id],
				i%2 == 0,
				func() { once.Do(listen.Done) },
			)
			once.Do(listen.Done) // it ended before: the commands show that
		})
	}
	listen.Wait()
	return gone.Wait
}

// settledCommands waits until every command is in a final state.
func (s *school) settledCommands(t *testing.T, gw *process, devices []string) (all []g.DeviceCommand) {
	t.Helper()
	for _, device := range devices {
		var rows []g.DeviceCommand
		eventually(t, "the commands of "+device+" to end", func() (done bool) {
			var err error
			rows, err = list(t.Context(), s, gw.url+"/v1/commands?device="+device,
				func(g.DeviceCommand) bool { return false })
			ok(t, err)
			for _, c := range rows {
				if !c.State.Final() {
					return false
				}
			}
			return true
		})
		all = append(all, rows...)
	}
	return all
}

// check holds what the gateway says of the commands against what the devices got.
func check(
	t *testing.T, l *locks, answered map[string]string, rows []g.DeviceCommand,
) map[g.CommandState]int {
	t.Helper()
	got := map[string][]delivery{}
	for _, d := range l.got {
		got[d.id] = append(got[d.id], d)
	}
	kept, tally := map[string]bool{}, map[g.CommandState]int{}
	for _, c := range rows {
		kept[c.ID] = true
		tally[c.State]++
		if len(c.Times) < 2 || c.Times[0].State != g.CommandAccepted ||
			c.Times[len(c.Times)-1].State != c.State {
			t.Errorf("%s %s: got the times %+v, want accepted first, and its state last", c.ID,
				c.State, c.Times)
		}
		for i := 1; i < len(c.Times); i++ {
			if c.Times[i].At.Before(c.Times[i-1].At) {
				t.Errorf("%s: got the times %+v, want them in order", c.ID, c.Times)
			}
		}
		first := 0 // deliveries that are not marked as repeated
		for _, d := range got[c.ID] {
			if !d.again {
				first++
			}
		}
		switch {
		case c.State == g.CommandDelivered && len(got[c.ID]) == 0:
			t.Errorf("%s is said to be delivered, and its device did not get it", c.ID)
		case (c.State == g.CommandRefused || c.State == g.CommandExpired) && len(got[c.ID]) > 0:
			t.Errorf("%s is said to be %s, and its device got it", c.ID, c.State)
		case c.Action == "feed" && (first > 1 || c.Tries > 1):
			t.Errorf("%s is not idempotent: sent %d times in %d tries, want once", c.ID, first, c.Tries)
		case first > c.Tries:
			t.Errorf("%s reached its device %d times in %d tries", c.ID, first, c.Tries)
		}
	}
	for id, action := range answered {
		if !kept[id] {
			t.Errorf("%s (%s) was answered, and is lost", id, action)
		}
	}
	for id := range got {
		if !kept[id] {
			t.Errorf("%s reached a device, and nothing is known of it", id)
		}
	}
	return tally
}
