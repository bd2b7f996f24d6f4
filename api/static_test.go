package api_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gatehouse-iot/gatehouse/api"
)

// fetch asks as a browser does, and says what came over the wire.
func fetch(t *testing.T, url string, header ...string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	plain := &http.Transport{DisableCompression: true}
	defer plain.CloseIdleConnections()
	resp, err := plain.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, b
}

// A first visit brings the console and the document compressed; a second asks, and is told
// that nothing has changed.
func TestStaticFilesAreCompressedAndKept(t *testing.T) {
	script := strings.Repeat("export const words = 'the same again';\n", 500)
	w := newWorld(t, func(d *api.Deps) {
		d.Console = fstest.MapFS{
			"index.html":     {Data: []byte(strings.Repeat("<p>console</p>", 200))},
			"assets/a-1.js":  {Data: []byte(script)},
			"assets/a-1.png": {Data: []byte("\x89PNG\r\n\x1a\nshort")},
		}
	})
	for path, cache := range map[string]string{
		"/":              "no-cache",
		"/people/per_1":  "no-cache",
		"/assets/a-1.js": "public, max-age=31536000, immutable",
		"/openapi.json":  "no-cache",
		"/openapi.yaml":  "no-cache",
		"/docs":          "no-cache",
		"/docs/docs.js":  "no-cache",
	} {
		whole, plain := fetch(t, w.url+path)
		if got := whole.Header.Get("Content-Encoding"); got != "" || whole.StatusCode != 200 {
			t.Errorf("%s: got %d and encoding %q for a caller that takes none, want 200 and none",
				path, whole.StatusCode, got)
		}
		packed, b := fetch(t, w.url+path, "Accept-Encoding", "br, gzip;q=0.8")
		h := packed.Header
		if h.Get("Content-Encoding") != "gzip" || h.Get("Vary") != "Accept-Encoding" ||
			h.Get("Cache-Control") != cache {
			t.Errorf("%s: got %v, want gzip, Vary and Cache-Control %s", path, h, cache)
			continue
		}
		if len(b) > len(plain)*7/10 {
			t.Errorf("%s: got %d bytes of %d, want at most 7 of 10", path, len(b), len(plain))
		}
		z, err := gzip.NewReader(strings.NewReader(string(b)))
		if err != nil {
			t.Fatal(err)
		}
		if unpacked, err := io.ReadAll(z); err != nil || string(unpacked) != string(plain) {
			t.Errorf("%s: got %d bytes unpacked (%v), want the %d plain ones", path, len(unpacked),
				err, len(plain))
		}
		tag := h.Get("ETag")
		if tag == "" || tag == whole.Header.Get("ETag") {
			t.Errorf("%s: got the tag %q for gzip and %q for plain, want two", path, tag,
				whole.Header.Get("ETag"))
		}
		again, rest := fetch(t, w.url+path, "Accept-Encoding", "gzip", "If-None-Match",
			`"other", W/`+tag)
		if again.StatusCode != http.StatusNotModified || len(rest) != 0 ||
			again.Header.Get("ETag") != tag {
			t.Errorf("%s: got %d and %d bytes to a tag that is known, want 304 and none", path,
				again.StatusCode, len(rest))
		}
	}
	if r, b := fetch(t, w.url+"/assets/a-1.png", "Accept-Encoding", "gzip"); r.Header.Get("Content-Encoding") != "" ||
		len(b) != 13 {
		t.Errorf("got %v for a picture, want it as it is", r.Header)
	}
	for accept, want := range map[string]string{
		"gzip;q=0":    "",
		"*":           "gzip",
		"*;q=0, gzip": "gzip",
		"identity":    "",
		"gzip;q=odd":  "",
		"GZIP":        "gzip",
	} {
		r, _ := fetch(t, w.url+"/assets/a-1.js", "Accept-Encoding", accept)
		if got := r.Header.Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %s: got %q, want %q", accept, got, want)
		}
	}
}
