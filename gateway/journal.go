package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/event"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
)

const journalHelp = `Usage: gateway journal verify|stat|tail [--config FILE | --data-dir DIR]

Reads the journal's files, of a gateway that may be running: verify checks every record and
names each damaged place; stat says what is there; tail prints the newest events, one JSON
object a line. verify and stat also look at what the MQTT listener keeps.
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
		return errUsage{g.Errorf(g.Invalid, "%q is no deed; use verify, stat or tail", deed)}
	}
	last := c.flags.Uint("n", 20, "tail: how `MANY` events")
	dir, err := dataDir(c, 0, 0)
	if err != nil {
		return err
	}
	events := filepath.Join(dir, "journal")
	if deed == "tail" {
		sum, err := journal.Verify(events, func(journal.Problem) {})
		if err != nil {
			return err
		}
		return tailJournal(c.out, events, sum.Newest-min(sum.Newest, uint64(*last)))
	}
	damaged, err := journal.SumUp(c.out, events, "events")
	if err != nil {
		return err
	}
	if state := filepath.Join(dir, "mqtt"); isFolder(state) {
		n, err := journal.SumUp(c.out, state, "MQTT records")
		if err != nil {
			return err
		}
		damaged += n
	}
	if deed == "verify" && damaged > 0 {
		return g.Errorf(g.Invalid, "%d damaged places", damaged)
	}
	return nil
}

func isFolder(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

// tailJournal prints the events after a sequence in order. They are sorted here, since the
// journal's files are read one by one.
func tailJournal(out io.Writer, dir string, after uint64) error {
	var events []g.Event
	if err := journal.Tail(dir, after, func(_ int, r journal.Record) error {
		e, err := event.Decode(r.Seq, r.Data)
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
