package parts

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// TestPartThatHangsIsNamedAndGivenUp stops three parts, of which the middle one ignores its
// context: the one started after it has stopped, the one before it is left running, and log and
// error name the one that hangs.
func TestPartThatHangsIsNamedAndGivenUp(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var log bytes.Buffer
	deaf := make(chan struct{})
	defer close(deaf)
	above := false
	err := Run(ctx, slog.New(slog.NewTextHandler(&log, nil)), slowStop+time.Second, []Part{
		{"below", func(ctx context.Context) error { <-ctx.Done(); return nil }},
		{"deaf", func(context.Context) error { <-deaf; return nil }},
		{"above", func(ctx context.Context) error { <-ctx.Done(); above = true; return nil }},
	})
	if !errors.Is(err, ErrHangs) || !strings.Contains(err.Error(), "deaf") {
		t.Errorf("got %v, want the part that hangs named", err)
	}
	if !above {
		t.Error("the part above was not stopped first")
	}
	if want := "part=deaf"; !strings.Contains(log.String(), want) {
		t.Errorf("the log says %q, want %s in it", log.String(), want)
	}
}
