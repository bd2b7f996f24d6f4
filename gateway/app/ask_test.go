package app_test

import (
	"bufio"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
	"github.com/gatehouse-iot/gatehouse/registry/lockdown"
)

// turnstile is the reader of drivers/example/gate: it asks before it opens.
type turnstile struct {
	addr  string
	lines chan string // that the driver says
	conn  atomic.Pointer[net.Conn]
}

func newTurnstile(t testing.TB) *turnstile {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	x := &turnstile{addr: lis.Addr().String(), lines: make(chan string, 16)}
	t.Cleanup(func() { lis.Close() })
	go func() {
		for {
			c, err := lis.Accept()
			if err != nil {
				return
			}
			x.conn.Store(&c)
			for lines := bufio.NewScanner(c); lines.Scan(); {
				x.lines <- lines.Text()
			}
			c.Close()
		}
	}()
	return x
}

// show shows a card and returns what the turnstile is told to do.
func (x *turnstile) show(t testing.TB, card string) string {
	t.Helper()
	if _, err := fmt.Fprintf(*x.conn.Load(), "ask card %s in\n", card); err != nil {
		t.Fatal(err)
	}
	select {
	case said := <-x.lines:
		return said
	case <-time.After(patience):
		t.Fatalf("waited %s for the turnstile to be told of %s", patience, card)
		return ""
	}
}

// TestATurnstileAsks: with the real driver, a known card opens and an unknown one does not, and
// each decision is an event for those who may see sightings.
func TestATurnstileAsks(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts a driver; not with -short")
	}
	t.Parallel()
	s := newSchool(t)
	c := configOf(s.dir)
	c.Drivers = []config.Driver{{Name: "gate", Path: builtDriver(t, "example/gate")}}
	c.Reach.ThisMachine = true
	r := s.runWith(t, c)
	x := newTurnstile(t)
	eventually(t, "the profile that the driver brings along", func() bool {
		_, err := r.view().Fleet.Profile(t.Context(), "example-gate")
		return err == nil
	})
	_, err := r.view().People.Create(t.Context(),
		g.Person{ID: "per_gate", School: killSchool, Kind: g.Staff, Name: "Wang"})
	ok(t, err)
	_, err = r.view().People.AddCard(t.Context(), "per_gate", g.ByCard, "04A1B2C3", time.Time{})
	ok(t, err)
	_, _, err = r.view().Fleet.CreateDevice(t.Context(), g.Device{
		ID:      "turnstile",
		School:  killSchool,
		Zone:    "zone",
		Driver:  "gate",
		Profile: "example-gate",
		Name:    "Turnstile",
		Serial:  "T1",
		Enabled: true,
		Address: map[string]string{"host": x.addr},
	}, nil)
	ok(t, err)
	eventually(t, "the driver to come to the reader", func() bool { return x.conn.Load() != nil })
	// On a busy machine an answer may come too late; the card then opens at the
	// next try, as for a person.
	eventually(t, "a known card to open", func() bool { return x.show(t, "04A1B2C3") == "open" })
	eventually(t, "an unknown card to be refused", func() bool {
		return x.show(t, "FFFFFFFF") == "stop nobody"
	})
	_, err = r.view().People.Create(t.Context(),
		g.Person{ID: "per_child", School: killSchool, Kind: g.Student, Name: "Li", Number: "7"})
	ok(t, err)
	_, err = r.view().People.AddCard(t.Context(), "per_child", g.ByCard, "04C0FFEE", time.Time{})
	ok(t, err)
	eventually(t, "a child's card to open", func() bool { return x.show(t, "04C0FFEE") == "open" })
	_, err = r.view().Lockdown.Raise(t.Context(),
		lockdown.Order{School: killSchool, Level: g.LevelLockdown})
	ok(t, err)
	eventually(t, "a child's card to be refused in a lockdown", func() bool {
		return x.show(t, "04C0FFEE") == "stop level_staff"
	})
	eventually(t, "a teacher's card to open in a lockdown", func() bool {
		return x.show(t, "04A1B2C3") == "open"
	})
	eventually(t, "both decisions among the events", func() bool {
		p, err := get[page[g.Event]](t.Context(), s, r.a.URL()+"/v1/events?kinds=decision")
		ok(t, err)
		return slices.ContainsFunc(p.Items, func(e g.Event) bool {
			return e.Decision.Allow && e.Decision.Person == "per_gate" && e.Decision.Credential == ""
		}) && slices.ContainsFunc(p.Items, func(e g.Event) bool {
			return !e.Decision.Allow && e.Decision.Reason.Code == g.ReasonNobody &&
				strings.HasSuffix(e.Decision.Credential, "FFFF")
		})
	})
	_, err = r.end(t)
	ok(t, err)
}
