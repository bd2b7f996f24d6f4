// Package journal is an append-only log in which a record is acknowledged only once it is on disk.
// It stores opaque bytes; it knows nothing of events, schools or MQTT.
//
// Records are spread over shards by key. Each shard has a file of its own and a committer, which
// writes whatever is queued and syncs it as one group (group commit); a busy shard waits up to 1 ms
// between two groups. All shards share one sequence: a record becomes visible once every lower
// sequence is durable or has failed, so all readers see the same total order.
//
// The journal never deletes a record that a cursor still needs. When the disk is full, or the files
// have reached MaxBytes and a cursor still needs the oldest of them, Append returns ErrFull until
// there is room again. When a sync fails, the segment is truncated to what was durable and the
// journal stays failed (ErrFailed) until it is opened again: a second sync of the same pages would
// report success without the data being on disk.
package journal

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// The errors that Append returns or passes to done. Test with errors.Is.
var (
	ErrFull     = errors.New("journal is full")
	ErrFailed   = errors.New("journal has failed")
	ErrClosed   = errors.New("journal is closed")
	ErrTooLarge = errors.New("record is too large for the journal")
	ErrBusy     = errors.New("journal's queue is full") // with Options.NoWait only
)

const maxShards = 64

// Options of a journal; zero values take the defaults.
type Options struct {
	Shards       int           // files written side by side; default 2
	SegmentBytes int64         // size of one file; default 64 MiB, at most 2 GiB
	MaxBytes     int64         // bound of all files together; default 8 GiB
	MaxAge       time.Duration // consumed segments older than this are removed; default 30 days
	QueueBytes   int           // bound of what waits for the disk, per shard; default 8 MiB
	NoWait       bool          // Append returns ErrBusy instead of blocking on a full queue
	MaxRecord    int           // largest data of one record; default 1 MiB
	Floor        uint64        // sequences up to here are not given out: after a restore, for one
	ReserveBytes int64         // disk space kept free for the rest of the gateway; default 64 MiB
	FS           FS            // default OS()
	Logger       *slog.Logger  // default discards
	Clock        func() time.Time
}

func (o Options) withDefaults() (Options, error) {
	def(&o.Shards, 2)
	def(&o.SegmentBytes, 64<<20)
	def(&o.MaxBytes, 8<<30)
	def(&o.MaxAge, 30*24*time.Hour)
	def(&o.QueueBytes, 8<<20)
	def(&o.ReserveBytes, 64<<20)
	if o.MaxRecord == 0 {
		o.MaxRecord = int(min(1<<20, o.SegmentBytes/4))
	}
	if o.FS == nil {
		o.FS = OS()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	switch {
	case o.Shards < 1 || o.Shards > maxShards:
		return o, fmt.Errorf("journal: %d shards: want 1 to %d", o.Shards, maxShards)
	case o.SegmentBytes < 4096 || o.SegmentBytes > 2<<30:
		return o, fmt.Errorf("journal: segments of %d bytes: want 4 KiB to 2 GiB", o.SegmentBytes)
	case o.MaxRecord > maxData:
		return o, fmt.Errorf("journal: records of %d bytes: want at most 1 GiB", o.MaxRecord)
	case int64(recordSize(o.MaxRecord))+segmentHeader+recordHeader > o.SegmentBytes:
		return o, fmt.Errorf("journal: a record of %d bytes does not fit a segment of %d",
			o.MaxRecord, o.SegmentBytes)
	case o.MaxBytes < int64(2*o.Shards)*o.SegmentBytes:
		return o, fmt.Errorf("journal: bound of %d bytes: want at least two segments per shard, %d",
			o.MaxBytes, int64(2*o.Shards)*o.SegmentBytes)
	}
	return o, nil
}

func def[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

// Record is one entry as it was appended. Data belongs to whoever reads it.
type Record struct {
	Seq  uint64
	Time time.Time // when it was appended, by the gateway's clock
	Data []byte
}

// State says whether the journal takes records.
type State string

// The states of a journal. Shedding ends by itself once there is room. Failed lasts until the
// journal is opened again, which should wait until the disk has been checked.
const (
	StateOK       State = "ok"
	StateShedding State = "shedding"
	StateFailed   State = "failed"
	StateClosed   State = "closed"
)

// Journal is an open journal. Its methods may be called from any goroutine.
type Journal struct {
	dir  string
	opt  Options
	lock io.Closer

	seq     atomic.Uint64 // last sequence given out
	visible atomic.Uint64 // all up to here is durable or failed
	bytes   atomic.Int64  // all segment files
	refuse  atomic.Pointer[refusal]

	lanes []*lane // every shard that has files; the first opt.Shards are written

	mu       sync.Mutex
	wake     chan struct{} // closed and replaced when visible moves
	cursors  map[string]*cursorFile
	problems []Problem
	syncErr  error
	reserved bool

	kick    chan struct{} // asks the keeper to look for room now
	closing chan struct{}
	close   sync.Once
	wg      sync.WaitGroup
}

// refusal is why Append refuses at the moment.
type refusal struct {
	state State
	err   error
}

// Open opens or creates the journal in dir, truncates torn tails, and reports corruption in the log
// and in Stat. Only one process may hold a journal.
func Open(dir string, o Options) (_ *Journal, err error) {
	o, err = o.withDefaults()
	if err != nil {
		return nil, err
	}
	j := &Journal{
		dir:     dir,
		opt:     o,
		wake:    make(chan struct{}),
		cursors: map[string]*cursorFile{},
		kick:    make(chan struct{}, 1),
		closing: make(chan struct{}),
	}
	if err := o.FS.MkdirAll(filepath.Join(dir, cursorDir), 0o700); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	if j.lock, err = o.FS.Lock(filepath.Join(dir, "lock")); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	defer func() {
		if err != nil {
			j.release()
		}
	}()
	if err := j.recover(); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	j.seq.Store(max(j.seq.Load(), o.Floor))
	j.visible.Store(j.seq.Load())
	j.takeReserve()
	for _, l := range j.lanes[:o.Shards] {
		j.wg.Add(2)
		go func() { defer j.wg.Done(); l.commit() }()
		go func() { defer j.wg.Done(); l.acknowledge() }()
	}
	j.wg.Add(1)
	go func() { defer j.wg.Done(); j.keep() }()
	return j, nil
}

// Append queues data for the shard of key; data is copied before Append returns. done is called
// exactly once when the record is on disk, or with the error that kept it off; it is called on the
// shard's acknowledging goroutine, one after another, and must not wait for the journal. Append
// blocks while the shard's queue is full, unless NoWait is set. When Append itself returns an
// error, done is not called.
func (j *Journal) Append(key string, data []byte, done func(seq uint64, err error)) error {
	if len(data) > j.opt.MaxRecord {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(data), j.opt.MaxRecord)
	}
	if r := j.refuse.Load(); r != nil {
		return r.err
	}
	return j.lanes[shardOf(key, j.opt.Shards)].append(data, done)
}

// Newest is the highest visible sequence: all up to there is durable or has failed.
func (j *Journal) Newest() uint64 { return j.visible.Load() }

// shardOf is FNV-1a of the key; it need not be the same after a restart.
func shardOf(key string, shards int) int {
	h := uint32(2166136261)
	for i := 0; i < len(key); i++ {
		h = (h ^ uint32(key[i])) * 16777619
	}
	return int(h % uint32(shards))
}

// Close stops taking records, waits until everything queued is on disk and
// acknowledged, and ends the files properly. Further calls do nothing.
func (j *Journal) Close() error {
	var err error
	j.close.Do(func() {
		j.refuse.CompareAndSwap(nil, &refusal{StateClosed, ErrClosed})
		close(j.closing)
		for _, l := range j.lanes {
			l.stop()
		}
		j.wg.Wait()
		for _, l := range j.lanes {
			err = errors.Join(err, l.end())
		}
		j.refuse.Store(&refusal{StateClosed, ErrClosed})
		j.advance()
		err = errors.Join(err, j.release())
	})
	return err
}

// release closes files and gives up the lock.
func (j *Journal) release() error {
	for _, l := range j.lanes {
		for _, s := range l.segments {
			s.file.Close()
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range j.cursors {
		c.file.Close()
	}
	return j.lock.Close()
}

// advance publishes how far the sequence is durable without a gap. The counter
// is read first: every lower sequence was given out under its lane's lock, so
// by then it is either pending in the lane or settled.
func (j *Journal) advance() {
	w := j.seq.Load()
	for _, l := range j.lanes {
		if low := l.lowest(); low != 0 && low-1 < w {
			w = low - 1
		}
	}
	for {
		old := j.visible.Load()
		if w <= old {
			return
		}
		if j.visible.CompareAndSwap(old, w) {
			break
		}
	}
	j.mu.Lock()
	close(j.wake)
	j.wake = make(chan struct{})
	j.mu.Unlock()
}

// waiter returns a channel that is closed when the visible sequence next advances. Call it before
// looking for records, so that none is missed.
func (j *Journal) waiter() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.wake
}

// shed refuses appends for want of room; fail refuses them for good.
func (j *Journal) shed(err error) {
	if j.refuse.CompareAndSwap(nil, &refusal{StateShedding, err}) {
		j.opt.Logger.Error("journal sheds load", "dir", j.dir, "reason", err)
	}
}

func (j *Journal) fail(err error) {
	for {
		r := j.refuse.Load()
		if r != nil && r.state != StateShedding {
			return
		}
		if j.refuse.CompareAndSwap(r, &refusal{StateFailed, err}) {
			j.opt.Logger.Error("journal has failed and takes nothing more", "dir", j.dir, "reason",
				err)
			return
		}
	}
}

// problem logs damage and keeps it for Stat, once per file and offset and
// at most maxProblems times.
func (j *Journal) problem(p Problem) {
	j.mu.Lock()
	known := len(j.problems) >= maxProblems
	for _, q := range j.problems {
		known = known || q.File == p.File && q.Offset == p.Offset
	}
	if !known {
		j.problems = append(j.problems, p)
	}
	j.mu.Unlock()
	if known {
		return
	}
	j.opt.Logger.Error("journal damage", "kind", string(p.Kind), "file", p.File, "offset",
		p.Offset, "bytes", p.Length, "detail", p.Detail)
}

const maxProblems = 1000
