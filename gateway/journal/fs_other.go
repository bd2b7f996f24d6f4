//go:build !linux

package journal

import (
	"errors"
	"io"
	"math"
	"os"
	"syscall"
)

// Sync flushes data and metadata; there is no portable fdatasync.
func (f osFile) Sync() error { return f.File.Sync() }

// Preallocate extends the file; a full disk shows at the write.
func (f osFile) Preallocate(size int64) error { return f.Truncate(size) }

// Free is unknown here; the write itself finds a full disk.
func (osFS) Free(string) (uint64, error) { return math.MaxInt64, nil }

// Lock does not exclude a second process on this system.
func (osFS) Lock(name string) (io.Closer, error) {
	return os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
}

func isFull(err error) bool { return errors.Is(err, syscall.ENOSPC) }
