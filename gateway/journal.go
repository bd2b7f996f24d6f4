package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
)

const journalHelp = `Usage: gateway journal verify|stat|tail [--config FILE | --data-dir DIR]

Reads the journal's files, of a gateway that may be running: verify checks every record and
names each damaged place; stat says what is there; tail prints the newest events, one JSON
object a line.
`

func inspectJournal(_ context.Context, c *call) error {
	if len(c.args) == 0 {
		return errUsage{errors.New("say verify, stat or tail")}
	}
	deed := c.args[0]
	switch deed {
	case "-h":
	case "verify", "stat", "tail":
		c.args = c.args[1:]
	default:
		return errUsage{fmt.Errorf("%q is no deed; use verify, stat or tail", deed)}
	}
	last := c.flags.Uint("n", 20, "tail: how `MANY` events")
	dir, err := dataDir(c, 0, 0)
	if err != nil {
		return err
	}
	dir = filepath.Join(dir, "journal")
	damaged := 0
	sum, err := journal.Verify(dir, func(p journal.Problem) {
		damaged++
		if deed != "tail" {
			fmt.Fprintln(c.out, p)
		}
	})
	if err != nil {
		return err
	}
	if deed == "tail" {
		return tailJournal(c.out, dir, sum.Newest-min(sum.Newest, uint64(*last)))
	}
	fmt.Fprintf(c.out, "%d events in %d files, %d bytes, %d readers, %d damaged places\n", sum.Records, sum.Segments, sum.Bytes, sum.Cursors, sum.Problems)
	if sum.Records > 0 {
		fmt.Fprintf(c.out, "sequences %d to %d, %s to %s\n", sum.Oldest, sum.Newest, sum.From.UTC().Format(time.RFC3339), sum.To.UTC().Format(time.RFC3339))
	}
	if deed == "verify" && damaged > 0 {
		return fmt.Errorf("%d damaged places", damaged)
	}
	return nil
}

// tailJournal prints the events after a sequence in their order. The journal's files are read
// one by one, so that they are sorted here.
func tailJournal(out io.Writer, dir string, after uint64) error {
	var events []g.Event
	if err := journal.Tail(dir, after, func(_ int, r journal.Record) error {
		e, err := g.DecodeEvent(r.Seq, r.Data)
		events = append(events, e)
		return err
	}); err != nil {
		return err
	}
	slices.SortFunc(events, func(a, b g.Event) int { return cmp.Compare(a.Seq, b.Seq) })
	lines := json.NewEncoder(out)
	for _, e := range events {
		if err := lines.Encode(e); err != nil {
			return err
		}
	}
	return nil
}
