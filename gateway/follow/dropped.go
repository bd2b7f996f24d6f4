package follow

import (
	"fmt"
	"log/slog"
	"slices"

	"github.com/gatehouse-iot/gatehouse/gateway/journal"
)

// DropOthers removes the positions of readers that this version does not have: the journal would
// keep every record after them, until its disk space is used up.
func DropOthers(j *journal.Journal, log *slog.Logger, readers ...string) error {
	for _, c := range j.Stat().Cursors {
		if slices.Contains(readers, c.Name) {
			continue
		}
		if err := j.DropCursor(c.Name); err != nil {
			return fmt.Errorf("drop the position of the reader %s: %w", c.Name, err)
		}
		log.Warn("the position of a reader that this version does not have was dropped: the "+
			"journal keeps nothing for it", "reader", c.Name, "seq", c.Seq)
	}
	return nil
}
