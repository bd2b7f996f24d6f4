package main

import (
	"context"
	"embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	bounded "github.com/gatehouse-iot/gatehouse/drivers/listen"
)

//go:embed page
var pages embed.FS

// Limits on concurrent connections, lowered if the limit on open files requires it: in total, and
// from one address on which no registered device has called yet. Several devices may share one
// router's address.
const (
	maxConnections = 2048
	maxPerAddress  = 128
	ownFiles       = 64
	maxWait        = 25 * time.Second // for commands
)

// places leaves file descriptors for the program's own files and its gateway connection.
func places() bounded.Bounds {
	total := maxConnections
	if n := bounded.Descriptors(); n > 0 {
		total = min(total, max(8, n-ownFiles))
	}
	return bounded.Within(total, maxPerAddress)
}

// cookie keeps a page signed in: the device's serial number and secret, which no script can read.
const cookie = "gatehouse_counter"

func (d *driver) routes() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("POST /v1/sign-in", d.signIn)
	m.HandleFunc("POST /v1/sign-out", d.signOut)
	m.HandleFunc("GET /v1/hello", d.known(d.hello))
	m.HandleFunc("POST /v1/ask", d.known(d.ask))
	m.HandleFunc("POST /v1/observations", d.known(d.observe))
	m.HandleFunc("GET /v1/commands", d.known(d.commands))
	m.HandleFunc("POST /v1/results", d.known(d.results))
	m.HandleFunc("GET /v1/socket", d.known(d.socket))
	page, err := fs.Sub(pages, "page")
	if err != nil {
		panic(err) // embedded
	}
	m.Handle("GET /till/", http.StripPrefix("/till/", http.FileServerFS(page)))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		if strings.HasPrefix(r.URL.Path, "/till/") {
			h.Set("Cache-Control", "no-cache")
		}
		m.ServeHTTP(w, r)
	})
}

// credentials are what a call shows: Basic, or the cookie of a page that has signed in.
func credentials(r *http.Request) (serial, secret string) {
	if serial, secret, ok := r.BasicAuth(); ok {
		return serial, secret
	}
	c, err := r.Cookie(cookie)
	if err != nil {
		return "", ""
	}
	b, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return "", ""
	}
	serial, secret, _ = strings.Cut(string(b), ":")
	return serial, secret
}

// identify finds the device of a call. It answers a call of anybody else, whose body is not read.
func (d *driver) identify(w http.ResponseWriter, r *http.Request, serial, secret string) *counter {
	from := netip.Addr{}
	if ap, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		from = ap.Addr().Unmap()
	}
	now := d.now()
	d.mu.Lock()
	c, soon := d.counters[serial], now.Sub(d.left[serial]) < grace || now.Sub(d.began) < startGrace
	d.mu.Unlock()
	switch {
	case c != nil && c.proves(secret):
		bounded.Known(r.Context())
		c.called(now)
		return c
	case c == nil && soon && gatehouse.ValidID(serial):
		// about to be connected again; until then it keeps what it has to tell
		d.wrong.early(serial, from, now)
		w.Header().Set("Retry-After", "2")
		refuse(w, http.StatusServiceUnavailable, gatehouse.Errorf(gatehouse.Unavailable,
			"the gateway is about to connect this device: try again"))
		return nil
	}
	if c != nil {
		c.turnedAway(now)
	}
	if gatehouse.ValidID(serial) && !d.wrong.refuse(serial, from, now) {
		w.Header().Set("Retry-After", "5")
		refuse(w, http.StatusTooManyRequests, gatehouse.Errorf(gatehouse.RateLimited,
			"too many wrong calls from this address: wait"))
		return nil
	}
	refuse(w, http.StatusUnauthorized, gatehouse.Errorf(gatehouse.Unauthenticated,
		"no device is registered with this serial number and secret: register it in the console under "+
			"Devices, driver counter"))
	return nil
}

// known passes on only calls of registered devices that prove themselves, at their pace.
func (d *driver) known(h func(http.ResponseWriter, *http.Request, *counter)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		serial, secret := credentials(r)
		c := d.identify(w, r, serial, secret)
		switch {
		case c == nil:
		case !c.pace.AllowN(d.now(), 1):
			w.Header().Set("Retry-After", "1")
			refuse(w, http.StatusTooManyRequests, tooFast())
		default:
			h(w, r, c)
		}
	}
}

func tooFast() error {
	return gatehouse.Errorf(gatehouse.RateLimited, "more than %d calls a second: wait", perSecond)
}

// signIn lets a page in: it shows serial number and secret once, and keeps a cookie.
func (d *driver) signIn(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Serial string `json:"serial"`
		Secret string `json:"secret"`
	}
	if err := read(http.MaxBytesReader(w, r.Body, 4<<10), &in); err != nil {
		fail(w, err)
		return
	}
	if c := d.identify(w, r, in.Serial, in.Secret); c != nil {
		value := base64.RawURLEncoding.EncodeToString([]byte(in.Serial + ":" + in.Secret))
		http.SetCookie(w, d.cookie(value, 400*24*time.Hour))
		d.hello(w, r, c)
	}
}

func (d *driver) signOut(w http.ResponseWriter, _ *http.Request) {
	http.SetCookie(w, d.cookie("", -time.Second))
	w.WriteHeader(http.StatusNoContent)
}

func (d *driver) cookie(value string, age time.Duration) *http.Cookie {
	return &http.Cookie{
		Name:     cookie,
		Value:    value,
		Path:     "/v1/",
		MaxAge:   int(age / time.Second),
		HttpOnly: true,
		Secure:   d.tls,
		SameSite: http.SameSiteStrictMode,
	}
}

// hello tells a device what it is to the gateway, and the time.
func (d *driver) hello(w http.ResponseWriter, _ *http.Request, c *counter) {
	p := c.device.Profile
	say(w, map[string]any{
		"version":   1,
		"device":    c.device.ID,
		"serial":    c.device.Serial,
		"profile":   p.ID,
		"type":      p.Type,
		"methods":   p.Sightings,
		"no_answer": cmpOr(string(p.NoAnswer), string(gatehouse.NoAnswerDeny)),
		"now":       d.now().UTC(),
	})
}

func cmpOr(s, or string) string {
	if s == "" {
		return or
	}
	return s
}

func (d *driver) ask(w http.ResponseWriter, r *http.Request, c *counter) {
	var q question
	if err := read(http.MaxBytesReader(w, r.Body, maxBody+1), &q); err != nil {
		fail(w, err)
		return
	}
	out, err := c.answer(r.Context(), q, d.now())
	if err != nil {
		fail(w, err)
		return
	}
	say(w, out)
}

// answer asks the gateway.
func (c *counter) answer(ctx context.Context, q question, now time.Time) (reply, error) {
	a, err := c.device.Ask(ctx, q.ask(now))
	if err != nil {
		return reply{}, err
	}
	return answer(a), nil
}

func (d *driver) observe(w http.ResponseWriter, r *http.Request, c *counter) {
	var in report
	if err := read(http.MaxBytesReader(w, r.Body, maxBody+1), &in); err != nil {
		fail(w, err)
		return
	}
	n, err := c.observe(r.Context(), in, d.now())
	if err != nil {
		fail(w, err)
		return
	}
	say(w, map[string]int{"taken": n})
}

// observe hands a report over; nil: it is on the gateway's disk.
func (c *counter) observe(ctx context.Context, in report, now time.Time) (int, error) {
	all, err := in.observed(now)
	if err != nil {
		return 0, err
	}
	if err := c.emit(ctx, all...); err != nil {
		return 0, gatehouse.Errorf(gatehouse.Unavailable, "the gateway does not take it now: send it again")
	}
	return len(all), nil
}

// commands answers with what waits for the device, or waits for it for as long as it says.
func (d *driver) commands(w http.ResponseWriter, r *http.Request, c *counter) {
	wait, err := time.ParseDuration(cmpOr(r.URL.Query().Get("wait"), "0") + "s")
	if err != nil || wait < 0 || wait > maxWait {
		fail(w, gatehouse.FieldErrorf("wait", "give 0 to %d seconds", int(maxWait/time.Second)))
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		list, news := c.queue.fetch()
		if len(list) > 0 {
			say(w, map[string]any{"commands": list})
			return
		}
		select {
		case <-news:
			continue
		case <-timer.C:
		case <-r.Context().Done():
			return
		case <-c.over.Done():
		}
		say(w, map[string]any{"commands": list})
		return
	}
}

func (d *driver) results(w http.ResponseWriter, r *http.Request, c *counter) {
	var in result
	if err := read(http.MaxBytesReader(w, r.Body, maxBody+1), &in); err != nil {
		fail(w, err)
		return
	}
	in.Message = in.Message[:min(len(in.Message), 500)]
	c.queue.finish(in)
	say(w, map[string]bool{"taken": true})
}

// say answers with JSON.
func say(w http.ResponseWriter, x any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(x); err != nil {
		slog.Debug("a device did not take its answer", "error", err)
	}
}

// fail answers with an error by its code.
func fail(w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	switch gatehouse.ErrorCode(err) {
	case gatehouse.TooLarge:
		status = http.StatusRequestEntityTooLarge
	case gatehouse.Unavailable:
		status = http.StatusServiceUnavailable
	case gatehouse.RateLimited:
		status = http.StatusTooManyRequests
	}
	refuse(w, status, err)
}

// trouble is an error as a device gets it.
type trouble struct {
	Code    gatehouse.Code `json:"code"`
	Field   string         `json:"field,omitempty"`
	Message string         `json:"message"`
}

func troubleOf(err error) trouble {
	var e *gatehouse.Error
	if errors.As(err, &e) {
		return trouble{
			Code:    e.Code,
			Field:   e.Field,
			Message: e.Message,
		}
	}
	return trouble{
		Code:    gatehouse.Invalid,
		Message: err.Error(),
	}
}

func refuse(w http.ResponseWriter, status int, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]trouble{"error": troubleOf(err)}) // the call is refused either way
}
