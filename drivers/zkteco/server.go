package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	bounded "github.com/gatehouse-iot/gatehouse/drivers/listen"
)

const (
	maxBody  = 4 << 20  // bytes of facts or of command results
	maxWaste = 16 << 20 // bytes of a body that is discarded: photographs, templates
)

// Limits on concurrent connections, lowered if the limit on open files requires it: in total, and
// from one address on which no registered terminal has called yet. Several terminals may share one
// router's address.
const (
	maxConnections = 2048
	maxPerAddress  = 128
	ownFiles       = 64
)

// places leaves file descriptors for the program's own files and its gateway connection.
func places() bounded.Bounds {
	total := maxConnections
	if n := bounded.Descriptors(); n > 0 {
		total = min(total, max(8, n-ownFiles))
	}
	return bounded.Within(total, maxPerAddress)
}

// heard reports whether a serial number has called lately, registered or not. Its address is set if
// it was refused.
func (d *driver) heard(serial string) (netip.Addr, bool) {
	d.mu.Lock()
	t := d.terminals[serial]
	d.mu.Unlock()
	now := d.now()
	if t != nil {
		t.mu.Lock()
		lately := !t.last.IsZero() && now.Sub(t.last) < t.silence
		t.mu.Unlock()
		if lately {
			return netip.Addr{}, true
		}
	}
	s, ok := d.strangers.list()[serial]
	if !ok || now.Sub(s.last) > late {
		return netip.Addr{}, false
	}
	a, _ := netip.ParseAddr(s.address)
	return a, true
}

func (d *driver) routes() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /iclock/cdata", d.terminalOnly(d.greet))
	m.HandleFunc("POST /iclock/cdata", d.terminalOnly(d.receive))
	m.HandleFunc("GET /iclock/getrequest", d.terminalOnly(d.poll))
	m.HandleFunc("POST /iclock/devicecmd", d.terminalOnly(d.confirm))
	m.HandleFunc("GET /iclock/ping",
		d.terminalOnly(func(w http.ResponseWriter, _ *http.Request, _ *terminal) { say(w, "OK") }))
	// Newer firmware appends .aspx to the page. The path segment before /iclock is the terminal's
	// token; a longer path is not this protocol.
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, page, found := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/iclock/")
		if found && !strings.Contains(token, "/") {
			r.URL.Path = "/iclock/" + page
			r = r.WithContext(context.WithValue(r.Context(), tokenKey{}, token))
		}
		r.URL.Path = strings.TrimSuffix(r.URL.Path, ".aspx")
		m.ServeHTTP(w, r)
	})
}

// tokenKey is the context key of the path's token.
type tokenKey struct{}

// terminalOnly passes on only calls of registered terminals that authenticate themselves.
func (d *driver) terminalOnly(
	h func(http.ResponseWriter, *http.Request, *terminal),
) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		serial := r.URL.Query().Get("SN")
		if !validSerial(serial) {
			http.Error(w, "no serial number", http.StatusBadRequest)
			return
		}
		from := netip.Addr{}
		if ap, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
			from = ap.Addr().Unmap()
		}
		d.mu.Lock()
		t, left := d.terminals[serial], d.left[serial]
		d.mu.Unlock()
		token, _ := r.Context().Value(tokenKey{}).(string)
		why := ""
		if t != nil {
			why = t.check(r, from, token, d.now())
		}
		switch {
		// about to be connected again; until then it keeps its log
		case t == nil && d.now().Sub(left) < grace:
			http.Error(w, "try again", http.StatusServiceUnavailable)
		case t == nil:
			d.strangers.refuse(serial, from.String(), d.now())
			http.Error(w, "this terminal is not registered", http.StatusForbidden)
		case why != "":
			d.strangers.refuse(serial, from.String(), d.now())
			t.turnedAway(r, from, why, d.now())
			http.Error(w, "this terminal may not call from here", http.StatusForbidden)
		default:
			bounded.Known(r.Context())
			t.called(d.now())
			h(w, r, t)
		}
	}
}

func say(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain")
	io.WriteString(w, text)
}

// greet answers a starting terminal: how often to call, and to push only the attendance log. With
// these stamps the terminal itself tracks what it has pushed.
func (d *driver) greet(w http.ResponseWriter, r *http.Request, t *terminal) {
	say(w,
		fmt.Sprintf("GET OPTION FROM: %s\nStamp=9999\nOpStamp=9999\nATTLOGStamp=9999\nOPERLOGStamp=9999\n"+
			"ErrorDelay=30\nDelay=10\nTransTimes=00:00;12:00\nTransInterval=1\nTransFlag=1000000000\n"+
			"Realtime=1\nEncrypt=0\n",
			t.device.Serial))
}

// receive stores what a terminal pushes.
func (d *driver) receive(w http.ResponseWriter, r *http.Request, t *terminal) {
	table := strings.ToUpper(r.URL.Query().Get("table"))
	switch table {
	case "ATTLOG", "RTLOG", "RTSTATE":
		t.mu.Lock()
		distant := t.usual.distant(d.now())
		t.mu.Unlock()
		p := &push{
			t:       t,
			now:     d.now(),
			table:   table,
			distant: distant,
		}
		n, err := t.log(r.Context(), p, r.Body, longer(w))
		answer := "OK"
		if table == "ATTLOG" {
			answer = fmt.Sprintf("OK: %d", n)
		}
		reply(w, t, err, answer)
	case "OPTIONS":
		if body, ok := read(w, r, t); ok {
			reply(w, t, t.facts(r.Context(), parseFacts(body, t.device.Profile)), "OK")
		}
	case "OPERLOG", "ATTPHOTO", "BIODATA", "BIOPHOTO", "USERPIC", "USERINFO", "FINGERTMP", "FACE",
		"FVEIN", "TABLEDATA":
		// Photographs, templates, names and the operator log: not asked for and discarded.
		if _, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxWaste)); err != nil {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		say(w, "OK")
	default:
		raw, err := io.ReadAll(io.LimitReader(r.Body, gatehouse.MaxRaw))
		if err == nil {
			_, err = io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxWaste))
		}
		if err == nil {
			what := table[:min(len(table), 32)]
			err = t.emit(r.Context(),
				kept(what, string(raw),
					"the driver does not know this table of the terminal; its beginning is kept"))
		}
		reply(w, t, err, "OK")
	}
}

// longer extends the deadlines while a registered terminal sends a long log.
func longer(w http.ResponseWriter) func() {
	c := http.NewResponseController(w)
	return func() {
		at := time.Now().Add(time.Minute)
		_ = c.SetReadDeadline(at) // if unsupported, the server's own deadlines hold
		_ = c.SetWriteDeadline(at.Add(time.Minute))
	}
}

// poll answers a terminal's request for commands.
func (d *driver) poll(w http.ResponseWriter, r *http.Request, t *terminal) {
	if err := t.facts(r.Context(), parseInfo(r.URL.Query().Get("INFO"), t.device.Profile)); err != nil {
		slog.Warn("a terminal's facts were not kept; it will tell them again", "device",
			t.device.ID, "error", err)
	}
	if text := t.queue.fetch(); text != "" {
		say(w, text)
		return
	}
	say(w, "OK")
}

// confirm reads command results.
func (d *driver) confirm(w http.ResponseWriter, r *http.Request, t *terminal) {
	if body, ok := read(w, r, t); ok {
		t.queue.confirm(body)
		reply(w, t, t.facts(r.Context(), parseFacts(body, t.device.Profile)), "OK")
	}
}

func read(w http.ResponseWriter, r *http.Request, t *terminal) (string, bool) {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		slog.Warn("a terminal pushes more at once than is taken", "device", t.device.ID, "limit",
			maxBody)
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return "", false
	case err != nil:
		return "", false
	}
	return string(b), true
}

// reply sends text if everything is stored; otherwise it asks the terminal to push again.
func reply(w http.ResponseWriter, t *terminal, err error, text string) {
	if err != nil {
		slog.Warn("what a terminal pushed was not kept; it will push it again", "device",
			t.device.ID, "error", err)
		http.Error(w, "try again", http.StatusServiceUnavailable)
		return
	}
	say(w, text)
}
