package host_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
)

// thermometer is the equipment of the examples in other languages.
type thermometer struct {
	mu   sync.Mutex
	door string
	card string // on its reader

	asked  chan struct{} // if not nil: receives at each POST, which waits for opens
	opens  chan struct{} // closed: the door may open
	looked atomic.Int64  // number of GETs
}

func (x *thermometer) show(card string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.card = card
}

func (x *thermometer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == "GET" {
		x.looked.Add(1)
	} else if x.asked != nil {
		x.asked <- struct{}{}
		<-x.opens
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	switch r.Method + " " + r.URL.Path {
	case "GET /status.json":
		_ = json.NewEncoder(w).Encode(map[string]any{
			"temperature": 21.5,
			"door":        x.door,
			"card":        x.card,
		})
	case "POST /door":
		var said struct{ Open bool }
		if err := json.NewDecoder(r.Body).Decode(&said); err != nil || !said.Open {
			http.Error(w, "say open", http.StatusBadRequest)
			return
		}
		x.door = "open"
	default:
		http.NotFound(w, r)
	}
}

// program copies an example driver and its dependencies into a new folder, as a vendor would; it
// skips the test if the language's packages are missing.
func program(t *testing.T, language string) string {
	t.Helper()
	from, dir := filepath.Join("../example", language), t.TempDir()
	source := map[string]string{"python": "driver.py", "node": "driver.js"}[language]
	files := []string{filepath.Join(from, source), "../driverpb/driver.proto"}
	switch language {
	case "python":
		imports := "import grpc, google.protobuf, cryptography"
		if err := exec.Command("/usr/bin/python3", "-c", imports).Run(); err != nil {
			t.Skip("no gRPC for Python here; deploy/setup/debian.sh test installs it")
		}
		if _, err := exec.LookPath("protoc"); err != nil {
			t.Skip("no protoc here; deploy/setup/debian.sh test installs it")
		}
		out, err := exec.Command("protoc", "-I", "../driverpb", "--python_out", dir, "driver.proto").CombinedOutput()
		if err != nil {
			t.Fatalf("protoc: %v\n%s", err, out)
		}
	case "node":
		modules, err := filepath.Abs(filepath.Join(from, "node_modules"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(modules, "@grpc/grpc-js")); err != nil {
			t.Skip("no gRPC for Node.js here; make test installs it, or npm ci in drivers/example/node")
		}
		if err := os.CopyFS(filepath.Join(dir, "node_modules"), os.DirFS(modules)); err != nil {
			t.Fatal(err)
		}
		files = append(files, filepath.Join(from, "package.json"))
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(file)), b, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, source)
}

// TestOtherLanguages runs the examples that are not written in Go under a driver host: handshake,
// mutual TLS, and every kind of message. The examples follow drivers/driverpb/README.md alone, so
// this tests that page too.
func TestOtherLanguages(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range []string{"python", "node"} {
		t.Run(language, func(t *testing.T) {
			path := program(t, language)
			t.Run("open", func(t *testing.T) { speaks(t, language, path, host.Confinement{}) })
			t.Run("confined", func(t *testing.T) {
				speaks(t, language, path,
					host.Confinement{Mode: host.ConfineTry, Launcher: []string{exe, "drive=confine"}})
			})
		})
	}
}

func speaks(t *testing.T, language, path string, confinement host.Confinement) {
	door := &thermometer{door: "closed"}
	equipment := httptest.NewServer(door)
	defer equipment.Close()
	refused := make(chan struct{}, 1)
	name := gatehouse.DriverName(language)
	sink := newSink()
	answer := func(
		_ context.Context, _ gatehouse.DriverName, a gatehouse.Ask,
	) (gatehouse.Answer, error) {
		if a.Device != "dev_1" || a.Method != gatehouse.ByCard {
			t.Errorf("got the question %+v", a)
		}
		if a.Credential == "4711" {
			return gatehouse.Answer{Allow: true, Person: "per_1"}, nil
		}
		select {
		case refused <- struct{}{}:
		default:
		}
		return gatehouse.Answer{Reason: gatehouse.Because(gatehouse.ReasonNobody)}, nil
	}
	h, stop := start(t, host.Options{Sink: sink, Confine: confinement, Answer: answer},
		host.Spec{Name: name, Path: path, Read: []string{filepath.Dir(path)}})
	st := wait(t, h, name, host.Running, host.Backoff, host.Refused)
	if st.State != host.Running || st.Contract != drivers.ContractVersion || !st.Commands ||
		st.Description.Name != "example-"+language || len(st.Description.Profiles) != 1 {
		t.Fatalf("got %s (%s), contract %d, %+v, want it running", st.State, st.Reason, st.Contract,
			st.Description)
	}
	d := drivers.Device{
		ID:      "dev_1",
		Profile: st.Description.Profiles[0],
		Reach:   drivers.Reach{Bounded: true, ThisMachine: true},
		Address: map[string]string{
			"host":  strings.TrimPrefix(equipment.URL, "http://"),
			"every": "0.05",
		},
	}
	if err := h.Put(name, d); err != nil {
		t.Fatal(err)
	}
	sink.wait(t, "two readings", readings(d.ID, 2))
	values := func(door string) map[string]gatehouse.Value {
		return map[string]gatehouse.Value{
			"temperature": gatehouse.NumberValue(21.5),
			"door":        gatehouse.StringValue(door),
		}
	}
	saw(t, sink, 2, []gatehouse.Observation{
		{Device: d.ID, Status: &gatehouse.Status{State: gatehouse.StateOnline}},
		{Device: d.ID, Reading: &gatehouse.Reading{Values: values("closed")}},
	})

	// An unknown card leaves the door closed, a known one opens it.
	door.show("0815")
	select {
	case <-refused:
	case <-time.After(patience):
		t.Fatalf("waited %s for a question about the card", patience)
	}
	door.show("4711")
	occurred := func(got []gatehouse.Observation) bool {
		return slices.ContainsFunc(got, func(o gatehouse.Observation) bool { return o.Occurrence != nil })
	}
	sink.wait(t, "the door", occurred)

	r, err := h.Command(t.Context(), name, drivers.Command{ID: "cmd_1", Device: d.ID, Action: "open"})
	if err != nil || r.Message != "the door is open" {
		t.Errorf("got %+v, %v, want the door open", r, err)
	}
	_, err = h.Command(t.Context(), name, drivers.Command{ID: "cmd_2", Device: d.ID, Action: "shut"})
	if gatehouse.ErrorCode(err) != gatehouse.NotFound {
		t.Errorf("got %v, want %s", err, gatehouse.NotFound)
	}
	equipment.Close()
	sink.wait(t, "the device to be away",
		hasStates(d.ID, gatehouse.StateOnline, gatehouse.StateOffline))
	forbidden := d
	forbidden.ID, forbidden.Reach = "dev_2", drivers.Reach{Bounded: true}
	if err := h.Put(name, forbidden); err != nil {
		t.Fatal(err)
	}
	sink.wait(t, "a device where no driver may connect to be away",
		hasStates(forbidden.ID, gatehouse.StateOffline))
	wrong := d
	wrong.ID, wrong.Address = "dev_3", maps.Clone(d.Address)
	wrong.Address["every"] = "abc"
	if err := h.Put(name, wrong); err != nil {
		t.Fatal(err)
	}
	sink.wait(t, "a device with a mistake in its address to be away",
		hasStates(wrong.ID, gatehouse.StateOffline))
	admits(t, d, sink)
	stop()
	if st, err := h.Driver(name); err != nil || st.Restarts != 0 || st.LastError != "" {
		t.Errorf("got %d restarts, %q, %v, want one program from beginning to end", st.Restarts,
			st.LastError, err)
	}
}

// saw compares the first n observations.
func saw(t *testing.T, s *sink, n int, want []gatehouse.Observation) {
	t.Helper()
	s.mu.Lock()
	got := slices.Clone(s.got[:n])
	s.mu.Unlock()
	if diff := cmp.Diff(got, want, cmp.AllowUnexported(gatehouse.Value{})); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}

// admits checks every observation against the device's profile, as the gateway does.
func admits(t *testing.T, d drivers.Device, s *sink) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.got {
		a, err := gatehouse.Admit(gatehouse.Device{ID: o.Device, Enabled: true, Profile: d.Profile.ID},
			d.Profile, o, time.Now())
		if err != nil || len(a.Misfits) > 0 {
			t.Errorf("got %+v refused: %v, %v", o, err, a.Misfits)
		}
		if o.Occurrence != nil && (o.Occurrence.Kind != gatehouse.OccurrenceDoor ||
			o.Occurrence.Data["state"] != gatehouse.StringValue("open")) {
			t.Errorf("got %+v, want the door open", o.Occurrence)
		}
		if s := o.Status; s != nil && s.State == gatehouse.StateOffline &&
			(s.Reason == "" || len(s.Causes) != 1 || s.Causes[0].Code != gatehouse.ReasonOther) {
			t.Errorf("got %+v, want a sentence and its cause", s)
		}
	}
}

// TestOtherLanguagesServeADeviceOnce: a device that is connected again, with other particulars, waits
// until what served it has done what it was at.
func TestOtherLanguagesServeADeviceOnce(t *testing.T) {
	for _, language := range []string{"python", "node"} {
		t.Run(language, func(t *testing.T) {
			door := &thermometer{
				door:  "closed",
				card:  "4711",
				asked: make(chan struct{}, 10),
				opens: make(chan struct{}),
			}
			equipment, other := httptest.NewServer(door), httptest.NewServer(&thermometer{door: "closed"})
			defer equipment.Close()
			defer other.Close()
			got := newSink()
			answer := func(context.Context, gatehouse.DriverName, gatehouse.Ask) (gatehouse.Answer, error) {
				return gatehouse.Answer{Allow: true, Person: "per_1"}, nil
			}
			path, name := program(t, language), gatehouse.DriverName(language)
			h, _ := start(t, host.Options{Sink: got, Answer: answer},
				host.Spec{Name: name, Path: path})
			st := wait(t, h, name)
			at := func(id gatehouse.DeviceID, server *httptest.Server, every string) drivers.Device {
				address := map[string]string{
					"host":  strings.TrimPrefix(server.URL, "http://"),
					"every": every,
				}
				return drivers.Device{ID: id, Profile: st.Description.Profiles[0], Address: address}
			}
			put(t, h, name, at("dev_1", equipment, "0.05"))
			<-door.asked // the door opens, which takes a while
			before := door.looked.Load()
			put(t, h, name, at("dev_1", equipment, "0.06"))
			put(t, h, name, at("dev_2", other, "0.05"))
			got.wait(t, "the other device", readings("dev_2", 3))
			if n := door.looked.Load() - before; n != 0 {
				t.Errorf("got %d looks at a device while what served it before is still at work", n)
			}
			got.set(func(s *sink) { s.got = nil })
			close(door.opens)
			got.wait(t, "the device as it is now", readings("dev_1", 2))
		})
	}
}

// TestOtherLanguagesByHand starts the examples as a person would: they print what they are.
func TestOtherLanguagesByHand(t *testing.T) {
	for _, language := range []string{"python", "node"} {
		t.Run(language, func(t *testing.T) {
			out, err := exec.Command(program(t, language)).Output()
			if err != nil || !strings.Contains(string(out), "drivers:\n    - name: example-"+language) {
				t.Errorf("got %q, %v, want how it is used", out, err)
			}
		})
	}
}
