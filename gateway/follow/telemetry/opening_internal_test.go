package telemetry

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestTelemetryThatIsBeingReadDoesNotHold: while a store takes for ever to open, a query gets 503,
// a backup ends with its context, and Close gives the store up and logs it. A store that opens
// after that is closed.
func TestTelemetryThatIsBeingReadDoesNotHold(t *testing.T) {
	var log bytes.Buffer
	release := make(chan struct{})
	options := Options{Dir: t.TempDir(), Classes: []Class{{Name: "default", Retention: time.Hour}}}
	open := func() (*Store, error) {
		<-release
		return Open(options)
	}
	o := openBeside(slog.New(slog.NewTextHandler(&log, nil)), patience{close: time.Millisecond},
		open)
	answer := httptest.NewRecorder()
	o.Handler("", Allowed{}).ServeHTTP(answer, httptest.NewRequest("GET", "/api/v1/query", nil))
	if got := answer.Body.String(); answer.Code != 503 ||
		!strings.Contains(got, "still being read") {
		t.Errorf("a query is answered %d %s, want 503 and that it is being read", answer.Code, got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := o.Snapshot(ctx, t.TempDir()); !errors.Is(err, context.Canceled) {
		t.Errorf("a backup ends with %v, want its context's error", err)
	}
	if err := o.Close(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "given up") {
		t.Errorf("the log says %q, want it to name what is given up", log.String())
	}
	close(release)
	<-o.done
	if err := o.Append(t.Context(), nil, nil); !errors.Is(err, errClosed) {
		t.Errorf("got %v of what came too late, want %v", err, errClosed)
	}
	again, err := Open(options)
	if err != nil {
		t.Fatal("the store that came too late still has its folder:", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

// TestTelemetryIsTriedUntilClose has every try fail: the tries go on, users of the store get the
// reason, and Close ends the tries.
func TestTelemetryIsTriedUntilClose(t *testing.T) {
	broken, tries := errors.New("the disk is broken"), make(chan struct{})
	o := openBeside(slog.New(slog.DiscardHandler),
		patience{first: time.Millisecond, most: time.Millisecond, close: time.Minute},
		func() (*Store, error) {
			select {
			case tries <- struct{}{}:
			case <-t.Context().Done():
			}
			return nil, broken
		})
	for range 3 {
		<-tries
	}
	if err := o.Append(t.Context(), nil, nil); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
	answer := httptest.NewRecorder()
	o.Handler("", Allowed{}).ServeHTTP(answer, httptest.NewRequest("GET", "/api/v1/query", nil))
	if got := answer.Body.String(); answer.Code != 503 ||
		!strings.Contains(got, "cannot be opened") || strings.Contains(got, broken.Error()) {
		t.Errorf("a query is answered %d %s, want 503, and not what the disk said", answer.Code,
			got)
	}
	go func() { // tries until then
		for {
			select {
			case <-tries:
			case <-o.done:
				return
			}
		}
	}()
	if err := o.Close(); err != nil {
		t.Error(err)
	}
	<-o.done
}
