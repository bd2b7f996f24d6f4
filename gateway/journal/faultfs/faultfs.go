// Package faultfs is a disk that fails on demand, for tests of the journal and of what is built on
// it. It implements journal.FS over a real folder: unsynced bytes can be lost or torn when the
// process is killed or Crash is called, Sync can lie, and writes, syncs and preallocation can be
// made to fail. It is never part of the gateway.
package faultfs

import (
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"sync"

	"github.com/gatehouse-iot/gatehouse/gateway/journal"
)

// Loss says what becomes of bytes that were written and not synced.
type Loss int

// The kinds of loss. Tear lets each 512-byte sector survive by chance, which
// is what a power cut does.
const (
	Keep Loss = iota
	Drop
	Tear
)

// ErrCrashed is what every call returns after Crash.
var ErrCrashed = errors.New("the disk is gone")

// FS is a faulty file system. Set its fields before use.
type FS struct {
	Loss Loss
	Lie  bool   // Sync reports success and does nothing
	Seed uint64 // for Tear

	// Hooks get the file's name; an error is returned in place of the call.
	// BeforeWrite also says how many bytes are still written before it fails.
	BeforeWrite       func(name string, n int) (int, error)
	AfterWrite        func(name string)
	BeforeSync        func(name string) error
	AfterSync         func(name string)
	BeforePreallocate func(name string, size int64) error
	FreeBytes         func() uint64 // nil: the real figure

	mu      sync.Mutex
	crashed bool
	rnd     *rand.Rand
}

var _ journal.FS = (*FS)(nil)

// Crash drops what was not synced, and every later call fails. The folder then holds what a machine
// would find after a power cut.
func (f *FS) Crash() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.crashed = true
}

func (f *FS) gone() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.crashed {
		return ErrCrashed
	}
	return nil
}

// OpenFile opens name on the real disk with an overlay for unsynced writes.
func (f *FS) OpenFile(name string, flag int, perm fs.FileMode) (journal.File, error) {
	if err := f.gone(); err != nil {
		return nil, err
	}
	real, err := journal.OS().OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return &file{
		fs:   f,
		name: name,
		real: real,
	}, nil
}

// Remove removes at once: the journal removes only what it no longer needs.
func (f *FS) Remove(name string) error {
	if err := f.gone(); err != nil {
		return err
	}
	return journal.OS().Remove(name)
}

// ReadDir lists the real folder.
func (f *FS) ReadDir(dir string) ([]fs.DirEntry, error) { return journal.OS().ReadDir(dir) }

// MkdirAll makes the real folder.
func (f *FS) MkdirAll(dir string, perm fs.FileMode) error { return os.MkdirAll(dir, perm) }

// SyncDir does nothing: names are durable at once here.
func (f *FS) SyncDir(string) error { return f.gone() }

// Free is FreeBytes, or the real figure.
func (f *FS) Free(dir string) (uint64, error) {
	if f.FreeBytes != nil {
		return f.FreeBytes(), nil
	}
	return journal.OS().Free(dir)
}

// Lock takes the real lock.
func (f *FS) Lock(name string) (io.Closer, error) { return journal.OS().Lock(name) }

type write struct {
	off int64
	b   []byte
}

// file holds unsynced writes in memory, so that a killed process loses them.
type file struct {
	fs   *FS
	name string
	real journal.File

	mu      sync.Mutex
	pending []write
}

func (f *file) ReadAt(b []byte, off int64) (int, error) {
	if err := f.fs.gone(); err != nil {
		return 0, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := f.real.ReadAt(b, off)
	for _, w := range f.pending {
		lo, hi := max(off, w.off), min(off+int64(len(b)), w.off+int64(len(w.b)))
		if lo < hi {
			copy(b[lo-off:hi-off], w.b[lo-w.off:hi-w.off])
			n = max(n, int(hi-off))
		}
	}
	if n == len(b) {
		err = nil
	}
	return n, err
}

func (f *file) WriteAt(b []byte, off int64) (int, error) {
	if err := f.fs.gone(); err != nil {
		return 0, err
	}
	n, fault := len(b), error(nil)
	if f.fs.BeforeWrite != nil {
		if k, err := f.fs.BeforeWrite(f.name, len(b)); err != nil {
			n, fault = min(k, len(b)), err
		}
	}
	if err := f.put(b[:n], off); err != nil {
		return 0, err
	}
	if f.fs.AfterWrite != nil {
		f.fs.AfterWrite(f.name)
	}
	return n, fault
}

func (f *file) put(b []byte, off int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fs.Loss == Keep {
		_, err := f.real.WriteAt(b, off)
		return err
	}
	f.pending = append(f.pending, write{off, append([]byte(nil), b...)})
	if f.fs.Loss == Tear {
		return f.tear(b, off)
	}
	return nil
}

// tear writes a random choice of b's sectors to the disk before any sync.
func (f *file) tear(b []byte, off int64) error {
	const sector = 512
	for at := 0; at < len(b); {
		n := min(sector-int((off+int64(at))%sector), len(b)-at)
		if f.fs.chance() {
			if _, err := f.real.WriteAt(b[at:at+n], off+int64(at)); err != nil {
				return err
			}
		}
		at += n
	}
	return nil
}

func (f *FS) chance() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rnd == nil {
		f.rnd = rand.New(rand.NewPCG(f.Seed, 1))
	}
	return f.rnd.IntN(2) == 0
}

func (f *file) Sync() error {
	if err := f.fs.gone(); err != nil {
		return err
	}
	if f.fs.BeforeSync != nil {
		if err := f.fs.BeforeSync(f.name); err != nil {
			return err
		}
	}
	if !f.fs.Lie {
		if err := f.flush(); err != nil {
			return err
		}
	}
	if f.fs.AfterSync != nil {
		f.fs.AfterSync(f.name)
	}
	return nil
}

func (f *file) flush() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, w := range f.pending {
		if _, err := f.real.WriteAt(w.b, w.off); err != nil {
			return err
		}
	}
	f.pending = nil
	return f.real.Sync()
}

func (f *file) Truncate(size int64) error {
	if err := f.fs.gone(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	kept := f.pending[:0]
	for _, w := range f.pending {
		if w.off < size {
			w.b = w.b[:min(int64(len(w.b)), size-w.off)]
			kept = append(kept, w)
		}
	}
	f.pending = kept
	return f.real.Truncate(size)
}

func (f *file) Preallocate(size int64) error {
	if err := f.fs.gone(); err != nil {
		return err
	}
	if f.fs.BeforePreallocate != nil {
		if err := f.fs.BeforePreallocate(f.name, size); err != nil {
			return err
		}
	}
	return f.real.Preallocate(size)
}

func (f *file) Size() (int64, error) {
	size, err := f.real.Size()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, w := range f.pending {
		size = max(size, w.off+int64(len(w.b)))
	}
	return size, err
}

func (f *file) Close() error { return f.real.Close() }
