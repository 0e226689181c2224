package dialog_test

import (
	"context"
	"net"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"github.com/postern-mail/postern/internal/dialog"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/milter"
)

const dialogs = "../../testdata/dialogs"

// startFilter serves the scripted filter on a UNIX socket, and gives a model of
// a mail server that asks it; startFilterOn does so on any socket.
func startFilter(t *testing.T) *dialog.Model {
	t.Helper()
	return startFilterOn(t, "unix:"+filepath.Join(t.TempDir(), "milter.sock"))
}

func startFilterOn(t *testing.T, addr string) *dialog.Model {
	t.Helper()
	l, err := milter.Listen(addr)
	if err != nil {
		t.Fatal(err)
	}
	server := milter.NewServer(milter.Config{
		Filter:   dialog.ScriptedFilter{},
		Log:      zaptest.NewLogger(t, zaptest.Level(zap.FatalLevel)),
		Budget:   message.NewBudget(8<<20, t.TempDir()),
		Progress: 100 * time.Millisecond,
	})
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return &dialog.Model{Dial: func() (net.Conn, error) { return net.Dial(l.Addr().Network(), l.Addr().String()) }}
}

func TestDialogsWithTheModel(t *testing.T) {
	all, err := dialog.LoadDir(dialogs)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		t.Run(d.Name, func(t *testing.T) {
			model := startFilter(t)
			if d.Name == "progress" {
				model.Timeout = 3 * time.Second
			}
			if err := dialog.Run(d, model); err != nil {
				t.Error(err)
			}
		})
	}
}

// Two messages of one session know nothing of each other, whatever became of the
// first.
func TestPairsWithTheModel(t *testing.T) {
	all, err := dialog.Pairs()
	if err != nil {
		t.Fatal(err)
	}
	model := startFilter(t)
	for _, d := range all {
		t.Run(d.Name, func(t *testing.T) {
			if err := dialog.Run(d, model); err != nil {
				t.Error(err)
			}
		})
	}
}

// What is seen and done does not depend on the socket, nor on what the mail
// server offers.
func TestDialogsWithOtherServers(t *testing.T) {
	all, err := dialog.LoadDir(dialogs)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, addr string
		protocol   uint32
	}{
		{"TCP", "127.0.0.1:0", 0},
		{"no reply for header fields alone", "", 1 << 7},
		{"blanks kept and every command answered", "", 1 << 20},
	} {
		addr := tt.addr
		if addr == "" {
			addr = "unix:" + filepath.Join(t.TempDir(), "milter.sock")
		}
		model := startFilterOn(t, addr)
		model.Protocol = tt.protocol
		for _, d := range all {
			if d.Name == "progress" || d.Name == "large" {
				continue // long, and seen above
			}
			if d.Name == "header-oddities" && tt.protocol == 1<<7 {
				continue // blanks are not kept there
			}
			t.Run(tt.name+"/"+d.Name, func(t *testing.T) {
				if err := dialog.Run(d, model); err != nil {
					t.Error(err)
				}
			})
		}
	}
}
