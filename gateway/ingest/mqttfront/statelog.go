package mqttfront

import (
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/gatehouse-iot/gatehouse/gateway/journal"
)

const (
	stateQueue   = 32 << 20 // bytes that wait for the disk; beyond, publications are shed
	stateSegment = 32 << 20
	stateCursor  = "whole" // all before it is also in the snapshot behind it
)

// stateLog keeps on disk what sessions, retained messages and wills need to survive a restart. It
// is a journal of its own with one shard, so that records are replayed in the order in which they
// were appended under a session's lock. From time to time a snapshot is appended, and what came
// before it is removed (see compact).
//
// Appending never blocks: it is done with locks held, and on the acknowledging
// goroutine of another journal.
type stateLog struct {
	j      *journal.Journal
	cursor *journal.Cursor
	seal   cipher.AEAD

	since atomic.Int64 // bytes since the last snapshot
	size  atomic.Int64 // bytes of the last snapshot
	stray atomic.Bool  // a record could not be appended: memory and disk may differ
}

// openStateLog opens the log in a folder. A nil fsys is the operating system's.
func openStateLog(
	dir string, fsys journal.FS, seal cipher.AEAD, maxSession int, log *slog.Logger,
) (*stateLog, error) {
	record := 2*maxSession + maxFilters<<16 + 1<<20
	j, err := journal.Open(dir, journal.Options{
		Shards:       1,
		SegmentBytes: max(stateSegment, 4*int64(record)),
		MaxRecord:    record,
		MaxAge:       1,
		QueueBytes:   stateQueue,
		NoWait:       true,
		ReserveBytes: -1,
		FS:           fsys,
		Logger:       log,
	})
	if err != nil {
		return nil, fmt.Errorf("mqtt state: %w", err)
	}
	l := &stateLog{j: j, seal: seal}
	if l.cursor, err = j.Cursor(stateCursor); err != nil {
		return nil, errors.Join(fmt.Errorf("mqtt state: %w", err), j.Close())
	}
	return l, nil
}

// errNotKept means that the state log did not take a record.
var errNotKept = errors.New("mqtt state")

// append queues a record. done is called once it is on disk, or with the error
// that kept it off, on the log's own goroutine; it is not called when append
// itself returns an error.
func (l *stateLog) append(r *record, done func(error)) error {
	err := l.push(r, done)
	if err != nil {
		l.stray.Store(true)
	}
	return err
}

// tell queues a record of a snapshot. If it is not taken, nothing is lost: the log has it already.
func (l *stateLog) tell(r *record) error { return l.push(r, nil) }

func (l *stateLog) push(r *record, done func(error)) error {
	b := r.append(nil)
	if l.seal != nil {
		nonce := make([]byte, l.seal.NonceSize(), l.seal.NonceSize()+len(b)+l.seal.Overhead())
		rand.Read(nonce)
		b = l.seal.Seal(nonce, nonce, b, nil)
	}
	err := l.j.Append("", b, func(_ uint64, err error) {
		if err != nil {
			l.stray.Store(true)
		}
		if done != nil {
			done(err)
		}
	})
	if err != nil {
		return fmt.Errorf("%w: %w", errNotKept, err)
	}
	r.size = len(b)
	l.since.Add(int64(len(b)))
	return nil
}

// note queues a record that nobody waits for: losing it costs a repetition.
func (l *stateLog) note(r *record) { _ = l.append(r, nil) } // stray is set

// wait appends a record and returns when it is on disk. No lock is held.
func (l *stateLog) wait(r *record) error {
	ch := make(chan error, 1)
	if err := l.append(r, func(err error) { ch <- err }); err != nil {
		return err
	}
	if err := <-ch; err != nil {
		return fmt.Errorf("%w: %w", errNotKept, err)
	}
	return nil
}

// open decrypts and decodes what append wrote.
func (l *stateLog) open(b []byte) (*record, error) {
	if l.seal != nil {
		n := l.seal.NonceSize()
		if len(b) < n {
			return nil, errState
		}
		var err error
		if b, err = l.seal.Open(nil, b[:n], b[n:], nil); err != nil {
			return nil, fmt.Errorf("%w: it was sealed with another key, or is damaged", errState)
		}
	}
	return decodeRecord(b)
}

// due tells whether it is time for a snapshot: the log has outgrown the last one, or has missed a
// record and takes records again.
func (l *stateLog) due() bool {
	return l.since.Load() > max(stateSegment, 2*l.size.Load()) ||
		l.stray.Load() && l.j.Stat().State == journal.StateOK
}

func (l *stateLog) close() error {
	return errors.Join(l.cursor.Close(), l.j.Close())
}
