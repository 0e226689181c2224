package milter

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/message"
)

// Filter decides on messages.
type Filter interface {
	// Judge decides on a complete message. It may be called from many goroutines.
	// The context ends at the decision time, or when the MTA is gone; Judge then
	// answers soon. The message is closed by the caller after the outcome is
	// written. A panic counts as a temporary failure.
	Judge(ctx context.Context, m *message.Message) actions.Outcome
	// Done tells how the outcome of a message was taken by the connection: err is
	// nil when the verdict was written. It is called once for each call of Judge;
	// the outcome is another than Judge gave when that could not be used.
	Done(m *message.Message, out actions.Outcome, took time.Duration, err error)
}

// Watch looks after messages at which the process panics or dies.
type Watch interface {
	// Begin is told of a message before anything of it is read. Ended is called when it
	// was judged, or the process has panicked while it was. A suspect is not parsed:
	// Uninspected decides on it.
	Begin(env *message.Envelope, h message.Header, body []byte) (ended func(panicked bool), suspect bool)
	// Uninspected decides on a message of which nothing is read, as [Filter.Judge]
	// does; Done of the filter is told of it.
	Uninspected(ctx context.Context, m *message.Message) actions.Outcome
}

// Config says how connections are served. Zero values take the defaults.
type Config struct {
	Filter       Filter
	Watch        Watch // nil watches nothing
	Log          *zap.Logger
	Limits       message.Limits
	Budget       *message.Budget
	MessageSize  int64         // octets of header section and body; more is refused with 552 5.3.4; 150 MB
	DecisionTime time.Duration // 60 s
	Grace        time.Duration // how long a decision may overrun the decision time: 10 s
	FrameTime    time.Duration // for one frame once it began: 30 s
	Progress     time.Duration // 10 s
	DrainIdle    time.Duration // how long a connection has been idle before Shutdown closes it: 5 s
	Connections  int           // 1000
	// Timed, when not nil, is told of each message that was judged how long that took.
	Timed func(Times)
	// AcceptOnError lets a message pass that could not be judged (onError: accept).
	AcceptOnError bool
}

func (cfg *Config) setDefaults() {
	if cfg.Log == nil {
		cfg.Log = zap.NewNop()
	}
	if cfg.Limits == (message.Limits{}) {
		cfg.Limits = message.DefaultLimits
	}
	for _, d := range []struct {
		value *time.Duration
		std   time.Duration
	}{
		{&cfg.DecisionTime, time.Minute},
		{&cfg.Grace, 10 * time.Second},
		{&cfg.FrameTime, 30 * time.Second},
		{&cfg.Progress, 10 * time.Second},
		{&cfg.DrainIdle, 5 * time.Second},
	} {
		if *d.value <= 0 {
			*d.value = d.std
		}
	}
	if cfg.MessageSize <= 0 {
		cfg.MessageSize = 150_000_000
	}
	if cfg.Connections <= 0 {
		cfg.Connections = 1000
	}
}

// Server serves milter connections of one or more listeners.
type Server struct {
	cfg    Config
	counts counters

	mu        sync.Mutex
	listeners map[net.Listener]struct{}
	guards    map[*guard]struct{}
	closing   bool
	refused   refusals
	none      chan struct{} // closed when closing and no connection is left
}

// refusals counts the connections refused since the last line of the log.
type refusals struct {
	count  int
	logged time.Time
}

// refusalLog is the time between two lines of the log about refused connections.
const refusalLog = 10 * time.Second

// NewServer gives a server.
func NewServer(cfg Config) *Server {
	cfg.setDefaults()
	return &Server{
		cfg:       cfg,
		listeners: make(map[net.Listener]struct{}),
		guards:    make(map[*guard]struct{}),
		none:      make(chan struct{}),
	}
}

// Serve accepts connections until the listener is closed or Shutdown is called,
// when it returns nil.
func (s *Server) Serve(l net.Listener) error {
	defer l.Close()
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		return nil
	}
	s.listeners[l] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.listeners, l)
		s.mu.Unlock()
	}()

	const shortest, longest = 5 * time.Millisecond, time.Second
	pause := shortest
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			pause = shortest
			s.start(conn)
		case errors.Is(err, net.ErrClosed):
			return nil
		case s.isClosing():
			return nil
		default:
			// No descriptors, mostly: those connections that end free some.
			s.cfg.Log.Error("connection not accepted", zap.Error(err))
			time.Sleep(pause)
			pause = min(2*pause, longest)
		}
	}
}

func (s *Server) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

// start serves a connection, or closes it when there are too many.
func (s *Server) start(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing || len(s.guards) >= s.cfg.Connections {
		conn.Close()
		s.counts.refused.Add(1)
		s.refused.count++
		if now := time.Now(); now.Sub(s.refused.logged) >= refusalLog {
			s.cfg.Log.Warn("too many connections", zap.Int("limit", s.cfg.Connections), zap.Int("refused", s.refused.count))
			s.refused = refusals{logged: now}
		}
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		// A session may be idle for minutes; a vanished MTA is noticed by this alone.
		_ = tcp.SetKeepAlive(true)
	}
	s.counts.accepted.Add(1)
	g := newGuard(conn, s.cfg.FrameTime, &s.counts)
	s.guards[g] = struct{}{}
	go s.serve(g)
}

// serve is the life of one connection.
func (s *Server) serve(g *guard) {
	log := s.cfg.Log.With(zap.Stringer("mta", g.RemoteAddr()))
	defer s.forget(g)
	defer g.Close()
	defer func() {
		if v := recover(); v != nil {
			log.Error("panic in a connection", zap.Any("panic", v), zap.ByteString("stack", debug.Stack()))
		}
	}()
	if err := g.negotiate(); err != nil {
		if !errors.Is(err, io.EOF) {
			s.counts.broken.Add(1)
			log.Warn("negotiation failed", zap.Error(err))
		}
		g.frames.close()
		return
	}
	session := newSession(g, &s.cfg, log)
	g.serve(session)
	open := session.tx != nil
	session.drop()
	switch {
	case errors.Is(g.err, errQuit):
	case errors.Is(g.err, io.EOF) && !open, errors.Is(g.err, net.ErrClosed), errors.Is(g.err, errDrained):
		log.Debug("connection closed", zap.Error(g.err))
	default:
		s.counts.broken.Add(1)
		log.Warn("connection broken", zap.Bool("messageInHand", open), zap.Error(g.err))
	}
}

func (s *Server) forget(g *guard) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.guards, g)
	s.settle()
}

// settle notes the end of the last connection. The caller holds the lock.
func (s *Server) settle() {
	if s.closing && len(s.guards) == 0 {
		select {
		case <-s.none:
		default:
			close(s.none)
		}
	}
}

// Shutdown closes the listeners, lets each connection finish the message in
// hand, closes those that have been idle for a while, and returns when none is
// left or ctx ends, when the rest are closed. A connection between two messages
// is not closed at once: the MTA would defer the session's next message, and
// short sessions end by themselves.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	for l := range s.listeners {
		l.Close()
	}
	s.settle()
	s.mu.Unlock()

	look := time.NewTicker(min(max(s.cfg.DrainIdle/20, time.Millisecond), 50*time.Millisecond))
	defer look.Stop()
	for {
		select {
		case <-s.none:
			return nil
		case <-ctx.Done():
			s.each(func(g *guard) { g.Conn.Close() })
			return ctx.Err()
		case now := <-look.C:
			s.each(func(g *guard) {
				if since := g.idleSince(); !since.IsZero() && now.Sub(since) >= s.cfg.DrainIdle {
					g.frames.expire()
				}
			})
		}
	}
}

func (s *Server) each(do func(*guard)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for g := range s.guards {
		do(g)
	}
}
