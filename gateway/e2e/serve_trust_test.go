package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

var checksumLine = regexp.MustCompile(`(?m)^\s+sha256: ([0-9a-f]{64})$`)

// vendor builds a driver in a module of its own, as drivers/example/README.md says, names it
// in the configuration, and names another with a wrong checksum.
func (o *ownSchool) vendor(t *testing.T) {
	program := o.thermometer(t)
	about, err := run(t, o.dir, "", program)
	m := checksumLine.FindStringSubmatch(about)
	if err != nil || m == nil {
		t.Fatalf("started by hand it says %v:\n%s", err, about)
	}
	o.h.stop()
	o.more = fmt.Sprintf("  - {name: example, path: %s, sha256: %s}\n  - {name: forged, path: "+
		"%s, sha256: %s}\n  - {name: lost, path: bin/drivers/lost}\n",
		program, m[1], program, strings.Repeat("0", 64))
	o.configure(t, "", "")
	o.h.launch()
	o.admin = o.h.signIn("principal")
	c := o.as(t)
	type driver struct {
		driverRow
		Reason string
		Pinned bool
	}
	var all map[string]driver
	eventually(t, "the drivers have started, or been refused", func() (bool, string) {
		all = map[string]driver{}
		for _, d := range list[driver](c, "/v1/drivers") {
			all[d.Name] = d
		}
		for _, name := range []string{"camera", "modbus", "mqtt", "example"} {
			if all[name].State != "running" {
				return false, fmt.Sprintf("%+v", all)
			}
		}
		return all["forged"].State == "refused" && all["lost"].State == "refused", fmt.Sprintf(
			"%+v", all)
	})
	if !all["example"].Pinned {
		t.Error("the vendor's driver does not show as pinned")
	}
	contains(t, "the forged driver", all["forged"].Reason, "checksum", strings.Repeat("0", 64))
	contains(t, "the lost driver", all["lost"].Reason, "there is no file", "lost")
	_, status := c.status("GET", "/v1/status", nil)
	contains(t, "the status page", string(status), "A driver does not run: forged: refused")

	o.temperature(t)
	eventually(t, "the devices from before the restart are back", func() (bool, string) {
		online := list[deviceRow](c, "/v1/devices", "state", "online", "driver", "modbus")
		cameras := list[deviceRow](c, "/v1/devices", "state", "online", "driver", "camera")
		return len(online) == 1 && len(cameras) == 1, fmt.Sprintf("%d and %d", len(online),
			len(cameras))
	})
}

func (o *ownSchool) thermometer(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(o.dir, "thermometer")
	main, err := os.ReadFile(filepath.Join(o.root, "drivers", "example", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	o.write(t, filepath.Join("thermometer", "main.go"), string(main))
	for _, args := range [][]string{
		{"mod", "init", "example.com/thermometer"},
		{"mod", "edit", "-replace", "github.com/gatehouse-iot/gatehouse=" + o.root},
		{"mod", "tidy"},
		{"build", "-o", "thermometer", "."},
	} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	return filepath.Join(dir, "thermometer")
}

// temperature serves a device with the vendor's driver, takes it away, and finds why in the
// driver's log.
func (o *ownSchool) temperature(t *testing.T) {
	var off atomic.Bool
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if off.Load() {
			http.NotFound(w, r)
			return
		}
		io.WriteString(w, `{"temperature": 21.5, "door": "closed"}`)
	}))
	defer fake.Close()
	address := map[string]string{"url": fake.URL + "/status.json", "every": "0.2"}
	if p := o.probe(t, "example", "example-thermometer", address, nil); !p.OK ||
		p.Message != "The thermometer answers: 21.5 °C" {
		t.Errorf("the test button: got %+v", p)
	}
	made := o.add(t, "Thermometer", "example", "example-thermometer", "cellar", address, nil)
	o.reports(t, made.Device.ID, "temperature", is(g.NumberValue(21.5)))
	off.Store(true)
	eventually(t, "the driver's log says why the device is offline", func() (bool, string) {
		_, b := o.as(t).status("GET", "/v1/drivers/example/log", nil)
		return strings.Contains(string(b), "device offline") &&
			strings.Contains(string(b), "404 Not Found; check the path"), string(b)
	})
	o.as(t).do("DELETE", "/v1/devices/"+string(made.Device.ID), nil, nil)
}

// tls restarts the gateway with a certificate, and resets a password from the command line.
func (o *ownSchool) tls(t *testing.T) {
	o.h.stop()
	pool := o.certificate(t)
	o.configure(t, ", tls: {certificate: school.pem, key: school.key}",
		", listen_tls: \"127.0.0.1:0\"")
	text, err := os.ReadFile(filepath.Join(o.dir, "gatehouse.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	o.write(t, "gatehouse.yaml",
		strings.Replace(string(text), "mqtt: {listen: \"127.0.0.1:0\"", "mqtt: {listen: \"\"", 1))
	o.h.launch()
	if !strings.HasPrefix(o.h.url, "https://") {
		t.Fatalf("the console is at %s, want https", o.h.url)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	defer transport.CloseIdleConnections()
	person := func() *client {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		return &client{
			t:    t,
			base: o.h.url,
			http: &http.Client{Jar: jar, Transport: transport, Timeout: time.Minute},
		}
	}
	c := person()
	resp, err := c.http.Post(o.h.url+"/v1/session", "application/json",
		strings.NewReader(fmt.Sprintf(`{"name": "principal", "password": %q}`, ownPassword)))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if cookies := resp.Cookies(); resp.StatusCode != 200 || len(cookies) != 2 {
		t.Errorf("got %d, %+v, want the session's cookie and the browser's", resp.StatusCode,
			cookies)
	}
	for _, cookie := range resp.Cookies() {
		if !cookie.Secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode {
			t.Errorf("got the cookie %s, want it for https alone", cookie)
		}
	}
	var me struct{ CSRF string }
	c.do("GET", "/v1/me", nil, &me)
	c.csrf = me.CSRF
	o.admin = c

	// The line that the console shows trusts what the machine trusts: here, the school's own.
	made := o.add(t, "Far shed", g.DriverMQTTFront, "our-greenhouse", "laboratory", nil, nil)
	cmd := exec.CommandContext(t.Context(), "sh", "-c", made.MQTT.Example)
	if !made.MQTT.TLS {
		t.Errorf("got %+v, want MQTT over TLS", made.MQTT)
	}
	cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+filepath.Join(o.dir, "school.pem"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", made.MQTT.Example, err, out)
	}
	eventually(t, "what came over TLS is in", func() (bool, string) {
		var d deviceRow
		c.do("GET", "/v1/devices/"+string(made.Device.ID), nil, &d)
		return d.Twin.Reported["temperature"].Value == g.NumberValue(20), fmt.Sprintf("%+v", d.Twin)
	})
	if err := made.send(t, o.dir, made.MQTT.Username, made.Password, `{"temperature": 30}`); err == nil {
		t.Error("the TLS port takes what is sent in the clear")
	}

	gateway := filepath.Join(o.dir, "bin", "gateway")
	if out, err := run(t, o.dir, "another-quiet-word\n", gateway, "passwd", "--config",
		"gatehouse.yaml", "principal"); err != nil {
		t.Fatalf("passwd: %v\n%s", err, out)
	}
	refused(c, "GET", "/v1/devices", nil, 401)
	again := person()
	refused(again, "POST", "/v1/session",
		map[string]string{"name": "principal", "password": ownPassword}, 401)
	again.do("POST", "/v1/session",
		map[string]string{"name": "principal", "password": "another-quiet-word"}, &me)
	again.csrf = me.CSRF
	again.do("DELETE", "/v1/session", nil, nil)
	if out, err := run(t, o.dir, "another-quiet-word\n", gateway, "passwd", "--config",
		"gatehouse.yaml",
		"nobody"); err == nil || !strings.Contains(out, `there is no user "nobody"`) {
		t.Errorf("passwd for nobody: got %v\n%s", err, out)
	}
}

// certificate makes a certificate that vouches for itself, as a school without an authority
// has one.
func (o *ownSchool) certificate(t *testing.T) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: "gatehouse"},
		NotBefore:    now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	o.write(t, "school.pem", string(public))
	o.write(t, "school.key",
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(public)
	return pool
}

// TestFirstHour goes through the console's first hour in a browser, at an empty gateway.
func TestFirstHour(t *testing.T) {
	t.Parallel()
	o := &ownSchool{root: root(t)}
	o.dir = programs(t, o.root)
	o.configure(t, "", "")
	o.h = start(t, o.dir, "serve", "--config", filepath.Join(o.dir, "gatehouse.yaml"))
	shots := filepath.Join(o.root, ".cache", "screenshots")
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node",
		filepath.Join(o.root, "api", "console", "e2e", "firstrun.mjs"))
	cmd.Env = append(os.Environ(), "GATEHOUSE_URL="+o.h.url, "GATEHOUSE_SHOTS="+shots)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("the browser test: %v\n%s", err, tail(string(out), 6000))
	}
	t.Logf("%s\nscreenshots in %s", tail(string(out), 2000), shots)
}
