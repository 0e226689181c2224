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
// a mail server that asks it.
func startFilter(t *testing.T) *dialog.Model {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "milter.sock")
	l, err := milter.Listen("unix:" + socket)
	if err != nil {
		t.Fatal(err)
	}
	server := milter.NewServer(milter.Config{
		Filter:   dialog.ScriptedFilter{},
		Log:      zaptest.NewLogger(t, zaptest.Level(zap.WarnLevel)),
		Budget:   message.NewBudget(8<<20, t.TempDir()),
		Progress: 500 * time.Millisecond,
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
	return &dialog.Model{Dial: func() (net.Conn, error) { return net.Dial("unix", socket) }}
}

func TestDialogsWithTheModel(t *testing.T) {
	all, err := dialog.LoadDir(dialogs)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		t.Run(d.Name, func(t *testing.T) {
			if err := dialog.Run(d, startFilter(t)); err != nil {
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
