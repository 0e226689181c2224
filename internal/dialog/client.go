package dialog

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"strings"
	"time"
)

// Client is a [Session] over a network connection to a mail server.
type Client struct {
	conn net.Conn
	r    *bufio.Reader
	// Timeout is how long each reply may take.
	Timeout time.Duration
}

// NewClient makes a session of a connection on which nothing was said yet.
func NewClient(conn net.Conn) *Client {
	return &Client{conn: conn, r: bufio.NewReader(conn), Timeout: time.Minute}
}

// Command implements [Session].
func (c *Client) Command(line string) error { return c.send([]byte(line + "\r\n")) }

// Text implements [Session].
func (c *Client) Text(data []byte, open bool) error {
	stuffed := bytes.ReplaceAll(append([]byte("\r\n"), data...), []byte("\r\n."), []byte("\r\n.."))[2:]
	if !open {
		stuffed = append(stuffed, ".\r\n"...)
	}
	return c.send(stuffed)
}

func (c *Client) send(p []byte) error {
	c.conn.SetWriteDeadline(time.Now().Add(c.Timeout))
	_, err := c.conn.Write(p)
	return err
}

// maxReplyLines is more than any reply has.
const maxReplyLines = 100

// Reply implements [Session].
func (c *Client) Reply() (lines []string, err error) {
	c.conn.SetReadDeadline(time.Now().Add(c.Timeout))
	for len(lines) < maxReplyLines {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return nil, err
		}
		line = strings.TrimRight(line, "\r\n")
		lines = append(lines, line)
		if len(line) < 4 || line[3] != '-' {
			return lines, nil
		}
	}
	return nil, fmt.Errorf("a reply of more than %d lines", maxReplyLines)
}

// Close implements [Session].
func (c *Client) Close(abrupt bool) error {
	if tcp, ok := c.conn.(*net.TCPConn); ok && abrupt {
		tcp.SetLinger(0)
	}
	return c.conn.Close()
}

var _ Session = (*Client)(nil)
