package app_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/visits"
)

// visited is a school with a visitors' page, a mail server and a turnstile that asks.
type visited struct {
	*watched
	gate *turnstile
	page string
}

func newVisited(t *testing.T) *visited {
	t.Helper()
	x := &visited{
		watched: newWatched(t, func(c *config.Config) {
			c.Drivers = []config.Driver{{Name: "gate", Path: builtDriver(t, "example/gate")}}
			c.Reach.ThisMachine = true
		}),
		gate: newTurnstile(t),
	}
	ctx := t.Context()
	eventually(t, "the profile that the driver brings along", func() bool {
		_, err := x.view().Fleet.Profile(ctx, "example-gate")
		return err == nil
	})
	_, _, err := x.view().Fleet.CreateDevice(ctx, g.Device{
		ID:      "turnstile",
		School:  killSchool,
		Zone:    "zone",
		Driver:  "gate",
		Profile: "example-gate",
		Name:    "South gate",
		Serial:  "T1",
		Enabled: true,
		Address: map[string]string{"host": x.gate.addr},
	}, nil)
	ok(t, err)
	eventually(t, "the driver to come to the reader", func() bool { return x.gate.conn.Load() != nil })
	page, err := x.view().Visits.SetPage(ctx, g.VisitPage{
		School: killSchool,
		On:     true,
	}, false)
	ok(t, err)
	x.page = "/visit/" + page.Code
	return x
}

// at opens a page as a telephone does, or sends its form, and returns where it leads and what it says.
func (x *visited) at(path string, form url.Values) (to, body string) {
	x.t.Helper()
	method, send := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, send = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(x.t.Context(), method, x.a.URL()+path, send)
	ok(x.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultClient.Do(r)
	ok(x.t, err)
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	ok(x.t, err)
	if answer.StatusCode != http.StatusOK {
		x.t.Fatalf("%s %s: got %s: %s", method, path, answer.Status, b)
	}
	return answer.Request.URL.Path, string(b)
}

// registers sends the form of somebody who visits Lin today, and returns their own page.
func (x *visited) registers(name, phone string) string {
	x.t.Helper()
	own, _ := x.at(x.page, url.Values{
		"once":    {"visit-of-" + name + "-0123456789"},
		"name":    {name},
		"phone":   {phone},
		"host":    {"LIN"},
		"purpose": {"Repairs the lift"},
		"day":     {x.wall.now().In(x.zone()).Format(time.DateOnly)},
		"from":    {"00:00"},
		"to":      {"00:00"},
		"consent": {"yes"},
	})
	if !strings.HasPrefix(own, "/visit/at/") {
		x.t.Fatalf("got to %s, want the visitor's own page", own)
	}
	return own
}

func (x *visited) zone() *time.Location {
	s, err := x.view().Places.School(x.t.Context(), killSchool)
	ok(x.t, err)
	return s.Location()
}

// shows shows a code at the turnstile until the answer is as wanted: on a busy machine one may come
// too late.
func (x *visited) shows(code, direction, want string) {
	x.t.Helper()
	eventually(x.t, "the turnstile to say "+want, func() bool {
		_, err := fmt.Fprintf(*x.gate.conn.Load(), "ask qr %s %s\n", code, direction)
		ok(x.t, err)
		select {
		case said := <-x.gate.lines:
			return said == want
		case <-time.After(patience):
			return false
		}
	})
}

func (x *visited) visit(name string) (out g.Visit) {
	all, err := x.view().Visits.List(x.t.Context(), killSchool, "", x.wall.now())
	ok(x.t, err)
	for _, v := range all {
		if v.Name == name {
			out = v
		}
	}
	return out
}

func (x *visited) alerts(rule g.RuleID) []alerts.AlertRow {
	rows, _, err := x.view().Alerts.List(x.t.Context(), alerts.Filter{
		School: killSchool,
		Rule:   rule,
	})
	ok(x.t, err)
	return rows
}

var (
	hostLink  = regexp.MustCompile(`http://[0-9.:]+(/visit/for/[A-Za-z0-9_-]+)`)
	visitCode = regexp.MustCompile(`<p>(V[A-Z2-7]{16})</p>`)
)

// TestAVisitorComesAndGoes: the host is asked by a letter, once, and answers by its link; the code
// opens the gate for one; the host is told; who stays too long raises an alert that ends when they
// leave; and a month later nobody knows of them.
func TestAVisitorComesAndGoes(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts a driver; not with -short")
	}
	x := newVisited(t)
	own := x.registers("Zhou Qiang", "13800000000")
	if again := x.registers("Zhou Qiang", "13800000000"); again != own {
		t.Errorf("the form sent twice led to %s, want %s", again, own)
	}
	subject, letter := x.told("usr_lin")
	if !strings.Contains(subject, "Zhou Qiang") || !strings.Contains(letter, "Repairs the lift") {
		t.Errorf("got %q: %s, want who and why", subject, letter)
	}
	x.at(hostLink.FindStringSubmatch(letter)[1], url.Values{"do": {"accept"}, "escort": {"yes"}})
	_, body := x.at(own, nil)
	code := visitCode.FindStringSubmatch(body)
	if code == nil {
		t.Fatalf("no code on the visitor's page: %s", body)
	}
	x.shows(code[1], "in", "open")
	eventually(t, "them to be on site", func() bool { return x.visit("Zhou Qiang").State == g.VisitOnSite })
	subject, letter = x.told("usr_lin")
	if !strings.Contains(subject, "has arrived") || !strings.Contains(letter, "fetch them") {
		t.Errorf("got %q: %s, want that they are here", subject, letter)
	}
	x.shows(code[1], "in", "stop pass_inside")

	x.wall.move(24 * time.Hour)
	eventually(t, "the alert that they have not left", func() bool {
		all := x.alerts(g.OverstayRule)
		return len(all) == 1 && all[0].Firing
	})
	if subject, _ = x.told("usr_lin"); !strings.Contains(subject, "A visitor has not left") {
		t.Errorf("got %q, want the chain of the school's alerts to run", subject)
	}
	x.shows(code[1], "out", "open")
	eventually(t, "the end of the alert", func() bool { return !x.alerts(g.OverstayRule)[0].Firing })
	if v := x.visit("Zhou Qiang"); v.State != g.VisitGone {
		t.Errorf("got %+v, want them gone", v)
	}
	x.shows(code[1], "in", "stop nobody")

	if n := x.box.count("usr_lin"); n != x.had["usr_lin"] {
		t.Errorf("the host had %d letters more, want none", n-x.had["usr_lin"])
	}
	x.wall.move(31 * 24 * time.Hour)
	eventually(t, "the visit to be forgotten", func() bool { return x.visit("Zhou Qiang").ID == "" })
	to, found, err := x.view().Messages.Host(t.Context(), killSchool, "lin")
	if err != nil || !found || to.User != "usr_lin" {
		t.Errorf("got %+v, %v, %v, want the host as before", to, found, err)
	}
}

// TestABarredVisitor: one who is barred after the approval is held at the gate, and security learns
// of it; one who registers reads what everybody reads, and no host is asked.
func TestABarredVisitor(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts a driver; not with -short")
	}
	x := newVisited(t)
	own := x.registers("Wu Gang", "139 1111 2222")
	_, letter := x.told("usr_lin")
	x.at(hostLink.FindStringSubmatch(letter)[1], url.Values{"do": {"accept"}})
	_, body := x.at(own, nil)
	code := visitCode.FindStringSubmatch(body)[1]
	entry, err := x.view().Visits.Bar(t.Context(), g.Barred{
		School: killSchool,
		Name:   "WU gang",
		Phone:  "+86 139-1111-2222",
		Reason: "threatened a teacher",
		Ends:   x.wall.now().Add(48 * time.Hour),
	}, "")
	ok(t, err)
	x.shows(code, "in", "stop pass_held")
	eventually(t, "both alerts", func() bool { return len(x.alerts(g.BarredRule)) >= 2 })
	for _, a := range x.alerts(g.BarredRule) {
		if strings.Contains(a.Title+a.Text, "Wu") {
			t.Errorf("the alert names them: %s %s", a.Title, a.Text)
		}
	}
	_, err = x.view().Visits.Unbar(t.Context(), entry.ID)
	ok(t, err)
	x.shows(code, "in", "open")
}

// TestAVisitorWhereTheyMayNotGo: who may go to one room and is seen in another raises an alert that
// names nobody; a room that the school does not have is refused.
func TestAVisitorWhereTheyMayNotGo(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts a driver; not with -short")
	}
	x := newVisited(t)
	ctx := t.Context()
	_, err := x.view().Deeds.PutZone(ctx, g.Zone{
		ID:       "hall",
		School:   killSchool,
		Building: "building",
		Name:     "Hall",
		Kind:     g.ZoneCorridor,
	})
	ok(t, err)
	own := x.registers("Zhou Qiang", "13800000000")
	_, letter := x.told("usr_lin")
	x.at(hostLink.FindStringSubmatch(letter)[1], url.Values{"do": {"accept"}, "escort": {"yes"}})
	_, body := x.at(own, nil)
	code := visitCode.FindStringSubmatch(body)[1]
	may := func(zones ...g.ZoneID) error {
		_, err := x.view().Visits.Move(ctx, x.visit("Zhou Qiang").ID, visits.Step{
			State: g.VisitExpected,
			Zones: zones,
		})
		return err
	}
	if err := may("nowhere"); g.ErrorCode(err) != g.Invalid || !strings.Contains(err.Error(), "zones[0]") {
		t.Errorf("got %v, want the room refused", err)
	}
	ok(t, may("hall"))
	x.shows(code, "in", "open")
	eventually(t, "the alert", func() bool { return len(x.alerts(g.StrayRule)) == 1 })
	a := x.alerts(g.StrayRule)[0]
	if a.Zone != "zone" || !strings.Contains(a.Title, "Laboratory") || !strings.Contains(a.Text, "nowhere alone") ||
		strings.Contains(a.Title+a.Text, "Zhou") {
		t.Errorf("got %s: %s, want where they are, and no name", a.Title, a.Text)
	}
}
