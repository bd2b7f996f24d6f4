package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/drivertest"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
)

// thermometer is the equipment. It can be switched off, and on again at the same address.
type thermometer struct {
	addr   string
	server *httptest.Server
}

func newThermometer(t *testing.T) *thermometer {
	t.Helper()
	th := &thermometer{addr: "127.0.0.1:0"}
	if err := th.on(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { th.off() })
	return th
}

func (th *thermometer) on() error {
	lis, err := net.Listen("tcp", th.addr)
	if err != nil {
		return err
	}
	th.addr = lis.Addr().String()
	th.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"temperature": 21.5, "door": "closed", "firmware": "7"}`)
	}))
	th.server.Listener.Close()
	th.server.Listener = lis
	th.server.Start()
	return nil
}

func (th *thermometer) off() error {
	th.server.CloseClientConnections()
	th.server.Close()
	return nil
}

func (th *thermometer) device() drivers.Device {
	return drivers.Device{
		Profile: profile,
		Address: map[string]string{"url": "http://" + th.addr + "/status.json", "every": "0.1"},
	}
}

// TestConformance is the only test that a driver needs.
func TestConformance(t *testing.T) {
	one, two := newThermometer(t), newThermometer(t)
	wrong := one.device()
	wrong.Address = map[string]string{"url": "http://127.0.0.1:1/"}
	drivertest.Run(t, drivertest.Fixture{
		Driver: driver{},
		Device: one.device(), Other: two.device(), Wrong: wrong, Vanish: one.off, Return: one.on,
	})
}

func TestWrongInputIsNamed(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/html":
			io.WriteString(w, "<html>")
		case "/other":
			io.WriteString(w, `{"humidity": 40}`)
		case "/nested":
			io.WriteString(w, `{"temperature": {"value": 21}}`)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	for _, c := range []struct{ url, every, want string }{
		{"://", "", "url: \"://\" is no URL; give one like http://10.0.0.9/status.json"},
		{server.URL + "/none", "", "answers 404 Not Found; check the path in the URL"},
		{server.URL + "/html", "", "does not answer with JSON; is it a thermometer?"},
		{server.URL + "/other", "", "answers without a temperature or a door"},
		{
			server.URL + "/nested",
			"",
			"its temperature is odd: a map[string]interface {} is no value",
		},
		{server.URL, "often", `every: "often" is no number of seconds between 0.1 and 3600`},
		{server.URL, "0", `every: "0" is no number of seconds`},
		{server.URL, "-1", `every: "-1" is no number of seconds`},
	} {
		_, err := driver{}.Probe(t.Context(),
			drivers.Device{Address: map[string]string{"url": c.url, "every": c.every}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q in it", c.url, err, c.want)
		}
	}
}

// TestOutsideTheRepository follows the README: a module elsewhere, built there and run by a
// gateway's driver host.
func TestOutsideTheRepository(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	repository, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if mod, err := os.ReadFile(filepath.Join(repository, "go.mod")); err != nil ||
		!bytes.HasPrefix(mod, []byte("module github.com/gatehouse-iot/gatehouse\n")) {
		t.Skip("this is a copy outside of the gateway's repository, which alone can try that")
	}
	dir := t.TempDir()
	b, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "main.go"), b, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"mod", "init", "example.com/thermometer"},
		{"mod", "edit", "-replace", "github.com/gatehouse-iot/gatehouse=" + repository},
		{"mod", "tidy"},
		{"build", "-o", "thermometer", "."},
	} {
		cmd := exec.Command("go", args...)
		cmd.Dir = dir
		// Other modules come from the module proxy: no warm cache is needed.
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	th := newThermometer(t)
	sink := make(sink, 1)
	h := host.New(host.Options{Sink: sink, Logger: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() {
		ran <- h.Run(ctx,
			[]host.Spec{{Name: "thermometer", Path: filepath.Join(dir, "thermometer")}})
	}()
	defer func() {
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	}()
	waitCtx, cancelWait := context.WithTimeout(ctx, 30*time.Second)
	defer cancelWait()
	if st, err := h.Wait(waitCtx, "thermometer"); err != nil {
		t.Fatalf("got %s (%s): %v", st.State, st.Reason, err)
	}
	d := th.device()
	d.ID = "dev_1"
	p, err := h.Probe(waitCtx, "thermometer", d)
	if err != nil || p.Message != "The thermometer answers: 21.5 °C" {
		t.Errorf("got %q, %v", p.Message, err)
	}
	if err := h.Put("thermometer", d); err != nil {
		t.Fatal(err)
	}
	for {
		select {
		case o := <-sink:
			if o.Reading == nil {
				continue
			}
			if got := o.Reading.Values["temperature"]; o.Device != "dev_1" ||
				got != gatehouse.NumberValue(21.5) {
				t.Errorf("got %v of %q, want 21.5 of dev_1", got, o.Device)
			}
			return
		case <-waitCtx.Done():
			t.Fatal("no reading arrived")
		}
	}
}

// sink passes on observations one by one.
type sink chan gatehouse.Observation

func (s sink) Accept(
	ctx context.Context, _ gatehouse.DriverName, observations []gatehouse.Observation,
) error {
	for _, o := range observations {
		select {
		case s <- o:
		case <-ctx.Done():
			return errors.New("the gateway stops")
		}
	}
	return nil
}
