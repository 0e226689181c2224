//go:build e2e

package e2e

import (
	"context"
	"net"
	"os"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/postern-mail/postern/internal/dialog"
	"github.com/postern-mail/postern/internal/mta"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/milter"
)

// What the scripts of internal/dialog rely on.
const (
	contentTimeout = 2 * time.Second
	progress       = 500 * time.Millisecond
)

// The dialogs that the in-process server passes hold with Postfix too, over each
// kind of socket.
func TestDialogs(t *testing.T) {
	dialogs, err := dialog.LoadDir("../testdata/dialogs")
	if err != nil {
		t.Fatal(err)
	}
	for _, network := range []string{"unix", "tcp"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			p := startScripted(t, network, false)
			for _, d := range dialogs {
				t.Run(d.Name, func(t *testing.T) {
					if err := dialog.Run(d, p); err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
}

// StartScripted runs Postfix with a milter that does what the messages say.
func startScripted(t *testing.T, network string, dsn bool) *postfix {
	t.Helper()
	opt := mta.Options{Milter: mta.Socket, ContentTimeout: contentTimeout}
	if network == "tcp" {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		serveScripted(t, l)
		opt.Milter = "inet:" + l.Addr().String()
		return startPostfix(t, opt, dsn)
	}
	p := startPostfix(t, opt, dsn)
	l, err := net.Listen("unix", p.SocketPath())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(p.SocketPath(), 0o666); err != nil {
		t.Fatal(err)
	}
	serveScripted(t, l)
	return p
}

// ServeScripted serves a listener until the end of the test.
func serveScripted(t *testing.T, l net.Listener) {
	t.Helper()
	s := milter.NewServer(milter.Config{
		Filter:   dialog.ScriptedFilter{},
		Log:      zap.NewNop(),
		Budget:   message.NewBudget(64<<20, t.TempDir()),
		Progress: progress,
	})
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error("shutdown:", err)
		}
		if err := <-ended; err != nil {
			t.Error("serve:", err)
		}
	})
}
