package journal

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// FS is the file boundary of the journal. The zero Options use the operating
// system; tests put faults here. Names are full paths.
type FS interface {
	// OpenFile opens name as os.OpenFile does.
	OpenFile(name string, flag int, perm fs.FileMode) (File, error)
	// Remove unlinks a file.
	Remove(name string) error
	// ReadDir lists a directory by name order.
	ReadDir(dir string) ([]fs.DirEntry, error)
	// MkdirAll creates a directory and its parents.
	MkdirAll(dir string, perm fs.FileMode) error
	// SyncDir makes created and removed names of dir durable.
	SyncDir(dir string) error
	// Free tells how many bytes an ordinary writer can still put on the
	// file system that holds dir.
	Free(dir string) (uint64, error)
	// Lock takes the exclusive lock of a journal folder, or fails within a second.
	Lock(name string) (io.Closer, error)
}

// File is one open file of an FS. ReadAt, WriteAt and Close may be called from
// several goroutines at a time.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Size is the length of the file in bytes.
	Size() (int64, error)
	// Truncate cuts or extends the file to size bytes.
	Truncate(size int64) error
	// Preallocate reserves size bytes on disk, reading as zeros.
	Preallocate(size int64) error
	// Sync makes everything written so far durable (fdatasync on Linux).
	Sync() error
}

// OS is the operating system's file system.
func OS() FS { return osFS{} }

type osFS struct{}

func (osFS) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	f, err := os.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (osFS) Remove(name string) error                    { return os.Remove(name) }
func (osFS) ReadDir(dir string) ([]fs.DirEntry, error)   { return os.ReadDir(dir) }
func (osFS) MkdirAll(dir string, perm fs.FileMode) error { return os.MkdirAll(dir, perm) }

func (osFS) SyncDir(dir string) error {
	d, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return err
	}
	err = d.Sync()
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}

type osFile struct{ *os.File }

func (f osFile) Size() (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return st.Size(), nil
}
