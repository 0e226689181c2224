package ldap

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// connection is one to a server, bound.
type connection struct {
	url  string
	ldap *ldap.Conn
	raw  *bounded
	used time.Time
}

// maxAnswer bounds what a server may answer to one query, in octets.
const maxAnswer = 64 << 20

// bounded is a network connection whose writes end in time, and whose reads end
// when an answer grows beyond all measure.
type bounded struct {
	net.Conn
	timeout time.Duration
	left    atomic.Int64 // octets that may still be read
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.Conn.Read(p)
	if b.left.Add(int64(-n)) < 0 {
		return 0, errors.New("the server answers more than 64 MB")
	}
	return n, err
}

func (b *bounded) Write(p []byte) (int, error) {
	if err := b.Conn.SetWriteDeadline(time.Now().Add(b.timeout)); err != nil {
		return 0, err
	}
	return b.Conn.Write(p)
}

// dial opens a connection, protects it and binds, all within the time-out.
func dial(ctx context.Context, o Options, server string) (*connection, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	u, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	network, address := "tcp", u.Host
	switch {
	case u.Scheme == "ldapi":
		network, address = "unix", u.Path
	case u.Port() == "" && u.Scheme == "ldaps":
		address = net.JoinHostPort(u.Hostname(), "636")
	case u.Port() == "":
		address = net.JoinHostPort(u.Hostname(), "389")
	}
	raw, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	// Until it is bound, nothing but this deadline ends a wait.
	end := time.Now().Add(o.Timeout)
	if err := raw.SetDeadline(end); err != nil {
		raw.Close()
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	c := &connection{url: server, raw: &bounded{Conn: raw, timeout: o.Timeout}, used: end}
	c.raw.left.Store(maxAnswer)
	if err := c.begin(ctx, o, u); err != nil {
		raw.Close()
		if c.ldap != nil {
			c.ldap.Close()
		}
		return nil, err
	}
	if !stop() {
		c.ldap.Close()
		return nil, ctx.Err()
	}
	if err := raw.SetDeadline(time.Time{}); err != nil {
		c.ldap.Close()
		return nil, err
	}
	return c, nil
}

func (c *connection) begin(ctx context.Context, o Options, u *url.URL) error {
	var conn net.Conn = c.raw
	start := u.Scheme == "ldap" && o.TLS.Start
	var config *tls.Config
	if start || u.Scheme == "ldaps" {
		var err error
		if config, err = o.TLS.config(u.Hostname()); err != nil {
			return err
		}
	}
	if u.Scheme == "ldaps" {
		t := tls.Client(conn, config)
		if err := t.HandshakeContext(ctx); err != nil {
			return err
		}
		conn = t
	}
	c.ldap = ldap.NewConn(conn, u.Scheme == "ldaps")
	c.ldap.SetTimeout(o.Timeout)
	c.ldap.Start()
	if start {
		if err := c.ldap.StartTLS(config); err != nil {
			return fmt.Errorf("StartTLS: %w", err)
		}
	}
	return o.Bind.bind(c.ldap)
}

// config reads the files of TLS anew, so that certificates can be replaced.
func (t TLS) config(host string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if t.Authorities != "" {
		pem, err := os.ReadFile(t.Authorities)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", t.Authorities)
		}
	}
	if t.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(t.Certificate, t.Key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// maxPassword bounds the file of a password, in octets.
const maxPassword = 4096

// Password gives the password, read anew; empty where none is due.
func (b Bind) Password() (string, error) {
	switch {
	case b.PasswordVariable != "":
		p := os.Getenv(b.PasswordVariable)
		if p == "" {
			return "", fmt.Errorf("the environment variable %s is not set", b.PasswordVariable)
		}
		return p, nil
	case b.PasswordFile != "":
		data, err := os.ReadFile(b.PasswordFile)
		if err != nil {
			return "", err
		}
		data = bytes.TrimRight(data, "\r\n")
		if len(data) == 0 || len(data) > maxPassword || bytes.ContainsAny(data, "\r\n") {
			return "", fmt.Errorf("%s does not hold one line with the password", b.PasswordFile)
		}
		return string(data), nil
	}
	return "", nil
}

func (b Bind) bind(conn *ldap.Conn) error {
	switch {
	case b.DN != "":
		password, err := b.Password()
		if err != nil {
			return err
		}
		// The library refuses an empty password, with which servers let anybody in.
		if err := conn.Bind(b.DN, password); err != nil {
			return fmt.Errorf("bind as %s: %w", b.DN, err)
		}
	case b.External:
		if err := conn.ExternalBind(); err != nil {
			return fmt.Errorf("bind as the certificate or the user of this process: %w", err)
		}
	}
	return nil
}

// errTooMany is an answer: a query finds more entries than may be.
var errTooMany = errors.New("more entries are found than are read")

// search asks page by page (RFC 2696).
func (c *connection) search(q query, page int) ([]*entry, error) {
	c.raw.left.Store(maxAnswer)
	control := ldap.NewControlPaging(uint32(min(page, q.max+1)))
	var entries []*entry
	for {
		r, err := c.ldap.Search(&ldap.SearchRequest{
			BaseDN: q.base, Scope: q.scope, DerefAliases: ldap.NeverDerefAliases,
			Filter: q.filter, Attributes: q.attributes, Controls: []ldap.Control{control},
		})
		if err != nil {
			return nil, err
		}
		for _, e := range r.Entries {
			entries = append(entries, newEntry(e))
		}
		if len(entries) > q.max {
			return nil, errTooMany
		}
		next, ok := ldap.FindControl(r.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
		if !ok || len(next.Cookie) == 0 {
			return entries, nil
		}
		control.SetCookie(next.Cookie)
	}
}
