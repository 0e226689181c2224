package milter

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-milter"
)

// phase is how far a session has come.
type phase int

const (
	phaseStart   phase = iota // no connect frame yet
	phaseSession              // no transaction
	phaseMail                 // MAIL was taken
	phaseRcpt                 // a recipient was taken
	phaseHeader               // the header section arrives
	phaseBody                 // the body arrives
)

// guard is the connection as the protocol library sees it. What the library
// reads has been checked; what it writes is gathered until it asks for more.
type guard struct {
	net.Conn
	agreement
	counts    *counters
	frames    *frameReader
	frameTime time.Duration

	phase phase
	busy  atomic.Bool // a transaction is in hand
	dirty bool        // the library holds something of a message
	fresh bool        // macros for MAIL came since the last MAIL
	macros

	command byte
	payload []byte // of the current frame, valid until the next one
	client  peer   // of the last connect frame

	feed []byte // what the library has still to read
	text [2 * maxShell]byte
	out  []byte
	// bulk is a new body, to be sent between out[:bulkAt] and what is behind that.
	bulk    []byte
	bulkAt  int
	replace bool
	// written is called once with the result of the next write, nil or not.
	written func(error)
	err     error // why the connection ends; errQuit for QUIT

	closed chan struct{}
	once   sync.Once
}

// maxShell is the room for a frame that is not handed to the library whole.
const maxShell = 16

func newGuard(conn net.Conn, frameTime time.Duration, counts *counters) *guard {
	return &guard{Conn: conn, counts: counts, frames: newFrameReader(conn, frameTime), frameTime: frameTime, closed: make(chan struct{})}
}

// negotiate takes the MTA's offer and answers it. The library has no part in it.
func (g *guard) negotiate() error {
	command, payload, err := g.frames.next(true)
	if err != nil {
		return err
	}
	if command != cmdNegotiate {
		return fmt.Errorf("frame %q before the negotiation", command)
	}
	if g.agreement, err = agree(payload); err != nil {
		return err
	}
	return g.send(g.agreement.frame())
}

// Read gives the library its next octets. Asking for a new frame ends the step
// before, whose frames are sent first.
func (g *guard) Read(p []byte) (int, error) {
	if len(g.feed) == 0 {
		if err := g.advance(); err != nil {
			g.err = err
			// Any other error would be logged by the library, without knowing whose
			// connection it was.
			return 0, io.EOF
		}
	}
	n := copy(p, g.feed)
	g.feed = g.feed[n:]
	return n, nil
}

var errQuit = errors.New("QUIT")

func (g *guard) advance() error {
	if err := g.flush(); err != nil {
		return err
	}
	for len(g.feed) == 0 {
		if g.err != nil {
			return g.err
		}
		if g.phase <= phaseSession {
			g.frames.shrink()
		}
		g.busy.Store(g.phase > phaseSession)
		command, payload, err := g.frames.next(false)
		if err != nil {
			return err
		}
		g.command, g.payload = command, payload
		if err := g.admit(); err != nil {
			return err
		}
	}
	return nil
}

// admit checks the current frame and its place, and feeds to the library what
// it has to see of it.
func (g *guard) admit() (err error) {
	before := g.phase
	g.counts.commands[g.command].Add(1)
	g.feed = g.text[:0]
	switch g.command {
	case cmdMacros:
		if len(g.payload) > 0 && g.payload[0] == cmdMail {
			g.fresh = true
		}
		return g.macros.set(g.payload)
	case cmdConnect:
		if before != phaseStart {
			return g.misplaced()
		}
		g.phase = phaseSession
		if g.client, err = parsePeer(g.payload); err == nil {
			g.shell(cmdConnect, "-\x00U\x00")
		}
		return err
	case cmdHelo:
		if before == phaseStart {
			return g.misplaced()
		}
		g.endTransaction()
		g.shell(cmdHelo, "-\x00")
		return nil
	case cmdMail:
		if before == phaseStart {
			return g.misplaced()
		}
		// Sendmail sends no ABORT between messages, nor at RSET.
		g.endTransaction()
		g.phase, g.dirty = phaseMail, true
		if !g.fresh {
			g.macros.forget("M")
		}
		g.fresh = false
		g.macros.forget("RTLNBE")
		g.shell(cmdMail, "-\x00")
		return nil
	case cmdRcpt:
		if before != phaseMail && before != phaseRcpt {
			return g.misplaced()
		}
		g.phase = phaseRcpt
		g.shell(cmdRcpt, "-\x00")
		return nil
	case cmdData:
		if before != phaseRcpt {
			return g.misplaced()
		}
		return g.acknowledge()
	case cmdHeader:
		if before != phaseRcpt && before != phaseHeader {
			return g.misplaced()
		}
		g.phase = phaseHeader
		g.shell(cmdHeader, "-\x00-\x00")
		return nil
	case cmdEndOfHeader:
		if before != phaseRcpt && before != phaseHeader {
			return g.misplaced()
		}
		g.phase = phaseBody
		g.shell(cmdEndOfHeader, "")
		return nil
	case cmdBody, cmdEndOfBody:
		if before < phaseRcpt {
			return g.misplaced()
		}
		g.phase = phaseBody
		if g.command == cmdEndOfBody {
			g.phase = phaseSession
		}
		g.shell(g.command, "")
		return nil
	case cmdAbort:
		g.endTransaction()
		return nil
	case cmdUnknown:
		return g.acknowledge()
	case cmdQuit:
		return errQuit
	case cmdQuitNew:
		g.endTransaction()
		g.phase = phaseStart
		g.macros.forget(stages)
		return nil
	}
	return g.misplaced()
}

func (g *guard) misplaced() error {
	return fmt.Errorf("command %q out of order", g.command)
}

// shell feeds a frame with a payload that says nothing: the session takes the
// real one from the guard, and the library keeps no content.
func (g *guard) shell(command byte, payload string) {
	g.feed = binary.BigEndian.AppendUint32(g.feed, uint32(1+len(payload)))
	g.feed = append(append(g.feed, command), payload...)
}

// endTransaction makes the library and the session forget the message in hand.
// An ABORT reaches them once for a message, whatever the MTA sends.
func (g *guard) endTransaction() {
	g.phase = min(g.phase, phaseSession)
	if g.dirty {
		g.dirty = false
		g.shell(cmdAbort, "")
	}
}

// acknowledge answers a command that the library does not know or would answer
// against the agreement.
func (g *guard) acknowledge() error {
	if g.silent(g.command) {
		return nil
	}
	return g.send([]byte{0, 0, 0, 1, respContinue})
}

// Write gathers what the library sends until the step is over.
func (g *guard) Write(p []byte) (int, error) {
	g.out = append(g.out, p...)
	return len(p), nil
}

// reject ends the connection before the next frame.
func (g *guard) reject(err error) { g.err = err }

// discard drops the frames gathered for a step that cannot be finished.
func (g *guard) discard() {
	g.out = g.out[:0]
	g.bulk, g.replace = nil, false
}

func (g *guard) flush() error {
	var err error
	if len(g.out) > 0 {
		err = g.sendOut()
		if cap(g.out) > bufferSizes[1] {
			g.out = nil
		}
		g.out = g.out[:0]
	}
	g.report(err)
	return err
}

// report tells whoever waits for it how the step's write went.
func (g *guard) report(err error) {
	if written := g.written; written != nil {
		g.written = nil
		written(err)
	}
}

// send writes at once.
func (g *guard) send(frames []byte) error {
	g.Conn.SetWriteDeadline(time.Now().Add(g.frameTime))
	_, err := g.Conn.Write(frames)
	return err
}

// progress tells the MTA that the end of the message is being worked on. It may
// only be called before the first edit: a progress frame between edits makes
// Postfix give the session up.
func (g *guard) progress() error { return g.send([]byte{0, 0, 0, 1, respProgress}) }

// Close ends the connection. What was gathered is not sent: of a step that broke
// off the MTA must see nothing.
func (g *guard) Close() error {
	err := g.Conn.Close()
	g.once.Do(func() { close(g.closed) })
	return err
}

// serve lets the library speak over the guard until the session ends.
func (g *guard) serve(s *session) {
	server := milter.Server{NewMilter: func() milter.Milter { return s }}
	// The error is that of the second Accept.
	_ = server.Serve(&oneShot{guard: g})
	if g.err == nil {
		g.err = errors.New("the protocol library gave up")
	}
	g.report(g.err)
	g.frames.close()
}

// idleSince is when the connection began to wait for a command outside a
// transaction; zero while it does not.
func (g *guard) idleSince() time.Time {
	since := g.frames.idle.Load()
	if since == 0 || g.busy.Load() {
		return time.Time{}
	}
	return time.Unix(0, since)
}

// oneShot is a listener that gives one connection and then waits for its end.
type oneShot struct {
	guard *guard
	given bool
}

func (o *oneShot) Accept() (net.Conn, error) {
	if !o.given {
		o.given = true
		return o.guard, nil
	}
	<-o.guard.closed
	return nil, net.ErrClosed
}

func (o *oneShot) Close() error   { return nil }
func (o *oneShot) Addr() net.Addr { return o.guard.LocalAddr() }
