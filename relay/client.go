package relay

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Options say where and how a Client sends.
type Options struct {
	// Address is "unix:/path" for the socket of an smtpd on this machine, or
	// "tcp:host:port" for a server that is spoken to with STARTTLS and nothing less.
	Address string
	// Hostname is what EHLO says; "localhost" when empty.
	Hostname string
	// Roots are the authorities that the certificate of a TCP server must lead to;
	// nil is the system's. Its name must be the host of Address.
	Roots *x509.CertPool
	// Certificate is shown to a TCP server that asks for one; nil is none.
	Certificate *tls.Certificate
	// Username and Password log in (AUTH PLAIN or LOGIN); an empty Username does not.
	Username, Password string
	// Timeouts bound each step.
	Timeouts Timeouts
}

// Timeouts bound the steps of a transaction. Zero is the default of each.
type Timeouts struct {
	Connect time.Duration // the connection; 30 s
	Command time.Duration // the reply to a command, the greeting included; 1 min
	Block   time.Duration // a piece of the content to be taken; 3 min
	Dot     time.Duration // the reply to the final dot; 10 min (RFC 5321, section 4.5.3.2.6)
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

// Client sends messages, each over a connection of its own. It is safe for
// concurrent use.
type Client struct {
	network, address string
	opt              Options
	tls              *tls.Config // nil for a UNIX socket
}

// NewClient makes a client. It connects to nothing yet; the error is a mistake in
// the options.
func NewClient(opt Options) (*Client, error) {
	network, address, _ := strings.Cut(opt.Address, ":")
	c := &Client{network: network, address: address, opt: opt}
	switch {
	case network == "unix" && strings.HasPrefix(address, "/"):
	case network == "tcp":
		host, port, err := net.SplitHostPort(address)
		if err != nil || host == "" || port == "" {
			return nil, fmt.Errorf("relay address %q: want tcp:host:port", opt.Address)
		}
		c.tls = &tls.Config{ServerName: host, RootCAs: opt.Roots, MinVersion: tls.VersionTLS12}
		if opt.Certificate != nil {
			c.tls.Certificates = []tls.Certificate{*opt.Certificate}
		}
	default:
		return nil, fmt.Errorf("relay address %q: want unix:/path or tcp:host:port", opt.Address)
	}
	if c.opt.Hostname == "" {
		c.opt.Hostname = "localhost"
	}
	t := &c.opt.Timeouts
	t.Connect = orDefault(t.Connect, 30*time.Second)
	t.Command = orDefault(t.Command, time.Minute)
	t.Block = orDefault(t.Block, 3*time.Minute)
	t.Dot = orDefault(t.Dot, 10*time.Minute)
	return c, nil
}

// connection is an open session behind EHLO, STARTTLS and AUTH.
type connection struct {
	*smtp.Client
	guard *guarded
}

// open connects and says who we are.
func (c *Client) open(ctx context.Context) (*connection, error) {
	conn, err := (&net.Dialer{Timeout: c.opt.Timeouts.Connect}).DialContext(ctx, c.network, c.address)
	if err != nil {
		return nil, err
	}
	guard := &guarded{Conn: conn, wait: c.opt.Timeouts.Command}
	// A context that ends drops the connection, wherever the session stands.
	context.AfterFunc(ctx, func() { conn.Close() })

	var client *smtp.Client
	if c.tls != nil {
		if client, err = smtp.NewClientStartTLS(guard, c.tls); err != nil {
			conn.Close()
			return nil, fmt.Errorf("STARTTLS: %w", err)
		}
	} else {
		client = smtp.NewClient(guard)
	}
	client.CommandTimeout = c.opt.Timeouts.Command
	client.SubmissionTimeout = c.opt.Timeouts.Dot
	if err := client.Hello(c.opt.Hostname); err != nil {
		conn.Close()
		return nil, fmt.Errorf("EHLO: %w", err)
	}
	if c.opt.Username != "" {
		if err := client.Auth(c.mechanism(client)); err != nil {
			conn.Close()
			return nil, fmt.Errorf("AUTH: %w", err)
		}
	}
	return &connection{Client: client, guard: guard}, nil
}

// mechanism is PLAIN, or LOGIN where the server has only that.
func (c *Client) mechanism(client *smtp.Client) sasl.Client {
	if !client.SupportsAuth(sasl.Plain) && client.SupportsAuth(sasl.Login) {
		return sasl.NewLoginClient(c.opt.Username, c.opt.Password)
	}
	return sasl.NewPlainClient("", c.opt.Username, c.opt.Password)
}

// offers tells whether the server announced an extension.
func (c *connection) offers(extension string) bool {
	ok, _ := c.Extension(extension)
	return ok
}

// quit ends the session politely. What was sent is settled, so it is not waited
// for at length, and how it ends is of no interest.
func (c *connection) quit() {
	c.CommandTimeout = min(c.CommandTimeout, 5*time.Second)
	if c.Quit() != nil {
		c.Close()
	}
}

// Check opens a session and ends it: whether the server is there, proves who it is,
// and lets us in.
func (c *Client) Check(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conn, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer conn.quit()
	if !conn.offers("8BITMIME") {
		return errors.New("the server does not announce 8BITMIME")
	}
	return nil
}
