// Package miltertest speaks the milter protocol as an MTA does, frame by frame,
// so that tests see exactly what goes over the wire. It knows no more of a
// message than its caller says.
package miltertest

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"
)

// What an MTA as Postfix 3.7 offers: version 6, every action, every protocol bit.
const (
	FullVersion  uint32 = 6
	FullActions  uint32 = 0x1ff
	FullProtocol uint32 = 0x1fffff
)

// Bits of the protocol by which the client knows whether a reply is due.
var noReply = map[byte]uint32{
	'C': 1 << 12, 'H': 1 << 13, 'M': 1 << 14, 'R': 1 << 15, 'T': 1 << 16,
	'U': 1 << 17, 'N': 1 << 18, 'B': 1 << 19, 'L': 1 << 7,
}

// Frame is one frame of the protocol without its length.
type Frame struct {
	Command byte
	Payload []byte
}

// Strings gives the payload as strings closed by NUL, from an offset on.
func (f Frame) Strings(offset int) []string {
	if offset >= len(f.Payload) {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(f.Payload[offset:]), "\x00"), "\x00")
}

// Index gives the number at the beginning of the payload, 0 without one.
func (f Frame) Index() int {
	if len(f.Payload) < 4 {
		return 0
	}
	return int(binary.BigEndian.Uint32(f.Payload))
}

// Result is the answer to an end of message.
type Result struct {
	Edits    []Frame // in order
	Verdict  Frame
	Progress int // how many progress frames came before the verdict
	// Late is the number of progress frames that came behind an edit, which no MTA
	// takes.
	Late int
}

// Client is the MTA's end of a connection. It is used from one goroutine.
type Client struct {
	Conn net.Conn
	// Timeout is how long a reply may take, 10 s without a value. Every frame
	// starts it again.
	Timeout time.Duration

	// Version, Actions, Protocol and Macro lists by stage are the filter's answer
	// to [Client.Negotiate].
	Version, Actions, Protocol uint32
	MacroLists                 map[uint32]string

	r *bufio.Reader
	w *bufio.Writer
}

// New makes a client of a connection to a filter.
func New(conn net.Conn) *Client {
	return &Client{Conn: conn, Timeout: 10 * time.Second, r: bufio.NewReader(conn), w: bufio.NewWriterSize(conn, 16<<10)}
}

// Negotiate makes an offer and takes the answer.
func (c *Client) Negotiate(version, actions, protocol uint32) error {
	var offer []byte
	for _, v := range []uint32{version, actions, protocol} {
		offer = binary.BigEndian.AppendUint32(offer, v)
	}
	if err := c.Send('O', offer); err != nil {
		return err
	}
	f, err := c.Receive()
	if err != nil {
		return err
	}
	if f.Command != 'O' || len(f.Payload) < 12 {
		return fmt.Errorf("answer %q to the offer", f.Command)
	}
	c.Version = binary.BigEndian.Uint32(f.Payload)
	c.Actions = binary.BigEndian.Uint32(f.Payload[4:])
	c.Protocol = binary.BigEndian.Uint32(f.Payload[8:])
	c.MacroLists = make(map[uint32]string)
	for rest := f.Payload[12:]; len(rest) > 4; {
		stage := binary.BigEndian.Uint32(rest)
		names, after, ok := strings.Cut(string(rest[4:]), "\x00")
		if !ok {
			return fmt.Errorf("macro list of stage %d not closed", stage)
		}
		c.MacroLists[stage] = names
		rest = []byte(after)
	}
	return nil
}

// Send puts a frame in the queue; it leaves at the next Receive or Flush.
func (c *Client) Send(command byte, payload []byte) error {
	var head [5]byte
	binary.BigEndian.PutUint32(head[:], uint32(1+len(payload)))
	head[4] = command
	if _, err := c.w.Write(head[:]); err != nil {
		return err
	}
	_, err := c.w.Write(payload)
	return err
}

// Flush sends what is queued.
func (c *Client) Flush() error {
	c.Conn.SetWriteDeadline(time.Now().Add(c.Timeout))
	return c.w.Flush()
}

// Receive sends what is queued and takes one frame.
func (c *Client) Receive() (Frame, error) {
	if err := c.Flush(); err != nil {
		return Frame{}, err
	}
	c.Conn.SetReadDeadline(time.Now().Add(c.Timeout))
	var head [4]byte
	if _, err := io.ReadFull(c.r, head[:]); err != nil {
		return Frame{}, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n == 0 || n > 64<<20 {
		return Frame{}, fmt.Errorf("frame of %d octets", n)
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(c.r, data); err != nil {
		return Frame{}, err
	}
	return Frame{Command: data[0], Payload: data[1:]}, nil
}

// Command sends a command and gives the reply, or "continue" where by the
// negotiation none is due.
func (c *Client) Command(command byte, payload []byte) (Frame, error) {
	if err := c.Send(command, payload); err != nil {
		return Frame{}, err
	}
	if c.Protocol&noReply[command] != 0 {
		return Frame{Command: 'c'}, nil
	}
	return c.Receive()
}

// Macros sends macros for a stage, as name, value, name, value.
func (c *Client) Macros(stage byte, pairs ...string) error {
	return c.Send('D', append([]byte{stage}, nul(pairs...)...))
}

// Connect tells of the SMTP client.
func (c *Client) Connect(name string, addr netip.AddrPort) (Frame, error) {
	family := byte('4')
	if addr.Addr().Is6() {
		family = '6'
	}
	payload := append(nul(name), family)
	payload = binary.BigEndian.AppendUint16(payload, addr.Port())
	return c.Command('C', append(payload, nul(addr.Addr().String())...))
}

// Helo tells of HELO or EHLO.
func (c *Client) Helo(name string) (Frame, error) { return c.Command('H', nul(name)) }

// Mail tells of MAIL: the address as given, with its ESMTP arguments.
func (c *Client) Mail(address string, args ...string) (Frame, error) {
	return c.Command('M', append(nul(address), nul(args...)...))
}

// Rcpt tells of RCPT.
func (c *Client) Rcpt(address string, args ...string) (Frame, error) {
	return c.Command('R', append(nul(address), nul(args...)...))
}

// Data tells of DATA.
func (c *Client) Data() (Frame, error) { return c.Command('T', nil) }

// Header tells of one header field.
func (c *Client) Header(name, value string) (Frame, error) {
	return c.Command('L', nul(name, value))
}

// EndOfHeader tells of the end of the header section.
func (c *Client) EndOfHeader() (Frame, error) { return c.Command('N', nil) }

// Body sends octets of the body in frames of at most 65,535 octets.
func (c *Client) Body(body []byte) (Frame, error) {
	f := Frame{Command: 'c'}
	for len(body) > 0 && f.Command == 'c' {
		n := min(len(body), 65535)
		var err error
		if f, err = c.Command('B', body[:n]); err != nil {
			return f, err
		}
		body = body[n:]
	}
	return f, nil
}

// EndOfMessage asks for the outcome.
func (c *Client) EndOfMessage() (Result, error) {
	var r Result
	if err := c.Send('E', nil); err != nil {
		return r, err
	}
	for {
		f, err := c.Receive()
		if err != nil {
			return r, err
		}
		switch f.Command {
		case 'p':
			r.Progress++
			if len(r.Edits) > 0 {
				r.Late++
			}
		case '+', '2', '-', 'h', 'i', 'm', 'b', 'e', 'q':
			r.Edits = append(r.Edits, f)
		default:
			r.Verdict = f
			return r, nil
		}
	}
}

// Abort ends the message in hand.
func (c *Client) Abort() error {
	if err := c.Send('A', nil); err != nil {
		return err
	}
	return c.Flush()
}

// Quit ends the session and closes the connection.
func (c *Client) Quit() error {
	c.Send('Q', nil)
	c.Flush()
	return c.Conn.Close()
}

// ReplyText gives the SMTP reply of a REPLYCODE frame as the MTA shows it, line
// by line: percent signs are no longer doubled.
func ReplyText(f Frame) []string {
	text := strings.ReplaceAll(strings.TrimSuffix(string(f.Payload), "\x00"), "%%", "%")
	return strings.Split(text, "\r\n")
}

func nul(values ...string) []byte {
	var b []byte
	for _, v := range values {
		b = append(append(b, v...), 0)
	}
	return b
}
