package app_test

import (
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/app"
)

// TestKillDoesNotSwallowASilence kills the gateway just when it has marked a device as silent,
// and wants the event that says so all the same.
func TestKillDoesNotSwallowASilence(t *testing.T) {
	if testing.Short() {
		t.Skip("starts and kills processes; not with -short")
	}
	t.Parallel()
	s := newSchool(t)
	a, err := open(t.Context(), configOf(s.dir),
		app.Options{Logger: slog.New(slog.DiscardHandler)})
	ok(t, err)
	v := a.Registry().In(g.SystemScope("test"))
	p, err := v.Fleet.Profile(t.Context(), "kill-sensor")
	ok(t, err)
	p.OfflineAfter = 1
	ok(t, v.Fleet.PutProfile(t.Context(), p))
	ok(t, a.Close())

	gw := s.start(t, plan{Dir: s.dir, Point: "silent marked", Nth: 1})
	gw.arm(t)
	conn, err := net.Dial("tcp", gw.mqtt)
	ok(t, err)
	defer conn.Close()
	ok(t, conn.SetDeadline(time.Now().Add(patience)))
	d := device{t, "sensor-0", conn}
	d.ask(connectPacket(d.name, s.passwords[d.name]))
	d.send(1)
	gw.killed(t)

	gw = s.start(t, plan{Dir: s.dir})
	eventually(t, "the event", func() bool {
		told, err := get[page[g.Event]](t.Context(), s, gw.url+"/v1/events?kinds=status&limit=1000")
		ok(t, err)
		n := 0
		for _, e := range told.Items {
			if e.Device == "sensor-0" && e.Status.State == g.StateOffline &&
				strings.HasPrefix(e.Status.Reason, "silent for more than ") {
				n++
			}
		}
		return n == 1
	})
	gw.stop(t)
}
