package anchor

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// Text formats an anchor as one word, which survives in any log.
func Text(a registry.AuditAnchor) string {
	return fmt.Sprintf("gha1:%d:%s:%d:%s", a.Seq, a.Hash, a.Time.Unix(), a.MAC)
}

var anchorWord = regexp.MustCompile(`gha1:(\d{1,19}):([0-9a-f]{64}|):(\d{1,12}):([0-9a-f]{64})`)

// longestAnchor is how many bytes an anchor has at most.
const longestAnchor = len("gha1:::") + 19 + 64 + 12 + 1 + 64

// maxAnchors is the most that Read returns: about 100 years of one an hour.
const maxAnchors = 1_000_000

// Read finds the anchors in any text: the anchor file, a log, the output of journalctl. Lines
// without one are skipped.
func Read(r io.Reader) ([]registry.AuditAnchor, error) {
	var out []registry.AuditAnchor
	var begun []byte // the end of the piece before, in which an anchor may have begun
	lines := bufio.NewReaderSize(r, 64<<10)
	for {
		piece, err := lines.ReadSlice('\n') // a longer line comes in pieces
		text, used := append(begun, piece...), 0
		for _, m := range anchorWord.FindAllSubmatchIndex(text, -1) {
			part := func(n int) string { return string(text[m[2*n]:m[2*n+1]]) }
			used = m[1]
			seq, seqErr := strconv.ParseUint(part(1), 10, 63)
			at, atErr := strconv.ParseInt(part(3), 10, 64)
			if seqErr != nil || atErr != nil {
				continue
			}
			a := registry.AuditAnchor{
				Time: time.Unix(at, 0).UTC(),
				MAC:  part(4),
			}
			a.Seq, a.Hash = seq, part(2)
			if out = append(out, a); len(out) > maxAnchors {
				return nil, g.Errorf(g.TooLarge, "more than %d anchors", maxAnchors)
			}
		}
		begun = nil
		if errors.Is(err, bufio.ErrBufferFull) {
			begun = append(begun, text[max(used, len(text)-longestAnchor):]...)
		}
		switch {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// ReadFile is Read of a file; "-" is the standard input.
func ReadFile(name string, stdin io.Reader) ([]registry.AuditAnchor, error) {
	if name == "-" {
		return Read(stdin)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Read(f)
}
