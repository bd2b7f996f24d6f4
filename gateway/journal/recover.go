package journal

import (
	"errors"
	"fmt"
	"path/filepath"
	"sort"
	"strings"
)

// recover reads the folder: sealed segments are trusted by their seal, all
// others are scanned, repaired and sealed, and the sequence continues after
// the highest one found.
func (j *Journal) recover() error {
	names, err := segmentNames(j.opt.FS, j.dir)
	if err != nil {
		return err
	}
	lanes := j.opt.Shards
	for _, name := range names {
		_, shard, _ := parseSegmentName(name)
		lanes = max(lanes, shard+1)
	}
	for i := range lanes {
		j.lanes = append(j.lanes, newLane(j, i))
	}
	top := uint64(0)
	for _, name := range names {
		s, err := openSegment(j.opt.FS, j.dir, name, true)
		if errors.Is(err, errHeader) {
			size, err := j.badHeader(name)
			if err != nil {
				return err
			}
			// Sequences that the file may hold are not given out again.
			base, _, _ := parseSegmentName(name)
			top = max(top, base-1+uint64(size/recordHeader))
			continue
		}
		if err != nil {
			return err
		}
		l := j.lanes[s.shard]
		l.segments = append(l.segments, s)
		if err := j.repair(s); err != nil {
			return err
		}
		top = max(top, s.last.Load(), s.base-1)
		if s.empty() {
			l.segments = l.segments[:len(l.segments)-1]
			s.file.Close()
			if err := j.opt.FS.Remove(s.path); err != nil {
				return err
			}
			continue
		}
		top = max(top, s.base) // its name is taken, even where all in it is damaged
		j.bytes.Add(s.size.Load())
	}
	if err := j.loadCursors(); err != nil {
		return err
	}
	for _, c := range j.cursors {
		top = max(top, c.committed)
	}
	j.seq.Store(top)
	return nil
}

// repair scans and seals a segment that was not sealed.
func (j *Journal) repair(s *segment) error {
	if s.readSeal() {
		return nil
	}
	records, torn, err := s.scan(nil, j.problem)
	if err != nil {
		return err
	}
	if torn > 0 {
		p := Problem{Torn, s.path, s.end.Load(), torn, "cut off; nothing of it was acknowledged"}
		j.opt.Logger.Warn("journal tail repaired", "file", p.File, "offset", p.Offset, "bytes",
			p.Length)
	}
	if records == 0 || s.sealed.Load() && s.size.Load() == s.end.Load()+recordHeader {
		return nil
	}
	// What was written and not synced before a crash is visible from now on,
	// so it must be durable first; seal syncs the whole file.
	return s.seal(true)
}

// badHeader reports a file whose header cannot be read and leaves it in place; size is an upper
// bound of what it holds. A file of zeros only, cut off while it was created, never held a record:
// it is removed, and size is 0.
func (j *Journal) badHeader(name string) (size int64, err error) {
	path := filepath.Join(j.dir, name)
	f, err := j.opt.FS.OpenFile(path, 0, 0)
	if err != nil {
		return 0, err
	}
	size, err = f.Size()
	if err != nil {
		f.Close()
		return 0, err
	}
	w := &window{f: f, size: size}
	used, err := w.tail(0)
	f.Close()
	if err != nil {
		return 0, err
	}
	if used == 0 {
		return 0, j.opt.FS.Remove(path)
	}
	j.problem(Problem{Header, path, 0, size, "the file is left as it is and not read"})
	return size + segmentHeader, nil
}

// segmentNames lists the segment files in order of their base.
func segmentNames(fsys FS, dir string) ([]string, error) {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", dir, err)
	}
	var names []string
	for _, e := range entries {
		if _, _, ok := parseSegmentName(e.Name()); ok && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	sort.Strings(names)
	return names, nil
}
