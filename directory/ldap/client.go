package ldap

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/postern-mail/postern/directory"
)

// client asks the servers. Its connections are opened when they are needed, kept
// for the next request, and closed when one of them fails or lies idle.
type client struct {
	o        Options
	now      func() time.Time
	changed  atomic.Pointer[func(error)] // see Directory.Watch
	requests chan struct{}               // one token for each request in hand

	mu      sync.Mutex
	idle    []*connection
	first   int // the URL that answered last
	closed  bool
	silent  error     // why no server answers; nil while one does
	until   time.Time // while silent, when to try again
	backoff time.Duration
}

// While no server answers, requests fail at once, and one tries again after a
// time that doubles.
const (
	minBackoff = 250 * time.Millisecond
	maxBackoff = 10 * time.Second
	maxIdle    = time.Minute
)

// errNoObject is an answer: the entry that a search begins at is not there.
var errNoObject = errors.New("there is no such entry")

func newClient(o Options, now func() time.Time) *client {
	return &client{o: o, now: now, requests: make(chan struct{}, o.Connections)}
}

// query is one search.
type query struct {
	base       string
	scope      int // as in package ldap
	filter     string
	attributes []string
	max        int // entries; more are an error
}

// search gives the entries a query finds. An error wraps
// [directory.ErrUnavailable], or is errNoObject.
func (c *client) search(ctx context.Context, q query) ([]*entry, error) {
	select {
	case c.requests <- struct{}{}:
		defer func() { <-c.requests }()
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: no connection was free: %w", directory.ErrUnavailable, ctx.Err())
	}
	for attempt := 0; ; attempt++ {
		conn, fresh, err := c.take(ctx)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", directory.ErrUnavailable, err)
		}
		entries, err := conn.search(q, c.o.PageSize)
		if err == nil || answered(err) {
			c.give(conn)
			// No entry has a name that the server cannot read.
			if noObject(err) || q.scope == ldap.ScopeBaseObject && ldap.IsErrorWithCode(err, ldap.LDAPResultInvalidDNSyntax) {
				return nil, errNoObject
			}
			if err != nil {
				return nil, fmt.Errorf("%w: %s: %w", directory.ErrUnavailable, conn.url, err)
			}
			return entries, nil
		}
		if conn.raw.left.Load() < 0 {
			// It was the answer that was too long: the server answers, and the others would
			// answer the same.
			c.drop(conn, false)
			return nil, fmt.Errorf("%w: %s: %w", directory.ErrUnavailable, conn.url, errTooMany)
		}
		c.drop(conn, fresh)
		// A connection that was kept may have ended since: a new one says whether the
		// server did.
		if fresh && attempt >= len(c.o.URLs) || ctx.Err() != nil {
			err = fmt.Errorf("%s: %w", conn.url, err)
			c.fell(err)
			return nil, fmt.Errorf("%w: %w", directory.ErrUnavailable, err)
		}
	}
}

// answered tells an error that is an answer of the server: the connection is
// good.
func answered(err error) bool {
	if errors.Is(err, errTooMany) {
		return true
	}
	var le *ldap.Error
	if !errors.As(err, &le) || le.ResultCode >= ldap.ErrorNetwork {
		return false
	}
	return le.ResultCode != ldap.LDAPResultBusy && le.ResultCode != ldap.LDAPResultUnavailable &&
		le.ResultCode != ldap.LDAPResultTimeLimitExceeded && le.ResultCode != ldap.LDAPResultServerDown
}

func noObject(err error) bool { return ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject) }

// take gives a connection that was kept, or opens one.
func (c *client) take(ctx context.Context) (conn *connection, fresh bool, err error) {
	c.mu.Lock()
	for n := len(c.idle); n > 0; n = len(c.idle) {
		conn := c.idle[n-1]
		c.idle = c.idle[:n-1]
		if !conn.ldap.IsClosing() && c.now().Sub(conn.used) < maxIdle {
			c.mu.Unlock()
			return conn, false, nil
		}
		go conn.ldap.Close()
	}
	first := c.first
	if c.silent != nil {
		if now := c.now(); now.Before(c.until) {
			err := c.silent
			c.mu.Unlock()
			return nil, false, err
		}
		// Others fail at once while this one tries.
		c.until = c.now().Add(time.Duration(len(c.o.URLs))*c.o.Timeout + maxBackoff)
	}
	c.mu.Unlock()

	var failures []error
	for i := range c.o.URLs {
		n := (first + i) % len(c.o.URLs)
		conn, err := dial(ctx, c.o, c.o.URLs[n])
		if err == nil {
			c.rose(n)
			return conn, true, nil
		}
		failures = append(failures, fmt.Errorf("%s: %w", c.o.URLs[n], err))
		if ctx.Err() != nil {
			break
		}
	}
	err = errors.Join(failures...)
	c.fell(err)
	return nil, false, err
}

func (c *client) watch(f func(error)) {
	c.changed.Store(&f)
	c.mu.Lock()
	silent := c.silent
	c.mu.Unlock()
	if silent != nil {
		f(silent)
	}
}

// rose notes that a server answers.
func (c *client) rose(url int) {
	c.mu.Lock()
	was := c.silent
	c.first, c.silent, c.backoff = url, nil, 0
	c.mu.Unlock()
	if f := c.changed.Load(); was != nil && f != nil {
		(*f)(nil)
	}
}

// fell notes that no server answers.
func (c *client) fell(err error) {
	c.mu.Lock()
	was := c.silent
	c.silent = err
	c.backoff = min(max(2*c.backoff, minBackoff), maxBackoff)
	c.until = c.now().Add(c.backoff)
	c.mu.Unlock()
	if f := c.changed.Load(); was == nil && f != nil {
		(*f)(err)
	}
}

// give keeps a connection for the next request.
func (c *client) give(conn *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || conn.ldap.IsClosing() || len(c.idle) >= c.o.Connections {
		go conn.ldap.Close()
		return
	}
	conn.used = c.now()
	c.idle = append(c.idle, conn)
}

// drop closes a connection that failed. Those that were kept beside it have most
// likely ended too; where a new one failed the next server is tried.
func (c *client) drop(conn *connection, fresh bool) {
	go conn.ldap.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, other := range c.idle {
		go other.ldap.Close()
	}
	c.idle = nil
	if fresh {
		c.first = (c.first + 1) % len(c.o.URLs)
	}
}

// close closes the connections that are kept; those in use are closed when their
// requests are done.
func (c *client) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, conn := range c.idle {
		conn.ldap.Close()
	}
	c.idle = nil
}
