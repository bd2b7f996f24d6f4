package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Summary is what Verify found.
type Summary struct {
	Segments, Records, Cursors int
	Bytes                      int64
	Oldest, Newest             uint64 // sequences; 0 when there is no record
	From, To                   time.Time
	Problems                   int
}

// Verify reads every record of the journal in dir, changes nothing and reports damage. On a running
// journal the group that is being written may show as a torn tail.
func Verify(dir string, report func(Problem)) (Summary, error) {
	return verify(dir, report, nil)
}

// Tail calls each for every good record in dir after the given sequence, shard
// by shard, without taking the journal's lock. Data is valid during the call.
func Tail(dir string, after uint64, each func(shard int, r Record) error) error {
	_, err := verify(dir, func(Problem) {}, func(shard int, h header) error {
		if h.seq <= after {
			return nil
		}
		return each(shard, h.record())
	})
	return err
}

func verify(dir string, report func(Problem), each func(int, header) error) (Summary, error) {
	var sum Summary
	fsys := OS()
	names, err := segmentNames(fsys, dir)
	if err != nil {
		return sum, fmt.Errorf("verify journal: %w", err)
	}
	count := func(p Problem) {
		sum.Problems++
		report(p)
	}
	for _, name := range names {
		s, err := openSegment(fsys, dir, name, false)
		switch {
		case errors.Is(err, errHeader):
			sum.Segments++
			count(Problem{
				Header, filepath.Join(dir, name), 0, segmentHeader,
				"nothing in the file can be read",
			})
			continue
		case errors.Is(err, os.ErrNotExist): // removed by a running journal
			continue
		case err != nil:
			return sum, fmt.Errorf("verify journal: %w", err)
		}
		err = sum.segment(s, count, each)
		s.file.Close()
		if err != nil {
			return sum, fmt.Errorf("verify journal: %w", err)
		}
	}
	if err := sum.cursors(filepath.Join(dir, cursorDir), count); err != nil {
		return sum, fmt.Errorf("verify journal: %w", err)
	}
	return sum, nil
}

func (sum *Summary) segment(s *segment, report func(Problem), each func(int, header) error) error {
	records, torn, err := s.scan(func(h header) error {
		at := time.Unix(0, h.nanos)
		if sum.Oldest == 0 || h.seq < sum.Oldest {
			sum.Oldest, sum.From = h.seq, at
		}
		if h.seq > sum.Newest {
			sum.Newest, sum.To = h.seq, at
		}
		if each != nil {
			return each(s.shard, h)
		}
		return nil
	}, report)
	if err != nil {
		return err
	}
	if torn > 0 {
		report(Problem{Torn, s.path, s.end.Load(), torn, "after the last good record"})
	}
	sum.Segments++
	sum.Records += int(records)
	sum.Bytes += s.size.Load()
	return nil
}

func (sum *Summary) cursors(dir string, report func(Problem)) error {
	entries, err := OS().ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), cursorExt)
		if !ok {
			continue
		}
		path := filepath.Join(dir, e.Name())
		f, err := OS().OpenFile(path, os.O_RDONLY, 0)
		if err != nil {
			return err
		}
		c := cursorFile{
			name: name,
			file: f,
		}
		bad, err := c.read()
		f.Close()
		if err != nil {
			return err
		}
		sum.Cursors++
		if bad {
			report(Problem{
				Pos, path, 0, 2 * cursorSlot,
				fmt.Sprintf("a slot does not check; the other stands at %d", c.committed),
			})
		}
	}
	return nil
}
