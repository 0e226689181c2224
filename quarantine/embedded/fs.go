package embedded

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// fileSystem is how blobs reach the disk: what a test makes fail.
type fileSystem interface {
	// Create makes a new file that only the own user may read.
	Create(name string) (file, error)
	Rename(from, to string) error
	Remove(name string) error
	// SyncDir makes the names in a directory durable.
	SyncDir(name string) error
	// Free gives the octets free for an unprivileged user.
	Free(dir string) (int64, error)
}

// file is one that is being written.
type file interface {
	Write(p []byte) (int, error)
	Sync() error
	Close() error
}

// disk is the real file system.
type disk struct{}

func (disk) Create(name string) (file, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (disk) Rename(from, to string) error { return os.Rename(from, to) }

func (disk) Remove(name string) error { return os.Remove(name) }

func (disk) SyncDir(name string) error {
	d, err := os.Open(filepath.Clean(name))
	if err != nil {
		return err
	}
	err = d.Sync()
	if closing := d.Close(); err == nil {
		err = closing
	}
	return err
}

func (disk) Free(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, &os.PathError{Op: "statfs", Path: dir, Err: err}
	}
	return int64(s.Bavail) * s.Bsize, nil
}
