package outward

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// The published vector of Standard Webhooks 1.0, and the same from the shared fixtures.
func TestSign(t *testing.T) {
	type vector struct{ Secret, ID, Timestamp, Payload, Signature string }
	vectors := []vector{
		{
			"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
			"1614265330", `{"test": 2432232314}`,
			"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
		},
	}
	shared := os.Getenv("GATEHOUSE_SHARED")
	if shared == "" {
		shared = "../../../../shared"
	}
	if b, err := os.ReadFile(filepath.Join(shared,
		"fixtures/signature-and-id-vectors/signature_vectors.json")); err == nil {
		var all map[string]vector
		if err := json.Unmarshal(b, &all); err != nil {
			t.Fatal(err)
		}
		vectors = append(vectors, all["standard_webhooks_v1"])
	}
	for _, v := range vectors {
		sec, err := strconv.ParseInt(v.Timestamp, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		got, err := sign(v.Secret, v.ID, time.Unix(sec, 0), []byte(v.Payload))
		if err != nil || got != v.Signature {
			t.Errorf("got %s %v, want %s", got, err, v.Signature)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	for v, want := range map[string]time.Duration{
		"": 0, "120": 2 * time.Minute, "-5": 0, "999999999": 24 * time.Hour, "soon": 0,
		now.Add(time.Hour).Format(http.TimeFormat):  time.Hour,
		now.Add(-time.Hour).Format(http.TimeFormat): 0} {
		if got := RetryAfter(v, now); got != want {
			t.Errorf("%q: got %s, want %s", v, got, want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "120", "Wed, 21 Oct 2026 07:28:00 GMT", "'", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d := RetryAfter(s, time.Unix(1_700_000_000, 0)); d < 0 || d > 24*time.Hour {
			t.Errorf("RetryAfter(%q) is %s", s, d)
		}
	})
}

func TestReachable(t *testing.T) {
	for addr, want := range map[string][2]bool{ // public only, private too
		"93.184.216.34":      {true, true},
		"2606:2800:220:1::1": {true, true},
		"10.1.2.3":           {false, true},
		"192.168.1.9":        {false, true},
		"172.20.0.1":         {false, true},
		"127.0.0.1":          {false, true},
		"::1":                {false, true}, "100.64.9.9": {false, true}, "fd12::1": {false, true},
		"::ffff:10.0.0.1":        {false, true},
		"::ffff:169.254.169.254": {false, false},
		"169.254.169.254":        {false, false},
		"fe80::1":                {false, false},
		"fd00:ec2::254":          {false, false},
		"100.100.100.200":        {false, false},
		"0.0.0.0":                {false, false},
		"::":                     {false, false},
		"224.0.0.1":              {false, false},
		"ff02::1":                {false, false},
		"255.255.255.255":        {false, false},
	} {
		for i, private := range []bool{false, true} {
			to := reachOf(netip.MustParseAddr(addr))
			if got := to == anybody || to == privately && private; got != want[i] {
				t.Errorf("%s with private %v: got %v, want %v", addr, private, got, want[i])
			}
		}
	}
}

// A host name that resolves to an address of cloud metadata is refused like the address.
func TestNeverPosted(t *testing.T) {
	for addr, want := range map[string]bool{
		"93.184.216.34":      true,
		"10.1.2.3":           true,
		"169.254.169.254":    false,
		"::ffff:169.254.1.1": false,
		"fe80::1":            false,
	} {
		err := neverPosted([]netip.Addr{
			netip.MustParseAddr("93.184.216.34"),
			netip.MustParseAddr(addr),
		})
		if (err == nil) != want {
			t.Errorf("%s: got %v, want it allowed: %v", addr, err, want)
		}
	}
}

// A server that hangs up, and one that is not there, are told in words and without the address.
func TestDoSaysWhyThereIsNoAnswer(t *testing.T) {
	hangsUp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		c.Close()
	}))
	defer hangsUp.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for at, want := range map[string]string{
		hangsUp.URL: "the server closed the connection before it answered",
		gone.URL:    "nothing listens at that address and port",
	} {
		r, err := http.NewRequest(http.MethodPost, at+"/secret", nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Do(Client(true), r, time.Now()); err == nil || err.Error() != want {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
