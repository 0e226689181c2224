package milter

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of a frame in octets, its command included. Only header fields and
// body chunks may be long.
const (
	maxFrame   = 1 << 20
	maxCommand = 64 << 10
)

// Frames gather in buffers of these sizes. A buffer grows when it is full, by
// what arrived; what a frame announces costs nothing.
var bufferSizes = [...]int{4 << 10, 16 << 10, 64 << 10, 256 << 10, 4 + maxFrame}

var bufferPools [len(bufferSizes)]sync.Pool

var (
	errDrained = errors.New("closed while idle: shutting down")
	errSlow    = errors.New("the frame did not arrive in time")
)

// frameReader takes frames from a connection. Octets are read straight into the
// buffer they are used from.
type frameReader struct {
	conn      net.Conn
	frameTime time.Duration
	quickAck  func() // after each read; nil when there is nothing to do

	buf        []byte
	class      int
	start, end int  // the octets in buf not yet used
	armed      bool // the connection has a read deadline
	timing     bool // it is that of the frame now arriving

	mu      sync.Mutex
	expired bool         // Shutdown wants the connection closed if nothing comes
	idle    atomic.Int64 // since when it waits for a first octet; 0 while it does not
}

func newFrameReader(conn net.Conn, frameTime time.Duration) *frameReader {
	f := &frameReader{conn: conn, frameTime: frameTime, quickAck: quickAck(conn)}
	f.take(0)
	return f
}

func (f *frameReader) take(class int) {
	buf, ok := bufferPools[class].Get().(*[]byte)
	if !ok {
		b := make([]byte, bufferSizes[class])
		buf = &b
	}
	f.end = copy(*buf, f.buf[f.start:f.end])
	f.start = 0
	f.give()
	f.buf, f.class = *buf, class
}

func (f *frameReader) give() {
	if f.buf != nil {
		buf := f.buf
		bufferPools[f.class].Put(&buf)
		f.buf = nil
	}
}

// close gives the buffer back. No frame may be used any more.
func (f *frameReader) close() { f.give() }

// shrink lets a large buffer go when nothing is in it.
func (f *frameReader) shrink() {
	if f.start == f.end && f.class > 1 {
		f.start, f.end = 0, 0
		f.take(1)
	}
}

// next gives the next frame; its payload is valid until the next call. With
// prompt set, a first octet must come within the time for a frame as well.
func (f *frameReader) next(prompt bool) (command byte, payload []byte, err error) {
	for {
		have, need := f.end-f.start, 4
		if have >= 4 {
			n := binary.BigEndian.Uint32(f.buf[f.start:])
			if n == 0 || n > maxFrame {
				return 0, nil, fmt.Errorf("frame of %d octets", n)
			}
			need += int(n)
			if have >= 5 {
				command = f.buf[f.start+4]
				if n > maxCommand && command != cmdHeader && command != cmdBody {
					return 0, nil, fmt.Errorf("frame %q of %d octets", command, n)
				}
			}
			if have >= need {
				payload = f.buf[f.start+5 : f.start+need]
				f.start += need
				f.timing = false
				return command, payload, nil
			}
		}
		f.makeRoom(need)
		if err := f.read(prompt || have > 0); err != nil {
			return 0, nil, err
		}
	}
}

// makeRoom sees to it that something can be read behind the octets in hand.
func (f *frameReader) makeRoom(need int) {
	switch {
	case f.start == f.end:
		f.start, f.end = 0, 0
	case f.start+need > len(f.buf) && f.start > 0:
		f.end = copy(f.buf, f.buf[f.start:f.end])
		f.start = 0
	}
	if f.end == len(f.buf) {
		f.take(f.class + 1)
	}
}

// read reads once. The time for a frame runs from its first octet, not from
// each read.
func (f *frameReader) read(timed bool) error {
	f.arm(timed)
	n, err := f.conn.Read(f.buf[f.end:])
	f.idle.Store(0)
	f.end += n
	if n > 0 {
		if f.quickAck != nil {
			f.quickAck()
		}
		return nil
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case timed && !f.expired:
		return errSlow
	case timed: // Shutdown came as the frame began
		f.expired, f.timing = false, false
		return nil
	}
	return f.lastLook()
}

// arm sets the deadline that the next read needs, where it is not set.
func (f *frameReader) arm(timed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case timed && !f.timing:
		f.timing, f.armed = true, true
		f.conn.SetReadDeadline(time.Now().Add(f.frameTime))
	case !timed:
		f.idle.Store(time.Now().UnixNano())
		if f.armed && !f.expired {
			f.armed = false
			f.conn.SetReadDeadline(time.Time{})
		}
	}
}

// expire ends a wait for a first octet, now or later. It may be called from
// another goroutine.
func (f *frameReader) expire() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expired, f.armed = true, true
	f.conn.SetReadDeadline(time.Unix(1, 0))
}

// lastLook takes what came in the instant in which the wait was ended, so that
// no command is lost that the MTA had sent.
func (f *frameReader) lastLook() error {
	f.expired, f.armed = false, true
	f.conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	n, err := f.conn.Read(f.buf[f.end:])
	f.end += n
	switch {
	case n > 0:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errDrained
	}
	return err
}
