package message

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Buffer holds octets in memory, or in a file once the budget is spent. Write
// it, then read Bytes; Close gives back what it holds. It is for one goroutine
// until it is filled.
type Buffer struct {
	budget *Budget
	mem    []byte
	taken  int64 // of the budget's memory
	file   *os.File
	mapped []byte
	size   int64
	err    error // the first that Write met
	sealed bool  // Bytes was called
	closed bool
}

var (
	errBufferSealed = errors.New("the buffer was written to after it was read")
	errBufferClosed = errors.New("the buffer is closed")
)

// bufferStep is the least by which a buffer grows, in octets.
const bufferStep = 16 << 10

// NewBuffer gives an empty buffer.
func (b *Budget) NewBuffer() *Buffer { return &Buffer{budget: b} }

// Write appends. An error means that neither memory nor disk is left; it is
// given again by every later Write and by Bytes.
func (b *Buffer) Write(p []byte) (int, error) {
	switch {
	case b.closed:
		return 0, errBufferClosed
	case b.sealed:
		return 0, errBufferSealed
	case b.err != nil:
		return 0, b.err
	}
	if b.file == nil && !b.grow(len(p)) {
		if b.err = b.spill(); b.err != nil {
			return 0, b.err
		}
	}
	if b.file == nil {
		b.mem = append(b.mem, p...)
		b.size += int64(len(p))
		return len(p), nil
	}
	n, err := b.file.Write(p)
	b.size += int64(n)
	b.budget.spooled(int64(n))
	if err != nil {
		b.err = fmt.Errorf("cannot spool a message: %w", err)
	}
	return n, b.err
}

// grow makes room for n octets more in memory and tells whether it could.
func (b *Buffer) grow(n int) bool {
	need := len(b.mem) + n
	if need <= cap(b.mem) {
		return true
	}
	for _, want := range [...]int{max(need, 2*cap(b.mem)), need} {
		want = (want + bufferStep - 1) / bufferStep * bufferStep
		more := int64(want) - b.taken
		if b.budget.reserve(more) {
			b.taken += more
			mem := make([]byte, len(b.mem), want)
			copy(mem, b.mem)
			b.mem = mem
			return true
		}
	}
	return false
}

// spill moves what is in memory to a file.
func (b *Buffer) spill() error {
	f, err := b.budget.file()
	if err != nil {
		return err
	}
	if _, err := f.Write(b.mem); err != nil {
		f.Close()
		return fmt.Errorf("cannot spool a message: %w", err)
	}
	b.file = f
	b.budget.spooled(b.size)
	b.freeMemory()
	return nil
}

func (b *Buffer) freeMemory() {
	b.budget.release(b.taken)
	b.mem, b.taken = nil, 0
}

// Len is the number of octets written.
func (b *Buffer) Len() int64 { return b.size }

// Bytes gives the octets, mapped from the file when they are in one. No Write
// may follow; the slice is valid until Close.
func (b *Buffer) Bytes() ([]byte, error) {
	switch {
	case b.closed:
		return nil, errBufferClosed
	case b.err != nil:
		return nil, b.err
	}
	b.sealed = true
	if b.file == nil {
		return b.mem, nil
	}
	if b.mapped == nil && b.size > 0 {
		data, err := unix.Mmap(int(b.file.Fd()), 0, int(b.size), unix.PROT_READ, unix.MAP_SHARED)
		if err != nil {
			return nil, fmt.Errorf("cannot map a spooled message: %w", err)
		}
		b.mapped = data
	}
	return b.mapped, nil
}

// Close gives memory and file back. It may be called twice.
func (b *Buffer) Close() error {
	if b.closed {
		return nil
	}
	b.closed = true
	b.freeMemory()
	var err error
	if b.mapped != nil {
		err = unix.Munmap(b.mapped)
		b.mapped = nil
	}
	if b.file != nil {
		err = errors.Join(err, b.file.Close())
		b.file = nil
		b.budget.spooled(-b.size)
	}
	return err
}
