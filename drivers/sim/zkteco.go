package sim

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-iot/gatehouse"
)

// maxLog limits a terminal's log; beyond it the oldest entry is lost, as in real ones.
const maxLog = 10000

// terminal is a ZKTeco PUSH terminal: it calls its server, offers its log and asks for commands.
// Its log survives power cycles.
type terminal struct {
	spec  Equipment
	state *state
	zone  *time.Location
	log   *slog.Logger
	http  *http.Client
	now   func() time.Time

	mu      sync.Mutex
	entries []string
	events  []string      // events of the door and the terminal (rtlog)
	index   int           // of the last event
	more    chan struct{} // capacity 1: an entry or an event was added
	users   map[string]bool
}

func newTerminal(e Equipment, s *state, log *slog.Logger, now func() time.Time) *terminal {
	zone, err := time.LoadLocation(e.Timezone)
	if err != nil {
		zone = time.UTC
	}
	t := &terminal{
		spec:  e,
		state: s,
		zone:  zone,
		log:   log,
		now:   now,
		http:  &http.Client{Timeout: 15 * time.Second},
		more:  make(chan struct{}, 1),
		users: map[string]bool{},
	}
	t.entries = t.keptLog()
	return t
}

// see adds an entry to the log: user number, time by the terminal's clock, status, verify type,
// work code and two reserved columns, separated by tabs.
func (t *terminal) see(s Sighting) error {
	verify, ok := map[gatehouse.Method]int{
		gatehouse.ByPIN:  0,
		gatehouse.ByCard: 4,
		gatehouse.ByFace: 15,
	}[s.Method]
	if !ok {
		return gatehouse.FieldErrorf("method",
			"a terminal sees people by pin, card or face, not by %q", s.Method)
	}
	status := 0
	if s.Direction == gatehouse.Out {
		status = 1
	}
	at := s.Time
	if at.IsZero() {
		at = t.now()
	}
	t.mu.Lock()
	t.entries = append(t.entries, t.lines(s.Credential, at, status, verify)...)
	if over := len(t.entries) - maxLog; over > 0 && t.spec.Odd.Kept == 0 {
		t.entries = t.entries[over:]
	}
	t.mu.Unlock()
	select {
	case t.more <- struct{}{}:
	default:
	}
	return nil
}

// run calls the server until ctx ends; if that is away it tries again each interval.
func (t *terminal) run(ctx context.Context) {
	defer t.http.CloseIdleConnections()
	every := t.spec.Interval
	if every == 0 {
		every = 3 * time.Second
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	greeted, told := false, ""
	for {
		if err := t.turn(ctx, &greeted); err != nil && ctx.Err() == nil {
			greeted = false
			if told != err.Error() {
				told = err.Error()
				t.log.Warn("the terminal's server is out of reach", "equipment", t.spec.ID,
					"error", err)
			}
		} else {
			told = ""
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-t.more:
		}
	}
}

// turn makes one round: initial handshake if it is due, log, commands.
func (t *terminal) turn(ctx context.Context, greeted *bool) error {
	if !*greeted {
		if _, err := t.call(ctx, "GET", "cdata",
			url.Values{
				"options":  {"all"},
				"pushver":  {"2.4.1"},
				"language": {"69"},
			},
			""); err != nil {
			return err
		}
		if _, err := t.call(
			ctx,
			"POST",
			"cdata",
			url.Values{"table": {"options"}},
			t.options(),
		); err != nil {
			return err
		}
		*greeted = true
	}
	if err := t.offer(ctx, "ATTLOG", &t.entries); err != nil {
		return err
	}
	if err := t.offer(ctx, "rtlog", &t.events); err != nil {
		return err
	}
	cmds, err := t.call(
		ctx,
		"GET",
		"getrequest",
		url.Values{},
		"",
	)
	if err != nil {
		return err
	}
	return t.obey(ctx, cmds)
}

// offer pushes a log until it is empty.
func (t *terminal) offer(ctx context.Context, table string, log *[]string) error {
	for {
		t.mu.Lock()
		batch := append([]string(nil), (*log)[:min(len(*log), 50)]...)
		t.mu.Unlock()
		if len(batch) == 0 {
			return nil
		}
		if _, err := t.call(ctx, "POST", "cdata",
			url.Values{
				"table": {table},
				"Stamp": {"9999"},
			},
			strings.Join(batch, "\n")+"\n"); err != nil {
			return err
		}
		t.drop(batch, log)
	}
}

// drop removes delivered lines from a log; some may have been lost to maxLog meanwhile.
func (t *terminal) drop(batch []string, log *[]string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, line := range batch {
		if len(*log) > 0 && (*log)[0] == line {
			*log = (*log)[1:]
		}
	}
}

func (t *terminal) options() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	parts := []string{
		fmt.Sprintf("UserCount=%d", len(t.users)),
		fmt.Sprintf("TransactionCount=%d", len(t.entries)),
		"FWVersion=Sim-1.0",
		"DeviceName=Simulated terminal",
	}
	for name, v := range t.state.at(t.now()) {
		parts = append(parts, name+"="+v.String())
	}
	return strings.Join(parts, ",")
}

// obey executes commands, lines of "C:id:command", and confirms them together.
func (t *terminal) obey(ctx context.Context, lines string) error {
	var replies []string
	for line := range strings.Lines(lines) {
		id, cmd, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "C:"), ":")
		if !strings.HasPrefix(line, "C:") || !ok {
			continue
		}
		word, code := strings.ToUpper(firstWord(cmd)), 0
		switch word {
		case "DATA":
			code = t.data(cmd)
		case "INFO":
			if _, err := t.call(ctx, "POST", "cdata", url.Values{"table": {"options"}},
				t.options()); err != nil {
				return err
			}
		case "CHECK", "LOG", "REBOOT", "CONTROL", "AC_UNLOCK":
		default:
			code = -1002
		}
		replies = append(replies, fmt.Sprintf("ID=%s&Return=%d&CMD=%s", id, code, word))
	}
	if len(replies) == 0 {
		return nil
	}
	_, err := t.call(
		ctx,
		"POST",
		"devicecmd",
		url.Values{},
		strings.Join(replies, "\n"),
	)
	return err
}

func (t *terminal) data(cmd string) (code int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if rest, ok := strings.CutPrefix(cmd, "DATA UPDATE USERINFO PIN="); ok {
		t.users[firstWord(rest)] = true
		return 0
	}
	if rest, ok := strings.CutPrefix(cmd, "DATA DELETE USERINFO PIN="); ok {
		delete(t.users, firstWord(rest))
		return 0
	}
	return -1002
}

func firstWord(s string) string {
	if f := strings.Fields(s); len(f) > 0 {
		return f[0]
	}
	return ""
}

// call makes one request and returns the body, at most 64 KiB of it.
func (t *terminal) call(
	ctx context.Context, method, page string, q url.Values, body string,
) (string, error) {
	q.Set("SN", t.spec.Serial)
	u := strings.TrimSuffix(t.spec.Connect, "/") + "/iclock/" + page + "?" + q.Encode()
	req, err := http.NewRequestWithContext(ctx, method, u, bytes.NewReader([]byte(body)))
	if err != nil {
		return "", fmt.Errorf("call server: %w", err)
	}
	req.Header.Set("User-Agent", "iClock Proxy/1.09")
	req.Header.Set("Content-Type", "text/plain")
	resp, err := t.http.Do(req)
	if err != nil {
		return "", fmt.Errorf("call server: %w", err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return "", fmt.Errorf("read answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the server answers %s: %s", resp.Status,
			strings.TrimSpace(string(b)))
	}
	return string(b), nil
}
