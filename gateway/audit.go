package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/anchor"
	"github.com/gatehouse-iot/gatehouse/registry"
)

const auditHelp = `Usage: gateway audit verify [--config FILE | --data-dir DIR] [--anchor FILE]

Recomputes the audit log's chain, and holds it against the anchors in FILE: the file that
audit.anchor_file names, or any log in which the gateway's lines are, e.g.

  journalctl -u gatehouse | gateway audit verify --data-dir DIR --anchor -

Anchors show what the chain cannot show by itself: that its end was cut off, or that all of it
was written anew. The gateway may be running. Exit status 1: something does not hold.
`

func auditLog(ctx context.Context, c *call) error {
	if len(c.args) == 0 || c.args[0] != "verify" && c.args[0] != "-h" {
		return errUsage{errors.New("say what to do: verify")}
	}
	if c.args[0] == "verify" {
		c.args = c.args[1:]
	}
	file := c.flags.String("anchor", "",
		"hold the log against the anchors in `FILE`; - reads standard input")
	dir, err := dataDir(c, 0, 0)
	if err != nil {
		return err
	}
	anchors, err := readAnchors(c, *file)
	if err != nil {
		return err
	}
	reg, err := openRegistry(ctx, dir)
	if err != nil {
		return err
	}
	defer reg.Close()
	n, err := reg.In(g.SystemScope("command line")).VerifyAudit(ctx, anchors...)
	if err != nil {
		return err
	}
	if len(anchors) == 0 {
		_, err = fmt.Fprintf(c.out,
			"The chain of %d entries is whole. Without anchors from elsewhere nothing shows "+
				"whether its end was cut off: see --anchor.\n",
			n)
		return err
	}
	last := anchors[0]
	for _, a := range anchors {
		if a.Seq > last.Seq {
			last = a
		}
	}
	_, err = fmt.Fprintf(c.out,
		"The chain of %d entries is whole and goes through all %d anchors, the last of %s with "+
			"entry %d.\n",
		n, len(anchors), last.Time.Format(time.RFC3339), last.Seq)
	return err
}

// readAnchors reads the anchors of a file, or of standard input for "-"; none if no file is named.
// A file without any is an error.
func readAnchors(c *call, file string) ([]registry.AuditAnchor, error) {
	if file == "" {
		return nil, nil
	}
	anchors, err := anchor.ReadFile(file, c.in)
	if err == nil && len(anchors) == 0 {
		err = g.Errorf(g.NotFound,
			"there is no anchor in %s: give the file that audit.anchor_file names, or the "+
				"gateway's log",
			file)
	}
	return anchors, err
}
