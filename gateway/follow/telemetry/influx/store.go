// Package influx keeps readings in InfluxDB by its version 2 API: line protocol in, Flux out.
// Flux selects the series; PromQL runs here, over what comes back, with the caller's schools
// forced into every selector, so that a dashboard works as over the embedded store. A query
// therefore moves every reading of its range over the network: narrow it by device.
//
// Readings are in the measurement "gatehouse", a field for each metric by its PromQL name,
// with the labels as tags. Tested against InfluxDB 1.8.10, which speaks that API (bucket
// "database/retention", token "user:password", no organisation); 2.x is not tested.
package influx

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"sync/atomic"
	"time"

	influxdb "github.com/influxdata/influxdb-client-go/v2"
	influxapi "github.com/influxdata/influxdb-client-go/v2/api"
	influxhttp "github.com/influxdata/influxdb-client-go/v2/api/http"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry"
)

// Options say where the server is and in which bucket the readings are.
type Options struct {
	URL          string        // e.g. http://127.0.0.1:8086
	Organisation string        // "" on 1.8
	Bucket       string        // on 1.8 database/retention, e.g. gatehouse/autogen
	Token        string        // on 1.8 user:password
	Timeout      time.Duration // of a write and of a query; 0 is 30 s
	Now          func() time.Time
	Logger       *slog.Logger
}

// Store writes to the server and asks it. It is safe for concurrent queries; Append has one
// caller.
type Store struct {
	*telemetry.Queries
	log     *slog.Logger
	http    *http.Client
	client  influxdb.Client
	writer  influxapi.WriteAPIBlocking
	unknown atomic.Uint64
	refused atomic.Uint64
}

// Open checks the options. The server need not be there yet.
func Open(o Options) (*Store, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is no address of a server; write e.g. http://127.0.0.1:8086",
			o.URL)
	}
	if o.Bucket == "" {
		return nil, errors.New("the bucket is missing")
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Store{log: o.Logger}
	// Redirects are not followed: the token is for this server.
	s.http = &http.Client{
		Transport: http.DefaultTransport.(*http.Transport).Clone(),
		Timeout:   o.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
	s.client = influxdb.NewClientWithOptions(o.URL, o.Token,
		influxdb.DefaultOptions().SetPrecision(time.Millisecond).SetHTTPClient(s.http))
	s.writer = s.client.WriteAPIBlocking(o.Organisation, o.Bucket)
	s.Queries = telemetry.NewQueries(source{
		api:    s.client.QueryAPI(o.Organisation),
		bucket: o.Bucket,
		now:    o.Now,
		log:    o.Logger,
	}, o.Logger)
	return s, nil
}

// Close closes idle connections.
func (s *Store) Close() error {
	s.client.Close()
	s.http.CloseIdleConnections()
	return nil
}

// Stats reads the counters; how many series there are only the server knows.
func (s *Store) Stats() telemetry.Stats {
	return telemetry.Stats{
		Unknown: s.unknown.Load(),
		Refused: s.refused.Load(),
	}
}

const measurement = "gatehouse"

// Append writes the readings among the events and skips all others. What the server refuses
// for good (out of its retention, over its limits) is left out, counted and logged. An error
// means that nothing of the batch is promised; append it again.
func (s *Store) Append(ctx context.Context, events []g.Event, describe telemetry.Describe) error {
	lines, unknown, unspeakable := telemetry.Lines(events, measurement, telemetry.MetricName,
		describe)
	partly := 0
	refused, err := telemetry.Send(ctx, lines, func(ctx context.Context, lines []string) error {
		n, err := s.write(ctx, lines)
		partly += n
		return err
	})
	if err != nil {
		return fmt.Errorf("write to InfluxDB: %w", err)
	}
	s.unknown.Add(uint64(unknown))
	s.refused.Add(uint64(refused + unspeakable + partly))
	return nil
}

// partial is how the server says that it took all but some points.
var partial = regexp.MustCompile(`partial write: .*dropped=(\d+)`)

// write sends lines; refused is how many of them the server dropped while it took the others.
func (s *Store) write(ctx context.Context, lines []string) (refused int, err error) {
	err = s.writer.WriteRecord(ctx, lines...)
	var said *influxhttp.Error
	if err == nil || !errors.As(err, &said) {
		return 0, err
	}
	switch said.StatusCode {
	case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge:
		s.log.Warn("the telemetry server refuses readings", "status", said.StatusCode, "lines",
			len(lines), "answer", said.Error())
		if m := partial.FindStringSubmatch(said.Error()); m != nil {
			n, _ := strconv.Atoi(m[1])
			return max(n, 1), nil
		}
		return 0, g.Errorf(g.Invalid, "%s", said)
	case 0:
		var u *url.Error
		if errors.As(err, &u) {
			return 0, u.Err // without the address, which may hold a password
		}
	}
	return 0, fmt.Errorf("%d: %w", said.StatusCode, said)
}
