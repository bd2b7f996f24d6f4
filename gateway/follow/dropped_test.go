package follow_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
)

// TestAReaderThatIsNoMoreHoldsNothingBack: the position of a reader that no longer exists is
// removed at the next start, and logged; those of existing readers stay.
func TestAReaderThatIsNoMoreHoldsNothingBack(t *testing.T) {
	j, err := journal.Open(t.TempDir(), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for _, name := range []string{"twin", "police-of-an-older-version"} {
		c, err := j.Cursor(name)
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
	var log bytes.Buffer
	out := slog.New(slog.NewTextHandler(&log, nil))
	if err := follow.DropOthers(j, out, "twin", "telemetry"); err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, c := range j.Stat().Cursors {
		left = append(left, c.Name)
	}
	if diff := cmp.Diff(left, []string{"twin"}); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
	if !strings.Contains(log.String(), "police-of-an-older-version") {
		t.Errorf("the log does not name the reader: %s", log.String())
	}
}
