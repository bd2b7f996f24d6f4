package main

import (
	"context"
	"os"

	"github.com/gatehouse-iot/gatehouse/api/texts"
	"github.com/gatehouse-iot/gatehouse/gateway/control"
)

const reloadHelp = `Usage: gateway reload [--dry-run] [--config FILE | --data-dir DIR]

Has the running gateway read its configuration, rules, procedures and certificates anew, and says
what changed; with --dry-run it only says what would. Rules, drivers, certificates, limits, how long
things are kept, when a face counts as recognised and the log's level take effect at once, devices
and browsers stay connected, and a driver whose entry changed is started anew. What needs a restart
is said and waits for it. A mistake in a file changes nothing: the answer says where it is and what
mends it. SIGHUP does the same; the log says the rest.
`

func reload(ctx context.Context, c *call) error {
	dry := c.flags.Bool("dry-run", false, "only say what would change")
	dir, err := dataDir(c, 0, 0)
	if err != nil {
		return err
	}
	l := texts.Locale(os.Getenv)
	out, err := control.Reload(ctx, dir, *dry, l)
	if err != nil {
		return err
	}
	return control.Print(c.out, out, l)
}
