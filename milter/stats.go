package milter

import (
	"sync/atomic"
	"time"
)

// Times are how long a message took that was judged.
type Times struct {
	// Receive is from MAIL to the end of the message: mostly the client's own time.
	Receive time.Duration
	// Parse is that of reading it as MIME.
	Parse time.Duration
	// Judge is that of the filter.
	Judge time.Duration
	// Reply is from the decision to its last octet.
	Reply time.Duration
	// Whole is from the end of the message to the last octet of the verdict: what the
	// client waits for.
	Whole time.Duration
}

// Failure is a way in which a message comes to no verdict of the filter.
type Failure string

// The failures.
const (
	FailureTooLarge Failure = "tooLarge"  // it was refused for its size
	FailureNoRoom   Failure = "noRoom"    // it was put off at MAIL: memory and disk are used up
	FailureRead     Failure = "unread"    // it could not be taken in or parsed
	FailurePanic    Failure = "panic"     // the process panicked at it
	FailureLate     Failure = "late"      // the decision came too late
	FailureWrite    Failure = "unwritten" // the outcome could not be put into frames
	FailureTaken    Failure = "notTaken"  // the MTA was gone when the verdict was written
)

// Failures are all failures.
var Failures = [...]Failure{FailureTooLarge, FailureNoRoom, FailureRead, FailurePanic, FailureLate, FailureWrite, FailureTaken}

// commandNames are the words for the commands of the protocol.
var commandNames = map[byte]string{
	cmdMacros: "macros", cmdConnect: "connect", cmdHelo: "helo", cmdMail: "mail", cmdRcpt: "rcpt", cmdData: "data", cmdHeader: "header",
	cmdEndOfHeader: "endOfHeader", cmdBody: "body", cmdEndOfBody: "endOfMessage", cmdAbort: "abort", cmdUnknown: "unknown", cmdQuit: "quit",
	cmdQuitNew: "quitNew",
}

// counters count what a server does. They are for many goroutines.
type counters struct {
	accepted, refused, broken atomic.Int64
	receiving, judging        atomic.Int64
	commands                  [256]atomic.Int64
	failures                  [len(Failures)]atomic.Int64
}

func (c *counters) failed(f Failure) {
	for i := range Failures {
		if Failures[i] == f {
			c.failures[i].Add(1)
		}
	}
}

// Stats counts what a server does.
type Stats struct {
	// Listeners and Connections are open, Receiving messages have begun to arrive, and
	// Judging are at their end and not answered, all at this moment.
	Listeners, Connections, Receiving, Judging int
	// Accepted and Refused count connections since the start, and Broken those of them
	// that ended in the middle of something.
	Accepted, Refused, Broken int64
	// Commands counts the frames of the MTA by the name of the command.
	Commands map[string]int64
	Failures map[Failure]int64
}

// Stats gives the counts of this moment.
func (s *Server) Stats() Stats {
	c := &s.counts
	st := Stats{
		Receiving: int(c.receiving.Load()), Judging: int(c.judging.Load()),
		Accepted: c.accepted.Load(), Refused: c.refused.Load(), Broken: c.broken.Load(),
		Commands: make(map[string]int64, len(commandNames)), Failures: make(map[Failure]int64, len(Failures)),
	}
	for b, name := range commandNames {
		st.Commands[name] = c.commands[b].Load()
	}
	for i, f := range Failures {
		st.Failures[f] = c.failures[i].Load()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st.Listeners, st.Connections = len(s.listeners), len(s.guards)
	return st
}
