package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/postern-mail/postern/milter"
)

// controlName is the socket in the store by which commands reach the running
// process. Whoever may open it may control the process: its owner only.
const controlName = "control.sock"

// Bounds of the control protocol: one line of JSON each way.
const (
	controlRequest = 256 << 10
	controlReply   = 64 << 20
	controlIdle    = 10 * time.Second
	controlWait    = 5 * time.Minute // for the answer of a reload or a decision
	controlRead    = 6 * time.Hour   // for that of a command that reads the whole store
	controlClients = 8
)

// request is what a command asks of the running process.
type request struct {
	Command string       `json:"command"` // reload, policies or desk
	Desk    *deskRequest `json:"desk,omitempty"`
}

// errNotRunning says that no process answers at the control socket.
var errNotRunning = errors.New("no postern is running")

// listenControl opens the control socket. One that a running process answers is
// an error, so that no two processes share a store.
func listenControl(store string) (net.Listener, error) {
	l, err := milter.ListenAs("unix:"+filepath.Join(store, controlName), 0o600, "")
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	return l, nil
}

// serveControl answers commands until the listener is closed, and returns when
// the last one is answered.
func (s *service) serveControl(ctx context.Context, l net.Listener) {
	var wg sync.WaitGroup
	defer wg.Wait()
	slots := make(chan struct{}, controlClients)
	for {
		slots <- struct{}{}
		conn, err := l.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			// No descriptors, mostly: those connections that end free some.
			alarm(s.log, "a command was not taken", zap.Error(err))
			<-slots
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Second):
			}
			continue
		}
		wg.Go(func() {
			defer func() { <-slots }()
			s.answer(ctx, conn)
		})
	}
}

func (s *service) answer(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(controlIdle))
	var req request
	line, err := readLine(conn, controlRequest)
	if errors.Is(err, io.EOF) {
		return // it only looked whether somebody answers
	}
	if err == nil {
		err = json.Unmarshal(line, &req)
	}
	var reply reloaded
	switch {
	case err != nil:
		reply.Error = "the request cannot be read"
	case req.Command == "reload":
		reply = s.reload(ctx, "postern reload", false)
	case req.Command == "policies":
		w := s.gate.live.Load()
		reply = reloaded{Good: true, PolicyVersion: w.set.Version, Policies: w.files.Policies}
	case req.Command == "desk" && req.Desk != nil:
		conn.SetDeadline(time.Now().Add(req.Desk.patience()))
		if err := s.answerDesk(ctx, conn, req.Desk); err != nil {
			s.log.Warn("a command went away before it was answered", zap.Error(err))
		}
		return
	default:
		reply.Error = fmt.Sprintf("the running process knows no command %q", clip(req.Command, 50))
	}
	conn.SetDeadline(time.Now().Add(controlIdle))
	if err := json.NewEncoder(conn).Encode(reply); err != nil {
		s.log.Warn("a command went away before it was answered", zap.Error(err))
	}
}

// readLine reads a line of at most n octets.
func readLine(r io.Reader, n int64) ([]byte, error) {
	line, err := bufio.NewReader(io.LimitReader(r, n)).ReadBytes('\n')
	if errors.Is(err, io.EOF) && len(line) > 0 {
		return nil, errors.New("the line does not end")
	}
	return line, err
}

// dialControl reaches the running process.
func dialControl(store string) (net.Conn, error) {
	path := filepath.Join(store, controlName)
	conn, err := net.DialTimeout("unix", path, controlIdle)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, fmt.Errorf("%w with the store %s", errNotRunning, store)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%s may be used by its owner only", path)
	}
	return conn, err
}

// ask has the running process load its files again, or say which policies it
// serves.
func ask(store string, req request) (reloaded, error) {
	var reply reloaded
	conn, err := dialControl(store)
	if err != nil {
		return reply, err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(controlWait))
	if err := json.NewEncoder(conn).Encode(req); err != nil {
		return reply, err
	}
	line, err := readLine(conn, controlReply)
	if err == nil {
		err = json.Unmarshal(line, &reply)
	}
	if err != nil {
		return reply, fmt.Errorf("the running process did not answer: %w", err)
	}
	return reply, nil
}

// patience is how long a command may take.
func (r *deskRequest) patience() time.Duration {
	switch r.Do {
	case "check", "reindex", "verify", "report", "records", "incidents", "overrides", "findPerson", "erasePerson":
		return controlRead
	}
	return controlWait
}

// askRunning has the desk of the running process do something.
func askRunning(store string, r *deskRequest) (reply deskReply, content []byte, err error) {
	conn, err := dialControl(store)
	if err != nil {
		return reply, nil, err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(r.patience()))
	if err := json.NewEncoder(conn).Encode(request{Command: "desk", Desk: r}); err != nil {
		return reply, nil, err
	}
	in := bufio.NewReader(conn)
	dec := json.NewDecoder(io.LimitReader(in, controlReply))
	if err := dec.Decode(&reply); err != nil {
		return reply, nil, fmt.Errorf("the running process did not answer: %w", err)
	}
	if reply.Octets == 0 {
		return reply, nil, nil
	}
	// The line's end and the content stand behind the object.
	rest := bufio.NewReader(io.MultiReader(dec.Buffered(), in))
	if _, err := rest.ReadBytes('\n'); err != nil {
		return reply, nil, err
	}
	content = make([]byte, reply.Octets)
	if _, err := io.ReadFull(rest, content); err != nil {
		return reply, nil, fmt.Errorf("the message did not come whole: %w", err)
	}
	return reply, content, nil
}
