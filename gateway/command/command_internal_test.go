package command

import (
	"context"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/fleet"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/gateway/selfwatch"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	regfleet "github.com/gatehouse-iot/gatehouse/registry/fleet"
)

// house is a registry with a school and devices, and what gives those their commands.
type house struct {
	*Commands
	t    *testing.T
	view *registry.View
	time time.Time
}

func newHouse(t *testing.T, devices ...g.Device) *house {
	ctx := t.Context()
	h := &house{t: t, time: time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)}
	now := func() time.Time { return h.time }
	log := slog.New(slog.DiscardHandler)
	reg, err := registry.Open(ctx,
		registry.Options{Dir: t.TempDir(), MasterKey: make([]byte, 32), Now: now, Logger: log})
	h.must(err)
	t.Cleanup(func() { reg.Close() })
	h.view = reg.In(g.SystemScope("test"))
	_, err = h.view.Places.CreateSchool(ctx,
		g.School{ID: "sch", Kind: g.KindSchool, Name: "Riverside", Timezone: "UTC", Language: "en"})
	h.must(err)
	h.must(h.view.Fleet.PutProfile(ctx, g.Profile{
		ID:      "p",
		Title:   "P",
		Type:    g.TypeSensor,
		Actions: map[string]g.Action{"lock": {Idempotent: true}, "feed": {}, "release": {Irreversible: true}},
	}))
	for _, d := range devices {
		d.School = "sch"
		d.Profile = "p"
		d.Enabled = true
		if d.Name == "" {
			d.Name = string(d.ID)
		}
		_, _, err := h.view.Fleet.CreateDevice(ctx, d, nil)
		h.must(err)
	}
	dir, err := directory.New(ctx, reg, log)
	h.must(err)
	h.Commands = New(Options{
		View:      reg.In(g.SystemScope("commands")),
		Directory: dir,
		Host:      host.New(host.Options{Logger: log}),
		Alerts:    selfwatch.Devices{View: reg.In(g.SystemScope("watch"))},
		Started:   h.time,
		Now:       now,
		Log:       log,
	})
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) device(id g.DeviceID) g.Device {
	h.t.Helper()
	e, ok := h.o.Directory.Known(id)
	if !ok {
		h.t.Fatalf("no device %q", id)
	}
	return e.Device
}

// alerts are the rules and titles of the alerts so far, the oldest first.
func (h *house) alerts(ctx context.Context) []g.Alert {
	h.t.Helper()
	rows, _, err := h.view.Alerts.List(ctx, alerts.Filter{School: "sch"})
	h.must(err)
	var out []g.Alert
	for i := len(rows) - 1; i >= 0; i-- {
		out = append(out, rows[i].Alert)
	}
	return out
}

// accept saves a command as a rule or a person whose browser is closed would.
func (h *house) accept(ctx context.Context, o regfleet.Order) {
	h.t.Helper()
	o.Device, o.Made, o.Due = "door", h.time, h.time.Add(time.Minute)
	_, err := h.view.Lockdown.Accept(ctx, o, "sch", "")
	h.must(err)
}

func TestCommandsHaveAnOutcome(t *testing.T) {
	ctx := t.Context()
	h := newHouse(t, g.Device{ID: "door", Driver: "modbus", Name: "Gate 1"})
	order := fleet.DeviceOrder{Action: "open", By: "Ms Li"}
	if _, err := h.Command(ctx, h.device("door"), order); g.ErrorCode(err) != g.NotFound {
		t.Errorf("got %v, want the word that the driver is not there", err)
	}
	if told := h.alerts(ctx); len(told) != 0 {
		t.Errorf("got %v, want no alert for what a person was answered", told)
	}
	h.time = h.time.Add(time.Second)
	var sending sync.WaitGroup
	h.accept(ctx, regfleet.Order{ID: "cmd_r", Action: "unlock", By: g.ByRule + "fire"})
	h.sendWaiting(ctx, &sending)
	sending.Wait()
	told := h.alerts(ctx)
	if len(told) != 1 || told[0].Rule != "device:command" || told[0].Severity != g.Major ||
		told[0].Title != "Not carried out: unlock, Gate 1" {
		t.Errorf("got %+v, want one alert for the rule's command", told)
	}

	h.time = h.time.Add(time.Second)
	for _, id := range []string{"cmd_q", "cmd_s", "cmd_t"} {
		h.accept(ctx, regfleet.Order{ID: id, Action: id, By: "Ms Li"})
		if id != "cmd_q" {
			h.end(ctx, id, g.CommandSent, g.Text{}, g.CommandAccepted)
		}
	}
	h.keep(ctx, outcome{id: "cmd_t"})
	h.time = h.time.Add(ackIn)
	h.expire(ctx) // not yet: an acknowledgement may be under way
	h.time = h.time.Add(5 * time.Second)
	h.expire(ctx)
	h.expire(ctx)
	h.keep(ctx, outcome{id: "cmd_q"}) // too late: it has expired
	rows, err := h.view.Fleet.Commands(ctx, "door")
	h.must(err)
	got := map[string]string{}
	for _, c := range rows {
		got[c.Action] = string(c.State) + ": " + c.Reason
		if c.Times[len(c.Times)-1] != (g.CommandTime{State: c.State, At: c.Changed}) {
			t.Errorf("%s: got %v, want the last to be %s at %s", c.Action, c.Times, c.State, c.Changed)
		}
	}
	for action, want := range map[string]string{
		"open":   `refused: no driver "modbus" is configured; there are []`,
		"unlock": `refused: no driver "modbus" is configured; there are []`,
		"cmd_t":  "delivered: the device has taken it",
		"cmd_q":  "expired: the device did not come in time; it will not get it any more",
		"cmd_s": "unknown: the device did not acknowledge it within a minute; it may have been " +
			"done all the same",
	} {
		if got[action] != want {
			t.Errorf("%s: got %q, want %q", action, got[action], want)
		}
	}
	if told := h.alerts(ctx); len(told) != 3 ||
		!strings.Contains(told[1].Text+told[2].Text, "by Ms Li") {
		t.Errorf("got %+v, want an alert for each command that was given up", told)
	}
}

// The gateway is killed after a command was sent: only an idempotent one is sent again.
func TestSentBeforeARestart(t *testing.T) {
	ctx := t.Context()
	h := newHouse(t, g.Device{ID: "door", Driver: "modbus", Name: "Gate 1"})
	for _, action := range []string{"lock", "feed"} {
		h.accept(ctx, regfleet.Order{ID: "cmd_" + action, Action: action, By: "Ms Li"})
		h.end(ctx, "cmd_"+action, g.CommandSent, g.Text{}, g.CommandAccepted)
	}
	h.accept(ctx, regfleet.Order{ID: "cmd_new", Action: "feed", By: "Ms Li"})
	h.time = h.time.Add(10 * time.Second)
	h.o.Started = h.time
	h.expire(ctx)
	rows, err := h.view.Fleet.Commands(ctx, "door")
	h.must(err)
	got := map[string]g.CommandState{}
	for _, c := range rows {
		got[c.ID] = c.State
	}
	want := map[string]g.CommandState{
		"cmd_lock": g.CommandAccepted, // idempotent
		"cmd_feed": g.CommandUnknown,
		"cmd_new":  g.CommandAccepted, // never sent
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	waiting, err := h.o.View.Fleet.WaitingCommands(ctx)
	h.must(err)
	if len(waiting) != 2 {
		t.Errorf("got %d that wait, want 2", len(waiting))
	}
	if told := h.alerts(ctx); len(told) != 1 || !strings.Contains(told[0].Text, "restarted") {
		t.Errorf("got %+v, want an alert for the one whose answer is lost", told)
	}
}

// Of an answer that is lost, verdict knows whether the device may have done it.
func TestVerdicts(t *testing.T) {
	h := newHouse(t, g.Device{ID: "door", Driver: "modbus"})
	e, _ := h.o.Directory.Known("door")
	over, end := context.WithCancel(t.Context())
	end()
	for _, c := range []struct {
		name, action string
		err          error
		ctx          context.Context
		direct, late bool
		want         g.CommandState
	}{
		{"refused", "lock", g.Errorf(g.Invalid, "no such value"), nil, true, false, g.CommandRefused},
		{"lost", "feed", g.Errorf(g.Unavailable, "no answer"), nil, true, false, g.CommandUnknown},
		{"lost, idempotent", "lock", g.Errorf(g.Unavailable, "no answer"), nil, true, false,
			g.CommandAccepted},
		{"lost, idempotent, late", "lock", g.Errorf(g.Unavailable, "no answer"), nil, false, true,
			g.CommandUnknown},
		{"lost, of a level that stands", "feed", g.Errorf(g.Unavailable, "no answer"), nil, false, false,
			g.CommandAccepted},
		{"lost, of a level, irreversible", "release", g.Errorf(g.Unavailable, "no answer"), nil, false,
			false, g.CommandUnknown},
		{"time is over", "feed", context.DeadlineExceeded, over, false, false, g.CommandUnknown},
		{"not sent", "feed", g.Errorf(g.Unavailable, "x").Because(g.NotConnected), nil, true, false,
			g.CommandAccepted},
		{"not sent, late", "feed", g.Errorf(g.Unavailable, "x").Because(g.NotConnected), nil, false,
			true, g.CommandRefused},
		{"does not listen, a person waits", "feed",
			g.Errorf(g.Unavailable, "x").Because(notListening), nil, true, false, g.CommandRefused},
		{"does not listen yet", "feed", g.Errorf(g.Unavailable, "x").Because(notListening), nil,
			false, false, g.CommandAccepted},
	} {
		if c.ctx == nil {
			c.ctx = t.Context()
		}
		row := g.DeviceCommand{Action: c.action, Due: h.time.Add(time.Minute)}
		if strings.Contains(c.name, "of a level") {
			row.Lockdown = "lck_1"
		}
		if c.late {
			row.Due = h.time
		}
		got, why, unsent := h.verdict(c.ctx, e, row, c.err, c.direct)
		if got != c.want {
			t.Errorf("%s: got %s (%s), want %s", c.name, got, why, c.want)
		}
		if want := got == g.CommandAccepted && !strings.HasPrefix(c.name, "lost"); unsent != want {
			t.Errorf("%s: got unsent %t, want %t", c.name, unsent, want)
		}
	}
}

// What is newer does not overtake what waits for the same device: a door is not unlocked after it was
// locked because the older command was tried in vain once.
func TestADeviceGetsItsCommandsInOrder(t *testing.T) {
	ctx := t.Context()
	h := newHouse(t, g.Device{ID: "door", Driver: "modbus"})
	h.accept(ctx, regfleet.Order{ID: "cmd_1", Action: "lock", By: "Ms Li"})
	h.end(ctx, "cmd_1", g.CommandSent, g.Text{}, g.CommandAccepted)
	h.end(ctx, "cmd_1", g.CommandAccepted, g.Text{}, g.CommandSent)
	h.time = h.time.Add(time.Millisecond)
	h.accept(ctx, regfleet.Order{ID: "cmd_2", Action: "feed", By: "Ms Li"})
	var sending sync.WaitGroup
	h.sendWaiting(ctx, &sending)
	sending.Wait()
	rows, err := h.view.Fleet.Commands(ctx, "door")
	h.must(err)
	for _, c := range rows {
		if c.State != g.CommandAccepted {
			t.Errorf("%s: got %s, want it to wait while the older one rests", c.ID, c.State)
		}
	}
}

// What may have been done is never said to be refused or expired, however long it waited to be sent
// again; what the device cannot have got is.
func TestALostCommandIsNotSaidToBeUndone(t *testing.T) {
	ctx := t.Context()
	h := newHouse(t, g.Device{ID: "door", Driver: "modbus"})
	why := g.Textf("Lockdown came after it")
	for _, c := range []struct {
		id       string
		lost     bool
		to, want g.CommandState
	}{
		{"cmd_1", true, g.CommandRefused, g.CommandUnknown},
		{"cmd_2", true, g.CommandExpired, g.CommandUnknown},
		{"cmd_3", false, g.CommandRefused, g.CommandRefused},
		{"cmd_4", false, g.CommandExpired, g.CommandExpired},
	} {
		h.accept(ctx, regfleet.Order{ID: c.id, Action: "lock", By: "Ms Li"})
		h.end(ctx, c.id, g.CommandSent, g.Text{}, g.CommandAccepted)
		if c.lost {
			h.end(ctx, c.id, g.CommandAccepted, g.Text{}, g.CommandSent)
		} else {
			h.again(ctx, c.id, g.Textf("the device is away"))
		}
		row, ok := h.end(ctx, c.id, c.to, why, g.CommandAccepted)
		if !ok || row.State != c.want || row.Lost() != c.lost || row.Tries != 1 {
			t.Errorf("%+v: got %+v, want %s", c, row, c.want)
		}
	}
}
