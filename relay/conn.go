package relay

import (
	"errors"
	"net"
	"sync"
	"time"
)

// maxReplies bounds what a server says between two things we say, in octets.
const maxReplies = 256 << 10

var errReplies = errors.New("the server's reply does not end")

// guarded is a connection on which nothing can wait or grow without end: each read
// and write has a deadline, that of the caller when it comes sooner, and replies
// are bounded.
type guarded struct {
	net.Conn
	// wait bounds the time to the next octet read or the next block written.
	wait time.Duration

	// said is what the server has said since we last spoke; a session speaks by turns.
	said int

	mu    sync.Mutex
	until time.Time // the caller's deadline; zero is none
	// written, when set, is called once behind the next write.
	written func()
}

func (g *guarded) deadline() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := time.Now().Add(g.wait)
	if !g.until.IsZero() && g.until.Before(t) {
		return g.until
	}
	return t
}

// limit has the next reads and writes wait no longer than d.
func (g *guarded) limit(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.wait = d
}

// afterWrite has f called once behind the next write.
func (g *guarded) afterWrite(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.written = f
}

func (g *guarded) Read(p []byte) (int, error) {
	if err := g.Conn.SetReadDeadline(g.deadline()); err != nil {
		return 0, err
	}
	if g.said >= maxReplies {
		return 0, errReplies
	}
	n, err := g.Conn.Read(p)
	g.said += n
	return n, err
}

func (g *guarded) Write(p []byte) (int, error) {
	if err := g.Conn.SetWriteDeadline(g.deadline()); err != nil {
		return 0, err
	}
	g.said = 0
	n, err := g.Conn.Write(p)
	g.mu.Lock()
	f := g.written
	g.written = nil
	g.mu.Unlock()
	if f != nil && err == nil {
		f()
	}
	return n, err
}

// SetDeadline is what go-smtp calls around each command.
func (g *guarded) SetDeadline(t time.Time) error {
	g.mu.Lock()
	g.until = t
	g.mu.Unlock()
	return g.Conn.SetDeadline(t)
}
