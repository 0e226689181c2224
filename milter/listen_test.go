package milter_test

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/postern-mail/postern/milter"
)

func TestListenForms(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.sock")
	for _, addr := range []string{"unix:" + path, path, "tcp:127.0.0.1:0", "inet:127.0.0.1:0", "127.0.0.1:0", "[::1]:0"} {
		l, err := milter.Listen(addr)
		if err != nil {
			if addr == "[::1]:0" {
				continue // a machine without IPv6
			}
			t.Errorf("%s: %v", addr, err)
			continue
		}
		l.Close()
	}
	for _, addr := range []string{"", "unix:", "unix:relative", "8891", "inet:8891", "tcp:"} {
		if l, err := milter.Listen(addr); err == nil {
			l.Close()
			t.Errorf("%q is taken", addr)
		}
	}
}

func TestListenOnUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.sock")

	l, err := milter.Listen("unix:" + path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != milter.SocketMode {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := milter.Listen("unix:" + path); err == nil {
		t.Error("a socket in use was taken over")
	}
	l.Close()
	if _, err := milter.ListenAs(path, 0o600, "no such group"); err == nil {
		t.Error("a group that does not exist was taken")
	}
	if l, err = milter.ListenAs(path, 0o600, strconv.Itoa(os.Getgid())); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	// A process that dies leaves its socket behind.
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	if l, err = milter.Listen("unix:" + path); err != nil {
		t.Fatalf("a stale socket was not replaced: %v", err)
	}
	l.Close()

	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := milter.Listen("unix:" + path); err == nil {
		t.Error("a file was taken for a stale socket")
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "precious" {
		t.Errorf("the file is gone: %v", err)
	}
}
