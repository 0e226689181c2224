package milter

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// SocketMode is the mode of a UNIX socket made by [Listen]: the owner and the
// group, which is meant to be the MTA's.
const SocketMode fs.FileMode = 0o660

// Listen opens a socket: "unix:/path" or "/path"; "tcp:host:port",
// "inet:host:port" or "host:port". A UNIX socket gets [SocketMode]; see
// [ListenAs].
func Listen(addr string) (net.Listener, error) { return ListenAs(addr, SocketMode, "") }

// ListenAs is [Listen] with the mode of a UNIX socket and the name or number of
// its group, where an empty one is that of the process. A socket that a dead
// process left is removed; one that is answered is an error, and so is any other
// file of that name.
func ListenAs(addr string, mode fs.FileMode, group string) (net.Listener, error) {
	network, path, ok := strings.Cut(addr, ":")
	switch {
	case strings.HasPrefix(addr, "/"):
		return listenUnix(addr, mode, group)
	case ok && network == "unix":
		return listenUnix(path, mode, group)
	case ok && (network == "tcp" || network == "inet"):
		return listenTCP(path)
	}
	return listenTCP(addr)
}

func listenTCP(addr string) (net.Listener, error) {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return nil, fmt.Errorf("milter socket %q: write unix:/path or host:port", addr)
	}
	return net.Listen("tcp", addr)
}

func listenUnix(path string, mode fs.FileMode, group string) (net.Listener, error) {
	if !strings.HasPrefix(path, "/") {
		return nil, fmt.Errorf("milter socket %q: the path must begin with /", path)
	}
	if err := removeStale(path); err != nil {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	// Until here only the owner may connect: no umask in use lets others write.
	if err := open(path, mode, group); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// open lets group and mode decide who may connect.
func open(path string, mode fs.FileMode, group string) error {
	if group != "" {
		gid, err := strconv.Atoi(group)
		if err != nil {
			g, err := user.LookupGroup(group)
			if err != nil {
				return err
			}
			if gid, err = strconv.Atoi(g.Gid); err != nil {
				return err
			}
		}
		if err := os.Chown(path, -1, gid); err != nil {
			return err
		}
	}
	return os.Chmod(path, mode)
}

// removeStale removes a socket on which nobody answers.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is there already and is no socket", path)
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		conn.Close()
		return fmt.Errorf("%s is in use by another process", path)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("%s cannot be tried: %w", path, err)
	}
	return os.Remove(path)
}
