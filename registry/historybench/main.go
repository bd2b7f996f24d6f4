// Historybench loads a school year of sightings into the registry's history, on SQLite or
// PostgreSQL, and measures how long it takes to read one student's and one device's day as a
// district's officer does: through [history.View.Sightings], over all schools and with names. It
// reports whether the target (95 % within 20 ms, warm) is met. It is not for real data: it removes
// what it writes.
//
//	go run ./registry/historybench -rows 1000000
//	deploy/setup/postgres.sh go run ./registry/historybench -engine postgres
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "historybench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var o options
	var file string
	fs := flag.NewFlagSet("historybench", flag.ContinueOnError)
	fs.IntVar(&o.rows, "rows", 1_000_000,
		"sightings to load; 110000000 is a year of the whole district")
	fs.IntVar(&o.queries, "queries", 1000, "student-days and device-days to read")
	fs.StringVar(&o.engine, "engine", "sqlite", "sqlite or postgres")
	fs.StringVar(&o.dsn, "dsn", os.Getenv("GATEHOUSE_TEST_POSTGRES"),
		"DSN of the PostgreSQL; it gets a schema of its own, dropped at the end")
	fs.StringVar(&o.dir, "dir", os.TempDir(),
		"folder for SQLite's files, in a new folder that is removed at the end; about 320 bytes "+
			"a sighting")
	fs.StringVar(&file, "json", "", "also write the report to this file as JSON")
	if err := fs.Parse(args); err != nil {
		return err
	}
	switch {
	case o.rows < 1 || o.queries < 1:
		return fmt.Errorf("-rows and -queries are 1 or more, not %d and %d", o.rows, o.queries)
	case o.engine != "sqlite" && o.engine != "postgres":
		return fmt.Errorf("-engine is sqlite or postgres, not %q", o.engine)
	case o.engine == "postgres" && o.dsn == "":
		return fmt.Errorf("-engine postgres needs -dsn; deploy/setup/postgres.sh gives one to " +
			"the command that it runs")
	}
	o.say = func(format string, args ...any) { fmt.Fprintf(out, "  "+format+"\n", args...) }
	r, err := bench(ctx, o, district())
	if err != nil {
		return err
	}
	for _, l := range r.Lines {
		fmt.Fprintln(out, l)
	}
	if file == "" {
		return nil
	}
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o644)
}

type options struct {
	rows, queries    int
	engine, dsn, dir string
	say              func(format string, args ...any)
}

// report is the result of one run. Times are milliseconds.
type report struct {
	Engine string `json:"engine"`
	Rows   int    `json:"rows"`
	Days   int    `json:"days"`
	Bytes  int64  `json:"bytes"` // of the history, indexes included
	// rows in bulk, before the indexes are built
	LoadRate   float64            `json:"load_per_s"`
	IndexTimes map[string]float64 `json:"index_seconds"` // build time of each index
	// rows through Apply, 500 at a time, into the full table
	WriteRate float64 `json:"write_per_s"`
	Lines     []line  `json:"lines"`
}

// line is one target and its measurement.
type line struct {
	Name    string  `json:"name"`
	Ours    float64 `json:"ours"` // 95th percentile, warm
	P50     float64 `json:"p50"`
	P99     float64 `json:"p99"`
	First   float64 `json:"first_pass_p95"` // the same queries, cold
	Answers int     `json:"answers"`
	Rows    float64 `json:"rows_per_answer"`
	Bar     string  `json:"bar"`
	Held    bool    `json:"held"`
}

const bar = 20 * time.Millisecond

func (l line) String() string {
	verdict := "missed"
	if l.Held {
		verdict = "held"
	}
	return fmt.Sprintf("%-34s ours %7.2f ms  bar %s  %-6s  (p50 %.2f, p99 %.2f, first reading "+
		"p95 %.2f; %d answers of %.0f rows)",
		l.Name, l.Ours, l.Bar, verdict, l.P50, l.P99, l.First, l.Answers, l.Rows)
}
