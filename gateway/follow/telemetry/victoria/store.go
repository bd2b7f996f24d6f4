// Package victoria keeps readings in a VictoriaMetrics server (single node): line protocol in,
// PromQL out. Requests are rewritten before they are sent, so that every selector holds the
// caller's schools, and extra_filters[] tells the server the same.
//
// It promises what the server does: VictoriaMetrics acknowledges before its disk has it, so
// that a server that is killed loses its last seconds. Run it with
// -dedup.minScrapeInterval=1ms, since a batch may come twice, and with
// -search.latencyOffset=1s, or panels lag by 30 s.
package victoria

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry"
)

// Options say where the server is. With a Username, Token is its password; without one it is
// a bearer token, and "" is none.
type Options struct {
	URL      string // e.g. http://127.0.0.1:8428
	Username string
	Token    string
	Timeout  time.Duration // of a write and of a query; 0 is 30 s
	Logger   *slog.Logger
}

// Store writes to the server and asks it. It is safe for concurrent queries; Append has one
// caller.
type Store struct {
	o       Options
	base    *url.URL
	log     *slog.Logger
	client  *http.Client
	unknown atomic.Uint64
	refused atomic.Uint64
}

// Open checks the options. The server need not be there yet.
func Open(o Options) (*Store, error) {
	base, err := url.Parse(o.URL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, fmt.Errorf("%q is no address of a server; write e.g. http://127.0.0.1:8428",
			o.URL)
	}
	base.Path = "/" + strings.Trim(base.Path, "/") // JoinPath makes a relative path of an empty one
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 8
	// Redirects are not followed: the token is for this server.
	return &Store{
		o:    o,
		base: base,
		log:  o.Logger,
		client: &http.Client{Transport: t, Timeout: o.Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse
			},
		},
	}, nil
}

// Close closes idle connections.
func (s *Store) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

// Stats reads the counters; how many series there are only the server knows.
func (s *Store) Stats() telemetry.Stats {
	return telemetry.Stats{
		Unknown: s.unknown.Load(),
		Refused: s.refused.Load(),
	}
}

// Append writes the readings among the events and skips all others. An error means that
// nothing of the batch is promised; append it again.
func (s *Store) Append(ctx context.Context, events []g.Event, describe telemetry.Describe) error {
	// The server joins measurement and field by "_".
	field := func(property string) string {
		return strings.TrimPrefix(telemetry.MetricName(property), measurement+"_")
	}
	lines, unknown, unspeakable := telemetry.Lines(events, measurement, field, describe)
	refused, err := telemetry.Send(ctx, lines, s.write)
	if err != nil {
		return fmt.Errorf("write to VictoriaMetrics: %w", err)
	}
	s.unknown.Add(uint64(unknown))
	s.refused.Add(uint64(refused + unspeakable))
	return nil
}

const measurement = "gatehouse"

func (s *Store) write(ctx context.Context, lines []string) error {
	to := s.base.JoinPath("/write")
	to.RawQuery = "precision=ms"
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(),
		strings.NewReader(strings.Join(lines, "\n")+"\n"))
	if err != nil {
		return err
	}
	s.authorise(r)
	resp, err := s.client.Do(r)
	if err != nil {
		return unwrapURL(err)
	}
	defer resp.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(resp.Body, 512))
	switch resp.StatusCode {
	case http.StatusOK, http.StatusNoContent:
		return nil
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		s.log.Warn("the telemetry server refuses readings", "status", resp.StatusCode, "lines",
			len(lines), "answer", string(said))
		return g.Errorf(g.Invalid, "%s: %s", resp.Status, said)
	}
	return fmt.Errorf("%s: %s", resp.Status, said)
}

func (s *Store) authorise(r *http.Request) {
	switch {
	case s.o.Username != "":
		r.SetBasicAuth(s.o.Username, s.o.Token)
	case s.o.Token != "":
		r.Header.Set("Authorization", "Bearer "+s.o.Token)
	}
}

// unwrapURL leaves the address, which may hold a password, out of an error.
func unwrapURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
