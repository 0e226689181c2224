package mta

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// clientTime bounds one step of a Client.
const clientTime = 2 * time.Minute

// Client is an SMTP client that says exactly what it is told, one command at a
// time, and shows replies as they came.
type Client struct {
	// MailArgs are the ESMTP arguments that Send gives MAIL, as "SMTPUTF8".
	MailArgs []string

	conn net.Conn
	r    *bufio.Reader
}

// Reply is a reply of an SMTP server, its lines without the code.
type Reply struct {
	Code  int
	Lines []string
}

// String gives the lines as they came, parted by LF.
func (r Reply) String() string {
	var b strings.Builder
	for i, l := range r.Lines {
		if i < len(r.Lines)-1 {
			fmt.Fprintf(&b, "%d-%s\n", r.Code, l)
		} else {
			fmt.Fprintf(&b, "%d %s", r.Code, l)
		}
	}
	return b.String()
}

// Dial connects, reads the greeting and says EHLO.
func Dial(ctx context.Context, addr string) (*Client, error) {
	conn, err := (&net.Dialer{Timeout: clientTime}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	c := &Client{conn: conn, r: bufio.NewReader(conn)}
	if err := c.hello(); err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

func (c *Client) hello() error {
	c.conn.SetDeadline(time.Now().Add(clientTime))
	r, err := c.Read()
	if err == nil && r.Code == 220 {
		r, err = c.Do("EHLO client.example.net")
	}
	if err == nil && r.Code != 250 {
		err = fmt.Errorf("greeting: %s", r)
	}
	return err
}

// Impersonate has Postfix take this session for that of another client: of a user
// who logged in, or with another IP address; an empty text leaves it (XCLIENT).
// No transaction may be open.
func (c *Client) Impersonate(login, address string) error {
	line := "XCLIENT"
	if login != "" {
		line += " LOGIN=" + login
	}
	if address != "" {
		line += " NAME=[UNAVAILABLE] ADDR=" + address
	}
	c.conn.SetDeadline(time.Now().Add(clientTime))
	if err := c.Write([]byte(line + "\r\n")); err != nil {
		return err
	}
	return c.hello()
}

// Write sends octets as they are.
func (c *Client) Write(p []byte) error {
	_, err := c.conn.Write(p)
	return err
}

// Do sends a command and reads the reply.
func (c *Client) Do(command string) (Reply, error) {
	c.conn.SetDeadline(time.Now().Add(clientTime))
	if err := c.Write([]byte(command + "\r\n")); err != nil {
		return Reply{}, err
	}
	return c.Read()
}

// Read reads one reply.
func (c *Client) Read() (Reply, error) {
	var r Reply
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return r, err
		}
		line = strings.TrimRight(line, "\r\n")
		if len(line) < 3 {
			return r, fmt.Errorf("reply %q", line)
		}
		if r.Code, err = strconv.Atoi(line[:3]); err != nil {
			return r, fmt.Errorf("reply %q", line)
		}
		text := ""
		if len(line) > 4 {
			text = line[4:]
		}
		r.Lines = append(r.Lines, text)
		if len(line) == 3 || line[3] == ' ' {
			return r, nil
		}
	}
}

// Content sends a message behind DATA with the final dot, its line ends made CRLF
// and its dots stuffed, and reads the reply.
func (c *Client) Content(message []byte) (Reply, error) {
	c.conn.SetDeadline(time.Now().Add(clientTime))
	if err := c.Write(append(Stuffed(message), ".\r\n"...)); err != nil {
		return Reply{}, err
	}
	return c.Read()
}

// Stuffed gives a message as it goes over the wire, without the final dot.
func Stuffed(message []byte) []byte {
	var b bytes.Buffer
	b.Grow(len(message) + len(message)/32)
	for line := range bytes.Lines(message) {
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if bytes.HasPrefix(line, []byte(".")) {
			b.WriteByte('.')
		}
		b.Write(line)
		b.WriteString("\r\n")
	}
	return b.Bytes()
}

// Send makes one transaction and gives the reply that ended it: that to the final
// dot, or the first that refused MAIL, all recipients, or DATA. Refused holds the
// replies to refused recipients.
func (c *Client) Send(from string, to []string, message []byte) (last Reply, refused map[string]Reply, err error) {
	refused = map[string]Reply{}
	if last, err = c.Do(strings.Join(append([]string{"MAIL FROM:<" + from + ">"}, c.MailArgs...), " ")); err != nil || last.Code != 250 {
		return last, refused, err
	}
	for _, rcpt := range to {
		r, err := c.Do("RCPT TO:<" + rcpt + ">")
		if err != nil {
			return r, refused, err
		}
		if r.Code/100 != 2 {
			refused[rcpt], last = r, r
		}
	}
	if len(refused) == len(to) {
		_, err := c.Do("RSET")
		return last, refused, err
	}
	if last, err = c.Do("DATA"); err != nil || last.Code != 354 {
		return last, refused, err
	}
	last, err = c.Content(message)
	return last, refused, err
}

// Quit ends the session.
func (c *Client) Quit() error {
	_, err := c.Do("QUIT")
	return errors.Join(err, c.conn.Close())
}

// Close drops the connection without a word.
func (c *Client) Close() error { return c.conn.Close() }
