package host

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestLogLinesAreRead(t *testing.T) {
	for _, c := range []struct {
		line  string
		level slog.Level
		text  string
	}{
		{`2026/11/22 01:02:03 INFO polling host=10.0.0.1`, slog.LevelInfo, `polling host=10.0.0.1`},
		{`2026/11/22 01:02:03 ERROR no answer`, slog.LevelError, `no answer`},
		{`2026/11/22 01:02:03 by package log`, slog.LevelInfo, `by package log`},
		{
			`time=2026-11-22T01:02:03.000Z level=WARN msg="slow answer" ms=900`,
			slog.LevelWarn,
			`"slow answer" ms=900`,
		},
		{
			`{"time":"2026-11-22T01:02:03Z","level":"DEBUG","msg":"raw","bytes":7}`,
			slog.LevelDebug,
			`raw bytes=7`,
		},
		{
			`{"@level":"warn","@message":"from hclog","@timestamp":"x","a":"b"}`,
			slog.LevelWarn,
			`from hclog a="b"`,
		},
		// makes go-plugin's own parser panic
		{`{"@message":1,"@level":2}`, slog.LevelInfo, `{"@message":1,"@level":2}`},
		{`{"not json`, slog.LevelInfo, `{"not json`},
		{
			`panic: runtime error: index out of range`,
			slog.LevelError,
			`panic: runtime error: index out of range`,
		},
		{
			`fatal error: all goroutines are asleep`,
			slog.LevelError,
			`fatal error: all goroutines are asleep`,
		},
		{`plain words`, slog.LevelInfo, `plain words`},
		{"odd \xff byte\r", slog.LevelInfo, "odd \uFFFD byte"},
	} {
		r := newLogRing(time.Now)
		fmt.Fprintf(r.writer(), "%s\n\n", c.line)
		got := r.lines()
		if len(got) != 1 || got[0].Level != c.level || got[0].Text != c.text {
			t.Errorf("%q: got %+v, want %s %q", c.line, got, c.level, c.text)
		}
	}
}

func TestLogIsBounded(t *testing.T) {
	now := time.Unix(0, 0)
	r := newLogRing(func() time.Time { return now })
	w := r.writer()
	for i := range 3 * maxLogRate {
		fmt.Fprintf(w, "line %d\n", i)
	}
	fmt.Fprint(w, strings.Repeat("x", 1<<20)) // a line that does not end
	now = now.Add(time.Second)
	fmt.Fprint(w, "\nafter\n")
	got := r.lines()
	if len(got) != MaxLogLines {
		t.Fatalf("got %d lines, want %d", len(got), MaxLogLines)
	}
	last := got[len(got)-3:]
	if want := "2000 lines were dropped: the driver logs more than 1000 in a second"; last[0].Text != want {
		t.Errorf("got %q, want %q", last[0].Text, want)
	}
	if n := len(last[1].Text); n > MaxLogText || n < MaxLogText-8 {
		t.Errorf("got a long line cut to %d bytes, want about %d", n, MaxLogText)
	}
	if last[2].Text != "after" || got[0].Text != "line 503" {
		t.Errorf("got %q … %q", got[0].Text, last[2].Text)
	}
}

func FuzzLog(f *testing.F) {
	f.Add([]byte("2026/11/22 01:02:03 INFO x\n{\"@message\":1}\ntime=1 level=INFO msg=\n\xff\n"))
	f.Add([]byte(`{"level":"info","msg":"x","nested":{"a":[1,2]}}` + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := newLogRing(time.Now)
		w := r.writer()
		half := len(b) / 2
		w.Write(b[:half])
		w.Write(append(b[half:], '\n'))
		for _, l := range r.lines() {
			if len(l.Text) > MaxLogText || !utf8.ValidString(l.Text) ||
				strings.Contains(l.Text, "\n") {
				t.Errorf("got %q", l.Text)
			}
		}
	})
}

func TestBackoffGrows(t *testing.T) {
	for crashes, want := range map[int]time.Duration{
		1:  time.Second,
		2:  2 * time.Second,
		3:  4 * time.Second,
		4:  8 * time.Second,
		7:  time.Minute,
		50: time.Minute,
	} {
		if got := backoff(time.Second, time.Minute, crashes, 0.5); got != want {
			t.Errorf("after %d crashes: got %s, want %s", crashes, got, want)
		}
	}
	// Back within 5 s after one kill, whatever the jitter.
	if got := backoff(time.Second, time.Minute, 1, 1); got > 2*time.Second {
		t.Errorf("got %s, want at most 2 s", got)
	}
}
