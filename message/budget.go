package message

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Budget bounds the memory that all messages of a process hold together; what
// does not fit goes to files. The zero Budget gives no memory, so all is
// spooled; a nil Budget is unlimited. It is safe for many goroutines.
type Budget struct {
	limit int64
	dir   string
	used  atomic.Int64
	files atomic.Int64 // octets in files
}

// RoomFor is the memory in octets that one message of a size takes: its body, its
// decoded contents and the blocks that these are held in.
func RoomFor(size int) int64 {
	const least = 1 << 20
	return 2*int64(size) + least
}

// NewBudget gives a budget of n octets whose overflow goes to unlinked files in
// dir; an empty dir is the system's directory for temporary files.
func NewBudget(n int64, dir string) *Budget {
	return &Budget{limit: n, dir: dir}
}

// Used is the number of octets of memory that are taken now.
func (b *Budget) Used() int64 {
	if b == nil {
		return 0
	}
	return b.used.Load()
}

// Spooled is the number of octets of messages that are in files now.
func (b *Budget) Spooled() int64 {
	if b == nil {
		return 0
	}
	return b.files.Load()
}

// spooled counts octets that went to a file, or with less than 0 that left it.
func (b *Budget) spooled(n int64) {
	if b != nil {
		b.files.Add(n)
	}
}

// checked is the room that Check asks for, in octets.
const checked = 1 << 20

// Check tells whether a new message can be taken: memory is left or a file can
// be written.
func (b *Budget) Check() error {
	if b.reserve(checked) {
		b.release(checked)
		return nil
	}
	f, err := b.file()
	if err != nil {
		return err
	}
	defer f.Close()
	return extend(f, checked)
}

// reserve takes n octets of memory and tells whether there were so many.
func (b *Budget) reserve(n int64) bool {
	if b == nil || n == 0 {
		return true
	}
	if b.used.Add(n) > b.limit {
		b.used.Add(-n)
		return false
	}
	return true
}

func (b *Budget) release(n int64) {
	if b != nil {
		b.used.Add(-n)
	}
}

// file gives a new file that vanishes when it is closed.
func (b *Budget) file() (*os.File, error) {
	f, err := os.CreateTemp(b.dir, "postern-*.spool")
	if err != nil {
		return nil, fmt.Errorf("cannot spool a message: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, fmt.Errorf("cannot spool a message: %w", err)
	}
	return f, nil
}

// extend makes a file n octets long, the room on disk taken.
func extend(f *os.File, n int64) error {
	err := unix.Fallocate(int(f.Fd()), 0, 0, n)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EINVAL) {
		// A file system that cannot reserve room takes it by being written to.
		_, err = io.CopyN(f, zeros{}, n)
	}
	if err != nil {
		return fmt.Errorf("cannot spool a message: %w", err)
	}
	return nil
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// block is room of a fixed size, in memory or mapped from a file.
type block struct {
	budget *Budget
	data   []byte
	taken  int64  // of the budget's memory
	mapped []byte // the whole of the mapped file
}

// block gives room for n octets, of length 0.
func (b *Budget) block(n int) (*block, error) {
	if n == 0 {
		return &block{}, nil
	}
	if b.reserve(int64(n)) {
		return &block{budget: b, data: make([]byte, 0, n), taken: int64(n)}, nil
	}
	f, err := b.file()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := extend(f, int64(n)); err != nil {
		return nil, err
	}
	data, err := unix.Mmap(int(f.Fd()), 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("cannot map a spooled message: %w", err)
	}
	b.spooled(int64(n))
	return &block{budget: b, data: data[:0:n], mapped: data}, nil
}

// close gives the room back. It may be called once.
func (k *block) close() error {
	if k.mapped != nil {
		k.budget.spooled(-int64(len(k.mapped)))
		return unix.Munmap(k.mapped)
	}
	k.budget.release(k.taken)
	return nil
}
