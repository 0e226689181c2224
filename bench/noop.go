package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
)

// Commands and responses of the milter protocol that a filter needs which asks
// for nothing.
const (
	cmdNegotiate = 'O'
	cmdMail      = 'M'
	cmdRcpt      = 'R'
	cmdEnd       = 'E'
	cmdQuit      = 'Q'
	actContinue  = 'c'
)

// The flags that Postern agrees on: everything without an answer but MAIL, RCPT
// and end of message, header values with their leading space; and, as actions, no
// change but the lists of macros.
const (
	protocol = 1<<7 | 1<<8 | 1<<12 | 1<<13 | 1<<16 | 1<<17 | 1<<18 | 1<<19 | 1<<20
	symbols  = 1 << 8
)

// Macros are those that Postern asks for, by stage: connect, HELO, MAIL, RCPT,
// DATA, end of message.
var macros = []string{
	"j {daemon_name} {client_addr}", "{tls_version}", "i j {daemon_name} {client_addr} {tls_version} {auth_authen}",
	"i {rcpt_addr}", "i", "i",
}

// Noop serves a filter that reads all and changes nothing, on each of the
// addresses (unix:PATH or tcp:HOST:PORT), until the process ends.
func noop(addrs []string) error {
	failed := make(chan error)
	for _, addr := range addrs {
		network, address, _ := strings.Cut(addr, ":")
		l, err := net.Listen(network, address)
		if err != nil {
			return err
		}
		if network == "unix" {
			if err := os.Chmod(address, 0o666); err != nil {
				return err
			}
		}
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					failed <- err
					return
				}
				go func() {
					defer conn.Close()
					if err := converse(conn); err != nil && err != io.EOF {
						fmt.Fprintln(os.Stderr, "noop:", err)
					}
				}()
			}
		}()
	}
	return <-failed
}

// Converse answers one connection of the MTA.
func converse(conn net.Conn) error {
	quickAck := func() {}
	if tcp, ok := conn.(*net.TCPConn); ok {
		raw, err := tcp.SyscallConn()
		if err != nil {
			return err
		}
		quickAck = func() {
			_ = raw.Control(func(fd uintptr) {
				_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1)
			})
		}
	}
	r := bufio.NewReaderSize(conn, 64<<10)
	var head [5]byte
	var body []byte
	for {
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return err
		}
		n := int(binary.BigEndian.Uint32(head[:])) - 1
		if n < 0 || n > 1<<20 {
			return fmt.Errorf("frame of %d octets", n+1)
		}
		if cap(body) < n {
			body = make([]byte, n)
		}
		body = body[:n]
		if _, err := io.ReadFull(r, body); err != nil {
			return err
		}
		if r.Buffered() == 0 {
			quickAck()
		}
		switch head[4] {
		case cmdNegotiate:
			if n < 12 {
				return fmt.Errorf("offer of %d octets", n)
			}
			answer := binary.BigEndian.AppendUint32([]byte{0, 0, 0, 0, cmdNegotiate}, min(6, binary.BigEndian.Uint32(body)))
			answer = binary.BigEndian.AppendUint32(answer, symbols)
			answer = binary.BigEndian.AppendUint32(answer, protocol&binary.BigEndian.Uint32(body[8:]))
			for stage, names := range macros {
				answer = append(append(binary.BigEndian.AppendUint32(answer, uint32(stage)), names...), 0)
			}
			binary.BigEndian.PutUint32(answer, uint32(len(answer)-4))
			if _, err := conn.Write(answer); err != nil {
				return err
			}
		case cmdMail, cmdRcpt, cmdEnd:
			if _, err := conn.Write([]byte{0, 0, 0, 1, actContinue}); err != nil {
				return err
			}
		case cmdQuit:
			return nil
		}
	}
}
