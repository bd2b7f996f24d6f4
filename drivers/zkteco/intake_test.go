package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

func (b *inbox) kept() []gatehouse.Unreadable {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []gatehouse.Unreadable
	for _, o := range b.all {
		if o.Unreadable != nil {
			out = append(out, *o.Unreadable)
		}
	}
	return out
}

func local(ago time.Duration) string {
	return time.Now().Add(-ago).In(time.FixedZone("CST", 8*3600)).Format("2006-01-02 15:04:05")
}

// TestALogOfAnyLengthIsTaken: 25,000 lines, and a body of more than 4 MiB.
func TestALogOfAnyLengthIsTaken(t *testing.T) {
	d, base := listen(t)
	box := &inbox{}
	connect(t, d, device(d, "S1"), box.emit)
	var b strings.Builder
	for i := range 25_000 {
		fmt.Fprintf(&b, "%d\t%s\t0\t1\t0\t0\t%s\n", 1000+i,
			local(700*time.Second+20*time.Duration(i)*time.Second), strings.Repeat("0", 200))
	}
	if b.Len() < 5<<20 {
		t.Fatalf("the body has %d bytes only", b.Len())
	}
	if got := call(t, "POST", base+"/iclock/cdata?SN=S1&table=ATTLOG&Stamp=9999", b.String()); got != "200 OK: 25000" {
		t.Errorf("got %q, want 200 OK: 25000", got)
	}
	users := map[string]bool{}
	for _, o := range box.sightings() {
		users[o.Sighting.Credential] = true
		if !o.Replayed {
			t.Fatalf("%+v is of before ten minutes and no history", o)
		}
	}
	if len(users) != 25_000 {
		t.Errorf("got %d passages, want all 25,000", len(users))
	}
}

// TestOnePassageInThreeFormsIsOne: user, time, status and verify type identify a passage.
func TestOnePassageInThreeFormsIsOne(t *testing.T) {
	d, base := listen(t)
	box := &inbox{}
	connect(t, d, device(d, "S1"), box.emit)
	at := local(0)
	for _, line := range []string{
		"779\t" + at + "\t0\t1\t0\t0\n", "779\t" + at + "\t0\t1\t0\t0\t0\t0\r\n",
		"PIN=779\tDateTime=" + at + "\tVerified=1\tStatus=0\n",
		"PIN=779    DateTime=" + at + "    Verified=1    Status=0",
	} {
		call(t, "POST", base+"/iclock/cdata?SN=S1&table=ATTLOG", line)
	}
	call(t, "POST", base+"/iclock/cdata?SN=S1&table=rtlog",
		"time="+at+
			"\tpin=779\tcardno=0\teventaddr=1\tevent=0\tinoutstatus=0\tverifytype=1\tindex=21\n")
	ids := map[gatehouse.SightingID]bool{}
	for _, o := range box.sightings() {
		ids[gatehouse.NewSightingID("d", o.Time, o.Sequence, "/"+o.Sighting.Credential,
			o.Sighting.Method)] = true
	}
	if n := len(box.sightings()); n != 5 || len(ids) != 1 {
		t.Errorf("%d sightings with %d identities, want 5 of one", n, len(ids))
	}
}

// TestWhatATerminalPushesIsReadOrKept: letters as status, verify types without a method, door
// events, unknown tables, malformed lines.
func TestWhatATerminalPushesIsReadOrKept(t *testing.T) {
	at := local(0)
	for _, c := range []struct{ table, body, want string }{
		{"ATTLOG", "777\t" + at + "\tI\tFP", "sighting 777 other in"},
		{"ATTLOG", "777\t" + at + "\tX\t15", "sighting 777 face "},
		{"ATTLOG", "777\t" + at + "\t1\t0", "sighting 777 pin out"},
		{"ATTLOG", "777\t" + at + "\t0\t25", "sighting 777 other in"},
		{
			"ATTLOG",
			"777\tnoon\t0\t1",
			"kept ATTLOG, line 1: the time is not like 2006-01-02 15:04:05: 777\tnoon\t0\t1",
		},
		{
			"ATTLOG",
			strings.Repeat("x", 9000),
			"kept ATTLOG, line 1: it is longer than 4096 bytes: " + strings.Repeat("x", 4096),
		},
		{
			"rtlog",
			"time=" + at + "\tpin=501\tcardno=12345\tevent=0\tinoutstatus=0\tverifytype=15",
			"sighting 501 face in",
		},
		{
			"rtlog",
			"time=" + at + "\tpin=0\tcardno=12345\tevent=27\tinoutstatus=1\tverifytype=4",
			"sighting 12345 card out",
		},
		{
			"rtlog",
			"time=" + at + "\tpin=0\tcardno=0\tevent=200\tinoutstatus=2\tverifytype=200",
			"reading map[event:200]",
		},
		{"rtlog", "time=" + at + "\tpin=501\tcardno=0\tevent=23\tinoutstatus=0\tverifytype=4",
			"kept RTLOG, " + refusedEvent(23) + ": time=" + at +
				"\tpin=501\tcardno=0\tevent=23\tinoutstatus=0\tverifytype=4; reading map[event:23]"},
		{
			"rtstate",
			"time=" + at + "\tsensor=01\trelay=00\talarm=0200000000000000",
			"reading map[alarm:0200000000000000 relay:00 sensor:01]",
		},
		{
			"rtstate",
			"hello",
			"kept RTSTATE, line 1: there is no sensor, relay, alarm or door in it: hello",
		},
		{
			"ERRORLOG",
			"a\tb",
			"kept ERRORLOG, the driver does not know this table of the terminal; its beginning " +
				"is kept: a\tb",
		},
		{"OPERLOG", "USER PIN=1\tName=Somebody", ""},
	} {
		d, base := listen(t)
		box := &inbox{}
		connect(t, d, device(d, "S1"), box.emit)
		if got := call(t, "POST", base+"/iclock/cdata?SN=S1&table="+c.table, c.body); !strings.HasPrefix(
			got, "200 OK") {
			t.Errorf("%s: got %q, want 200 OK", c.table, got)
		}
		var got []string
		for _, o := range box.all {
			switch {
			case o.Sighting != nil:
				got = append(got,
					fmt.Sprintf("sighting %s %s %s", o.Sighting.Credential, o.Sighting.Method,
						o.Sighting.Direction))
			case o.Unreadable != nil:
				got = append(got,
					fmt.Sprintf("kept %s, %s: %s", o.Unreadable.What, o.Unreadable.Reason,
						o.Unreadable.Raw))
			case o.Reading != nil:
				got = append(got, fmt.Sprintf("reading %v", o.Reading.Values))
			}
		}
		if diff := cmp.Diff(strings.Join(got, "; "), c.want); diff != "" {
			t.Errorf("%s %.60q, got - want +:\n%s", c.table, c.body, diff)
		}
	}
}

// TestFactsThatComeWithAConfirmationAreRead: the result of the command INFO.
func TestFactsThatComeWithAConfirmationAreRead(t *testing.T) {
	d, base := listen(t)
	box := &inbox{}
	connect(t, d, device(d, "S1"), box.emit)
	call(t, "POST", base+"/iclock/devicecmd?SN=S1",
		"ID=1&Return=0&CMD=INFO\nUserCount=77\nFaceCount=12\nTransactionCount=4321\n")
	o := box.wait(t, "the facts", func(o gatehouse.Observation) bool { return o.Reading != nil })
	want := "map[faces:12 log_entries:4321 users:77]"
	if got := fmt.Sprint(o.Reading.Values); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestATerminalProvesItself: by address or by token in the path; refused calls are recorded.
func TestATerminalProvesItself(t *testing.T) {
	d, base := listen(t)
	box := &inbox{}
	for serial, f := range map[string]func(*drivers.Device){
		"PINNED": func(dev *drivers.Device) { dev.Address["ip"] = "10.9.9.9" },
		"TOKEN": func(dev *drivers.Device) {
			dev.Secret = map[string]string{"token": "f3b19c0d2e7a"}
		},
		"CERT": func(dev *drivers.Device) { dev.Address["certificate"] = "gate-1" },
		"WEAK": func(*drivers.Device) {},
	} {
		dev := device(d, serial)
		f(&dev)
		connect(t, d, dev, box.emit)
	}
	line := "501\t" + local(48*time.Hour) + "\t0\t1\n"
	for _, c := range []struct{ url, want string }{
		{"/iclock/cdata?SN=PINNED&table=ATTLOG", "403"},
		{"/iclock/cdata?SN=TOKEN&table=ATTLOG", "403"},
		{"/wrongwrongwrong/iclock/cdata?SN=TOKEN&table=ATTLOG", "403"},
		{"/f3b19c0d2e7a/iclock/cdata.aspx?SN=TOKEN&table=ATTLOG", "200"},
		{"/iclock/cdata?SN=CERT&table=ATTLOG", "403"},
		{"/iclock/cdata?SN=WEAK&table=ATTLOG", "200"},
	} {
		if got := call(t, "POST", base+c.url, line); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: got %q, want %s", c.url, got, c.want)
		}
	}
	if got := d.Assess(device(d, "WEAK")); got != gatehouse.WeakSerialOnly {
		t.Errorf("the weak one is told as %q", got)
	}
	var kept []string
	for _, u := range box.kept() {
		if string(u.Raw) != line {
			t.Errorf("kept %q, want the line", u.Raw)
		}
		_, why, _ := strings.Cut(u.Reason, "turned away: ")
		kept = append(kept, why)
	}
	want := []string{
		"it must call from 10.9.9.9/32",
		"its token is missing or wrong: put it into the server's path, before /iclock",
		`it must show a certificate of "gate-1"`, // the second one within a minute is not
	}
	if diff := cmp.Diff(kept, want); diff != "" {
		t.Errorf("what was turned away, got - want +:\n%s", diff)
	}
}

// TestAWeakTerminalKeepsToItsAddress: another address is refused while the first one calls; after a
// silence it may take over, and its replayed entries are then not believed.
func TestAWeakTerminalKeepsToItsAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := &inbox{}
		d := newDriver()
		dev := device(d, "S1")
		term, err := parse(dev)
		if err != nil {
			t.Fatal(err)
		}
		term.emit, term.queue = box.emit, &commands{}
		d.terminals["S1"] = term
		push := func(from, line string) int {
			r := httptest.NewRequest("POST", "/iclock/cdata?SN=S1&table=ATTLOG",
				strings.NewReader(line))
			r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(from), 4000).String()
			w := httptest.NewRecorder()
			d.routes().ServeHTTP(w, r)
			return w.Code
		}
		old := func(user string) string { return user + "\t" + local(48*time.Hour) + "\t0\t1\n" }
		now := func(user string) string { return user + "\t" + local(0) + "\t0\t1\n" }
		got := []int{push("10.0.0.1", old("1")), push("10.0.0.2", now("2"))}
		time.Sleep(settled + time.Second)
		got = append(got, push("10.0.0.2", now("3")), push("10.0.0.2", old("4")),
			push("10.0.0.1", now("5")))
		time.Sleep(believed)
		got = append(got, push("10.0.0.2", old("6")))
		if diff := cmp.Diff(got, []int{200, 403, 200, 200, 403, 200}); diff != "" {
			t.Errorf("answers, got - want +:\n%s", diff)
		}
		var users []string
		for _, o := range box.sightings() {
			users = append(users, o.Sighting.Credential)
		}
		if diff := cmp.Diff(users, []string{"1", "3", "6"}); diff != "" {
			t.Errorf("passages, got - want +:\n%s", diff)
		}
		var kept []string
		for _, u := range box.kept() {
			kept = append(kept, string(u.Raw[:1]))
		}
		if diff := cmp.Diff(kept, []string{"2", "4", "5"}); diff != "" {
			t.Errorf("kept, got - want +:\n%s", diff)
		}
	})
}

// TestWhatCameOfACommandIsSaidInTime: a command that was never fetched and one that was not
// confirmed give different errors, both before the caller's deadline.
func TestWhatCameOfACommandIsSaidInTime(t *testing.T) {
	d, base := listen(t)
	connect(t, d, device(d, "S1"), (&inbox{}).emit)
	for _, c := range []struct {
		fetch bool
		want  string
	}{
		{false, "did not call in time; the command is withdrawn"},
		{true, "has fetched the command and not said what came of it"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		outcome := make(chan error, 1)
		go func() {
			_, err := d.Command(ctx,
				drivers.Command{ID: c.want, Device: "dev-S1", Action: "unlock"})
			if ctx.Err() != nil {
				err = errors.New("the caller was gone before")
			}
			outcome <- err
		}()
		for c.fetch {
			if got := call(t, http.MethodGet, base+"/iclock/getrequest?SN=S1", ""); strings.Contains(
				got, "AC_UNLOCK") {
				break
			}
		}
		if err := <-outcome; err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("fetched %v: got %v, want %q", c.fetch, err, c.want)
		}
	}
}

// FuzzPush: every line of any push becomes an observation that the gateway accepts, or stores as
// unreadable.
func FuzzPush(f *testing.F) {
	for _, s := range []string{
		"501\t2026-09-29 18:05:10\t0\t1\t0\t0\n",
		"PIN=1    DateTime=2025-09-02 14:32:11    Verified=15    Status=0", "\t\t\t",
		"1\t0000-00-00 00:00:00\t-1\t99999999999999999999", "\xff\t2026-09-29 18:05:10",
		"PIN=\nPIN=x\tDateTime=", "777\t2026-09-29 18:05:10\tI\tFP",
		"time=2026-09-29 18:05:10\tpin=501\tcardno=1\tevent=0\tinoutstatus=0\tverifytype=15",
		"time=2026-09-29 18:05:10\tevent=999999999999",
		"time=2026-09-29 18:05:10\tsensor=01\trelay=00\talarm=02",
	} {
		for _, table := range []string{"ATTLOG", "RTLOG", "RTSTATE"} {
			f.Add(table, []byte(s))
		}
	}
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		f.Fatal(err)
	}
	dev := device(newDriver(), "S1")
	now := time.Now()
	f.Fuzz(func(t *testing.T, table string, body []byte) {
		if table != "ATTLOG" && table != "RTLOG" && table != "RTSTATE" {
			return
		}
		box := &inbox{}
		p := &push{
			t:     &terminal{device: dev, zone: zone, way: "status", emit: box.emit},
			now:   now,
			table: table,
		}
		n, err := p.take(t.Context(), bytes.NewReader(body), func() {})
		if err != nil || len(box.all) < n {
			t.Fatalf("%d lines, %d observations, %v", n, len(box.all), err)
		}
		for _, o := range box.all {
			if o.Unreadable != nil {
				if len(o.Unreadable.Raw) > gatehouse.MaxRaw || o.Unreadable.Reason == "" {
					t.Errorf("kept without a reason or bound: %+v", o.Unreadable)
				}
				continue
			}
			o.Device, o.Time = "d", now // whether the time is plausible is for the gateway to judge
			if o.Sighting != nil && o.Sequence == 0 {
				t.Error("sequence 0")
			}
			if _, err := gatehouse.Admit(gatehouse.Device{ID: "d", Enabled: true}, dev.Profile, o,
				now); err != nil {
				t.Errorf("%q: %v", body, err)
			}
		}
	})
}
