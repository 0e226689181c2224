package export

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"syscall"
	"time"
)

// WebhookOptions say where requests go and how they are signed.
type WebhookOptions struct {
	// URL has the scheme https; http is for Private only.
	URL string
	// Secret signs requests: 16 octets or more.
	Secret []byte
	TLS    *tls.Config // nil trusts the authorities of the system
	// Private allows addresses of the own machine and of private networks. Otherwise
	// they are refused after the name was resolved, so that nobody who can change a
	// name in the DNS reaches what only this machine can.
	Private bool
	// Time is how long a request may take; 0 is 30 seconds.
	Time time.Duration
	// Now is the clock; nil is that of the system.
	Now func() time.Time
}

// Webhook posts lines as signed requests: {"records": [...]}. The header field
// Postern-Timestamp has the seconds since 1970, Postern-Delivery the numbers of the
// first and the last record, and Postern-Signature "v1=" and the HMAC-SHA256, in
// hexadecimal, of the timestamp, a full stop and the body.
type Webhook struct {
	opts   WebhookOptions
	client *http.Client
}

// Bounds of a request; a longer record is sent alone.
const (
	requestRecords = 100
	requestOctets  = 1 << 20
)

// NewWebhook gives a target.
func NewWebhook(opts WebhookOptions) *Webhook {
	if opts.Time == 0 {
		opts.Time = 30 * time.Second
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	d := &net.Dialer{Timeout: dialTime}
	if !opts.Private {
		d.Control = refusePrivate
	}
	return &Webhook{opts: opts, client: &http.Client{
		Timeout: opts.Time,
		Transport: &http.Transport{
			DialContext: d.DialContext, TLSClientConfig: opts.TLS, ForceAttemptHTTP2: true,
			MaxIdleConns: 2, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: dialTime, ResponseHeaderTimeout: opts.Time,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

var errPrivate = errors.New("the address is of this machine or of a private network; write `allowPrivate: true` if that is meant")

// shared are networks beside those that netip knows for private: of carriers,
// of translators to IPv4, for tests and benchmarks, and such as are no longer used.
var shared = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2001::/32"),
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("fec0::/10"),
}

// refusePrivate refuses a connection by the address that a name was resolved to.
func refusePrivate(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if !Public(ap.Addr()) {
		return errPrivate
	}
	return nil
}

// Public tells whether an address is one of the open network.
func Public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return false
	}
	for _, p := range shared {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// Send posts lines, in as many requests as it needs.
func (w *Webhook) Send(ctx context.Context, lines []Line) (taken int, err error) {
	for len(lines) > 0 {
		n, octets := 0, 0
		for n < len(lines) && n < requestRecords && (n == 0 || octets+len(lines[n].Data) <= requestOctets) {
			octets += len(lines[n].Data)
			n++
		}
		if err := w.post(ctx, lines[:n]); err != nil {
			return taken, err
		}
		taken, lines = taken+n, lines[n:]
	}
	return taken, nil
}

func (w *Webhook) post(ctx context.Context, lines []Line) error {
	body := []byte(`{"records":[`)
	for i, l := range lines {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, l.JSON()...)
	}
	body = append(body, "]}"...)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.opts.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	stamp := strconv.FormatInt(w.opts.Now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "postern")
	req.Header.Set("Postern-Delivery", fmt.Sprintf("%d-%d", lines[0].Number, lines[len(lines)-1].Number))
	req.Header.Set("Postern-Timestamp", stamp)
	req.Header.Set("Postern-Signature", "v1="+Signature(w.opts.Secret, stamp, body))
	resp, err := w.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	if resp.StatusCode/100 == 2 {
		return nil
	}
	failed := &StatusError{Status: resp.StatusCode}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
		failed.After = min(time.Duration(s)*time.Second, time.Hour)
	}
	return failed
}

// Signature gives the signature of a request in hexadecimal, without its "v1=".
func Signature(secret []byte, timestamp string, body []byte) string {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(timestamp + "."))
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// StatusError is the answer of a server that did not take a request.
type StatusError struct {
	Status int
	// After is how long the server asks to wait; 0 is not said. At most an hour.
	After time.Duration
}

func (e *StatusError) Error() string {
	if e.Status/100 == 3 {
		return fmt.Sprintf("the server answers %d: redirects are not followed, write the address they lead to", e.Status)
	}
	return fmt.Sprintf("the server answers %d %s", e.Status, http.StatusText(e.Status))
}

// Close ends idle connections.
func (w *Webhook) Close() error {
	w.client.CloseIdleConnections()
	return nil
}
