package journal

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const (
	cursorDir  = "cursors"
	cursorExt  = ".pos"
	cursorSlot = 16 // u64 seq, u32 count of writes, u32 CRC32C; two slots, written in turn
)

// cursorFile is the committed position of a cursor, open or not. While it exists, retention keeps
// every record after the position, so a consumer that is not running loses nothing.
type cursorFile struct {
	name      string
	file      File
	committed uint64
	writes    uint32
	open      bool
}

// Cursor is a named reader whose position survives a restart. One goroutine uses it at a time.
// Delivery is at least once: after a restart the last records may come again.
type Cursor struct {
	j   *Journal
	pos *cursorFile
	m   *merge
}

// Cursor opens the named cursor after its committed position. A new one starts
// at the oldest record. A cursor that is already open is refused.
func (j *Journal) Cursor(name string) (*Cursor, error) { return j.CursorAt(name, 0) }

// CursorAt is Cursor, but a new cursor starts after seq.
func (j *Journal) CursorAt(name string, seq uint64) (*Cursor, error) {
	if !validCursorName(name) {
		return nil, fmt.Errorf("cursor %q: want a name of letters, digits, '-' and '_'", name)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	select {
	case <-j.closing:
		return nil, ErrClosed
	default:
	}
	c := j.cursors[name]
	if c == nil {
		f, err := j.opt.FS.OpenFile(filepath.Join(j.dir, cursorDir, name+cursorExt),
			os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, fmt.Errorf("open cursor: %w", err)
		}
		c = &cursorFile{
			name:      name,
			file:      f,
			committed: seq,
		}
		if err = c.write(); err == nil {
			err = f.Sync()
		}
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("open cursor %s: %w", name, err)
		}
		j.cursors[name] = c
	}
	if c.open {
		return nil, fmt.Errorf("cursor %q is already open", name)
	}
	c.open = true
	return &Cursor{
		j:   j,
		pos: c,
		m:   j.newMerge(c.committed),
	}, nil
}

// DropCursor forgets a cursor that is not open, so that it holds nothing back.
// Dropping one that does not exist does nothing.
func (j *Journal) DropCursor(name string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	c := j.cursors[name]
	if c == nil {
		return nil
	}
	if c.open {
		return fmt.Errorf("cursor %q is open", name)
	}
	c.file.Close()
	delete(j.cursors, name)
	return j.opt.FS.Remove(filepath.Join(j.dir, cursorDir, name+cursorExt))
}

// Next returns up to max records after the last ones returned, in strictly
// increasing Seq. It blocks until there is at least one, ctx ends, or the
// journal closes (ErrClosed).
func (c *Cursor) Next(ctx context.Context, max int) ([]Record, error) {
	return c.j.await(ctx, c.m, max)
}

// Skip makes Next continue after seq, for a caller that has the records in between from elsewhere.
func (c *Cursor) Skip(seq uint64) { c.m = c.j.newMerge(seq) }

// Commit records that everything up to seq has been handled. It writes at once and does not sync:
// after a power cut the position may be an older one.
func (c *Cursor) Commit(seq uint64) error {
	c.j.mu.Lock()
	defer c.j.mu.Unlock()
	if top := c.j.visible.Load(); seq > top {
		return fmt.Errorf("commit cursor %s: %d is beyond the newest record %d", c.pos.name, seq,
			top)
	}
	if seq <= c.pos.committed {
		return nil
	}
	old := c.pos.committed
	c.pos.committed = seq
	if err := c.pos.write(); err != nil {
		c.pos.committed = old
		return fmt.Errorf("commit cursor %s: %w", c.pos.name, err)
	}
	if r := c.j.refuse.Load(); r != nil && r.state == StateShedding {
		select {
		case c.j.kick <- struct{}{}:
		default:
		}
	}
	return nil
}

// Committed is the position that a restart resumes after.
func (c *Cursor) Committed() uint64 {
	c.j.mu.Lock()
	defer c.j.mu.Unlock()
	return c.pos.committed
}

// Close lets the cursor be opened again; its position stays.
func (c *Cursor) Close() error {
	c.j.mu.Lock()
	defer c.j.mu.Unlock()
	c.pos.open = false
	return nil
}

// write puts the position into the older slot. A write that fails may have torn that slot, so the
// next one goes there again, and the other slot keeps the last good position.
func (c *cursorFile) write() error {
	next := c.writes + 1
	var b [cursorSlot]byte
	binary.LittleEndian.PutUint64(b[:], c.committed)
	binary.LittleEndian.PutUint32(b[8:], next)
	binary.LittleEndian.PutUint32(b[12:], crc32.Checksum(b[:12], crcTable))
	if err := writeAt(c.file, b[:], int64(next%2)*cursorSlot); err != nil {
		return err
	}
	c.writes = next
	return nil
}

// read takes the newer of the two slots. bad reports that a slot was written and
// its checksum does not match.
func (c *cursorFile) read() (bad bool, err error) {
	var b [2 * cursorSlot]byte
	n, err := c.file.ReadAt(b[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	found := false
	for off := 0; off < n; off += cursorSlot {
		slot := b[off:min(off+cursorSlot, n)]
		if isBlank(slot) {
			continue
		}
		if len(slot) < cursorSlot ||
			crc32.Checksum(slot[:12], crcTable) != binary.LittleEndian.Uint32(slot[12:]) {
			bad = true
			continue
		}
		if w := binary.LittleEndian.Uint32(slot[8:]); !found || w > c.writes {
			c.writes, c.committed, found = w, binary.LittleEndian.Uint64(slot), true
		}
	}
	return bad, nil
}

func isBlank(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// loadCursors opens every cursor file in the folder. If a power cut tore one slot, the
// other counts; without a good slot the cursor starts at the oldest record. Records may
// come twice, none is skipped.
func (j *Journal) loadCursors() error {
	dir := filepath.Join(j.dir, cursorDir)
	entries, err := j.opt.FS.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("list %s: %w", dir, err)
	}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), cursorExt)
		if !ok || !validCursorName(name) {
			continue
		}
		path := filepath.Join(dir, e.Name())
		f, err := j.opt.FS.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return fmt.Errorf("open cursor: %w", err)
		}
		c := &cursorFile{
			name: name,
			file: f,
		}
		bad, err := c.read()
		if err != nil {
			f.Close()
			return fmt.Errorf("read cursor %s: %w", path, err)
		}
		if bad {
			j.problem(Problem{
				Pos, path, 0, 2 * cursorSlot, fmt.Sprintf("resumes after %d", c.committed),
			})
		}
		j.cursors[name] = c
	}
	return nil
}

func validCursorName(s string) bool {
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' ||
			r == '_') {
			return false
		}
	}
	return len(s) > 0 && len(s) <= 100
}
