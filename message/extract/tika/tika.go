// Package tika asks an Apache Tika server for the text of documents. The server
// is a stranger to be kept small: it stands at an address that was named, and its
// answers are bounded in size and time.
package tika

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Options of a client. A number of 0 or less is the default.
type Options struct {
	// URL is where the server is: http or https, a host and a port. Documents are
	// put to the path /tika there, unless it has a path of its own.
	URL string
	// Allowed are the networks a server may be in, besides that of this machine.
	Allowed []netip.Prefix
	// Size is the largest document that is sent, in octets: 50 MB by default.
	Size int64
	// Time bounds one document: 20 seconds by default.
	Time time.Duration
	// AtOnce is the number of documents sent at the same time: 4 by default.
	AtOnce int
}

// Client asks one server. It is safe for many goroutines.
type Client struct {
	o      Options
	url    string
	client http.Client
	places chan struct{}
}

// New gives a client. An error says what is wrong with the address; the server
// need not run.
func New(o Options) (*Client, error) {
	if o.Size <= 0 {
		o.Size = 50 << 20
	}
	if o.Time <= 0 {
		o.Time = 20 * time.Second
	}
	if o.AtOnce <= 0 {
		o.AtOnce = 4
	}
	u, err := url.Parse(o.URL)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, fmt.Errorf("%q is not the address of a server", o.URL)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%q is more than the address of a server", o.URL)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/tika"
	}
	c := &Client{o: o, url: u.String(), places: make(chan struct{}, o.AtOnce)}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && !c.allows(ip) {
		return nil, fmt.Errorf("%s is another machine, which is not allowed", ip)
	}
	dialer := &net.Dialer{Timeout: 5 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		// A name is judged by what it stands for at the moment.
		a, err := netip.ParseAddrPort(address)
		if err == nil && c.allows(a.Addr()) {
			return nil
		}
		return errNotAllowed
	}}
	c.client = http.Client{
		Transport: &http.Transport{
			DialContext:            dialer.DialContext,
			MaxIdleConnsPerHost:    o.AtOnce,
			MaxConnsPerHost:        o.AtOnce,
			IdleConnTimeout:        time.Minute,
			TLSHandshakeTimeout:    5 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
			// There is no Proxy: documents go to the server and to nobody else.
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

var errNotAllowed = errors.New("an address that is not allowed")

func (c *Client) allows(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	return ip.IsLoopback() || slices.ContainsFunc(c.o.Allowed, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// Close closes connections that wait for more.
func (c *Client) Close() { c.client.CloseIdleConnections() }

// Text asks for the text of a document whose media type is known by its content.
// It may be cut a little behind the number of characters that are wanted. An error says in plain words
// why there is none; a document without text is an error too.
func (c *Client) Text(ctx context.Context, content []byte, mediaType string, characters int) (string, error) {
	if int64(len(content)) > c.o.Size {
		return "", errors.New("too large for the Tika server")
	}
	ctx, cancel := context.WithTimeout(ctx, c.o.Time)
	defer cancel()
	select {
	case c.places <- struct{}{}:
		defer func() { <-c.places }()
	case <-ctx.Done():
		return "", errors.New("the Tika server has too much to do")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, c.url, bytes.NewReader(content))
	if err != nil {
		return "", errors.New("the Tika server cannot be asked")
	}
	req.Header.Set("Accept", "text/plain")
	req.Header.Set("Content-Type", mediaType)
	resp, err := c.client.Do(req)
	if err != nil {
		return "", plain(ctx, err)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNoContent:
		return "", errNoText
	case resp.StatusCode != http.StatusOK:
		return "", fmt.Errorf("the Tika server answers with status %d", resp.StatusCode)
	}
	// No character takes more than four octets, so a longer answer has more of
	// them than are wanted.
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4*int64(characters)+4))
	if err != nil {
		return "", plain(ctx, err)
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return "", errNoText
	}
	return strings.ToValidUTF8(string(text), "\ufffd"), nil
}

var errNoText = errors.New("the Tika server finds no text")

// plain says why the server gave nothing.
func plain(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, errNotAllowed):
		return errors.New("the address of the Tika server is not allowed")
	case ctx.Err() != nil:
		return errors.New("the Tika server takes too long")
	}
	return errors.New("the Tika server cannot be reached")
}
