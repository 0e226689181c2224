// Package milter is one connection of an MTA: it collects the transaction,
// hands the whole message to the floor below, and writes the outcome on the
// wire. No policy is known here.
package milter

import (
	"context"
	"net"
	"time"

	"go.uber.org/zap"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/message"
)

// Filter decides on messages.
type Filter interface {
	// Judge decides on a complete message. It may be called from many goroutines.
	// The context ends at the decision time; Judge then answers soon. The message
	// is closed by the caller after the outcome is written. A panic counts as a
	// temporary failure.
	Judge(ctx context.Context, m *message.Message) actions.Outcome
	// Done tells how the outcome of a message was taken by the connection: err is
	// nil when the verdict was written.
	Done(m *message.Message, out actions.Outcome, took time.Duration, err error)
}

// Config says how connections are served. Zero values take the defaults.
type Config struct {
	Filter       Filter
	Log          *zap.Logger
	Limits       message.Limits
	Budget       *message.Budget
	MessageSize  int64         // octets of header section and body; more is refused with 552 5.3.4
	DecisionTime time.Duration // 60 s
	FrameTime    time.Duration // for one frame once it began: 30 s
	Progress     time.Duration // 10 s
	Connections  int           // 1000
	// AcceptOnError lets a message pass that could not be judged (onError: accept).
	AcceptOnError bool
}

// Server serves milter connections of one or more listeners.
type Server struct{}

// NewServer gives a server.
func NewServer(cfg Config) *Server { panic("skeleton") }

// Serve accepts connections until the listener is closed or Shutdown is called,
// when it returns nil.
func (s *Server) Serve(l net.Listener) error { panic("skeleton") }

// Shutdown closes the listeners, lets each connection finish the message in
// hand, closes idle ones, and returns when none is left or ctx ends, when the
// rest are closed.
func (s *Server) Shutdown(ctx context.Context) error { panic("skeleton") }
