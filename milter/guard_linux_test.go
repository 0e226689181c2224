package milter

import (
	"net"
	"syscall"
	"testing"
	"time"
)

// Without quick acknowledgements each step over TCP waits 40 ms; the kernel
// forgets the option, so it must stand again behind every read.
func TestQuickAcknowledgementsOverTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	far, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	near, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	raw, err := near.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	option := func(set bool) (value int) {
		raw.Control(func(fd uintptr) {
			if set {
				err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 0)
			} else {
				value, err = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	frames := newFrameReader(near, time.Minute)
	defer frames.close()
	for range 3 {
		option(true) // off, as the kernel would
		far.Write([]byte{0, 0, 0, 1, 'N'})
		if _, _, err := frames.next(false); err != nil {
			t.Fatal(err)
		}
		if option(false) == 0 {
			t.Fatal("acknowledgements are delayed behind a read")
		}
	}
	if quickAck(&net.UnixConn{}) != nil {
		t.Error("a UNIX socket has nothing to acknowledge")
	}
}
