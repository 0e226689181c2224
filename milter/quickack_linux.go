package milter

import (
	"net"
	"syscall"
)

// quickAck gives a function that makes the kernel acknowledge at once what was
// just read. Linux forgets the option after a while, so it is set after each
// read. Without it, Nagle's algorithm at the MTA and our delayed
// acknowledgements cost 40 ms a step.
func quickAck(conn net.Conn) func() {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	set := func(fd uintptr) {
		// A failure costs time, not mail.
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1)
	}
	return func() { _ = raw.Control(set) }
}
