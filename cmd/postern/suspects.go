package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/milter"
	"github.com/postern-mail/postern/rules"
)

// Files of the store in which messages are kept that the process panicked or died of,
// those that are being judged now, and what the Go runtime says when it ends the
// process.
const (
	suspectsName = "suspects"
	inHandName   = "inhand"
	crashName    = "crash"
	lastCrash    = "crash.last"
)

const (
	// suspectDeaths is how often the process dies of a message before that is held
	// without being read.
	suspectDeaths = 2
	suspectTime   = 5 * 24 * time.Hour // clients give up before
	maxSuspects   = 10_000             // the oldest are forgotten beyond it
	suspectBody   = 4 << 10            // octets of the body by which a message is known
)

// suspects knows the messages at which this process or one before it panicked or
// died. A panic is written down when it is caught. What ends the process leaves no time
// for that, so each message is written down before it is judged, and that is taken back
// behind it: the next process finds what was in hand. That counts only where the
// process ended by itself: who kills it from outside says nothing of its messages.
type suspects struct {
	log *zap.Logger
	now func() time.Time

	mu    sync.Mutex
	file  *os.File
	known []suspect

	hand  *os.File
	free  []int64 // places in hand that are not taken
	slots int64
}

// suspect is one death.
type suspect struct {
	Digest string    `json:"digest"`
	At     time.Time `json:"at"`
}

// digestLength is that of a digest in hexadecimal.
const digestLength = 64

// openSuspects reads what processes before this one have left in the store.
func openSuspects(dir string, now func() time.Time, log *zap.Logger) (*suspects, error) {
	s := &suspects{log: log, now: now}
	path := filepath.Join(dir, suspectsName)
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, plainError(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		var one suspect
		// A line that cannot be read was being written when the machine stopped.
		if json.Unmarshal(lines.Bytes(), &one) == nil && len(one.Digest) == digestLength && now().Sub(one.At) <= suspectTime {
			s.known = append(s.known, one)
		}
	}
	if s.hand, err = os.OpenFile(filepath.Join(dir, inHandName), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, plainError(err)
	}
	left, err := os.ReadFile(s.hand.Name())
	if err != nil {
		return nil, errors.Join(plainError(err), s.hand.Close())
	}
	crashed, err := s.crashed(dir)
	if err != nil {
		return nil, errors.Join(err, s.hand.Close())
	}
	for ; crashed && len(left) >= digestLength+1; left = left[digestLength+1:] {
		if d := left[:digestLength]; isDigest(d) {
			s.known = append(s.known, suspect{string(d), now()})
		}
	}
	if n := len(s.known) - maxSuspects; n > 0 {
		s.known = s.known[n:]
	}
	if err := s.rewrite(path); err != nil {
		return nil, errors.Join(err, s.hand.Close())
	}
	return s, nil
}

// crashed tells whether the process before this one was ended by its own runtime, and
// puts what that said aside.
func (s *suspects) crashed(dir string) (bool, error) {
	path := filepath.Join(dir, crashName)
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, plainError(err)
	case st.Size() == 0:
		return false, nil
	}
	aside := filepath.Join(dir, lastCrash)
	if err := os.Rename(path, aside); err != nil {
		return false, plainError(err)
	}
	alarm(s.log, "the process before this one crashed; please report what the file holds", zap.String("file", aside))
	return true, nil
}

// reportCrashes has the Go runtime write into the store when it ends the process.
func reportCrashes(dir string) error {
	f, err := os.OpenFile(filepath.Join(dir, crashName), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return plainError(err)
	}
	return errors.Join(debug.SetCrashOutput(f, debug.CrashOptions{}), f.Close()) // it keeps a handle of its own
}

func isDigest(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// rewrite makes the file hold what is known, and only then forgets what was in hand.
func (s *suspects) rewrite(path string) error {
	var b bytes.Buffer
	for _, one := range s.known {
		writeSuspect(&b, one)
	}
	f, err := os.CreateTemp(filepath.Dir(path), suspectsName+".*") // mode 0600
	if err != nil {
		return plainError(err)
	}
	_, err = f.Write(b.Bytes())
	if err = errors.Join(err, f.Sync(), os.Rename(f.Name(), path)); err != nil {
		os.Remove(f.Name())
		return errors.Join(plainError(err), f.Close())
	}
	s.file = f
	return plainError(s.hand.Truncate(0))
}

func writeSuspect(b *bytes.Buffer, one suspect) {
	line, _ := json.Marshal(one) // a text and a time cannot fail
	b.Write(append(line, '\n'))
}

// Close gives the files back.
func (s *suspects) Close() error { return errors.Join(s.file.Close(), s.hand.Close()) }

// begin notes that a message is judged from now on, and tells how often one like it was
// the last that a process did.
func (s *suspects) begin(digest string) (place int64, deaths int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for _, one := range s.known {
		if one.Digest == digest && now.Sub(one.At) <= suspectTime {
			deaths++
		}
	}
	place = s.slots
	if n := len(s.free); n > 0 {
		place, s.free = s.free[n-1], s.free[:n-1]
	} else {
		s.slots++
	}
	s.mark(place, digest)
	return place, deaths
}

// mark writes one place of the file of messages in hand. It is not made durable: what
// counts is that it outlives the process.
func (s *suspects) mark(place int64, text string) {
	if _, err := fmt.Fprintf(&placeWriter{s.hand, place * (digestLength + 1)}, "%-*s\n", digestLength, text); err != nil {
		s.log.Warn("messages in hand cannot be written down", zap.Error(err))
	}
}

// placeWriter writes at a place of a file.
type placeWriter struct {
	f  *os.File
	at int64
}

func (w *placeWriter) Write(p []byte) (int, error) { return w.f.WriteAt(p, w.at) }

// end notes that a message is no longer judged.
func (s *suspects) end(place int64, digest string, panicked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if panicked {
		one := suspect{digest, s.now()}
		if s.known = append(s.known, one); len(s.known) > maxSuspects {
			s.known = s.known[1:]
		}
		var b bytes.Buffer
		writeSuspect(&b, one)
		_, err := s.file.Write(b.Bytes())
		if err = errors.Join(err, s.file.Sync()); err != nil {
			alarm(s.log, "a panic cannot be written down", zap.Error(err))
		}
	}
	s.mark(place, "")
	s.free = append(s.free, place)
}

// guardian guards the gate from messages that the process dies of.
type guardian struct {
	gate     *gate
	suspects *suspects
}

// Begin implements [milter.Watch].
func (w *guardian) Begin(env *message.Envelope, h message.Header, body []byte) (ended func(bool), suspect bool) {
	digest := actions.Digest(env, h, body[:min(len(body), suspectBody)])
	place, deaths := w.suspects.begin(digest)
	return func(panicked bool) { w.suspects.end(place, digest, panicked) }, deaths >= suspectDeaths
}

// Uninspected implements [milter.Watch].
func (w *guardian) Uninspected(ctx context.Context, m *message.Message) actions.Outcome {
	live := w.gate.live.Load()
	if live.config.process.relay.address == "" {
		alarm(w.gate.log, "a message waits, since the process died of it; with `relay` it would be held", zap.String("queueId", m.Envelope.QueueID))
		return actions.Outcome{Verdict: actions.Defer, Reply: actions.NewReply(451, "4.3.0", "The message could not be checked against policy, try again later.")}
	}
	d := live.engine.Uninspectable(ctx, live.set, rules.NewScan(&live.rules, m), live.doors)
	w.gate.inHand.Store(m, d)
	alarm(w.gate.log, "a message is held without being read, since the process died of it", zap.String("reference", d.Reference))
	return d.Outcome
}

var _ milter.Watch = (*guardian)(nil)
