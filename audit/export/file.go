package export

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Target is where lines are sent. Send tells how many of them were taken for sure;
// the others are sent again later: a target may get a line twice, and tells them
// apart by their numbers. All were taken when there is no error.
type Target interface {
	Send(ctx context.Context, lines []Line) (taken int, err error)
	Close() error
}

// File is a file of JSON lines. It is looked for anew at each call, so that it may
// be renamed by a program that rotates logs.
type File struct {
	path string
	f    *os.File
}

// NewFile gives the target of a path. A file that is not there is made, readable
// for its owner and group only.
func NewFile(path string) *File { return &File{path: path} }

// Send appends lines, and returns when they are on the disk.
func (t *File) Send(_ context.Context, lines []Line) (int, error) {
	if err := t.open(); err != nil {
		return 0, err
	}
	var out []byte
	if torn, err := t.torn(); err != nil {
		return 0, err
	} else if torn {
		out = append(out, '\n')
	}
	for _, l := range lines {
		out = append(append(out, l.JSON()...), '\n')
	}
	if _, err := t.f.Write(out); err != nil {
		return 0, err
	}
	if err := t.f.Sync(); err != nil {
		return 0, err
	}
	return len(lines), nil
}

// open opens the file, unless the open one is still the one of that name.
func (t *File) open() error {
	if t.f != nil {
		named, err := os.Stat(t.path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		own, ownErr := t.f.Stat()
		if err == nil && ownErr == nil && os.SameFile(named, own) {
			return nil
		}
		if err := t.Close(); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(t.path, os.O_RDWR|os.O_CREATE|os.O_APPEND|unix.O_NONBLOCK, 0o640)
	if err != nil {
		return err
	}
	// A pipe that nobody reads would keep everything waiting, and nothing of it is on
	// a disk.
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return errors.Join(err, f.Close(), errNoFile)
	}
	t.f = f
	return nil
}

var errNoFile = errors.New("records are written to regular files only")

// torn tells whether the file ends within a line, as a full disk leaves it.
func (t *File) torn() (bool, error) {
	end, err := t.f.Seek(0, io.SeekEnd)
	if err != nil || end == 0 {
		return false, err
	}
	last := make([]byte, 1)
	_, err = t.f.ReadAt(last, end-1)
	return last[0] != '\n', err
}

// Close closes the file.
func (t *File) Close() error {
	f := t.f
	t.f = nil
	if f == nil {
		return nil
	}
	return f.Close()
}
