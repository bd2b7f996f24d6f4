package host

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-iot/gatehouse"
)

// LogLine is one line that a driver wrote to standard error or output.
type LogLine struct {
	Time  time.Time // when the host read it
	Level slog.Level
	Text  string // at most MaxLogText bytes, without the level
}

// Limits of a driver's log.
const (
	MaxLogLines = 500  // the newest are kept
	MaxLogText  = 1024 // bytes of a line; the rest is cut off
	maxLogRate  = 1000 // lines a second; the others are counted and dropped
)

// Log returns the kept log lines of a driver, oldest first.
func (h *Host) Log(driver gatehouse.DriverName) ([]LogLine, error) {
	s, err := h.find(driver)
	if err != nil {
		return nil, err
	}
	lines := s.logs.lines()
	hidden := s.hidden()
	for i := range lines {
		lines[i].Text = hidden.Replace(lines[i].Text)
	}
	return lines, nil
}

// leastSecret is the fewest characters of a secret that is hidden in a driver's log: fewer would
// black out ordinary words and numbers.
const leastSecret = 4

// hiding replaces the values of secrets by an ellipsis.
func hiding(secrets ...map[string]string) *strings.Replacer {
	var pairs []string
	for _, secret := range secrets {
		for _, value := range secret {
			if len(value) >= leastSecret {
				pairs = append(pairs, value, "…")
			}
		}
	}
	return strings.NewReplacer(pairs...)
}

// hidden hides the secrets of the devices that the driver serves now.
func (s *supervisor) hidden() *strings.Replacer {
	s.mu.Lock()
	defer s.mu.Unlock()
	var secrets []map[string]string
	for _, e := range s.devices {
		secrets = append(secrets, e.device.Secret)
	}
	return hiding(secrets...)
}

// hide takes secrets out of the kept lines, before they are forgotten.
func (r *logRing) hide(secret map[string]string) {
	hidden := hiding(secret)
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.ring {
		r.ring[i].Text = hidden.Replace(r.ring[i].Text)
	}
}

// logRing keeps the newest lines.
type logRing struct {
	now func() time.Time

	mu      sync.Mutex
	ring    []LogLine
	next    int       // next index to overwrite, once the ring is full
	fatal   string    // first line of a panic in the current run
	last    string    // its last line
	second  time.Time // start of the second that seen counts
	seen    int       // lines in that second
	dropped int
}

func newLogRing(now func() time.Time) *logRing { return &logRing{now: now} }

func (r *logRing) beginRun() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fatal, r.last = "", ""
}

// panicLine is the first line of the current run's panic, or "".
func (r *logRing) panicLine() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return cut(r.fatal, 300)
}

// lastWords is the line of the current run that best explains why it did not start: the first line
// of a panic, or else the last line.
func (r *logRing) lastWords() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	words := r.fatal
	if words == "" {
		words = r.last
	}
	return cut(words, 300)
}

func (r *logRing) lines() []LogLine {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.ring) < MaxLogLines {
		return slices.Clone(r.ring)
	}
	return slices.Concat(r.ring[r.next:], r.ring[:r.next])
}

func (r *logRing) add(line []byte) {
	line = bytes.TrimRight(line, "\r")
	if len(bytes.TrimSpace(line)) == 0 {
		return
	}
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.second) >= time.Second || now.Before(r.second) {
		if r.dropped > 0 {
			r.keep(LogLine{
				Time:  now,
				Level: slog.LevelWarn,
				Text: itoa(r.dropped) + " lines were dropped: the driver logs more than " +
					itoa(maxLogRate) + " in a second",
			})
		}
		r.second = now
		r.seen = 0
		r.dropped = 0
	}
	if r.seen++; r.seen > maxLogRate {
		r.dropped++
		return
	}
	level, text := parseLog(line)
	r.keep(LogLine{
		Time:  now,
		Level: level,
		Text:  text,
	})
	r.last = text
	if r.fatal == "" &&
		(strings.HasPrefix(text, "panic: ") || strings.HasPrefix(text, "fatal error: ")) {
		r.fatal = text
	}
}

func (r *logRing) keep(l LogLine) {
	if len(r.ring) < MaxLogLines {
		r.ring = append(r.ring, l)
		return
	}
	r.ring[r.next] = l
	r.next = (r.next + 1) % MaxLogLines
}

// writer returns a writer that adds the lines of one stream. Each stream needs its own.
func (r *logRing) writer() io.Writer { return &lineWriter{ring: r} }

type lineWriter struct {
	ring *logRing

	mu   sync.Mutex
	line []byte
}

func (w *lineWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(p)
	for len(p) > 0 {
		part, rest, found := bytes.Cut(p, []byte("\n"))
		p = rest
		if room := 4*MaxLogText - len(w.line); len(part) > room {
			part = part[:room]
		}
		w.line = append(w.line, part...)
		if found {
			w.ring.add(w.line)
			w.line = w.line[:0]
		}
	}
	return n, nil
}

// parseLog extracts level and text from the usual log formats: log/slog's default, its text and
// JSON handlers, hclog's JSON, and Go's panics. Any other line has level info.
func parseLog(line []byte) (slog.Level, string) {
	text := strings.ToValidUTF8(string(line), "\uFFFD")
	if strings.HasPrefix(text, "{") {
		if level, t, ok := parseJSONLog(line); ok {
			return level, cut(t, MaxLogText)
		}
	}
	if strings.HasPrefix(text, "panic: ") || strings.HasPrefix(text, "fatal error: ") {
		return slog.LevelError, cut(text, MaxLogText)
	}
	if strings.HasPrefix(text, "time=") {
		if _, rest, ok := strings.Cut(text, " level="); ok {
			word, rest, _ := strings.Cut(rest, " ")
			if level, ok := levelOf(word); ok {
				return level, cut(strings.TrimPrefix(rest, "msg="), MaxLogText)
			}
		}
	}
	// 2006/01/02 15:04:05 INFO text
	const stamp = len("2006/01/02 15:04:05 ")
	if len(text) > stamp && text[4] == '/' && text[7] == '/' && text[13] == ':' {
		word, rest, _ := strings.Cut(text[stamp:], " ")
		if level, ok := levelOf(word); ok {
			return level, cut(rest, MaxLogText)
		}
		return slog.LevelInfo, cut(text[stamp:], MaxLogText)
	}
	return slog.LevelInfo, cut(text, MaxLogText)
}

func parseJSONLog(line []byte) (slog.Level, string, bool) {
	var m map[string]any
	if json.Unmarshal(line, &m) != nil {
		return 0, "", false
	}
	level, text := slog.LevelInfo, ""
	for _, k := range []string{"level", "@level"} {
		if s, ok := m[k].(string); ok {
			level, _ = levelOf(s)
			delete(m, k)
		}
	}
	for _, k := range []string{"msg", "message", "@message"} {
		if s, ok := m[k].(string); ok {
			text = s
			delete(m, k)
		}
	}
	if text == "" {
		return 0, "", false
	}
	for _, k := range []string{"time", "@timestamp", "timestamp", "@module"} {
		delete(m, k)
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		b, err := json.Marshal(m[k])
		if err != nil {
			continue
		}
		text += " " + k + "=" + string(b)
	}
	return level, text, true
}

func levelOf(word string) (slog.Level, bool) {
	switch strings.ToLower(strings.Trim(word, "[]:")) {
	case "trace", "debug":
		return slog.LevelDebug, true
	case "info":
		return slog.LevelInfo, true
	case "warn", "warning":
		return slog.LevelWarn, true
	case "error", "err", "fatal":
		return slog.LevelError, true
	}
	return slog.LevelInfo, false
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n-3], "") + "…"
}
