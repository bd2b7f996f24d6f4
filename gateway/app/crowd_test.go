package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/gatehouse-iot/gatehouse/api"
)

// through is a client that comes from one address of this machine.
func through(address string) *http.Client {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	return &http.Client{
		Transport: &http.Transport{DialContext: d.DialContext, DisableKeepAlives: true},
	}
}

// hold opens n connections to addr, writes words to each and leaves them open until the test ends.
// Connections that are refused at once are skipped.
func hold(t *testing.T, addr string, n int, from func(i int) string, words string) {
	t.Helper()
	for i := range n {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from(i))}}
		c, err := d.DialContext(t.Context(), "tcp", addr)
		if errors.Is(err, syscall.ECONNRESET) {
			continue
		}
		ok(t, err)
		t.Cleanup(func() { c.Close() })
		if _, err := io.WriteString(c, words); err != nil && !errors.Is(err, syscall.ECONNRESET) &&
			!errors.Is(err, syscall.EPIPE) {
			t.Fatal(err)
		}
	}
}

// TestNobodySilentKeepsOthersOut: with 300 file descriptors, more than 300 connections, from one
// address or many, that send nothing, or a header whose body never comes, do not keep others from
// the API, the status and the MQTT listener; and the refusals are reported.
func TestNobodySilentKeepsOthersOut(t *testing.T) {
	s := newSchool(t)
	gw := s.start(t, plan{Dir: s.dir, Files: 300})
	addr := strings.TrimPrefix(gw.url, "http://")
	const promise = "POST /v1/people HTTP/1.1\r\nHost: x\r\nContent-Type: " +
		"application/json\r\nContent-Length: 10\r\n\r\n"
	one := func(int) string { return "127.0.7.7" }
	many := func(i int) string { return fmt.Sprintf("127.0.%d.%d", 8+i/200, 1+i%200) }

	hold(t, addr, 320, one, promise)
	hold(t, gw.mqtt, 320, one, "\x10")
	others(t, s, gw.url, gw.mqtt)
	hold(t, addr, 320, many, promise)
	hold(t, addr, 50, many, "")
	hold(t, gw.mqtt, 320, many, "\x10")
	others(t, s, gw.url, gw.mqtt)

	st, err := get[api.Status](t.Context(), s, gw.url+"/v1/status")
	ok(t, err)
	for _, c := range st.Checks {
		switch {
		case c.Name == "connections" &&
			(!strings.Contains(c.Message, "127.0.7.7") ||
				!strings.Contains(c.Message, "made room") ||
				!strings.Contains(c.Message, "LimitNOFILE")):
			t.Errorf("connections: got %s %q", c.State, c.Message)
		case c.Name == "mqtt" && !strings.Contains(c.Message, "127.0.7.7"):
			t.Errorf("mqtt: got %s %q", c.State, c.Message)
		}
	}
	if st.Connections["refused_address"] == 0.0 || st.Connections["displaced"] == 0.0 {
		t.Errorf("got %v", st.Connections)
	}
}

// others checks that a developer and a device, each from an address of its own, are served.
func others(t *testing.T, s *school, url, mqtt string) {
	t.Helper()
	client := through("127.0.6.6")
	for path, want := range map[string]int{
		"/healthz": http.StatusOK,
		"/readyz":  http.StatusOK,
		"/v1/me":   http.StatusOK,
	} {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url+path, nil)
		ok(t, err)
		req.Header.Set("Authorization", "Bearer "+s.key)
		resp, err := client.Do(req)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		b, err := io.ReadAll(resp.Body)
		ok(t, err)
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: got %d %s, want %d", path, resp.StatusCode, b, want)
		}
	}
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP("127.0.6.6")}}
	c, err := d.DialContext(t.Context(), "tcp", mqtt)
	ok(t, err)
	defer c.Close()
	_, err = c.Write(connectPacket("sensor-0", s.passwords["sensor-0"]))
	ok(t, err)
	var connack [4]byte
	if _, err := io.ReadFull(c, connack[:]); err != nil || connack[3] != 0 {
		t.Errorf("a device: got %v, %v", connack, err)
	}
}

// TestStatusHasConnections: the figures are there for programs, too.
func TestStatusHasConnections(t *testing.T) {
	s := newSchool(t)
	r := s.run(t)
	st, err := get[api.Status](t.Context(), s, r.a.URL()+"/v1/status")
	ok(t, err)
	b, err := json.Marshal(st.Connections)
	ok(t, err)
	for _, key := range []string{"http", "http_max", "files", "files_max", "refused_address"} {
		if _, found := st.Connections[key]; !found {
			t.Errorf("%s is missing in %s", key, b)
		}
	}
}
